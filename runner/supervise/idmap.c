#include "supervise/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"

/* "0 ID 1": on the disk 0, in the mount ID. ID's own files are left out, since two cannot be one. */
static int write_map(pid_t pid, const char *file, uint32_t id)
{
	char path[64], map[160];
	FD_CLEANUP int fd = -1;
	int length = snprintf(map, sizeof(map), "0 %u 1\n1 1 %u\n%u %u %u\n", id, id - 1, id + 1, id + 1,
	                      UINT32_MAX - id - 1);

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -1 : write_all(fd, map, (size_t)length);
}

/* Only raw calls: this process shares our memory, errno included. */
static int wait_for_kill(void *parent)
{
	raw_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* a parent that was killed before that sends nothing any more */
	while (raw_getppid() == *(const pid_t *)parent && raw_syscall(SYS_ppoll, 0, 0, 0, 0, 0, 0) <= 0)
		;
	return 0;
}

int idmap_open(uint32_t uid, uint32_t gid)
{
	/* A namespace is mapped from outside, so a process must be in it meanwhile. It borrows our memory: copying that
	 * for a process that does nothing costs as much as an exec. */
	static char stack[8192] __attribute__((aligned(16)));
	pid_t parent = getpid();
	char path[64];
	pid_t pid = clone(wait_for_kill, stack + sizeof(stack), CLONE_NEWUSER | CLONE_VM, &parent);
	int fd = -1, code;

	if (pid < 0)
		return -1;
	if (write_map(pid, "uid_map", uid) == 0 && write_map(pid, "gid_map", gid) == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	code = errno;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		; /* it ends without a SIGCHLD, which would only wake the supervisor's loop */
	errno = code;
	return fd;
}

static int32_t first_idmapped(const struct plan *plan)
{
	for (size_t i = 0; i < plan->view_count; i++)
		if (plan->view[i].idmapped)
			return (int32_t)i;
	return 0;
}

int idmap_prepare(const struct plan *plan, struct confine_state *state, struct stage_failure *failure)
{
	if (!plan->idmapped)
		return 0;
	/* opening a namespace asks for what tracing asks for, which root may be without: so not while we are closed */
	if (state->secrets)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	state->id_map_fd = idmap_open(plan->uid, plan->gid);
	if (state->secrets)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (state->id_map_fd >= 0)
		return 0;
	*failure = (struct stage_failure){ .stage = STAGE_VIEW, .step = first_idmapped(plan), .sys_errno = errno };
	return -1;
}
