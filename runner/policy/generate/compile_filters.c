/* Compiles the system call filters when the program is built: `compile_filters x86_64|aarch64 > compiled_filters.c`.
 *
 * libseccomp turns the lists of calls into a binary tree over the call number. It is not asked about arguments: a call that
 * has rules gets a marker as its action, SECCOMP_RET_TRACE with the rule block's number, and every return of a marker is
 * then replaced by a jump to that block, which stands behind the tree. So the rules mean exactly what their table says
 * (in order, the first that holds decides), which a set of libseccomp rules with different actions cannot say, and
 * actions that the kernel or the libseccomp of the build machine does not have cannot fail the build.
 *
 * Works for a foreign architecture, too: its numbers come from libseccomp's tables, not from the headers. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/rules.h"

#define MARKER_FORBIDDEN 0x7fffU
#define ANSWER_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)
#define NOTIFY 0x7fc00000U /* SECCOMP_RET_USER_NOTIF */
#define KILL_PROCESS 0x80000000U
#define HIGHEST_NUMBER 1023

struct target {
	const char *name;
	uint32_t arch;
};
static const struct target targets[] = {
	{"x86_64", SCMP_ARCH_X86_64},
	{"aarch64", SCMP_ARCH_AARCH64},
};

/* Other architectures whose calls are "known elsewhere". */
static const uint32_t other_arches[] = {
	SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_X86, SCMP_ARCH_ARM, SCMP_ARCH_MIPS64, SCMP_ARCH_PPC64LE,
	SCMP_ARCH_S390X, SCMP_ARCH_RISCV64, SCMP_ARCH_PARISC,
};

struct program {
	struct sock_filter code[BPF_MAXINSNS];
	unsigned length;
	/* The rule blocks that the tree asked for. */
	const char *blocks[128];
	unsigned block_count;
	const struct argument_rule *rules;
	unsigned variant;
	uint32_t forbidden; /* the return value that stands for "forbidden" in this variant */
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "compile_filters: %s%s%s\n", what, name ? ": " : "", name ? name : "");
	exit(1);
}

