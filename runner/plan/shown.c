/* Lists of what is to be shown read-only, with the links on the way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/footprint.h"

static void add(struct shown_paths *paths, struct arena *arena, const struct shown_path *item)
{
	paths->items = arena_grow(arena, paths->items, paths->count, sizeof(*paths->items));
	paths->items[paths->count++] = *item;
}

int shown_paths_add(struct shown_paths *paths, struct arena *arena, const char *path, unsigned flags)
{
	struct path_links links = { 0 };
	struct shown_path item = { .flags = flags };
	struct stat status;

	/* One system call tells of most paths of a preset that they are not on this machine. */
	if (stat(path, &status) != 0 || path_follow(path, arena, &links, &item.path, &status) != 0)
		return -1;
	if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	item.kind = S_ISDIR(status.st_mode) ? SHOWN_DIRECTORY : SHOWN_FILE;
	add(paths, arena, &item);
	for (size_t i = 0; i < links.count; i++)
		add(paths, arena,
		    &(struct shown_path){ .kind = SHOWN_LINK,
		                          .flags = flags,
		                          .path = links.items[i].path,
		                          .target = links.items[i].target });
	return 0;
}

/* By path, with "/" before every other character: a directory comes right before all that lies in it ("/a", "/a/b",
 * "/a-b"). */
static int compare(const void *left, const void *right)
{
	const char *a = ((const struct shown_path *)left)->path, *b = ((const struct shown_path *)right)->path;

	while (*a && *a == *b)
		a++, b++;
	if (*a == *b)
		return 0;
	if (*a == '\0' || *b == '\0')
		return *a == '\0' ? -1 : 1;
	if (*a == '/' || *b == '/')
		return *a == '/' ? -1 : 1;
	return (unsigned char)*a - (unsigned char)*b;
}

/* May `outer` go away while `inner` is still needed? */
static bool outlives(const struct shown_path *outer, const struct shown_path *inner)
{
	return (outer->flags & ~inner->flags) == 0;
}

void shown_paths_collapse(struct shown_paths *paths)
{
	size_t kept = 0;

	if (paths->count > 0)
		qsort(paths->items, paths->count, sizeof(*paths->items), compare);
	for (size_t i = 0; i < paths->count; i++) {
		struct shown_path item = paths->items[i];
		bool covered = false;

		if (kept > 0 && strcmp(paths->items[kept - 1].path, item.path) == 0) {
			paths->items[kept - 1].flags &= item.flags;
			continue;
		}
		/* What covers an item was kept before it; few are kept. */
		for (size_t k = 0; k < kept && !covered; k++)
			covered = paths->items[k].kind == SHOWN_DIRECTORY && outlives(&paths->items[k], &item) &&
			          path_is_below(item.path, paths->items[k].path);
		if (!covered)
			paths->items[kept++] = item;
	}
	paths->count = kept;
}
