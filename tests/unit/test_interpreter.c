/* plan/interpreter: in temporary trees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/ioctl.h>

#include "plan/interpreter.h"
#include "tree.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct arena arena;
static struct interpreter found;
static struct error err;

/* "@" in expected texts stands for the tree. */
static const char *with_tree(const char *text)
{
	static char buffers[4][1024];
	static unsigned next;
	char *start = buffers[next++ % 4], *out = start;

	for (; *text; text++)
		out += *text == '@' ? snprintf(out, 100, "%s", tree_root) : snprintf(out, 2, "%c", *text);
	*out = '\0';
	return start;
}

/* The same for longer. */
static const char *keep(const char *path)
{
	return arena_strdup(&arena, tree(path));
}

static int find(struct interpreter_request request)
{
	found = (struct interpreter){ 0 };
	memset(&err, 0, sizeof(err));
	if (!request.path)
		request.path = "/nowhere";
	if (!request.cwd)
		request.cwd = tree_root;
	return interpreter_find(&request, &arena, &found, &err);
}

static int find_spec(const char *spec)
{
	return find((struct interpreter_request){ .spec = { .value = spec } });
}

static void assert_found(int result, const char *path, const char *how)
{
	if (result != 0)
		fail_msg("%s", err.message);
	assert_string_equal(found.path, with_tree(path));
	assert_string_equal(found.how, with_tree(how));
}

static void assert_refused(int result, enum message_code code, const char *message)
{
	assert_int_equal(result, -1);
	assert_string_equal(err.message, with_tree(message));
	assert_int_equal(err.code, code);
	assert_true(err.hint[0] != '\0');
}

static int teardown(void **state)
{
	arena_free(&arena);
	return tree_teardown(state);
}

static void takes_a_path(void **state)
{
	struct stat status;

	(void)state;
	tree_program("bin/python3.11");
	tree_link("bin/python3", "python3.11");
	assert_found(find_spec("bin/python3"), "@/bin/python3", "--python");
	assert_string_equal(found.real_path, tree("bin/python3.11"));
	assert_string_equal(found.version, "3.11");
	assert_string_equal(found.loader, "/lib64/ld-linux-x86-64.so.2");
	assert_null(found.venv);
	assert_int_equal(found.links.count, 1);
	assert_int_equal(stat(tree("bin/python3.11"), &status), 0);
	assert_true(found.identity.ino == status.st_ino && found.identity.size == status.st_size);
	/* A profile's path is relative to the profile; its line explains. */
	assert_found(find((struct interpreter_request){ .spec = { "./python3", { "p.yaml", 4, 9 }, tree("bin") } }),
	             "@/bin/python3", "p.yaml:4");
}

/* venv/bin/python -> python3 -> base/bin/python3 -> python3.12, and the venv itself through a link. */
static void keeps_a_venv_path(void **state)
{
	static const char *const hops[] = { "current", "venvs/one/bin/python", "venvs/one/bin/python3",
		                            "base/bin/python3" };

	(void)state;
	tree_program("base/bin/python3.12");
	tree_link("base/bin/python3", "python3.12");
	tree_link("venvs/one/bin/python3", tree("base/bin/python3"));
	tree_link("venvs/one/bin/python", "python3");
	tree_file("venvs/one/pyvenv.cfg", "home = /base/bin\nversion = 3.12.4\n", 0644);
	tree_link("current", "venvs/one");
	assert_found(find_spec("venv:current"), "@/current/bin/python", "--python");
	assert_string_equal(found.real_path, tree("base/bin/python3.12"));
	assert_string_equal(found.venv, tree("current"));
	assert_string_equal(found.version, "3.12");
	assert_int_equal(found.links.count, COUNT(hops));
	for (size_t i = 0; i < COUNT(hops); i++)
		assert_string_equal(found.links.items[i].path, tree(hops[i]));
}

static void refuses_what_is_no_venv(void **state)
{
	(void)state;
	tree_directory("plain");
	assert_refused(find_spec("venv:plain"), CODE_INTERPRETER_NOT_FOUND,
	               "@/plain is not a virtual environment: it has no pyvenv.cfg and no bin/python");
	assert_refused(find_spec("venv:none"), CODE_INTERPRETER_NOT_FOUND, "virtual environment @/none does not exist");
	tree_link("old/bin/python", tree("gone/python3.9"));
	tree_file("old/pyvenv.cfg", "version = 3.9.1\n", 0644);
	assert_refused(find_spec("venv:old"), CODE_INTERPRETER_NOT_FOUND,
	               "interpreter @/old/bin/python (@/gone) is a link to something that does not exist");
	assert_non_null(strstr(err.hint, "python3 -m venv --upgrade"));
}

