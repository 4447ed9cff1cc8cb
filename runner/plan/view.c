/* The steps that build the private root, in the order of execution: parents first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/uapi.h"
#include "plan/parts.h"

#define SECRET_ROOM (80 * 1024) /* the most that one can be, and a page for what is around it */
#define SAFE_MOUNT (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* What lies at a path inside; sorted by path, so that a directory comes before its contents. */
struct entry {
	const char *path;
	enum view_kind kind;
	struct item *item;  /* VIEW_BIND */
	const char *source; /* the others */
	const char *content;
	uint64_t attributes;
	uint32_t mode;
	size_t secret; /* VIEW_SECRET */
	bool directory;
};

struct entries {
	struct entry *items;
	size_t count;
};

static struct entry *entry_add(struct build *b, struct entries *list, const struct entry *entry)
{
	list->items = arena_grow(b->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count] = *entry;
	return &list->items[list->count++];
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	/* of two at one path the one that may do more stands first, and takes the other in */
	return order ? order : (int)y->write - (int)x->write;
}

/* At one path a mount comes before a mask, which goes over it, and both before a plain directory, which neither
 * needs. */
static int rank(const struct entry *entry)
{
	return entry->kind == VIEW_DIRECTORY ? VIEW_OUTPUTS + 1 : (int)entry->kind;
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : rank(x) - rank(y);
}

/* Does `item` lie in `outer` both inside and on the host, so that showing `outer` shows it? */
static bool shows(const struct item *outer, const struct item *item)
{
	return path_is_below(item->path, outer->path) && path_is_below(item->source, outer->source) &&
	       strcmp(item->path + strlen(outer->path), item->source + strlen(outer->source)) == 0;
}

static bool needs_mapping(const struct item *item)
{
	return item->origin == ORIGIN_INTERPRETER || item->origin == ORIGIN_PROGRAM || item->exec;
}

/* Two grants of one path are one, which may do what either may. */
static void merge_equals(struct build *b)
{
	qsort(b->items, b->item_count, sizeof(*b->items), compare_items);
	for (size_t i = 1; i < b->item_count; i++) {
		struct item *item = &b->items[i], *first = &b->items[i - 1];

		if (strcmp(item->path, first->path) || strcmp(item->source, first->source))
			continue;
		item->write = first->write |= item->write;
		item->exec = first->exec |= item->exec;
		item->layer = first->layer |= item->layer;
		item->apart = first->apart |= item->apart;
		first->covered = true;
	}
}

/* Mark what needs no mount of its own. Grants add up: a read grant inside a write grant changes nothing. The
 * interpreter's own files are the exception: a venv inside a granted directory is mappable, which that is not, and
 * stays read-only. */
static void mark_covered(struct build *b)
{
	merge_equals(b);
	for (size_t i = 0; i < b->item_count; i++) {
		struct item *item = &b->items[i];
		const struct item *outer = NULL;

		for (size_t k = 0; k < i; k++)
			if (!b->items[k].covered && shows(&b->items[k], item))
				outer = &b->items[k];
		item->covered |= outer && !item->apart && (outer->write || !item->write) &&
		                 !(outer->origin == ORIGIN_GRANT && !outer->exec && needs_mapping(item));
		item->layered = item->covered && outer && outer->layer;
	}
}

static uint64_t item_attributes(const struct item *item)
{
	uint64_t attributes = SAFE_MOUNT;

	if (item->device)
		return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	if (!item->write)
		attributes |= MOUNT_ATTR_RDONLY;
	/* what is granted is data: ld.so cannot map a program from there, nor ctypes a library, unless `exec: true`
	 * says so */
	if (!item->exec && (item->write || item->origin == ORIGIN_GRANT || item->origin == ORIGIN_SCRIPT))
		attributes |= MOUNT_ATTR_NOEXEC;
	return attributes;
}

static bool is_taken(const struct build *b, const char *path)
{
	for (size_t i = 0; i < b->item_count; i++)
		if (path_is_below(path, b->items[i].path))
			return true;
	for (size_t i = 0; i < b->links.count; i++)
		if (strcmp(b->links.items[i].path, path) == 0)
			return true;
	return false;
}

const char *plan_inside_home(const struct build *b)
{
	const char *home = b->request->home;

	return home && home[0] == '/' && home[1] && b->profile->files.home == HOME_PRIVATE ? home : INSIDE_TMP;
}

