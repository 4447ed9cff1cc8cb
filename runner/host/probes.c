/* Theory of operation. Each probe runs in a child of its own, made by clone with the namespaces that it is about, as a
 * launch would make them. The child carries its sequence through, writes one record into a pipe and exits. The parent
 * waits for that record until a deadline, kills the child, and reaps it. A child never outlives us (parent-death
 * signal), and what it changes lies in its own namespaces and credentials, so there is nothing to be put back. */
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/landlock_rights.h"
#include "host/probes.h"
#include "host/syscalls.h"

struct probe {
	const char *uid_map, *gid_map; /* NULL: no user namespace */
	const char *at;                /* the step being tried: for the detail */
};

/* What the child has to say. */
struct probe_record {
	int32_t result; /* the level, or -errno */
	char at[80];
};

struct probe_row {
	enum host_feature feature;
	unsigned long namespaces;
	const char *cloned; /* for the detail, when already the clone is refused */
	bool root_only;
	int (*run)(struct probe *probe); /* the level, or -errno */
};

/* Some uid and gid of the range that plans choose from; no file belongs to it. */
enum { OTHER_ID = 61184 };

static int try(struct probe *probe, const char *what, long result)
{
	probe->at = what;
	return (int)result;
}

static int set_no_new_privs(struct probe *probe)
{
	int result = try(probe, "prctl(PR_SET_NO_NEW_PRIVS)", raw_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));

	if (result < 0)
		return result;
	return try(probe, "no_new_privs reads back as unset",
	           raw_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 1 : -EPERM);
}

static int install_filter(struct probe *probe, const char *what, unsigned long flags)
{
	struct sock_filter allow_all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow_all };
	int result = set_no_new_privs(probe);

	return result < 0 ? result : try(probe, what, raw_seccomp(SECCOMP_SET_MODE_FILTER, flags, &program));
}

static int try_filter(struct probe *probe)
{
	int result = install_filter(probe, "seccomp(SECCOMP_SET_MODE_FILTER)", 0);

	if (result < 0)
		return result;
	return try(probe, "the filter reads back as missing", raw_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 ? 1 : -EPERM);
}

static int try_listener(struct probe *probe)
{
	int result = install_filter(probe, "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)",
	                            SECCOMP_FILTER_FLAG_NEW_LISTENER);

	return result < 0 ? result : 1;
}

static int try_landlock(struct probe *probe)
{
	struct pc_landlock_ruleset_attr attr = { 0 };
	int abi = try(probe, "landlock_create_ruleset",
	              raw_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION));
	int level = abi < LANDLOCK_ABI_HIGHEST ? abi : LANDLOCK_ABI_HIGHEST;
	int ruleset_fd, result;

	if (abi < 0)
		return abi;
	attr.handled_access_fs = landlock_fs_rights(level);
	attr.handled_access_net = landlock_net_rights(level);
	attr.scoped = landlock_scopes(level);
	ruleset_fd = try(probe, "landlock_create_ruleset with every right of this ABI",
	                 raw_landlock_create_ruleset(&attr, sizeof(attr), 0));
	if (ruleset_fd < 0)
		return ruleset_fd;
	result = set_no_new_privs(probe);
	if (result >= 0)
		result = try(probe, "landlock_restrict_self", raw_landlock_restrict_self(ruleset_fd, 0));
	if (result < 0)
		return result;
	result = raw_openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return try(probe, "a ruleset that allows nothing lets / be opened", result == -EACCES ? level : -EPERM);
}

static int mount_new(struct probe *probe, const char *type, const char *const steps[3])
{
	int fs = try(probe, steps[0], raw_fsopen(type, FSOPEN_CLOEXEC));
	int result;

	if (fs < 0)
		return fs;
	result = try(probe, steps[1], raw_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	if (result < 0)
		return result;
	return try(probe, steps[2], raw_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

static int make_tmpfs(struct probe *probe)
{
	static const char *const steps[] = { "fsopen(tmpfs)", "fsconfig(tmpfs)", "fsmount(tmpfs)" };
	int result = try(probe, "mount(/, MS_PRIVATE)", raw_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));

	return result < 0 ? result : mount_new(probe, "tmpfs", steps);
}

static int try_user_namespace(struct probe *probe)
{
	int result = make_tmpfs(probe);

	return result < 0 ? result : 1;
}

/* A read-only copy of the tree, attached nowhere: what a bind mount is made of. Recursive, since in a user namespace
 * the mounts below are locked to it. */
static int copy_tree(struct probe *probe)
{
	const struct pc_mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	int tree = try(probe, "open_tree(/)",
	               raw_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));

	if (tree < 0)
		return tree;
	return try(probe, "mount_setattr", raw_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr));
}

