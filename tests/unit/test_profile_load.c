/* profile/load: where profiles are found, whom they may belong to, and what is refused without being opened. */
#include "profile_helpers.h"

#include "tree.h"

static struct profile_request request;
static char xdg[600], etc[600], vendor[600], script[600], ceiling[600];

static int set_up(void **state)
{
	if (tree_setup(state))
		return -1;
	snprintf(xdg, sizeof(xdg), "%s", tree("xdg"));
	snprintf(etc, sizeof(etc), "%s", tree("etc"));
	snprintf(vendor, sizeof(vendor), "%s", tree("vendor"));
	snprintf(script, sizeof(script), "%s", tree("work/report.py"));
	snprintf(ceiling, sizeof(ceiling), "%s", tree("none.yaml"));
	tree_directory("work");
	request = (struct profile_request){ .xdg_config_home = xdg,
		                            .system_dir = etc,
		                            .vendor_dir = vendor,
		                            .script = script,
		                            .uid = geteuid(),
		                            .gid = getegid(),
		                            .ceiling_path = ceiling };
	return 0;
}

static void load(struct reading *reading)
{
	*reading = (struct reading){ 0 };
	reading->diagnostics.arena = &reading->arena;
	reading->result = profile_load(&request, &reading->arena, &reading->profile, &reading->diagnostics);
}

static void assert_loads(const char *description)
{
	READING_CLEANUP struct reading reading;

	load(&reading);
	assert_clean(&reading);
	assert_non_null(reading.profile.description);
	assert_string_equal(reading.profile.description, description);
}

static void assert_refused(enum message_code code, const char *words)
{
	READING_CLEANUP struct reading reading;

	load(&reading);
	assert_int_equal(reading.result, -1);
	assert_int_equal(reading.diagnostics.errors, 1);
	if (reading.diagnostics.items[0].code != code || !strstr(reading.diagnostics.items[0].message, words)) {
		print_messages(&reading);
		fail_msg("expected: %s", words);
	}
}

#define PROFILE(description) "version: 1\ndescription: " description "\n"

static void the_first_hit_counts(void **state)
{
	(void)state;
	assert_loads("No network, no other programs, the script's directory read-only.");
	tree_file("work/report.pyconfine.yaml", PROFILE("beside"), 0644);
	assert_loads("beside");
	tree_file("vendor/mine.yaml", PROFILE("vendor"), 0644);
	request.environment = "mine";
	assert_loads("vendor");
	tree_file("etc/mine.yaml", PROFILE("etc"), 0644);
	assert_loads("etc");
	tree_file("xdg/pyconfine/profiles/mine.yaml", PROFILE("user"), 0644);
	assert_loads("user");
	request.profile = tree("etc/mine.yaml");
	assert_loads("etc");
	request.profile = "builtin:untrusted";
	assert_loads("Nothing but the script; tight limits and system calls; isolated Python; user nobody.");
}

static void builtin_names_can_be_shadowed_but_not_with_the_prefix(void **state)
{
	(void)state;
	tree_file("xdg/pyconfine/profiles/untrusted.yaml", PROFILE("mine") "extends: []\n", 0644);
	request.profile = "untrusted";
	assert_loads("mine");
	/* What nobody wrote is not taken from the user's files: the default `extends` is the built-in one. */
	tree_file("xdg/pyconfine/profiles/offline.yaml", PROFILE("shadow") "extends: []\nexec: any\n", 0644);
	tree_file("work/report.pyconfine.yaml", PROFILE("beside"), 0644);
	request.profile = NULL;
	{
		READING_CLEANUP struct reading reading;

		load(&reading);
		assert_clean(&reading);
		assert_int_equal(reading.profile.exec.mode, EXEC_NONE);
	}
}

static void names_and_paths(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	tree_file("work/sub/part.yaml", "version: 1\nfiles: {read: [data]}\n", 0644);
	tree_file("work/report.pyconfine.yaml", "version: 1\nextends: [sub/part.yaml]\nname: other\n", 0644);
	load(&reading);
	assert_clean(&reading);
	assert_string_equal(reading.profile.name, "other");
	assert_string_equal(reading.profile.path, tree("work/report.pyconfine.yaml"));
	assert_string_equal(reading.profile.files.read.items[1].path.base_dir, tree("work/sub"));
	reading_free(&reading);
	request.profile = "../evil";
	assert_refused(CODE_PROFILE_NOT_FOUND, "No such file");
	request.profile = ".hidden";
	assert_refused(CODE_PROFILE_NOT_FOUND, "there is no profile \".hidden\"");
	request.profile = "";
	assert_refused(CODE_PROFILE_NOT_FOUND, "there is no profile \"\"");
	request.profile = "untrustd";
	assert_refused(CODE_PROFILE_NOT_FOUND,
	               "--profile: there is no profile \"untrustd\"; did you mean \"untrusted\"?");
	request.profile = tree("work/absent.yaml");
	assert_refused(CODE_PROFILE_NOT_FOUND, "No such file or directory");
	request.profile = NULL;
	request.environment = "nope-nope";
	assert_refused(CODE_PROFILE_NOT_FOUND, "$PYCONFINE_PROFILE: there is no profile");
}

