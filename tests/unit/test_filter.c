/* The compiled filters, run in user space against a table of calls, and once for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf_sim.h"
#include "filter_expectations.h"
#include "policy/rules.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#define FOREIGN AUDIT_ARCH_I386
#else
#define NATIVE AUDIT_ARCH_AARCH64
#define FOREIGN AUDIT_ARCH_ARM
#endif

#define KILL 0x80000000U
#define NOTIFY 0x7fc00000U
#define REFUSE(number) (SECCOMP_RET_ERRNO | (uint32_t)(number))

static uint32_t expected_action(int answer, unsigned variant)
{
	if (answer == OK)
		return SECCOMP_RET_ALLOW;
	if (answer == NO)
		return variant & FILTER_NOTIFY ? NOTIFY : REFUSE(EPERM);
	return REFUSE(answer);
}

static struct sock_fprog assemble(struct arena *arena, unsigned variant, const struct filter_row *rows, size_t count)
{
	struct filter_request request = { .variant = variant, .rows = rows, .row_count = count };
	struct sock_fprog program;
	struct error err;

	assert_int_equal(filter_assemble(&request, arena, &program, &err), 0);
	assert_true(bpf_sim_valid(program.filter, program.len));
	return program;
}

static uint32_t run(const struct sock_fprog *program, uint32_t arch, uint32_t number, const uint64_t *args)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch };

	for (unsigned i = 0; args && i < 4; i++)
		data.args[i] = args[i];
	return bpf_sim_run(program->filter, program->len, &data).action;
}

static void test_table(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	unsigned tried = 0;

	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		struct sock_fprog program = assemble(&arena, variant, NULL, 0);

		for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
			const struct expectation *row = &expectations[i];
			uint32_t action, want = expected_action(row->answer, variant);
			int number;

			if ((variant & row->with) != row->with || (variant & row->without))
				continue;
			if (syscall_find(row->call, &number) != SYSCALL_KNOWN)
				continue;
			action = run(&program, NATIVE, (uint32_t)number, row->args);
			if (action != want)
				fail_msg("%s(%#lx, %#lx, %#lx, %#lx) in variant %u: %#x, not %#x", row->call,
				         (unsigned long)row->args[0], (unsigned long)row->args[1],
				         (unsigned long)row->args[2], (unsigned long)row->args[3], variant, action,
				         want);
			tried++;
		}
	}
	assert_true(tried > 1500);
}

static bool stands_in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

static const struct syscall_group *group_of(const char *name)
{
	for (const struct syscall_group *group = syscall_groups; group->name; group++)
		if (stands_in(group->calls, name))
			return group;
	return NULL;
}

static bool is_forbidden(const char *name)
{
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++)
		if (strcmp(call->name, name) == 0)
			return true;
	return false;
}

static bool has_rules(const char *name)
{
	for (const struct argument_rule *rule = argument_rules; rule->call; rule++)
		if (strcmp(rule->call, name) == 0)
			return true;
	return false;
}

/* Every number that exists or may come: what stands in no list answers ENOSYS, in every variant. */
static void test_every_number(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };

	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		struct sock_fprog program = assemble(&arena, variant, NULL, 0);

		for (int number = 0; number < 1100; number++) {
			const char *name = syscall_name(number);
			const struct syscall_group *group = name ? group_of(name) : NULL;
			int answer = ENOSYS;

			if (name && has_rules(name))
				continue;
			if (group)
				answer = (variant & STRICT) && !group->strict ? NO : OK;
			else if (name && is_forbidden(name))
				answer = NO;
			uint32_t action = run(&program, NATIVE, (uint32_t)number, NULL);
			if (action != expected_action(answer, variant))
				fail_msg("call %d (%s) in variant %u: %#x", number, name ? name : "no name", variant,
				         action);
		}
	}
}

static void test_other_architectures(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	static const struct filter_row rows[] = { { SYS_read, ROW_ALLOW, -1, 0, 0, 0, 0 } };

	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		struct sock_fprog program = assemble(&arena, variant, rows, 1);
		struct sock_fprog bare = { compiled_filters[variant].count,
			                   arena_array(&arena, compiled_filters[variant].count,
			                               sizeof(struct sock_filter)) };

		memcpy(bare.filter, compiled_filters[variant].instructions, bare.len * sizeof(struct sock_filter));
		assert_true(bpf_sim_valid(bare.filter, bare.len));
		assert_int_equal(run(&program, FOREIGN, SYS_read, NULL), KILL);
		assert_int_equal(run(&bare, FOREIGN, SYS_read, NULL), KILL);
		assert_int_equal(run(&program, 0, SYS_read, NULL), KILL);
		assert_int_equal(run(&program, NATIVE, SYS_read, NULL), SECCOMP_RET_ALLOW);
		/* What a tracer puts in place of a call. */
		assert_int_equal(run(&program, NATIVE, UINT32_MAX, NULL), REFUSE(ENOSYS));
#if defined(__x86_64__)
		assert_int_equal(run(&program, NATIVE, 0x40000000U | SYS_read, NULL), KILL);
		assert_int_equal(run(&program, NATIVE, 0x40000000U + 512, NULL), KILL);
		assert_int_equal(run(&program, NATIVE, 0xfffffffeU, NULL), KILL);
		assert_int_equal(run(&bare, NATIVE, 0x40000000U | SYS_read, NULL), KILL);
#endif
	}
}

