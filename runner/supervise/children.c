#include "supervise/children.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
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

struct directory_entry {
	uint64_t inode;
	int64_t next;
	uint16_t length;
	uint8_t type;
	char name[];
};

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static void empty_directory(int parent_fd, const char *name, unsigned depth)
{
	_Alignas(struct directory_entry) char buffer[2048];
	int fd = raw_openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	long size = 0;

	while (fd >= 0 && (size = raw_syscall(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0) {
		for (long at = 0; at < size;) {
			const struct directory_entry *entry = (const void *)(buffer + at);

			at += entry->length;
			if (is_dots(entry->name) || raw_syscall(SYS_unlinkat, fd, (long)entry->name, 0, 0, 0, 0) == 0)
				continue;
			if (depth < REMOVE_DEPTH_MAX)
				empty_directory(fd, entry->name, depth + 1);
			raw_syscall(SYS_unlinkat, fd, (long)entry->name, AT_REMOVEDIR, 0, 0, 0);
		}
	}
	if (fd >= 0)
		raw_close(fd);
}

void remove_tree(const char *path)
{
	empty_directory(AT_FDCWD, path, 0);
	raw_syscall(SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR, 0, 0, 0);
}
