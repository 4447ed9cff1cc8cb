/* Which of the given sockets the script still holds: /proc/PID/fd of every process inside says so. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "supervise/given.h"
#include "supervise/watch.h"

/* Of the time, at most one part in so many goes into looking. */
#define SHARE 4
#define LOOKED_AT_MAX 131072 /* descriptors: beyond that everything counts as held */

struct look {
	struct given_table *table;
	size_t left;
	bool held[GIVEN_MAX];
};

static void mark(struct look *look, uint64_t inode)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (look->table->rows[i].fd >= 0 && look->table->rows[i].inode == inode)
			look->held[i] = true;
}

/* False: not everything was seen. */
static bool look_through(struct look *look, pid_t pid)
{
	char path[64], target[64];
	const struct dirent *entry;
	DIR *directory;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	if (!directory)
		return access(path, F_OK) != 0; /* it has ended */
	while (look->left && (entry = readdir(directory))) {
		look->left--;
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		if (strncmp(target, "socket:[", 8) == 0)
			mark(look, strtoull(target + 8, NULL, 10));
	}
	closedir(directory);
	return look->left > 0;
}

bool given_forget_closed(struct given_table *table, pid_t init)
{
	static struct look look; /* too large for a stack */
	uint64_t begun = clock_ms();
	const pid_t *pids;
	size_t count;
	bool all = true;

	if (begun < table->next_look_ms)
		return false;
	look = (struct look){ .table = table, .left = LOOKED_AT_MAX };
	count = tree_list(init, &pids, &all);
	for (size_t i = 0; i < count && all; i++)
		all = look_through(&look, pids[i]);
	for (size_t i = 0; i < GIVEN_MAX && all; i++)
		if (table->rows[i].fd >= 0 && !look.held[i])
			given_forget(&table->rows[i]);
	table->next_look_ms = clock_ms() + SHARE * (clock_ms() - begun);
	return all;
}
