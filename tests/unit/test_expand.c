/* plan/expand: variables and paths of a profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "plan/expand.h"

static const char *const environment[] = { "UPLOAD=/srv/in/a b.png", "EMPTY=", "UP=a/../../b", NULL };
static const struct variables variables = { .home = "/home/ada",
	                                    .script = "/srv/app/report.py",
	                                    .script_dir = "/srv/app",
	                                    .cwd = "/work dir",
	                                    .user = "ada",
	                                    .uid = 1000,
	                                    .session = "s1",
	                                    .environment = environment };

static void expands_paths(void **state)
{
	const struct {
		const char *text, *base, *expected;
	} rows[] = {
		{ "/etc/report.conf", NULL, "/etc/report.conf" },
		{ "data", "/srv/app", "/srv/app/data" },
		{ "./data/../in//x/", "/srv/app", "/srv/app/in/x" },
		{ "../../../..", "/srv/app", "/" },
		{ "data", NULL, "/work dir/data" },
		{ "${HOME}/x", NULL, "/home/ada/x" },
		{ "${SCRIPT_DIR}", NULL, "/srv/app" },
		{ "${PROFILE_DIR}/p", "/srv/profiles", "/srv/profiles/p" },
		{ "${env:UPLOAD}", NULL, "/srv/in/a b.png" },
		{ "/run/user/${UID}/${SESSION}", NULL, "/run/user/1000/s1" },
		{ "/", NULL, "/" },
	};
	struct arena arena = { 0 };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct profile_string text = { .value = rows[i].text, .base_dir = rows[i].base };
		const char *path = expand_path(&text, &variables, &arena, &err);

		assert_non_null(path);
		assert_string_equal(path, rows[i].expected);
	}
	arena_free(&arena);
}

static void refuses_what_has_no_value(void **state)
{
	const struct {
		const char *text, *message;
	} rows[] = {
		{ "${env:NOPE}", "${env:NOPE} has no value here" },
		{ "${XDG_CONFIG_HOME}/x", "${XDG_CONFIG_HOME} has no value here" },
		{ "${NO_SUCH}", "${NO_SUCH} has no value here" },
		{ "/x/${HOME", "\"${\" without \"}\"" },
		{ "~/x", "\"~/x\": ~ is the shell's; a profile has no shell" },
		{ "${env:EMPTY}", "${env:EMPTY} is empty" },
		{ "/up/${env:EMPTY}", "${env:EMPTY} is empty" },
		{ "/up/${env:UP}", "${env:UP} holds \"..\", which has no place in a path that comes from outside" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct profile_string text = { .value = rows[i].text,
			                             .pos = { .file = "p.yaml", .line = 3, .column = 9 } };
		struct error err = { 0 };

		assert_null(expand_path(&text, &variables, &arena, &err));
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(err.pos.line, 3);
	}
	arena_free(&arena);
}

/* A value is text, not a template: what the environment holds is not expanded again. */
static void does_not_expand_twice(void **state)
{
	static const char *const tricky[] = { "X=${HOME}/.ssh", NULL };
	struct variables own = variables;
	const struct profile_string text = { .value = "/a/${env:X}" };
	struct arena arena = { 0 };
	struct error err = { 0 };

	(void)state;
	own.environment = tricky;
	assert_string_equal(expand_variables(&text, &own, &arena, &err), "/a/${HOME}/.ssh");
	arena_free(&arena);
}

static void a_secret_is_no_variable(void **state)
{
	static const char *const caller[] = { "DB_PW=hunter2", "DB_PW2=other", NULL };
	struct secret items[] = { { .name = { .value = "db" }, .from = { .value = "env:DB_PW" } } };
	const struct secrets secrets = { items, 1 };
	struct variables own = variables;
	struct profile_string text = { .value = "/a/${env:DB_PW}" };
	struct arena arena = { 0 };
	struct error err = { 0 };

	(void)state;
	own.environment = caller;
	own.secrets = &secrets;
	assert_null(expand_variables(&text, &own, &arena, &err));
	assert_string_equal(err.message, "${env:DB_PW} is a secret, and stands in no other value");
	text.value = "/a/${env:DB_PW2}";
	assert_string_equal(expand_variables(&text, &own, &arena, &err), "/a/other");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expands_paths),
		cmocka_unit_test(refuses_what_has_no_value),
		cmocka_unit_test(does_not_expand_twice),
		cmocka_unit_test(a_secret_is_no_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
