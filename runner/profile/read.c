/* Node tree to struct profile: sections, unknown keys, and the types that are a single value. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "profile/table.h"

enum { LIST_MAX = 1024 };

const char *reader_show(const struct reader *reader, const char *text)
{
	char shown[160];

	return arena_strdup(reader->diagnostics->arena, escape_into(shown, sizeof(shown), text));
}

static __attribute__((format(printf, 5, 0))) struct diagnostic *
report_at(struct reader *reader, const struct span *span, enum severity severity, enum message_code code,
          const char *format, va_list args)
{
	char message[1024];

	vsnprintf(message, sizeof(message), format, args);
	return document_report(reader->document, reader->diagnostics, severity, code, span, "%s", message);
}

struct diagnostic *reader_error(struct reader *reader, const struct node *node, enum message_code code,
                                const char *format, ...)
{
	struct diagnostic *item;
	va_list args;

	va_start(args, format);
	item = report_at(reader, &node->span, SEVERITY_ERROR, code, format, args);
	va_end(args);
	return item;
}

struct diagnostic *reader_warn(struct reader *reader, const struct node *node, enum message_code code,
                               const char *format, ...)
{
	struct diagnostic *item;
	va_list args;

	va_start(args, format);
	item = report_at(reader, &node->span, SEVERITY_WARNING, code, format, args);
	va_end(args);
	return item;
}

struct diagnostic *reader_error_key(struct reader *reader, const struct node *node, enum message_code code,
                                    const char *format, ...)
{
	struct diagnostic *item;
	va_list args;

	va_start(args, format);
	item = report_at(reader, node->key ? &node->key_span : &node->span, SEVERITY_ERROR, code, format, args);
	va_end(args);
	return item;
}

struct profile_string reader_string(const struct reader *reader, const struct node *node, const char *value)
{
	return (struct profile_string){
		.value = value,
		.pos = { reader->document->file, node->span.line, node->span.column },
		.base_dir = reader->base_dir,
	};
}

static const char *const kind_names[] = {
	[NODE_SCALAR] = "a single value", [NODE_LIST] = "a list", [NODE_MAPPING] = "a mapping"
};

static bool is_missing(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->text[0] == '\0' && !node->quoted;
}

bool reader_expect(struct reader *reader, const struct node *node, const char *path, enum node_kind kind,
                   const char *instead)
{
	struct diagnostic *item;

	if (node->broken)
		return false;
	if (node->kind == kind && !is_missing(node))
		return true;
	if (is_missing(node))
		item = reader_error_key(reader, node, CODE_WRONG_TYPE, "%s has no value", path);
	else
		item = reader_error(reader, node, CODE_WRONG_TYPE, "%s takes %s, not %s", path, kind_names[kind],
		                    kind_names[node->kind]);
	if (instead)
		item->hint = arena_printf(reader->diagnostics->arena, "Write %s", instead);
	return false;
}

bool reader_has_room(struct reader *reader, const struct node *node, size_t count)
{
	if (count < LIST_MAX)
		return true;
	if (count == LIST_MAX)
		reader_error(reader, node, CODE_TOO_LARGE, "more than %d entries", LIST_MAX)->hint =
			"Grant a directory instead of each file in it.";
	return false;
}

static void read_text(struct reader *reader, const struct field *field, const struct node *node)
{
	const char *value;

	if (reader_expect(reader, node, field->path, NODE_SCALAR, NULL) &&
	    text_check(reader, field->path, field->text, node, &value) && reader->own)
		*(const char **)field_place(field, reader->profile) = value;
}

static void read_string(struct reader *reader, const struct field *field, const struct node *node)
{
	const char *value;

	if (reader_expect(reader, node, field->path, NODE_SCALAR, NULL) &&
	    text_check(reader, field->path, field->text, node, &value))
		*(struct profile_string *)field_place(field, reader->profile) = reader_string(reader, node, value);
	else
		return;
	if (strcmp(field->path, "outputs.path") == 0)
		warn_of_sensitive(reader, field->path, node, value, true);
}

static void read_version(struct reader *reader, const struct field *field, const struct node *node)
{
	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "version: 1"))
		return;
	if (strcmp(node->text, "1") != 0)
		reader_error(reader, node, CODE_BAD_VALUE,
		             "version \"%s\" is not known; this pyconfine reads version 1",
		             reader_show(reader, node->text))
			->hint = "Write `version: 1`, or use a newer pyconfine.";
}

/* "error or kill", with the nearest one. */
static void report_name(struct reader *reader, const char *path, const struct name_value *names,
                        const struct node *node)
{
	static const struct name_value other_words[] = { { "yes", true }, { "on", true },   { "1", true },
		                                         { "no", false }, { "off", false }, { "0", false },
		                                         { NULL, 0 } };
	const char *candidates[16] = { NULL }, *meant;
	char list[128];
	int value;

	for (size_t i = 0; names[i].name && i < 15; i++)
		candidates[i] = names[i].name;
	meant = nearest_name(node->text, candidates);
	if (names == bool_names && name_find(other_words, node->text, &value))
		meant = name_of(bool_names, value);
	if (meant)
		reader_error(reader, node, CODE_BAD_VALUE, "%s is %s, not \"%s\"; did you mean %s?", path,
		             name_list(names, list, sizeof(list)), reader_show(reader, node->text), meant);
	else
		reader_error(reader, node, CODE_BAD_VALUE, "%s is %s, not \"%s\"", path,
		             name_list(names, list, sizeof(list)), reader_show(reader, node->text));
}

