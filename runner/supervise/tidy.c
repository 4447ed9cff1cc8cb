#include "supervise/tidy.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "supervise/children.h"

/* "pyconfine-0123456789abcdef", "pyconfine-secrets-0123456789abcdef", as ours is called. */
static bool is_name_like(const char *name, const char *ours)
{
	size_t prefix = (size_t)(strrchr(ours, '-') - ours) + 1;

	return strlen(name) == strlen(ours) && strncmp(name, ours, prefix) == 0 &&
	       strspn(name + prefix, "0123456789abcdef") == strlen(name + prefix);
}

static bool is_ours(const struct plan *plan, uint32_t uid)
{
	return uid == plan->facts.uid || uid == plan->uid ||
	       (plan->facts.uid == 0 && uid >= UID_SESSION_FIRST && uid - UID_SESSION_FIRST < UID_SESSION_COUNT);
}

static bool is_left_over(const struct plan *plan, int fd, uint32_t *uid)
{
	struct stat st;

	if (fstat(fd, &st) || !is_ours(plan, st.st_uid) || st.st_mtime + TIDY_AGE_S >= time(NULL))
		return false;
	*uid = st.st_uid;
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

static void look_at(const struct plan *plan, const char *folder, const char *name)
{
	char path[128];
	int length = snprintf(path, sizeof(path), "%s/%s", folder, name);
	FD_CLEANUP int fd = -1;
	uint32_t uid;

	if (length < 0 || (size_t)length >= sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && is_left_over(plan, fd, &uid))
		remove_tree(path, uid, TIDY_ENTRIES_MAX);
}

static void tidy_beside(const struct plan *plan, const char *ours)
{
	const char *name = strrchr(ours, '/') + 1;
	char folder[64];
	const struct dirent *entry;
	DIR *directory;

	snprintf(folder, sizeof(folder), "%.*s", (int)(name - 1 - ours), ours);
	directory = opendir(folder);
	if (!directory)
		return;
	for (size_t names = 0; names < TIDY_NAMES_MAX && (entry = readdir(directory)); names++)
		if (is_name_like(entry->d_name, name))
			look_at(plan, folder, entry->d_name);
	closedir(directory);
}

void tidy_up_after_others(const struct plan *plan)
{
	if (plan->private_tmp)
		tidy_beside(plan, plan->private_tmp);
	if (plan->secrets_dir && plan->mode == MODE_LANDLOCK)
		tidy_beside(plan, plan->secrets_dir);
}
