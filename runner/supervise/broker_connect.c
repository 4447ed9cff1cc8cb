/* connect(2) with a network namespace. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "base/fds.h"
#include "supervise/broker_parts.h"

/* Of a TCP socket, as TCP_INFO has them. */
enum tcp_state { SYN_SENT = 2, SYN_RECEIVED = 3, CLOSED = 7 };

/* Takes *fd over when the call has to wait. */
static int wait_with(struct broker *broker, const struct seccomp_notif *call, int *fd)
{
	int result = broker_wait(broker, call, *fd, 0);

	if (result == BROKER_WAITS)
		*fd = -1;
	return result;
}

static int connect_own(struct broker *broker, const struct seccomp_notif *call, int *fd,
                       const union broker_address *address, socklen_t length)
{
	bool blocking = false;
	int result = broker_connect_own(*fd, address, length, &blocking);

	return result == -EINPROGRESS && blocking ? wait_with(broker, call, fd) : result;
}

/* Loopback answers at once, but for a listener whose queue is full. */
#define LOOPBACK_MS 10

/* Nobody inside listens there. The socket is spent then: another one takes its place. */
static bool is_refused_inside(int fd, int result)
{
	struct pollfd waiting = { .fd = fd, .events = POLLOUT };

	if (result == -EINPROGRESS && poll(&waiting, 1, LOOPBACK_MS) == 1 && waiting.revents & (POLLERR | POLLHUP))
		result = -broker_socket_option(fd, SOL_SOCKET, SO_ERROR);
	return result == -ECONNREFUSED;
}

static int connect_either(struct broker *broker, const struct seccomp_notif *call, int *fd,
                          const union broker_address *address, socklen_t length)
{
	bool blocking;
	int result = broker_connect_own(*fd, address, length, &blocking);

	if (is_refused_inside(*fd, result))
		return broker_connect_out(broker, call, *fd, address, length);
	return result == -EINPROGRESS && blocking ? wait_with(broker, call, fd) : result;
}

/* `address` belongs to the socket's own family. `own`: the socket is of the sandbox's own network; one of ours has left
 * that for good. */
static int connect_stream(struct broker *broker, const struct seccomp_notif *call, int *fd,
                          const union broker_address *address, socklen_t length, bool own)
{
	struct net_address to = { 0 };
	uint16_t port = 0;

	if (!broker_read_address(address, length, &to, &port))
		return own ? connect_own(broker, call, fd, address, length) : -EINVAL;
	switch (broker_find_way(broker, &to, port)) {
	case WAY_OWN:
		break;
	case WAY_OUT:
		return broker_connect_out(broker, call, *fd, address, length);
	case WAY_EITHER:
		return own ? connect_either(broker, call, fd, address, length)
		           : broker_connect_out(broker, call, *fd, address, length);
	case WAY_LATER:
		return broker_wait(broker, call, -1, 0);
	case WAY_REFUSED:
		/* without rules the empty network says no by itself, as a machine without a network does */
		return broker->plan->network.by_rules ? -EACCES : broker_refuse(broker, NULL, ENETUNREACH);
	}
	return own ? connect_own(broker, call, fd, address, length) : -ECONNREFUSED;
}

/* A socket of ours that the script already has. Only the broker connects it, once: a further call is told how far that
 * has come, and where it has failed, another socket takes its place. */
static int connect_again(struct broker *broker, const struct seccomp_notif *call, int *fd,
                         const union broker_address *address, socklen_t length)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);
	int code;

	if (!broker->plan->network.by_rules || getsockopt(*fd, IPPROTO_TCP, TCP_INFO, &info, &size))
		return -EPERM;
	if (info.tcpi_state == SYN_SENT || info.tcpi_state == SYN_RECEIVED) {
		if (fcntl(*fd, F_GETFL) & O_NONBLOCK)
			return -EALREADY;
		return wait_with(broker, call, fd);
	}
	if (info.tcpi_state != CLOSED)
		return -EISCONN;
	code = broker_socket_option(*fd, SOL_SOCKET, SO_ERROR);
	if (code)
		return code < 0 ? -EPERM : -code;
	if (address->any.sa_family != broker_socket_option(*fd, SOL_SOCKET, SO_DOMAIN))
		return -EAFNOSUPPORT;
	return connect_stream(broker, call, fd, address, length, false);
}

int broker_connect(struct broker *broker, const struct seccomp_notif *call)
{
	union broker_address address;
	socklen_t length = 0;
	int result = broker_copy_address(broker, call, &address, &length), domain;
	BROKER_FD_CLEANUP int fd = -1;

	if (result)
		return result;
	broker_name_address(broker, &address, length);
	fd = broker_fetch(call, (int)call->data.args[0]);
	if (fd < 0)
		return fd;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	if (!broker_is_own_network(broker, fd))
		return connect_again(broker, call, &fd, &address, length);
	if (broker_is_path(&address, length))
		return broker_connect_path(broker, call, fd, &address, length);
	domain = broker_socket_option(fd, SOL_SOCKET, SO_DOMAIN);
	if ((domain == AF_INET || domain == AF_INET6) && domain == address.any.sa_family &&
	    broker_socket_option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM)
		return connect_stream(broker, call, &fd, &address, length, true);
	return connect_own(broker, call, &fd, &address, length);
}