static void add_scratch(struct build *b, struct entries *list)
{
	const struct {
		const char *path, *source;
		uint32_t mode;
	} rows[] = {
		{ INSIDE_TMP, "tmp", 01777 },
		{ INSIDE_SHM, "shm", 01777 },
		{ plan_inside_home(b), "home", 0700 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!is_taken(b, rows[i].path) && (i < 2 || strcmp(rows[i].path, INSIDE_TMP))) {
			if (!b->plan->scratch_path)
				b->plan->scratch_path = rows[i].path;
			entry_add(b, list,
			          &(struct entry){ .path = rows[i].path,
			                           .kind = VIEW_SCRATCH,
			                           .source = rows[i].source,
			                           .attributes = SAFE_MOUNT | MOUNT_ATTR_NOEXEC,
			                           .mode = rows[i].mode,
			                           .directory = true });
		}
}

/* Shown whole only to learn from it: then what a run will see lies over it. */
static bool covers_etc(const struct build *b)
{
	const struct item *item = plan_item_at(b, "/etc");

	return b->request->learning && item && item->layer && strcmp(item->path, "/etc") == 0;
}

/* With the host's network, its own are looked at. */
static bool is_of_network(const char *path, const struct build *b)
{
	return b->plan->network.open && strcmp(path, "/etc/passwd") && strcmp(path, "/etc/group");
}

static void add_etc(struct build *b, struct entries *list)
{
	const char *name = b->request->user_name && !b->plan->change_user ? b->request->user_name : "nobody";
	const char *home = plan_inside_home(b), *host = b->plan->hostname ? b->plan->hostname : "localhost";
	const struct {
		const char *path, *content;
	} rows[] = {
		{ "/etc/passwd", arena_printf(b->arena, "%s:x:%u:%u::%s:/usr/sbin/nologin\n", name, b->plan->uid,
		                              b->plan->gid, home) },
		{ "/etc/group",
		  arena_printf(b->arena, "%s:x:%u:\n", b->plan->change_user ? "nogroup" : name, b->plan->gid) },
		{ "/etc/hosts", arena_printf(b->arena, "127.0.0.1 localhost %s\n::1 localhost\n", host) },
		{ "/etc/nsswitch.conf", b->plan->network.resolver ? "passwd: files\ngroup: files\nhosts: files dns\n"
		                                                  : "passwd: files\ngroup: files\nhosts: files\n" },
		/* the supervisor answers (supervise/resolver.h); a look-up may take as long as the host's */
		{ "/etc/resolv.conf", b->plan->network.resolver
		                              ? "nameserver 127.0.0.1\noptions timeout:10 attempts:2\n"
		                              : "# no network\n" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!is_taken(b, rows[i].path) || (covers_etc(b) && !is_of_network(rows[i].path, b)))
			entry_add(b, list,
			          &(struct entry){ .path = rows[i].path,
			                           .kind = VIEW_FILE,
			                           .content = rows[i].content,
			                           .mode = 0444 });
}

static void add_secrets(struct build *b, struct entries *list)
{
	for (size_t i = 0; i < b->plan->secret_count; i++)
		if (b->plan->secrets[i].path)
			entry_add(b, list,
			          &(struct entry){ .path = b->plan->secrets[i].path,
			                           .kind = VIEW_SECRET,
			                           .secret = i,
			                           .mode = 0400 });
}

/* An empty thing that nobody may open, over what is denied, wherever a shown directory leads to it. */
static void add_masks(struct build *b, struct entries *list)
{
	for (size_t i = 0; i < b->denied_count; i++)
		for (size_t k = 0; k < b->item_count; k++) {
			const struct item *item = &b->items[k];
			const struct denied_path *denied = &b->denied[i];

			if (item->covered || !path_is_below(denied->path, item->source))
				continue;
			entry_add(b, list,
			          &(struct entry){
					  .path = arena_printf(b->arena, "%s%s", item->path,
			                                       denied->path + strlen(item->source)),
					  .kind = VIEW_SCRATCH,
					  .source = denied->directory ? "nothing" : "nofile",
					  .attributes = SAFE_MOUNT | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY,
					  .directory = denied->directory,
				  });
		}
}

static void add_links(struct build *b, struct entries *list)
{
	for (size_t i = 0; i < b->links.count; i++) {
		const struct path_link *link = &b->links.items[i];
		bool shown = false;

		for (size_t k = 0; k < b->item_count && !shown; k++)
			shown = path_is_below(link->path, b->items[k].path);
		if (!shown)
			entry_add(b, list,
			          &(struct entry){ .path = link->path, .kind = VIEW_SYMLINK, .source = link->target });
	}
	if (b->plan->facts.features[FEATURE_PROC_MOUNT].level == 0)
		return;
	entry_add(b, list, &(struct entry){ .path = "/dev/fd", .kind = VIEW_SYMLINK, .source = "/proc/self/fd" });
	entry_add(b, list, &(struct entry){ .path = "/dev/stdin", .kind = VIEW_SYMLINK, .source = "/proc/self/fd/0" });
	entry_add(b, list, &(struct entry){ .path = "/dev/stdout", .kind = VIEW_SYMLINK, .source = "/proc/self/fd/1" });
	entry_add(b, list, &(struct entry){ .path = "/dev/stderr", .kind = VIEW_SYMLINK, .source = "/proc/self/fd/2" });
	entry_add(b, list,
	          &(struct entry){ .path = "/proc",
	                           .kind = VIEW_PROC,
	                           .directory = true,
	                           .attributes = SAFE_MOUNT | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY });
}

static void collect(struct build *b, struct entries *list)
{
	mark_covered(b);
	for (size_t i = 0; i < b->item_count; i++)
		if (!b->items[i].covered)
			entry_add(b, list,
			          &(struct entry){ .path = b->items[i].path,
			                           .kind = b->items[i].layer ? VIEW_LAYER : VIEW_BIND,
			                           .item = &b->items[i],
			                           .attributes = item_attributes(&b->items[i]),
			                           .directory = b->items[i].directory });
	add_scratch(b, list);
	if (b->plan->outputs.inside)
		entry_add(b, list,
		          &(struct entry){ .path = b->plan->outputs.inside,
		                           .kind = VIEW_OUTPUTS,
		                           .attributes = SAFE_MOUNT | MOUNT_ATTR_NOEXEC,
		                           .directory = true });
	if (strcmp(b->plan->cwd, "/") && !plan_item_at(b, b->plan->cwd))
		entry_add(b, list,
		          &(struct entry){
				  .path = b->plan->cwd, .kind = VIEW_DIRECTORY, .mode = 0755, .directory = true });
	add_links(b, list);
	add_etc(b, list);
	add_secrets(b, list);
	add_masks(b, list);
	qsort(list->items, list->count, sizeof(*list->items), compare_entries);
}

static struct view_step *step_add(struct build *b, enum view_kind kind, const char *path)
{
	struct view_step *step;

	b->plan->view = arena_grow(b->arena, b->plan->view, b->plan->view_count, sizeof(*b->plan->view));
	step = &b->plan->view[b->plan->view_count++];
	step->kind = kind;
	step->target = path + 1;
	return step;
}

static bool has_step(const struct build *b, const char *path, size_t length)
{
	for (size_t i = b->plan->view_count; i-- > 0;) {
		const char *target = b->plan->view[i].target;

		if (strncmp(target, path + 1, length - 1) == 0 && target[length - 1] == '\0')
			return true;
	}
	return false;
}

/* The entry that is mounted above `path`, or NULL: there nothing can be made, it must exist. */
static const struct entry *mounted_above(const struct entries *list, size_t before, const char *path)
{
	for (size_t i = before; i-- > 0;)
		if (list->items[i].item && path_is_below(path, list->items[i].path) &&
		    strcmp(path, list->items[i].path))
			return &list->items[i];
	return NULL;
}

static void add_parents(struct build *b, const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		if (!has_step(b, path, length))
			step_add(b, VIEW_DIRECTORY, arena_strndup(b->arena, path, length))->mode = 0755;
	}
}

static int check_mount_point(struct build *b, const struct entry *entry, const struct entry *outer)
{
	const char *host = arena_printf(b->arena, "%s%s", outer->item->source, entry->path + strlen(outer->path));
	struct stat st;

	if (lstat(host, &st) == 0 && S_ISDIR(st.st_mode) == entry->directory && !S_ISLNK(st.st_mode))
		return 0;
	error_set(b->err, CODE_BAD_PATH, "%s cannot be shown: it lies inside %s, where nothing of that name exists",
	          entry->path, outer->path);
	b->err->pos = entry->item ? entry->item->pos : (struct source_pos){ 0 };
	return error_hint(b->err, "Choose an `as` outside of %s, or create the place for it.", outer->path);
}

static bool mounts(enum view_kind kind)
{
	return kind == VIEW_BIND || kind == VIEW_SCRATCH || kind == VIEW_PROC || kind == VIEW_LAYER ||
	       kind == VIEW_OUTPUTS;
}

/* The sandbox's own files of /etc, put where they lie over the host's. */
static void add_layered_etc(struct build *b, const struct entries *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct entry *entry = &list->items[i];
		struct view_step *step;

		if (entry->kind != VIEW_FILE || strncmp(entry->path, "/etc/", 5))
			continue;
		step = step_add(b, VIEW_FILE, entry->path);
		step->target = arena_printf(b->arena, LAYER_UPPER "/%s", b->plan->layer_count, entry->path + 5);
		step->content = entry->content;
		step->mode = entry->mode;
	}
}

