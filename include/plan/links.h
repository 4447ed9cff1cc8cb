/* Following symbolic links by hand, so that every hop is known: a path is only usable inside the view when each link on
 * the way to it is there too (/opt/venv/bin/python -> python3 -> /usr/bin/python3 -> python3.11). */
#ifndef PLAN_LINKS_H
#define PLAN_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/arena.h"

/* One link that was passed. `path` itself has no links in its directory part; `target` is the link's text. */
struct path_link {
	const char *path;
	const char *target;
};

struct path_links {
	struct path_link *items;
	size_t count;
};

/* Resolve an absolute path, one component at a time. Appends each link once, in the order in which they were met, to
 * *links (which may be NULL); *real gets the path without links, *status (may be NULL) the lstat() of it.
 * Returns 0, or -1 with errno (ENOENT, ENOTDIR, EACCES, ELOOP after 40 links, ENAMETOOLONG, EINVAL for a relative
 * path). On ENOENT *real is the path where it ended. */
int path_follow(const char *path, struct arena *arena, struct path_links *links, const char **real,
                struct stat *status);

/* The same, for a path that others may have had a hand in: a link that belongs neither to root nor to the caller is not
 * followed, since whoever made it would choose what is shown of the caller's files. -1 with EPERM, *real then being
 * that link and status->st_uid its owner. In a user namespace, owners that have no name there count as root, which is
 * one of them. */
int path_follow_own(const char *path, struct arena *arena, struct path_links *links, const char **real,
                    struct stat *status);

/* base/path without "." and doubled slashes; ".." is kept, since it means something else after a link. `path` alone
 * when it is absolute. */
char *path_join(struct arena *arena, const char *base, const char *path);
/* Directory part of a path, "/" or "." at the least. */
char *path_directory(struct arena *arena, const char *path);
/* True when path is directory or lies below it (both absolute, without links). */
int path_is_below(const char *path, const char *directory);

/* True when some component is "..". */
int path_goes_up(const char *path);

#endif
