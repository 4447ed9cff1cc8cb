/* profile/merge: `extends`, what adds and what replaces, flags and `locked`, and that everything reads back the
 * same. */
#include "profile_helpers.h"

#include "profile/table.h"

static bool has(const struct profile_strings *list, const char *value)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].value, value) == 0)
			return true;
	return false;
}

static void the_default_is_offline(void **state)
{
	READING_CLEANUP struct reading reading;
	const struct profile *p = &reading.profile;

	(void)state;
	read_merged(&reading, "version: 1\nfiles: {read: [/data]}\nlimits: {memory: 2G}\n");
	assert_clean(&reading);
	assert_string_equal(p->name, "test");
	assert_string_equal(p->chain, "./test.yaml <- builtin:offline");
	assert_null(p->description);
	assert_int_equal(p->files.read.count, 2);
	assert_string_equal(p->files.read.items[0].path.value, "${SCRIPT_DIR}");
	assert_string_equal(p->files.read.items[0].path.pos.file, "builtin:offline");
	assert_null(p->files.read.items[0].path.base_dir);
	assert_string_equal(p->files.read.items[1].path.value, "/data");
	assert_string_equal(p->files.read.items[1].path.base_dir, "/nowhere");
	assert_true(has(&p->files.presets, "python") && has(&p->files.presets, "tls"));
	assert_int_equal(p->files.tmp.value, 64 << 20);
	assert_int_equal(p->limits.memory.value, (uint64_t)2 << 30);
	assert_true(p->limits.memory.named);
	assert_int_equal(p->limits.processes.value, 64);
	assert_false(p->limits.processes.named);
	assert_int_equal(p->limits.grace.value, 5000);
	assert_false(p->limits.timeout.set);
	assert_int_equal(p->network.mode, NETWORK_NONE);
	assert_int_equal(p->exec.mode, EXEC_NONE);
	assert_int_equal(p->system.user, USER_AUTO);
}

static void nothing_comes_from_nothing(void **state)
{
	READING_CLEANUP struct reading reading;
	struct profile nothing = { 0 };

	(void)state;
	read_merged(&reading, "version: 1\nextends: []\n");
	assert_clean(&reading);
	assert_true(profile_equal(&reading.profile, &nothing));
	assert_string_equal(reading.profile.chain, "./test.yaml");
}

static void untrusted_is_tight(void **state)
{
	READING_CLEANUP struct reading reading;
	const struct profile *p = &reading.profile;

	(void)state;
	read_merged(&reading, "version: 1\nextends: untrusted\n");
	assert_clean(&reading);
	assert_int_equal(p->files.read.count, 0);
	assert_int_equal(p->files.write.count, 0);
	assert_true(p->python.isolated);
	assert_int_equal(p->network.mode, NETWORK_NONE);
	assert_int_equal(p->exec.mode, EXEC_NONE);
	assert_int_equal(p->system.user, USER_NOBODY);
	assert_true(p->system.strict_syscalls);
	assert_true(p->limits.timeout.set && p->limits.cpu_time.set && p->limits.memory.set);
	assert_int_equal(p->not_yet.count, 0);
}

/* One profile that is extended, then every rule of the table against what the file says. */
static void lists_add_and_scalars_replace(void **state)
{
	READING_CLEANUP struct reading reading;
	const struct profile *p = &reading.profile;

	(void)state;
	read_merged(
		&reading,
		"version: 1\nextends: [untrusted, worker]\npython: {isolated: false, options: [-O, -u]}\n"
		"files: {read: [/a], deny: [/d], presets: [tls, mime], tmp: 1M, home: none}\n"
		"env: {allow: [TZ, APP], set: {OMP_NUM_THREADS: 8, NEW: x}}\nlimits: {timeout: none, processes: 3}\n"
		"system: {user: keep, syscalls: {strict: false, deny: [mlock]}}\nrequire: {memory: best-effort}\n");
	assert_clean(&reading);
	assert_false(p->python.isolated);
	assert_int_equal(p->python.options.count, 2); /* -u of worker counts once */
	assert_int_equal(p->files.read.count, 2);     /* ${SCRIPT_DIR} of worker's offline */
	assert_int_equal(p->files.presets.count, 6);  /* python tz locale + tls dns + mime */
	assert_int_equal(p->files.deny.count, 1);
	assert_int_equal(p->files.tmp.value, 1 << 20);
	assert_int_equal(p->files.home, HOME_NONE);
	assert_int_equal(p->env.allow.count, 4);
	assert_int_equal(p->env.set.count, 3);
	assert_string_equal(p->env.set.items[0].value.value, "8");
	assert_false(p->limits.timeout.set);
	assert_int_equal(p->limits.processes.value, 3);
	assert_int_equal(p->limits.open_files.value, 4096); /* worker's, which stands right of untrusted */
	assert_int_equal(p->system.user, USER_KEEP);
	assert_false(p->system.strict_syscalls);
	assert_int_equal(p->require[PROMISE_MEMORY].level, REQUIRE_BEST_EFFORT);
	assert_int_equal(p->require[PROMISE_PROCESSES].level, REQUIRE_BEST_EFFORT);
	assert_int_equal(p->require[PROMISE_FILES].level, REQUIRE_DEFAULT);
	assert_string_equal(p->chain, "./test.yaml <- builtin:untrusted <- builtin:worker <- builtin:offline");
}

