/* A tree with an interpreter and a home, and answers about it. */
#ifndef TESTS_FOOTPRINT_FIXTURE_H
#define TESTS_FOOTPRINT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/footprint.h"
#include "tree.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;
static struct interpreter python;
static struct footprint footprint;
static struct error err;

/* "@" stands for the tree. */
static inline const char *with_tree(const char *text)
{
	static char buffers[4][4096];
	static unsigned next;
	char *start = buffers[next++ % 4], *out = start;

	for (; *text; text++)
		out += *text == '@' ? snprintf(out, 100, "%s", tree_root) : snprintf(out, 2, "%c", *text);
	*out = '\0';
	return start;
}

/* @/py/bin/python3.11, its library, and a home. */
static inline int setup(void **state)
{
	struct interpreter_request request = { .spec = { .value = "py/bin/python3" } };

	if (tree_setup(state) != 0)
		return -1;
	tree_program("py/bin/python3.11");
	tree_link("py/bin/python3", "python3.11");
	tree_directory("py/lib/python3.11/site-packages");
	tree_file("home/me/secret.txt", "x", 0600);
	tree_file("home/me/.ssh/id", "x", 0600);
	tree_directory("home/me/project/src");
	tree_directory("home/me/.local/lib/python3.11/site-packages");
	memset(&err, 0, sizeof(err));
	footprint = (struct footprint){ 0 };
	request.cwd = tree_root;
	return interpreter_find(&request, &arena, &python, &err);
}

static inline int teardown(void **state)
{
	arena_free(&arena);
	return tree_teardown(state);
}

static inline int parse_text(const char *json)
{
	const char *home = arena_strdup(&arena, tree("home/me"));

	return footprint_parse(json, strlen(json), &python, home, &arena, &footprint, &err);
}

/* An answer of the right form with these further members. */
static inline int parse(const char *members)
{
	char json[8192];

	snprintf(json, sizeof(json),
	         "{\"v\": 1, \"version\": \"3.11.2\", \"prefix\": \"%s/py\", \"base_prefix\": \"%s/py\", "
	         "\"executable\": \"%s/py/bin/python3\"%s%s}",
	         tree_root, tree_root, tree_root, *members ? ", " : "", with_tree(members));
	return parse_text(json);
}

#endif
