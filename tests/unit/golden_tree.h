/* A machine made of files: what a plan finds on it is the same wherever the test runs. The test enters it by chroot, as
 * root, or in a user namespace of its own. */
#ifndef TESTS_GOLDEN_TREE_H
#define TESTS_GOLDEN_TREE_H

#include <sched.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "tree.h"

static const char *const golden_directories[] = {
	"dev/shm",
	"etc/alternatives",
	"etc/python3",
	"etc/ssl/certs",
	"home/me",
	"proc",
	"srv/report/data",
	"srv/report/out/archive",
	"tmp",
	"usr/lib/locale",
	"usr/lib/python3.11/lib-dynload",
	"usr/lib/python3/dist-packages",
	"usr/lib/ssl",
	"usr/share/ca-certificates",
	"usr/share/locale",
	"usr/share/python3",
	"usr/share/zoneinfo/Etc",
	"var/cache/pyconfine",
	"var/tmp",
};

static const char *const golden_files[] = {
	"etc/group",
	"etc/hosts",
	"etc/ld.so.cache",
	"etc/locale.alias",
	"etc/nsswitch.conf",
	"etc/passwd",
	"etc/resolv.conf",
	"etc/ssl/openssl.cnf",
	"etc/timezone",
	"home/me/.netrc",
	"srv/inputs/upload.bin",
	"srv/report/data/orders.csv",
	"srv/report/out/key.pem",
	"srv/report/report.py",
	"usr/lib/python3.11/os.py",
	"usr/lib/x86_64-linux-gnu/libc.so.6",
	"usr/share/zoneinfo/Etc/UTC",
};

static const char *const golden_programs[] = {
	"usr/bin/getent",
	"usr/bin/git",
	"usr/bin/python3.11",
	"usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
};

static const struct {
	const char *path, *target;
} golden_links[] = {
	{ "bin", "usr/bin" },
	{ "etc/localtime", "/usr/share/zoneinfo/Etc/UTC" },
	{ "lib", "usr/lib" },
	{ "lib64", "usr/lib64" },
	{ "usr/bin/python3", "python3.11" },
	{ "usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" },
};

static const struct {
	const char *path;
	unsigned minor;
} golden_devices[] = {
	{ "dev/null", 3 }, { "dev/zero", 5 }, { "dev/full", 7 }, { "dev/random", 8 }, { "dev/urandom", 9 }
};

#define GOLDEN_COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What the interpreter would answer there. */
static const char golden_answer[] =
	"{\"v\": 1, \"version\": \"3.11.2\", \"prefix\": \"/usr\", \"base_prefix\": \"/usr\", \"executable\": "
	"\"/usr/bin/python3\", \"path\": [\"/usr/lib/python311.zip\", \"/usr/lib/python3.11\", "
	"\"/usr/lib/python3.11/lib-dynload\"], \"site\": [\"/usr/lib/python3/dist-packages\"], "
	"\"libraries\": [\"/usr/lib/x86_64-linux-gnu/libc.so.6\"]}";

static inline void golden_build(void)
{
	for (size_t i = 0; i < GOLDEN_COUNT(golden_directories); i++)
		tree_directory(golden_directories[i]);
	for (size_t i = 0; i < GOLDEN_COUNT(golden_files); i++)
		tree_file(golden_files[i], golden_files[i], 0644);
	for (size_t i = 0; i < GOLDEN_COUNT(golden_programs); i++)
		tree_program(golden_programs[i]);
	for (size_t i = 0; i < GOLDEN_COUNT(golden_links); i++)
		tree_link(golden_links[i].path, golden_links[i].target);
	tree_check(chmod(tree("tmp"), 01777) == 0 && chmod(tree("var/tmp"), 01777) == 0 &&
	                   chmod(tree("dev/shm"), 01777) == 0 && chmod(tree("var/cache/pyconfine"), 0700) == 0 &&
	                   chmod(tree("home/me/.netrc"), 0600) == 0,
	           "chmod", "tmp");
}

static uid_t golden_owner;

static inline int golden_own_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return lchown(path, golden_owner, golden_owner);
}

static inline int golden_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), result = fd < 0 ? -1 : 0;

	if (fd >= 0 && write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		result = -1;
	if (fd >= 0)
		close(fd);
	return result;
}

/* Everything belongs to the caller whom the plan is for. */
static inline int golden_become_owner(unsigned uid)
{
	char map[64];

	golden_owner = uid;
	if (geteuid() == 0)
		return nftw(tree_root, golden_own_one, 16, FTW_PHYS);
	snprintf(map, sizeof(map), "%u %u 1\n", uid, geteuid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) || golden_write("/proc/self/setgroups", "deny") ||
	                       golden_write("/proc/self/uid_map", map)
	               ? -1
	               : 0;
}

static inline int golden_make_devices(void)
{
	for (size_t i = 0; i < GOLDEN_COUNT(golden_devices); i++) {
		char host[64];

		snprintf(host, sizeof(host), "/%s", golden_devices[i].path);
		if (mknod(tree(golden_devices[i].path), S_IFCHR | 0666, makedev(1, golden_devices[i].minor)) == 0)
			continue;
		tree_file(golden_devices[i].path, "", 0666);
		if (mount(host, tree(golden_devices[i].path), NULL, MS_BIND, NULL))
			return -1;
	}
	return 0;
}

/* In a child. 0, or -1 where this machine refuses what it takes. */
static inline int golden_enter(unsigned uid)
{
	if (golden_become_owner(uid) || golden_make_devices() || chroot(tree_root) || chdir("/srv/report"))
		return -1;
	return 0;
}

#endif
