/* Where a file lies, whatever the path that leads there: which file system, and the path within that. Two bind mounts
 * of one directory have one location. */
#ifndef COMMANDS_MOUNTS_H
#define COMMANDS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct mount {
	int id;
	const char *device; /* "98:0" */
	const char *root;   /* of the mount, in its file system */
	const char *point;  /* where it is mounted */
};

struct mounts {
	struct mount *items;
	size_t count;
};

struct location {
	const char *device;
	const char *path;
};

/* The text of /proc/self/mountinfo (proc(5)), which is changed. Lines that are not understood are left out. */
void mounts_parse(char *text, struct arena *arena, struct mounts *out);
/* Of a path without links, on the mount of that number. False when there is no such mount, or it is elsewhere. */
bool mounts_locate(const struct mounts *mounts, int id, const char *path, struct arena *arena, struct location *out);
/* True when both are in one file system, and `inner` is `outer` or lies below it. */
bool location_is_below(const struct location *inner, const struct location *outer);

#endif
