/* What Landlock can decide about, as data: a new kernel ABI is a few rows.
 * Source: the kernel's Documentation/userspace-api/landlock.rst, "Previous limitations". */
#ifndef HOST_LANDLOCK_RIGHTS_H
#define HOST_LANDLOCK_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The newest ABI of which we use everything. A kernel with a newer one is used up to this. */
#define LANDLOCK_ABI_HIGHEST 10

enum landlock_right_kind {
	LANDLOCK_KIND_FS,            /* handled_access_fs, and rules beneath a path */
	LANDLOCK_KIND_NET,           /* handled_access_net, and rules for a port */
	LANDLOCK_KIND_SCOPE,         /* scoped: not to be granted, only kept within the sandbox */
	LANDLOCK_KIND_RESTRICT_FLAG, /* a flag of landlock_restrict_self */
};

struct landlock_right {
	const char *name; /* the kernel's, in lower case: "make_reg" */
	enum landlock_right_kind kind;
	uint64_t bit;
	int since_abi;
	bool files; /* also means something for a file; else a rule beneath a non-directory answers EINVAL */
};

extern const struct landlock_right landlock_rights[]; /* ends with {NULL} */

struct landlock_abi {
	int abi;
	const char *kernel; /* "5.13" */
	const char *brings; /* for a person */
};

extern const struct landlock_abi landlock_abis[LANDLOCK_ABI_HIGHEST]; /* element N is ABI N + 1 */

/* Everything of that kind that the ABI knows; 0 for ABI 0. */
uint64_t landlock_rights_known(enum landlock_right_kind kind, int abi);
uint64_t landlock_fs_rights(int abi);
uint64_t landlock_net_rights(int abi);
uint64_t landlock_scopes(int abi);
/* The rights that a rule beneath a file (not a directory) may name, of every ABI. */
uint64_t landlock_file_rights(void);

#endif
