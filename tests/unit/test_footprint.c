/* plan/footprint, its cache, and plan/shown: hostile answers, and files that somebody else prepared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "base/fds.h"
#include "plan/footprint.h"
#include "policy/presets.h"
#include "tree.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;
static struct interpreter python;
static struct footprint footprint;
static struct error err;

/* "@" stands for the tree. */
static const char *with_tree(const char *text)
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
static int setup(void **state)
{
	struct interpreter_request request = {.spec = {.value = "py/bin/python3"}};

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
	footprint = (struct footprint){0};
	request.cwd = tree_root;
	return interpreter_find(&request, &arena, &python, &err);
}

static int teardown(void **state)
{
	arena_free(&arena);
	return tree_teardown(state);
}

static int parse_text(const char *json)
{
	const char *home = arena_strdup(&arena, tree("home/me"));

	return footprint_parse(json, strlen(json), &python, home, &arena, &footprint, &err);
}

/* An answer of the right form with these further members. */
static int parse(const char *members)
{
	char json[8192];

	snprintf(json, sizeof(json),
	         "{\"v\": 1, \"version\": \"3.11.2\", \"prefix\": \"%s/py\", \"base_prefix\": \"%s/py\", "
	         "\"executable\": \"%s/py/bin/python3\"%s%s}",
	         tree_root, tree_root, tree_root, *members ? ", " : "", with_tree(members));
	return parse_text(json);
}

static const struct shown_path *shown_at(const char *path)
{
	for (size_t i = 0; i < footprint.paths.count; i++)
		if (strcmp(footprint.paths.items[i].path, path) == 0)
			return &footprint.paths.items[i];
	return NULL;
}

static bool is_covered(const char *path)
{
	for (size_t i = 0; i < footprint.paths.count; i++)
		if (footprint.paths.items[i].kind != SHOWN_LINK && path_is_below(path, footprint.paths.items[i].path))
			return true;
	return false;
}

static void takes_an_answer(void **state)
{
	(void)state;
	tree_file("py/lib/python3.11/os.py", "", 0644);
	tree_link("py/lib64", "lib");
	tree_file("elsewhere/lib/libx.so.1", "", 0644);
	assert_int_equal(parse("\"path\": [\"@/py/lib/python311.zip\", \"@/py/lib/python3.11\", \"@/py/lib/python3.11/\"], "
	                       "\"site\": [\"@/py/lib64/python3.11/site-packages\"], \"data\": [\"@/py/lib\"], "
	                       "\"user_site\": [\"@/home/me/.local/lib/python3.11/site-packages\"], "
	                       "\"libraries\": [\"@/elsewhere/lib/libx.so.1\", \"@/py/bin/python3.11\"], "
	                       "\"watch\": [\"@/py/lib/python3.11/site-packages\", \"@/none\"]"),
	                 0);
	assert_string_equal(footprint.version, "3.11.2");
	assert_string_equal(footprint.prefix, tree("py"));
	assert_string_equal(footprint.executable, tree("py/bin/python3"));
	assert_int_equal(shown_at(tree("py/bin/python3.11"))->kind, SHOWN_FILE);
	assert_int_equal(shown_at(tree("py/bin/python3"))->kind, SHOWN_LINK);
	assert_string_equal(shown_at(tree("py/bin/python3"))->target, "python3.11");
	assert_int_equal(shown_at(tree("py/lib"))->kind, SHOWN_DIRECTORY);
	assert_int_equal(shown_at(tree("py/lib64"))->kind, SHOWN_LINK);
	assert_int_equal(shown_at(tree("home/me/.local/lib/python3.11/site-packages"))->flags, SHOWN_USER_SITE);
	/* The library of a strange place alone, not its directory. */
	assert_int_equal(shown_at(tree("elsewhere/lib/libx.so.1"))->kind, SHOWN_FILE);
	/* All within @/py/lib collapsed into it. */
	assert_null(shown_at(tree("py/lib/python3.11")));
	assert_int_equal(footprint.watched.count, 2);
}

