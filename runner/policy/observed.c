#include "policy/observed.h"

#include <string.h>

/* A row is read across: name, kind, how, then the arguments: directory, path, flags, second directory and path. */
/* clang-format off */
const struct observed_call observed_calls[] = {
	{ "open", OBSERVED_READ, HOW_OPEN, -1, 0, 1, -1, -1 },
	{ "openat", OBSERVED_READ, HOW_OPEN, 0, 1, 2, -1, -1 },
	{ "creat", OBSERVED_CREATE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "stat", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "lstat", OBSERVED_LOOK, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "newfstatat", OBSERVED_LOOK, HOW_AT, 0, 1, 3, -1, -1 },
	{ "statx", OBSERVED_LOOK, HOW_AT, 0, 1, 2, -1, -1 },
	{ "statfs", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "access", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "faccessat", OBSERVED_LOOK, HOW_FOLLOW, 0, 1, -1, -1, -1 },
	{ "faccessat2", OBSERVED_LOOK, HOW_AT, 0, 1, 3, -1, -1 },
	{ "readlink", OBSERVED_LOOK, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "readlinkat", OBSERVED_LOOK, HOW_NOFOLLOW, 0, 1, -1, -1, -1 },
	{ "getxattr", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "lgetxattr", OBSERVED_LOOK, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "listxattr", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "llistxattr", OBSERVED_LOOK, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "chdir", OBSERVED_LOOK, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "inotify_add_watch", OBSERVED_LOOK, HOW_FOLLOW, -1, 1, -1, -1, -1 },
	{ "truncate", OBSERVED_WRITE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "chmod", OBSERVED_WRITE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "fchmodat", OBSERVED_WRITE, HOW_FOLLOW, 0, 1, -1, -1, -1 },
	{ "fchmodat2", OBSERVED_WRITE, HOW_AT, 0, 1, 3, -1, -1 },
	{ "chown", OBSERVED_WRITE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "lchown", OBSERVED_WRITE, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "fchownat", OBSERVED_WRITE, HOW_AT, 0, 1, 4, -1, -1 },
	{ "utime", OBSERVED_WRITE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "utimes", OBSERVED_WRITE, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "futimesat", OBSERVED_WRITE, HOW_FOLLOW, 0, 1, -1, -1, -1 },
	{ "utimensat", OBSERVED_WRITE, HOW_AT, 0, 1, 3, -1, -1 },
	{ "mkdir", OBSERVED_CREATE, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "mkdirat", OBSERVED_CREATE, HOW_NOFOLLOW, 0, 1, -1, -1, -1 },
	{ "mknod", OBSERVED_CREATE, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "mknodat", OBSERVED_CREATE, HOW_NOFOLLOW, 0, 1, -1, -1, -1 },
	{ "symlink", OBSERVED_CREATE, HOW_NOFOLLOW, -1, 1, -1, -1, -1 },
	{ "symlinkat", OBSERVED_CREATE, HOW_NOFOLLOW, 1, 2, -1, -1, -1 },
	{ "link", OBSERVED_CREATE, HOW_NOFOLLOW, -1, 1, -1, -1, -1 },
	{ "linkat", OBSERVED_CREATE, HOW_NOFOLLOW, 2, 3, -1, -1, -1 },
	{ "rmdir", OBSERVED_REMOVE, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "unlink", OBSERVED_REMOVE, HOW_NOFOLLOW, -1, 0, -1, -1, -1 },
	{ "unlinkat", OBSERVED_REMOVE, HOW_NOFOLLOW, 0, 1, -1, -1, -1 },
	{ "rename", OBSERVED_RENAME, HOW_NOFOLLOW, -1, 0, -1, -1, 1 },
	{ "renameat", OBSERVED_RENAME, HOW_NOFOLLOW, 0, 1, -1, 2, 3 },
	{ "renameat2", OBSERVED_RENAME, HOW_NOFOLLOW, 0, 1, -1, 2, 3 },
	{ "execve", OBSERVED_EXEC, HOW_FOLLOW, -1, 0, -1, -1, -1 },
	{ "execveat", OBSERVED_EXEC, HOW_AT, 0, 1, 4, -1, -1 },
	{ 0 },
};
/* clang-format on */

bool observed_call_is(const char *name)
{
	for (const struct observed_call *call = observed_calls; call->name; call++)
		if (strcmp(call->name, name) == 0)
			return true;
	return false;
}
