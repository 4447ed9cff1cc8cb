#include "profile/patch_edit.h"

#include <string.h>

#include "profile/table.h"

/* Longer lines of brackets are continued on the next one. */
enum { LINE_MAX_COLUMNS = 100 };

/* --- places --- */

static const char *text_end(const struct edit *edit)
{
	return edit->document->data + edit->document->length;
}

/* The byte at a line and column, which count characters. */
static size_t place(const struct edit *edit, uint32_t line, uint32_t column)
{
	const char *at = edit->document->data, *end = text_end(edit);

	for (uint32_t i = 1; i < line && at < end; i++) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		at = next ? next + 1 : end;
	}
	for (uint32_t i = 1; i < column && at < end; i++) {
		size_t step = utf8_length(at, (size_t)(end - at));

		at += step ? step : 1;
	}
	return (size_t)(at - edit->document->data);
}

static size_t start_of(const struct edit *edit, const struct node *node)
{
	return place(edit, node->span.line, node->span.column);
}

static size_t key_of(const struct edit *edit, const struct node *node)
{
	return place(edit, node->key_span.line, node->key_span.column);
}

/* Behind what belongs to the node itself. */
static size_t end_of(const struct edit *edit, const struct node *node)
{
	const char *data = edit->document->data;
	size_t start = start_of(edit, node), end;

	while (node->kind != NODE_SCALAR && !node->flow && node->last)
		node = node->last;
	end = place(edit, node->end_line, node->end_column);
	/* a block scalar ends behind its line breaks */
	while (end > start && strchr(" \r\n", data[end - 1]))
		end--;
	return end;
}

static size_t line_start(const struct edit *edit, size_t at)
{
	while (at > 0 && edit->document->data[at - 1] != '\n')
		at--;
	return at;
}

/* Before the line's end, which the last line may lack. */
static size_t line_end(const struct edit *edit, size_t at)
{
	const char *data = edit->document->data;
	size_t length = edit->document->length;

	while (at < length && data[at] != '\n' && !(data[at] == '\r' && at + 1 < length && data[at + 1] == '\n'))
		at++;
	return at;
}

static size_t next_line(const struct edit *edit, size_t at)
{
	at = line_end(edit, at);
	if (at < edit->document->length && edit->document->data[at] == '\r')
		at++;
	return at + (at < edit->document->length);
}

static size_t skip_blanks(const struct edit *edit, size_t at)
{
	while (at < edit->document->length && (edit->document->data[at] == ' ' || edit->document->data[at] == '\t'))
		at++;
	return at;
}

/* Nothing but a comment follows on the line. */
static bool ends_line(const struct edit *edit, size_t at)
{
	at = skip_blanks(edit, at);
	return at == line_end(edit, at) || edit->document->data[at] == '#';
}

static bool begins_line(const struct edit *edit, size_t at)
{
	return skip_blanks(edit, line_start(edit, at)) == at;
}

static bool has_comma(const struct edit *edit, size_t *at)
{
	size_t next = skip_blanks(edit, *at);

	if (next == edit->document->length || edit->document->data[next] != ',')
		return false;
	*at = next + 1;
	return true;
}

/* As the document's first line ends. */
static const char *line_break(const struct edit *edit)
{
	size_t end = line_end(edit, 0);

	return end < edit->document->length && edit->document->data[end] == '\r' ? "\r\n" : "\n";
}

static const char *spaces(const struct edit *edit, size_t count)
{
	return arena_printf(edit->arena, "%*s", (int)count, "");
}

static void splice(struct edit *edit, size_t from, size_t to, const char *with)
{
	edit->splices[edit->count].from = from;
	edit->splices[edit->count].to = to;
	edit->splices[edit->count++].with = with;
}

void edit_write(const struct edit *edit, struct text *out)
{
	size_t at = 0;

	for (size_t i = 0; i < edit->count; i++) {
		text_add_n(out, edit->document->data + at, edit->splices[i].from - at);
		text_add(out, edit->splices[i].with);
		at = edit->splices[i].to;
	}
	text_add_n(out, edit->document->data + at, edit->document->length - at);
}

/* --- the document's style --- */

struct style {
	bool sections, lists; /* written line by line rather than in brackets */
	size_t step;          /* of a mapping in a mapping */
	size_t dash;          /* of a list's dashes, from its key */
};

