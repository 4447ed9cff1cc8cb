/* Compiles the system call filters when the program is built: `compile_filters x86_64|aarch64 > compiled_filters.c`.
 *
 * 1. libseccomp compiles the lists of calls, for the target, whose numbers it knows. It is not asked about arguments: a
 *    call that has rules gets a marker as its action, because a set of libseccomp rules with different actions cannot
 *    say "in order, the first that holds decides, else forbidden". Nor is it asked for actions that the kernel or the
 *    libseccomp of the build machine may lack (user notification).
 * 2. Its program is run here for every number: the action of each. Calls newer than libseccomp are added by number.
 * 3. emit.c writes that map as a binary search over runs of equal numbers, and behind it the argument rules. That is
 *    little more than half the length of libseccomp's binary tree (which the time to load is proportional to), and of
 *    its depth. */
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compile_filters.h"

#define ANSWER_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)
#define RETURN_USER_NOTIF 0x7fc00000U
#define FIRST_COMMON_NUMBER 424 /* the same on every architecture from here on */

static const struct target targets[] = {
	{ "x86_64", SCMP_ARCH_X86_64, 0x40000000U },
	{ "aarch64", SCMP_ARCH_AARCH64, 0 },
};

/* Other architectures whose calls are "known elsewhere". */
static const uint32_t other_arches[] = {
	SCMP_ARCH_X86_64,  SCMP_ARCH_AARCH64, SCMP_ARCH_X86,     SCMP_ARCH_ARM,    SCMP_ARCH_MIPS64,
	SCMP_ARCH_PPC64LE, SCMP_ARCH_S390X,   SCMP_ARCH_RISCV64, SCMP_ARCH_PARISC,
};

static bool is_newer_here(const struct target *target, const struct syscall_entry *entry)
{
	return entry->number >= FIRST_COMMON_NUMBER || target->arch == SCMP_ARCH_X86_64;
}

void die(const char *what, const char *name)
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

/* How a call gets into the filter. */
enum way {
	WAY_NONE,   /* this architecture never had it: open on arm64 */
	WAY_TREE,   /* libseccomp knows it; *number is the build machine's, which libseccomp translates */
	WAY_NUMBER, /* newer than libseccomp; *number is the target's */
	WAY_UNKNOWN,
};

static enum way find_way(const struct target *target, const char *name, int *number)
{
	int there = seccomp_syscall_resolve_name_arch(target->arch, name);
	if (there >= 0) {
		*number = seccomp_syscall_resolve_name(name);
		return WAY_TREE;
	}
	if (there != __NR_SCMP_ERROR)
		return WAY_NONE;
	if (in_list(must_know_calls, name))
		die("this libseccomp does not know a call that the filter must name", name);
	for (const struct syscall_entry *entry = newer_calls; entry->name[0]; entry++) {
		if (strcmp(entry->name, name) != 0)
			continue;
		*number = entry->number;
		return is_newer_here(target, entry) ? WAY_NUMBER : WAY_NONE;
	}
	return WAY_UNKNOWN;
}

static void report_unknown(const struct target *target, const char *name)
{
	int ignored;
	if (find_way(target, name, &ignored) == WAY_UNKNOWN)
		fprintf(stderr, "compile_filters: note: %s is unknown to this libseccomp, and will answer ENOSYS\n",
		        name);
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
	enum way way = find_way(target, name, &number);
	if (way == WAY_NONE || way == WAY_UNKNOWN)
		return;
	uint32_t action = SCMP_ACT_ALLOW;
	if (forbidden) {
		action = SCMP_ACT_TRACE(MARKER_FORBIDDEN);
	} else if (has_rules(program->rules, name)) {
		if (program->block_count == COUNT(program->blocks))
			die("too many calls with argument rules", name);
		action = SCMP_ACT_TRACE(program->block_count);
		program->blocks[program->block_count++] = name;
	}
	if (way == WAY_NUMBER) {
		program->actions[number] = action; /* kept by read_actions */
		return;
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
	return ctx;
}

/* What libseccomp's program answers. Only what it is known to write; anything else stops the build. */
static uint32_t run_tree(const struct sock_filter *code, size_t length, uint32_t arch, uint32_t number)
{
	uint32_t held = 0;
	for (size_t at = 0; at < length; at++) {
		const struct sock_filter *step = &code[at];
		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (step->k != 0 && step->k != 4)
				die("libseccomp looked at an argument", NULL);
			held = step->k == 0 ? number : arch;
			break;
		case BPF_JMP | BPF_JA:
			at += step->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			at += held == step->k ? step->jt : step->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			at += held > step->k ? step->jt : step->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			at += held >= step->k ? step->jt : step->jf;
			break;
		case BPF_RET | BPF_K:
			return step->k;
		default:
			die("libseccomp wrote an instruction that was not expected", NULL);
		}
	}
	die("libseccomp's program has no end", NULL);
}

