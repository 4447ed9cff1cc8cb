/* The whole way from a profile to a confined interpreter, without the YAML: each row is a Python program, what it must
 * answer inside, in both modes. As whoever runs the tests. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/landlock_rights.h"
#include "host/session.h"
#include "host/syscalls.h"
#include "plan/build.h"
#include "supervise/run.h"

#define PYTHON "/usr/bin/python3"
#define TEXT_OF(number) #number
#define NUMBER(call) TEXT_OF(call) /* of a system call, for the Python below */

static struct arena arena;
static struct interpreter interpreter;
static struct footprint footprint;
static const char *const environment[] = { "LANG=C.UTF-8", "SECRET_TOKEN=hunter2", NULL };

static struct host_facts facts_here(void)
{
	struct host_facts facts = { .uid = geteuid(), .gid = getegid(), .kernel_major = 6, .kernel_minor = 1 };
	int abi = raw_landlock_create_ruleset(NULL, 0, 1);

	for (int i = 0; i < FEATURE_COUNT; i++)
		facts.features[i].level = 1;
	facts.features[FEATURE_LANDLOCK].level = abi < 0 ? 0 : abi > LANDLOCK_ABI_HIGHEST ? LANDLOCK_ABI_HIGHEST : abi;
	facts.features[FEATURE_IDMAPPED_MOUNTS].level = 0;
	facts.features[FEATURE_SET_USER].level = facts.uid == 0;
	facts.features[FEATURE_CAPABILITY_BOUNDS].level = facts.uid == 0;
	return facts;
}

static struct profile offline(void)
{
	static struct profile_string allow[] = { { .value = "LANG" } };
	static struct profile_string presets[] = { { .value = "python" }, { .value = "tz" } };
	struct profile profile = { .name = "test", .chain = "test" };

	profile.env.allow = (struct profile_strings){ allow, 1 };
	profile.files.presets = (struct profile_strings){ presets, 2 };
	profile.limits.processes = (struct limit){ .set = true, .value = 64 };
	return profile;
}

