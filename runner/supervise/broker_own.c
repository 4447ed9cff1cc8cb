/* Connecting a socket that the script made and shares with us. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "supervise/broker_parts.h"

#define BRIEFLY_NS 5000000

static void interrupt_only(int signal_number)
{
	(void)signal_number;
}

/* From here to the end of it a call that waits is interrupted, again and again until it has ended. False: there is no
 * timer to be had. */
static bool hurry(bool begin)
{
	static timer_t timer;
	static bool has_timer;
	const struct itimerspec soon = { { 0, BRIEFLY_NS }, { 0, BRIEFLY_NS } }, never = { 0 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct sigaction action = { .sa_handler = interrupt_only };
	sigset_t mask;

	if (!has_timer && (sigaction(SIGRTMIN, &action, NULL) || timer_create(CLOCK_MONOTONIC, &event, &timer)))
		return false;
	has_timer = true;
	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN);
	if (begin)
		timer_settime(timer, 0, &soon, NULL);
	sigprocmask(begin ? SIG_UNBLOCK : SIG_BLOCK, &mask, NULL);
	if (!begin)
		timer_settime(timer, 0, &never, NULL);
	return true;
}

/* The script shares the socket, and with it O_NONBLOCK, which another of its processes may take away at any moment. */
static int connect_briefly(int fd, const union broker_address *address, socklen_t length)
{
	int result;

	if (!hurry(true))
		return -EAGAIN;
	result = connect(fd, &address->any, length) ? -errno : 0;
	hurry(false);
	if (result == -EINTR)
		return address->any.sa_family == AF_UNIX ? -EAGAIN : -EINPROGRESS;
	return result;
}

void broker_drop(int *fd)
{
	int saved = errno;

	if (*fd >= 0) {
		bool hurried = hurry(true);

		close(*fd); /* which it is even where that is interrupted */
		if (hurried)
			hurry(false);
	}
	*fd = -1;
	errno = saved;
}

ssize_t broker_receive(int fd, void *data, size_t size)
{
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	bool hurried = hurry(true);
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
	int saved = errno;

	if (hurried)
		hurry(false);
	errno = saved;
	return got >= 0 && (message.msg_flags & MSG_CTRUNC) ? 0 : got;
}

int broker_connect_own(int fd, const union broker_address *address, socklen_t length, bool *blocking)
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

/* A socket that has failed can be connected anew only after connect(2) has told of that. An address of this size is
 * none that anything new could be begun with. */
int broker_connect_result(int fd)
{
	const union broker_address nowhere = { .any.sa_family = AF_INET };
	bool blocking;

	return broker_connect_own(fd, &nowhere, sizeof(nowhere.any.sa_family), &blocking);
}
