#include "profile/patch.h"

#include <string.h>

#include "profile/fields.h"
#include "profile/patch_edit.h"
#include "profile/source.h"
#include "profile/table.h"

enum { PATH_KEYS_MAX = 4 };

struct patching {
	const char *file;
	const struct profile_request *request; /* or NULL */
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct error *err;
};

/* The text as it is now, and what it must mean. */
struct version {
	struct document document;
	struct profile alone, merged; /* as they must be in the end */
};

static bool is_list(const struct field *field)
{
	return field->type == FIELD_STRINGS || field->type == FIELD_GRANTS || field->type == FIELD_EXEC;
}

static bool is_single(const struct field *field)
{
	return (field->type >= FIELD_SIZE && field->type <= FIELD_CPUS) || field->type == FIELD_BOOL ||
	       field->type == FIELD_NAME || field->type == FIELD_STRING;
}

static int refuse(const struct patching *patching, const struct patch_change *change, const char *why)
{
	char shown[160];

	error_set(patching->err, CODE_PATCH, "%s%s%s: %s", change->key, change->value ? ": " : "",
	          change->value ? escape_into(shown, sizeof(shown), change->value) : "", why);
	return error_hint(patching->err, "Change the profile by hand.");
}

/* What the reader said first, as an error of ours. */
static int pass_on(const struct patching *patching, size_t from)
{
	const struct diagnostics *list = patching->diagnostics;

	for (size_t i = from; i < list->count; i++) {
		const struct diagnostic *item = &list->items[i];

		if (item->severity != SEVERITY_ERROR)
			continue;
		error_set(patching->err, item->code, "%s", item->message);
		if (item->hint)
			error_hint(patching->err, "%s", item->hint);
		patching->err->pos = item->pos;
		return -1;
	}
	return error_set(patching->err, CODE_PATCH, "the profile has too many faults");
}

/* Alone, and as far as `extends` is to be followed, merged. */
static int read_both(const struct patching *patching, const char *data, size_t length, struct profile *alone,
                     struct profile *merged)
{
	size_t from = patching->diagnostics->count;

	if (profile_check(patching->file, data, length, NULL, patching->arena, alone, patching->diagnostics) ||
	    (patching->request && profile_check(patching->file, data, length, patching->request, patching->arena,
	                                        merged, patching->diagnostics)))
		return pass_on(patching, from);
	return 0;
}

static int parse(const struct patching *patching, const char *data, size_t length, struct document *out)
{
	size_t from = patching->diagnostics->count;

	*out = (struct document){ .file = patching->file, .data = data, .length = length };
	return document_parse(out, patching->arena, patching->diagnostics) ? pass_on(patching, from) : 0;
}

/* --- what is meant --- */

static bool is_own(const struct patching *patching, const struct profile_string *string)
{
	return string->pos.file && strcmp(string->pos.file, patching->file) == 0;
}

static void drop_string(const struct patching *patching, struct profile_strings *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!is_own(patching, &list->items[i]) || strcmp(list->items[i].value, value) != 0)
			continue;
		memmove(&list->items[i], &list->items[i + 1], (--list->count - i) * sizeof(list->items[0]));
		return;
	}
}

static void drop_grant(const struct patching *patching, struct file_grants *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!is_own(patching, &list->items[i].path) || strcmp(list->items[i].path.value, value) != 0)
			continue;
		memmove(&list->items[i], &list->items[i + 1], (--list->count - i) * sizeof(list->items[0]));
		return;
	}
}

static void mean_remove(const struct patching *patching, const struct field *field, const char *value,
                        struct profile *profile)
{
	if (field->type == FIELD_STRINGS)
		drop_string(patching, field_place(field, profile), value);
	else if (field->type == FIELD_GRANTS)
		drop_grant(patching, field_place(field, profile), value);
	else if (field->type == FIELD_EXEC) {
		drop_string(patching, &profile->exec.programs, value);
		profile->exec.mode = profile->exec.programs.count ? EXEC_LIST : EXEC_NONE;
	}
}

static int mean_put(const struct patching *patching, const struct field *field, const char *value,
                    struct profile *profile)
{
	static const struct profile_request nobody;
	const struct document document = { .file = patching->file };
	const struct profile_request *request = patching->request ? patching->request : &nobody;
	const char *absolute = source_absolute(request, patching->file, patching->arena);
	size_t from = patching->diagnostics->count, errors = patching->diagnostics->errors;
	struct reader reader = {
		.document = &document,
		.arena = patching->arena,
		.diagnostics = patching->diagnostics,
		.profile = profile,
		.base_dir = source_directory(absolute, patching->arena),
		.system = strncmp(absolute, "/etc/", 5) == 0,
		.own = true,
	};

	read_value(&reader, field, value);
	return patching->diagnostics->errors > errors ? pass_on(patching, from) : 0;
}

static bool grants_everything(const struct field *field, const struct profile *profile)
{
	if (field->type == FIELD_EXEC)
		return profile->exec.mode == EXEC_ANY;
	return field->type == FIELD_STRINGS && field_is_in(field, "network") && profile->network.mode == NETWORK_HOST;
}

/* --- what is written --- */

static int check_value(const struct patching *patching, const struct patch_change *change, const struct field *field)
{
	const char *value = change->value;
	size_t length = value ? strlen(value) : 0;

	if (!value)
		return change->action == PATCH_REMOVE && is_single(field)
		               ? 0
		               : refuse(patching, change, "the change has no value");
	if (change->action == PATCH_SET ? !is_single(field) : !is_list(field))
		return refuse(patching, change, "that key does not take such a change");
	for (size_t i = 0, step; i < length; i += step) {
		step = utf8_length(value + i, length - i);
		if (!step)
			return refuse(patching, change, "that is not UTF-8, which a profile cannot hold");
		if ((unsigned char)value[i] < 0x20)
			return refuse(patching, change, "a control character, which a profile cannot hold");
	}
	if (change->literal && text_rules[field->text].variables && strstr(value, "${"))
		return refuse(patching, change, "a profile would take its ${ for a variable");
	return 0;
}

