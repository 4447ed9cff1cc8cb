/* policy/sensitive and policy/capabilities: what is warned about, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "policy/capabilities.h"
#include "policy/sensitive.h"

static void paths_by_text_and_by_home(void **state)
{
	const struct {
		const char *path, *home;
		bool write;
		const char *row; /* NULL: harmless */
	} rows[] = {
		{ "/", NULL, false, "/" },
		{ "/home", NULL, false, "/home" },
		{ "/home/eve", "/home/eve", false, "~" },
		{ "/home/eve/", "/home/eve", false, "~" },
		{ "/home/eve/", "/home/eve/", false, "~" },
		{ "${HOME}", NULL, false, "~" },
		{ "${HOME}/", NULL, false, "~" },
		{ "${HOME}/.ssh", NULL, false, "~/.ssh" },
		{ "${HOME}/.ssh/", NULL, false, "~/.ssh" },
		{ "/home/eve/.ssh/id_rsa", "/home/eve", false, "~/.ssh" },
		{ "/home/eve/.config", "/home/eve", false, "~/.config/gcloud" },
		{ "/home/eve/.sshx", "/home/eve", false, NULL },
		{ "/home/evelyn/.ssh", "/home/eve", false, NULL },
		{ "/home/eve/data", "/home/eve", false, NULL },
		{ "/home/eve/.bashrc", "/home/eve", false, NULL },
		{ "/home/eve/.bashrc", "/home/eve", true, "~/.bashrc" },
		{ "/etc", NULL, false, "/etc/shadow" },
		{ "/etc/hosts", NULL, false, NULL },
		{ "/etc/hosts", NULL, true, "/etc" },
		{ "/run", NULL, false, "/run/docker.sock" },
		{ "/var/run/docker.sock", NULL, false, "/var/run/docker.sock" },
		{ "/proc/self/maps", NULL, false, NULL },
		{ "/proc", NULL, false, "/proc" },
		{ "/usr/lib/python3", NULL, false, NULL },
		{ "/usr/lib/python3", NULL, true, "/usr" },
		{ "/srv", NULL, true, NULL },
		{ "/.ssh", "/", false, NULL },
		{ "data", NULL, true, NULL },
		{ "${SCRIPT_DIR}", NULL, true, "${SCRIPT_DIR}" },
		{ "${SCRIPT_DIR}/out", NULL, true, NULL },
		{ "${SCRIPT_DIR}", NULL, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sensitive_path *row = sensitive_path_find(rows[i].path, rows[i].home, rows[i].write);

		if ((row == NULL) != (rows[i].row == NULL) || (row && strcmp(row->path, rows[i].row)))
			fail_msg("%s: %s", rows[i].path, row ? row->path : "harmless");
	}
}

static void each_row_finds_itself(void **state)
{
	(void)state;
	for (const struct sensitive_path *row = sensitive_paths; row->path; row++) {
		const struct sensitive_path *found = sensitive_path_find(row->path, NULL,
		                                                         row->kinds == SENSITIVE_WRITE);

		assert_non_null(found);
		assert_true(strlen(row->reason) > 5);
	}
}

static void programs_and_capabilities(void **state)
{
	(void)state;
	assert_non_null(sensitive_program_find("/bin/sh"));
	assert_non_null(sensitive_program_find("bash"));
	assert_null(sensitive_program_find("/usr/bin/sort"));
	assert_null(sensitive_program_find("/opt/sh/tool"));
	for (const struct sensitive_name *row = sensitive_capabilities; row->name; row++)
		assert_true(capability_find(row->name) >= 0);
	assert_null(sensitive_capability_find("CAP_NET_BIND_SERVICE"));
	assert_int_equal(capability_find("chown"), 0);
	assert_int_equal(capability_find("CAP_SYS_ADMIN"), 21);
	assert_int_equal(capability_find("cap_checkpoint_restore"), 40);
	assert_int_equal(capability_find("CAP_"), -1);
	assert_int_equal(capability_find(""), -1);
	assert_null(capability_names[CAPABILITY_COUNT]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_by_text_and_by_home),
		cmocka_unit_test(each_row_finds_itself),
		cmocka_unit_test(programs_and_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
