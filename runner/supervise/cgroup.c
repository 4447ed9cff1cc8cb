#include "supervise/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"

#define OWN_NAME CGROUP_NAME "own-"
#define STALE_MAX 8      /* groups that one run looks at: whoever starts thousands pays for its own only */
#define REMOVE_TRIES 200 /* a process that was killed is in its group for a moment longer */
#define CPU_PERIOD_US 100000
#define CPU_QUOTA_LEAST_US 1000 /* the kernel's */

enum step { STEP_BASE, STEP_ASIDE, STEP_ENABLE, STEP_GROUP, STEP_LIMITS };

/* The steps from STEP_LIMITS on. `optional`: not in every kernel or configuration, and nothing depends on it. */
static const struct limit_file {
	const char *name;
	unsigned controller;
	bool optional;
} limit_files[] = {
	{ "memory.max", CGROUP_MEMORY, false },
	{ "memory.swap.max", CGROUP_MEMORY, true },
	{ "memory.oom.group", CGROUP_MEMORY, false },
	{ "pids.max", CGROUP_PIDS, false },
	{ "cpu.max", CGROUP_CPU, false },
};

enum { LIMIT_FILE_COUNT = sizeof(limit_files) / sizeof(limit_files[0]) };

const char *cgroup_step_name(int32_t step)
{
	static const char *const names[] = { [STEP_BASE] = "base",
		                             [STEP_ASIDE] = "cgroup.procs",
		                             [STEP_ENABLE] = "cgroup.subtree_control",
		                             [STEP_GROUP] = "mkdir" };

	return step < STEP_LIMITS                      ? names[step]
	       : step < STEP_LIMITS + LIMIT_FILE_COUNT ? limit_files[step - STEP_LIMITS].name
	                                               : "";
}

