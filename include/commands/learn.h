/* Inside `learn`: what its two files share. */
#ifndef COMMANDS_LEARN_H
#define COMMANDS_LEARN_H

#include "commands/options.h"
#include "commands/prepare.h"
#include "learn/fold.h"
#include "supervise/run.h"

struct learning {
	const struct run_options *options;
	struct arena *arena;
	const char *file; /* where the profile goes; "-": stdout */
	struct prepared prepared;
	struct learn_record record;
	struct folded folded;
	struct outcome outcome;
};

/* `--net host` is no rule: it is taken out of the flags. */
void learn_open_network(struct run_options *options);
/* --into, or the script's report.pyconfine.yaml, which must not be there. */
int learn_choose_file(struct learning *learning, struct error *err);
/* Runs a prepared plan; 0 when the script was started. outcome->layers_fd is the caller's. */
int learn_run(struct prepared *prepared, const struct observer *observer, struct arena *arena, struct outcome *outcome,
              struct error *err);
/* "ended with status 0" */
const char *learn_describe_end(const struct outcome *outcome, struct arena *arena);
/* With -v: what was in force. Always: what could not be. */
void learn_tell_plan(const struct learning *learning);
/* A second run under the new profile, with writes going to layers and output to nowhere; says how it ended. Returns our
 * exit status. */
int learn_verify(struct learning *learning);

#endif
