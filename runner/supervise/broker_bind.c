/* Where there are rules: bind(2) and listen(2), which a socket of our network must not have, but for granted ports. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fds.h"
#include "supervise/broker_parts.h"

/* In our network, and then in the script's hands. */
static int bind_out(struct broker *broker, const struct seccomp_notif *call, int fd,
                    const union broker_address *address, socklen_t length)
{
	BROKER_FD_CLEANUP int own = broker_make_socket(fd);
	int flags = fcntl(fd, F_GETFL), result;

	if (own < 0 || flags < 0)
		return own < 0 ? own : -errno;
	if (bind(own, &address->any, length))
		return -errno;
	if (!(flags & O_NONBLOCK) && fcntl(own, F_SETFL, 0))
		return -errno;
	result = broker_put_in_place(broker, call, own);
	if (result == 0)
		broker_remember_bound(broker, address, length);
	return result;
}

/* Of the UNIX family the kernel judges the path, as the script's own (Landlock, mounts). That the call goes on is no
 * permission: whatever the script puts in the place of the address and of the socket meanwhile, Landlock binds no TCP
 * socket for it, and of the host's network it has no other. Without that (Landlock 4) it does not go on. */
static int bind_unix(const struct broker *broker)
{
	return broker->plan->landlock.handled_net ? BROKER_CONTINUES : -EPERM;
}

int broker_bind(struct broker *broker, const struct seccomp_notif *call)
{
	union broker_address address;
	struct net_address to = { 0 };
	socklen_t length = 0;
	uint16_t port = 0;
	int result = broker_copy_address(broker, call, &address, &length), type;
	BROKER_FD_CLEANUP int fd = -1;

	if (result)
		return result;
	fd = broker_fetch(call, (int)call->data.args[0]);
	if (fd < 0)
		return fd;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	if (!broker_is_own_network(broker, fd))
		return -EINVAL; /* as for a socket that is bound */
	if (broker_socket_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX)
		return bind_unix(broker);
	type = broker_socket_option(fd, SOL_SOCKET, SO_TYPE);
	if (type == SOCK_STREAM && broker_read_address(&address, length, &to, &port) &&
	    broker_is_granted_port(broker, port) && to.family == broker_socket_option(fd, SOL_SOCKET, SO_DOMAIN))
		return bind_out(broker, call, fd, &address, length);
	return bind(fd, &address.any, length) ? -errno : 0;
}

int broker_listen(struct broker *broker, const struct seccomp_notif *call)
{
	BROKER_FD_CLEANUP int fd = broker_fetch(call, (int)call->data.args[0]);
	union broker_address address = { 0 };
	struct net_address at = { .family = AF_INET };
	socklen_t length = sizeof(address);
	uint16_t port = 0;

	if (fd < 0)
		return fd;
	if (!broker_still_asks(broker, call))
		return -EINTR;
	if (!broker_is_own_network(broker, fd) &&
	    (getsockname(fd, &address.any, &length) || !broker_read_address(&address, length, &at, &port) ||
	     !broker_is_granted_port(broker, port))) {
		broker_name_port(broker, &at, port);
		return -EPERM;
	}
	return listen(fd, (int)call->data.args[1]) ? -errno : 0;
}
