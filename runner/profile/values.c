/* What single strings must look like: paths, variables, host names, system calls. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "net/rules.h"
#include "policy/capabilities.h"
#include "policy/filter.h"
#include "policy/presets.h"
#include "policy/rules.h"
#include "profile/inputs.h"
#include "profile/table.h"

static bool wrong(struct reader *reader, const struct node *node, const char *path, const char *what, const char *hint)
{
	reader_error(reader, node, CODE_BAD_VALUE, "%s: \"%s\" %s", path, reader_show(reader, node->text), what)->hint =
		hint;
	return false;
}

static bool check_any(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	(void)reader, (void)path, (void)node, (void)value;
	return true;
}

static bool check_profile_name(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;

	(void)value;
	for (size_t i = 0; text[i]; i++) {
		if (!isalnum((unsigned char)text[i]) && !(i > 0 && strchr("._-", text[i])))
			return wrong(reader, node, path, "is no name", "A name has letters, digits, '.', '_' and '-'.");
	}
	return strlen(text) <= 64 || wrong(reader, node, path, "is too long", "A name has at most 64 characters.");
}

static bool check_path(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	struct diagnostic *item;

	(void)value;
	if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
		item = reader_error(reader, node, CODE_BAD_PATH,
		                    "%s: ~ is the shell's, and a profile has none; did you mean "
		                    "${HOME}%s?",
		                    path, reader_show(reader, text + 1));
		item->hint = "A directory that is called ~ is written ./~";
		return false;
	}
	if (strlen(text) > 4000) {
		reader_error(reader, node, CODE_BAD_PATH, "%s: a path of more than 4000 bytes", path);
		return false;
	}
	return true;
}

static bool has_dot_dot(const char *text)
{
	for (const char *part = text; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return true;
	}
	return false;
}

static bool check_inside_path(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;

	if (!check_path(reader, path, node, value))
		return false;
	if (text[0] != '/' && strncmp(text, "${", 2) != 0) {
		reader_error(reader, node, CODE_BAD_PATH, "%s: \"%s\" is not absolute", path, reader_show(reader, text))
			->hint = "The place inside the sandbox begins with /: as: /work/input";
		return false;
	}
	if (has_dot_dot(text) || text[strspn(text, "/")] == '\0') {
		reader_error(reader, node, CODE_BAD_PATH, "%s: \"%s\" is no place of its own inside", path,
		             reader_show(reader, text))
			->hint = "Write the whole path, without \"..\": as: /work/input";
		return false;
	}
	return true;
}

static bool check_interpreter(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	size_t digits = strspn(text, "0123456789.");

	if (strcmp(text, "auto") == 0)
		return true;
	if (strncmp(text, "venv:", 5) == 0)
		return text[5] ? check_path(reader, path, &(struct node){ .text = text + 5, .span = node->span }, value)
		               : wrong(reader, node, path, "names no directory", "Write venv:/opt/report/venv.");
	if (digits > 0 && text[digits] == '\0') {
		if (text[0] == '3' &&
		    (text[1] == '\0' || (text[1] == '.' && text[2] && text[digits - 1] != '.' && !strstr(text, ".."))))
			return true;
		return wrong(reader, node, path, "is no version of Python 3", "Write 3.12, or \"3.12\" in quotes.");
	}
	if (strchr(text, '/') || strncmp(text, "${", 2) == 0)
		return check_path(reader, path, node, value);
	if (strncmp(text, "python", 6) == 0 && text[6 + strspn(text + 6, "0123456789.")] == '\0')
		return wrong(reader, node, path, "is neither a version nor a path",
		             "Write the version alone (3.12), or the whole path.");
	return wrong(reader, node, path, "is no interpreter",
	             "It is auto, a version (3.12), a path with a /, or venv:DIR.");
}

/* One element of argv: "-X utf8" would be given to Python as one word with a blank in it, so it is stored as
 * "-Xutf8". */