/* A layer's own directory takes the place of the one below it: who may write there may write here, and nobody else. A
 * file alone cannot be covered: its directory is, out of sight, and the file shown from there. */
static void set_layer(struct build *b, const struct item *item, struct view_step *step)
{
	const char *directory = item->directory ? item->source : path_directory(b->arena, item->source);
	struct stat st = { .st_mode = 0755 };

	step->layer = b->plan->layer_count++;
	step->recursive = false;
	if (!item->directory) {
		step->content = item->source + strlen(directory) + (directory[1] != '\0');
		step->source = directory;
		if (stat(directory, &st) == 0)
			step->device = st.st_dev, step->inode = st.st_ino;
	}
	step->mode = (item->directory ? item->mode : st.st_mode) & 01777;
	if (access(directory, W_OK))
		step->mode &= ~(uint32_t)0222;
}

static int emit_entry(struct build *b, const struct entries *list, size_t index)
{
	const struct entry *entry = &list->items[index], *outer = mounted_above(list, index, entry->path);
	struct view_step *step;

	if (has_step(b, entry->path, strlen(entry->path)) && entry->kind != VIEW_SCRATCH)
		return 0; /* the same path twice: one is enough */
	if (outer && (entry->kind == VIEW_SYMLINK || entry->kind == VIEW_FILE || entry->kind == VIEW_DIRECTORY))
		return 0; /* the host's own is shown there */
	if (outer && check_mount_point(b, entry, outer))
		return -1;
	if (!outer)
		add_parents(b, entry->path);
	if (!outer && mounts(entry->kind) && !has_step(b, entry->path, strlen(entry->path)))
		step_add(b, entry->directory ? VIEW_DIRECTORY : VIEW_FILE, entry->path)->mode = entry->directory ? 0755
		                                                                                                 : 0444;
	if (entry->kind == VIEW_LAYER && strcmp(entry->path, "/etc") == 0)
		add_layered_etc(b, list);
	step = step_add(b, entry->kind, entry->path);
	step->source = entry->item ? entry->item->source : entry->source;
	step->content = entry->content;
	step->secret = entry->secret;
	step->mode = entry->mode;
	step->attributes = entry->attributes;
	step->recursive = entry->kind == VIEW_BIND && entry->directory;
	if (entry->item) {
		step->device = entry->item->device_id;
		step->inode = entry->item->inode;
		step->pos = entry->item->pos;
		step->idmapped = (entry->item->origin == ORIGIN_GRANT || entry->item->origin == ORIGIN_SCRIPT) &&
		                 b->plan->change_user && entry->item->uid == 0 &&
		                 b->facts->features[FEATURE_IDMAPPED_MOUNTS].level > 0;
		b->plan->idmapped |= step->idmapped;
	}
	if (entry->kind == VIEW_LAYER)
		set_layer(b, entry->item, step);
	return 0;
}

