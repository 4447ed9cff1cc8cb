/* commands/options: what each command line means, and the exact words about those that mean nothing. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "commands/options.h"
#include "tree.h"

enum { WORDS_MAX = 12 };

static int count_words(const char *const *words)
{
	int count = 0;

	while (words[count])
		count++;
	return count;
}

/* The whole result in one line, so that a table can hold it. */
static void describe(struct text *out, const struct run_options *options)
{
	static const char *const kinds[] = { "script", "module", "command", "stdin" };

	for (size_t i = 0; i < options->flag_count; i++)
		text_addf(out, "%s=%s(%s) ", options->flags[i].key, options->flags[i].value, options->flags[i].flag);
	if (options->profile)
		text_addf(out, "profile=%s ", options->profile);
	if (options->cwd)
		text_addf(out, "cwd=%s ", options->cwd);
	if (options->assume)
		text_addf(out, "assume=%s ", options->assume);
	text_addf(out, "%s%s%s%s%s", options->dry_run ? "dry-run " : "", options->quiet ? "quiet " : "",
	          options->verbose ? "verbose " : "", options->json ? "json " : "", options->help ? "help " : "");
	if (!options->has_target) {
		text_add(out, "nothing");
		return;
	}
	text_addf(out, "%s:%s", kinds[options->kind], options->target ? options->target : "");
	for (size_t i = 0; options->arguments[i]; i++)
		text_addf(out, " [%s]", options->arguments[i]);
}

static int parse(enum command_id command, const char *const *words, struct arena *arena, struct text *out,
                 struct error *err)
{
	struct run_options options = { 0 };
	char *argv[WORDS_MAX + 1] = { NULL };
	int argc = count_words(words), next = 1;

	for (int i = 0; i < argc; i++)
		argv[i] = arena_strdup(arena, words[i]);
	if (options_parse(command, argc, argv, &next, arena, &options, err) ||
	    options_target(argc, argv, next, &options, err))
		return -1;
	describe(out, &options);
	return 0;
}

static void reads_command_lines(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *meaning;
	} rows[] = {
		{ { "run" }, "nothing" },
		{ { "run", "a.py" }, "script:a.py" },
		{ { "run", "a.py", "--timeout", "5s", "-q" }, "script:a.py [--timeout] [5s] [-q]" },
		{ { "run", "a.py", "--", "x" }, "script:a.py [--] [x]" },
		{ { "run", "--", "-odd.py", "x" }, "script:-odd.py [x]" },
		{ { "run", "--timeout", "5s", "a.py" }, "limits.timeout=5s(--timeout) script:a.py" },
		{ { "run", "--timeout=5s", "a.py" }, "limits.timeout=5s(--timeout) script:a.py" },
		{ { "run", "--read", "a b", "--write=c", "--net", "h:1", "--exec", "ls", "a.py" },
		  "files.read=a b(--read) files.write=c(--write) network.allow=h:1(--net) exec=ls(--exec) script:a.py" },
		{ { "run", "--env", "A", "--env", "B=", "--env=C=d=e", "a.py" },
		  "env.allow=A(--env) env.set=B=(--env) env.set=C=d=e(--env) script:a.py" },
		{ { "run", "--cpu-time", "1s", "--open-files", "9", "--file-size", "1M", "a.py" },
		  "limits.cpu_time=1s(--cpu-time) limits.open_files=9(--open-files) limits.file_size=1M(--file-size) script:a.py" },
		{ { "run", "--python", "3.12", "a.py" }, "python.interpreter=3.12(--python) script:a.py" },
		{ { "run", "-p", "x", "a.py" }, "profile=x script:a.py" },
		{ { "run", "-px", "a.py" }, "profile=x script:a.py" },
		{ { "run", "--profile=x", "--profile", "y", "a.py" }, "profile=y script:a.py" },
		{ { "run", "--cwd", "/tmp", "-q", "-v", "--dry-run", "--json", "a.py" },
		  "cwd=/tmp dry-run quiet verbose json script:a.py" },
		{ { "run", "--assume", "userns=0", "--assume=landlock=2", "a.py" },
		  "assume=userns=0,landlock=2 script:a.py" },
		{ { "run", "-m", "json.tool", "-h" }, "module:json.tool [-h]" },
		{ { "run", "-mjson.tool", "x" }, "module:json.tool [x]" },
		{ { "run", "-c", "print(1)", "x" }, "command:print(1) [x]" },
		{ { "run", "-c", "" }, "command:" },
		{ { "run", "-c", "--version" }, "command:--version" },
		{ { "run", "-" }, "stdin:" },
		{ { "run", "-q", "-", "x" }, "quiet stdin: [x]" },
		{ { "run", "--read=--odd", "a.py" }, "files.read=--odd(--read) script:a.py" },
		{ { "run", "-h" }, "help nothing" },
		{ { "explain", "--json" }, "json nothing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		TEXT_CLEANUP struct text out = { 0 };
		struct error err = { 0 };
		enum command_id command = strcmp(rows[i].words[0], "run") == 0 ? COMMAND_RUN : COMMAND_EXPLAIN;

		if (parse(command, rows[i].words, &arena, &out, &err))
			fail_msg("%s: %s", rows[i].meaning, err.message);
		assert_string_equal(text_string(&out), rows[i].meaning);
	}
}

