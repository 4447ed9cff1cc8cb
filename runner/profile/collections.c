/* The types that are more than one value: lists, grants, mappings of names, and the three keys with a shape of their
 * own. */
#include <string.h>

#include "policy/sensitive.h"
#include "profile/table.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_string(const struct profile_string *a, const struct profile_string *b)
{
	return same_text(a->value, b->value) && same_text(a->base_dir, b->base_dir);
}

/* Among the first `count`. Only where variables and paths may stand does it matter whose directory is meant. */
static bool has_string(const struct profile_strings *list, size_t count, const struct profile_string *string,
                       enum text_kind kind)
{
	for (size_t i = 0; i < count; i++) {
		if (text_rules[kind].variables ? same_string(&list->items[i], string)
		                               : same_text(list->items[i].value, string->value))
			return true;
	}
	return false;
}

static void append_string(struct reader *reader, struct profile_strings *list, const struct profile_string *string)
{
	list->items = arena_grow(reader->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = *string;
}

static void warn_string(struct reader *reader, const struct field *field, const struct node *node, const char *value)
{
	const struct sensitive_name *risk = NULL;

	if (field->text == TEXT_PROGRAM)
		risk = sensitive_program_find(value);
	else if (field->text == TEXT_CAPABILITY)
		risk = sensitive_capability_find(value);
	if (risk)
		reader_warn(reader, node, CODE_RISKY_GRANT, "%s: %s: %s", field->path, reader_show(reader, value),
		            risk->reason);
	if (field->text == TEXT_ENV_PATTERN && strcmp(value, "*") == 0)
		reader_warn(reader, node, CODE_RISKY_GRANT,
		            "%s: * passes every variable on, tokens and passwords included", field->path);
	else if (field->text == TEXT_ENV_PATTERN && is_secret_name(value))
		reader_warn(reader, node, CODE_RISKY_GRANT,
		            "%s: \"%s\" looks like a secret, and anything in the script can read it", field->path,
		            reader_show(reader, value))
			->hint = "`secrets` hands secrets over without showing them in the environment.";
}

static void add_string(struct reader *reader, const struct field *field, const struct node *node,
                       struct profile_strings *list)
{
	struct profile_string string;
	const char *value;

	if (!reader_expect(reader, node, field->path, NODE_SCALAR, NULL) ||
	    !text_check(reader, field->path, field->text, node, &value))
		return;
	string = reader_string(reader, node, value);
	append_string(reader, list, &string);
	if (!reader->builtin && !reader->ceiling)
		warn_string(reader, field, node, value);
}

/* What an extended profile has said already is not said twice; within one list nobody is corrected. */
static void read_list(struct reader *reader, const struct field *field, const struct node *node,
                      struct profile_strings *list)
{
	struct profile_strings fresh = { 0 };
	size_t before = list->count;

	for (const struct node *entry = node->first; entry; entry = entry->next) {
		if (!reader_has_room(reader, entry, before + fresh.count))
			break;
		add_string(reader, field, entry, &fresh);
	}
	for (size_t i = 0; i < fresh.count; i++) {
		if (!has_string(list, before, &fresh.items[i], field->text))
			append_string(reader, list, &fresh.items[i]);
	}
}

static bool expect_list(struct reader *reader, const struct field *field, const struct node *node)
{
	const char *instead = field->example;

	if (node->kind == NODE_SCALAR && node->text[0])
		instead = arena_printf(reader->arena, "[%s]", reader_show(reader, node->text));
	return reader_expect(reader, node, field->path, NODE_LIST, instead);
}

void read_strings(struct reader *reader, const struct field *field, const struct node *node)
{
	if (expect_list(reader, field, node))
		read_list(reader, field, node, field_place(field, reader->profile));
}

bool read_one_flag(struct reader *reader, const char *path, const struct node *node, bool *value)
{
	int found;

	if (!reader_expect(reader, node, path, NODE_SCALAR, "true or false"))
		return false;
	if (!name_find(bool_names, node->text, &found)) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s is true or false, not \"%s\"", path,
		             reader_show(reader, node->text));
		return false;
	}
	*value = found;
	return true;
}

bool read_one_text(struct reader *reader, const char *path, enum text_kind kind, const struct node *node,
                   struct profile_string *out)
{
	const char *value;

	if (!reader_expect(reader, node, path, NODE_SCALAR, NULL) || !text_check(reader, path, kind, node, &value))
		return false;
	*out = reader_string(reader, node, value);
	return true;
}