/* Ask the interpreter directly: the bare sandbox for that question comes with the launcher. */
static int ask_interpreter(void **state)
{
	const struct interpreter_request request = { .spec = { .value = PYTHON }, .cwd = "/" };
	static char answer[FOOTPRINT_ANSWER_MAX];
	struct error err = { 0 };
	int fds[2];
	pid_t pid;
	ssize_t length;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		close(fds[0]);
		execl(PYTHON, PYTHON, "-c", footprint_question, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	length = read_all(fds[0], answer, sizeof(answer));
	close(fds[0]);
	waitpid(pid, NULL, 0);
	assert_true(length > 0);
	if (interpreter_find(&request, &arena, &interpreter, &err) ||
	    footprint_parse(answer, (size_t)length, &interpreter, NULL, &arena, &footprint, &err))
		fail_msg("%s", err.message);
	return 0;
}

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Runs `python -c code` and returns its exit status; its first line of output goes to `line`. */
static int run(const struct host_facts *facts, const struct profile *profile, const char *code, char *line, size_t size)
{
	char session[SESSION_SIZE] = "";
	struct request request = { .kind = RUN_COMMAND,
		                   .target = code,
		                   .cwd = "/",
		                   .session = session,
		                   .home = "/home/nobody-here",
		                   .user_name = "tester",
		                   .environment = environment };
	struct outcome outcome = { 0 };
	struct error err = { 0 };
	struct plan plan;
	char path[] = "/tmp/pyconfine-test-XXXXXX";
	FD_CLEANUP int out = mkstemp(path), saved = dup(1);
	ssize_t length;

	unlink(path);
	if (plan_build(&request, profile, facts, &interpreter, &footprint, &arena, &plan, &err))
		fail_msg("plan: %s", err.message);
	fflush(stdout);
	dup2(out, 1);
	if (supervise_run(&plan, NULL, NULL, &arena, &outcome, &err))
		fail_msg("run: %s", err.message);
	dup2(saved, 1);
	assert_true(!plan.private_tmp ||
	            (access(plan.private_tmp, F_OK) && errno == ENOENT)); /* nothing is left behind */
	if (outcome.kind == OUTCOME_SETUP_FAILED)
		fail_msg("stage %s%s, step %d (%s): %s",
		         outcome.failure.stage < STAGE_COUNT ? stages[outcome.failure.stage].name : "clone",
		         outcome.failure.verify ? " (reading back)" : "", outcome.failure.step,
		         outcome.failure.stage == STAGE_VIEW && outcome.failure.step >= 0
		                 ? plan.view[outcome.failure.step].target
		                 : "",
		         strerror(outcome.failure.sys_errno));
	length = pread(out, line, size - 1, 0);
	line[length > 0 ? length : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return outcome_exit_status(&outcome);
}

static const char *const refused =
	"import os, errno\n"
	"def t(f, *a):\n"
	"    try: f(*a); return 'open'\n"
	"    except OSError as e: return errno.errorcode[e.errno]\n"
	"import ctypes\n"
	"libc = ctypes.CDLL(None, use_errno=True)\n"
	"def sys(*a):\n"
	"    r = libc.syscall(*a); return 'open' if r >= 0 else errno.errorcode[ctypes.get_errno()]\n";

struct row {
	const char *name, *code, *with_namespaces, *with_landlock;
};

static const struct row rows[] = {
	{ "reads nothing of /etc/shadow", "print(t(open, '/etc/shadow'))", "ENOENT", "EACCES" },
	{ "sees no other home", "print(t(os.listdir, '/root'))", "ENOENT", "EACCES" },
	{ "lists the root of its view only", "print(t(os.listdir, '/'))", "open", "EACCES" },
	{ "cannot write beside the library", "print(t(open, os.__file__ + 'x', 'w'))", "EROFS", "EACCES" },
	{ "writes its own temporary files",
	  "import tempfile; f = tempfile.NamedTemporaryFile(); f.write(b'x'); print('open')", "open", "open" },
	{ "runs no shell", "print(t(os.execv, '/bin/sh', ['sh', '-c', 'true']))", "ENOENT", "EACCES" },
	{ "starts itself again",
	  "import subprocess, sys as s; print(subprocess.run([s.executable, '-c', 'pass']).returncode)", "0", "0" },
	{ "has threads", "import threading as h; x = h.Thread(target=lambda: None); x.start(); x.join(); print('open')",
	  "open", "open" },
	{ "reaches no loopback but its own", "import socket; print(t(socket.socket().connect, ('127.0.0.1', 22)))",
	  "ECONNREFUSED", "ECONNREFUSED" },
	{ "makes no user namespace", "print(sys(" NUMBER(SYS_unshare) ", 0x10000000))", "EPERM", "EPERM" },
	{ "traces nobody", "print(sys(" NUMBER(SYS_ptrace) ", 0, 0, 0, 0))", "EPERM", "EPERM" },
	{ "unknown calls do not exist", "print(sys(600))", "ENOSYS", "ENOSYS" },
	{ "io_uring does not exist", "print(sys(425, 1, 0))", "EPERM", "EPERM" },
	{ "has no secret of the caller's environment", "print(os.environ.get('SECRET_TOKEN', 'unset'))", "unset",
	  "unset" },
	{ "keeps what is allowed of it", "print(os.environ.get('LANG'))", "C.UTF-8", "C.UTF-8" },
	{ "has no capability",
	  "print([l.split()[1] for l in open('/proc/self/status') if l.startswith('CapBnd') or l.startswith('CapEff')][0])",
	  "0000000000000000", "0000000000000000" },
	{ "is not root", "print('root' if os.getuid() == 0 else 'user')", "user", "user" },
	{ "has three descriptors",
	  "print(sorted(int(d) for d in os.listdir('/proc/self/fd'))[:3], len(os.listdir('/proc/self/fd')))",
	  "[0, 1, 2] 4", "[0, 1, 2] 4" },
	{ "mounts nothing",
	  "print('open' if libc.mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0 else errno.errorcode[ctypes.get_errno()])",
	  "EPERM", "EPERM" },
};

static void check_rows(const struct host_facts *facts, bool namespaces)
{
	const struct profile profile = offline();
	size_t failed = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *expected = namespaces ? rows[i].with_namespaces : rows[i].with_landlock;
		char line[512], *code = arena_printf(&arena, "%s%s\n", refused, rows[i].code);
		int status = run(facts, &profile, code, line, sizeof(line));

		if (status || strcmp(line, expected)) {
			print_error("%s: \"%s\" (exit %d) instead of \"%s\"\n", rows[i].name, line, status, expected);
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void confines_with_namespaces(void **state)
{
	const struct host_facts facts = facts_here();

	(void)state;
	check_rows(&facts, true);
}

static void confines_with_landlock_alone(void **state)
{
	struct host_facts facts = facts_here();

	(void)state;
	facts.features[FEATURE_NAMESPACES].level = 0;
	check_rows(&facts, false);
}

static void passes_exit_statuses(void **state)
{
	const struct host_facts facts = facts_here();
	struct profile profile = offline();
	char line[64];

	(void)state;
	assert_int_equal(run(&facts, &profile, "raise SystemExit(7)", line, sizeof(line)), 7);
	assert_int_equal(run(&facts, &profile, "import os; os.kill(os.getpid(), 9)", line, sizeof(line)), 137);
	profile.limits.timeout = (struct limit){ .set = true, .value = 300 };
	profile.limits.grace = (struct limit){ .set = true, .value = 100 };
	assert_int_equal(run(&facts, &profile, "import time; time.sleep(30)", line, sizeof(line)), 124);
	assert_int_equal(run(&facts, &profile, "import time, signal; signal.signal(15, signal.SIG_IGN); time.sleep(30)",
	                     line, sizeof(line)),
	                 124);
}

static void refuses_what_it_cannot_keep(void **state)
{
	struct host_facts facts = facts_here();
	const struct request request = {
		.kind = RUN_COMMAND, .target = "pass", .cwd = "/", .environment = environment
	};
	struct profile profile = offline();
	struct error err = { 0 };
	struct plan plan;

	(void)state;
	facts.features[FEATURE_LANDLOCK].level = 0;
	assert_int_equal(plan_build(&request, &profile, &facts, &interpreter, &footprint, &arena, &plan, &err), -1);
	assert_int_equal(err.code, CODE_CANNOT_KEEP);
	assert_string_equal(
		err.message,
		"exec cannot be kept here: only Landlock tells programs from libraries, and this kernel has none");
	facts.features[FEATURE_NAMESPACES].level = 0;
	assert_int_equal(plan_build(&request, &profile, &facts, &interpreter, &footprint, &arena, &plan, &err), -1);
	assert_string_equal(err.message,
	                    "files cannot be kept here: neither namespaces nor Landlock are to be had here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confines_with_namespaces),
		cmocka_unit_test(confines_with_landlock_alone),
		cmocka_unit_test(passes_exit_statuses),
		cmocka_unit_test(refuses_what_it_cannot_keep),
	};

	return cmocka_run_group_tests(tests, ask_interpreter, free_arena);
}
