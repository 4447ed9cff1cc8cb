/* How a run ended, in words: what a person needs to know beside the exit status. */
#ifndef COMMANDS_OUTCOME_H
#define COMMANDS_OUTCOME_H

#include "base/text.h"
#include "supervise/run.h"

/* Lines that begin with "pyconfine: "; none where the script ended on its own account. */
void outcome_text(struct text *out, const struct plan *plan, const struct outcome *outcome);

#endif
