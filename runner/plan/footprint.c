/* Reads what an interpreter said about itself. The answer is untrusted: a .pth file of a package may have run before
 * the question, and may say anything. The interpreter's own directories and the system's libraries are expected.
 * Another directory is shown only as an entry of sys.path, which a line of a .pth file could add as well, and with a
 * note; never a refused one. */
#include "plan/footprint.h"

#include <errno.h>
#include <json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "policy/sensitive.h"

enum { DEPTH_MAX = 4, PATHS_MAX = 400, NOTES_MAX = 20 };

/* Never shown on the word of an interpreter: it would be the machine rather than libraries. */
static const char *const refused_exactly[] = { "/",          "/usr",  "/usr/local", "/usr/share", "/usr/src",
	                                       "/home",      "/root", "/opt",       "/srv",       "/mnt",
	                                       "/media",     "/tmp",  "/var",       "/var/tmp",   "/var/lib",
	                                       "/var/cache", "/nix",  "/snap",      NULL };
static const char *const refused_with_all_below[] = { "/etc",     "/proc",      "/sys",        "/dev",
	                                              "/run",     "/boot",      "/lost+found", "/var/log",
	                                              "/var/run", "/var/spool", NULL };
static const char *const programs[] = { "/usr/bin",       "/usr/sbin",       "/bin", "/sbin", "/usr/libexec",
	                                "/usr/local/bin", "/usr/local/sbin", NULL };

/* Where Python and what it loads are expected: in these parts of the interpreter's prefix, and in the system. */
static const char *const prefix_parts[] = { "lib", "lib64", "share", "ssl", "etc", NULL };
static const char *const system_parts[] = { "/usr", "/lib", "/lib64", "/nix/store", NULL };

enum { ROOTS_MAX = 3 };

struct reading {
	struct arena *arena;
	const char *home;             /* links resolved, or NULL */
	const char *roots[ROOTS_MAX]; /* what the prefixes are by the interpreter's place, whatever it says; or NULL */
	struct footprint *footprint;
};

static void note(struct reading *reading, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct reading *reading, const char *format, ...)
{
	struct footprint *footprint = reading->footprint;
	char text[600];
	va_list args;

	if (footprint->note_count >= NOTES_MAX)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	footprint->notes = arena_grow(reading->arena, footprint->notes, footprint->note_count,
	                              sizeof(*footprint->notes));
	footprint->notes[footprint->note_count++] = arena_strdup(reading->arena, text);
}

/* Text of Latin-1 characters (see the question) back into the bytes of a path. NULL for anything that is no absolute
 * path without control characters and "..". */
static const char *decode_path(const char *text, struct arena *arena)
{
	char *path = arena_alloc(arena, strlen(text) + 1), *out = path;

	for (const unsigned char *in = (const unsigned char *)text; *in; in++) {
		if (*in < 0x80) {
			*out++ = (char)*in;
		} else if ((*in == 0xc2 || *in == 0xc3) && (in[1] & 0xc0) == 0x80) {
			*out++ = (char)((*in == 0xc3 ? 0xc0 : 0x80) | (in[1] & 0x3f));
			in++;
		} else {
			return NULL;
		}
		if ((unsigned char)out[-1] < 0x20 || out[-1] == 0x7f)
			return NULL;
	}
	*out = '\0';
	if (path[0] != '/' || out - path >= PATH_MAX || strstr(path, "/../") ||
	    (out - path >= 3 && strcmp(out - 3, "/..") == 0))
		return NULL;
	return path_join(arena, "/", path);
}

static const char *get_string(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_object_get_ex(object, key, &value) || !json_object_is_type(value, json_type_string))
		return NULL;
	/* An embedded NUL would cut the path short. */
	if (strlen(json_object_get_string(value)) != (size_t)json_object_get_string_len(value))
		return NULL;
	return json_object_get_string(value);
}

