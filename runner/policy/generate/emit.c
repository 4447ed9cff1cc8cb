/* Writes a program: the architecture check, a binary search over the call numbers, the argument rules behind it. */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "compile_filters.h"

#define KILL_PROCESS 0x80000000U
#define OFFSET_NUMBER 0
#define OFFSET_ARCH 4
#define OFFSET_ARGUMENT(index) (16U + 8U * (index)) /* its low half: both targets are little-endian */
#define NO_CALL UINT32_MAX /* what a tracer puts in place of a call that is not to be made; no x32 number */
#define JUMP_MAX 255

static unsigned emit(struct program *program, uint16_t code, uint32_t k)
{
	if (program->length == BPF_MAXINSNS)
		die("the filter is longer than the kernel takes", NULL);
	program->code[program->length] = (struct sock_filter){ .code = code, .k = k };
	return program->length++;
}

/* Which argument the accumulator holds, whole; -1: none. */
static int emit_test(struct program *program, const struct argument_test *test, int held, unsigned *fails,
                     unsigned *fail_count)
{
	if (held != (int)test->arg)
		emit(program, BPF_LD | BPF_W | BPF_ABS, OFFSET_ARGUMENT(test->arg));
	held = (int)test->arg;
	unsigned jump;
	switch (test->kind) {
	case TEST_EQUAL:
		if (test->mask != UINT32_MAX) {
			emit(program, BPF_ALU | BPF_AND | BPF_K, test->mask);
			held = -1;
		}
		jump = emit(program, BPF_JMP | BPF_JEQ | BPF_K, test->value);
		program->code[jump].jf = 1;
		break;
	case TEST_ANY:
		jump = emit(program, BPF_JMP | BPF_JSET | BPF_K, test->mask);
		program->code[jump].jf = 1;
		break;
	case TEST_NONE:
		jump = emit(program, BPF_JMP | BPF_JSET | BPF_K, test->mask);
		program->code[jump].jt = 1;
		break;
	case TEST_RANGE:
		if (test->mask > 0) {
			jump = emit(program, BPF_JMP | BPF_JGE | BPF_K, test->mask);
			program->code[jump].jf = 1;
			fails[(*fail_count)++] = jump;
		}
		jump = emit(program, BPF_JMP | BPF_JGT | BPF_K, test->value);
		program->code[jump].jt = 1;
		break;
	case TEST_END:
	default:
		die("impossible test", NULL);
		return -1;
	}
	fails[(*fail_count)++] = jump;
	return held;
}

static uint32_t verdict_value(const struct program *program, const struct argument_rule *rule)
{
	switch (rule->verdict) {
	case RULE_ALLOW:
		return SECCOMP_RET_ALLOW;
	case RULE_ERRNO:
		return SECCOMP_RET_ERRNO | (uint32_t)rule->value;
	case RULE_FORBID:
	default:
		return program->forbidden;
	}
}

/* One rule; where a test fails, on to the next. Returns what the accumulator holds there. */
static int emit_rule(struct program *program, const struct argument_rule *rule, int held)
{
	const unsigned test_count = COUNT(rule->tests);
	unsigned fails[2 * COUNT(rule->tests)], fail_count = 0;
	int held_after = -2; /* -2: no test can fail yet */
	for (unsigned i = 0; i < test_count && rule->tests[i].kind != TEST_END; i++) {
		held = emit_test(program, &rule->tests[i], held, fails, &fail_count);
		held_after = held_after == -2 || held_after == held ? held : -1;
	}
	emit(program, BPF_RET | BPF_K, verdict_value(program, rule));
	for (unsigned i = 0; i < fail_count; i++) {
		struct sock_filter *jump = &program->code[fails[i]];
		uint8_t distance = (uint8_t)(program->length - fails[i] - 1);
		*(jump->jt ? &jump->jt : &jump->jf) = distance;
	}
	return held_after;
}

static void emit_block(struct program *program, const char *call)
{
	int held = -1;
	for (const struct argument_rule *rule = program->rules; rule->call; rule++) {
		if (strcmp(rule->call, call) != 0 || (program->variant & rule->with) != rule->with ||
		    (program->variant & rule->without))
			continue;
		held = emit_rule(program, rule, held);
		if (held == -2)
			return; /* it always holds: nothing can come behind it */
	}
	emit(program, BPF_RET | BPF_K, program->forbidden);
}