static void reads_the_last_line(void **state)
{
	char json[2048];

	(void)state;
	snprintf(json, sizeof(json),
	         "hello from a .pth file\n{\"v\": 0}\n{\"version\": \"3.12.0\", \"prefix\": \"/p\", \"base_prefix\": \"/p\", "
	         "\"executable\": \"/p/bin/python\"}\n");
	assert_int_equal(parse_text(json), 0);
	assert_string_equal(footprint.version, "3.12.0");
}

static void refuses_no_answers(void **state)
{
	static const char *const rows[] = {
		"", "\n", "[]", "{", "null", "1", "Traceback (most recent call last):", "{\"version\": \"3.11.2\"} x",
		"{\"version\": \"3.11.2\"", "{\"a\": [[[[[[1]]]]]]}",
	};
	char *large = malloc(FOOTPRINT_ANSWER_MAX + 2);

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_text(rows[i]), -1);
		assert_int_equal(err.code, CODE_FOOTPRINT);
		assert_non_null(strstr(err.message, " did not answer which files it needs ("));
	}
	memset(large, ' ', FOOTPRINT_ANSWER_MAX + 1);
	assert_int_equal(footprint_parse(large, FOOTPRINT_ANSWER_MAX + 1, &python, NULL, &arena, &footprint, &err), -1);
	free(large);
	/* Not touched by a failure. */
	assert_null(footprint.version);
}

static void refuses_bad_headers(void **state)
{
	static const struct {
		const char *json, *message;
	} rows[] = {
		{"{}", "interpreter @/py/bin/python3 did not tell its version"},
		{"{\"version\": 3}", "interpreter @/py/bin/python3 did not tell its version"},
		{"{\"version\": \"3.11\\u0000\"}", "interpreter @/py/bin/python3 did not tell its version"},
		{"{\"version\": \"\\u001b[31m\"}", "interpreter @/py/bin/python3 did not tell its version"},
		{"{\"version\": \"3.11.2\"}", "interpreter @/py/bin/python3 did not tell its prefix"},
		{"{\"version\": \"3.11.2\", \"prefix\": \"py\"}", "interpreter @/py/bin/python3 did not tell its prefix"},
		{"{\"version\": \"2.7.18\"}",
		 "interpreter @/py/bin/python3 is Python 2.7.18; pyconfine runs 3.6 and later"},
		{"{\"version\": \"3.5.1\"}", "interpreter @/py/bin/python3 is Python 3.5.1; pyconfine runs 3.6 and later"},
		{"{\"version\": \"3\"}", "interpreter @/py/bin/python3 is Python 3; pyconfine runs 3.6 and later"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_text(rows[i].json), -1);
		assert_string_equal(err.message, with_tree(rows[i].message));
	}
}

/* What a hostile package could answer: none of it may be shown, whichever list it is in. */
static void refuses_hostile_paths(void **state)
{
	static const char *const lists[] = {"path", "site", "data", "library_dirs", "linked", "user_site", "libraries"};
	static const char *const rows[] = {
		"/", "//", "/.", "/etc", "/etc/passwd", "/etc/ssl/private", "/home", "/root", "/tmp", "/var", "/usr", "/usr/bin",
		"/usr/bin/env", "/bin", "/proc", "/proc/self/environ", "/sys", "/dev", "/dev/null", "/run", "/usr/local",
		"/usr/share", "@", "@/home", "@/home/me", "@/home/me/.ssh", "@/home/me/.ssh/id", "@/home/me/secret.txt",
		"@/home/me/project/../.ssh", "home/me", "", "@/home/me/\\u0001", "@/home/me/.ssh\\u0000", "@/to-etc", "@/to-home",
		"@/to-ssh", "@/fifo", "@/py/lib/../../home/me/secret.txt", "@/home/me/secret.txt\\u000a", "@/loop",
		"/etc/default", "/var/log", "/dev/shm", "/run/lock", "/proc/self", "/sys/kernel", "/boot",
	};
	size_t before;

	(void)state;
	tree_link("to-etc", "/etc");
	tree_link("to-home", "home/me");
	tree_link("to-ssh", tree("home/me/.ssh"));
	tree_link("loop", "loop");
	assert_int_equal(mkfifo(tree("fifo"), 0644), 0);
	assert_int_equal(parse(""), 0);
	before = footprint.paths.count;
	for (size_t list = 0; list < COUNT(lists); list++) {
		for (size_t i = 0; i < COUNT(rows); i++) {
			char members[512];

			snprintf(members, sizeof(members), "\"%s\": [\"%s\", 1, null, [], {}]", lists[list], rows[i]);
			assert_int_equal(parse(members), 0);
			if (footprint.paths.count != before)
				fail_msg("%s of %s is shown", rows[i], lists[list]);
			assert_true(footprint.note_count <= 20);
		}
	}
}

