/* Theory of operation.
 *
 * supervisor (outside) -- clone --> init -- vfork --> the script's process.
 * init is PID 1 of the sandbox's PID namespace, where there is one: it builds the view, drops its privileges, makes the
 * script's process, reaps what is orphaned, and passes signals on. When it ends, the kernel ends everything in the
 * namespace. Without a PID namespace it is a child subreaper, and ends everything by hand. It learns of the
 * supervisor's death by the end of their socket. The script cannot reach it: PID 1 ignores signals from inside, it is
 * not dumpable, and its memory has been cleared of the command line. It allocates nothing.
 *
 * What must not outlive the run is init's to make and to remove: wherever the supervisor is killed, init either does
 * not exist yet, and nothing does, or it reads the end of the socket. Where init itself is killed, the supervisor does
 * the same; where both are at once (a control group's end), the private directory stays, unlocked, until the next run
 * finds it (tidy.c). */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/syscalls.h"
#include "supervise/children.h"
#include "supervise/protocol.h"

#define CONTROL_FD 3
#define SIGNAL_FD 4
#define FIRST_HELD_FD 5
#define ARGUMENTS_MAX (8 << 20) /* more than the kernel lets anybody pass */

static void send_report(const struct report *report)
{
	raw_write(CONTROL_FD, report, sizeof(*report)); /* a supervisor that is gone needs no report */
}

/* The caller's command line, with its --env values, is not for the script to read in /proc/1/cmdline. The kernel lays
 * the strings of argv, of the environment and the program's name one behind the other; this is a copy of the
 * supervisor's memory, and nothing in the plan points there (main.c). */
static void clear_command_line(void)
{
	char *start = program_invocation_name;
	const char *end = environ && environ[0] ? environ[0] : (const char *)getauxval(AT_EXECFN);

	for (char *at = start; end > start && end - start < ARGUMENTS_MAX && at < end; at++)
		*at = '\0';
}

/* With a PID namespace the kernel would end the rest when init exits, but nobody would learn what that had used. */
static void end_others(const struct plan *plan, pid_t script)
{
	pid_t pid;
	int status;

	if (plan->mode == MODE_LANDLOCK)
		end_children(script);
	if (plan->mode == MODE_LANDLOCK || raw_getpid() != 1)
		return;
	raw_kill(-1, SIGKILL);
	do
		pid = raw_wait4(-1, &status, 0, NULL);
	while (pid > 0 || pid == -EINTR);
}

static _Noreturn void leave(const struct plan *plan, const struct confine_state *state, pid_t script, int status)
{
	end_others(plan, script);
	if (state->private_fd >= 0)
		remove_tree(plan->private_tmp, plan->uid, REMOVE_ALL);
	if (state->secrets_fd >= 0)
		remove_tree(plan->secrets_dir, plan->uid, REMOVE_ALL);
	if (state->made_outputs)
		remove_tree(plan->outputs.inside, plan->uid, REMOVE_ALL);
	raw_exit(status);
}

static _Noreturn void fail(const struct plan *plan, const struct confine_state *state,
                           const struct stage_failure *failure)
{
	const struct report report = { .kind = REPORT_FAILED, .failure = *failure };

	send_report(&report);
	leave(plan, state, 0, 1);
}

static _Noreturn void script_main(const struct plan *plan, struct confine_state *state, struct stage_failure *failure)
{
	confine_run_stages(plan, state, STAGE_SESSION, STAGE_EXEC, failure);
	raw_exit(1);
}

/* Results lie in a directory that is ours to remove: the supervisor hears of the script's end when nobody is left who
 * could change them, and takes them before it closes the socket. */
static void offer_outputs(const struct plan *plan, const struct report *report, pid_t script)
{
	struct order order;
	ssize_t size;

	end_others(plan, script);
	send_report(report);
	do
		size = raw_read(CONTROL_FD, &order, sizeof(order));
	while (size > 0 || size == -EINTR);
}

static void reap(const struct plan *plan, const struct confine_state *state, pid_t script)
{
	struct report report = { .kind = REPORT_ENDED };
	pid_t pid;

	while ((pid = raw_wait4(-1, &report.wait_status, WNOHANG, NULL)) > 0 || pid == -ECHILD) {
		if (pid == -ECHILD) /* somebody else has taken the script's status: it ended, how is not known */
			leave(plan, state, 0, 1);
		if (pid != script)
			continue;
		if (state->made_outputs)
			offer_outputs(plan, &report, script);
		else
			send_report(&report);
		leave(plan, state, script, 0);
	}
}

