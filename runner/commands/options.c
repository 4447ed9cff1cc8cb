#include "commands/options.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/names.h"
#include "base/text.h"

/* Names from other tools and from the profile's keys, which a edit distance does not find. */
static const struct {
	const char *name, *meant;
} aliases[] = {
	{ "--allow-read", "--read" },     { "--ro-bind", "--read" },      { "--allow-write", "--write" },
	{ "--bind", "--write" },          { "--network", "--net" },       { "--allow-net", "--net" },
	{ "--connect", "--net" },         { "--allow-run", "--exec" },    { "--allow-env", "--env" },
	{ "--setenv", "--env" },          { "--cpu_time", "--cpu-time" }, { "--open_files", "--open-files" },
	{ "--file_size", "--file-size" }, { "--mem", "--memory" },        { "--memory-limit", "--memory" },
	{ "--time", "--timeout" },        { "--wall-time", "--timeout" }, { "--interpreter", "--python" },
	{ "--workdir", "--cwd" },         { "--chdir", "--cwd" },         { "--pids-limit", "--processes" },
	{ "--max-memory", "--memory" },   { "--nofile", "--open-files" }, { "--silent", "--quiet" },
};

/* What people type out of habit before a script. */
static const char python_letters[] = "uOIEsSBbdiRtWXx";

/* One option on its way through the parser. */
struct word {
	const struct option_row *row;
	const char *typed;    /* for messages: "--timeout", "-p" */
	const char *attached; /* what follows "=" or the letter; NULL: nothing */
};

static bool takes(const struct option_row *row, enum command_id command)
{
	return row->commands & 1u << command;
}

static const struct option_row *row_by_name(const char *name, size_t length)
{
	for (const struct option_row *row = option_rows; row->name; row++)
		if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
			return row;
	return NULL;
}

static const struct option_row *row_by_letter(char letter)
{
	for (const struct option_row *row = option_rows; row->name; row++)
		if (row->letter && row->letter == letter)
			return row;
	return NULL;
}

static const char *nearest_option(enum command_id command, const char *name)
{
	const char *names[64] = { NULL };
	size_t count = 0;
	const char *extends = NULL;

	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].name, name) == 0 &&
		    takes(row_by_name(aliases[i].meant, strlen(aliases[i].meant)), command))
			return aliases[i].meant;
	for (const struct option_row *row = option_rows; row->name && count < 63; row++) {
		if (!takes(row, command))
			continue;
		names[count++] = row->name;
		if (strlen(name) > 4 && strncmp(row->name, name, strlen(name)) == 0)
			extends = row->name;
	}
	return extends ? extends : nearest_name(name, names);
}

static int refuse_unknown(enum command_id command, const char *word, struct error *err)
{
	size_t length = strcspn(word, "=");
	char shown[160], name[80];
	const char *nearest;

	snprintf(name, sizeof(name), "%.*s", (int)(length < sizeof(name) ? length : sizeof(name) - 1), word);
	escape_into(shown, sizeof(shown), name);
	if (word[1] != '-' && strchr(python_letters, word[1])) {
		error_set(err, CODE_USAGE, "%s is an option of python, not of pyconfine", shown);
		if (strchr("uOWX", word[1]))
			return error_hint(err, "Write it in the profile: python: {options: [\"%s\"]}", shown);
		return word[1] == 'I'
		               ? error_hint(err, "Write it in the profile: python: {isolated: true}")
		               : error_hint(err,
		                            "A profile can pass on -u, -O, -W and -X, and isolated: true means -I.");
	}
	nearest = word[1] == '-' ? nearest_option(command, name) : NULL;
	if (nearest)
		error_set(err, CODE_USAGE, "unknown option %s; did you mean %s?", shown, nearest);
	else
		error_set(err, CODE_USAGE, "unknown option %s", shown);
	return error_hint(err, "`pyconfine help %s` lists the options.", commands[command].name);
}

static int refuse_elsewhere(enum command_id command, const struct word *word, struct error *err)
{
	const char *other = "";

	for (int id = COMMAND_COUNT - 1; id >= 0; id--)
		if (takes(word->row, (enum command_id)id))
			other = commands[id].name;
	error_set(err, CODE_USAGE, "%s is an option of `pyconfine %s`, not of `pyconfine %s`", word->typed, other,
	          commands[command].name);
	return error_hint(err, "`pyconfine help %s` lists the options.", commands[command].name);
}

