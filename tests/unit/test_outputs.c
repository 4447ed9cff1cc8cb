/* Results on their way out of a sandbox: what is refused, with which words, and that nothing is moved then. The script
 * is this program: it writes to the staging directory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "commands/outputs.h"
#include "tree.h"

#define PNG "\x89PNG\r\n\x1a\n"

/* Faults of the target's file system, by standing in for the C library. */
static struct {
	bool no_unnamed_files, no_noreplace;
	int fail_link_at; /* the Nth name that is given, from 1; 0: none */
	int link_errno, links;
} fault;

int openat(int directory_fd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (fault.no_unnamed_files && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return (int)syscall(SYS_openat, directory_fd, path, flags, mode);
}

int linkat(int old_fd, const char *old, int new_fd, const char *new, int flags)
{
	if (++fault.links == fault.fail_link_at) {
		errno = fault.link_errno;
		return -1;
	}
	return (int)syscall(SYS_linkat, old_fd, old, new_fd, new, flags);
}

int renameat2(int old_fd, const char *old, int new_fd, const char *new, unsigned flags)
{
	if (++fault.links == fault.fail_link_at || fault.no_noreplace) {
		fault.links -= fault.no_noreplace;
		errno = fault.no_noreplace ? EINVAL : fault.link_errno;
		return -1;
	}
	return (int)syscall(SYS_renameat2, old_fd, old, new_fd, new, flags);
}

static struct arena arena;
static struct plan plan;
static struct outputs outputs;
static const char *const png_txt[] = { ".png", ".txt" };

static int make_tree(void **state)
{
	struct stat st;

	(void)state;
	tree_setup(NULL);
	tree_directory("target");
	tree_check(stat(tree("target"), &st) == 0, "stat", "target");
	memset(&fault, 0, sizeof(fault));
	outputs = (struct outputs){ .staging_fd = -1, .target_fd = -1 };
	plan.outputs = (struct outputs_plan){ .inside = arena_strdup(&arena, tree("staging")),
		                              .target = arena_strdup(&arena, tree("target")),
		                              .device = st.st_dev,
		                              .inode = st.st_ino,
		                              .temporary = ".pyconfine-0123456789abcdef-",
		                              .files = 4,
		                              .bytes = 100000 };
	return 0;
}

static int drop_tree(void **state)
{
	(void)state;
	outputs_close(&outputs);
	tree_teardown(NULL);
	arena_free(&arena);
	return 0;
}

static void prepare(void)
{
	struct error err = { 0 };

	tree_directory("staging");
	if (outputs_prepare(&outputs, &plan, &arena, &err))
		fail_msg("%s", err.message);
	outputs.staging_fd = open(tree("staging"), O_RDONLY | O_DIRECTORY);
}

/* What is in the target, in order, each name followed by a blank. */
static const char *target_names(void)
{
	static char names[512];
	struct dirent **entries;
	int count = scandir(tree("target"), &entries, NULL, alphasort);

	names[0] = '\0';
	for (int i = 0; i < count; i++) {
		if (strcmp(entries[i]->d_name, ".") && strcmp(entries[i]->d_name, ".."))
			strcat(strcat(names, entries[i]->d_name), " ");
		free(entries[i]);
	}
	free(entries);
	return names;
}

static const char *said(bool clean)
{
	TEXT_CLEANUP struct text out = { 0 };

	outputs_finish(&outputs, clean);
	outputs_describe(&plan.outputs, outputs.result, &out);
	return arena_strdup(&arena, text_string(&out));
}

/* The last line names the tree, whose name is another each time. */
static void expect_refused(const char *lines)
{
	const char *expected = arena_printf(
		&arena, "%spyconfine: nothing was moved to %s: all files are accepted, or none   [outputs]\n", lines,
		plan.outputs.target);

	assert_string_equal(said(true), expected);
	assert_int_equal(outputs.result->state, OUTPUTS_REFUSED);
	assert_string_equal(target_names(), "");
}

static void expect_json(const char *expected)
{
	struct json_object *list = outputs_json(outputs.result);

	assert_string_equal(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN), expected);
	json_object_put(list);
}