static void notes_what_it_does(void **state)
{
	(void)state;
	/* A project installed in place is shown, and said. */
	assert_int_equal(parse("\"path\": [\"@/home/me/project/src\"]"), 0);
	assert_non_null(shown_at(tree("home/me/project/src")));
	assert_int_equal(footprint.note_count, 1);
	assert_string_equal(footprint.notes[0],
	                    with_tree("@/home/me/project/src is shown: something installed adds it to sys.path"));
	/* The other lists have no business there. */
	assert_int_equal(parse("\"data\": [\"@/home/me/project\"]"), 0);
	assert_false(is_covered(tree("home/me/project")));
	assert_string_equal(footprint.notes[0],
	                    with_tree("@/home/me/project is not shown: it is no directory of this interpreter"));
	assert_int_equal(parse("\"path\": [\"@/home/me\"]"), 0);
	assert_string_equal(footprint.notes[0], with_tree("@/home/me is not shown: it holds your home directory"));
	assert_int_equal(parse("\"libraries\": [\"@/home/me/secret.txt\"]"), 0);
	assert_false(is_covered(tree("home/me/secret.txt")));
	/* A prefix that is claimed opens nothing: the interpreter's place counts. */
	assert_int_equal(parse_text(arena_strdup(&arena, with_tree("{\"version\": \"3.11.2\", \"prefix\": \"@/home/me\", "
	                                                           "\"base_prefix\": \"@/home/me\", \"executable\": \"/x\", "
	                                                           "\"data\": [\"@/home/me/project\"]}"))),
	                 0);
	assert_false(is_covered(tree("home/me/project")));
}

static void keeps_bytes_of_names(void **state)
{
	(void)state;
	tree_directory("py/lib-\xe4\xff\xc3\xbc");
	assert_int_equal(parse("\"path\": [\"@/py/lib-\\u00e4\\u00ff\\u00c3\\u00bc\"]"), 0);
	assert_non_null(shown_at(tree("py/lib-\xe4\xff\xc3\xbc")));
	/* A character beyond Latin-1 is no byte. */
	tree_directory("py/lib-\xe2\x82\xac");
	assert_int_equal(parse("\"path\": [\"@/py/lib-\\u20ac\"]"), 0);
	assert_null(shown_at(tree("py/lib-\xe2\x82\xac")));
}

/* Nothing but their form is wrong with these. */
static void refuses_malformed_paths(void **state)
{
	static const char *const rows[] = {"@/py/lib/../share", "@/py/share/..", "@/py/lib-\\u0001", "@/py/lib-\\u007f", "py/lib"};

	(void)state;
	tree_directory("py/share");
	tree_directory("py/lib-\x01");
	tree_directory("py/lib-\x7f");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char members[256];

		snprintf(members, sizeof(members), "\"path\": [\"%s\"]", rows[i]);
		assert_int_equal(parse(members), 0);
		assert_int_equal(footprint.note_count, 1);
		assert_string_equal(footprint.notes[0], "an entry of \"path\" is no absolute path");
		assert_false(is_covered(tree("py/share")) || is_covered(tree("py/lib-\x01")) || is_covered(tree("py/lib-\x7f")));
	}
}

