/* `inputs`: rules for arguments, options, variables and stdin. Positions make an argument, so a list of rules is
 * replaced as a whole by a profile that extends another; variables have names, so that their rules add up. */
#include <string.h>

#include "base/units.h"
#include "profile/inputs.h"

enum { STDIN_SIZE_STANDARD = 1 << 20, PATTERN_LENGTH_MAX = 4096, ARGUMENT_LENGTH_MAX = 131071 };

static const struct {
	const char *word, *key;
} key_aliases[] = {
	{ "choices", "enum" },      { "values", "enum" },          { "one_of", "enum" },
	{ "oneOf", "enum" },        { "regex", "pattern" },        { "regexp", "pattern" },
	{ "match", "pattern" },     { "minimum", "min" },          { "maximum", "max" },
	{ "length", "max_length" }, { "minLength", "min_length" }, { "maxLength", "max_length" },
	{ "under", "beneath" },     { "inside", "beneath" },       { "dir", "beneath" },
	{ "directory", "beneath" }, { "extensions", "suffixes" },  { "suffix", "suffixes" },
	{ "multiple", "repeat" },   { "nargs", "repeat" },         { "dash", "leading_dash" },
};

static const struct input_key *find_key(const struct field *field, const char *name)
{
	for (const struct input_key *key = input_keys; key->name; key++)
		if (strcmp(key->name, name) == 0 && input_key_fits(key, field))
			return key;
	return NULL;
}

static void report_key(struct reader *reader, const struct field *field, const struct node *node)
{
	const char *names[16] = { NULL }, *meant = NULL, *list = field->type == FIELD_INPUTS ? "name" : "";
	size_t count = 0;

	for (const struct input_key *key = input_keys; key->name; key++) {
		if (!input_key_fits(key, field))
			continue;
		names[count++] = key->name;
		list = arena_printf(reader->diagnostics->arena, "%s%s%s", list, *list ? ", " : "", key->name);
	}
	for (size_t i = 0; i < sizeof(key_aliases) / sizeof(key_aliases[0]); i++)
		if (strcmp(key_aliases[i].word, node->key) == 0)
			meant = key_aliases[i].key;
	if (!meant)
		meant = nearest_name(node->key, names);
	reader_error_key(reader, node, CODE_UNKNOWN_KEY,
	                 meant ? "unknown key \"%s\"; did you mean \"%s\"?" : "unknown key \"%s\"",
	                 reader_show(reader, node->key), meant)
		->hint = arena_printf(reader->diagnostics->arena, "A rule has %s.", list);
}

static bool read_type(struct reader *reader, const struct node *node, enum input_type *type)
{
	static const struct name_value others[] = { { "integer", INPUT_INT }, { "str", INPUT_STRING },
		                                    { "text", INPUT_STRING }, { "float", INPUT_NUMBER },
		                                    { "file", INPUT_PATH },   { NULL, 0 } };
	char list[64];
	int value;

	if (!reader_expect(reader, node, "type", NODE_SCALAR, "string, int, number or path"))
		return false;
	if (name_find(input_type_names, node->text, &value)) {
		*type = (enum input_type)value;
		return true;
	}
	name_list(input_type_names, list, sizeof(list));
	if (name_find(others, node->text, &value))
		reader_error(reader, node, CODE_BAD_VALUE, "type is %s, not \"%s\"; did you mean %s?", list,
		             reader_show(reader, node->text), name_of(input_type_names, value));
	else
		reader_error(reader, node, CODE_BAD_VALUE, "type is %s, not \"%s\"", list,
		             reader_show(reader, node->text));
	return false;
}

static bool read_count(struct reader *reader, const struct input_key *key, const struct node *node, struct limit *out)
{
	struct limit limit = { .set = true, .named = true };

	if (!reader_expect(reader, node, key->name, NODE_SCALAR, "a number"))
		return false;
	if (parse_count(node->text, &limit.value) != UNIT_OK || limit.value < key->least ||
	    limit.value > ARGUMENT_LENGTH_MAX) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s: \"%s\" is not a whole number from %u to %d", key->name,
		             reader_show(reader, node->text), key->least, ARGUMENT_LENGTH_MAX);
		return false;
	}
	limit.pos = reader_string(reader, node, NULL).pos;
	*out = limit;
	return true;
}

static bool read_texts(struct reader *reader, const struct input_key *key, const struct node *node,
                       struct profile_strings *list)
{
	bool good = true;

	if (!reader_expect(reader, node, key->name, NODE_LIST, "a list: [a, b]"))
		return false;
	if (!node->first) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s is empty: nothing could be given", key->name);
		return false;
	}
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		struct profile_string string;

		if (!reader_has_room(reader, entry, list->count))
			return false;
		if (!read_one_text(reader, key->name, key->text, entry, &string)) {
			good = false;
			continue;
		}
		list->items = arena_grow(reader->arena, list->items, list->count, sizeof(*list->items));
		list->items[list->count++] = string;
	}
	return good;
}

