/* commands/completion: everything of the tables, and scripts that their shells accept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/completion.h"
#include "commands/options.h"
#include "tree.h"

static const char *const shells[] = { "bash", "zsh", "fish" };

static void names_everything(void **state)
{
	(void)state;
	for (size_t s = 0; s < sizeof(shells) / sizeof(shells[0]); s++) {
		TEXT_CLEANUP struct text out = { 0 };

		assert_int_equal(completion_write(&out, shells[s]), 0);
		for (const struct option_row *row = option_rows; row->name; row++) {
			char fish[64];

			snprintf(fish, sizeof(fish), "-l %s ", row->name + 2);
			if (!strstr(text_string(&out), s == 2 ? fish : row->name))
				fail_msg("%s does not know %s", shells[s], row->name);
			for (size_t i = 0; row->words && row->words[i]; i++)
				assert_non_null(strstr(text_string(&out), row->words[i]));
		}
		for (size_t i = 0; i < COMMAND_COUNT; i++)
			assert_non_null(strstr(text_string(&out), commands[i].name));
		assert_non_null(strstr(text_string(&out), "missing-unit")); /* help's topics */
	}
}

static void refuses_other_shells(void **state)
{
	TEXT_CLEANUP struct text out = { 0 };

	(void)state;
	assert_int_equal(completion_write(&out, "csh"), -1);
	assert_int_equal(out.length, 0);
}

/* Runs `shell -n` over the script, where the shell is installed. */
static void is_accepted_by_the_shell(void **state)
{
	size_t tried = 0;

	(void)state;
	for (size_t s = 0; s < sizeof(shells) / sizeof(shells[0]); s++) {
		TEXT_CLEANUP struct text out = { 0 }, command = { 0 };

		text_addf(&command, "command -v %s >/dev/null", shells[s]);
		if (system(text_string(&command)) != 0) {
			print_message("%s is not installed: its completions are not parsed here\n", shells[s]);
			continue;
		}
		assert_int_equal(completion_write(&out, shells[s]), 0);
		tree_file("script", text_string(&out), 0644);
		text_addf(&command, " && %s -n %s", shells[s], tree("script"));
		assert_int_equal(system(text_string(&command)), 0);
		tried++;
	}
	assert_true(tried > 0);
}

/* What bash offers for a command line; the last word is the one to be completed. */
static void offer(const char *words, struct text *out)
{
	TEXT_CLEANUP struct text script = { 0 }, command = { 0 };
	char line[256];
	FILE *pipe;

	assert_int_equal(completion_write(&script, "bash"), 0);
	text_addf(&script,
	          "compopt() { :; }\nCOMP_WORDS=(%s)\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_pyconfine\n"
	          "printf '%%s\\n' \"${COMPREPLY[@]}\"\n",
	          words);
	tree_file("script", text_string(&script), 0644);
	text_addf(&command, "cd %s && bash script", tree(""));
	pipe = popen(text_string(&command), "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe))
		text_addf(out, "%.*s ", (int)strcspn(line, "\n"), line);
	assert_int_equal(pclose(pipe), 0);
}

static void offers_what_fits(void **state)
{
	static const struct {
		const char *words, *offered;
	} rows[] = {
		{ "pyconfine expl", "explain " },
		{ "pyconfine --timeo", "--timeout " },
		{ "pyconfine check --format sa", "sarif " },
		{ "pyconfine why re", "read " },
		{ "pyconfine explain --ti", "--timeout " },
		{ "pyconfine check --ti", " " },
		{ "pyconfine -p untr", "untrusted " },
		{ "pyconfine help missing-u", "missing-unit " },
		{ "pyconfine --read my", "my$(touch x) file " }, /* whole, and not evaluated */
		{ "pyconfine my", "my$(touch x) file " },
	};

	(void)state;
	tree_file("my$(touch x) file", "", 0644);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEXT_CLEANUP struct text out = { 0 };

		offer(rows[i].words, &out);
		assert_string_equal(text_string(&out), rows[i].offered);
	}
	assert_int_not_equal(access(tree("x"), F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_everything),
		cmocka_unit_test(refuses_other_shells),
		cmocka_unit_test(is_accepted_by_the_shell),
		cmocka_unit_test(offers_what_fits),
	};

	return cmocka_run_group_tests(tests, tree_setup, tree_teardown);
}
