/* The arguments and variables of this run against the profile's `inputs`. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fds.h"
#include "base/text.h"
#include "host/syscalls.h"
#include "plan/inputs.h"
#include "plan/parts.h"
#include "profile/inputs.h"

enum { WHAT_MAX = 160 };

/* What is granted by way of a link is known by where that leads: the links that the script is shown, followed. */
static const char *follow_shown_links(struct build *b, const char *path)
{
	const char *real;

	for (size_t i = 0; i < b->links.count; i++) {
		const char *link = b->links.items[i].path;

		if (path_is_below(path, link) && path_follow(link, b->arena, NULL, &real, NULL) == 0)
			return arena_printf(b->arena, "%s%s", real, path + strlen(link));
	}
	return path;
}

/* Where the script will find the path is known by name; what lies there is looked at on the host, below the grant that
 * shows it, and must be reached without a link that leads out of `beneath` or of the grant. */
static int check_place(struct build *b, const struct input_rule *rule, const char *what, const char *value,
                       const char *path, const char *beneath)
{
	const struct item *item = plan_item_at(b, path);
	const char *base = item ? item->path : NULL, *rest;
	struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC | O_DIRECTORY };
	FD_CLEANUP int base_fd = -1;
	FD_CLEANUP int fd = -1;
	struct stat st;

	if (!item || !item->directory)
		return 0;
	if (beneath && path_is_below(beneath, base))
		base = beneath;
	rest = path + strlen(base);
	rest += *rest == '/';
	if (!*rest)
		return 0;
	base_fd = raw_openat2(AT_FDCWD, arena_printf(b->arena, "%s%s", item->source, base + strlen(item->path)), &how);
	how = (struct pc_open_how){ .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	fd = base_fd < 0 ? base_fd : raw_openat2(base_fd, rest, &how);
	if (fd == -EXDEV || fd == -ELOOP)
		return input_value_refuse(rule, what, value, "is, or lies behind, a link that leads elsewhere", b->err);
	/* what is missing or out of reach the script will hear of itself */
	if (fd < 0 || fstat(fd, &st) || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return 0;
	return input_value_refuse(rule, what, value, "is neither a file nor a directory", b->err);
}

static int check_path(struct build *b, const struct input_rule *rule, const char *what, const char *value)
{
	const char *path = path_join(b->arena, b->plan->cwd, value), *beneath = NULL;

	if (rule->beneath.value) {
		beneath = expand_path(&rule->beneath, &b->variables, b->arena, b->err);
		if (!beneath)
			return -1;
		if (!path_is_below(path, beneath) || strcmp(path, beneath) == 0)
			return input_value_refuse(rule, what, value, "does not lie there", b->err);
	}
	return check_place(b, rule, what, value, follow_shown_links(b, path),
	                   beneath ? follow_shown_links(b, beneath) : NULL);
}

static int check_value(struct build *b, const struct input_rule *rule, const char *what, const char *value)
{
	if (input_value_check(rule, what, value, b->err))
		return -1;
	return rule->type == INPUT_PATH && rule->choices.count == 0 ? check_path(b, rule, what, value) : 0;
}

static int refuse_argument(struct build *b, const struct source_pos *pos, const char *value, const char *wrong)
{
	char shown[80];

	error_set(b->err, CODE_BAD_INPUT, "\"%s\" %s", escape_into(shown, sizeof(shown), value), wrong);
	b->err->pos = *pos;
	return -1;
}

static int refuse_option(struct build *b, const char *word)
{
	const struct input_rules *options = &b->profile->inputs.options;
	const struct input_rules *args = &b->profile->inputs.args;
	const char *list = "";

	refuse_argument(b, options->given ? &options->pos : &args->pos, word, "is no option that is taken");
	for (size_t i = 0; i < options->count; i++)
		list = arena_printf(b->arena, "%s%s%s", list, i ? ", " : "", options->items[i].name.value);
	if (*list)
		return error_hint(b->err, "Taken: %.400s", list);
	return error_hint(b->err, "None is taken; a file whose name begins with - is written ./-...");
}

static const struct input_rule *find_option(const struct input_rules *options, const char *word, size_t length)
{
	for (size_t i = 0; i < options->count; i++)
		if (strlen(options->items[i].name.value) == length &&
		    strncmp(options->items[i].name.value, word, length) == 0)
			return &options->items[i];
	return NULL;
}

static bool may_begin_with_dash(const struct input_rule *rule)
{
	return rule &&
	       (rule->leading_dash || rule->choices.count > 0 || rule->type == INPUT_INT || rule->type == INPUT_NUMBER);
}

/* "--size=5", "--size 5" or "--verbose": *next is the word behind it, and is moved on. */
static int check_option(struct build *b, const struct input_rule *rule, const char *const **next, const char *word,
                        bool *seen)
{
	const char *value = strchr(word, '='), *what = arena_printf(b->arena, "option %s", rule->name.value);

	if (*seen && !rule->repeat)
		return refuse_argument(b, &rule->name.pos, rule->name.value, "is given twice");
	*seen = true;
	if (!rule->takes_value)
		return value ? refuse_argument(b, &rule->name.pos, rule->name.value, "takes no value") : 0;
	if (!value && !**next)
		return refuse_argument(b, &rule->name.pos, rule->name.value, "lacks its value");
	/* the next word is the value, unless the script could take it for an option of its own */
	if (!value && ***next == '-' && !may_begin_with_dash(rule))
		return input_value_refuse(rule, what, **next, "begins with \"-\"", b->err);
	value = value ? value + 1 : *(*next)++;
	return check_value(b, rule, what, value);
}

static int check_argument(struct build *b, const char *word, size_t number)
{
	const struct input_rules *args = &b->profile->inputs.args;
	const struct input_rule *last = args->count ? &args->items[args->count - 1] : NULL;
	const struct input_rule *rule = number < args->count   ? &args->items[number]
	                                : last && last->repeat ? last
	                                                       : NULL;
	char what[WHAT_MAX];

	if (word[0] == '-' && !may_begin_with_dash(rule))
		return refuse_option(b, word);
	if (!rule) {
		refuse_argument(b, args->given ? &args->pos : &b->profile->inputs.options.pos, word,
		                "is one argument too many");
		return error_hint(b->err, args->count == 0 ? "No arguments are taken." : "As many as %zu are taken.",
		                  args->count);
	}
	snprintf(what, sizeof(what), "argument %zu (%s)", number + 1, rule->name.value);
	return check_value(b, rule, what, word);
}

static int check_missing(struct build *b, size_t given)
{
	const struct input_rules *args = &b->profile->inputs.args;
	const struct input_rule *rule = given < args->count ? &args->items[given] : NULL;
	TEXT_CLEANUP struct text taken = { 0 };

	if (!rule || rule->optional)
		return 0;
	input_rule_describe(rule, &taken);
	error_set(b->err, CODE_BAD_INPUT, "argument %zu (%s) is missing", given + 1, rule->name.value);
	b->err->pos = rule->name.pos;
	return error_hint(b->err, "Taken: %.400s", text_string(&taken));
}

static int check_arguments(struct build *b)
{
	const struct input_rules *args = &b->profile->inputs.args, *options = &b->profile->inputs.options;
	bool *seen = arena_array(b->arena, options->count + 1, sizeof(*seen));
	const char *const *next = b->request->arguments;
	size_t given = 0;

	if (!args->given && !options->given)
		return 0;
	while (next && *next) {
		const char *word = *next++;
		const struct input_rule *option = find_option(options, word, strcspn(word, "="));
		int failed = option ? check_option(b, option, &next, word, &seen[option - options->items])
		                    : check_argument(b, word, given++);

		if (failed)
			return -1;
	}
	return check_missing(b, given);
}

static int check_environment(struct build *b)
{
	const struct input_rules *rules = &b->profile->inputs.env;

	for (size_t i = 0; i < rules->count; i++) {
		const struct input_rule *rule = &rules->items[i];
		const char *value = environment_get((const char *const *)b->plan->envp, rule->name.value);
		const char *what = arena_printf(b->arena, "variable %s", rule->name.value);
		TEXT_CLEANUP struct text taken = { 0 };

		if (value && check_value(b, rule, what, value))
			return -1;
		if (value || rule->optional)
			continue;
		input_rule_describe(rule, &taken);
		error_set(b->err, CODE_BAD_INPUT, "%s is not set", what);
		b->err->pos = rule->name.pos;
		return error_hint(b->err, "Taken: %.400s", text_string(&taken));
	}
	return 0;
}

static int check_stdin(struct build *b)
{
	if (b->request->kind != RUN_STDIN || b->request->inspect_only ||
	    b->profile->inputs.standard_input.mode == STDIN_ANY)
		return 0;
	error_set(b->err, CODE_BAD_INPUT, "the script comes by stdin, and the profile constrains that");
	b->err->pos = b->profile->inputs.standard_input.pos;
	return error_hint(b->err, "Name a file instead of -, or write inputs: {stdin: any}.");
}

/* Before a run only: explain shows what is taken, whatever it is given. */
int plan_inputs(struct build *b)
{
	if (check_arguments(b) == 0 && check_environment(b) == 0 && check_stdin(b) == 0)
		return 0;
	if (!b->request->inspect_only || b->err->code != CODE_BAD_INPUT)
		return -1;
	plan_note(b, "with these inputs a run would be refused: %s", b->err->message);
	return 0;
}
