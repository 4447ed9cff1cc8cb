#include "profile/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"

/* A longer line helps nobody as context, and a file of one long line would be copied once for each fault. */
enum { SOURCE_LINE_MAX = 400 };

struct builder {
	struct document *document;
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct node *open[DOCUMENT_DEPTH_MAX]; /* the collections that are not closed yet, outermost first */
	size_t depth;
	size_t nodes;
	const char *key; /* read, its value not yet */
	struct span key_span;
	bool key_broken;
};

static const char *line_text(const struct document *document, uint32_t line, struct arena *arena)
{
	const char *start = document->data, *end = document->data + document->length, *stop;

	for (uint32_t i = 1; i < line && start; i++) {
		start = memchr(start, '\n', (size_t)(end - start));
		if (start)
			start++;
	}
	if (!start || line == 0)
		return NULL;
	stop = memchr(start, '\n', (size_t)(end - start));
	if (!stop)
		stop = end;
	if (stop > start && stop[-1] == '\r')
		stop--;
	return stop - start > SOURCE_LINE_MAX ? NULL : arena_strndup(arena, start, (size_t)(stop - start));
}

struct diagnostic *document_report(const struct document *document, struct diagnostics *diagnostics,
                                   enum severity severity, enum message_code code, const struct span *span,
                                   const char *format, ...)
{
	struct source_pos pos = { document->file, span->line, span->column };
	struct diagnostic *item;
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	item = diagnostics_add(diagnostics, severity, code, pos, "%s", message);
	item->length = span->length;
	/* Beyond the limit nothing is kept: no line either. */
	if (document->data && item->message[0])
		item->source_line = line_text(document, span->line, diagnostics->arena);
	return item;
}

const struct node *node_get(const struct node *mapping, const char *key)
{
	if (!mapping || mapping->kind != NODE_MAPPING)
		return NULL;
	for (const struct node *child = mapping->first; child; child = child->next) {
		if (strcmp(child->key, key) == 0)
			return child;
	}
	return NULL;
}

static struct span span_of(const yaml_mark_t *start, const yaml_mark_t *end)
{
	struct span span = { (uint32_t)start->line + 1, (uint32_t)start->column + 1, 1 };

	if (end->line == start->line && end->column > start->column)
		span.length = (uint32_t)(end->column - start->column);
	return span;
}

static void set_end(struct node *node, const yaml_mark_t *end)
{
	node->end_line = (uint32_t)end->line + 1;
	node->end_column = (uint32_t)end->column + 1;
}

static void report(struct builder *b, enum message_code code, const struct span *span, const char *message,
                   const char *hint)
{
	document_report(b->document, b->diagnostics, SEVERITY_ERROR, code, span, "%s", message)->hint = hint;
}

/* libyaml's words for the faults that people make most, in ours. */
static const struct {
	const char *problem; /* a part of it */
	const char *message;
	const char *hint;
} yaml_problems[] = {
	{ "character that cannot start any token", "a value cannot begin with this character",
	  "Put the value in quotes. Indent with spaces, never with tabs." },
	{ "tab character", "a tab where YAML wants spaces", "Indent with spaces." },
	{ "mapping values are not allowed", "a second ':' in one line, or wrong indentation",
	  "Put values that hold ': ' in quotes, and a space behind each key's ':'." },
	{ "could not find expected ':'", "a key without ':'", "Write `key: value`, with a space behind the colon." },
	{ "did not find expected key", "a key was expected here", "Keys of one mapping begin in the same column." },
	{ "did not find expected ',' or ']'", "the list is not closed: ',' or ']' expected", NULL },
	{ "did not find expected ',' or '}'", "the mapping is not closed: ',' or '}' expected", NULL },
	{ "unexpected end of stream", "the file ends inside quotes", "Close the quotes." },
	{ "did not find expected alphabetic or numeric character", "* and & are not used in profiles",
	  "Put a value that begins with * or & in quotes: \"*.cdn.net:443\"." },
};