/* Why a path (without links) may not be shown, or NULL. */
static const char *refusal(const struct reading *reading, const char *real)
{
	const struct sensitive_path *sensitive;

	for (const char *const *path = refused_exactly; *path; path++)
		if (strcmp(real, *path) == 0)
			return "it holds much more than Python";
	for (const char *const *path = refused_with_all_below; *path; path++)
		if (path_is_below(real, *path))
			return "system files are shown by presets only";
	for (const char *const *path = programs; *path; path++)
		if (path_is_below(real, *path))
			return "it holds programs";
	if (reading->home && strcmp(reading->home, "/") != 0 && path_is_below(reading->home, real))
		return "it holds your home directory";
	/* What others may have with a warning, an interpreter does not get by asking. */
	sensitive = sensitive_path_find(real, reading->home, false);
	return sensitive ? sensitive->reason : NULL;
}

static void find_roots(struct reading *reading, const struct interpreter *interpreter)
{
	const char *const files[] = { interpreter->path, interpreter->real_path };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *prefix = path_directory(reading->arena, path_directory(reading->arena, files[i]));

		if (path_follow(prefix, reading->arena, NULL, &reading->roots[count], NULL) == 0)
			count++;
	}
	if (interpreter->venv)
		path_follow(interpreter->venv, reading->arena, NULL, &reading->roots[count], NULL);
}

static bool is_expected(const struct reading *reading, const char *real)
{
	for (const char *const *part = system_parts; *part; part++)
		if (path_is_below(real, *part))
			return true;
	for (size_t i = 0; i < ROOTS_MAX; i++)
		for (const char *const *part = prefix_parts; reading->roots[i] && *part; part++)
			if (path_is_below(real, path_join(reading->arena, reading->roots[i], *part)))
				return true;
	return reading->home && path_is_below(real, path_join(reading->arena, reading->home, ".local/lib"));
}

/* What becomes of a path that is not expected. The interpreter's word is nobody's grant: a .pth file that somebody sent
 * in together with a script could name any directory. */
enum stray {
	STRAY_REFUSED,
	STRAY_SYSTEM, /* shown when it is root's, and everybody may read it anyway */
};

static bool is_public_system_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && (st.st_mode & S_IROTH);
}

/* Show one path of the answer, if it is there and may be shown. Missing ones are usual (python311.zip). */
static bool show(struct reading *reading, const char *path, unsigned flags, enum stray stray)
{
	struct shown_paths found = { 0 }, *paths = &reading->footprint->paths;
	char escaped[200];
	const char *why;

	if (paths->count >= PATHS_MAX || shown_paths_add(&found, reading->arena, path, flags) != 0)
		return false;
	why = refusal(reading, found.items[0].path);
	if (!why && !is_expected(reading, found.items[0].path) &&
	    !(stray == STRAY_SYSTEM && is_public_system_file(found.items[0].path)))
		why = "it is not part of this interpreter (grant it if it is wanted: --read)";
	if (why) {
		note(reading, "%s is not shown: %s", escape_into(escaped, sizeof(escaped), path), why);
		return false;
	}
	for (size_t i = 0; i < found.count; i++) {
		paths->items = arena_grow(reading->arena, paths->items, paths->count, sizeof(*paths->items));
		paths->items[paths->count++] = found.items[i];
	}
	return true;
}

static bool is_shown(const struct reading *reading, const char *path)
{
	const struct shown_paths *paths = &reading->footprint->paths;

	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i].flags == 0 && paths->items[i].kind != SHOWN_LINK &&
		    path_is_below(path, paths->items[i].path))
			return true;
	return false;
}

static void show_import(struct reading *reading, const char *path)
{
	show(reading, path, 0, STRAY_REFUSED);
}

static void show_own(struct reading *reading, const char *path)
{
	show(reading, path, 0, STRAY_REFUSED);
}

static void show_user_site(struct reading *reading, const char *path)
{
	show(reading, path, SHOWN_USER_SITE, STRAY_REFUSED);
}

