/* What lies on the host where there is no view: a directory that stands for /tmp and home, one for outputs, and one
 * that holds secrets. */
#include <errno.h>
#include <sys/file.h>

#include "confine/apply.h"
#include "host/syscalls.h"

/* Above those that init keeps. */
#define FIRST_FREE_FD 10

/* The lock says that the directory is in use; it ends with the last descriptor of it, init's or, for outputs, the
 * supervisor's (supervise/tidy.h). */
static int hold(const struct plan *plan, const char *path, int *held_fd)
{
	int result, fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	*held_fd = raw_fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	raw_close(fd);
	if (*held_fd < 0)
		return *held_fd;
	result = (int)raw_syscall(SYS_flock, *held_fd, LOCK_EX | LOCK_NB, 0, 0, 0, 0);
	if (result == 0 && plan->change_user)
		result = raw_fchownat(*held_fd, "", plan->uid, plan->gid, AT_EMPTY_PATH);
	return result;
}

static int make(const struct plan *plan, const char *path, int *held_fd)
{
	int result;

	raw_umask(077);
	result = raw_mkdirat(AT_FDCWD, path, 0700);
	if (result)
		return result;
	result = hold(plan, path, held_fd);
	if (result)
		raw_syscall(SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR, 0, 0, 0);
	return result;
}

static int make_outputs(const struct plan *plan, struct confine_state *state)
{
	int fd = -1, result = make(plan, plan->outputs.inside, &fd);

	if (result)
		return result;
	state->made_outputs = true;
	result = hand_over(state->control_fd, fd, OUTPUTS_MARK);
	raw_close(fd);
	return result;
}

int private_directory_apply(const struct plan *plan, struct confine_state *state)
{
	int result = make(plan, plan->private_tmp, &state->private_fd);

	if (result || !plan->outputs.inside)
		return result;
	state->step = 1;
	return make_outputs(plan, state);
}

int secrets_apply(const struct plan *plan, struct confine_state *state)
{
	int result = make(plan, plan->secrets_dir, &state->secrets_fd);

	for (size_t i = 0; result == 0 && i < plan->secret_count; i++)
		if (plan->secrets[i].path)
			result = secret_make_file(plan, state->secrets, i, state->secrets_fd, plan->secrets[i].name);
	return result;
}