static void report_syntax(struct builder *b, const yaml_parser_t *parser)
{
	struct span span = span_of(&parser->problem_mark, &parser->problem_mark);
	const char *problem = parser->problem ? parser->problem : "not valid YAML";

	if (parser->error == YAML_MEMORY_ERROR)
		problem = "the YAML reader ran out of memory";
	for (size_t i = 0; i < sizeof(yaml_problems) / sizeof(yaml_problems[0]); i++) {
		if (strstr(problem, yaml_problems[i].problem)) {
			report(b, CODE_YAML_SYNTAX, &span, yaml_problems[i].message, yaml_problems[i].hint);
			return;
		}
	}
	document_report(b->document, b->diagnostics, SEVERITY_ERROR, CODE_YAML_SYNTAX, &span, "not valid YAML: %s",
	                problem);
}

/* Characters that end a line for YAML 1.1, but for no editor: what is seen would not be what is read. C1 controls as
 * well. */
static bool is_hidden(const char *text, size_t length)
{
	if (length == 2)
		return text[0] == '\xc2' && (unsigned char)text[1] < 0xa0;
	return length == 3 && (memcmp(text, "\xe2\x80\xa8", 3) == 0 || memcmp(text, "\xe2\x80\xa9", 3) == 0);
}

/* What is wrong with the character at data[i], of `step` bytes; NULL when nothing is. */
static const char *byte_fault(const char *data, size_t length, size_t i, size_t step)
{
	unsigned char byte = (unsigned char)data[i];

	if (step == 0)
		return "is not UTF-8";
	if (byte == '\r' && i + 1 < length && data[i + 1] == '\n')
		return NULL;
	if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f)
		return "is a control character";
	return is_hidden(data + i, step) ? "begins a hidden control character" : NULL;
}

/* Everything that no place of a profile may hold, before libyaml sees it: it would take UTF-16 and report bytes without
 * a line. Returns -1 at the first fault, since what follows is most likely no text at all. */
static int check_bytes(struct builder *b)
{
	const char *data = b->document->data;
	size_t length = b->document->length;
	struct span span = { 1, 1, 1 };

	for (size_t i = 0; i < length;) {
		unsigned char byte = (unsigned char)data[i];
		const char *fault;
		size_t step;

		/* Nearly all bytes are these. */
		if (byte >= 0x20 && byte < 0x7f) {
			i++;
			span.column++;
			continue;
		}
		step = utf8_length(data + i, length - i);
		fault = byte_fault(data, length, i, step);
		if (fault) {
			document_report(b->document, b->diagnostics, SEVERITY_ERROR, CODE_YAML_SYNTAX, &span,
			                "byte 0x%02x %s", byte, fault)
				->hint = "Profiles are UTF-8 text.";
			return -1;
		}
		i += step;
		span.column++;
		if (byte == '\n') {
			span.line++;
			span.column = 1;
		}
	}
	return 0;
}

static void append(struct builder *b, struct node *node)
{
	struct node *parent = b->depth > 0 ? b->open[b->depth - 1] : NULL;

	if (!parent) {
		b->document->root = node;
		return;
	}
	node->key = parent->kind == NODE_MAPPING ? b->key : NULL;
	node->key_span = b->key_span;
	node->broken |= b->key_broken;
	b->key = NULL;
	b->key_broken = false;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
}

static int compare_keys(const void *a, const void *b)
{
	const struct node *left = *(const struct node *const *)a, *right = *(const struct node *const *)b;
	int order = strcmp(left->key, right->key);

	if (order != 0)
		return order;
	if (left->key_span.line != right->key_span.line)
		return left->key_span.line < right->key_span.line ? -1 : 1;
	return left->key_span.column < right->key_span.column ? -1 : 1;
}

