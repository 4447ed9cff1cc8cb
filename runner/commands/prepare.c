#include "commands/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/render.h"
#include "plan/links.h"
#include "supervise/ask.h"

/* Which failure ends with which status; all others end `run` with 125 and the inspecting commands with 2. */
static const struct {
	enum message_code code;
	int run, inspect;
} statuses[] = {
	{ CODE_SCRIPT_NOT_FOUND, EXIT_NOT_FOUND, EXIT_BAD_INPUT },
	{ CODE_INTERPRETER_NOT_FOUND, EXIT_NOT_FOUND, EXIT_BAD_INPUT },
	{ CODE_INTERPRETER_UNUSABLE, EXIT_NOT_EXECUTABLE, EXIT_BAD_INPUT },
	{ CODE_NOT_YET, EXIT_SETUP, EXIT_FINDINGS },
	{ CODE_CANNOT_KEEP, EXIT_SETUP, EXIT_FINDINGS },
	{ CODE_MISSING_PATH, EXIT_SETUP, EXIT_FINDINGS },
};

int prepare_status(const struct error *err, enum prepare_purpose purpose)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == err->code)
			return purpose == PREPARE_RUN ? statuses[i].run : statuses[i].inspect;
	return purpose == PREPARE_RUN ? EXIT_SETUP : EXIT_BAD_INPUT;
}

int prepare_fail(const struct prepared *prepared, const struct error *err, enum prepare_purpose purpose)
{
	TEXT_CLEANUP struct text out = { 0 };
	const struct diagnostics *list = &prepared->diagnostics;

	if (list->errors == 0)
		return render_fail(err, prepare_status(err, purpose));
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].severity == SEVERITY_ERROR)
			render_diagnostic(&out, &list->items[i], "pyconfine: ", render_wants_colour(STDERR_FILENO));
	render_to_stderr(&out);
	return prepare_status(err, purpose);
}

/* The sandbox to learn in: everything runs, nothing stops early, and the watcher sees the peaks. */
static void open_for_learning(struct profile *profile)
{
	const uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	profile->exec.mode = EXEC_ANY;
	profile->limits.memory = (struct limit){ .set = true, .value = memory / 4 * 3 };
	profile->limits.processes = (struct limit){ .set = true, .value = 4096 };
	profile->limits.open_files = (struct limit){ .set = true, .value = 16384 };
	profile->files.tmp = (struct limit){ .set = true, .value = memory / 4 };
}

static int load_profile(const struct run_options *options, const struct caller *caller, struct arena *arena,
                        struct prepared *out, struct error *err)
{
	struct profile_request request = {
		.profile = options->profile || !options->learning ? options->profile : "builtin:offline",
		.script = options->has_target && options->kind == RUN_SCRIPT ? options->target : NULL,
		.flags = options->flags,
		.flag_count = options->flag_count,
	};

	caller_request(caller, &request);
	out->diagnostics.arena = arena;
	if (profile_load(&request, arena, &out->profile, &out->diagnostics) == 0) {
		if (options->learning)
			open_for_learning(&out->profile);
		if (options->network_host)
			out->profile.network.mode = NETWORK_HOST;
		return 0;
	}
	diagnostics_sort(&out->diagnostics);
	for (size_t i = 0; i < out->diagnostics.count; i++) {
		const struct diagnostic *item = &out->diagnostics.items[i];

		if (item->severity != SEVERITY_ERROR)
			continue;
		error_set(err, item->code, "%s", item->message);
		err->pos = item->pos;
		return item->hint ? error_hint(err, "%s", item->hint) : -1;
	}
	return error_set(err, CODE_INTERNAL, "the profile was refused without a reason");
}

/* The request's script, and the directory that ${SCRIPT_DIR} means. */
static int find_script(const struct run_options *options, const struct caller *caller, struct arena *arena,
                       struct prepared *out, struct error *err)
{
	const char *real = NULL, *command;
	char shown[256];

	out->variables.script_dir = caller->cwd;
	if (!options->has_target || options->kind != RUN_SCRIPT)
		return 0;
	out->variables.script = path_join(arena, caller->cwd, options->target);
	out->variables.script_dir = path_directory(arena, out->variables.script);
	if (path_follow(out->variables.script, arena, NULL, &real, NULL) == 0)
		return 0;
	escape_into(shown, sizeof(shown), options->target);
	command = strchr(options->target, '/') ? NULL : command_nearest(options->target);
	error_set_errno(err, CODE_SCRIPT_NOT_FOUND, "script %s", shown);
	if (command && err->sys_errno == ENOENT)
		return error_hint(err,
		                  strcmp(command, options->target) ? "Did you mean the command `pyconfine %s`?"
		                                                   : "The command `%s` comes before all options.",
		                  command);
	if (err->sys_errno == ENOENT)
		return error_hint(err,
		                  "It is looked for in the current directory only, as python does: give its path.");
	return error_hint(err, "`pyconfine` must be able to reach the script as the caller.");
}

