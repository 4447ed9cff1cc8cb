/* "3.12": where versions are installed side by side. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "plan/interpreter_parts.h"

/* Directories that hold one Python per entry: DIR/ENTRY/bin/python3.12. */
struct collection {
	const char *what;
	const char *below_home; /* appended to $HOME, or */
	const char *absolute;
	const char *prefix; /* what stands before the version in an entry's name; NULL: names say nothing */
};

static const struct collection collections[] = {
	{ "pyenv", ".pyenv/versions", NULL, "" },
	{ "uv", ".local/share/uv/python", NULL, "cpython-" },
	{ "/opt", NULL, "/opt", NULL },
};
enum { COLLECTIONS = sizeof(collections) / sizeof(collections[0]) };

/* Looked at after PATH, which a cron job has seldom right. */
static const char *const usual_directories[] = { "/usr/local/bin", "/usr/bin", NULL };

/* Minor versions that an inventory asks for: only spent when there is an error to explain. */
enum { MINOR_FIRST = 6, MINOR_LAST = 24, INVENTORY_MAX = 4 };

bool interpreter_is_version(const char *spec)
{
	int numbers = 0;

	while (numbers < 3) {
		size_t digits = strspn(spec, "0123456789");

		if (digits == 0 || digits > 4)
			return false;
		numbers++;
		spec += digits;
		if (*spec != '.')
			break;
		spec++;
	}
	/* python3.13t is the build without the global lock. */
	return spec[0] == '\0' || (spec[0] == 't' && spec[1] == '\0' && numbers > 1);
}

/* Does "3.12.1" (an entry's name, maybe with something behind) belong to "3.12"? Whole numbers only: 3.1 is not
 * 3.12. */
static bool version_matches(const char *name, const char *version)
{
	size_t length = strlen(version);

	if (strspn(name, "0123456789") == 0)
		return false;
	return length == 0 || (strncmp(name, version, length) == 0 && strchr(".-", name[length]));
}

/* The first three numbers of a name as one that can be compared; 0 for pre-releases' names that have none. */
static unsigned long version_rank(const char *name)
{
	unsigned long rank = 0;

	for (int i = 0; i < 3; i++) {
		char *end;
		unsigned long number = strtoul(name, &end, 10);

		rank = rank * 10000 + (number < 10000 ? number : 9999);
		name = *end == '.' ? end + 1 : end;
	}
	return rank;
}

/* The newest entry of `directory` whose name is prefix + a version that matches. 3.5 and older are never wanted. */
static const char *newest_entry(const char *directory, const char *prefix, const char *version, struct arena *arena)
{
	static const unsigned long oldest = 3UL * 10000 * 10000 + 6UL * 10000;
	DIR *entries = opendir(directory);
	const char *best = NULL;
	unsigned long best_rank = 0;
	struct dirent *entry;

	if (!entries)
		return NULL;
	while ((entry = readdir(entries))) {
		size_t skip = strlen(prefix);
		unsigned long rank;

		if (strncmp(entry->d_name, prefix, skip) != 0 || !version_matches(entry->d_name + skip, version))
			continue;
		rank = version_rank(entry->d_name + skip);
		if (rank >= oldest && rank > best_rank) {
			best = arena_strdup(arena, entry->d_name);
			best_rank = rank;
		}
	}
	closedir(entries);
	return best;
}

const char *interpreter_newest(const char *directory, const char *version, struct arena *arena)
{
	return newest_entry(directory, "", version, arena);
}

/* "3.12" of "3.12.1"; the same where there is no third number. */
static const char *minor_version(const char *version, struct arena *arena)
{
	const char *short_form = interpreter_version_in(version, arena);

	if (short_form && version[strlen(version) - 1] == 't')
		return arena_printf(arena, "%st", short_form);
	return short_form ? short_form : version;
}

static const char *collection_directory(struct search *search, const struct collection *collection)
{
	const struct interpreter_request *request = search->request;

	if (collection->absolute)
		return collection->absolute;
	if (strcmp(collection->what, "pyenv") == 0 && request->pyenv_root && request->pyenv_root[0] == '/')
		return arena_printf(search->arena, "%s/versions", request->pyenv_root);
	return request->home && request->home[0] == '/'
	               ? path_join(search->arena, request->home, collection->below_home)
	               : NULL;
}

/* /opt/ANYTHING/bin/python3.12: the first that is there. */
static const char *program_below(const char *directory, const char *program, struct arena *arena)
{
	DIR *entries = opendir(directory);
	const char *found = NULL;
	struct dirent *entry;

	while (entries && !found && (entry = readdir(entries))) {
		const char *path = arena_printf(arena, "%s/%s/bin/%s", directory, entry->d_name, program);

		if (entry->d_name[0] != '.' && access(path, X_OK) == 0)
			found = path;
	}
	if (entries)
		closedir(entries);
	return found;
}