/* From ld.so.conf: /opt/intel/lib. The administrator's, but this is only what the interpreter says. */
static void show_library_directory(struct reading *reading, const char *path)
{
	show(reading, path, 0, STRAY_REFUSED);
}

/* A mapped library: all of its directory, since the libraries of packages that are not imported yet lie there too; the
 * file alone where the directory is not expected. */
static void show_library(struct reading *reading, const char *path)
{
	const char *directory = path_directory(reading->arena, path);

	/* The interpreter's program is mapped, too. */
	if (is_shown(reading, path) || !strstr(strrchr(path, '/'), ".so"))
		return;
	if (refusal(reading, directory) || !is_expected(reading, directory) ||
	    !show(reading, directory, 0, STRAY_REFUSED))
		show(reading, path, 0, STRAY_SYSTEM);
}

static void watch(struct reading *reading, const char *path)
{
	struct shown_paths *watched = &reading->footprint->watched;

	for (size_t i = 0; i < watched->count; i++)
		if (strcmp(watched->items[i].path, path) == 0)
			return;
	watched->items = arena_grow(reading->arena, watched->items, watched->count, sizeof(*watched->items));
	watched->items[watched->count++] = (struct shown_path){ .kind = SHOWN_FILE, .path = path };
}

/* The lists of an answer, in the order in which they are taken: libraries come after what may hold them. */
static const struct list_row {
	const char *key;
	void (*take)(struct reading *reading, const char *path);
} lists[] = {
	{ "path", show_import },       { "site", show_import },
	{ "data", show_own },          { "library_dirs", show_library_directory },
	{ "linked", show_own },        { "user_site", show_user_site },
	{ "libraries", show_library }, { "watch", watch },
};

static void take_list(struct reading *reading, struct json_object *answer, const struct list_row *row)
{
	struct json_object *list;
	size_t count;

	if (!json_object_object_get_ex(answer, row->key, &list) || !json_object_is_type(list, json_type_array))
		return;
	count = json_object_array_length(list);
	for (size_t i = 0; i < count && i < PATHS_MAX; i++) {
		struct json_object *item = json_object_array_get_idx(list, i);
		const char *path = NULL;

		if (json_object_is_type(item, json_type_string) &&
		    strlen(json_object_get_string(item)) == (size_t)json_object_get_string_len(item))
			path = decode_path(json_object_get_string(item), reading->arena);
		if (path)
			row->take(reading, path);
		else
			note(reading, "an entry of \"%s\" is no absolute path", row->key);
	}
}

/* The interpreter's own file, its loader, pyvenv.cfg: known without asking. What lies in a refused directory (the
 * program in /usr/bin) is shown as the single file that it is. */
static void take_interpreter(struct reading *reading, const struct interpreter *interpreter)
{
	struct footprint *footprint = reading->footprint;
	const char *config, *dot = strchr(footprint->version, '.');

	shown_paths_add(&footprint->paths, reading->arena, interpreter->path, 0);
	/* Debian: /usr/lib/python3.11/sitecustomize.py is a link to here. */
	shown_paths_add(&footprint->paths, reading->arena,
	                arena_printf(reading->arena, "/etc/python%.*s",
	                             (int)(dot + 1 + strcspn(dot + 1, ".") - footprint->version), footprint->version),
	                0);
	if (interpreter->loader && shown_paths_add(&footprint->paths, reading->arena, interpreter->loader, 0) == 0)
		path_follow(interpreter->loader, reading->arena, NULL, &footprint->loader, NULL);
	if (!interpreter->venv)
		return;
	config = path_join(reading->arena, interpreter->venv, "pyvenv.cfg");
	shown_paths_add(&footprint->paths, reading->arena, config, 0);
	watch(reading, config);
}

static bool version_is_plain(const char *version)
{
	return version && version[0] && strlen(version) < 24 && strspn(version, "0123456789.") == strlen(version);
}

