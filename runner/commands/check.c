/* check: every fault of profiles in one go. The profile reader finds what the text alone tells; paths are looked up
 * here, once the text is clean. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "commands/prepare.h"
#include "commands/render.h"
#include "plan/links.h"

/* One byte more than a profile may have, so that the reader says that it is too large. */
enum { READ_MAX = 1024 * 1024 + 1 };

struct check {
	struct arena *arena;
	struct caller caller;
	struct diagnostics diagnostics;
	bool unreadable; /* a file could not be read: exit status 2 */
};

static void add_unreadable(struct check *check, const char *name, const char *what, const char *why)
{
	const struct source_pos pos = { .file = name };

	diagnostics_add(&check->diagnostics, SEVERITY_ERROR, CODE_PROFILE_UNREADABLE, pos, "%s%s", what, why);
	check->unreadable = true;
}

/* The file's bytes, or NULL: reported. */
static char *read_file(struct check *check, const char *name, size_t *length)
{
	bool is_stdin = strcmp(name, "-") == 0;
	FD_CLEANUP int opened = is_stdin ? -1 : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int fd = is_stdin ? STDIN_FILENO : opened;
	char *data = arena_alloc(check->arena, READ_MAX + 1);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status)) {
		add_unreadable(check, name, "cannot be opened: ", strerror(errno));
		return NULL;
	}
	if (!is_stdin && !S_ISREG(status.st_mode)) {
		add_unreadable(check, name, "is no file, but ",
		               S_ISDIR(status.st_mode) ? "a directory" : "a device or a FIFO");
		return NULL;
	}
	got = read_all(fd, data, READ_MAX);
	if (got < 0 && errno != EFBIG) {
		add_unreadable(check, name, "cannot be read: ", strerror(errno));
		return NULL;
	}
	*length = got < 0 ? READ_MAX : (size_t)got;
	return data;
}

static bool contains_line(const char *data, size_t length, uint32_t number, const char **start, size_t *line_length)
{
	const char *end = data + length;

	for (; number > 1 && data < end; data++)
		number -= *data == '\n';
	if (number != 1)
		return false;
	*start = data;
	*line_length = 0;
	while (data + *line_length < end && data[*line_length] != '\n' && data[*line_length] != '\r')
		(*line_length)++;
	return true;
}

/* The text of one file, for carets under what is found after reading. */
struct source {
	const char *name, *data;
	size_t length;
	struct variables variables;
};

static void warn_missing(struct check *check, const struct source *source, const struct file_grant *grant)
{
	char shown[256];
	struct diagnostic *item;
	const char *line;
	size_t length;

	item = diagnostics_add(&check->diagnostics, SEVERITY_WARNING, CODE_MISSING_PATH, grant->path.pos,
	                       "%s does not exist here", escape_into(shown, sizeof(shown), grant->path.value));
	item->hint = "Correct the path; or write {path: ..., optional: true} where it may be absent.";
	if (!contains_line(source->data, source->length, grant->path.pos.line, &line, &length))
		return;
	item->source_line = arena_strndup(check->arena, line, length);
	/* Escapes make the text in the file another than the value: underline only where they are the same. */
	line = strstr(item->source_line, grant->path.value);
	if (!grant->path.pos.column || !line)
		return;
	item->length = (uint32_t)render_columns(grant->path.value);
	if (line > item->source_line && strchr("\"'", line[-1]))
		item->length += 2;
}

