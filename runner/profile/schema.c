/* JSON Schema (draft 2020-12) from the table. YAML readers of editors give numbers and booleans their types before they
 * check, so that a key for strings takes 3.12 and a count takes 64, quoted or not. Patterns stay within what both
 * ECMA-262 and POSIX extended regular expressions mean by them. */
#include <string.h>

#include "profile/fields.h"
#include "profile/inputs.h"
#include "profile/table.h"

static struct json_object *string(const char *text)
{
	return json_object_new_string(text);
}

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *of_type(const char *type)
{
	struct json_object *schema = json_object_new_object();

	put(schema, "type", string(type));
	return schema;
}

static struct json_object *with_pattern(const char *pattern)
{
	struct json_object *schema = of_type("string");

	put(schema, "pattern", string(pattern));
	return schema;
}

static struct json_object *any_of(struct json_object *first, struct json_object *second)
{
	struct json_object *schema = json_object_new_object(), *list = json_object_new_array();

	json_object_array_add(list, first);
	json_object_array_add(list, second);
	put(schema, "anyOf", list);
	return schema;
}

static struct json_object *one_of_names(const struct name_value *names)
{
	struct json_object *schema = json_object_new_object(), *list = json_object_new_array();

	for (; names->name; names++)
		json_object_array_add(list, string(names->name));
	put(schema, "enum", list);
	return schema;
}

static struct json_object *one_of(const char *const *names)
{
	struct json_object *schema = json_object_new_object(), *list = json_object_new_array();

	for (; *names; names++)
		json_object_array_add(list, string(*names));
	put(schema, "enum", list);
	return schema;
}

static struct json_object *list_of(struct json_object *items)
{
	struct json_object *schema = of_type("array");

	put(schema, "items", items);
	return schema;
}

/* Kinds whose values an editor's YAML reader may have made numbers of. */
static bool may_be_number(enum text_kind kind)
{
	return kind == TEXT_ANY || kind == TEXT_LINE || kind == TEXT_PROFILE_NAME || kind == TEXT_INTERPRETER ||
	       kind == TEXT_ENV_VALUE || kind == TEXT_PORT || kind == TEXT_PATH || kind == TEXT_PROGRAM ||
	       kind == TEXT_HOSTNAME || kind == TEXT_NUMBER || kind == TEXT_PATTERN;
}

static struct json_object *text_schema(enum text_kind kind)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct text_rule *rule = &text_rules[kind];
	struct json_object *schema;

	if (rule->choices)
		return one_of(rule->choices(&arena));
	schema = rule->pattern ? with_pattern(rule->pattern) : of_type("string");
	if (kind == TEXT_PORT) {
		struct json_object *port = of_type("integer");

		put(port, "minimum", json_object_new_int(1));
		put(port, "maximum", json_object_new_int(65535));
		return any_of(port, schema);
	}
	return may_be_number(kind) ? any_of(schema, of_type("number")) : schema;
}

static struct json_object *object_of(struct json_object *properties, struct json_object *required)
{
	struct json_object *schema = of_type("object");

	put(schema, "properties", properties);
	put(schema, "additionalProperties", json_object_new_boolean(false));
	if (json_object_array_length(required) > 0)
		put(schema, "required", required);
	else
		json_object_put(required);
	return schema;
}

static struct json_object *grant_schema(const struct field *field)
{
	struct json_object *properties = json_object_new_object(), *required = json_object_new_array();

	put(properties, "path", text_schema(TEXT_PATH));
	put(properties, "as", text_schema(TEXT_INSIDE_PATH));
	put(properties, "beneath", text_schema(TEXT_PATH));
	put(properties, "optional", of_type("boolean"));
	put(properties, "exec", of_type("boolean"));
	json_object_array_add(required, string("path"));
	return any_of(text_schema(field->text), object_of(properties, required));
}

static struct json_object *mapping_of(enum text_kind names, struct json_object *values)
{
	struct json_object *schema = of_type("object");

	put(schema, "propertyNames", with_pattern(text_rules[names].pattern));
	put(schema, "additionalProperties", values);
	return schema;
}

static struct json_object *secrets_schema(void)
{
	struct json_object *properties = json_object_new_object(), *required = json_object_new_array();

	put(properties, "from", text_schema(TEXT_SECRET_FROM));
	put(properties, "as", text_schema(TEXT_SECRET_AS));
	json_object_array_add(required, string("from"));
	return mapping_of(TEXT_PROFILE_NAME, object_of(properties, required));
}

static const char *const limit_patterns[FIELD_TYPE_COUNT] = {
	[FIELD_SIZE] = "^[0-9]+(\\.[0-9])?(B|K|Ki|M|Mi|G|Gi|T|Ti)$",
	[FIELD_DURATION] = "^[0-9]+(\\.[0-9])?(ms|s|m|h|d)$",
	[FIELD_COUNT] = "^[0-9]+$",
	[FIELD_CPUS] = "^[0-9]+(\\.[0-9]{1,3})?$",
};

static struct json_object *limit_schema(const struct field *field)
{
	struct json_object *schema = with_pattern(limit_patterns[field->type]);