static bool read_grant_key(struct reader *reader, const struct node *node, struct file_grant *grant)
{
	static const char *const keys[] = { "path", "as", "beneath", "optional", "exec", NULL };
	const char *meant;

	if (strcmp(node->key, "path") == 0)
		return read_one_text(reader, "path", TEXT_PATH, node, &grant->path);
	if (strcmp(node->key, "as") == 0)
		return read_one_text(reader, "as", TEXT_INSIDE_PATH, node, &grant->as);
	if (strcmp(node->key, "beneath") == 0)
		return read_one_text(reader, "beneath", TEXT_PATH, node, &grant->beneath);
	if (strcmp(node->key, "optional") == 0)
		return read_one_flag(reader, "optional", node, &grant->optional);
	if (strcmp(node->key, "exec") == 0)
		return read_one_flag(reader, "exec", node, &grant->exec);
	meant = nearest_name(node->key, keys);
	reader_error_key(reader, node, CODE_UNKNOWN_KEY,
	                 meant ? "unknown key \"%s\"; did you mean \"%s\"?" : "unknown key \"%s\"",
	                 reader_show(reader, node->key), meant)
		->hint = "An entry is a path, or {path, as, beneath, optional, exec}.";
	return false;
}

static bool read_grant(struct reader *reader, const struct field *field, const struct node *node,
                       struct file_grant *grant)
{
	bool good = true;

	if (node->kind != NODE_MAPPING)
		return read_one_text(reader, field->path, field->text, node, &grant->path);
	if (node->broken)
		return false;
	for (const struct node *child = node->first; child; child = child->next)
		good = read_grant_key(reader, child, grant) && good;
	if (good && !grant->path.value) {
		reader_error(reader, node, CODE_MISSING_KEY, "%s: an entry without path", field->path)->hint =
			"Write {path: /srv/data, as: /data}.";
		return false;
	}
	return good;
}

void warn_of_sensitive(struct reader *reader, const char *key, const struct node *node, const char *path, bool write)
{
	const struct sensitive_path *risk = reader->builtin || reader->ceiling ? NULL
	                                                                       : sensitive_path_find(path, NULL, write);
	bool itself = risk && strcmp(risk->path, path) == 0;

	if (risk)
		reader_warn(reader, node, CODE_RISKY_GRANT, "%s: %s%s%s: %s", key, reader_show(reader, path),
		            itself ? "" : " touches ", itself ? "" : risk->path, risk->reason);
}

static void add_grant(struct reader *reader, const struct field *field, const struct node *node,
                      struct file_grants *list)
{
	struct file_grant grant = { 0 };
	bool write = strcmp(field->path, "files.write") == 0;

	if (!read_grant(reader, field, node, &grant))
		return;
	list->items = arena_grow(reader->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = grant;
	if (strcmp(field->path, "files.deny") != 0)
		warn_of_sensitive(reader, field->path, node, grant.path.value, write);
}

static bool same_grant(const struct file_grant *a, const struct file_grant *b)
{
	return same_string(&a->path, &b->path) && same_text(a->as.value, b->as.value) &&
	       same_string(&a->beneath, &b->beneath) && a->optional == b->optional && a->exec == b->exec;
}

static bool has_grant(const struct file_grants *list, size_t count, const struct file_grant *grant)
{
	for (size_t i = 0; i < count; i++) {
		if (same_grant(&list->items[i], grant))
			return true;
	}
	return false;
}

void read_grants(struct reader *reader, const struct field *field, const struct node *node)
{
	struct file_grants *list = field_place(field, reader->profile);
	struct file_grants fresh = { 0 };
	size_t before = list->count;

	if (!expect_list(reader, field, node))
		return;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		if (!reader_has_room(reader, entry, before + fresh.count))
			break;
		add_grant(reader, field, entry, &fresh);
	}
	for (size_t i = 0; i < fresh.count; i++) {
		if (has_grant(list, before, &fresh.items[i]))
			continue;
		list->items = arena_grow(reader->arena, list->items, list->count, sizeof(*list->items));
		list->items[list->count++] = fresh.items[i];
	}
}

static void add_pair(struct reader *reader, const struct profile_string *name, const struct profile_string *value,
                     struct name_pairs *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name.value, name->value) == 0) {
			list->items[i] = (struct name_pair){ *name, *value };
			return;
		}
	}
	list->items = arena_grow(reader->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = (struct name_pair){ *name, *value };
}

struct node reader_key_node(const struct node *node)
{
	return (struct node){ .kind = NODE_SCALAR, .text = node->key, .span = node->key_span, .quoted = true };
}