static bool check_option(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text, *rest;

	if (strcmp(text, "-O") == 0 || strcmp(text, "-OO") == 0 || strcmp(text, "-u") == 0)
		return true;
	if (strncmp(text, "-X", 2) != 0 && strncmp(text, "-W", 2) != 0)
		return wrong(reader, node, path, "is not allowed",
		             "Only -X, -W, -O, -OO and -u are; -I is `isolated: true`.");
	rest = text + 2 + strspn(text + 2, " ");
	if (*rest == '\0')
		return wrong(reader, node, path, "lacks its value", "Write both in one entry: \"-X utf8\".");
	if (strchr(rest, ' '))
		return wrong(reader, node, path, "holds more than one option", "Write one option in each entry.");
	*value = arena_printf(reader->arena, "%.2s%s", text, rest);
	return true;
}

static const char *const *preset_choices(struct arena *arena)
{
	const char **names = NULL;
	size_t count = 0;

	for (const struct preset *preset = presets; preset->name; preset++)
		count++;
	names = arena_array(arena, count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		names[i] = presets[i].name;
	return names;
}

static const char *const *alert_choices(struct arena *arena)
{
	const char **names;
	size_t count = 0;

	while (alert_names[count].name)
		count++;
	names = arena_array(arena, count + 1, sizeof(char *));
	for (size_t i = 0; i < count; i++)
		names[i] = alert_names[i].name;
	return names;
}

static bool check_choice(struct reader *reader, const char *path, const struct node *node, const char *const *choices)
{
	const char *meant = nearest_name(node->text, choices);
	const char *shown = reader_show(reader, node->text);
	const char *list = "";

	if (word_in_list(choices, node->text, strlen(node->text)))
		return true;
	if (meant) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: there is no \"%s\"; did you mean \"%s\"?", path, shown,
		             meant);
		return false;
	}
	if (choices == capability_names) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: there is no \"%s\"", path, shown)->hint =
			"`man 7 capabilities` lists them.";
		return false;
	}
	for (size_t i = 0; choices[i]; i++)
		list = arena_printf(reader->arena, "%s%s%s", list, i ? " " : "", choices[i]);
	reader_error(reader, node, CODE_BAD_VALUE, "%s: there is no \"%s\"", path, shown)->hint = arena_printf(
		reader->diagnostics->arena, "There are: %s", list);
	return false;
}

static bool check_preset(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	(void)value;
	/* The table first: a list of choices is made for a message only. */
	return preset_find(node->text) || check_choice(reader, path, node, preset_choices(reader->arena));
}

static bool check_alert(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	(void)value;
	return check_choice(reader, path, node, alert_choices(reader->arena));
}

static bool check_net_rule(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	struct net_rule rule;
	struct error err;
	struct diagnostic *item;

	(void)path, (void)value;
	if (net_rule_parse(node->text, &rule, &err) == 0)
		return rule.kind != NET_RULE_UNIX || rule.path[0] == '/' || variables_check(reader, node);
	item = reader_error(reader, node, err.code, "%s", err.message);
	item->hint = arena_strdup(reader->diagnostics->arena, err.hint);
	return false;
}

static bool check_port(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	uint64_t port;

	(void)value;
	if (parse_count(node->text, &port) == UNIT_OK && port >= 1 && port <= 65535)
		return true;
	return wrong(reader, node, path, "is no port", "A port is a number from 1 to 65535: [8080]");
}

static bool check_program(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;

	if (strchr(text, '/') || strncmp(text, "${", 2) == 0)
		return check_path(reader, path, node, value);
	if (text[strcspn(text, " \"'|&;<>()*")] != '\0')
		return wrong(reader, node, path, "is a command line, not a program",
		             "Name the program alone: [/usr/bin/git]");
	return text[0] != '-' ||
	       wrong(reader, node, path, "is no program", "Name it by path or by name: [/usr/bin/git]");
}

