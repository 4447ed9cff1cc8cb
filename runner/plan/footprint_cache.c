/* Answers that are remembered: one small text file per interpreter, in a directory that is the caller's alone.
 *
 *	pyconfine footprint 1
 *	python /usr/bin/python3          the interpreter as the user has it
 *	real /usr/bin/python3.11
 *	is 65024 1234 ...                its identity
 *	home /root                       the user site depends on it
 *	...
 *	watch 65024 77 1700000000 0 /usr/lib/python3/dist-packages
 *	dir 0 /usr/lib/python3.11
 *	link 0 /lib<TAB>usr/lib
 *	end
 *
 * Lines rather than JSON, since every launch reads it. Anything that is not as expected means: ask again. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "plan/footprint.h"

static const char first_line[] = "pyconfine footprint 1";
enum { CACHE_FILE_MAX = 64 * 1024, NAME_SIZE = 64 };

static const char *const kind_names[] = { [SHOWN_DIRECTORY] = "dir", [SHOWN_FILE] = "file", [SHOWN_LINK] = "link" };
enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

const char *footprint_cache_dir(const char *xdg_cache_home, const char *home, uint32_t uid, struct arena *arena)
{
	/* Root's HOME may be somebody else's, after sudo. */
	if (uid == 0)
		return "/var/cache/pyconfine";
	if (xdg_cache_home && xdg_cache_home[0] == '/')
		return path_join(arena, xdg_cache_home, "pyconfine");
	if (home && home[0] == '/' && home[strspn(home, "/")] != '\0')
		return path_join(arena, home, ".cache/pyconfine");
	return NULL;
}

/* FNV-1a of the path: a collision only costs time, since the file repeats the path. */
static void file_name(const struct interpreter *interpreter, char name[NAME_SIZE])
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (const unsigned char *byte = (const unsigned char *)interpreter->path; *byte; byte++)
		hash = (hash ^ *byte) * 0x100000001b3U;
	snprintf(name, NAME_SIZE, "%016" PRIx64 ".footprint", hash);
}

/* -1 unless it is a directory that belongs to the caller alone. */
static int open_directory(const char *dir, uint32_t uid)
{
	FD_CLEANUP int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0)
		return -1;
	if (status.st_uid != uid || (status.st_mode & 077) != 0) {
		errno = EPERM;
		return -1;
	}
	return TAKE_FD(fd);
}

static char *read_entry(const char *dir, uint32_t uid, const struct interpreter *interpreter, struct arena *arena)
{
	FD_CLEANUP int dir_fd = open_directory(dir, uid);
	char name[NAME_SIZE], *text;
	struct stat status;
	ssize_t got;

	if (dir_fd < 0)
		return NULL;
	file_name(interpreter, name);

	FD_CLEANUP int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != uid ||
	    (status.st_mode & 077) != 0 || status.st_nlink != 1 || status.st_size <= 0 ||
	    status.st_size > CACHE_FILE_MAX)
		return NULL;
	text = arena_alloc(arena, (size_t)status.st_size + 1);
	got = read(fd, text, (size_t)status.st_size);
	if (got != status.st_size || strlen(text) != (size_t)got)
		return NULL;
	return text;
}

/* What an entry is compared with; the same code writes it. */
static void add_key(struct text *text, const struct interpreter *interpreter, const char *home)
{
	const struct file_identity *is = &interpreter->identity;

	text_addf(text, "%s\npython %s\nreal %s\n", first_line, interpreter->path, interpreter->real_path);
	text_addf(text, "is %ju %ju %jd %ld %jd %ld %jd\n", (uintmax_t)is->dev, (uintmax_t)is->ino,
	          (intmax_t)is->ctime.tv_sec, is->ctime.tv_nsec, (intmax_t)is->mtime.tv_sec, is->mtime.tv_nsec,
	          (intmax_t)is->size);
	text_addf(text, "home %s\nvenv %s\n", home ? home : "", interpreter->venv ? interpreter->venv : "");
}

