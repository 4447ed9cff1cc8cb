/* Where a secret comes from. */
#ifndef PLAN_SECRETS_H
#define PLAN_SECRETS_H

#include "plan/expand.h"

/* *path gets the file of a `file:` or `credential:` source, absolute, and NULL for the others. -1 with CODE_SECRET,
 * CODE_BAD_VARIABLE or CODE_BAD_PATH. */
int secret_source_path(const struct secret *secret, const struct variables *variables, struct arena *arena,
                       const char **path, struct error *err);

#endif
