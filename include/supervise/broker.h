/* Theory of operation: calls that the kernel leaves to us to decide.
 *
 * Without a view: changes of modes and times (broker_files.c), and all sockets. Inside a view: who may be connected to.
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
 * Without a network namespace (a container that grants none) the host's network is all around, and every way to send or
 * receive is decided, or not to be had. So the filter sends each socket() here, too: the broker makes the socket, keeps
 * a duplicate, and puts it among the script's descriptors (ADDFD with SEND). That needs no capability and no
 * pidfd_getfd. A socket is found again by its inode, as /proc/PID/fd/N shows it, and what is done is done on our
 * duplicate: a descriptor that changes meanwhile leads only to another socket that was made here (given.h,
 * broker_given.c).
 *
 *   socket()             TCP, and UNIX streams, as asked; "UDP" is an unconnected UNIX socket of the kind that keeps
 *                        messages apart (SEQPACKET), which sends to nobody; other families, types, protocols: refused
 *   socketpair()         UNIX streams; no datagrams
 *   connect(), TCP       by the rules, with the address that was read, on our duplicate, which is given up when the
 *                        connection stands, so that the peer sees the script close its end; AF_UNSPEC: refused
 *   connect(), UDP       to port 53: a pair takes its place, and the resolver is at our end; elsewhere: no route
 *   connect(), UNIX      by path, in the script's private directory or by a rule unix:PATH; abstract names are others'
 *   bind(), TCP          to granted ports, to none in particular, and with loopback: host on the loopback itself
 *   bind(), UNIX         by path, below a grant to write (broker_bind_path.c); abstract and automatic names: refused
 *   listen()             only where a granted port is bound, or with loopback: host one of the loopback; unbound, which
 *                        would take any port: refused. UNIX: what is bound
 *   accept()             needs a socket that listens
 *   sendto, sendmsg, sendmmsg with an address
 *                        TCP does not look at it (unconnected: EPIPE), UNIX streams refuse it, SEQPACKET drops it
 *   Fast Open            refused: by flag (sendto, sendmsg, sendmmsg), and as the option TCP_FASTOPEN_CONNECT
 *   options              that choose routes, interfaces, groups, or carry options for packets: refused, as SIOC* ioctls
 *   what lost its peer   is unconnected, and ours no more: connect() and bind() know nothing of it
 *   descriptors          pidfd_getfd, ptrace, io_uring: refused by the filter; over a UNIX socket of a rule the server
 *                        may hand over what it likes, which is the grant's
 *
 * Who the broker is to the kernel: started by root it acts on files and other processes with the script's file system
 * ids (broker_be_script()), since a container's root has no CAP_SYS_PTRACE.
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
#include "supervise/given.h"
#include "supervise/last_words.h"
#include "supervise/observation.h"
#include "supervise/resolver.h"

#define BROKER_PENDING_MAX 64
#define BROKER_POLL_MAX (1 + BROKER_PENDING_MAX + GIVEN_MAX + RESOLVER_POLL_MAX)
#define BROKER_SWEEP_MS 100

#define OBSERVED_NUMBERS 512 /* system calls have smaller numbers than that */

/* A call that waits for its answer. */
struct pending_call {
	struct seccomp_notif call; /* id 0: free */
	int fd;                    /* our duplicate of the socket that is being connected; -1: waits for a look-up */
	uint64_t deadline_ms;      /* monotonic; 0: none */
};

struct broker {
	const struct plan *plan;
	const struct observer *observer; /* of a plan that traces; or NULL */
	uint64_t outer_network;          /* cookie of our own network namespace */
	int denied_call;                 /* number of the first call that was refused; -1: none yet */
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
	struct given_table *given;          /* NULL until the script makes a socket; owned */
	bool waits_for_room;                /* a call does, among the given sockets */
	pid_t init;                         /* below which the script's processes are */
	int root_fd;                        /* the script's root, for a trace; -1: not known yet; owned */
	uint8_t observed[OBSERVED_NUMBERS]; /* index into observed_calls, from 1; 0: not observed */
	uint64_t fork_room;                 /* how many more there may be, at least */
	struct last_words words;
	bool forks_ended; /* the run is being ended: nobody is born any more */
	struct resolver resolver;
	struct pending_call pending[BROKER_PENDING_MAX];
};

/* `observer` may be NULL. */
void broker_init(struct broker *broker, const struct plan *plan, const struct observer *observer);
/* Fills at most BROKER_POLL_MAX entries; returns how many. */
size_t broker_poll(const struct broker *broker, struct pollfd *fds);
/* When it wants to be called again whatever happens: monotonic; 0: never. */
uint64_t broker_next_ms(const struct broker *broker);
/* After poll: answers what can be answered. */
void broker_serve(struct broker *broker, const struct pollfd *fds, size_t count);
void broker_close(struct broker *broker);

#endif
