/* Grants that would not work: what the administrator's ceiling does not permit, and what the script's user could not
 * open. Both are said now, with the line to change, and not as a PermissionError in the middle of a script. */
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/text.h"
#include "plan/parts.h"

bool plan_is_permitted(struct build *b, const char *source, const struct file_grants *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *path = expand_path(&list->items[i].path, &b->variables, b->arena, b->err), *real = NULL;

		if (path && path_follow(path, b->arena, NULL, &real, NULL) == 0 && path_is_below(source, real))
			return true;
	}
	return false;
}

bool plan_ceiling_permits(struct build *b, const char *path, bool write)
{
	const struct profile_ceiling *ceiling = b->profile->ceiling;

	if (!ceiling || (write ? !ceiling->has_write : !ceiling->has_read))
		return true;
	return (!write && plan_is_permitted(b, path, &ceiling->read)) ||
	       ((write || ceiling->has_write) && plan_is_permitted(b, path, &ceiling->write));
}

static int check_ceiling(struct build *b, const struct item *item)
{
	const struct profile_ceiling *ceiling = b->profile->ceiling;
	char shown[256];

	if (item->origin != ORIGIN_GRANT || plan_ceiling_permits(b, item->source, item->write))
		return 0;
	error_set(b->err, CODE_LOCKED, "files.%s: %s is more than %s permits", item->write ? "write" : "read",
	          escape_into(shown, sizeof(shown), item->source), ceiling->file);
	b->err->pos = item->pos;
	return error_hint(b->err, "The administrator's ceiling is the last word; ask for it there.");
}

/* May the script's new user, who owns nothing and is in no group, do this to what lies there? Without an idmapped
 * mount. */
static bool is_open_to_others(const struct build *b, const struct item *item)
{
	uint32_t wanted = S_IROTH | (item->directory ? S_IXOTH : 0) | (item->write ? S_IWOTH : 0);

	return item->uid == b->plan->uid || (item->mode & wanted) == wanted;
}

/* In a view, what lies above a path is ours; without one it is the host's, and each directory must be passed. */
static const char *closed_directory(const struct build *b, const struct item *item)
{
	for (const char *directory = path_directory(b->arena, item->source); strcmp(directory, "/");
	     directory = path_directory(b->arena, directory)) {
		struct stat st;

		if (stat(directory, &st) == 0 && !(st.st_mode & S_IXOTH) && st.st_uid != b->plan->uid)
			return directory;
	}
	return NULL;
}

static int check_user(struct build *b, const struct item *item)
{
	bool mapped = b->plan->mode == MODE_NAMESPACES && b->facts->features[FEATURE_IDMAPPED_MOUNTS].level > 0 &&
	              item->uid == 0;
	const char *closed = b->plan->mode == MODE_LANDLOCK ? closed_directory(b, item) : NULL;
	bool matters = item->origin == ORIGIN_GRANT || item->origin == ORIGIN_SCRIPT ||
	               (item->origin == ORIGIN_INTERPRETER && item->exec && b->plan->mode == MODE_LANDLOCK);
	char shown[256];

	if (!b->plan->change_user || mapped || !matters)
		return 0;
	if (!closed && is_open_to_others(b, item))
		return 0;
	/* what a built-in profile grants is a convenience; the script itself must be there */
	if (item->origin == ORIGIN_GRANT && (!item->pos.file || strncmp(item->pos.file, "builtin:", 8) == 0)) {
		plan_note(b, "%s is not open to the script's user (uid %u)",
		          escape_into(shown, sizeof(shown), item->source), b->plan->uid);
		return 0;
	}
	error_set(b->err, CODE_CANNOT_KEEP, "%s: the script runs as uid %u, which may not %s it",
	          escape_into(shown, sizeof(shown), closed ? closed : item->source), b->plan->uid,
	          closed        ? "enter"
	          : item->write ? "write"
	                        : "read");
	b->err->pos = item->pos;
	return error_hint(b->err,
	                  "Started by root, a script never runs as root. Open the path to others (chmod o+rX), start\n"
	                  "pyconfine as the path's owner, or write system: {user: keep}.");
}

/* Without mounts nothing can be renamed, and Landlock cannot take away a part of what it grants. */
static int check_mounts(struct build *b, const struct item *item)
{
	char shown[256];

	if (b->plan->mode == MODE_NAMESPACES || item->device)
		return 0;
	escape_into(shown, sizeof(shown), item->source);
	if (item->origin == ORIGIN_GRANT && strcmp(item->path, item->source)) {
		error_set(b->err, CODE_CANNOT_KEEP, "files: `as` needs a view, and namespaces are not to be had here");
		b->err->pos = item->pos;
		return error_hint(b->err, "Grant %s under its own name, or see `pyconfine doctor`.", shown);
	}
	for (size_t i = 0; i < b->denied_count; i++) {
		const struct denied_path *denied = &b->denied[i];

		if (!path_is_below(denied->path, item->source) || (denied->cache && !item->write))
			continue;
		error_set(b->err, CODE_CANNOT_KEEP,
		          "%s cannot be denied here: it lies in %s, which is shown as a whole", denied->path, shown);
		b->err->pos = denied->cache ? item->pos : denied->pos;
		return error_hint(b->err, "Show less than %s, or see `pyconfine doctor` for namespaces.", shown);
	}
	return 0;
}

/* A script that may write the place where its own profile is looked for decides what its next run may do. */
static void warn_of_own_profile(struct build *b)
{
	size_t stem = b->plan->script ? strlen(b->plan->script) : 0;
	const char *beside, *directory;
	char shown[256];

	if (!stem || b->request->layered)
		return;
	if (stem > 3 && strcmp(b->plan->script + stem - 3, ".py") == 0)
		stem -= 3;
	beside = arena_printf(b->arena, "%.*s.pyconfine.yaml", (int)stem, b->plan->script);
	if (path_follow(path_directory(b->arena, beside), b->arena, NULL, &directory, NULL))
		return;
	for (size_t i = 0; i < b->item_count; i++)
		if (b->items[i].write && b->items[i].directory && path_is_below(directory, b->items[i].source)) {
			plan_warn(
				b,
				"the script may write %s, which would be the profile of its next run; grant less than %s",
				escape_into(shown, sizeof(shown), beside), b->items[i].source);
			return;
		}
}

/* A datagram socket as stdin, stdout or stderr can send to any address without connecting. */
static int check_standard_files(struct build *b)
{
	static const char *const names[] = { "stdin", "stdout", "stderr" };

	for (int fd = 0; fd < 3; fd++) {
		int type = SOCK_STREAM;
		socklen_t size = sizeof(type);

		if (b->plan->network.open || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type == SOCK_STREAM)
			continue;
		error_set(b->err, CODE_CANNOT_KEEP, "%s is a datagram socket, which reaches the whole network",
		          names[fd]);
		return error_hint(b->err, "Hand over a stream or a pipe, or write network: host.");
	}
	return 0;
}

int plan_reach(struct build *b)
{
	if (check_standard_files(b))
		return -1;
	for (size_t i = 0; i < b->item_count; i++)
		if (check_mounts(b, &b->items[i]) || check_ceiling(b, &b->items[i]) || check_user(b, &b->items[i]))
			return -1;
	warn_of_own_profile(b);
	return 0;
}