static void emit_prefix(struct program *program, const struct target *target)
{
	emit(program, BPF_LD | BPF_W | BPF_ABS, OFFSET_ARCH);
	program->code[emit(program, BPF_JMP | BPF_JEQ | BPF_K, target->arch)].jt = 1;
	emit(program, BPF_RET | BPF_K, KILL_PROCESS);
	emit(program, BPF_LD | BPF_W | BPF_ABS, OFFSET_NUMBER);
	if (target->x32_bit) {
		program->code[emit(program, BPF_JMP | BPF_JGE | BPF_K, target->x32_bit)].jf = 2;
		program->code[emit(program, BPF_JMP | BPF_JEQ | BPF_K, NO_CALL)].jt = 1;
		emit(program, BPF_RET | BPF_K, KILL_PROCESS);
	}
	program->body = program->length;
}

/* A run of numbers with one action; it goes on to the next run's start, the last one for ever. */
struct run {
	uint32_t start, action;
};

/* A jump whose target, the exit of an action, is known only when the tree is complete. */
struct pending {
	unsigned at;
	bool if_true;
	uint32_t action;
};

struct tree {
	struct run runs[HIGHEST_NUMBER + 2];
	unsigned run_count;
	struct pending pending[2 * (HIGHEST_NUMBER + 2)];
	unsigned pending_count;
};

static void find_runs(const struct program *program, struct tree *tree)
{
	for (unsigned number = 0; number <= HIGHEST_NUMBER; number++)
		if (number == 0 || program->actions[number] != program->actions[number - 1])
			tree->runs[tree->run_count++] = (struct run){ number, program->actions[number] };
	if (program->actions[HIGHEST_NUMBER] != (SECCOMP_RET_ERRNO | ENOSYS))
		die("numbers that do not exist yet must answer ENOSYS", NULL);
	if (tree->run_count < 2)
		die("a filter that decides nothing", NULL);
}

/* Decides between runs first to last, at least two. A side that is one run becomes a jump to its exit. */
static void emit_search(struct program *program, struct tree *tree, unsigned first, unsigned last)
{
	unsigned middle = (first + last + 1) / 2;
	unsigned jump = emit(program, BPF_JMP | BPF_JGE | BPF_K, tree->runs[middle].start);
	if (first == middle - 1)
		tree->pending[tree->pending_count++] = (struct pending){ jump, false, tree->runs[first].action };
	else
		emit_search(program, tree, first, middle - 1);
	if (middle == last) {
		tree->pending[tree->pending_count++] = (struct pending){ jump, true, tree->runs[last].action };
		return;
	}
	unsigned distance = program->length - jump - 1;
	if (distance > JUMP_MAX)
		die("the search tree is too wide for a jump", NULL);
	program->code[jump].jt = (uint8_t)distance;
	emit_search(program, tree, middle, last);
}

static uint32_t exit_return(const struct program *program, uint32_t action)
{
	return action == (SECCOMP_RET_TRACE | MARKER_FORBIDDEN) ? program->forbidden : action;
}

static bool is_block(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE &&
	       action != (SECCOMP_RET_TRACE | MARKER_FORBIDDEN);
}

/* One exit for each action, right behind the tree where every jump reaches it: a return, or a jump to a rule block.
 * `at_exits` receives where the jump for block i stands, 0 when nothing leads there. */
static void emit_exits(struct program *program, struct tree *tree, unsigned *at_exits)
{
	for (unsigned i = 0; i < tree->pending_count; i++) {
		uint32_t action = tree->pending[i].action;
		bool done = false;
		for (unsigned j = 0; j < i; j++)
			done = done || tree->pending[j].action == action;
		if (done)
			continue;
		unsigned at = is_block(action) ? emit(program, BPF_JMP | BPF_JA, 0)
		                               : emit(program, BPF_RET | BPF_K, exit_return(program, action));
		if (is_block(action))
			at_exits[action & SECCOMP_RET_DATA] = at;
		for (unsigned j = i; j < tree->pending_count; j++) {
			const struct pending *pending = &tree->pending[j];
			unsigned distance = at - pending->at - 1;
			if (pending->action != action)
				continue;
			if (distance > JUMP_MAX)
				die("the search tree is too long for its jumps: put the exits into its middle, too",
				    NULL);
			*(pending->if_true ? &program->code[pending->at].jt
			                   : &program->code[pending->at].jf) = (uint8_t)distance;
		}
	}
}

void program_emit(struct program *program, const struct target *target)
{
	static struct tree tree;
	unsigned at_exits[BLOCK_MAX] = { 0 };
	tree = (struct tree){ 0 };
	emit_prefix(program, target);
	find_runs(program, &tree);
	emit_search(program, &tree, 0, tree.run_count - 1);
	emit_exits(program, &tree, at_exits);
	for (unsigned i = 0; i < program->block_count; i++) {
		if (at_exits[i] == 0)
			die("a call with argument rules that no number leads to", program->blocks[i]);
		program->code[at_exits[i]].k = program->length - at_exits[i] - 1;
		emit_block(program, program->blocks[i]);
	}
}
