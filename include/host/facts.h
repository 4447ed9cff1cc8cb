/* What this machine can do. The only place that asks the kernel; everything else takes a struct host_facts.
 *
 * One table, host_features: a row a feature, with its probe. A probe carries the whole sequence through in a throw-away
 * child, because the first step of a sequence often succeeds where a later one is refused (Ubuntu's unprivileged user
 * namespaces). Facts can be lowered (--assume userns=0,landlock=2) for tests and for trying out; never raised. */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum host_feature {
	FEATURE_SECCOMP,        /* 1: filters can be installed */
	FEATURE_USER_NOTIFY,    /* 1: SECCOMP_FILTER_FLAG_NEW_LISTENER works (only one listener a process tree) */
	FEATURE_LANDLOCK,       /* the ABI, 0: none */
	FEATURE_USER_NAMESPACES, /* 1: an unprivileged caller can make one, map itself and mount a tmpfs in it; root: not needed */
	FEATURE_NAMESPACES,     /* 1: mount, PID, IPC, UTS, cgroup namespaces and pivot_root, the way this caller would make them */
	FEATURE_NETWORK_NAMESPACE, /* 1: an empty one, loopback brought up */
	FEATURE_PROC_MOUNT,     /* 1: a fresh /proc can be mounted in a new PID namespace */
	FEATURE_IDMAPPED_MOUNTS, /* 1: mount_setattr(MOUNT_ATTR_IDMAP) on the root file system (root only) */
	FEATURE_SET_USER,       /* 1: the caller may change to another uid and gid and drop its groups (root) */
	FEATURE_CAPABILITY_BOUNDS, /* 1: the caller may drop from the bounding set */
	FEATURE_NO_NEW_PRIVS,   /* 1 */
	FEATURE_CGROUP,         /* 1: a delegated writable cgroup v2 subtree with memory and pids controllers */
	FEATURE_COUNT
};

struct host_fact {
	int level;        /* 0: not available */
	int sys_errno;    /* why not, when level is 0 */
	char detail[120]; /* "unshare(CLONE_NEWUSER): Operation not permitted"; "" when there is nothing to say */
};

struct host_facts {
	struct host_fact features[FEATURE_COUNT];
	uint32_t uid, gid;     /* effective */
	bool is_pid_1;         /* started as PID 1: a container's entrypoint */
	uint64_t capabilities; /* effective set */
	uint64_t bounding;     /* bounding set */
	int last_capability;   /* /proc/sys/kernel/cap_last_cap, or found by trying */
	bool no_new_privs;     /* already set by whoever started us */
	int kernel_major, kernel_minor;
};

struct host_feature_row {
	enum host_feature feature;
	const char *name;     /* for --assume, doctor and explain */
	const char *since;    /* "Linux 5.13" */
	const char *lost;     /* what is lost without it, for a person */
	/* The exact command that gets it, for the errno seen: doctor's fix. NULL: nothing can be done. */
	const char *(*fix)(const struct host_facts *facts);
	int highest;          /* largest level we make use of; 1 for yes/no */
};

extern const struct host_feature_row host_features[FEATURE_COUNT];

/* Cheap facts only: what a `run` needs, without a throw-away child where possible (see facts.c for how the answer for
 * namespaces is had: by the launch itself is not allowed, the plan must know before). Returns 0 or -1. */
int host_facts_probe(struct host_facts *facts, struct error *err);

/* "userns=0,landlock=2": lowers. -1 with CODE_USAGE for an unknown name, a bad number, or an attempt to raise. */
int host_facts_assume(struct host_facts *facts, const char *spec, struct error *err);

#endif
