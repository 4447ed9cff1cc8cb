/* Completions, generated from the tables of commands and options so that they cannot disagree with them. */
#include "commands/completion.h"

#include <string.h>

#include "base/exit_status.h"
#include "base/names.h"
#include "commands/options.h"
#include "commands/render.h"
#include "profile/load.h"

static bool takes(const struct option_row *row, size_t command)
{
	return row->commands & 1u << command;
}

/* In single quotes for any of the three shells. */
static void add_quoted(struct text *out, const char *string)
{
	text_add(out, "'");
	for (; *string; string++) {
		if (*string == '\'')
			text_add(out, "'\\''");
		else
			text_add_n(out, string, 1);
	}
	text_add(out, "'");
}

static void add_words(struct text *out, const char *const *words)
{
	for (size_t i = 0; words && words[i]; i++)
		text_addf(out, "%s%s", i ? " " : "", words[i]);
}

static void add_profile_names(struct text *out)
{
	for (const struct builtin_profile *profile = builtin_profiles; profile->name; profile++)
		text_addf(out, "%s%s", profile == builtin_profiles ? "" : " ", profile->name);
}

static void add_command_names(struct text *out, const char *separator)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		text_addf(out, "%s%s", i ? separator : "", commands[i].name);
}

/* What may stand where no option stands. */
static void add_operands(struct text *out, const struct command *command)
{
	if (command->operand == OPERAND_WORDS) {
		add_words(out, command->words);
	} else if (command->operand == OPERAND_TOPIC) {
		add_command_names(out, " ");
		for (size_t code = CODE_NONE + 1; code < CODE_COUNT; code++)
			text_addf(out, " %s", message_codes[code].name);
	}
}

static bool takes_files(const struct command *command)
{
	return command->operand == OPERAND_SCRIPT || command->operand == OPERAND_PROFILES;
}

static void bash_values(struct text *out)
{
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (!row->value)
			continue;
		text_addf(out, "\t%s", row->name);
		if (row->letter)
			text_addf(out, "|-%c", row->letter);
		text_add(out, ") ");
		if (row->kind == VALUE_WORDS) {
			text_add(out, "words='");
			add_words(out, row->words);
			text_add(out, "' files=");
		} else if (row->kind == VALUE_PROFILE) {
			text_add(out, "words='");
			add_profile_names(out);
			text_add(out, "' files=f");
		} else {
			text_addf(out, "words= files=%s",
			          row->kind == VALUE_DIRECTORY ? "d"
			          : row->kind == VALUE_TEXT    ? ""
			          : row->kind == VALUE_PROGRAM ? "c"
			                                       : "f");
		}
		text_add(out, " ;;\n");
	}
}

static void bash_write(struct text *out)
{
	text_add(
		out,
		"# bash completion for pyconfine\n"
		"_pyconfine() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=run words= files= first=\n"
		"\tif ((COMP_CWORD == 1)); then\n"
		"\t\tfirst='");
	add_command_names(out, " ");
	text_add(out, "'\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n\t\t");
	add_command_names(out, "|");
	text_add(out, ") command=${COMP_WORDS[1]} ;;\n\t\tesac\n\tfi\n\tcase $prev in\n");
	bash_values(out);
	text_add(out, "\t*)\n\t\tcase $command in\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		text_addf(out, "\t\t%s) words='", commands[i].name);
		add_operands(out, &commands[i]);
		for (const struct option_row *row = option_rows; row->name; row++)
			if (takes(row, i))
				text_addf(out, " %s", row->name);
		text_addf(out, "' files=%s ;;\n", takes_files(&commands[i]) ? "f" : "");
	}
	text_add(
		out,
		"\t\tesac ;;\n\tesac\n"
		"\tmapfile -t COMPREPLY < <(compgen -W \"$first $words\" -- \"$cur\"; [[ $files ]] && compgen -\"$files\" -- \"$cur\")\n"
		"\tif [[ $files == [fd] ]]; then compopt -o filenames; fi\n"
		"}\n"
		"complete -F _pyconfine pyconfine\n");
}

/* The action part of an _arguments specification. */
static void zsh_value(struct text *spec, const struct option_row *row)
{
	text_addf(spec, ":%s:", row->kind == VALUE_WORDS ? "word" : row->value);
	switch (row->kind) {
	case VALUE_WORDS:
		text_add(spec, "(");
		add_words(spec, row->words);
		text_add(spec, ")");
		break;
	case VALUE_PROFILE:
		text_add(spec, "{_alternative \"names:profile:(");
		add_profile_names(spec);
		text_add(spec, ")\" \"files:file:_files\"}");
		break;
	case VALUE_DIRECTORY:
		text_add(spec, "_files -/");
		break;
	case VALUE_FILE:
		text_add(spec, "_files");
		break;
	case VALUE_PROGRAM:
		text_add(spec, "_command_names -e");
		break;
	case VALUE_TEXT:
	case VALUE_NONE:
		text_add(spec, " ");
		break;
	}
}

