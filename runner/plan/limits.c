/* Limits: what the kernel's rlimits can keep for each process, and the supervisor's deadlines. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fds.h"
#include "plan/parts.h"

#define MEMORY_SLACK ((uint64_t)512 << 20)

static void rlimit_add(struct build *b, int resource, const char *name, uint64_t soft, uint64_t hard,
                       const struct source_pos *pos)
{
	struct rlimit now = { 0 };
	struct rlimit_step *step;

	/* Limits only shrink: what our caller's hard limit forbids is not asked for. */
	if (getrlimit((__rlimit_resource_t)resource, &now) == 0 && hard > now.rlim_max)
		hard = now.rlim_max;
	if (soft > hard)
		soft = hard;
	b->plan->rlimits = arena_grow(b->arena, b->plan->rlimits, b->plan->rlimit_count, sizeof(*b->plan->rlimits));
	step = &b->plan->rlimits[b->plan->rlimit_count++];
	*step = (struct rlimit_step){ .resource = resource, .name = name, .value = { soft, hard }, .pos = *pos };
}

/* Threads that count against RLIMIT_NPROC of `uid` now. */
static uint64_t count_threads_of(uint32_t uid)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	uint64_t count = 0;

	while (proc && (entry = readdir(proc))) {
		struct stat st;
		char path[sizeof(entry->d_name) + 8];

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || fstatat(dirfd(proc), entry->d_name, &st, 0) ||
		    st.st_uid != uid)
			continue;
		snprintf(path, sizeof(path), "%s/task", entry->d_name);
		/* a directory's link count is two more than the directories in it: one for each thread */
		count += fstatat(dirfd(proc), path, &st, 0) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 1;
	}
	if (proc)
		closedir(proc);
	return count;
}

/* RLIMIT_NPROC counts the threads of a user: of the user inside a user namespace (since 5.14), of the session's own uid
 * where root started us; where other processes of the user are around, they count too and are added. Uid 0 is
 * exempt. */
static void limit_processes(struct build *b)
{
	const struct limit *limit = &b->profile->limits.processes;
	uint64_t others = 1; /* init */

	if (!limit->set || b->plan->cgroup.processes)
		return;
	if (b->plan->uid == 0) {
		if (plan_asks_for_forks(b))
			b->plan->deadlines.forks = limit->value;
		else
			b->plan->deadlines.processes = limit->value;
		return;
	}
	if (!(b->plan->uid_map &&
	      (b->facts->kernel_major > 5 || (b->facts->kernel_major == 5 && b->facts->kernel_minor >= 14))) &&
	    !b->plan->change_user)
		others += count_threads_of(b->plan->uid);
	rlimit_add(b, RLIMIT_NPROC, "limits.processes", limit->value + others, limit->value + others, &limit->pos);
}

static void limit_memory(struct build *b)
{
	const struct limit *limit = &b->profile->limits.memory;
	uint64_t bytes;

	if (!limit->set)
		return;
	if (!b->plan->cgroup.memory_bytes)
		b->plan->deadlines.memory_bytes = limit->value;
	/* Private writable memory of one process, not address space; numpy reserves buffers for each processor that it
	 * hardly uses, so the limit itself is the watcher's, and this bounds how far one process can pass it between
	 * two looks. */
	bytes = limit->value * 2 > limit->value + MEMORY_SLACK ? limit->value * 2 : limit->value + MEMORY_SLACK;
	rlimit_add(b, RLIMIT_DATA, "limits.memory", bytes, bytes, &limit->pos);
}

int plan_limits(struct build *b)
{
	const struct profile *profile = b->profile;
	const struct source_pos nobody = { 0 };
	const struct limit *cpu = &profile->limits.cpu_time, *files = &profile->limits.open_files;

	if (profile->limits.timeout.set)
		b->plan->deadlines.timeout_ms = profile->limits.timeout.value;
	b->plan->deadlines.grace_ms = profile->limits.grace.set ? profile->limits.grace.value : 5000;
	if (cpu->set) {
		uint64_t seconds = (cpu->value + 999) / 1000;

		/* the watcher comes first, and says so; the kernel counts ticks, which can be a good deal more than the
		 * time that was used, and bounds a single process should the watcher be late */
		b->plan->deadlines.cpu_ms = cpu->value;
		rlimit_add(b, RLIMIT_CPU, "limits.cpu_time", seconds + 1, seconds + 2, &cpu->pos);
	}
	if (profile->limits.output.set)
		b->plan->deadlines.output_bytes = profile->limits.output.value;
	limit_memory(b);
	limit_processes(b);
	if (files->set)
		rlimit_add(b, RLIMIT_NOFILE, "limits.open_files", files->value, files->value, &files->pos);
	if (profile->limits.file_size.set)
		rlimit_add(b, RLIMIT_FSIZE, "limits.file_size", profile->limits.file_size.value,
		           profile->limits.file_size.value, &profile->limits.file_size.pos);
	/* Secrets do not end up in a file or in a crash handler: 0 would stop the file alone, 1 stops both (core(5),
	 * and do_coredump() in the kernel, which refuses the pipe of a core_pattern at exactly 1). */
	rlimit_add(b, RLIMIT_CORE, "core dumps", 1, 1, &nobody);
	return 0;
}
