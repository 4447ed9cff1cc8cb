/* learn: where the profile goes, and whether it holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "commands/init.h"
#include "commands/learn.h"
#include "commands/render.h"

static void say(const struct learning *learning, const char *text)
{
	TEXT_CLEANUP struct text line = { 0 };

	text_add(&line, "pyconfine: ");
	text_add_escaped(&line, text);
	text_add(&line, "\n");
	if (!learning->options->quiet)
		render_to_stderr(&line);
}

void learn_open_network(struct run_options *options)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->flag_count; i++) {
		const struct profile_flag *flag = &options->flags[i];

		if (strcmp(flag->key, "network.allow") == 0 && strcmp(flag->value, "host") == 0)
			options->network_host = true;
		else
			options->flags[kept++] = *flag;
	}
	options->flag_count = kept;
}

int learn_choose_file(struct learning *learning, struct error *err)
{
	const struct run_options *options = learning->options;
	char shown[256];

	if (!options->has_target) {
		error_set(err, CODE_USAGE, "there is nothing to learn from");
		return error_hint(err, "pyconfine learn [OPTIONS] SCRIPT [ARGS...]");
	}
	if (!options->into && options->kind != RUN_SCRIPT) {
		error_set(err, CODE_USAGE, "only a script has a name for its profile");
		return error_hint(err, "Add --into FILE, or --into - for stdout.");
	}
	learning->file = options->into ? options->into : init_file_name(options->target, learning->arena);
	if (strcmp(learning->file, "-") == 0 || access(learning->file, F_OK))
		return 0;
	/* now, and not after a run of an hour */
	error_set(err, CODE_USAGE, "%s exists already, and is left as it is",
	          escape_into(shown, sizeof(shown), learning->file));
	return error_hint(err, "Choose another name: --into FILE, or - for stdout.");
}

void learn_tell_plan(const struct learning *learning)
{
	const struct plan *plan = &learning->prepared.plan;

	for (size_t i = 0; plan->warnings && plan->warnings[i]; i++)
		say(learning, plan->warnings[i]);
	for (size_t i = 0; learning->options->verbose && plan->notes && plan->notes[i]; i++)
		say(learning, plan->notes[i]);
	if (!plan->layered)
		say(learning, "there are no copy-on-write layers here: writes outside of /tmp were refused and noted");
}

static bool writes(const struct folded *folded)
{
	for (size_t i = 0; i < folded->grant_count; i++)
		if (folded->grants[i].kind == GRANT_WRITE)
			return true;
	return false;
}

/* Its output was seen once already, and its input is used up. */
static int silence(int saved[3])
{
	FD_CLEANUP int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	fflush(NULL);
	for (int i = 0; i < 3; i++) {
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
		if (nowhere < 0 || dup2(nowhere, i) < 0)
			return -1;
	}
	return 0;
}

static void speak(const int saved[3])
{
	for (int i = 0; i < 3; i++) {
		if (saved[i] < 0)
			continue;
		dup2(saved[i], i);
		close(saved[i]);
	}
}

static bool is_same_end(const struct outcome *a, const struct outcome *b)
{
	return a->kind == b->kind && a->status == b->status;
}

int learn_verify(struct learning *learning)
{
	struct run_options options = { .profile = learning->file,
		                       .cwd = learning->options->cwd,
		                       .assume = learning->options->assume,
		                       .layered = true,
		                       .has_target = true,
		                       .kind = learning->options->kind,
		                       .target = learning->options->target,
		                       .arguments = learning->options->arguments };
	struct outcome outcome = { .layers_fd = -1 };
	struct error err = { 0 };
	struct prepared again;
	int saved[3] = { -1, -1, -1 }, result = -1;

	if (learning->options->no_verify)
		return EXIT_CLEAN;
	if (strcmp(learning->file, "-") == 0 || (writes(&learning->folded) && !learning->prepared.plan.layered)) {
		say(learning, "not tried out: try it with an ordinary run");
		return EXIT_CLEAN;
	}
	if (!strchr(options.profile, '/'))
		options.profile = arena_printf(learning->arena, "./%s", options.profile);
	if (isatty(STDERR_FILENO))
		say(learning, "running it again under that profile ...");
	if (prepare(&options, PREPARE_RUN, learning->arena, &again, &err))
		return prepare_fail(&again, &err, PREPARE_INSPECT);
	if (silence(saved) == 0)
		result = learn_run(&again, NULL, learning->arena, &outcome, &err);
	speak(saved);
	fd_close(&outcome.layers_fd);
	secrets_free(&again.secrets);
	if (result) {
		render_error_print(&err);
		return EXIT_FINDINGS;
	}
	if (is_same_end(&outcome, &learning->outcome)) {
		say(learning, arena_printf(learning->arena, "tried out: under that profile it %s, too",
		                           learn_describe_end(&outcome, learning->arena)));
		return EXIT_CLEAN;
	}
	say(learning, arena_printf(learning->arena, "tried out: under that profile it %s; --trace says why",
	                           learn_describe_end(&outcome, learning->arena)));
	return EXIT_FINDINGS;
}
