/* Is there a cgroup v2 subtree that is ours to divide? Looks only: making a group would be seen by others. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/cgroup.h"
#include "host/probes.h"
#include "host/syscalls.h"

#define CGROUP2_MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC */

const struct cgroup_controller_row cgroup_controllers[CGROUP_CONTROLLER_COUNT] = {
	{ CGROUP_MEMORY, "memory" },
	{ CGROUP_PIDS, "pids" },
	{ CGROUP_CPU, "cpu" },
};

static int read_file(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t got = fd < 0 ? fd : read_all(fd, buffer, size - 1);

	buffer[got > 0 ? got : 0] = '\0';
	return got < 0 ? -1 : 0;
}

static int read_in(const char *directory, const char *name, char *buffer, size_t size)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return read_file(path, buffer, size);
}

/* A word of a list that is separated by blanks. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list + strspn(list, " \n"); *at; at += strspn(at, " \n")) {
		size_t here = strcspn(at, " \n");

		if (here == length && strncmp(at, word, length) == 0)
			return true;
		at += here;
	}
	return false;
}

unsigned cgroup_controllers_in(const char *list)
{
	unsigned found = 0;

	for (size_t i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
		if (has_word(list, cgroup_controllers[i].name))
			found |= cgroup_controllers[i].bit;
	return found;
}

/* Nothing failed: something is not there. */
static void lacks(struct host_fact *fact, int sys_errno, const char *what)
{
	fact_deny(fact, 0, what);
	fact->sys_errno = sys_errno;
}

/* The "0::/path" line; NULL where there is none, or where it leads out of what we see. */
static const char *own_path(const char *text, char *buffer, size_t size)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		size_t length = strcspn(line, "\n");

		if (strncmp(line, "0::/", 4) != 0)
			continue;
		if (length - 3 >= size || strncmp(line + 3, "/..", 3) == 0)
			return NULL;
		memcpy(buffer, line + 3, length - 3);
		buffer[length - 3] = '\0';
		return buffer;
	}
	return NULL;
}

static bool may_write(const char *directory)
{
	static const char *const names[] = { ".", "cgroup.procs", "cgroup.subtree_control" };
	char path[CGROUP_PATH_MAX + 32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
			return false;
	}
	return true;
}

/* The root of a hierarchy has no type, and may hold processes and hand controllers on. */
static bool is_root(const char *directory)
{
	char path[CGROUP_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/cgroup.type", directory);
	return access(path, F_OK) != 0;
}

static bool is_domain(const char *directory)
{
	char type[32];

	return is_root(directory) ||
	       (read_in(directory, "cgroup.type", type, sizeof(type)) == 0 && strcmp(type, "domain\n") == 0);
}

/* `alone`: our own number and no other; else no process at all. */
static bool holds_only(const char *directory, pid_t alone)
{
	char text[256], *end;
	long first;

	/* more than fits are too many */
	if (read_in(directory, "cgroup.procs", text, sizeof(text)))
		return false;
	if (!alone)
		return text[0] == '\0';
	first = strtol(text, &end, 10);
	return first == alone && strcmp(end, "\n") == 0;
}

static bool take(const char *directory, bool step_aside, struct cgroup_place *place)
{
	char list[512];

	if (read_in(directory, "cgroup.controllers", list, sizeof(list)))
		return false;
	place->controllers = cgroup_controllers_in(list);
	place->step_aside = step_aside;
	if (place->controllers)
		snprintf(place->base, sizeof(place->base), "%s", directory);
	return place->controllers != 0;
}

static bool is_ours(const struct cgroup_sight *sight, const char *directory)
{
	return is_domain(directory) && may_write(directory) && sight->is_delegated(directory);
}

/* In the group above, what limits our own would not hold. */
static bool is_unlimited(const char *directory)
{
	static const char *const names[] = { "memory.max", "memory.high", "memory.swap.max", "pids.max", "cpu.max" };
	char text[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (read_in(directory, names[i], text, sizeof(text)) == 0 && strncmp(text, "max", 3) != 0)
			return false;
	return true;
}

void cgroup_find(const struct cgroup_sight *sight, struct cgroup_place *place, struct host_fact *fact)
{
	char own[CGROUP_PATH_MAX], directory[CGROUP_PATH_MAX], above[CGROUP_PATH_MAX];
	const char *path = own_path(sight->own_text, own, sizeof(own));
	bool top = path && strcmp(path, "/") == 0, usable, usable_above;
	int length = path ? snprintf(directory, sizeof(directory), "%s%s", sight->mount, top ? "" : path) : -1;

	*place = (struct cgroup_place){ .controllers = 0 };
	if (length < 0 || (size_t)length >= sizeof(directory) || access(directory, F_OK)) {
		lacks(fact, ENOENT, "our own cgroup is not in view");
		return;
	}
	snprintf(above, sizeof(above), "%s", directory);
	*strrchr(above, '/') = '\0';
	usable = is_ours(sight, directory) && (is_root(directory) || holds_only(directory, sight->pid));
	usable_above = !top && is_ours(sight, above) && (is_root(above) || holds_only(above, 0)) &&
	               is_unlimited(directory);
	if ((usable_above && take(above, false, place)) || (usable && take(directory, !is_root(directory), place)))
		*fact = (struct host_fact){ .level = 1 };
	else if (usable || usable_above)
		lacks(fact, EOPNOTSUPP, "our cgroup has neither the memory nor the pids nor the cpu controller");
	else if (is_ours(sight, directory))
		lacks(fact, EBUSY, "our own cgroup holds other processes, too");
	else
		lacks(fact, EACCES, "our own cgroup is not ours to divide");
}

/* Where cgroup v2 is mounted: alone, or beside the controllers of v1. NULL: nowhere. */
static const char *cgroup2_mount(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct statfs fs;

		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
			return places[i];
	}
	return NULL;
}

/* What systemd manages it also changes, under whoever else writes there: it marks what it has handed over. Without it
 * what can be written is ours. */
static bool is_handed_over(const char *directory)
{
	static const char *const marks[] = { "user.delegate", "trusted.delegate" };
	char value[4];

	if (access("/run/systemd/system", F_OK))
		return true;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (getxattr(directory, marks[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

void probe_cgroup(struct cgroup_place *place, struct host_fact *fact)
{
	char text[4096];
	struct cgroup_sight sight = { .own_text = text, .is_delegated = is_handed_over };

	*place = (struct cgroup_place){ .controllers = 0 };
	sight.mount = cgroup2_mount();
	if (!sight.mount) {
		lacks(fact, ENODEV, "no cgroup v2 file system in /sys/fs/cgroup");
		return;
	}
	if (read_file("/proc/self/cgroup", text, sizeof(text))) {
		fact_deny(fact, ENOENT, "/proc/self/cgroup");
		return;
	}
	sight.pid = (pid_t)raw_getpid();
	cgroup_find(&sight, place, fact);
}