static void read_bool(struct reader *reader, const struct field *field, const struct node *node)
{
	bool *place = field_place(field, reader->profile);
	int value;

	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "true or false"))
		return;
	if (!name_find(field->names, node->text, &value)) {
		report_name(reader, field->path, field->names, node);
		return;
	}
	if (field->merge == MERGE_STICK && *place && !value) {
		reader_warn(reader, node, CODE_LOCKED,
		            "%s: false has no effect: a profile that this one extends says true", field->path);
		return;
	}
	*place = value;
}

/* Enums of struct profile are all of an int's size; memcpy keeps that the only assumption. */
static void store_enum(void *place, int value)
{
	_Static_assert(sizeof(enum home_mode) == sizeof(int), "enums are stored through an int");
	memcpy(place, &value, sizeof(value));
}

static void read_name(struct reader *reader, const struct field *field, const struct node *node)
{
	int value;

	if (!reader_expect(reader, node, field->path, NODE_SCALAR, field->example))
		return;
	if (name_find(field->names, node->text, &value))
		store_enum(field_place(field, reader->profile), value);
	else
		report_name(reader, field->path, field->names, node);
}

/* Up to three decimals, in thousandths: "1.5" is 1500. */
static enum unit_fault parse_cpus(const char *text, uint64_t *thousandths)
{
	uint64_t value = 0;
	unsigned decimals = 0;
	bool point = false;

	if (text[0] < '0' || text[0] > '9')
		return UNIT_NOT_A_NUMBER;
	for (; *text; text++) {
		if (*text == '.' && !point && text[1]) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9' || decimals == 3)
			return UNIT_NOT_A_NUMBER;
		value = value * 10 + (uint64_t)(*text - '0');
		decimals += point;
		if (value > 1000000000)
			return UNIT_TOO_LARGE;
	}
	for (; decimals < 3; decimals++)
		value *= 10;
	*thousandths = value;
	return UNIT_OK;
}

static enum unit_fault parse_limit(enum field_type type, const char *text, uint64_t *value, char *suggestion,
                                   size_t size)
{
	suggestion[0] = '\0';
	if (type == FIELD_SIZE)
		return parse_size(text, value, suggestion, size);
	if (type == FIELD_DURATION)
		return parse_duration(text, value, suggestion, size);
	return type == FIELD_CPUS ? parse_cpus(text, value) : parse_count(text, value);
}