static bool read_key(struct reader *reader, const struct input_key *key, const struct node *node,
                     struct input_rule *rule)
{
	void *place = (char *)rule + key->offset;

	switch (key->kind) {
	case INPUT_KEY_TYPE:
		return read_type(reader, node, &rule->type);
	case INPUT_KEY_TEXT:
		return read_one_text(reader, key->name, key->text, node, place);
	case INPUT_KEY_LIST:
		return read_texts(reader, key, node, place);
	case INPUT_KEY_COUNT:
		return read_count(reader, key, node, place);
	case INPUT_KEY_FLAG:
		return read_one_flag(reader, key->name, node, place);
	}
	return false;
}

/* A key that cannot constrain values of that type would seem to and not do it. */
static bool judge_keys(struct reader *reader, const struct node *mapping, const struct input_rule *rule)
{
	bool good = true;

	for (const struct node *node = mapping->first; node; node = node->next) {
		const struct input_key *key = input_keys;
		const char *type = name_of(input_type_names, (int)rule->type);
		struct diagnostic *item = NULL;

		while (key->name && strcmp(key->name, node->key) != 0)
			key++;
		if (!key->name)
			continue;
		if (rule->choices.count > 0 && !key->beside_enum)
			item = reader_error_key(reader, node, CODE_BAD_VALUE, "enum lists the values; %s adds nothing",
			                        key->name);
		else if (!(key->types & 1u << rule->type))
			item = reader_error_key(reader, node, CODE_BAD_VALUE, "%s is not for type: %s", key->name,
			                        type);
		if (item && key->instead && rule->choices.count == 0)
			item->hint = arena_printf(reader->diagnostics->arena, "For a %s it is %s.", type, key->instead);
		good = good && !item;
	}
	return good;
}

static bool judge_numbers(struct reader *reader, const struct node *mapping, const struct input_rule *rule)
{
	const struct profile_string *bounds[] = { &rule->min, &rule->max };

	for (size_t i = 0; i < 2; i++) {
		if (rule->type != INPUT_INT || !bounds[i]->value || input_is_int(bounds[i]->value))
			continue;
		reader_error(reader, node_get(mapping, i ? "max" : "min"), CODE_BAD_VALUE,
		             "\"%s\" is no whole number, as type: int wants it", bounds[i]->value);
		return false;
	}
	if (rule->min.value && rule->max.value && input_compare(rule->min.value, rule->max.value, rule->type) > 0) {
		reader_error(reader, node_get(mapping, "min"), CODE_BAD_VALUE,
		             "min %s is more than max %s: nothing could be given", rule->min.value, rule->max.value);
		return false;
	}
	return true;
}

static bool judge_lengths(struct reader *reader, const struct node *mapping, const struct input_rule *rule)
{
	uint64_t least = rule->min_length.set ? rule->min_length.value : 1;
	uint64_t most = rule->max_length.set ? rule->max_length.value : INPUT_LENGTH_MAX;

	if (least > most) {
		reader_error(reader, node_get(mapping, "min_length"), CODE_BAD_VALUE,
		             "min_length %llu is more than max_length %llu: nothing could be given",
		             (unsigned long long)least, (unsigned long long)most);
		return false;
	}
	if (rule->pattern.value && most > PATTERN_LENGTH_MAX) {
		reader_error(reader, node_get(mapping, "max_length"), CODE_BAD_VALUE,
		             "max_length is at most %d where there is a pattern", PATTERN_LENGTH_MAX);
		return false;
	}
	return true;
}

static bool read_rule(struct reader *reader, const struct field *field, const struct node *node,
                      struct input_rule *rule)
{
	bool good = true;

	if (!reader_expect(reader, node, field->path, NODE_MAPPING, "a rule: {type: int, min: 1, max: 4096}"))
		return false;
	rule->takes_value = true;
	for (const struct node *child = node->first; child; child = child->next) {
		const struct input_key *key = find_key(field, child->key);

		if (child->broken) {
			good = false;
		} else if (field->type == FIELD_INPUTS && strcmp(child->key, "name") == 0) {
			good = read_one_text(reader, "name", field->text, child, &rule->name) && good;
		} else if (key) {
			good = read_key(reader, key, child, rule) && good;
		} else {
			report_key(reader, field, child);
			good = false;
		}
	}
	if (!good)
		return false;
	if (field->type == FIELD_INPUTS && !rule->name.value) {
		reader_error(reader, node, CODE_MISSING_KEY, "%s: a rule without name", field->path)->hint =
			field->text == TEXT_INPUT_OPTION ? "Write {name: --size, type: int}."
							 : "The name is for messages: {name: size, type: int}.";
		return false;
	}
	return judge_keys(reader, node, rule) && judge_numbers(reader, node, rule) && judge_lengths(reader, node, rule);
}