static int write_in(int directory_fd, const char *name, const char *text)
{
	FD_CLEANUP int fd = openat(directory_fd, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : write_all(fd, text, strlen(text));
}

static int read_in(int directory_fd, const char *name, char *text, size_t size)
{
	FD_CLEANUP int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	return got < 0 ? -1 : 0;
}

/* What a limit is written as; the kernel answers in the same form. */
static void limit_text(const struct cgroup_plan *plan, size_t file, char *text, size_t size)
{
	uint64_t quota = plan->cpu_thousandths * (CPU_PERIOD_US / 1000);

	switch (file) {
	case 0: /* the kernel rounds to whole pages */
		snprintf(text, size, "%llu\n",
		         (unsigned long long)(plan->memory_bytes -
		                              plan->memory_bytes % (uint64_t)sysconf(_SC_PAGESIZE)));
		return;
	case 1:
		snprintf(text, size, "0\n");
		return;
	case 2:
		snprintf(text, size, "1\n");
		return;
	case 3:
		snprintf(text, size, "%llu\n", (unsigned long long)plan->processes);
		return;
	default:
		snprintf(text, size, "%llu %d\n",
		         (unsigned long long)(quota < CPU_QUOTA_LEAST_US ? CPU_QUOTA_LEAST_US : quota), CPU_PERIOD_US);
		return;
	}
}

static int write_limits(const struct cgroup *cgroup, struct stage_failure *failure)
{
	char wanted[64], now[64];

	for (size_t i = 0; i < LIMIT_FILE_COUNT; i++) {
		if (!(cgroup->plan->controllers & limit_files[i].controller))
			continue;
		failure->step = STEP_LIMITS + (int32_t)i;
		limit_text(cgroup->plan, i, wanted, sizeof(wanted));
		if (write_in(cgroup->group_fd, limit_files[i].name, wanted)) {
			if (limit_files[i].optional && errno == ENOENT)
				continue;
			return -1;
		}
		if (read_in(cgroup->group_fd, limit_files[i].name, now, sizeof(now)))
			return -1;
		if (strcmp(now, wanted)) {
			failure->verify = 1;
			errno = EPERM;
			return -1;
		}
	}
	return 0;
}

static void own_name(char *name, size_t size)
{
	snprintf(name, size, OWN_NAME "%d", (int)getpid());
}

static int step_aside(struct cgroup *cgroup)
{
	char name[64], procs[96];

	own_name(name, sizeof(name));
	if (mkdirat(cgroup->base_fd, name, 0755) && errno != EEXIST)
		return -1;
	cgroup->aside = true;
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", name);
	return write_in(cgroup->base_fd, procs, "0");
}

/* '+' or '-' for each; one write is all or nothing. */
static int switch_controllers(const struct cgroup *cgroup, unsigned controllers, char sign)
{
	char text[64] = "";
	size_t length = 0;

	for (size_t i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
		if (controllers & cgroup_controllers[i].bit)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%c%s ", sign,
			                           cgroup_controllers[i].name);
	return length ? write_in(cgroup->base_fd, "cgroup.subtree_control", text) : 0;
}

static int enable(struct cgroup *cgroup)
{
	char list[512];
	unsigned missing;

	if (read_in(cgroup->base_fd, "cgroup.subtree_control", list, sizeof(list)))
		return -1;
	missing = cgroup->plan->controllers & ~cgroup_controllers_in(list);
	if (switch_controllers(cgroup, missing, '+'))
		return -1;
	/* where others share the base, what we have enabled may be in their use by now: it stays */
	cgroup->enabled = cgroup->aside ? missing : 0;
	return 0;
}

/* Those whose supervisor was killed: nobody holds their lock, and nobody is in them. */
static void remove_stale(const struct cgroup *cgroup)
{
	int copy = openat(cgroup->base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	unsigned seen = 0;

	while (entries && seen < STALE_MAX && (entry = readdir(entries))) {
		FD_CLEANUP int fd = -1;

		if (strncmp(entry->d_name, CGROUP_NAME, strlen(CGROUP_NAME)) ||
		    strncmp(entry->d_name, OWN_NAME, strlen(OWN_NAME)) == 0)
			continue;
		seen++;
		fd = openat(cgroup->base_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(cgroup->base_fd, entry->d_name, AT_REMOVEDIR);
	}
	if (entries)
		closedir(entries);
	else if (copy >= 0)
		close(copy);
}

static int make_group(struct cgroup *cgroup)
{
	remove_stale(cgroup);
	if (mkdirat(cgroup->base_fd, cgroup->plan->name, 0755))
		return -1;
	cgroup->group_fd = openat(cgroup->base_fd, cgroup->plan->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* another run may have taken it for stale, before it had its lock: then what follows fails with ENOENT */
	return cgroup->group_fd < 0 ? -1 : flock(cgroup->group_fd, LOCK_EX | LOCK_NB);
}

static int carry_out(struct cgroup *cgroup, struct stage_failure *failure)
{
	failure->step = STEP_BASE;
	cgroup->base_fd = open(cgroup->plan->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->base_fd < 0)
		return -1;
	failure->step = STEP_ASIDE;
	if (cgroup->plan->step_aside && step_aside(cgroup))
		return -1;
	failure->step = STEP_ENABLE;
	if (enable(cgroup))
		return -1;
	failure->step = STEP_GROUP;
	if (make_group(cgroup))
		return -1;
	return write_limits(cgroup, failure);
}

int cgroup_open(struct cgroup *cgroup, const struct plan *plan, struct stage_failure *failure)
{
	struct stage_failure failed = { .stage = STAGE_CGROUP };

	*cgroup = (struct cgroup){ .plan = &plan->cgroup, .base_fd = -1, .group_fd = -1 };
	if (!plan->cgroup.base || carry_out(cgroup, &failed) == 0)
		return 0;
	failed.sys_errno = errno;
	cgroup_close(cgroup);
	*failure = failed;
	return -1;
}

/* "NAME NUMBER" lines. */
static bool read_number(const struct cgroup *cgroup, const char *file, const char *name, uint64_t *number)
{
	char text[2048];
	size_t length = strlen(name);

	if (cgroup->group_fd < 0 || read_in(cgroup->group_fd, file, text, sizeof(text)))
		return false;
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
		if (strncmp(line, name, length) == 0 && (length == 0 || line[length] == ' ')) {
			*number = strtoull(line + length, NULL, 10);
			return true;
		}
	return false;
}

bool cgroup_cpu_ms(const struct cgroup *cgroup, uint64_t *ms)
{
	uint64_t us;

	if (!read_number(cgroup, "cpu.stat", "usage_usec", &us))
		return false;
	*ms = us / 1000;
	return true;
}

bool cgroup_memory_reached(const struct cgroup *cgroup, struct limit_reached *out)
{
	uint64_t reached = 0, killed = 0, peak = 0;

	if (!(cgroup->plan->controllers & CGROUP_MEMORY) || !read_number(cgroup, "memory.events", "oom", &reached) ||
	    !read_number(cgroup, "memory.events", "oom_kill", &killed))
		return false;
	/* a kill without the first is the machine's shortage, or that of a group above */
	if (!reached || !killed)
		return false;
	if (!read_number(cgroup, "memory.peak", "", &peak)) /* Linux 5.19 */
		peak = cgroup->plan->memory_bytes;
	*out = (struct limit_reached){ .promise = PROMISE_MEMORY, .value = cgroup->plan->memory_bytes, .peak = peak };
	return true;
}

bool cgroup_kill(const struct cgroup *cgroup)
{
	return cgroup->group_fd >= 0 && write_in(cgroup->group_fd, "cgroup.kill", "1") == 0;
}

void cgroup_close(struct cgroup *cgroup)
{
	char name[64];

	if (cgroup->group_fd >= 0)
		for (int i = 0;
		     unlinkat(cgroup->base_fd, cgroup->plan->name, AT_REMOVEDIR) && errno == EBUSY && i < REMOVE_TRIES;
		     i++)
			poll(NULL, 0, 1);
	if (cgroup->aside) {
		switch_controllers(cgroup, cgroup->enabled, '-');
		write_in(cgroup->base_fd, "cgroup.procs", "0");
		own_name(name, sizeof(name));
		unlinkat(cgroup->base_fd, name, AT_REMOVEDIR);
	}
	fd_close(&cgroup->group_fd);
	fd_close(&cgroup->base_fd);
}
