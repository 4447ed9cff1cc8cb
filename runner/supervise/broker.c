#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "policy/filter.h"
#include "supervise/broker_parts.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif
#define BRIEFLY_NS 5000000

/* The kernel's structures may be larger than our headers': room for what it adds. */
union notification {
	struct seccomp_notif notif;
	char room[1024];
};

union answer {
	struct seccomp_notif_resp response;
	char room[1024];
};

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct sockaddr_storage storage;
};

/* A socket that was handed over as stdin, stdout or stderr belongs to another network: that peer is the script's, but
 * not the network behind it. 0 when the kernel cannot tell (before 5.14): then none is like another. */
static uint64_t network_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) ? 0 : cookie;
}

void broker_init(struct broker *broker, const struct plan *plan)
{
	FD_CLEANUP int fd = plan->notify && plan->mode == MODE_NAMESPACES
	                            ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
	                            : -1;

	*broker = (struct broker){
		.plan = plan, .denied_call = -1, .listener_fd = -1, .outer_network = fd < 0 ? 0 : network_of(fd)
	};
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		broker->pending[i].fd = -1;
}

void broker_close(struct broker *broker)
{
	fd_close(&broker->listener_fd);
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		fd_close(&broker->pending[i].fd);
}

/* `code`: 0 or an errno. The caller may be gone, which needs no answer. */
static void answer(const struct broker *broker, uint64_t id, int code)
{
	union answer out = { .response = { .id = id, .error = -code } };

	ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

/* A notification names a thread; descriptors belong to its process. */
static pid_t process_of(pid_t thread)
{
	char path[64], text[4096];
	const char *line;
	ssize_t length;
	FD_CLEANUP int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	line = strstr(text, "\nTgid:");
	return line ? (pid_t)strtol(line + 6, NULL, 10) : -1;
}

static int fetch_socket(pid_t thread, int script_fd)
{
	pid_t process = process_of(thread);
	FD_CLEANUP int pidfd = process > 0 ? raw_pidfd_open(process, 0) : -ESRCH;

	if (pidfd < 0)
		return pidfd;
	return (int)raw_syscall(SYS_pidfd_getfd, pidfd, script_fd, 0, 0, 0, 0);
}

/* The script's memory is read once. -EFAULT, -EINVAL as connect(2) has them. */
static int copy_address(const struct seccomp_notif *call, union address *out, socklen_t *length)
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

/* What the path means to the script: from its own root, or beneath its own directory. An O_PATH descriptor, or
 * -errno. */
static int open_path(pid_t thread, const char *path)
{
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC,
		                         .resolve = path[0] == '/' ? RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
		                                                   : RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	char from[64];
	FD_CLEANUP int from_fd = -1;

	snprintf(from, sizeof(from), "/proc/%d/%s", thread, path[0] == '/' ? "root" : "cwd");
	from_fd = open(from, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (from_fd < 0)
		return -ECONNREFUSED;
	return raw_openat2(from_fd, path, &how);
}

static bool is_scratch(const struct plan *plan, pid_t thread, const struct stat *st)
{
	char path[512];
	struct stat scratch;

	if (!plan->scratch_path)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/root%s", thread, plan->scratch_path);
	return stat(path, &scratch) == 0 && scratch.st_dev == st->st_dev;
}

/* Puts an address into *address that cannot mean anything else than what was looked at: the descriptor itself. */
static int decide_path(const struct plan *plan, pid_t thread, union address *address, socklen_t *length, int *path_fd)
{
	char path[sizeof(address->un.sun_path) + 1] = "";
	struct stat st;

	memcpy(path, address->un.sun_path, *length - offsetof(struct sockaddr_un, sun_path));
	*path_fd = open_path(thread, path);
	if (*path_fd < 0)
		return *path_fd == -EXDEV || *path_fd == -ELOOP ? -EACCES : *path_fd;
	if (fstat(*path_fd, &st))
		return -errno;
	if (!is_scratch(plan, thread, &st))
		return -EACCES;
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                      (size_t)snprintf(address->un.sun_path, sizeof(address->un.sun_path), "/proc/self/fd/%d",
	                                       *path_fd));
	return 0;
}

static bool is_path_address(const union address *address, socklen_t length)
{
	return address->any.sa_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path) &&
	       address->un.sun_path[0] != '\0';
}

