/* plan/footprint's cache: what is remembered, what is stale, and files that somebody else prepared. */
#include "footprint_fixture.h"

#include <dirent.h>
#include <errno.h>

#include "base/fds.h"

static void chooses_cache_directories(void **state)
{
	(void)state;
	assert_string_equal(footprint_cache_dir("/x", "/h", 0, &arena), "/var/cache/pyconfine");
	assert_string_equal(footprint_cache_dir("/x", "/h", 1000, &arena), "/x/pyconfine");
	assert_string_equal(footprint_cache_dir("x", "/h", 1000, &arena), "/h/.cache/pyconfine");
	assert_string_equal(footprint_cache_dir(NULL, "/h", 1000, &arena), "/h/.cache/pyconfine");
	assert_null(footprint_cache_dir(NULL, NULL, 1000, &arena));
	assert_null(footprint_cache_dir("", "h", 1000, &arena));
	assert_null(footprint_cache_dir(NULL, "/", 1000, &arena));
}

static uint32_t uid;
static const char *cache, *entry;

static bool load(void)
{
	struct footprint loaded = { 0 };

	return footprint_cache_load(cache, uid, &python, "/home/me", &arena, &loaded);
}

static bool store(void)
{
	return footprint_cache_store(cache, uid, &python, "/home/me", &footprint);
}

/* A stored answer; `entry` is its file. */
static void prepare_cache(void)
{
	struct dirent *file;
	DIR *directory;

	uid = geteuid();
	cache = arena_strdup(&arena, tree("home/me/.cache/pyconfine"));
	tree_file("py/lib/python3.11/site-packages/a.pth", "/x\n", 0644);
	assert_int_equal(
		parse("\"data\": [\"@/py/lib\"], \"user_site\": [\"@/home/me/.local/lib/python3.11/site-packages\"], "
	              "\"site\": [\"@/home/me/project/src\"], \"watch\": [\"@/py/lib/python3.11/site-packages\", "
	              "\"@/py/lib/python3.11/site-packages/a.pth\", \"@/later\"]"),
		0);
	assert_true(store());
	directory = opendir(cache);
	assert_non_null(directory);
	entry = NULL;
	while ((file = readdir(directory))) {
		if (strcmp(file->d_name, ".") == 0 || strcmp(file->d_name, "..") == 0)
			continue;
		assert_null(entry); /* nothing temporary is left */
		entry = arena_printf(&arena, "%s/%s", cache, file->d_name);
	}
	closedir(directory);
	assert_non_null(entry);
}

static int cache_setup(void **state)
{
	int failed = setup(state);

	if (!failed)
		prepare_cache();
	return failed;
}

