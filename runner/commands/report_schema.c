/* The report's fields, and the JSON Schema that is made from them. Every field is always there; `nullable` says which
 * may be null. */
#include <string.h>

#include "commands/report.h"

static const char *const evidence[] = { "observed", "inferred", "script-reported", NULL };

/* A row is read across. */
/* clang-format off */
const struct report_field report_fields[] = {
	{ "v", "integer", false, NULL, "version of this format: 1" },
	{ "session", "string", false, NULL, "sixteen digits that name the run; what ${SESSION} stands for" },
	{ "profile", "object", true, NULL, "the profile; null when none could be read" },
	{ "profile.name", "string", false, NULL, "its name" },
	{ "profile.path", "string", true, NULL, "its file; null for a built-in profile" },
	{ "profile.sha256", "string", false, NULL, "SHA-256 of its text" },
	{ "script", "string", true, NULL, "the script's path, \"-m MODULE\", \"-c\" or \"-\"" },
	{ "interpreter", "string", true, NULL, "path of the Python" },
	{ "outcome", NULL, false, report_outcomes, "how the run ended: by itself, by a signal, by its timeout or memory limit, by another limit, by on_denial or refused outputs, or before the script began" },
	{ "exit_code", "integer", false, NULL, "the exit status of pyconfine (130 where it dies of SIGINT itself)" },
	{ "signal", "integer", true, NULL, "number of the signal that ended the script, with outcome signaled" },
	{ "limit", "object", true, NULL, "the limit that was reached, with outcome timeout, memory and limit" },
	{ "limit.key", "string", false, NULL, "the profile's key: \"limits.cpu_time\"" },
	{ "limit.value", "number", false, NULL, "its value: seconds, bytes or a count" },
	{ "limit.peak", "number", true, NULL, "what was seen of the whole process tree when it was reached" },
	{ "error", "object", true, NULL, "why the script was not started, with outcome setup-failed" },
	{ "error.code", "string", false, NULL, "code of the message: `pyconfine help CODE`" },
	{ "error.message", "string", false, NULL, "its text" },
	{ "usage", "object", true, NULL, "what the script and everything that it started used; null when it was not started" },
	{ "usage.wall_s", "number", false, NULL, "seconds from the first process to the end of the last" },
	{ "usage.cpu_s", "number", false, NULL, "seconds of processor time, user and system" },
	{ "usage.max_rss", "integer", false, NULL, "largest resident size of one process, in bytes" },
	{ "layers", "array", false, NULL, "each promise of the profile" },
	{ "layers[].promise", NULL, false, promise_names, "what was promised" },
	{ "layers[].by", "string", false, NULL, "what of the kernel or pyconfine keeps it" },
	{ "layers[].enforced", "boolean", false, NULL, "false: relaxed on this machine, as the profile accepts" },
	{ "denials", "array", false, NULL, "what pyconfine itself refused; with --trace what files and programs were refused as well" },
	{ "denials[].code", "string", false, NULL, "the profile's key that decides" },
	{ "denials[].target", "string", false, NULL, "path, address or system call" },
	{ "denials[].errno", "string", false, NULL, "what the script got as an answer: \"EPERM\"" },
	{ "denials[].count", "integer", false, NULL, "how often" },
	{ "denials[].at", "object", true, NULL, "where in the script; null: not known" },
	{ "denials[].at.file", "string", false, NULL, "file" },
	{ "denials[].at.line", "integer", false, NULL, "line" },
	{ "denials[].at.function", "string", true, NULL, "function" },
	{ "denials[].evidence", NULL, false, evidence, "how it is known" },
	{ "denials[].fix", "object", true, NULL, "what in the profile would allow it" },
	{ "denials[].fix.path", "string", false, NULL, "the key" },
	{ "denials[].fix.value", "string", false, NULL, "the value to add" },
	{ "denials_more", "integer", false, NULL, "denials of further targets that are not in the list" },
	{ "outputs", "array", false, NULL, "files that the script left in its directory for outputs; the profile bounds their number, of more some are listed" },
	{ "outputs[].name", "string", false, NULL, "its name, as the script chose it" },
	{ "outputs[].size", "integer", true, NULL, "its size in bytes; null: not looked at" },
	{ "outputs[].accepted", "boolean", false, NULL, "true: it is in outputs.path now" },
	{ "outputs[].reason", "string", true, NULL, "why it is not" },
	{ 0 },
};
/* clang-format on */

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *words_of(const char *const *words)
{
	struct json_object *list = json_object_new_array();

	for (; *words; words++)
		json_object_array_add(list, json_object_new_string(*words));
	return list;
}

/* promise_names has a fixed count and no end. */
static struct json_object *words_schema(const struct report_field *field)
{
	const char *names[PROMISE_COUNT + 1] = { NULL };

	memcpy(names, promise_names, sizeof(names) - sizeof(names[0]));
	return words_of(field->words == promise_names ? names : field->words);
}

/* The part of a path below `parent`, when it is a direct child; "denials[]" is the parent of "denials[].code". */
static const char *leaf_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	if (length > 0) {
		if (strncmp(path, parent, length) != 0 || path[length] != '.')
			return NULL;
		path += length + 1;
	}
	return strchr(path, '.') || strchr(path, '[') ? NULL : path;
}

static struct json_object *type_of(const struct report_field *field)
{
	struct json_object *both;

	if (!field->nullable)
		return json_object_new_string(field->type);
	both = json_object_new_array();
	json_object_array_add(both, json_object_new_string(field->type));
	json_object_array_add(both, json_object_new_string("null"));
	return both;
}

static struct json_object *object_schema(const char *parent);

static struct json_object *field_schema(const struct report_field *field)
{
	struct json_object *schema;
	char items[64];

	if (field->type && strcmp(field->type, "object") == 0)
		schema = object_schema(field->path);
	else
		schema = json_object_new_object();
	if (field->type && strcmp(field->type, "array") == 0) {
		size_t length = strlen(field->path);

		memcpy(items, field->path, length);
		memcpy(items + length, "[]", 3);
		put(schema, "items", object_schema(items));
	}
	if (field->type) {
		put(schema, "type", type_of(field));
	} else {
		put(schema, "enum", words_schema(field));
	}
	put(schema, "description", json_object_new_string(field->help));
	return schema;
}

static struct json_object *object_schema(const char *parent)
{
	struct json_object *schema = json_object_new_object(), *properties = json_object_new_object();
	struct json_object *required = json_object_new_array();

	for (const struct report_field *field = report_fields; field->path; field++) {
		const char *leaf = leaf_below(field->path, parent);

		if (!leaf)
			continue;
		put(properties, leaf, field_schema(field));
		json_object_array_add(required, json_object_new_string(leaf));
	}
	put(schema, "properties", properties);
	put(schema, "additionalProperties", json_object_new_boolean(false));
	put(schema, "required", required);
	return schema;
}

struct json_object *report_schema(void)
{
	struct json_object *schema = object_schema("");

	put(schema, "$schema", json_object_new_string("https://json-schema.org/draft/2020-12/schema"));
	put(schema, "title", json_object_new_string("pyconfine report, version 1"));
	put(schema, "type", json_object_new_string("object"));
	return schema;
}
