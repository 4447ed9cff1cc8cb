/* learn: a run in a sandbox that shows everything and keeps nothing, and the least profile that the run needed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "base/units.h"
#include "commands/commands.h"
#include "commands/init.h"
#include "commands/learn.h"
#include "commands/render.h"
#include "learn/changes.h"
#include "learn/write.h"
#include "plan/links.h"
#include "supervise/relaunch.h"
#include "supervise/standard_input.h"

static const unsigned uses[OBSERVED_CALL + 1] = {
	[OBSERVED_LOOK] = USE_LOOK,       [OBSERVED_READ] = USE_READ,     [OBSERVED_WRITE] = USE_WRITE,
	[OBSERVED_CREATE] = USE_CREATE,   [OBSERVED_LIST] = USE_LIST,     [OBSERVED_REMOVE] = USE_REMOVE,
	[OBSERVED_RENAME] = USE_RENAME,   [OBSERVED_EXEC] = USE_EXEC,     [OBSERVED_NAME] = USE_NAME,
	[OBSERVED_CONNECT] = USE_CONNECT, [OBSERVED_LISTEN] = USE_LISTEN, [OBSERVED_CALL] = USE_CALL,
};

static void observe(void *owner, const struct observation *seen)
{
	const struct learned_at at = { seen->at.file, seen->at.function, seen->at.line };

	record_add(owner, uses[seen->kind], seen->target, &at);
	if (seen->second)
		record_add(owner, uses[seen->kind], seen->second, &at);
}

static void say(const struct run_options *options, struct text *line)
{
	if (!options->quiet)
		render_to_stderr(line);
}

/* Until a plan can be carried out here. 0 with *outcome, whose signals must be released. */
int learn_run(struct prepared *prepared, const struct observer *observer, struct arena *arena, struct outcome *outcome,
              struct error *err)
{
	if (standard_input_prepare(&prepared->plan, err))
		return -1;
	for (;;) {
		*outcome = (struct outcome){ .layers_fd = -1 };
		if (supervise_run(&prepared->plan, &prepared->secrets, observer, arena, outcome, err))
			return -1;
		if (!outcome_lowers(&prepared->plan, outcome, &prepared->facts))
			break;
		fd_close(&outcome->layers_fd);
		outcome_release(outcome);
		if (prepare_again(prepared, arena, err))
			return -1;
	}
	outcome_release(outcome);
	return outcome->kind == OUTCOME_SETUP_FAILED ? outcome_describe(&prepared->plan, outcome, err) : 0;
}

const char *learn_describe_end(const struct outcome *outcome, struct arena *arena)
{
	switch (outcome->kind) {
	case OUTCOME_EXITED:
		return arena_printf(arena, "ended with status %d", outcome->status);
	case OUTCOME_SIGNALED:
		return arena_printf(arena, "was ended by signal %d", outcome->status);
	case OUTCOME_TIMEOUT:
	case OUTCOME_MEMORY:
	case OUTCOME_CPU_TIME:
	case OUTCOME_LIMIT:
		return arena_printf(arena, "reached the limit %s", promise_names[outcome->limit.promise]);
	case OUTCOME_DENIED:
	case OUTCOME_OUTPUTS_REFUSED:
	case OUTCOME_SETUP_FAILED:
	case OUTCOME_COUNT:
		break;
	}
	return "was ended";
}

/* ---- what the built-in profile would show */

struct host {
	struct arena *arena;
	const struct plan *base;
	const char *const *denied; /* of the run */
	bool network_host;
};

static struct fold_place look(void *owner, const char *path)
{
	struct stat st;

	(void)owner;
	if (stat(path, &st))
		return (struct fold_place){ 0 };
	return (struct fold_place){ .exists = true, .directory = S_ISDIR(st.st_mode), .regular = S_ISREG(st.st_mode) };
}

static const struct visible_path *find_visible(const struct host *host, const char *path, bool exec, bool write)
{
	const char *real = path;

	if (path_follow(path, host->arena, NULL, &real, NULL))
		return NULL;
	for (size_t i = 0; i < host->base->visible_count; i++) {
		const struct visible_path *visible = &host->base->visible[i];

		if (path_is_below(real, visible->source) && (!exec || visible->exec) && (!write || visible->write))
			return visible;
	}
	return NULL;
}

