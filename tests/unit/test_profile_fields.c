/* The table of keys, walked: for each row a good value that is stored, emitted and read back, bad values that are
 * refused, and the JSON Schema of the same opinion about all of them. */
#include "profile_helpers.h"

#include "profile/table.h"
#include "schema_check.h"

/* "limits.memory", "512M" -> a whole profile; `outputs` needs its required neighbours. */
static const char *profile_with(struct arena *arena, const struct field *field, const char *value)
{
	const char *text = field->type == FIELD_VERSION ? "" : "version: 1\n";
	const char *path = field->path, *dot;
	unsigned depth = 0;

	for (; (dot = strchr(path, '.')); path = dot + 1, depth++)
		text = arena_printf(arena, "%s%*s%.*s:\n", text, (int)depth * 2, "", (int)(dot - path), path);
	text = arena_printf(arena, "%s%*s%s: %s\n", text, (int)depth * 2, "", path, value);
	for (const struct field *other = profile_fields; other->path; other++)
		if (depth == 1 && other != field && other->required && field_is_in(other, "outputs") &&
		    field_is_in(field, "outputs"))
			text = arena_printf(arena, "%s  %s: %s\n", text, field_leaf(other), other->example);
	return text;
}

static bool schema_takes(const char *text)
{
	struct document document = { .file = "t", .data = text, .length = strlen(text) };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct json_object *schema = profile_schema(), *value;
	bool result;

	assert_int_equal(document_parse(&document, &arena, &diagnostics), 0);
	value = typed(document.root);
	result = is_valid(schema, value);
	json_object_put(value);
	json_object_put(schema);
	return result;
}

static void every_example_is_taken(void **state)
{
	(void)state;
	for (const struct field *field = profile_fields; field->path; field++) {
		READING_CLEANUP struct reading reading, again;
		ARENA_CLEANUP struct arena arena = { 0 };
		TEXT_CLEANUP struct text emitted = { 0 };
		const char *text;

		assert_non_null(field->help);
		if (field->type == FIELD_SECTION)
			continue;
		assert_non_null(field->example);
		text = profile_with(&arena, field, field->example);
		read_alone(&reading, text);
		if (reading.diagnostics.errors)
			print_message("%s\n", text);
		assert_clean(&reading);
		if (!schema_takes(text))
			fail_msg("the schema refuses\n%s", text);
		/* none, false and the like are the same as nothing. */
		if (field->type != FIELD_VERSION && field->type != FIELD_EXTENDS &&
		    (!field->standard || strcmp(field->standard, field->example)))
			assert_true(field_is_set(field, &reading.profile));
		profile_emit(&reading.profile, &emitted);
		read_alone(&again, text_string(&emitted));
		if (again.diagnostics.errors)
			print_message("%s\n", text_string(&emitted));
		assert_clean(&again);
		assert_true(profile_equal(&reading.profile, &again.profile));
		assert_true(schema_takes(text_string(&emitted)));
	}
}

/* By type; a text's kind has a wrong value of its own. */
static const char *const wrong_values[FIELD_TYPE_COUNT][6] = {
	[FIELD_SECTION] = { "[a]", "text" },
	[FIELD_VERSION] = { "2", "\"1.0\"", "[1]" },
	[FIELD_EXTENDS] = { "{a: b}", "[[a]]", "\"\"", "[\"\"]" },
	[FIELD_TEXT] = { "[a]", "{a: b}" },
	[FIELD_STRING] = { "[a]", "{a: b}" },
	[FIELD_STRINGS] = { "a", "{a: b}", "[[a]]" },
	[FIELD_GRANTS] = { "/a", "{path: /a}", "[{as: /a}]", "[{path: /a, optional: yes}]", "[{path: /a, mode: x}]",
	                   "[[/a]]" },
	[FIELD_PAIRS] = { "[A]", "A", "{A: [b]}", "{\"A B\": c}" },
	[FIELD_SECRETS] = { "[a]", "{a: b}", "{a: {as: file}}", "{a: {from: \"env:B\", mode: x}}",
	                    "{a/b: {from: \"env:B\"}}" },
	[FIELD_BOOL] = { "yes", "1", "[true]" },
	[FIELD_NAME] = { "perhaps", "[a]" },
	[FIELD_SIZE] = { "512", "512m", "512MB", "-1M", "[1M]" },
	[FIELD_DURATION] = { "30", "30S", "10 minutes", "[1s]" },
	[FIELD_COUNT] = { "many", "-1", "1.5", "0", "[1]" },
	[FIELD_CPUS] = { "many", "-1", "\"1.2345\"", "0", "[1]" },
	[FIELD_NETWORK] = { "everything", "[a]", "{allow: none}", "{ports: [1]}" },
	[FIELD_EXEC] = { "git", "{a: b}", "[[a]]" },
	[FIELD_REQUIRE] = { "best-effort", "{speed: all}", "{network: per-process}", "{memory: maybe}", "[memory]" },
	[FIELD_INPUTS] = { "{a: b}", "[[a]]", "[{type: int}]", "[{name: --a, regex: b}]",
	                   "[{name: --a, type: integer}]", "[{name: --a, enum: []}]" },
	[FIELD_INPUT_ENV] = { "[A]", "{A: int}", "{\"A B\": {type: int}}", "{A: {name: b}}", "{A: {repeat: true}}",
	                      "{A: {min: few, type: int}}" },
	[FIELD_STDIN] = { "some", "[a]", "{size: 1M}", "{type: xml}", "{max_size: 1}" },
	[FIELD_USER] = { "root", "0", "-1", "[nobody]" },
};