/* A missing file is a state as good as another: pip install --user makes the directory later. */
static void add_state(struct text *text, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		status = (struct stat){ 0 };
	/* The change time moves with every modification and cannot be set back as the modification time can. */
	text_addf(text, "%ju %ju %jd %ld ", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino,
	          (intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

/* "watch STATE PATH": does the state still hold? */
static bool watch_holds(const char *value)
{
	struct stat status = { 0 };
	const char *path = value;
	uintmax_t numbers[4];

	for (size_t i = 0; i < 4; i++) {
		char *end;

		numbers[i] = strtoumax(path, &end, 10);
		if (end == path || *end != ' ')
			return false;
		path = end + 1;
	}
	if (stat(path, &status) != 0)
		status = (struct stat){ 0 };
	return numbers[0] == (uintmax_t)status.st_dev && numbers[1] == (uintmax_t)status.st_ino &&
	       numbers[2] == (uintmax_t)status.st_ctim.tv_sec && numbers[3] == (uintmax_t)status.st_ctim.tv_nsec;
}

/* "dir FLAGS PATH" or "link FLAGS PATH<TAB>TARGET". */
static bool take_path(struct footprint *footprint, struct arena *arena, enum shown_kind kind, char *value)
{
	struct shown_path item = { .kind = kind };
	char *end, *tab;

	item.flags = (unsigned)strtoul(value, &end, 10);
	if (end == value || end[0] != ' ' || end[1] != '/')
		return false;
	item.path = end + 1;
	tab = strchr(end, '\t');
	if ((tab != NULL) != (kind == SHOWN_LINK))
		return false;
	if (tab) {
		*tab = '\0';
		item.target = tab + 1;
	}
	footprint->paths.items = arena_grow(arena, footprint->paths.items, footprint->paths.count,
	                                    sizeof(*footprint->paths.items));
	footprint->paths.items[footprint->paths.count++] = item;
	return true;
}

/* One line, split into its first word and the rest. */
static bool take_line(struct footprint *footprint, struct arena *arena, const char *word, char *value)
{
	const struct {
		const char *word;
		const char **place;
	} strings[] = { { "version", &footprint->version },
		        { "prefix", &footprint->prefix },
		        { "base_prefix", &footprint->base_prefix },
		        { "executable", &footprint->executable },
		        { "loader", &footprint->loader } };

	if (strcmp(word, "watch") == 0)
		return watch_holds(value);
	for (size_t kind = 0; kind < KINDS; kind++)
		if (strcmp(word, kind_names[kind]) == 0)
			return take_path(footprint, arena, (enum shown_kind)kind, value);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (strcmp(word, strings[i].word) == 0) {
			*strings[i].place = value;
			return true;
		}
	}
	if (strcmp(word, "note") != 0)
		return false;
	footprint->notes = arena_grow(arena, footprint->notes, footprint->note_count, sizeof(*footprint->notes));
	footprint->notes[footprint->note_count++] = value;
	return true;
}

bool footprint_cache_load(const char *dir, uint32_t uid, const struct interpreter *interpreter, const char *home,
                          struct arena *arena, struct footprint *out)
{
	TEXT_CLEANUP struct text key = { 0 };
	struct footprint footprint = { 0 };
	char *line = dir ? read_entry(dir, uid, interpreter, arena) : NULL;

	if (!line)
		return false;
	add_key(&key, interpreter, home);
	if (strncmp(line, text_string(&key), key.length) != 0)
		return false;
	line += key.length;
	while (strcmp(line, "end\n") != 0) {
		char *end = strchr(line, '\n'), *space = strchr(line, ' ');

		/* An entry that was cut off has no "end". */
		if (!end || !space || space > end)
			return false;
		*end = *space = '\0';
		if (!take_line(&footprint, arena, line, space + 1))
			return false;
		line = end + 1;
	}
	if (!footprint.version || !footprint.prefix || !footprint.base_prefix || !footprint.executable)
		return false;
	*out = footprint;
	return true;
}

static void add_string(struct text *text, const char *word, const char *value)
{
	if (value)
		text_addf(text, "%s %s\n", word, value);
}

static void add_entry(struct text *text, const struct interpreter *interpreter, const char *home,
                      const struct footprint *footprint)
{
	add_key(text, interpreter, home);
	/* First, so that a stale entry is noticed before the rest is read. */
	for (size_t i = 0; i < footprint->watched.count; i++) {
		text_add(text, "watch ");
		add_state(text, footprint->watched.items[i].path);
		text_addf(text, "%s\n", footprint->watched.items[i].path);
	}
	add_string(text, "version", footprint->version);
	add_string(text, "prefix", footprint->prefix);
	add_string(text, "base_prefix", footprint->base_prefix);
	add_string(text, "executable", footprint->executable);
	add_string(text, "loader", footprint->loader);
	for (size_t i = 0; i < footprint->paths.count; i++) {
		const struct shown_path *item = &footprint->paths.items[i];

		text_addf(text, "%s %u %s", kind_names[item->kind], item->flags, item->path);
		if (item->kind == SHOWN_LINK)
			text_addf(text, "\t%s", item->target);
		text_add(text, "\n");
	}
	for (size_t i = 0; i < footprint->note_count; i++)
		add_string(text, "note", footprint->notes[i]);
	text_add(text, "end\n");
}

/* Lines cannot carry everything that a path can; such an interpreter is asked each time. */
static bool fits_lines(const struct interpreter *interpreter, const char *home, const struct footprint *footprint)
{
	const char *const strings[] = { interpreter->path, interpreter->real_path, interpreter->venv, home,
		                        footprint->loader };

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		if (strings[i] && strpbrk(strings[i], "\n\t"))
			return false;
	for (size_t i = 0; i < footprint->paths.count; i++) {
		const struct shown_path *item = &footprint->paths.items[i];

		if (strpbrk(item->path, "\n\t") || (item->target && strpbrk(item->target, "\n\t")))
			return false;
	}
	return true;
}

/* A file without a name until it is complete: whoever is killed meanwhile leaves nothing. That for a moment no entry
 * has the name is no harm: it is asked for anew. errno says why not. */
static bool write_nameless(int dir_fd, const char *name, const struct text *text)
{
	FD_CLEANUP int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	char path[64];

	if (fd < 0 || write_all(fd, text->data, text->length))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (unlinkat(dir_fd, name, 0) && errno != ENOENT)
		return false;
	/* another run may have stored its own at the same time, which is as good */
	return linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0 || errno == EEXIST;
}

/* Where the file system has no nameless files, or there is no /proc. */
static bool write_and_rename(int dir_fd, const char *name, const struct text *text)
{
	char temporary[NAME_SIZE];
	uint64_t random;
	bool done;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return false;
	snprintf(temporary, sizeof(temporary), ".%016" PRIx64 ".new", random);

	FD_CLEANUP int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	done = write_all(fd, text->data, text->length) == 0 && renameat(dir_fd, temporary, dir_fd, name) == 0;
	if (!done) {
		int saved = errno;

		unlinkat(dir_fd, temporary, 0);
		errno = saved;
	}
	return done;
}

bool footprint_cache_store(const char *dir, uint32_t uid, const struct interpreter *interpreter, const char *home,
                           const struct footprint *footprint)
{
	TEXT_CLEANUP struct text text = { 0 };
	char name[NAME_SIZE];

	if (!dir || !fits_lines(interpreter, home, footprint)) {
		errno = EINVAL;
		return false;
	}
	/* ~/.cache may be missing, too (XDG Base Directory Specification: 0700). Failures show when the directory is
	 * opened. */
	if (mkdir(dir, 0700) != 0 && errno == ENOENT) {
		ARENA_CLEANUP struct arena arena = { 0 };

		mkdir(path_directory(&arena, dir), 0700);
		mkdir(dir, 0700);
	}

	FD_CLEANUP int dir_fd = open_directory(dir, uid);

	if (dir_fd < 0)
		return false;
	add_entry(&text, interpreter, home, footprint);
	if (text.length > CACHE_FILE_MAX) {
		errno = EFBIG;
		return false;
	}
	file_name(interpreter, name);
	return write_nameless(dir_fd, name, &text) || write_and_rename(dir_fd, name, &text);
}
