#include "learn/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/links.h"
#include "policy/presets.h"
#include "policy/sensitive.h"

struct folding {
	const struct learn_record *record;
	const struct fold_host *host;
	struct arena *arena;
	struct folded *out;
};

/* Private in every sandbox, or made by it. */
static const char *const own_places[] = { "/tmp", "/dev", "/proc", "/sys", NULL };

/* Too much to be granted by counting: these hold what belongs to others, or the machine. */
static const char *const broad_places[] = { "/usr/lib", "/usr/share",     "/usr/local", "/usr/bin", "/usr/sbin",
	                                    "/var/lib", "/usr/local/lib", "/var/log",   "/var/tmp", NULL };

static bool is_below_one(const char *const *list, const char *path)
{
	for (; *list; list++)
		if (path_is_below(path, *list))
			return true;
	return false;
}

static bool is_one_of(const char *const *list, const char *path)
{
	for (; *list; list++)
		if (strcmp(*list, path) == 0)
			return true;
	return false;
}

static const char *where(struct folding *f, const struct learned *item, const char *what)
{
	if (!item->file)
		return what;
	if (item->function && strcmp(item->function, "<module>"))
		return arena_printf(f->arena, "%s, %s:%u in %s", what, item->file, item->line, item->function);
	return arena_printf(f->arena, "%s, %s:%u", what, item->file, item->line);
}

static void remark(struct folding *f, const char *what, const char *why)
{
	struct folded *out = f->out;

	for (size_t i = 0; i < out->remark_count; i++)
		if (strcmp(out->remarks[i].what, what) == 0)
			return;
	if (out->remark_count == FOLD_REMARKS_MAX) {
		out->remarks_left_out++;
		return;
	}
	out->remarks = arena_grow(f->arena, out->remarks, out->remark_count, sizeof(*out->remarks));
	out->remarks[out->remark_count++] = (struct remark){ what, why };
}

static void grant(struct folding *f, const struct grant *wanted)
{
	struct folded *out = f->out;

	for (size_t i = 0; i < out->grant_count; i++)
		if (out->grants[i].kind == wanted->kind && strcmp(out->grants[i].value, wanted->value) == 0) {
			out->grants[i].files += wanted->files;
			return;
		}
	out->grants = arena_grow(f->arena, out->grants, out->grant_count, sizeof(*out->grants));
	out->grants[out->grant_count++] = *wanted;
}

/* Nothing in YAML can be misread there: variables have no escape, and a line break in a name is a trick. */
static bool can_be_written(const char *path)
{
	for (const char *at = path; *at;) {
		size_t length = plain_length(at, strlen(at));

		if (length == 0)
			return false;
		at += length;
	}
	return !strstr(path, "${");
}

static bool is_broad(const struct folding *f, const char *directory)
{
	return strchr(directory + 1, '/') == NULL || is_one_of(broad_places, directory) ||
	       (f->host->home && path_is_below(f->host->home, directory));
}

/* Why a directory or file is not granted; NULL: it may be. */
static const char *objection(const struct folding *f, const char *path, bool directory, bool write)
{
	const struct sensitive_path *row = sensitive_path_find(path, f->host->home, write);

	if (!can_be_written(path))
		return "its name cannot be written into a profile";
	if (directory && !write && is_broad(f, path))
		return "it holds much more than this script's files";
	if (row)
		return row->reason;
	return directory && is_broad(f, path) ? "it holds what belongs to others" : NULL;
}

static bool is_library(const char *path)
{
	const char *name = strrchr(path, '/'), *so = name ? strstr(name, ".so") : NULL;

	return so && (so[3] == '\0' || so[3] == '.');
}

static void grant_path(struct folding *f, const struct learned *item, enum grant_kind kind, const char *path,
                       bool directory, const char *what)
{
	const char *against = objection(f, path, directory, kind == GRANT_WRITE);

	if (against) {
		remark(f, where(f, item, arena_printf(f->arena, "%s (%s)", path, what)), against);
		return;
	}
	if (kind == GRANT_WRITE && f->host->script_dir && path_is_below(f->host->script_dir, path))
		what = arena_printf(f->arena, "%s; it could change itself: give it a directory of its own", what);
	grant(f, &(struct grant){ .kind = kind,
	                          .value = path,
	                          .why = where(f, item, what),
	                          .exec = kind == GRANT_READ && !directory && is_library(path),
	                          .files = 1 });
}

/* The bytecode that Python would like to keep is written again, or not: nothing depends on it. */
static bool is_noise(const char *path)
{
	return strstr(path, "/__pycache__") != NULL;
}

