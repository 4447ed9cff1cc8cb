/* Asking an interpreter which files it needs: the program of plan/footprint.h, run by the launch code in a bare
 * sandbox. */
#ifndef SUPERVISE_ASK_H
#define SUPERVISE_ASK_H

#include "host/facts.h"
#include "plan/footprint.h"

/* What the cache remembers, or else the interpreter's own answer, which is then remembered. `cache_dir`: from
 * footprint_cache_dir(), or NULL. Returns 0, or -1 with CODE_FOOTPRINT, CODE_INTERPRETER_UNUSABLE or
 * CODE_SETUP_FAILED. */
int footprint_obtain(const struct interpreter *interpreter, const struct host_facts *facts, const char *cache_dir,
                     struct arena *arena, struct footprint *out, struct error *err);

#endif
