/* Inside the broker: what its files share. */
#ifndef SUPERVISE_BROKER_PARTS_H
#define SUPERVISE_BROKER_PARTS_H

#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "supervise/broker.h"

/* What a file's function returns about a call: 0 or -errno to answer, or one of these. */
enum broker_later {
	BROKER_WAITS = 1,     /* it is in the table, and is answered later */
	BROKER_CONTINUES = 2, /* the kernel carries it out, under what else confines the script */
	BROKER_ANSWERED = 3   /* together with a descriptor */
};

union broker_address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_storage storage;
};

/* caller.c: what is read of the caller */

/* Is the caller still waiting for this call? Asked after its memory or its /proc was read and before anything is done:
 * had it ended, its number might be another's by then. */
bool broker_still_asks(const struct broker *broker, const struct seccomp_notif *call);
/* The script's memory is read once. 0, or -EFAULT, -EINVAL as connect(2) has them. */
int broker_copy_address(const struct broker *broker, const struct seccomp_notif *call, union broker_address *out,
                        socklen_t *length);
/* From here on (and with false: no longer) what the kernel decides by the file system's ids, it decides as for the
 * script: which are its own processes to be read, whose is what is made. Only where there is no view, and root started
 * it: there root may lack the capabilities to do all that itself. */
void broker_be_script(const struct broker *broker, bool script);
/* Of the socket behind the caller's descriptor. 0, -EBADF, -ENOTSOCK, ... */
int broker_socket_inode(const struct broker *broker, const struct seccomp_notif *call, int script_fd, uint64_t *inode);
/* A path, ending in a zero byte. 0, -EFAULT, -ENOENT for an empty one, -ENAMETOOLONG. */
int broker_copy_path(pid_t pid, uint64_t from, char path[PATH_MAX]);
/* A duplicate of the caller's descriptor (close-on-exec), or -errno. To be given up by broker_drop(): the script may
 * have closed its own by then, and closing the last one of a socket waits for its peer as long as SO_LINGER says. */
int broker_fetch(const struct seccomp_notif *call, int script_fd);
/* A socket that was handed over as stdin, stdout or stderr, and one of ours, belong to another network. */
bool broker_is_own_network(const struct broker *broker, int fd);
/* Closes it, and is not kept waiting. Sets *fd to -1. */
void broker_drop(int *fd);
/* Without waiting, as recv(2). Descriptors that come with it are dropped, as above, and then it is 0 as at the end:
 * nobody honest sends them. */
ssize_t broker_receive(int fd, void *data, size_t size);
#define BROKER_FD_CLEANUP __attribute__((cleanup(broker_drop)))
/* SO_DOMAIN, SO_TYPE, ...; -1: it has none. */
int broker_socket_option(int fd, int level, int option);
/* False, and *address untouched, when it is none of INET or INET6. */
bool broker_read_address(const union broker_address *from, socklen_t length, struct net_address *address,
                         uint16_t *port);
/* Does the calling thread have a signal that its program would handle? */
bool broker_has_signal(const struct seccomp_notif *call);
/* Of the calling process; everything, when it is gone. */
mode_t broker_umask(const struct seccomp_notif *call);

/* broker.c */

/* A connect that goes on: takes fd over, which may be -1 (a look-up goes on). BROKER_WAITS or -EAGAIN. */
int broker_wait(struct broker *broker, const struct seccomp_notif *call, int fd, uint64_t deadline_ms);
/* Remembers a refusal, of what broker->asked says; returns -code. */
int broker_refuse(struct broker *broker, const char *target, int code);
/* The call's answer is `code` (0 or an errno); the caller may be gone, which needs no answer. */
void broker_answer(const struct broker *broker, uint64_t id, int code);

/* The same where the answer is a number. */
void broker_answer_value(const struct broker *broker, uint64_t id, int64_t value);
/* Given sockets that the script has closed make room. Returns whether they were looked for. */
bool broker_forget_closed(struct broker *broker);

/* broker_way.c: where a connection may lead */

