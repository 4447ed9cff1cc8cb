/* Where the interpreter comes from. Each place is one row of `places`, asked in this order for "auto"; see
 * interpreter_path.c for PATH and pyenv, interpreter_versions.c for "3.12", interpreter_file.c for a single file. */
#include "plan/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "plan/interpreter_parts.h"

void search_note(struct search *search, const char *format, ...)
{
	char note[600];
	va_list args;

	va_start(args, format);
	vsnprintf(note, sizeof(note), format, args);
	va_end(args);
	search->notes = arena_grow(search->arena, search->notes, search->note_count, sizeof(*search->notes));
	search->notes[search->note_count++] = arena_strdup(search->arena, note);
}

const char *search_show(struct search *search, const char *text)
{
	char escaped[160];

	return arena_strdup(search->arena, escape_into(escaped, sizeof(escaped), text));
}

enum attempt search_take(struct search *search, const char *path, const char *how)
{
	struct interpreter seen;
	enum file_fault fault = interpreter_examine(path, search->arena, &seen);
	const char *root;

	if (fault == FAULT_SCRIPT && interpreter_is_shim(search, path, &root)) {
		enum attempt attempt = interpreter_from_pyenv(search, root, strrchr(path, '/') + 1, how);

		if (attempt != ATTEMPT_NOTHING)
			return attempt;
	}
	if (fault != FAULT_NONE) {
		interpreter_fault_error(fault, &seen, search->err);
		return ATTEMPT_FAILED;
	}
	search->found = seen;
	search->found.how = how;
	return ATTEMPT_FOUND;
}

/* The script's own .venv. Where everybody may write (a script in /tmp), a .venv may be anybody's. */
static enum attempt try_script_venv(struct search *search)
{
	const char *venv = path_join(search->arena, search->script_dir, ".venv");
	struct stat status;

	if (access(arena_printf(search->arena, "%s/pyvenv.cfg", venv), F_OK) != 0)
		return ATTEMPT_NOTHING;
	if (stat(search->script_dir, &status) != 0 || (status.st_mode & S_IWOTH)) {
		search_note(search, "%s was passed over: everybody may write into its directory",
		            search_show(search, venv));
		return ATTEMPT_NOTHING;
	}
	return search_take(search, path_join(search->arena, venv, "bin/python"),
	                   arena_printf(search->arena, "auto: %s", search_show(search, venv)));
}

static enum attempt try_virtual_env(struct search *search)
{
	const char *venv = search->request->virtual_env;
	const char *python;
	struct stat status;

	if (!venv || venv[0] != '/')
		return ATTEMPT_NOTHING;
	python = path_join(search->arena, venv, "bin/python");
	if (lstat(python, &status) != 0) {
		search_note(search, "$VIRTUAL_ENV was passed over: there is no %s", search_show(search, python));
		return ATTEMPT_NOTHING;
	}
	return search_take(search, python, "auto: $VIRTUAL_ENV");
}

/* The next word of a shebang line; false at its end. */
static bool next_word(const char **rest, const char **word, size_t *length)
{
	*word = *rest + strspn(*rest, " \t\"'");
	*length = strcspn(*word, " \t\"'");
	*rest = *word + *length;
	return *length > 0;
}

/* The program that `env` would start: its options and NAME=VALUE come before it (env(1)). */
static char *program_of_env(struct search *search, const char *rest)
{
	static const char *const with_value[] = { "-u", "--unset", "-C", "--chdir", NULL };
	static const char *const split[] = { "--split-string=", "-S", "-vS", NULL };
	const char *word;
	size_t length;

	while (next_word(&rest, &word, &length)) {
		char *text = arena_strndup(search->arena, word, length);

		for (const char *const *option = split; *option; option++)
			if (strncmp(text, *option, strlen(*option)) == 0)
				text += strlen(*option);
		for (const char *const *option = with_value; *option; option++)
			if (strcmp(text, *option) == 0 && !next_word(&rest, &word, &length))
				return NULL;
		if (text[0] != '\0' && text[0] != '-' && !strchr(text, '='))
			return text;
	}
	return NULL;
}

/* Reads the first line of the script: NULL when it is no shebang. Only of a regular file: reading a pipe would eat
 * it. */
