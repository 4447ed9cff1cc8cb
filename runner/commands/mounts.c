#include "commands/mounts.h"

#include <stdlib.h>
#include <string.h>

#include "plan/links.h"

/* Blanks, tabs, newlines and backslashes of a path are written as three octal digits. In place. */
static char *unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in;) {
		if (in[0] == '\\' && in[1] >= '0' && in[1] <= '3' && in[2] >= '0' && in[2] <= '7' && in[3] >= '0' &&
		    in[3] <= '7') {
			*out++ = (char)((in[1] - '0') << 6 | (in[2] - '0') << 3 | (in[3] - '0'));
			in += 4;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return text;
}

void mounts_parse(char *text, struct arena *arena, struct mounts *out)
{
	char *line;

	*out = (struct mounts){ 0 };
	while ((line = strsep(&text, "\n"))) {
		char *fields[5] = { NULL };
		size_t count = 0;

		while (count < 5 && line && (fields[count] = strsep(&line, " ")))
			count++;
		if (count < 5)
			continue;
		out->items = arena_grow(arena, out->items, out->count, sizeof(*out->items));
		out->items[out->count++] = (struct mount){ .id = (int)strtol(fields[0], NULL, 10),
			                                   .device = fields[2],
			                                   .root = unescape(fields[3]),
			                                   .point = unescape(fields[4]) };
	}
}

static const char *join(struct arena *arena, const char *root, const char *rest)
{
	return path_join(arena, root, rest + strspn(rest, "/"));
}

bool mounts_locate(const struct mounts *mounts, int id, const char *path, struct arena *arena, struct location *out)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *mount = &mounts->items[i];

		if (mount->id != id || !path_is_below(path, mount->point))
			continue;
		*out = (struct location){ .device = mount->device,
			                  .path = join(arena, mount->root,
			                               path + (mount->point[1] ? strlen(mount->point) : 0)) };
		return true;
	}
	return false;
}

bool location_is_below(const struct location *inner, const struct location *outer)
{
	return strcmp(inner->device, outer->device) == 0 && path_is_below(inner->path, outer->path);
}