static void names_each_fault(void **state)
{
	static const struct {
		const char *path;
		enum message_code code;
		const char *message;
	} rows[] = {
		{ "none", CODE_INTERPRETER_NOT_FOUND, "interpreter @/none does not exist" },
		{ "text/x", CODE_INTERPRETER_NOT_FOUND,
		  "interpreter @/text/x goes through something that is not a directory" },
		{ "loop", CODE_INTERPRETER_UNUSABLE, "interpreter @/loop is a loop of links" },
		{ "directory", CODE_INTERPRETER_UNUSABLE, "interpreter @/directory is a directory" },
		{ "fifo", CODE_INTERPRETER_UNUSABLE, "interpreter @/fifo is not a regular file" },
		{ "closed", CODE_INTERPRETER_UNUSABLE, "interpreter @/closed is not executable for you" },
		{ "script", CODE_INTERPRETER_UNUSABLE,
		  "interpreter @/script is a script (it starts with #!), not a Python interpreter" },
		{ "text", CODE_INTERPRETER_UNUSABLE, "interpreter @/text is not a program" },
		{ "empty", CODE_INTERPRETER_UNUSABLE, "interpreter @/empty is not a program" },
		{ "cut", CODE_INTERPRETER_UNUSABLE, "interpreter @/cut is damaged: its program headers make no sense" },
		{ "./python2.7", CODE_INTERPRETER_UNUSABLE,
		  "interpreter @/python2.7 is older than Python 3.6, the oldest that pyconfine runs" },
		{ "new\nline", CODE_INTERPRETER_NOT_FOUND, "interpreter @/new\\x0aline does not exist" },
	};

	(void)state;
	tree_link("loop", "loop");
	tree_directory("directory");
	assert_int_equal(mkfifo(tree("fifo"), 0755), 0);
	tree_program("closed");
	assert_int_equal(chmod(tree("closed"), 0644), 0);
	tree_file("script", "#!/bin/sh\nexit 1\n", 0755);
	tree_file("text", "hello\n", 0755);
	tree_file("empty", "", 0755);
	tree_file("cut", "\177ELF", 0755);
	tree_program("python2.7");
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_refused(find_spec(rows[i].path), rows[i].code, rows[i].message);
	tree_program_for("foreign", TREE_OTHER_MACHINE, ELFCLASS64);
	assert_int_equal(find_spec("foreign"), -1);
	assert_non_null(strstr(err.message, "/foreign is a program for another kind of machine than "));
	tree_program_for("narrow", TREE_MACHINE, ELFCLASS32);
	assert_int_equal(find_spec("narrow"), -1);
	assert_int_equal(err.code, CODE_INTERPRETER_UNUSABLE);
}

/* Program headers that point outside the file must not be followed. */
static void survives_damaged_headers(void **state)
{
	static const struct {
		size_t offset;
		uint64_t value;
		size_t size;
	} rows[] = {
		{ offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX, 8 },
		{ offsetof(Elf64_Ehdr, e_phnum), 0xffff, 2 },
		{ offsetof(Elf64_Ehdr, e_phentsize), 1, 2 },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset), UINT64_MAX, 8 },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), UINT64_MAX, 8 },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 0, 8 },
		{ sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 5, 8 }, /* no NUL at its end */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		int fd;

		tree_program("python");
		fd = open(tree("python"), O_WRONLY | O_CLOEXEC);
		assert_int_equal(pwrite(fd, &rows[i].value, rows[i].size, (off_t)rows[i].offset), rows[i].size);
		close(fd);
		assert_refused(find_spec("python"), CODE_INTERPRETER_UNUSABLE,
		               "interpreter @/python is damaged: its program headers make no sense");
	}
}

