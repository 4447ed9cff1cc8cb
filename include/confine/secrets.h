/* The secrets of one run: in memory of their own, outside of the plan, which is there to be shown.
 *
 * The supervisor loads them (supervise/secrets.h). init is a copy of it, and the script's process has init's memory
 * until it runs exec; both hand them over and forget them. Everything here is for the child side: raw calls only. */
#ifndef CONFINE_SECRETS_H
#define CONFINE_SECRETS_H

#include "base/redact.h"
#include "plan/plan.h"

/* What one secret may be at most. */
#define SECRET_BYTES_MAX (64 * 1024)

struct secret_store {
	char *memory; /* locked where the caller may, never dumped; mmap'ed, owned; NULL: there are none */
	size_t size;
	struct secret_bytes *values; /* by the index of plan->secrets; the arena's */
	const char **variables;      /* the same: "NAME=value" in `memory`, or NULL for a file */
	size_t count;
};

/* Make the file `path` (relative to the directory) that holds secret number `index`: mode 0400, of the script's user. 0
 * or -errno. */
int secret_make_file(const struct plan *plan, const struct secret_store *store, size_t index, int directory_fd,
                     const char *path);

/* Overwrite this process's copy: those that were handed over as files, or all. */
void secrets_forget_files(const struct secret_store *store);
void secrets_forget(const struct secret_store *store);

#endif