static int find_interpreter(const struct caller *caller, struct arena *arena, struct prepared *out, struct error *err)
{
	const char *const *environment = caller->environment;
	struct interpreter_request request = {
		.spec = out->profile.python.interpreter,
		.script = out->request.kind == RUN_SCRIPT ? out->request.target : NULL,
		.script_is_untrusted = out->profile.python.isolated,
		.virtual_env = environment_get(environment, "VIRTUAL_ENV"),
		.path = environment_get(environment, "PATH"),
		.home = caller->home,
		.cwd = caller->cwd,
		.pyenv_root = environment_get(environment, "PYENV_ROOT"),
		.pyenv_version = environment_get(environment, "PYENV_VERSION"),
	};

	if (request.spec.value) {
		request.spec.value = expand_variables(&request.spec, &out->variables, arena, err);
		if (!request.spec.value)
			return error_context(err, "python.interpreter");
	}
	return interpreter_find(&request, arena, &out->interpreter, err);
}

static int find_facts(const struct run_options *options, enum prepare_purpose purpose, const struct profile *profile,
                      struct host_facts *facts, struct error *err)
{
	/* an interpreter's libraries, the sandbox's processes and what they use are all found there */
	if (access("/proc/self/stat", F_OK)) {
		error_set(err, CODE_CANNOT_KEEP, "/proc is not mounted here, and without it no process can be watched");
		return error_hint(err, "Mount it: mount -t proc proc /proc. Container runtimes do so by themselves.");
	}
	if (purpose == PREPARE_RUN ? host_facts_probe_quick(facts, err) : host_facts_probe_full(facts, err))
		return -1;
	if (options->assume && purpose == PREPARE_RUN && (profile->locked || profile->ceiling)) {
		error_set(err, CODE_LOCKED, "--assume is refused: %s",
		          profile->locked ? "the profile is locked" : "there is a ceiling");
		return error_hint(
			err,
			"Other ways of keeping a promise are not the caller's choice then; `explain --assume` shows them.");
	}
	if (options->learning) /* a cgroup's numbers are not looked at on the way */
		host_facts_lower(facts, FEATURE_CGROUP, 0, "not used to learn");
	return options->assume ? host_facts_assume(facts, options->assume, err) : 0;
}

static int find_footprint(enum prepare_purpose purpose, struct arena *arena, struct prepared *out, struct error *err)
{
	if (footprint_obtain(&out->interpreter, &out->facts, out->request.cache_dir, arena, &out->footprint, err) ==
	    0) {
		out->has_footprint = true;
		return 0;
	}
	if (purpose == PREPARE_RUN)
		return -1;
	out->footprint_error = *err;
	return 0;
}

static void fill_request(const struct run_options *options, const struct caller *caller, enum prepare_purpose purpose,
                         struct arena *arena, struct prepared *out)
{
	static const char *const no_arguments[] = { NULL };

	out->request = (struct request){
		.kind = options->has_target ? options->kind : RUN_STDIN,
		.target = options->target,
		.arguments = options->has_target ? options->arguments : no_arguments,
		.cwd = caller->cwd,
		.chdir = options->cwd,
		.environment = caller->environment,
		.session = out->session,
		.home = caller->home,
		.user_name = caller->user_name,
		.cache_dir = footprint_cache_dir(caller->xdg_cache_home, caller->home, caller->uid, arena),
		.learning = options->learning,
		.layered = options->layered,
		.trace = options->trace,
		.hash_script = purpose == PREPARE_INSPECT,
		.inspect_only = purpose == PREPARE_INSPECT,
	};
	out->variables = (struct variables){
		.home = caller->home,
		.cwd = caller->cwd,
		.user = caller->user_name,
		.xdg_config_home = caller->xdg_config_home,
		.session = out->session,
		.uid = caller->uid,
		.environment = caller->environment,
		.secrets = &out->profile.secrets,
	};
}

int prepare(const struct run_options *options, enum prepare_purpose purpose, struct arena *arena, struct prepared *out,
            struct error *err)
{
	struct caller caller;

	*out = (struct prepared){ 0 };
	if (session_make(out->session, err) || caller_find(arena, &caller, err))
		return -1;
	fill_request(options, &caller, purpose, arena, out);
	if (find_script(options, &caller, arena, out, err) || load_profile(options, &caller, arena, out, err) ||
	    find_facts(options, purpose, &out->profile, &out->facts, err) ||
	    find_interpreter(&caller, arena, out, err) || find_footprint(purpose, arena, out, err))
		return -1;
	/* last, so that the process which asks the interpreter was never a copy of one that knows them */
	if (purpose == PREPARE_RUN && secrets_load(&out->profile, &out->variables, arena, &out->secrets, err))
		return -1;
	return prepare_again(out, arena, err);
}

int prepare_again(struct prepared *prepared, struct arena *arena, struct error *err)
{
	return plan_build(&prepared->request, &prepared->profile, &prepared->facts, &prepared->interpreter,
	                  prepared->has_footprint ? &prepared->footprint : NULL, arena, &prepared->plan, err);
}
