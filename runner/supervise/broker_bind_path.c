/* bind(2) of a UNIX socket to a path, where there is no view. The socket keeps the name that it was bound by, which its
 * own programs ask for (getsockname), so that it has to be bound by exactly that. Between our look at it and the
 * kernel's the script can make it lead elsewhere. So a child of ours does it, as the script's user, who by Landlock may
 * make sockets in that one directory that was looked at, and nowhere else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "host/uapi.h"
#include "supervise/broker_parts.h"

struct binding {
	const struct plan *plan;
	int fd;
	const union broker_address *address;
	socklen_t length;
	int parent_fd; /* O_PATH */
	int cwd_fd;
	mode_t umask;
};

static int keep_to_directory(const struct binding *binding)
{
	const struct pc_landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_MAKE_SOCK };
	const struct pc_landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_MAKE_SOCK,
		                                            .parent_fd = binding->parent_fd };
	int ruleset_fd, result;

	if (!binding->plan->landlock.abi)
		return 0; /* then nothing keeps the script from making files where it likes, either */
	ruleset_fd = raw_landlock_create_ruleset(&attr, sizeof(attr.handled_access_fs), 0);
	result = ruleset_fd < 0 ? ruleset_fd : (int)raw_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (result == 0)
		result = raw_landlock_add_rule(ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (result == 0)
		result = raw_landlock_restrict_self(ruleset_fd, 0);
	if (ruleset_fd >= 0)
		raw_close(ruleset_fd);
	return result;
}

/* In the child, which shares our memory: only raw calls. 0 or -errno. */
static int carry_out(const struct binding *binding)
{
	int result = keep_to_directory(binding);

	if (result == 0)
		result = (int)raw_syscall(SYS_fchdir, binding->cwd_fd, 0, 0, 0, 0, 0);
	raw_syscall(SYS_umask, (long)binding->umask, 0, 0, 0, 0, 0);
	if (binding->plan->change_user) {
		raw_syscall(SYS_setfsgid, (long)binding->plan->gid, 0, 0, 0, 0, 0);
		raw_syscall(SYS_setfsuid, (long)binding->plan->uid, 0, 0, 0, 0, 0);
		if (raw_syscall(SYS_setfsuid, -1, 0, 0, 0, 0, 0) != (long)binding->plan->uid)
			result = -EPERM;
	}
	if (result)
		return result;
	return (int)raw_syscall(SYS_bind, binding->fd, (long)binding->address, (long)binding->length, 0, 0, 0);
}

static int bind_in_child(const struct binding *binding)
{
	int status = 0;
	pid_t pid = vfork(), ended;

	if (pid == 0)
		raw_exit(-carry_out(binding));
	if (pid < 0)
		return -EAGAIN;
	do
		ended = waitpid(pid, &status, 0);
	while (ended < 0 && errno == EINTR);
	return ended == pid && WIFEXITED(status) ? -WEXITSTATUS(status) : -EAGAIN;
}

/* The directory of the path, as the script sees it. `path` is cut there. */
static int open_parent(const struct broker *broker, pid_t thread, char *path)
{
	char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int fd;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EADDRINUSE;
	if (slash)
		*slash = '\0';
	broker_be_script(broker, true);
	fd = broker_open_inside(thread, !slash ? "." : slash == path ? "/" : path);
	broker_be_script(broker, false);
	return fd == -EXDEV || fd == -ELOOP ? -EACCES : fd;
}

static int open_cwd(const struct broker *broker, pid_t thread)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cwd", thread);
	broker_be_script(broker, true);
	fd = raw_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	broker_be_script(broker, false);
	return fd;
}

int broker_bind_path(struct broker *broker, const struct seccomp_notif *call, int fd,
                     const union broker_address *address, socklen_t length)
{
	char path[sizeof(address->un.sun_path) + 1] = "";
	struct binding binding = {
		.plan = broker->plan, .fd = fd, .address = address, .length = length, .umask = broker_umask(call)
	};
	size_t size = length - offsetof(struct sockaddr_un, sun_path);
	FD_CLEANUP int parent_fd = -1, cwd_fd = -1;

	if (!broker_is_path(address, length))
		return -EACCES; /* an abstract name would be everybody's on the machine */
	memcpy(path, address->un.sun_path, size < sizeof(path) ? size : sizeof(path) - 1);
	parent_fd = open_parent(broker, (pid_t)call->pid, path);
	cwd_fd = open_cwd(broker, (pid_t)call->pid);
	if (parent_fd < 0 || cwd_fd < 0)
		return parent_fd < 0 ? parent_fd : cwd_fd;
	if (!broker_is_below_grant(broker, parent_fd))
		return -EACCES;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	binding.parent_fd = parent_fd;
	binding.cwd_fd = cwd_fd;
	return bind_in_child(&binding);
}
