/* The view of `learn`: everything that the caller may read, less what is sensitive, and below it a layer that takes
 * what the script writes (copy-on-write). The same layers take the writes of a run that only tries a profile out.
 *
 * An overlay shows no file system that is mounted further down, and in a user namespace none can be made above such a
 * place at all; without a view, Landlock cannot take a part out of what it grants. Both are met in the same way: a
 * directory that holds such a place is not shown itself, but each of its entries is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "plan/parts.h"
#include "policy/sensitive.h"

/* More entries than this are not looked for: each costs a mount or a rule. */
#define ITEMS_MAX 1024
#define DIRECTORIES_MAX 5000
#define DEPTH_MAX 8

/* Of every sandbox's own making. */
static const char *const own_places[] = { "/proc", "/sys", "/dev", "/lost+found", NULL };

struct places {
	const char **items;
	size_t count;
	bool private_tmp; /* there are no layers, but a view */
};

static void place_add(struct build *b, struct places *list, const char *path)
{
	list->items = arena_grow(b->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = path;
}

static bool is_one_of(const char *const *list, const char *path)
{
	for (; *list; list++)
		if (strcmp(*list, path) == 0)
			return true;
	return false;
}

/* mountinfo writes blanks, tabs, line breaks and backslashes as three octal digits. */
static const char *unescape(struct build *b, const char *text, size_t length)
{
	char *out = arena_strndup(b->arena, text, length), *to = out;

	for (const char *at = out; *at; to++) {
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
	return out;
}

static void find_mounts(struct build *b, struct places *out)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		const char *at = line;

		for (int blank = 0; at && blank < 4; blank++)
			at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
		if (at)
			place_add(b, out, unescape(b, at, strcspn(at, " \n")));
	}
	free(line);
	if (file)
		fclose(file);
}

static bool holds_one(const struct places *places, const char *path)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->items[i], path) && path_is_below(places->items[i], path))
			return true;
	return false;
}

static bool is_hidden(const struct build *b, const char *path)
{
	for (size_t i = 0; i < b->denied_count; i++)
		if (path_is_below(path, b->denied[i].path))
			return true;
	return false;
}

static void hide(struct build *b, const char *path)
{
	const char *real = NULL;
	struct stat st;

	if (path_follow(path, b->arena, NULL, &real, &st) || is_hidden(b, real))
		return;
	b->denied = arena_grow(b->arena, b->denied, b->denied_count, sizeof(*b->denied));
	b->denied[b->denied_count++] = (struct denied_path){ .path = real, .directory = S_ISDIR(st.st_mode) };
}

static void show_entries(struct build *b, const char *directory, const struct places *split);

/* Where it leads to is another entry's matter. */
static void add_link(struct build *b, const char *path)
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target));

	if (length <= 0 || (size_t)length == sizeof(target))
		return;
	b->links.items = arena_grow(b->arena, b->links.items, b->links.count, sizeof(*b->links.items));
	b->links.items[b->links.count++] = (struct path_link){ path, arena_strndup(b->arena, target, (size_t)length) };
}

static void show(struct build *b, const char *path, const struct places *split)
{
	/* /tmp is not executable in a run either */
	const struct item kind = { .origin = ORIGIN_GRANT, .exec = strcmp(path, INSIDE_TMP) != 0 };
	struct error ignored;
	struct stat st;

	if (b->item_count >= ITEMS_MAX || lstat(path, &st) || is_hidden(b, path) || is_one_of(own_places, path))
		return;
	if (S_ISLNK(st.st_mode)) {
		add_link(b, path);
		return;
	}
	/* the script must be able to write there, in private */
	if (strcmp(path, INSIDE_TMP) == 0 && split->private_tmp)
		return;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return;
	if (S_ISDIR(st.st_mode) && holds_one(split, path)) {
		show_entries(b, path, split);
		return;
	}
	if (access(path, R_OK) == 0 || S_ISDIR(st.st_mode))
		plan_add_path(b, path, &kind, &ignored);
	if (b->item_count == ITEMS_MAX)
		plan_note(b, "not everything is shown: there are too many places where something is mounted or hidden");
}

static void show_entries(struct build *b, const char *directory, const struct places *split)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			show(b, arena_printf(b->arena, "%s/%s", strcmp(directory, "/") ? directory : "", entry->d_name),
			     split);
	}
	if (entries)
		closedir(entries);
}