/* An observed call is asked about where it would be allowed, and refused where it would not: never asked about, since
 * what is observed goes on. A call that is forbidden whatever its arguments, and is not observed, is as ever. */
static void test_observed(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	static const uint32_t observed[] = { SYS_openat, SYS_execveat, SYS_mount, SYS_getpid };
	const uint64_t set_id[] = { 0, 0, O_CREAT, S_ISUID }, plain[] = { 0, 0, O_CREAT, 0644 };

	for (unsigned variant = 0; variant < FILTER_VARIANT_COUNT; variant++) {
		struct filter_request request = { .variant = variant, .observed = observed, .observed_count = 4 };
		struct sock_fprog program, bare = assemble(&arena, variant, NULL, 0);
		struct error err;

		assert_int_equal(filter_assemble(&request, &arena, &program, &err), 0);
		assert_true(bpf_sim_valid(program.filter, program.len));
		assert_int_equal(run(&program, NATIVE, SYS_openat, plain), NOTIFY);
		assert_int_equal(run(&program, NATIVE, SYS_openat, set_id), expected_action(NO, 0));
		assert_int_equal(run(&program, NATIVE, SYS_getpid, NULL), NOTIFY);
		assert_int_equal(run(&program, NATIVE, SYS_execveat, NULL),
		                 variant & FILTER_EXEC ? NOTIFY : expected_action(NO, 0));
		assert_int_equal(run(&program, NATIVE, SYS_mount, NULL), expected_action(NO, 0));
		for (uint32_t number = 0; number < 500; number++)
			if (number != SYS_openat && number != SYS_execveat && number != SYS_getpid &&
			    number != SYS_mount)
				assert_int_equal(run(&program, NATIVE, number, NULL), run(&bare, NATIVE, number, NULL));
	}
}

static void test_rows(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	static const struct filter_row rows[] = {
		{ SYS_kill, ROW_EPERM, 0, UINT32_MAX, 77, 0, 0 },
		{ SYS_read, ROW_ENOSYS, -1, 0, 0, 0, 0 },
		{ SYS_socket, ROW_FORBID, 1, 0xf, SOCK_DGRAM, 0, 0 },
		{ SYS_unshare, ROW_ALLOW, -1, 0, 0, 0, 0 },
		{ SYS_unshare, ROW_EPERM, -1, 0, 0, 0, 0 }, /* too late: the first decides */
		{ SYS_write, ROW_FORBID, -1, 0, 0, 0, 0 },
		{ SYS_socketpair, ROW_NOTIFY, 0, UINT32_MAX, AF_UNIX, 0xf, SOCK_DGRAM },
	};
	struct sock_fprog plain = assemble(&arena, 0, rows, 7), notify = assemble(&arena, FILTER_NOTIFY, rows, 7);

	/* both arguments must fit, whatever their high halves */
	assert_int_equal(run(&plain, NATIVE, SYS_socketpair,
	                     (uint64_t[4]){ DIRTY | AF_UNIX, DIRTY | SOCK_DGRAM | SOCK_CLOEXEC }),
	                 SECCOMP_RET_USER_NOTIF);
	assert_int_equal(run(&plain, NATIVE, SYS_socketpair, (uint64_t[4]){ AF_UNIX, SOCK_STREAM }), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&plain, NATIVE, SYS_socketpair, (uint64_t[4]){ AF_INET, SOCK_DGRAM }), REFUSE(EPERM));

	assert_int_equal(run(&plain, NATIVE, SYS_kill, (uint64_t[4]){ DIRTY | 77 }), REFUSE(EPERM));
	assert_int_equal(run(&notify, NATIVE, SYS_kill, (uint64_t[4]){ 77 }), REFUSE(EPERM));
	assert_int_equal(run(&plain, NATIVE, SYS_kill, (uint64_t[4]){ 78 }), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&plain, NATIVE, SYS_read, NULL), REFUSE(ENOSYS));
	assert_int_equal(run(&plain, NATIVE, SYS_socket, (uint64_t[4]){ AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC }),
	                 REFUSE(EPERM));
	assert_int_equal(run(&notify, NATIVE, SYS_socket, (uint64_t[4]){ AF_UNIX, SOCK_DGRAM }), NOTIFY);
	assert_int_equal(run(&plain, NATIVE, SYS_socket, (uint64_t[4]){ AF_UNIX, SOCK_STREAM }), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&plain, NATIVE, SYS_unshare, NULL), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&notify, NATIVE, SYS_write, NULL), NOTIFY);
	/* What stands in no row is decided as before. */
	assert_int_equal(run(&plain, NATIVE, SYS_close, NULL), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&plain, NATIVE, SYS_mount, NULL), REFUSE(EPERM));
	assert_int_equal(run(&plain, NATIVE, 600, NULL), REFUSE(ENOSYS));
	/* A row cannot open another architecture. */
	assert_int_equal(run(&plain, FOREIGN, SYS_unshare, NULL), KILL);
}

