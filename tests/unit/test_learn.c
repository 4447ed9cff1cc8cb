/* Folding and writing: exact texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "learn/write.h"
#include "plan/links.h"

/* A machine of these: directories end with a slash. */
static const char *const there[] = {
	"/",
	"/data/",
	"/data/in.csv",
	"/data/state",
	"/data/out/",
	"/etc/",
	"/etc/hostname",
	"/etc/mime.types",
	"/home/",
	"/home/u/",
	"/home/u/.ssh/",
	"/home/u/.ssh/id_rsa",
	"/home/u/app/",
	"/home/u/app/job.py",
	"/home/u/app/conf",
	"/home/u/work/",
	"/tmp/",
	"/usr/",
	"/usr/lib/",
	"/usr/bin/",
	"/usr/bin/echo",
	"/data/x: y #",
	"/data/lib.so.1",
	NULL,
};

static struct fold_place look(void *owner, const char *path)
{
	(void)owner;
	for (size_t i = 0; there[i]; i++) {
		size_t length = strlen(there[i]);
		int directory = length > 1 && there[i][length - 1] == '/';

		if (strncmp(there[i], path, length - (size_t)directory) == 0 &&
		    path[length - (size_t)directory] == '\0')
			return (struct fold_place){ true, directory || length == 1, !directory && length > 1 };
	}
	if (strncmp(path, "/data/many/", 11) == 0)
		return (struct fold_place){ true, false, true };
	return (struct fold_place){ strcmp(path, "/data/many") == 0, strcmp(path, "/data/many") == 0, false };
}

static bool shown(void *owner, const char *path)
{
	(void)owner;
	return path_is_below(path, "/home/u/app") || path_is_below(path, "/usr/lib");
}

static bool hidden(void *owner, const char *path)
{
	(void)owner;
	return path_is_below(path, "/home/u/.ssh");
}

static bool never(void *owner, const char *path)
{
	(void)owner;
	(void)path;
	return false;
}

static const struct fold_host host = { .look = look,
	                               .is_shown = shown,
	                               .is_hidden = hidden,
	                               .is_program = never,
	                               .is_writable = never,
	                               .home = "/home/u",
	                               .script_dir = "/home/u/app" };

struct seen {
	unsigned use;
	const char *target;
};

