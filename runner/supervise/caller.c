/* What the broker reads of the process that made a call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

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

int broker_copy_address(const struct seccomp_notif *call, union broker_address *out, socklen_t *length)
{
	uint64_t size = call->data.args[2] & 0xffffffff;
	struct iovec local = { out, 0 }, remote = { NULL, 0 };

	if (size > sizeof(*out) || size < sizeof(out->any.sa_family))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	memcpy(&remote.iov_base, &call->data.args[1], sizeof(remote.iov_base));
	local.iov_len = remote.iov_len = size;
	if (process_vm_readv((pid_t)call->pid, &local, 1, &remote, 1, 0) != (ssize_t)size)
		return -EFAULT;
	*length = (socklen_t)size;
	return 0;
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