struct limit_words {
	const char *what;
	const char *forms;
};
static const struct limit_words limit_words[FIELD_TYPE_COUNT] = {
	[FIELD_SIZE] = { "a size", "Write a number with K, M or G: 512M" },
	[FIELD_DURATION] = { "a duration", "Write a number with ms, s, m or h: 30s" },
	[FIELD_COUNT] = { "a whole number", "Write digits only: 64" },
	[FIELD_CPUS] = { "a number of processors", "Write 2 or 0.5" },
};

static void report_limit(struct reader *reader, const struct field *field, const struct node *node,
                         enum unit_fault fault, const char *suggestion)
{
	const struct limit_words *words = &limit_words[field->type];
	const char *shown = reader_show(reader, node->text);
	struct diagnostic *item;

	if (fault == UNIT_MISSING)
		item = reader_error(reader, node, CODE_MISSING_UNIT, "\"%s\" has no unit; did you mean %s?", shown,
		                    suggestion);
	else if (fault == UNIT_WRONG && suggestion[0])
		item = reader_error(reader, node, CODE_WRONG_UNIT, "\"%s\" has an unknown unit; did you mean %s?",
		                    shown, suggestion);
	else if (fault == UNIT_WRONG)
		item = reader_error(reader, node, CODE_WRONG_UNIT, "\"%s\" has an unknown unit", shown);
	else if (fault == UNIT_TOO_LARGE)
		item = reader_error(reader, node, CODE_BAD_VALUE, "\"%s\" is too large for %s", shown, field->path);
	else
		item = reader_error(reader, node, CODE_BAD_VALUE, "\"%s\" is not %s", shown, words->what);
	if (!suggestion[0])
		item->hint = arena_printf(reader->diagnostics->arena, "%s%s.", words->forms,
		                          field->may_be_none ? ", or none" : "");
}

static void read_limit(struct reader *reader, const struct field *field, const struct node *node)
{
	struct limit *place = field_place(field, reader->profile);
	struct limit limit = { .set = true, .named = !reader->builtin };
	char suggestion[64];
	enum unit_fault fault;

	if (!reader_expect(reader, node, field->path, NODE_SCALAR, field->example))
		return;
	limit.pos = reader_string(reader, node, NULL).pos;
	if (field->may_be_none && strcmp(node->text, "none") == 0) {
		limit.set = false;
		*place = limit;
		return;
	}
	fault = parse_limit(field->type, node->text, &limit.value, suggestion, sizeof(suggestion));
	if (fault != UNIT_OK) {
		report_limit(reader, field, node, fault, suggestion);
	} else if (limit.value == 0 && !field->may_be_zero) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: 0 would leave nothing", field->path)->hint =
			field->may_be_none ? "Write none for no limit." : "Write more than 0.";
	} else {
		*place = limit;
	}
}

static void read_user(struct reader *reader, const struct field *field, const struct node *node)
{
	struct profile *profile = reader->profile;
	uint64_t uid = 0;
	int value = USER_UID;

	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "keep, nobody or a user id"))
		return;
	if (!name_find(field->names, node->text, &value) &&
	    (parse_count(node->text, &uid) != UNIT_OK || uid >= UINT32_MAX)) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s is keep, nobody or a user id, not \"%s\"", field->path,
		             reader_show(reader, node->text))
			->hint = "Names of accounts are not looked up; `id -u NAME` prints the number.";
		return;
	}
	if (value == USER_UID && uid == 0) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: a script never runs as root", field->path)->hint =
			"Write nobody, or the id of an ordinary account.";
		return;
	}
	profile->system.user = (enum user_mode)value;
	profile->system.uid = (uint32_t)uid;
	profile->system.user_pos = reader_string(reader, node, NULL).pos;
}

static void read_subsection(struct reader *reader, const struct field *field, const struct node *node)
{
	if (reader_expect(reader, node, field->path, NODE_MAPPING, NULL))
		read_section(reader, field->path, node);
}

