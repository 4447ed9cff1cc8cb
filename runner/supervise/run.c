/* The supervisor: makes init, waits, passes signals on, keeps the deadlines. See init.c for who is who. */
#include "supervise/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "supervise/broker.h"
#include "supervise/cgroup.h"
#include "supervise/children.h"
#include "supervise/idmap.h"
#include "supervise/meter.h"
#include "supervise/output.h"
#include "supervise/outputs.h"
#include "supervise/protocol.h"
#include "supervise/secrets.h"
#include "supervise/tidy.h"

/* How long init may take to end everything. */
#define END_MS 500

struct supervisor {
	const struct plan *plan;
	struct outcome *outcome;
	struct broker broker;
	struct meter meter;
	struct cgroup cgroup;
	struct outputs outputs;
	int control_fd, signal_fd;
	pid_t init;
	uint64_t started_ms;  /* monotonic, as is the other */
	uint64_t deadline_ms; /* 0: none */
	bool limit_reached, terminating, ending, script_ended, ended;
};

static struct output output; /* one at a time, and its buffers are too large for a stack */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void give_order(const struct supervisor *s, int signal_number, enum order_scope scope)
{
	const struct order order = { .signal = (uint8_t)signal_number, .scope = (uint8_t)scope };

	/* init may have ended just now: its end is read next */
	(void)!send(s->control_fd, &order, sizeof(order), MSG_NOSIGNAL);
}

/* init ends everything and waits for it, which is how it is known what was used: of what the kernel ends together with
 * a PID namespace nobody learns that. Should init not come to it, the kernel does it. */
static void end_init(struct supervisor *s)
{
	s->broker.forks_ended = true;
	if (s->plan->mode == MODE_NAMESPACES)
		give_order(s, SIGKILL, ORDER_ALL);
	else if (cgroup_kill(&s->cgroup)) /* init with the rest: what it would tidy and tell, we do */
		s->outcome->kind = s->limit_reached ? s->outcome->kind : OUTCOME_SIGNALED, s->outcome->status = SIGKILL;
	else
		shutdown(s->control_fd, SHUT_WR);
	s->ending = true;
	s->deadline_ms = s->plan->mode == MODE_NAMESPACES ? now_ms() + END_MS : 0;
}

/* A terminal's signals go to a whole process group, those of kill(1) to one process; the script's group is its own. */
static void pass_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGPIPE && info.ssi_pid == (uint32_t)getpid())
			continue; /* the reader of the output is gone, which is no message to the script */
		if (number == SIGTSTP) {
			give_order(s, SIGSTOP, ORDER_ALL);
			raise(SIGSTOP);
			give_order(s, SIGCONT, ORDER_ALL);
			continue;
		}
		if (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT)
			s->outcome->passed_signal = number;
		give_order(s, number, info.ssi_code == SI_KERNEL ? ORDER_GROUP : ORDER_SCRIPT);
		/* as a container's PID 1: nobody else will follow a SIGTERM with a SIGKILL in time */
		if (number == SIGTERM && s->plan->facts.is_pid_1 && !s->ending)
			s->deadline_ms = now_ms() + s->plan->deadlines.grace_ms, s->terminating = true;
	}
}

/* A message, and the descriptor that comes with it, or -1. */
static ssize_t receive(struct supervisor *s, void *data, size_t size, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { data, size };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t got = recvmsg(s->control_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(header), sizeof(int));
	return got;
}

/* A message of one byte says only what its descriptor is. */
static void keep_descriptor(struct supervisor *s, char mark, int fd)
{
	int *place = mark == LISTENER_MARK   ? &s->broker.listener_fd
	             : mark == RESOLVER_MARK ? &s->broker.resolver.socket_fd
	             : mark == LAYERS_MARK   ? &s->outcome->layers_fd
	                                     : &s->outputs.staging_fd;

	fd_close(place);
	*place = fd;
	if (s->plan->mode == MODE_NAMESPACES)
		s->meter.outputs_fd = s->outputs.staging_fd;
}

static void read_report(struct supervisor *s)
{
	struct report report;
	int fd = -1;
	ssize_t size = receive(s, &report, sizeof(report), &fd);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size == 1 && fd >= 0) {
		keep_descriptor(s, *(const char *)&report, fd);
		return;
	}
	if (size != sizeof(report)) {
		s->ended = true;
		return;
	}
	if (report.kind == REPORT_FAILED) {
		s->outcome->kind = OUTCOME_SETUP_FAILED;
		s->outcome->failure = report.failure;
		return;
	}
	s->script_ended = true;
	/* nothing follows; where init has more to do, the wait for its end covers that */
	s->ended = true;
	if (!s->limit_reached) {
		s->outcome->kind = WIFSIGNALED(report.wait_status) ? OUTCOME_SIGNALED : OUTCOME_EXITED;
		s->outcome->status = WIFSIGNALED(report.wait_status) ? WTERMSIG(report.wait_status)
		                                                     : WEXITSTATUS(report.wait_status);
	}
}

