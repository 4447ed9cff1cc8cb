/* Theory of operation: calls that the kernel leaves to us to decide.
 *
 * Without a view: changes of modes and times (broker_files.c). Inside a view: who may be connected to.
 *
 * A view keeps paths, and a network namespace keeps addresses, but a UNIX socket that lies in a granted directory leads
 * out of both: a read-only mount does not stop connect(2). So inside a view every connect() is sent here by the system
 * call filter. The broker copies the address once, fetches the script's socket (pidfd_getfd), decides, and connects
 * that very socket itself; the script's call then only learns the result. Nothing that the script can change afterwards
 * is looked at again, and the kernel never continues a call that was judged.
 *
 *   UNIX, by path     only a socket that lies in the sandbox's own scratch file system (/tmp, /dev/shm, home)
 *   UNIX, abstract    the sandbox's own: the network namespace has no others
 *   INET, INET6       the sandbox's own loopback: there is nothing else
 *
 * A connect that does not end at once (a full backlog) waits in a table of fixed size and is answered when it has; a
 * script that fills the table gets EAGAIN. */
#ifndef SUPERVISE_BROKER_H
#define SUPERVISE_BROKER_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "plan/plan.h"
#include "supervise/denials.h"

#define BROKER_PENDING_MAX 32
#define BROKER_POLL_MAX (1 + BROKER_PENDING_MAX)

struct pending_connect {
	uint64_t id; /* of the notification; 0: free */
	int fd;      /* our duplicate of the script's socket */
};

struct broker {
	const struct plan *plan;
	uint64_t outer_network; /* cookie of our own network namespace */
	int denied_call;        /* number of the first call that was refused; -1: none yet */
	struct denials denials;
	struct denial asked; /* of the call that is being served: what it would be if it is refused */
	int listener_fd;     /* -1: none; owned */
	struct pending_connect pending[BROKER_PENDING_MAX];
};

void broker_init(struct broker *broker, const struct plan *plan);
/* Fills at most BROKER_POLL_MAX entries; returns how many. */
size_t broker_poll(const struct broker *broker, struct pollfd *fds);
/* After poll: answers what can be answered. */
void broker_serve(struct broker *broker, const struct pollfd *fds, size_t count);
void broker_close(struct broker *broker);

#endif
