/* As much of JSON Schema as profile_schema() uses, so that the schema can be held against the checker. Values are typed
 * as an editor's YAML reader types them before it validates (YAML 1.2, core schema). */
#ifndef TESTS_SCHEMA_CHECK_H
#define TESTS_SCHEMA_CHECK_H

#include <json.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profile/document.h"

static inline bool matches(const char *pattern, const char *text)
{
	regex_t regex;
	bool found;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		abort();
	found = regexec(&regex, text, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

static inline struct json_object *typed_scalar(const struct node *node)
{
	if (node->quoted)
		return json_object_new_string(node->text);
	if (!strcmp(node->text, "true") || !strcmp(node->text, "false"))
		return json_object_new_boolean(node->text[0] == 't');
	if (!strcmp(node->text, "") || !strcmp(node->text, "null") || !strcmp(node->text, "~"))
		return NULL;
	if (matches("^[-+]?[0-9]+$", node->text))
		return json_object_new_int64(strtoll(node->text, NULL, 10));
	if (matches("^[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?$", node->text))
		return json_object_new_double(strtod(node->text, NULL));
	return json_object_new_string(node->text);
}

static inline struct json_object *typed(const struct node *node)
{
	struct json_object *value;

	if (node->kind == NODE_SCALAR)
		return typed_scalar(node);
	value = node->kind == NODE_LIST ? json_object_new_array() : json_object_new_object();
	for (const struct node *child = node->first; child; child = child->next) {
		if (node->kind == NODE_LIST)
			json_object_array_add(value, typed(child));
		else
			json_object_object_add(value, child->key, typed(child));
	}
	return value;
}

static inline bool has_type(const char *type, struct json_object *value)
{
	enum json_type is = json_object_get_type(value);

	if (!strcmp(type, "string"))
		return is == json_type_string;
	if (!strcmp(type, "integer"))
		return is == json_type_int;
	if (!strcmp(type, "number"))
		return is == json_type_int || is == json_type_double;
	if (!strcmp(type, "boolean"))
		return is == json_type_boolean;
	if (!strcmp(type, "array"))
		return is == json_type_array;
	if (!strcmp(type, "object"))
		return is == json_type_object;
	abort();
}

static inline bool is_valid(struct json_object *schema, struct json_object *value);

static inline bool object_is_valid(struct json_object *schema, struct json_object *value)
{
	struct json_object *properties = json_object_object_get(schema, "properties");
	struct json_object *others = json_object_object_get(schema, "additionalProperties");
	struct json_object *names = json_object_object_get(schema, "propertyNames");
	struct json_object *required = json_object_object_get(schema, "required");

	if (json_object_get_type(value) != json_type_object)
		return true;
	for (size_t i = 0; required && i < json_object_array_length(required); i++)
		if (!json_object_object_get_ex(value, json_object_get_string(json_object_array_get_idx(required, i)),
		                               NULL))
			return false;
	json_object_object_foreach(value, key, item)
	{
		struct json_object *property = properties ? json_object_object_get(properties, key) : NULL;
		struct json_object *name = json_object_new_string(key);
		bool good = !names || is_valid(names, name);

		json_object_put(name);
		if (!good || (property && !is_valid(property, item)))
			return false;
		if (!property && others && json_object_get_type(others) == json_type_boolean &&
		    !json_object_get_boolean(others))
			return false;
		if (!property && others && json_object_get_type(others) == json_type_object && !is_valid(others, item))
			return false;
	}
	return true;
}

static inline bool number_is_valid(struct json_object *schema, struct json_object *value)
{
	struct json_object *bound;

	if (!has_type("number", value))
		return true;
	bound = json_object_object_get(schema, "minimum");
	if (bound && json_object_get_double(value) < json_object_get_double(bound))
		return false;
	bound = json_object_object_get(schema, "maximum");
	if (bound && json_object_get_double(value) > json_object_get_double(bound))
		return false;
	bound = json_object_object_get(schema, "exclusiveMinimum");
	return !bound || json_object_get_double(value) > json_object_get_double(bound);
}

static inline bool is_one_of(struct json_object *list, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (json_object_equal(json_object_array_get_idx(list, i), value))
			return true;
	return false;
}

static inline bool any_is_valid(struct json_object *list, struct json_object *value)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (is_valid(json_object_array_get_idx(list, i), value))
			return true;
	return false;
}

static inline bool is_valid(struct json_object *schema, struct json_object *value)
{
	struct json_object *rule = json_object_object_get(schema, "type");

	if (rule && !has_type(json_object_get_string(rule), value))
		return false;
	rule = json_object_object_get(schema, "enum");
	if (rule && !is_one_of(rule, value))
		return false;
	rule = json_object_object_get(schema, "anyOf");
	if (rule && !any_is_valid(rule, value))
		return false;
	rule = json_object_object_get(schema, "pattern");
	if (rule && json_object_get_type(value) == json_type_string &&
	    !matches(json_object_get_string(rule), json_object_get_string(value)))
		return false;
	rule = json_object_object_get(schema, "minItems");
	if (rule && json_object_get_type(value) == json_type_array &&
	    json_object_array_length(value) < (size_t)json_object_get_int(rule))
		return false;
	rule = json_object_object_get(schema, "items");
	if (rule && json_object_get_type(value) == json_type_array)
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (!is_valid(rule, json_object_array_get_idx(value, i)))
				return false;
	return number_is_valid(schema, value) && object_is_valid(schema, value);
}

#endif
