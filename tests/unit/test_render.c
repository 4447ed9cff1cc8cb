/* commands/render: the exact text of faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "commands/render.h"

static struct diagnostic fault(const char *source, uint32_t column, uint32_t length)
{
	return (struct diagnostic){
		.severity = SEVERITY_ERROR,
		.code = CODE_UNKNOWN_KEY,
		.pos = { "a.yaml", 4, column },
		.length = length,
		.message = "wrong",
		.source_line = source,
	};
}

static void renders_as_the_contract_shows(void **state)
{
	static const char expected[] =
		"report.pyconfine.yaml:4:1: error: unknown key \"fiels\"; did you mean \"files\"?            [unknown-key]\n"
		"  4 | fiels:\n"
		"    | ^^^^^\n"
		"report.pyconfine.yaml:9:13: error: \"512\" has no unit; did you mean 512M?               [missing-unit]\n";
	struct diagnostic items[] = {
		{ SEVERITY_ERROR,
		  CODE_UNKNOWN_KEY,
		  { "report.pyconfine.yaml", 4, 1 },
		  5,
		  "unknown key \"fiels\"; did you mean \"files\"?",
		  NULL,
		  "fiels:" },
		{ SEVERITY_ERROR,
		  CODE_MISSING_UNIT,
		  { "report.pyconfine.yaml", 9, 13 },
		  3,
		  "\"512\" has no unit; did you mean 512M?",
		  NULL,
		  NULL },
	};
	struct diagnostics list = { .items = items, .count = 2, .errors = 2 };
	TEXT_CLEANUP struct text out = { 0 };

	(void)state;
	render_diagnostics(&out, &list, "", false);
	assert_string_equal(text_string(&out), expected);
}

static void renders_for_run(void **state)
{
	static const char expected[] =
		"pyconfine: a.yaml:12:3: warning: wrong                                                  [unknown-key]\n"
		"pyconfine:  12 |   fiels:\n"
		"pyconfine:     |   ^^^^^\n"
		"pyconfine:   first line\n"
		"pyconfine:   second line\n";
	struct diagnostic item = fault("  fiels:", 3, 5);
	TEXT_CLEANUP struct text out = { 0 };

	(void)state;
	item.pos.line = 12;
	item.severity = SEVERITY_WARNING;
	item.hint = "first line\nsecond line";
	render_diagnostic(&out, &item, "pyconfine: ", false);
	assert_string_equal(text_string(&out), expected);
}

/* The underlined part must stand below what it means, whatever the line holds. */
static void places_the_caret(void **state)
{
	/* A row is read across. */
	/* clang-format off */
	static const struct {
		const char *source;
		uint32_t column, length;
		const char *shown, *caret;
	} rows[] = {
		{ "key: value", 6, 5, "key: value", "     ^^^^^" },
		{ "\tkey: v", 2, 3, "    key: v", "    ^^^" },                             /* a tab goes to a multiple of 4 */
		{ "ab\tkey", 4, 3, "ab  key", "    ^^^" },
		{ "na\303\257ve: x", 8, 1, "na\303\257ve: x", "       ^" },                  /* two bytes, one column */
		{ "\346\227\245\346\234\254: x", 5, 1, "\346\227\245\346\234\254: x", "      ^" }, /* two columns each */
		{ "e\314\201: x", 5, 1, "e\314\201: x", "   ^" },                            /* a combining accent: none */
		{ "a\033[31mb: x", 7, 1, "a\\x1b[31mb: x", "         ^" },                    /* escaped: four columns */
		{ "\342\200\256evil: x", 8, 1, "\\xe2\\x80\\xaeevil: x", "                  ^" },
		{ "bad\377: x", 7, 1, "bad\\xff: x", "         ^" },
		{ "key:", 5, 1, "key:", "    ^" },                                           /* behind the end */
		{ "key: abc", 6, 99, "key: abc", "     ^^^" },                               /* no further than the line */
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diagnostic item = fault(rows[i].source, rows[i].column, rows[i].length);
		TEXT_CLEANUP struct text out = { 0 }, expected = { 0 };

		render_diagnostic(&out, &item, "", false);
		text_addf(&expected, "  4 | %s\n    | %s\n", rows[i].shown, rows[i].caret);
		assert_string_equal(strchr(text_string(&out), '\n') + 1, text_string(&expected));
	}
}

static void cuts_long_lines(void **state)
{
	TEXT_CLEANUP struct text source = { 0 }, out = { 0 };
	struct diagnostic item;
	const char *excerpt, *caret;

	(void)state;
	for (int i = 0; i < 20000; i++)
		text_add(&source, i == 9999 ? "X" : "-");
	item = fault(text_string(&source), 10000, 1);
	render_diagnostic(&out, &item, "", false);
	assert_true(out.length < 500);
	excerpt = strstr(text_string(&out), "  4 | ...");
	assert_non_null(excerpt);
	caret = strstr(excerpt, "\n    | ");
	assert_int_equal(strchr(excerpt, 'X') - excerpt, strchr(caret + 1, '^') - (caret + 1));
}

