/* Landlock rules: over the view a second fence that holds when a mount mistake does not, and the only one for files
 * where namespaces are refused. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/landlock_rights.h"
#include "host/uapi.h"
#include "plan/parts.h"

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Not MAKE_CHAR and MAKE_BLOCK: devices are shown, never made. Not MAKE_SOCK either: a server in a granted directory
 * would be reachable from outside; sockets are for private places. */
#define WRITE_RIGHTS \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)
/* Nothing but plain files is accepted from there, so nothing else can be made. */
#define OUTPUT_RIGHTS \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER)
#define DEVICE_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

static void rule_add(struct build *b, const char *path, bool directory, uint64_t access, bool optional)
{
	struct landlock_plan *landlock = &b->plan->landlock;
	struct landlock_rule *rule;

	if (!directory)
		access &= landlock_file_rights();
	access &= landlock->handled_access;
	landlock->rules = arena_grow(b->arena, landlock->rules, landlock->rule_count, sizeof(*landlock->rules));
	rule = &landlock->rules[landlock->rule_count++];
	*rule = (struct landlock_rule){ .path = path, .access = access, .optional = optional };
}

static uint64_t item_rights(const struct build *b, const struct item *item)
{
	uint64_t rights = item->device ? DEVICE_RIGHTS : READ_RIGHTS;

	if (item->write && !item->device)
		rights |= WRITE_RIGHTS;
	if (item->exec && (item->origin != ORIGIN_GRANT || b->profile->exec.mode != EXEC_NONE))
		rights |= LANDLOCK_ACCESS_FS_EXECUTE;
	return rights;
}

/* Without a view, /proc is the host's: only what Python and its packages look at, and the process's own directory. */
static void add_host_proc(struct build *b)
{
	static const char *const files[] = { "/proc/cpuinfo",
		                             "/proc/meminfo",
		                             "/proc/stat",
		                             "/proc/filesystems",
		                             "/proc/loadavg",
		                             "/proc/uptime",
		                             "/proc/version",
		                             "/proc/sys/kernel/osrelease",
		                             "/proc/sys/kernel/ngroups_max",
		                             "/proc/sys/kernel/pid_max",
		                             "/proc/sys/kernel/random/boot_id",
		                             "/proc/sys/vm/overcommit_memory",
		                             "/proc/sys/vm/max_map_count",
		                             "/sys/devices/system/cpu/online",
		                             "/sys/devices/system/cpu/possible",
		                             "/sys/kernel/mm/transparent_hugepage/enabled",
		                             NULL };

	for (size_t i = 0; files[i]; i++)
		rule_add(b, files[i], false, LANDLOCK_ACCESS_FS_READ_FILE, true);
	rule_add(b, "/proc/self", true, READ_RIGHTS, true);
}

/* multiprocessing's locks and shared memory live in /dev/shm, which without a view is everybody's: it is shared only
 * where the script has a user of its own and nothing there is open to all, or where it is our container's own. */
static bool may_share_shm(const struct build *b)
{
	bool own = b->plan->change_user || b->facts->is_pid_1;
	DIR *directory = own ? opendir(INSIDE_SHM) : NULL;
	const struct dirent *entry;
	bool clean = true;

	if (!directory)
		return false;
	while (clean && (entry = readdir(directory))) {
		struct stat st;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		clean = st.st_uid != b->plan->uid && !(st.st_mode & (S_IROTH | S_IWOTH));
	}
	closedir(directory);
	return clean || b->facts->is_pid_1;
}

static void add_private_places(struct build *b)
{
	const uint64_t all = READ_RIGHTS | WRITE_RIGHTS | LANDLOCK_ACCESS_FS_MAKE_SOCK;

	if (b->plan->secrets_dir)
		rule_add(b, b->plan->secrets_dir, true, READ_RIGHTS, false);
	if (b->plan->outputs.inside)
		rule_add(b, b->plan->outputs.inside, true, OUTPUT_RIGHTS, false);
	if (b->plan->mode == MODE_NAMESPACES) {
		/* names are all that "/" gives, and of those the view holds no others than what is shown */
		rule_add(b, "/", true, LANDLOCK_ACCESS_FS_READ_DIR, false);
		rule_add(b, INSIDE_TMP, true, all, true);
		rule_add(b, INSIDE_SHM, true, all, true);
		rule_add(b, plan_inside_home(b), true, all, true);
		rule_add(b, "/etc", true, READ_RIGHTS, true);
		rule_add(b, "/dev", true, READ_RIGHTS, true);
		rule_add(b, "/proc", true, READ_RIGHTS, true);
		return;
	}
	if (b->plan->private_tmp)
		rule_add(b, b->plan->private_tmp, true, all, false);
	add_host_proc(b);
	if (may_share_shm(b)) {
		if (b->plan->secrets_dir && path_is_below(b->plan->secrets_dir, INSIDE_SHM))
			plan_note(b,
			          "secrets lie in /dev/shm, which is shared with the script here: it can replace its "
			          "own copies");
		rule_add(b, INSIDE_SHM, true, all & ~(LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO),
		         true);
	} else
		plan_note(b, "/dev/shm is shared with other programs here, so the script may not use it: "
		             "multiprocessing locks and shared memory will fail");
}

/* Where the broker binds TCP sockets, nobody else may: with that the kernel can be left to bind UNIX ones, whose paths
 * only it can judge (supervise/broker_bind.c). */
static uint64_t net_rights(const struct build *b)
{
	uint64_t all = landlock_net_rights(b->plan->landlock.abi);

	if (b->plan->network.by_rules && b->plan->mode == MODE_NAMESPACES)
		return all & LANDLOCK_ACCESS_NET_BIND_TCP;
	return b->plan->mode == MODE_LANDLOCK && !b->plan->network.open ? all : 0;
}

int plan_landlock(struct build *b)
{
	struct landlock_plan *landlock = &b->plan->landlock;

	landlock->abi = b->facts->features[FEATURE_LANDLOCK].level;
	if (landlock->abi == 0)
		return 0;
	landlock->handled_access = landlock_fs_rights(landlock->abi);
	landlock->handled_net = net_rights(b);
	landlock->scoped = landlock_scopes(landlock->abi);
	for (size_t i = 0; i < b->item_count; i++) {
		const struct item *item = &b->items[i];

		/* what lies under a layer has its rights, and cannot be told by its inode */
		if (item->layered)
			continue;
		rule_add(b, b->plan->mode == MODE_NAMESPACES ? item->path : item->source, item->directory,
		         item_rights(b, item), item->origin == ORIGIN_SYSTEM || b->request->learning);
		landlock->rules[landlock->rule_count - 1].pos = item->pos;
		if (item->layer)
			continue;
		landlock->rules[landlock->rule_count - 1].device = item->device_id;
		landlock->rules[landlock->rule_count - 1].inode = item->inode;
	}
	add_private_places(b);
	return 0;
}
