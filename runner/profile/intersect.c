/* The ceiling against the merged profile: what is too much is refused, or taken away where nobody wrote it. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "net/rules.h"
#include "profile/ceiling.h"

bool position_is_builtin(const struct source_pos *pos)
{
	return !pos->file || strncmp(pos->file, "builtin:", 8) == 0;
}

void ceiling_refuse(struct loader *loader, const struct source_pos *pos, const struct source_pos *permitted,
                    const char *key, const char *what)
{
	char where[32] = "";
	char shown[160];

	if (permitted->line)
		snprintf(where, sizeof(where), ":%u", permitted->line);
	loader_report(loader, SEVERITY_ERROR, CODE_LOCKED, pos, 1, "%s: %s is more than %s%s permits", key,
	              escape_into(shown, sizeof(shown), what), loader->ceiling->file, where)
		->hint = "The ceiling is the administrator's last word; ask whoever administrates this machine.";
}

typedef bool covers(const char *most, const char *asked);

static bool is_equal(const char *most, const char *asked)
{
	return strcmp(most, asked) == 0;
}

/* "LC_*" covers LC_ALL and "LC_A*". */
static bool covers_env(const char *most, const char *asked)
{
	size_t length = strlen(most);

	if (length > 0 && most[length - 1] == '*')
		return strncmp(most, asked, length - 1) == 0;
	return strcmp(most, asked) == 0;
}

static bool covers_rule(const char *most, const char *asked)
{
	struct net_rule outer, inner;
	struct error ignored;

	/* Both were checked when they were read; what does not parse covers nothing. */
	return net_rule_parse(most, &outer, &ignored) == 0 && net_rule_parse(asked, &inner, &ignored) == 0 &&
	       net_rule_covers(&outer, &inner);
}

static void judge_strings(struct loader *loader, const char *key, struct profile_strings *asked,
                          const struct profile_strings *most, const struct source_pos *permitted, covers *covers_one)
{
	size_t kept = 0;

	for (size_t i = 0; i < asked->count; i++) {
		const struct profile_string *item = &asked->items[i];
		size_t k = 0;

		while (k < most->count && !covers_one(most->items[k].value, item->value))
			k++;
		if (k == most->count && position_is_builtin(&item->pos))
			continue;
		if (k == most->count)
			ceiling_refuse(loader, &item->pos, most->count ? &most->items[0].pos : permitted, key,
			               item->value);
		asked->items[kept++] = *item;
	}
	asked->count = kept;
}

static const struct {
	const char *key;
	covers *covers_one;
} string_lists[] = {
	{ "files.presets", is_equal },         { "env.allow", covers_env },    { "system.capabilities", is_equal },
	{ "system.syscalls.allow", is_equal }, { "system.devices", is_equal },
};

static void judge_lists(struct loader *loader)
{
	const struct source_pos nowhere = { 0 };

	for (size_t i = 0; i < sizeof(string_lists) / sizeof(string_lists[0]); i++) {
		const struct field *field = field_find(string_lists[i].key);

		if (ceiling_has(loader->ceiling, field->path))
			judge_strings(loader, field->path, field_place(field, loader->profile),
			              field_value(field, loader->ceiling->most), &nowhere, string_lists[i].covers_one);
	}
}

/* Larger limits are cut. The cut is a promise: the administrator names it. */
static void judge_limits(struct loader *loader)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		struct limit *asked;
		const struct limit *most;

		if (field->ceiling != CEILING_MAXIMUM || !ceiling_has(loader->ceiling, field->path))
			continue;
		asked = field_place(field, loader->profile);
		most = field_value(field, loader->ceiling->most);
		if (!most->set || (asked->set && asked->value <= most->value))
			continue;
		if (asked->set && asked->named)
			loader_report(loader, SEVERITY_NOTE, CODE_LOCKED, &asked->pos, 0,
			              "%s is cut to what %s:%u permits", field->path, loader->ceiling->file,
			              most->pos.line);
		*asked = *most;
	}
}

static void judge_network(struct loader *loader)
{
	struct profile *profile = loader->profile;
	const struct profile *most = loader->ceiling->most;

	if (!ceiling_has(loader->ceiling, "network") || most->network.mode == NETWORK_HOST)
		return;
	if (profile->network.mode == NETWORK_HOST) {
		ceiling_refuse(loader, &profile->network.pos, &most->network.pos, "network", "host");
		return;
	}
	judge_strings(loader, "network.allow", &profile->network.allow, &most->network.allow, &most->network.pos,
	              covers_rule);
	judge_strings(loader, "network.listen", &profile->network.listen, &most->network.listen, &most->network.pos,
	              is_equal);
	if (profile->network.loopback == LOOPBACK_HOST && most->network.loopback != LOOPBACK_HOST)
		ceiling_refuse(loader, &profile->network.pos, &most->network.pos, "network.loopback", "host");
}

static void judge_exec(struct loader *loader)
{
	struct profile *profile = loader->profile;
	const struct profile *most = loader->ceiling->most;

	if (!ceiling_has(loader->ceiling, "exec") || most->exec.mode == EXEC_ANY)
		return;
	if (profile->exec.mode == EXEC_ANY)
		ceiling_refuse(loader, &profile->exec.pos, &most->exec.pos, "exec", "any");
	/* Programs are compared as they are written: `git` and /usr/bin/git are not taken for one. */
	judge_strings(loader, "exec", &profile->exec.programs, &most->exec.programs, &most->exec.pos, is_equal);
}