static void auto_asks_in_order(void **state)
{
	struct interpreter_request request = { .script = "app/run.py",
		                               .virtual_env = keep("active"),
		                               .path = keep("bin") };

	(void)state;
	tree_program("bin/python3");
	assert_found(find(request), "@/bin/python3", "auto: python3 on PATH");
	assert_int_equal(found.note_count, 1);
	assert_string_equal(found.notes[0], with_tree("$VIRTUAL_ENV was passed over: there is no @/active/bin/python"));
	tree_program("other/python3.10");
	tree_file("app/run.py", with_tree("#!@/other/python3.10\nprint()\n"), 0644);
	assert_found(find(request), "@/other/python3.10", "auto: shebang");
	tree_program("active/bin/python");
	assert_found(find(request), "@/active/bin/python", "auto: $VIRTUAL_ENV");
	tree_program("app/.venv/bin/python");
	assert_found(find(request), "@/active/bin/python",
	             "auto: $VIRTUAL_ENV"); /* a .venv without pyvenv.cfg is none */
	tree_file("app/.venv/pyvenv.cfg", "version = 3.11.2\n", 0644);
	assert_found(find(request), "@/app/.venv/bin/python", "auto: @/app/.venv");
	/* Anybody could have put it there. */
	assert_int_equal(chmod(tree("app"), 01777), 0);
	assert_found(find(request), "@/active/bin/python", "auto: $VIRTUAL_ENV");
	assert_string_equal(found.notes[0],
	                    with_tree("@/app/.venv was passed over: everybody may write into its directory"));
	assert_int_equal(chmod(tree("app"), 0755), 0);
	/* The script behind a link has its .venv where it really lies; a broken one is an error, not another Python. */
	tree_link("link.py", "app/run.py");
	request.script = keep("link.py");
	assert_found(find(request), "@/app/.venv/bin/python", "auto: @/app/.venv");
	tree_link("app/.venv/bin/python", "/nowhere/python3.9");
	assert_int_equal(find(request), -1);
	assert_int_equal(err.code, CODE_INTERPRETER_NOT_FOUND);
}

static void reads_shebangs(void **state)
{
	static const struct {
		const char *line, *expected; /* NULL: the one on PATH */
	} rows[] = {
		{ "#!@/x/python3.10", "@/x/python3.10" },
		{ "#! @/x/python3.10 -u", "@/x/python3.10" },
		{ "#!@/x/python3.10\r", "@/x/python3.10" },
		{ "#!/usr/bin/env python3.10", "@/bin/python3.10" },
		{ "#!/usr/bin/env -S python3.10 -u", "@/bin/python3.10" },
		{ "#!/usr/bin/env -Spython3.10 -u", "@/bin/python3.10" },
		{ "#!/usr/bin/env -S -i A=b @/x/python3.10 -I", "@/x/python3.10" },
		{ "#!/usr/bin/env -S -u NAME python3.10", "@/bin/python3.10" },
		{ "#!/usr/bin/env --split-string=python3.10", "@/bin/python3.10" },
		{ "#!/usr/bin/env python", "@/bin/python" },
		{ "#!/usr/bin/env -S pyconfine --profile=p", NULL },
		{ "#!/usr/bin/pyconfine --profile=p", NULL },
		{ "#!/usr/bin/env -S pyconfine --python @/x/python3.10", NULL },
		{ "#!/usr/bin/env -S uv run --script", NULL },
		{ "#!/bin/sh", NULL },
		{ "#!@/x/none/python3", NULL },
		{ "#!@/x/wrapper/python3", NULL },
		{ "#!", NULL },
		{ "#!/usr/bin/env", NULL },
		{ "#!/usr/bin/env -S", NULL },
		{ "#!/usr/bin/env -S -u", NULL },
		{ "", NULL },
	};
	int fifo, waiting = 0;
	const char *line;

	(void)state;
	tree_program("x/python3.10");
	tree_file("x/wrapper/python3", "#!/bin/sh\n", 0755);
	tree_program("bin/python3");
	tree_program("bin/python");
	tree_program("bin/python3.10");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		int result;

		snprintf(text, sizeof(text), "%s\nprint()\n", with_tree(rows[i].line));
		tree_file("s.py", text, 0755);
		result = find((struct interpreter_request){ .script = "s.py", .path = keep("bin") });
		if (rows[i].expected)
			assert_found(result, rows[i].expected, "auto: shebang");
		else
			assert_found(result, "@/bin/python3", "auto: python3 on PATH");
	}
	/* A script for Python 2 is not run by Python 3 behind its author's back. */
	tree_program("x/python2.7");
	tree_file("s.py", with_tree("#!@/x/python2.7\n"), 0755);
	assert_int_equal(find((struct interpreter_request){ .script = "s.py", .path = keep("bin") }), -1);
	assert_int_equal(err.code, CODE_INTERPRETER_UNUSABLE);
	/* What comes through a FIFO is the script's text, and stays in it. */
	assert_int_equal(mkfifo(tree("pipe.py"), 0644), 0);
	assert_found(find((struct interpreter_request){ .script = "pipe.py", .path = keep("bin") }), "@/bin/python3",
	             "auto: python3 on PATH");
	fifo = open(tree("pipe.py"), O_RDWR | O_CLOEXEC);
	line = with_tree("#!@/x/python3.10\n");
	assert_int_equal(write(fifo, line, strlen(line)), strlen(line));
	assert_found(find((struct interpreter_request){ .script = "pipe.py", .path = keep("bin") }), "@/bin/python3",
	             "auto: python3 on PATH");
	assert_int_equal(ioctl(fifo, FIONREAD, &waiting), 0);
	assert_int_equal(waiting, strlen(line));
	close(fifo);
}

