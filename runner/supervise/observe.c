#include "supervise/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "host/uapi.h"
#include "plan/links.h"
#include "policy/filter.h"
#include "supervise/broker_parts.h"

/* A path as the call named it, made absolute, and what the script's view has there. */
struct sight {
	char path[2 * PATH_MAX];
	int fd;    /* O_PATH; or -errno: why it cannot be had; owned */
	int above; /* the directory in which it lies, or -errno; owned */
};

static void sight_close(struct sight *sight)
{
	fd_close(&sight->fd);
	fd_close(&sight->above);
}

void observe_init(struct broker *broker)
{
	size_t index = 0;

	broker->root_fd = -1;
	if (!broker->plan->trace)
		return;
	for (const struct observed_call *call = observed_calls; call->name; call++) {
		int number = -1;

		index++;
		if (syscall_find(call->name, &number) == SYSCALL_KNOWN && number < OBSERVED_NUMBERS)
			broker->observed[number] = (uint8_t)index;
	}
}

void observe_close(struct broker *broker)
{
	fd_close(&broker->root_fd);
}

bool observe_is_wanted(const struct broker *broker, int number)
{
	return number >= 0 && number < OBSERVED_NUMBERS && broker->observed[number];
}

/* The script's root: all of its processes have the same, since chroot(2) is forbidden. */
static int find_root(struct broker *broker, pid_t pid)
{
	char path[64] = "/";

	if (broker->root_fd >= 0)
		return broker->root_fd;
	if (broker->plan->mode == MODE_NAMESPACES)
		snprintf(path, sizeof(path), "/proc/%d/root", pid);
	return broker->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* "." and doubled slashes say nothing. */
static void tidy(char *path)
{
	char *to = path;

	for (const char *from = path; *from;) {
		if (from[0] == '/' && from[1] == '/')
			from++;
		else if (from[0] == '/' && from[1] == '.' && (from[2] == '/' || !from[2]))
			from += 2;
		else
			*to++ = *from++;
	}
	if (to > path + 1 && to[-1] == '/')
		to--;
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static ssize_t read_link(const char *link, char *path, size_t size)
{
	ssize_t length = readlink(link, path, size - 1);

	path[length > 0 ? length : 0] = '\0';
	return length;
}

static int path_of(int fd, char *path, size_t size)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return read_link(link, path, size) > 0 && path[0] == '/' ? 0 : -1;
}

/* The directory that the call begins at, then what it says: into sight->path. */
static int make_absolute(pid_t pid, int directory, const char *named, char *path, size_t size)
{
	char link[64];
	size_t length;

	if (named[0] == '/') {
		memcpy(path, named, strlen(named) + 1);
		return 0;
	}
	snprintf(link, sizeof(link), directory == AT_FDCWD ? "/proc/%d/cwd" : "/proc/%d/fd/%d", pid, directory);
	if (read_link(link, path, PATH_MAX) <= 0 || path[0] != '/')
		return -1; /* a pipe, a directory that was removed */
	length = strlen(path);
	snprintf(path + length, size - length, "/%s", named);
	return 0;
}

/* Links lead no further than the script's root, and those of /proc nowhere. O_PATH opens nothing: no FIFO waits, no
 * device notices. */
static int look_up(int root, const char *path, bool follow)
{
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC | (follow ? 0U : (unsigned)O_NOFOLLOW),
		                         .resolve = RESOLVE_IN_ROOT };

	return raw_openat2(root, path, &how);
}

static int look_above(int root, const char *path)
{
	char above[2 * PATH_MAX];
	char *slash;

	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	slash[slash == above] = '\0';
	return look_up(root, above, true);
}

/* By the names alone: for what leads nowhere inside. */
static void go_up(char *path)
{
	size_t length = 0;

	for (const char *from = path; *from == '/';) {
		size_t part = 1 + strcspn(from + 1, "/");

		if (part == 3 && from[1] == '.' && from[2] == '.') {
			while (length > 0 && path[--length] != '/')
				;
		} else {
			memmove(path + length, from, part);
			length += part;
		}
		from += part;
	}
	if (length == 0)
		path[length++] = '/';
	path[length] = '\0';
}

/* With ".." behind a link only the kernel knows where it leads. */
static void name_truly(int root, struct sight *sight)
{
	char above[PATH_MAX], name[NAME_MAX + 1];
	const char *slash = strrchr(sight->path, '/');
	int fd;

	if (!path_goes_up(sight->path))
		return;
	if (strcmp(slash, "/..") == 0 || strlen(slash + 1) > NAME_MAX) {
		go_up(sight->path);
		return;
	}
	snprintf(name, sizeof(name), "%s", slash + 1);
	fd = look_above(root, sight->path);
	if (fd >= 0 && path_of(fd, above, sizeof(above)) == 0) {
		snprintf(sight->path, sizeof(sight->path), "%s/%s", above, name);
		tidy(sight->path);
	} else {
		go_up(sight->path);
	}
	fd_close(&fd);
}

static int see(struct broker *broker, const struct seccomp_notif *call, int directory_arg, int path_arg, bool follow,
               struct sight *sight)
{
	const pid_t pid = (pid_t)call->pid;
	int directory = directory_arg < 0 ? AT_FDCWD : (int)call->data.args[directory_arg];
	int root = find_root(broker, pid);
	char named[PATH_MAX];

