/* What of the host is shown to the script: the interpreter's footprint, presets, programs, grants, the script
 * itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "host/syscalls.h"
#include "plan/parts.h"
#include "policy/presets.h"

/* The devices of every sandbox. /dev/tty is not among them: the script has a session of its own. */
static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", NULL };

/* Followed where a program is granted without a slash. */
static const char *const program_directories[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", NULL };

/* What `exec: any` shows besides the grants. */
static const char *const system_directories[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", NULL };

static bool is_built_in(const struct source_pos *pos)
{
	return !pos->file || strncmp(pos->file, "builtin:", 8) == 0;
}

/* One system call where no link is on the way, which is the usual case; see RESOLVE_NO_SYMLINKS in openat2(2). */
static int look_up(const char *path, struct build *b, const struct item *kind, const char **real, struct stat *st)
{
	/* a built-in profile's grant is the script's own directory, which the caller named by naming the script */
	bool own_only = kind->origin == ORIGIN_GRANT && !is_built_in(&kind->pos);
	int (*follow)(const char *, struct arena *, struct path_links *, const char **,
	              struct stat *) = own_only ? path_follow_own : path_follow;
	struct path_links *links = kind->path ? NULL : &b->links;
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_NO_SYMLINKS };
	FD_CLEANUP int fd = raw_openat2(AT_FDCWD, path, &how);

	if (fd == -ENOENT) {
		errno = ENOENT; /* with a link that leads nowhere it is ELOOP */
		return -1;
	}
	if (fd < 0)
		return follow(path, b->arena, links, real, st);
	*real = path;
	if (fstat(fd, st))
		return -1;
	return S_ISLNK(st->st_mode) ? follow(path, b->arena, links, real, st) : 0;
}

static struct item *item_append(struct build *b, const struct item *kind, const char *source, const struct stat *st)
{
	struct item *item;

	b->items = arena_grow(b->arena, b->items, b->item_count, sizeof(*b->items));
	item = &b->items[b->item_count++];
	*item = *kind;
	item->source = source;
	if (!item->path)
		item->path = source;
	item->directory = S_ISDIR(st->st_mode);
	item->device = S_ISCHR(st->st_mode);
	item->device_id = st->st_dev;
	item->inode = st->st_ino;
	item->mode = st->st_mode;
	item->uid = st->st_uid;
	item->gid = st->st_gid;
	return item;
}

static int refuse_kind(const char *path, const struct stat *st, const struct item *kind, struct error *err)
{
	char shown[256];
	const char *what = S_ISSOCK(st->st_mode) ? "a socket" : S_ISBLK(st->st_mode) ? "a block device" : "a device";

	error_set(err, CODE_BAD_PATH, "%s is %s; only files, directories and FIFOs can be granted here",
	          escape_into(shown, sizeof(shown), path), what);
	err->pos = kind->pos;
	return -1;
}

static int refuse_link(const char *link, const struct stat *st, const struct item *kind, struct error *err)
{
	char shown[256];

	error_set(err, CODE_BAD_PATH, "%s is a link that belongs to uid %u, who would choose what is shown",
	          escape_into(shown, sizeof(shown), link), st->st_uid);
	err->pos = kind->pos;
	return error_hint(err, "Name what it leads to; only links of root and of the caller are followed.");
}

int plan_add_path(struct build *b, const char *path, const struct item *kind, struct error *err)
{
	const char *real = NULL;
	struct stat st;
	char shown[256];

	if (look_up(path, b, kind, &real, &st)) {
		if (errno == EPERM && real)
			return refuse_link(real, &st, kind, err);
		error_set_errno(err, CODE_MISSING_PATH, "%s", escape_into(shown, sizeof(shown), path));
		err->pos = kind->pos;
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISFIFO(st.st_mode) &&
	    !(S_ISCHR(st.st_mode) && kind->origin == ORIGIN_SYSTEM))
		return refuse_kind(path, &st, kind, err);
	item_append(b, kind, real, &st);
	return 0;
}

static void add_optional(struct build *b, const char *path, const struct item *kind)
{
	struct error ignored; /* a preset's path that this system does not have */

	plan_add_path(b, path, kind, &ignored);
}

/* "/" cannot be bound over our own root: its directories are, less those that every sandbox has of its own. */
static int add_root(struct build *b, const struct item *kind)
{
	static const char *const entries[] = { "/bin",   "/boot",   "/etc",   "/home", "/lib", "/lib32",
		                               "/lib64", "/libx32", "/media", "/mnt",  "/opt", "/root",
		                               "/run",   "/sbin",   "/srv",   "/usr",  "/var", NULL };

	for (size_t i = 0; entries[i]; i++)
		add_optional(b, entries[i], kind);
	plan_note(b, "\"/\" stands for the directories of the root, without /proc, /sys, /dev and /tmp");
	return 0;
}

static bool is_denied(const struct build *b, const char *path)
{
	for (size_t i = 0; i < b->denied_count; i++)
		if (path_is_below(path, b->denied[i].path))
			return true;
	return false;
}

static int add_denied(struct build *b, const char *path, const struct source_pos *pos)
{
	const char *real = NULL;
	struct stat st;

	if (path_follow(path, b->arena, NULL, &real, &st)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 0; /* nothing there to be denied */
		return error_set_errno(b->err, CODE_BAD_PATH, "files.deny: %s", path);
	}
	b->denied = arena_grow(b->arena, b->denied, b->denied_count, sizeof(*b->denied));
	b->denied[b->denied_count++] = (struct denied_path){ .path = real,
		                                             .directory = S_ISDIR(st.st_mode),
		                                             .cache = !pos,
		                                             .pos = pos ? *pos : (struct source_pos){ 0 } };
	return 0;
}

static int add_denials(struct build *b)
{
	const struct file_grants *deny = &b->profile->files.deny;

	for (size_t i = 0; i < deny->count; i++) {
		const char *path = expand_path(&deny->items[i].path, &b->variables, b->arena, b->err);

		if (!path || add_denied(b, path, &deny->items[i].path.pos))
			return -1;
	}
	/* What we remember between runs decides what later runs may see. */
	return b->request->cache_dir ? add_denied(b, b->request->cache_dir, NULL) : 0;
}

/* A directory that holds more than the script's own things: the contract shows only the script then. */
static bool is_too_broad(const struct build *b, const char *directory)
{
	const char *home = b->request->home;
	struct stat st;

	return strcmp(directory, "/") == 0 || strcmp(directory, "/tmp") == 0 ||
	       (home && strcmp(directory, home) == 0) || (stat(directory, &st) == 0 && (st.st_mode & S_IWOTH));
}

static int explain_missing_grant(const struct file_grant *grant, bool write, struct error *err)
{
	if (err->code != CODE_MISSING_PATH)
		return -1;
	error_context(err, "%s", write ? "files.write" : "files.read");
	if (err->sys_errno == ENOENT && write)
		return error_hint(err, "Create it first, or write {path: %s, optional: true}.", grant->path.value);
	if (err->sys_errno == ENOENT)
		return error_hint(err, "Correct the path, or write {path: %s, optional: true}.", grant->path.value);
	return -1;
}

static int refuse_beneath(struct build *b, const struct file_grant *grant, const char *path, const char *why)
{
	char shown[256];

	error_set(b->err, CODE_BAD_PATH, "%s %s", escape_into(shown, sizeof(shown), path), why);
	b->err->pos = grant->path.pos;
	return error_hint(b->err, "It must lie beneath %s, and no link may be on the way.",
	                  escape_into(shown, sizeof(shown), grant->beneath.value));
}

/* A path whose name others had a hand in: opened from that directory on, whatever lies on the way, and only a file or a
 * directory. The child finds out whether it still is that one (confine/view.c). */
static int add_beneath(struct build *b, const struct file_grant *grant, const char *path, const struct item *kind)
{
	const char *directory = expand_path(&grant->beneath, &b->variables, b->arena, b->err), *real = NULL, *rest;
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC,
		                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	const struct pc_open_how strictly = { .flags = O_PATH | O_CLOEXEC | O_DIRECTORY,
		                              .resolve = RESOLVE_NO_SYMLINKS };
	FD_CLEANUP int base_fd = -1;
	FD_CLEANUP int fd = -1;
	struct stat st, base;

	if (!directory)
		return -1;
	if (!path_is_below(path, directory) || strcmp(path, directory) == 0)
		return refuse_beneath(b, grant, path, "does not lie beneath its directory");
	if (look_up(directory, b, kind, &real, &st))
		return real && errno == EPERM ? refuse_link(real, &st, kind, b->err)
		                              : error_set_errno(b->err, CODE_MISSING_PATH, "beneath: %s", directory);
	rest = path + strlen(directory);
	rest += *rest == '/';
	base_fd = raw_openat2(AT_FDCWD, real, &strictly);
	if (base_fd >= 0 && (fstat(base_fd, &base) || base.st_dev != st.st_dev || base.st_ino != st.st_ino))
		return refuse_beneath(b, grant, path, "lies in a directory that was just replaced");
	fd = base_fd < 0 ? base_fd : raw_openat2(base_fd, rest, &how);
	if (fd == -ELOOP || fd == -EXDEV)
		return refuse_beneath(b, grant, path, "is reached by a link");
	if (fd < 0 || fstat(fd, &st)) {
		errno = fd < 0 ? -fd : errno;
		error_set_errno(b->err, CODE_MISSING_PATH, "%s", path);
		b->err->pos = grant->path.pos;
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return refuse_beneath(b, grant, path, "is neither a file nor a directory");
	item_append(b, kind, arena_printf(b->arena, "%s/%s", strcmp(real, "/") ? real : "", rest), &st);
	return 0;
}

static int add_grant(struct build *b, const struct file_grant *grant, bool write)
{
	struct item kind = { .origin = ORIGIN_GRANT, .write = write, .exec = grant->exec, .pos = grant->path.pos };
	const char *path;

	path = expand_path(&grant->path, &b->variables, b->arena, b->err);
	if (!path)
		return -1;
	if (grant->as.value) {
		kind.path = expand_path(&grant->as, &b->variables, b->arena, b->err);
		if (!kind.path)
			return -1;
	}
	if (is_built_in(&grant->path.pos) && strcmp(path, b->script_dir) == 0 && is_too_broad(b, path)) {
		plan_note(b,
		          b->request->kind == RUN_SCRIPT
		                  ? "%s holds more than this script: only the script itself is shown"
		                  : "%s is not shown: it is too much to grant unasked; `--read .` grants it",
		          path);
		return 0;
	}
	if (strcmp(path, "/") == 0 && !grant->beneath.value)
		return add_root(b, &kind);
	if ((grant->beneath.value ? add_beneath(b, grant, path, &kind) : plan_add_path(b, path, &kind, b->err)) == 0)
		return 0;
	if (grant->optional && (b->err->sys_errno == ENOENT || b->err->sys_errno == ENOTDIR))
		return 0;
	return explain_missing_grant(grant, write, b->err);
}

static int add_grants(struct build *b)
{
	const struct file_grants *read = &b->profile->files.read, *write = &b->profile->files.write;

	for (size_t i = 0; i < read->count; i++)
		if (add_grant(b, &read->items[i], false))
			return -1;
	for (size_t i = 0; i < write->count; i++)
		if (add_grant(b, &write->items[i], true))
			return -1;
	return 0;
}

static bool is_project_root(const struct build *b, const char *directory)
{
	for (size_t i = 0; project_markers[i]; i++)
		if (access(arena_printf(b->arena, "%s/%s", directory, project_markers[i]), F_OK) == 0)
			return true;
	return false;
}

static void add_project(struct build *b, const struct source_pos *pos)
{
	const struct item kind = { .origin = ORIGIN_GRANT, .pos = *pos };
	const char *root = b->script_dir;

	while (strcmp(root, "/") && !is_project_root(b, root))
		root = path_directory(b->arena, root);
	if (!is_too_broad(b, root))
		add_optional(b, root, &kind);
}

static int add_presets(struct build *b)
{
	const struct item kind = { .origin = ORIGIN_SYSTEM };
	const struct profile_strings *names = &b->profile->files.presets;

	for (size_t i = 0; interpreter_system_paths[i]; i++)
		add_optional(b, interpreter_system_paths[i], &kind);
	for (size_t i = 0; i < names->count; i++) {
		const struct preset *preset = preset_find(names->items[i].value);

		if (!preset) {
			error_set(b->err, CODE_BAD_VALUE, "files.presets: no preset is called \"%s\"",
			          names->items[i].value);
			b->err->pos = names->items[i].pos;
			return -1;
		}
		for (size_t k = 0; preset->paths && preset->paths[k] && !network_hides(b, preset->name); k++)
			add_optional(b, preset->paths[k], &kind);
		if (preset->project_root)
			add_project(b, &names->items[i].pos);
	}
	return 0;
}

static void add_footprint(struct build *b)
{
	struct item kind = { .origin = ORIGIN_INTERPRETER };
	const struct footprint *footprint = b->footprint;

	for (size_t i = 0; footprint && i < footprint->paths.count; i++) {
		const struct shown_path *shown = &footprint->paths.items[i];

		if (shown->kind == SHOWN_LINK) {
			b->links.items = arena_grow(b->arena, b->links.items, b->links.count, sizeof(*b->links.items));
			b->links.items[b->links.count++] = (struct path_link){ shown->path, shown->target };
			continue;
		}
		add_optional(b, shown->path, &kind);
	}
	kind.exec = true;
	for (size_t i = 0; i < b->interpreter->links.count; i++) {
		b->links.items = arena_grow(b->arena, b->links.items, b->links.count, sizeof(*b->links.items));
		b->links.items[b->links.count++] = b->interpreter->links.items[i];
	}
	add_optional(b, b->interpreter->real_path, &kind);
	if (b->interpreter->loader)
		add_optional(b, b->interpreter->loader, &kind);
}

/* A directory or a data file that is called a program would be a way to read it. */
static int check_program(struct build *b, const struct item *item)
{
	char shown[256];

	if (S_ISREG(item->mode) && (item->mode & 0111))
		return 0;
	error_set(b->err, CODE_BAD_PATH, "exec: %s is no executable file",
	          escape_into(shown, sizeof(shown), item->source));
	b->err->pos = item->pos;
	return error_hint(b->err, "Name each program; for any program write exec: any.");
}

static int add_program(struct build *b, const struct profile_string *program)
{
	const struct item kind = { .origin = ORIGIN_PROGRAM, .exec = true, .pos = program->pos };
	const char *path = expand_variables(program, &b->variables, b->arena, b->err);
	char shown[256];

	if (!path)
		return -1;
	if (strchr(path, '/')) {
		path = expand_path(program, &b->variables, b->arena, b->err);
		if (!path)
			return -1;
		if (plan_add_path(b, path, &kind, b->err))
			return error_context(b->err, "exec");
		return check_program(b, &b->items[b->item_count - 1]);
	}
	for (size_t i = 0; program_directories[i]; i++)
		if (plan_add_path(b, arena_printf(b->arena, "%s/%s", program_directories[i], path), &kind, b->err) == 0)
			return 0;
	error_set(b->err, CODE_MISSING_PATH,
	          "exec: there is no program \"%s\" in /usr/local/bin, /usr/bin, /bin, /usr/sbin or /sbin",
	          escape_into(shown, sizeof(shown), path));
	b->err->pos = program->pos;
	return error_hint(b->err, "Install it, or give its whole path.");
}

static int add_programs(struct build *b)
{
	const struct item any = { .origin = ORIGIN_PROGRAM, .exec = true, .pos = b->profile->exec.pos };
	const struct item loader = { .origin = ORIGIN_PROGRAM, .exec = true };
	static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", NULL };

	if (b->profile->exec.mode == EXEC_ANY)
		for (size_t i = 0; system_directories[i]; i++)
			add_optional(b, system_directories[i], &any);
	if (b->profile->exec.mode != EXEC_LIST)
		return 0;
	for (size_t i = 0; i < b->profile->exec.programs.count; i++)
		if (add_program(b, &b->profile->exec.programs.items[i]))
			return -1;
	for (size_t i = 0; loaders[i]; i++)
		add_optional(b, loaders[i], &loader);
	/* a program in /usr/bin is called by its name in /bin, too */
	for (size_t i = 0; program_directories[i]; i++) {
		const char *real;

		path_follow(program_directories[i], b->arena, &b->links, &real, NULL);
	}
	return 0;
}

/* The script itself is always readable, whatever else is. */
static int add_script(struct build *b)
{
	const struct item kind = { .origin = ORIGIN_SCRIPT };
	char shown[256];

	if (b->request->kind != RUN_SCRIPT)
		return 0;
	if (plan_add_path(b, b->plan->script, &kind, b->err)) {
		int code = b->err->sys_errno;

		error_set(b->err, CODE_SCRIPT_NOT_FOUND, "%s: %s",
		          escape_into(shown, sizeof(shown), b->request->target), strerror(code));
		b->err->sys_errno = code;
		return -1;
	}
	if (b->items[b->item_count - 1].directory &&
	    access(arena_printf(b->arena, "%s/__main__.py", b->plan->script), F_OK)) {
		error_set(b->err, CODE_SCRIPT_NOT_FOUND, "%s is a directory without __main__.py",
		          escape_into(shown, sizeof(shown), b->request->target));
		return -1;
	}
	if (access(b->plan->script, R_OK)) {
		error_set_errno(b->err, CODE_SCRIPT_NOT_FOUND, "%s",
		                escape_into(shown, sizeof(shown), b->request->target));
		return error_hint(b->err, "The script must be readable by you: chmod u+r, or ask its owner.");
	}
	return 0;
}

static void add_devices(struct build *b)
{
	const struct item kind = { .origin = ORIGIN_SYSTEM, .write = true };

	for (size_t i = 0; devices[i]; i++)
		add_optional(b, devices[i], &kind);
}

/* `deny` beats everything that is shown for convenience; the script, its interpreter and the devices must be there. */
static void drop_denied(struct build *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->item_count; i++) {
		const struct item *item = &b->items[i];
		bool needed = item->device || item->origin == ORIGIN_SCRIPT ||
		              (item->origin == ORIGIN_INTERPRETER && item->exec);

		if (needed || !is_denied(b, item->source))
			b->items[kept++] = *item;
	}
	b->item_count = kept;
}

int plan_items(struct build *b)
{
	add_devices(b);
	if (add_denials(b) || add_presets(b))
		return -1;
	add_footprint(b);
	if (plan_learning(b) || (!b->request->learning && add_programs(b)) || add_grants(b) || add_script(b))
		return -1;
	drop_denied(b);
	return 0;
}

const struct item *plan_item_at(const struct build *b, const char *inside)
{
	const struct item *best = NULL;

	for (size_t i = 0; i < b->item_count; i++)
		if (path_is_below(inside, b->items[i].path) &&
		    (!best || strlen(b->items[i].path) >= strlen(best->path)))
			best = &b->items[i];
	return best;
}
