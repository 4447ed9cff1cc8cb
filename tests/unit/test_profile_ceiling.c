/* profile/ceiling: the administrator's last word, by user and group. */
#include "profile_helpers.h"

#include "tree.h"

static struct profile_request request;
static char ceiling[600], profile[600];

static int set_up(void **state)
{
	if (tree_setup(state))
		return -1;
	snprintf(ceiling, sizeof(ceiling), "%s", tree("etc/ceiling.yaml"));
	snprintf(profile, sizeof(profile), "%s", tree("work/p.yaml"));
	request = (struct profile_request){
		.profile = profile, .uid = geteuid(), .gid = 77, .user_name = "eve", .ceiling_path = ceiling
	};
	return 0;
}

static void load(struct reading *reading, const char *most, const char *text)
{
	char whole[2000];

	*reading = (struct reading){ 0 };
	reading->diagnostics.arena = &reading->arena;
	snprintf(whole, sizeof(whole), "version: 1\n%s", most);
	tree_file("etc/ceiling.yaml", whole, 0644);
	snprintf(whole, sizeof(whole), "version: 1\n%s", text);
	tree_file("work/p.yaml", whole, 0644);
	reading->result = profile_load(&request, &reading->arena, &reading->profile, &reading->diagnostics);
	diagnostics_sort(&reading->diagnostics);
}

