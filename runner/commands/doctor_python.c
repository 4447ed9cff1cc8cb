/* Which Pythons are there, by their names. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "commands/doctor.h"
#include "plan/links.h"

/* A PATH of a thousand directories is somebody's mistake, and nobody reads a longer list. */
enum { LIST_MAX = 32 };

/* "" for python and python3, "3.11" for python3.11; NULL for any other name, and for Python 2. */
static const char *version_part(const char *name)
{
	const char *version;

	if (strncmp(name, "python", 6) != 0)
		return NULL;
	version = name + 6;
	if (version[strspn(version, "0123456789.")] != '\0' || version[0] == '2')
		return NULL;
	return strchr(version, '.') ? version : "";
}

static bool starts_with_shebang(const char *path)
{
	FD_CLEANUP int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char first[2];

	return fd >= 0 && pread(fd, first, 2, 0) == 2 && first[0] == '#' && first[1] == '!';
}

/* One of pyenv's shims stands for the whole directory of them. */
static bool is_listed(const struct python_list *list, const struct python_found *found, struct arena *arena)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct python_found *item = &list->items[i];

		if (strcmp(item->real_path, found->real_path) == 0)
			return true;
		if (item->is_script && found->is_script &&
		    strcmp(path_directory(arena, item->path), path_directory(arena, found->path)) == 0)
			return true;
	}
	return false;
}

static void add_python(const char *path, struct arena *arena, struct python_list *out)
{
	struct python_found found = { .path = path };
	struct stat status;
	const char *name;

	if (path_follow(path, arena, NULL, &found.real_path, &status) || !S_ISREG(status.st_mode) || access(path, X_OK))
		return;
	found.is_script = starts_with_shebang(found.real_path);
	if (is_listed(out, &found, arena))
		return;
	name = strrchr(found.real_path, '/') + 1;
	found.version = version_part(name);
	if (found.version && *found.version == '\0')
		found.version = NULL;
	out->items = arena_grow(arena, out->items, out->count, sizeof(*out->items));
	out->items[out->count++] = found;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void search_directory(const char *directory, struct arena *arena, struct python_list *out)
{
	DIR *stream = opendir(directory);
	const char *names[LIST_MAX];
	const struct dirent *entry;
	size_t count = 0;

	if (!stream)
		return;
	while (count < LIST_MAX && (entry = readdir(stream)))
		if (version_part(entry->d_name))
			names[count++] = arena_strdup(arena, entry->d_name);
	closedir(stream);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count && out->count < LIST_MAX; i++)
		add_python(path_join(arena, directory, names[i]), arena, out);
}

void doctor_find_pythons(const char *path, const char *cwd, struct arena *arena, struct python_list *out)
{
	const char *part = path;

	while (part) {
		size_t length = strcspn(part, ":");

		/* an empty part of PATH means the current directory */
		search_directory(path_join(arena, cwd, length ? arena_strndup(arena, part, length) : "."), arena, out);
		part = part[length] ? part + length + 1 : NULL;
	}
}
