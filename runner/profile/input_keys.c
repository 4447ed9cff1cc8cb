/* The keys of one rule of `inputs`: the table, and what follows from it alone. */
#include <stdlib.h>
#include <string.h>

#include "profile/inputs.h"

#define AT(member) .offset = offsetof(struct input_rule, member)
#define TYPE(type) (1u << INPUT_##type)
#define NUMBERS (TYPE(INT) | TYPE(NUMBER))
#define EVERY (TYPE(STRING) | TYPE(PATH) | NUMBERS)

/* clang-format off */
const struct input_key input_keys[] = {
	{ "type", INPUT_KEY_TYPE, TEXT_ANY, AT(type), .types = EVERY },
	{ "enum", INPUT_KEY_LIST, TEXT_LINE, AT(choices), .types = TYPE(STRING), .beside_enum = true },
	{ "min", INPUT_KEY_TEXT, TEXT_NUMBER, AT(min), .types = NUMBERS, .instead = "min_length" },
	{ "max", INPUT_KEY_TEXT, TEXT_NUMBER, AT(max), .types = NUMBERS, .instead = "max_length" },
	{ "pattern", INPUT_KEY_TEXT, TEXT_PATTERN, AT(pattern), .types = TYPE(STRING) | TYPE(PATH) },
	{ "min_length", INPUT_KEY_COUNT, TEXT_ANY, AT(min_length), .types = TYPE(STRING) | TYPE(PATH), .instead = "min" },
	{ "max_length", INPUT_KEY_COUNT, TEXT_ANY, AT(max_length), .types = TYPE(STRING) | TYPE(PATH), .least = 1,
	  .instead = "max" },
	{ "beneath", INPUT_KEY_TEXT, TEXT_PATH, AT(beneath), .types = TYPE(PATH) },
	{ "suffixes", INPUT_KEY_LIST, TEXT_SUFFIX, AT(suffixes), .types = TYPE(PATH) },
	{ "optional", INPUT_KEY_FLAG, TEXT_ANY, AT(optional), .types = EVERY, .beside_enum = true },
	{ "repeat", INPUT_KEY_FLAG, TEXT_ANY, AT(repeat), .types = EVERY, .beside_enum = true, .args_only = true },
	{ "leading_dash", INPUT_KEY_FLAG, TEXT_ANY, AT(leading_dash), .types = TYPE(STRING) | TYPE(PATH),
	  .args_only = true },
	{ .name = NULL },
};
/* clang-format on */

const struct name_value input_type_names[] = { { "string", INPUT_STRING },
	                                       { "int", INPUT_INT },
	                                       { "number", INPUT_NUMBER },
	                                       { "path", INPUT_PATH },
	                                       { NULL, 0 } };

bool input_key_fits(const struct input_key *key, const struct field *field)
{
	return field->type == FIELD_INPUTS || !key->args_only;
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

bool input_is_int(const char *text)
{
	text += *text == '-';
	return digits(text) > 0 && digits(text) <= 18 && text[digits(text)] == '\0';
}

bool input_is_number(const char *text)
{
	size_t length = strlen(text);

	text += *text == '-';
	if (length > 64 || digits(text) == 0)
		return false;
	text += digits(text);
	if (text[0] == '.') {
		if (digits(++text) == 0)
			return false;
		text += digits(text);
	}
	if (text[0] == 'e' || text[0] == 'E') {
		text += text[1] == '-' || text[1] == '+' ? 2 : 1;
		if (digits(text) == 0 || digits(text) > 3)
			return false;
		text += digits(text);
	}
	return *text == '\0';
}

int input_compare(const char *a, const char *b, enum input_type type)
{
	if (type == INPUT_INT) {
		long long left = strtoll(a, NULL, 10), right = strtoll(b, NULL, 10);

		return (left > right) - (left < right);
	}
	return (strtod(a, NULL) > strtod(b, NULL)) - (strtod(a, NULL) < strtod(b, NULL));
}

static const void *place(const struct input_key *key, const struct input_rule *rule)
{
	return (const char *)rule + key->offset;
}

static bool equal_texts(const struct profile_string *a, const struct profile_string *b, enum text_kind kind)
{
	const struct field like = { .text = kind };
	TEXT_CLEANUP struct text left = { 0 }, right = { 0 };

	if (!a->value || !b->value)
		return a->value == b->value;
	field_resolve(&like, a, &left);
	field_resolve(&like, b, &right);
	return strcmp(text_string(&left), text_string(&right)) == 0;
}

static bool equal_lists(const struct profile_strings *a, const struct profile_strings *b, enum text_kind kind)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!equal_texts(&a->items[i], &b->items[i], kind))
			return false;
	return true;
}