static const char *existing_above(struct folding *f, const char *path)
{
	const char *directory = path_directory(f->arena, path);

	while (strcmp(directory, "/") && !f->host->look(f->host->owner, directory).directory)
		directory = path_directory(f->arena, directory);
	return directory;
}

/* The first part below the home directory begins with a dot, or it lies in the home directory itself: caches and
 * settings, for which an empty home of one's own does as well. */
static bool is_private_home(const struct folding *f, const char *path, const char *directory)
{
	const char *home = f->host->home, *script = f->host->script_dir;

	if (!home || strcmp(home, "/") == 0 || !path_is_below(path, home) || strcmp(path, home) == 0)
		return false;
	if (script && path_is_below(script, home) && strcmp(script, home) && path_is_below(path, script))
		return false;
	return path[strlen(home) + 1] == '.' || strcmp(directory, home) == 0;
}

static void fold_written(struct folding *f, const struct learned *item)
{
	struct fold_place place = f->host->look(f->host->owner, item->target);
	bool in_place = place.regular && !(item->uses & (USE_REMOVE | USE_RENAME));
	const char *directory;

	if (is_noise(item->target) || is_below_one(own_places + 1, item->target))
		return;
	if (place.directory && !(item->uses & (USE_REMOVE | USE_RENAME)))
		return; /* mkdir(exist_ok=True) */
	if (f->host->is_writable(f->host->owner, item->target))
		return;
	directory = existing_above(f, item->target);
	if (!in_place && strcmp(directory, own_places[0]) == 0)
		return;
	if (!in_place && is_private_home(f, item->target, directory)) {
		remark(f, where(f, item, arena_printf(f->arena, "%s (written)", item->target)),
		       "the home directory is a private one: it goes with the run");
		return;
	}
	grant_path(f, item, GRANT_WRITE, in_place ? item->target : directory, !in_place,
	           in_place                  ? "written"
	           : item->uses & USE_REMOVE ? "files removed"
	           : item->uses & USE_RENAME ? "files renamed"
	                                     : "files created");
}

/* A set of system files, where the profile's own do not hold it. */
static const char *preset_of(const char *path)
{
	for (const struct preset *preset = presets; preset->name; preset++)
		for (const char *const *at = preset->paths; *at; at++)
			if (path_is_below(path, *at))
				return preset->name;
	return NULL;
}

static void fold_read(struct folding *f, const struct learned *item)
{
	struct fold_place place = f->host->look(f->host->owner, item->target);
	const struct sensitive_path *row = sensitive_path_find(item->target, f->host->home, false);
	const bool used = item->uses & (USE_READ | USE_LIST);
	const char *preset;

	if (f->host->is_hidden(f->host->owner, item->target)) {
		remark(f, where(f, item, arena_printf(f->arena, "%s (hidden from this run)", item->target)),
		       row ? row->reason : "it is sensitive");
		return;
	}
	if (!place.exists || is_noise(item->target) || f->host->is_shown(f->host->owner, item->target) ||
	    is_one_of((const char *const[]){ "/", NULL }, item->target))
		return;
	if (is_below_one((const char *const[]){ "/dev", "/proc", "/sys", NULL }, item->target) ||
	    is_one_of(own_places, item->target))
		return;
	/* the directories above what is shown are there, and hold just that */
	if (place.directory &&
	    (!(item->uses & USE_LIST) || (f->host->script_dir && path_is_below(f->host->script_dir, item->target))))
		return;
	if (!place.directory && !place.regular)
		return;
	preset = preset_of(item->target);
	if (preset) {
		grant(f,
		      &(struct grant){
			      .kind = GRANT_PRESET, .value = preset, .why = where(f, item, item->target), .files = 1 });
		return;
	}
	grant_path(f, item, GRANT_READ, item->target, place.directory,
	           place.directory ? "listed"
	           : used          ? "read"
	                           : "looked at");
}

static void fold_program(struct folding *f, const struct learned *item)
{
	struct fold_place place = f->host->look(f->host->owner, item->target);

	if (!place.regular || f->host->is_program(f->host->owner, item->target))
		return;
	if (!can_be_written(item->target))
		remark(f, where(f, item, item->target), "its name cannot be written into a profile");
	else
		grant(f, &(struct grant){
				 .kind = GRANT_EXEC, .value = item->target, .why = where(f, item, "run"), .files = 1 });
}

static bool is_of_loopback(const char *target)
{
	return strncmp(target, "127.", 4) == 0 || strncmp(target, "localhost:", 10) == 0 ||
	       strncmp(target, "[::1]:", 6) == 0;
}

static bool listens_itself(const struct folding *f, const char *target)
{
	const char *port = strrchr(target, ':');

	for (size_t i = 0; port && i < f->record->count; i++) {
		const struct learned *item = &f->record->items[i];
		const char *own = item->uses & USE_LISTEN ? strrchr(item->target, ':') : NULL;

		if (own && strcmp(own, port) == 0)
			return true;
	}
	return false;
}

