/* libFuzzer: any bytes as an interpreter's answer about its files. A start-up file may have written them, so nothing in
 * them may show more than libraries. Paths are looked up on the machine that fuzzes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/footprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOME "/home/ada"

/* Nothing in these is shown, and no directory that holds one of them. */
static const char *const closed[] = { "/proc", "/sys", "/dev", "/root", "/boot", "/run" };
/* Files in these may be shown (Debian's Python has its configuration in /etc), but no directory that holds one of
 * them. */
static const char *const not_as_a_whole[] = { HOME, "/etc", "/usr/bin" };

static bool holds(const char *directory, const char *path)
{
	size_t length = strlen(directory);

	return strcmp(directory, "/") == 0 ||
	       (strncmp(directory, path, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

static void check(const struct shown_path *shown)
{
	bool directory = shown->kind == SHOWN_DIRECTORY;
	bool wrong = shown->path[0] != '/' || (shown->kind == SHOWN_LINK) != (shown->target != NULL);

	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		wrong |= shown->kind != SHOWN_LINK &&
		         (holds(closed[i], shown->path) || (directory && holds(shown->path, closed[i])));
	for (size_t i = 0; i < sizeof(not_as_a_whole) / sizeof(not_as_a_whole[0]); i++)
		wrong |= directory && holds(shown->path, not_as_a_whole[i]);
	if (wrong) {
		fprintf(stderr, "%s must not be shown\n", shown->path);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct interpreter interpreter = { .path = "/usr/bin/python3", .real_path = "/usr/bin/python3" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct footprint footprint;
	struct error err = { 0 };

	if (footprint_parse((const char *)data, size, &interpreter, HOME, &arena, &footprint, &err)) {
		if (err.message[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < footprint.paths.count; i++)
		check(&footprint.paths.items[i]);
	return 0;
}