/* Every home's, since root may read them all. */
static void hide_in_homes(struct build *b, const char *below)
{
	DIR *homes = opendir("/home");
	const struct dirent *entry;

	if (b->request->home && b->request->home[0] == '/')
		hide(b, arena_printf(b->arena, "%s%s", b->request->home, below));
	hide(b, arena_printf(b->arena, "/root%s", below));
	while (homes && (entry = readdir(homes)))
		if (entry->d_name[0] != '.')
			hide(b, arena_printf(b->arena, "/home/%s%s", entry->d_name, below));
	if (homes)
		closedir(homes);
}

static void hide_sensitive(struct build *b)
{
	for (const struct sensitive_path *row = sensitive_paths; row->path; row++) {
		if (!row->below || !(row->kinds & SENSITIVE_READ) || strncmp(row->path, "/dev", 4) == 0)
			continue;
		if (row->path[0] == '~')
			hide_in_homes(b, row->path + 1);
		else
			hide(b, row->path);
	}
}

struct search {
	unsigned left; /* directories that are still looked into */
	unsigned depth;
};

static bool is_system(const char *path)
{
	static const char *const trees[] = { "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/boot", NULL };

	return is_one_of(trees, path) || is_one_of(own_places, path);
}

static void begin_layers_below(struct build *b, const char *directory, struct search *search);

static void begin_layer(struct build *b, const char *path, struct search *search)
{
	const struct item kind = { .origin = ORIGIN_GRANT, .exec = true, .apart = true };
	struct error ignored;
	struct stat st;

	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || is_system(path) || is_hidden(b, path))
		return;
	if (access(path, W_OK) == 0 && strchr(path + 1, '/') && b->item_count < ITEMS_MAX)
		plan_add_path(b, path, &kind, &ignored);
	if ((st.st_uid != b->facts->uid || st.st_gid != b->facts->gid) && search->depth < DEPTH_MAX && search->left)
		begin_layers_below(b, path, search);
}

static void begin_layers_below(struct build *b, const char *directory, struct search *search)
{
	DIR *entries = opendir(directory);
	const struct dirent *entry;

	search->left--;
	search->depth++;
	while (entries && (entry = readdir(entries)))
		if ((entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			begin_layer(
				b,
				arena_printf(b->arena, "%s/%s", strcmp(directory, "/") ? directory : "", entry->d_name),
				search);
	search->depth--;
	if (entries)
		closedir(entries);
}

/* Before something is written, an overlay makes the directories above it anew, with their owners; in a user namespace
 * it cannot do that for those of others (EOVERFLOW). So where the caller may write below something of others', a layer
 * begins. */
static void begin_layers(struct build *b)
{
	struct search search = { .left = DIRECTORIES_MAX };
	const char *const places[] = { b->script_dir, b->request->cwd, b->request->home };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i] && places[i][0] == '/')
			begin_layer(b, places[i], &search);
	begin_layers_below(b, "/", &search);
}

int plan_learning(struct build *b)
{
	const bool view = b->facts->features[FEATURE_NAMESPACES].level > 0;
	const bool layers = view && b->facts->features[FEATURE_OVERLAY].level > 0;
	struct places split = { .private_tmp = view && !layers };

	if (!b->request->learning)
		return 0;
	hide_sensitive(b);
	if (layers)
		find_mounts(b, &split);
	for (size_t i = 0; !view && i < b->denied_count; i++)
		place_add(b, &split, b->denied[i].path);
	/* "/" itself always is: ours is another one */
	show_entries(b, "/", &split);
	if (layers && b->facts->uid != 0)
		begin_layers(b);
	return 0;
}

/* Where there are no layers, a script may write to private places alone. */
int plan_layers(struct build *b)
{
	const bool layers = b->facts->features[FEATURE_NAMESPACES].level > 0 &&
	                    b->facts->features[FEATURE_OVERLAY].level > 0;

	if (!b->request->layered)
		return 0;
	b->plan->layered = layers;
	for (size_t i = 0; i < b->item_count; i++) {
		struct item *item = &b->items[i];

		if (item->origin != ORIGIN_GRANT || item->device)
			continue;
		/* to learn, everything is written to; to try out, what the profile says */
		item->layer = layers && (item->write || (b->request->learning && item->directory));
		item->write = item->layer;
	}
	plan_note(b, layers ? "what the script writes goes to a private layer, and not to the files of this machine"
	                    : "overlay file systems are not to be had here, so writes outside of /tmp are refused");
	return 0;
}
