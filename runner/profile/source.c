#include "profile/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "profile/document.h"

/* More symbolic links in a row than anybody makes on purpose. */
enum { LINKS_MAX = 8 };

const char *source_directory(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

const char *source_absolute(const struct profile_request *request, const char *path, struct arena *arena)
{
	char buffer[PATH_MAX];
	const char *cwd = request->cwd;

	if (path[0] == '/')
		return path;
	if (!cwd)
		cwd = getcwd(buffer, sizeof(buffer));
	while (strncmp(path, "./", 2) == 0)
		path += 2 + strspn(path + 2, "/");
	if (!cwd || cwd[0] != '/')
		return path;
	if (strcmp(path, ".") == 0)
		return arena_strdup(arena, cwd);
	return arena_printf(arena, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, path);
}

/* Nobody else can change it: it belongs to the caller or to root, and neither group nor others may write. */
static int check_trust(const struct stat *st, const char *what, const char *path, uint32_t uid, struct error *err)
{
	char shown[256];

	escape_into(shown, sizeof(shown), path);
	if (st->st_uid != 0 && st->st_uid != uid) {
		error_set(err, CODE_PROFILE_UNTRUSTED, "%s %s belongs to user %u, who could change the profile", what,
		          shown, (unsigned)st->st_uid);
		return error_hint(
			err,
			"It must belong to you or to root. Copy the profile to a directory of yours, or type:\n"
			"chown root %s",
			shown);
	}
	if (!S_ISLNK(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH))) {
		error_set(err, CODE_PROFILE_UNTRUSTED,
		          "%s %s may be written by %s (mode %04o), who could change the profile", what, shown,
		          st->st_mode & S_IWOTH ? "anybody" : "its group", (unsigned)st->st_mode & 07777);
		return error_hint(err,
		                  st->st_mode & S_ISVTX
		                          ? "Move the profile to a directory of yours: %s is for everybody."
		                          : "Type: chmod go-w %s",
		                  shown);
	}
	return 0;
}

static const char *kind_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static int not_found(const char *path, struct error *err)
{
	char shown[256];

	escape_into(shown, sizeof(shown), path);
	if (errno == ENOENT || errno == ENOTDIR)
		return error_set_errno(err, CODE_PROFILE_NOT_FOUND, "profile %s", shown);
	return error_set_errno(err, CODE_PROFILE_UNREADABLE, "profile %s", shown);
}

static int read_data(int fd, const struct stat *st, const char *path, struct arena *arena, struct profile_source *out,
                     struct error *err)
{
	char shown[256];
	ssize_t length;
	char *data;

	escape_into(shown, sizeof(shown), path);
	if (st->st_size > DOCUMENT_BYTES_MAX) {
		error_set(err, CODE_TOO_LARGE, "profile %s is larger than 1 MiB", shown);
		return error_hint(err, "Grant directories instead of single files, or split it with `extends`.");
	}
	data = arena_alloc(arena, (size_t)st->st_size + 1);
	length = read_all(fd, data, (size_t)st->st_size);
	if (length < 0 && errno == EFBIG) {
		error_set(err, CODE_PROFILE_UNREADABLE, "profile %s grew while it was read", shown);
		return error_hint(err, "Try again when nobody writes to it.");
	}
	if (length < 0)
		return error_set_errno(err, CODE_PROFILE_UNREADABLE, "profile %s", shown);
	out->data = data;
	out->length = (size_t)length;
	out->device = st->st_dev;
	out->inode = st->st_ino;
	return 0;
}

/* The last step: a name that is no symbolic link, in a directory that is open. */
static int open_regular(int directory, const char *name, const char *path, const struct profile_request *request,
                        struct arena *arena, struct profile_source *out, struct error *err)
{
	/* O_NONBLOCK: should a FIFO have taken the file's place since it was looked at, opening must not wait for a
	 * writer. */
	FD_CLEANUP int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	char shown[256];

