/* What runs left behind whose supervisor and init were killed at one stroke, as when a control group is ended. */
#ifndef SUPERVISE_TIDY_H
#define SUPERVISE_TIDY_H

#include "plan/plan.h"

/* A private directory is locked from just after it was made until its init ends; one of this age without a lock is
 * nobody's. */
#define TIDY_AGE_S 60
/* How many names are looked at: a crowded /tmp is no reason to be slow. */
#define TIDY_NAMES_MAX 4096
/* And how many in one of them: what is too much for one run the next one goes on with. */
#define TIDY_ENTRIES_MAX 100000

/* Beside plan->private_tmp and, without a view, plan->secrets_dir: removes the directories of that kind that are
 * nobody's any more and were ours, or of a session of ours (root's sessions have users of their own). */
void tidy_up_after_others(const struct plan *plan);

#endif
