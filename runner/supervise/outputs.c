#include "supervise/outputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"
#include "policy/output_names.h"
#include "supervise/outputs_files.h"

/* Entries beyond the number that is accepted, which are still listed. */
#define LISTED_BEYOND 16
#define OTHER_DESCRIPTORS 64

/* The directory of the plan, or ESTALE where another thing lies there by now. */
static int open_target(const struct outputs_plan *plan)
{
	const struct pc_open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int fd = raw_openat2(AT_FDCWD, plan->target, &how);
	struct stat st;

	if (fd < 0) {
		errno = -fd;
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_dev == plan->device && st.st_ino == plan->inode)
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

int outputs_prepare(struct outputs *outputs, const struct plan *plan, struct arena *arena, struct error *err)
{
	if (!plan->outputs.inside)
		return 0;
	outputs->plan = &plan->outputs;
	outputs->capacity = plan->outputs.files + LISTED_BEYOND;
	outputs->result = arena_alloc(arena, sizeof(*outputs->result));
	outputs->result->items = arena_array(arena, outputs->capacity, sizeof(*outputs->result->items));
	outputs->staged = arena_array(arena, outputs->capacity, sizeof(*outputs->staged));
	outputs->target_fd = open_target(&plan->outputs);
	if (outputs->target_fd < 0)
		return error_set_errno(err, CODE_SETUP_FAILED, "outputs.path: %s", plan->outputs.target);
	return 0;
}

static void refuse(struct outputs_file *output, const char *key, const char *reason)
{
	if (output->reason)
		return;
	output->reason = reason;
	output->key = key;
}

/* Of either case, so that two names that some file systems take for one stand side by side. */
static int compare(const void *a, const void *b)
{
	const struct outputs_file *x = a, *y = b;
	int order = strcasecmp(x->name, y->name);

	return order ? order : strcmp(x->name, y->name);
}

/* Names, until there are clearly too many: what a script may have filled the directory with is not ours to read. */
static int list_entries(struct outputs *outputs)
{
	struct outputs_result *result = outputs->result;
	int fd = openat(outputs->staging_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory) {
		fd_close(&fd);
		return -1;
	}
	while (errno = 0, !result->more && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (result->count == outputs->capacity)
			result->more = true;
		else
			snprintf(result->items[result->count++].name, sizeof(result->items->name), "%s", entry->d_name);
	}
	if (errno) {
		closedir(directory);
		return -1;
	}
	closedir(directory);
	qsort(result->items, result->count, sizeof(*result->items), compare);
	return 0;
}

static void judge_name(const struct outputs *outputs, size_t index)
{
	const struct outputs_plan *plan = outputs->plan;
	struct outputs_result *result = outputs->result;
	struct outputs_file *output = &result->items[index];
	const char *fault = output_name_fault(output->name);
	struct stat st;

	if (fault)
		refuse(output, "outputs", fault);
	if (plan->suffix_count && !output_name_suffix(output->name, plan->suffixes, plan->suffix_count))
		refuse(output, "outputs.suffixes", "its suffix is not among those that are accepted");
	if ((index > 0 && strcasecmp(output->name, result->items[index - 1].name) == 0) ||
	    (index + 1 < result->count && strcasecmp(output->name, result->items[index + 1].name) == 0))
		refuse(output, "outputs", "another one has the same name but for upper and lower case");
	if (fstatat(outputs->target_fd, output->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		refuse(output, "outputs", "a file of that name is there already, and is not replaced");
	if (index >= plan->files)
		refuse(output, "outputs.files", "there are more files than are accepted");
}

static void judge(struct outputs *outputs)
{
	uint64_t left = outputs->plan->bytes;

	for (size_t i = 0; i < outputs->result->count; i++) {
		struct outputs_file *output = &outputs->result->items[i];

		judge_name(outputs, i);
		if (!output->reason)
			output->reason = outputs_judge_file(outputs->staging_fd, output, left);
		left -= output->reason || output->size > left ? 0 : output->size;
	}
}

static size_t count_refused(const struct outputs_result *result)
{
	size_t refused = result->more;

	for (size_t i = 0; i < result->count; i++)
		refused += result->items[i].reason != NULL;
	return refused;
}

/* Each accepted file is open until the last has been judged; the script's limits are not ours any more. */
static void raise_descriptor_limit(size_t files)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= files + OTHER_DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < files + OTHER_DESCRIPTORS ? limit.rlim_max : files + OTHER_DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit); /* where that fails, opening the file that is one too many does */
}

static void copy_all(struct outputs *outputs)
{
	struct outputs_result *result = outputs->result;
	uint64_t left = outputs->plan->bytes;

	raise_descriptor_limit(result->count);
	for (size_t i = 0; i < result->count; i++) {
		outputs->staged[i].number = (unsigned)i;
		result->items[i].reason = outputs_copy(outputs, &outputs->staged[i], &result->items[i], left);
		if (outputs->staged[i].fatal)
			return;
		left -= result->items[i].reason ? 0 : result->items[i].size;
	}
}

static void sync_all(struct outputs *outputs)
{
	struct outputs_result *result = outputs->result;

	for (size_t i = 0; i < result->count && (i == 0 || !outputs->staged[i - 1].fatal); i++)
		result->items[i].reason = outputs_sync(&outputs->staged[i], &result->items[i]);
}

static void place_all(struct outputs *outputs)
{
	struct outputs_result *result = outputs->result;
	size_t placed = 0;

	while (placed < result->count && !result->items[placed].reason) {
		result->items[placed].reason = outputs_place(outputs, &outputs->staged[placed], &result->items[placed]);
		placed += !result->items[placed].reason;
	}
	if (placed == result->count)
		return;
	while (placed-- > 0)
		outputs_take_back(outputs, &outputs->staged[placed], &result->items[placed]);
}

static void take(struct outputs *outputs)
{
	static void (*const steps[])(struct outputs *) = { judge, copy_all, sync_all, place_all };
	struct outputs_result *result = outputs->result;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !result->refused; i++) {
		steps[i](outputs);
		result->refused = count_refused(result);
	}
	for (size_t i = 0; i < result->count; i++)
		outputs_drop(outputs, &outputs->staged[i]);
	result->state = result->refused ? OUTPUTS_REFUSED : OUTPUTS_MOVED;
}

void outputs_finish(struct outputs *outputs, bool clean)
{
	struct outputs_result *result = outputs->result;

	if (!result)
		return;
	signal(SIGXFSZ, SIG_IGN); /* a limit of the caller's is an error like another, and undone */
	for (size_t i = 0; i < outputs->capacity; i++)
		outputs->staged[i].fd = -1;
	if (outputs->staging_fd < 0 || list_entries(outputs)) {
		/* it was handed over and did not arrive: nothing that is there can be vouched for */
		result->items[result->count++] = (struct outputs_file){
			.reason = "the directory of the script cannot be read", .key = "outputs"
		};
		result->refused = 1;
		result->state = clean ? OUTPUTS_REFUSED : OUTPUTS_NONE;
		return;
	}
	if (result->count == 0)
		return;
	if (clean)
		take(outputs);
	else
		result->state = OUTPUTS_LEFT;
}

void outputs_close(struct outputs *outputs)
{
	fd_close(&outputs->staging_fd);
	fd_close(&outputs->target_fd);
}
