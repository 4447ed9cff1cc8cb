/* profiles: which there are, where, and what shadows what. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "base/names.h"
#include "commands/prepare.h"
#include "commands/render.h"

enum { TEXT_MAX = 1024 * 1024 };

struct found {
	const char *name;
	const char *path;  /* NULL: built in */
	const char *hides; /* what has the same name and comes later; or NULL */
	const char *hidden_by;
	const struct builtin_profile *builtin;
	const char *description; /* the profile's own; NULL: none, or it has errors */
	bool valid;
};

struct found_list {
	struct arena *arena;
	struct found *items;
	size_t count;
};

static void found_add(struct found_list *list, const struct found *found)
{
	struct found added = *found;

	/* The places are visited in the order in which names are looked up: the first one wins. */
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].name, found->name) != 0 || list->items[i].hidden_by)
			continue;
		list->items[i].hides = found->path ? found->path : arena_printf(list->arena, "builtin:%s", found->name);
		added.hidden_by = list->items[i].path;
	}
	list->items = arena_grow(list->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = added;
}

/* report.yaml is found as "report". */
static int is_profile_name(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static void add_directory(struct found_list *list, const char *directory)
{
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, is_profile_name, alphasort);

	for (int i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;

		found_add(list, &(struct found){ .name = arena_strndup(list->arena, file, strlen(file) - 5),
		                                 .path = arena_printf(list->arena, "%s/%s", directory, file) });
		free(entries[i]);
	}
	free(entries);
}

static int read_text(const struct found *found, struct arena *arena, struct text *out, struct error *err)
{
	FD_CLEANUP int fd = -1;
	struct stat status;
	char *data, shown[256];
	ssize_t got;

	if (found->builtin) {
		text_add_n(out, found->builtin->text, (size_t)(found->builtin->end - found->builtin->text));
		return 0;
	}
	escape_into(shown, sizeof(shown), found->path);
	fd = open(found->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &status))
		return error_set_errno(err, CODE_PROFILE_UNREADABLE, "%s", shown);
	if (!S_ISREG(status.st_mode))
		return error_set(err, CODE_PROFILE_UNREADABLE, "%s is not a file", shown);
	data = arena_alloc(arena, TEXT_MAX);
	got = read_all(fd, data, TEXT_MAX);
	if (got < 0)
		return error_set_errno(err, CODE_PROFILE_UNREADABLE, "%s", shown);
	text_add_n(out, data, (size_t)got);
	return 0;
}

/* What the profile says about itself. */
static void describe(struct found_list *list, struct found *found)
{
	TEXT_CLEANUP struct text text = { 0 };
	struct diagnostics diagnostics = { .arena = list->arena };
	struct profile profile = { 0 };
	struct error ignored; /* `profiles show` tells it */
	const char *file = found->builtin ? found->builtin->file : found->path;

	if (read_text(found, list->arena, &text, &ignored) ||
	    profile_check(file, text_string(&text), text.length, NULL, list->arena, &profile, &diagnostics))
		return;
	found->valid = true;
	found->description = profile.description;
}

static int find_all(struct found_list *list, struct error *err)
{
	struct profile_request request = { 0 };
	struct caller caller;

	if (caller_find(list->arena, &caller, err))
		return -1;
	caller_request(&caller, &request);
	if (caller.xdg_config_home)
		add_directory(list, arena_printf(list->arena, "%s/pyconfine/profiles", caller.xdg_config_home));
	else if (caller.home)
		add_directory(list, arena_printf(list->arena, "%s/.config/pyconfine/profiles", caller.home));
	add_directory(list, request.system_dir);
	add_directory(list, request.vendor_dir);
	for (const struct builtin_profile *builtin = builtin_profiles; builtin->name; builtin++)
		found_add(list, &(struct found){ .name = builtin->name, .builtin = builtin });
	for (size_t i = 0; i < list->count; i++)
		describe(list, &list->items[i]);
	return 0;
}

