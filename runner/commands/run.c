/* run: the launch, and the plan anew where the launch learned that this machine cannot do what was assumed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/commands.h"
#include "commands/denials.h"
#include "commands/explain.h"
#include "commands/inferred.h"
#include "commands/outcome.h"
#include "commands/outputs.h"
#include "commands/prepare.h"
#include "commands/render.h"
#include "commands/report.h"
#include "commands/trace.h"
#include "supervise/relaunch.h"
#include "supervise/standard_input.h"

static void print_lines(const char *kind, const char *const *lines)
{
	for (; lines && *lines; lines++) {
		TEXT_CLEANUP struct text line = { 0 };

		text_addf(&line, "pyconfine: %s", kind);
		text_add_escaped(&line, *lines);
		text_add(&line, "\n");
		render_to_stderr(&line);
	}
}

/* Of the plan that was carried out in the end: those before it were only tried. */
static void print_remarks(const struct plan *plan, const struct run_options *options)
{
	if (!options->quiet)
		print_lines("warning: ", plan->warnings);
	if (!options->verbose)
		return;
	fprintf(stderr, "pyconfine: session %s\n", plan->session);
	print_lines("", plan->notes);
}

/* One run on its way. */
struct run {
	const struct run_options *options;
	struct arena *arena;
	struct prepared prepared;
	struct report_place report;
	struct trace trace;
};

static void report(const struct run *run, const struct outcome *outcome, const struct error *failure, int status)
{
	const struct run_record record = {
		.prepared = &run->prepared, .outcome = outcome, .failure = failure, .exit_code = status
	};
	struct error err;

	if (report_write(&run->report, &record, &err))
		render_error_print(&err);
}

/* Nothing was started. */
static int fail(const struct run *run, const struct error *err)
{
	report(run, NULL, err, prepare_status(err, PREPARE_RUN));
	return prepare_fail(&run->prepared, err, PREPARE_RUN);
}

/* A script that was interrupted makes us die of the same signal, so that a shell's loop around us ends, too. */
static int leave(const struct run *run, struct outcome *outcome)
{
	TEXT_CLEANUP struct text said = { 0 };

	inferred_add(&run->prepared, outcome, run->arena);
	report(run, outcome, NULL, outcome_exit_status(outcome));
	outcome_release(outcome);
	print_remarks(&run->prepared.plan, run->options);
	denials_text(&said, &run->prepared, run->arena, &outcome->denials);
	outcome_text(&said, &run->prepared.plan, outcome);
	outputs_describe(&run->prepared.plan.outputs, outcome->outputs, &said);
	if (!run->options->quiet)
		render_to_stderr(&said);
	if (outcome->kind == OUTCOME_SIGNALED && outcome->status == SIGINT) {
		signal(SIGINT, SIG_DFL);
		raise(SIGINT);
	}
	return outcome_exit_status(outcome);
}

static int launch(struct run *run)
{
	struct prepared *prepared = &run->prepared;
	const struct observer observer = trace_observer(&run->trace);
	struct outcome outcome = { 0 };
	struct error err = { 0 };

	for (;;) {
		/* no report may be written there, so that this is not written there either */
		if (report_check(&run->report, &prepared->plan, run->arena, &err))
			return render_fail(&err, EXIT_SETUP);
		if (supervise_run(&prepared->plan, &prepared->secrets, prepared->plan.trace ? &observer : NULL,
		                  run->arena, &outcome, &err))
			return fail(run, &err);
		if (!outcome_lowers(&prepared->plan, &outcome, &prepared->facts))
			break;
		outcome_release(&outcome);
		if (prepare_again(prepared, run->arena, &err))
			return fail(run, &err);
	}
	if (outcome.kind == OUTCOME_SETUP_FAILED) {
		outcome_describe(&prepared->plan, &outcome, &err);
		return fail(run, &err);
	}
	trace_finish(&run->trace, prepared, run->arena, &outcome.denials);
	return leave(run, &outcome);
}

static int run(const struct run_options *options, struct arena *arena)
{
	struct run run = { .options = options, .arena = arena, .report = { .directory_fd = -1 } };
	struct error err = { 0 };
	int status;

	if (report_open(options->report, &run.report, &err))
		return render_fail(&err, EXIT_SETUP);
	if (prepare(options, PREPARE_RUN, arena, &run.prepared, &err) ||
	    standard_input_prepare(&run.prepared.plan, &err))
		status = fail(&run, &err);
	else
		status = launch(&run);
	report_close(&run.report);
	secrets_free(&run.prepared.secrets);
	return status;
}

int command_run(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct run_options options = { 0 };
	struct error err = { 0 };
	int next = 1;

	if (options_parse(COMMAND_RUN, argc, argv, &next, &arena, &options, &err) ||
	    options_target(argc, argv, next, &options, &err))
		return render_fail(&err, EXIT_SETUP);
	if (options.help)
		return help_show(COMMAND_RUN);
	if (options.dry_run && options.report) {
		error_set(&err, CODE_USAGE, "--dry-run runs nothing, so there is nothing to report");
		return render_fail(&err, EXIT_SETUP);
	}
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
	return run(&options, &arena);
}
