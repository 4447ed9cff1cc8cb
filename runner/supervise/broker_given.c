/* Where there is no network namespace: every socket of the script is made here, and connected, bound and made to listen
 * by us, on our duplicate. What the script does to its descriptor meanwhile cannot lead to another socket than one that
 * was made here. See broker.h. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fds.h"
#include "host/uapi.h"
#include "supervise/broker_parts.h"

#define TYPE_BITS 0xf /* SOCK_STREAM and so on; the rest are flags */
#define PORT_NAMES 53

static const struct made {
	int domain, type, protocols[2]; /* which the script may ask for */
	enum given_kind kind;
	int made_domain, made_type;
} made[] = {
	{ AF_UNIX, SOCK_STREAM, { 0, AF_UNIX }, GIVEN_UNIX, AF_UNIX, SOCK_STREAM },
	{ AF_INET, SOCK_STREAM, { 0, IPPROTO_TCP }, GIVEN_STREAM, AF_INET, SOCK_STREAM },
	{ AF_INET6, SOCK_STREAM, { 0, IPPROTO_TCP }, GIVEN_STREAM, AF_INET6, SOCK_STREAM },
	/* unconnected, it sends nothing, and to nobody whom a call names (unix(7)) */
	{ AF_INET, SOCK_DGRAM, { 0, IPPROTO_UDP }, GIVEN_DATAGRAM, AF_UNIX, SOCK_SEQPACKET },
	{ AF_INET6, SOCK_DGRAM, { 0, IPPROTO_UDP }, GIVEN_DATAGRAM, AF_UNIX, SOCK_SEQPACKET },
};

static const struct made *find_made(int domain, int type, int protocol)
{
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (made[i].domain == domain && made[i].type == type &&
		    (made[i].protocols[0] == protocol || made[i].protocols[1] == protocol))
			return &made[i];
	return NULL;
}

/* 0, -errno, or BROKER_WAITS: a script that makes and closes sockets faster than it is worth looking for. */
static int find_place(struct broker *broker, const struct seccomp_notif *call, struct given **place)
{
	if (!broker->given)
		broker->given = given_new();
	if (!broker->given)
		return -ENOMEM;
	*place = given_place(broker->given);
	if (*place)
		return 0;
	if (clock_ms() < broker->given->next_look_ms) {
		broker->waits_for_room = true;
		return broker_wait(broker, call, -1, 0);
	}
	if (broker_forget_closed(broker))
		*place = given_place(broker->given);
	return *place ? 0 : -ENFILE;
}

/* Into the caller's next free descriptor, which is also the call's answer (Linux 5.14), or is answered by us. */
static int hand_over(const struct broker *broker, const struct seccomp_notif *call, int fd, bool close_on_exec)
{
	struct seccomp_notif_addfd place = { .id = call->id,
		                             .flags = SECCOMP_ADDFD_FLAG_SEND,
		                             .srcfd = (uint32_t)fd,
		                             .newfd_flags = close_on_exec ? O_CLOEXEC : 0 };
	int number;

	if (ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &place) >= 0)
		return BROKER_ANSWERED;
	if (errno != EINVAL)
		return errno == ENOENT ? -EINTR : -errno;
	place.flags = 0;
	number = ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &place);
	if (number < 0)
		return errno == ENOENT ? -EINTR : -errno;
	broker_answer_value(broker, call->id, number);
	return BROKER_ANSWERED;
}

