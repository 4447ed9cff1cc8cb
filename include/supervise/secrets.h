/* Secrets are read here, and nowhere else: just before a launch, by the supervisor, into memory of their own. */
#ifndef SUPERVISE_SECRETS_H
#define SUPERVISE_SECRETS_H

#include "confine/secrets.h"
#include "plan/expand.h"

/* Reads every source of profile->secrets. From then on this process leaves no core dump and cannot be traced, source
 * variables are overwritten where /proc/PID/environ shows them, source descriptors are closed (0 excepted), and
 * redact() knows the values. CODE_SECRET when one cannot be had. Nothing happens where there are no secrets. */
int secrets_load(const struct profile *profile, const struct variables *variables, struct arena *arena,
                 struct secret_store *out, struct error *err);
/* Overwrites and frees; redact() forgets. */
void secrets_free(struct secret_store *store);
#define SECRETS_CLEANUP __attribute__((cleanup(secrets_free)))

/* *out gets plan->envp with the secrets that are variables, to be freed; NULL where there are none of these. -1 with
 * errno. */
int secrets_environment(const struct plan *plan, const struct secret_store *store, const char ***out);

#endif