static void zsh_option(struct text *out, const struct option_row *row)
{
	TEXT_CLEANUP struct text spec = { 0 };
	const char *repeat = row->action == OPTION_GRANT || row->action == OPTION_ENV || row->action == OPTION_JOIN
	                             ? "*"
	                             : "";

	/* the value's name must not hold a colon, which ends it */
	text_addf(&spec, "[%s]", row->help);
	if (row->value && !strchr(row->value, ':'))
		zsh_value(&spec, row);
	else if (row->value)
		text_add(&spec, ":value: ");
	text_addf(out, "\t\t\t'%s'%s", repeat, row->name);
	add_quoted(out, text_string(&spec));
	text_add(out, " \\\n");
	if (row->letter) {
		text_addf(out, "\t\t\t'%s'-%c", repeat, row->letter);
		add_quoted(out, text_string(&spec));
		text_add(out, " \\\n");
	}
}

static void zsh_write(struct text *out)
{
	text_add(out, "#compdef pyconfine\n"
	              "_pyconfine() {\n"
	              "\tlocal command=run\n"
	              "\tlocal -a names\n"
	              "\tnames=(\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		TEXT_CLEANUP struct text entry = { 0 };

		text_addf(&entry, "%s:%s", commands[i].name, commands[i].summary);
		text_add(out, "\t\t");
		add_quoted(out, text_string(&entry));
		text_add(out, "\n");
	}
	text_add(
		out,
		"\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe -t commands command names\n\telse\n\t\tcase $words[2] in\n\t\t(");
	add_command_names(out, "|");
	text_add(out, ") command=$words[2]; shift words; (( CURRENT-- )) ;;\n\t\tesac\n\tfi\n\tcase $command in\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		text_addf(out, "\t(%s)\n\t\t_arguments -S \\\n", commands[i].name);
		for (const struct option_row *row = option_rows; row->name; row++)
			if (takes(row, i))
				zsh_option(out, row);
		text_add(out, "\t\t\t'*:operand:");
		if (takes_files(&commands[i])) {
			text_add(out, "_files");
		} else {
			text_add(out, "(");
			add_operands(out, &commands[i]);
			text_add(out, ")");
		}
		text_add(out, "' ;;\n");
	}
	text_add(out, "\tesac\n}\n_pyconfine \"$@\"\n");
}

/* The condition under which fish offers something of this command: `run` may be left out. */
static void fish_condition(struct text *out, size_t command)
{
	if (command != COMMAND_RUN) {
		text_addf(out, "complete -c pyconfine -n '__fish_seen_subcommand_from %s' ", commands[command].name);
		return;
	}
	text_add(out, "complete -c pyconfine -n 'not __fish_seen_subcommand_from");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (i != COMMAND_RUN)
			text_addf(out, " %s", commands[i].name);
	text_add(out, "' ");
}

static void fish_option(struct text *out, const struct option_row *row, size_t command)
{
	fish_condition(out, command);
	text_addf(out, "-l %s ", row->name + 2);
	if (row->letter)
		text_addf(out, "-s %c ", row->letter);
	if (row->kind == VALUE_WORDS || row->kind == VALUE_PROFILE) {
		text_addf(out, "%s -a '", row->kind == VALUE_WORDS ? "-x" : "-r");
		if (row->kind == VALUE_WORDS)
			add_words(out, row->words);
		else
			add_profile_names(out);
		text_add(out, "' ");
	} else if (row->value) {
		text_add(out, row->kind == VALUE_TEXT ? "-x " : "-r ");
	}
	text_add(out, "-d ");
	add_quoted(out, row->help);
	text_add(out, "\n");
}

static void fish_write(struct text *out)
{
	text_add(out, "# fish completion for pyconfine\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		text_addf(out, "complete -c pyconfine -n __fish_use_subcommand -a %s -d ", commands[i].name);
		add_quoted(out, commands[i].summary);
		text_add(out, "\n");
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command *command = &commands[i];

		for (const struct option_row *row = option_rows; row->name; row++)
			if (takes(row, i))
				fish_option(out, row, i);
		if (takes_files(command))
			continue;
		fish_condition(out, i);
		text_add(out, "-f -a '");
		add_operands(out, command);
		text_add(out, "'\n");
	}
}

static const struct {
	const char *shell;
	void (*write)(struct text *out);
} writers[] = { { "bash", bash_write }, { "zsh", zsh_write }, { "fish", fish_write } };

int completion_write(struct text *out, const char *shell)
{
	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		if (strcmp(writers[i].shell, shell) != 0)
			continue;
		writers[i].write(out);
		return 0;
	}
	return -1;
}

int command_completion(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	struct run_options options = { 0 };
	const char **shells;
	struct error err;

	if (options_mixed(COMMAND_COMPLETION, argc, argv, &arena, &options, &shells, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_COMPLETION);
	if (!shells[0] || shells[1] || completion_write(&out, shells[0])) {
		error_set(&err, CODE_USAGE, "completion needs one of bash, zsh, fish");
		error_hint(&err, "Write: source <(pyconfine completion bash)");
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	return render_print(&out) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}