static int list_text(const struct found_list *list)
{
	TEXT_CLEANUP struct text out = { 0 };

	for (size_t i = 0; i < list->count; i++) {
		const struct found *found = &list->items[i];
		TEXT_CLEANUP struct text name = { 0 };

		text_add_escaped(&name, found->name);
		text_addf(&out, "%-16s ", text_string(&name));
		if (found->path)
			text_add_escaped(&out, found->path);
		else
			text_addf(&out, "builtin:%s", found->name);
		if (found->hidden_by || found->hides) {
			text_add(&out, found->hidden_by ? "   (shadowed by " : "   (shadows ");
			text_add_escaped(&out, found->hidden_by ? found->hidden_by : found->hides);
			text_add(&out, ")");
		}
		if (!found->valid || found->description) {
			text_add(&out, "\n                 ");
			text_add_escaped(&out, found->valid ? found->description : "has errors: see `pyconfine check`");
		}
		text_add(&out, "\n");
	}
	return render_print(&out);
}

static int list_json(const struct found_list *list)
{
	struct json_object *object = json_object_new_object(), *items = json_object_new_array();

	for (size_t i = 0; i < list->count; i++) {
		const struct found *found = &list->items[i];
		struct json_object *entry = json_object_new_object();

		json_object_object_add(entry, "name", render_json_string(found->name));
		json_object_object_add(entry, "path", render_json_string(found->path));
		json_object_object_add(entry, "builtin", json_object_new_boolean(found->builtin != NULL));
		json_object_object_add(entry, "description", render_json_string(found->description));
		json_object_object_add(entry, "valid", json_object_new_boolean(found->valid));
		json_object_object_add(entry, "shadows", render_json_string(found->hides));
		json_object_object_add(entry, "shadowed_by", render_json_string(found->hidden_by));
		json_object_array_add(items, entry);
	}
	json_object_object_add(object, "v", json_object_new_int(1));
	json_object_object_add(object, "profiles", items);
	return render_json_print(object);
}

static const struct found *find_one(const struct found_list *list, const char *name, struct error *err)
{
	const char **names = arena_array(list->arena, list->count + 1, sizeof(*names)), *nearest;
	bool only_builtin = strncmp(name, "builtin:", 8) == 0;
	const char *wanted = only_builtin ? name + 8 : name;
	char shown[80];

	for (size_t i = 0; i < list->count; i++) {
		const struct found *found = &list->items[i];

		names[i] = found->name;
		if (strcmp(found->name, wanted) == 0 && (only_builtin ? found->builtin != NULL : !found->hidden_by))
			return found;
	}
	nearest = nearest_name(wanted, names);
	escape_into(shown, sizeof(shown), name);
	if (nearest)
		error_set(err, CODE_PROFILE_NOT_FOUND, "there is no profile \"%s\"; did you mean \"%s\"?", shown,
		          nearest);
	else
		error_set(err, CODE_PROFILE_NOT_FOUND, "there is no profile \"%s\"", shown);
	error_hint(err, "`pyconfine profiles` lists those that there are.");
	return NULL;
}

static int show(const struct found_list *list, const char *name, bool json, struct error *err)
{
	TEXT_CLEANUP struct text out = { 0 };
	const struct found *found = find_one(list, name, err);
	struct json_object *object;

	if (!found || read_text(found, list->arena, &out, err))
		return render_fail(err, EXIT_BAD_INPUT);
	if (!json)
		return render_print(&out) ? EXIT_BAD_INPUT : EXIT_CLEAN;
	object = json_object_new_object();
	json_object_object_add(object, "v", json_object_new_int(1));
	json_object_object_add(object, "name", render_json_string(found->name));
	json_object_object_add(object, "path", render_json_string(found->path));
	json_object_object_add(object, "text", render_json_string(text_string(&out)));
	return render_json_print(object) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}

int command_profiles(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct found_list list = { .arena = &arena };
	struct run_options options = { 0 };
	const char **words;
	struct error err;

	if (options_mixed(COMMAND_PROFILES, argc, argv, &arena, &options, &words, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_PROFILES);
	if (words[0] && (strcmp(words[0], "show") != 0 || !words[1] || words[2])) {
		error_set(&err, CODE_USAGE, "profiles takes nothing, or `show NAME`");
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	if (find_all(&list, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (words[0])
		return show(&list, words[1], options.json, &err);
	return (options.json ? list_json(&list) : list_text(&list)) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}
