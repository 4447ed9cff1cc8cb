/* The bare sandbox in which an interpreter is asked for its files: everything readable, nothing writable, no
 * network. */
#include "supervise/ask.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/session.h"
#include "host/syscalls.h"
#include "plan/build.h"
#include "supervise/relaunch.h"

#define ANSWER_TIMEOUT_MS 10000

/* The system's own directories, those of this interpreter, and the user's packages; not the rest of the caller's home,
 * which code that came with somebody's venv has no business in. */
static struct file_grants bare_grants(const struct interpreter *interpreter, const char *home, struct arena *arena)
{
	/* /lib and /lib64 are directories of their own where /usr is not merged */
	const char *paths[] = { "/usr",
		                "/lib",
		                "/lib64",
		                "/opt",
		                path_directory(arena, path_directory(arena, interpreter->real_path)),
		                interpreter->venv,
		                home ? arena_printf(arena, "%s/.local/lib", home) : NULL };
	struct file_grants grants = { arena_array(arena, sizeof(paths) / sizeof(paths[0]), sizeof(*grants.items)), 0 };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (paths[i] && strcmp(paths[i], "/"))
			grants.items[grants.count++] = (struct file_grant){
				.path = { .value = paths[i], .pos = { .file = "builtin:bare" } },
				.optional = true,
				.exec = true, /* libraries are mapped from there; a program is still the interpreter
				                 alone */
			};
	return grants;
}

static struct profile bare_profile(const struct interpreter *interpreter, const char *home, struct arena *arena)
{
	static struct profile_string presets[] = { { .value = "python" }, { .value = "tls" }, { .value = "locale" } };
	struct profile profile = { .name = "bare", .chain = "bare" };

	profile.files.presets = (struct profile_strings){ presets, sizeof(presets) / sizeof(presets[0]) };
	profile.files.read = bare_grants(interpreter, home, arena);
	profile.system.user = USER_KEEP; /* an interpreter below root's home is readable for root alone */
	profile.limits.timeout = (struct limit){ .set = true, .value = ANSWER_TIMEOUT_MS };
	profile.limits.grace = (struct limit){ .set = true, .value = 100 };
	profile.require[PROMISE_EXEC].level = REQUIRE_BEST_EFFORT; /* programs that it starts are as bare as itself */
	return profile;
}

/* The answer goes to a file in memory: it may be larger than a pipe, and nobody reads while the supervisor watches.
 * What is said on stderr is nobody's business: a program that is no Python complains of ours. Our own stdin is the
 * script's. */
static int run_with_output(const struct plan *plan, struct arena *arena, int out_fd, struct outcome *outcome,
                           struct error *err)
{
	FD_CLEANUP int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int own[] = { null_fd, out_fd, null_fd };
	int saved[3] = { -1, -1, -1 }, result = 0;

	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (saved[fd] < 0 || dup2(own[fd], fd) < 0)
			result = error_set_errno(err, CODE_SETUP_FAILED, "the interpreter's output");
	}
	if (result == 0)
		result = supervise_run(plan, NULL, NULL, arena, outcome, err);
	for (int fd = 0; fd < 3; fd++) {
		if (saved[fd] >= 0 && dup2(saved[fd], fd) < 0)
			result = error_set_errno(err, CODE_SETUP_FAILED, "our own output");
		fd_close(&saved[fd]);
	}
	return result;
}

/* Which libraries it has mapped an interpreter reads in /proc. Where a sandbox can have none of its own, as in a
 * rootless container, it is asked without namespaces, with the /proc that is there. */
static void keep_proc(struct host_facts *facts)
{
	if (facts->features[FEATURE_PROC_MOUNT].level == 0 && facts->features[FEATURE_LANDLOCK].level > 0)
		host_facts_lower(facts, FEATURE_NAMESPACES, 0, "without a /proc of its own");
}

static int ask(const struct interpreter *interpreter, const struct host_facts *facts, const char *home,
               struct arena *arena, int out_fd, struct error *err)
{
	char session[SESSION_SIZE] = "";
	const struct request request = {
		.kind = RUN_COMMAND, .target = footprint_question, .cwd = "/", .home = home, .session = session
	};
	const struct profile profile = bare_profile(interpreter, home, arena);
	struct host_facts lowered = *facts;
	struct outcome outcome = { 0 };
	struct plan plan;

	if (session_make(session, err))
		return -1;
	for (;;) {
		keep_proc(&lowered);
		if (plan_build(&request, &profile, &lowered, interpreter, NULL, arena, &plan, err) ||
		    run_with_output(&plan, arena, out_fd, &outcome, err))
			return -1;
		outcome_release(&outcome);
		if (!outcome_lowers(&plan, &outcome, &lowered))
			break;
	}
	if (outcome.passed_signal) {
		/* somebody ends us, and not the interpreter */
		signal(outcome.passed_signal, SIG_DFL);
		raise(outcome.passed_signal);
	}
	if (outcome.kind == OUTCOME_SETUP_FAILED)
		return outcome_describe(&plan, &outcome, err);
	if (outcome.kind == OUTCOME_EXITED && outcome.status == 0)
		return 0;
	error_set(err, CODE_INTERPRETER_UNUSABLE, "%s does not answer as a Python does (%s %d)", interpreter->path,
	          outcome.kind == OUTCOME_SIGNALED ? "signal" : "exit status", outcome_exit_status(&outcome));
	return error_hint(err, "Does `%s -c pass` work without pyconfine?", interpreter->path);
}

int footprint_obtain(const struct interpreter *interpreter, const struct host_facts *facts, const char *cache_dir,
                     struct arena *arena, struct footprint *out, struct error *err)
{
	const char *home = getenv("HOME");
	FD_CLEANUP int fd = -1;
	char *answer;
	ssize_t length;

	if (cache_dir && footprint_cache_load(cache_dir, facts->uid, interpreter, home, arena, out))
		return 0;
	fd = memfd_create("footprint", MFD_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, CODE_SETUP_FAILED, "memfd_create");
	if (ask(interpreter, facts, home, arena, fd, err))
		return -1;
	answer = arena_alloc(arena, FOOTPRINT_ANSWER_MAX);
	length = pread(fd, answer, FOOTPRINT_ANSWER_MAX, 0);
	if (length < 0)
		return error_set_errno(err, CODE_FOOTPRINT, "reading the interpreter's answer");
	if (footprint_parse(answer, (size_t)length, interpreter, home, arena, out, err))
		return -1;
	if (cache_dir)
		footprint_cache_store(cache_dir, facts->uid, interpreter, home, out);
	return 0;
}
