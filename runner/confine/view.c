/* The private root. Steps are the indices of plan->view; negative ones stand for the frame around them (enum
 * frame_step).
 *
 * The new root is a tmpfs that is mounted over "/" by descriptor: a path that starts at "/" still leads into the old
 * root, as a process's root does not follow what is mounted on it, so every source is reachable while the new root is
 * being filled through its descriptor. pivot_root(".", ".") then exchanges the two, and the old root, now on top, is
 * detached. */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "confine/apply.h"
#include "host/syscalls.h"

enum frame_step {
	FRAME_PRIVATE = -1, /* no mount of ours is seen outside, and none of outside's here */
	FRAME_ROOT = -2,
	FRAME_SCRATCH = -3,
	FRAME_PIVOT = -4,
	FRAME_DETACH = -5,
	FRAME_READ_ONLY = -6,
};

#define SCRATCH SCRATCH_DIRECTORY
#define SAFE_LOWER (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define LAYERS SCRATCH "/" LAYERS_DIRECTORY "/"

/* Decimal, without stdio. */
static const char *decimal(uint64_t value, char buffer[24])
{
	char *at = buffer + 23;

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return at;
}

static int mount_new(const char *type, uint64_t bytes, uint64_t inodes, uint64_t attributes)
{
	char number[24];
	int fs = raw_fsopen(type, FSOPEN_CLOEXEC), result = fs < 0 ? fs : 0;

	if (result == 0 && bytes)
		result = raw_fsconfig(fs, FSCONFIG_SET_STRING, "size", decimal(bytes, number), 0);
	if (result == 0 && inodes)
		result = raw_fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", decimal(inodes, number), 0);
	if (result == 0 && bytes)
		result = raw_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0755", 0);
	if (result == 0)
		result = raw_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (result == 0)
		result = raw_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (fs >= 0)
		raw_close(fs);
	return result;
}

static int set_attributes(int fd, const struct view_step *step, const struct confine_state *state)
{
	struct pc_mount_attr attr = { .attr_set = step->attributes };

	if (step->idmapped && state->id_map_fd >= 0) {
		attr.attr_set |= MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)state->id_map_fd;
	}
	return raw_mount_setattr(fd, "", AT_EMPTY_PATH | (step->recursive ? AT_RECURSIVE : 0), &attr);
}

/* Below a granted directory the target's path is somebody else's: a link on the way would lead the mount astray. */
static int move_to(int root_fd, int fd, const char *target)
{
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC,
		                         .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };
	int target_fd = raw_openat2(root_fd, target, &how);
	int result = target_fd;

	if (target_fd >= 0) {
		result = raw_move_mount(fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
		raw_close(target_fd);
	}
	return result;
}

/* A mount may only lose rights here: what the source's own mount already forbids stays forbidden. */
static int attach(int root_fd, int fd, const struct view_step *step, const struct confine_state *state)
{
	int result = fd < 0 ? fd : set_attributes(fd, step, state);

	if (result == 0)
		result = move_to(root_fd, fd, step->target);
	if (fd >= 0)
		raw_close(fd);
	return result;
}

/* The plan's source, or -errno. */
static int open_source(const struct view_step *step)
{
	/* the plan's sources are free of links: one that stands there now was put there to lead us astray */
	const struct pc_open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int source_fd = raw_openat2(AT_FDCWD, step->source, &how);
	struct stat st;

	if (source_fd < 0)
		return source_fd;
	/* somebody may have put another thing at that path since the plan was made */
	if (raw_fstatat(source_fd, "", &st, AT_EMPTY_PATH) || st.st_dev != step->device || st.st_ino != step->inode) {
		raw_close(source_fd);
		return -ESTALE;
	}
	return source_fd;
}

static int bind_source(int root_fd, const struct view_step *step, const struct confine_state *state)
{
	int source_fd = open_source(step), fd;

	if (source_fd < 0)
		return source_fd;
	fd = raw_open_tree(source_fd, "",
	                   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (step->recursive ? AT_RECURSIVE : 0));
	raw_close(source_fd);
	return attach(root_fd, fd, step, state);
}

/* ".scratch/layers/12-upper" */
static const char *layer_path(const struct view_step *step, const char *part, char path[64])
{
	char number[24];

	path[0] = '\0';
	strncat(path, LAYERS, 40);
	strncat(path, decimal(step->layer, number), 10);
	return strncat(path, part, 10);
}

/* The source as it is, out of the script's reach: an overlay asks for a path, and for the owners that the script is to
 * see. Its own directory is what the script sees of the uppermost one, so it is made like that. */