/* Every argument is found by its position alone. */
static bool follows(struct reader *reader, const struct field *field, const struct node *node,
                    const struct input_rules *list, const struct input_rule *rule)
{
	const struct input_rule *last = list->count ? &list->items[list->count - 1] : NULL;

	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name.value, rule->name.value) != 0)
			continue;
		reader_error(reader, node, CODE_DUPLICATE_KEY, "%s: \"%s\" stands there twice", field->path,
		             rule->name.value);
		return false;
	}
	if (field->text == TEXT_INPUT_OPTION || !last)
		return true;
	if (last->repeat) {
		reader_error(reader, node, CODE_BAD_VALUE,
		             "only the last argument can be repeated, and \"%s\" is not the last", last->name.value);
		return false;
	}
	if (last->optional && !rule->optional) {
		reader_error(reader, node, CODE_BAD_VALUE,
		             "\"%s\" follows one that is optional, so it must be optional, too", rule->name.value);
		return false;
	}
	return true;
}

void read_inputs(struct reader *reader, const struct field *field, const struct node *node)
{
	struct input_rules list = { .given = true, .pos = reader_string(reader, node, NULL).pos };

	if (!reader_expect(reader, node, field->path, NODE_LIST, field->example))
		return;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		struct input_rule rule = { 0 };

		if (!reader_has_room(reader, entry, list.count))
			return;
		if (field->text == TEXT_INPUT_OPTION && entry->kind == NODE_SCALAR) {
			if (!read_one_text(reader, field->path, field->text, entry, &rule.name))
				continue;
		} else if (!read_rule(reader, field, entry, &rule)) {
			continue;
		}
		if (!follows(reader, field, entry, &list, &rule))
			continue;
		list.items = arena_grow(reader->arena, list.items, list.count, sizeof(*list.items));
		list.items[list.count++] = rule;
	}
	*(struct input_rules *)field_place(field, reader->profile) = list;
}

void read_input_env(struct reader *reader, const struct field *field, const struct node *node)
{
	struct input_rules *list = field_place(field, reader->profile);

	if (!reader_expect(reader, node, field->path, NODE_MAPPING, field->example))
		return;
	list->given = true;
	list->pos = reader_string(reader, node, NULL).pos;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		struct node name = reader_key_node(entry);
		struct input_rule rule = { 0 };
		size_t at = 0;

		if (!reader_has_room(reader, entry, list->count))
			return;
		if (entry->broken || !read_one_text(reader, field->path, field->text, &name, &rule.name) ||
		    !read_rule(reader, field, entry, &rule))
			continue;
		while (at < list->count && strcmp(list->items[at].name.value, rule.name.value) != 0)
			at++;
		if (at == list->count)
			list->items = arena_grow(reader->arena, list->items, list->count++, sizeof(*list->items));
		list->items[at] = rule;
	}
}

void read_stdin(struct reader *reader, const struct field *field, const struct node *node)
{
	struct profile *profile = reader->profile;
	int mode;

	if (node->broken)
		return;
	if (node->kind == NODE_MAPPING) {
		profile->inputs.standard_input.mode = STDIN_CHECKED;
		profile->inputs.standard_input.pos = reader_string(reader, node, NULL).pos;
		if (!profile->inputs.standard_input.max_size.set)
			profile->inputs.standard_input.max_size = (struct limit){ .set = true,
				                                                  .value = STDIN_SIZE_STANDARD };
		read_section(reader, field->path, node);
		return;
	}
	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "any, none or {max_size: 1M, type: json}"))
		return;
	if (!name_find(stdin_names, node->text, &mode)) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s is any, none or a mapping, not \"%s\"", field->path,
		             reader_show(reader, node->text))
			->hint = "Write {max_size: 1M, type: json}; the type is any, text or json.";
		return;
	}
	memset(&profile->inputs.standard_input, 0, sizeof(profile->inputs.standard_input));
	profile->inputs.standard_input.mode = (enum stdin_mode)mode;
	profile->inputs.standard_input.pos = reader_string(reader, node, NULL).pos;
}

static bool is_passed_on(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->env.allow.count; i++) {
		const char *pattern = profile->env.allow.items[i].value;
		size_t length = strlen(pattern);

		if (strcmp(pattern, name) == 0 ||
		    (length > 0 && pattern[length - 1] == '*' && strncmp(pattern, name, length - 1) == 0))
			return true;
	}
	for (size_t i = 0; i < profile->env.set.count; i++)
		if (strcmp(profile->env.set.items[i].name.value, name) == 0)
			return true;
	return false;
}

void inputs_judge(struct loader *loader)
{
	const struct input_rules *rules = &loader->profile->inputs.env;

	for (size_t i = 0; i < rules->count; i++) {
		const struct profile_string *name = &rules->items[i].name;

		if (is_passed_on(loader->profile, name->value))
			continue;
		loader_report(loader, SEVERITY_ERROR, CODE_BAD_VALUE, &name->pos, (uint32_t)strlen(name->value),
		              "inputs.env: %s is not passed on to the script, so there is nothing to check",
		              name->value)
			->hint = arena_printf(loader->diagnostics->arena, "Add env: {allow: [%s]}", name->value);
	}
}