static void test_too_many_rows(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	struct filter_row *rows = arena_array(&arena, BPF_MAXINSNS + 1, sizeof(*rows));
	struct filter_request request = { .variant = 0, .rows = rows };
	struct sock_fprog program = { 7, NULL };
	struct error err;
	size_t fits = 0;

	for (size_t i = 0; i <= BPF_MAXINSNS; i++)
		rows[i] = (struct filter_row){ SYS_kill, ROW_EPERM, 0, UINT32_MAX, (uint32_t)i, 0, 0 };
	for (request.row_count = 400; filter_assemble(&request, &arena, &program, &err) == 0; request.row_count++) {
		fits = request.row_count;
		assert_true(bpf_sim_valid(program.filter, program.len));
	}
	/* The last one that fits leaves no room for another row, and the failure leaves the output alone. */
	assert_true(fits > 400 && program.len <= BPF_MAXINSNS && program.len > BPF_MAXINSNS - 6);
	assert_int_equal(err.code, CODE_BAD_VALUE);
	assert_non_null(strstr(err.message, "do not fit into one filter"));
	assert_string_equal(err.hint, "shorten system.syscalls");
	request.row_count = BPF_MAXINSNS + 1;
	assert_int_equal(filter_assemble(&request, &arena, &program, &err), -1);

	request.row_count = 1;
	rows[0].arg = 6;
	assert_int_equal(filter_assemble(&request, &arena, &program, &err), -1);
	rows[0].arg = 5;
	request.variant = FILTER_VARIANT_COUNT;
	assert_int_equal(filter_assemble(&request, &arena, &program, &err), -1);
}

static void test_init(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = { 0 };
	struct sock_fprog program = { init_filter.count,
		                      arena_array(&arena, init_filter.count, sizeof(struct sock_filter)) };

	memcpy(program.filter, init_filter.instructions, program.len * sizeof(struct sock_filter));
	assert_true(bpf_sim_valid(program.filter, program.len));
	for (const char *const *call = init_calls; *call; call++) {
		int number;

		if (strcmp(*call, "prctl") && strcmp(*call, "openat") && syscall_find(*call, &number) == SYSCALL_KNOWN)
			assert_int_equal(run(&program, NATIVE, (uint32_t)number, NULL), SECCOMP_RET_ALLOW);
	}
	assert_int_equal(run(&program, NATIVE, SYS_prctl, (uint64_t[4]){ PR_SET_PDEATHSIG }), SECCOMP_RET_ALLOW);
	assert_int_equal(run(&program, NATIVE, SYS_prctl, (uint64_t[4]){ PR_SET_DUMPABLE }), REFUSE(EPERM));
	assert_int_equal(run(&program, NATIVE, SYS_openat, (uint64_t[4]){ 0, 0, O_RDONLY | O_CLOEXEC }),
	                 SECCOMP_RET_ALLOW);
	assert_int_equal(run(&program, NATIVE, SYS_openat, (uint64_t[4]){ 0, 0, O_RDWR }), REFUSE(EPERM));
	assert_int_equal(run(&program, NATIVE, SYS_openat, (uint64_t[4]){ 0, 0, O_CREAT }), REFUSE(EPERM));
	assert_int_equal(run(&program, NATIVE, SYS_execve, NULL), REFUSE(ENOSYS));
	assert_int_equal(run(&program, NATIVE, SYS_socket, NULL), REFUSE(ENOSYS));
	assert_int_equal(run(&program, FOREIGN, SYS_read, NULL), KILL);
}