static int edit_text(const struct patching *patching, const struct patch_change *change, const struct field *field,
                     struct document *document)
{
	struct edit edit = { .arena = patching->arena, .document = document };
	const char *path[PATH_KEYS_MAX + 1] = { NULL }, *rest = field->path;
	TEXT_CLEANUP struct text out = { 0 };

	for (size_t i = 0; rest && i < PATH_KEYS_MAX; i++) {
		size_t length = strcspn(rest, ".");

		path[i] = arena_strndup(patching->arena, rest, length);
		rest = rest[length] ? rest + length + 1 : NULL;
	}
	if (change->action == PATCH_REMOVE && edit_remove(&edit, path, change->value))
		return refuse(patching, change, "it does not stand there");
	if (change->action != PATCH_REMOVE && edit_put(&edit, path, change->value, is_list(field)))
		return refuse(patching, change, "what stands there is no list");
	edit_write(&edit, &out);
	return parse(patching, arena_strndup(patching->arena, text_string(&out), out.length), out.length, document);
}

static void mean_default(const struct field *field, struct profile *profile, const struct profile *standard)
{
	static const size_t sizes[FIELD_TYPE_COUNT] = {
		[FIELD_STRING] = sizeof(struct profile_string),
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_NAME] = sizeof(int),
		[FIELD_SIZE] = sizeof(struct limit),
		[FIELD_DURATION] = sizeof(struct limit),
		[FIELD_COUNT] = sizeof(struct limit),
		[FIELD_CPUS] = sizeof(struct limit),
	};

	memcpy(field_place(field, profile), field_value(field, standard), sizes[field->type]);
}

static int apply(const struct patching *patching, const struct patch_change *change, struct version *version)
{
	static const struct profile nothing;
	const struct field *field = field_find(change->key);
	struct profile *const meant[] = { &version->alone, patching->request ? &version->merged : NULL };

	if (!field)
		return refuse(patching, change, "there is no such key");
	if (check_value(patching, change, field))
		return -1;
	if (change->action == PATCH_ADD && grants_everything(field, meant[1] ? meant[1] : meant[0]))
		return 0;
	if (edit_text(patching, change, field, &version->document))
		return -1;
	for (size_t i = 0; i < 2 && meant[i]; i++) {
		struct profile now = nothing;

		if (change->action != PATCH_REMOVE && mean_put(patching, field, change->value, meant[i]))
			return -1;
		if (change->action == PATCH_REMOVE && change->value)
			mean_remove(patching, field, change->value, meant[i]);
		/* without the key it is what the profile extends that says it */
		if (change->action == PATCH_REMOVE && !change->value && i == 1 &&
		    profile_check(patching->file, version->document.data, version->document.length, patching->request,
		                  patching->arena, &now, patching->diagnostics))
			return refuse(patching, change, "the profile needs it");
		if (change->action == PATCH_REMOVE && !change->value)
			mean_default(field, meant[i], &now);
	}
	return 0;
}

/* --- whether that is the same --- */

static bool same_tree(const struct node *a, const struct node *b)
{
	if (!a || !b)
		return a == b;
	if (a->kind != b->kind || a->count != b->count || (a->kind == NODE_SCALAR && strcmp(a->text, b->text) != 0))
		return false;
	a = a->first;
	b = b->first;
	for (; a && b; a = a->next, b = b->next) {
		if ((a->key && strcmp(a->key, b->key) != 0) || !same_tree(a, b))
			return false;
	}
	return true;
}

/* What profile_equal() does not compare. */
static bool same_head(const struct node *a, const struct node *b)
{
	static const char *const keys[] = { "version", "name", "description", "extends" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!same_tree(node_get(a, keys[i]), node_get(b, keys[i])))
			return false;
	}
	return true;
}

static int verify(const struct patching *patching, const struct version *version, const struct node *before)
{
	struct profile alone = { 0 }, merged = { 0 };

	if (read_both(patching, version->document.data, version->document.length, &alone, &merged))
		return -1;
	if (!same_head(before, version->document.root) || !profile_equal(&alone, &version->alone)) {
		error_set(patching->err, CODE_PATCH, "the profile's style is one that cannot be changed by machine");
		return error_hint(patching->err, "Change it by hand.");
	}
	if (patching->request && !profile_equal(&merged, &version->merged)) {
		error_set(patching->err, CODE_PATCH,
		          "the change would bring back what the profile takes away from one that it extends");
		return error_hint(patching->err, "Such is `exec: none` or `network: none`. Change it by hand.");
	}
	return 0;
}

int profile_patch(const char *file, const char *data, size_t length, const struct profile_request *request,
                  const struct patch_change *changes, size_t count, struct text *out, struct error *err)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	const struct patching patching = { file, request, &arena, &diagnostics, err };
	struct version version = { 0 };
	const struct node *before;
	const char *text;

	if (read_both(&patching, data, length, &version.alone, &version.merged) ||
	    parse(&patching, data, length, &version.document))
		return -1;
	before = version.document.root;
	text = version.document.data;
	for (size_t i = 0; i < count; i++) {
		if (apply(&patching, &changes[i], &version))
			return -1;
	}
	if (verify(&patching, &version, before))
		return -1;
	/* a byte order mark is no part of the document */
	text_add_n(out, data, (size_t)(text - data));
	text_add_n(out, version.document.data, version.document.length);
	return 0;
}
