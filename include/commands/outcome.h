/* How a run ended, in words: what a person needs to know beside the exit status. */
#ifndef COMMANDS_OUTCOME_H
#define COMMANDS_OUTCOME_H

#include "base/text.h"
#include "supervise/run.h"

enum limit_unit { UNIT_BYTES, UNIT_DURATION, UNIT_COUNT };

struct limit_row {
	enum promise promise;
	const char *key;      /* "limits.timeout" */
	const char *words;    /* what comes before the value */
	enum limit_unit unit; /* durations: milliseconds */
	const char *shared;   /* the whole tree is counted, so that no process alone explains it; or NULL */
};

/* NULL for a promise that is no limit that could be reached. */
const struct limit_row *limit_row_of(enum promise promise);

/* Lines that begin with "pyconfine: "; none where the script ended on its own account. */
void outcome_text(struct text *out, const struct plan *plan, const struct outcome *outcome);

#endif
