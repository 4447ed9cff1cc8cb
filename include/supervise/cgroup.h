/* The session's own control group: made before init, which is born in it, and removed when everything in it has ended.
 *
 * Theory of operation. Under the plan's base directory a group "pyconfine-SESSION" is made and its limits are written
 * and read back. Where the base holds the supervisor itself, that steps aside into "pyconfine-own-PID" for as long as
 * the run lasts, since a group that hands controllers on may hold no processes; afterwards everything is put back. The
 * kernel refuses forks beyond pids.max, shares out time by cpu.max, and at memory.max ends the whole group at once
 * (memory.oom.group), init with it, so the supervisor learns from memory.events why. A supervisor that is killed leaves
 * an empty group, which is locked as long as it lives: the next run removes what is not. */
#ifndef SUPERVISE_CGROUP_H
#define SUPERVISE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "confine/apply.h"
#include "plan/plan.h"
#include "supervise/run.h"

struct cgroup {
	const struct cgroup_plan *plan;
	int base_fd, group_fd; /* owned; group_fd -1: there is none */
	bool aside;            /* the supervisor is in a group below base */
	unsigned enabled;      /* CGROUP_* that we have enabled in base */
};

/* Returns 0, also where the plan has none; -1 with *failure, and nothing is left. */
int cgroup_open(struct cgroup *cgroup, const struct plan *plan, struct stage_failure *failure);
/* Processor time of everything that was ever in it. False where it cannot be read. */
bool cgroup_cpu_ms(const struct cgroup *cgroup, uint64_t *ms);
/* Whether memory.max ended the run. */
bool cgroup_memory_reached(const struct cgroup *cgroup, struct limit_reached *out);
/* SIGKILL to all in it at one stroke (Linux 5.14). False where that cannot be done. */
bool cgroup_kill(const struct cgroup *cgroup);
/* When everything has ended. Takes back whatever cgroup_open() did. */
void cgroup_close(struct cgroup *cgroup);

/* What failure->step stands for: "memory.max". */
const char *cgroup_step_name(int32_t step);

#endif