/* "read /data/in.csv|..." and "-what: why" of what is not granted. */
static void expect(const struct seen *seen, const char *expected)
{
	static const char *const kinds[] = { "read", "write", "exec", "preset", "net", "listen" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct learn_record *record = arena_alloc(&arena, sizeof(*record));
	TEXT_CLEANUP struct text out = { 0 };
	struct folded folded;

	record->arena = &arena;
	for (; seen->target; seen++)
		record_add(record, seen->use, seen->target, NULL);
	fold(record, &host, &arena, &folded);
	for (size_t i = 0; i < folded.grant_count; i++)
		text_addf(&out, "%s %s%s\n", kinds[folded.grants[i].kind], folded.grants[i].value,
		          folded.grants[i].exec ? " exec" : "");
	for (size_t i = 0; i < folded.remark_count; i++)
		text_addf(&out, "- %s: %s\n", folded.remarks[i].what, folded.remarks[i].why);
	assert_string_equal(text_string(&out), expected);
}

#define SEEN(...) ((const struct seen[]){ __VA_ARGS__, { 0, NULL } })

static void reads(void **state)
{
	(void)state;
	expect(SEEN({ USE_READ, "/data/./in.csv" }, { USE_READ, "/home/u/app/conf" }, { USE_READ, "/data/absent" },
	            { USE_LOOK, "/data" }, { USE_LOOK, "/etc/hostname" }, { USE_READ, "/etc/mime.types" },
	            { USE_READ, "/proc/meminfo" }, { USE_READ, "/data/lib.so.1" }),
	       "read /data/in.csv\nread /data/lib.so.1 exec\nread /etc/hostname\npreset mime\n");
}

static void writes(void **state)
{
	(void)state;
	expect(SEEN({ USE_WRITE, "/data/state" }, { USE_CREATE, "/data/out/new" }, { USE_CREATE, "/tmp/abc" },
	            { USE_CREATE, "/home/u/.cache/x/y" }, { USE_CREATE, "/home/u/work/result" },
	            { USE_CREATE, "/home/u/app/__pycache__/x.pyc" }),
	       "write /data/out\nwrite /data/state\nwrite /home/u/work\n"
	       "- /home/u/.cache/x/y (written): the home directory is a private one: it goes with the run\n");
}

static void never_the_whole(void **state)
{
	(void)state;
	expect(SEEN({ USE_LIST, "/" }, { USE_LIST, "/etc" }, { USE_LIST, "/usr" }, { USE_LIST, "/home/u" },
	            { USE_CREATE, "/etc/new" }),
	       "- /etc (listed): it holds much more than this script's files\n"
	       "- /usr (listed): it holds much more than this script's files\n"
	       "- /etc (files created): password hashes of every account\n");
}

static void hidden_things_are_named(void **state)
{
	(void)state;
	expect(SEEN({ USE_READ, "/home/u/.ssh/id_rsa" }),
	       "- /home/u/.ssh/id_rsa (hidden from this run): private keys: every machine that the account can log "
	       "into\n");
}

static void names_that_cannot_be_written(void **state)
{
	(void)state;
	expect(SEEN({ USE_READ, "/data/many/a\nb" }, { USE_READ, "/data/many/${HOME}" },
	            { USE_READ, "/data/many/\xff" }, { USE_READ, "/data/x: y #" }),
	       "read /data/x: y #\n"
	       "- /data/many/a\nb (read): its name cannot be written into a profile\n"
	       "- /data/many/${HOME} (read): its name cannot be written into a profile\n"
	       "- /data/many/\xff (read): its name cannot be written into a profile\n");
}

static void many_are_their_directory(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct seen seen[20] = { { 0, NULL } };

	(void)state;
	for (int i = 0; i <= FOLD_FILES; i++)
		seen[i] = (struct seen){ USE_READ, arena_printf(&arena, "/data/many/%d", i) };
	expect(seen, "read /data/many\n");
}

static void programs_and_networks(void **state)
{
	(void)state;
	expect(SEEN({ USE_EXEC, "/usr/bin/echo" }, { USE_EXEC, "/opt/echo" }, { USE_LISTEN, "127.0.0.1:8000" },
	            { USE_CONNECT, "127.0.0.1:8000" }, { USE_CONNECT, "192.0.2.1:443" }, { USE_CALL, "unshare" }),
	       "exec /usr/bin/echo\n"
	       "- connect 192.0.2.1:443: there was no network in this run: --net learns it\n"
	       "- system call unshare: the filter refuses it; system.syscalls.allow would let it\n");
}

static void a_flood_is_bounded(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct learn_record *record = arena_alloc(&arena, sizeof(*record));
	char name[64];

	(void)state;
	record->arena = &arena;
	for (int i = 0; i < RECORD_TARGETS_MAX + 1000; i++) {
		snprintf(name, sizeof(name), "/data/many/%d", i);
		record_add(record, USE_READ, name, NULL);
	}
	record_add(record, USE_READ, "relative", NULL);
	assert_int_equal(record->count, RECORD_TARGETS_MAX);
	assert_int_equal(record->dropped, 1001);
}

static void the_text(void **state)
{
	struct grant grants[] = {
		{ .kind = GRANT_READ, .value = "/data/x: y #", .why = "read, job.py:3 in load\n- evil" },
		{ .kind = GRANT_WRITE, .value = "/home/u/app/out", .why = "files created" },
		{ .kind = GRANT_EXEC, .value = "/usr/bin/echo", .why = "run" },
	};
	struct remark remarks[] = { { "/etc/a\nexec: any", "it is sensitive" } };
	const struct folded folded = { .grants = grants, .grant_count = 3, .remarks = remarks, .remark_count = 1 };
	const struct learn_text about = {
		.script = "job.py",
		.date = "2026-11-24",
		.how_it_ended = "ended with status 0",
		.home = "/home/u",
		.script_dir = "/home/u/app",
		.usage = { .wall_ms = 1500, .memory_bytes = 101 << 20, .threads = 5, .open_files = 9 }
	};
	TEXT_CLEANUP struct text out = { 0 };

	(void)state;
	learn_write(&folded, &about, &out);
	assert_string_equal(text_string(&out),
	                    "# Learned by pyconfine " PYCONFINE_VERSION " on 2026-11-24 from one run of job.py,\n"
	                    "# which ended with status 0.\n"
	                    "# It grants what that run did beyond the built-in `offline`. Another run may need more.\n"
	                    "version: 1\n"
	                    "\n"
	                    "files:\n"
	                    "  read:\n"
	                    "    - \"/data/x: y #\"                              # read, job.py:3 in load\\x0a- evil\n"
	                    "  write:\n"
	                    "    - \"${SCRIPT_DIR}/out\"                         # files created\n"
	                    "\n"
	                    "exec:\n"
	                    "  - /usr/bin/echo                                 # run\n"
	                    "\n"
	                    "limits:\n"
	                    "  memory: 256M                                    # peak 101M\n"
	                    "  processes: 32                                   # peak 5, threads included\n"
	                    "  open_files: 64                                  # peak 9 in one process\n"
	                    "  # timeout: 30s                                  # it took 1500ms\n"
	                    "\n"
	                    "# Seen, and not granted:\n"
	                    "#   /etc/a\\x0aexec: any: it is sensitive\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(writes),
		cmocka_unit_test(never_the_whole),
		cmocka_unit_test(hidden_things_are_named),
		cmocka_unit_test(names_that_cannot_be_written),
		cmocka_unit_test(many_are_their_directory),
		cmocka_unit_test(programs_and_networks),
		cmocka_unit_test(a_flood_is_bounded),
		cmocka_unit_test(the_text),
	};

	return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
