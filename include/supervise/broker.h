/* Theory of operation: calls that the kernel leaves to us to decide.
 *
 * Without a view: changes of modes and times (broker_files.c). Inside a view: who may be connected to.
 *
 * A view keeps paths, and a network namespace keeps addresses, but a UNIX socket that lies in a granted directory leads
 * out of both: a read-only mount does not stop connect(2). So inside a view every connect() is sent here by the system
 * call filter. The broker copies the address once, fetches the script's socket (pidfd_getfd) and decides. Nothing that
 * the script can change afterwards is looked at again, and the kernel never continues a call that was judged.
 *
 *   UNIX, by path     a socket that lies in the sandbox's own scratch file system (/tmp, /dev/shm, home), or that a
 *                     rule unix:PATH names: the broker connects the script's own socket
 *   UNIX, abstract    the sandbox's own: the network namespace has no others
 *   INET, INET6       the sandbox's own loopback: the broker connects the script's own socket
 *                     what a rule allows (TCP): the broker makes a socket in its own network, with the options of the
 *                     script's, begins to connect it, and puts it in the place of the script's descriptor (ADDFD with
 *                     SETFD). From then on nothing stands between the script and its peer.
 *
 * The script then holds a socket of the host's network. What such a socket could do beside that one connection:
 *
 *   connect again     comes here: another decision, another socket (broker_connect.c)
 *   bind, listen      come here where there are rules, and are the sandbox's own, or granted (broker_bind.c)
 *   Fast Open, source routes, routing headers, interfaces: refused by the filter (plan/filter.c, network_rows)
 *   datagrams         there is no datagram socket of the host's network
 *
 * A blocking connect is put in place before it has ended, so that a signal finds the same socket as outside; its thread
 * waits in a table of fixed size, looked over every BROKER_SWEEP_MS: for callers that are gone, signals that they would
 * handle, SO_SNDTIMEO. A script that fills the table gets EAGAIN. The broker keeps no duplicate beyond that: the
 * connection ends when the script closes it.
 *
 * Names: resolver.h. A connection to an address to which an allowed name led is one to that name. */
#ifndef SUPERVISE_BROKER_H
#define SUPERVISE_BROKER_H

#include <linux/seccomp.h>
#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/plan.h"
#include "supervise/denials.h"
#include "supervise/resolver.h"

#define BROKER_PENDING_MAX 64
#define BROKER_POLL_MAX (1 + BROKER_PENDING_MAX + RESOLVER_POLL_MAX)
#define BROKER_SWEEP_MS 100

/* A call that waits for its answer. */
struct pending_call {
	struct seccomp_notif call; /* id 0: free */
	int fd;                    /* our duplicate of the socket that is being connected; -1: waits for a look-up */
	uint64_t deadline_ms;      /* monotonic; 0: none */
};

struct broker {
	const struct plan *plan;
	uint64_t outer_network; /* cookie of our own network namespace */
	int denied_call;        /* number of the first call that was refused; -1: none yet */
	struct denials denials;
	struct denial asked; /* of the call that is being served: what it would be if it is refused */
	int listener_fd;     /* -1: none; owned */
	bool hands_over;     /* the listener has been told to */
	uint64_t next_sweep_ms;
	struct bound_address {
		struct net_address address;
		uint16_t port;
	} bound[16]; /* of network.listen, that the script has bound */
	size_t bound_count;
	struct resolver resolver;
	struct pending_call pending[BROKER_PENDING_MAX];
};

void broker_init(struct broker *broker, const struct plan *plan);
/* Fills at most BROKER_POLL_MAX entries; returns how many. */
size_t broker_poll(const struct broker *broker, struct pollfd *fds);
/* When it wants to be called again whatever happens: monotonic; 0: never. */
uint64_t broker_next_ms(const struct broker *broker);
/* After poll: answers what can be answered. */
void broker_serve(struct broker *broker, const struct pollfd *fds, size_t count);
void broker_close(struct broker *broker);

#endif