int given_socket(struct broker *broker, const struct seccomp_notif *call)
{
	int domain = (int)call->data.args[0], type = (int)call->data.args[1];
	const struct made *row = find_made(domain, type & TYPE_BITS, (int)call->data.args[2]);
	BROKER_FD_CLEANUP int fd = -1;
	struct given *place;
	int result;

	if (domain == AF_NETLINK)
		return -EAFNOSUPPORT; /* of the interfaces the C library asks at every look-up, and goes on without */
	if (!row)
		return -EPERM;
	if (type & ~(TYPE_BITS | SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	result = find_place(broker, call, &place);
	if (result)
		return result;
	broker_be_script(broker, true); /* whose the socket is, to firewalls and to others who ask */
	fd = socket(row->made_domain, row->made_type | SOCK_CLOEXEC | (type & SOCK_NONBLOCK), 0);
	result = -errno;
	broker_be_script(broker, false);
	if (fd < 0)
		return result;
	result = hand_over(broker, call, fd, type & SOCK_CLOEXEC);
	if (result == BROKER_ANSWERED)
		*place = (struct given){ .fd = TAKE_FD(fd), .inode = 0, .kind = row->kind, .family = domain },
		place->inode = given_inode(place->fd);
	return result;
}

/* What stands behind the descriptor that the call names. *inode; 0 or -errno. */
static int find(struct broker *broker, const struct seccomp_notif *call, uint64_t *inode, struct given **given)
{
	int result = broker_socket_inode(broker, call, (int)call->data.args[0], inode);

	if (result)
		return result;
	*given = given_find(broker->given, *inode);
	return broker_still_asks(broker, call) ? 0 : -EINTR;
}

/* The script's resolver gets a way to ours, and may believe that it speaks UDP with a name server. */
static int connect_datagram(struct broker *broker, const struct seccomp_notif *call, struct given *given, uint16_t port)
{
	BROKER_FD_CLEANUP int theirs = -1;
	FD_CLEANUP int ours = -1;
	int pair[2], flags = fcntl(given->fd, F_GETFL), result;

	if (port != PORT_NAMES)
		return -ENETUNREACH; /* which is also how a look-up finds out about routes: nobody is told */
	if (flags < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	if (fcntl(theirs, F_SETFL, flags) || fcntl(ours, F_SETFL, O_NONBLOCK))
		return -errno;
	if (!resolver_has_room(&broker->resolver))
		return -EAGAIN;
	result = broker_put_in_place(broker, call, theirs);
	if (result)
		return result;
	resolver_add_client(&broker->resolver, TAKE_FD(ours));
	given_forget(given);
	return 0;
}

/* A duplicate waits, since the script may have it connected by another thread meanwhile. */
static int wait_for(struct broker *broker, const struct seccomp_notif *call, const struct given *given)
{
	BROKER_FD_CLEANUP int fd = fcntl(given->fd, F_DUPFD_CLOEXEC, 0);
	int result = fd < 0 ? -EAGAIN : broker_wait(broker, call, fd, broker_deadline_of(fd));

	if (result == BROKER_WAITS)
		fd = -1;
	return result;
}

static int begin(struct broker *broker, const struct seccomp_notif *call, struct given *given,
                 const union broker_address *address, socklen_t length)
{
	bool blocking = false;
	int result = broker_connect_own(given->fd, address, length, &blocking);

	if (result == 0 || result == -EISCONN) {
		given_forget(given);
		return result;
	}
	if (result != -EINPROGRESS && result != -EALREADY)
		return result;
	given->connecting = true;
	return blocking ? wait_for(broker, call, given) : result;
}

static int connect_stream(struct broker *broker, const struct seccomp_notif *call, struct given *given,
                          union broker_address *address, socklen_t length)
{
	struct net_address to;
	uint16_t port;

	if (address->any.sa_family != given->family)
		return -EAFNOSUPPORT;
	if (!broker_read_address(address, length, &to, &port))
		return -EINVAL;
	if (given->family == AF_INET6)
		address->six.sin6_flowinfo = 0; /* a label could carry a route */
	switch (broker_find_way(broker, &to, port)) {
	case WAY_OUT:
		return begin(broker, call, given, address, length);
	case WAY_LATER:
		return broker_wait(broker, call, -1, 0);
	case WAY_REFUSED:
		return broker->plan->network.by_rules ? -EACCES : broker_refuse(broker, NULL, ENETUNREACH);
	case WAY_OWN: /* nobody of its own listens there */
	case WAY_EITHER:
		break;
	}
	return -ECONNREFUSED;
}

static int connect_unix(struct broker *broker, const struct seccomp_notif *call, struct given *given,
                        const union broker_address *address, socklen_t length)
{
	int result;

	if (address->any.sa_family != AF_UNIX)
		return -EINVAL;
	if (!broker_is_path(address, length))
		return -EACCES; /* the script binds no abstract name, so it is another's */
	result = broker_connect_path(broker, call, given->fd, address, length);
	if (result == 0 || result == -EISCONN)
		given_forget(given);
	return result;
}

int given_connect(struct broker *broker, const struct seccomp_notif *call)
{
	union broker_address address;
	socklen_t length = 0;
	struct given *given;
	uint64_t inode;
	uint16_t port = 0;
	struct net_address to;
	int result = broker_copy_address(broker, call, &address, &length);

	if (result)
		return result;
	broker_name_address(broker, &address, length);
	result = find(broker, call, &inode, &given);
	if (result)
		return result;
	if (!given)
		return -EISCONN; /* or it listens, or was the other end's of one that did */
	if (given->kind == GIVEN_UNIX)
		return connect_unix(broker, call, given, &address, length);
	if (given->kind == GIVEN_STREAM)
		return connect_stream(broker, call, given, &address, length);
	if (address.any.sa_family == AF_UNSPEC)
		return 0; /* it is unconnected */
	return broker_read_address(&address, length, &to, &port) ? connect_datagram(broker, call, given, port)
	                                                         : -EINVAL;
}

/* 0.0.0.0 is reached over the loopback, but a server there from everywhere. */
static bool is_loopback_only(const struct net_address *address)
{
	const struct net_address plain = net_unmap(address);
	static const uint8_t everywhere[sizeof(plain.bytes)];

	return net_is_loopback(&plain) && memcmp(plain.bytes, everywhere, sizeof(everywhere)) != 0;
}

/* At a port of the host's: one that is granted, any of the loopback where that is shared, and none in particular, for a
 * connection that comes from there. */
static bool may_bind(const struct broker *broker, const struct net_address *address, uint16_t port)
{
	return port == 0 || broker_is_granted_port(broker, port) ||
	       (broker->plan->network.host_loopback && is_loopback_only(address) &&
	        (port >= IPPORT_RESERVED ||
	         !broker->plan->change_user)); /* the right to those is ours, not the script's */
}

static int bind_stream(struct broker *broker, struct given *given, const union broker_address *address,
                       socklen_t length)
{
	struct net_address at;
	uint16_t port;
	int result;

	if (!broker_read_address(address, length, &at, &port) || at.family != given->family)
		return -EINVAL;
	if (!may_bind(broker, &at, port)) {
		broker_name_port(broker, &at, port);
		return -EACCES;
	}
	result = bind(given->fd, &address->any, length) ? -errno : 0;
	/* by one that the script has closed, perhaps, and we have not */
	if (result == -EADDRINUSE && broker_forget_closed(broker))
		result = bind(given->fd, &address->any, length) ? -errno : 0;
	if (result == 0 && port)
		broker_remember_bound(broker, address, length);
	return result;
}

int given_bind(struct broker *broker, const struct seccomp_notif *call)
{
	union broker_address address;
	socklen_t length = 0;
	struct given *given;
	uint64_t inode;
	int result = broker_copy_address(broker, call, &address, &length);

	if (result)
		return result;
	broker_name_address(broker, &address, length);
	result = find(broker, call, &inode, &given);
	if (result)
		return result;
	if (!given)
		return -EINVAL; /* as for a socket that is bound */
	switch (given->kind) {
	case GIVEN_UNIX:
		broker->asked.code = "files.write";
		return broker_bind_path(broker, call, given->fd, &address, length);
	case GIVEN_STREAM:
		return bind_stream(broker, given, &address, length);
	case GIVEN_DATAGRAM:
		break;
	}
	return -EACCES;
}

static bool may_listen(struct broker *broker, int fd)
{
	union broker_address address = { 0 };
	struct net_address at = { .family = AF_INET };
	socklen_t length = sizeof(address);
	uint16_t port = 0;

	if (getsockname(fd, &address.any, &length) || !broker_read_address(&address, length, &at, &port))
		return false;
	broker_name_port(broker, &at, port);
	return port &&
	       (broker_is_granted_port(broker, port) || (broker->plan->network.host_loopback && is_loopback_only(&at)));
}

int given_listen(struct broker *broker, const struct seccomp_notif *call)
{
	struct given *given;
	uint64_t inode;
	int result = find(broker, call, &inode, &given);

	if (result)
		return result;
	if (!given)
		return given_is_listening(broker->given, inode) ? 0 : -EINVAL;
	if (given->kind == GIVEN_DATAGRAM)
		return -EOPNOTSUPP;
	if (given->kind == GIVEN_STREAM && !may_listen(broker, given->fd))
		return -EPERM;
	result = broker_listen_as_script(broker, given->fd, (int)call->data.args[1]);
	if (result == 0)
		given_listens(broker->given, given);
	return result;
}

/* IP_RECVERR and its like: resolvers ask for errors of the network that they will not get here. */
int given_setsockopt(struct broker *broker, const struct seccomp_notif *call)
{
	static const int pairs[][2] = { { IPPROTO_IP, IP_RECVERR }, { IPPROTO_IPV6, IPV6_RECVERR } };

	(void)broker;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if ((int)call->data.args[1] == pairs[i][0] && (int)call->data.args[2] == pairs[i][1])
			return 0;
	return -EPERM; /* with on_denial: kill what the filter forbids comes here, too */
}
