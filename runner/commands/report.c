#include "commands/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "commands/render.h"

/* A pipe that nobody empties: how long a descriptor that does not block is waited for. */
#define PATIENCE_MS 10000
#define SCRIPTS_OWN "it is what the script has as stdin, stdout or stderr: it could write a report itself"

static int refuse(const struct report_place *place, const char *why, struct error *err)
{
	char shown[256];

	error_set(err, CODE_REPORT_REFUSED, "the report %s: %s", escape_into(shown, sizeof(shown), place->typed), why);
	return error_hint(err, "--report takes a file in a directory of yours, or fd:N for a descriptor above 2.");
}

static int refuse_errno(const struct report_place *place, struct error *err)
{
	int code = errno;

	refuse(place, strerror(code), err);
	err->sys_errno = code;
	return -1;
}

/* A terminal is for a person, and all names of it are one anyway. */
static bool is_the_scripts(const struct stat *file)
{
	struct stat own;

	for (int fd = 0; fd <= 2; fd++)
		if (!S_ISCHR(file->st_mode) && fstat(fd, &own) == 0 && own.st_dev == file->st_dev &&
		    own.st_ino == file->st_ino)
			return true;
	return false;
}

/* --- a descriptor --- */

static int open_descriptor(struct report_place *place, struct error *err)
{
	const char *digits = place->typed + 3;
	size_t length = strspn(digits, "0123456789");
	struct stat st;
	int flags, fd;

	if (length == 0 || length > 6 || digits[length]) {
		error_set(err, CODE_USAGE, "--report: \"fd:\" is followed by the number of a descriptor");
		return error_hint(err, "Write --report fd:3 3>FILE. A file of such a name is written ./fd:3.");
	}
	fd = (int)strtol(digits, NULL, 10);
	if (fd <= 2)
		return refuse(place, "that descriptor is the script's own: it could write a report itself", err);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return refuse(place, "no such descriptor is open", err);
	if ((flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
		return refuse(place, "the descriptor is not open for writing", err);
	if (fstat(fd, &st) == 0 && is_the_scripts(&st))
		return refuse(place, SCRIPTS_OWN, err);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		return refuse_errno(place, err);
	place->fd = fd;
	return 0;
}

/* --- a file --- */

/* Of a name that nobody else can have taken; 0600. */
static int make_file(const struct report_place *place, const char *name)
{
	return openat(place->directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static void temporary_name(const char *session, char *name, size_t size)
{
	snprintf(name, size, ".pyconfine-report-%s", session);
}

/* What lies there now, and is replaced later. */
static int check_old(const struct report_place *place, const struct stat *directory, struct error *err)
{
	struct stat old;

	if (fstatat(place->directory_fd, place->name, &old, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : refuse_errno(place, err);
	if (S_ISLNK(old.st_mode))
		return refuse(place, "it is a symbolic link, and none is followed", err);
	if (!S_ISREG(old.st_mode))
		return refuse(place, "it exists, and is not a regular file", err);
	if (is_the_scripts(&old))
		return refuse(place, SCRIPTS_OWN, err);
	if ((directory->st_mode & S_ISVTX) && geteuid() != 0 && old.st_uid != geteuid() &&
	    directory->st_uid != geteuid())
		return refuse(place, "it belongs to somebody else, and the directory's sticky bit protects it", err);
	return 0;
}

/* Access rights, read-only mounts, quotas and security modules: trying is the only way to know. */
static int try_file(const struct report_place *place, struct error *err)
{
	char session[SESSION_SIZE], name[64];
	FD_CLEANUP int fd = -1;

	if (session_make(session, err))
		return -1;
	temporary_name(session, name, sizeof(name));
	fd = make_file(place, name);
	if (fd < 0 || unlinkat(place->directory_fd, name, 0))
		return refuse_errno(place, err);
	return 0;
}

static int open_file(struct report_place *place, struct error *err)
{
	const char *slash = strrchr(place->typed, '/'), *name = slash ? slash + 1 : place->typed;
	TEXT_CLEANUP struct text directory = { 0 };
	struct stat st;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return refuse(place, "that is a directory", err);
	if (strlen(name) >= sizeof(place->name)) {
		errno = ENAMETOOLONG;
		return refuse_errno(place, err);
	}
	strcpy(place->name, name);
	text_add_n(&directory, slash ? place->typed : "./", slash ? (size_t)(slash - place->typed) + 1 : 2);
	place->directory_fd = open(text_string(&directory), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place->directory_fd < 0 || fstat(place->directory_fd, &st))
		return refuse_errno(place, err);
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return refuse(place, "everybody may exchange what lies in that directory", err);
	return check_old(place, &st, err) || try_file(place, err) ? -1 : 0;
}

int report_open(const char *typed, struct report_place *out, struct error *err)
{
	struct report_place place = { .typed = typed, .fd = -1, .directory_fd = -1 };

	*out = place;
	if (!typed)
		return 0;
	if (strncmp(typed, "fd:", 3) == 0 ? open_descriptor(&place, err) : open_file(&place, err)) {
		report_close(&place);
		return -1;
	}
	*out = place;
	return 0;
}

void report_close(struct report_place *place)
{
	fd_close(&place->directory_fd);
}

/* --- writing --- */

/* As write_all(), but a caller's descriptor may be one that does not block. */
static int write_patiently(int fd, const char *data, size_t length)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (length > 0) {
		ssize_t written = write(fd, data, length);

		if (written < 0 && errno == EAGAIN && poll(&ready, 1, PATIENCE_MS) == 1)
			continue;
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		length -= (size_t)written;
	}
	return 0;
}

static int write_file(const struct report_place *place, const char *session, const struct text *out)
{
	char name[64];
	FD_CLEANUP int fd = -1;

	temporary_name(session, name, sizeof(name));
	fd = make_file(place, name);
	if (fd < 0)
		return -1;
	if (write_all(fd, out->data, out->length) || close(TAKE_FD(fd)) ||
	    renameat(place->directory_fd, name, place->directory_fd, place->name)) {
		int code = errno;

		unlinkat(place->directory_fd, name, 0);
		errno = code;
		return -1;
	}
	return 0;
}

int report_write(const struct report_place *place, const struct run_record *record, struct error *err)
{
	TEXT_CLEANUP struct text out = { 0 };
	int result;

	if (!place->typed)
		return 0;
	/* the status of the run is told in any case: neither a reader that is gone nor the caller's RLIMIT_FSIZE may
	 * end us */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	render_json_text(&out, report_json(record));
	result = place->fd >= 0 ? write_patiently(place->fd, text_string(&out), out.length)
	                        : write_file(place, record->prepared->session, &out);
	if (result) {
		refuse_errno(place, err);
		return error_hint(err, "It was not written. The exit status is the run's all the same.");
	}
	return 0;
}
