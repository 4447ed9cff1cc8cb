/* The stages of confinement: one enum, two tables (this, the pure half, and confine/apply.h, the child's).
 *
 * Table order is execution order. PID 1 of the sandbox (init) carries out the stages up to STAGE_NO_NEW_PRIVS and then
 * makes the script's process by vfork, which inherits them and carries out the rest; so both end without privilege, and
 * nothing is done twice. */
#ifndef PLAN_STAGE_H
#define PLAN_STAGE_H

#include <stdbool.h>

#include "base/text.h"
#include "host/facts.h"

struct plan;

enum stage_id {
	STAGE_CGROUP,            /* supervisor, before init, which is born in it */
	STAGE_IDENTITY_MAP,      /* init: user namespace maps */
	STAGE_VIEW,              /* init: private root, pivot_root, fresh /proc */
	STAGE_NETWORK,           /* init: loopback of the empty network namespace */
	STAGE_HOSTNAME,          /* init */
	STAGE_PRIVATE_DIRECTORY, /* init: without a view, the directory that stands for /tmp and home */
	STAGE_SECRETS,           /* init: without a view, the directory that holds their files */
	STAGE_CAPABILITY_BOUNDS, /* init: bounding set emptied (needs CAP_SETPCAP, so before the capabilities go) */
	STAGE_IDENTITY,          /* init: groups, gid, uid */
	STAGE_CAPABILITIES,      /* init: ambient, securebits, permitted, effective, inheritable */
	STAGE_NO_NEW_PRIVS,      /* init */
	STAGE_SESSION,           /* script: own session, parent-death signal, signal dispositions, umask, cwd */
	STAGE_LIMITS,            /* script: rlimits */
	STAGE_LANDLOCK,          /* script: needs no_new_privs */
	STAGE_SYSCALL_FILTER,    /* script: it forbids what the others need; its listener goes to the supervisor */
	STAGE_DESCRIPTORS,       /* script: everything above 2 closed, the listener and the socket among them */
	STAGE_EXEC,              /* script */
	STAGE_INIT_FILTER,       /* init: after the script's process exists, since filters are inherited */
	STAGE_COUNT
};

struct stage {
	const char *name;     /* explain, logs, errors and tests share it */
	const char *why_here; /* what this row's place depends on */
	bool (*wanted)(const struct plan *plan);
	void (*describe)(const struct plan *plan, struct text *out); /* one line for explain -v */
};

extern const struct stage stages[STAGE_COUNT];

#endif
