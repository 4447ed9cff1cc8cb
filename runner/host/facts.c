#include "host/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/landlock_rights.h"
#include "host/probes.h"
#include "host/syscalls.h"

/* clang-format off */
const struct host_feature_row host_features[] = {
	[FEATURE_SECCOMP] = {
		"seccomp", "3.17", "system call filter",
		"Dangerous system calls cannot be refused; nothing can be run.", 1 },
	[FEATURE_USER_NOTIFY] = {
		"notify", "5.0", "user notification of refused calls",
		"A refused system call answers EPERM, and cannot be explained or counted.", 1 },
	[FEATURE_LANDLOCK] = {
		"landlock", "5.13", "Landlock",
		"The second fence around files is missing, and without namespaces there is none at all.", LANDLOCK_ABI_HIGHEST },
	[FEATURE_USER_NAMESPACES] = {
		"userns", "3.8", "user namespaces",
		"An ordinary user cannot give the script a private view of files, processes and network.", 1 },
	[FEATURE_NAMESPACES] = {
		"namespaces", "5.12", "private view (mount, PID, IPC, UTS, cgroup namespaces)",
		"Files are kept by Landlock alone: names, sizes and owners of all files stay visible.", 1 },
	[FEATURE_HOSTNAME] = {
		"hostname", "2.6.19", "own host name",
		"The script sees the machine's name.", 1 },
	[FEATURE_NETWORK_NAMESPACE] = {
		"netns", "2.6.29", "empty network",
		"The network is kept by the supervisor, which makes every socket; there is no private loopback.", 1 },
	[FEATURE_PROC_MOUNT] = {
		"proc", "3.8", "own /proc",
		"The script has no /proc, or the machine's: psutil and some packages fail.", 1 },
	[FEATURE_IDMAPPED_MOUNTS] = {
		"idmap", "5.12", "idmapped mounts",
		"Started by root, a script cannot read inputs that only root may read.", 1 },
	[FEATURE_OVERLAY] = {
		"overlay", "5.11", "copy-on-write layers",
		"`learn` can only refuse writes, and not let the script have them in private.", 1 },
	[FEATURE_SET_USER] = {
		"set-user", "2.2", "changing the user",
		"The script keeps the uid that pyconfine was started with, without its capabilities.", 1 },
	[FEATURE_CAPABILITY_BOUNDS] = {
		"bounds", "2.6.25", "emptying the capability bounding set",
		"The bounding set stays as it is; no_new_privs still makes it useless.", 1 },
	[FEATURE_NO_NEW_PRIVS] = {
		"no-new-privs", "3.5", "no_new_privs",
		"Neither filters nor Landlock can be used; nothing can be run.", 1 },
	[FEATURE_CGROUP] = {
		"cgroup", "4.5", "delegated cgroup v2",
		"Limits on the whole tree are kept by rlimits and a watcher; processors only in whole numbers.", 1 },
};
/* clang-format on */
_Static_assert(sizeof(host_features) / sizeof(host_features[0]) == FEATURE_COUNT, "a row for each feature");

/* What a feature is of no use without, in an order in which one pass carries a loss all the way down. */
struct dependency {
	enum host_feature feature, on;
	bool ordinary_user_only; /* root does without */
};

static const struct dependency dependencies[] = {
	/* The capabilities that would make up for no_new_privs are gone by the time these are used. */
	{ FEATURE_SECCOMP, FEATURE_NO_NEW_PRIVS, false },
	{ FEATURE_LANDLOCK, FEATURE_NO_NEW_PRIVS, false },
	{ FEATURE_USER_NOTIFY, FEATURE_SECCOMP, false },
	{ FEATURE_NAMESPACES, FEATURE_USER_NAMESPACES, true },
	{ FEATURE_HOSTNAME, FEATURE_NAMESPACES, false },
	{ FEATURE_NETWORK_NAMESPACE, FEATURE_NAMESPACES, false },
	{ FEATURE_PROC_MOUNT, FEATURE_NAMESPACES, false },
	{ FEATURE_OVERLAY, FEATURE_NAMESPACES, false },
	{ FEATURE_IDMAPPED_MOUNTS, FEATURE_NAMESPACES, false },
	{ FEATURE_IDMAPPED_MOUNTS, FEATURE_USER_NAMESPACES, false },
};

void fact_deny(struct host_fact *fact, int sys_errno, const char *what)
{
	*fact = (struct host_fact){ .sys_errno = sys_errno };
	if (sys_errno)
		snprintf(fact->detail, sizeof(fact->detail), "%s: %s", what, strerror(sys_errno));
	else
		snprintf(fact->detail, sizeof(fact->detail), "%s", what);
}

