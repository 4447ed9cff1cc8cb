/* commands/report: where a report may go, and what it says. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/mounts.h"
#include "commands/render.h"
#include "commands/report.h"

/* --- what was refused --- */

static void denials_are_counted_and_bounded(void **state)
{
	static struct denials list;
	struct denial denial = { .code = "network.allow", .sys_errno = EACCES };
	char name[DENIAL_TARGET_SIZE + 10];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "unix:/run/%d", i % 20);
		denial_set_target(&denial, name);
		denials_add(&list, &denial);
	}
	assert_int_equal(list.count, DENIALS_MAX);
	assert_int_equal(list.items[0].count, 50);
	assert_string_equal(list.items[15].target, "unix:/run/15");
	assert_int_equal(list.more, 200);
	denial = list.items[0];
	denial.sys_errno = EPERM;
	list.count = 1;
	denials_add(&list, &denial);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[1].count, 1);
}

static void long_targets_are_cut(void **state)
{
	struct denial denial = { 0 };
	char name[DENIAL_TARGET_SIZE + 1] = "";

	(void)state;
	memset(name, 'a', DENIAL_TARGET_SIZE - 1);
	denial_set_target(&denial, name);
	assert_false(denial.cut);
	assert_string_equal(denial.target, name);
	name[DENIAL_TARGET_SIZE - 1] = 'a';
	denial_set_target(&denial, name);
	assert_true(denial.cut);
	assert_int_equal(strlen(denial.target), DENIAL_TARGET_SIZE - 1);
}

/* --- where files lie --- */

static const char table[] = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
			    "22 21 0:20 / /proc rw - proc proc rw\n"
			    "30 21 8:1 /srv/data /mnt/alias rw - ext4 /dev/root rw\n"
			    "31 21 8:2 / /srv/data/more rw - ext4 /dev/sdb rw\n"
			    "32 21 8:2 /a\\040b\\134 /mnt/with\\040blank rw - ext4 /dev/sdb rw\n"
			    "33 21 8:3\n"
			    "\n"
			    "34 21 8:4 /x /y";

static void locates(const struct mounts *mounts, struct arena *arena, int id, const char *path, const char *expected)
{
	struct location location = { 0 };
	char text[256] = "nowhere";

	if (mounts_locate(mounts, id, path, arena, &location))
		snprintf(text, sizeof(text), "%s %s", location.device, location.path);
	assert_string_equal(text, expected);
}

static void one_directory_has_one_location(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	char *text = arena_strdup(&arena, table);
	struct mounts mounts;

	(void)state;
	mounts_parse(text, &arena, &mounts);
	assert_int_equal(mounts.count, 6);
	locates(&mounts, &arena, 21, "/srv/data/x", "8:1 /srv/data/x");
	locates(&mounts, &arena, 30, "/mnt/alias/x", "8:1 /srv/data/x");
	locates(&mounts, &arena, 30, "/mnt/alias", "8:1 /srv/data");
	locates(&mounts, &arena, 31, "/srv/data/more", "8:2 /");
	locates(&mounts, &arena, 32, "/mnt/with blank/c", "8:2 /a b\\/c");
	locates(&mounts, &arena, 21, "/", "8:1 /");
	locates(&mounts, &arena, 30, "/mnt/aliases", "nowhere");
	locates(&mounts, &arena, 99, "/srv", "nowhere");
}