static int try_view(struct probe *probe)
{
	int root, result = copy_tree(probe);

	if (result < 0)
		return result;
	root = make_tmpfs(probe);
	if (root < 0)
		return root;
	result = try(probe, "move_mount(/)", raw_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH));
	if (result >= 0)
		result = try(probe, "fchdir", raw_fchdir(root));
	if (result >= 0)
		result = try(probe, "pivot_root", raw_pivot_root(".", "."));
	if (result >= 0)
		result = try(probe, "umount2", raw_umount2(".", MNT_DETACH));
	if (result >= 0)
		result = try(probe, "chdir", raw_chdir("/"));
	if (result < 0)
		return result;
	result = raw_openat(AT_FDCWD, "/proc", O_PATH | O_CLOEXEC, 0);
	return try(probe, "the old root is still in view", result == -ENOENT ? 1 : -EPERM);
}

static int try_hostname(struct probe *probe)
{
	int result = try(probe, "sethostname", raw_sethostname("probe", 5));

	return result < 0 ? result : 1;
}

static int try_loopback(struct probe *probe)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = try(probe, "socket(AF_INET)", raw_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	int result;

	if (fd < 0)
		return fd;
	result = try(probe, "bringing the loopback interface up", raw_ioctl(fd, SIOCSIFFLAGS, &request));
	return result < 0 ? result : 1;
}

static int try_proc(struct probe *probe)
{
	static const char *const steps[] = { "fsopen(proc)", "fsconfig(proc)", "fsmount(proc)" };
	int result = try(probe, "mount(/, MS_PRIVATE)", raw_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));

	if (result >= 0)
		result = mount_new(probe, "proc", steps);
	return result < 0 ? result : 1;
}

/* Our parent may have been killed before it was asked for that signal. */
static _Noreturn void wait_to_be_killed(pid_t parent)
{
	raw_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	while (raw_getppid() == parent)
		raw_syscall(SYS_ppoll, 0, 0, 0, 0, 0, 0);
	raw_exit(1);
}

static int write_file(const char *path, const char *text)
{
	int fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	ssize_t written = fd < 0 ? fd : raw_write(fd, text, strlen(text));

	if (fd >= 0)
		raw_close(fd);
	return written < 0 ? (int)written : 0;
}

/* The user namespace of an idmapped mount exists only as long as somebody is in it. */
static int map_tree(struct probe *probe, pid_t holder)
{
	struct pc_mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	char path[64];
	int tree, userns_fd, result;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", holder);
	result = try(probe, "writing a uid_map", write_file(path, "0 61184 1\n"));
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "/proc/%d/gid_map", holder);
	result = try(probe, "writing a gid_map", write_file(path, "0 61184 1\n"));
	if (result < 0)
		return result;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", holder);
	userns_fd = try(probe, "opening a user namespace", raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0));
	if (userns_fd < 0)
		return userns_fd;
	tree = try(probe, "open_tree(/)", raw_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	if (tree < 0)
		return tree;
	attr.userns_fd = (uint64_t)userns_fd;
	return try(probe, "mount_setattr(MOUNT_ATTR_IDMAP) on /", raw_mount_setattr(tree, "", AT_EMPTY_PATH, &attr));
}

static int try_idmap(struct probe *probe)
{
	pid_t ours = raw_getpid(), holder = try(probe, "clone(CLONE_NEWUSER)", raw_clone(CLONE_NEWUSER, NULL));
	int result;

	if (holder == 0)
		wait_to_be_killed(ours);
	if (holder < 0)
		return holder;
	result = map_tree(probe, holder);
	raw_kill(holder, SIGKILL);
	raw_wait4(holder, NULL, 0, NULL);
	return result < 0 ? result : 1;
}

