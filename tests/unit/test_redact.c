/* base/redact: secrets are shown as ***, as they are and as they look when escaped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/redact.h"
#include "base/text.h"

#define SECRET(text) \
	{ \
		text, sizeof(text) - 1 \
	}

static const struct secret_bytes secrets[] = {
	SECRET("hunter2"),
	SECRET("from a file\n"),
	SECRET("abc"), /* too short */
	SECRET("tab\there\x01"),
	SECRET("-----BEGIN KEY-----\nMIIB0123456789\nxyz\n-----END KEY-----\n"),
	SECRET("binary\0behind"),
	SECRET("\xff\xfe\xfd\xfc"),
	SECRET("\n\n\n\n\n"),
};

static void values_become_stars(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "nothing", "nothing" },
		{ "hunter2", "***" },
		{ "read /keys/hunter2/x", "read /keys/***/x" },
		{ "hunter2hunter2 hunter", "****** hunter" },
		{ "hunterhunter2", "hunter***" },
		{ "from a file", "***" },
		{ "abc", "abc" },
		{ "a tab\there\x01.", "a ***." },
		{ "a tab\\x09here\\x01.", "a ***." },
		{ "line MIIB0123456789 of it, xyz", "line *** of it, xyz" },
		{ "binary", "***" },
		{ "\\xff\\xfe\\xfd\\xfc", "***" },
		{ "\\xff\\xfe\\xfd", "\\xff\\xfe\\xfd" },
		{ "two\n\n\n\n\nlines", "two\n\n\n\n\nlines" },
	};

	(void)state;
	redact_values(secrets, sizeof(secrets) / sizeof(secrets[0]));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];

		strcpy(text, rows[i].text);
		assert_ptr_equal(redact(text), text);
		assert_string_equal(text, rows[i].shown);
	}
	redact_values(NULL, 0);
}

static void what_was_escaped_is_found(void **state)
{
	(void)state;
	redact_values(secrets, sizeof(secrets) / sizeof(secrets[0]));
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]) - 1; i++) {
		TEXT_CLEANUP struct text text = { 0 };

		if (secrets[i].length < REDACT_MIN)
			continue;
		text_add(&text, "<");
		text_add_escaped(&text, secrets[i].bytes);
		redact(text.data);
		assert_int_equal(strncmp(text.data, "<***", 4), 0);
	}
	redact_values(NULL, 0);
}

static void nothing_is_changed_without_secrets(void **state)
{
	char text[] = "hunter2";

	(void)state;
	assert_string_equal(redact(text), "hunter2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_stars),
		cmocka_unit_test(what_was_escaped_is_found),
		cmocka_unit_test(nothing_is_changed_without_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
