/* plan/processors: which processors a script gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/parts.h"

static uint64_t chosen_of(uint64_t allowed_word, unsigned wanted, uint64_t start, unsigned expected)
{
	uint64_t allowed[PROCESSORS_MAX / 64] = { allowed_word }, chosen[PROCESSORS_MAX / 64];

	assert_int_equal(processors_choose(allowed, wanted, start, chosen), expected);
	for (size_t i = 1; i < PROCESSORS_MAX / 64; i++)
		assert_int_equal(chosen[i], 0);
	return chosen[0];
}

static void takes_as_many_as_wanted(void **state)
{
	(void)state;
	assert_int_equal(chosen_of(0xff, 2, 0, 2), 0x03);
	assert_int_equal(chosen_of(0xff, 2, 3, 2), 0x18);
	assert_int_equal(chosen_of(0xff, 3, 14, 3), 0xc1); /* around the end */
}

static void keeps_to_what_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(chosen_of(0xa0a, 2, 1, 2), 0x208);
	assert_int_equal(chosen_of(0xa0a, 9, 1, 4), 0xa0a);
	assert_int_equal(chosen_of(0, 1, 1, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_as_many_as_wanted),
		cmocka_unit_test(keeps_to_what_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