static void walks_path(void **state)
{
	char path[512];

	(void)state;
	tree_file("wrappers/python3", "#!/bin/sh\nexec /usr/bin/python3 \"$@\"\n", 0755);
	tree_directory("folder/python3");
	tree_program("closed/python3");
	assert_int_equal(chmod(tree("closed/python3"), 0644), 0);
	tree_program("bin/python3");
	tree_program("python3"); /* in the current directory, which relative entries mean */
	assert_int_equal(chdir(tree_root), 0);
	snprintf(path, sizeof(path), ":.:/nowhere:%s:%s:%s:%s", tree("closed"), tree("folder"), tree("wrappers"),
	         tree("bin"));
	assert_found(find((struct interpreter_request){ .path = path }), "@/bin/python3", "auto: python3 on PATH");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(found.note_count, 1);
	assert_string_equal(found.notes[0],
	                    with_tree("@/wrappers/python3 was passed over: it is a script (it starts with #!), "
	                              "not a Python interpreter"));
	assert_refused(
		find((struct interpreter_request){ .path = keep("wrappers") }), CODE_INTERPRETER_NOT_FOUND,
		"no Python was found: no .venv beside the script, no $VIRTUAL_ENV, no shebang, no python3 on PATH");
}

static const char shim[] = "#!/usr/bin/env bash\nexec pyenv exec \"${0##*/}\" \"$@\"\n";

static void make_pyenv(void)
{
	tree_file("pyenv/shims/python3", shim, 0755);
	tree_file("pyenv/shims/python3.12", shim, 0755);
	tree_program("pyenv/versions/3.9.18/bin/python3");
	tree_program("pyenv/versions/3.12.1/bin/python3.12");
	tree_link("pyenv/versions/3.12.1/bin/python3", "python3.12");
	tree_program("pyenv/versions/3.12.10/bin/python3.12");
	tree_link("pyenv/versions/3.12.10/bin/python3", "python3.12");
	for (int patch = 2; patch < 10; patch++) {
		char path[64];

		snprintf(path, sizeof(path), "pyenv/versions/3.12.%d/bin/python3", patch);
		tree_program(path);
	}
	tree_program("pyenv/versions/2.7.18/bin/python3");
	tree_program("system/python3");
}

static void resolves_shims(void **state)
{
	char path[256];
	struct interpreter_request request = { .script = "a/b/s.py", .path = path };

	(void)state;
	make_pyenv();
	tree_directory("a/b");
	snprintf(path, sizeof(path), "%s:%s", tree("pyenv/shims"), tree("system"));
	/* pyenv without an opinion means the system's. */
	assert_found(find(request), "@/system/python3", "auto: python3 on PATH");
	tree_file("pyenv/version", "3.9.18\n", 0644);
	assert_found(find(request), "@/pyenv/versions/3.9.18/bin/python3",
	             "auto: python3 on PATH (pyenv 3.9.18, from @/pyenv/version)");
	assert_string_equal(found.version, "3.9");
	tree_file("a/.python-version", "# chosen\n\n3.7.1\n3.12\n", 0644);
	assert_found(find(request), "@/pyenv/versions/3.12.10/bin/python3",
	             "auto: python3 on PATH (pyenv 3.12.10, from @/a/.python-version)");
	request.pyenv_version = "python-3.12.1";
	assert_found(find(request), "@/pyenv/versions/3.12.1/bin/python3",
	             "auto: python3 on PATH (pyenv 3.12.1, from $PYENV_VERSION)");
	request.pyenv_version = "system";
	assert_found(find(request), "@/system/python3", "auto: python3 on PATH");
	request.pyenv_version = "3.10.2";
	assert_refused(find(request), CODE_INTERPRETER_NOT_FOUND,
	               "pyenv has no python3 for version 3.10.2, which $PYENV_VERSION asks for");
	tree_program("outside/bin/python3");
	request.pyenv_version = "../../outside";
	assert_int_equal(find(request), -1);
	/* Also when it is named by its path, or by a shebang. */
	request.pyenv_version = "3.12.1";
	request.spec.value = keep("pyenv/shims/python3");
	assert_found(find(request), "@/pyenv/versions/3.12.1/bin/python3",
	             "--python (pyenv 3.12.1, from $PYENV_VERSION)");
	/* Nothing chosen, and no system Python: the newest. */
	snprintf(path, sizeof(path), "%s", tree("pyenv/shims"));
	assert_int_equal(unlink(tree("pyenv/version")), 0);
	assert_int_equal(unlink(tree("a/.python-version")), 0);
	request = (struct interpreter_request){ .path = path };
	assert_found(find(request), "@/pyenv/versions/3.12.10/bin/python3", "auto: python3 on PATH, newest of pyenv");
}

