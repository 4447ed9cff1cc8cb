/* profile/document: what YAML is taken, what is refused, and where the finger points. */
#include "profile_helpers.h"

#include <stdlib.h>

#include "profile/document.h"

struct parsed {
	struct arena arena;
	struct diagnostics diagnostics;
	struct document document;
	int result;
};

static void parse(struct parsed *parsed, const char *text, size_t length)
{
	*parsed = (struct parsed){ .document = { .file = "t.yaml", .data = text, .length = length } };
	parsed->diagnostics.arena = &parsed->arena;
	parsed->result = document_parse(&parsed->document, &parsed->arena, &parsed->diagnostics);
}

static void scalars_stay_strings_with_their_places(void **state)
{
	static const char text[] = "version: 1\nfiles:\n  read: [3.10, no, \"a b\"]\n";
	const struct node *read;
	struct parsed p;

	(void)state;
	parse(&p, text, strlen(text));
	assert_int_equal(p.result, 0);
	read = node_get(node_get(p.document.root, "files"), "read");
	assert_int_equal(read->kind, NODE_LIST);
	assert_int_equal(read->count, 3);
	assert_int_equal(read->key_span.line, 3);
	assert_int_equal(read->key_span.column, 3);
	assert_string_equal(read->first->text, "3.10");
	assert_string_equal(read->first->next->text, "no");
	assert_string_equal(read->last->text, "a b");
	assert_true(read->last->quoted);
	assert_int_equal(read->last->span.column, 20);
	assert_int_equal(read->last->span.length, 5);
	assert_null(node_get(p.document.root, "absent"));
	arena_free(&p.arena);
}

static void refuses_with_place_and_words(void **state)
{
	const struct {
		const char *text;
		enum message_code code;
		uint32_t line, column;
		const char *message;
	} rows[] = {
		{ "a: &x 1\n", CODE_YAML_FORBIDDEN, 1, 4, "anchors (&name) are not used in profiles" },
		{ "a: &x [1]\n", CODE_YAML_FORBIDDEN, 1, 4, "anchors (&name) are not used in profiles" },
		{ "a: *x\n", CODE_YAML_FORBIDDEN, 1, 4, "aliases (*name) are not used in profiles" },
		{ "a: !!str 1\n", CODE_YAML_FORBIDDEN, 1, 4, "tags (!name) are not used in profiles" },
		{ "a: !x {b: 1}\n", CODE_YAML_FORBIDDEN, 1, 4, "tags (!name) are not used in profiles" },
		{ "a: ! b\n", CODE_YAML_FORBIDDEN, 1, 4, "tags (!name) are not used in profiles" },
		{ "<<: {a: 1}\n", CODE_YAML_FORBIDDEN, 1, 1, "merge keys (<<) are not used in profiles" },
		{ "a: 1\n---\nb: 2\n", CODE_YAML_FORBIDDEN, 2, 1, "a second document (---) in one file" },
		{ "%YAML 1.1\n---\na: 1\n", CODE_YAML_FORBIDDEN, 1, 1,
		  "directives (%YAML, %TAG) are not used in profiles" },
		{ "a: 1\nb: 2\na: 3\n", CODE_DUPLICATE_KEY, 3, 1,
		  "key \"a\" stands here a second time; the first is in line 1" },
		{ "x: {b: 1, \"b\": 2}\n", CODE_DUPLICATE_KEY, 1, 11,
		  "key \"b\" stands here a second time; the first is in line 1" },
		{ "[a]: 1\n", CODE_WRONG_TYPE, 1, 1, "a key must be a plain word, not a list or a mapping" },
		{ "{{a: 1}: 1}\n", CODE_WRONG_TYPE, 1, 2, "a key must be a plain word, not a list or a mapping" },
		{ "a: \"x\\0y\"\n", CODE_BAD_VALUE, 1, 4, "a control character in a value" },
		{ "a: \"\\e[2J\"\n", CODE_BAD_VALUE, 1, 4, "a control character in a value" },
		{ "a: \"\\x85\"\n", CODE_BAD_VALUE, 1, 4, "a control character in a value" },
		{ "\"a\\x07\": 1\n", CODE_BAD_VALUE, 1, 1, "a control character in a value" },
		{ "a: b\xff\n", CODE_YAML_SYNTAX, 1, 5, "byte 0xff is not UTF-8" },
		{ "\xff\xfe"
		  "a\0",
		  CODE_YAML_SYNTAX, 1, 1, "byte 0xff is not UTF-8" },
		{ "a: \x1b[2J\n", CODE_YAML_SYNTAX, 1, 4, "byte 0x1b is a control character" },
		{ "ab: c\x7f\n", CODE_YAML_SYNTAX, 1, 6, "byte 0x7f is a control character" },
		{ "a: b\rc: d\n", CODE_YAML_SYNTAX, 1, 5, "byte 0x0d is a control character" },
		{ "a: b\xc2\x85"
		  "c: d\n",
		  CODE_YAML_SYNTAX, 1, 5, "byte 0xc2 begins a hidden control character" },
		{ "# x\xe2\x80\xa8locked: true\n", CODE_YAML_SYNTAX, 1, 4,
		  "byte 0xe2 begins a hidden control character" },
		{ "a: [1, 2\n", CODE_YAML_SYNTAX, 2, 1, "the list is not closed: ',' or ']' expected" },
		{ "a:\n\t- b\n", CODE_YAML_SYNTAX, 2, 1, "a value cannot begin with this character" },
		{ "a: b: c\n", CODE_YAML_SYNTAX, 1, 5, "a second ':' in one line, or wrong indentation" },
		{ "a: \"b\n", CODE_YAML_SYNTAX, 2, 1, "the file ends inside quotes" },
		{ "a: *.cdn.net:443\n", CODE_YAML_SYNTAX, 1, 5, "* and & are not used in profiles" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct diagnostic *item;
		struct parsed p;

		parse(&p, rows[i].text, strlen(rows[i].text));
		if (p.diagnostics.count == 0)
			fail_msg("taken: %s", rows[i].text);
		item = &p.diagnostics.items[0];
		if (item->code != rows[i].code || strcmp(item->message, rows[i].message) ||
		    item->pos.line != rows[i].line || item->pos.column != rows[i].column)
			fail_msg("%zu: %u:%u %s", i, item->pos.line, item->pos.column, item->message);
		arena_free(&p.arena);
	}
}

static void nul_bytes_are_refused(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "a: b\0c\n", 7);
	assert_int_equal(p.result, -1);
	assert_string_equal(p.diagnostics.items[0].message, "byte 0x00 is a control character");
	arena_free(&p.arena);
}