static void fold_network(struct folding *f, const struct learned *item)
{
	const bool own = is_of_loopback(item->target) && listens_itself(f, item->target);
	const char *port = strrchr(item->target, ':');

	if (!(item->uses & USE_CONNECT) || own || (port && strcmp(port, ":53") == 0) || !can_be_written(item->target))
		return;
	if (strncmp(item->target, "unix:", 5) == 0 && is_below_one(own_places, item->target + 5))
		return;
	if (f->host->network_rules || (item->uses & USE_NAME))
		return;
	if (!f->host->network_host) {
		remark(f, where(f, item, arena_printf(f->arena, "connect %s", item->target)),
		       "there was no network in this run: --net learns it");
		return;
	}
	f->out->loopback_host |= is_of_loopback(item->target);
	grant(f, &(struct grant){
			 .kind = GRANT_NET, .value = item->target, .why = where(f, item, "connected"), .files = 1 });
}

static int compare(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;

	return x->kind != y->kind ? (int)x->kind - (int)y->kind : strcmp(x->value, y->value);
}

static void sort(struct folded *out)
{
	if (out->grant_count > 1)
		qsort(out->grants, out->grant_count, sizeof(*out->grants), compare);
}

/* What lies in a granted directory is granted; a file that is written may be read. */
static void drop_covered(struct folded *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->grant_count; i++) {
		const struct grant *grant = &out->grants[i];
		bool covered = false;

		for (size_t k = 0; k < out->grant_count && !covered && grant->kind <= GRANT_WRITE; k++) {
			const struct grant *other = &out->grants[k];
			bool same = strcmp(grant->value, other->value) == 0;

			covered = k != i && !(grant->exec && !other->exec) &&
			          path_is_below(grant->value, other->value) &&
			          (other->kind == GRANT_WRITE || other->kind == grant->kind) &&
			          other->kind <= GRANT_WRITE && !(same && other->kind == grant->kind);
		}
		if (!covered)
			out->grants[kept++] = *grant;
	}
	out->grant_count = kept;
}

/* Many in one directory are the directory. Only files to be read: what is written stays as small as it can be. */
static bool join_one(struct folding *f)
{
	struct folded *out = f->out;

	for (size_t i = 0; i < out->grant_count; i++) {
		const char *directory;
		size_t files = 0, count = 0;
		bool exec = false;

		if (out->grants[i].kind != GRANT_READ)
			continue;
		directory = path_directory(f->arena, out->grants[i].value);
		if (objection(f, directory, true, false))
			continue;
		for (size_t k = i; k < out->grant_count && out->grants[k].kind == GRANT_READ; k++)
			if (strcmp(path_directory(f->arena, out->grants[k].value), directory) == 0) {
				count++;
				files += out->grants[k].files;
				exec |= out->grants[k].exec;
			}
		if (count <= FOLD_FILES)
			continue;
		out->grants[i] = (struct grant){ .kind = GRANT_READ,
			                         .value = directory,
			                         .why = arena_printf(f->arena, "%zu files of it, the first: %s", files,
			                                             out->grants[i].why),
			                         .exec = exec,
			                         .files = files };
		return true;
	}
	return false;
}

static void add_refused_calls(struct folding *f)
{
	for (size_t i = 0; i < f->record->count; i++) {
		const struct learned *item = &f->record->items[i];

		if (item->uses & USE_CALL)
			remark(f, where(f, item, arena_printf(f->arena, "system call %s", item->target)),
			       "the filter refuses it; system.syscalls.allow would let it");
	}
}

void fold(const struct learn_record *record, const struct fold_host *host, struct arena *arena, struct folded *out)
{
	struct folding f = { record, host, arena, out };

	*out = (struct folded){ 0 };
	for (size_t i = 0; i < record->count; i++) {
		const struct learned *item = &record->items[i];

		if (item->uses & (USE_WRITE | USE_CREATE | USE_REMOVE | USE_RENAME))
			fold_written(&f, item);
		if (item->uses & (USE_LOOK | USE_READ | USE_LIST))
			fold_read(&f, item);
		if (item->uses & USE_EXEC)
			fold_program(&f, item);
		if (item->uses & (USE_CONNECT | USE_NAME))
			fold_network(&f, item);
	}
	add_refused_calls(&f);
	sort(out);
	drop_covered(out);
	while (join_one(&f)) {
		sort(out);
		drop_covered(out);
	}
	while (out->grant_count > FOLD_GRANTS_MAX)
		remark(&f, out->grants[--out->grant_count].value, "there are too many grants");
}
