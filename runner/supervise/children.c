#include "supervise/children.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>

#include "host/syscalls.h"

#define END_SPINS 50

/* All of them at once, however many: what is left alive meanwhile goes on forking. */
static void kill_children(void)
{
	char text[4096];
	int fd = raw_openat(AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_CLOEXEC, 0);
	ssize_t length;
	pid_t pid = 0;

	if (fd < 0)
		return;
	while ((length = raw_read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < length; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
			} else if (pid) {
				raw_kill(pid, SIGKILL);
				pid = 0;
			}
		}
	}
	raw_close(fd);
}

/* False: there is no child any more. */
static bool reap(bool *some)
{
	int status;
	pid_t pid;

	*some = false;
	while ((pid = raw_wait4(-1, &status, WNOHANG, NULL)) > 0)
		*some = true;
	return pid != -ECHILD;
}

void end_children(pid_t group)
{
	bool some = true;

	/* who forks as fast as it can is not outrun by one who sleeps: only where nothing ends there is time */
	for (unsigned fruitless = 0; reap(&some); fruitless = some ? 0 : fruitless + 1) {
		kill_children();
		if (group)
			raw_kill(-group, SIGKILL);
		if (fruitless > END_SPINS)
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

/* A directory that may not be read is its owner's to open again. */
/* By its descriptor: chmod by name would follow a link that stands there now. Without /proc it stays as it is. */
static void make_accessible(int parent_fd, const char *name)
{
	char path[] = "/proc/self/fd/\0\0\0\0\0\0\0\0\0\0\0", digits[12];
	size_t at = sizeof("/proc/self/fd/") - 1, count = 0;
	int fd = raw_openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return;
	for (int rest = fd; count == 0 || rest; rest /= 10)
		digits[count++] = (char)('0' + rest % 10);
	while (count > 0)
		path[at++] = digits[--count];
	raw_syscall(SYS_fchmodat, AT_FDCWD, (long)path, 0700, 0, 0, 0);
	raw_close(fd);
}

static int open_directory(int parent_fd, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = raw_openat(parent_fd, name, flags, 0);

	if (fd != -EACCES)
		return fd;
	make_accessible(parent_fd, name);
	return raw_openat(parent_fd, name, flags, 0);
}

/* What lies too deep is moved up to the top, under a name that counts, and is emptied in the next round. */
static void move_up(int parent_fd, const char *name, int top_fd)
{
	static unsigned count;
	char target[] = ".deep-00000000";
	unsigned digits = count++;

	for (size_t i = sizeof(target) - 2; i >= sizeof(target) - 9; i--, digits >>= 4)
		target[i] = "0123456789abcdef"[digits & 15];
	raw_syscall(SYS_renameat2, parent_fd, (long)name, top_fd, (long)target, 0, 0);
}

/* Returns whether something was left for another round. */
static bool empty_directory(int fd, int top_fd, unsigned depth, uint64_t *entries)
{
	_Alignas(struct directory_entry) char buffer[2048];
	bool left = false;
	long size;

	while (*entries && (size = raw_syscall(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0, 0, 0)) > 0) {
		for (long at = 0; at < size && *entries; --*entries) {
			const struct directory_entry *entry = (const void *)(buffer + at);
			int child_fd;

			at += entry->length;
			if (is_dots(entry->name) || raw_syscall(SYS_unlinkat, fd, (long)entry->name, 0, 0, 0, 0) == 0)
				continue;
			child_fd = depth < REMOVE_DEPTH_MAX ? open_directory(fd, entry->name) : -1;
			if (child_fd >= 0) {
				left |= empty_directory(child_fd, top_fd, depth + 1, entries);
				raw_close(child_fd);
			} else if (depth >= REMOVE_DEPTH_MAX) {
				move_up(fd, entry->name, top_fd);
				left = true;
			}
			raw_syscall(SYS_unlinkat, fd, (long)entry->name, AT_REMOVEDIR, 0, 0, 0);
		}
	}
	return left;
}

static bool belongs_to(int fd, uint32_t uid)
{
	struct stat st;

	return raw_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 &&
	       (st.st_uid == uid || st.st_uid == (uint32_t)raw_syscall(SYS_geteuid, 0, 0, 0, 0, 0, 0));
}

void remove_tree(const char *path, uint32_t uid, uint64_t entries)
{
	bool left = true;

	for (unsigned round = 0; left && entries && round < REMOVE_ROUNDS_MAX; round++) {
		int fd = open_directory(AT_FDCWD, path);

		if (fd < 0)
			return;
		if (!belongs_to(fd, uid)) {
			raw_close(fd);
			return;
		}
		left = empty_directory(fd, fd, 0, &entries);
		raw_close(fd);
	}
	raw_syscall(SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR, 0, 0, 0);
}
