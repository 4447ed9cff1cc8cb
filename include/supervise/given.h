/* Sockets that the supervisor made for the script, where there is no network namespace, and of which it still keeps a
 * duplicate: because the script may yet connect, bind or listen on them, which only the supervisor does
 * (broker_given.c). They are told apart by their inode, which /proc/PID/fd shows of any copy that the script has of
 * one, in any process.
 *
 * A duplicate would hide from the peer that the script has closed its own: it is given up once the socket is connected
 * or listens. Nobody minds before that. Of sockets that were closed unused the duplicates stay until their places are
 * needed: then the descriptors of all processes inside are looked through (given_held.c). One that is on its way from
 * one process to another at that moment (SCM_RIGHTS) is taken for closed, and cannot be connected any more. */
#ifndef SUPERVISE_GIVEN_H
#define SUPERVISE_GIVEN_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GIVEN_MAX 512
#define GIVEN_LISTENING_MAX 64

enum given_kind {
	GIVEN_STREAM,   /* TCP */
	GIVEN_UNIX,     /* a stream */
	GIVEN_DATAGRAM, /* what the script takes for UDP: can only become a way to the resolver */
};

struct given {
	int fd; /* -1: free; owned */
	uint64_t inode;
	enum given_kind kind;
	int family;      /* as the script asked for it */
	bool connecting; /* has begun to, and is looked at until it has ended */
};

struct given_table {
	struct given rows[GIVEN_MAX];
	uint64_t listening[GIVEN_LISTENING_MAX]; /* inodes of the last ones that were made to listen */
	size_t listening_next;
	uint64_t next_look_ms; /* not before that are the processes looked through again */
};

/* NULL: no memory. */
struct given_table *given_new(void);
void given_close(struct given_table **table);
/* A free place, or NULL. */
struct given *given_place(struct given_table *table);
/* NULL: none of ours, or no longer kept. */
struct given *given_find(struct given_table *table, uint64_t inode);
void given_forget(struct given *given);
/* 0: it is no socket. */
uint64_t given_inode(int fd);
/* It listens: is not kept any more, but known to listen for a while. */
void given_listens(struct given_table *table, struct given *given);
bool given_is_listening(const struct given_table *table, uint64_t inode);

/* Those that connect: at most GIVEN_MAX entries. `table` may be NULL. */
size_t given_poll(const struct given_table *table, struct pollfd *fds);
void given_serve(struct given_table *table, const struct pollfd *fds, size_t count);

/* given_held.c: forgets those that no process below `init` holds a copy of; at once only where the last time is long
 * ago against what it took, so that a script cannot keep us at it. Returns whether it looked. */
bool given_forget_closed(struct given_table *table, pid_t init);

#endif
