/* base/: units in both directions, name tables, distances, collected diagnostics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/diagnostics.h"
#include "base/names.h"
#include "base/units.h"

struct unit_row {
	const char *text;
	enum unit_fault fault;
	uint64_t value;
	const char *suggestion;
};

static void reads_sizes(void **state)
{
	const struct unit_row rows[] = {
		{ "0B", UNIT_OK, 0, "" },
		{ "1K", UNIT_OK, 1024, "" },
		{ "1Ki", UNIT_OK, 1024, "" },
		{ "1.5K", UNIT_OK, 1536, "" },
		{ "3G", UNIT_OK, UINT64_C(3) << 30, "" },
		{ "2Ti", UNIT_OK, UINT64_C(2) << 40, "" },
		{ "7B", UNIT_OK, 7, "" },
		{ "512", UNIT_MISSING, 0, "512M" },
		{ "512k", UNIT_WRONG, 0, "512K" },
		{ "512mb", UNIT_WRONG, 0, "512M" },
		{ "512 MB", UNIT_WRONG, 0, "512M" },
		{ "1.5gb", UNIT_WRONG, 0, "1.5G" },
		{ "512 M", UNIT_WRONG, 0, "512M" },
		{ "512x", UNIT_WRONG, 0, "" },
		{ "1.25K", UNIT_NOT_A_NUMBER, 0, "" },
		{ "0.1K", UNIT_NOT_A_NUMBER, 0, "" },
		{ "1.K", UNIT_NOT_A_NUMBER, 0, "" },
		{ ".5K", UNIT_NOT_A_NUMBER, 0, "" },
		{ "+1K", UNIT_NOT_A_NUMBER, 0, "" },
		{ "-1K", UNIT_NOT_A_NUMBER, 0, "" },
		{ " 1K", UNIT_NOT_A_NUMBER, 0, "" },
		{ "", UNIT_NOT_A_NUMBER, 0, "" },
		{ "8388608T", UNIT_TOO_LARGE, 0, "" },
		{ "18446744073709551616K", UNIT_TOO_LARGE, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char suggestion[32] = "?";
		uint64_t value = 0;

		assert_int_equal(parse_size(rows[i].text, &value, suggestion, sizeof(suggestion)), rows[i].fault);
		assert_true(value == rows[i].value);
		assert_string_equal(suggestion, rows[i].suggestion);
	}
}

static void reads_durations(void **state)
{
	const struct unit_row rows[] = {
		{ "500ms", UNIT_OK, 500, "" },
		{ "30s", UNIT_OK, 30000, "" },
		{ "1.5h", UNIT_OK, 5400000, "" },
		{ "2d", UNIT_OK, 172800000, "" },
		{ "0s", UNIT_OK, 0, "" },
		{ "0.5m", UNIT_OK, 30000, "" },
		{ "30", UNIT_MISSING, 0, "30s" },
		{ "10 minutes", UNIT_WRONG, 0, "10m" },
		{ "5M", UNIT_WRONG, 0, "5m" },
		{ "3 Sec", UNIT_WRONG, 0, "3s" },
		{ "1w", UNIT_WRONG, 0, "" },
		{ "soon", UNIT_NOT_A_NUMBER, 0, "" },
		{ "0.5ms", UNIT_NOT_A_NUMBER, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char suggestion[32] = "?";
		uint64_t value = 0;

		assert_int_equal(parse_duration(rows[i].text, &value, suggestion, sizeof(suggestion)), rows[i].fault);
		assert_true(value == rows[i].value);
		assert_string_equal(suggestion, rows[i].suggestion);
	}
}

static void prints_what_reads_back(void **state)
{
	const uint64_t values[] = {
		0, 1, 999, 1000, 1024, 1536, 60000, 90000, 3600000, 1 << 20, (uint64_t)5 << 40, INT64_MAX
	};
	char buffer[32], suggestion[32];
	uint64_t back;

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		format_size(values[i], buffer, sizeof(buffer));
		assert_int_equal(parse_size(buffer, &back, suggestion, sizeof(suggestion)), UNIT_OK);
		assert_true(back == values[i]);
		format_duration(values[i], buffer, sizeof(buffer));
		assert_int_equal(parse_duration(buffer, &back, suggestion, sizeof(suggestion)), UNIT_OK);
		assert_true(back == values[i]);
	}
	assert_string_equal(format_size(1000, buffer, sizeof(buffer)), "1000B");
	assert_string_equal(format_size(1536 << 10, buffer, sizeof(buffer)), "1536K");
	assert_string_equal(format_duration(1500, buffer, sizeof(buffer)), "1500ms");
	assert_string_equal(format_duration(7200000, buffer, sizeof(buffer)), "2h");
}

static void reads_counts(void **state)
{
	uint64_t count = 7;

	(void)state;
	assert_int_equal(parse_count("64", &count), UNIT_OK);
	assert_int_equal(count, 64);
	assert_int_not_equal(parse_count("64.0", &count), UNIT_OK);
	assert_int_not_equal(parse_count("6 4", &count), UNIT_OK);
	assert_int_not_equal(parse_count("0x10", &count), UNIT_OK);
	assert_int_not_equal(parse_count("", &count), UNIT_OK);
	assert_int_equal(parse_count("99999999999999999999", &count), UNIT_TOO_LARGE);
	assert_int_equal(count, 64);
}

static void measures_distance(void **state)
{
	char longest[200];

	(void)state;
	assert_int_equal(edit_distance("files", "files", 3), 0);
	assert_int_equal(edit_distance("FILES", "files", 3), 0);
	assert_int_equal(edit_distance("fiels", "files", 3), 1); /* a transposition is one edit */
	assert_int_equal(edit_distance("file", "files", 3), 1);
	assert_int_equal(edit_distance("kitten", "sitting", 3), 3);
	assert_true(edit_distance("kitten", "sitting", 2) > 2);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_true(edit_distance(longest, "a", 3) > 3);
}

