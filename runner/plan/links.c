#include "plan/links.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"

/* As many as the kernel follows (path_resolution(7)). */
enum { LINKS_MAX = 40, NOBODY = 65534 };

struct walk {
	char done[PATH_MAX]; /* what is resolved so far: no links in it */
	size_t length;
	char rest[PATH_MAX]; /* what is still to be walked */
	struct arena *arena;
	struct path_links *links;
	unsigned followed;
	bool own_only;
	uid_t stranger; /* owner of the link that was not followed; 0: all were */
};

static int fail(int code)
{
	errno = code;
	return -1;
}

static void add_link(struct walk *walk, const char *target)
{
	struct path_links *links = walk->links;
	struct path_link *link;

	if (!links)
		return;
	for (size_t i = 0; i < links->count; i++)
		if (strcmp(links->items[i].path, walk->done) == 0)
			return;
	links->items = arena_grow(walk->arena, links->items, links->count, sizeof(*links->items));
	link = &links->items[links->count++];
	link->path = arena_strndup(walk->arena, walk->done, walk->length);
	link->target = arena_strdup(walk->arena, target);
}

static void leave_directory(struct walk *walk)
{
	while (walk->length > 0 && walk->done[--walk->length] != '/')
		;
	walk->done[walk->length] = '\0';
}

/* walk->done was found to be a link: go on with its text, followed by what came behind it. */
static int enter_link(struct walk *walk, const char *target, const char *behind)
{
	char next[PATH_MAX];
	size_t target_length = strlen(target), behind_length = strlen(behind);

	if (++walk->followed > LINKS_MAX)
		return fail(ELOOP);
	if (target_length + 1 + behind_length >= sizeof(next))
		return fail(ENAMETOOLONG);
	add_link(walk, target);
	memcpy(next, target, target_length);
	next[target_length] = '/';
	memcpy(next + target_length + 1, behind, behind_length + 1);
	memcpy(walk->rest, next, target_length + 1 + behind_length + 1);
	if (target[0] == '/') {
		walk->length = 0;
		walk->done[0] = '\0';
	} else {
		leave_directory(walk);
	}
	return 0;
}

/* Owners that a user namespace does not map appear as "nobody": the host's root, too. */
static bool has_unmapped_owners(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned long inside, outside, count = 0;
	bool all = map && fscanf(map, "%lu %lu %lu", &inside, &outside, &count) == 3 && count >= NOBODY;

	if (map)
		fclose(map);
	return !all;
}

static bool is_own(uid_t owner)
{
	return owner == 0 || owner == geteuid() || (owner == NOBODY && has_unmapped_owners());
}

/* readlink(2), of a link whose owner is looked at first: of the same link, which nobody can exchange in between. */
static ssize_t read_own_link(struct walk *walk, char *target, size_t size)
{
	FD_CLEANUP int fd = open(walk->done, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return -1;
	if (!S_ISLNK(st.st_mode))
		return fail(EINVAL);
	if (!is_own(st.st_uid)) {
		walk->stranger = st.st_uid;
		return fail(EPERM);
	}
	return readlinkat(fd, "", target, size);
}

/* One component of walk->rest, of `length` bytes; `behind` is what follows it. */
static int enter_component(struct walk *walk, const char *name, size_t length, const char *behind)
{
	char target[PATH_MAX];
	ssize_t got;

	if (length == 2 && name[0] == '.' && name[1] == '.') {
		leave_directory(walk);
		memmove(walk->rest, behind, strlen(behind) + 1);
		return 0;
	}
	if (walk->length + 1 + length >= sizeof(walk->done))
		return fail(ENAMETOOLONG);
	walk->done[walk->length] = '/';
	memcpy(walk->done + walk->length + 1, name, length);
	walk->length += 1 + length;
	walk->done[walk->length] = '\0';

	got = walk->own_only ? read_own_link(walk, target, sizeof(target) - 1)
	                     : readlink(walk->done, target, sizeof(target) - 1);
	if (got < 0 && errno != EINVAL)
		return -1;
	if (got < 0) {
		memmove(walk->rest, behind, strlen(behind) + 1);
		return 0;
	}
	target[got] = '\0';
	return enter_link(walk, target, behind);
}

static int follow(const struct walk *start, const char *path, const char **real, struct stat *status)
{
	struct walk walk = *start;
	struct stat seen;
	int failed = 0;

	if (path[0] != '/')
		return fail(EINVAL);
	if (strlen(path) >= sizeof(walk.rest))
		return fail(ENAMETOOLONG);
	memcpy(walk.rest, path, strlen(path) + 1);
	while (!failed) {
		const char *name = walk.rest + strspn(walk.rest, "/");
		size_t length = strcspn(name, "/");

		if (length == 0)
			break;
		if (length == 1 && name[0] == '.')
			memmove(walk.rest, name + 1, strlen(name + 1) + 1);
		else
			failed = enter_component(&walk, name, length, name + length);
	}
	if (!failed)
		failed = lstat(walk.length > 0 ? walk.done : "/", &seen);
	if (failed && errno != ENOENT && !walk.stranger)
		return -1;
	*real = walk.length > 0 ? arena_strndup(walk.arena, walk.done, walk.length) : "/";
	if (walk.stranger) {
		if (status)
			status->st_uid = walk.stranger;
		return fail(EPERM);
	}
	if (failed)
		return fail(ENOENT);
	if (status)
		*status = seen;
	return 0;
}

int path_follow(const char *path, struct arena *arena, struct path_links *links, const char **real, struct stat *status)
{
	struct walk walk = { .arena = arena, .links = links };

	return follow(&walk, path, real, status);
}

int path_follow_own(const char *path, struct arena *arena, struct path_links *links, const char **real,
                    struct stat *status)
{
	struct walk walk = { .arena = arena, .links = links, .own_only = true };

	return follow(&walk, path, real, status);
}

char *path_join(struct arena *arena, const char *base, const char *path)
{
	char *joined = path[0] == '/' ? arena_printf(arena, "/%s", path) : arena_printf(arena, "%s/%s", base, path);
	bool absolute = joined[0] == '/';
	char *out = joined;
	const char *in = joined;

	/* In place: what is written is never longer than what was read. */
	while (*in) {
		size_t length;

		in += strspn(in, "/");
		length = strcspn(in, "/");
		if (length > 0 && !(length == 1 && in[0] == '.')) {
			if (out != joined || absolute)
				*out++ = '/';
			memmove(out, in, length);
			out += length;
		}
		in += length;
	}
	if (out == joined)
		*out++ = absolute ? '/' : '.';
	*out = '\0';
	return joined;
}

char *path_directory(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(arena, ".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? arena_strdup(arena, "/") : arena_strndup(arena, path, (size_t)(slash - path));
}

int path_is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (length == 1 && directory[0] == '/')
		return path[0] == '/';
	return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

int path_goes_up(const char *path)
{
	for (; *path; path += strcspn(path, "/"), path += strspn(path, "/"))
		if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
			return true;
	return false;
}