static void obey(const struct plan *plan, const struct confine_state *state, pid_t script)
{
	struct order order;
	ssize_t size = raw_read(CONTROL_FD, &order, sizeof(order));

	if (size == 0) /* the supervisor is gone, or gives up */
		leave(plan, state, script, 0);
	if (size != sizeof(order))
		return;
	if (order.scope == ORDER_ALL && plan->mode == MODE_NAMESPACES)
		raw_kill(-1, order.signal);
	else
		raw_kill(order.scope == ORDER_SCRIPT ? script : -script, order.signal);
}

static void prepare(const struct plan *plan, struct confine_state *state)
{
	const uint64_t child = 1ULL << (SIGCHLD - 1);
	const int held[] = { state->private_fd, state->secrets_fd };
	struct stage_failure failure = { .stage = STAGE_SESSION };
	int fd, next = FIRST_HELD_FD;

	failure.sys_errno = -(int)raw_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* with a PID namespace init's end ends everything; without one it must outlive the supervisor to do that by
	 * hand */
	if (failure.sys_errno == 0 && plan->mode == MODE_NAMESPACES)
		failure.sys_errno = -(int)raw_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (failure.sys_errno == 0 && plan->mode == MODE_LANDLOCK)
		failure.sys_errno = -(int)raw_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* whoever kills pyconfine by its name means the supervisor, and then init must be there to tidy up */
	if (plan->mode == MODE_LANDLOCK)
		raw_prctl(PR_SET_NAME, (unsigned long)"sandbox-init", 0, 0, 0);
	if (failure.sys_errno == 0)
		raw_rt_sigprocmask(SIG_BLOCK, &child, NULL);
	fd = (int)raw_syscall(SYS_signalfd4, -1, (long)&child, sizeof(child), SFD_CLOEXEC | SFD_NONBLOCK, 0, 0);
	if (failure.sys_errno == 0 && fd < 0)
		failure.sys_errno = -fd;
	if (failure.sys_errno)
		fail(plan, state, &failure);
	if (fd != SIGNAL_FD)
		raw_dup3(fd, SIGNAL_FD, O_CLOEXEC);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (held[i] >= 0)
			raw_dup3(held[i], next++, O_CLOEXEC);
	raw_close_range((unsigned)next, ~0U, 0);
	state->parent_pid = raw_getpid();
	clear_command_line();
}

_Noreturn void init_main(const struct plan *plan, struct confine_state *state, int control_fd)
{
	struct stage_failure failure = { .stage = STAGE_COUNT };
	struct pollfd fds[2] = { { .fd = CONTROL_FD, .events = POLLIN }, { .fd = SIGNAL_FD, .events = POLLIN } };
	pid_t script;

	/* the two descriptors that init keeps get fixed numbers; what else was inherited is closed before the script
	 * exists */
	if (control_fd != CONTROL_FD) {
		if (state->id_map_fd == CONTROL_FD)
			state->id_map_fd = raw_fcntl(CONTROL_FD, F_DUPFD_CLOEXEC, 10);
		raw_dup3(control_fd, CONTROL_FD, O_CLOEXEC);
	}
	state->control_fd = CONTROL_FD;
	/* a process that cannot be dumped cannot write its own map, either; prepare() takes that back */
	if (state->secrets && plan->uid_map)
		raw_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (confine_run_stages(plan, state, STAGE_IDENTITY_MAP, STAGE_NO_NEW_PRIVS, &failure))
		fail(plan, state, &failure);
	prepare(plan, state);
	secrets_forget_files(state->secrets);
	script = vfork();
	if (script == 0)
		script_main(plan, state, &failure);
	secrets_forget(state->secrets);
	/* the script's process shared our memory until it ran exec or ended: it has written down how far it came */
	if (script < 0 || failure.stage != STAGE_COUNT)
		fail(plan, state, &failure);
	if (confine_run_stages(plan, state, STAGE_INIT_FILTER, STAGE_INIT_FILTER, &failure)) {
		raw_kill(script, SIGKILL);
		fail(plan, state, &failure);
	}
	for (;;) {
		struct signalfd_siginfo ignored;

		poll(fds, 2, -1);
		if (fds[1].revents)
			while (raw_read(SIGNAL_FD, &ignored, sizeof(ignored)) > 0)
				;
		reap(plan, state, script);
		if (fds[0].revents)
			obey(plan, state, script);
	}
}