static void a_byte_order_mark_is_skipped(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a: 1\n";
	struct parsed p;

	(void)state;
	parse(&p, text, strlen(text));
	assert_int_equal(p.result, 0);
	assert_int_equal(p.diagnostics.count, 0);
	assert_string_equal(node_get(p.document.root, "a")->text, "1");
	arena_free(&p.arena);
}

/* Every structural fault of a file is found in one go. */
static void faults_are_collected(void **state)
{
	static const char text[] = "a: &x 1\nb: *x\nb: !t 2\n<<: 3\n";
	struct parsed p;

	(void)state;
	parse(&p, text, strlen(text));
	assert_int_equal(p.result, 0);
	assert_int_equal(p.diagnostics.errors, 5);
	assert_string_equal(p.diagnostics.items[0].source_line, "a: &x 1");
	arena_free(&p.arena);
}

static void parse_repeated(struct parsed *p, const char *piece, size_t total, const char *prefix)
{
	char *text = malloc(total);
	size_t length = strlen(prefix), step = strlen(piece);

	memcpy(text, prefix, length);
	for (; length + step < total; length += step)
		memcpy(text + length, piece, step);
	parse(p, text, length);
	p->document.data = text;
}

static void sixteen_levels_and_no_more(void **state)
{
	struct parsed p;

	(void)state;
	parse(&p, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", 32);
	assert_int_equal(p.result, 0);
	arena_free(&p.arena);
	parse(&p, "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", 34);
	assert_int_equal(p.result, -1);
	assert_string_equal(p.diagnostics.items[0].message, "nested more than 16 deep");
	assert_int_equal(p.diagnostics.items[0].pos.column, 17);
	arena_free(&p.arena);
}

static void a_mebibyte_of_nesting_ends_quickly(void **state)
{
	static const char *const pieces[] = { "[",         "{a: ", "- ", "[[]],", "? ", "a:\n  ",
		                              "- - - -\n", "\"",   "'",  "#",     "|\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct parsed p;

		parse_repeated(&p, pieces[i], DOCUMENT_BYTES_MAX, "");
		if (pieces[i][0] != '#')
			assert_true(p.result == -1 || p.diagnostics.errors > 0);
		free((void *)(uintptr_t)p.document.data);
		arena_free(&p.arena);
	}
}

static void more_than_a_mebibyte_is_refused(void **state)
{
	struct parsed p;

	(void)state;
	parse_repeated(&p, "# comment\n", DOCUMENT_BYTES_MAX + 20, "a: 1\n");
	assert_int_equal(p.result, -1);
	assert_int_equal(p.diagnostics.items[0].code, CODE_TOO_LARGE);
	assert_string_equal(p.diagnostics.items[0].message, "larger than 1 MiB");
	free((void *)(uintptr_t)p.document.data);
	arena_free(&p.arena);
}

static void too_many_nodes_are_refused(void **state)
{
	struct parsed p;

	(void)state;
	parse_repeated(&p, "- x\n", DOCUMENT_BYTES_MAX - 10, "");
	assert_int_equal(p.result, -1);
	assert_int_equal(p.diagnostics.items[0].code, CODE_TOO_LARGE);
	free((void *)(uintptr_t)p.document.data);
	arena_free(&p.arena);
}

static void a_billion_laughs_never_begin(void **state)
{
	static const char text[] = "a: &a [x, x, x, x, x, x, x, x, x]\n"
				   "b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
				   "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\n"
				   "d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c]\n";
	struct parsed p;

	(void)state;
	parse(&p, text, strlen(text));
	assert_int_equal(p.diagnostics.errors, 4 + 27);
	assert_true(node_get(p.document.root, "d")->count == 9);
	arena_free(&p.arena);
}

/* A file of one long line is not copied for each of its faults. */
static void long_lines_are_not_quoted(void **state)
{
	struct parsed p;

	(void)state;
	parse_repeated(&p, "&x a, ", 5000, "k: [");
	assert_true(p.diagnostics.count > 0);
	assert_null(p.diagnostics.items[0].source_line);
	free((void *)(uintptr_t)p.document.data);
	arena_free(&p.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_stay_strings_with_their_places),
		cmocka_unit_test(refuses_with_place_and_words),
		cmocka_unit_test(nul_bytes_are_refused),
		cmocka_unit_test(a_byte_order_mark_is_skipped),
		cmocka_unit_test(faults_are_collected),
		cmocka_unit_test(sixteen_levels_and_no_more),
		cmocka_unit_test(a_mebibyte_of_nesting_ends_quickly),
		cmocka_unit_test(more_than_a_mebibyte_is_refused),
		cmocka_unit_test(too_many_nodes_are_refused),
		cmocka_unit_test(a_billion_laughs_never_begin),
		cmocka_unit_test(long_lines_are_not_quoted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