static void what_others_can_write_is_refused(void **state)
{
	(void)state;
	tree_file("work/report.pyconfine.yaml", PROFILE("x"), 0664);
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by its group (mode 0664)");
	tree_file("work/report.pyconfine.yaml", PROFILE("x"), 0646);
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by anybody (mode 0646)");
	tree_file("work/report.pyconfine.yaml", PROFILE("x"), 0644);
	assert_loads("x");
	assert_int_equal(chmod(tree("work"), 0775), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "directory");
	assert_int_equal(chmod(tree("work"), 01777), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by anybody (mode 1777)");
	/* Where there is no profile, it does not matter who could have made one. */
	unlink(tree("work/report.pyconfine.yaml"));
	assert_loads("No network, no other programs, the script's directory read-only.");
}

static void what_others_own_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root can give files away\n");
		skip();
	}
	tree_file("work/report.pyconfine.yaml", PROFILE("x"), 0644);
	assert_int_equal(chown(tree("work/report.pyconfine.yaml"), 1234, 0), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "belongs to user 1234");
	request.uid = 1234;
	assert_loads("x");
	assert_int_equal(chown(tree("work/report.pyconfine.yaml"), 0, 0), 0);
	assert_loads("x");
	assert_int_equal(chown(tree("work"), 4321, 0), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "belongs to user 4321");
}

/* A file that is refused is not passed over for the next place. */
static void a_refused_name_does_not_fall_through(void **state)
{
	(void)state;
	tree_file("xdg/pyconfine/profiles/untrusted.yaml", PROFILE("x"), 0666);
	request.profile = "untrusted";
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by anybody");
}

static void links_are_followed_where_each_step_is_trusted(void **state)
{
	(void)state;
	tree_file("real/a.yaml", PROFILE("real"), 0644);
	tree_link("work/report.pyconfine.yaml", "../real/a.yaml");
	assert_loads("real");
	tree_link("hop/b.yaml", tree("real/a.yaml"));
	tree_link("work/report.pyconfine.yaml", tree("hop/b.yaml"));
	assert_loads("real");
	/* The directory in the middle could be changed by others: so could the profile. */
	assert_int_equal(chmod(tree("hop"), 0777), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by anybody");
	assert_int_equal(chmod(tree("hop"), 0755), 0);
	assert_int_equal(chmod(tree("real"), 0777), 0);
	assert_refused(CODE_PROFILE_UNTRUSTED, "may be written by anybody");
	tree_link("work/report.pyconfine.yaml", "report.pyconfine.yaml");
	assert_refused(CODE_PROFILE_UNREADABLE, "a symbolic link that leads nowhere");
	tree_link("work/report.pyconfine.yaml", "/dev/null");
	assert_refused(CODE_PROFILE_UNREADABLE, "a device");
}

static void only_regular_files_are_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(tree("work/report.pyconfine.yaml"), 0644), 0);
	assert_refused(CODE_PROFILE_UNREADABLE, "is a FIFO"); /* and did not wait for a writer */
	unlink(tree("work/report.pyconfine.yaml"));
	tree_directory("work/report.pyconfine.yaml");
	assert_refused(CODE_PROFILE_UNREADABLE, "is a directory");
	request.profile = "/dev/zero";
	assert_refused(CODE_PROFILE_UNREADABLE, "is a device");
	request.profile = tree("work/");
	assert_refused(CODE_PROFILE_UNREADABLE, "is a directory");
	request.profile = "/";
	assert_refused(CODE_PROFILE_UNREADABLE, "is a directory");
	request.profile = "./";
	assert_refused(CODE_PROFILE_UNREADABLE, "is a directory");
}

static void large_files_are_refused(void **state)
{
	char *large = malloc((1 << 20) + 2);

	(void)state;
	memset(large, '#', (1 << 20) + 1);
	large[(1 << 20) + 1] = '\0';
	tree_file("work/report.pyconfine.yaml", large, 0644);
	free(large);
	assert_refused(CODE_TOO_LARGE, "is larger than 1 MiB");
}