static void grants_outside_are_errors(void **state)
{
	static const struct {
		const char *most, *text, *words; /* NULL: permitted */
	} rows[] = {
		{ "files: {read: [/srv]}", "files: {read: [/srv/data]}", NULL },
		{ "files: {read: [/srv]}", "files: {read: [/srvx]}", "files.read: /srvx is more than" },
		{ "files: {read: [/srv]}", "files: {read: [/]}", "files.read: / is more than" },
		{ "files: {read: [/srv]}", "files: {write: [/srv/out]}", NULL },
		{ "files: {read: [/srv]}", "files: {write: [/etc]}", "files.write: /etc is more than" },
		{ "files: {write: [/out]}", "files: {read: [/anything]}", NULL },
		{ "files: {write: [/out]}", "files: {write: [/srv]}", "files.write: /srv is more than" },
		{ "files: {read: [/srv], write: [/out]}", "files: {read: [/out/x]}", NULL },
		{ "files: {write: []}", "files: {write: [/srv]}", "files.write: /srv is more than" },
		{ "files: {read: [\"${HOME}\"]}", "files: {read: [/srv]}", NULL }, /* left to the plan */
		{ "files: {read: [/srv]}", "files: {read: [\"${HOME}/x\"]}", NULL },
		{ "files: {read: [/srv]}", "files: {read: [/srv/../etc]}", NULL },
		{ "network: none", "network: host", "network: host is more than" },
		{ "network: none", "network: {allow: [\"a.net:1\"]}", "network.allow: a.net:1 is more than" },
		{ "network: {allow: [\"*.net:1\"]}", "network: {allow: [\"a.net:1\"]}", NULL },
		{ "network: {allow: [\"*.net:1\"]}", "network: {allow: [\"a.net:2\"]}",
		  "network.allow: a.net:2 is more than" },
		{ "network: {allow: [\"10.0.0.0/8:1-9\"]}", "network: {allow: [\"10.1.2.3:5\"]}", NULL },
		{ "network: {listen: [80]}", "network: {listen: [81]}", "network.listen: 81 is more than" },
		{ "network: {listen: [80]}", "network: {loopback: host}", "network.loopback: host is more than" },
		{ "network: host", "network: host", NULL },
		{ "exec: none", "exec: [git]", "exec: git is more than" },
		{ "exec: [git]", "exec: [git]", NULL },
		{ "exec: [git]", "exec: any", "exec: any is more than" },
		{ "exec: any", "exec: any", NULL },
		{ "env: {allow: [\"APP_*\", LANG, \"LC_*\", TZ]}", "env: {allow: [\"APP_A*\", LC_ALL]}", NULL },
		{ "env: {allow: [\"APP_*\"]}", "env: {allow: [\"AP*\"]}", "env.allow: AP* is more than" },
		{ "files: {presets: [python]}", "files: {presets: [dns]}", "files.presets: dns is more than" },
		{ "system: {capabilities: []}", "system: {capabilities: [CAP_KILL]}",
		  "system.capabilities: CAP_KILL is more" },
		{ "system: {syscalls: {allow: [mlock]}}", "system: {syscalls: {allow: [mlock]}}", NULL },
		{ "system: {syscalls: {allow: []}}", "system: {syscalls: {allow: [mlock]}}",
		  "system.syscalls.allow: mlock is" },
		{ "system: {user: nobody}", "system: {user: keep}", "system.user: this user is more than" },
		{ "require: all", "require: {memory: best-effort}", "require: memory is more than" },
		{ "require: {memory: best-effort}", "require: {memory: per-process}", NULL },
		{ "env: {allow: [\"DB_*\", LANG, \"LC_*\", TZ]}", "secrets: {db: {from: \"env:DB_PW\"}}", NULL },
		{ "env: {allow: [LANG, \"LC_*\", TZ]}", "secrets: {db: {from: \"env:DB_PW\"}}",
		  "secrets: env:DB_PW is more than" },
		{ "env: {allow: []}", "secrets: {db: {from: \"fd:3\"}}", NULL },
		{ "limits: {memory: 1G}", "secrets: {db: {from: \"env:DB_PW\"}}", NULL },
		{ "limits: {memory: 1G}", "network: host\nexec: any", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;
		const struct diagnostic *item;

		load(&reading, rows[i].most, rows[i].text);
		item = message_of(&reading, CODE_LOCKED);
		if (!rows[i].words) {
			assert_clean(&reading);
			continue;
		}
		if (!item || !strstr(item->message, rows[i].words) || !strstr(item->message, "ceiling.yaml") ||
		    reading.diagnostics.errors != 1) {
			print_messages(&reading);
			fail_msg("%s / %s", rows[i].most, rows[i].text);
		}
		assert_string_equal(item->pos.file, profile);
		assert_int_equal(item->pos.line, 2);
		assert_non_null(item->source_line);
	}
}

static void what_builtin_profiles_grant_is_taken_away(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	load(&reading, "files: {presets: [python]}\nenv: {allow: [LANG]}", "files: {presets: [python]}");
	assert_clean(&reading);
	assert_int_equal(reading.profile.files.presets.count, 1);
	assert_int_equal(reading.profile.env.allow.count, 1);
}

static void limits_are_cut(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	load(&reading, "limits: {memory: 512M, timeout: 1m, processes: 1000}", "limits: {memory: 2G, timeout: none}");
	assert_clean(&reading);
	assert_int_equal(reading.profile.limits.memory.value, 512 << 20);
	assert_true(reading.profile.limits.memory.named);
	assert_string_equal(reading.profile.limits.memory.pos.file, ceiling);
	assert_int_equal(reading.profile.limits.timeout.value, 60000);
	assert_int_equal(reading.profile.limits.processes.value, 64);
	assert_int_equal(reading.diagnostics.count, 1);
	assert_int_equal(reading.diagnostics.items[0].severity, SEVERITY_NOTE);
}

static void values_are_imposed(void **state)
{
	const struct profile_flag flag = { "files.read", "/x", "--read" };
	READING_CLEANUP struct reading reading, with_flag;

	(void)state;
	load(&reading,
	     "locked: true\non_denial: kill\npython: {isolated: true}\nsystem: {user: nobody, syscalls: {strict: true, "
	     "deny: [mlock]}}\n"
	     "files: {deny: [/srv/private]}",
	     "files: {deny: [/a]}");
	assert_clean(&reading);
	assert_true(reading.profile.locked);
	assert_true(reading.profile.python.isolated);
	assert_true(reading.profile.system.strict_syscalls);
	assert_int_equal(reading.profile.on_denial, DENIAL_KILL);
	assert_int_equal(reading.profile.system.user, USER_NOBODY);
	assert_int_equal(reading.profile.files.deny.count, 2);
	assert_int_equal(reading.profile.system.syscalls_deny.count, 1);
	request.flags = &flag;
	request.flag_count = 1;
	load(&with_flag, "locked: true", "");
	assert_int_equal(with_flag.result, -1);
	assert_string_equal(with_flag.diagnostics.items[0].message, "--read is refused: the profile is locked");
}

static void flags_are_held_to_it_as_well(void **state)
{
	const struct profile_flag flag = { "files.write", "/etc", "--write" };
	READING_CLEANUP struct reading reading;

	(void)state;
	request.flags = &flag;
	request.flag_count = 1;
	load(&reading, "files: {write: [/out]}", "");
	assert_int_equal(reading.result, -1);
	assert_non_null(strstr(message_of(&reading, CODE_LOCKED)->message, "files.write: /etc is more than"));
	assert_string_equal(message_of(&reading, CODE_LOCKED)->pos.file, "--write");
}

static void the_first_rule_that_fits_counts(void **state)
{
	static const char most[] = "network: none\nrules:\n"
				   "- {groups: [staff], network: {allow: [\"a.net:1\"]}}\n"
				   "- {users: [eve, bob], network: host}\n"
				   "- {groups: [77], exec: none}\n";
	static const char *const staff[] = { "users", "staff", NULL };
	READING_CLEANUP struct reading reading;

	(void)state;
	load(&reading, most, "network: host"); /* eve */
	assert_clean(&reading);
	reading_free(&reading);
	request.group_names = staff; /* eve in staff: the first rule */
	load(&reading, most, "network: host");
	assert_int_equal(reading.result, -1);
	reading_free(&reading);
	request.group_names = NULL;
	request.user_name = "mallory"; /* by the number of the group */
	load(&reading, most, "network: host");
	assert_clean(&reading);
	reading_free(&reading);
	load(&reading, most, "exec: any");
	assert_int_equal(reading.result, -1);
	reading_free(&reading);
	request.gid = 78; /* nobody's rule */
	load(&reading, most, "network: host");
	assert_int_equal(reading.result, -1);
}

static void what_only_the_plan_can_compare_is_kept(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	load(&reading, "files: {read: [\"${HOME}\"]}", "");
	assert_clean(&reading);
	assert_non_null(reading.profile.ceiling);
	assert_string_equal(reading.profile.ceiling->file, ceiling);
	assert_true(reading.profile.ceiling->has_read && reading.profile.ceiling->has_write);
	assert_int_equal(reading.profile.ceiling->read.count, 1);
	reading_free(&reading);
	unlink(ceiling);
	reading = (struct reading){ 0 };
	reading.diagnostics.arena = &reading.arena;
	assert_int_equal(profile_load(&request, &reading.arena, &reading.profile, &reading.diagnostics), 0);
	assert_null(reading.profile.ceiling);
}

/* A ceiling that cannot be read is no ceiling that may be ignored. */
static void faulty_ceilings_refuse_everything(void **state)
{
	static const char *const rows[][2] = {
		{ "limits: {memory: 5}", "\"5\" has no unit; did you mean 5M?" },
		{ "python: {interpreter: auto}", "python.interpreter has no place in a ceiling" },
		{ "extends: offline", "extends has no place in a ceiling" },
		{ "outputs: {path: /a, as: /b}", "outputs.path has no place in a ceiling" },
		{ "rules: {users: [a]}", "rules takes a list, not a mapping" },
		{ "rules: [{exec: none}]", "a rule without users and groups" },
		{ "rules: [{users: eve, exec: none}]", "users takes a list, not a single value" },
		{ "rules: [{users: [bob], exce: none}]", "unknown key \"exce\"; did you mean \"exec\"?" },
		{ "files: {read: [\"${env:X}\"]}", "${env:X} is refused in a profile under /etc" },
		{ "users: [eve]", "unknown key \"users\"; did you mean \"system.user\"?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;
		bool found = false;

		load(&reading, rows[i][0], "");
		assert_int_equal(reading.result, -1);
		for (size_t k = 0; k < reading.diagnostics.count; k++)
			found = found || strcmp(reading.diagnostics.items[k].message, rows[i][1]) == 0;
		if (!found) {
			print_messages(&reading);
			fail_msg("%s", rows[i][0]);
		}
	}
	{
		READING_CLEANUP struct reading reading;

		load(&reading, "", "");
		assert_int_equal(chmod(ceiling, 0666), 0);
		reading_free(&reading);
		reading = (struct reading){ 0 };
		reading.diagnostics.arena = &reading.arena;
		assert_int_equal(profile_load(&request, &reading.arena, &reading.profile, &reading.diagnostics), -1);
		assert_int_equal(reading.diagnostics.items[0].code, CODE_PROFILE_UNTRUSTED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(grants_outside_are_errors, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(what_builtin_profiles_grant_is_taken_away, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(limits_are_cut, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(values_are_imposed, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(flags_are_held_to_it_as_well, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(the_first_rule_that_fits_counts, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(what_only_the_plan_can_compare_is_kept, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(faulty_ceilings_refuse_everything, set_up, tree_teardown),
	};

	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
