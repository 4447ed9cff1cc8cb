/* `inputs`: what a rule may say, what it takes, and the words for what it does not. */
#include "profile_helpers.h"

#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "plan/inputs.h"
#include "profile/inputs.h"

/* The messages of a profile whose only argument has this rule, one a line. */
static void expect_fault(const char *rule, const char *expected)
{
	READING_CLEANUP struct reading reading;
	ARENA_CLEANUP struct arena arena = { 0 };

	read_alone(&reading, arena_printf(&arena, "version: 1\ninputs: {%s}\n", rule));
	if (reading.diagnostics.count == 0)
		fail_msg("taken: %s", rule);
	if (strcmp(reading.diagnostics.items[0].message, expected) != 0)
		fail_msg("%s\n  is:     %s\n  should: %s", rule, reading.diagnostics.items[0].message, expected);
}

static void impossible_rules_are_refused(void **state)
{
	static const struct {
		const char *rule, *expected;
	} rows[] = {
		{ "args: [{name: a, type: int, min: 5, max: 4}]", "min 5 is more than max 4: nothing could be given" },
		{ "args: [{name: a, type: int, min: 0.5}]", "\"0.5\" is no whole number, as type: int wants it" },
		{ "args: [{name: a, min: 5}]", "min is not for type: string" },
		{ "args: [{name: a, type: int, max_length: 5}]", "max_length is not for type: int" },
		{ "args: [{name: a, beneath: /w}]", "beneath is not for type: string" },
		{ "args: [{name: a, enum: []}]", "enum is empty: nothing could be given" },
		{ "args: [{name: a, enum: [b], pattern: b}]", "enum lists the values; pattern adds nothing" },
		{ "args: [{name: a, min_length: 9, max_length: 8}]",
		  "min_length 9 is more than max_length 8: nothing could be given" },
		{ "args: [{name: a, max_length: 0}]", "max_length: \"0\" is not a whole number from 1 to 131071" },
		{ "args: [{name: a, max_length: 5000, pattern: x}]",
		  "max_length is at most 4096 where there is a pattern" },
		{ "args: [{name: a, type: integer}]",
		  "type is string, int, number or path, not \"integer\"; did you mean int?" },
		{ "args: [{name: a, regex: b}]", "unknown key \"regex\"; did you mean \"pattern\"?" },
		{ "args: [{name: a, patern: b}]", "unknown key \"patern\"; did you mean \"pattern\"?" },
		{ "args: [{type: int}]", "inputs.args: a rule without name" },
		{ "args: [{name: a}, {name: a}]", "inputs.args: \"a\" stands there twice" },
		{ "args: [{name: a, repeat: true}, {name: b}]",
		  "only the last argument can be repeated, and \"a\" is not the last" },
		{ "args: [{name: a, optional: true}, {name: b}]",
		  "\"b\" follows one that is optional, so it must be optional, too" },
		{ "options: [verbose]", "inputs.options: \"verbose\" is no option" },
		{ "env: {A: {repeat: true}}", "unknown key \"repeat\"" },
		{ "stdin: text", "inputs.stdin is any, none or a mapping, not \"text\"" },
		{ "args: [{name: a, pattern: \"[0-9\"}]", "pattern: the pattern has an unmatched bracket or brace" },
		{ "args: [{name: a, pattern: \"a)|(b\"}]", "pattern: the pattern has an unmatched bracket or brace" },
		{ "args: [{name: a, pattern: \"a{x}\"}]", "pattern: the pattern has an unmatched bracket or brace" },
		{ "args: [{name: a, pattern: \"(a)\\\\1\"}]",
		  "pattern: a pattern has no escapes of letters and digits, such as \\d" },
		{ "args: [{name: a, pattern: \"a*?\"}]", "pattern: a pattern has one quantifier at a time" },
		{ "args: [{name: a, pattern: \"(?=a)\"}]",
		  "pattern: \"(?=a)\" is no pattern: Invalid preceding regular expression" },
		{ "args: [{name: a, pattern: \"((a{1,9}){1,9}){1,9}\"}]", "pattern: the pattern is too complex" },
		{ "args: [{name: a, pattern: \"a{1,1000}\"}]", "pattern: the pattern is too complex" },
		{ "args: [{name: a, pattern: \"\u00e4\"}]", "pattern: a pattern is plain ASCII" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_fault(rows[i].rule, rows[i].expected);
}

static void variables_must_be_passed_on(void **state)
{
	READING_CLEANUP struct reading reading, good;

	(void)state;
	read_merged(&reading, "version: 1\ninputs: {env: {APP_MODE: {enum: [a]}}}\n");
	assert_message(&reading, CODE_BAD_VALUE, 2, 16, 8,
	               "inputs.env: APP_MODE is not passed on to the script, so there is nothing to check");
	read_merged(&good, "version: 1\nenv: {allow: [\"APP_*\"]}\ninputs: {env: {APP_MODE: {enum: [a]}}}\n");
	assert_clean(&good);
}

/* One rule as an argument "x"; the message, or "" where the value is taken. */
static void judge_value(const char *rule, const char *value, const char *expected)
{
	READING_CLEANUP struct reading reading;
	ARENA_CLEANUP struct arena arena = { 0 };
	struct error err = { 0 };

	read_alone(&reading, arena_printf(&arena, "version: 1\ninputs: {args: [{name: x%s}]}\n", rule));
	assert_clean(&reading);
	input_value_check(&reading.profile.inputs.args.items[0], "argument 1 (x)", value, &err);
	if (strcmp(err.message, expected) != 0)
		fail_msg("%s with %s\n  is:     %s\n  should: %s", rule, value, err.message, expected);
	assert_true(!expected[0] || err.code == CODE_BAD_INPUT);
}

static void values_are_judged(void **state)
{
	static const struct {
		const char *rule, *value, *expected;
	} rows[] = {
		{ "", "any thing", "" },
		{ "", "", "argument 1 (x): \"\" is empty" },
		{ ", min_length: 0", "", "" },
		{ "", "a\nb", "argument 1 (x): \"a\\x0ab\" holds a control character, or is not UTF-8" },
		{ "", "\xff", "argument 1 (x): \"\\xff\" holds a control character, or is not UTF-8" },
		{ "", "\xe2\x80\xae",
		  "argument 1 (x): \"\\xe2\\x80\\xae\" holds a control character, or is not UTF-8" },
		{ ", max_length: 2", "\u00e4\u00f6", "" },
		{ ", max_length: 2", "abc", "argument 1 (x): \"abc\" is longer than 2 characters" },
		{ ", min_length: 2", "a", "argument 1 (x): \"a\" is shorter than 2 characters" },
		{ ", type: int", "-12", "" },
		{ ", type: int", "012", "" },
		{ ", type: int", "1.0", "argument 1 (x): \"1.0\" is no whole number" },
		{ ", type: int", "0x1", "argument 1 (x): \"0x1\" is no whole number" },
		{ ", type: int", " 1", "argument 1 (x): \" 1\" is no whole number" },
		{ ", type: int", "1_0", "argument 1 (x): \"1_0\" is no whole number" },
		{ ", type: int", "", "argument 1 (x): \"\" is no whole number" },
		{ ", type: int", "9999999999999999999", "argument 1 (x): \"9999999999999999999\" is no whole number" },
		{ ", type: int, min: 1, max: 9", "0", "argument 1 (x): \"0\" is less than 1" },
		{ ", type: int, min: 1, max: 9", "10", "argument 1 (x): \"10\" is more than 9" },
		{ ", type: number", "-1.5e3", "" },
		{ ", type: number", "nan", "argument 1 (x): \"nan\" is no number" },
		{ ", type: number", "1e999", "argument 1 (x): \"1e999\" is no number" },
		{ ", type: number", ".5", "argument 1 (x): \".5\" is no number" },
		{ ", type: number, max: 0.5", "0.51", "argument 1 (x): \"0.51\" is more than 0.5" },
		{ ", enum: [a, b]", "b", "" },
		{ ", enum: [a, b]", "c", "argument 1 (x): \"c\" is none of the values that are taken" },
		{ ", pattern: \"a|b\"", "b", "" },
		{ ", pattern: \"a|b\"", "ab", "argument 1 (x): \"ab\" does not fit the pattern" },
		{ ", pattern: \"a|ab\"", "ab", "" },
		{ ", pattern: \"[a-z0-9-]+\"", "a-9", "" },
		{ ", pattern: \"[a-z]{1,64}(-[0-9]{1,64})?\"", "ab-12", "" },
		{ ", type: path", "a/../b", "argument 1 (x): \"a/../b\" holds \"..\"" },
		{ ", type: path", "..", "argument 1 (x): \"..\" holds \"..\"" },
		{ ", type: path", "a/..b/c..", "" },
		{ ", type: path, suffixes: [.png]", "a.png", "" },
		{ ", type: path, suffixes: [.png]", "a.png.exe",
		  "argument 1 (x): \"a.png.exe\" does not end as it must" },
		{ ", type: path, suffixes: [.png]", "d/.png", "argument 1 (x): \"d/.png\" does not end as it must" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		judge_value(rows[i].rule, rows[i].value, rows[i].expected);
	judge_value("_token, max_length: 1", "hunter2", "argument 1 (x): the value is longer than 1 characters");
}

/* The worst that was found for a matcher that makes its states as it goes. */
static void no_pattern_takes_long(void **state)
{
	static const char *const patterns[] = { "((a|b)*(a|c)*)*d",   "(a|b)*a(a|b){100}c",
		                                "(a|b)*a(a|b){250}c", "((a|ab|b|ba)*a(a|b){16}){8}c",
		                                "(a?){256}ac",        "((((a*)*)*)*)*b" };
	char value[4097] = { 0 };

	(void)state;
	srand(1);
	for (size_t i = 0; i + 1 < sizeof(value); i++)
		value[i] = "ab"[rand() % 2];
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct profile_string pattern = { .value = patterns[i] }, name = { .value = "x" };
		const struct input_rule rule = { .name = name,
			                         .pattern = pattern,
			                         .max_length = { true, true, 4096, { 0 } } };
		clock_t start = clock();
		struct error err;

		assert_int_equal(input_pattern_check(patterns[i], &err), 0);
		assert_int_equal(input_value_check(&rule, "x", value, &err), -1);
		assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10);
	}
}

static void expect_stdin(enum stdin_type type, const char *data, size_t length, const char *expected)
{
	char *exact = malloc(length + 1); /* nothing behind it for a sanitizer to miss */
	struct error err = { 0 };

	memcpy(exact, data, length);
	exact = realloc(exact, length ? length : 1);
	assert_int_equal(input_stdin_check(exact, length, type, &err), expected[0] ? -1 : 0);
	free(exact);
	if (strcmp(err.message, expected) != 0)
		fail_msg("%.*s\n  is:     %s\n  should: %s", (int)length, data, err.message, expected);
}

static void stdin_is_judged(void **state)
{
	static const struct {
		enum stdin_type type;
		const char *data, *expected;
	} rows[] = {
		{ STDIN_TYPE_ANY, "\x01\xff", "" },
		{ STDIN_TYPE_TEXT, "a\tb\r\n\u00e4", "" },
		{ STDIN_TYPE_TEXT, "a\n\x1b[", "stdin, line 2: a control character, or bytes that are not UTF-8" },
		{ STDIN_TYPE_TEXT, "\xc3", "stdin, line 1: a control character, or bytes that are not UTF-8" },
		{ STDIN_TYPE_JSON, " {\"a\": [1, -0.5e+3, {}, [], true, false, null], \"b\\u00e4\\n\": \"\"} \n", "" },
		{ STDIN_TYPE_JSON, "0", "" },
		{ STDIN_TYPE_JSON, "", "stdin, line 1: JSON that does not end" },
		{ STDIN_TYPE_JSON, "{\"a\": 1\n", "stdin, line 2: JSON that does not end" },
		{ STDIN_TYPE_JSON, "[1 2]", "stdin, line 1: JSON with a wrong separator" },
		{ STDIN_TYPE_JSON, "[1}", "stdin, line 1: JSON with a wrong separator" },
		{ STDIN_TYPE_JSON, "{1: 2}", "stdin, line 1: an object without a name in quotes" },
		{ STDIN_TYPE_JSON, "{\"a\" 2}", "stdin, line 1: a name without \":\"" },
		{ STDIN_TYPE_JSON, "{\"a\": 1,}", "stdin, line 1: an object without a name in quotes" },
		{ STDIN_TYPE_JSON, "[1,]", "stdin, line 1: no JSON value" },
		{ STDIN_TYPE_JSON, "01", "stdin, line 1: a number that JSON does not have" },
		{ STDIN_TYPE_JSON, "-", "stdin, line 1: a number that JSON does not have" },
		{ STDIN_TYPE_JSON, "1.", "stdin, line 1: a number that JSON does not have" },
		{ STDIN_TYPE_JSON, "NaN", "stdin, line 1: no JSON value" },
		{ STDIN_TYPE_JSON, "nul", "stdin, line 1: no JSON value" },
		{ STDIN_TYPE_JSON, "\"\\x\"", "stdin, line 1: a string with an escape that JSON does not have" },
		{ STDIN_TYPE_JSON, "\"\\u12", "stdin, line 1: a string with an escape that JSON does not have" },
		{ STDIN_TYPE_JSON, "\"a", "stdin, line 1: a string without an end" },
		{ STDIN_TYPE_JSON, "\"\n\"",
		  "stdin, line 1: a string with a control character or bytes that are not UTF-8" },
		{ STDIN_TYPE_JSON, "{} []", "stdin, line 1: more than one JSON value" },
	};
	char deep[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_stdin(rows[i].type, rows[i].data, strlen(rows[i].data), rows[i].expected);
	expect_stdin(STDIN_TYPE_TEXT, "a\0b", 3, "stdin, line 1: a control character, or bytes that are not UTF-8");
	expect_stdin(STDIN_TYPE_JSON, "1\0", 2, "stdin, line 1: more than one JSON value");
	memset(deep, '[', 500);
	memset(deep + 500, ']', 500);
	expect_stdin(STDIN_TYPE_JSON, deep, 1000, "stdin, line 1: JSON that is nested more than 256 deep");
	expect_stdin(STDIN_TYPE_JSON, deep + 300, 400, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(impossible_rules_are_refused),
		cmocka_unit_test(variables_must_be_passed_on),
		cmocka_unit_test(values_are_judged),
		cmocka_unit_test(no_pattern_takes_long),
		cmocka_unit_test(stdin_is_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