static const char *read_shebang(struct search *search)
{
	char line[512]; /* the kernel looks at 256 */
	struct stat status;
	ssize_t got;

	if (!search->script_path || stat(search->script_path, &status) != 0 || !S_ISREG(status.st_mode))
		return NULL;

	FD_CLEANUP int fd = open(search->script_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return NULL;
	got = read(fd, line, sizeof(line) - 1);
	line[got > 0 ? got : 0] = '\0';
	if (line[0] != '#' || line[1] != '!')
		return NULL;
	return arena_strndup(search->arena, line + 2, strcspn(line + 2, "\r\n"));
}

/* A program named by a shebang: a path, or a name along PATH. What is not usable is passed over, as `python SCRIPT`
 * does not look at the shebang at all; a Python too old for us is not, since the script was written for it. */
static enum attempt take_shebang(struct search *search, const char *program)
{
	const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
	const char *version = name + strcspn(name, "0123456789");
	struct interpreter seen;
	const char *path, *root;
	enum file_fault fault;

	if (name == program) {
		if (version[0] != '\0' && strchr(version, '.') && interpreter_is_version(version))
			return interpreter_of_version(search, version, "auto: shebang");
		return interpreter_on_path(search, name, "auto: shebang");
	}
	path = path_join(search->arena, search->request->cwd ? search->request->cwd : "/", program);
	fault = interpreter_examine(path, search->arena, &seen);
	if (fault == FAULT_NONE || fault == FAULT_TOO_OLD ||
	    (fault == FAULT_SCRIPT && interpreter_is_shim(search, path, &root)))
		return search_take(search, path, "auto: shebang");
	search_note(search, "the script's shebang was passed over: %s %s", search_show(search, path),
	            interpreter_fault_text(fault));
	return ATTEMPT_NOTHING;
}

static enum attempt try_shebang(struct search *search)
{
	const char *rest = read_shebang(search), *word, *program;
	size_t length;

	if (!rest || !next_word(&rest, &word, &length))
		return ATTEMPT_NOTHING;
	program = arena_strndup(search->arena, word, length);
	if (strcmp(strrchr(program, '/') ? strrchr(program, '/') + 1 : program, "env") == 0)
		program = program_of_env(search, rest);
	/* Also where pyconfine itself is named: the script was started through its own first line. */
	if (!program || !interpreter_is_python_name(strrchr(program, '/') ? strrchr(program, '/') + 1 : program))
		return ATTEMPT_NOTHING;
	return take_shebang(search, program);
}

static enum attempt try_path(struct search *search)
{
	return interpreter_on_path(search, "python3", "auto: python3 on PATH");
}

static enum attempt (*const places[])(struct search *) = { try_script_venv, try_virtual_env, try_shebang, try_path };

static enum attempt find_auto(struct search *search)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		bool scripts_word = places[i] == try_script_venv || places[i] == try_shebang;
		enum attempt attempt = scripts_word && search->request->script_is_untrusted ? ATTEMPT_NOTHING
		                                                                            : places[i](search);

		if (attempt != ATTEMPT_NOTHING)
			return attempt;
	}
	error_set(search->err, CODE_INTERPRETER_NOT_FOUND,
	          "no Python was found: no .venv beside the script, no $VIRTUAL_ENV, no shebang, no python3 on PATH");
	error_hint(search->err, "%sInstall one (Debian: apt install python3), or name one: --python /path/to/python3.",
	           interpreter_inventory(search));
	return ATTEMPT_FAILED;
}

/* venv:DIR */
static enum attempt find_in_venv(struct search *search, const char *directory, const char *how)
{
	const char *python = path_join(search->arena, directory, "bin/python");
	struct stat status;

	if (stat(directory, &status) != 0 || !S_ISDIR(status.st_mode)) {
		const char *what = errno == ENOENT ? "does not exist" : "is not a directory that can be used";

		error_set(search->err, CODE_INTERPRETER_NOT_FOUND, "virtual environment %s %s",
		          search_show(search, directory), what);
		error_hint(search->err, "Make it: python3 -m venv DIR, or name another interpreter with --python.");
		return ATTEMPT_FAILED;
	}
	if (access(arena_printf(search->arena, "%s/pyvenv.cfg", directory), F_OK) != 0 && lstat(python, &status) != 0) {
		error_set(search->err, CODE_INTERPRETER_NOT_FOUND,
		          "%s is not a virtual environment: it has no pyvenv.cfg and no bin/python",
		          search_show(search, directory));
		error_hint(search->err, "Make one: python3 -m venv DIR, or name another interpreter with --python.");
		return ATTEMPT_FAILED;
	}
	return search_take(search, python, how);
}

static enum attempt find_by_spec(struct search *search, const struct profile_string *spec)
{
	const char *cwd = search->request->cwd ? search->request->cwd : "/";
	const char *base = spec->base_dir ? spec->base_dir : cwd;
	const char *how = spec->pos.file ? search_show(search, spec->pos.file) : "--python";
	const char *version = strncmp(spec->value, "python", 6) == 0 ? spec->value + 6 : spec->value;

	if (spec->pos.line > 0)
		how = arena_printf(search->arena, "%s:%u", how, (unsigned)spec->pos.line);
	/* A profile's path may be given relative to another relative path. */
	base = path_join(search->arena, cwd, base);
	if (strncmp(spec->value, "venv:", 5) == 0)
		return find_in_venv(search, path_join(search->arena, base, spec->value + 5), how);
	if (interpreter_is_version(version))
		return interpreter_of_version(search, version, how);
	if (spec->value[0] != '\0' && spec->value[0] != '~')
		return search_take(search, path_join(search->arena, base, spec->value), how);
	error_set(search->err, CODE_INTERPRETER_NOT_FOUND, "\"%s\" names no interpreter",
	          search_show(search, spec->value));
	error_hint(search->err, "Write auto, a version (3.12), a path (${HOME}/bin/python3) or venv:DIR.");
	return ATTEMPT_FAILED;
}

int interpreter_find(const struct interpreter_request *request, struct arena *arena, struct interpreter *out,
                     struct error *err)
{
	struct search search = { .request = request, .arena = arena, .err = err };
	const struct profile_string *spec = &request->spec;
	const char *cwd = request->cwd ? request->cwd : "/";
	enum attempt attempt;

	search.script_dir = cwd;
	if (request->script) {
		const char *path = path_join(arena, cwd, request->script);

		/* Python puts the directory of the resolved script on sys.path. A missing script is somebody else's
		 * error. */
		if (path_follow(path, arena, NULL, &search.script_path, NULL) != 0)
			search.script_path = path;
		search.script_dir = path_directory(arena, search.script_path);
	}
	if (!spec->value || strcmp(spec->value, "auto") == 0)
		attempt = find_auto(&search);
	else
		attempt = find_by_spec(&search, spec);
	if (attempt != ATTEMPT_FOUND) {
		err->pos = spec->pos;
		return -1;
	}
	search.found.notes = search.notes;
	search.found.note_count = search.note_count;
	*out = search.found;
	return 0;
}
