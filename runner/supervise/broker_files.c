/* Modes and times of files where Landlock alone keeps them: it does not decide about chmod(2) and utimensat(2), so the
 * filter sends these calls here. The path is copied once and opened by us; what is judged is where that very file lies,
 * and what is changed is that descriptor. A script cannot move a foreign file below a grant: Landlock refuses that. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "plan/links.h"
#include "supervise/broker_parts.h"

#define PAGE 4096

static int copy_memory(pid_t pid, uint64_t from, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { NULL, size };

	memcpy(&remote.iov_base, &from, sizeof(remote.iov_base));
	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size ? 0 : -EFAULT;
}

/* A path ends somewhere in a page, and the next one may not be there. */
int broker_copy_path(pid_t pid, uint64_t from, char path[PATH_MAX])
{
	size_t length = 0;

	while (length < PATH_MAX) {
		size_t part = PAGE - (from + length) % PAGE;

		if (part > PATH_MAX - length)
			part = PATH_MAX - length;
		if (copy_memory(pid, from + length, path + length, part))
			return -EFAULT;
		if (memchr(path + length, '\0', part))
			return path[0] ? 0 : -ENOENT;
		length += part;
	}
	return -ENAMETOOLONG;
}

/* What the call names, opened without any right to it: an O_PATH descriptor or -errno. `path` NULL: the descriptor
 * itself. */
static int open_target(pid_t pid, int directory, const char *path, bool follow)
{
	int flags = O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
	char base[64];
	FD_CLEANUP int base_fd = -1;

	if (directory == AT_FDCWD)
		snprintf(base, sizeof(base), "/proc/%d/cwd", pid);
	else
		snprintf(base, sizeof(base), "/proc/%d/fd/%d", pid, directory);
	if (path && path[0] == '/')
		return raw_openat(AT_FDCWD, path, flags, 0);
	base_fd = raw_openat(AT_FDCWD, base, O_PATH | O_CLOEXEC, 0);
	if (base_fd < 0)
		return -EBADF;
	return path ? raw_openat(base_fd, path, flags, 0) : TAKE_FD(base_fd);
}

bool broker_is_below_grant(struct broker *broker, int fd)
{
	const struct plan *plan = broker->plan;
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0)
		return false;
	path[length] = '\0';
	denial_set_target(&broker->asked, path);
	for (size_t i = 0; plan->denied && plan->denied[i]; i++)
		if (path_is_below(path, plan->denied[i]))
			return false;
	for (size_t i = 0; i < plan->visible_count; i++)
		if (plan->visible[i].write && !plan->visible[i].interpreter &&
		    path_is_below(path, plan->visible[i].source))
			return true;
	return plan->private_tmp && path_is_below(path, plan->private_tmp);
}

/* The three ways to change a mode, as one: which descriptor or path, and the mode. */
static int change_mode(struct broker *broker, const struct seccomp_notif *call, int fd, uint32_t mode)
{
	char link[64];

	if (!broker_still_asks(broker, call))
		return -EINTR;
	if (mode & (S_ISUID | S_ISGID))
		broker->asked.fix = NULL; /* nothing allows that */
	if (!broker_is_below_grant(broker, fd) || (mode & (S_ISUID | S_ISGID)))
		return -EPERM;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return chmod(link, (mode_t)(mode & 07777)) ? -errno : 0;
}

static int change_times(struct broker *broker, const struct seccomp_notif *call, int fd)
{
	struct timespec times[2];
	bool now = call->data.args[2] == 0;
	char link[64];

	if (!now && copy_memory((pid_t)call->pid, call->data.args[2], times, sizeof(times)))
		return -EFAULT;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	if (!broker_is_below_grant(broker, fd))
		return -EPERM;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return utimensat(AT_FDCWD, link, now ? NULL : times, 0) ? -errno : 0;
}

int broker_change_file(struct broker *broker, const struct seccomp_notif *call)
{
	const uint64_t *args = (const uint64_t *)call->data.args;
	bool by_path = call->data.nr != SYS_fchmod, times = call->data.nr == SYS_utimensat;
	bool at = times || call->data.nr == SYS_fchmodat;
	uint64_t address = args[at ? 1 : 0];
	char path[PATH_MAX];
	FD_CLEANUP int fd = -1;
	int result = by_path && address ? broker_copy_path((pid_t)call->pid, address, path) : 0;

	if (result)
		return result;
	if (by_path && address)
		denial_set_target(&broker->asked, path);
	if (by_path && !address && !times)
		return -EFAULT;
	fd = open_target((pid_t)call->pid, at || !by_path ? (int)args[0] : AT_FDCWD, by_path && address ? path : NULL,
	                 !(times && (args[3] & AT_SYMLINK_NOFOLLOW)));
	if (fd < 0)
		return fd;
	return times ? change_times(broker, call, fd) : change_mode(broker, call, fd, (uint32_t)args[at ? 2 : 1]);
}
