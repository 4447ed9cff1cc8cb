/* May the script write where the report goes? Paths alone do not tell: what a grant shows may be mounted in a second
 * place, and other file systems may be mounted below it. So both are located (commands/mounts.h). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "commands/mounts.h"
#include "commands/report.h"
#include "host/landlock_rights.h"
#include "host/uapi.h"
#include "plan/links.h"

#define READING (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

struct check {
	const struct report_place *place;
	struct arena *arena;
	struct error *err;
	struct mounts mounts;
	struct location report;
	bool has_mounts;
};

/* A file of /proc, which has no size before it is read. */
static char *read_whole(const char *path, struct arena *arena)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);

	for (size_t size = 1 << 12; fd >= 0 && size <= 1 << 26; size *= 8) {
		char *text = arena_alloc(arena, size + 1);

		if (lseek(fd, 0, SEEK_SET) == 0 && read_all(fd, text, size) >= 0)
			return text;
	}
	return NULL;
}

static int mount_of(int fd, struct arena *arena)
{
	char path[64];
	const char *text, *line;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	text = read_whole(path, arena);
	line = text ? strstr(text, "mnt_id:") : NULL;
	return line ? (int)strtol(line + strlen("mnt_id:"), NULL, 10) : -1;
}

/* The path of a descriptor; NULL when it has none: pipes, sockets, files without a name. */
static const char *path_of(int fd, struct arena *arena)
{
	char link[64], *path = arena_alloc(arena, PATH_MAX);
	struct stat st;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, path, PATH_MAX - 1);
	return length > 0 && path[0] == '/' && fstat(fd, &st) == 0 && st.st_nlink > 0 ? path : NULL;
}

static bool locate(const struct check *check, int fd, struct location *out)
{
	const char *path = path_of(fd, check->arena);

	return path && mounts_locate(&check->mounts, mount_of(fd, check->arena), path, check->arena, out);
}

static int refuse(const struct check *check, const char *why, const char *grant)
{
	char shown[160], granted[160] = "";

	escape_into(shown, sizeof(shown), check->place->typed);
	if (grant)
		escape_into(granted, sizeof(granted), grant);
	error_set(check->err, CODE_REPORT_REFUSED, "the report %s: %s%s", shown, why, granted);
	return error_hint(check->err, "Put it elsewhere: --report FILE, in a directory that the script may not write, "
	                              "or --report fd:N.");
}

static int compare(struct check *check, const char *granted)
{
	FD_CLEANUP int fd = open(granted, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	struct location area;

	if (fd < 0 || !locate(check, fd, &area))
		return refuse(check, "it cannot be told whether it lies in ", granted);
	if (location_is_below(&check->report, &area))
		return refuse(check, "the script may write there, by its grant of ", granted);
	for (size_t i = 0; i < check->mounts.count; i++) {
		const struct mount *mount = &check->mounts.items[i];

		area = (struct location){ .device = mount->device, .path = mount->root };
		if (path_is_below(mount->point, granted) && location_is_below(&check->report, &area))
			return refuse(check, "the script may write there, by its grant of ", granted);
	}
	return 0;
}

/* Read when the first grant asks for it. 1: the report lies nowhere, so that no path leads to it. */
static int find_report(struct check *check)
{
	int fd = check->place->directory_fd >= 0 ? check->place->directory_fd : check->place->fd;
	struct stat st;
	char *text;

	if (check->has_mounts)
		return 0;
	if (check->place->directory_fd < 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 1)
		return refuse(check, "the file has several names, and the script might write to one of them", NULL);
	if (!path_of(fd, check->arena) && access("/proc/self/fd", F_OK) == 0 && check->place->directory_fd < 0)
		return 1;
	text = read_whole("/proc/self/mountinfo", check->arena);
	if (text)
		mounts_parse(text, check->arena, &check->mounts);
	if (!text || !locate(check, fd, &check->report))
		return refuse(check, "it cannot be told whether the script may write there", NULL);
	if (check->place->directory_fd >= 0)
		check->report.path = path_join(check->arena, check->report.path, check->place->name);
	check->has_mounts = true;
	return 0;
}

static int check_area(struct check *check, const char *granted)
{
	int result = find_report(check);

	return result ? result : compare(check, granted);
}

/* Not devices, and not what does not exist: such as the private directory, which is made later. */
static bool may_hold(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode));
}

int report_check(const struct report_place *place, const struct plan *plan, struct arena *arena, struct error *err)
{
	struct check check = { .place = place, .arena = arena, .err = err };
	int result = 0;

	if (!place->typed)
		return 0;
	for (size_t i = 0; i < plan->visible_count && result == 0; i++)
		if (plan->visible[i].write && may_hold(plan->visible[i].source))
			result = check_area(&check, plan->visible[i].source);
	/* what the script leaves is moved there before the report is written */
	if (plan->outputs.inside && result == 0)
		result = check_area(&check, plan->outputs.target);
	/* without a view there may be more, such as /dev/shm; the private directory does not exist yet */
	for (size_t i = 0; i < plan->landlock.rule_count && result == 0 && plan->mode == MODE_LANDLOCK; i++) {
		const struct landlock_rule *rule = &plan->landlock.rules[i];

		if (rule->access & ~(uint64_t)READING && may_hold(rule->path))
			result = check_area(&check, rule->path);
	}
	return result < 0 ? -1 : 0;
}