static void assert_refused(struct arena *arena, const struct field *field, const char *value)
{
	READING_CLEANUP struct reading reading;
	const char *text = profile_with(arena, field, value);

	read_alone(&reading, text);
	if (reading.diagnostics.errors == 0)
		fail_msg("taken:\n%s", text);
	assert_int_equal(reading.result, -1);
	if (schema_takes(text))
		fail_msg("the schema takes\n%s", text);
}

static void every_wrong_value_is_refused(void **state)
{
	(void)state;
	for (const struct field *field = profile_fields; field->path; field++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const char *wrong = text_rules[field->text].wrong;

		assert_non_null(wrong_values[field->type][0]);
		for (size_t i = 0; i < 6 && wrong_values[field->type][i]; i++)
			assert_refused(&arena, field, wrong_values[field->type][i]);
		if (!wrong)
			continue;
		if (field->type == FIELD_STRINGS || field->type == FIELD_GRANTS || field->type == FIELD_EXEC)
			assert_refused(&arena, field, arena_printf(&arena, "[%s]", wrong));
		else if (field->type == FIELD_TEXT || field->type == FIELD_STRING)
			assert_refused(&arena, field, wrong);
	}
}

static void missing_values_are_refused(void **state)
{
	(void)state;
	for (const struct field *field = profile_fields; field->path; field++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		READING_CLEANUP struct reading reading;
		const char *text = profile_with(&arena, field, "");

		if (field->type == FIELD_VERSION)
			continue;
		read_alone(&reading, text);
		if (!message_of(&reading, CODE_WRONG_TYPE))
			fail_msg("taken:\n%s", text);
		assert_string_equal(message_of(&reading, CODE_WRONG_TYPE)->message,
		                    arena_printf(&arena, "%s has no value", field->path));
	}
}

/* A misspelling of each key leads back to it. */
static void every_key_is_found_again(void **state)
{
	(void)state;
	for (const struct field *field = profile_fields; field->path; field++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		char section[64] = "";
		const char *leaf = field_leaf(field), *wrong = arena_printf(&arena, "%sx", leaf), *meant;

		if (leaf != field->path)
			strncpy(section, field->path, (size_t)(leaf - field->path - 1));
		meant = field_suggest(section, wrong, &arena);
		assert_non_null(meant);
		assert_string_equal(meant, leaf);
	}
}

static void suggestions_ask_the_aliases_first(void **state)
{
	const struct {
		const char *section, *word, *meant;
	} rows[] = {
		{ "", "net", "network" },
		{ "", "filesystem", "files" },
		{ "", "fs", "files" },
		{ "", "paths", "files" },
		{ "", "run", "exec" },
		{ "", "subprocess", "exec" },
		{ "", "commands", "exec" },
		{ "", "environment", "env" },
		{ "", "wall_time", "limits.timeout" },
		{ "", "time", "limits.timeout" },
		{ "limits", "time", "timeout" },
		{ "", "MemoryMax", "limits.memory" },
		{ "limits", "max_memory", "memory" },
		{ "", "allow-read", "files.read" },
		{ "files", "ReadOnlyPaths", "read" },
		{ "", "allowedDomains", "network.allow" },
		{ "", "net_allow", "network.allow" },
		{ "", "timeout", "limits.timeout" },
		{ "files", "memory", "limits.memory" },
		{ "", "fiels", "files" },
		{ "", "limits.memory", "limits.memory" },
		{ "limits", "memroy", "memory" },
		{ "", "memroy", "limits.memory" },
		{ "", "zzzzzzzz", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ARENA_CLEANUP struct arena arena = { 0 };
		const char *meant = field_suggest(rows[i].section, rows[i].word, &arena);

		if (!rows[i].meant)
			assert_null(meant);
		else if (!meant || strcmp(meant, rows[i].meant))
			fail_msg("%s in \"%s\": %s", rows[i].word, rows[i].section, meant ? meant : "nothing");
	}
}

static void the_table_is_in_order(void **state)
{
	(void)state;
	assert_int_equal(text_rules[TEXT_KIND_COUNT - 1].check != NULL, true);
	for (size_t i = 0; i < TEXT_KIND_COUNT; i++)
		assert_non_null(text_rules[i].check);
	for (size_t i = 0; i < profile_field_count; i++) {
		const char *leaf = field_leaf(&profile_fields[i]);

		assert_ptr_equal(field_find(profile_fields[i].path), &profile_fields[i]);
		if (leaf != profile_fields[i].path) {
			char section[64] = "";

			strncpy(section, profile_fields[i].path, (size_t)(leaf - profile_fields[i].path - 1));
			assert_non_null(field_find(section));
		}
	}
	assert_null(profile_fields[profile_field_count].path);
	for (int promise = 0; promise < PROMISE_COUNT; promise++)
		assert_non_null(promise_names[promise]);
}

/* The profiles of the contract, and our own, are taken by both; those with a variable more or less are not. */
static void the_schema_takes_whole_profiles(void **state)
{
	(void)state;
	for (const struct builtin_profile *builtin = builtin_profiles; builtin->name; builtin++)
		assert_true(schema_takes(builtin->text));
	assert_true(schema_takes(
		"version: 1\nextends: offline\npython: {interpreter: 3.12}\nlimits: {processes: 8, timeout: none}\n"
		"network: {allow: [\"db:5432\"], listen: [8080]}\nrequire: {network: best-effort}\n"));
	assert_false(schema_takes("version: 1\nfiels: {}\n"));
	assert_false(schema_takes("name: x\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_in_order),           cmocka_unit_test(every_example_is_taken),
		cmocka_unit_test(every_wrong_value_is_refused),    cmocka_unit_test(missing_values_are_refused),
		cmocka_unit_test(every_key_is_found_again),        cmocka_unit_test(suggestions_ask_the_aliases_first),
		cmocka_unit_test(the_schema_takes_whole_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
