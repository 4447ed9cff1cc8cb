/* profile/: exact words and places of the faults that users meet, and what the values become. */
#include "profile_helpers.h"

static void the_contracts_examples(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	read_alone(&reading, "version: 1\nname: report\n\nfiels:\n  read: [/srv]\n\nlimits:\n  timeout: 30s\n    \n");
	assert_int_equal(reading.diagnostics.errors, 1);
	assert_message(&reading, CODE_UNKNOWN_KEY, 4, 1, 5, "unknown key \"fiels\"; did you mean \"files\"?");
	assert_string_equal(reading.diagnostics.items[0].source_line, "fiels:");
	reading_free(&reading);
	read_alone(&reading, "version: 1\nlimits:\n    memory: 512\n");
	assert_message(&reading, CODE_MISSING_UNIT, 3, 13, 3, "\"512\" has no unit; did you mean 512M?");
	assert_string_equal(reading.diagnostics.items[0].source_line, "    memory: 512");
}

static void all_faults_in_one_go(void **state)
{
	READING_CLEANUP struct reading reading;

	(void)state;
	read_alone(&reading,
	           "net: none\nlimits: {memory: 512, timeout: 10 minutes}\nfiles: {read: [\"~/x\", \"${HOEM}\"]}\n"
	           "locked: yes\nexec: git\n");
	assert_int_equal(reading.result, -1);
	assert_int_equal(reading.diagnostics.errors, 8);
	assert_message(&reading, CODE_MISSING_KEY, 1, 1, 1, "version is missing");
	assert_message(&reading, CODE_UNKNOWN_KEY, 1, 1, 3, "unknown key \"net\"; did you mean \"network\"?");
	assert_message(&reading, CODE_WRONG_UNIT, 2, 32, 10, "\"10 minutes\" has an unknown unit; did you mean 10m?");
	assert_message(&reading, CODE_BAD_PATH, 3, 16, 5,
	               "files.read: ~ is the shell's, and a profile has none; did you mean ${HOME}/x?");
	assert_message(&reading, CODE_BAD_VARIABLE, 3, 23, 9, "unknown variable ${HOEM}; did you mean ${HOME}?");
	assert_message(&reading, CODE_BAD_VALUE, 4, 9, 3, "locked is true or false, not \"yes\"; did you mean true?");
}

struct fault {
	const char *line;
	enum message_code code;
	const char *message;
	const char *hint; /* a part of it, or NULL */
};