/* A real one, of directories of a tmpfs: there are kernels without overlays, and some refuse them to users. */
static int try_overlay(struct probe *probe)
{
	static const char *const names[] = { "lowerdir", "upperdir", "workdir" };
	int root = make_tmpfs(probe), fs, result = root;

	if (result >= 0)
		result = try(probe, "move_mount(/)", raw_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH));
	if (result >= 0)
		result = try(probe, "fchdir", raw_fchdir(root));
	for (size_t i = 0; result >= 0 && i < 3; i++)
		result = try(probe, "mkdir", raw_mkdirat(root, names[i], 0700));
	fs = result < 0 ? result : try(probe, "fsopen(overlay)", raw_fsopen("overlay", FSOPEN_CLOEXEC));
	result = fs;
	for (size_t i = 0; result >= 0 && i < 3; i++)
		result = try(probe, "fsconfig(overlay)", raw_fsconfig(fs, FSCONFIG_SET_STRING, names[i], names[i], 0));
	if (result >= 0 && probe->uid_map)
		result = try(probe, "fsconfig(overlay, userxattr)",
		             raw_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0));
	if (result >= 0)
		result = try(probe, "fsconfig(overlay, create)", raw_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	return result < 0 ? result : 1;
}

static int try_set_user(struct probe *probe)
{
	uid_t real = 0, effective = 0, saved = 0;
	int result = try(probe, "setgroups", raw_setgroups(0, NULL));

	if (result >= 0)
		result = try(probe, "setresgid", raw_setresgid(OTHER_ID, OTHER_ID, OTHER_ID));
	if (result >= 0)
		result = try(probe, "setresuid", raw_setresuid(OTHER_ID, OTHER_ID, OTHER_ID));
	if (result < 0)
		return result;
	raw_getresuid(&real, &effective, &saved);
	return try(probe, "the uid reads back unchanged",
	           real == OTHER_ID && effective == OTHER_ID && saved == OTHER_ID ? 1 : -EPERM);
}

static int try_bounds(struct probe *probe)
{
	int result = try(probe, "prctl(PR_CAPBSET_DROP)", raw_prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0));

	if (result < 0)
		return result;
	return try(probe, "the bounding set reads back unchanged",
	           raw_prctl(PR_CAPBSET_READ, CAP_SYS_PTRACE, 0, 0, 0) == 0 ? 1 : -EPERM);
}

static const struct probe_row rows[] = {
	{ FEATURE_NO_NEW_PRIVS, 0, "clone", false, set_no_new_privs },
	{ FEATURE_SECCOMP, 0, "clone", false, try_filter },
	{ FEATURE_USER_NOTIFY, 0, "clone", false, try_listener },
	{ FEATURE_LANDLOCK, 0, "clone", false, try_landlock },
	{ FEATURE_USER_NAMESPACES, CLONE_NEWUSER | CLONE_NEWNS, "clone(CLONE_NEWUSER)", false, try_user_namespace },
	{ FEATURE_NAMESPACES, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
	  "clone(CLONE_NEWNS and others)", false, try_view },
	{ FEATURE_HOSTNAME, CLONE_NEWUTS, "clone(CLONE_NEWUTS)", false, try_hostname },
	{ FEATURE_NETWORK_NAMESPACE, CLONE_NEWNET, "clone(CLONE_NEWNET)", false, try_loopback },
	{ FEATURE_PROC_MOUNT, CLONE_NEWNS | CLONE_NEWPID, "clone(CLONE_NEWPID)", false, try_proc },
	{ FEATURE_IDMAPPED_MOUNTS, CLONE_NEWNS, "clone(CLONE_NEWNS)", true, try_idmap },
	{ FEATURE_OVERLAY, CLONE_NEWNS, "clone(CLONE_NEWNS)", false, try_overlay },
	{ FEATURE_SET_USER, 0, "clone", false, try_set_user },
	{ FEATURE_CAPABILITY_BOUNDS, 0, "clone", false, try_bounds },
};

