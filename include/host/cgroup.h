/* Where a control group for a session can be made: cgroups(7), Documentation/admin-guide/cgroup-v2.rst, and systemd's
 * rules about who may do what (systemd.io/CGROUP_DELEGATION). */
#ifndef HOST_CGROUP_H
#define HOST_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/facts.h"

/* What is looked at; tests give a tree of their own. */
struct cgroup_sight {
	const char *mount;    /* of cgroup v2 */
	const char *own_text; /* what /proc/self/cgroup says */
	pid_t pid;            /* ours */
	/* whether a writable group was handed over to be divided */
	bool (*is_delegated)(const char *directory);
};

/* Fills in *place, or denies *fact with the reason. Only reads. Two places will do, in this order:
 *
 *   the group above, where it holds no processes of its own and ours has no limits that would be left behind;
 *   our own group, where it is the root of the hierarchy, or where we are alone in it: a group that hands controllers
 *   on may hold no processes, so that we step aside into a group below it. */
void cgroup_find(const struct cgroup_sight *sight, struct cgroup_place *place, struct host_fact *fact);

#endif
