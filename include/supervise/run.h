/* Carry out a plan and watch over the script until it and everything that it started has ended. */
#ifndef SUPERVISE_RUN_H
#define SUPERVISE_RUN_H

#include "base/error.h"
#include "confine/apply.h"
#include "plan/plan.h"

enum outcome_kind {
	OUTCOME_EXITED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMEOUT,
	OUTCOME_MEMORY,
	OUTCOME_CPU_TIME,
	OUTCOME_DENIED, /* on_denial: kill */
	OUTCOME_SETUP_FAILED,
};

struct outcome {
	enum outcome_kind kind;
	int status;          /* exit status, or the signal's number */
	int denied_call;     /* with OUTCOME_DENIED: its number */
	int passed_signal;   /* the last signal that would have ended us, and was passed on; 0: none */
	uint64_t peak_bytes; /* with OUTCOME_MEMORY: what the tree was seen to use */
	/* with OUTCOME_SETUP_FAILED, when a stage failed; stage is STAGE_COUNT for clone itself */
	struct stage_failure failure;
};

/* Returns 0 with *out, or -1 when not even the first process could be made. Nothing that the script started is left. */
int supervise_run(const struct plan *plan, struct outcome *out, struct error *err);

/* What to leave pyconfine with; sends itself the signal that ended the script where that is the honest way (SIGINT). */
int outcome_exit_status(const struct outcome *outcome);

#endif
