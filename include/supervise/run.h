/* Carry out a plan and watch over the script until it and everything that it started has ended. */
#ifndef SUPERVISE_RUN_H
#define SUPERVISE_RUN_H

#include <signal.h>

#include "base/arena.h"
#include "base/error.h"
#include "confine/apply.h"
#include "plan/plan.h"
#include "supervise/denials.h"
#include "supervise/observation.h"
#include "supervise/last_words.h"

struct outputs_result; /* supervise/outputs.h */

enum outcome_kind {
	OUTCOME_EXITED,
	OUTCOME_SIGNALED,
	OUTCOME_TIMEOUT,
	OUTCOME_MEMORY,
	OUTCOME_CPU_TIME,
	OUTCOME_LIMIT,           /* another limit, which limit.promise names */
	OUTCOME_DENIED,          /* on_denial: kill */
	OUTCOME_OUTPUTS_REFUSED, /* the script ended well, and left what may not leave */
	OUTCOME_SETUP_FAILED,
	OUTCOME_COUNT
};

/* Of the script and everything that it started, from the first process to the end of the last. */
struct run_usage {
	uint64_t wall_ms;
	uint64_t cpu_ms;        /* user and system; of every process that somebody waited for (getrusage(2)) */
	uint64_t max_rss_bytes; /* of the largest single process */
	/* the most that the watcher saw, which looks now and then; 0: it did not look */
	uint64_t peak_bytes, peak_threads, peak_open_files;
};

/* The limit that ended the run. Bytes, milliseconds or a count, as the limit's own unit is. */
struct limit_reached {
	enum promise promise;
	uint64_t value; /* as the profile says; 0: none was reached */
	uint64_t peak;  /* what the whole tree was seen to use; 0: not known */
};

struct outcome {
	enum outcome_kind kind;
	int status;                 /* exit status, or the signal's number */
	int denied_call;            /* with OUTCOME_DENIED: its number */
	int passed_signal;          /* the last signal that would have ended us, and was passed on; 0: none */
	int output_errno;           /* why output that was to be counted could not be passed on to the end; 0: it was */
	struct limit_reached limit; /* with OUTCOME_TIMEOUT, _MEMORY, _CPU_TIME and _LIMIT */
	struct run_usage usage;
	struct denials denials;
	const struct last_words *last_words; /* of a script that failed; the arena's; NULL: none are known */
	/* with plan->layer_count: the directory of the layers, "0-upper" and so on, which hold what was written; the
	 * caller closes it; -1 otherwise */
	int layers_fd;
	sigset_t caller_mask; /* of signals, for outcome_release() */
	/* what became of the script's results; NULL: the plan has none */
	const struct outputs_result *outputs;
	/* with OUTCOME_SETUP_FAILED, when a stage failed; stage is STAGE_COUNT for clone itself */
	struct stage_failure failure;
};

/* `secrets` may be NULL where the plan has none, `observer` where nobody wants to know; it is told of what plan->trace
 * lets be seen. Returns 0 with *out, or -1 when not even the first process could be
 * made. Nothing that the script started is left. out->outputs is owned by the arena. With 0 all signals stay blocked
 * until outcome_release(), so that what has to be said about the run can be said. */
int supervise_run(const struct plan *plan, const struct secret_store *secrets, const struct observer *observer,
                  struct arena *arena, struct outcome *out, struct error *err);
void outcome_release(const struct outcome *outcome);

/* What to leave pyconfine with; sends itself the signal that ended the script where that is the honest way (SIGINT). */
int outcome_exit_status(const struct outcome *outcome);

#endif