	if (field->type == FIELD_COUNT || field->type == FIELD_CPUS) {
		struct json_object *number = of_type(field->type == FIELD_COUNT ? "integer" : "number");

		put(number, field->type == FIELD_COUNT ? "minimum" : "exclusiveMinimum",
		    json_object_new_int(field->type == FIELD_COUNT ? 1 : 0));
		schema = any_of(number, schema);
	}
	if (field->may_be_none) {
		static const char *const none[] = { "none", NULL };

		schema = any_of(schema, one_of(none));
	}
	return schema;
}

static struct json_object *require_schema(void)
{
	struct json_object *properties = json_object_new_object();
	static const char *const all[] = { "all", NULL }, *const whole[] = { "all", "best-effort", NULL };

	for (int promise = 0; promise < PROMISE_COUNT; promise++)
		put(properties, promise_names[promise],
		    promise_has_per_process((enum promise)promise) ? one_of_names(require_names) : one_of(whole));
	return any_of(one_of(all), object_of(properties, json_object_new_array()));
}

static struct json_object *version_schema(void)
{
	struct json_object *schema = json_object_new_object(), *list = json_object_new_array();

	json_object_array_add(list, json_object_new_int(1));
	json_object_array_add(list, string("1"));
	put(schema, "enum", list);
	return schema;
}

static struct json_object *user_schema(const struct field *field)
{
	struct json_object *uid = of_type("integer");

	put(uid, "minimum", json_object_new_int(1));
	return any_of(one_of_names(field->names), any_of(uid, with_pattern("^0*[1-9][0-9]*$")));
}

static struct json_object *length_schema(unsigned minimum)
{
	struct json_object *schema = of_type("integer");

	put(schema, "minimum", json_object_new_int((int)minimum));
	return any_of(schema, with_pattern("^[0-9]+$"));
}

static struct json_object *some_of(struct json_object *items)
{
	struct json_object *schema = list_of(items);

	put(schema, "minItems", json_object_new_int(1));
	return schema;
}

static struct json_object *input_key_schema(const struct input_key *key)
{
	switch (key->kind) {
	case INPUT_KEY_TYPE:
		return one_of_names(input_type_names);
	case INPUT_KEY_FLAG:
		return of_type("boolean");
	case INPUT_KEY_COUNT:
		return length_schema(key->least);
	case INPUT_KEY_LIST:
		return some_of(text_schema(key->text));
	case INPUT_KEY_TEXT:
		break;
	}
	return text_schema(key->text);
}

static struct json_object *rule_schema(const struct field *field)
{
	struct json_object *properties = json_object_new_object(), *required = json_object_new_array();

	if (field->type == FIELD_INPUTS) {
		put(properties, "name", text_schema(field->text));
		json_object_array_add(required, string("name"));
	}
	for (const struct input_key *key = input_keys; key->name; key++)
		if (input_key_fits(key, field))
			put(properties, key->name, input_key_schema(key));
	return object_of(properties, required);
}

static struct json_object *section_schema(const char *section);

static struct json_object *value_schema(const struct field *field)
{
	switch (field->type) {
	case FIELD_SECTION:
		return section_schema(field->path);
	case FIELD_VERSION:
		return version_schema();
	case FIELD_EXTENDS:
		return any_of(with_pattern("."), list_of(with_pattern(".")));
	case FIELD_TEXT:
	case FIELD_STRING:
		return text_schema(field->text);
	case FIELD_STRINGS:
		return list_of(text_schema(field->text));
	case FIELD_GRANTS:
		return list_of(grant_schema(field));
	case FIELD_PAIRS:
		return mapping_of(TEXT_ENV_NAME, text_schema(field->text));
	case FIELD_SECRETS:
		return secrets_schema();
	case FIELD_BOOL:
		return of_type("boolean");
	case FIELD_NAME:
		return one_of_names(field->names);
	case FIELD_SIZE:
	case FIELD_DURATION:
	case FIELD_COUNT:
	case FIELD_CPUS:
		return limit_schema(field);
	case FIELD_NETWORK:
		return any_of(one_of_names(field->names), section_schema(field->path));
	case FIELD_EXEC:
		return any_of(one_of_names(field->names), list_of(text_schema(field->text)));
	case FIELD_REQUIRE:
		return require_schema();
	case FIELD_USER:
		return user_schema(field);
	case FIELD_INPUTS:
		return list_of(field->text == TEXT_INPUT_OPTION ? any_of(text_schema(field->text), rule_schema(field))
		                                                : rule_schema(field));
	case FIELD_INPUT_ENV:
		return mapping_of(field->text, rule_schema(field));
	case FIELD_STDIN:
		return any_of(one_of_names(field->names), section_schema(field->path));
	case FIELD_TYPE_COUNT:
		break;
	}
	return json_object_new_object();
}

static struct json_object *section_schema(const char *section)
{
	struct json_object *properties = json_object_new_object(), *required = json_object_new_array();

	for (const struct field *field = profile_fields; field->path; field++) {
		struct json_object *schema;

		if (!field_is_in(field, section))
			continue;
		schema = value_schema(field);
		put(schema, "description", string(field->help));
		if (field->standard)
			put(schema, "$comment", string(field->standard));
		put(properties, field_leaf(field), schema);
		if (field->required)
			json_object_array_add(required, string(field_leaf(field)));
	}
	return object_of(properties, required);
}

struct json_object *profile_schema(void)
{
	struct json_object *schema = section_schema("");

	put(schema, "$schema", string("https://json-schema.org/draft/2020-12/schema"));
	put(schema, "title", string("pyconfine profile, version 1"));
	return schema;
}
