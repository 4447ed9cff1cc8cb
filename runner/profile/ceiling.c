/* /etc/pyconfine/ceiling.yaml: the most that anybody is granted on this machine.
 *
 * It has the keys of a profile. Lists are the most that may be granted, limits are maxima, denials are added, `locked`,
 * `on_denial: kill`, `python.isolated`, `system.user` and `system.syscalls.strict` are imposed. Under `rules`, each
 * entry has `users`, `groups` and keys of its own; the first that fits the caller counts in place of the keys outside
 * of `rules`.
 *
 * What somebody wrote and the ceiling does not permit is an error; what a built-in profile grants beyond it is taken
 * away. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/units.h"
#include "net/rules.h"
#include "profile/ceiling.h"

static bool is_caller(const struct profile_request *request, const char *word, bool group)
{
	uint64_t number;

	if (!group)
		return (request->user_name && strcmp(request->user_name, word) == 0) ||
		       (parse_count(word, &number) == UNIT_OK && number == request->uid);
	for (const char *const *name = request->group_names; name && *name; name++) {
		if (strcmp(*name, word) == 0)
			return true;
	}
	return parse_count(word, &number) == UNIT_OK && number == request->gid;
}

/* `users` or `groups` of one rule: whether the caller is in it. */
static bool read_names(struct reader *reader, const struct profile_request *request, const struct node *list,
                       bool group)
{
	bool fits = false;

	if (!list || !reader_expect(reader, list, list->key, NODE_LIST, "[name, name]"))
		return false;
	for (const struct node *entry = list->first; entry; entry = entry->next) {
		if (!reader_expect(reader, entry, list->key, NODE_SCALAR, NULL))
			continue;
		fits = fits || is_caller(request, entry->text, group);
	}
	return fits;
}

/* The rule as a mapping of profile keys alone, with the file's `version` in front. */
static struct node *profile_part(struct arena *arena, const struct node *root, const struct node *rule)
{
	struct node *part = arena_alloc(arena, sizeof(*part));
	const struct node *version = node_get(root, "version");

	*part = *rule;
	part->first = part->last = NULL;
	for (const struct node *child = version ? version : rule->first; child;
	     child = child == version ? rule->first : child->next) {
		struct node *copy;

		if (strcmp(child->key, "users") == 0 || strcmp(child->key, "groups") == 0)
			continue;
		copy = arena_alloc(arena, sizeof(*copy));
		*copy = *child;
		copy->next = NULL;
		if (part->last)
			part->last->next = copy;
		else
			part->first = copy;
		part->last = copy;
	}
	return part;
}

static struct ceiling *read_part(struct reader *reader, const struct node *part)
{
	struct ceiling *ceiling = arena_alloc(reader->arena, sizeof(*ceiling));

	ceiling->most = arena_alloc(reader->arena, sizeof(*ceiling->most));
	ceiling->has = arena_array(reader->arena, profile_field_count, sizeof(bool));
	reader->profile = ceiling->most;
	reader->seen = ceiling->has;
	read_section(reader, "", part);
	return ceiling;
}

static struct ceiling *read_rules(struct reader *reader, const struct profile_request *request, const struct node *root)
{
	const struct node *rules = node_get(root, "rules");
	struct ceiling *chosen = NULL;

	if (!rules || !reader_expect(reader, rules, "rules", NODE_LIST, "- users: [name]"))
		return NULL;
	for (const struct node *rule = rules->first; rule; rule = rule->next) {
		const struct node *users, *groups;
		struct ceiling *read;
		bool fits;

		if (!reader_expect(reader, rule, "a rule", NODE_MAPPING, "- {users: [name], limits: {memory: 4G}}"))
			continue;
		users = node_get(rule, "users");
		groups = node_get(rule, "groups");
		if (!users && !groups)
			reader_error(reader, rule, CODE_MISSING_KEY, "a rule without users and groups")->hint =
				"What holds for everybody stands outside of `rules`.";
		fits = read_names(reader, request, users, false);
		fits = read_names(reader, request, groups, true) || fits;
		/* All are read, so that a fault is noticed before the day on which its rule fits. */
		read = read_part(reader, profile_part(reader->arena, root, rule));
		if (fits && !chosen)
			chosen = read;
	}
	return chosen;
}

static void report_file(struct loader *loader, const char *file, const struct error *err)
{
	const struct source_pos pos = { .file = file };
	struct diagnostic *item = loader_report(loader, SEVERITY_ERROR, err->code, &pos, 0, "%s", err->message);

	if (err->hint[0])
		item->hint = arena_strdup(loader->diagnostics->arena, err->hint);
}

int ceiling_read(struct loader *loader)
{
	const char *path = loader->request->ceiling_path;
	size_t errors = loader->diagnostics->errors;
	struct ceiling *everybody, *chosen;
	struct profile_source source;
	struct document document;
	struct reader reader = { .arena = loader->arena,
		                 .diagnostics = loader->diagnostics,
		                 .document = &document,
		                 .ceiling = true,
		                 .system = true };
	struct error err;

	if (!path)
		return 0;
	if (source_open(path, loader->request, loader->arena, &source, &err)) {
		struct stat st;

		/* a link that leads nowhere, say to a disk that is not there yet, is a ceiling that cannot be read */
		if (err.code == CODE_PROFILE_NOT_FOUND && lstat(path, &st) && (errno == ENOENT || errno == ENOTDIR))
			return 0;
		report_file(loader, path, &err);
		return -1;
	}
	document = (struct document){ .file = source.file, .data = source.data, .length = source.length };
	reader.base_dir = source.base_dir;
	if (document_parse(&document, loader->arena, loader->diagnostics))
		return -1;
	if (!document.root || document.root->kind != NODE_MAPPING) {
		error_set(&err, CODE_WRONG_TYPE, "the ceiling is empty, or no mapping");
		error_hint(&err, "Begin with `version: 1`, or remove the file.");
		report_file(loader, path, &err);
		return -1;
	}
	everybody = read_part(&reader, document.root);
	chosen = read_rules(&reader, loader->request, document.root);
	if (!chosen)
		chosen = everybody;
	chosen->file = source.file;
	loader->ceiling = chosen;
	return loader->diagnostics->errors > errors ? -1 : 0;
}

bool ceiling_has(const struct ceiling *ceiling, const char *path)
{
	const struct field *field = field_find(path);

	return field && ceiling->has[field - profile_fields];
}

static void impose_user(struct loader *loader, const struct profile *most)
{
	struct profile *profile = loader->profile;
	bool same = profile->system.user == most->system.user && profile->system.uid == most->system.uid;

	if (profile->system.user != USER_AUTO && !same && !position_is_builtin(&profile->system.user_pos))
		ceiling_refuse(loader, &profile->system.user_pos, &most->system.user_pos, "system.user", "this user");
	profile->system.user = most->system.user;
	profile->system.uid = most->system.uid;
	profile->system.user_pos = most->system.user_pos;
}

void ceiling_impose(struct loader *loader)
{
	const struct profile *most;
	struct profile *profile = loader->profile;

	if (!loader->ceiling)
		return;
	most = loader->ceiling->most;
	profile->locked |= most->locked;
	profile->python.isolated |= most->python.isolated;
	profile->system.strict_syscalls |= most->system.strict_syscalls;
	if (most->on_denial == DENIAL_KILL)
		profile->on_denial = DENIAL_KILL;
	if (ceiling_has(loader->ceiling, "system.user"))
		impose_user(loader, most);
}
