/* What a script's last words say about a file or program that it did not get, where the profile bears that out. */
#ifndef COMMANDS_INFERRED_H
#define COMMANDS_INFERRED_H

#include "commands/prepare.h"
#include "supervise/run.h"

/* Adds to outcome->denials, as inferred, what a run that failed says about its reason: only what exists on the host and
 * what the plan does not grant; not what was observed anyway. */
void inferred_add(const struct prepared *prepared, struct outcome *outcome, struct arena *arena);

#endif
