/* Faults for programs: JSON, SARIF 2.1.0 (OASIS, sarif-v2.1.0-os), GitHub's workflow commands. */
#include <stdio.h>
#include <string.h>

#include "base/redact.h"
#include "commands/render.h"

/* "error" and so on are the words of all three formats; only SARIF and GitHub differ about the mildest. */
static const char *const json_levels[] = {
	[SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"
};
static const char *const github_levels[] = {
	[SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "notice"
};

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static struct json_object *number(uint64_t value)
{
	return json_object_new_uint64(value);
}

static bool is_utf8(const char *string)
{
	while (*string) {
		size_t length = utf8_length(string, strnlen(string, 4));

		if (length == 0)
			return false;
		string += length;
	}
	return true;
}

struct json_object *render_json_string(const char *string)
{
	TEXT_CLEANUP struct text shown = { 0 };

	if (!string)
		return NULL;
	if (is_utf8(string))
		text_add(&shown, string);
	else
		text_add_escaped(&shown, string);
	return json_object_new_string(shown.data ? redact(shown.data) : "");
}

static void put_pos(struct json_object *object, const struct source_pos *pos)
{
	put(object, "file", render_json_string(pos->file));
	put(object, "line", pos->line ? number(pos->line) : NULL);
	put(object, "column", pos->column ? number(pos->column) : NULL);
}

struct json_object *render_json_pos(const struct source_pos *pos)
{
	struct json_object *object;

	if (!pos->file)
		return NULL;
	object = json_object_new_object();
	put_pos(object, pos);
	return object;
}

struct json_object *render_json_error(const struct error *err)
{
	struct json_object *object = json_object_new_object();

	put(object, "code", render_json_string(message_codes[err->code].name));
	put(object, "message", render_json_string(err->message));
	put(object, "hint", err->hint[0] ? render_json_string(err->hint) : NULL);
	put_pos(object, &err->pos);
	return object;
}

void render_json_text(struct text *out, struct json_object *object)
{
	const int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	text_addf(out, "%s\n", json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

int render_json_print(struct json_object *object)
{
	TEXT_CLEANUP struct text out = { 0 };

	render_json_text(&out, object);
	return render_print(&out);
}

struct json_object *render_json_diagnostics(const struct diagnostics *list)
{
	struct json_object *items = json_object_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct diagnostic *item = &list->items[i];
		struct json_object *entry = json_object_new_object();

		put(entry, "severity", json_object_new_string(json_levels[item->severity]));
		put(entry, "code", json_object_new_string(message_codes[item->code].name));
		put(entry, "message", render_json_string(item->message));
		put(entry, "hint", render_json_string(item->hint));
		put_pos(entry, &item->pos);
		put(entry, "length", number(item->length));
		json_object_array_add(items, entry);
	}
	return items;
}

void render_json(struct text *out, const struct diagnostics *list, const char *const *files)
{
	struct json_object *object = json_object_new_object(), *names = json_object_new_array();
	size_t warnings = 0;

	for (size_t i = 0; files[i]; i++)
		json_object_array_add(names, render_json_string(files[i]));
	for (size_t i = 0; i < list->count; i++)
		warnings += list->items[i].severity == SEVERITY_WARNING;
	put(object, "v", json_object_new_int(1));
	put(object, "files", names);
	put(object, "errors", number(list->errors));
	put(object, "warnings", number(warnings));
	put(object, "diagnostics", render_json_diagnostics(list));
	render_json_text(out, object);
}

/* RFC 3986: everything but the unreserved characters and "/" is percent-encoded. */
static struct json_object *uri_of(const char *path)
{
	TEXT_CLEANUP struct text uri = { 0 };

	if (path[0] == '/')
		text_add(&uri, "file://");
	else if (strncmp(path, "./", 2) == 0)
		path += 2;
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		             strchr("-._~/", c);

		if (plain)
			text_add_n(&uri, path, 1);
		else
			text_addf(&uri, "%%%02X", c);
	}
	return json_object_new_string(text_string(&uri));
}

static struct json_object *text_object(const char *string)
{
	struct json_object *object = json_object_new_object();

	put(object, "text", render_json_string(string));
	return object;
}

static struct json_object *sarif_locations(const struct diagnostic *item)
{
	struct json_object *list = json_object_new_array(), *location = json_object_new_object();
	struct json_object *physical = json_object_new_object(), *artifact = json_object_new_object();

	put(artifact, "uri", uri_of(item->pos.file));
	put(physical, "artifactLocation", artifact);
	if (item->pos.line) {
		struct json_object *region = json_object_new_object();

		put(region, "startLine", number(item->pos.line));
		if (item->pos.column)
			put(region, "startColumn", number(item->pos.column));
		if (item->pos.column && item->length)
			put(region, "endColumn", number((uint64_t)item->pos.column + item->length));
		put(physical, "region", region);
	}
	put(location, "physicalLocation", physical);
	json_object_array_add(list, location);
	return list;
}

/* The index of each code among the rules, which are those codes that occur. */
static struct json_object *sarif_rules(const struct diagnostics *list, int index[CODE_COUNT])
{
	struct json_object *rules = json_object_new_array();
	int next = 0;

	for (int code = 0; code < CODE_COUNT; code++)
		index[code] = -1;
	for (size_t i = 0; i < list->count; i++) {
		const struct message_page *page = &message_codes[list->items[i].code];
		struct json_object *rule;

		if (index[list->items[i].code] >= 0)
			continue;
		index[list->items[i].code] = next++;
		rule = json_object_new_object();
		put(rule, "id", json_object_new_string(page->name));
		put(rule, "shortDescription", text_object(page->title));
		put(rule, "help", text_object(page->page));
		json_object_array_add(rules, rule);
	}
	return rules;
}

static struct json_object *sarif_result(const struct diagnostic *item, int rule)
{
	struct json_object *result = json_object_new_object();
	TEXT_CLEANUP struct text message = { 0 };

	text_add(&message, item->message);
	if (item->hint)
		text_addf(&message, "\n%s", item->hint);
	put(result, "ruleId", json_object_new_string(message_codes[item->code].name));
	put(result, "ruleIndex", json_object_new_int(rule));
	put(result, "level", json_object_new_string(json_levels[item->severity]));
	put(result, "message", text_object(text_string(&message)));
	if (item->pos.file)
		put(result, "locations", sarif_locations(item));
	return result;
}

void render_sarif(struct text *out, const struct diagnostics *list)
{
	struct json_object *log = json_object_new_object(), *runs = json_object_new_array(),
			   *run = json_object_new_object();
	struct json_object *tool = json_object_new_object(), *driver = json_object_new_object();
	struct json_object *results = json_object_new_array();
	int index[CODE_COUNT];

	put(driver, "name", json_object_new_string("pyconfine"));
	put(driver, "version", json_object_new_string(PYCONFINE_VERSION));
	put(driver, "rules", sarif_rules(list, index));
	put(tool, "driver", driver);
	for (size_t i = 0; i < list->count; i++)
		json_object_array_add(results, sarif_result(&list->items[i], index[list->items[i].code]));
	put(run, "tool", tool);
	put(run, "columnKind", json_object_new_string("unicodeCodePoints"));
	put(run, "results", results);
	json_object_array_add(runs, run);
	put(log, "$schema", json_object_new_string("https://json.schemastore.org/sarif-2.1.0.json"));
	put(log, "version", json_object_new_string("2.1.0"));
	put(log, "runs", runs);
	render_json_text(out, log);
}

/* What would end the message, or a property of it, is percent-encoded. */
static void add_github(struct text *out, const char *string, const char *special)
{
	for (; *string; string++) {
		if (strchr(special, *string))
			text_addf(out, "%%%02X", (unsigned char)*string);
		else
			text_add_n(out, string, 1);
	}
}

void render_github(struct text *out, const struct diagnostics *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct diagnostic *item = &list->items[i];

		text_addf(out, "::%s title=%s", github_levels[item->severity], message_codes[item->code].name);
		if (item->pos.file) {
			text_add(out, ",file=");
			add_github(out, item->pos.file, "%\r\n:,");
		}
		if (item->pos.line)
			text_addf(out, ",line=%u", item->pos.line);
		if (item->pos.column)
			text_addf(out, ",col=%u", item->pos.column);
		if (item->pos.column && item->length)
			text_addf(out, ",endColumn=%u", item->pos.column + item->length);
		text_add(out, "::");
		add_github(out, item->message, "%\r\n");
		if (item->hint) {
			text_add(out, "%0A");
			add_github(out, item->hint, "%\r\n");
		}
		text_add(out, "\n");
	}
}