/* merge.c has followed it before the rest is read. */
static void read_extends(struct reader *reader, const struct field *field, const struct node *node)
{
	(void)reader;
	(void)field;
	(void)node;
}

typedef void field_reader(struct reader *reader, const struct field *field, const struct node *node);

static field_reader *const field_readers[FIELD_TYPE_COUNT] = {
	[FIELD_SECTION] = read_subsection, [FIELD_VERSION] = read_version, [FIELD_EXTENDS] = read_extends,
	[FIELD_TEXT] = read_text,          [FIELD_STRING] = read_string,   [FIELD_STRINGS] = read_strings,
	[FIELD_GRANTS] = read_grants,      [FIELD_PAIRS] = read_pairs,     [FIELD_SECRETS] = read_secrets,
	[FIELD_BOOL] = read_bool,          [FIELD_NAME] = read_name,       [FIELD_SIZE] = read_limit,
	[FIELD_DURATION] = read_limit,     [FIELD_COUNT] = read_limit,     [FIELD_CPUS] = read_limit,
	[FIELD_NETWORK] = read_network,    [FIELD_EXEC] = read_exec,       [FIELD_REQUIRE] = read_require,
	[FIELD_USER] = read_user,          [FIELD_INPUTS] = read_inputs,   [FIELD_INPUT_ENV] = read_input_env,
	[FIELD_STDIN] = read_stdin,
};

void read_field(struct reader *reader, const struct field *field, const struct node *node)
{
	if (reader->ceiling && field->ceiling == CEILING_REFUSED && field->type != FIELD_SECTION &&
	    field->type != FIELD_VERSION) {
		reader_error_key(reader, node, CODE_BAD_VALUE, "%s has no place in a ceiling", field->path)->hint =
			"A ceiling says the most that may be granted: files, network, exec, env, limits, "
			"system, require, locked.";
		return;
	}
	if (reader->seen)
		reader->seen[field - profile_fields] = true;
	field_readers[field->type](reader, field, node);
}

static void report_unknown(struct reader *reader, const char *section, const struct node *node)
{
	const char *shown = reader_show(reader, node->key);
	const char *meant = field_suggest(section, node->key, reader->arena);
	struct diagnostic *item;

	if (node->broken)
		return;
	if (meant) {
		reader_error_key(reader, node, CODE_UNKNOWN_KEY, "unknown key \"%s\"; did you mean \"%s\"?", shown,
		                 meant);
		return;
	}
	item = reader_error_key(reader, node, CODE_UNKNOWN_KEY, "unknown key \"%s\"%s%s", shown,
	                        section[0] ? " in " : "", section);
	item->hint = "`pyconfine schema` prints every key.";
}

static const struct field *find_in(const char *section, const char *key)
{
	char path[64];
	int length = snprintf(path, sizeof(path), "%s%s%s", section, section[0] ? "." : "", key);

	/* A dot within the key would find a row of another section. */
	if (length < 0 || (size_t)length >= sizeof(path) || strchr(key, '.'))
		return NULL;
	return field_find(path);
}

static void check_required(struct reader *reader, const char *section, const struct node *mapping)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (!field->required || !field_is_in(field, section) || node_get(mapping, field_leaf(field)))
			continue;
		reader_error_key(reader, mapping, CODE_MISSING_KEY, "%s is missing", field->path)->hint = arena_printf(
			reader->diagnostics->arena, "Add `%s: %s`.", field_leaf(field), field->example);
	}
}

void read_section(struct reader *reader, const char *section, const struct node *mapping)
{
	for (const struct node *node = mapping->first; node; node = node->next) {
		const struct field *field = find_in(section, node->key);

		if (field)
			read_field(reader, field, node);
		else if (!reader->ceiling || section[0] || strcmp(node->key, "rules") != 0)
			report_unknown(reader, section, node);
	}
	check_required(reader, section, mapping);
}
