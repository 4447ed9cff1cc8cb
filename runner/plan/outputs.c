/* outputs: where the script leaves its results, and where they go. The directory that it writes to is not the one that
 * they go to: between the two stands the supervisor (supervise/outputs.c). */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "plan/parts.h"
#include "policy/content_types.h"

#define STANDARD_FILES 20
#define STANDARD_BYTES ((uint64_t)50 << 20)
/* The supervisor holds each of them open until all have been checked. */
#define FILES_MAX 10000
#define INSIDE_OUTPUTS "/run/outputs"

/* The message's position is the path's; returns -1. */
static int refuse_target(struct build *b)
{
	b->err->pos = b->profile->outputs.path.pos;
	return -1;
}

static int find_target(struct build *b, struct outputs_plan *out)
{
	const char *path = expand_path(&b->profile->outputs.path, &b->variables, b->arena, b->err);
	struct stat st;
	char shown[256];

	if (!path)
		return error_context(b->err, "outputs.path");
	escape_into(shown, sizeof(shown), path);
	if (path_follow(path, b->arena, NULL, &out->target, &st)) {
		error_set_errno(b->err, CODE_MISSING_PATH, "outputs.path: %s", shown);
		if (b->err->sys_errno == ENOENT)
			error_hint(b->err, "Create it first: mkdir -p %s", shown);
		return refuse_target(b);
	}
	if (!S_ISDIR(st.st_mode)) {
		error_set(b->err, CODE_BAD_PATH, "outputs.path: %s is no directory", shown);
		return refuse_target(b);
	}
	out->device = st.st_dev;
	out->inode = st.st_ino;
	if (access(out->target, W_OK | X_OK) == 0)
		return 0;
	error_set_errno(b->err, CODE_BAD_PATH, "outputs.path: you may not write into %s", shown);
	error_hint(b->err, "Results are put there with your own rights: choose a directory of yours.");
	return refuse_target(b);
}

/* What the script can change by itself there would not have been checked by anybody. */
static int check_reach(struct build *b, const struct outputs_plan *out)
{
	const char *target = escape_into(arena_alloc(b->arena, 256), 256, out->target);

	for (size_t i = 0; i < b->denied_count; i++)
		if (path_is_below(out->target, b->denied[i].path)) {
			error_set(b->err, CODE_BAD_PATH,
			          "outputs.path: %s is denied, by files.deny or as our own cache", target);
			return refuse_target(b);
		}
	for (size_t i = 0; i < b->item_count; i++)
		if (b->items[i].write && !b->items[i].device && path_is_below(out->target, b->items[i].source)) {
			error_set(b->err, CODE_BAD_PATH,
			          "outputs.path: the script may write to %s by itself, past every check", target);
			error_hint(b->err, "Take it out of files.write: `outputs` alone brings results there.");
			return refuse_target(b);
		}
	/* where it is shared with the script at all (landlock.c) */
	if (b->plan->mode == MODE_LANDLOCK && path_is_below(out->target, INSIDE_SHM)) {
		error_set(b->err, CODE_BAD_PATH, "outputs.path: without namespaces the script may write to %s itself",
		          INSIDE_SHM);
		return refuse_target(b);
	}
	if (!plan_ceiling_permits(b, out->target, true)) {
		error_set(b->err, CODE_LOCKED, "outputs.path: %s is more than %s permits", target,
		          b->profile->ceiling->file);
		error_hint(b->err, "The administrator's ceiling is the last word; ask for it there.");
		return refuse_target(b);
	}
	return 0;
}

static int choose_checks(struct build *b, struct outputs_plan *out)
{
	const struct profile_strings *suffixes = &b->profile->outputs.suffixes;
	const char **list = arena_array(b->arena, suffixes->count + 1, sizeof(*list));
	const struct limit *files = &b->profile->outputs.files;

	out->files = files->set ? (size_t)files->value : STANDARD_FILES;
	out->bytes = b->profile->outputs.size.set ? b->profile->outputs.size.value : STANDARD_BYTES;
	if (files->set && files->value > FILES_MAX) {
		error_set(b->err, CODE_BAD_VALUE, "outputs.files: at most %d files", FILES_MAX);
		b->err->pos = files->pos;
		return error_hint(b->err, "Let the script put them into one archive.");
	}
	out->check_content = b->profile->outputs.check == CHECK_CONTENT;
	for (size_t i = 0; i < suffixes->count; i++) {
		list[i] = suffixes->items[i].value;
		if (!out->check_content || content_type_find(list[i]))
			continue;
		error_set(b->err, CODE_BAD_VALUE, "outputs.check: content: what a %s file begins with is not known",
		          list[i]);
		b->err->pos = suffixes->items[i].pos;
		return error_hint(b->err, "Leave that suffix out, or write check: name.");
	}
	out->suffixes = list;
	out->suffix_count = suffixes->count;
	if (!out->check_content || suffixes->count)
		return 0;
	error_set(b->err, CODE_BAD_VALUE, "outputs.check: content: without outputs.suffixes every content is right");
	error_hint(b->err, "Name them: suffixes: [.png, .jpg]");
	return refuse_target(b);
}

/* Beside the other private directory, and called like one, so that it is found should it be left over
 * (supervise/tidy.h): that name with each digit exchanged. */