	if (fd < 0 || fstat(fd, &st) < 0)
		return not_found(path, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, CODE_PROFILE_UNREADABLE, "profile %s is %s",
		                 escape_into(shown, sizeof(shown), path), kind_name(st.st_mode));
	if (check_trust(&st, "profile", path, request->uid, err))
		return -1;
	return read_data(fd, &st, path, arena, out, err);
}

static int refuse_kind(const struct stat *st, const char *path, struct error *err)
{
	char shown[256];

	error_set(err, CODE_PROFILE_UNREADABLE, "profile %s is %s", escape_into(shown, sizeof(shown), path),
	          kind_name(st->st_mode));
	return error_hint(err, "A profile is a regular file.");
}

/* One step along a chain of links. Returns 1 when `target` holds where to go on from *directory, 0 when the file was
 * read. */
static int step(int *directory, char *target, const char *path, const struct profile_request *request,
                struct arena *arena, struct profile_source *out, struct error *err)
{
	const char *parent = source_directory(target, arena);
	const char *slash = strrchr(target, '/');
	const char *name = arena_strdup(arena, slash ? slash + 1 : target);
	FD_CLEANUP int next = openat(*directory, parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat holder, st;
	ssize_t length;

	/* The file first: where there is none, it does not matter who could have made one. */
	if (next < 0 || fstat(next, &holder) < 0)
		return not_found(path, err);
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return refuse_kind(&holder, path, err);
	if (fstatat(next, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return not_found(path, err);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return refuse_kind(&st, path, err);
	if (check_trust(&holder, "directory", source_directory(path, arena), request->uid, err))
		return -1;
	if (S_ISREG(st.st_mode))
		return open_regular(next, name, path, request, arena, out, err);
	if (check_trust(&st, "link", path, request->uid, err))
		return -1;
	length = readlinkat(next, name, target, PATH_MAX - 1);
	if (length < 0)
		return not_found(path, err);
	target[length] = '\0';
	fd_close(directory);
	*directory = TAKE_FD(next);
	return 1;
}

const char *source_stem(const char *path, struct arena *arena)
{
	static const char *const endings[] = { ".pyconfine.yaml", ".pyconfine.yml", ".yaml", ".yml", NULL };
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = strlen(name);

	for (size_t i = 0; endings[i]; i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && strcmp(name + length - ending, endings[i]) == 0)
			return arena_strndup(arena, name, length - ending);
	}
	return arena_strdup(arena, name);
}

void source_identify(const char *path, struct profile_source *source)
{
	struct stat st;

	/* Where there is no such file, the text came from elsewhere, and nothing can lead back to it. */
	if (stat(path, &st) < 0)
		return;
	source->device = st.st_dev;
	source->inode = st.st_ino;
}

int source_open(const char *path, const struct profile_request *request, struct arena *arena,
                struct profile_source *out, struct error *err)
{
	const char *absolute = source_absolute(request, path, arena);
	FD_CLEANUP int directory = -1;
	struct profile_source source = { 0 };
	char target[PATH_MAX], shown[256];
	int result = 1;

	if (strlen(absolute) >= sizeof(target)) {
		errno = ENAMETOOLONG;
		return not_found(path, err);
	}
	strcpy(target, absolute);
	/* openat() takes a relative path only from here, and absolute ones do not need it. */
	directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int links = 0; result > 0; links++) {
		if (links > LINKS_MAX) {
			error_set(err, CODE_PROFILE_UNREADABLE, "profile %s is a symbolic link that leads nowhere",
			          escape_into(shown, sizeof(shown), path));
			return error_hint(err, "`readlink %s` shows where it points to.", shown);
		}
		result = step(&directory, target, path, request, arena, &source, err);
	}
	if (result < 0)
		return -1;
	source.file = arena_strdup(arena, path);
	source.path = absolute;
	source.base_dir = source_directory(absolute, arena);
	source.name = source_stem(absolute, arena);
	*out = source;
	return 0;
}