static bool is_made_up(const struct host *host, const char *path)
{
	for (size_t i = 0; i < host->base->view_count; i++)
		if (host->base->view[i].kind == VIEW_FILE && host->base->view[i].content &&
		    strcmp(host->base->view[i].target, path + 1) == 0)
			return !host->network_host || strcmp(path, "/etc/passwd") == 0 ||
			       strcmp(path, "/etc/group") == 0;
	return false;
}

static bool is_shown(void *owner, const char *path)
{
	return is_made_up(owner, path) || find_visible(owner, path, false, false);
}

static bool is_hidden(void *owner, const char *path)
{
	const struct host *host = owner;
	const char *real = path;

	if (path_follow(path, host->arena, NULL, &real, NULL))
		return false;
	for (const char *const *denied = host->denied; *denied; denied++)
		if (path_is_below(real, *denied))
			return true;
	return false;
}

static bool is_program(void *owner, const char *path)
{
	return find_visible(owner, path, true, false);
}

static bool is_writable(void *owner, const char *path)
{
	return find_visible(owner, path, false, true);
}

/* ---- the profile */

static const char **flag_values(const struct run_options *options, const char *key, struct arena *arena)
{
	const char **values = arena_array(arena, options->flag_count + 1, sizeof(*values));
	size_t count = 0;

	for (size_t i = 0; i < options->flag_count; i++)
		if (strcmp(options->flags[i].key, key) == 0)
			values[count++] = options->flags[i].value;
	return values;
}

static const char *interpreter_of(const struct learning *learning)
{
	const char *const *values = flag_values(learning->options, "python.interpreter", learning->arena);
	const char *cwd = learning->prepared.request.cwd, *value = NULL;

	for (; *values; values++)
		value = *values;
	if (value && strncmp(value, "venv:", 5) == 0)
		return arena_printf(learning->arena, "venv:%s", path_join(learning->arena, cwd, value + 5));
	return value && strchr(value, '/') ? path_join(learning->arena, cwd, value) : value;
}

static const char *joined(const char *const *words, struct arena *arena)
{
	const char *text = NULL;

	for (size_t i = 0; words && words[i] && i < 20; i++)
		text = text ? arena_printf(arena, "%s %s", text, words[i]) : words[i];
	return text;
}

static const char *today(struct arena *arena)
{
	time_t now = time(NULL);
	struct tm date;

	return gmtime_r(&now, &date)
	               ? arena_printf(arena, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday)
	               : "";
}

/* What a plan of the built-in profile shows needs no grant. */
static int make_base(struct learning *learning, struct plan *base, struct error *err)
{
	struct request *request = arena_alloc(learning->arena, sizeof(*request));
	struct profile *profile = arena_alloc(learning->arena, sizeof(*profile));
	struct prepared *prepared = &learning->prepared;

	*request = prepared->request;
	request->learning = request->layered = request->trace = false;
	request->inspect_only = true;
	*profile = prepared->profile;
	profile->exec.mode = EXEC_NONE;
	return plan_build(request, profile, &prepared->facts, &prepared->interpreter,
	                  prepared->has_footprint ? &prepared->footprint : NULL, learning->arena, base, err);
}

static int write_text(struct learning *learning, struct text *out, struct error *err)
{
	const struct prepared *prepared = &learning->prepared;
	const struct run_options *options = learning->options;
	struct plan base = { 0 };
	struct host host = { learning->arena, &base, prepared->plan.denied, options->network_host };
	const struct fold_host fold_host = {
		.owner = &host,
		.look = look,
		.is_shown = is_shown,
		.is_hidden = is_hidden,
		.is_program = is_program,
		.is_writable = is_writable,
		.network_host = options->network_host,
		.network_rules = flag_values(options, "network.allow", learning->arena)[0] != NULL,
		.home = prepared->request.home,
		.script_dir = options->kind == RUN_SCRIPT ? prepared->variables.script_dir : NULL,
	};
	const struct run_usage *usage = &learning->outcome.usage;
	const struct learn_text about = {
		.script = options->kind == RUN_SCRIPT ? options->target : prepared->plan.script_label,
		.arguments = joined(options->arguments, learning->arena),
		.date = today(learning->arena),
		.how_it_ended = learn_describe_end(&learning->outcome, learning->arena),
		.home = fold_host.home,
		.script_dir = fold_host.script_dir,
		.environment = flag_values(options, "env.allow", learning->arena),
		.environment_set = flag_values(options, "env.set", learning->arena),
		.network_rules = flag_values(options, "network.allow", learning->arena),
		.interpreter = interpreter_of(learning),
		.network_host = options->network_host,
		.usage = { .wall_ms = usage->wall_ms,
		           .memory_bytes = usage->peak_bytes > usage->max_rss_bytes ? usage->peak_bytes
		                                                                    : usage->max_rss_bytes,
		           .threads = usage->peak_threads,
		           .open_files = usage->peak_open_files },
		.dropped = learning->record.dropped,
	};

	if (make_base(learning, &base, err))
		return -1;
	fold(&learning->record, &fold_host, learning->arena, &learning->folded);
	learn_write(&learning->folded, &about, out);
	return 0;
}