static void renders_errors(void **state)
{
	static const char expected[] =
		"pyconfine: report.pyconfine.yaml:12: limits.memory: no delegation here    [cannot-keep]\n"
		"pyconfine:   Relax it: require: {memory: best-effort}\n"
		"pyconfine:   See pyconfine doctor.\n";
	TEXT_CLEANUP struct text out = { 0 }, hostile = { 0 };
	struct error err;

	(void)state;
	error_set(&err, CODE_CANNOT_KEEP, "limits.memory: no delegation here");
	err.pos = (struct source_pos){ "report.pyconfine.yaml", 12, 0 };
	error_hint(&err, "Relax it: require: {memory: best-effort}\nSee pyconfine doctor.");
	render_error(&out, &err, false);
	assert_string_equal(text_string(&out), expected);
	error_set(&err, CODE_USAGE, "one\npyconfine: all is well\033[2J");
	render_error(&hostile, &err, false);
	assert_null(strchr(text_string(&hostile), '\033'));
	assert_ptr_equal(strchr(text_string(&hostile), '\n'), text_string(&hostile) + hostile.length - 1);
}

static void colours_without_moving(void **state)
{
	struct diagnostic item = fault("fiels: x", 1, 5);
	TEXT_CLEANUP struct text plain = { 0 }, colour = { 0 }, stripped = { 0 };

	(void)state;
	render_diagnostic(&plain, &item, "", false);
	render_diagnostic(&colour, &item, "", true);
	assert_non_null(strchr(text_string(&colour), '\033'));
	for (const char *c = text_string(&colour); *c; c++) {
		if (*c == '\033')
			c = strchr(c, 'm');
		else
			text_add_n(&stripped, c, 1);
	}
	assert_string_equal(text_string(&stripped), text_string(&plain));
}

static struct json_object *member(struct json_object *object, const char *path)
{
	struct json_object *found = NULL;

	assert_int_equal(json_pointer_get(object, path, &found), 0);
	return found;
}

static void renders_sarif(void **state)
{
	struct diagnostic items[] = { fault("x", 3, 5), fault("x", 1, 1), fault(NULL, 0, 0) };
	struct diagnostics list = { .items = items, .count = 3, .errors = 3 };
	TEXT_CLEANUP struct text out = { 0 };
	struct json_object *log;

	(void)state;
	items[0].pos.file = "./my dir/\303\244#.yaml";
	items[1].pos.file = "/srv/a.yaml";
	items[1].code = CODE_BAD_VALUE;
	items[2].pos.line = 0;
	items[2].severity = SEVERITY_WARNING;
	render_sarif(&out, &list);
	log = json_tokener_parse(text_string(&out));
	assert_non_null(log);
	assert_string_equal(json_object_get_string(member(log, "/version")), "2.1.0");
	assert_string_equal(json_object_get_string(member(log, "/runs/0/tool/driver/rules/1/id")), "bad-value");
	assert_int_equal(json_object_array_length(member(log, "/runs/0/tool/driver/rules")), 2);
	assert_int_equal(json_object_get_int(member(log, "/runs/0/results/2/ruleIndex")), 0);
	assert_string_equal(json_object_get_string(member(log, "/runs/0/results/2/level")), "warning");
	assert_string_equal(json_object_get_string(
				    member(log, "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri")),
	                    "my%20dir/%C3%A4%23.yaml");
	assert_string_equal(json_object_get_string(
				    member(log, "/runs/0/results/1/locations/0/physicalLocation/artifactLocation/uri")),
	                    "file:///srv/a.yaml");
	assert_int_equal(
		json_object_get_int(member(log, "/runs/0/results/0/locations/0/physicalLocation/region/endColumn")), 8);
	json_object_put(log);
}

static void renders_github(void **state)
{
	static const char expected[] =
		"::error title=unknown-key,file=a%2Cb%3A.yaml,line=4,col=3,endColumn=8::100%25 wrong%0Asecond%0Ahint\n";
	struct diagnostic item = fault("x", 3, 5);
	struct diagnostics list = { .items = &item, .count = 1, .errors = 1 };
	TEXT_CLEANUP struct text out = { 0 };

	(void)state;
	item.pos.file = "a,b:.yaml";
	item.message = "100% wrong\nsecond";
	item.hint = "hint";
	render_github(&out, &list);
	assert_string_equal(text_string(&out), expected);
}

static void renders_json(void **state)
{
	static const char *const files[] = { "bad\377.yaml", NULL };
	struct diagnostic item = fault("x", 3, 5);
	struct diagnostics list = { .items = &item, .count = 1, .errors = 1 };
	TEXT_CLEANUP struct text out = { 0 };
	struct json_object *object;

	(void)state;
	item.pos.file = files[0];
	item.message = "tab\there";
	render_json(&out, &list, files);
	object = json_tokener_parse(text_string(&out));
	assert_non_null(object);
	assert_string_equal(json_object_get_string(member(object, "/files/0")), "bad\\xff.yaml");
	assert_string_equal(json_object_get_string(member(object, "/diagnostics/0/message")), "tab\there");
	assert_int_equal(json_object_get_int(member(object, "/diagnostics/0/line")), 4);
	assert_int_equal(json_object_get_int(member(object, "/errors")), 1);
	assert_null(member(object, "/diagnostics/0/hint"));
	json_object_put(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renders_as_the_contract_shows),
		cmocka_unit_test(renders_for_run),
		cmocka_unit_test(places_the_caret),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(renders_errors),
		cmocka_unit_test(colours_without_moving),
		cmocka_unit_test(renders_sarif),
		cmocka_unit_test(renders_github),
		cmocka_unit_test(renders_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