static void single_faults(void **state)
{
	static const struct fault rows[] = {
		{ "version: 2", CODE_BAD_VALUE, "version \"2\" is not known; this pyconfine reads version 1",
		  "version: 1" },
		{ "files: {read: /srv}", CODE_WRONG_TYPE, "files.read takes a list, not a single value",
		  "Write [/srv]" },
		{ "files: [a]", CODE_WRONG_TYPE, "files takes a mapping, not a list", NULL },
		{ "files:", CODE_WRONG_TYPE, "files has no value", NULL },
		{ "files: {read: [\"\"]}", CODE_BAD_PATH, "files.read is empty", NULL },
		{ "files: {read: [\"a\\nb\"]}", CODE_BAD_VALUE, "files.read: a line break or a tab has no place here",
		  NULL },
		{ "files: {read: [{path: /a, as: b}]}", CODE_BAD_PATH, "as: \"b\" is not absolute", "/work/input" },
		{ "files: {read: [{path: /a, as: /b/../c}]}", CODE_BAD_PATH,
		  "as: \"/b/../c\" is no place of its own inside", NULL },
		{ "files: {read: [{path: /a, as: //}]}", CODE_BAD_PATH, "as: \"//\" is no place of its own inside",
		  NULL },
		{ "files: {read: [{pth: /a}]}", CODE_UNKNOWN_KEY, "unknown key \"pth\"; did you mean \"path\"?",
		  "optional" },
		{ "files: {read: [$HOME/a]}", CODE_BAD_VARIABLE, "$HOME is not replaced; did you mean ${HOME}?", NULL },
		{ "files: {read: [\"${env:A-B}\"]}", CODE_BAD_VARIABLE, "${env:A-B} names no environment variable",
		  "${env:NAME}" },
		{ "files: {read: [\"${HOME\"]}", CODE_BAD_VARIABLE, "\"${\" without \"}\"", "${HOME}" },
		{ "files: {read: [\"${}\"]}", CODE_BAD_VARIABLE, "unknown variable ${}", "SCRIPT_DIR" },
		{ "files: {presets: [pyton]}", CODE_BAD_VALUE,
		  "files.presets: there is no \"pyton\"; did you mean \"python\"?", NULL },
		{ "files: {tmp: none}", CODE_BAD_VALUE, "\"none\" is not a size", "512M" },
		{ "files: {tmp: 0M}", CODE_BAD_VALUE, "files.tmp: 0 would leave nothing", "more than 0" },
		{ "limits: {memory: 512m}", CODE_WRONG_UNIT, "\"512m\" has an unknown unit; did you mean 512M?", NULL },
		{ "limits: {memory: 512MB}", CODE_WRONG_UNIT, "\"512MB\" has an unknown unit; did you mean 512M?",
		  NULL },
		{ "limits: {memory: 512 quux}", CODE_WRONG_UNIT, "\"512 quux\" has an unknown unit", "512M, or none" },
		{ "limits: {memory: much}", CODE_BAD_VALUE, "\"much\" is not a size", "512M, or none" },
		{ "limits: {memory: 9999999999G}", CODE_BAD_VALUE, "\"9999999999G\" is too large for limits.memory",
		  NULL },
		{ "limits: {timeout: 30}", CODE_MISSING_UNIT, "\"30\" has no unit; did you mean 30s?", NULL },
		{ "limits: {timeout: 0s}", CODE_BAD_VALUE, "limits.timeout: 0 would leave nothing", "none" },
		{ "limits: {grace: none}", CODE_BAD_VALUE, "\"none\" is not a duration", NULL },
		{ "limits: {cpus: 1.2.3}", CODE_BAD_VALUE, "\"1.2.3\" is not a number of processors", "0.5" },
		{ "limits: {processes: 1.5}", CODE_BAD_VALUE, "\"1.5\" is not a whole number", NULL },
		{ "on_denial: kil", CODE_BAD_VALUE, "on_denial is error or kill, not \"kil\"; did you mean kill?",
		  NULL },
		{ "on_denial: warn", CODE_BAD_VALUE, "on_denial is error or kill, not \"warn\"", NULL },
		{ "network: all", CODE_BAD_VALUE, "network is none, host or a mapping, not \"all\"", "allow" },
		{ "network: {allow: [example.com]}", CODE_BAD_VALUE, "\"example.com\" has no port", "example.com:443" },
		{ "network: {allow: [\"unix:${HOEM}/s\"]}", CODE_BAD_VARIABLE,
		  "unknown variable ${HOEM}; did you mean ${HOME}?", NULL },
		{ "network: {listen: [0]}", CODE_BAD_VALUE, "network.listen: \"0\" is no port", NULL },
		{ "exec: git", CODE_BAD_VALUE, "exec is none, any or a list, not \"git\"; did you mean [git]?", NULL },
		{ "exec: [\"git log\"]", CODE_BAD_VALUE, "exec: \"git log\" is a command line, not a program", NULL },
		{ "env: {allow: [\"A*B\"]}", CODE_BAD_VALUE, "env.allow: \"A*B\" has a * that is not at its end",
		  "APP_*" },
		{ "env: {allow: [\"A**\"]}", CODE_BAD_VALUE, "env.allow: \"A**\" has a * that is not at its end",
		  NULL },
		{ "env: {allow: [\"A=b\"]}", CODE_BAD_VALUE, "env.allow: \"A=b\" holds a value", "env.set" },
		{ "env: {set: {A-B: c}}", CODE_BAD_VALUE, "env.set: \"A-B\" is no name of a variable", NULL },
		{ "system: {user: root}", CODE_BAD_VALUE, "system.user is keep, nobody or a user id, not \"root\"",
		  "id -u" },
		{ "system: {user: 0}", CODE_BAD_VALUE, "system.user: a script never runs as root", NULL },
		{ "system: {user: 4294967295}", CODE_BAD_VALUE,
		  "system.user is keep, nobody or a user id, not \"4294967295\"", NULL },
		{ "system: {capabilities: [CAP_NET_RAWW]}", CODE_BAD_VALUE,
		  "system.capabilities: there is no \"CAP_NET_RAWW\"; did you mean \"CAP_NET_RAW\"?", NULL },
		{ "system: {syscalls: {deny: [sys_ptrace]}}", CODE_UNKNOWN_SYSCALL,
		  "system.syscalls.deny: there is no system call \"sys_ptrace\"; did you mean ptrace?", NULL },
		{ "system: {syscalls: {deny: [conect]}}", CODE_UNKNOWN_SYSCALL,
		  "system.syscalls.deny: there is no system call \"conect\"; did you mean connect?", NULL },
		{ "system: {hostname: -a}", CODE_BAD_VALUE, "system.hostname: \"-a\" is no host name", NULL },
		{ "system: {devices: [/dev/../etc]}", CODE_BAD_VALUE, "system.devices: \"/dev/../etc\" is no device",
		  NULL },
		{ "require: best-effort", CODE_BAD_VALUE, "require: only all can be said of everything at once",
		  "memory: best-effort" },
		{ "require: {memry: all}", CODE_UNKNOWN_KEY, "unknown promise \"memry\"; did you mean \"memory\"?",
		  NULL },
		{ "require: {exec: per-process}", CODE_BAD_VALUE, "exec cannot be kept per process", NULL },
		{ "secrets: {a: {as: file}}", CODE_MISSING_KEY, "a secret without from", NULL },
		{ "outputs: {as: /b}", CODE_MISSING_KEY, "outputs.path is missing", NULL },
		{ "outputs: {path: /a, check: magic}", CODE_BAD_VALUE,
		  "outputs.check is name or content, not \"magic\"", NULL },
		{ "outputs: {path: /a, as: /b, suffixes: [png]}", CODE_BAD_VALUE,
		  "outputs.suffixes: \"png\" is no file name ending", NULL },
		{ "audit: {log: mail}", CODE_BAD_VALUE, "audit.log: \"mail\" is no place for a log", NULL },
		{ "alerts: [decoys]", CODE_BAD_VALUE, "alerts: there is no \"decoys\"; did you mean \"decoy\"?", NULL },
		{ "python: {interpreter: python3.12}", CODE_BAD_VALUE,
		  "python.interpreter: \"python3.12\" is neither a version nor a path", "3.12" },
		{ "python: {interpreter: 2.7}", CODE_BAD_VALUE, "python.interpreter: \"2.7\" is no version of Python 3",
		  NULL },
		{ "python: {interpreter: \"venv:\"}", CODE_BAD_VALUE,
		  "python.interpreter: \"venv:\" names no directory", NULL },
		{ "python: {options: [-c]}", CODE_BAD_VALUE, "python.options: \"-c\" is not allowed", "isolated" },
		{ "python: {options: [-X]}", CODE_BAD_VALUE, "python.options: \"-X\" lacks its value", "-X utf8" },
		{ "name: a/b", CODE_BAD_VALUE, "name: \"a/b\" is no name", NULL },
		{ "\"a\\tb\": 1", CODE_UNKNOWN_KEY, "unknown key \"a\\x09b\"", NULL },
		{ "extends: {a: b}", CODE_WRONG_TYPE, "extends takes a single value, not a mapping", "[]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;
		char text[256];
		const struct diagnostic *item;

		snprintf(text, sizeof(text), "%s%s\n", strncmp(rows[i].line, "version", 7) ? "version: 1\n" : "",
		         rows[i].line);
		read_alone(&reading, text);
		item = message_of(&reading, rows[i].code);
		if (!item || strcmp(item->message, rows[i].message) || reading.diagnostics.errors != 1) {
			print_messages(&reading);
			fail_msg("%s", rows[i].line);
		}
		if (rows[i].hint && (!item->hint || !strstr(item->hint, rows[i].hint)))
			fail_msg("%s: %s", rows[i].line, item->hint ? item->hint : "no hint");
	}
}

static void risky_grants_are_warned_about(void **state)
{
	static const char *const rows[][2] = {
		{ "files: {read: [/]}", "files.read: /: that is every file that the account can reach" },
		{ "files: {read: [\"${HOME}\"]}", "touches ~: " },
		{ "files: {read: [\"${HOME}/.ssh/id_rsa\"]}", "touches ~/.ssh: private keys" },
		{ "files: {read: [/etc]}", "touches /etc/shadow: password hashes" },
		{ "files: {read: [/var/run/docker.sock]}", "root on this machine" },
		{ "files: {write: [/usr/lib]}", "touches /usr: " },
		{ "files: {write: [\"${SCRIPT_DIR}\"]}", "rewrite itself" },
		{ "exec: any", "exec: any: every program in view" },
		{ "exec: [/bin/sh]", "exec: /bin/sh: a shell runs anything" },
		{ "network: host", "network: host: everything that this machine reaches" },
		{ "env: {allow: [DB_PASSWORD]}", "env.allow: \"DB_PASSWORD\" looks like a secret" },
		{ "env: {allow: [\"*\"]}", "passes every variable on" },
		{ "env: {set: {API_KEY: x}}", "env.set: \"API_KEY\" looks like a secret" },
		{ "system: {capabilities: [sys_admin]}", "CAP_SYS_ADMIN: it mounts" },
		{ "system: {syscalls: {allow: [ptrace]}}", "system.syscalls.allow: ptrace: " },
	};
	static const char *const harmless[] = {
		"files: {read: [/srv/data, /usr/share/x, \"${HOME}/data\"]}",
		"files: {write: [/var/lib/report]}",
		"files: {deny: [/, /etc/shadow]}",
		"exec: [/usr/bin/sort]",
		"env: {allow: [MONKEY, PWD, KEYBOARD]}",
		"network: {allow: [\"a.net:443\"]}",
		"system: {capabilities: [CAP_NET_BIND_SERVICE]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;
		char text[256];

		snprintf(text, sizeof(text), "version: 1\n%s\n", rows[i][0]);
		read_alone(&reading, text);
		assert_clean(&reading);
		if (reading.diagnostics.count != 1 || reading.diagnostics.items[0].severity != SEVERITY_WARNING ||
		    reading.diagnostics.items[0].code != CODE_RISKY_GRANT ||
		    !strstr(reading.diagnostics.items[0].message, rows[i][1])) {
			print_messages(&reading);
			fail_msg("%s", rows[i][0]);
		}
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		READING_CLEANUP struct reading reading;
		char text[256];

		snprintf(text, sizeof(text), "version: 1\n%s\n", harmless[i]);
		read_alone(&reading, text);
		print_messages(&reading);
		assert_int_equal(reading.diagnostics.count, 0);
	}
}

static void values_become_fields(void **state)
{
	static const char text[] =
		"version: 1\nname: x\ndescription: |\n  two\n  lines\npython: {interpreter: 3.10, isolated: true, "
		"options: [\"-X utf8\", -O]}\n"
		"files: {read: [a, {path: /b, as: /c, optional: true, exec: true}], tmp: 1.5M, home: none}\n"
		"network: {allow: [\"A.net:1\"], listen: [8080], loopback: host}\nexec: [git, ./tool]\n"
		"env: {allow: [\"LC_*\"], set: {A: \"${HOME}/x\", B: \"\"}}\nlimits: {memory: none, cpus: 0.5, grace: "
		"0s, processes: 8}\n"
		"on_denial: kill\nrequire: {memory: per-process}\nsystem: {user: 1234, hostname: h1, capabilities: "
		"[net_raw]}\nlocked: true\n";
	READING_CLEANUP struct reading reading;
	const struct profile *p = &reading.profile;

	(void)state;
	read_alone(&reading, text);
	assert_clean(&reading);
	assert_string_equal(p->name, "x");
	assert_string_equal(p->description, "two\nlines\n");
	assert_string_equal(p->python.interpreter.value, "3.10");
	assert_true(p->python.isolated);
	assert_string_equal(p->python.options.items[0].value, "-Xutf8");
	assert_string_equal(p->files.read.items[0].path.value, "a");
	assert_int_equal(p->files.read.items[0].path.pos.line, 7);
	assert_int_equal(p->files.read.items[0].path.pos.column, 16);
	assert_string_equal(p->files.read.items[1].as.value, "/c");
	assert_true(p->files.read.items[1].optional && p->files.read.items[1].exec);
	assert_int_equal(p->files.tmp.value, 1536 << 10);
	assert_int_equal(p->files.home, HOME_NONE);
	assert_int_equal(p->network.mode, NETWORK_RULES);
	assert_string_equal(p->network.listen.items[0].value, "8080");
	assert_int_equal(p->network.loopback, LOOPBACK_HOST);
	assert_int_equal(p->exec.mode, EXEC_LIST);
	assert_int_equal(p->exec.programs.count, 2);
	assert_string_equal(p->env.set.items[0].value.value, "${HOME}/x");
	assert_string_equal(p->env.set.items[1].value.value, "");
	assert_false(p->limits.memory.set);
	assert_true(p->limits.memory.named);
	assert_int_equal(p->limits.cpus.value, 500);
	assert_true(p->limits.grace.set && p->limits.grace.value == 0);
	assert_int_equal(p->on_denial, DENIAL_KILL);
	assert_int_equal(p->require[PROMISE_MEMORY].level, REQUIRE_PER_PROCESS);
	assert_int_equal(p->system.user, USER_UID);
	assert_int_equal(p->system.uid, 1234);
	assert_string_equal(p->system.capabilities.items[0].value, "CAP_NET_RAW");
	assert_true(p->locked);
	assert_string_equal(p->sha256 + 64, "");
	assert_int_equal(strlen(p->sha256), 64);
}

static void keys_of_later_versions_are_recorded(void **state)
{
	READING_CLEANUP struct reading reading;
	const struct profile_strings *list = &reading.profile.not_yet;
	static const char *const keys[] = { "system.devices", "audit.log", "alerts", "decoys" };

	(void)state;
	read_alone(&reading,
	           "version: 1\noutputs: {path: /o, as: /w}\nsecrets: {a: {from: \"env:X\"}}\nalerts: [exec]\n"
	           "decoys: [/etc/keys]\naudit: {log: journal}\nnetwork: none\n"
	           "system: {devices: [/dev/kvm]}\n");
	assert_clean(&reading);
	assert_int_equal(list->count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(list->items[i].value, keys[i]);
	assert_int_equal(list->items[0].pos.line, 8);
	assert_int_equal(list->items[1].pos.line, 6);
	reading_free(&reading);
	read_alone(
		&reading,
		"version: 1\non_denial: kill\naudit: {log: none}\nnetwork: {loopback: host}\nsystem: {devices: []}\n");
	assert_clean(&reading);
	assert_int_equal(list->count, 0);
}

/* A secret that was mistakenly written into the profile is not repeated in messages. */
static void secrets_are_not_shown(void **state)
{
	static const char *const texts[] = { "version: 1\nsecrets: {db: hunter2}\n",
		                             "version: 1\nsecrets: {db: {from: hunter2}}\n" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		READING_CLEANUP struct reading reading;

		read_alone(&reading, texts[i]);
		assert_int_equal(reading.diagnostics.errors, 1);
		assert_null(strstr(reading.diagnostics.items[0].message, "hunter2"));
		assert_null(reading.diagnostics.items[0].source_line);
	}
}

static void etc_profiles_do_not_depend_on_the_caller(void **state)
{
	READING_CLEANUP struct reading reading;
	static const char text[] = "version: 1\nfiles: {read: [\"${env:HOME}/x\", \"${HOME}/y\"]}\n";

	(void)state;
	read_with(&reading, "/etc/pyconfine/profiles/a.yaml", text, strlen(text), NULL);
	assert_int_equal(reading.diagnostics.errors, 1);
	assert_message(&reading, CODE_BAD_VARIABLE, 2, 16, 15, "${env:HOME} is refused in a profile under /etc");
	reading_free(&reading);
	read_with(&reading, "/home/u/a.yaml", text, strlen(text), NULL);
	assert_clean(&reading);
	assert_string_equal(reading.profile.files.read.items[0].path.base_dir, "/home/u");
}

static void empty_files_and_other_shapes(void **state)
{
	static const struct {
		const char *text;
		const char *message;
	} rows[] = {
		{ "", "the profile is empty" },
		{ "# nothing\n", "the profile is empty" },
		{ "[]", "a profile takes a mapping, not a list" },
		{ "version", "a profile takes a mapping, not a single value" },
		{ "{}", "version is missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		READING_CLEANUP struct reading reading;

		read_alone(&reading, rows[i].text);
		assert_int_equal(reading.result, -1);
		assert_int_equal(reading.diagnostics.errors, 1);
		assert_string_equal(reading.diagnostics.items[0].message, rows[i].message);
	}
}

static void endless_lists_are_refused(void **state)
{
	READING_CLEANUP struct reading reading;
	char text[20000] = "version: 1\nfiles:\n  read:\n";
	size_t length = strlen(text);

	(void)state;
	for (int i = 0; i < 1100; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "  - /a%d\n", i);
	read_alone(&reading, text);
	assert_int_equal(reading.diagnostics.errors, 1);
	assert_message(&reading, CODE_TOO_LARGE, 1028, 5, 6, "more than 1024 entries");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_contracts_examples),
		cmocka_unit_test(all_faults_in_one_go),
		cmocka_unit_test(single_faults),
		cmocka_unit_test(risky_grants_are_warned_about),
		cmocka_unit_test(values_become_fields),
		cmocka_unit_test(keys_of_later_versions_are_recorded),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(etc_profiles_do_not_depend_on_the_caller),
		cmocka_unit_test(empty_files_and_other_shapes),
		cmocka_unit_test(endless_lists_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