static int make_layer_places(int root_fd, const struct plan *plan, const struct view_step *step,
                             const struct confine_state *state)
{
	const struct view_step lower = { .attributes = SAFE_LOWER, .idmapped = step->idmapped };
	char path[64];
	struct stat st;
	int source_fd = open_source(step), fd = source_fd, result;

	if (source_fd >= 0)
		fd = raw_open_tree(source_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	result = fd < 0 ? fd : set_attributes(fd, &lower, state);
	if (result == 0)
		result = move_to(root_fd, fd, layer_path(step, "-lower", path));
	if (result == 0)
		result = raw_fstatat(fd, "", &st, AT_EMPTY_PATH);
	layer_path(step, "-upper", path);
	if (result == 0 && plan->change_user)
		result = raw_fchownat(root_fd, path, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW);
	if (result == 0)
		result = (int)raw_syscall(SYS_fchmodat, root_fd, (long)path, (long)step->mode, 0, 0, 0);
	if (fd >= 0 && fd != source_fd)
		raw_close(fd);
	if (source_fd >= 0)
		raw_close(source_fd);
	return result;
}

static int mount_overlay(const struct plan *plan, const struct view_step *step)
{
	static const struct {
		const char *key, *part;
	} rows[] = { { "lowerdir", "-lower" }, { "upperdir", "-upper" }, { "workdir", "-work" } };
	char path[64];
	int fs = raw_fsopen("overlay", FSOPEN_CLOEXEC), result = fs < 0 ? fs : 0;

	for (size_t i = 0; result == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		result = raw_fsconfig(fs, FSCONFIG_SET_STRING, rows[i].key, layer_path(step, rows[i].part, path), 0);
	/* a user namespace's owner may not set attributes of trusted.* */
	if (result == 0 && plan->uid_map)
		result = raw_fsconfig(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0);
	if (result == 0)
		result = raw_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (result == 0)
		result = raw_fsmount(fs, FSMOUNT_CLOEXEC, (unsigned)step->attributes);
	if (fs >= 0)
		raw_close(fs);
	return result;
}

/* Paths are taken from the current directory, which is the new root. */
static int layer(int root_fd, const struct plan *plan, const struct view_step *step, const struct confine_state *state)
{
	int result = make_layer_places(root_fd, plan, step, state), fd, file_fd;
	char path[64];

	fd = result < 0 ? result : mount_overlay(plan, step);
	if (fd < 0 || !step->content) {
		result = fd < 0 ? fd : move_to(root_fd, fd, step->target);
	} else {
		result = move_to(root_fd, fd, layer_path(step, "-whole", path));
		file_fd = result < 0 ? result
		                     : raw_open_tree(fd, step->content,
		                                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
		result = file_fd < 0 ? file_fd : move_to(root_fd, file_fd, step->target);
		if (file_fd >= 0)
			raw_close(file_fd);
	}
	if (fd >= 0)
		raw_close(fd);
	return result;
}

static int scratch(int root_fd, const struct view_step *step, const struct confine_state *state)
{
	char path[sizeof(SCRATCH) + 16] = SCRATCH "/";

	strncat(path, step->source, 15);
	return attach(root_fd, raw_open_tree(root_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), step, state);
}

/* A file system of its own, so that the supervisor can look into it when nobody else is left: our descriptor of it goes
 * to the supervisor, and keeps it when the namespace is gone. */
static int outputs(int root_fd, const struct plan *plan, const struct view_step *step,
                   const struct confine_state *state)
{
	int fd = mount_new("tmpfs", plan->outputs.tmpfs_bytes, plan->outputs.tmpfs_inodes, step->attributes);
	int result = fd < 0 ? fd : 0, directory_fd = -1;

	if (result == 0 && plan->change_user)
		result = raw_fchownat(fd, "", plan->uid, plan->gid, AT_EMPTY_PATH);
	if (result == 0)
		result = directory_fd = raw_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (result >= 0)
		result = hand_over(state->control_fd, directory_fd, OUTPUTS_MARK);
	if (directory_fd >= 0)
		raw_close(directory_fd);
	if (result == 0)
		result = move_to(root_fd, fd, step->target);
	if (fd >= 0)
		raw_close(fd);
	return result;
}

static int small_file(int root_fd, const struct view_step *step)
{
	int fd = raw_openat(root_fd, step->target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, step->mode);
	ssize_t written = 0;

	if (fd < 0)
		return fd;
	if (step->content)
		written = raw_write(fd, step->content, strlen(step->content));
	raw_close(fd);
	return written < 0 ? (int)written : 0;
}

static int carry_out(int root_fd, const struct plan *plan, const struct view_step *step,
                     const struct confine_state *state)
{
	switch (step->kind) {
	case VIEW_DIRECTORY:
		return raw_mkdirat(root_fd, step->target, step->mode);
	case VIEW_FILE:
		return small_file(root_fd, step);
	case VIEW_SECRET:
		return secret_make_file(plan, state->secrets, step->secret, root_fd, step->target);
	case VIEW_SYMLINK:
		return raw_symlinkat(step->source, root_fd, step->target);
	case VIEW_BIND:
		return bind_source(root_fd, step, state);
	case VIEW_SCRATCH:
		return scratch(root_fd, step, state);
	case VIEW_PROC:
		return attach(root_fd, mount_new("proc", 0, 0, step->attributes), step, state);
	case VIEW_LAYER:
		return layer(root_fd, plan, step, state);
	case VIEW_OUTPUTS:
		return outputs(root_fd, plan, step, state);
	}
	return -EINVAL;
}

/* One sized file system behind everything that is private and writable; its own mount is gone when the view is done. */
static int make_scratch(int root_fd, const struct plan *plan)
{
	static const struct {
		const char *name;
		mode_t mode;
	} directories[] = { { "tmp", 01777 }, { "shm", 01777 }, { "home", 0700 }, { "nothing", 0 } };
	int fd = mount_new("tmpfs", plan->scratch_bytes, plan->scratch_inodes,
	                   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int result = fd < 0 ? fd : raw_mkdirat(root_fd, SCRATCH, 0700);

	for (size_t i = 0; result == 0 && i < sizeof(directories) / sizeof(directories[0]); i++) {
		result = raw_mkdirat(fd, directories[i].name, directories[i].mode);
		if (result == 0 && plan->change_user)
			result = raw_fchownat(fd, directories[i].name, plan->uid, plan->gid, AT_SYMLINK_NOFOLLOW);
	}
	if (result == 0) {
		result = raw_openat(fd, "nofile", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
		if (result >= 0)
			result = raw_close(result);
	}
	if (result == 0)
		result = raw_move_mount(fd, "", root_fd, SCRATCH, MOVE_MOUNT_F_EMPTY_PATH);
	if (fd >= 0)
		raw_close(fd);
	return result;
}

/* The supervisor's descriptor keeps what was written when the namespace is gone. */
static int make_layers(int root_fd, const struct plan *plan, const struct confine_state *state)
{
	static const char *const parts[] = { "-lower", "-upper", "-work", "-whole" };
	int result = raw_mkdirat(root_fd, LAYERS, 0700), fd;
	char path[64];

	for (size_t i = 0; result == 0 && i < plan->view_count; i++)
		for (size_t k = 0; result == 0 && plan->view[i].kind == VIEW_LAYER && k < 4; k++)
			result = raw_mkdirat(root_fd, layer_path(&plan->view[i], parts[k], path), 0700);
	fd = result < 0 ? result : raw_openat(root_fd, LAYERS, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	result = hand_over(state->control_fd, fd, LAYERS_MARK);
	raw_close(fd);
	return result == 0 ? raw_fchdir(root_fd) : result;
}

static int drop_scratch(void)
{
	int result = raw_umount2(SCRATCH, MNT_DETACH);

	return result ? result : (int)raw_syscall(SYS_unlinkat, AT_FDCWD, (long)SCRATCH, AT_REMOVEDIR, 0, 0, 0);
}

static int enter(int root_fd, struct confine_state *state)
{
	const struct pc_mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	int result = raw_fchdir(root_fd);

	state->step = FRAME_PIVOT;
	if (result == 0)
		result = drop_scratch();
	if (result == 0)
		result = raw_pivot_root(".", ".");
	if (result)
		return result;
	state->step = FRAME_DETACH;
	result = raw_umount2(".", MNT_DETACH);
	if (result == 0)
		result = raw_chdir("/");
	if (result)
		return result;
	state->step = FRAME_READ_ONLY;
	return raw_mount_setattr(AT_FDCWD, "/", 0, &read_only);
}

static int fill(int root_fd, const struct plan *plan, struct confine_state *state)
{
	int result;

	state->step = FRAME_SCRATCH;
	result = make_scratch(root_fd, plan);
	if (result == 0 && plan->layer_count)
		result = make_layers(root_fd, plan, state);
	for (size_t i = 0; result == 0 && i < plan->view_count; i++) {
		state->step = (int32_t)i;
		result = carry_out(root_fd, plan, &plan->view[i], state);
	}
	return result;
}

int view_apply(const struct plan *plan, struct confine_state *state)
{
	int root_fd, result;

	/* the modes in the plan are meant as they stand; the script's umask comes later */
	raw_umask(0);
	state->step = FRAME_PRIVATE;
	result = raw_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (result)
		return result;
	state->step = FRAME_ROOT;
	root_fd = mount_new("tmpfs", plan->root_bytes, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (root_fd < 0)
		return root_fd;
	result = raw_move_mount(root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	if (result == 0)
		result = fill(root_fd, plan, state);
	if (result == 0)
		result = enter(root_fd, state);
	raw_close(root_fd);
	return result;
}

/* The root is ours, and read-only: nothing can be made in it, whoever asks. */
int view_verify(const struct plan *plan, struct confine_state *state)
{
	(void)plan;
	(void)state;
	return raw_mkdirat(AT_FDCWD, "/" SCRATCH, 0700) == -EROFS ? 0 : -EPERM;
}

int hostname_apply(const struct plan *plan, struct confine_state *state)
{
	(void)state;
	return raw_sethostname(plan->hostname, strlen(plan->hostname));
}