static bool check_env_pattern(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	size_t length = env_name_length(node->text);
	const char *rest = node->text + length;

	(void)value;
	if (*rest == '\0' || strcmp(rest, "*") == 0)
		return true;
	if (strchr(node->text, '*') && strcmp(strchr(node->text, '*'), "*") != 0)
		return wrong(reader, node, path, "has a * that is not at its end",
		             "Write the beginning and one *: \"APP_*\".");
	if (*rest == '=')
		return wrong(reader, node, path, "holds a value",
		             "env.allow names variables; values go into env.set: {NAME: value}.");
	return wrong(reader, node, path, "is no name of a variable",
	             "A name has letters, digits and _: [LANG, \"LC_*\"]");
}

static bool check_env_name(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	size_t length = env_name_length(node->text);

	(void)value;
	return (length > 0 && node->text[length] == '\0') ||
	       wrong(reader, node, path, "is no name of a variable",
	             "A name has letters, digits and _, and begins with no digit.");
}

static bool check_capability(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	int capability = capability_find(node->text);

	if (capability < 0)
		return check_choice(reader, path, node, capability_names);
	*value = capability_names[capability];
	return true;
}

static bool check_hostname(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	size_t length = strlen(text);

	(void)value;
	if (length > 63 || !isalnum((unsigned char)text[0]) || !isalnum((unsigned char)text[length - 1]))
		return wrong(reader, node, path, "is no host name", "Letters, digits and '-', at most 63.");
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '.')
			return wrong(reader, node, path, "is no host name", "Letters, digits and '-', at most 63.");
	}
	return true;
}

static void warn_syscall(struct reader *reader, const char *path, const struct node *node)
{
	if (reader->builtin || reader->ceiling || strcmp(path, "system.syscalls.allow") != 0)
		return;
	for (const struct forbidden_call *call = forbidden_calls; call->name; call++) {
		if (strcmp(call->name, node->text) == 0)
			reader_warn(reader, node, CODE_RISKY_GRANT, "%s: %s: %s", path, node->text, call->reason);
	}
}

static bool check_syscall(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char **names;
	const char *meant;
	int number;

	(void)value;
	if (syscall_find(node->text, &number) != SYSCALL_UNKNOWN) {
		warn_syscall(reader, path, node);
		return true;
	}
	names = arena_array(reader->arena, syscall_entry_count + 1, sizeof(char *));
	for (unsigned i = 0; i < syscall_entry_count; i++)
		names[i] = syscall_entries[i].name;
	meant = nearest_name(strncmp(node->text, "sys_", 4) == 0 ? node->text + 4 : node->text, names);
	if (meant)
		reader_error(reader, node, CODE_UNKNOWN_SYSCALL, "%s: there is no system call \"%s\"; did you mean %s?",
		             path, reader_show(reader, node->text), meant);
	else
		reader_error(reader, node, CODE_UNKNOWN_SYSCALL, "%s: there is no system call \"%s\"", path,
		             reader_show(reader, node->text))
			->hint = "`man 2 syscalls` lists them.";
	return false;
}

static bool check_device(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	(void)value;
	return (strncmp(node->text, "/dev/", 5) == 0 && node->text[5] && !has_dot_dot(node->text)) ||
	       wrong(reader, node, path, "is no device", "Devices are named by their path: [/dev/dri/renderD128]");
}

static bool check_suffix(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	bool good = text[0] == '.' && text[1] && strlen(text) <= 16;

	(void)value;
	for (size_t i = 1; good && text[i]; i++)
		good = isalnum((unsigned char)text[i]) || strchr("._-", text[i]);
	return good || wrong(reader, node, path, "is no file name ending", "Write the dot, too: [.png, .tar.gz]");
}

static bool check_audit(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;

	(void)value;
	if (strcmp(text, "none") == 0 || strcmp(text, "journal") == 0 || strcmp(text, "syslog") == 0)
		return true;
	if (strncmp(text, "file:", 5) == 0 && (text[5] == '/' || strncmp(text + 5, "${", 2) == 0))
		return true;
	return wrong(reader, node, path, "is no place for a log", "It is none, journal, syslog or file:/path.");
}

