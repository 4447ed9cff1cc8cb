#include "supervise/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "base/text.h"
#include "plan/links.h"

static bool is_trusted(uint32_t owner, uint32_t uid)
{
	return owner == 0 || owner == uid;
}

/* With the sticky bit others may add names, and not change the caller's. */
static int check_holder(const struct stat *st, const char *path, uint32_t uid, struct error *err)
{
	char shown[256];

	escape_into(shown, sizeof(shown), path);
	if (!is_trusted(st->st_uid, uid)) {
		error_set(err, CODE_SECRET, "directory %s belongs to user %u, who could put another file there", shown,
		          (unsigned)st->st_uid);
		return error_hint(err, "Keep the secret in a directory of yours or of root's.");
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !(st->st_mode & S_ISVTX)) {
		error_set(err, CODE_SECRET, "directory %s may be written by %s, who could put another file there",
		          shown, st->st_mode & S_IWOTH ? "anybody" : "its group");
		return error_hint(err, "Type: chmod go-w %s", shown);
	}
	return 0;
}

static int check_file(const struct stat *st, const char *path, uint32_t uid, struct error *err)
{
	/* root gives a file to a service by its group, or by an access list, which shows as the group's mode */
	mode_t others = st->st_uid == 0 && uid != 0 ? S_IRWXO | S_IWGRP | S_IXGRP : S_IRWXO | S_IRWXG;
	char shown[256];

	escape_into(shown, sizeof(shown), path);
	if (!S_ISREG(st->st_mode)) {
		error_set(err, CODE_SECRET, "%s is no regular file", shown);
		return error_hint(err, "What comes through a pipe is handed over by its descriptor: fd:3");
	}
	if (!is_trusted(st->st_uid, uid)) {
		error_set(err, CODE_SECRET, "%s belongs to user %u, who knows and can change it", shown,
		          (unsigned)st->st_uid);
		return error_hint(err, "It must belong to you or to root. Type: chown %u %s", (unsigned)uid, shown);
	}
	if (st->st_mode & others) {
		error_set(err, CODE_SECRET, "%s is open to %s (mode %04o)", shown,
		          st->st_mode & S_IRWXO ? "anybody" : "its group", (unsigned)st->st_mode & 07777);
		return error_hint(err, "Type: chmod 600 %s", shown);
	}
	return 0;
}

static int not_there(const char *path, struct error *err)
{
	char shown[256];

	return error_set_errno(err, CODE_SECRET, "%s", escape_into(shown, sizeof(shown), path));
}

static int check_links(const struct path_links *links, uint32_t uid, struct arena *arena, struct error *err)
{
	char shown[256];

	for (size_t i = 0; i < links->count; i++) {
		const char *path = links->items[i].path, *directory = path_directory(arena, path);
		struct stat st;

		if (stat(directory, &st))
			return not_there(directory, err);
		if (check_holder(&st, directory, uid, err))
			return -1;
		if (lstat(path, &st))
			return not_there(path, err);
		if (!is_trusted(st.st_uid, uid))
			return error_set(err, CODE_SECRET, "link %s belongs to user %u, who chooses where it leads",
			                 escape_into(shown, sizeof(shown), path), (unsigned)st.st_uid);
	}
	return 0;
}

int secret_file_open(const char *path, uint32_t uid, struct arena *arena, struct error *err)
{
	/* free of links by now: one that stands there was put there meanwhile */
	const struct pc_open_how strictly = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		                              .resolve = RESOLVE_NO_SYMLINKS };
	struct path_links links = { 0 };
	FD_CLEANUP int directory_fd = -1;
	FD_CLEANUP int fd = -1;
	const char *real, *directory, *name;
	struct stat holder, st;

	if (path_follow(path, arena, &links, &real, NULL))
		return not_there(path, err);
	if (check_links(&links, uid, arena, err))
		return -1;
	directory = path_directory(arena, real);
	name = strrchr(real, '/') + 1;
	directory_fd = raw_openat2(AT_FDCWD, directory, &strictly);
	if (directory_fd < 0)
		errno = -directory_fd;
	if (directory_fd < 0 || fstat(directory_fd, &holder))
		return not_there(directory, err);
	/* a FIFO in its place must not make us wait */
	if (fstatat(directory_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		return check_file(&st, path, uid, err);
	fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return not_there(path, err);
	if (check_holder(&holder, directory, uid, err) || check_file(&st, path, uid, err))
		return -1;
	/* where others may add names, they may add one of a file that they cannot read */
	if ((holder.st_mode & (S_IWGRP | S_IWOTH)) && st.st_nlink > 1)
		return error_set(err, CODE_SECRET, "%s has several names, and anybody may have made this one", path);
	return TAKE_FD(fd);
}