static bool in_list(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* What seccomp_rule_add wants: the build machine's number, which it translates. False: left out, and said so once. */
static bool resolve(const struct target *target, const char *name, int *number)
{
	int there = seccomp_syscall_resolve_name_arch(target->arch, name);
	if (there >= 0) {
		*number = seccomp_syscall_resolve_name(name);
		return true;
	}
	if (there != __NR_SCMP_ERROR)
		return false; /* this architecture never had it: open on arm64 */
	if (in_list(must_know_calls, name))
		die("this libseccomp does not know a call that the filter must name", name);
	/* A number without a name is accepted only where no translation is needed. */
	if (target->arch == seccomp_arch_native())
		for (const struct syscall_entry *entry = newer_calls; entry->name[0]; entry++)
			if (strcmp(entry->name, name) == 0) {
				*number = entry->number;
				return true;
			}
	return false;
}

static void report_unknown(const struct target *target, const char *name)
{
	int ignored;
	if (seccomp_syscall_resolve_name_arch(target->arch, name) == __NR_SCMP_ERROR && !resolve(target, name, &ignored))
		fprintf(stderr, "compile_filters: note: %s is unknown to this libseccomp, and will answer ENOSYS\n", name);
}

static bool has_rules(const struct argument_rule *rules, const char *name)
{
	for (; rules->call; rules++)
		if (strcmp(rules->call, name) == 0)
			return true;
	return false;
}

static void add_call(scmp_filter_ctx ctx, const struct target *target, struct program *program, const char *name,
                     bool forbidden)
{
	int number;
	if (!resolve(target, name, &number))
		return;
	uint32_t action = SCMP_ACT_ALLOW;
	if (forbidden) {
		action = SCMP_ACT_TRACE(MARKER_FORBIDDEN);
	} else if (has_rules(program->rules, name)) {
		if (program->block_count == sizeof(program->blocks) / sizeof(*program->blocks))
			die("too many calls with argument rules", name);
		action = SCMP_ACT_TRACE(program->block_count);
		program->blocks[program->block_count++] = name;
	}
	int status = seccomp_rule_add(ctx, action, number, 0);
	if (status < 0)
		die(strerror(-status), name);
}

static scmp_filter_ctx new_context(const struct target *target)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!ctx)
		die("seccomp_init failed", NULL);
	if (target->arch != seccomp_arch_native() &&
	    (seccomp_arch_add(ctx, target->arch) < 0 || seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) < 0))
		die("cannot compile for this architecture", target->name);
	/* The binary tree: 0.19 ms to load in place of 0.54. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) < 0)
		die("libseccomp 2.5 or later is needed (binary tree)", NULL);
	return ctx;
}

static void export_tree(scmp_filter_ctx ctx, struct program *program)
{
	FILE *file = tmpfile();
	if (!file || seccomp_export_bpf(ctx, fileno(file)) < 0 || lseek(fileno(file), 0, SEEK_SET) < 0)
		die("seccomp_export_bpf failed", NULL);
	ssize_t size = read(fileno(file), program->code, sizeof(program->code));
	if (size <= 0 || (size_t)size % sizeof(*program->code) || (size_t)size == sizeof(program->code))
		die("the compiled filter has an impossible size", NULL);
	program->length = (unsigned)((size_t)size / sizeof(*program->code));
	fclose(file);
}

static unsigned emit(struct program *program, uint16_t code, uint32_t k)
{
	if (program->length == BPF_MAXINSNS)
		die("the filter is longer than the kernel takes", NULL);
	program->code[program->length] = (struct sock_filter){.code = code, .k = k};
	return program->length++;
}

/* Which argument the accumulator holds, whole; -1: none. */
static int emit_test(struct program *program, const struct argument_test *test, int held, unsigned *fails,
                     unsigned *fail_count)
{
	if (held != (int)test->arg)
		emit(program, BPF_LD | BPF_W | BPF_ABS, 16 + 8 * test->arg);
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
	const unsigned test_count = sizeof(rule->tests) / sizeof(*rule->tests);
	unsigned fails[2 * sizeof(rule->tests) / sizeof(*rule->tests)], fail_count = 0;
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

/* Replace every marker that the tree returns, put the blocks behind it. */
static void emit_blocks(struct program *program)
{
	unsigned tree_length = program->length;
	unsigned starts[sizeof(program->blocks) / sizeof(*program->blocks)];
	for (unsigned i = 0; i < program->block_count; i++) {
		starts[i] = program->length;
		emit_block(program, program->blocks[i]);
	}
	for (unsigned i = 0; i < tree_length; i++) {
		struct sock_filter *at = &program->code[i];
		if (at->code != (BPF_RET | BPF_K))
			continue;
		uint32_t data = at->k & SECCOMP_RET_DATA;
		if (at->k == SECCOMP_RET_KILL_THREAD) {
			at->k = KILL_PROCESS;
		} else if ((at->k & ~SECCOMP_RET_DATA) == SECCOMP_RET_TRACE) {
			if (data == MARKER_FORBIDDEN)
				at->k = program->forbidden;
			else if (data < program->block_count)
				*at = (struct sock_filter){.code = BPF_JMP | BPF_JA, .k = starts[data] - i - 1};
			else
				die("libseccomp returned a marker that nobody set", NULL);
		} else if (at->k != SECCOMP_RET_ALLOW && at->k != ANSWER_ENOSYS) {
			die("libseccomp returned an action that nobody asked for", NULL);
		}
	}
}

static void print_code(const char *type, const struct program *program)
{
	printf("static const struct sock_filter %s[] = {\n", type);
	for (unsigned i = 0; i < program->length; i++)
		printf("\t{0x%02x, %u, %u, 0x%08xU},\n", program->code[i].code, program->code[i].jt, program->code[i].jf,
		       program->code[i].k);
	printf("};\n\n");
}

static void compile_variant(const struct target *target, unsigned variant, struct program *program)
{
	*program = (struct program){.rules = argument_rules, .variant = variant};
	program->forbidden = variant & FILTER_NOTIFY ? NOTIFY : SECCOMP_RET_ERRNO | EPERM;
	scmp_filter_ctx ctx = new_context(target);
	for (const struct syscall_group *group = syscall_groups; group->name; group++)
		for (const char *const *call = group->calls; *call; call++)
			add_call(ctx, target, program, *call, (variant & FILTER_STRICT) && !group->strict);
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++)
		add_call(ctx, target, program, call->name, true);
	export_tree(ctx, program);
	seccomp_release(ctx);
	emit_blocks(program);
}