static bool check_secret_from(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	struct diagnostic *item;
	uint64_t fd;

	(void)value;
	if (strncmp(text, SECRET_FROM_ENV, 4) == 0 && text[4] && text[4 + env_name_length(text + 4)] == '\0')
		return true;
	if (strncmp(text, SECRET_FROM_FILE, 5) == 0 && text[5] && text[5] != '~')
		return true;
	/* 1 and 2 are where the script writes */
	if (strncmp(text, SECRET_FROM_FD, 3) == 0 && parse_count(text + 3, &fd) == UNIT_OK && fd != 1 && fd != 2 &&
	    fd <= 1048576)
		return true;
	if (strncmp(text, SECRET_FROM_CREDENTIAL, 11) == 0 && text[11] && !strchr(text + 11, '/') && text[11] != '.')
		return true;
	item = reader_error(reader, node, CODE_BAD_VALUE, "%s: not a source of a secret", path);
	item->hint = "It is env:NAME, file:PATH, fd:NUMBER (not 1 or 2) or credential:NAME.";
	/* Neither quoted nor shown: it may well be the secret itself. */
	item->source_line = NULL;
	item->length = 0;
	return false;
}

static bool check_secret_as(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;

	(void)value;
	if (strcmp(text, "file") == 0)
		return true;
	if (strncmp(text, SECRET_AS_VARIABLE, 4) == 0 && text[4] && text[4 + env_name_length(text + 4)] == '\0')
		return true;
	return wrong(reader, node, path, "is no way to hand a secret over", "It is file (the default) or env:NAME.");
}

static bool check_input_option(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	const char *text = node->text;
	size_t dashes = strspn(text, "-");
	bool good = (dashes == 1 || dashes == 2) && isalnum((unsigned char)text[dashes]) && strlen(text) <= 64;

	(void)value;
	for (size_t i = dashes; good && text[i]; i++)
		good = isalnum((unsigned char)text[i]) || strchr("._-", text[i]);
	return good || wrong(reader, node, path, "is no option", "Write it as the script knows it: --size, or -v");
}

static bool check_number(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	(void)value;
	return input_is_number(node->text) ||
	       wrong(reader, node, path, "is no number", "Write digits, with a point where needed: 0.5");
}

static bool check_pattern(struct reader *reader, const char *path, const struct node *node, const char **value)
{
	struct error err;
	struct diagnostic *item;

	(void)value;
	if (input_pattern_check(node->text, &err) == 0)
		return true;
	item = reader_error(reader, node, CODE_BAD_VALUE, "%s: %s", path, err.message);
	item->hint = arena_strdup(reader->diagnostics->arena, err.hint);
	return false;
}

static const char *const *capability_choices(struct arena *arena)
{
	(void)arena;
	return capability_names;
}

#define ENV_NAME "[A-Za-z_][A-Za-z0-9_]*"
/* An absolute path or one that begins with a variable. */
#define ROOTED "(/|\\$\\{)"