	sight->fd = sight->above = -1;
	if (root < 0 || broker_copy_path(pid, call->data.args[path_arg], named) ||
	    make_absolute(pid, directory, named, sight->path, sizeof(sight->path)))
		return -1;
	if (!broker_still_asks(broker, call))
		return -1;
	tidy(sight->path);
	name_truly(root, sight);
	sight->fd = look_up(root, sight->path, follow);
	return 0;
}

static bool is_of_proc(const char *path)
{
	return path_is_below(path, "/proc");
}

/* Landlock's rights add up along the way. */
static bool has_right(const struct plan *plan, int fd, uint64_t right)
{
	char path[PATH_MAX];

	if (!plan->landlock.abi || !(plan->landlock.handled_access & right))
		return true;
	if (path_of(fd, path, sizeof(path)))
		return true;
	for (size_t i = 0; i < plan->landlock.rule_count; i++)
		if ((plan->landlock.rules[i].access & right) && path_is_below(path, plan->landlock.rules[i].path))
			return true;
	return false;
}

static int may_change(const struct plan *plan, int fd, uint64_t right)
{
	struct statfs fs;

	if (fd < 0)
		return -fd;
	if (fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY))
		return EROFS;
	return has_right(plan, fd, right) ? 0 : EACCES;
}

static int answer_existing(const struct plan *plan, enum observed_kind kind, const struct sight *sight)
{
	struct statfs fs;

	if (sight->fd < 0)
		return -sight->fd;
	switch (kind) {
	case OBSERVED_READ:
		return has_right(plan, sight->fd, LANDLOCK_ACCESS_FS_READ_FILE) ? 0 : EACCES;
	case OBSERVED_LIST:
		return has_right(plan, sight->fd, LANDLOCK_ACCESS_FS_READ_DIR) ? 0 : EACCES;
	case OBSERVED_WRITE:
		return may_change(plan, sight->fd, LANDLOCK_ACCESS_FS_WRITE_FILE);
	case OBSERVED_EXEC:
		if (fstatfs(sight->fd, &fs) == 0 && (fs.f_flags & ST_NOEXEC))
			return EACCES;
		return has_right(plan, sight->fd, LANDLOCK_ACCESS_FS_EXECUTE) ? 0 : EACCES;
	case OBSERVED_LOOK:
	case OBSERVED_CREATE:
	case OBSERVED_REMOVE:
	case OBSERVED_RENAME:
	case OBSERVED_NAME:
	case OBSERVED_CONNECT:
	case OBSERVED_LISTEN:
	case OBSERVED_CALL:
	default:
		return 0;
	}
}

static int answer_of(struct broker *broker, enum observed_kind kind, struct sight *sight)
{
	const bool entry = kind == OBSERVED_CREATE || kind == OBSERVED_REMOVE || kind == OBSERVED_RENAME;

	if (is_of_proc(sight->path))
		return -1; /* whose, depends on who asks */
	if (!entry)
		return answer_existing(broker->plan, kind, sight);
	if (kind != OBSERVED_CREATE && sight->fd < 0)
		return -sight->fd;
	sight->above = look_above(broker->root_fd, sight->path);
	return may_change(broker->plan, sight->above,
	                  kind == OBSERVED_CREATE ? LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR
	                                          : LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

static enum observed_kind kind_of_open(uint64_t flags, const struct sight *sight)
{
	struct stat st;

	if (flags & O_PATH)
		return OBSERVED_LOOK;
	if ((flags & O_CREAT) && sight->fd < 0)
		return OBSERVED_CREATE;
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC))
		return OBSERVED_WRITE;
	if ((flags & O_DIRECTORY) || (sight->fd >= 0 && fstat(sight->fd, &st) == 0 && S_ISDIR(st.st_mode)))
		return OBSERVED_LIST;
	return OBSERVED_READ;
}

static bool follows(const struct observed_call *row, const struct seccomp_notif *call)
{
	uint64_t flags = row->flags < 0 ? 0 : call->data.args[row->flags];

	if (row->how == HOW_OPEN)
		return !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	return row->how == HOW_AT ? !(flags & AT_SYMLINK_NOFOLLOW) : row->how == HOW_FOLLOW;
}

static void tell(const struct broker *broker, const struct observation *seen)
{
	if (broker->observer && broker->observer->observe)
		broker->observer->observe(broker->observer->owner, seen);
}

void observe_call(struct broker *broker, const struct seccomp_notif *call)
{
	const struct observed_call *row = &observed_calls[broker->observed[call->data.nr] - 1];
	struct observation seen = { .kind = row->kind, .thread = (int32_t)call->pid };
	struct sight first, second = { .fd = -1, .above = -1 };

	if (see(broker, call, row->directory, row->path, follows(row, call), &first))
		return;
	if (row->how == HOW_OPEN)
		seen.kind = kind_of_open(call->data.args[row->flags], &first);
	seen.target = first.path;
	seen.answer = answer_of(broker, seen.kind, &first);
	if (row->second_path >= 0) {
		if (see(broker, call, row->second_directory, row->second_path, false, &second)) {
			sight_close(&first);
			return;
		}
		seen.second = second.path;
		if (seen.answer == 0)
			seen.answer = answer_of(broker, OBSERVED_CREATE, &second);
	}
	tell(broker, &seen);
	sight_close(&first);
	sight_close(&second);
}