static void list_visible(struct build *b)
{
	for (size_t i = 0; i < b->item_count; i++) {
		const struct item *item = &b->items[i];
		struct visible_path *visible;

		b->plan->visible = arena_grow(b->arena, b->plan->visible, b->plan->visible_count,
		                              sizeof(*b->plan->visible));
		visible = &b->plan->visible[b->plan->visible_count++];
		*visible = (struct visible_path){ .path = item->path,
			                          .source = item->source,
			                          .write = item->write,
			                          .exec = item->exec,
			                          .directory = item->directory,
			                          .pos = item->pos,
			                          .interpreter = item->origin != ORIGIN_GRANT &&
			                                         item->origin != ORIGIN_SCRIPT };
		b->plan->library_paths += visible->interpreter;
	}
	if (!b->plan->outputs.inside)
		return;
	b->plan->visible = arena_grow(b->arena, b->plan->visible, b->plan->visible_count, sizeof(*b->plan->visible));
	b->plan->visible[b->plan->visible_count++] = (struct visible_path){ .path = b->plan->outputs.inside,
		                                                            .source = b->plan->outputs.inside,
		                                                            .write = true,
		                                                            .directory = true,
		                                                            .pos = b->plan->outputs.pos };
}

/* Inodes: one for 4 KiB, so that a million empty files are stopped like a million full pages. */
static void size_scratch(struct build *b)
{
	const struct limit *tmp = &b->profile->files.tmp;

	b->plan->scratch_bytes = tmp->set ? tmp->value : (uint64_t)64 << 20;
	b->plan->scratch_inodes = 64 + b->plan->scratch_bytes / 4096;
	b->plan->root_bytes = ((uint64_t)1 << 20) + b->plan->secret_count * SECRET_ROOM;
}

int plan_view(struct build *b)
{
	struct entries list = { 0 };
	const char **denied = arena_array(b->arena, b->denied_count + 1, sizeof(*denied));

	for (size_t i = 0; i < b->denied_count; i++)
		denied[i] = b->denied[i].path;
	b->plan->denied = denied;
	size_scratch(b);
	if (b->plan->mode == MODE_NAMESPACES) {
		collect(b, &list);
		for (size_t i = 0; i < list.count; i++)
			if (emit_entry(b, &list, i))
				return -1;
	}
	list_visible(b);
	return 0;
}