/* What we wrote must read back; should it not, that is our fault and no profile. */
static int check_text(const struct text *text, struct arena *arena, struct error *err)
{
	struct diagnostics faults = { .arena = arena };

	if (profile_check("learned", text->data, text->length, NULL, arena, NULL, &faults) == 0)
		return 0;
	error_set(err, CODE_INTERNAL, "the learned profile does not read back: %s",
	          faults.count ? faults.items[0].message : "");
	return -1;
}

static int put(struct learning *learning, struct error *err)
{
	TEXT_CLEANUP struct text out = { 0 };
	const struct run_options *options = learning->options;

	if (write_text(learning, &out, err) || check_text(&out, learning->arena, err))
		return -1;
	if (strcmp(learning->file, "-") == 0)
		return render_print(&out) ? error_set_errno(err, CODE_USAGE, "stdout cannot be written") : 0;
	if (profile_write_new(learning->file, text_string(&out), "Choose another name: --into FILE, or - for stdout.",
	                      err))
		return -1;
	out.length = 0;
	text_add(&out, "pyconfine: wrote ");
	text_add_escaped(&out, learning->file);
	text_addf(&out, ": %zu grants, %zu remarks\n", learning->folded.grant_count, learning->folded.remark_count);
	say(options, &out);
	return 0;
}

static int tell_changes(struct learning *learning, struct error *err)
{
	const struct run_options *options = learning->options;
	struct changes changes = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	int result;

	if (learning->outcome.layers_fd < 0)
		return options->keep ? error_set(err, CODE_CANNOT_KEEP,
		                                 "--keep: there were no layers, so nothing was written")
		                     : 0;
	result = changes_collect(&learning->prepared.plan, learning->outcome.layers_fd, options->keep, &changes, err);
	fd_close(&learning->outcome.layers_fd);
	for (char *line = changes.list.data, *next; result == 0 && line && *line; line = next) {
		next = strchr(line, '\n');
		*next++ = '\0';
		text_addf(&out, "pyconfine:   %s\n", line);
	}
	if (out.length) {
		TEXT_CLEANUP struct text head = { 0 };

		text_addf(&head, "pyconfine: it wrote %llu files and removed %llu, in private: ",
		          (unsigned long long)changes.files, (unsigned long long)changes.removed);
		text_add(&head, options->keep ? "kept in " : "dropped (--keep DIR keeps them)");
		text_add_escaped(&head, options->keep ? options->keep : "");
		text_add(&head, "\n");
		say(options, &head);
		say(options, &out);
	}
	text_free(&changes.list);
	return result;
}

int command_learn(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct run_options options = { 0 };
	struct learning learning = { .options = &options, .arena = &arena, .outcome = { .layers_fd = -1 } };
	const struct observer observer = { observe, &learning.record };
	struct error err = { 0 };
	int next = 1, status;

	learning.record.arena = &arena;
	if (options_parse(COMMAND_LEARN, argc, argv, &next, &arena, &options, &err) ||
	    options_target(argc, argv, next, &options, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_LEARN);
	learn_open_network(&options);
	if (learn_choose_file(&learning, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	options.learning = options.layered = options.trace = true;
	if (prepare(&options, PREPARE_RUN, &arena, &learning.prepared, &err))
		return prepare_fail(&learning.prepared, &err, PREPARE_RUN);
	if (learn_run(&learning.prepared, &observer, &arena, &learning.outcome, &err))
		return render_fail(&err, EXIT_SETUP);
	learn_tell_plan(&learning);
	if (tell_changes(&learning, &err) || put(&learning, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	status = learn_verify(&learning);
	secrets_free(&learning.prepared.secrets);
	return status;
}
