/* Settings and surroundings that explain why a feature is missing, and the fix that fits. Read by doctor, explain and
 * error messages only, when something is missing. Hints, never decisions: what works is in struct host_facts. */
#ifndef HOST_KNOBS_H
#define HOST_KNOBS_H

#include <stdbool.h>

#include "host/facts.h"

enum container_kind { CONTAINER_NONE, CONTAINER_DOCKER, CONTAINER_PODMAN, CONTAINER_KUBERNETES, CONTAINER_OTHER };

struct host_knobs {
	/* sysctls; -1: there is no such file, or it cannot be read */
	long max_user_namespaces;       /* user.max_user_namespaces */
	long unprivileged_userns_clone; /* kernel.unprivileged_userns_clone: Debian and its children */
	long apparmor_restrict_userns;  /* kernel.apparmor_restrict_unprivileged_userns: Ubuntu 23.10 and later */
	char lsm[160];                  /* /sys/kernel/security/lsm; "" when it cannot be read */
	bool filtered;                  /* we run under a seccomp filter already: a container's, or a service's */
	enum container_kind container;  /* by the files and variables that engines leave; a guess */
	const char *container_evidence; /* "/.dockerenv"; NULL with CONTAINER_NONE */
	bool systemd;                   /* systemd is the init system here */
	bool cgroup2;                   /* /sys/fs/cgroup is a cgroup v2 file system */
};

void host_knobs_read(struct host_knobs *knobs);

/* How to get what is missing: one or more lines of commands and options, for the errno seen and these knobs. NULL:
 * nothing is known that helps, or the feature is there, or was taken away by hand. Pure. */
const char *host_feature_fix(enum host_feature feature, const struct host_facts *facts, const struct host_knobs *knobs);

/* "a Docker container"; "" for CONTAINER_NONE. */
const char *container_name(enum container_kind kind);

#endif