static void test_lists(void **state)
{
	(void)state;
	int number;

	for (const struct syscall_group *group = syscall_groups; group->name; group++) {
		assert_true(strlen(group->reason) > 5);
		for (const char *const *call = group->calls; *call; call++) {
			if (is_forbidden(*call) || group_of(*call) != group ||
			    syscall_find(*call, &number) == SYSCALL_UNKNOWN)
				fail_msg("%s: twice, forbidden as well, or unknown", *call);
		}
	}
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++) {
		assert_true(strlen(call->reason) > 5);
		if (syscall_find(call->name, &number) == SYSCALL_UNKNOWN)
			fail_msg("%s is unknown", call->name);
	}
	for (const char *const *call = must_know_calls; *call; call++)
		assert_true(group_of(*call) || is_forbidden(*call));
}

static void test_names(void **state)
{
	(void)state;
	int number = 7;

	assert_int_equal(syscall_find("read", &number), SYSCALL_KNOWN);
	assert_int_equal(number, SYS_read);
	assert_int_equal(syscall_find("execveat", &number), SYSCALL_KNOWN);
	assert_int_equal(number, SYS_execveat);
	assert_int_equal(syscall_find("fchroot", &number), SYSCALL_KNOWN);
	assert_int_equal(number, 472);
	assert_int_equal(syscall_find("vm86", &number), SYSCALL_ELSEWHERE);
	assert_int_equal(number, -1);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(syscall_find(((const char *[]){ "raed", "", "read " })[i], &number), SYSCALL_UNKNOWN);
	assert_string_equal(syscall_name(SYS_execve), "execve");
	assert_string_equal(syscall_name(462), "mseal");
	assert_null(syscall_name(600));
	assert_null(syscall_name(-1));
	for (unsigned i = 1; i < syscall_entry_count; i++)
		assert_true(strcmp(syscall_entries[i - 1].name, syscall_entries[i].name) < 0);
}

static void load(unsigned variant)
{
	struct arena arena = { 0 };
	struct filter_request request = { .variant = variant };
	struct sock_fprog program;
	struct error err;

	if (filter_assemble(&request, &arena, &program, &err) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, 1, 0, &program))
		_exit(99);
}

/* Exit status: which of the steps went wrong. */
static void confined_child(unsigned variant)
{
	load(variant);
	if (syscall(SYS_getppid) < 0)
		_exit(1);
	if (syscall(SYS_unshare, CLONE_NEWUSER) != -1 || errno != EPERM)
		_exit(2);
	if (syscall(600) != -1 || errno != ENOSYS)
		_exit(3);
	if (syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0) != -1 || errno != EAFNOSUPPORT)
		_exit(4);
	if (syscall(SYS_socket, AF_INET, SOCK_RAW, 1) != -1 || errno != EPERM)
		_exit(5);
	if (syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		_exit(6);
	_exit(0);
}

static void test_loads(void **state)
{
	(void)state;
	for (unsigned variant = 0; variant < FILTER_NOTIFY; variant++) {
		pid_t child = fork();
		int status;

		if (child == 0)
			confined_child(variant);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

#if defined(__x86_64__)
/* One way into each of the two other calling conventions; both must end the whole process. */
static void enter_i386(void)
{
	long number = 20; /* getpid */

	__asm__ volatile("int $0x80" : "+a"(number) : : "memory", "cc", "r8", "r9", "r10", "r11");
}

static void enter_x32(void)
{
	syscall(0x40000000 + SYS_getpid);
}

/* The signal that ended it, 0 for none. The handlers of the test library are put away first. */
static int end_of(void (*enter)(void), bool confined)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		signal(SIGSYS, SIG_DFL);
		if (confined)
			load(FILTER_EXEC | FILTER_INET);
		enter();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_x32_kills(void **state)
{
	(void)state;
	assert_int_equal(end_of(enter_x32, false), 0);
	assert_int_equal(end_of(enter_x32, true), SIGSYS);
}

static void test_i386_kills(void **state)
{
	(void)state;
	/* Kernels without IA32_EMULATION, and some hypervisors, have no such gate. */
	if (end_of(enter_i386, false) != 0) {
		print_message("skipped: int $0x80 does not work on this machine\n");
		skip();
	}
	assert_int_equal(end_of(enter_i386, true), SIGSYS);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_every_number),
		cmocka_unit_test(test_other_architectures),
		cmocka_unit_test(test_observed),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_too_many_rows),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_loads),
#if defined(__x86_64__)
		cmocka_unit_test(test_x32_kills),
		cmocka_unit_test(test_i386_kills),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
