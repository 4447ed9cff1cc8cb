/* help: commands, options and message codes, from their tables. */
#include <string.h>

#include "base/exit_status.h"
#include "base/names.h"
#include "commands/options.h"
#include "commands/render.h"

enum { OPTION_WIDTH = 32, COMMAND_WIDTH = 13 };

static void add_padded(struct text *out, const char *left, size_t width, const char *right)
{
	text_addf(out, "  %-*s %s\n", (int)width, left, right);
}

static void add_options(struct text *out, enum command_id command)
{
	bool any = false;

	for (const struct option_row *row = option_rows; row->name; row++) {
		TEXT_CLEANUP struct text left = { 0 };

		if (!(row->commands & 1u << command))
			continue;
		if (!any)
			text_add(out, "\nOptions:\n");
		any = true;
		if (row->letter)
			text_addf(&left, "-%c, ", row->letter);
		text_addf(&left, "%s%s%s", row->name, row->value ? " " : "", row->value ? row->value : "");
		text_addf(out, "  %-*s %s\n", OPTION_WIDTH, text_string(&left), row->help);
	}
}

static void add_command(struct text *out, enum command_id id)
{
	const struct command *command = &commands[id];

	text_addf(out, "usage: pyconfine %s%s%s\n\n%s\n", command->name, *command->operands ? " " : "",
	          command->operands, command->summary);
	if (*command->details)
		text_addf(out, "\n%s", command->details);
	add_options(out, id);
}

static void add_page(struct text *out, const struct message_page *page)
{
	text_addf(out, "%s: %s\n\n%s", page->name, page->title, page->page);
}

static void add_overview(struct text *out)
{
	text_add(
		out,
		"usage: pyconfine [OPTIONS] SCRIPT [ARGS...]       run a Python script confined by a profile\n"
		"       pyconfine [OPTIONS] -m MODULE | -c CODE | -\n"
		"       pyconfine COMMAND ...\n"
		"\n"
		"Without a profile the script may read its own directory and what Python needs; it has no network and\n"
		"starts no other program. Options come before the script; what follows its name is the script's.\n"
		"\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		add_padded(out, commands[i].name, COMMAND_WIDTH, commands[i].summary);
	add_options(out, COMMAND_RUN);
	text_add(
		out,
		"\n`pyconfine help COMMAND` tells more; `pyconfine help CODE` explains the code in brackets behind a message.\n");
}

int help_show(enum command_id command)
{
	TEXT_CLEANUP struct text out = { 0 };

	add_command(&out, command);
	return render_print(&out) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}

static int refuse_topic(const char *topic, struct error *err)
{
	const char *names[COMMAND_COUNT + CODE_COUNT] = { NULL }, *nearest;
	size_t count = 0;
	char shown[80];

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[count++] = commands[i].name;
	for (size_t code = CODE_NONE + 1; code < CODE_COUNT; code++)
		names[count++] = message_codes[code].name;
	nearest = nearest_name(topic, names);
	escape_into(shown, sizeof(shown), topic);
	if (nearest)
		error_set(err, CODE_USAGE, "there is no command or message code \"%s\"; did you mean %s?", shown,
		          nearest);
	else
		error_set(err, CODE_USAGE, "there is no command or message code \"%s\"", shown);
	return error_hint(err, "`pyconfine help` lists the commands.");
}

/* "[unknown-key]" as it was copied from a message is as good as unknown-key. */
static const char *without_brackets(const char *topic, struct arena *arena)
{
	size_t length = strlen(topic);

	return length > 2 && topic[0] == '[' && topic[length - 1] == ']' ? arena_strndup(arena, topic + 1, length - 2)
	                                                                 : topic;
}

static int add_topic(struct text *out, const char *topic, struct error *err)
{
	const struct command *command = command_find(topic);
	enum message_code code = message_code_find(topic);

	if (command)
		add_command(out, (enum command_id)(command - commands));
	else if (code != CODE_NONE)
		add_page(out, &message_codes[code]);
	else
		return refuse_topic(topic, err);
	return 0;
}

int command_help(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	struct run_options options = { 0 };
	const char **topics;
	struct error err;

	if (options_mixed(COMMAND_HELP, argc, argv, &arena, &options, &topics, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_HELP);
	if (!topics[0])
		add_overview(&out);
	for (size_t i = 0; topics[i]; i++) {
		text_add(&out, i ? "\n" : "");
		if (add_topic(&out, without_brackets(topics[i], &arena), &err))
			return render_fail(&err, EXIT_BAD_INPUT);
	}
	return render_print(&out) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}
