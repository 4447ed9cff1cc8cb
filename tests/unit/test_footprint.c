/* plan/footprint and plan/shown: answers, and hostile ones. */
#include "footprint_fixture.h"

#include <sys/wait.h>

#include "base/fds.h"
#include "policy/presets.h"

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
	assert_int_equal(
		parse("\"path\": [\"@/py/lib/python311.zip\", \"@/py/lib/python3.11\", \"@/py/lib/python3.11/\"], "
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
	/* The library of a strange place alone, not its directory; and only where it is root's. */
	assert_null(shown_at(tree("elsewhere/lib")));
	assert_true(!shown_at(tree("elsewhere/lib/libx.so.1")) == (geteuid() != 0));
	/* All within @/py/lib collapsed into it. */
	assert_null(shown_at(tree("py/lib/python3.11")));
	assert_int_equal(footprint.watched.count, 2);
}

static void reads_the_last_line(void **state)
{
	char json[2048];

	(void)state;
	snprintf(json, sizeof(json),
	         "hello from a .pth file\n{\"v\": 0}\n{\"version\": \"3.12.0\", \"prefix\": \"/p\", \"base_prefix\": "
	         "\"/p\", "
	         "\"executable\": \"/p/bin/python\"}\n");
	assert_int_equal(parse_text(json), 0);
	assert_string_equal(footprint.version, "3.12.0");
}

static void refuses_no_answers(void **state)
{
	static const char *const rows[] = {
		"",
		"\n",
		"[]",
		"{",
		"null",
		"1",
		"Traceback (most recent call last):",
		"{\"version\": \"3.11.2\"} x",
		"{\"version\": \"3.11.2\"",
		"{\"a\": [[[[[[1]]]]]]}",
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
		{ "{}", "interpreter @/py/bin/python3 did not tell its version" },
		{ "{\"version\": 3}", "interpreter @/py/bin/python3 did not tell its version" },
		{ "{\"version\": \"3.11\\u0000\"}", "interpreter @/py/bin/python3 did not tell its version" },
		{ "{\"version\": \"\\u001b[31m\"}", "interpreter @/py/bin/python3 did not tell its version" },
		{ "{\"version\": \"3.11.2\"}", "interpreter @/py/bin/python3 did not tell its prefix" },
		{ "{\"version\": \"3.11.2\", \"prefix\": \"py\"}",
		  "interpreter @/py/bin/python3 did not tell its prefix" },
		{ "{\"version\": \"2.7.18\"}",
		  "interpreter @/py/bin/python3 is Python 2.7.18; pyconfine runs 3.6 and later" },
		{ "{\"version\": \"3.5.1\"}",
		  "interpreter @/py/bin/python3 is Python 3.5.1; pyconfine runs 3.6 and later" },
		{ "{\"version\": \"3\"}", "interpreter @/py/bin/python3 is Python 3; pyconfine runs 3.6 and later" },
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
	static const char *const lists[] = {
		"path", "site", "data", "library_dirs", "linked", "user_site", "libraries"
	};
	static const char *const rows[] = {
		"/",
		"//",
		"/.",
		"/etc",
		"/etc/passwd",
		"/etc/ssl/private",
		"/home",
		"/root",
		"/tmp",
		"/var",
		"/usr",
		"/usr/bin",
		"/usr/bin/env",
		"/bin",
		"/proc",
		"/proc/self/environ",
		"/sys",
		"/dev",
		"/dev/null",
		"/run",
		"/usr/local",
		"/usr/share",
		"@",
		"@/home",
		"@/home/me",
		"@/home/me/.ssh",
		"@/home/me/.ssh/id",
		"@/home/me/secret.txt",
		"@/home/me/project/../.ssh",
		"home/me",
		"",
		"@/home/me/\\u0001",
		"@/home/me/.ssh\\u0000",
		"@/to-etc",
		"@/to-home",
		"@/to-ssh",
		"@/fifo",
		"@/py/lib/../../home/me/secret.txt",
		"@/home/me/secret.txt\\u000a",
		"@/loop",
		"/etc/default",
		"/var/log",
		"/dev/shm",
		"/run/lock",
		"/proc/self",
		"/sys/kernel",
		"/boot",
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
	/* A project installed in place is added by a .pth file, as anything else could be: it takes a grant. */
	assert_int_equal(parse("\"path\": [\"@/home/me/project/src\"]"), 0);
	assert_false(is_covered(tree("home/me/project/src")));
	assert_int_equal(footprint.note_count, 1);
	assert_string_equal(
		footprint.notes[0],
		with_tree("@/home/me/project/src is not shown: it is not part of this interpreter (grant it if "
	                  "it is wanted: --read)"));
	assert_int_equal(parse("\"data\": [\"@/home/me/project\"]"), 0);
	assert_false(is_covered(tree("home/me/project")));
	assert_int_equal(parse("\"path\": [\"@/home/me\"]"), 0);
	assert_string_equal(footprint.notes[0], with_tree("@/home/me is not shown: it holds your home directory"));
	assert_int_equal(parse("\"libraries\": [\"@/home/me/secret.txt\"]"), 0);
	assert_false(is_covered(tree("home/me/secret.txt")));
	/* A prefix that is claimed opens nothing: the interpreter's place counts. */
	assert_int_equal(
		parse_text(arena_strdup(&arena, with_tree("{\"version\": \"3.11.2\", \"prefix\": \"@/home/me\", "
	                                                  "\"base_prefix\": \"@/home/me\", \"executable\": \"/x\", "
	                                                  "\"data\": [\"@/home/me/project\"]}"))),
		0);
	assert_false(is_covered(tree("home/me/project")));
}

static void keeps_bytes_of_names(void **state)
{
	(void)state;
	tree_directory("py/lib/\xe4\xff\xc3\xbc");
	assert_int_equal(parse("\"path\": [\"@/py/lib/\\u00e4\\u00ff\\u00c3\\u00bc\"]"), 0);
	assert_non_null(shown_at(tree("py/lib/\xe4\xff\xc3\xbc")));
	/* A character beyond Latin-1 is no byte. */
	tree_directory("py/lib/\xe2\x82\xac");
	assert_int_equal(parse("\"path\": [\"@/py/lib/\\u20ac\"]"), 0);
	assert_null(shown_at(tree("py/lib/\xe2\x82\xac")));
}

/* Nothing but their form is wrong with these. */
static void refuses_malformed_paths(void **state)
{
	static const char *const rows[] = { "@/py/lib/../share", "@/py/share/..", "@/py/lib-\\u0001",
		                            "@/py/lib-\\u007f", "py/lib" };

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
		assert_false(is_covered(tree("py/share")) || is_covered(tree("py/lib-\x01")) ||
		             is_covered(tree("py/lib-\x7f")));
	}
}

static void collapses(void **state)
{
	struct shown_path items[] = {
		{ SHOWN_DIRECTORY, 0, "/a-b", NULL },
		{ SHOWN_DIRECTORY, 0, "/a", NULL },
		{ SHOWN_FILE, 0, "/a/x", NULL },
		{ SHOWN_LINK, 0, "/a/link", "x" },
		{ SHOWN_DIRECTORY, 0, "/a/b/c", NULL },
		{ SHOWN_DIRECTORY, SHOWN_USER_SITE, "/u", NULL },
		{ SHOWN_DIRECTORY, 0, "/u/needed", NULL },
		{ SHOWN_FILE, SHOWN_USER_SITE, "/u/also", NULL },
		{ SHOWN_DIRECTORY, SHOWN_USER_SITE, "/t", NULL },
		{ SHOWN_DIRECTORY, 0, "/t", NULL },
		{ SHOWN_LINK, 0, "/l", "a" },
		{ SHOWN_FILE, 0, "/l-", NULL },
		{ SHOWN_FILE, 0, "/u-", NULL },
	};
	static const char *const expected[] = { "/a", "/a-b", "/l", "/l-", "/t", "/u", "/u/needed", "/u-" };
	struct shown_paths paths = { items, COUNT(items) };

	(void)state;
	shown_paths_collapse(&paths);
	assert_int_equal(paths.count, COUNT(expected));
	for (size_t i = 0; i < paths.count; i++)
		assert_string_equal(paths.items[i].path, expected[i]);
	/* Needed in any case, since one of the two says so. */
	assert_int_equal(paths.items[4].flags, 0);
}

/* What this machine's own Python says about itself. */
static void asks_a_real_interpreter(void **state)
{
	struct interpreter_request request = { .path = "/usr/bin:/usr/local/bin", .cwd = "/" };
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
	static const char *const names[] = { "python", "tls", "tz", "locale", "dns", "users", "mime", "project" };

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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(takes_an_answer),         TREE_TEST(reads_the_last_line),     TREE_TEST(refuses_no_answers),
		TREE_TEST(refuses_bad_headers),     TREE_TEST(refuses_hostile_paths),   TREE_TEST(notes_what_it_does),
		TREE_TEST(keeps_bytes_of_names),    TREE_TEST(refuses_malformed_paths), TREE_TEST(collapses),
		TREE_TEST(asks_a_real_interpreter), TREE_TEST(knows_presets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
