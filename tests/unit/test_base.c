/* base/: units, names, escaping, the arena, errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/codes.h"
#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "base/units.h"

static void reads_sizes(void **state)
{
	const struct {
		const char *text;
		enum unit_fault fault;
		uint64_t bytes;
		const char *suggestion;
	} rows[] = {
		{ "512M", UNIT_OK, 512ULL << 20, "" }, { "1K", UNIT_OK, 1024, "" },
		{ "2Gi", UNIT_OK, 2ULL << 30, "" },    { "512", UNIT_MISSING, 0, "512M" },
		{ "512m", UNIT_WRONG, 0, "512M" },     { "512MB", UNIT_WRONG, 0, "512M" },
		{ "much", UNIT_NOT_A_NUMBER, 0, "" },  { "99999999999999999999G", UNIT_TOO_LARGE, 0, "" },
		{ "-1M", UNIT_NOT_A_NUMBER, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t bytes = 0;
		char suggestion[32] = "";

		assert_int_equal(parse_size(rows[i].text, &bytes, suggestion, sizeof(suggestion)), rows[i].fault);
		if (rows[i].fault == UNIT_OK)
			assert_true(bytes == rows[i].bytes);
		else
			assert_string_equal(suggestion, rows[i].suggestion);
	}
}

static void reads_durations(void **state)
{
	uint64_t ms = 0;
	char suggestion[32];

	(void)state;
	assert_int_equal(parse_duration("500ms", &ms, suggestion, sizeof(suggestion)), UNIT_OK);
	assert_true(ms == 500);
	assert_int_equal(parse_duration("2h", &ms, suggestion, sizeof(suggestion)), UNIT_OK);
	assert_true(ms == 7200000);
	assert_int_equal(parse_duration("30", &ms, suggestion, sizeof(suggestion)), UNIT_MISSING);
	assert_string_equal(suggestion, "30s");
}

static void finds_the_nearest_name(void **state)
{
	static const char *const names[] = { "files", "network", "exec", "limits", NULL };

	(void)state;
	assert_string_equal(nearest_name("fiels", names), "files");
	assert_string_equal(nearest_name("Netwrok", names), "network");
	assert_null(nearest_name("zebra", names));
	assert_int_equal(edit_distance("fiels", "files", 3), 1);
}

static void escapes_what_others_chose(void **state)
{
	TEXT_CLEANUP struct text text = { 0 };

	(void)state;
	text_add_escaped(&text, "a\x1b[31mb\nc\x7f\xff");
	assert_string_equal(text_string(&text), "a\\x1b[31mb\\x0ac\\x7f\\xff");
}

static void errors_gather_context(void **state)
{
	struct error err = { 0 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_set_errno(&err, CODE_MISSING_PATH, "%s", "/x"), -1);
	assert_int_equal(error_context(&err, "files.read"), -1);
	assert_string_equal(err.message, "files.read: /x: No such file or directory");
	assert_int_equal(err.sys_errno, ENOENT);
}

static void every_code_has_a_page(void **state)
{
	(void)state;
	for (int code = CODE_NONE + 1; code < CODE_COUNT; code++) {
		assert_non_null(message_codes[code].name);
		assert_non_null(message_codes[code].title);
		assert_true(strlen(message_codes[code].page) > 40);
		assert_int_equal(message_code_find(message_codes[code].name), code);
	}
	assert_int_equal(message_code_find("no-such-code"), CODE_NONE);
}

static void arena_arrays_grow(void **state)
{
	struct arena arena = { 0 };
	int *items = NULL;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		items = arena_grow(&arena, items, i, sizeof(*items));
		items[i] = (int)i;
	}
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(finds_the_nearest_name),
		cmocka_unit_test(escapes_what_others_chose),
		cmocka_unit_test(errors_gather_context),
		cmocka_unit_test(every_code_has_a_page),
		cmocka_unit_test(arena_arrays_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