static void finds_versions(void **state)
{
	struct interpreter_request request = { .path = keep("bin"), .pyenv_root = keep("pyenv"), .home = keep("home") };

	(void)state;
	make_pyenv();
	tree_program("bin/python3.23");
	tree_program("home/.local/share/uv/python/cpython-3.22.4-linux-x86_64-gnu/bin/python3.22");
	request.spec.value = "3.23";
	assert_found(find(request), "@/bin/python3.23", "--python");
	request.spec.value = "python3.23";
	assert_found(find(request), "@/bin/python3.23", "--python");
	request.spec.value = "3.22";
	assert_found(find(request), "@/home/.local/share/uv/python/cpython-3.22.4-linux-x86_64-gnu/bin/python3.22",
	             "--python (uv)");
	request.spec.value = "3.12.1";
	assert_found(find(request), "@/pyenv/versions/3.12.1/bin/python3.12", "--python (pyenv)");
	/* A shim answers for the version in its name only through pyenv's own directories. */
	request.spec.value = "3.12";
	request.path = keep("pyenv/shims");
	assert_found(find(request), "@/pyenv/versions/3.12.10/bin/python3.12", "--python (pyenv)");
}

static void lists_what_is_there(void **state)
{
	struct interpreter_request request = { .path = keep("bin"), .spec = { "3.99", { "p.yaml", 3, 1 }, NULL } };

	(void)state;
	for (int minor = 20; minor < 25; minor++) {
		char name[32];

		snprintf(name, sizeof(name), "bin/python3.%d", minor);
		tree_program(name);
	}
	assert_refused(find(request), CODE_INTERPRETER_NOT_FOUND,
	               "Python 3.99 was not found: not on PATH, in pyenv, uv, /opt, /usr/local/bin or /usr/bin");
	assert_int_equal(err.pos.line, 3);
	assert_int_equal(strncmp(err.hint,
	                         with_tree("Found: 3.24 (@/bin/python3.24), 3.23 (@/bin/python3.23), "
	                                   "3.22 (@/bin/python3.22), 3.21 (@/bin/python3.21) and "),
	                         strlen(with_tree("Found: 3.24 (@/bin/python3.24), 3.23 (@/bin/python3.23), "
	                                          "3.22 (@/bin/python3.22), 3.21 (@/bin/python3.21) and "))),
	                 0);
	assert_non_null(strstr(err.hint, " older.\nInstall it (pyenv install 3.99), or choose one that is there: "
	                                 "--python VERSION or PATH."));
	/* 3.2 is not the beginning of 3.20; and it is too old anyhow. */
	request.spec.value = "3.2";
	assert_refused(find(request), CODE_INTERPRETER_UNUSABLE,
	               "Python 3.2 is older than 3.6, the oldest that pyconfine runs");
	request.spec.value = "";
	assert_refused(find(request), CODE_INTERPRETER_NOT_FOUND, "\"\" names no interpreter");
	request.spec.value = "~/python3";
	assert_refused(find(request), CODE_INTERPRETER_NOT_FOUND, "\"~/python3\" names no interpreter");
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TREE_TEST(takes_a_path),
		TREE_TEST(keeps_a_venv_path),
		TREE_TEST(refuses_what_is_no_venv),
		TREE_TEST(names_each_fault),
		TREE_TEST(survives_damaged_headers),
		TREE_TEST(auto_asks_in_order),
		TREE_TEST(reads_shebangs),
		TREE_TEST(walks_path),
		TREE_TEST(resolves_shims),
		TREE_TEST(finds_versions),
		TREE_TEST(lists_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
