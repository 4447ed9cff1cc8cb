/* Files, programs and networks that lead further than themselves, with the reason: warned about when a profile grants
 * them, and told by `why`. Not a deny-list: nothing is refused because of it. */
#ifndef POLICY_SENSITIVE_H
#define POLICY_SENSITIVE_H

#include <stdbool.h>

enum sensitive_kind {
	SENSITIVE_READ = 1,  /* reading it gives something away */
	SENSITIVE_WRITE = 2, /* writing it gives control of something else */
};

struct sensitive_path {
	const char *path; /* "~" stands for the home directory */
	unsigned kinds;
	bool below;         /* whatever lies below it is as sensitive */
	const char *reason; /* completes "... : " */
};
extern const struct sensitive_path sensitive_paths[]; /* ends with {NULL} */

/* The first row that a grant of `path` touches: the path itself, something below it, or (rows that say so) something
 * above it. `path` is as written ("${HOME}/.ssh") or resolved; `home` is the resolved home directory or NULL. Write
 * grants are judged as reading, too. */
const struct sensitive_path *sensitive_path_find(const char *path, const char *home, bool write);

struct sensitive_name {
	const char *name;
	const char *reason;
};
/* Programs by the last part of their path: what executing them gives back to the script. */
extern const struct sensitive_name sensitive_programs[]; /* ends with {NULL} */
const struct sensitive_name *sensitive_program_find(const char *program);

/* Capabilities that amount to root. */
extern const struct sensitive_name sensitive_capabilities[]; /* ends with {NULL} */
const struct sensitive_name *sensitive_capability_find(const char *capability);

#endif
