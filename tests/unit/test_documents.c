/* What people read must know what the tables know: manual pages, starter profiles, help. Runs from the project's
 * directory. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "commands/init.h"
#include "commands/options.h"
#include "commands/report.h"
#include "profile/load.h"
#include "profile/table.h"

static char page[256 * 1024];

static void read_page(const char *path)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read_all(fd, page, sizeof(page) - 1);

	if (length < 0)
		fail_msg("%s cannot be read from here", path);
	page[length < 0 ? 0 : length] = '\0';
}

/* "--cpu-time" as the manual page writes it: \fB\-\-cpu\-time\fR. */
static void expect_bold(const char *path, const char *word)
{
	char expected[256] = "\\fB";
	size_t used = strlen(expected);

	for (; *word; word++)
		used += (size_t)snprintf(expected + used, sizeof(expected) - used, *word == '-' ? "\\-" : "%c", *word);
	snprintf(expected + used, sizeof(expected) - used, "\\fR");
	if (!strstr(page, expected))
		fail_msg("%s says nothing about %s", path, expected);
}

static void manual_knows_every_option(void **state)
{
	(void)state;
	read_page("docs/pyconfine.1");
	for (const struct option_row *row = option_rows; row->name; row++)
		expect_bold("docs/pyconfine.1", row->name);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		expect_bold("docs/pyconfine.1", commands[i].name);
}

static void manual_knows_every_field_of_reports(void **state)
{
	(void)state;
	read_page("docs/pyconfine.1");
	for (const struct report_field *field = report_fields; field->path; field++)
		expect_bold("docs/pyconfine.1", field->path);
}

static void manual_knows_every_key(void **state)
{
	(void)state;
	read_page("docs/pyconfine.yaml.5");
	for (const struct field *field = profile_fields; field->path; field++)
		expect_bold("docs/pyconfine.yaml.5", field->path);
}

/* The other way round: a key that was renamed must not stay in the page. */
static void manual_knows_no_other_key(void **state)
{
	(void)state;
	read_page("docs/pyconfine.yaml.5");
	for (const char *entry = strstr(page, ".TP\n\\fB"); entry; entry = strstr(entry + 1, ".TP\n\\fB")) {
		char key[80];

		assert_int_equal(sscanf(entry, ".TP\n\\fB%79[^\\]\\fR", key), 1);
		if (!field_find(key))
			fail_msg("docs/pyconfine.yaml.5 tells of %s, which is no key", key);
	}
}

static void starters_are_clean(void **state)
{
	(void)state;
	for (const struct starter *starter = starters; starter->text; starter++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		struct diagnostics diagnostics = { .arena = &arena };
		struct profile_request request = { .script = "x.py" };
		struct profile profile;

		assert_int_equal(profile_check("starter.yaml", starter->text, strlen(starter->text), &request, &arena,
		                               &profile, &diagnostics),
		                 0);
		if (diagnostics.count > 0)
			fail_msg("%s: %s", starter->default_name, diagnostics.items[0].message);
		if (profile.not_yet.count > 0)
			fail_msg("%s cannot be run: %s", starter->default_name, profile.not_yet.items[0].value);
	}
}

static void init_names_files(void **state)
{
	static const char *const rows[][2] = {
		{ "report", "report.pyconfine.yaml" },
		{ "report.py", "report.pyconfine.yaml" },
		{ "dir/report.py", "dir/report.pyconfine.yaml" },
		{ "report.pyconfine.yaml", "report.pyconfine.yaml" },
		{ "mine.yaml", "mine.yaml" },
		{ ".py", ".py.pyconfine.yaml" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };

		assert_string_equal(init_file_name(rows[i][0], &arena), rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_knows_every_option), cmocka_unit_test(manual_knows_every_key),
		cmocka_unit_test(manual_knows_no_other_key), cmocka_unit_test(starters_are_clean),
		cmocka_unit_test(init_names_files),          cmocka_unit_test(manual_knows_every_field_of_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