/* The exit status follows from the kind; the rest is one kind. */
static enum outcome_kind kind_of_limit(enum promise promise)
{
	static const struct {
		enum promise promise;
		enum outcome_kind kind;
	} rows[] = { { PROMISE_TIMEOUT, OUTCOME_TIMEOUT },
		     { PROMISE_MEMORY, OUTCOME_MEMORY },
		     { PROMISE_CPU_TIME, OUTCOME_CPU_TIME } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].promise == promise)
			return rows[i].kind;
	return OUTCOME_LIMIT;
}

static void note_limit(struct supervisor *s, const struct limit_reached *limit)
{
	s->outcome->kind = kind_of_limit(limit->promise);
	s->outcome->limit = *limit;
	s->limit_reached = true;
	s->meter.next_look_ms = 0;
}

static void reach_limit(struct supervisor *s, const struct limit_reached *limit)
{
	note_limit(s, limit);
	end_init(s);
}

static void reach_timeout(struct supervisor *s)
{
	const struct limit_reached limit = { .promise = PROMISE_TIMEOUT, .value = s->plan->deadlines.timeout_ms };

	note_limit(s, &limit);
}

static void keep_deadline(struct supervisor *s)
{
	if (!s->deadline_ms || now_ms() < s->deadline_ms)
		return;
	/* unless it comes to its own end first, of which init's report then tells */
	if ((s->ending || s->terminating) && !s->limit_reached)
		s->outcome->kind = OUTCOME_SIGNALED, s->outcome->status = SIGKILL;
	if (s->ending) {
		kill(s->init, SIGKILL); /* and with it the whole PID namespace */
		s->deadline_ms = 0;
		return;
	}
	if (!s->terminating) {
		reach_timeout(s);
		give_order(s, SIGTERM, ORDER_GROUP);
		s->terminating = true;
		s->deadline_ms = now_ms() + s->plan->deadlines.grace_ms;
		return;
	}
	end_init(s);
}

static void keep_limits(struct supervisor *s)
{
	struct limit_reached limit = { .promise = PROMISE_OUTPUT, .value = output.limit };

	if (s->limit_reached)
		return;
	if (s->plan->kill_on_denial && s->broker.denied_call >= 0) {
		s->outcome->kind = OUTCOME_DENIED;
		s->outcome->denied_call = s->broker.denied_call;
		s->limit_reached = true;
		end_init(s);
	} else if (output.exceeded || meter_look(&s->meter, s->init, now_ms(), &limit)) {
		reach_limit(s, &limit);
	}
}

static int time_to_wait(const struct supervisor *s)
{
	const uint64_t others[] = { s->meter.next_look_ms, broker_next_ms(&s->broker) };
	uint64_t now = now_ms(), next = s->deadline_ms;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] && (!next || others[i] < next))
			next = others[i];
	if (!next)
		return -1;
	return next <= now ? 0 : next - now > 60000 ? 60000 : (int)(next - now);
}

static void watch(struct supervisor *s)
{
	struct pollfd fds[2 + BROKER_POLL_MAX + OUTPUT_POLL_MAX] = { { .fd = s->control_fd, .events = POLLIN },
		                                                     { .fd = s->signal_fd, .events = POLLIN } };

	if (s->plan->deadlines.timeout_ms)
		s->deadline_ms = now_ms() + s->plan->deadlines.timeout_ms;
	meter_start(&s->meter, s->plan, &s->cgroup, now_ms());
	while (!s->ended) {
		size_t calls = broker_poll(&s->broker, fds + 2), streams = output_poll(&output, fds + 2 + calls);

		if (poll(fds, 2 + calls + streams, time_to_wait(s)) < 0)
			continue;
		if (fds[1].revents)
			pass_signal(s);
		broker_serve(&s->broker, fds + 2, calls);
		output_serve(&output, fds + 2 + calls, streams);
		keep_limits(s);
		if (fds[0].revents)
			read_report(s);
		keep_deadline(s);
	}
	meter_close(&s->meter, &s->outcome->usage);
}

