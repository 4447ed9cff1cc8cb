#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fds.h"
#include "host/syscalls.h"
#include "host/uapi.h"
#include "policy/filter.h"
#include "supervise/broker_parts.h"
#include "supervise/observe.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

/* The kernel's structures may be larger than our headers': room for what it adds. */
union notification {
	struct seccomp_notif notif;
	char room[1024];
};

union answer {
	struct seccomp_notif_resp response;
	char room[1024];
};

static uint64_t own_cookie(void)
{
	FD_CLEANUP int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) ? 0 : cookie;
}

void broker_init(struct broker *broker, const struct plan *plan, const struct observer *observer)
{
	*broker = (struct broker){ .plan = plan,
		                   .denied_call = -1,
		                   .listener_fd = -1,
		                   .observer = observer,
		                   .outer_network = plan->notify && plan->mode == MODE_NAMESPACES ? own_cookie() : 0 };
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		broker->pending[i].fd = -1;
	observe_init(broker);
	resolver_init(&broker->resolver, &plan->network.rules, plan->network.look_up);
}

void broker_close(struct broker *broker)
{
	fd_close(&broker->listener_fd);
	given_close(&broker->given);
	observe_close(broker);
	resolver_close(&broker->resolver);
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		broker_drop(&broker->pending[i].fd);
}

void broker_answer(const struct broker *broker, uint64_t id, int code)
{
	union answer out = { .response = { .id = id, .error = -code } };

	ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

void broker_answer_value(const struct broker *broker, uint64_t id, int64_t value)
{
	union answer out = { .response = { .id = id, .val = value } };

	ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

bool broker_forget_closed(struct broker *broker)
{
	bool looked;

	broker_be_script(broker, true);
	looked = given_forget_closed(broker->given, broker->init);
	broker_be_script(broker, false);
	return looked;
}

static void let_continue(const struct broker *broker, uint64_t id)
{
	union answer out = { .response = { .id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE } };

	ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_SEND, &out);
}

int broker_refuse(struct broker *broker, const char *target, int code)
{
	if (target)
		denial_set_target(&broker->asked, target);
	if (broker->denied_call < 0)
		broker->denied_call = SYS_connect;
	broker->asked.sys_errno = code;
	denials_add(&broker->denials, &broker->asked);
	return -code;
}

static void release(struct pending_call *pending)
{
	broker_drop(&pending->fd);
	pending->call.id = 0;
}

/* Callers that are gone make room. */
static struct pending_call *find_place(struct broker *broker)
{
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		if (!broker->pending[i].call.id)
			return &broker->pending[i];
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		if (!broker_still_asks(broker, &broker->pending[i].call)) {
			release(&broker->pending[i]);
			return &broker->pending[i];
		}
	return NULL;
}

int broker_wait(struct broker *broker, const struct seccomp_notif *call, int fd, uint64_t deadline_ms)
{
	struct pending_call *place = find_place(broker);

	if (!place)
		return -EAGAIN;
	*place = (struct pending_call){ .call = *call, .fd = fd, .deadline_ms = deadline_ms };
	if (!broker->next_sweep_ms)
		broker->next_sweep_ms = clock_ms() + BROKER_SWEEP_MS;
	return BROKER_WAITS;
}

static const struct served {
	int number;
	bool given; /* only where there is no network namespace, and then before the others */
	int (*serve)(struct broker *, const struct seccomp_notif *);
	const char *code, *fix; /* of a denial */
} served[] = {
	{ SYS_socket, true, given_socket, "system.syscalls", NULL },
	{ SYS_connect, true, given_connect, "network.allow", "network.allow" },
	{ SYS_bind, true, given_bind, "network.listen", NULL },
	{ SYS_listen, true, given_listen, "network.listen", NULL },
	{ SYS_setsockopt, true, given_setsockopt, "system.syscalls", NULL },
	{ SYS_connect, false, broker_connect, "network.allow", "network.allow" },
	{ SYS_bind, false, broker_bind, "network.listen", NULL },
	{ SYS_listen, false, broker_listen, "network.listen", NULL },
	{ SYS_write, false, broker_words, "", NULL },
	{ SYS_clone, false, broker_fork, "limits.processes", NULL },
#ifdef SYS_fork
	{ SYS_fork, false, broker_fork, "limits.processes", NULL },
	{ SYS_vfork, false, broker_fork, "limits.processes", NULL },
#endif
	{ SYS_fchmod, false, broker_change_file, "files.write", "files.write" },
	{ SYS_fchmodat, false, broker_change_file, "files.write", "files.write" },
	{ SYS_utimensat, false, broker_change_file, "files.write", "files.write" },
#ifdef SYS_chmod
	{ SYS_chmod, false, broker_change_file, "files.write", "files.write" },
#endif
};

/* unshare(0) does nothing; the stage syscall_filter calls it to see that it is refused (confine/script.c). */
static bool is_read_back(const struct seccomp_notif *call)
{
	return call->data.nr == SYS_unshare && call->data.args[0] == 0;
}

static int serve(struct broker *broker, const struct seccomp_notif *call)
{
	const char *name = syscall_name(call->data.nr);

	broker->asked = (struct denial){ .code = "system.syscalls", .fix = "system.syscalls.allow" };
	denial_set_target(&broker->asked, name ? name : "");
	if (observe_address(broker, call))
		return BROKER_CONTINUES;
	/* modes and times are ours to change only where there is no view, and the script is who we are */
	if ((broker->plan->mode == MODE_NAMESPACES || broker->plan->change_user) &&
	    observe_is_wanted(broker, call->data.nr)) {
		observe_call(broker, call);
		return BROKER_CONTINUES;
	}
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++)
		if (call->data.nr == served[i].number && (!served[i].given || broker->plan->network.given)) {
			broker->asked.code = served[i].code;
			broker->asked.fix = served[i].fix;
			return served[i].serve(broker, call);
		}
	if (observe_is_wanted(broker, call->data.nr)) {
		observe_call(broker, call);
		return BROKER_CONTINUES;
	}
	if (name && !is_read_back(call))
		observe_refused(broker, call, name);
	return -EPERM;
}