static int find_row(enum command_id command, const char *text, struct word *word, struct error *err)
{
	if (text[1] == '-') {
		size_t length = strcspn(text, "=");

		word->row = row_by_name(text, length);
		word->attached = text[length] ? text + length + 1 : NULL;
	} else {
		word->row = row_by_letter(text[1]);
		word->attached = text[2] ? text + 2 : NULL;
	}
	if (!word->row || (text[1] != '-' && word->attached && !word->row->value))
		return refuse_unknown(command, text, err);
	word->typed = word->row->name;
	return takes(word->row, command) ? 0 : refuse_elsewhere(command, word, err);
}

/* The option's value, from the same word or the next one; a switch's is "". */
static int take_value(const struct word *word, int argc, char **argv, int *next, const char **value, struct error *err)
{
	char shown[120];

	*value = word->attached ? word->attached : "";
	if (!word->row->value) {
		if (!word->attached)
			return 0;
		return error_set(err, CODE_USAGE, "%s takes no value, but got \"%s\"", word->typed,
		                 escape_into(shown, sizeof(shown), word->attached));
	}
	if (!word->attached) {
		if (*next >= argc) {
			error_set(err, CODE_USAGE, "%s needs a value", word->typed);
			return error_hint(err, "Write %s %s.", word->typed, word->row->value);
		}
		*value = argv[(*next)++];
		if (strncmp(*value, "--", 2) == 0) {
			escape_into(shown, sizeof(shown), *value);
			error_set(err, CODE_USAGE, "%s needs a value, but the next word is %s", word->typed, shown);
			return error_hint(err, "Write %s %s; or %s=%s where that is meant.", word->typed,
			                  word->row->value, word->typed, shown);
		}
	}
	if (**value)
		return 0;
	error_set(err, CODE_USAGE, "%s needs a value, and got an empty one", word->typed);
	return error_hint(err, "Write %s %s. A variable that is not set leaves nothing behind.", word->typed,
	                  word->row->value);
}

static void add_flag(struct arena *arena, struct run_options *options, const char *key, const char *value,
                     const char *flag)
{
	options->flags = arena_grow(arena, options->flags, options->flag_count, sizeof(*options->flags));
	options->flags[options->flag_count++] = (struct profile_flag){ .key = key, .value = value, .flag = flag };
}

static int check_word(const struct option_row *row, const char *value, struct error *err)
{
	const char *nearest;
	char shown[120];

	for (size_t i = 0; row->words && row->words[i]; i++)
		if (strcmp(row->words[i], value) == 0)
			return 0;
	if (!row->words)
		return 0;
	nearest = nearest_name(value, row->words);
	escape_into(shown, sizeof(shown), value);
	if (nearest)
		return error_set(err, CODE_USAGE, "%s: \"%s\" is not one of %s; did you mean %s?", row->name, shown,
		                 row->value, nearest);
	return error_set(err, CODE_USAGE, "%s: \"%s\" is not one of %s", row->name, shown, row->value);
}

static int add_environment(struct arena *arena, struct run_options *options, const char *value, struct error *err)
{
	char shown[120];

	if (value[0] == '=') {
		error_set(err, CODE_USAGE, "--env: \"%s\" has no name before the \"=\"",
		          escape_into(shown, sizeof(shown), value));
		return error_hint(err, "Write --env NAME to pass a variable on, --env NAME=VALUE to set it.");
	}
	add_flag(arena, options, strchr(value, '=') ? "env.set" : "env.allow", value, "--env");
	return 0;
}

static int apply(const struct word *word, const char *value, struct arena *arena, struct run_options *options,
                 struct error *err)
{
	const struct option_row *row = word->row;
	char *place = (char *)options + row->offset;
	const char **string = (const char **)(void *)place;

	if (check_word(row, value, err))
		return -1;
	switch (row->action) {
	case OPTION_SWITCH:
		*(bool *)(void *)place = true;
		return 0;
	case OPTION_STRING:
		*string = value;
		return 0;
	case OPTION_JOIN:
		*string = *string ? arena_printf(arena, "%s,%s", *string, value) : value;
		return 0;
	case OPTION_GRANT:
		add_flag(arena, options, row->key, value, row->name);
		return 0;
	case OPTION_ENV:
		return add_environment(arena, options, value, err);
	}
	return error_set(err, CODE_INTERNAL, "%s has no action", row->name);
}

static int read_option(enum command_id command, int argc, char **argv, int *next, struct arena *arena,
                       struct run_options *options, struct error *err)
{
	struct word word = { 0 };
	const char *value;

