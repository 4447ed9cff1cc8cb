/* commands/outcome: the exact text of how a run ended. supervise/meter: when to look again. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "commands/outcome.h"
#include "supervise/meter.h"

static void expect(const struct outcome *outcome, const char *expected)
{
	static struct rlimit_step steps[] = { { .resource = RLIMIT_FSIZE, .value = { 1 << 20, 1 << 20 } } };
	const struct plan plan = { .rlimits = steps, .rlimit_count = 1 };
	TEXT_CLEANUP struct text out = { 0 };

	outcome_text(&out, &plan, outcome);
	assert_string_equal(text_string(&out), expected);
}

static void names_limit_value_peak_and_key(void **state)
{
	static const struct {
		struct limit_reached limit;
		const char *text;
	} rows[] = {
		{ { PROMISE_MEMORY, (uint64_t)256 << 20, ((uint64_t)257 << 20) + 5 },
		  "pyconfine: stopped: memory limit 256M reached (peak 257M, whole process tree)   [limits.memory]\n" },
		{ { PROMISE_TIMEOUT, 500, 0 }, "pyconfine: stopped: timeout 500ms reached   [limits.timeout]\n" },
		{ { PROMISE_CPU_TIME, 2000, 2050 },
		  "pyconfine: stopped: cpu_time limit 2s reached (peak 2050ms, whole process tree)   [limits.cpu_time]\n" },
		{ { PROMISE_CPU_TIME, 2000, 0 },
		  "pyconfine: stopped: cpu_time limit 2s reached (whole process tree)   [limits.cpu_time]\n" },
		{ { PROMISE_PROCESS_COUNT, 64, 70 },
		  "pyconfine: stopped: processes limit 64 reached (peak 70, whole process tree)   [limits.processes]\n" },
		{ { PROMISE_OUTPUT, 1000, 0 },
		  "pyconfine: stopped: output limit 1000B reached (stdout and stderr, whole process tree)   [limits.output]\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&(struct outcome){ .kind = OUTCOME_LIMIT, .limit = rows[i].limit }, rows[i].text);
}

static void says_nothing_about_an_end_of_its_own(void **state)
{
	(void)state;
	expect(&(struct outcome){ .kind = OUTCOME_EXITED, .status = 3 }, "");
	expect(&(struct outcome){ .kind = OUTCOME_SIGNALED, .status = SIGKILL }, "");
	expect(&(struct outcome){ .kind = OUTCOME_SIGNALED, .status = SIGXCPU }, "");
}

static void infers_the_size_limit_from_its_signal(void **state)
{
	(void)state;
	expect(&(struct outcome){ .kind = OUTCOME_SIGNALED, .status = SIGXFSZ },
	       "pyconfine: likely: file_size limit 1M reached   [limits.file_size]\n");
}

static void tells_of_lost_output(void **state)
{
	(void)state;
	expect(&(struct outcome){ .kind = OUTCOME_EXITED, .output_errno = ENOSPC },
	       "pyconfine: the script's output could not be passed on: No space left on device\n");
}

static void looks_sooner_the_nearer_the_limit(void **state)
{
	const uint64_t mega = 1 << 20;

	(void)state;
	assert_int_equal(meter_interval_ms(1024 * mega, 0, 50), METER_LONGEST_MS);
	assert_int_equal(meter_interval_ms(40 * mega, 0, 50), 20);
	assert_int_equal(meter_interval_ms(400 * mega, 500 * mega, 50), 20);
	assert_int_equal(meter_interval_ms(0, 0, 0), METER_SHORTEST_MS);
	assert_int_equal(meter_interval_ms(mega, 0, 50), METER_SHORTEST_MS);
}

static void statuses_follow_from_the_kind(void **state)
{
	(void)state;
	assert_int_equal(outcome_exit_status(&(struct outcome){ .kind = OUTCOME_MEMORY }), 137);
	assert_int_equal(outcome_exit_status(&(struct outcome){ .kind = OUTCOME_LIMIT }), 137);
	assert_int_equal(outcome_exit_status(&(struct outcome){ .kind = OUTCOME_CPU_TIME }), 152);
	assert_int_equal(outcome_exit_status(&(struct outcome){ .kind = OUTCOME_TIMEOUT }), 124);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_limit_value_peak_and_key),
		cmocka_unit_test(says_nothing_about_an_end_of_its_own),
		cmocka_unit_test(infers_the_size_limit_from_its_signal),
		cmocka_unit_test(tells_of_lost_output),
		cmocka_unit_test(looks_sooner_the_nearer_the_limit),
		cmocka_unit_test(statuses_follow_from_the_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
