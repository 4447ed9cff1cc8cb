/* PATH, and pyenv's shims on it. A shim is a shell script that asks pyenv which version is meant; it is never executed
 * here, the same files are read instead (pyenv(1), "Choosing the Python version"). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "plan/interpreter_parts.h"

static const char default_path[] = "/usr/local/bin:/usr/bin:/bin";

bool interpreter_is_shim(struct search *search, const char *path, const char **root)
{
	const char *directory = path_directory(search->arena, path);
	const char *slash = strrchr(directory, '/');
	struct stat status;

	if (!slash || strcmp(slash + 1, "shims") != 0)
		return false;
	*root = path_directory(search->arena, directory);
	return stat(arena_printf(search->arena, "%s/versions", *root), &status) == 0 && S_ISDIR(status.st_mode);
}

/* One entry of PATH. */
static enum attempt try_entry(struct search *search, const char *directory, const char *name, const char *why)
{
	const char *path = path_join(search->arena, directory, name);
	struct interpreter seen;
	enum file_fault fault;
	const char *root;

	/* One system call for the usual case that there is nothing. As a shell does, pass over what may not be
	 * executed. */
	if (access(path, X_OK) != 0)
		return ATTEMPT_NOTHING;
	fault = interpreter_examine(path, search->arena, &seen);
	if (fault == FAULT_NONE) {
		search->found = seen;
		search->found.how = why;
		return ATTEMPT_FOUND;
	}
	if (fault == FAULT_SCRIPT && interpreter_is_shim(search, path, &root))
		return interpreter_from_pyenv(search, root, name, why);
	if (fault == FAULT_TOO_OLD) {
		interpreter_fault_error(fault, &seen, search->err);
		return ATTEMPT_FAILED;
	}
	if (fault != FAULT_DIRECTORY)
		search_note(search, "%s was passed over: it %s", search_show(search, path),
		            interpreter_fault_text(fault));
	return ATTEMPT_NOTHING;
}

enum attempt interpreter_on_path(struct search *search, const char *name, const char *why)
{
	const char *rest = search->request->path ? search->request->path : default_path;
	const char *shims = NULL;

	for (; *rest; rest += strcspn(rest, ":"), rest += *rest == ':') {
		const char *directory = arena_strndup(search->arena, rest, strcspn(rest, ":"));
		const char *root;
		enum attempt attempt;

		/* A relative entry (also an empty one: the current directory) would let the directory choose the
		 * program. */
		if (directory[0] != '/')
			continue;
		attempt = try_entry(search, directory, name, why);
		if (attempt != ATTEMPT_NOTHING)
			return attempt;
		if (!shims && interpreter_is_shim(search, arena_printf(search->arena, "%s/x", directory), &root))
			shims = root;
	}
	/* pyenv has no opinion and the system has no Python: better its newest than none. */
	if (shims) {
		const char *versions = arena_printf(search->arena, "%s/versions", shims);
		const char *newest = interpreter_newest(versions, "", search->arena);

		if (newest)
			return search_take(search, arena_printf(search->arena, "%s/%s/bin/%s", versions, newest, name),
			                   arena_printf(search->arena, "%s, newest of pyenv", why));
	}
	return ATTEMPT_NOTHING;
}

/* What a version file says; NULL when there is none. Words of several lines, "#" comments out. */
static const char *read_version_file(struct search *search, const char *path)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[1024];
	char *out;
	ssize_t got;
	bool comment = false;

	if (fd < 0)
		return NULL;
	got = read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return NULL;
	text[got] = '\0';
	for (out = text; *out; out++) {
		comment = *out == '#' || (comment && *out != '\n');
		if (comment || strchr("\r\n\t ", *out))
			*out = ':';
	}
	out = text + strspn(text, ":");
	return *out ? arena_strdup(search->arena, out) : NULL;
}

/* .python-version in this directory or above it. */
static const char *find_version_file(struct search *search, const char *directory, const char **origin)
{
	while (directory && directory[0] == '/') {
		const char *path = path_join(search->arena, directory, ".python-version");
		const char *versions = read_version_file(search, path);

		if (versions) {
			*origin = search_show(search, path);
			return versions;
		}
		directory = strcmp(directory, "/") == 0 ? NULL : path_directory(search->arena, directory);
	}
	return NULL;
}

/* Names separated by colons, and where they stand. */
static const char *wanted_versions(struct search *search, const char *root, const char **origin)
{
	const struct interpreter_request *request = search->request;
	const char *versions, *file;

	*origin = "$PYENV_VERSION";
	if (request->pyenv_version && request->pyenv_version[0])
		return request->pyenv_version;
	versions = find_version_file(search, search->script_dir, origin);
	if (!versions && request->script)
		versions = find_version_file(search, request->cwd, origin);
	if (versions)
		return versions;
	file = arena_printf(search->arena, "%s/version", root);
	*origin = search_show(search, file);
	return read_version_file(search, file);
}

/* "3.11.7", "python-3.11.7", "3.11" (the newest of them), a virtualenv's name. NULL when it is not installed. */
static const char *installed_version(struct search *search, const char *versions, const char *wanted)
{
	struct stat status;

	if (strncmp(wanted, "python-", 7) == 0)
		wanted += 7;
	if (strchr(wanted, '/') || wanted[0] == '.' || wanted[0] == '\0')
		return NULL;
	if (stat(arena_printf(search->arena, "%s/%s", versions, wanted), &status) == 0 && S_ISDIR(status.st_mode))
		return wanted;
	return interpreter_is_version(wanted) ? interpreter_newest(versions, wanted, search->arena) : NULL;
}

enum attempt interpreter_from_pyenv(struct search *search, const char *root, const char *name, const char *why)
{
	const char *versions = arena_printf(search->arena, "%s/versions", root);
	const char *origin, *rest = wanted_versions(search, root, &origin);
	const char *all = rest;

	if (!rest)
		return ATTEMPT_NOTHING;
	for (; *rest; rest += strcspn(rest, ":"), rest += strspn(rest, ":")) {
		const char *wanted = arena_strndup(search->arena, rest, strcspn(rest, ":"));
		const char *installed, *path;

		if (strcmp(wanted, "system") == 0)
			return ATTEMPT_NOTHING;
		installed = installed_version(search, versions, wanted);
		if (!installed)
			continue;
		path = arena_printf(search->arena, "%s/%s/bin/%s", versions, installed, name);
		if (access(path, F_OK) == 0)
			return search_take(search, path,
			                   arena_printf(search->arena, "%s (pyenv %s, from %s)", why,
			                                search_show(search, installed), origin));
	}
	error_set(search->err, CODE_INTERPRETER_NOT_FOUND, "pyenv has no %s for version %s, which %s asks for",
	          search_show(search, name), search_show(search, all), origin);
	error_hint(search->err, "%sInstall it (pyenv install VERSION), or choose another: --python 3.12.",
	           interpreter_inventory(search));
	return ATTEMPT_FAILED;
}