static void remembers(void **state)
{
	struct footprint loaded = { 0 };
	struct stat status;

	(void)state;
	assert_true(footprint_cache_load(cache, uid, &python, "/home/me", &arena, &loaded));
	assert_int_equal(loaded.paths.count, footprint.paths.count);
	for (size_t i = 0; i < loaded.paths.count; i++) {
		const struct shown_path *a = &loaded.paths.items[i], *b = &footprint.paths.items[i];

		assert_true(a->kind == b->kind && a->flags == b->flags && strcmp(a->path, b->path) == 0);
		assert_true(a->target == b->target || strcmp(a->target, b->target) == 0);
	}
	assert_string_equal(loaded.version, "3.11.2");
	assert_string_equal(loaded.prefix, footprint.prefix);
	assert_string_equal(loaded.base_prefix, footprint.base_prefix);
	assert_string_equal(loaded.executable, footprint.executable);
	assert_int_equal(loaded.note_count, footprint.note_count);
	assert_string_equal(loaded.notes[0], footprint.notes[0]);
	assert_int_equal(lstat(cache, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_int_equal(lstat(entry, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* Twice is fine. */
	assert_true(store());
	assert_true(load());
}

/* Each way to become stale, one at a time. */
static void asks_again_when_stale(void **state)
{
	const struct interpreter before = python;
	struct footprint loaded;

	(void)state;
	python.identity.ino++;
	assert_false(load());
	python = before;
	python.identity.ctime.tv_nsec++;
	assert_false(load());
	python = before;
	python.identity.mtime.tv_sec--;
	assert_false(load());
	python = before;
	python.identity.size++;
	assert_false(load());
	python = before;
	python.venv = "/venv";
	assert_false(load());
	python = before;
	python.real_path = "/other";
	assert_false(load());
	python = before;
	assert_false(footprint_cache_load(cache, uid, &python, "/home/you", &arena, &loaded));
	assert_false(footprint_cache_load(cache, uid, &python, NULL, &arena, &loaded));
	assert_true(load());
	tree_file("py/lib/python3.11/site-packages/new.pth", "/y\n", 0644);
	assert_false(load());
	assert_true(store());
	tree_file("py/lib/python3.11/site-packages/a.pth", "/z\n", 0644);
	assert_false(load());
	assert_true(store());
	assert_true(load());
	tree_directory("later");
	assert_false(load());
}

static void distrusts_what_others_could_write(void **state)
{
	(void)state;
	assert_int_equal(chmod(cache, 0755), 0);
	assert_false(load());
	assert_false(store());
	assert_int_equal(chmod(cache, 0700), 0);
	assert_true(load());
	assert_int_equal(chmod(entry, 0640), 0);
	assert_false(load());
	assert_int_equal(chmod(entry, 0600), 0);
	assert_true(load());
	assert_int_equal(link(entry, tree("second")), 0);
	assert_false(load());
	assert_int_equal(unlink(tree("second")), 0);
	assert_true(load());
	/* Not ours. */
	uid++;
	assert_false(load());
	assert_false(store());
	uid--;
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(entry, 12345, 12345), 0);
	assert_false(load());
	assert_int_equal(chown(entry, 0, 0), 0);
	assert_int_equal(chown(cache, 12345, 12345), 0);
	assert_false(load());
	assert_false(store());
}

static void follows_no_link(void **state)
{
	const char *moved = arena_strdup(&arena, tree("moved"));
	struct stat status;

	(void)state;
	assert_int_equal(rename(entry, moved), 0);
	assert_int_equal(symlink(moved, entry), 0);
	assert_false(load());
	/* A store replaces the link and leaves what it points to alone. */
	assert_int_equal(truncate(moved, 3), 0);
	assert_true(store());
	assert_int_equal(stat(moved, &status), 0);
	assert_int_equal(status.st_size, 3);
	assert_true(load());
	assert_int_equal(rename(cache, tree("elsewhere")), 0);
	assert_int_equal(symlink(tree("elsewhere"), cache), 0);
	assert_false(load());
	assert_false(store());
}

static void rewrite(const char *text, size_t length)
{
	FD_CLEANUP int fd = open(entry, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, length), length);
}

static void survives_damage(void **state)
{
	char whole[8192], *place, *large;
	size_t length;
	FILE *file = fopen(entry, "r");

	(void)state;
	length = fread(whole, 1, sizeof(whole) - 1, file);
	whole[length] = '\0';
	fclose(file);
	for (size_t cut = 0; cut < length; cut++) {
		rewrite(whole, cut);
		assert_false(load());
	}
	/* Any one byte that is changed to something else gives either no answer or one that is still well-formed. */
	for (size_t i = 0; i < length; i++) {
		struct footprint loaded = { 0 };
		char saved = whole[i];

		whole[i] = '\n';
		rewrite(whole, length);
		if (saved != '\n' && footprint_cache_load(cache, uid, &python, "/home/me", &arena, &loaded))
			for (size_t k = 0; k < loaded.paths.count; k++)
				assert_int_equal(loaded.paths.items[k].path[0], '/');
		whole[i] = saved;
	}
	place = strstr(whole, "footprint 1");
	place[10] = '2';
	rewrite(whole, length);
	assert_false(load());
	place[10] = '1';
	place = strstr(whole, "\nprefix ");
	memcpy(place, "\nunheard ", 8);
	rewrite(whole, length);
	assert_false(load());
	/* A FIFO in its place must not hang. */
	assert_int_equal(unlink(entry), 0);
	assert_int_equal(mkfifo(entry, 0600), 0);
	assert_false(load());
	assert_true(store());
	assert_true(load());
	/* Well-formed, but larger than anything that is ever stored; and the same in a size that may be. */
	*place = '\n';
	memcpy(place, "\nprefix ", 8);
	assert_string_equal(whole + length - 4, "end\n");
	large = calloc(1, length + 64 * 1024);
	memcpy(large, whole, length - 4);
	memcpy(large + length - 4, "note ", 5);
	memset(large + length + 1, 'x', 64 * 1024 - 6);
	memcpy(large + length + 64 * 1024 - 5, "\nend\n", 5);
	rewrite(large, length + 64 * 1024);
	assert_false(load());
	memcpy(large + length + 1000, "\nend\n", 5);
	rewrite(large, length + 1000 + 5);
	assert_true(load());
	free(large);
}

static void does_without_a_cache(void **state)
{
	(void)state;
	assert_false(footprint_cache_load(NULL, uid, &python, NULL, &arena, &footprint));
	assert_false(footprint_cache_store(NULL, uid, &python, NULL, &footprint));
	cache = "/nowhere/at/all";
	assert_false(load());
	assert_false(store());
	/* A name that lines cannot carry is asked each time rather than mixed up. */
	cache = arena_strdup(&arena, tree("home/me/.cache/pyconfine"));
	python.path = "/a\nreal /b";
	assert_false(store());
}

#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chooses_cache_directories, setup, teardown),
		CACHE_TEST(remembers),
		CACHE_TEST(asks_again_when_stale),
		CACHE_TEST(distrusts_what_others_could_write),
		CACHE_TEST(follows_no_link),
		CACHE_TEST(survives_damage),
		CACHE_TEST(does_without_a_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