/* Sorted rather than compared each with each: a file may hold tens of thousands of keys. */
static void check_duplicates(struct builder *b, const struct node *mapping)
{
	struct node **sorted;
	size_t count = 0;

	if (mapping->count < 2)
		return;
	sorted = arena_array(b->arena, mapping->count, sizeof(struct node *));
	for (struct node *child = mapping->first; child; child = child->next)
		sorted[count++] = child;
	qsort(sorted, count, sizeof(struct node *), compare_keys);
	for (size_t i = 1; i < count; i++) {
		char shown[128];

		if (strcmp(sorted[i]->key, sorted[i - 1]->key) != 0)
			continue;
		document_report(b->document, b->diagnostics, SEVERITY_ERROR, CODE_DUPLICATE_KEY, &sorted[i]->key_span,
		                "key \"%s\" stands here a second time; the first is in line %u",
		                escape_into(shown, sizeof(shown), sorted[i]->key), sorted[i - 1]->key_span.line);
	}
}

/* NUL, escape sequences and the like, which double quotes can spell out ("\0", "\e"). Line breaks and tabs pass: a
 * description may hold them. */
static bool has_control(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)value[i];

		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f)
			return true;
		if (byte == 0xc2 && i + 1 < length && (unsigned char)value[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool expects_key(const struct builder *b)
{
	return b->depth > 0 && b->open[b->depth - 1]->kind == NODE_MAPPING && !b->key;
}

static void check_decoration(struct builder *b, const yaml_char_t *anchor, const yaml_char_t *tag, struct node *node)
{
	if (anchor) {
		report(b, CODE_YAML_FORBIDDEN, &node->span, "anchors (&name) are not used in profiles",
		       "Write the value out where it is needed; put it in quotes if it is to begin with &.");
		node->broken = true;
	}
	if (tag) {
		report(b, CODE_YAML_FORBIDDEN, &node->span, "tags (!name) are not used in profiles",
		       "Scalars are strings and each key knows its type; put a value that begins with ! in quotes.");
		node->broken = true;
	}
}

static void take_key(struct builder *b, const struct node *node)
{
	b->key = node->text;
	b->key_span = node->span;
	b->key_broken = node->broken;
	if (!node->quoted && strcmp(node->text, "<<") == 0) {
		report(b, CODE_YAML_FORBIDDEN, &node->span, "merge keys (<<) are not used in profiles",
		       "Use `extends` to build on another profile.");
		b->key_broken = true;
	}
}

static void take_scalar(struct builder *b, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct node *node = arena_alloc(b->arena, sizeof(*node));
	bool control = has_control(value, length);

	node->kind = NODE_SCALAR;
	node->span = span_of(&event->start_mark, &event->end_mark);
	set_end(node, &event->end_mark);
	node->quoted = !plain;
	node->text = arena_strndup(b->arena, value, length);
	check_decoration(b, event->data.scalar.anchor, event->data.scalar.tag, node);
	if (control) {
		report(b, CODE_BAD_VALUE, &node->span, "a control character in a value",
		       "Nothing in a profile needs one; remove the escape (\\0, \\e, \\x..).");
		node->broken = true;
	}
	if (expects_key(b))
		take_key(b, node);
	else
		append(b, node);
}

static void take_alias(struct builder *b, const yaml_event_t *event)
{
	struct node *node = arena_alloc(b->arena, sizeof(*node));

	node->span = span_of(&event->start_mark, &event->end_mark);
	node->text = "";
	node->broken = true;
	report(b, CODE_YAML_FORBIDDEN, &node->span, "aliases (*name) are not used in profiles",
	       "Write the value out; put a value that begins with * in quotes: \"*.cdn.net:443\".");
	if (expects_key(b))
		take_key(b, node);
	else
		append(b, node);
}

static int open_collection(struct builder *b, const yaml_event_t *event)
{
	bool mapping = event->type == YAML_MAPPING_START_EVENT;
	struct node *node = arena_alloc(b->arena, sizeof(*node));

	node->kind = mapping ? NODE_MAPPING : NODE_LIST;
	node->span = (struct span){ (uint32_t)event->start_mark.line + 1, (uint32_t)event->start_mark.column + 1, 1 };
	if (expects_key(b)) {
		report(b, CODE_WRONG_TYPE, &node->span, "a key must be a plain word, not a list or a mapping",
		       "Put a value that begins with { or [ in quotes: \"${HOME}/data\".");
		return -1;
	}
	if (b->depth == DOCUMENT_DEPTH_MAX) {
		report(b, CODE_TOO_LARGE, &node->span, "nested more than 16 deep", NULL);
		return -1;
	}
	node->flow = mapping ? event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
	                     : event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	if (mapping)
		check_decoration(b, event->data.mapping_start.anchor, event->data.mapping_start.tag, node);
	else
		check_decoration(b, event->data.sequence_start.anchor, event->data.sequence_start.tag, node);
	append(b, node);
	b->open[b->depth++] = node;
	return 0;
}

static int open_document(struct builder *b, const yaml_event_t *event)
{
	struct span span = span_of(&event->start_mark, &event->end_mark);

	if (b->document->root) {
		report(b, CODE_YAML_FORBIDDEN, &span, "a second document (---) in one file",
		       "One profile for each file.");
		return -1;
	}
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
		report(b, CODE_YAML_FORBIDDEN, &span, "directives (%YAML, %TAG) are not used in profiles",
		       "Remove the line.");
		return -1;
	}
	return 0;
}

/* -1: reported, and what follows cannot be understood. */
static int take_event(struct builder *b, const yaml_event_t *event)
{
	struct span span = span_of(&event->start_mark, &event->end_mark);

	if (++b->nodes > DOCUMENT_NODES_MAX) {
		report(b, CODE_TOO_LARGE, &span, "more than 65536 keys and values", NULL);
		return -1;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return open_document(b, event);
	case YAML_ALIAS_EVENT:
		take_alias(b, event);
		return 0;
	case YAML_SCALAR_EVENT:
		take_scalar(b, event);
		return 0;
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return open_collection(b, event);
	case YAML_MAPPING_END_EVENT:
		check_duplicates(b, b->open[b->depth - 1]);
		set_end(b->open[--b->depth], &event->end_mark);
		return 0;
	case YAML_SEQUENCE_END_EVENT:
		set_end(b->open[--b->depth], &event->end_mark);
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	}
	return 0;
}

static int build(struct builder *b, yaml_parser_t *parser)
{
	bool ended = false;

	while (!ended) {
		yaml_event_t event;
		int taken;

		if (!yaml_parser_parse(parser, &event)) {
			report_syntax(b, parser);
			return -1;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		taken = take_event(b, &event);
		yaml_event_delete(&event);
		if (taken < 0)
			return -1;
	}
	return 0;
}

int document_parse(struct document *document, struct arena *arena, struct diagnostics *diagnostics)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const struct span whole = { 1, 1, 0 };
	struct builder b = { .document = document, .arena = arena, .diagnostics = diagnostics };
	yaml_parser_t parser;
	int result;

	document->root = NULL;
	if (document->length > DOCUMENT_BYTES_MAX) {
		struct document too_large = { .file = document->file };

		document_report(&too_large, diagnostics, SEVERITY_ERROR, CODE_TOO_LARGE, &whole, "larger than 1 MiB");
		return -1;
	}
	if (document->length >= 3 && memcmp(document->data, byte_order_mark, 3) == 0) {
		document->data += 3;
		document->length -= 3;
	}
	if (check_bytes(&b) < 0)
		return -1;
	if (!yaml_parser_initialize(&parser)) {
		report(&b, CODE_YAML_SYNTAX, &whole, "the YAML reader ran out of memory", NULL);
		return -1;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)document->data, document->length);
	result = build(&b, &parser);
	yaml_parser_delete(&parser);
	return result;
}
