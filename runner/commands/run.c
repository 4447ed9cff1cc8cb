/* run: the launch, and the plan anew where the launch learned that this machine cannot do what was assumed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/commands.h"
#include "commands/explain.h"
#include "commands/outcome.h"
#include "commands/prepare.h"
#include "commands/render.h"
#include "supervise/relaunch.h"

static void print_lines(const char *kind, const char *const *lines)
{
	for (; lines && *lines; lines++) {
		TEXT_CLEANUP struct text line = { 0 };

		text_add_escaped(&line, *lines);
		fprintf(stderr, "pyconfine: %s%s\n", kind, text_string(&line));
	}
}

/* Of the plan that was carried out in the end: those before it were only tried. */
static void print_remarks(const struct plan *plan, const struct run_options *options)
{
	if (!options->quiet)
		print_lines("warning: ", plan->warnings);
	if (options->verbose)
		print_lines("", plan->notes);
}

/* A script that was interrupted makes us die of the same signal, so that a shell's loop around us ends, too. */
static int leave(const struct plan *plan, const struct outcome *outcome, bool quiet)
{
	TEXT_CLEANUP struct text said = { 0 };

	outcome_text(&said, plan, outcome);
	if (!quiet)
		fputs(text_string(&said), stderr);
	if (outcome->kind == OUTCOME_SIGNALED && outcome->status == SIGINT) {
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	}
	return outcome_exit_status(outcome);
}

static int launch(struct prepared *prepared, const struct run_options *options, struct arena *arena)
{
	struct outcome outcome = { 0 };
	struct error err = { 0 };

	for (;;) {
		if (supervise_run(&prepared->plan, &outcome, &err))
			return prepare_fail(prepared, &err, PREPARE_RUN);
		if (!outcome_lowers(&prepared->plan, &outcome, &prepared->facts))
			break;
		if (prepare_again(prepared, arena, &err))
			return prepare_fail(prepared, &err, PREPARE_RUN);
	}
	if (outcome.kind == OUTCOME_SETUP_FAILED) {
		outcome_describe(&prepared->plan, &outcome, &err);
		return prepare_fail(prepared, &err, PREPARE_RUN);
	}
	print_remarks(&prepared->plan, options);
	return leave(&prepared->plan, &outcome, options->quiet);
}

int command_run(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct run_options options = { 0 };
	struct prepared prepared = { 0 };
	struct error err = { 0 };
	int next = 1;

	if (options_parse(COMMAND_RUN, argc, argv, &next, &arena, &options, &err) ||
	    options_target(argc, argv, next, &options, &err))
		return render_fail(&err, EXIT_SETUP);
	if (options.help)
		return help_show(COMMAND_RUN);
	if (options.dry_run)
		return explain_show(&options, &arena);
	if (options.json) {
		error_set(&err, CODE_USAGE, "--json goes with --dry-run: the output of a run is the script's");
		return render_fail(&err, EXIT_SETUP);
	}
	if (!options.has_target) {
		error_set(&err, CODE_USAGE, "nothing to run");
		error_hint(&err, "pyconfine [OPTIONS] SCRIPT [ARGS...]");
		return render_fail(&err, EXIT_SETUP);
	}
	if (prepare(&options, PREPARE_RUN, &arena, &prepared, &err))
		return prepare_fail(&prepared, &err, PREPARE_RUN);
	return launch(&prepared, &options, &arena);
}
