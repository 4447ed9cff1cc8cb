/* commands/explain: the exact text, from a plan that is made up here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "commands/explain.h"

struct made_up {
	struct prepared prepared;
	struct run_options options;
};

static void make(struct made_up *made)
{
	static const char *no_arguments[] = { NULL };
	struct plan *plan = &made->prepared.plan;

	memset(made, 0, sizeof(*made));
	made->options.has_target = true;
	made->options.arguments = no_arguments;
	made->prepared.has_footprint = true;
	made->prepared.profile.name = "report";
	made->prepared.profile.chain = "./report.pyconfine.yaml <- builtin:offline";
	plan->profile = &made->prepared.profile;
	plan->script_label = plan->script = "/srv/report.py";
	memset(plan->script_sha256, 'a', 64);
	plan->interpreter = "/usr/bin/python3.11";
	plan->interpreter_how = "auto";
	plan->library_paths = 41;
	for (size_t i = 0; i < PROMISE_COUNT; i++)
		plan->promises[i].status = PROMISE_UNLIMITED;
	plan->promises[PROMISE_FILES] = (struct promise_row){ .granted = "read 2, write 1, private /tmp 64M",
		                                              .kept_by = "mount namespace + Landlock v6",
		                                              .status = PROMISE_ENFORCED };
	plan->promises[PROMISE_NETWORK] = (struct promise_row){ .granted = "api.example.com:443 only",
		                                                .kept_by = "network namespace + broker",
		                                                .status = PROMISE_ENFORCED };
}

static void expect(const struct made_up *made, const char *expected)
{
	TEXT_CLEANUP struct text out = { 0 };

	explain_text(&out, &made->prepared, &made->options, false);
	assert_string_equal(text_string(&out), expected);
}

#define HEAD \
	"script       /srv/report.py (sha256 aaaaaaaa\u2026)     profile  report (./report.pyconfine.yaml \u2190 builtin:offline)\n" \
	"interpreter  /usr/bin/python3.11 (auto)            41 library paths shown read-only\n"
#define TITLE \
	"PROMISE    GRANTED                              KEPT BY                        STATUS\n" \
	"files      read 2, write 1, private /tmp 64M    mount namespace + Landlock v6  enforced\n" \
	"network    api.example.com:443 only             network namespace + broker     enforced\n"

static void prints_as_the_contract_shows(void **state)
{
	struct made_up made;

	(void)state;
	make(&made);
	made.prepared.plan.promises[PROMISE_MEMORY] = (struct promise_row){ .granted = "512M, whole tree",
		                                                            .kept_by = "cgroup v2",
		                                                            .status = PROMISE_MISSING,
		                                                            .reason = "no delegation here",
		                                                            .fix = "pyconfine doctor" };
	expect(&made, HEAD TITLE
	       "memory     512M, whole tree                     cgroup v2                      MISSING: no delegation here\n"
	       "no limit     exec, privileges, processes, cpu_time, cpus, process_count, open_files, file_size, output, tmp, timeout\n"
	       "memory: pyconfine doctor\n"
	       "`pyconfine run` would refuse to start this; see also `pyconfine doctor`.\n");
	assert_true(explain_is_refused(&made.prepared.plan));
	made.prepared.plan.promises[PROMISE_MEMORY].status = PROMISE_RELAXED;
	assert_false(explain_is_refused(&made.prepared.plan));
}

static void prints_what_is_not_built_yet(void **state)
{
	struct profile_string key = { .value = "outputs", .pos = { "report.pyconfine.yaml", 7, 1 } };
	struct made_up made;

	(void)state;
	make(&made);
	made.prepared.profile.not_yet = (struct profile_strings){ &key, 1 };
	expect(&made, HEAD TITLE
	       "no limit     exec, privileges, processes, memory, cpu_time, cpus, process_count, open_files, file_size, output, tmp, "
	       "timeout\n"
	       "report.pyconfine.yaml:7: outputs is checked, but cannot be enforced by this version yet: remove it to run\n"
	       "`pyconfine run` would refuse to start this; see also `pyconfine doctor`.\n");
	assert_true(explain_is_refused(&made.prepared.plan));
}

static void prints_where_secrets_come_from(void **state)
{
	struct plan_secret secrets[] = {
		{ .name = "db", .from = "env:DB_PW", .path = "/run/secrets/db" },
		{ .name = "key", .from = "file:/etc/key", .variable = "API_KEY" },
	};
	struct made_up made;

	(void)state;
	make(&made);
	made.prepared.plan.secrets = secrets;
	made.prepared.plan.secret_count = 2;
	expect(&made, HEAD TITLE
	       "no limit     exec, privileges, processes, memory, cpu_time, cpus, process_count, open_files, file_size, output, tmp, "
	       "timeout\n"
	       "secrets      db from env:DB_PW as file /run/secrets/db\n"
	       "             key from file:/etc/key as variable API_KEY\n");
}

/* Long names push columns aside instead of running into them; nothing that a file name holds reaches the terminal
 * raw. */
static void keeps_columns_apart(void **state)
{
	TEXT_CLEANUP struct text out = { 0 };
	struct made_up made;

	(void)state;
	make(&made);
	made.prepared.plan.script_label = "/srv/a/directory/with/a/long/name/\033[2J/report.py";
	made.prepared.profile.locked = true;
	explain_text(&out, &made.prepared, &made.options, false);
	assert_null(strchr(text_string(&out), '\033'));
	assert_non_null(strstr(text_string(&out), "\nprofile      report (./report.pyconfine.yaml"));
	assert_non_null(strstr(text_string(&out), "builtin:offline), locked\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_the_contract_shows),
		cmocka_unit_test(prints_what_is_not_built_yet),
		cmocka_unit_test(prints_where_secrets_come_from),
		cmocka_unit_test(keeps_columns_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