static const char *second_directory(struct build *b)
{
	static const char digits[] = "0123456789abcdef";
	char *path = arena_strdup(b->arena, b->plan->private_tmp);

	for (char *at = strrchr(path, '-') + 1; *at; at++)
		*at = digits[(strchr(digits, *at) - digits) ^ 8];
	return path;
}

/* Without mounts a directory cannot have another name, nor a size. */
static int choose_directory(struct build *b, struct outputs_plan *out)
{
	if (b->profile->outputs.as.value) {
		error_set(b->err, CODE_CANNOT_KEEP,
		          "outputs: `as` needs a view, and namespaces are not to be had here");
		b->err->pos = b->profile->outputs.as.pos;
		return error_hint(b->err,
		                  "Leave `as` out and let the script write to the directory that $PYCONFINE_OUTPUTS "
		                  "names,\nor see `pyconfine doctor`.");
	}
	if (!b->plan->private_tmp) {
		error_set(b->err, CODE_CANNOT_KEEP,
		          "outputs: there is no place for the script's files: neither /tmp, /dev/shm nor /var/tmp is "
		          "writable");
		return refuse_target(b);
	}
	out->inside = second_directory(b);
	plan_note(b,
	          "without mounts the directory for outputs has no size while the script runs: it is measured at the "
	          "end; limits.file_size bounds each file");
	return 0;
}

/* A mount hides what lies below it, and nothing can be mounted where a link or another file system of ours stands. */
static const char *conflict(const struct build *b, const char *inside)
{
	const char *const own[] = { INSIDE_TMP, INSIDE_SHM, plan_inside_home(b), "/etc", "/dev",
		                    "/proc",    "/sys",     b->plan->secrets_dir };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]) && own[i]; i++)
		if (path_is_below(own[i], inside) || (i > 2 && path_is_below(inside, own[i])))
			return own[i];
	for (size_t i = 0; i < b->item_count; i++)
		if (path_is_below(b->items[i].path, inside) ||
		    (!b->items[i].directory && path_is_below(inside, b->items[i].path)))
			return b->items[i].path;
	for (size_t i = 0; i < b->links.count; i++)
		if (path_is_below(b->links.items[i].path, inside) || path_is_below(inside, b->links.items[i].path))
			return b->links.items[i].path;
	for (size_t i = 0; i < b->denied_count; i++)
		if (path_is_below(b->denied[i].path, inside) || path_is_below(inside, b->denied[i].path))
			return b->denied[i].path;
	return NULL;
}

static int choose_mount(struct build *b, struct outputs_plan *out)
{
	const struct profile_string *as = &b->profile->outputs.as;
	const char *in_the_way;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char shown[2][256];

	out->inside = as->value ? expand_path(as, &b->variables, b->arena, b->err) : INSIDE_OUTPUTS;
	if (!out->inside)
		return error_context(b->err, "outputs.as");
	/* the last page of each file may be hardly used; names that are in use for a moment only cost an inode */
	out->tmpfs_bytes = out->bytes + (out->files + 1) * page;
	out->tmpfs_inodes = 2 * out->files + 32;
	in_the_way = conflict(b, out->inside);
	if (!in_the_way)
		return 0;
	error_set(b->err, CODE_BAD_PATH, "outputs.as: %s is taken: %s is shown there",
	          escape_into(shown[0], sizeof(shown[0]), out->inside),
	          escape_into(shown[1], sizeof(shown[1]), in_the_way));
	b->err->pos = as->pos;
	return error_hint(b->err, "Choose a place of its own: as: /work/out");
}

/* New modules beside a script are imported by its next run. */
static void warn_of_own_code(struct build *b, const struct outputs_plan *out)
{
	const char *directory;
	char shown[256];

	if (!b->plan->script || path_follow(b->script_dir, b->arena, NULL, &directory, NULL) ||
	    !path_is_below(directory, out->target))
		return;
	plan_warn(b, "outputs go to %s, from where the script's next run takes its own code",
	          escape_into(shown, sizeof(shown), out->target));
}

static void note_outputs(struct build *b, const struct outputs_plan *out)
{
	TEXT_CLEANUP struct text line = { 0 };
	char size[32];

	text_addf(&line, "after a clean exit at most %zu files and %s in all", out->files,
	          format_size(out->bytes, size, sizeof(size)));
	for (size_t i = 0; i < out->suffix_count; i++)
		text_addf(&line, "%s%s", i ? " " : ", of ", out->suffixes[i]);
	text_addf(&line, "%s, go from %s to ", out->check_content ? " by name and by content" : "", out->inside);
	text_add(&line, out->target);
	plan_note(b, "%s", text_string(&line));
}

int plan_outputs(struct build *b)
{
	struct outputs_plan *out = &b->plan->outputs;

	if (!b->profile->outputs.path.value)
		return 0;
	out->pos = b->profile->outputs.path.pos;
	out->temporary = arena_printf(b->arena, ".pyconfine-%s-", b->variables.session);
	if (find_target(b, out) || check_reach(b, out) || choose_checks(b, out) ||
	    (b->plan->mode == MODE_NAMESPACES ? choose_mount(b, out) : choose_directory(b, out)))
		return -1;
	warn_of_own_code(b, out);
	note_outputs(b, out);
	return 0;
}