static void interrupt_only(int signal_number)
{
	(void)signal_number;
}

/* The script shares the socket, and with it O_NONBLOCK, which another of its processes may take away at any moment: a
 * call that waits nevertheless is interrupted, again and again until it has ended. */
static int connect_briefly(int fd, const union address *address, socklen_t length)
{
	static timer_t timer;
	static bool has_timer;
	const struct itimerspec soon = { { 0, BRIEFLY_NS }, { 0, BRIEFLY_NS } }, never = { 0 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	const struct sigaction action = { .sa_handler = interrupt_only };
	sigset_t mask;
	int result;

	if (!has_timer && (sigaction(SIGRTMIN, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer)))
		return -EAGAIN;
	has_timer = true;
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN);
	timer_settime(timer, 0, &soon, NULL);
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	result = connect(fd, &address->any, length) ? -errno : 0;
	sigprocmask(SIG_BLOCK, &mask, NULL);
	timer_settime(timer, 0, &never, NULL);
	if (result == -EINTR)
		return address->any.sa_family == AF_UNIX ? -EAGAIN : -EINPROGRESS;
	return result;
}

static bool is_own_network(const struct broker *broker, int fd)
{
	uint64_t network = network_of(fd);

	return network && network != broker->outer_network;
}

/* Without waiting: 0, -EINPROGRESS when it goes on, or -errno. The socket is the script's own, so its mode is put
 * back. */
static int connect_now(int fd, const union address *address, socklen_t length, bool *blocking)
{
	int flags = fcntl(fd, F_GETFL), result;

	if (flags < 0)
		return -errno;
	*blocking = !(flags & O_NONBLOCK);
	if (*blocking && fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	result = connect_briefly(fd, address, length);
	if (*blocking && fcntl(fd, F_SETFL, flags))
		return -errno;
	return result;
}

static struct pending_connect *free_place(struct broker *broker)
{
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		if (!broker->pending[i].id)
			return &broker->pending[i];
	return NULL;
}

static void name_address(struct denial *denial, const union address *address, socklen_t length)
{
	char name[sizeof(address->storage) + 16] = "unix:", number[INET6_ADDRSTRLEN];
	bool six = address->any.sa_family == AF_INET6;
	const void *bytes = six ? (const void *)&address->six.sin6_addr : &address->four.sin_addr;

	if (address->any.sa_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path)) {
		memcpy(name + 5, address->un.sun_path, length - offsetof(struct sockaddr_un, sun_path));
		if (!name[5])
			name[5] = '@'; /* an abstract name, as ss(8) writes it */
	} else if ((six || address->any.sa_family == AF_INET) &&
	           inet_ntop(address->any.sa_family, bytes, number, sizeof(number))) {
		snprintf(name, sizeof(name), six ? "[%s]:%u" : "%s:%u", number,
		         (unsigned)ntohs(six ? address->six.sin6_port : address->four.sin_port));
	} else {
		return;
	}
	denial_set_target(denial, name);
}