static bool equal_key(const struct input_key *key, const struct input_rule *a, const struct input_rule *b)
{
	const void *left = place(key, a), *right = place(key, b);
	const struct limit *left_count = left, *right_count = right;

	switch (key->kind) {
	case INPUT_KEY_TYPE:
		return a->type == b->type;
	case INPUT_KEY_TEXT:
		return equal_texts(left, right, key->text);
	case INPUT_KEY_LIST:
		return equal_lists(left, right, key->text);
	case INPUT_KEY_COUNT:
		return left_count->set == right_count->set && left_count->value == right_count->value;
	case INPUT_KEY_FLAG:
		return *(const bool *)left == *(const bool *)right;
	}
	return false;
}

bool input_rules_equal(const struct input_rules *a, const struct input_rules *b)
{
	if (a->given != b->given || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct input_rule *left = &a->items[i], *right = &b->items[i];

		if (strcmp(left->name.value, right->name.value) != 0 || left->takes_value != right->takes_value)
			return false;
		for (const struct input_key *key = input_keys; key->name; key++)
			if (!equal_key(key, left, right))
				return false;
	}
	return true;
}

static bool is_said(const struct input_key *key, const struct input_rule *rule)
{
	const void *value = place(key, rule);

	switch (key->kind) {
	case INPUT_KEY_TYPE:
		return rule->type != INPUT_STRING;
	case INPUT_KEY_TEXT:
		return ((const struct profile_string *)value)->value != NULL;
	case INPUT_KEY_LIST:
		return ((const struct profile_strings *)value)->count > 0;
	case INPUT_KEY_COUNT:
		return ((const struct limit *)value)->set;
	case INPUT_KEY_FLAG:
		return *(const bool *)value;
	}
	return false;
}

static void emit_key(const struct input_key *key, const struct input_rule *rule, struct text *out)
{
	const struct field like = { .text = key->text };
	const void *value = place(key, rule);
	const struct profile_strings *list = value;

	text_addf(out, "%s: ", key->name);
	if (key->kind == INPUT_KEY_TYPE)
		text_add(out, name_of(input_type_names, (int)rule->type));
	if (key->kind == INPUT_KEY_TEXT)
		emit_string(&like, value, out);
	if (key->kind == INPUT_KEY_COUNT)
		text_addf(out, "%llu", (unsigned long long)((const struct limit *)value)->value);
	if (key->kind == INPUT_KEY_FLAG)
		text_add(out, "true");
	if (key->kind != INPUT_KEY_LIST)
		return;
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, i ? ", " : "[");
		emit_scalar(list->items[i].value, out);
	}
	text_add(out, "]");
}

void input_rule_emit(const struct field *field, const struct input_rule *rule, struct text *out)
{
	bool first = true;

	if (field->type == FIELD_INPUTS && field->text == TEXT_INPUT_OPTION && !rule->takes_value) {
		emit_scalar(rule->name.value, out);
		return;
	}
	if (field->type == FIELD_INPUT_ENV) {
		text_addf(out, "%s: {", rule->name.value);
	} else {
		text_add(out, "{name: ");
		emit_scalar(rule->name.value, out);
		first = false;
	}
	for (const struct input_key *key = input_keys; key->name; key++) {
		if (!is_said(key, rule))
			continue;
		text_add(out, first ? "" : ", ");
		emit_key(key, rule, out);
		first = false;
	}
	text_add(out, "}");
}

static void describe_list(const struct profile_strings *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++) {
		text_add(out, i == 0 ? "" : i + 1 == list->count ? " or " : ", ");
		text_add_escaped(out, list->items[i].value);
	}
}

static void describe_range(const struct input_rule *rule, struct text *out)
{
	text_add(out, rule->type == INPUT_INT ? "a whole number" : "a number");
	if (rule->min.value && rule->max.value)
		text_addf(out, " from %s to %s", rule->min.value, rule->max.value);
	else if (rule->min.value)
		text_addf(out, " from %s on", rule->min.value);
	else if (rule->max.value)
		text_addf(out, " up to %s", rule->max.value);
}

void input_rule_describe(const struct input_rule *rule, struct text *out)
{
	if (rule->choices.count > 0) {
		describe_list(&rule->choices, out);
		return;
	}
	if (rule->type == INPUT_INT || rule->type == INPUT_NUMBER) {
		describe_range(rule, out);
		return;
	}
	text_add(out, rule->type == INPUT_PATH ? "a path" : "text");
	if (rule->beneath.value) {
		text_add(out, " beneath ");
		text_add_escaped(out, rule->beneath.value);
	}
	if (rule->suffixes.count > 0) {
		text_add(out, " ending in ");
		describe_list(&rule->suffixes, out);
	}
	if (rule->pattern.value) {
		text_add(out, " that fits ");
		text_add_escaped(out, rule->pattern.value);
	}
	if (rule->max_length.set)
		text_addf(out, ", at most %llu characters", (unsigned long long)rule->max_length.value);
}