static struct style style_of(const struct node *root)
{
	struct style style = { .step = 2, .dash = 2 };
	bool lists = false, sections = false;

	for (const struct node *section = root->first; section; section = section->next) {
		const struct node *list = section->kind == NODE_LIST ? section : section->first;

		if (section->kind == NODE_MAPPING && section->first && !sections) {
			sections = true;
			style.sections = !section->flow;
			if (!section->flow && section->span.column > section->key_span.column)
				style.step = section->span.column - section->key_span.column;
		}
		for (; list && !lists; list = section->kind == NODE_LIST ? NULL : list->next) {
			lists = list->kind == NODE_LIST && list->first && list->key;
			style.lists = lists && !list->flow;
			if (style.lists)
				style.dash = list->span.column - list->key_span.column;
		}
	}
	style.sections |= style.lists;
	return style;
}

static const char *scalar(const struct edit *edit, const char *value)
{
	TEXT_CLEANUP struct text out = { 0 };

	emit_scalar(value, &out);
	return arena_strdup(edit->arena, text_string(&out));
}

/* "read: [/srv]" for the keys that are left, in brackets. */
static const char *in_brackets(const struct edit *edit, const char *const *path, const char *value, bool list)
{
	const char *inner;

	if (!*path)
		return list ? arena_printf(edit->arena, "[%s]", scalar(edit, value)) : scalar(edit, value);
	inner = in_brackets(edit, path + 1, value, list);
	return arena_printf(edit->arena, path[1] ? "%s: {%s}" : "%s: %s", *path, inner);
}

/* The same line by line, the first line without its indentation. */
static const char *in_lines(const struct edit *edit, const char *const *path, const char *value, bool list,
                            size_t indent)
{
	struct style style = style_of(edit->document->root);

	if (path[1] && style.sections)
		return arena_printf(edit->arena, "%s:%s%s%s", *path, line_break(edit),
		                    spaces(edit, indent + style.step),
		                    in_lines(edit, path + 1, value, list, indent + style.step));
	if (!path[1] && list && style.lists)
		return arena_printf(edit->arena, "%s:%s%s- %s", *path, line_break(edit),
		                    spaces(edit, indent + style.dash), scalar(edit, value));
	return in_brackets(edit, path, value, list);
}

/* --- putting --- */

static void put_in_brackets(struct edit *edit, const struct node *collection, const char *what)
{
	const struct node *first = collection->first, *last = collection->last;
	size_t after, end;
	uint32_t column;
	bool comma;

	if (!first) {
		after = start_of(edit, collection) + 1;
		splice(edit, after, after, what);
		return;
	}
	end = after = end_of(edit, last);
	comma = has_comma(edit, &after);
	column = last->key ? last->key_span.column : last->span.column;
	if (begins_line(edit, place(edit, last->key ? last->key_span.line : last->span.line, column)) &&
	    ends_line(edit, after)) {
		if (!comma)
			splice(edit, end, end, ",");
		after = line_end(edit, after);
		splice(edit, after, after,
		       arena_printf(edit->arena, "%s%s%s%s", line_break(edit), spaces(edit, column - 1), what,
		                    comma ? "," : ""));
		return;
	}
	column = first->key ? first->key_span.column : first->span.column;
	if (end - line_start(edit, end) + strlen(what) + 3 > LINE_MAX_COLUMNS)
		what = arena_printf(edit->arena, ",%s%s%s", line_break(edit), spaces(edit, column - 1), what);
	else
		what = arena_printf(edit->arena, ", %s", what);
	splice(edit, end, end, what);
}

/* On the line behind the last thing that belongs to it, and that thing's comment. */
static void put_line(struct edit *edit, const struct node *collection, const char *what)
{
	size_t after = line_end(edit, end_of(edit, collection));

	splice(edit, after, after,
	       arena_printf(edit->arena, "%s%s%s", line_break(edit), spaces(edit, collection->span.column - 1), what));
}

static void put_entry(struct edit *edit, const struct node *list, const char *value)
{
	const struct node *first = list->first;
	size_t gap = 1;

	if (list->flow) {
		put_in_brackets(edit, list, scalar(edit, value));
		return;
	}
	/* as many blanks behind the dash as before */
	if (first->span.line == list->span.line && first->span.column > list->span.column)
		gap = first->span.column - list->span.column - 1;
	put_line(edit, list, arena_printf(edit->arena, "-%s%s", spaces(edit, gap), scalar(edit, value)));
}