enum way {
	WAY_OWN,     /* the sandbox's own network */
	WAY_OUT,     /* ours */
	WAY_EITHER,  /* ours, where nobody listens in the sandbox's own */
	WAY_LATER,   /* a look-up was begun */
	WAY_REFUSED, /* broker->asked says what */
};
enum way broker_find_way(struct broker *broker, const struct net_address *given, uint16_t port);
/* What a refusal is told of, where nobody knows it better: an abstract name as ss(8) writes it. */
void broker_name_address(struct broker *broker, const union broker_address *address, socklen_t length);
void broker_name_port(struct broker *broker, const struct net_address *address, uint16_t port);
bool broker_is_path(const union broker_address *address, socklen_t length);
/* Of network.listen. */
bool broker_is_granted_port(const struct broker *broker, uint16_t port);
void broker_remember_bound(struct broker *broker, const union broker_address *address, socklen_t length);

/* broker_connect.c, broker_bind.c, broker_files.c: the calls themselves */

int broker_connect(struct broker *broker, const struct seccomp_notif *call);
int broker_bind(struct broker *broker, const struct seccomp_notif *call);
int broker_listen(struct broker *broker, const struct seccomp_notif *call);
/* chmod, fchmod, fchmodat, utimensat where there is no view: carried out by us, on what lies below a write grant, since
 * Landlock does not decide about them. */
int broker_change_file(struct broker *broker, const struct seccomp_notif *call);

/* broker_given.c: the same where there is no network namespace */

int given_socket(struct broker *broker, const struct seccomp_notif *call);
int given_connect(struct broker *broker, const struct seccomp_notif *call);
int given_bind(struct broker *broker, const struct seccomp_notif *call);
int given_listen(struct broker *broker, const struct seccomp_notif *call);
int given_setsockopt(struct broker *broker, const struct seccomp_notif *call);

/* Does the file or directory lie in the script's own, or below a grant to write? (broker_files.c) What it is called
 * goes into broker->asked. */
bool broker_is_below_grant(struct broker *broker, int fd);
/* broker_forks.c: clone, fork, vfork where limits.processes is kept by asking. */
int broker_fork(struct broker *broker, const struct seccomp_notif *call);

/* broker_words.c: write to descriptor 2, which always continues. */
int broker_words(struct broker *broker, const struct seccomp_notif *call);

/* broker_unix.c: connects the script's own socket to a path that is the sandbox's own or granted. As broker_connect. */
int broker_connect_path(struct broker *broker, const struct seccomp_notif *call, int fd,
                        const union broker_address *address, socklen_t length);

/* What the path means to the script: from its own root, or beneath its own directory. An O_PATH descriptor, or
 * -errno. */
int broker_open_inside(pid_t thread, const char *path);
/* broker_bind_path.c: without a view, at a path that lies below a grant to write. 0 or -errno. */
int broker_bind_path(struct broker *broker, const struct seccomp_notif *call, int fd,
                     const union broker_address *address, socklen_t length);
/* Its clients see the script's user (SO_PEERCRED). */
int broker_listen_as_script(const struct broker *broker, int fd, int backlog);

/* broker_own.c: connects or binds a socket that the script made; never waits. 0, -EINPROGRESS when it goes on, or
 * -errno. *blocking: the script's own wish. */
int broker_connect_own(int fd, const union broker_address *address, socklen_t length, bool *blocking);

/* How a connection that was begun has ended, as connect(2) tells whoever waits for it: 0 or -errno. */
int broker_connect_result(int fd);

/* broker_sockets.c: sockets of our network in the place of the script's */

/* A socket like the script's `fd`, with its options, not blocking: owned by the caller; or -errno. */
int broker_make_socket(int fd);
/* Puts `own` in the place of the caller's descriptor. 0 or -errno. */
int broker_put_in_place(const struct broker *broker, const struct seccomp_notif *call, int own);
/* Until when a blocking connect waits, by SO_SNDTIMEO: monotonic ms; 0: for ever. */
uint64_t broker_deadline_of(int fd);
/* Connects a new socket like `fd`, and puts it in its place. As broker_connect. */
int broker_connect_out(struct broker *broker, const struct seccomp_notif *call, int fd,
                       const union broker_address *address, socklen_t length);

#endif