const struct text_rule text_rules[TEXT_KIND_COUNT] = {
	[TEXT_ANY] = { check_any, .lines = true },
	[TEXT_LINE] = { .check = check_any },
	[TEXT_PROFILE_NAME] = { check_profile_name, .pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
	                        .wrong = "\"a/b\"" },
	[TEXT_PATH] = { check_path, .variables = true, .pattern = "^([^~]|~[^/])", .wrong = "~/data" },
	[TEXT_INSIDE_PATH] = { check_inside_path, .variables = true, .pattern = "^" ROOTED, .wrong = "input" },
	[TEXT_INTERPRETER] = { check_interpreter, .variables = true,
	                       .pattern = "^(auto|3(\\.[0-9]+)*|venv:.+|.*/.*|\\$\\{.+)$", .wrong = "ruby" },
	[TEXT_OPTION] = { check_option, .pattern = "^(-O|-OO|-u|-[XW] *[^ ]+)$", .wrong = "-c" },
	[TEXT_PRESET] = { check_preset, .choices = preset_choices, .wrong = "perl" },
	[TEXT_NET_RULE] = { check_net_rule,
	                    .pattern = "^(unix:" ROOTED ".*|(\\[[0-9a-fA-F:./]+\\]|[^]:[]+):[0-9]+(-[0-9]+)?)$",
	                    .wrong = "\"https://example.com/\"" },
	[TEXT_PORT] = { check_port, .pattern = "^[0-9]{1,5}$", .wrong = "http" },
	[TEXT_PROGRAM] = { check_program, .variables = true, .pattern = "^([^-]|-.*/)", .wrong = "-rf" },
	[TEXT_ENV_PATTERN] = { check_env_pattern, .pattern = "^(" ENV_NAME "\\*?|\\*)$", .wrong = "\"A*B\"" },
	[TEXT_ENV_NAME] = { check_env_name, .pattern = "^" ENV_NAME "$", .wrong = "1A" },
	[TEXT_ENV_VALUE] = { check_any, .variables = true, .lines = true },
	[TEXT_CAPABILITY] = { check_capability, .choices = capability_choices, .wrong = "CAP_FLY" },
	[TEXT_HOSTNAME] = { check_hostname, .pattern = "^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$",
	                    .wrong = "\"a b\"" },
	[TEXT_SYSCALL] = { check_syscall, .pattern = "^[a-z0-9_]+$", .wrong = "\"Open()\"" },
	[TEXT_DEVICE] = { check_device, .pattern = "^/dev/.+", .wrong = "/etc/null" },
	[TEXT_SUFFIX] = { check_suffix, .pattern = "^\\.[A-Za-z0-9._-]{1,15}$", .wrong = "png" },
	[TEXT_AUDIT] = { check_audit, .variables = true, .pattern = "^(none|journal|syslog|file:" ROOTED ".*)$",
	                 .wrong = "mail" },
	[TEXT_ALERT] = { check_alert, .choices = alert_choices, .wrong = "rain" },
	[TEXT_SECRET_FROM] = { check_secret_from, .variables = true,
	                       .pattern = "^(env:" ENV_NAME
	                                  "|file:[^~].*|fd:([03-9]|[0-9]{2,7})|credential:[^/.][^/]*)$",
	                       .wrong = "hunter2" },
	[TEXT_SECRET_AS] = { check_secret_as, .pattern = "^(file|env:" ENV_NAME ")$", .wrong = "argv" },
	[TEXT_INPUT_OPTION] = { check_input_option, .pattern = "^--?[A-Za-z0-9][A-Za-z0-9._-]*$", .wrong = "verbose" },
	[TEXT_NUMBER] = { check_number, .pattern = "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$", .wrong = "few" },
	[TEXT_PATTERN] = { check_pattern, .wrong = "\"(\"" },
};

bool text_check(struct reader *reader, const char *path, enum text_kind kind, const struct node *node,
                const char **value)
{
	const struct text_rule *rule = &text_rules[kind];
	bool good;

	*value = node->text;
	if (node->text[0] == '\0' && kind != TEXT_ANY && kind != TEXT_ENV_VALUE) {
		reader_error(reader, node,
		             kind == TEXT_PATH || kind == TEXT_INSIDE_PATH ? CODE_BAD_PATH : CODE_BAD_VALUE,
		             "%s is empty", path);
		return false;
	}
	if (!rule->lines && strpbrk(node->text, "\n\t")) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: a line break or a tab has no place here", path);
		return false;
	}
	/* Both are asked, so that one look shows both faults. */
	good = rule->check(reader, path, node, value);
	return (!rule->variables || variables_check(reader, node)) && good;
}