static void collapses(void **state)
{
	struct shown_path items[] = {
		{SHOWN_DIRECTORY, 0, "/a-b", NULL},         {SHOWN_DIRECTORY, 0, "/a", NULL},
		{SHOWN_FILE, 0, "/a/x", NULL},              {SHOWN_LINK, 0, "/a/link", "x"},
		{SHOWN_DIRECTORY, 0, "/a/b/c", NULL},       {SHOWN_DIRECTORY, SHOWN_USER_SITE, "/u", NULL},
		{SHOWN_DIRECTORY, 0, "/u/needed", NULL},    {SHOWN_FILE, SHOWN_USER_SITE, "/u/also", NULL},
		{SHOWN_DIRECTORY, SHOWN_USER_SITE, "/t", NULL}, {SHOWN_DIRECTORY, 0, "/t", NULL},
		{SHOWN_LINK, 0, "/l", "a"},                 {SHOWN_FILE, 0, "/l-", NULL},
		{SHOWN_FILE, 0, "/u-", NULL},
	};
	static const char *const expected[] = {"/a", "/a-b", "/l", "/l-", "/t", "/u", "/u/needed", "/u-"};
	struct shown_paths paths = {items, COUNT(items)};

	(void)state;
	shown_paths_collapse(&paths);
	assert_int_equal(paths.count, COUNT(expected));
	for (size_t i = 0; i < paths.count; i++)
		assert_string_equal(paths.items[i].path, expected[i]);
	/* Needed in any case, since one of the two says so. */
	assert_int_equal(paths.items[4].flags, 0);
}

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
	struct footprint loaded = {0};

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
	assert_int_equal(parse("\"data\": [\"@/py/lib\"], \"user_site\": [\"@/home/me/.local/lib/python3.11/site-packages\"], "
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
	struct footprint loaded = {0};
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
		struct footprint loaded = {0};
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

/* What this machine's own Python says about itself. */
static void asks_a_real_interpreter(void **state)
{
	struct interpreter_request request = {.path = "/usr/bin:/usr/local/bin", .cwd = "/"};
	char *answer = malloc(FOOTPRINT_ANSWER_MAX);
	ssize_t length;
	int fds[2], status;
	pid_t pid;

	(void)state;
	if (interpreter_find(&request, &arena, &python, &err) != 0) {
		free(answer);
		skip(); /* no python3 in /usr/bin or /usr/local/bin */
	}
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		execl(python.path, python.path, "-c", footprint_question, (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	length = read_all(fds[0], answer, FOOTPRINT_ANSWER_MAX);
	close(fds[0]);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	if (footprint_parse(answer, (size_t)length, &python, "/home/me", &arena, &footprint, &err) != 0)
		fail_msg("%s", err.message);
	free(answer);
	assert_true(is_covered(python.real_path));
	assert_true(is_covered(arena_printf(&arena, "%s/lib/python%s/os.py", footprint.base_prefix, python.version)));
	if (python.loader)
		assert_true(is_covered(footprint.loader));
	/* No program but the interpreter. */
	assert_false(is_covered("/usr/bin/env") || is_covered("/usr/bin") || is_covered("/etc/passwd"));
}

static void knows_presets(void **state)
{
	static const char *const names[] = {"python", "tls", "tz", "locale", "dns", "users", "mime", "project"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct preset *preset = preset_find(names[i]);

		assert_non_null(preset);
		assert_ptr_equal(preset, &presets[i]);
		for (size_t k = 0; preset->paths[k]; k++) {
			assert_int_equal(preset->paths[k][0], '/');
			/* What must never come with a preset. */
			assert_false(path_is_below("/etc/ssl/private/key", preset->paths[k]));
			assert_false(path_is_below("/etc/shadow", preset->paths[k]));
			assert_false(path_is_below("/etc/pki/tls/private", preset->paths[k]));
			assert_false(path_is_below("/usr/bin/env", preset->paths[k]));
		}
	}
	assert_null(preset_find("all"));
	assert_true(preset_find("project")->project_root);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(takes_an_answer),
		TREE_TEST(reads_the_last_line),
		TREE_TEST(refuses_no_answers),
		TREE_TEST(refuses_bad_headers),
		TREE_TEST(refuses_hostile_paths),
		TREE_TEST(notes_what_it_does),
		TREE_TEST(keeps_bytes_of_names),
		TREE_TEST(refuses_malformed_paths),
		TREE_TEST(collapses),
		TREE_TEST(chooses_cache_directories),
		CACHE_TEST(remembers),
		CACHE_TEST(asks_again_when_stale),
		CACHE_TEST(distrusts_what_others_could_write),
		CACHE_TEST(follows_no_link),
		CACHE_TEST(survives_damage),
		CACHE_TEST(does_without_a_cache),
		TREE_TEST(asks_a_real_interpreter),
		TREE_TEST(knows_presets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
