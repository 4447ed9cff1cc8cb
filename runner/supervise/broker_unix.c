/* UNIX sockets that have a path: the sandbox's own, and those of the host that a rule names. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "host/syscalls.h"
#include "plan/links.h"
#include "supervise/broker_parts.h"

#define GROUPS_MAX 1024

int broker_open_inside(pid_t thread, const char *path)
{
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC,
		                         .resolve = path[0] == '/' ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
		                                                   : RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	char from[64];
	FD_CLEANUP int from_fd = -1;

	snprintf(from, sizeof(from), "/proc/%d/%s", thread, path[0] == '/' ? "root" : "cwd");
	from_fd = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (from_fd < 0)
		return -ECONNREFUSED;
	return raw_openat2(from_fd, path, &how);
}

static bool is_scratch(const struct plan *plan, pid_t thread, const struct stat *st)
{
	char path[512];
	struct stat scratch;

	if (!plan->scratch_path)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/root%s", thread, plan->scratch_path);
	return stat(path, &scratch) == 0 && scratch.st_dev == st->st_dev;
}

/* A path that goes up is not what it looks like. */
static bool is_plain(const char *path)
{
	return !strstr(path, "/../") && !strstr(path, "/./") && !strstr(path, "//");
}

/* The host's socket that a rule names: the rule's own path, or one below it. Links below it are not followed: whoever
 * may write there does not choose what is reached. An O_PATH descriptor, -errno, or -ENOENT where no rule names it. */
static int open_granted(const struct plan *plan, const char *path)
{
	const struct pc_open_how strictly = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
		                              .resolve = RESOLVE_NO_SYMLINKS };

	for (size_t i = 0; i < plan->network.socket_count && is_plain(path); i++) {
		const struct socket_grant *grant = &plan->network.sockets[i];
		const char *base = path_is_below(path, grant->typed)  ? grant->typed
		                   : path_is_below(path, grant->real) ? grant->real
		                                                      : NULL;
		char real[512];

		if (!base)
			continue;
		if ((size_t)snprintf(real, sizeof(real), "%s%s", grant->real, path + strlen(base)) >= sizeof(real))
			return -ENAMETOOLONG;
		return raw_openat2(AT_FDCWD, real, &strictly);
	}
	return -ENOENT;
}

/* What is done as the script's user, where root started it: the other side sees whose it is (SO_PEERCRED), and the
 * socket's own permissions count. */
struct attempt {
	int (*act)(struct attempt *attempt); /* returns 0 or -errno */
	int fd;
	const union broker_address *address;
	socklen_t length;
	bool blocking; /* the script's own wish */
	int backlog;
};

static int attempt_connect(struct attempt *attempt)
{
	return broker_connect_own(attempt->fd, attempt->address, attempt->length, &attempt->blocking);
}

static int attempt_listen(struct attempt *attempt)
{
	return listen(attempt->fd, attempt->backlog) ? -errno : 0;
}

static int act_as_script(const struct plan *plan, struct attempt *attempt)
{
	static gid_t groups[GROUPS_MAX];
	gid_t group = getegid();
	uid_t user = geteuid();
	int count, result = 0;

	if (!plan->change_user)
		return attempt->act(attempt);
	count = getgroups(GROUPS_MAX, groups);
	if (count < 0 || setgroups(0, NULL))
		return -EPERM;
	if (setegid(plan->gid) || seteuid(plan->uid))
		result = -EPERM;
	if (result == 0)
		result = attempt->act(attempt);
	/* whatever it did, we are again who we were, or nothing more is done */
	if (seteuid(user) || setegid(group) || setgroups((size_t)count, groups))
		_exit(EXIT_SETUP);
	return result;
}

int broker_listen_as_script(const struct broker *broker, int fd, int backlog)
{
	struct attempt attempt = { .act = attempt_listen, .fd = fd, .backlog = backlog };

	return act_as_script(broker->plan, &attempt);
}

/* Without a view: in the private directory. A server of somebody else may lie below any other grant. */
static bool is_private(const struct plan *plan, int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof(path) - 1);
	path[length > 0 ? length : 0] = '\0';
	return plan->private_tmp && path_is_below(path, plan->private_tmp);
}

static int find(const struct broker *broker, pid_t thread, const char *path, bool *granted)
{
	struct stat st;
	FD_CLEANUP int fd = path[0] == '/' ? open_granted(broker->plan, path) : -ENOENT;

	*granted = fd >= 0;
	if (fd < 0) {
		broker_be_script(broker, true);
		fd = broker_open_inside(thread, path);
		broker_be_script(broker, false);
		if (fd < 0)
			return fd == -EXDEV || fd == -ELOOP ? -EACCES : fd;
	}
	if (fstat(fd, &st))
		return -errno;
	if (!*granted && !(broker->plan->mode == MODE_NAMESPACES ? is_scratch(broker->plan, thread, &st)
	                                                         : is_private(broker->plan, fd)))
		return -EACCES;
	return TAKE_FD(fd);
}

int broker_connect_path(struct broker *broker, const struct seccomp_notif *call, int fd,
                        const union broker_address *address, socklen_t length)
{
	char path[sizeof(address->un.sun_path) + 1] = "";
	union broker_address to = { .un.sun_family = AF_UNIX };
	struct attempt attempt = { .act = attempt_connect, .fd = fd, .address = &to };
	bool granted;
	FD_CLEANUP int path_fd = -1;
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	int result;

	memcpy(path, address->un.sun_path, size < sizeof(path) ? size : sizeof(path) - 1);
	path_fd = find(broker, (pid_t)call->pid, path, &granted);
	if (path_fd < 0)
		return path_fd;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	/* the descriptor itself, which cannot come to mean anything else than what was looked at */
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                     (size_t)snprintf(to.un.sun_path, sizeof(to.un.sun_path), "/proc/self/fd/%d", path_fd));
	attempt.length = length;
	result = granted || broker->plan->mode == MODE_LANDLOCK ? act_as_script(broker->plan, &attempt)
	                                                        : attempt_connect(&attempt);
	return result == -EINPROGRESS && attempt.blocking ? -EAGAIN : result;
}