/* The program of that version in a collection, or NULL. `version` may have three numbers. */
static const char *program_in(struct search *search, const struct collection *collection, const char *version)
{
	const char *directory = collection_directory(search, collection);
	const char *program = arena_printf(search->arena, "python%s", minor_version(version, search->arena));
	const char *entry, *path;

	if (!directory)
		return NULL;
	if (!collection->prefix)
		return program_below(directory, program, search->arena);
	entry = newest_entry(directory, collection->prefix, version, search->arena);
	if (!entry)
		return NULL;
	path = arena_printf(search->arena, "%s/%s/bin/%s", directory, entry, program);
	return access(path, X_OK) == 0 ? path : NULL;
}

static bool has_patch_level(const char *version)
{
	const char *dot = strchr(version, '.');

	return dot && strchr(dot + 1, '.');
}

/* Along PATH, where shims of other versions are not an answer. */
static enum attempt version_on_path(struct search *search, const char *program, const char *why)
{
	const char *path = search->request->path ? search->request->path : "/usr/local/bin:/usr/bin:/bin";

	for (; *path; path += strcspn(path, ":"), path += *path == ':') {
		const char *file = arena_printf(search->arena, "%.*s/%s", (int)strcspn(path, ":"), path, program);
		struct interpreter seen;

		if (file[0] == '/' && access(file, X_OK) == 0 &&
		    interpreter_examine(path_join(search->arena, "/", file), search->arena, &seen) == FAULT_NONE) {
			search->found = seen;
			search->found.how = why;
			return ATTEMPT_FOUND;
		}
	}
	return ATTEMPT_NOTHING;
}

static enum attempt version_in_usual_directories(struct search *search, const char *program, const char *why)
{
	for (const char *const *directory = usual_directories; *directory; directory++) {
		const char *path = arena_printf(search->arena, "%s/%s", *directory, program);

		if (access(path, X_OK) == 0)
			return search_take(search, path, why);
	}
	return ATTEMPT_NOTHING;
}

enum attempt interpreter_of_version(struct search *search, const char *version, const char *why)
{
	const char *program = arena_printf(search->arena, "python%s", minor_version(version, search->arena));
	enum attempt attempt = ATTEMPT_NOTHING;

	if (interpreter_is_too_old(version)) {
		error_set(search->err, CODE_INTERPRETER_UNUSABLE,
		          "Python %s is older than 3.6, the oldest that pyconfine runs", version);
		error_hint(search->err, "%sChoose one of these: --python VERSION or PATH.",
		           interpreter_inventory(search));
		return ATTEMPT_FAILED;
	}
	/* "3": whatever python3 means here. */
	if (!strchr(version, '.'))
		attempt = interpreter_on_path(search, program, why);
	/* A file name does not tell the third number; only collections do. */
	else if (!has_patch_level(version))
		attempt = version_on_path(search, program, why);
	for (size_t i = 0; attempt == ATTEMPT_NOTHING && i < COLLECTIONS; i++) {
		const char *path = collections[i].prefix || !has_patch_level(version)
		                           ? program_in(search, &collections[i], version)
		                           : NULL;

		if (path)
			attempt = search_take(search, path,
			                      arena_printf(search->arena, "%s (%s)", why, collections[i].what));
	}
	if (attempt == ATTEMPT_NOTHING && !has_patch_level(version))
		attempt = version_in_usual_directories(search, program, why);
	if (attempt != ATTEMPT_NOTHING)
		return attempt;
	error_set(search->err, CODE_INTERPRETER_NOT_FOUND,
	          "Python %s was not found: not on PATH, in pyenv, uv, /opt, /usr/local/bin or /usr/bin", version);
	error_hint(search->err,
	           "%sInstall it (pyenv install %s), or choose one that is there: --python VERSION or PATH.",
	           interpreter_inventory(search), version);
	return ATTEMPT_FAILED;
}

/* The first path of python<version>, or NULL. */
static const char *locate(struct search *search, const char *version)
{
	struct search quiet = { .request = search->request, .arena = search->arena, .err = search->err };
	const char *program = arena_printf(search->arena, "python%s", version);

	if (version_on_path(&quiet, program, "") == ATTEMPT_FOUND)
		return quiet.found.path;
	for (size_t i = 0; i < COLLECTIONS; i++) {
		const char *path = program_in(search, &collections[i], version);

		if (path)
			return path;
	}
	for (const char *const *directory = usual_directories; *directory; directory++) {
		const char *path = arena_printf(search->arena, "%s/%s", *directory, program);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *interpreter_inventory(struct search *search)
{
	TEXT_CLEANUP struct text list = { 0 };
	unsigned found = 0;

	for (int minor = MINOR_LAST; minor >= MINOR_FIRST; minor--) {
		const char *version = arena_printf(search->arena, "3.%d", minor);
		const char *path = locate(search, version);

		if (!path)
			continue;
		if (found++ < INVENTORY_MAX)
			text_addf(&list, "%s%s (%.60s)", found == 1 ? "Found: " : ", ", version,
			          search_show(search, path));
	}
	if (found == 0)
		return "";
	if (found > INVENTORY_MAX)
		text_addf(&list, " and %u older", found - INVENTORY_MAX);
	text_add(&list, ".\n");
	return arena_strdup(search->arena, text_string(&list));
}