/* Variables that only a run has (${SCRIPT}, ${env:UPLOAD}) leave nothing to look for. */
static void check_grants(struct check *check, const struct source *source, const struct file_grants *grants)
{
	for (size_t i = 0; i < grants->count; i++) {
		const struct file_grant *grant = &grants->items[i];
		const char *path;
		struct error ignored;

		if (grant->optional || !grant->path.pos.file || strcmp(grant->path.pos.file, source->name) != 0)
			continue;
		path = expand_path(&grant->path, &source->variables, check->arena, &ignored);
		if (path && access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
			warn_missing(check, source, grant);
	}
}

static void check_file(struct check *check, const char *name)
{
	struct profile_request request = { 0 };
	struct source source = { .name = strcmp(name, "-") == 0 ? "<stdin>" : name };
	struct profile profile;
	size_t errors = check->diagnostics.errors;

	source.data = read_file(check, name, &source.length);
	if (!source.data)
		return;
	caller_request(&check->caller, &request);
	if (profile_check(source.name, source.data, source.length, &request, check->arena, &profile,
	                  &check->diagnostics) ||
	    check->diagnostics.errors > errors)
		return;
	source.variables = (struct variables){
		.home = check->caller.home,
		.cwd = check->caller.cwd,
		.user = check->caller.user_name,
		.xdg_config_home = check->caller.xdg_config_home,
		.uid = check->caller.uid,
		.environment = check->caller.environment,
		/* a profile lies beside its script */
		.script_dir = path_directory(check->arena, path_join(check->arena, check->caller.cwd, name)),
	};
	check_grants(check, &source, &profile.files.read);
	check_grants(check, &source, &profile.files.write);
}

static void add_count(struct text *out, size_t count, const char *what)
{
	text_addf(out, "%s%zu %s%s", out->length > 0 ? ", " : "", count, what, count == 1 ? "" : "s");
}

static void render_text(struct text *out, const struct check *check, const char *const *files)
{
	const struct diagnostics *list = &check->diagnostics;
	TEXT_CLEANUP struct text counts = { 0 };
	size_t warnings = 0;

	render_diagnostics(out, list, "", render_wants_colour(STDOUT_FILENO));
	for (size_t i = 0; i < list->count; i++)
		warnings += list->items[i].severity == SEVERITY_WARNING;
	if (list->errors)
		add_count(&counts, list->errors, "error");
	if (warnings)
		add_count(&counts, warnings, "warning");
	if (counts.length > 0) {
		text_addf(out, "%s. `pyconfine help %s` explains.\n", text_string(&counts),
		          message_codes[list->items[list->count - 1].code].name);
		return;
	}
	for (; *files; files++) {
		text_add_escaped(out, *files);
		text_add(out, ": ok\n");
	}
}

static int print_findings(const struct check *check, const char *format, const char *const *files)
{
	TEXT_CLEANUP struct text out = { 0 };

	if (strcmp(format, "json") == 0)
		render_json(&out, &check->diagnostics, files);
	else if (strcmp(format, "sarif") == 0)
		render_sarif(&out, &check->diagnostics);
	else if (strcmp(format, "github") == 0)
		render_github(&out, &check->diagnostics);
	else
		render_text(&out, check, files);
	return render_print(&out);
}

static bool has_findings(const struct diagnostics *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].severity != SEVERITY_NOTE)
			return true;
	return false;
}

int command_check(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct check check = { .arena = &arena, .diagnostics = { .arena = &arena } };
	struct run_options options = { 0 };
	const char **files, *format;
	struct error err;

	if (options_mixed(COMMAND_CHECK, argc, argv, &arena, &options, &files, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_CHECK);
	if (!files[0]) {
		error_set(&err, CODE_USAGE, "check needs a file");
		error_hint(&err, "Write pyconfine check FILE..., or - for standard input.");
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	format = options.format ? options.format : options.json ? "json" : "text";
	if (options.json && strcmp(format, "json") != 0) {
		error_set(&err, CODE_USAGE, "--json and --format %s contradict each other", format);
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	if (caller_find(&arena, &check.caller, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	for (size_t i = 0; files[i]; i++)
		check_file(&check, files[i]);
	diagnostics_sort(&check.diagnostics);
	if (print_findings(&check, format, files) || check.unreadable)
		return EXIT_BAD_INPUT;
	return has_findings(&check.diagnostics) ? EXIT_FINDINGS : EXIT_CLEAN;
}