static void all_are_moved(void **state)
{
	mode_t mask = umask(027);
	struct stat st;

	(void)state;
	plan.outputs.suffixes = png_txt;
	plan.outputs.suffix_count = 2;
	plan.outputs.check_content = true;
	prepare();
	tree_bytes("staging/a.png", PNG "xyz", 11, 0600);
	tree_file("staging/b.txt", "text\n", 0755);
	tree_file("staging/c.txt", "", 0644);
	assert_string_equal(said(true), "");
	umask(mask);
	assert_int_equal(outputs.result->state, OUTPUTS_MOVED);
	assert_int_equal(outputs.result->count, 3);
	expect_json("[{\"name\":\"a.png\",\"size\":11,\"accepted\":true,\"reason\":null},"
	            "{\"name\":\"b.txt\",\"size\":5,\"accepted\":true,\"reason\":null},"
	            "{\"name\":\"c.txt\",\"size\":0,\"accepted\":true,\"reason\":null}]");
	assert_string_equal(target_names(), "a.png b.txt c.txt ");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(stat(tree(arena_printf(&arena, "target/%s", outputs.result->items[i].name)), &st), 0);
		assert_int_equal(st.st_mode, S_IFREG | 0640);
		assert_int_equal(st.st_nlink, 1);
	}
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	expect_json("[]");
	prepare();
	assert_string_equal(said(true), "");
	assert_int_equal(outputs.result->state, OUTPUTS_NONE);
}

static void an_unclean_end_moves_nothing(void **state)
{
	(void)state;
	prepare();
	tree_file("staging/a", "text", 0644);
	assert_string_equal(said(false),
	                    arena_printf(&arena,
	                                 "pyconfine: nothing was moved to %s: the script did not end with status 0   "
	                                 "[outputs]\n",
	                                 plan.outputs.target));
	assert_string_equal(target_names(), "");
	expect_json("[{\"name\":\"a\",\"size\":null,\"accepted\":false,"
	            "\"reason\":\"the script did not end with status 0\"}]");
}

static void put_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", tree(path));
	tree_check(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "bind", path);
	close(fd);
}

static void put_symlink(void)
{
	tree_link("staging/x", "/etc/passwd");
}

static void put_hard_link(void)
{
	tree_file("other", "secret", 0644);
	tree_check(link(tree("other"), tree("staging/x")) == 0, "link", "x");
}

static void put_directory(void)
{
	tree_directory("staging/x/deep/er");
}

static void put_pipe(void)
{
	tree_check(mkfifo(tree("staging/x"), 0644) == 0, "mkfifo", "x");
}

static void put_unix_socket(void)
{
	put_socket("staging/x");
}

static void put_setuid(void)
{
	tree_file("staging/x", "text", 0644);
	tree_check(chmod(tree("staging/x"), 04755) == 0, "chmod", "x");
}

static void put_setgid(void)
{
	tree_file("staging/x", "text", 0644);
	tree_check(chmod(tree("staging/x"), 02755) == 0, "chmod", "x");
}

static void put_attribute(void)
{
	tree_file("staging/x", "text", 0644);
	tree_check(setxattr(tree("staging/x"), "user.origin", "1", 1, 0) == 0, "setxattr", "x");
}

static void put_sparse(void)
{
	tree_file("staging/x", "", 0644);
	tree_check(truncate(tree("staging/x"), (off_t)1 << 40) == 0, "truncate", "x");
}

static void put_one_byte_too_many(void)
{
	tree_file("staging/x", "", 0644);
	tree_check(truncate(tree("staging/x"), 100000 - 4 + 1) == 0, "truncate", "x");
}