static void finds_the_nearest(void **state)
{
	static const char *const names[] = { "read", "write", "deny", "presets", "tmp", "home", NULL };

	(void)state;
	assert_string_equal(nearest_name("raed", names), "read");
	assert_string_equal(nearest_name("presest", names), "presets");
	assert_null(nearest_name("x", names));
	assert_null(nearest_name("", names));
	assert_null(nearest_name("completely-different", names));
}

static void name_tables(void **state)
{
	static const struct name_value table[] = { { "none", 0 }, { "host", 1 }, { "private", 2 }, { NULL, 0 } };
	char buffer[64];
	int value = -1;

	(void)state;
	assert_true(name_find(table, "host", &value));
	assert_int_equal(value, 1);
	assert_false(name_find(table, "Host", &value));
	assert_string_equal(name_of(table, 2), "private");
	assert_string_equal(name_of(table, 9), "?");
	assert_string_equal(name_list(table, buffer, sizeof(buffer)), "none, host or private");
	assert_string_equal(name_list(table, buffer, 8), "none, h");
}

static void diagnostics_are_sorted_and_bounded(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics list = { .arena = &arena };
	const struct source_pos places[] = {
		{ "b", 9, 1 }, { "a", 5, 1 }, { "b", 2, 7 }, { "b", 2, 3 }, { "a", 1, 1 }
	};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		diagnostics_add(&list, SEVERITY_ERROR, CODE_BAD_VALUE, places[i], "number %zu", i);
	diagnostics_sort(&list);
	assert_string_equal(list.items[0].message, "number 3");
	assert_string_equal(list.items[1].message, "number 2");
	assert_string_equal(list.items[2].message, "number 0");
	assert_string_equal(list.items[3].message, "number 4");
	assert_string_equal(list.items[4].message, "number 1");
	for (size_t i = 0; i < 500; i++)
		assert_non_null(diagnostics_add(&list, SEVERITY_ERROR, CODE_BAD_VALUE, places[0], "more"));
	assert_int_equal(list.errors, 505);
	assert_int_equal(list.count, 100);
	/* A warning is still kept when there are many errors. */
	diagnostics_add(&list, SEVERITY_WARNING, CODE_RISKY_GRANT, places[0], "beware");
	assert_int_equal(list.count, 101);
	assert_int_equal(list.errors, 505);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_sizes),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(prints_what_reads_back),
		cmocka_unit_test(reads_counts),
		cmocka_unit_test(measures_distance),
		cmocka_unit_test(finds_the_nearest),
		cmocka_unit_test(name_tables),
		cmocka_unit_test(diagnostics_are_sorted_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