/* Somebody ends us, and there is nobody left to pass that on to: it takes effect when our signals are let in again. */
static bool is_interrupted(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGTSTP)
			raise(SIGSTOP);
		if (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT) {
			s->outcome->passed_signal = number;
			raise(number);
			return true;
		}
	}
	return false;
}

/* The script and all that it started have ended; what they wrote may still have to wait for a slow reader: for ever as
 * far as the limits allow, and for `grace` where one was reached. */
static void finish_output(struct supervisor *s)
{
	const struct limit_reached limit = { .promise = PROMISE_OUTPUT, .value = output.limit };
	struct pollfd fds[1 + OUTPUT_POLL_MAX] = { { .fd = s->signal_fd, .events = POLLIN } };
	bool interrupted = false;

	s->meter.next_look_ms = 0;
	if (s->limit_reached || s->terminating)
		s->deadline_ms = now_ms() + s->plan->deadlines.grace_ms;
	while (!interrupted && !output_finish(&output)) {
		size_t count = output_poll(&output, fds + 1);

		if (poll(fds, 1 + count, time_to_wait(s)) < 0)
			continue;
		interrupted = fds[0].revents && is_interrupted(s);
		output_serve(&output, fds + 1, count);
		if (!s->deadline_ms || now_ms() < s->deadline_ms)
			continue;
		if (!s->limit_reached && !s->terminating)
			reach_timeout(s);
		break;
	}
	if (output.exceeded && !s->limit_reached)
		note_limit(s, &limit);
	s->outcome->output_errno = output.sys_errno;
}

/* The new process's number or -errno. */
static pid_t start_init(const struct plan *plan, int cgroup_fd, struct confine_state *state, int fds[2])
{
	const char **environment;
	pid_t pid;

	if (secrets_environment(plan, state->secrets, &environment))
		return -ENOMEM;
	state->envp = environment ? environment : plan->envp;
	pid = cgroup_fd >= 0 ? raw_clone_into(plan->namespaces, cgroup_fd) : raw_clone(plan->namespaces, NULL);
	if (pid == 0) {
		raw_close(fds[0]);
		if (output_take_over(&output) < 0)
			raw_exit(1);
		init_main(plan, state, fds[1]);
	}
	output_started(&output);
	free(environment);
	return pid;
}

/* A signal that the kernel sends at a limit, but that a script may as well send itself: the books decide. RLIMIT_CPU
 * counts whole ticks, so that they differ by some percent. */
static void judge_signal(struct supervisor *s)
{
	const uint64_t limit = s->plan->deadlines.cpu_ms, used = s->outcome->usage.cpu_ms;

	/* init ended without a word: somebody killed it, and nothing says that the script had not begun */
	if (s->outcome->kind == OUTCOME_SETUP_FAILED && s->outcome->failure.stage == STAGE_COUNT)
		s->outcome->kind = OUTCOME_SIGNALED, s->outcome->status = SIGKILL;
	if (limit && s->outcome->kind == OUTCOME_SIGNALED && s->outcome->status == SIGXCPU &&
	    used >= limit - limit / 10)
		note_limit(s, &(struct limit_reached){
				      .promise = PROMISE_CPU_TIME, .value = limit, .peak = used > limit ? used : 0 });
}

/* init's own, and with it that of all who were waited for: init is who waits for orphans, and for those who end with
 * it. */
