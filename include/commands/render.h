/* How faults look: for people in the style of a compiler, for programs as JSON, SARIF 2.1.0 or GitHub annotations. */
#ifndef COMMANDS_RENDER_H
#define COMMANDS_RENDER_H

#include <json.h>
#include <stdbool.h>

#include "base/diagnostics.h"
#include "base/error.h"
#include "base/text.h"

/* Colour only on a terminal, and where NO_COLOR (https://no-color.org) is unset or empty. */
bool render_wants_colour(int fd);

/* One diagnostic:
 *     report.pyconfine.yaml:4:1: error: unknown key "fiels"; did you mean "files"?            [unknown-key]
 *       4 | fiels:
 *         | ^^^^^
 *       hint
 * `prefix` begins each line: "" on the stdout of check, "pyconfine: " on the stderr of run. */
void render_diagnostic(struct text *out, const struct diagnostic *item, const char *prefix, bool colour);
void render_diagnostics(struct text *out, const struct diagnostics *list, const char *prefix, bool colour);

/* `pyconfine: message   [code]`, then each line of the hint. */
void render_error(struct text *out, const struct error *err, bool colour);
/* The same, on stderr. */
void render_error_print(const struct error *err);
/* Everything that we say beside a run leaves by this: secrets are shown as ***. The text is changed. */
void render_to_stderr(struct text *text);
/* Print on stderr, return `status`: the end of a failing command. */
int render_fail(const struct error *err, int status);

/* `left`, blanks, `[code]` ending at column `width`; at least three blanks between. No newline. */
void render_with_code(struct text *out, const char *left, size_t left_columns, const char *code, size_t width);
/* Columns on a terminal; text that was escaped. */
size_t render_columns(const char *text);

/* For programs. `files`: the names of all that were checked, NULL-terminated. */
void render_json(struct text *out, const struct diagnostics *list, const char *const *files);
void render_sarif(struct text *out, const struct diagnostics *list);
void render_github(struct text *out, const struct diagnostics *list);

/* JSON text must be UTF-8, and file names need not be: bytes that are none are written as \xNN, and
 * secrets as ***. NULL gives null. */
struct json_object *render_json_string(const char *string);
/* {"file":...,"line":...,"column":...}, or null where nobody wrote it. */
struct json_object *render_json_pos(const struct source_pos *pos);
/* A list of {severity, code, message, hint, file, line, column, length}. */
struct json_object *render_json_diagnostics(const struct diagnostics *list);
struct json_object *render_json_error(const struct error *err);
/* Pretty-printed with a newline; drops the reference. */
void render_json_text(struct text *out, struct json_object *object);
/* The same on stdout. Returns 0, or -1 when stdout cannot be written. */
int render_json_print(struct json_object *object);
/* The same for text. */
int render_print(const struct text *text);

#endif
