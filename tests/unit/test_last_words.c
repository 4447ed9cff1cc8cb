#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supervise/last_words.h"

#define AT \
	"Traceback (most recent call last):\n  File \"/srv/report.py\", line 14, in load_users\n    open(name)\n    ^^^^\n"
#define MISSING "FileNotFoundError: [Errno 2] No such file or directory: "

static void check(const char *text, int sys_errno, const char *target, bool program)
{
	struct last_exception found = { 0 };

	assert_true(last_words_find(text, strlen(text), &found));
	assert_int_equal(found.sys_errno, sys_errno);
	assert_string_equal(found.target, target);
	assert_int_equal(found.program, program);
}

static void names(void **state)
{
	(void)state;
	check(AT MISSING "'/etc/passwd'\n", 2, "/etc/passwd", false);
	check("noise\n" AT MISSING "'/a'\nmore\n" AT "PermissionError: [Errno 13] Permission denied: 'b c'\nbye\n", 13,
	      "b c", false);
	check(AT "module.OwnError: [Errno 30] Read-only file system: \"it's\"\n", 30, "it's", false);
	check(AT MISSING "'\\n\\t\\\\\\'\\x1b'\n", 2, "\n\t\\'\x1b", false);
	check(AT MISSING "'\\xe9\\u20ac\\U0001f40d\\udcff\xc3\xa9'\n", 2,
	      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x8d\xff\xc3\xa9", false);
	check(AT MISSING "b'\\xff/x'\n", 2, "\xff/x", false);
	check("  File \"/usr/lib/python3.11/subprocess.py\", line 1950, in _execute_child\n" MISSING "'git'\n", 2,
	      "git", true);
	check("  File \"/usr/lib/python3.11/subprocess.py\", line 1, in f\n" AT MISSING "'git'\n", 2, "git", false);
}

static void nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		MISSING "'/no/traceback'\n",
		AT MISSING "'/not/written/to/its/end'",
		AT MISSING "'/no/quote\n",
		AT MISSING "'/bad\\q'\n",
		AT MISSING "'/bad\\x0'\n",
		AT MISSING "'/nul\\x00'\n",
		AT MISSING "'\\ud800'\n",
		AT MISSING "''\n",
		AT MISSING "'a' -> 'b'\n",
		AT "ValueError: [Errno 2\n",
		AT ": [Errno 2] x: 'a'\n",
		AT "Error: [Errno 2] x\n",
		AT "Error: [Errno 2] x:\n",
		AT "Error: [Errno 99999999999999] x\n",
	};
	char text[1024] = AT MISSING "'";
	size_t start = strlen(text);
	struct last_exception found;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(last_words_find(texts[i], strlen(texts[i]), &found));
	memset(text + start, 'x', 256);
	memcpy(text + start + 256, "'\n", 3);
	assert_false(last_words_find(text, strlen(text), &found));
	memcpy(text + start + 255, "'\n", 3);
	assert_true(last_words_find(text, strlen(text), &found));
	assert_int_equal(strlen(found.target), 255);
}

static void oldest_goes(void **state)
{
	static struct last_words words;

	(void)state;
	for (int i = 0; i < 9; i++) {
		memset(last_words_room(&words, 1000), 'a' + i, 1000);
		words.length += 1000;
	}
	assert_int_equal(words.length, LAST_WORDS_SIZE);
	assert_int_equal(words.text[0], 'a');
	assert_int_equal(words.text[191], 'a');
	assert_int_equal(words.text[192], 'b');
	assert_int_equal(words.text[LAST_WORDS_SIZE - 1], 'i');
	assert_ptr_equal(last_words_room(&words, 0), words.text + LAST_WORDS_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(nothing),
		cmocka_unit_test(oldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