static bool is_entry(const struct node *node, const char *value)
{
	const struct node *path = node_get(node, "path");

	if (node->kind == NODE_SCALAR)
		return strcmp(node->text, value) == 0;
	return path && path->kind == NODE_SCALAR && strcmp(path->text, value) == 0;
}

static bool has_entry(const struct node *list, const char *value)
{
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		if (entry->kind == NODE_SCALAR && is_entry(entry, value))
			return true;
	}
	return false;
}

static int replace(struct edit *edit, const struct node *node, const char *with)
{
	if (node->kind != NODE_SCALAR || (node->quoted && node->span.line != node->end_line))
		return -1;
	splice(edit, start_of(edit, node), end_of(edit, node), with);
	return 0;
}

int edit_put(struct edit *edit, const char *const *path, const char *value, bool list)
{
	const struct node *node = edit->document->root;
	const char *text;

	for (; *path && node->kind == NODE_MAPPING; path++) {
		const struct node *child = node_get(node, *path);

		if (!child && node->flow)
			put_in_brackets(edit, node, in_brackets(edit, path, value, list));
		else if (!child)
			put_line(edit, node, in_lines(edit, path, value, list, node->span.column - 1));
		if (!child)
			return 0;
		node = child;
	}
	if (!*path && node->kind == NODE_LIST && list) {
		if (!has_entry(node, value))
			put_entry(edit, node, value);
		return 0;
	}
	if (!*path && !list)
		return replace(edit, node, scalar(edit, value));
	text = in_brackets(edit, path, value, list);
	return replace(edit, node, *path ? arena_printf(edit->arena, "{%s}", text) : text);
}

/* --- removing --- */

static void remove_from_brackets(struct edit *edit, const struct node *node, const struct node *before)
{
	size_t from = node->key ? key_of(edit, node) : start_of(edit, node), to = end_of(edit, node), after = to;
	bool comma = has_comma(edit, &after);

	if (begins_line(edit, from) && ends_line(edit, after) && (comma || !before || node->next)) {
		splice(edit, line_start(edit, from), next_line(edit, after), "");
		return;
	}
	if (comma && node->next)
		splice(edit, from, skip_blanks(edit, after), "");
	else if (before)
		splice(edit, end_of(edit, before), to, "");
	else
		splice(edit, from, comma ? after : to, "");
}

/* The whole lines from one place to another. */
static void remove_lines(struct edit *edit, size_t from, size_t to)
{
	splice(edit, line_start(edit, from), next_line(edit, to), "");
}

static int remove_entry(struct edit *edit, const struct node *list, const char *value)
{
	const struct node *before = NULL, *node = list->first;
	size_t from, colon;

	for (; node && !is_entry(node, value); node = node->next)
		before = node;
	if (!node)
		return -1;
	if (list->flow) {
		remove_from_brackets(edit, node, before);
		return 0;
	}
	from = start_of(edit, node);
	/* the only one leaves an empty list */
	if (list->count == 1) {
		colon = place(edit, list->key_span.line, list->key_span.column + list->key_span.length);
		colon = skip_blanks(edit, colon) + 1;
		splice(edit, colon, colon, " []");
	}
	remove_lines(edit, from, end_of(edit, node));
	return 0;
}

/* A section that would be left without keys goes as a whole. */
static int remove_key(struct edit *edit, const char *const *path)
{
	const struct node *node = edit->document->root, *parent = NULL, *before = NULL, *holder = NULL, *victim = NULL;

	for (; *path; path++) {
		parent = node;
		node = node_get(parent, *path);
		if (!node)
			return -1;
		if (parent->count > 1 || !victim) {
			holder = parent;
			victim = node;
		}
	}
	if (!victim)
		return -1;
	if (!holder->flow) {
		remove_lines(edit, key_of(edit, victim), end_of(edit, victim));
		return 0;
	}
	for (const struct node *child = holder->first; child != victim; child = child->next)
		before = child;
	remove_from_brackets(edit, victim, before);
	return 0;
}

int edit_remove(struct edit *edit, const char *const *path, const char *value)
{
	const struct node *node = edit->document->root;

	if (!value)
		return remove_key(edit, path);
	for (; *path && node; path++)
		node = node_get(node, *path);
	return node && node->kind == NODE_LIST ? remove_entry(edit, node, value) : -1;
}