/* Fills in what libseccomp decides; numbers that it does not know keep what add_call put there. */
static void read_actions(scmp_filter_ctx ctx, const struct target *target, struct program *program)
{
	static struct sock_filter tree[BPF_MAXINSNS];
	FILE *file = tmpfile();
	if (!file || seccomp_export_bpf(ctx, fileno(file)) < 0 || lseek(fileno(file), 0, SEEK_SET) < 0)
		die("seccomp_export_bpf failed", NULL);
	ssize_t size = read(fileno(file), tree, sizeof(tree));
	if (size <= 0 || (size_t)size % sizeof(*tree) || (size_t)size == sizeof(tree))
		die("the compiled filter has an impossible size", NULL);
	size_t length = (size_t)size / sizeof(*tree);
	fclose(file);
	for (uint32_t number = 0; number <= HIGHEST_NUMBER; number++) {
		uint32_t action = run_tree(tree, length, target->arch, number);
		if (action != ANSWER_ENOSYS)
			program->actions[number] = action;
	}
	if (run_tree(tree, length, target->arch, HIGHEST_NUMBER + 1) != ANSWER_ENOSYS ||
	    run_tree(tree, length, target->arch ^ 1, 0) != SECCOMP_RET_KILL_THREAD)
		die("libseccomp's program does not refuse what it must", NULL);
}

static void start_program(struct program *program, const struct argument_rule *rules, unsigned variant)
{
	*program = (struct program){ .rules = rules, .variant = variant };
	program->forbidden = variant & FILTER_NOTIFY ? RETURN_USER_NOTIF : SECCOMP_RET_ERRNO | EPERM;
	for (unsigned number = 0; number <= HIGHEST_NUMBER; number++)
		program->actions[number] = ANSWER_ENOSYS;
}

static void finish_program(struct program *program, const struct target *target, scmp_filter_ctx ctx)
{
	read_actions(ctx, target, program);
	seccomp_release(ctx);
	program_emit(program, target);
}

static void print_code(const char *type, const struct program *program)
{
	printf("static const struct sock_filter %s[] = {\n", type);
	for (unsigned i = 0; i < program->length; i++)
		printf("\t{0x%02x, %u, %u, 0x%08xU},\n", program->code[i].code, program->code[i].jt,
		       program->code[i].jf, program->code[i].k);
	printf("};\n\n");
}

static void compile_variant(const struct target *target, unsigned variant, struct program *program)
{
	start_program(program, argument_rules, variant);
	scmp_filter_ctx ctx = new_context(target);
	for (const struct syscall_group *group = syscall_groups; group->name; group++)
		for (const char *const *call = group->calls; *call; call++)
			add_call(ctx, target, program, *call, (variant & FILTER_STRICT) && !group->strict);
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++)
		add_call(ctx, target, program, call->name, true);
	finish_program(program, target, ctx);
}

static void compile_init(const struct target *target, struct program *program)
{
	start_program(program, init_argument_rules, 0);
	scmp_filter_ctx ctx = new_context(target);
	for (const char *const *call = init_calls; *call; call++)
		add_call(ctx, target, program, *call, false);
	finish_program(program, target, ctx);
}

static struct syscall_entry entries[2048];
static unsigned entry_count;

static void add_entry(const char *name, int number)
{
	for (unsigned i = 0; i < entry_count; i++)
		if (strcmp(entries[i].name, name) == 0)
			return;
	if (entry_count == COUNT(entries) || strlen(name) >= sizeof(entries->name))
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
		add_entry(entry->name, is_newer_here(target, entry) ? entry->number : -1);
	for (unsigned i = 0; i < COUNT(other_arches); i++)
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
	for (unsigned i = 0; argc == 2 && i < COUNT(targets); i++)
		if (strcmp(argv[1], targets[i].name) == 0)
			target = &targets[i];
	if (!target)
		die("usage: compile_filters x86_64|aarch64", NULL);
	check_tables(target);
	printf("/* Written by compile_filters %s with libseccomp %u.%u.%u. */\n#include \"policy/rules.h\"\n\n",
	       target->name, seccomp_version()->major, seccomp_version()->minor, seccomp_version()->micro);
	static struct program program;
	char name[32];
	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		compile_variant(target, variant, &program);
		snprintf(name, sizeof(name), "variant_%u", variant);
		print_code(name, &program);
	}
	compile_init(target, &program);
	print_code("init_code", &program);
	printf("#define CODE(array) {array, sizeof(array) / sizeof(*array), %u}\n"
	       "const struct compiled_filter compiled_filters[FILTER_VARIANT_COUNT] = {\n",
	       program.body);
	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++)
		printf("\tCODE(variant_%u),\n", variant);
	printf("};\nconst struct compiled_filter init_filter = CODE(init_code);\n\n");
	print_names(target);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
