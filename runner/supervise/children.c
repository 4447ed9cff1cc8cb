#include "supervise/children.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "host/syscalls.h"

static void kill_children(void)
{
	char text[4096];
	int fd = raw_openat(AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_CLOEXEC, 0);
	ssize_t length = fd < 0 ? 0 : raw_read(fd, text, sizeof(text));
	pid_t pid = 0;

	for (ssize_t i = 0; i < length; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			pid = pid * 10 + (text[i] - '0');
		} else if (pid) {
			raw_kill(pid, SIGKILL);
			pid = 0;
		}
	}
	if (fd >= 0)
		raw_close(fd);
}

void end_children(pid_t group)
{
	int status;

	for (;;) {
		pid_t pid;

		kill_children();
		if (group)
			raw_kill(-group, SIGKILL);
		pid = raw_wait4(-1, &status, WNOHANG, NULL);
		if (pid == -ECHILD)
			break;
		if (pid == 0)
			poll(NULL, 0, 1);
	}
}
