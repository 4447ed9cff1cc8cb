/* The effective profile as YAML: everything that was inherited written out, so that it reads back the same anywhere. */
#include <string.h>

#include "base/units.h"
#include "profile/fields.h"
#include "profile/inputs.h"
#include "profile/table.h"

/* Plain when it cannot be taken for anything else: no indicator, quote or escape is in these. */
static bool is_plain(const char *value)
{
	static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.";
	size_t first = strspn(value, safe);

	return first > 0 &&
	       value[first + strspn(value + first,
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.-+")] == '\0';
}

/* Characters that YAML 1.1 would fold as line breaks, skip, or refuse unless they are escaped. */
static const struct {
	const char *bytes;
	const char *escape;
} escapes[] = {
	{ "\"", "\\\"" },
	{ "\\", "\\\\" },
	{ "\n", "\\n" },
	{ "\t", "\\t" },
	{ "\xe2\x80\xa8", "\\L" },
	{ "\xe2\x80\xa9", "\\P" },
	{ "\xef\xbb\xbf", "\\uFEFF" },
	{ "\xef\xbf\xbe", "\\uFFFE" },
	{ "\xef\xbf\xbf", "\\uFFFF" },
};

static void emit_quoted(const char *value, struct text *out)
{
	text_add(out, "\"");
	while (*value) {
		size_t i = 0, count = sizeof(escapes) / sizeof(escapes[0]);

		while (i < count && strncmp(value, escapes[i].bytes, strlen(escapes[i].bytes)) != 0)
			i++;
		if (i < count) {
			text_add(out, escapes[i].escape);
			value += strlen(escapes[i].bytes);
		} else if ((unsigned char)*value < 0x20 || *value == 0x7f) {
			text_addf(out, "\\x%02x", (unsigned char)*value++);
		} else {
			text_add_n(out, value++, 1);
		}
	}
	text_add(out, "\"");
}

void emit_scalar(const char *value, struct text *out)
{
	if (is_plain(value))
		text_add(out, value);
	else
		emit_quoted(value, out);
}

static bool is_relative(const struct field *field, const char *value)
{
	if (value[0] == '/' || strncmp(value, "${", 2) == 0)
		return false;
	/* A bare word is a program to be looked for, or a version. */
	return field->text == TEXT_PATH ||
	       ((field->text == TEXT_PROGRAM || field->text == TEXT_INTERPRETER) && strchr(value, '/'));
}

void field_resolve(const struct field *field, const struct profile_string *string, struct text *out)
{
	static const char here[] = "${PROFILE_DIR}";
	const char *prefix = field->text == TEXT_INTERPRETER   ? "venv:"
	                     : field->text == TEXT_SECRET_FROM ? SECRET_FROM_FILE
	                                                       : NULL;
	const char *base = string->base_dir ? string->base_dir : "${CWD}";
	const char *value = string->value, *next;

	if (prefix && strncmp(value, prefix, strlen(prefix)) == 0) {
		text_add(out, prefix);
		value += strlen(prefix);
		if (value[0] != '/' && strncmp(value, "${", 2) != 0)
			text_addf(out, "%s/", strcmp(base, "/") == 0 ? "" : base);
	} else if (is_relative(field, value)) {
		text_addf(out, "%s/", strcmp(base, "/") == 0 ? "" : base);
	}
	for (; text_rules[field->text].variables && (next = strstr(value, here)); value = next + strlen(here)) {
		text_add_n(out, value, (size_t)(next - value));
		text_add(out, base);
	}
	text_add(out, value);
}

void emit_string(const struct field *field, const struct profile_string *string, struct text *out)
{
	TEXT_CLEANUP struct text value = { 0 };

	field_resolve(field, string, &value);
	emit_scalar(text_string(&value), out);
}

static void indent(unsigned depth, struct text *out)
{
	for (unsigned i = 0; i < depth; i++)
		text_add(out, "  ");
}

/* What comes behind "key:", up to and with the line's end; `depth` is the key's own. */
typedef void emitter(const struct field *field, const struct profile *profile, unsigned depth, struct text *out);

static void emit_text(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	(void)depth;
	emit_scalar(*(const char *const *)field_value(field, profile), out);
	text_add(out, "\n");
}

static void emit_one(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	(void)depth;
	emit_string(field, field_value(field, profile), out);
	text_add(out, "\n");
}

static void emit_list(const struct field *field, const struct profile_strings *list, unsigned depth, struct text *out)
{
	text_add(out, "\n");
	for (size_t i = 0; i < list->count; i++) {
		indent(depth + 1, out);
		text_add(out, "- ");
		emit_string(field, &list->items[i], out);
		text_add(out, "\n");
	}
}

static void emit_strings(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	emit_list(field, field_value(field, profile), depth, out);
}

static void emit_grants(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	const struct file_grants *list = field_value(field, profile);

	text_add(out, "\n");
	for (size_t i = 0; i < list->count; i++) {
		const struct file_grant *grant = &list->items[i];
		bool plain = !grant->as.value && !grant->beneath.value && !grant->optional && !grant->exec;

		indent(depth + 1, out);
		text_add(out, plain ? "- " : "- {path: ");
		emit_string(field, &grant->path, out);
		if (grant->as.value) {
			text_add(out, ", as: ");
			emit_string(field, &grant->as, out);
		}
		if (grant->beneath.value) {
			text_add(out, ", beneath: ");
			emit_string(field, &grant->beneath, out);
		}
		text_add(out, grant->optional ? ", optional: true" : "");
		text_add(out, grant->exec ? ", exec: true" : "");
		text_add(out, plain ? "\n" : "}\n");
	}
}

static void emit_pairs(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	const struct name_pairs *list = field_value(field, profile);

	text_add(out, "\n");
	for (size_t i = 0; i < list->count; i++) {
		indent(depth + 1, out);
		text_addf(out, "%s: ", list->items[i].name.value);
		emit_string(field, &list->items[i].value, out);
		text_add(out, "\n");
	}
}

static void emit_secrets(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	const struct secrets *list = field_value(field, profile);

	text_add(out, "\n");
	for (size_t i = 0; i < list->count; i++) {
		const struct secret *secret = &list->items[i];

		indent(depth + 1, out);
		emit_scalar(secret->name.value, out);
		text_add(out, ": {from: ");
		emit_string(field, &secret->from, out);
		if (secret->as.value) {
			text_add(out, ", as: ");
			emit_string(field, &secret->as, out);
		}
		text_add(out, "}\n");
	}
}

static void emit_bool(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	(void)depth;
	text_addf(out, "%s\n", *(const bool *)field_value(field, profile) ? "true" : "false");
}

static void emit_limit(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	const struct limit *limit = field_value(field, profile);
	unsigned long long value = limit->value;
	char buffer[48];

	(void)depth;
	if (field->type == FIELD_SIZE)
		text_addf(out, "%s\n", format_size(limit->value, buffer, sizeof(buffer)));
	else if (field->type == FIELD_DURATION)
		text_addf(out, "%s\n", format_duration(limit->value, buffer, sizeof(buffer)));
	else if (field->type == FIELD_CPUS)
		text_addf(out, "%llu.%03llu\n", value / 1000, value % 1000);
	else
		text_addf(out, "%llu\n", value);
}

static void emit_name(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	int value;

	(void)depth;
	memcpy(&value, field_value(field, profile), sizeof(value));
	text_addf(out, "%s\n", name_of(field->names, value));
}

/* With rules, loopback is always written, so that a mapping without any rule stays one. */
static void emit_network(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	if (profile->network.mode == NETWORK_RULES)
		text_addf(out, "\n  loopback: %s\n", profile->network.loopback == LOOPBACK_HOST ? "host" : "private");
	else
		emit_name(field, profile, depth, out);
}

static void emit_exec(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	if (profile->exec.mode == EXEC_LIST)
		emit_list(field, &profile->exec.programs, depth, out);
	else
		emit_name(field, profile, depth, out);
}

static void emit_user(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	if (profile->system.user == USER_UID)
		text_addf(out, "%u\n", profile->system.uid);
	else
		emit_name(field, profile, depth, out);
}

static void emit_require(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	text_add(out, "\n");
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		enum require_level level = profile->require[promise].level;

		if (level == REQUIRE_DEFAULT)
			continue;
		indent(depth + 1, out);
		text_addf(out, "%s: %s\n", promise_names[promise], name_of(field->names, (int)level));
	}
}

static void emit_inputs(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	const struct input_rules *rules = field_value(field, profile);

	text_add(out, rules->count == 0 ? field->type == FIELD_INPUTS ? "[]\n" : "{}\n" : "\n");
	for (size_t i = 0; i < rules->count; i++) {
		indent(depth + 1, out);
		text_add(out, field->type == FIELD_INPUTS ? "- " : "");
		input_rule_emit(field, &rules->items[i], out);
		text_add(out, "\n");
	}
}

/* Checked, it always has a size, so that a mapping that says no more than that stays one. */
static void emit_stdin(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	char size[48];

	if (profile->inputs.standard_input.mode != STDIN_CHECKED) {
		emit_name(field, profile, depth, out);
		return;
	}
	text_add(out, "\n");
	indent(depth + 1, out);
	text_addf(out, "max_size: %s\n",
	          format_size(profile->inputs.standard_input.max_size.value, size, sizeof(size)));
}

/* Its keys follow as rows of their own. */
static void emit_section(const struct field *field, const struct profile *profile, unsigned depth, struct text *out)
{
	(void)field, (void)profile, (void)depth;
	text_add(out, "\n");
}

/* Versions and `extends` are never "set": they are written by profile_emit(). */
static emitter *const emitters[FIELD_TYPE_COUNT] = {
	[FIELD_SECTION] = emit_section,  [FIELD_TEXT] = emit_text,       [FIELD_STRING] = emit_one,
	[FIELD_STRINGS] = emit_strings,  [FIELD_GRANTS] = emit_grants,   [FIELD_PAIRS] = emit_pairs,
	[FIELD_SECRETS] = emit_secrets,  [FIELD_BOOL] = emit_bool,       [FIELD_NAME] = emit_name,
	[FIELD_SIZE] = emit_limit,       [FIELD_DURATION] = emit_limit,  [FIELD_COUNT] = emit_limit,
	[FIELD_CPUS] = emit_limit,       [FIELD_NETWORK] = emit_network, [FIELD_EXEC] = emit_exec,
	[FIELD_REQUIRE] = emit_require,  [FIELD_USER] = emit_user,       [FIELD_INPUTS] = emit_inputs,
	[FIELD_INPUT_ENV] = emit_inputs, [FIELD_STDIN] = emit_stdin,
};

static unsigned depth_of(const char *path)
{
	unsigned depth = 0;

	for (; *path; path++)
		depth += *path == '.';
	return depth;
}

void profile_emit(const struct profile *profile, struct text *out)
{
	const struct field *loopback = field_find("network.loopback"), *size = field_find("inputs.stdin.max_size");

	text_add(out, "version: 1\nextends: []\n");
	for (const struct field *field = profile_fields; field->path; field++) {
		TEXT_CLEANUP struct text value = { 0 };

		if (field == loopback || field == size || !field_is_set(field, profile))
			continue;
		emitters[field->type](field, profile, depth_of(field->path), &value);
		indent(depth_of(field->path), out);
		text_addf(out, "%s:%s%s", field_leaf(field), text_string(&value)[0] == '\n' ? "" : " ",
		          text_string(&value));
	}
}
