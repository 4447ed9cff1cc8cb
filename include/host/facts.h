/* What this machine can do. The only place that asks the kernel; everything else takes a struct host_facts.
 *
 * Theory of operation. There are two ways to ask.
 *
 * host_facts_probe_quick() is what `run` uses: about twenty system calls and no child. What one call can tell
 * (Landlock's ABI, seccomp's actions, our capabilities) is known; what takes a sequence to find out (namespaces: on
 * Ubuntu the first step succeeds and a later one is refused) is *assumed* to work, unless our own capabilities already
 * say no. The plan is made of these facts, and the launch is the probe: when one of its namespace steps is refused,
 * before the script's process exists, the supervisor throws the attempt away, calls host_facts_lower() with the errno,
 * and makes a new plan. So a good host pays nothing, a bad host pays one refused clone, and losing a feature is still a
 * decision of the plan, with its promises and refusals, never one of the child. host_facts_lower() only ever lowers and
 * reports whether it did, so the loop ends after at most FEATURE_COUNT rounds.
 *
 * host_facts_probe_full() is for doctor, explain and check: it carries each sequence through in throw-away children,
 * each with a deadline, and nothing is left behind because all of it happens in namespaces and processes that end with
 * it.
 *
 * Facts can be lowered by a user (--assume userns=0,landlock=2) for tests and for trying out; never raised. */
#ifndef HOST_FACTS_H
#define HOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/names.h"

enum host_feature {
	FEATURE_SECCOMP,         /* 1: filters can be installed */
	FEATURE_USER_NOTIFY,     /* 1: SECCOMP_FILTER_FLAG_NEW_LISTENER works (only one listener a process tree) */
	FEATURE_LANDLOCK,        /* the ABI, at most LANDLOCK_ABI_HIGHEST; 0: none */
	FEATURE_USER_NAMESPACES, /* 1: the caller can make one, map itself and mount a tmpfs in it; root: not needed */
	FEATURE_NAMESPACES,      /* 1: mount, PID, IPC, UTS, cgroup ones, pivot_root, the way this caller makes them */
	FEATURE_HOSTNAME,        /* 1: sethostname in a new UTS namespace; Podman permits all of them but that */
	FEATURE_NETWORK_NAMESPACE, /* 1: an empty one, loopback brought up */
	FEATURE_PROC_MOUNT,        /* 1: a fresh /proc can be mounted in a new PID namespace */
	FEATURE_IDMAPPED_MOUNTS,   /* 1: mount_setattr(MOUNT_ATTR_IDMAP) on the root file system (root only) */
	FEATURE_OVERLAY,           /* 1: overlay file systems can be mounted: copy-on-write layers (only learn) */
	FEATURE_SET_USER,          /* 1: the caller may change to another uid and gid and drop its groups (root) */
	FEATURE_CAPABILITY_BOUNDS, /* 1: the caller may drop from the bounding set */
	FEATURE_NO_NEW_PRIVS,      /* 1 */
	FEATURE_CGROUP,            /* 1: a delegated, writable cgroup v2 subtree: struct cgroup_place */
	FEATURE_COUNT
};

struct host_fact {
	int level;        /* 0: not available */
	bool assumed;     /* not tried: the launch will tell */
	bool by_hand;     /* lowered by host_facts_assume(): there is nothing to be fixed */
	int sys_errno;    /* why not, when level is 0; 0 where no call failed (--assume, not looked for) */
	char detail[120]; /* "clone(CLONE_NEWUSER): Operation not permitted"; "" when there is nothing to say */
};

/* The controllers that limits can be built on. */
enum { CGROUP_MEMORY = 1, CGROUP_PIDS = 2, CGROUP_CPU = 4 };
struct cgroup_controller_row {
	unsigned bit;
	const char *name;
};
#define CGROUP_CONTROLLER_COUNT 3
extern const struct cgroup_controller_row cgroup_controllers[CGROUP_CONTROLLER_COUNT];
/* "cpu io memory": the bits of those that are known. */
unsigned cgroup_controllers_in(const char *list);

#define CGROUP_PATH_MAX 512
/* With FEATURE_CGROUP: where a group for a session can be made (host/cgroup.h). */
struct cgroup_place {
	char base[CGROUP_PATH_MAX]; /* a directory of cgroup v2 */
	unsigned controllers;       /* CGROUP_* that it has */
	bool step_aside;            /* we are the only process in it, and must leave it for a group below it */
};

struct host_facts {
	struct host_fact features[FEATURE_COUNT];
	struct cgroup_place cgroup;
	uint32_t uid, gid;     /* effective */
	bool is_pid_1;         /* started as PID 1: a container's entrypoint */
	uint64_t capabilities; /* effective set */
	uint64_t bounding;     /* bounding set */
	int last_capability;   /* the highest that the kernel knows */
	bool no_new_privs;     /* already set by whoever started us */
	int kernel_major, kernel_minor;
};

struct host_feature_row {
	const char *name;  /* for --assume, doctor and explain */
	const char *since; /* "5.13": the Linux that brought it */
	const char *what;  /* for a person, in a few words: "system call filter" */
	const char *lost;  /* what is lost without it: a sentence */
	int highest;       /* largest level we make use of; 1 for yes/no */
};

extern const struct host_feature_row host_features[FEATURE_COUNT];

/* Both return 0; -1 with CODE_INTERNAL when not even uname works. *facts is filled in completely. */
int host_facts_probe_quick(struct host_facts *facts, struct error *err);
int host_facts_probe_full(struct host_facts *facts, struct error *err);

/* Takes a feature away, and whatever depends on it. `detail` says what was refused ("mount(/proc)"); the text of
 * sys_errno is appended, unless it is 0. Returns false when it was away already: then there is nothing to be gained
 * from a new plan. */
bool host_facts_lower(struct host_facts *facts, enum host_feature feature, int sys_errno, const char *detail);

/* What this missing feature waits for: the missing one that it depends on, or itself when it is missing on its own
 * account (or not at all). */
enum host_feature host_facts_missing_for(const struct host_facts *facts, enum host_feature feature);

/* "userns=0,landlock=2": lowers, dependants included. All or nothing: -1 with CODE_USAGE for an unknown name, a bad
 * level, or an attempt to raise. Names are those of host_features and their aliases, all in host_feature_names. */
int host_facts_assume(struct host_facts *facts, const char *spec, struct error *err);

struct name_value;
extern const struct name_value host_feature_names[]; /* ends with {NULL, 0} */

/* Whether this caller's namespaces need a user namespace around them. Root never makes one: its owner would be the
 * host's root, whom /proc/sys obeys whatever its capabilities are. */
bool host_facts_needs_user_namespace(const struct host_facts *facts);

#endif