bool host_facts_needs_user_namespace(const struct host_facts *facts)
{
	return facts->uid != 0;
}

static void lower_dependants(struct host_facts *facts)
{
	for (size_t i = 0; i < sizeof(dependencies) / sizeof(dependencies[0]); i++) {
		const struct dependency *row = &dependencies[i];
		const struct host_fact *cause = &facts->features[row->on];
		struct host_fact *fact = &facts->features[row->feature];

		if (cause->level > 0 || fact->level == 0)
			continue;
		if (row->ordinary_user_only && !host_facts_needs_user_namespace(facts))
			continue;
		*fact = (struct host_fact){ .sys_errno = cause->sys_errno };
		snprintf(fact->detail, sizeof(fact->detail), "needs %s", host_features[row->on].name);
	}
}

enum host_feature host_facts_missing_for(const struct host_facts *facts, enum host_feature feature)
{
	for (size_t i = 0; facts->features[feature].level == 0 && i < sizeof(dependencies) / sizeof(dependencies[0]);
	     i++) {
		const struct dependency *row = &dependencies[i];

		if (row->feature == feature && facts->features[row->on].level == 0 &&
		    (!row->ordinary_user_only || host_facts_needs_user_namespace(facts)))
			return row->on;
	}
	return feature;
}

bool host_facts_lower(struct host_facts *facts, enum host_feature feature, int sys_errno, const char *detail)
{
	struct host_fact *fact = &facts->features[feature];

	if (fact->level == 0)
		return false;
	fact_deny(fact, sys_errno, detail);
	lower_dependants(facts);
	return true;
}

/* One read of a small file of /proc; an empty string when that fails. */
static void read_small(const char *path, char *buffer, size_t size)
{
	FD_CLEANUP int fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t got = fd < 0 ? -1 : raw_read(fd, buffer, size - 1);

	buffer[got > 0 ? got : 0] = '\0';
}

/* The sets that no single call tells. /proc may be missing: then by asking for each capability. */
static void read_capabilities(struct host_facts *facts)
{
	struct capability_sets sets = { 0 };
	char status[4096];
	const char *line;
	int last = CAP_LAST_CAP;

	raw_capget(&sets);
	facts->capabilities = sets.effective;
	while (last < 63 && raw_prctl(PR_CAPBSET_READ, (unsigned long)last + 1, 0, 0, 0) >= 0)
		last++;
	while (last > 0 && raw_prctl(PR_CAPBSET_READ, (unsigned long)last, 0, 0, 0) < 0)
		last--;
	facts->last_capability = last;
	read_small("/proc/self/status", status, sizeof(status));
	line = strstr(status, "\nCapBnd:");
	if (line) {
		facts->bounding = strtoull(line + strlen("\nCapBnd:"), NULL, 16);
		return;
	}
	for (int i = 0; i <= last; i++)
		if (raw_prctl(PR_CAPBSET_READ, (unsigned long)i, 0, 0, 0) == 1)
			facts->bounding |= 1ULL << i;
}

static bool has_capability(const struct host_facts *facts, int capability)
{
	return facts->capabilities >> capability & 1;
}

/* In a user namespace there may be no other id than our own (unshare -r, rootless containers): whether `id` is one. */
static bool is_id_mapped(const char *path, unsigned long id)
{
	char map[4096];
	const char *line = map;

	read_small(path, map, sizeof(map));
	while (*line) {
		unsigned long first, outside, count;

		if (sscanf(line, "%lu %lu %lu", &first, &outside, &count) == 3 && id >= first && id - first < count)
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

static struct host_fact known(int level)
{
	return (struct host_fact){ .level = level };
}

static struct host_fact assumed(void)
{
	return (struct host_fact){ .level = 1, .assumed = true };
}

static void ask_filters(struct host_facts *facts)
{
	struct host_fact *seccomp = &facts->features[FEATURE_SECCOMP], *notify = &facts->features[FEATURE_USER_NOTIFY];
	uint32_t action = SECCOMP_RET_KILL_PROCESS;
	struct seccomp_notif_sizes sizes = { 0 };
	int result = raw_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action);

	*seccomp = known(1);
	*notify = known(1);
	if (result < 0) {
		fact_deny(seccomp, -result, "seccomp(SECCOMP_GET_ACTION_AVAIL)");
		return;
	}
	action = SECCOMP_RET_USER_NOTIF;
	result = raw_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action);
	if (result < 0) {
		fact_deny(notify, -result, "seccomp(SECCOMP_RET_USER_NOTIF)");
		return;
	}
	result = raw_seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes);
	if (result < 0)
		fact_deny(notify, -result, "seccomp(SECCOMP_GET_NOTIF_SIZES)");
}