static void wait_for_init(struct supervisor *s)
{
	struct rusage used = { 0 };
	struct run_usage *usage = &s->outcome->usage;
	int status;

	while (wait4(s->init, &status, 0, &used) < 0 && errno == EINTR)
		;
	usage->wall_ms = now_ms() - s->started_ms;
	usage->cpu_ms = (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
	                (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
	usage->max_rss_bytes = (uint64_t)used.ru_maxrss * 1024;
	(void)cgroup_cpu_ms(&s->cgroup, &usage->cpu_ms); /* where there is one, it knows of those nobody waited for */
}

/* What the script printed, and then its results, which nobody is left to change. */
static void bring_outputs(struct supervisor *s)
{
	finish_output(s);
	outputs_finish(&s->outputs, s->outcome->kind == OUTCOME_EXITED && s->outcome->status == 0);
	s->outcome->outputs = s->outputs.result;
	if (s->outputs.result && s->outputs.result->state == OUTPUTS_REFUSED)
		s->outcome->kind = OUTCOME_OUTPUTS_REFUSED;
}

/* Everybody is gone when init is. But where results lie in a directory that init removes, everybody else was gone when
 * it reported, and it waits for us (init.c). */
static void wait_for_end(struct supervisor *s)
{
	const bool init_waits = s->plan->mode == MODE_LANDLOCK && s->script_ended && s->outputs.staging_fd >= 0;
	struct limit_reached limit;

	if (init_waits) {
		bring_outputs(s);
		shutdown(s->control_fd, SHUT_WR);
	}
	wait_for_init(s);
	if (s->plan->mode == MODE_LANDLOCK)
		end_children(0);
	/* init has done it, unless it was killed, or may not: a /tmp that is not open to the script's user */
	if (s->plan->private_tmp && s->outcome->failure.stage != STAGE_PRIVATE_DIRECTORY)
		remove_tree(s->plan->private_tmp, s->plan->uid, REMOVE_ALL);
	if (s->plan->secrets_dir && s->plan->mode == MODE_LANDLOCK && s->outcome->failure.stage != STAGE_SECRETS)
		remove_tree(s->plan->secrets_dir, s->plan->uid, REMOVE_ALL);
	judge_signal(s);
	/* the kernel ended all of it, init too, before that could report anything */
	if (!s->limit_reached && s->outcome->kind != OUTCOME_EXITED && cgroup_memory_reached(&s->cgroup, &limit))
		note_limit(s, &limit);
	if (!init_waits)
		bring_outputs(s);
	if (s->plan->mode == MODE_LANDLOCK && s->outputs.staging_fd >= 0)
		remove_tree(s->plan->outputs.inside, s->plan->uid, REMOVE_ALL);
}

static void accompany(struct supervisor *s)
{
	void (*on_broken_pipe)(int) = output.count ? signal(SIGPIPE, SIG_IGN) : SIG_ERR;

	watch(s);
	wait_for_end(s);
	tidy_up_after_others(s->plan); /* not before: limits and signals are not looked at meanwhile */
	if (on_broken_pipe != SIG_ERR)
		signal(SIGPIPE, on_broken_pipe);
}

static const struct last_words *keep_words(const struct last_words *words, struct arena *arena)
{
	struct last_words *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *words;
	return copy;
}

int supervise_run(const struct plan *plan, const struct secret_store *secrets, const struct observer *observer,
                  struct arena *arena, struct outcome *out, struct error *err)
{
	struct outcome outcome = { .kind = OUTCOME_SETUP_FAILED, .layers_fd = -1, .failure = { .stage = STAGE_COUNT } };
	struct confine_state state = {
		.id_map_fd = -1, .private_fd = -1, .secrets_fd = -1, .secrets = plan->secret_count ? secrets : NULL
	};
	struct supervisor s = { .plan = plan,
		                .outcome = &outcome,
		                .control_fd = -1,
		                .signal_fd = -1,
		                .outputs = { .staging_fd = -1, .target_fd = -1 } };
	int fds[2];
	sigset_t all;

	if (outputs_prepare(&s.outputs, plan, arena, err))
		return -1;
	/* should init be killed, which only a script on a kernel without signal scopes can do, its orphans are ours to
	 * end */
	if (plan->mode == MODE_LANDLOCK)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* whoever started us may ignore it, and then no child can be waited for */
	signal(SIGCHLD, SIG_DFL);
	broker_init(&s.broker, plan, observer);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &outcome.caller_mask);
	memcpy(&state.signal_mask, &outcome.caller_mask, sizeof(state.signal_mask));
	sigdelset(&all, SIGCHLD); /* stays blocked, but wakes nobody: init's end is the end of its socket */
	s.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signal_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		error_set_errno(err, CODE_SETUP_FAILED, "socketpair");
		fd_close(&s.signal_fd);
		return -1;
	}
	if (output_open(&output, plan, err))
		return -1;
	s.started_ms = now_ms();
	s.init = cgroup_open(&s.cgroup, plan, &outcome.failure) || idmap_prepare(plan, &state, &outcome.failure)
	                 ? -1
	                 : start_init(plan, s.cgroup.group_fd, &state, fds);
	close(fds[1]);
	s.control_fd = fds[0];
	s.broker.init = s.init;
	if (s.init >= 0)
		accompany(&s);
	else if (!outcome.failure.sys_errno)
		outcome.failure.sys_errno = -s.init;
	outcome.denials = s.broker.denials;
	if (outcome.status != 0 && s.broker.words.length > 0)
		outcome.last_words = keep_words(&s.broker.words, arena);
	cgroup_close(&s.cgroup);
	output_close(&output);
	outputs_close(&s.outputs);
	broker_close(&s.broker);
	fd_close(&state.id_map_fd);
	fd_close(&s.control_fd);
	fd_close(&s.signal_fd);
	*out = outcome;
	return 0;
}
