/* What the broker reads of the process that made a call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "host/syscalls.h"
#include "supervise/broker_parts.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

bool broker_still_asks(const struct broker *broker, const struct seccomp_notif *call)
{
	return ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

/* Of /proc/PID/status: what stands behind `name`, in this base; 0 when it is gone. */
static uint64_t status_line(const char *text, const char *name, int base)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, base) : 0;
}

static bool read_status(pid_t thread, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	FD_CLEANUP int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

/* A notification names a thread; older kernels open only processes. */
static int open_process(pid_t thread)
{
	char text[4096];
	int fd = raw_pidfd_open(thread, PIDFD_THREAD);

	if (fd != -EINVAL)
		return fd;
	if (!read_status(thread, text, sizeof(text)))
		return -ESRCH;
	return raw_pidfd_open((pid_t)status_line(text, "\nTgid:", 10), 0);
}

int broker_fetch(const struct seccomp_notif *call, int script_fd)
{
	FD_CLEANUP int pidfd = open_process((pid_t)call->pid);

	if (pidfd < 0)
		return pidfd;
	return (int)raw_syscall(SYS_pidfd_getfd, pidfd, script_fd, 0, 0, 0, 0);
}

void broker_be_script(const struct broker *broker, bool script)
{
	const struct plan *plan = broker->plan;
	uid_t user = script ? plan->uid : geteuid();
	gid_t group = script ? plan->gid : getegid();

	if (!plan->change_user || plan->mode == MODE_NAMESPACES)
		return;
	if (script)
		setfsgid(group);
	setfsuid(user);
	if (!script)
		setfsgid(group);
	/* no number is that of a user, and it answers who we are: as somebody else nothing more is done for us */
	if (!script && ((uid_t)setfsuid((uid_t)-1) != user || (gid_t)setfsgid((gid_t)-1) != group))
		_exit(EXIT_SETUP);
}

/* process_vm_readv() asks for the real user id, /proc/PID/mem for that of the file system. */
static ssize_t read_memory(const struct broker *broker, pid_t thread, uint64_t from, void *to, size_t size)
{
	struct iovec local = { to, size }, remote = { NULL, size };
	char path[64];
	FD_CLEANUP int fd = -1;

	if (!broker->plan->change_user || broker->plan->mode == MODE_NAMESPACES) {
		memcpy(&remote.iov_base, &from, sizeof(remote.iov_base));
		return process_vm_readv(thread, &local, 1, &remote, 1, 0);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", thread);
	broker_be_script(broker, true);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	broker_be_script(broker, false);
	return fd < 0 ? -1 : pread(fd, to, size, (off_t)from);
}

int broker_copy_address(const struct broker *broker, const struct seccomp_notif *call, union broker_address *out,
                        socklen_t *length)
{
	uint64_t size = call->data.args[2] & 0xffffffff;

	if (size > sizeof(*out) || size < sizeof(out->any.sa_family))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	if (read_memory(broker, (pid_t)call->pid, call->data.args[1], out, size) != (ssize_t)size)
		return -EFAULT;
	*length = (socklen_t)size;
	return 0;
}

int broker_socket_inode(const struct broker *broker, const struct seccomp_notif *call, int script_fd, uint64_t *inode)
{
	char path[64];
	struct stat st;
	int result;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (pid_t)call->pid, script_fd);
	broker_be_script(broker, true);
	result = stat(path, &st) ? -errno : 0;
	broker_be_script(broker, false);
	if (result)
		return result == -ENOENT ? -EBADF : result;
	*inode = st.st_ino;
	return S_ISSOCK(st.st_mode) ? 0 : -ENOTSOCK;
}

/* The kernel cannot tell before 5.14: then no socket is known to be the sandbox's own. */
bool broker_is_own_network(const struct broker *broker, int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		return false;
	return cookie && cookie != broker->outer_network;
}

int broker_socket_option(int fd, int level, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, option, &value, &size) ? -1 : value;
}

bool broker_read_address(const union broker_address *from, socklen_t length, struct net_address *address,
                         uint16_t *port)
{
	struct net_address read = { .family = from->any.sa_family };

	if (read.family == AF_INET && length >= sizeof(from->four)) {
		memcpy(read.bytes, &from->four.sin_addr, sizeof(from->four.sin_addr));
		*port = ntohs(from->four.sin_port);
	} else if (read.family == AF_INET6 && length >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memcpy(read.bytes, &from->six.sin6_addr, sizeof(from->six.sin6_addr));
		*port = ntohs(from->six.sin6_port);
	} else {
		return false;
	}
	*address = read;
	return true;
}

bool broker_has_signal(const struct seccomp_notif *call)
{
	char text[4096];
	uint64_t waiting;

	if (!read_status((pid_t)call->pid, text, sizeof(text)))
		return false;
	waiting = status_line(text, "\nSigPnd:", 16) | status_line(text, "\nShdPnd:", 16);
	return waiting & ~status_line(text, "\nSigBlk:", 16) & status_line(text, "\nSigCgt:", 16);
}

mode_t broker_umask(const struct seccomp_notif *call)
{
	char text[4096];

	if (!read_status((pid_t)call->pid, text, sizeof(text)))
		return 0777;
	return (mode_t)status_line(text, "\nUmask:", 8) & 0777;
}