/* `a` is good, has 4 bytes, and must stay where it is. */
static void each_kind_is_refused(void **state)
{
	static const struct {
		void (*put)(void);
		const char *line;
	} rows[] = {
		{ put_symlink, "it is a symbolic link   [outputs]" },
		{ put_hard_link, "it has more than one name (hard links)   [outputs]" },
		{ put_directory, "it is a directory   [outputs]" },
		{ put_pipe, "it is a pipe   [outputs]" },
		{ put_unix_socket, "it is a socket   [outputs]" },
		{ put_setuid, "it has a set-user-ID or set-group-ID bit   [outputs]" },
		{ put_setgid, "it has a set-user-ID or set-group-ID bit   [outputs]" },
		{ put_attribute, "it has extended attributes   [outputs]" },
		{ put_sparse, "there are more bytes than are accepted   [outputs.size]" },
		{ put_one_byte_too_many, "there are more bytes than are accepted   [outputs.size]" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		prepare();
		tree_file("staging/a", "good", 0644);
		rows[i].put();
		expect_refused(arena_printf(&arena, "pyconfine: refused output: x: %s\n", rows[i].line));
		drop_tree(state);
		make_tree(state);
	}
}

static void a_device_is_refused(void **state)
{
	(void)state;
	prepare();
	if (mknod(tree("staging/x"), S_IFCHR | 0666, 0x103))
		skip();
	expect_refused("pyconfine: refused output: x: it is a device   [outputs]\n");
}

static void what_we_may_not_read_is_refused(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	prepare();
	tree_file("staging/x", "text", 0);
	expect_refused("pyconfine: refused output: x: Permission denied   [outputs]\n");
}

/* The limit itself is accepted: as many bytes, and as many files. */
static void limits_are_reached(void **state)
{
	(void)state;
	plan.outputs.files = 2;
	prepare();
	tree_file("staging/a", "good", 0644);
	tree_file("staging/b", "", 0644);
	tree_check(truncate(tree("staging/b"), 100000 - 4) == 0, "truncate", "b");
	assert_string_equal(said(true), "");
	assert_string_equal(target_names(), "a b ");
}

static void names_are_refused_and_escaped(void **state)
{
	(void)state;
	plan.outputs.suffixes = png_txt;
	plan.outputs.suffix_count = 2;
	prepare();
	tree_file("staging/\x1b[2J.txt", "", 0644);
	tree_file("staging/a.exe", "", 0644);
	tree_file("staging/a.txt", "", 0644);
	tree_file("staging/A.txt", "", 0644);
	expect_refused(
		"pyconfine: refused output: \\x1b[2J.txt: the name holds more than letters, digits, '.', '_' and "
		"'-'   [outputs]\n"
		"pyconfine: refused output: a.exe: its suffix is not among those that are accepted   "
		"[outputs.suffixes]\n"
		"pyconfine: refused output: A.txt: another one has the same name but for upper and lower case   "
		"[outputs]\n"
		"pyconfine: refused output: a.txt: another one has the same name but for upper and lower case   "
		"[outputs]\n");
}

static void content_decides_where_asked(void **state)
{
	(void)state;
	plan.outputs.suffixes = png_txt;
	plan.outputs.suffix_count = 2;
	plan.outputs.check_content = true;
	prepare();
	tree_bytes("staging/a.png", PNG, 8, 0644);
	tree_file("staging/b.png", "#!/bin/sh\n", 0644);
	tree_bytes("staging/c.txt", "a\0b", 3, 0644);
	expect_refused("pyconfine: refused output: b.png: its content is not what its suffix says   [outputs.check]\n"
	               "pyconfine: refused output: c.txt: its content is not what its suffix says   [outputs.check]\n");
	expect_json("[{\"name\":\"a.png\",\"size\":8,\"accepted\":false,\"reason\":\"another one was refused\"},"
	            "{\"name\":\"b.png\",\"size\":10,\"accepted\":false,"
	            "\"reason\":\"its content is not what its suffix says\"},"
	            "{\"name\":\"c.txt\",\"size\":3,\"accepted\":false,"
	            "\"reason\":\"its content is not what its suffix says\"}]");
}

static void names_alone_decide_where_not(void **state)
{
	(void)state;
	plan.outputs.suffixes = png_txt;
	plan.outputs.suffix_count = 2;
	prepare();
	tree_file("staging/b.png", "#!/bin/sh\n", 0644);
	assert_string_equal(said(true), "");
	assert_string_equal(target_names(), "b.png ");
}

static void a_flood_of_names_is_not_read_to_its_end(void **state)
{
	(void)state;
	prepare();
	for (int i = 0; i < 300; i++)
		tree_file(arena_printf(&arena, "staging/f%03d", i), "", 0644);
	outputs_finish(&outputs, true);
	assert_int_equal(outputs.result->state, OUTPUTS_REFUSED);
	assert_int_equal(outputs.result->count, 20);
	assert_true(outputs.result->more);
	assert_int_equal(outputs.result->refused, 17);
	assert_string_equal(target_names(), "");
}

static void at_most_five_lines_are_said(void **state)
{
	(void)state;
	plan.outputs.files = 1;
	prepare();
	for (int i = 0; i < 9; i++)
		tree_file(arena_printf(&arena, "staging/f%d", i), "", 0644);
	expect_refused("pyconfine: refused output: f1: there are more files than are accepted   [outputs.files]\n"
	               "pyconfine: refused output: f2: there are more files than are accepted   [outputs.files]\n"
	               "pyconfine: refused output: f3: there are more files than are accepted   [outputs.files]\n"
	               "pyconfine: refused output: f4: there are more files than are accepted   [outputs.files]\n"
	               "pyconfine: refused output: f5: there are more files than are accepted   [outputs.files]\n"
	               "pyconfine: ... and 3 more\n");
}

static void what_is_there_is_not_replaced(void **state)
{
	(void)state;
	prepare();
	tree_file("target/b", "older", 0644);
	tree_file("staging/a", "new", 0644);
	tree_file("staging/b", "new", 0644);
	outputs_finish(&outputs, true);
	assert_int_equal(outputs.result->refused, 1);
	assert_null(outputs.result->items[0].reason);
	assert_string_equal(outputs.result->items[1].reason,
	                    "a file of that name is there already, and is not replaced");
	assert_string_equal(target_names(), "b ");
}

/* A link that leads nowhere is a name, too. */
static void a_link_is_there_as_well(void **state)
{
	(void)state;
	prepare();
	tree_link("target/a", "/nowhere/at/all");
	tree_file("staging/a", "new", 0644);
	outputs_finish(&outputs, true);
	assert_int_equal(outputs.result->refused, 1);
	assert_string_equal(target_names(), "a ");
}

static void check_taken_back(bool named)
{
	fault.no_unnamed_files = named;
	fault.fail_link_at = 3;
	fault.link_errno = EEXIST;
	prepare();
	for (const char *name = "abcd"; *name; name++)
		tree_file(arena_printf(&arena, "staging/%c", *name), "text", 0644);
	expect_refused("pyconfine: refused output: c: a file of that name is there already, and is not replaced   "
	               "[outputs]\n");
	assert_int_equal(fault.links, 3);
}

static void placed_ones_are_taken_back(void **state)
{
	(void)state;
	check_taken_back(false);
}

static void placed_ones_are_taken_back_without_unnamed_files(void **state)
{
	(void)state;
	check_taken_back(true);
}

static void file_systems_without_unnamed_files_will_do(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fault.no_unnamed_files = true;
		fault.no_noreplace = i == 1;
		prepare();
		tree_file("staging/a", "text", 0644);
		tree_file("staging/b", "text", 0644);
		assert_string_equal(said(true), "");
		assert_string_equal(target_names(), "a b ");
		drop_tree(state);
		make_tree(state);
	}
}