/* setgroups has to be given up before an unprivileged user may map its gid (user_namespaces(7)). */
static int map_ourselves(struct probe *probe)
{
	int result = try(probe, "writing /proc/self/setgroups", write_file("/proc/self/setgroups", "deny"));

	if (result >= 0)
		result = try(probe, "writing /proc/self/uid_map", write_file("/proc/self/uid_map", probe->uid_map));
	if (result >= 0)
		result = try(probe, "writing /proc/self/gid_map", write_file("/proc/self/gid_map", probe->gid_map));
	return result;
}

static _Noreturn void child_main(const struct probe_row *row, struct probe *probe, int report_fd)
{
	struct probe_record record = { 0 };
	int result = (int)raw_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);

	probe->at = "prctl(PR_SET_PDEATHSIG)";
	if (result >= 0 && probe->uid_map)
		result = map_ourselves(probe);
	if (result >= 0)
		result = row->run(probe);
	record.result = result;
	strncpy(record.at, probe->at, sizeof(record.at) - 1);
	raw_write(report_fd, &record, sizeof(record));
	raw_exit(0);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 0 when the child has ended by itself, -ETIME at the deadline. */
static int wait_for_record(int fd, struct probe_record *record)
{
	const uint64_t deadline = now_ms() + PROBE_DEADLINE_MS;
	struct pollfd wanted = { .fd = fd, .events = POLLIN };

	for (uint64_t now = now_ms(); now < deadline; now = now_ms()) {
		if (poll(&wanted, 1, (int)(deadline - now)) <= 0)
			continue;
		return raw_read(fd, record, sizeof(*record)) == sizeof(*record) ? 0 : -ECHILD;
	}
	return -ETIME;
}

/* A killed child can be stuck in the kernel: it is left to init then. */
static void reap(pid_t pid)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	raw_kill(pid, SIGKILL);
	for (int i = 0; i < 200 && raw_wait4(pid, NULL, WNOHANG, NULL) == 0; i++)
		nanosleep(&pause, NULL);
}

/* What was known beside the level ("the kernel offers ABI 11") stays, unless it said why not. */
static void fact_allow(struct host_fact *fact, int level)
{
	if (fact->level == 0)
		*fact = (struct host_fact){ 0 };
	fact->level = level;
	fact->assumed = false;
}

static void run_probe(const struct probe_row *row, struct probe *probe, unsigned long namespaces,
                      struct host_fact *fact)
{
	struct probe_record record = { 0 };
	FD_CLEANUP int read_fd = -1;
	FD_CLEANUP int write_fd = -1;
	int fds[2], result;
	pid_t pid;

	result = raw_pipe2(fds, O_CLOEXEC);
	if (result < 0) {
		fact_deny(fact, -result, "pipe2");
		return;
	}
	read_fd = fds[0];
	write_fd = fds[1];
	pid = raw_clone(namespaces, NULL);
	if (pid == 0)
		child_main(row, probe, write_fd);
	if (pid < 0) {
		fact_deny(fact, -pid, row->cloned);
		return;
	}
	fd_close(&write_fd);
	result = wait_for_record(read_fd, &record);
	reap(pid);
	record.at[sizeof(record.at) - 1] = '\0';
	if (result == -ETIME)
		fact_deny(fact, ETIME, "trying it took too long");
	else if (result < 0)
		fact_deny(fact, 0, "the process that tried it was killed");
	else if (record.result < 0)
		fact_deny(fact, -record.result, record.at);
	else
		fact_allow(fact, record.result);
}

void probe_everything(struct host_facts *facts)
{
	char uid_map[32], gid_map[32];

	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", facts->uid, facts->uid);
	snprintf(gid_map, sizeof(gid_map), "%u %u 1\n", facts->gid, facts->gid);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_fact *fact = &facts->features[rows[i].feature];
		unsigned long namespaces = rows[i].namespaces;
		struct probe probe = { 0 };

		if (rows[i].root_only && facts->uid != 0)
			continue;
		/* A namespace that root makes lies in root's own user namespace, an ordinary user's in a new one. */
		if (namespaces && host_facts_needs_user_namespace(facts))
			namespaces |= CLONE_NEWUSER;
		if (namespaces & CLONE_NEWUSER) {
			probe.uid_map = uid_map;
			probe.gid_map = gid_map;
		}
		run_probe(&rows[i], &probe, namespaces, fact);
	}
}