static void serve_and_answer(struct broker *broker, const struct seccomp_notif *call)
{
	int result = serve(broker, call);

	if ((result == -EPERM || result == -EACCES) && !is_read_back(call)) {
		if (broker->denied_call < 0)
			broker->denied_call = call->data.nr;
		broker_refuse(broker, NULL, -result);
	}
	if (result == BROKER_CONTINUES)
		let_continue(broker, call->id);
	else if (result <= 0)
		broker_answer(broker, call->id, -result);
}

/* The caller waits for us and we for it: one processor hands over faster than two (Linux 6.6; before, it is refused).
 */
static void hand_over_at_once(struct broker *broker)
{
	if (!broker->hands_over)
		ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
	broker->hands_over = true;
}

static void serve_call(struct broker *broker)
{
	union notification in;

	hand_over_at_once(broker);
	memset(&in, 0, sizeof(in));
	if (ioctl(broker->listener_fd, SECCOMP_IOCTL_NOTIF_RECV, &in))
		return; /* the caller has ended meanwhile */
	serve_and_answer(broker, &in.notif);
}

static void finish_pending(struct broker *broker, struct pending_call *pending)
{
	int code = 0;
	socklen_t size = sizeof(code);

	if (broker->plan->network.given)
		code = -broker_connect_result(pending->fd);
	else if (getsockopt(pending->fd, SOL_SOCKET, SO_ERROR, &code, &size))
		code = errno;
	broker_answer(broker, pending->call.id, code);
	release(pending);
}

/* A look-up has ended, or room may be made: what waits for one is decided anew, and waits again if it was another's. */
static void retry_waiting(struct broker *broker)
{
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++) {
		struct pending_call waiting = broker->pending[i];

		if (!waiting.call.id || waiting.fd >= 0)
			continue;
		broker->pending[i].call.id = 0;
		if (broker_still_asks(broker, &waiting.call))
			serve_and_answer(broker, &waiting.call);
	}
}

/* Callers that are gone, whose time is over, or who have a signal to handle. The kernel keeps signals from a notified
 * thread (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV), which would otherwise start a call anew that was carried out. */
static void sweep(struct broker *broker)
{
	uint64_t now = clock_ms();
	bool any = false;

	if (!broker->next_sweep_ms || now < broker->next_sweep_ms)
		return;
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++) {
		struct pending_call *pending = &broker->pending[i];

		if (!pending->call.id)
			continue;
		if (!broker_still_asks(broker, &pending->call)) {
			release(pending);
		} else if (broker_has_signal(&pending->call)) {
			broker_answer(broker, pending->call.id, EINTR);
			release(pending);
		} else if (pending->deadline_ms && now >= pending->deadline_ms) {
			broker_answer(broker, pending->call.id, EINPROGRESS);
			release(pending);
		} else {
			any = true;
		}
	}
	broker->next_sweep_ms = any ? now + BROKER_SWEEP_MS : 0;
}

size_t broker_poll(const struct broker *broker, struct pollfd *fds)
{
	size_t count = 0;

	if (broker->listener_fd < 0)
		return 0;
	fds[count++] = (struct pollfd){ .fd = broker->listener_fd, .events = POLLIN };
	for (size_t i = 0; i < BROKER_PENDING_MAX; i++)
		if (broker->pending[i].call.id && broker->pending[i].fd >= 0)
			fds[count++] = (struct pollfd){ .fd = broker->pending[i].fd, .events = POLLOUT };
	count += given_poll(broker->given, fds + count);
	return count + resolver_poll(&broker->resolver, fds + count);
}

uint64_t broker_next_ms(const struct broker *broker)
{
	uint64_t next = resolver_next_ms(&broker->resolver);

	if (broker->listener_fd < 0)
		return 0; /* nobody asks any more */
	if (broker->next_sweep_ms && (!next || broker->next_sweep_ms < next))
		next = broker->next_sweep_ms;
	if (broker->waits_for_room && (!next || broker->given->next_look_ms < next))
		next = broker->given->next_look_ms;
	return next;
}

static bool may_have_room(struct broker *broker)
{
	bool may = broker->waits_for_room && clock_ms() >= broker->given->next_look_ms;

	broker->waits_for_room = broker->waits_for_room && !may;
	return may;
}

/* A name that was asked for; to which port it was meant nobody knows. */
static void refuse_name(void *owner, const char *name)
{
	struct broker *broker = owner;

	broker->asked = (struct denial){ .code = "network.allow" };
	broker_refuse(broker, name, ENOENT);
}

void broker_serve(struct broker *broker, const struct pollfd *fds, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; fds[i].revents && k < BROKER_PENDING_MAX; k++)
			if (broker->pending[k].call.id && broker->pending[k].fd == fds[i].fd)
				finish_pending(broker, &broker->pending[k]);
	given_serve(broker->given, fds, count);
	bool ended = count && resolver_serve(&broker->resolver, fds + 1, count - 1, refuse_name, broker);

	if (may_have_room(broker) || ended)
		retry_waiting(broker);
	if (count && fds[0].revents & POLLIN)
		serve_call(broker);
	else if (count && fds[0].revents)
		fd_close(&broker->listener_fd); /* no process is left that the filter holds for */
	sweep(broker);
}
