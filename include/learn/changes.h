/* What a script left in its copy-on-write layers, and keeping it. The tree is the script's: no link is followed, and
 * nothing but plain files and directories is copied. */
#ifndef LEARN_CHANGES_H
#define LEARN_CHANGES_H

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "plan/plan.h"

#define CHANGES_SHOWN_MAX 20

struct changes {
	uint64_t files, directories, removed, others, bytes;
	struct text list; /* the first of them, escaped, one a line; freed by the caller */
};

/* `keep`: copied into that new directory, each under its whole path; NULL: only counted. 0, or -1 with *err. */
int changes_collect(const struct plan *plan, int layers_fd, const char *keep, struct changes *out, struct error *err);

#endif
