#include "supervise/outputs_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "policy/content_types.h"
#include "policy/output_names.h"

#define ATTRIBUTES_MAX 4096
#define BLOCK_BYTES 65536
#define RESULT_MODE 0644

static const char *refuse(struct outputs_file *output, const char *key, const char *reason)
{
	output->key = key;
	return reason;
}

/* The C library's own text: static, and in English. */
static const char *error_reason(struct outputs_file *output, int error)
{
	const char *text = strerrordesc_np(error);

	return refuse(output, "outputs", text ? text : "it cannot be copied");
}

/* Labels that a security module gives every file say nothing about this one. */
static bool is_label(const char *attribute)
{
	return strcmp(attribute, "security.selinux") == 0 || strncmp(attribute, "security.SMACK64", 16) == 0;
}

static bool has_attributes(int fd)
{
	char names[ATTRIBUTES_MAX];
	ssize_t size = flistxattr(fd, names, sizeof(names));

	if (size < 0)
		return errno != ENOTSUP; /* ERANGE: more than fit */
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		if (!is_label(names + at))
			return true;
	return false;
}

/* Looked at by name first: opening a device or a pipe would do something. */
static int open_file(int staging_fd, const char *name, struct stat *st)
{
	const struct pc_open_how how = { .flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
	int fd;

	if (fstatat(staging_fd, name, st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EMEDIUMTYPE;
	fd = raw_openat2(staging_fd, name, &how);
	if (fd >= 0 && fstat(fd, st)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static const char *kind_reason(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "it is a directory";
	case S_IFLNK:
		return "it is a symbolic link";
	case S_IFIFO:
		return "it is a pipe";
	case S_IFSOCK:
		return "it is a socket";
	default:
		return "it is a device";
	}
}

static const char *judge_status(struct outputs_file *output, int fd, const struct stat *st, uint64_t left)
{
	if (!S_ISREG(st->st_mode))
		return refuse(output, "outputs", kind_reason(st->st_mode));
	output->size = (uint64_t)st->st_size;
	output->sized = true;
	if (st->st_nlink != 1)
		return refuse(output, "outputs", "it has more than one name (hard links)");
	if (st->st_mode & (S_ISUID | S_ISGID))
		return refuse(output, "outputs", "it has a set-user-ID or set-group-ID bit");
	if (has_attributes(fd))
		return refuse(output, "outputs", "it has extended attributes");
	if (output->size > left)
		return refuse(output, "outputs.size", "there are more bytes than are accepted");
	return NULL;
}

const char *outputs_judge_file(int staging_fd, struct outputs_file *output, uint64_t left)
{
	struct stat st = { 0 };
	FD_CLEANUP int fd = open_file(staging_fd, output->name, &st);

	if (fd == -EMEDIUMTYPE)
		return refuse(output, "outputs", kind_reason(st.st_mode));
	if (fd < 0)
		return error_reason(output, -fd);
	return judge_status(output, fd, &st, left);
}

const char *outputs_sync(struct staged *staged, struct outputs_file *output)
{
	if (fdatasync(staged->fd) == 0)
		return NULL;
	staged->fatal = true;
	return error_reason(output, errno);
}

static void temporary_name(const struct outputs *outputs, const struct staged *staged, char *name, size_t size)
{
	snprintf(name, size, "%s%u", outputs->plan->temporary, staged->number);
}

/* EISDIR: older kernels' word for "not here"; see open(2), O_TMPFILE. */
static int make_file(const struct outputs *outputs, struct staged *staged)
{
	char name[64];

	staged->fd = openat(outputs->target_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, RESULT_MODE);
	if (staged->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -1;
	temporary_name(outputs, staged, name, sizeof(name));
	staged->fd = openat(outputs->target_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC,
	                    RESULT_MODE);
	staged->named = staged->fd >= 0;
	return staged->named ? 0 : -1;
}

/* Of the row that the accepted suffix has, and not of a longer one that the name happens to end with. */
static const struct content_type *type_of(const struct outputs_plan *plan, const char *name)
{
	const char *suffix = plan->check_content ? output_name_suffix(name, plan->suffixes, plan->suffix_count) : NULL;

	return suffix ? content_type_find(suffix) : NULL;
}

/* Reads on until nothing comes: one byte more than was announced and it is refused. */
static const char *copy_bytes(struct staged *staged, struct outputs_file *output, int from_fd,
                              struct content_check *check)
{
	static char block[BLOCK_BYTES]; /* the supervisor has one thread */
	uint64_t copied = 0;
	ssize_t got;

	while ((got = read(from_fd, block, sizeof(block))) > 0) {
		copied += (uint64_t)got;
		if (copied > output->size)
			break;
		if (check->type)
			content_check_add(check, block, (size_t)got);
		if (write_all(staged->fd, block, (size_t)got)) {
			staged->fatal = true;
			return error_reason(output, errno);
		}
	}
	if (got < 0)
		return error_reason(output, errno);
	if (copied != output->size)
		return refuse(output, "outputs", "it changes while it is read");
	if (check->type && !content_check_end(check))
		return refuse(output, "outputs.check", "its content is not what its suffix says");
	return NULL;
}

const char *outputs_copy(const struct outputs *outputs, struct staged *staged, struct outputs_file *output,
                         uint64_t left)
{
	struct content_check check = { 0 };
	struct stat st = { 0 };
	FD_CLEANUP int from_fd = open_file(outputs->staging_fd, output->name, &st);
	const char *reason = from_fd < 0 ? error_reason(output, -from_fd) : judge_status(output, from_fd, &st, left);

	if (reason)
		return reason;
	if (make_file(outputs, staged)) {
		staged->fatal = true;
		return error_reason(output, errno);
	}
	content_check_begin(&check, type_of(outputs->plan, output->name));
	return copy_bytes(staged, output, from_fd, &check);
}

/* A file without a name gets its first one, by way of /proc or, where there is none, by descriptor, which needs
 * CAP_DAC_READ_SEARCH before Linux 6.10. */
static int link_unnamed(int target_fd, const struct staged *staged, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", staged->fd);
	if (linkat(AT_FDCWD, path, target_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return errno == ENOENT ? linkat(staged->fd, "", target_fd, name, AT_EMPTY_PATH) : -1;
}

/* Some file systems cannot rename without replacing (EINVAL); a second name and the loss of the first does the same. */
static int rename_named(const struct outputs *outputs, struct staged *staged, const char *name)
{
	char temporary[64];

	temporary_name(outputs, staged, temporary, sizeof(temporary));
	if (renameat2(outputs->target_fd, temporary, outputs->target_fd, name, RENAME_NOREPLACE)) {
		if (errno != EINVAL || linkat(outputs->target_fd, temporary, outputs->target_fd, name, 0))
			return -1;
		unlinkat(outputs->target_fd, temporary, 0);
	}
	staged->named = false;
	return 0;
}

const char *outputs_place(const struct outputs *outputs, struct staged *staged, struct outputs_file *output)
{
	int result = staged->named ? rename_named(outputs, staged, output->name)
	                           : link_unnamed(outputs->target_fd, staged, output->name);

	if (result == 0)
		return NULL;
	if (errno == EEXIST)
		return refuse(output, "outputs", "a file of that name is there already, and is not replaced");
	return error_reason(output, errno);
}

void outputs_take_back(const struct outputs *outputs, const struct staged *staged, const struct outputs_file *output)
{
	struct stat ours, there;

	if (fstat(staged->fd, &ours) == 0 &&
	    fstatat(outputs->target_fd, output->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		unlinkat(outputs->target_fd, output->name, 0);
}

void outputs_drop(const struct outputs *outputs, struct staged *staged)
{
	char name[64];

	if (staged->named) {
		temporary_name(outputs, staged, name, sizeof(name));
		unlinkat(outputs->target_fd, name, 0);
		staged->named = false;
	}
	fd_close(&staged->fd);
}
