/* Is there a cgroup v2 subtree that is ours to divide? Looks only: making a group would be seen by others. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/probes.h"
#include "host/syscalls.h"

#define CGROUP2_MAGIC 0x63677270 /* CGROUP2_SUPER_MAGIC */

static int read_file(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t got = fd < 0 ? fd : read_all(fd, buffer, size - 1);

	buffer[got > 0 ? got : 0] = '\0';
	return got < 0 ? -1 : 0;
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

/* Our own group's directory: the "0::/path" line of /proc/self/cgroup (cgroups(7)). */
static int own_group(const char *mount, char *directory, size_t size)
{
	char text[4096];
	char *line = text;
	int length;

	if (read_file("/proc/self/cgroup", text, sizeof(text)))
		return -ENOENT;
	while (line && strncmp(line, "0::/", 4) != 0) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (!line)
		return -ENOENT;
	line[strcspn(line, "\n")] = '\0';
	length = snprintf(directory, size, "%s%s", mount, line + 3);
	return length > 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* A word of a list that is separated by blanks. */
static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; *at; at += strspn(at, " \n")) {
		size_t here = strcspn(at, " \n");

		if (here == length && strncmp(at, word, length) == 0)
			return true;
		at += here;
	}
	return false;
}

/* Nothing failed: something is not there. */
static void lacks(struct host_fact *fact, int sys_errno, const char *what)
{
	fact_deny(fact, 0, what);
	fact->sys_errno = sys_errno;
}

static bool may_write(const char *directory, const char *name)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

void probe_cgroup(struct host_fact *fact)
{
	const char *mount = cgroup2_mount();
	char directory[PATH_MAX], path[PATH_MAX + 32], controllers[512];
	int result;

	if (!mount) {
		lacks(fact, ENODEV, "no cgroup v2 file system in /sys/fs/cgroup");
		return;
	}
	result = own_group(mount, directory, sizeof(directory));
	if (result < 0) {
		fact_deny(fact, -result, "/proc/self/cgroup");
		return;
	}
	snprintf(path, sizeof(path), "%s/cgroup.controllers", directory);
	if (read_file(path, controllers, sizeof(controllers))) {
		lacks(fact, ENOENT, "our own cgroup is not in view");
	} else if (!may_write(directory, ".") || !may_write(directory, "cgroup.procs") ||
	           !may_write(directory, "cgroup.subtree_control")) {
		fact_deny(fact, errno, "our own cgroup is not ours to divide");
	} else if (!has_word(controllers, "memory") || !has_word(controllers, "pids")) {
		lacks(fact, EOPNOTSUPP, "our own cgroup lacks the memory or pids controller");
	} else {
		*fact = (struct host_fact){ .level = 1 };
	}
}
