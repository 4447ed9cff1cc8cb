#include "learn/changes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"

#define DEPTH_MAX 64

struct walk {
	const struct plan *plan;
	struct changes *out;
	struct error *err;
	size_t layer;
	unsigned depth;
};

/* The sandbox's own, put there before the script began. */
static bool is_ours(const struct walk *walk, const char *name)
{
	char target[64 + NAME_MAX];

	snprintf(target, sizeof(target), LAYER_UPPER "/%s", walk->layer, name);
	for (size_t i = 0; walk->depth == 0 && i < walk->plan->view_count; i++)
		if (walk->plan->view[i].kind == VIEW_FILE && strcmp(walk->plan->view[i].target, target) == 0)
			return true;
	return false;
}

static void tell(struct walk *walk, const char *what, const char *path)
{
	struct changes *out = walk->out;

	if (out->files + out->removed + out->others > CHANGES_SHOWN_MAX)
		return;
	text_addf(&out->list, "%s ", what);
	text_add_escaped(&out->list, path);
	text_add(&out->list, "\n");
}

static int copy_file(struct walk *walk, int from_fd, const struct stat *st, int to_fd, const char *name)
{
	FD_CLEANUP int copy_fd = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                                st->st_mode & 0777);
	char block[65536];
	ssize_t got;

	if (copy_fd < 0)
		return error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a file cannot be made");
	while ((got = read(from_fd, block, sizeof(block))) > 0)
		if (write_all(copy_fd, block, (size_t)got))
			return error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a file cannot be written");
	return got < 0 ? error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a file cannot be read") : 0;
}

static int walk_directory(struct walk *walk, int fd, int to_fd, const char *path);

static int walk_below(struct walk *walk, int fd, const char *name, int to_fd, const char *path)
{
	FD_CLEANUP int own_fd = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	FD_CLEANUP int copy_fd = -1;
	int result;

	walk->out->directories++;
	if (own_fd < 0 || walk->depth >= DEPTH_MAX)
		return 0;
	if (to_fd >= 0) {
		if (mkdirat(to_fd, name, 0700) && errno != EEXIST)
			return error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a directory cannot be made");
		copy_fd = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (copy_fd < 0)
			return error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a directory cannot be opened");
	}
	walk->depth++;
	result = walk_directory(walk, own_fd, copy_fd, path);
	walk->depth--;
	return result;
}

static int walk_entry(struct walk *walk, int fd, const char *name, int to_fd, const char *path)
{
	FD_CLEANUP int file_fd = -1;
	struct stat st;

	if (is_ours(walk, name) || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (S_ISDIR(st.st_mode))
		return walk_below(walk, fd, name, to_fd, path);
	if (S_ISCHR(st.st_mode) && st.st_rdev == 0) { /* an overlay's mark: what lay there is gone */
		walk->out->removed++;
		tell(walk, "removed", path);
		return 0;
	}
	if (!S_ISREG(st.st_mode)) {
		walk->out->others++;
		tell(walk, "neither file nor directory, not kept:", path);
		return 0;
	}
	walk->out->files++;
	walk->out->bytes += (uint64_t)st.st_size;
	tell(walk, access(path, F_OK) == 0 ? "changed" : "created", path);
	if (to_fd < 0)
		return 0;
	file_fd = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file_fd < 0 || fstat(file_fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	return copy_file(walk, file_fd, &st, to_fd, name);
}

static int walk_directory(struct walk *walk, int fd, int to_fd, const char *path)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3), result = 0;
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	struct text below = { 0 };

	while (directory && result == 0 && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		below.length = 0;
		text_addf(&below, "%s/%s", strcmp(path, "/") ? path : "", entry->d_name);
		result = walk_entry(walk, fd, entry->d_name, to_fd, text_string(&below));
	}
	text_free(&below);
	if (directory)
		closedir(directory);
	else
		fd_close(&copy);
	return result;
}

/* The directory that stands for `path` in the new one. */
static int make_parents(struct walk *walk, int keep_fd, const char *path)
{
	int fd = fcntl(keep_fd, F_DUPFD_CLOEXEC, 3);
	char name[NAME_MAX + 1];

	for (path += strspn(path, "/"); fd >= 0 && *path; path += strspn(path, "/")) {
		size_t length = strcspn(path, "/");
		int next;

		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		next = mkdirat(fd, name, 0700) && errno != EEXIST
		               ? -1
		               : openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&fd);
		fd = next;
		path += length;
	}
	return fd < 0 ? error_set_errno(walk->err, CODE_SETUP_FAILED, "--keep: a directory cannot be made") : fd;
}

static int walk_layer(struct walk *walk, const struct view_step *step, int layers_fd, int keep_fd)
{
	FD_CLEANUP int upper_fd = -1;
	FD_CLEANUP int to_fd = -1;
	char name[32];

	snprintf(name, sizeof(name), "%zu-upper", step->layer);
	walk->layer = step->layer;
	upper_fd = openat(layers_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (upper_fd < 0)
		return error_set_errno(walk->err, CODE_SETUP_FAILED, "a layer cannot be opened");
	if (keep_fd >= 0) {
		to_fd = make_parents(walk, keep_fd, step->source);
		if (to_fd < 0)
			return -1;
	}
	return walk_directory(walk, upper_fd, to_fd, step->source);
}

int changes_collect(const struct plan *plan, int layers_fd, const char *keep, struct changes *out, struct error *err)
{
	struct walk walk = { .plan = plan, .out = out, .err = err };
	FD_CLEANUP int keep_fd = -1;
	int result = 0;

	*out = (struct changes){ 0 };
	if (keep) {
		if (mkdir(keep, 0700))
			return error_set_errno(err, CODE_USAGE, "--keep: a new directory is made for it");
		keep_fd = open(keep, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (keep_fd < 0)
			return error_set_errno(err, CODE_SETUP_FAILED, "--keep");
	}
	for (size_t i = 0; result == 0 && i < plan->view_count; i++)
		if (plan->view[i].kind == VIEW_LAYER && strcmp(plan->view[i].source, "/tmp"))
			result = walk_layer(&walk, &plan->view[i], layers_fd, keep_fd);
	return result;
}