/* 0 or -errno to answer; 1: it waits in the table. */
static int serve_connect(struct broker *broker, const struct seccomp_notif *call)
{
	FD_CLEANUP int fd = -1, path_fd = -1;
	struct pending_connect *place;
	union address address;
	socklen_t length = 0;
	bool blocking = false;
	int result = copy_address(call, &address, &length);

	if (result == 0) {
		name_address(&broker->asked, &address, length);
		fd = fetch_socket((pid_t)call->pid, (int)call->data.args[0]);
		result = fd < 0 ? fd : 0;
	}
	if (result == 0 && !broker_still_asks(broker, call))
		return -EINTR;
	if (result == 0 && !is_own_network(broker, fd))
		return -EPERM;
	if (result == 0 && is_path_address(&address, length))
		result = decide_path(broker->plan, (pid_t)call->pid, &address, &length, &path_fd);
	if (result)
		return result;
	result = connect_now(fd, &address, length, &blocking);
	if (result != -EINPROGRESS || !blocking)
		return result;
	place = free_place(broker);
	if (!place)
		return -EAGAIN;
	*place = (struct pending_connect){ .id = call->id, .fd = TAKE_FD(fd) };
	return 1;
}

int broker_still_asks(const struct broker *broker, const struct seccomp_notif *call)
{
	return ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->id) == 0;
}

static int serve(struct broker *broker, const struct seccomp_notif *call)
{
	static const struct {
		int number;
		int (*serve)(struct broker *, const struct seccomp_notif *);
		const char *code, *fix; /* of a denial */
	} calls[] = {
		{ SYS_connect, serve_connect, "network.allow", NULL },
		{ SYS_fchmod, broker_change_file, "files.write", "files.write" },
		{ SYS_fchmodat, broker_change_file, "files.write", "files.write" },
		{ SYS_utimensat, broker_change_file, "files.write", "files.write" },
#ifdef SYS_chmod
		{ SYS_chmod, broker_change_file, "files.write", "files.write" },
#endif
	};
	const char *name = syscall_name(call->data.nr);

	broker->asked = (struct denial){ .code = "system.syscalls", .fix = "system.syscalls.allow" };
	denial_set_target(&broker->asked, name ? name : "");
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (call->data.nr == calls[i].number) {
			broker->asked.code = calls[i].code;
			broker->asked.fix = calls[i].fix;
			return calls[i].serve(broker, call);
		}
	return -EPERM;
}

/* unshare(0) does nothing; the stage syscall_filter calls it to see that it is refused (confine/script.c). */
static bool is_read_back(const struct seccomp_notif *call)
{
	return call->data.nr == SYS_unshare && call->data.args[0] == 0;
}

static void serve_call(struct broker *broker)
{
	union notification in;
	int result;

	memset(&in, 0, sizeof(in));
	if (ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &in))
		return; /* the caller has ended meanwhile */
	result = serve(broker, &in.notif);
	if ((result == -EPERM || result == -EACCES) && !is_read_back(&in.notif)) {
		if (broker->denied_call < 0)
			broker->denied_call = in.notif.data.nr;
		broker->asked.sys_errno = -result;
		denials_add(&broker->denials, &broker->asked);
	}
	if (result <= 0)
		answer(broker, in.notif.id, -result);
}

static void finish_pending(struct broker *broker, struct pending_connect *pending)
{
	int code = 0;
	socklen_t size = sizeof(code);

	if (getsockopt(pending->fd, SOL_SOCKET, SO_ERROR, &code, &size))
		code = errno;
	answer(broker, pending->id, code);
	fd_close(&pending->fd);
	pending->id = 0;
}

size_t broker_poll(const struct broker *broker, struct pollfd *fds)
{
	size_t count = 0;

	if (broker->listener_fd < 0)
		return 0;
	fds[count++] = (struct pollfd){ .fd = broker->listener_fd, .events = POLLIN };
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		if (broker->pending[i].id)
			fds[count++] = (struct pollfd){ .fd = broker->pending[i].fd, .events = POLLOUT };
	return count;
}

void broker_serve(struct broker *broker, const struct pollfd *fds, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; fds[i].revents && k < BROKER_PENDING_MAX; k++)
			if (broker->pending[k].id && broker->pending[k].fd == fds[i].fd)
				finish_pending(broker, &broker->pending[k]);
	if (count && fds[0].revents & POLLIN)
		serve_call(broker);
	else if (count && fds[0].revents)
		fd_close(&broker->listener_fd); /* no process is left that the filter holds for */
}