static void refuses_command_lines(void **state)
{
	/* A row is read across. */
	/* clang-format off */
	static const struct {
		const char *words[WORDS_MAX];
		enum message_code code;
		const char *message, *hint;
	} rows[] = {
		{ { "--timeotu", "5s" }, CODE_USAGE, "unknown option --timeotu; did you mean --timeout?",
		  "`pyconfine help run` lists the options." },
		{ { "--network=x:1" }, CODE_USAGE, "unknown option --network; did you mean --net?",
		  "`pyconfine help run` lists the options." },
		{ { "--allow-read", "x" }, CODE_USAGE, "unknown option --allow-read; did you mean --read?",
		  "`pyconfine help run` lists the options." },
		{ { "--prof", "x" }, CODE_USAGE, "unknown option --prof; did you mean --profile?",
		  "`pyconfine help run` lists the options." },
		{ { "--zzzzzzz" }, CODE_USAGE, "unknown option --zzzzzzz", "`pyconfine help run` lists the options." },
		{ { "--bad\033[31m" }, CODE_USAGE, "unknown option --bad\\x1b[31m", "`pyconfine help run` lists the options." },
		{ { "-Z" }, CODE_USAGE, "unknown option -Z", "`pyconfine help run` lists the options." },
		{ { "-u", "a.py" }, CODE_USAGE, "-u is an option of python, not of pyconfine",
		  "Write it in the profile: python: {options: [\"-u\"]}" },
		{ { "-I", "a.py" }, CODE_USAGE, "-I is an option of python, not of pyconfine",
		  "Write it in the profile: python: {isolated: true}" },
		{ { "--timeout" }, CODE_USAGE, "--timeout needs a value", "Write --timeout DURATION." },
		{ { "-p" }, CODE_USAGE, "--profile needs a value", "Write --profile NAME|PATH." },
		{ { "--profile", "--read", "x" }, CODE_USAGE, "--profile needs a value, but the next word is --read",
		  "Write --profile NAME|PATH; or --profile=--read where that is meant." },
		{ { "--read=", "x" }, CODE_USAGE, "--read needs a value, and got an empty one",
		  "Write --read PATH. A variable that is not set leaves nothing behind." },
		{ { "--quiet=yes" }, CODE_USAGE, "--quiet takes no value, but got \"yes\"", "" },
		{ { "--env", "=x" }, CODE_USAGE, "--env: \"=x\" has no name before the \"=\"",
		  "Write --env NAME to pass a variable on, --env NAME=VALUE to set it." },
		{ { "--format", "json" }, CODE_USAGE, "--format is an option of `pyconfine check`, not of `pyconfine run`",
		  "`pyconfine help run` lists the options." },
		{ { "--trace=yes", "a.py" }, CODE_USAGE, "--trace takes no value, but got \"yes\"", "" },
		{ { "-m" }, CODE_USAGE, "-m needs a value", "Write -m MODULE [ARGS...]." },
		{ { "-m", "" }, CODE_USAGE, "-m needs the name of a module, and got an empty one", "" },
		{ { "-c" }, CODE_USAGE, "-c needs a value", "Write -c CODE [ARGS...]." },
		{ { "--" }, CODE_USAGE, "nothing follows \"--\"; a script was expected", "" },
		{ { "" }, CODE_USAGE, "the script's name is empty", "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		TEXT_CLEANUP struct text out = { 0 };
		const char *words[WORDS_MAX + 1] = { "run" };
		struct error err = { 0 };

		memcpy(words + 1, rows[i].words, sizeof(rows[i].words));
		if (parse(COMMAND_RUN, words, &arena, &out, &err) == 0)
			fail_msg("accepted: %s", rows[i].message);
		assert_string_equal(err.message, rows[i].message);
		assert_string_equal(err.hint, rows[i].hint);
		assert_int_equal(err.code, rows[i].code);
	}
}

static void mixes_options_and_operands(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	char words[][16] = { "check", "a.yaml", "--format", "sarif", "-", "--", "--b.yaml" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], words[5], words[6], NULL };
	struct run_options options = { 0 };
	const char **operands;
	struct error err;

	(void)state;
	assert_int_equal(options_mixed(COMMAND_CHECK, 7, argv, &arena, &options, &operands, &err), 0);
	assert_string_equal(options.format, "sarif");
	assert_string_equal(operands[0], "a.yaml");
	assert_string_equal(operands[1], "-");
	assert_string_equal(operands[2], "--b.yaml");
	assert_null(operands[3]);
	strcpy(words[3], "sarfi");
	assert_int_equal(options_mixed(COMMAND_CHECK, 7, argv, &arena, &options, &operands, &err), -1);
	assert_string_equal(err.message,
	                    "--format: \"sarfi\" is not one of text|json|sarif|github; did you mean sarif?");
}

