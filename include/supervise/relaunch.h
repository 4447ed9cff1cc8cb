/* The launch is the probe: what quick facts assumed and the kernel refused becomes a lowered fact, for a new plan. */
#ifndef SUPERVISE_RELAUNCH_H
#define SUPERVISE_RELAUNCH_H

#include "supervise/run.h"

/* True when the outcome says that a feature is not to be had here: it is lowered in *facts, and the caller plans anew.
 * The script has not been started. False: the failure is about something else, and stands. */
bool outcome_lowers(const struct plan *plan, const struct outcome *outcome, struct host_facts *facts);

/* "view: usr/lib: Permission denied": which stage failed, at what. Returns -1. */
int outcome_describe(const struct plan *plan, const struct outcome *outcome, struct error *err);

#endif