static void below_is_within_one_file_system(void **state)
{
	static const struct {
		struct location inner, outer;
		bool below;
	} rows[] = {
		{ { "8:1", "/srv/a" }, { "8:1", "/srv" }, true },  { { "8:1", "/srv" }, { "8:1", "/srv" }, true },
		{ { "8:1", "/srv/a" }, { "8:2", "/srv" }, false }, { { "8:1", "/srva" }, { "8:1", "/srv" }, false },
		{ { "8:1", "/srv" }, { "8:1", "/srv/a" }, false }, { { "8:1", "/srv" }, { "8:1", "/" }, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(location_is_below(&rows[i].inner, &rows[i].outer), rows[i].below);
}

/* --- where a report may go --- */

static char folder[] = "/tmp/pyconfine-report-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder) || mkdir("dir", 0700) || mkdir("open", 0700) || chmod("open", 0777) ||
	       mkdir("sticky", 0700) || chmod("sticky", 01777) || mkfifo("fifo", 0600) || symlink("dir/x", "link") ||
	       symlink("dir", "to-dir");
}

static int remove_folder(void **state)
{
	(void)state;
	return unlink("to-dir") || unlink("link") || unlink("fifo") || rmdir("sticky") || rmdir("open") ||
	       rmdir("dir") || rmdir(folder); /* nothing else was left there */
}

static void is_opened_before_anything_starts(void **state)
{
	static const char *const rows[][2] = {
		{ "new", "" },
		{ "./new", "" },
		{ "sticky/new", "" },
		{ "to-dir/new", "" },
		{ "dir/../new", "" },
		{ "./fd:3", "" },
		{ "open/new", "the report open/new: everybody may exchange what lies in that directory" },
		{ "no/new", "the report no/new: No such file or directory" },
		{ "fifo/new", "the report fifo/new: Not a directory" },
		{ "fifo", "the report fifo: it exists, and is not a regular file" },
		{ "dir", "the report dir: it exists, and is not a regular file" },
		{ "/dev/null", "the report /dev/null: it exists, and is not a regular file" },
		{ "dir/", "the report dir/: that is a directory" },
		{ "dir/..", "the report dir/..: that is a directory" },
		{ "/", "the report /: that is a directory" },
		{ "link", "the report link: it is a symbolic link, and none is followed" },
		{ "fd:0", "the report fd:0: that descriptor is the script's own: it could write a report itself" },
		{ "fd:02", "the report fd:02: that descriptor is the script's own: it could write a report itself" },
		{ "fd:999", "the report fd:999: no such descriptor is open" },
		{ "fd:", "--report: \"fd:\" is followed by the number of a descriptor" },
		{ "fd:-3", "--report: \"fd:\" is followed by the number of a descriptor" },
		{ "fd:3x", "--report: \"fd:\" is followed by the number of a descriptor" },
		{ "fd:4294967299", "--report: \"fd:\" is followed by the number of a descriptor" },
		{ "\033]0;x/y", "the report \\x1b]0;x/y: No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct report_place place;
		struct error err = { 0 };
		int result = report_open(rows[i][0], &place, &err);

		assert_string_equal(err.message, rows[i][1]);
		assert_int_equal(result, rows[i][1][0] ? -1 : 0);
		report_close(&place);
	}
}

static void descriptors_are_for_writing_and_not_the_scripts(void **state)
{
	static const struct {
		int flags;
		bool as_stdout;
		const char *expected;
	} rows[] = {
		{ O_WRONLY, false, "" },
		{ O_RDWR, false, "" },
		{ O_RDONLY, false, "the report fd:50: the descriptor is not open for writing" },
		{ O_PATH, false, "the report fd:50: the descriptor is not open for writing" },
		{ O_WRONLY, true,
		  "the report fd:50: it is what the script has as stdin, stdout or stderr: it could write a report itself" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int made = open("file", O_WRONLY | O_CREAT, 0600), fd = open("file", rows[i].flags), saved = dup(0),
		    result;
		struct report_place place;
		struct error err = { 0 };

		assert_int_equal(dup2(fd, 50), 50);
		if (rows[i].as_stdout)
			dup2(fd, 0);
		result = report_open("fd:50", &place, &err);
		dup2(saved, 0);
		assert_string_equal(err.message, rows[i].expected);
		assert_int_equal(result, rows[i].expected[0] ? -1 : 0);
		if (result == 0) /* the script does not get it */
			assert_int_equal(fcntl(50, F_GETFD), FD_CLOEXEC);
		close(50);
		close(fd);
		close(made);
		close(saved);
		unlink("file");
	}
}

/* --- what it says --- */

static struct prepared made_up(void)
{
	static const char *const no_environment[] = { NULL };
	static struct profile profile = { .name = "report", .path = "/srv/report.pyconfine.yaml", .sha256 = "9f2c" };
	struct prepared prepared = { .profile = profile, .session = "0123456789abcdef" };

	prepared.plan.profile = &profile;
	prepared.plan.script_label = "/srv/\377report.py";
	prepared.interpreter.path = "/usr/bin/python3.11";
	prepared.request.environment = no_environment;
	for (size_t i = 0; i < PROMISE_COUNT; i++)
		prepared.plan.promises[i].status = PROMISE_UNLIMITED;
	prepared.plan.promises[PROMISE_FILES] = (struct promise_row){ .kept_by = "Landlock v6",
		                                                      .status = PROMISE_ENFORCED };
	prepared.plan.promises[PROMISE_MEMORY] = (struct promise_row){ .kept_by = "nothing",
		                                                       .status = PROMISE_RELAXED };
	return prepared;
}

static void expect(const struct run_record *record, const char *expected)
{
	struct json_object *object = report_json(record);

	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE), expected);
	json_object_put(object);
}

#define WHO \
	"{\"v\":1,\"session\":\"0123456789abcdef\",\"profile\":{\"name\":\"report\",\"path\":\"/srv/report.pyconfine.yaml\"," \
	"\"sha256\":\"9f2c\"},\"script\":\"/srv/\\\\xffreport.py\",\"interpreter\":\"/usr/bin/python3.11\","
#define LAYERS \
	"\"layers\":[{\"promise\":\"files\",\"by\":\"Landlock v6\",\"enforced\":true}," \
	"{\"promise\":\"memory\",\"by\":\"nothing\",\"enforced\":false}],"

static void tells_of_a_run(void **state)
{
	static struct outcome outcome = { .kind = OUTCOME_EXITED,
		                          .status = 3,
		                          .usage = { .wall_ms = 1234, .cpu_ms = 56, .max_rss_bytes = 4096 } };
	const struct prepared prepared = made_up();
	const struct run_record record = { .prepared = &prepared, .outcome = &outcome, .exit_code = 3 };
	struct denial denial = { .code = "files.write", .fix = "files.write", .sys_errno = EPERM };

	(void)state;
	denial_set_target(&denial, "/etc/\033");
	denials_add(&outcome.denials, &denial);
	denials_add(&outcome.denials, &denial);
	denial = (struct denial){ .code = "network.allow", .sys_errno = EACCES, .target = "unix:@a" };
	denials_add(&outcome.denials, &denial);
	denial = (struct denial){
		.code = "files.write", .fix = "files.write", .sys_errno = EACCES, .target = "/a", .cut = true
	};
	denials_add(&outcome.denials, &denial);
	outcome.denials.more = 7;
	expect(&record, WHO
	       "\"outcome\":\"exited\",\"exit_code\":3,\"signal\":null,\"limit\":null,\"error\":null,"
	       "\"usage\":{\"wall_s\":1.234,\"cpu_s\":0.056,\"max_rss\":4096}," LAYERS
	       "\"denials\":[{\"code\":\"files.write\",\"target\":\"/etc/\\u001b\",\"errno\":\"EPERM\",\"count\":2,"
	       "\"at\":null,\"evidence\":\"observed\",\"fix\":{\"path\":\"files.write\",\"value\":\"/etc/\\u001b\"}},"
	       "{\"code\":\"network.allow\",\"target\":\"unix:@a\",\"errno\":\"EACCES\",\"count\":1,"
	       "\"at\":null,\"evidence\":\"observed\",\"fix\":null},"
	       "{\"code\":\"files.write\",\"target\":\"/a\",\"errno\":\"EACCES\",\"count\":1,"
	       "\"at\":null,\"evidence\":\"observed\",\"fix\":null}],\"denials_more\":7,\"outputs\":[]}");
}

static void tells_why_nothing_was_started(void **state)
{
	static const struct outcome outcome = { .kind = OUTCOME_SETUP_FAILED };
	const struct prepared nothing = { .session = "0123456789abcdef" };
	struct run_record record = { .prepared = &nothing, .exit_code = 125 };
	struct error err;

	(void)state;
	error_set(&err, CODE_CANNOT_KEEP, "exec \"cannot\" be kept");
	record.failure = &err;
	for (int i = 0; i < 2; i++, record.outcome = &outcome)
		expect(&record,
		       "{\"v\":1,\"session\":\"0123456789abcdef\",\"profile\":null,\"script\":null,\"interpreter\":null,"
		       "\"outcome\":\"setup-failed\",\"exit_code\":125,\"signal\":null,\"limit\":null,"
		       "\"error\":{\"code\":\"cannot-keep\",\"message\":\"exec \\\"cannot\\\" be kept\"},\"usage\":null,"
		       "\"layers\":[],\"denials\":[],\"denials_more\":0,\"outputs\":[]}");
}

static void names_the_limit(void **state)
{
	static const struct {
		struct outcome outcome;
		const char *expected;
	} rows[] = {
		{ { .kind = OUTCOME_SIGNALED, .status = 9 },
		  "\"signaled\",\"exit_code\":0,\"signal\":9,\"limit\":null" },
		{ { .kind = OUTCOME_DENIED }, "\"denied\",\"exit_code\":0,\"signal\":null,\"limit\":null" },
		{ { .kind = OUTCOME_TIMEOUT, .limit = { PROMISE_TIMEOUT, 1500, 0 } },
		  "\"timeout\",\"exit_code\":0,\"signal\":null,"
		  "\"limit\":{\"key\":\"limits.timeout\",\"value\":1.500,\"peak\":null}" },
		{ { .kind = OUTCOME_MEMORY, .limit = { PROMISE_MEMORY, 256 << 20, 300 << 20 } },
		  "\"memory\",\"exit_code\":0,\"signal\":null,"
		  "\"limit\":{\"key\":\"limits.memory\",\"value\":268435456,\"peak\":314572800}" },
		{ { .kind = OUTCOME_CPU_TIME, .limit = { PROMISE_CPU_TIME, 2000, 2010 } },
		  "\"limit\",\"exit_code\":0,\"signal\":null,"
		  "\"limit\":{\"key\":\"limits.cpu_time\",\"value\":2.000,\"peak\":2.010}" },
		{ { .kind = OUTCOME_LIMIT, .limit = { PROMISE_PROCESS_COUNT, 64, 65 } },
		  "\"limit\",\"exit_code\":0,\"signal\":null,"
		  "\"limit\":{\"key\":\"limits.processes\",\"value\":64,\"peak\":65}" },
	};
	const struct prepared prepared = made_up();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct run_record record = { .prepared = &prepared, .outcome = &rows[i].outcome };
		char expected[4096];

		snprintf(
			expected, sizeof(expected),
			WHO
			"\"outcome\":%s,\"error\":null,\"usage\":{\"wall_s\":0.000,\"cpu_s\":0.000,\"max_rss\":0}," LAYERS
			"\"denials\":[],\"denials_more\":0,\"outputs\":[]}",
			rows[i].expected);
		expect(&record, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(denials_are_counted_and_bounded),
		cmocka_unit_test(long_targets_are_cut),
		cmocka_unit_test(one_directory_has_one_location),
		cmocka_unit_test(below_is_within_one_file_system),
		cmocka_unit_test(is_opened_before_anything_starts),
		cmocka_unit_test(descriptors_are_for_writing_and_not_the_scripts),
		cmocka_unit_test(tells_of_a_run),
		cmocka_unit_test(tells_why_nothing_was_started),
		cmocka_unit_test(names_the_limit),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
