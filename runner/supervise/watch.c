#include "supervise/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"

/* Beyond this many processes the tree is not walked further: RLIMIT_NPROC has failed, and memory alone decides. */
#define TREE_MAX 4096

struct tree {
	pid_t pids[TREE_MAX];
	size_t count;
};

static struct tree tree; /* the supervisor has one thread, and one tree */

/* A small file of /proc as a string; "" when it is gone. */
static const char *read_small(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, buffer, size - 1);

	buffer[length > 0 ? length : 0] = '\0';
	return buffer;
}

static uint64_t rollup_line(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) * 1024 : 0;
}

/* The kernel's own pages for what is mapped: a page here and there takes a table each. */
static uint64_t table_bytes(pid_t pid, pid_t thread)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread);
	return rollup_line(read_small(path, text, sizeof(text)), "\nVmPTE:");
}

/* One read gives a page at most. */
static const char *read_list(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	while (fd >= 0 && length < size - 1 && (got = read(fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	/* a number that was cut is another process's */
	while (length == size - 1 && length > 0 && buffer[length - 1] != ' ')
		length--;
	buffer[length] = '\0';
	return buffer;
}

static void add_children(const char *list)
{
	char *end;

	for (long pid = strtol(list, &end, 10); end != list && tree.count < TREE_MAX; pid = strtol(list, &end, 10)) {
		tree.pids[tree.count++] = (pid_t)pid;
		list = end;
	}
}

/* A child is listed with the thread that made it, so every thread is asked. */
static bool add_children_of(pid_t pid, uint64_t *threads)
{
	static char list[8 * TREE_MAX];
	char path[64];
	DIR *tasks;
	const struct dirent *task;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return false;
	while ((task = readdir(tasks))) {
		if (task->d_name[0] == '.')
			continue;
		*threads += 1;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", pid, task->d_name);
		add_children(read_list(path, list, sizeof(list)));
	}
	closedir(tasks);
	return true;
}

static uint64_t thread_resident_bytes(pid_t pid, pid_t thread, bool anonymous)
{
	char path[64], text[256];
	unsigned long long size = 0, resident = 0, shared = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/statm", pid, thread);
	if (sscanf(read_small(path, text, sizeof(text)), "%llu %llu %llu", &size, &resident, &shared) != 3)
		return 0;
	return (resident - (anonymous && shared < resident ? shared : 0)) * (uint64_t)sysconf(_SC_PAGESIZE) +
	       table_bytes(pid, thread);
}

/* A process whose first thread has ended shows nothing under its own number, but its other threads do. */
static uint64_t resident_bytes(pid_t pid, bool anonymous)
{
	char path[64];
	DIR *tasks;
	const struct dirent *task;
	uint64_t bytes = thread_resident_bytes(pid, pid, anonymous);

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = bytes ? NULL : opendir(path);
	while (tasks && bytes == 0 && (task = readdir(tasks)))
		if (task->d_name[0] != '.')
			bytes = thread_resident_bytes(pid, (pid_t)strtol(task->d_name, NULL, 10), anonymous);
	if (tasks)
		closedir(tasks);
	return bytes;
}

/* Pages of files are left out: they are the system's, and go when memory is short. */
static void add_proportional(pid_t pid, struct tree_usage *usage)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	if (!read_small(path, text, sizeof(text))[0]) {
		usage->private_bytes += resident_bytes(pid, true);
		return;
	}
	usage->private_bytes += rollup_line(text, "\nPss_Anon:") + rollup_line(text, "\nSwapPss:") +
	                        table_bytes(pid, pid);
	usage->shared_bytes += rollup_line(text, "\nPss_Shmem:");
}

/* utime, stime, cutime, cstime are the fields 14 to 17; the name before them may hold blanks and brackets. */
static uint64_t cpu_ms(pid_t pid)
{
	char path[64], text[1024];
	const char *rest;
	unsigned long long user = 0, system = 0;
	long long child_user = 0, child_system = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	rest = strrchr(read_small(path, text, sizeof(text)), ')');
	if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld", &user,
	                    &system, &child_user, &child_system) != 4)
		return 0;
	return (user + system + (unsigned long long)(child_user + child_system)) * 1000 /
	       (uint64_t)sysconf(_SC_CLK_TCK);
}

static int measure(pid_t init, bool exactly, struct tree_usage *out)
{
	struct tree_usage usage = { 0 };
	uint64_t of_init = 0;

	tree.count = 0;
	if (!add_children_of(init, &of_init))
		return -1;
	usage.cpu_ms = cpu_ms(init);
	for (size_t i = 0; i < tree.count; i++) {
		usage.memory_bytes += resident_bytes(tree.pids[i], false);
		usage.cpu_ms += cpu_ms(tree.pids[i]);
		if (exactly)
			add_proportional(tree.pids[i], &usage);
		add_children_of(tree.pids[i], &usage.threads);
	}
	usage.processes = tree.count;
	*out = usage;
	return 0;
}

int tree_measure(pid_t init, struct tree_usage *out)
{
	return measure(init, false, out);
}

int tree_measure_exactly(pid_t init, struct tree_usage *out)
{
	return measure(init, true, out);
}

size_t tree_list(pid_t init, const pid_t **pids, bool *all)
{
	uint64_t threads = 0;

	tree.count = 0;
	*all = add_children_of(init, &threads);
	for (size_t i = 0; i < tree.count; i++)
		add_children_of(tree.pids[i], &threads);
	*all = *all && tree.count < TREE_MAX;
	*pids = tree.pids;
	return tree.count;
}

uint64_t tree_open_files(void)
{
	uint64_t most = 0;

	for (size_t i = 0; i < tree.count; i++) {
		char path[64];
		DIR *files;
		uint64_t count = 0;

		snprintf(path, sizeof(path), "/proc/%d/fd", tree.pids[i]);
		files = opendir(path);
		while (files && readdir(files))
			count++;
		if (files)
			closedir(files);
		most = count > most + 2 ? count - 2 : most; /* less "." and ".." */
	}
	return most;
}

int tree_open_inside(const char *path)
{
	char through[PATH_MAX];
	int fd = -1;

	for (size_t i = 0; i < tree.count && fd < 0; i++) {
		snprintf(through, sizeof(through), "/proc/%d/root%s", tree.pids[i], path);
		fd = open(through, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	return fd;
}