static void warn_pair(struct reader *reader, const struct field *field, const struct node *name)
{
	if (!reader->builtin && is_secret_name(name->text))
		reader_warn(reader, name, CODE_RISKY_GRANT,
		            "%s: \"%s\" looks like a secret, and anything in the script can read it", field->path,
		            reader_show(reader, name->text))
			->hint = "`secrets` hands secrets over without writing them into a profile.";
}

void read_pairs(struct reader *reader, const struct field *field, const struct node *node)
{
	struct name_pairs *list = field_place(field, reader->profile);

	if (!reader_expect(reader, node, field->path, NODE_MAPPING, field->example))
		return;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		struct node name = reader_key_node(entry);
		struct profile_string key, text;
		const char *checked, *value;

		if (!reader_has_room(reader, entry, list->count))
			break;
		if (entry->broken || !text_check(reader, field->path, TEXT_ENV_NAME, &name, &checked))
			continue;
		if (entry->kind != NODE_SCALAR) {
			reader_expect(reader, entry, field->path, NODE_SCALAR, NULL);
			continue;
		}
		if (!text_check(reader, field->path, field->text, entry, &value))
			continue;
		key = reader_string(reader, &name, checked);
		text = reader_string(reader, entry, value);
		add_pair(reader, &key, &text, list);
		warn_pair(reader, field, &name);
	}
}

static bool read_secret(struct reader *reader, const struct node *node, struct secret *secret)
{
	static const char *const keys[] = { "from", "as", NULL };
	bool good = true;

	if (node->kind != NODE_MAPPING) {
		struct diagnostic *item = reader_error(reader, node, CODE_WRONG_TYPE, "a secret takes a mapping");

		item->hint = "Write {from: \"env:DB_PW\", as: file}";
		item->source_line = NULL; /* it may hold the secret itself */
		item->length = 0;
		return false;
	}
	for (const struct node *child = node->first; child; child = child->next) {
		const char *meant;

		if (strcmp(child->key, "from") == 0) {
			good = read_one_text(reader, "from", TEXT_SECRET_FROM, child, &secret->from) && good;
			continue;
		}
		if (strcmp(child->key, "as") == 0) {
			good = read_one_text(reader, "as", TEXT_SECRET_AS, child, &secret->as) && good;
			continue;
		}
		meant = nearest_name(child->key, keys);
		reader_error_key(reader, child, CODE_UNKNOWN_KEY,
		                 meant ? "unknown key \"%s\"; did you mean \"%s\"?" : "unknown key \"%s\"",
		                 reader_show(reader, child->key), meant)
			->hint = "A secret is {from, as}.";
		good = false;
	}
	if (good && !secret->from.value) {
		reader_error_key(reader, node, CODE_MISSING_KEY, "a secret without from")->hint =
			"Write {from: \"env:DB_PW\"}; also file:/p, fd:3, credential:NAME.";
		good = false;
	}
	return good;
}

void read_secrets(struct reader *reader, const struct field *field, const struct node *node)
{
	struct secrets *list = field_place(field, reader->profile);

	if (!reader_expect(reader, node, field->path, NODE_MAPPING, field->example))
		return;
	for (const struct node *entry = node->first; entry; entry = entry->next) {
		struct node name = reader_key_node(entry);
		struct secret secret = { 0 };
		const char *checked;
		size_t i = 0;

		if (!reader_has_room(reader, entry, list->count))
			break;
		if (entry->broken || !text_check(reader, field->path, TEXT_PROFILE_NAME, &name, &checked) ||
		    !read_secret(reader, entry, &secret))
			continue;
		secret.name = reader_string(reader, &name, checked);
		while (i < list->count && strcmp(list->items[i].name.value, checked) != 0)
			i++;
		if (i == list->count)
			list->items = arena_grow(reader->arena, list->items, list->count++, sizeof(*list->items));
		list->items[i] = secret;
	}
}

