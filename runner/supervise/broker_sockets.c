/* Sockets of our own network in the place of the script's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fds.h"
#include "host/uapi.h"
#include "supervise/broker_parts.h"

#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72 /* Linux 5.14 */
#endif
#define SEND_BUFFER_LOCKED 1
#define RECEIVE_BUFFER_LOCKED 2

/* What a program may have set before it connects, or binds. Each is copied where it differs from a new socket's. */
static const struct copied_option {
	int level, option;
	socklen_t size;
} copied_options[] = {
	{ SOL_SOCKET, SO_REUSEADDR, sizeof(int) },
	{ SOL_SOCKET, SO_REUSEPORT, sizeof(int) },
	{ SOL_SOCKET, SO_KEEPALIVE, sizeof(int) },
	{ SOL_SOCKET, SO_OOBINLINE, sizeof(int) },
	{ SOL_SOCKET, SO_PRIORITY, sizeof(int) },
	{ SOL_SOCKET, SO_RCVLOWAT, sizeof(int) },
	{ SOL_SOCKET, SO_LINGER, sizeof(struct linger) },
	{ SOL_SOCKET, SO_RCVTIMEO, sizeof(struct timeval) },
	{ SOL_SOCKET, SO_SNDTIMEO, sizeof(struct timeval) },
	{ SOL_SOCKET, SO_TIMESTAMP, sizeof(int) },
	{ IPPROTO_TCP, TCP_NODELAY, sizeof(int) },
	{ IPPROTO_TCP, TCP_CORK, sizeof(int) },
	{ IPPROTO_TCP, TCP_KEEPIDLE, sizeof(int) },
	{ IPPROTO_TCP, TCP_KEEPINTVL, sizeof(int) },
	{ IPPROTO_TCP, TCP_KEEPCNT, sizeof(int) },
	{ IPPROTO_TCP, TCP_SYNCNT, sizeof(int) },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, sizeof(int) },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, sizeof(int) },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, sizeof(int) },
	{ IPPROTO_IP, IP_TOS, sizeof(int) },
	{ IPPROTO_IP, IP_TTL, sizeof(int) },
	{ IPPROTO_IP, IP_MTU_DISCOVER, sizeof(int) },
	{ IPPROTO_IPV6, IPV6_V6ONLY, sizeof(int) },
	{ IPPROTO_IPV6, IPV6_TCLASS, sizeof(int) },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, sizeof(int) },
};

#define COPIED_COUNT (sizeof(copied_options) / sizeof(copied_options[0]))

union option_value {
	int number;
	struct linger linger;
	struct timeval time;
};

/* Of a new socket of this family: asked once. */
static const union option_value *standard_values(int fd, bool six)
{
	static union option_value values[2][COPIED_COUNT];
	static bool known[2];

	for (size_t i = 0; !known[six] && i < COPIED_COUNT; i++) {
		socklen_t size = copied_options[i].size;

		getsockopt(fd, copied_options[i].level, copied_options[i].option, &values[six][i], &size);
	}
	known[six] = true;
	return values[six];
}

static int copy_options(int from, int to, bool six)
{
	const union option_value *standard = standard_values(to, six);

	for (size_t i = 0; i < COPIED_COUNT; i++) {
		const struct copied_option *row = &copied_options[i];
		union option_value wanted = { .time = { 0 } };
		socklen_t size = row->size;

		if ((row->level == IPPROTO_IPV6 && !six) || getsockopt(from, row->level, row->option, &wanted, &size) ||
		    memcmp(&wanted, &standard[i], row->size) == 0)
			continue;
		if (setsockopt(to, row->level, row->option, &wanted, size))
			return -1;
	}
	return 0;
}

/* A size that the program chose switches the kernel's own tuning off, so only such a one is copied. The kernel tells
 * twice of what it was told. */
static int copy_buffer(int from, int to, int option)
{
	int size = broker_socket_option(from, SOL_SOCKET, option) / 2;

	return setsockopt(to, SOL_SOCKET, option, &size, sizeof(size));
}

static int copy_buffers(int from, int to)
{
	int locked = broker_socket_option(from, SOL_SOCKET, SO_BUF_LOCK);

	if (locked < 0)
		return 0;
	return ((locked & SEND_BUFFER_LOCKED) && copy_buffer(from, to, SO_SNDBUF)) ||
	       ((locked & RECEIVE_BUFFER_LOCKED) && copy_buffer(from, to, SO_RCVBUF));
}

int broker_make_socket(int fd)
{
	int domain = broker_socket_option(fd, SOL_SOCKET, SO_DOMAIN);
	FD_CLEANUP int own = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (own < 0 || copy_options(fd, own, domain == AF_INET6) || copy_buffers(fd, own))
		return -errno;
	return TAKE_FD(own);
}

/* Close-on-exec belongs to the script's descriptor, which only /proc tells about. */
static bool closes_on_exec(const struct broker *broker, const struct seccomp_notif *call)
{
	char path[64], text[512] = "";
	const char *line;
	FD_CLEANUP int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (pid_t)call->pid, (int)call->data.args[0]);
	broker_be_script(broker, true);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	broker_be_script(broker, false);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return true;
	line = strstr(text, "flags:");
	return !line || (strtoul(line + strlen("flags:"), NULL, 8) & O_CLOEXEC);
}

int broker_put_in_place(const struct broker *broker, const struct seccomp_notif *call, int own)
{
	const struct seccomp_notif_addfd place = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SETFD,
		.srcfd = (uint32_t)own,
		.newfd = (uint32_t)call->data.args[0],
		.newfd_flags = closes_on_exec(broker, call) ? O_CLOEXEC : 0,
	};

	/* ENOENT: the caller is gone */
	return ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &place) < 0 ? -EINTR : 0;
}

/* A blocking connect ends with EINPROGRESS when SO_SNDTIMEO has passed. */
uint64_t broker_deadline_of(int fd)
{
	struct timeval timeout = { 0 };
	socklen_t size = sizeof(timeout);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) || (!timeout.tv_sec && !timeout.tv_usec))
		return 0;
	return clock_ms() + (uint64_t)timeout.tv_sec * 1000 + (uint64_t)timeout.tv_usec / 1000 + 1;
}

int broker_connect_out(struct broker *broker, const struct seccomp_notif *call, int fd,
                       const union broker_address *address, socklen_t length)
{
	BROKER_FD_CLEANUP int own = broker_make_socket(fd);
	int flags = fcntl(fd, F_GETFL), result, placed;
	bool blocking = !(flags & O_NONBLOCK);

	if (own < 0 || flags < 0)
		return own < 0 ? own : -errno;
	result = connect(own, &address->any, length) ? -errno : 0;
	/* a socket that did not get as far as this stays out of the script's hands */
	if (result && result != -EINPROGRESS)
		return result;
	if (blocking && fcntl(own, F_SETFL, 0))
		return -errno;
	placed = broker_put_in_place(broker, call, own);
	if (placed || result == 0 || !blocking)
		return placed ? placed : result;
	flags = broker_wait(broker, call, own, broker_deadline_of(own));
	if (flags == BROKER_WAITS)
		own = -1;
	return flags;
}
