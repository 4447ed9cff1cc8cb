/* What only the script's own process does: session, limits, descriptors, Landlock, filter, exec. */
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "confine/apply.h"
#include "host/syscalls.h"
#include "policy/filter.h"

/* A session of its own: without a controlling terminal nothing can be typed into the user's (TIOCSTI), and a signal to
 * the script's process group reaches nobody else. The parent-death signal is set after the identity, whose change
 * clears it. */
int session_apply(const struct plan *plan, struct confine_state *state)
{
	long result = raw_setsid();

	state->step = 1;
	if (result < 0)
		return (int)result;
	state->step = 2;
	result = raw_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (result)
		return (int)result;
	state->step = 3;
	if (raw_getppid() != state->parent_pid)
		return -ESRCH;
	raw_umask(plan->umask);
	state->step = 4;
	result = raw_chdir(plan->cwd);
	if (result)
		return (int)result;
	state->step = 5;
	return raw_rt_sigprocmask(SIG_SETMASK, &state->signal_mask, NULL);
}

static int set_processors(const struct processors *processors)
{
	uint64_t now[PROCESSORS_MAX / 64];
	long result;

	if (!processors->size)
		return 0;
	result = raw_syscall(SYS_sched_setaffinity, 0, (long)processors->size, (long)processors->mask, 0, 0, 0);
	if (result < 0)
		return (int)result;
	result = raw_syscall(SYS_sched_getaffinity, 0, (long)sizeof(now), (long)now, 0, 0, 0);
	if (result < 0)
		return (int)result;
	return memcmp(now, processors->mask, processors->size) == 0 ? 0 : -ENODEV;
}

int limits_apply(const struct plan *plan, struct confine_state *state)
{
	for (size_t i = 0; i < plan->rlimit_count; i++) {
		int result = raw_prlimit64(0, plan->rlimits[i].resource, &plan->rlimits[i].value, NULL);

		state->step = (int32_t)i;
		if (result)
			return result;
	}
	state->step = (int32_t)plan->rlimit_count;
	return set_processors(&plan->processors);
}

int limits_verify(const struct plan *plan, struct confine_state *state)
{
	for (size_t i = 0; i < plan->rlimit_count; i++) {
		struct rlimit now = { 0 };

		state->step = (int32_t)i;
		if (raw_prlimit64(0, plan->rlimits[i].resource, NULL, &now) ||
		    now.rlim_max != plan->rlimits[i].value.rlim_max)
			return -EPERM;
	}
	return 0;
}

/* close_range is of Linux 5.9, older than anything that can confine a script here. */
int descriptors_apply(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	(void)state;
	return raw_close_range(3, ~0U, 0);
}

static int landlock_add(int ruleset_fd, const struct landlock_rule *rule)
{
	const struct pc_open_how strictly = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int fd = rule->inode ? raw_openat2(AT_FDCWD, rule->path, &strictly)
	                     : raw_openat(AT_FDCWD, rule->path, O_PATH | O_CLOEXEC, 0);
	struct pc_landlock_path_beneath_attr attr = { .allowed_access = rule->access, .parent_fd = fd };
	struct stat st;
	int result;

	if (fd < 0)
		return rule->optional && (fd == -ENOENT || fd == -EACCES) ? 0 : fd;
	/* in a directory of somebody else's, another thing may lie there by now */
	if (rule->inode &&
	    (raw_fstatat(fd, "", &st, AT_EMPTY_PATH) || st.st_dev != rule->device || st.st_ino != rule->inode)) {
		raw_close(fd);
		return -ESTALE;
	}
	result = raw_landlock_add_rule(ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &attr, 0);
	raw_close(fd);
	return result;
}

int landlock_apply(const struct plan *plan, struct confine_state *state)
{
	const struct landlock_plan *landlock = &plan->landlock;
	const struct pc_landlock_ruleset_attr attr = { .handled_access_fs = landlock->handled_access,
		                                       .handled_access_net = landlock->handled_net,
		                                       .scoped = landlock->scoped };
	/* older kernels refuse a larger structure than they know unless the rest is zero, which it is */
	int ruleset_fd = raw_landlock_create_ruleset(&attr, sizeof(attr), 0);
	int result = ruleset_fd < 0 ? ruleset_fd : 0;

	state->step = -1;
	for (size_t i = 0; result == 0 && i < landlock->rule_count; i++) {
		state->step = (int32_t)i;
		if (landlock->rules[i].access)
			result = landlock_add(ruleset_fd, &landlock->rules[i]);
	}
	if (result == 0) {
		state->step = -2;
		result = raw_landlock_restrict_self(ruleset_fd, landlock->restrict_flags);
	}
	if (ruleset_fd >= 0)
		raw_close(ruleset_fd);
	return result;
}

/* Something that must be refused now, and with this error by nobody but Landlock. In a view: making a block device in a
 * writable place. Landlock is asked first (EACCES); without it the missing capability says EPERM. A character device of
 * number 0, a whiteout, would need no capability, but Linux 7.2 lets it pass Landlock. Elsewhere: listing the root,
 * which no rule allows there. */
int landlock_verify(const struct plan *plan, struct confine_state *state)
{
	int fd;

	(void)state;
	if (plan->mode == MODE_NAMESPACES)
		return raw_syscall(SYS_mknodat, AT_FDCWD, (long)"/tmp/.probe", S_IFBLK, 0, 0, 0) == -EACCES ? 0
		                                                                                            : -EPERM;
	fd = raw_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd >= 0)
		raw_close(fd);
	return fd == -EACCES ? 0 : -EPERM;
}

int hand_over(int control_fd, int fd, char mark)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &mark, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	long sent;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	sent = raw_syscall(SYS_sendmsg, control_fd, (long)&message, MSG_NOSIGNAL, 0, 0, 0);
	return sent == 1 ? 0 : sent < 0 ? (int)sent : -EIO;
}

int syscall_filter_apply(const struct plan *plan, struct confine_state *state)
{
	int fd = raw_seccomp(SECCOMP_SET_MODE_FILTER, plan->filter_flags, &plan->filter);

	if (fd < 0 || !plan->notify)
		return fd;
	state->step = 1;
	/* our copy goes with all other descriptors in the next stage: a notified process that kept its own listener
	 * would hang for ever once the supervisor is gone */
	return hand_over(state->control_fd, fd, LISTENER_MARK);
}

/* A call that always succeeds without a filter, and that no filter of ours allows. */
int syscall_filter_verify(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	(void)state;
	return raw_unshare(0) == -EPERM ? 0 : -EPERM;
}

int exec_apply(const struct plan *plan, struct confine_state *state)
{
	return raw_execve(plan->interpreter, plan->argv, state->envp);
}

int init_filter_apply(const struct plan *plan, struct confine_state *state)
{
	struct sock_fprog program = { .len = init_filter.count };

	(void)plan;
	(void)state;
	/* the kernel only reads it; struct sock_fprog has no const */
	memcpy(&program.filter, &init_filter.instructions, sizeof(program.filter));
	return raw_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}