	if (find_row(command, argv[(*next)++], &word, err) || take_value(&word, argc, argv, next, &value, err))
		return -1;
	return apply(&word, value, arena, options, err);
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

/* -m, -mMODULE, -c, -cCODE: as python takes them. */
static bool is_target_switch(const char *word)
{
	return word[0] == '-' && (word[1] == 'm' || word[1] == 'c');
}

int options_parse(enum command_id command, int argc, char **argv, int *next, struct arena *arena,
                  struct run_options *options, struct error *err)
{
	while (*next < argc && is_option(argv[*next]) && !is_target_switch(argv[*next]))
		if (read_option(command, argc, argv, next, arena, options, err))
			return -1;
	return 0;
}

static void set_target(struct run_options *options, enum request_kind kind, const char *target, char **arguments)
{
	options->has_target = true;
	options->kind = kind;
	options->target = target;
	options->arguments = (const char *const *)arguments;
}

int options_target(int argc, char **argv, int next, struct run_options *options, struct error *err)
{
	const char *word;
	enum request_kind kind;

	if (next >= argc)
		return 0;
	word = argv[next++];
	if (strcmp(word, "--") == 0) {
		if (next >= argc)
			return error_set(err, CODE_USAGE, "nothing follows \"--\"; a script was expected");
		word = argv[next++];
	} else if (is_target_switch(word)) {
		kind = word[1] == 'm' ? RUN_MODULE : RUN_COMMAND;
		if (!word[2] && next >= argc) {
			error_set(err, CODE_USAGE, "-%c needs a value", word[1]);
			return error_hint(err, kind == RUN_MODULE ? "Write -m MODULE [ARGS...]."
			                                          : "Write -c CODE [ARGS...].");
		}
		set_target(options, kind, word[2] ? word + 2 : argv[next], argv + next + (word[2] ? 0 : 1));
		if (kind == RUN_MODULE && !*options->target)
			return error_set(err, CODE_USAGE, "-m needs the name of a module, and got an empty one");
		return 0;
	}
	if (!*word)
		return error_set(err, CODE_USAGE, "the script's name is empty");
	if (strcmp(word, "-") == 0)
		set_target(options, RUN_STDIN, NULL, argv + next);
	else
		set_target(options, RUN_SCRIPT, word, argv + next);
	return 0;
}

int options_mixed(enum command_id command, int argc, char **argv, struct arena *arena, struct run_options *options,
                  const char ***operands, struct error *err)
{
	const char **list = arena_array(arena, (size_t)argc + 1, sizeof(*list));
	size_t count = 0;
	int next = 1;

	while (next < argc) {
		if (strcmp(argv[next], "--") == 0) {
			while (++next < argc)
				list[count++] = argv[next];
		} else if (!is_option(argv[next])) {
			list[count++] = argv[next++];
		} else if (read_option(command, argc, argv, &next, arena, options, err)) {
			return -1;
		}
	}
	*operands = list;
	return 0;
}

/* The words after the program in a script's first line, as the kernel hands them over: without blanks around. */
static const char *shebang_argument(const char *path, struct arena *arena)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *line = arena_alloc(arena, 1024);
	ssize_t got = fd < 0 ? -1 : pread(fd, line, 1023, 0); /* fails for a FIFO or a terminal, which is no script */
	char *end;

	if (got < 2 || line[0] != '#' || line[1] != '!')
		return NULL;
	line += 2;
	line += strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	line += strcspn(line, " \t");
	line += strspn(line, " \t");
	end = line + strlen(line);
	while (end > line && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return line;
}

int options_split_shebang(int *argc, char ***argv, struct arena *arena, struct error *err)
{
	const char *typed = *argc >= 3 ? (*argv)[1] : "", *written;
	char **words, *rest, *word;
	int count = 0;

	if (!strpbrk(typed, " \t") || !(written = shebang_argument((*argv)[2], arena)))
		return 0;
	if (strcmp(typed, written) != 0) {
		/* The kernel keeps 255 bytes of the line. */
		if (strlen(typed) < 128 || strncmp(typed, written, strlen(typed)) != 0)
			return 0;
		error_set(err, CODE_USAGE, "the first line of the script is longer than the kernel hands over");
		return error_hint(err, "Put the options into a profile, and write only --profile=NAME there.");
	}
	words = arena_array(arena, (size_t)*argc + strlen(typed) + 1, sizeof(*words));
	words[count++] = (*argv)[0];
	rest = arena_strdup(arena, typed);
	while ((word = strsep(&rest, " \t")))
		if (*word)
			words[count++] = word;
	for (int i = 2; i < *argc; i++)
		words[count++] = (*argv)[i];
	*argc = count;
	*argv = words;
	return 0;
}
