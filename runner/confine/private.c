/* The directory that stands for /tmp and home where there is no view. */
#include <errno.h>
#include <sys/file.h>

#include "confine/apply.h"
#include "host/syscalls.h"

/* Above those that init keeps. */
#define FIRST_FREE_FD 10

/* The lock says that the directory is in use; it ends with init, however init ends (supervise/tidy.h). */
static int hold(const struct plan *plan, struct confine_state *state)
{
	int result, fd = raw_openat(AT_FDCWD, plan->private_tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	state->private_fd = raw_fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	raw_close(fd);
	if (state->private_fd < 0)
		return state->private_fd;
	result = (int)raw_syscall(SYS_flock, state->private_fd, LOCK_EX | LOCK_NB, 0, 0, 0, 0);
	if (result == 0 && plan->change_user)
		result = raw_fchownat(state->private_fd, "", plan->uid, plan->gid, AT_EMPTY_PATH);
	return result;
}

int private_directory_apply(const struct plan *plan, struct confine_state *state)
{
	int result;

	raw_umask(077);
	result = raw_mkdirat(AT_FDCWD, plan->private_tmp, 0700);
	if (result)
		return result;
	result = hold(plan, state);
	if (result)
		raw_syscall(SYS_unlinkat, AT_FDCWD, (long)plan->private_tmp, AT_REMOVEDIR, 0, 0, 0);
	return result;
}