void read_network(struct reader *reader, const struct field *field, const struct node *node)
{
	struct profile *profile = reader->profile;
	int mode;

	if (node->broken)
		return;
	if (node->kind == NODE_MAPPING) {
		profile->network.mode = NETWORK_RULES;
		profile->network.pos = reader_string(reader, node, NULL).pos;
		read_section(reader, field->path, node);
		return;
	}
	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "none, host or {allow: [\"api.example.com:443\"]}"))
		return;
	if (!name_find(network_names, node->text, &mode)) {
		reader_error(reader, node, CODE_BAD_VALUE, "network is none, host or a mapping, not \"%s\"",
		             reader_show(reader, node->text))
			->hint = "Name what is needed: {allow: [\"api.example.com:443\"]}";
		return;
	}
	profile->network.mode = (enum network_mode)mode;
	profile->network.pos = reader_string(reader, node, NULL).pos;
	profile->network.allow.count = profile->network.listen.count = 0;
	profile->network.allow.items = profile->network.listen.items = NULL;
	profile->network.loopback = LOOPBACK_PRIVATE;
	if (mode == NETWORK_HOST && !reader->builtin && !reader->ceiling)
		reader_warn(reader, node, CODE_RISKY_GRANT,
		            "network: host: everything that this machine reaches, its own services "
		            "and cloud metadata included")
			->hint = "Name what is needed: {allow: [\"api.example.com:443\"]}";
}

void read_exec(struct reader *reader, const struct field *field, const struct node *node)
{
	struct profile *profile = reader->profile;
	int mode;

	if (node->broken)
		return;
	if (node->kind == NODE_LIST) {
		read_list(reader, field, node, &profile->exec.programs);
		profile->exec.mode = profile->exec.programs.count > 0 ? EXEC_LIST : EXEC_NONE;
		profile->exec.pos = reader_string(reader, node, NULL).pos;
		return;
	}
	if (!reader_expect(reader, node, field->path, NODE_SCALAR, "none, any or [/usr/bin/git]"))
		return;
	if (!name_find(field->names, node->text, &mode)) {
		const char *shown = reader_show(reader, node->text);

		reader_error(reader, node, CODE_BAD_VALUE,
		             "exec is none, any or a list, not \"%s\"; did you mean [%s]?", shown, shown);
		return;
	}
	profile->exec.mode = (enum exec_mode)mode;
	profile->exec.pos = reader_string(reader, node, NULL).pos;
	profile->exec.programs.count = 0;
	profile->exec.programs.items = NULL;
	if (mode == EXEC_ANY && !reader->builtin && !reader->ceiling)
		reader_warn(reader, node, CODE_RISKY_GRANT, "exec: any: every program in view, shells included")->hint =
			"Name what is needed: [/usr/bin/git]";
}

static bool read_level(struct reader *reader, const struct node *node, const char *path, int *level)
{
	char list[64];

	if (!reader_expect(reader, node, path, NODE_SCALAR, "all, per-process or best-effort"))
		return false;
	if (name_find(require_names, node->text, level))
		return true;
	reader_error(reader, node, CODE_BAD_VALUE, "%s is %s, not \"%s\"", path,
	             name_list(require_names, list, sizeof(list)), reader_show(reader, node->text));
	return false;
}

static void read_requirement(struct reader *reader, const struct node *node)
{
	const char *candidates[PROMISE_COUNT + 1] = { NULL }, *meant;
	int promise = 0, level;

	memcpy(candidates, promise_names, sizeof(promise_names));
	while (promise < PROMISE_COUNT && strcmp(promise_names[promise], node->key) != 0)
		promise++;
	if (promise == PROMISE_COUNT) {
		meant = nearest_name(node->key, candidates);
		reader_error_key(reader, node, CODE_UNKNOWN_KEY,
		                 meant ? "unknown promise \"%s\"; did you mean \"%s\"?" : "unknown promise \"%s\"",
		                 reader_show(reader, node->key), meant);
		return;
	}
	if (!read_level(reader, node, "a requirement", &level))
		return;
	if (level == REQUIRE_PER_PROCESS && !promise_has_per_process((enum promise)promise)) {
		reader_error(reader, node, CODE_BAD_VALUE, "%s cannot be kept per process", promise_names[promise])
			->hint =
			"per-process is for memory, cpu_time, open_files and file_size; write all or best-effort.";
		return;
	}
	reader->profile->require[promise].level = (enum require_level)level;
	reader->profile->require[promise].pos = reader_string(reader, node, NULL).pos;
}

void read_require(struct reader *reader, const struct field *field, const struct node *node)
{
	int level;

	if (node->broken)
		return;
	if (node->kind == NODE_MAPPING) {
		for (const struct node *child = node->first; child; child = child->next)
			read_requirement(reader, child);
		return;
	}
	if (!read_level(reader, node, field->path, &level))
		return;
	if (level != REQUIRE_ALL) {
		reader_error(reader, node, CODE_BAD_VALUE, "require: only all can be said of everything at once")
			->hint = "Relax single promises: {memory: best-effort}";
		return;
	}
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		reader->profile->require[promise].level = REQUIRE_ALL;
		reader->profile->require[promise].pos = reader_string(reader, node, NULL).pos;
	}
}
