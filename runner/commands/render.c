#include "commands/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/redact.h"

/* Where the code in brackets ends: the right edge of messages of run and of check. */
enum { LINE_WIDTH = 87, DIAGNOSTIC_WIDTH = 101, CODE_GAP = 3 };
/* More of a source line than this is not shown. */
enum { EXCERPT_COLUMNS = 100, EXCERPT_BEFORE = 40, TAB = 4 };

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RESET "\033[0m"

struct severity_row {
	const char *name, *colour;
};

static const struct severity_row severities[] = {
	[SEVERITY_ERROR] = { "error", "\033[1;31m" },
	[SEVERITY_WARNING] = { "warning", "\033[1;33m" },
	[SEVERITY_NOTE] = { "note", "\033[1;36m" },
};

bool render_wants_colour(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fd) && !(no_colour && *no_colour) && terminal && strcmp(terminal, "dumb") != 0;
}

struct range {
	uint32_t first, last;
};

/* Characters that take two columns, or none (Unicode 15, East Asian Width W and F; combining marks), in broad strokes:
 * wcwidth() knows nothing in the C locale that a static program has. */
static const struct range wide[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf }, { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};
static const struct range narrow[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a },
	{ 0x064b, 0x065f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200d },
	{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};

static bool in_ranges(uint32_t point, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

static uint32_t code_point(const char *sequence, size_t length)
{
	static const unsigned char lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t point = (unsigned char)sequence[0] & lead_bits[length];

	for (size_t i = 1; i < length; i++)
		point = point << 6 | ((unsigned char)sequence[i] & 0x3f);
	return point;
}

/* Bytes and columns of the next character; a byte that is no UTF-8 counts as one character of one byte. */
static size_t next_character(const char *text, size_t *columns)
{
	size_t length = utf8_length(text, strnlen(text, 4));
	uint32_t point;

	*columns = 1;
	if (length < 2)
		return 1;
	point = code_point(text, length);
	if (in_ranges(point, wide, sizeof(wide) / sizeof(wide[0])))
		*columns = 2;
	else if (in_ranges(point, narrow, sizeof(narrow) / sizeof(narrow[0])))
		*columns = 0;
	return length;
}

size_t render_columns(const char *text)
{
	size_t total = 0, columns;

	while (*text) {
		text += next_character(text, &columns);
		total += columns;
	}
	return total;
}

static void add_spaces(struct text *out, size_t count)
{
	while (count-- > 0)
		text_add(out, " ");
}

void render_with_code(struct text *out, const char *left, size_t left_columns, const char *code, size_t width)
{
	size_t taken = left_columns + strlen(code) + 2;

	text_add(out, left);
	add_spaces(out, taken + CODE_GAP <= width ? width - taken : CODE_GAP);
	text_addf(out, "[%s]", code);
}

/* One line of a source file, made fit for a terminal. */
struct excerpt {
	struct text text;
	size_t columns;       /* of text */
	size_t caret, carets; /* columns before the underlined part, and of it */
};

static void excerpt_add(struct excerpt *excerpt, const char *source, size_t length, size_t columns)
{
	char character[5];
	size_t before = excerpt->text.length;

	memcpy(character, source, length);
	character[length] = '\0';
	if (character[0] == '\t') {
		columns = TAB - excerpt->columns % TAB;
		add_spaces(&excerpt->text, columns);
	} else {
		text_add_escaped(&excerpt->text, character);
		if (excerpt->text.length - before != length) /* was escaped: as many columns as bytes */
			columns = excerpt->text.length - before;
	}
	excerpt->columns += columns;
}

/* `first` is the character, counted from 1, where the underlined part begins. */
static void excerpt_make(struct excerpt *excerpt, const char *source, uint32_t first, uint32_t length)
{
	uint32_t skip = first > EXCERPT_COLUMNS * 3 / 4 ? first - EXCERPT_BEFORE : 0;
	uint32_t position = 1;
	bool marked = false;

	if (skip) {
		text_add(&excerpt->text, "...");
		excerpt->columns = 3;
	}
	while (*source) {
		size_t columns, bytes = next_character(source, &columns);

		if (position == first) {
			excerpt->caret = excerpt->columns;
			marked = true;
		}
		if (position >= skip) {
			if (excerpt->columns >= EXCERPT_COLUMNS) {
				text_add(&excerpt->text, "...");
				break;
			}
			excerpt_add(excerpt, source, bytes, columns);
		}
		if (marked && position < first + length)
			excerpt->carets = excerpt->columns - excerpt->caret;
		source += bytes;
		position++;
	}
	if (!marked) /* behind the last character, where something is missing */
		excerpt->caret = excerpt->columns;
	if (excerpt->carets == 0)
		excerpt->carets = 1;
}

static void render_excerpt(struct text *out, const struct diagnostic *item, const char *prefix, bool colour)
{
	struct excerpt excerpt = { 0 };
	char number[16];

	snprintf(number, sizeof(number), "%3u", item->pos.line);
	excerpt_make(&excerpt, item->source_line, item->pos.column ? item->pos.column : 1, item->length);
	text_addf(out, "%s%s | ", prefix, number);
	text_add(out, text_string(&excerpt.text));
	text_add(out, "\n");
	if (item->length > 0) {
		text_add(out, prefix);
		add_spaces(out, strlen(number));
		text_add(out, " | ");
		add_spaces(out, excerpt.caret);
		text_add(out, colour ? severities[item->severity].colour : "");
		while (excerpt.carets-- > 0)
			text_add(out, "^");
		text_add(out, colour ? RESET "\n" : "\n");
	}
	text_free(&excerpt.text);
}

static void add_position(struct text *out, const struct source_pos *pos)
{
	if (!pos->file)
		return;
	text_add_escaped(out, pos->file);
	if (pos->line)
		text_addf(out, ":%u", pos->line);
	if (pos->line && pos->column)
		text_addf(out, ":%u", pos->column);
	text_add(out, ": ");
}

/* Each line of `lines`, indented. Messages were escaped by those who made them; what is left here are newlines. */
static void add_lines(struct text *out, const char *prefix, const char *lines)
{
	while (*lines) {
		size_t length = strcspn(lines, "\n");

		text_addf(out, "%s  %.*s\n", prefix, (int)length, lines);
		lines += length + (lines[length] == '\n');
	}
}

void render_diagnostic(struct text *out, const struct diagnostic *item, const char *prefix, bool colour)
{
	const struct severity_row *severity = &severities[item->severity];
	TEXT_CLEANUP struct text left = { 0 }, plain = { 0 };

	text_add(&plain, prefix);
	add_position(&plain, &item->pos);
	text_addf(&left, "%s%s%s", colour ? BOLD : "", text_string(&plain), colour ? RESET : "");
	text_addf(&plain, "%s: ", severity->name);
	text_addf(&left, "%s%s:%s ", colour ? severity->colour : "", severity->name, colour ? RESET : "");
	text_add_escaped(&plain, item->message);
	text_add_escaped(&left, item->message);
	render_with_code(out, text_string(&left), render_columns(text_string(&plain)), message_codes[item->code].name,
	                 DIAGNOSTIC_WIDTH);
	text_add(out, "\n");
	if (item->source_line)
		render_excerpt(out, item, prefix, colour);
	if (item->hint)
		add_lines(out, prefix, item->hint);
}

void render_diagnostics(struct text *out, const struct diagnostics *list, const char *prefix, bool colour)
{
	for (size_t i = 0; i < list->count; i++)
		render_diagnostic(out, &list->items[i], prefix, colour);
}

void render_error(struct text *out, const struct error *err, bool colour)
{
	TEXT_CLEANUP struct text left = { 0 };
	size_t columns;

	text_add(&left, "pyconfine: ");
	add_position(&left, &err->pos);
	text_add_escaped(&left, err->message);
	columns = render_columns(text_string(&left));
	if (colour)
		text_add(out, severities[SEVERITY_ERROR].colour);
	render_with_code(out, text_string(&left), columns, message_codes[err->code].name, LINE_WIDTH);
	text_add(out, colour ? RESET "\n" : "\n");
	add_lines(out, "pyconfine: ", err->hint);
}

void render_to_stderr(struct text *text)
{
	if (text->data)
		fputs(redact(text->data), stderr);
}

void render_error_print(const struct error *err)
{
	TEXT_CLEANUP struct text out = { 0 };

	render_error(&out, err, render_wants_colour(STDERR_FILENO));
	render_to_stderr(&out);
}

int render_fail(const struct error *err, int status)
{
	render_error_print(err);
	return status;
}

int render_print(const struct text *text)
{
	if (fputs(text_string(text), stdout) < 0 || fflush(stdout) != 0) {
		fputs("pyconfine: cannot write to standard output\n", stderr);
		return -1;
	}
	return 0;
}