/* Splits, and joins what came out with "|". */
static int split(const char *first_line, const char *word, struct text *out, struct error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	char program[] = "pyconfine", argument[] = "user's own";
	char *old[] = { program, arena_strdup(&arena, word), arena_strdup(&arena, tree("s.py")), argument, NULL };
	char **argv = old;
	int argc = 4;

	tree_file("s.py", first_line, 0755);
	if (options_split_shebang(&argc, &argv, &arena, err))
		return -1;
	for (int i = 1; i < argc; i++)
		text_addf(out, "%s%s", i > 1 ? "|" : "", argv[i] == old[2] ? "SCRIPT" : argv[i]);
	assert_null(argv[argc]);
	return 0;
}

static void splits_shebang_lines(void **state)
{
	static const struct {
		const char *line, *word, *result;
	} rows[] = {
		{ "#!/usr/bin/pyconfine --profile=report --timeout 5s\nprint()\n", "--profile=report --timeout 5s",
		  "--profile=report|--timeout|5s|SCRIPT|user's own" },
		{ "#! /usr/bin/pyconfine   run  -q \t-v  \n", "run  -q \t-v", "run|-q|-v|SCRIPT|user's own" },
		/* a caller's value with a blank stays whole: the script says nothing of the kind */
		{ "#!/usr/bin/python3\n", "--read=/srv/my --write=/", "--read=/srv/my --write=/|SCRIPT|user's own" },
		{ "#!/usr/bin/pyconfine --profile=report\n", "--profile=report --write=/",
		  "--profile=report --write=/|SCRIPT|user's own" },
		{ "#!/usr/bin/pyconfine --read=/a --write=/b\n", "--read=/a", "--read=/a|SCRIPT|user's own" },
		{ "print()\n", "--read a", "--read a|SCRIPT|user's own" },
		{ "", "--read a", "--read a|SCRIPT|user's own" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEXT_CLEANUP struct text out = { 0 };
		struct error err;

		assert_int_equal(split(rows[i].line, rows[i].word, &out, &err), 0);
		assert_string_equal(text_string(&out), rows[i].result);
	}
}

static void refuses_a_cut_shebang_line(void **state)
{
	TEXT_CLEANUP struct text line = { 0 }, out = { 0 };
	char word[240];
	struct error err;

	(void)state;
	text_add(&line, "#!/usr/bin/pyconfine --profile=report");
	for (int i = 0; i < 40; i++)
		text_add(&line, " --timeout=10s");
	text_add(&line, " --locked-down\n");
	snprintf(word, sizeof(word), "%s", text_string(&line) + strlen("#!/usr/bin/pyconfine "));
	assert_int_equal(split(text_string(&line), word, &out, &err), -1);
	assert_string_equal(err.message, "the first line of the script is longer than the kernel hands over");
}

/* The tables themselves: what a row says must be possible. */
static void has_sound_tables(void **state)
{
	(void)state;
	for (const struct option_row *row = option_rows; row->name; row++) {
		assert_int_equal(strncmp(row->name, "--", 2), 0);
		assert_true(row->commands != 0);
		assert_true(row->help && *row->help);
		assert_int_equal(row->action == OPTION_GRANT, row->key != NULL);
		assert_int_equal(row->kind == VALUE_NONE, row->value == NULL);
		assert_int_equal(row->kind == VALUE_WORDS, row->words != NULL);
		assert_int_equal(row->value == NULL, row->action == OPTION_SWITCH);
		assert_true(row->letter != 'm' && row->letter != 'c');
		for (const struct option_row *other = row + 1; other->name; other++) {
			assert_string_not_equal(row->name, other->name);
			assert_true(!row->letter || row->letter != other->letter);
		}
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		assert_non_null(commands[i].name);
		assert_ptr_equal(command_find(commands[i].name), &commands[i]);
	}
	assert_null(command_find("./check"));
	assert_string_equal(command_nearest("chekc"), "check");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_command_lines),        cmocka_unit_test(refuses_command_lines),
		cmocka_unit_test(mixes_options_and_operands), cmocka_unit_test(splits_shebang_lines),
		cmocka_unit_test(refuses_a_cut_shebang_line), cmocka_unit_test(has_sound_tables),
	};

	return cmocka_run_group_tests(tests, tree_setup, tree_teardown);
}