static void ask_landlock(struct host_fact *fact)
{
	int abi = raw_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi <= 0) {
		fact_deny(fact, -abi, "landlock_create_ruleset");
		return;
	}
	*fact = known(abi < LANDLOCK_ABI_HIGHEST ? abi : LANDLOCK_ABI_HIGHEST);
	if (abi > LANDLOCK_ABI_HIGHEST)
		snprintf(fact->detail, sizeof(fact->detail), "the kernel offers ABI %d", abi);
}

/* Namespaces, for root: by its capabilities. */
static void assume_as_root(struct host_facts *facts)
{
	if (!has_capability(facts, CAP_SYS_ADMIN))
		fact_deny(&facts->features[FEATURE_NAMESPACES], EPERM, "CAP_SYS_ADMIN is missing");
	if (!has_capability(facts, CAP_NET_ADMIN))
		fact_deny(&facts->features[FEATURE_NETWORK_NAMESPACE], EPERM, "CAP_NET_ADMIN is missing");
}

static void assume_namespaces(struct host_facts *facts)
{
	static const enum host_feature features[] = { FEATURE_USER_NAMESPACES, FEATURE_NAMESPACES,
		                                      FEATURE_HOSTNAME,        FEATURE_NETWORK_NAMESPACE,
		                                      FEATURE_PROC_MOUNT,      FEATURE_IDMAPPED_MOUNTS,
		                                      FEATURE_OVERLAY };

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		facts->features[features[i]] = assumed();
	if (facts->uid == 0)
		assume_as_root(facts);
	else
		fact_deny(&facts->features[FEATURE_IDMAPPED_MOUNTS], EPERM, "only root can make idmapped mounts");
}

/* A uid that no file belongs to, as plans choose them; any of their range stands for all. */
enum { SOME_SESSION_UID = 61184 };

static void ask_identity(struct host_facts *facts)
{
	struct host_fact *user = &facts->features[FEATURE_SET_USER];

	*user = known(1);
	if (!has_capability(facts, CAP_SETUID) || !has_capability(facts, CAP_SETGID))
		fact_deny(user, EPERM, "CAP_SETUID or CAP_SETGID is missing");
	else if (!is_id_mapped("/proc/self/uid_map", SOME_SESSION_UID) ||
	         !is_id_mapped("/proc/self/gid_map", SOME_SESSION_UID))
		fact_deny(user, EINVAL, "this user namespace has no unprivileged ids");
	facts->features[FEATURE_CAPABILITY_BOUNDS] = known(1);
	if (!has_capability(facts, CAP_SETPCAP))
		fact_deny(&facts->features[FEATURE_CAPABILITY_BOUNDS], EPERM, "CAP_SETPCAP is missing");
}

int host_facts_probe_quick(struct host_facts *facts, struct error *err)
{
	struct host_facts found = { 0 };
	struct utsname name;
	long nnp;

	if (uname(&name) || sscanf(name.release, "%d.%d", &found.kernel_major, &found.kernel_minor) != 2)
		return error_set_errno(err, CODE_INTERNAL, "cannot tell the kernel's version");
	found.uid = raw_geteuid();
	found.gid = raw_getegid();
	found.is_pid_1 = raw_getpid() == 1;
	read_capabilities(&found);
	nnp = raw_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	found.no_new_privs = nnp == 1;
	found.features[FEATURE_NO_NEW_PRIVS] = known(1);
	if (nnp < 0)
		fact_deny(&found.features[FEATURE_NO_NEW_PRIVS], (int)-nnp, "prctl(PR_GET_NO_NEW_PRIVS)");
	ask_filters(&found);
	ask_landlock(&found.features[FEATURE_LANDLOCK]);
	assume_namespaces(&found);
	ask_identity(&found);
	probe_cgroup(&found.cgroup, &found.features[FEATURE_CGROUP]);
	lower_dependants(&found);
	*facts = found;
	return 0;
}

int host_facts_probe_full(struct host_facts *facts, struct error *err)
{
	struct host_facts found;

	if (host_facts_probe_quick(&found, err))
		return -1;
	probe_everything(&found);
	lower_dependants(&found);
	*facts = found;
	return 0;
}