static void compile_init(const struct target *target, struct program *program)
{
	*program = (struct program){.rules = init_argument_rules, .forbidden = SECCOMP_RET_ERRNO | EPERM};
	scmp_filter_ctx ctx = new_context(target);
	for (const char *const *call = init_calls; *call; call++)
		add_call(ctx, target, program, *call, false);
	export_tree(ctx, program);
	seccomp_release(ctx);
	emit_blocks(program);
}

static struct syscall_entry entries[2048];
static unsigned entry_count;

static void add_entry(const char *name, int number)
{
	for (unsigned i = 0; i < entry_count; i++)
		if (strcmp(entries[i].name, name) == 0)
			return;
	if (entry_count == sizeof(entries) / sizeof(*entries) || strlen(name) >= sizeof(entries->name))
		die("the table of names is too small", name);
	strcpy(entries[entry_count].name, name);
	entries[entry_count++].number = (int16_t)number;
}

static void add_arch_entries(uint32_t arch, bool native)
{
	/* MIPS counts from 4000 and 5000 on. */
	int first = arch == SCMP_ARCH_MIPS64 ? 5000 : 0;
	for (int number = first; number <= first + HIGHEST_NUMBER; number++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, number);
		if (name)
			add_entry(name, native ? number : -1);
		free(name);
	}
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct syscall_entry *)a)->name, ((const struct syscall_entry *)b)->name);
}

static void print_names(const struct target *target)
{
	add_arch_entries(target->arch, true);
	for (const struct syscall_entry *entry = newer_calls; entry->name[0]; entry++)
		add_entry(entry->name, entry->number >= 424 || target->arch == SCMP_ARCH_X86_64 ? entry->number : -1);
	for (unsigned i = 0; i < sizeof(other_arches) / sizeof(*other_arches); i++)
		add_arch_entries(other_arches[i], false);
	qsort(entries, entry_count, sizeof(*entries), compare_entries);
	printf("const struct syscall_entry syscall_entries[] = {\n");
	for (unsigned i = 0; i < entry_count; i++)
		printf("\t{\"%s\", %d},\n", entries[i].name, (int)entries[i].number);
	printf("};\nconst unsigned syscall_entry_count = %u;\n", entry_count);
}

static void check_tables(const struct target *target)
{
	for (const struct argument_rule *rule = argument_rules; rule->call; rule++) {
		bool found = false;
		for (const struct syscall_group *group = syscall_groups; group->name; group++)
			found = found || in_list(group->calls, rule->call);
		if (!found)
			die("an argument rule for a call in no group", rule->call);
	}
	for (const struct argument_rule *rule = init_argument_rules; rule->call; rule++)
		if (!in_list(init_calls, rule->call))
			die("an argument rule for a call that init may not make", rule->call);
	for (const struct syscall_group *group = syscall_groups; group->name; group++)
		for (const char *const *call = group->calls; *call; call++)
			report_unknown(target, *call);
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++)
		report_unknown(target, call->name);
}

int main(int argc, char **argv)
{
	const struct target *target = NULL;
	for (unsigned i = 0; argc == 2 && i < sizeof(targets) / sizeof(*targets); i++)
		if (strcmp(argv[1], targets[i].name) == 0)
			target = &targets[i];
	if (!target)
		die("usage: compile_filters x86_64|aarch64", NULL);
	check_tables(target);
	printf("/* Written by compile_filters %s with libseccomp %u.%u.%u. */\n#include \"policy/rules.h\"\n\n", target->name,
	       seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	static struct program program;
	char name[32];
	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		compile_variant(target, variant, &program);
		snprintf(name, sizeof(name), "variant_%u", variant);
		print_code(name, &program);
	}
	compile_init(target, &program);
	print_code("init_code", &program);
	printf("#define CODE(array) {array, sizeof(array) / sizeof(*array)}\n"
	       "const struct compiled_filter compiled_filters[FILTER_VARIANT_COUNT] = {\n");
	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++)
		printf("\tCODE(variant_%u),\n", variant);
	printf("};\nconst struct compiled_filter init_filter = CODE(init_code);\n\n");
	print_names(target);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
