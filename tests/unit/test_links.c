/* plan/links: paths, and the links on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "plan/links.h"
#include "tree.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;

static int teardown(void **state)
{
	arena_free(&arena);
	return tree_teardown(state);
}

static void joins_paths(void **state)
{
	static const struct {
		const char *base, *path, *expected;
	} rows[] = {
		{ "/a", "b", "/a/b" }, { "/a/", "./b//c/", "/a/b/c" }, { "/a", "/b", "/b" }, { "/", "b", "/b" },
		{ "a", "b", "a/b" },   { "/a", "../b", "/a/../b" },    { "/", "", "/" },     { ".", ".", "." },
		{ "/a", ".", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(path_join(&arena, rows[i].base, rows[i].path), rows[i].expected);
	assert_string_equal(path_directory(&arena, "/a/b"), "/a");
	assert_string_equal(path_directory(&arena, "/a"), "/");
	assert_string_equal(path_directory(&arena, "a"), ".");
	assert_true(path_is_below("/a/b", "/a") && path_is_below("/a", "/a") && path_is_below("/a", "/"));
	assert_false(path_is_below("/ab", "/a") || path_is_below("/", "/a"));
}

static void follows_links_of_directories(void **state)
{
	struct path_links links = { 0 };
	const char *real;
	struct stat status;

	(void)state;
	tree_file("real/dir/file", "x", 0644);
	tree_link("one", "two");
	tree_link("two", tree("real/dir/../dir"));
	assert_int_equal(path_follow(tree("one/./file"), &arena, &links, &real, &status), 0);
	assert_string_equal(real, tree("real/dir/file"));
	assert_int_equal(links.count, 2);
	assert_string_equal(links.items[0].path, tree("one"));
	assert_string_equal(links.items[0].target, "two");
	assert_string_equal(links.items[1].path, tree("two"));
	/* ".." after a link is the parent of where it leads. */
	assert_int_equal(path_follow(tree("one/.."), &arena, NULL, &real, NULL), 0);
	assert_string_equal(real, tree("real"));
	/* The same links again are not listed again. */
	assert_int_equal(path_follow(tree("one/file"), &arena, &links, &real, NULL), 0);
	assert_int_equal(links.count, 2);
}

static void fails_to_follow(void **state)
{
	char longest[5000];
	const char *real = NULL;
	const struct {
		const char *path;
		int code;
	} rows[] = { { tree("loop"), ELOOP },
		     { tree("file/x"), ENOTDIR },
		     { tree("nothing/x"), ENOENT },
		     { "relative", EINVAL },
		     { tree("long"), ENOENT } };

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	tree_link("loop", "loop2");
	tree_link("loop2", "loop");
	tree_file("file", "", 0644);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(path_follow(rows[i].path, &arena, NULL, &real, NULL), -1);
		assert_int_equal(errno, rows[i].code);
	}
	assert_int_equal(path_follow(longest, &arena, NULL, &real, NULL), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	tree_link("dangling", "gone/deeper");
	assert_int_equal(path_follow(tree("dangling"), &arena, NULL, &real, NULL), -1);
	assert_string_equal(real, tree("gone"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(joins_paths, tree_setup, teardown),
		cmocka_unit_test_setup_teardown(follows_links_of_directories, tree_setup, teardown),
		cmocka_unit_test_setup_teardown(fails_to_follow, tree_setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