static int take_header(struct reading *reading, struct json_object *answer, const struct interpreter *interpreter,
                       struct error *err)
{
	struct footprint *footprint = reading->footprint;
	const char *version = get_string(answer, "version");
	const struct {
		const char *key;
		const char **value;
	} rows[] = { { "prefix", &footprint->prefix },
		     { "base_prefix", &footprint->base_prefix },
		     { "executable", &footprint->executable } };
	char path[200];

	escape_into(path, sizeof(path), interpreter->path);
	if (!version_is_plain(version))
		return error_set(err, CODE_FOOTPRINT, "interpreter %s did not tell its version", path);
	footprint->version = arena_strdup(reading->arena, version);
	if (strtoul(version, NULL, 10) != 3 || strtoul(version + strcspn(version, ".") + 1, NULL, 10) < 6 ||
	    !strchr(version, '.')) {
		error_set(err, CODE_INTERPRETER_UNUSABLE, "interpreter %s is Python %s; pyconfine runs 3.6 and later",
		          path, version);
		return error_hint(err, "Name a newer one with --python 3.12 or --python /path/to/python3.");
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = get_string(answer, rows[i].key);

		*rows[i].value = text ? decode_path(text, reading->arena) : NULL;
		if (!*rows[i].value)
			return error_set(err, CODE_FOOTPRINT, "interpreter %s did not tell its %s", path, rows[i].key);
	}
	return 0;
}

/* The JSON object on the last line: start-up files may have printed before it. */
static struct json_object *parse_answer(const char *json, size_t length)
{
	struct json_tokener *tokener;
	struct json_object *answer;
	const char *start;

	while (length > 0 && (json[length - 1] == '\n' || json[length - 1] == '\r'))
		length--;
	start = length > 0 ? memrchr(json, '\n', length) : NULL;
	if (start) {
		length -= (size_t)(start + 1 - json);
		json = start + 1;
	}
	if (length == 0 || length > FOOTPRINT_ANSWER_MAX)
		return NULL;
	tokener = json_tokener_new_ex(DEPTH_MAX);
	if (!tokener)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	answer = json_tokener_parse_ex(tokener, json, (int)length);
	/* A number or a word at the end would still be "continue"; an object is complete at its brace. */
	if (json_tokener_get_error(tokener) != json_tokener_success || json_tokener_get_parse_end(tokener) != length ||
	    !json_object_is_type(answer, json_type_object)) {
		json_object_put(answer);
		answer = NULL;
	}
	json_tokener_free(tokener);
	return answer;
}

int footprint_parse(const char *json, size_t length, const struct interpreter *interpreter, const char *home,
                    struct arena *arena, struct footprint *out, struct error *err)
{
	struct footprint footprint = { 0 };
	struct reading reading = { .arena = arena, .footprint = &footprint };
	struct json_object *answer = length <= FOOTPRINT_ANSWER_MAX ? parse_answer(json, length) : NULL;
	int failed;

	if (!answer) {
		char path[200];

		error_set(err, CODE_FOOTPRINT, "interpreter %s did not answer which files it needs (%s)",
		          escape_into(path, sizeof(path), interpreter->path),
		          length == 0 ? "it printed nothing" : "what it printed is no JSON object");
		return error_hint(err, "Is it a Python? Try: %s -c 'import sys, json, site, sysconfig'", path);
	}
	if (home && home[0] == '/' && path_follow(home, arena, NULL, &reading.home, NULL) != 0)
		reading.home = path_join(arena, "/", home);
	find_roots(&reading, interpreter);
	failed = take_header(&reading, answer, interpreter, err);
	if (!failed) {
		take_interpreter(&reading, interpreter);
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			take_list(&reading, answer, &lists[i]);
		shown_paths_collapse(&footprint.paths);
	}
	json_object_put(answer);
	if (failed)
		return -1;
	*out = footprint;
	return 0;
}