static void loops_and_depth(void **state)
{
	(void)state;
	tree_file("work/report.pyconfine.yaml", "version: 1\nextends: [b.yaml]\n", 0644);
	tree_file("work/b.yaml", "version: 1\nextends: [report.pyconfine.yaml]\n", 0644);
	assert_refused(CODE_EXTENDS_LOOP, "extends leads back to");
	tree_file("work/report.pyconfine.yaml", "version: 1\nextends: [report.pyconfine.yaml]\n", 0644);
	assert_refused(CODE_EXTENDS_LOOP, "extends leads back to");
	for (int i = 0; i < 12; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), i ? "work/d%d.yaml" : "work/report.pyconfine.yaml", i);
		snprintf(text, sizeof(text), "version: 1\nextends: [d%d.yaml]\n", i + 1);
		tree_file(name, i == 8 ? "version: 1\nextends: []\n" : text, 0644);
	}
	{
		READING_CLEANUP struct reading reading;

		load(&reading); /* eight below the first */
		assert_clean(&reading);
	}
	tree_file("work/d8.yaml", "version: 1\nextends: [d9.yaml]\n", 0644);
	assert_refused(CODE_EXTENDS_LOOP, "extends is more than 8 deep");
	/* A profile that is called like a built-in one and means that one. */
	tree_file("xdg/pyconfine/profiles/offline.yaml", "version: 1\nextends: offline\n", 0644);
	request.profile = "offline";
	assert_refused(CODE_EXTENDS_LOOP, "extends leads back to");
}

static void two_ways_to_one_base_are_no_loop(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	tree_file("work/base.yaml", "version: 1\nextends: []\nlimits: {memory: 3G}\nfiles: {read: [/base]}\n", 0644);
	tree_file("work/l.yaml", "version: 1\nextends: [base.yaml]\nlimits: {memory: 2G}\nfiles: {read: [/l]}\n", 0644);
	tree_file("work/r.yaml", "version: 1\nextends: [base.yaml]\nfiles: {read: [/r], deny: [/l]}\nlocked: true\n",
	          0644);
	tree_file("work/report.pyconfine.yaml", "version: 1\nextends: [l.yaml, r.yaml]\nlocked: false\n", 0644);
	load(&reading);
	assert_clean(&reading);
	assert_int_equal(reading.profile.files.read.count, 3);
	assert_int_equal(reading.profile.files.deny.count, 1);
	assert_int_equal(reading.profile.limits.memory.value, (uint64_t)2 << 30);
	assert_true(reading.profile.locked); /* sticks */
	assert_non_null(message_of(&reading, CODE_LOCKED));
	assert_int_equal(message_of(&reading, CODE_LOCKED)->severity, SEVERITY_WARNING);
}

static void faults_of_extended_files_have_their_name(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	tree_file("work/base.yaml", "version: 1\nlimits: {memory: 5}\n", 0644);
	tree_file("work/report.pyconfine.yaml", "version: 1\nextends: [base.yaml]\nfiels: {}\n", 0644);
	load(&reading);
	assert_int_equal(reading.diagnostics.errors, 2);
	assert_string_equal(reading.diagnostics.items[0].pos.file, tree("work/base.yaml"));
	assert_string_equal(reading.diagnostics.items[1].pos.file, tree("work/report.pyconfine.yaml"));
}

static void locked_profiles_take_only_smaller_limits(void **state)
{
	const struct profile_flag rows[] = {
		{ "files.read", "/x", "--read" },
		{ "network.allow", "a:1", "--net" },
		{ "exec", "any", "--exec" },
		{ "env.allow", "A", "--env" },
		{ "python.interpreter", "3", "--python" },
		{ "limits.memory", "2G", "--memory" },
		{ "limits.memory", "none", "--memory" },
		{ "limits.timeout", "6s", "--timeout" },
	};
	const struct profile_flag smaller[] = { { "limits.memory", "1M", "--memory" },
		                                { "limits.timeout", "5s", "--timeout" },
		                                { "limits.file_size", "1M", "--file-size" } };
	READING_CLEANUP struct reading reading;

	(void)state;
	tree_file("work/report.pyconfine.yaml", "version: 1\nlocked: true\nlimits: {timeout: 5s}\n", 0644);
	request.flag_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request.flags = &rows[i];
		assert_refused(CODE_LOCKED, i < 5 ? "is refused: the profile is locked" : "may only shrink the limit");
	}
	request.flags = smaller;
	request.flag_count = 3;
	load(&reading);
	assert_clean(&reading);
	assert_int_equal(reading.profile.limits.memory.value, 1 << 20);
	assert_true(reading.profile.limits.file_size.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_hit_counts, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(builtin_names_can_be_shadowed_but_not_with_the_prefix, set_up,
		                                tree_teardown),
		cmocka_unit_test_setup_teardown(names_and_paths, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(what_others_can_write_is_refused, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(what_others_own_is_refused, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(a_refused_name_does_not_fall_through, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(links_are_followed_where_each_step_is_trusted, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(only_regular_files_are_opened, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(large_files_are_refused, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(loops_and_depth, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(two_ways_to_one_base_are_no_loop, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(faults_of_extended_files_have_their_name, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(locked_profiles_take_only_smaller_limits, set_up, tree_teardown),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