static void a_base_counts_once_where_it_is_met_first(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	/* worker builds on offline: met first by itself, it does not put its 1G over worker's "none" again. */
	read_merged(&reading, "version: 1\nextends: [worker, offline]\n");
	assert_clean(&reading);
	assert_false(reading.profile.limits.memory.set);
	assert_int_equal(reading.profile.limits.processes.value, 256);
	assert_int_equal(reading.profile.files.read.count, 1);
}

static void network_and_exec_are_widened_and_narrowed(void **state)
{
	const struct {
		const char *text;
		enum network_mode network;
		size_t allow;
		enum exec_mode exec;
		size_t programs;
	} rows[] = {
		{ "network: host\nexec: any\n", NETWORK_HOST, 0, EXEC_ANY, 0 },
		{ "network: {allow: [\"a:1\"]}\nexec: [git]\n", NETWORK_RULES, 1, EXEC_LIST, 1 },
		{ "network: {}\nexec: []\n", NETWORK_RULES, 0, EXEC_NONE, 0 },
		{ "network: none\nexec: none\n", NETWORK_NONE, 0, EXEC_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;
		char text[256];

		snprintf(text, sizeof(text), "version: 1\n%s", rows[i].text);
		read_merged(&reading, text);
		assert_clean(&reading);
		assert_int_equal(reading.profile.network.mode, rows[i].network);
		assert_int_equal(reading.profile.network.allow.count, rows[i].allow);
		assert_int_equal(reading.profile.exec.mode, rows[i].exec);
		assert_int_equal(reading.profile.exec.programs.count, rows[i].programs);
	}
}

static void unknown_names_are_reported_where_they_stand(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	read_merged(&reading,
	            "version: 1\nextends: [offlin, \"builtin:nothing-like-it\", ../x y, /nowhere/at/all.yaml]\n");
	assert_int_equal(reading.diagnostics.errors, 4);
	assert_message(&reading, CODE_PROFILE_NOT_FOUND, 2, 11, 6,
	               "there is no profile \"offlin\"; did you mean \"offline\"?");
	assert_string_equal(reading.diagnostics.items[3].message,
	                    "profile /nowhere/at/all.yaml: No such file or directory");
}

static void every_builtin_reads_back_equal(void **state)
{
	(void)state;
	for (const struct builtin_profile *builtin = builtin_profiles; builtin->name; builtin++) {
		READING_CLEANUP struct reading reading = { 0 };
		READING_CLEANUP struct reading again;
		TEXT_CLEANUP struct text emitted = { 0 };
		char name[64];
		const struct profile_request request = { .profile = name };

		snprintf(name, sizeof(name), "builtin:%s", builtin->name);
		reading.diagnostics.arena = &reading.arena;
		reading.result = profile_load(&request, &reading.arena, &reading.profile, &reading.diagnostics);
		assert_clean(&reading);
		assert_int_equal(reading.diagnostics.count, 0);
		assert_string_equal(reading.profile.name, builtin->name);
		assert_non_null(reading.profile.description);
		assert_null(reading.profile.path);
		assert_int_equal(reading.profile.not_yet.count, 0);
		assert_false(reading.profile.locked);
		profile_emit(&reading.profile, &emitted);
		read_alone(&again, text_string(&emitted));
		assert_clean(&again);
		assert_true(profile_equal(&reading.profile, &again.profile));
	}
}

/* Everything at once, with relative paths and ${PROFILE_DIR}, moves to another directory without changing its
 * meaning. */
static void an_emitted_profile_means_the_same_elsewhere(void **state)
{
	static const char text[] =
		"version: 1\ndescription: \"a \\\"quoted\\\" \\\\ line\\nand another\\u2028\"\n"
		"python: {interpreter: \"venv:env\", options: [-Wignore]}\n"
		"files: {read: [data, \"${PROFILE_DIR}/x\", \"~odd\", {path: \"a: b # c\", as: \"/in side\", exec: "
		"true}], write: [./o]}\n"
		"outputs: {path: out, as: /o, files: 3, size: 1.5K, suffixes: [.png]}\nexec: [bin/tool, git]\n"
		"env: {set: {A: \"${PROFILE_DIR}\", B: \"- x\", C: \" \", D: \"\xc3\xbc\"}}\nsecrets: {s: {from: "
		"\"fd:3\", as: \"env:S\"}}\n"
		"network: {listen: [80]}\nlimits: {cpus: 1.25, timeout: 90s, grace: 0s}\nrequire: {memory: "
		"per-process}\n"
		"system: {user: 7}\naudit: {log: \"file:/var/log/x\"}\n";
	READING_CLEANUP struct reading reading, elsewhere, unchanged;
	TEXT_CLEANUP struct text emitted = { 0 };

	(void)state;
	read_with(&reading, "/srv/app/test.yaml", text, strlen(text), NULL);
	assert_clean(&reading);
	profile_emit(&reading.profile, &emitted);
	assert_non_null(strstr(text_string(&emitted), "/srv/app/data"));
	assert_non_null(strstr(text_string(&emitted), "venv:/srv/app/env"));
	assert_null(strstr(text_string(&emitted), "PROFILE_DIR"));
	read_with(&elsewhere, "/other/place.yaml", text_string(&emitted), emitted.length, NULL);
	assert_clean(&elsewhere);
	assert_true(profile_equal(&reading.profile, &elsewhere.profile));
	assert_string_equal(elsewhere.profile.description, reading.profile.description);
	/* The same text there is another profile: equality is no matter of course. */
	read_with(&unchanged, "/other/place.yaml", text, strlen(text), NULL);
	assert_false(profile_equal(&reading.profile, &unchanged.profile));
}

static void load_with_flags(struct reading *reading, const char *profile, const struct profile_flag *flags,
                            size_t count)
{
	const struct profile_request request = { .profile = profile, .flags = flags, .flag_count = count };

	*reading = (struct reading){ 0 };
	reading->diagnostics.arena = &reading->arena;
	reading->result = profile_load(&request, &reading->arena, &reading->profile, &reading->diagnostics);
}

static void flags_come_last(void **state)
{
	const struct profile_flag flags[] = {
		{ "files.read", "data/in", "--read" },
		{ "files.write", "/out", "--write" },
		{ "network.allow", "a.net:443", "--net" },
		{ "exec", "git", "--exec" },
		{ "env.allow", "PATH", "--env" },
		{ "env.allow", "MODE=a=b", "--env" },
		{ "secrets", "db=env:DB", "--secret" },
		{ "limits.timeout", "30s", "--timeout" },
		{ "limits.memory", "none", "--memory" },
		{ "python.interpreter", "3.12", "--python" },
		{ "secrets", "k=file:k,as=x,as=env:KEY", "--secret" },
	};
	READING_CLEANUP struct reading reading;
	const struct profile *p = &reading.profile;

	(void)state;
	load_with_flags(&reading, "builtin:offline", flags, sizeof(flags) / sizeof(flags[0]));
	assert_clean(&reading);
	assert_string_equal(p->files.read.items[1].path.value, "data/in");
	assert_string_equal(p->files.read.items[1].path.pos.file, "--read");
	assert_null(p->files.read.items[1].path.base_dir);
	assert_int_equal(p->files.write.count, 1);
	assert_int_equal(p->network.mode, NETWORK_RULES);
	assert_int_equal(p->network.allow.count, 1);
	assert_int_equal(p->exec.mode, EXEC_LIST);
	assert_true(has(&p->env.allow, "PATH"));
	assert_string_equal(p->env.set.items[0].name.value, "MODE");
	assert_string_equal(p->env.set.items[0].value.value, "a=b");
	assert_string_equal(p->secrets.items[0].from.value, "env:DB");
	assert_int_equal(p->limits.timeout.value, 30000);
	assert_true(p->limits.timeout.named);
	assert_false(p->limits.memory.set);
	assert_string_equal(p->python.interpreter.value, "3.12");
	assert_string_equal(p->secrets.items[1].from.value, "file:k,as=x");
	assert_string_equal(p->secrets.items[1].as.value, "env:KEY");
	assert_int_equal(p->not_yet.count, 0);
	assert_string_equal(p->network.allow.items[0].pos.file, "--net");
}

static void faulty_flags_are_reported(void **state)
{
	const struct profile_flag flags[] = {
		{ "limits.memory", "512", "--memory" }, { "network.allow", "a.net", "--net" },
		{ "files.read", "~/x", "--read" },      { "secrets", "db", "--secret" },
		{ "env.allow", "A B", "--env" },
	};
	READING_CLEANUP struct reading reading;

	(void)state;
	load_with_flags(&reading, "builtin:offline", flags, 5);
	assert_int_equal(reading.result, -1);
	assert_int_equal(reading.diagnostics.errors, 5);
	assert_string_equal(reading.diagnostics.items[0].message, "\"512\" has no unit; did you mean 512M?");
	assert_string_equal(reading.diagnostics.items[0].pos.file, "--memory");
	assert_int_equal(reading.diagnostics.items[0].pos.line, 0);
	assert_null(reading.diagnostics.items[0].source_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_is_offline),
		cmocka_unit_test(nothing_comes_from_nothing),
		cmocka_unit_test(untrusted_is_tight),
		cmocka_unit_test(lists_add_and_scalars_replace),
		cmocka_unit_test(a_base_counts_once_where_it_is_met_first),
		cmocka_unit_test(network_and_exec_are_widened_and_narrowed),
		cmocka_unit_test(unknown_names_are_reported_where_they_stand),
		cmocka_unit_test(every_builtin_reads_back_equal),
		cmocka_unit_test(an_emitted_profile_means_the_same_elsewhere),
		cmocka_unit_test(flags_come_last),
		cmocka_unit_test(faulty_flags_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