static void judge_require(struct loader *loader)
{
	struct profile *profile = loader->profile;
	const struct profile *most = loader->ceiling->most;

	if (!ceiling_has(loader->ceiling, "require"))
		return;
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		enum require_level permitted = most->require[promise].level;

		if (profile->require[promise].level <= permitted || profile->require[promise].level <= REQUIRE_ALL)
			continue;
		if (!position_is_builtin(&profile->require[promise].pos))
			ceiling_refuse(loader, &profile->require[promise].pos, &most->require[promise].pos, "require",
			               promise_names[promise]);
		profile->require[promise].level = permitted;
	}
}

/* A path that can be compared as text: absolute, without variables, "." and "..". */
static const char *plain_path(struct arena *arena, const struct profile_string *path)
{
	const char *text = path->value;
	size_t length;

	if (strstr(text, "${"))
		return NULL;
	if (text[0] != '/' && path->base_dir)
		text = arena_printf(arena, "%s/%s", strcmp(path->base_dir, "/") == 0 ? "" : path->base_dir, text);
	if (text[0] != '/' || strstr(text, "//") || strstr(text, "/./") || strstr(text, "/../"))
		return NULL;
	length = strlen(text);
	while (length > 1 && text[length - 1] == '/')
		length--;
	if ((length > 1 && strcmp(text + length - 2, "/.") == 0) ||
	    (length > 2 && strcmp(text + length - 3, "/..") == 0))
		return NULL;
	return arena_strndup(arena, text, length);
}

/* Whether the list surely does not hold the path; what depends on variables is left to the plan, which knows them. */
static bool is_surely_outside(struct arena *arena, const struct file_grants *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *most = plain_path(arena, &list->items[i].path);
		size_t length;

		if (!most)
			return false;
		length = strcmp(most, "/") == 0 ? 0 : strlen(most);
		if (strncmp(path, most, length) == 0 && (path[length] == '/' || path[length] == '\0'))
			return false;
	}
	return true;
}

static void judge_grants(struct loader *loader, const char *key, struct file_grants *asked, bool write)
{
	const struct profile_ceiling *most = loader->profile->ceiling;
	const struct source_pos nowhere = { 0 };

	if (write ? !most->has_write : !most->has_read)
		return;
	for (size_t i = 0; i < asked->count; i++) {
		const struct file_grant *grant = &asked->items[i];
		const char *path = plain_path(loader->arena, &grant->path);
		const struct file_grants *list = write || most->read.count == 0 ? &most->write : &most->read;

		if (!path || !is_surely_outside(loader->arena, &most->write, path))
			continue;
		if (!write && !is_surely_outside(loader->arena, &most->read, path))
			continue;
		ceiling_refuse(loader, &grant->path.pos, list->count ? &list->items[0].path.pos : &nowhere, key,
		               grant->path.value);
	}
}

/* A secret grants what it is made from: a variable is bounded by env.allow, a file by files.read (in the plan, which
 * resolves it). Descriptors and credentials are handed over by whoever calls. */
static void judge_secrets(struct loader *loader)
{
	const struct profile_strings *most = &loader->ceiling->most->env.allow;
	const struct secrets *list = &loader->profile->secrets;
	const struct source_pos nowhere = { 0 };

	if (!ceiling_has(loader->ceiling, "env.allow"))
		return;
	for (size_t i = 0; i < list->count; i++) {
		const struct profile_string *from = &list->items[i].from;
		size_t k = 0;

		if (strncmp(from->value, SECRET_FROM_ENV, strlen(SECRET_FROM_ENV)))
			continue;
		while (k < most->count && !covers_env(most->items[k].value, from->value + strlen(SECRET_FROM_ENV)))
			k++;
		if (k == most->count)
			ceiling_refuse(loader, &from->pos, most->count ? &most->items[0].pos : &nowhere, "secrets",
			               from->value);
	}
}

/* What is denied by the ceiling is denied. */
static void add_denials(struct loader *loader)
{
	struct file_grants *files = &loader->profile->files.deny;
	struct profile_strings *calls = &loader->profile->system.syscalls_deny;
	const struct profile *most = loader->ceiling->most;

	for (size_t i = 0; i < most->files.deny.count; i++) {
		files->items = arena_grow(loader->arena, files->items, files->count, sizeof(*files->items));
		files->items[files->count++] = most->files.deny.items[i];
	}
	for (size_t i = 0; i < most->system.syscalls_deny.count; i++) {
		calls->items = arena_grow(loader->arena, calls->items, calls->count, sizeof(*calls->items));
		calls->items[calls->count++] = most->system.syscalls_deny.items[i];
	}
}

void ceiling_intersect(struct loader *loader)
{
	struct profile_ceiling *kept;
	const struct profile *most;

	if (!loader->ceiling)
		return;
	most = loader->ceiling->most;
	kept = arena_alloc(loader->arena, sizeof(*kept));
	kept->file = loader->ceiling->file;
	kept->has_read = ceiling_has(loader->ceiling, "files.read");
	kept->read = most->files.read;
	/* Writing implies reading: where only reading is bounded, what may be written lies within that. */
	kept->has_write = kept->has_read || ceiling_has(loader->ceiling, "files.write");
	kept->write = ceiling_has(loader->ceiling, "files.write") ? most->files.write : most->files.read;
	loader->profile->ceiling = kept;
	add_denials(loader);
	judge_grants(loader, "files.read", &loader->profile->files.read, false);
	judge_grants(loader, "files.write", &loader->profile->files.write, true);
	judge_lists(loader);
	judge_limits(loader);
	judge_network(loader);
	judge_exec(loader);
	judge_require(loader);
	judge_secrets(loader);
}