static void a_target_that_was_exchanged_is_not_used(void **state)
{
	struct error err = { 0 };

	(void)state;
	tree_check(rename(tree("target"), tree("old")) == 0, "rename", "target");
	tree_directory("target");
	assert_int_equal(outputs_prepare(&outputs, &plan, &arena, &err), -1);
	assert_string_equal(err.message,
	                    arena_printf(&arena, "outputs.path: %s: Stale file handle", plan.outputs.target));
	assert_int_equal(rmdir(tree("target")), 0);
	tree_link("target", "old");
	assert_int_equal(outputs_prepare(&outputs, &plan, &arena, &err), -1);
	assert_string_equal(err.message, arena_printf(&arena, "outputs.path: %s: Too many levels of symbolic links",
	                                              plan.outputs.target));
}

/* Held by descriptor: another directory of that name gets nothing. */
static void a_target_that_is_exchanged_later_gets_nothing(void **state)
{
	(void)state;
	prepare();
	tree_check(rename(tree("target"), tree("old")) == 0, "rename", "target");
	tree_directory("target");
	tree_file("staging/a", "text", 0644);
	assert_string_equal(said(true), "");
	assert_string_equal(target_names(), "");
	assert_int_equal(access(tree("old/a"), F_OK), 0);
}

static void a_directory_that_did_not_arrive_is_refused(void **state)
{
	(void)state;
	prepare();
	close(outputs.staging_fd);
	outputs.staging_fd = -1;
	expect_refused("pyconfine: refused output: (all): the directory of the script cannot be read   [outputs]\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_tree, drop_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_are_moved),
		TEST(nothing_is_nothing),
		TEST(an_unclean_end_moves_nothing),
		TEST(each_kind_is_refused),
		TEST(a_device_is_refused),
		TEST(what_we_may_not_read_is_refused),
		TEST(limits_are_reached),
		TEST(names_are_refused_and_escaped),
		TEST(content_decides_where_asked),
		TEST(names_alone_decide_where_not),
		TEST(a_flood_of_names_is_not_read_to_its_end),
		TEST(at_most_five_lines_are_said),
		TEST(what_is_there_is_not_replaced),
		TEST(a_link_is_there_as_well),
		TEST(placed_ones_are_taken_back),
		TEST(placed_ones_are_taken_back_without_unnamed_files),
		TEST(file_systems_without_unnamed_files_will_do),
		TEST(a_target_that_was_exchanged_is_not_used),
		TEST(a_target_that_is_exchanged_later_gets_nothing),
		TEST(a_directory_that_did_not_arrive_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
