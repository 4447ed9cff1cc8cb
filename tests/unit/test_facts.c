/* host/: lowering facts, --assume, Landlock's rights as data, the fix that fits what was seen. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <linux/capability.h>
#include <string.h>

#include "base/names.h"
#include "host/facts.h"
#include "host/knobs.h"
#include "host/landlock_rights.h"
#include "host/uapi.h"

static struct host_facts everything(uint32_t uid)
{
	struct host_facts facts = { .uid = uid, .gid = uid, .kernel_major = 6, .kernel_minor = 18 };

	for (int i = 0; i < FEATURE_COUNT; i++)
		facts.features[i].level = host_features[i].highest;
	facts.capabilities = uid ? 0 : ~0ULL;
	return facts;
}

static struct host_knobs nothing_known(void)
{
	return (struct host_knobs){ .max_user_namespaces = -1,
		                    .unprivileged_userns_clone = -1,
		                    .apparmor_restrict_userns = -1 };
}

static int level(const struct host_facts *facts, enum host_feature feature)
{
	return facts->features[feature].level;
}

static void rows_are_complete(void **state)
{
	(void)state;
	for (int i = 0; i < FEATURE_COUNT; i++) {
		const struct host_feature_row *row = &host_features[i];
		int feature = -1;

		assert_non_null(row->name);
		assert_true(strlen(row->since) > 0 && strlen(row->what) > 0 && strlen(row->lost) > 0);
		assert_true(row->highest >= 1);
		/* the name that is shown can be typed, and means the same */
		assert_true(name_find(host_feature_names, row->name, &feature));
		assert_int_equal(feature, i);
	}
}

static void lowering_takes_what_depends_on_it(void **state)
{
	struct host_facts facts = everything(1000);

	(void)state;
	assert_true(host_facts_lower(&facts, FEATURE_USER_NAMESPACES, ENOSPC, "clone(CLONE_NEWUSER)"));
	assert_int_equal(level(&facts, FEATURE_USER_NAMESPACES), 0);
	assert_int_equal(facts.features[FEATURE_USER_NAMESPACES].sys_errno, ENOSPC);
	assert_string_equal(facts.features[FEATURE_USER_NAMESPACES].detail,
	                    "clone(CLONE_NEWUSER): No space left on device");
	assert_int_equal(level(&facts, FEATURE_NAMESPACES), 0);
	assert_int_equal(level(&facts, FEATURE_HOSTNAME), 0);
	assert_int_equal(level(&facts, FEATURE_NETWORK_NAMESPACE), 0);
	assert_int_equal(level(&facts, FEATURE_PROC_MOUNT), 0);
	assert_int_equal(facts.features[FEATURE_PROC_MOUNT].sys_errno, ENOSPC);
	assert_string_equal(facts.features[FEATURE_NAMESPACES].detail, "needs userns");
	assert_int_equal(host_facts_missing_for(&facts, FEATURE_PROC_MOUNT), FEATURE_NAMESPACES);
	assert_int_equal(host_facts_missing_for(&facts, FEATURE_NAMESPACES), FEATURE_USER_NAMESPACES);
	assert_int_equal(host_facts_missing_for(&facts, FEATURE_USER_NAMESPACES), FEATURE_USER_NAMESPACES);
	/* and nothing else */
	assert_int_equal(level(&facts, FEATURE_LANDLOCK), LANDLOCK_ABI_HIGHEST);
	assert_int_equal(level(&facts, FEATURE_SECCOMP), 1);
	/* a second time there is nothing to be gained from a new plan */
	assert_false(host_facts_lower(&facts, FEATURE_USER_NAMESPACES, EPERM, "again"));
	assert_false(host_facts_lower(&facts, FEATURE_NAMESPACES, EPERM, "again"));
	assert_int_equal(facts.features[FEATURE_USER_NAMESPACES].sys_errno, ENOSPC);
}

static void root_does_without_user_namespaces(void **state)
{
	struct host_facts facts = everything(0);

	(void)state;
	assert_false(host_facts_needs_user_namespace(&facts));
	assert_true(host_facts_lower(&facts, FEATURE_USER_NAMESPACES, EPERM, "clone(CLONE_NEWUSER)"));
	assert_int_equal(level(&facts, FEATURE_NAMESPACES), 1);
	assert_int_equal(level(&facts, FEATURE_NETWORK_NAMESPACE), 1);
	/* an idmapped mount takes its map from a user namespace */
	assert_int_equal(level(&facts, FEATURE_IDMAPPED_MOUNTS), 0);
}

static void a_lost_part_leaves_the_rest(void **state)
{
	struct host_facts facts = everything(1000);

	(void)state;
	assert_true(host_facts_lower(&facts, FEATURE_PROC_MOUNT, EPERM, "mount(/proc)"));
	assert_int_equal(level(&facts, FEATURE_NAMESPACES), 1);
	assert_int_equal(level(&facts, FEATURE_NETWORK_NAMESPACE), 1);
	assert_true(host_facts_lower(&facts, FEATURE_NO_NEW_PRIVS, 0, "gone"));
	assert_int_equal(level(&facts, FEATURE_LANDLOCK), 0);
	assert_int_equal(level(&facts, FEATURE_SECCOMP), 0);
	assert_int_equal(level(&facts, FEATURE_USER_NOTIFY), 0);
	assert_string_equal(facts.features[FEATURE_USER_NOTIFY].detail, "needs seccomp");
	assert_string_equal(facts.features[FEATURE_NO_NEW_PRIVS].detail, "gone");
}

static void assume_lowers(void **state)
{
	struct host_facts facts = everything(1000);
	struct error err;

	(void)state;
	assert_int_equal(host_facts_assume(&facts, "userns=0,landlock=2", &err), 0);
	assert_int_equal(level(&facts, FEATURE_LANDLOCK), 2);
	assert_string_equal(facts.features[FEATURE_LANDLOCK].detail, "lowered by --assume landlock=2");
	assert_int_equal(level(&facts, FEATURE_USER_NAMESPACES), 0);
	assert_int_equal(level(&facts, FEATURE_NAMESPACES), 0);
	assert_string_equal(facts.features[FEATURE_USER_NAMESPACES].detail, "lowered by --assume userns=0");
	/* what is so already may be said again */
	assert_int_equal(host_facts_assume(&facts, "landlock=2,netns=0,seccomp=1", &err), 0);
	assert_int_equal(level(&facts, FEATURE_LANDLOCK), 2);
	/* nothing to be fixed about what was lowered by hand */
	assert_null(
		host_feature_fix(FEATURE_USER_NAMESPACES, &facts, &(struct host_knobs){ .max_user_namespaces = 0 }));
	/* aliases */
	assert_int_equal(host_facts_assume(&facts, "usernotif=0", &err), 0);
	assert_int_equal(level(&facts, FEATURE_USER_NOTIFY), 0);
}

static void assume_refuses(void **state)
{
	static const struct {
		const char *spec, *message;
	} rows[] = {
		{ "landlock=11", "--assume: landlock is 10 here, and facts can only be lowered" },
		{ "seccomp=2", "--assume: seccomp is 1 here, and facts can only be lowered" },
		{ "landlok=1", "--assume: unknown feature \"landlok\"; did you mean \"landlock\"?" },
		{ "zebra=0", "--assume: unknown feature \"zebra\"" },
		{ "landlock", "--assume: \"landlock\" is not FEATURE=LEVEL" },
		{ "=1", "--assume: \"=1\" is not FEATURE=LEVEL" },
		{ "", "--assume: \"\" is not FEATURE=LEVEL" },
		{ "userns=0,", "--assume: \"\" is not FEATURE=LEVEL" },
		{ "userns=0,,notify=0", "--assume: \"\" is not FEATURE=LEVEL" },
		{ "landlock=", "--assume: the level in \"landlock=\" is not a whole number" },
		{ "landlock=-1", "--assume: the level in \"landlock=-1\" is not a whole number" },
		{ "landlock=2x", "--assume: the level in \"landlock=2x\" is not a whole number" },
		{ "notify=0,landlock=99999999999999999999",
		  "--assume: the level in \"landlock=99999999999999999999\" is not a whole number" },
		{ "\033[2J=1", "--assume: unknown feature \"\\x1b[2J\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_facts facts = everything(1000), before = facts;
		struct error err = { 0 };

		assert_int_equal(host_facts_assume(&facts, rows[i].spec, &err), -1);
		assert_string_equal(err.message, rows[i].message);
		assert_int_equal(err.code, CODE_USAGE);
		/* all or nothing */
		assert_memory_equal(&facts, &before, sizeof(facts));
	}
}

static void assume_cannot_bring_back(void **state)
{
	struct host_facts facts = everything(1000);
	struct error err;

	(void)state;
	assert_int_equal(host_facts_assume(&facts, "userns=0", &err), 0);
	assert_int_equal(host_facts_assume(&facts, "namespaces=1", &err), -1);
	assert_string_equal(err.message, "--assume: namespaces is 0 here, and facts can only be lowered");
}

static void landlock_rights_by_abi(void **state)
{
	static const uint64_t fs[] = { 0,      0x1fff, 0x3fff, 0x7fff,  0x7fff, 0xffff,
		                       0xffff, 0xffff, 0xffff, 0x1ffff, 0x1ffff };
	static const uint64_t net[] = { 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 15 };

	(void)state;
	for (int abi = 0; abi <= LANDLOCK_ABI_HIGHEST; abi++) {
		assert_int_equal(landlock_fs_rights(abi), fs[abi]);
		assert_int_equal(landlock_net_rights(abi), net[abi]);
		assert_int_equal(landlock_scopes(abi), abi >= 6 ? 3 : 0);
		assert_int_equal(landlock_rights_known(LANDLOCK_KIND_RESTRICT_FLAG, abi), abi >= 8   ? 15
		                                                                          : abi == 7 ? 7
		                                                                                     : 0);
	}
	assert_int_equal(landlock_file_rights(), LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
	                                                 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
	                                                 LANDLOCK_ACCESS_FS_IOCTL_DEV |
	                                                 LANDLOCK_ACCESS_FS_RESOLVE_UNIX);
	for (int i = 0; i < LANDLOCK_ABI_HIGHEST; i++)
		assert_int_equal(landlock_abis[i].abi, i + 1);
}

struct fix_case {
	enum host_feature feature;
	uint32_t uid;
	int sys_errno;
	struct host_knobs knobs;
	const char *contains; /* NULL: no advice */
};

static void fix_fits_what_was_seen(void **state)
{
	const struct fix_case rows[] = {
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  EPERM,
		  { -1, 0, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  "sysctl -w kernel.unprivileged_userns_clone=1" },
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  ENOSPC,
		  { 0, -1, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  "sysctl -w user.max_user_namespaces=" },
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  EACCES,
		  { 1000, -1, 1, "", false, CONTAINER_NONE, NULL, false, false },
		  "apparmor_parser -r /etc/apparmor.d/pyconfine" },
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  EPERM,
		  { 1000, -1, -1, "", true, CONTAINER_DOCKER, "/.dockerenv", false, false },
		  "--security-opt seccomp=unconfined" },
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  EPERM,
		  { 1000, -1, -1, "", true, CONTAINER_KUBERNETES, "X", false, false },
		  "seccompProfile: {type: Unconfined}" },
		{ FEATURE_USER_NAMESPACES,
		  1000,
		  EPERM,
		  { 1000, -1, -1, "", true, CONTAINER_NONE, NULL, true, true },
		  "RestrictNamespaces=no" },
		{ FEATURE_LANDLOCK,
		  1000,
		  EOPNOTSUPP,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  "lsm=landlock," },
		{ FEATURE_LANDLOCK,
		  1000,
		  EPERM,
		  { -1, -1, -1, "", true, CONTAINER_DOCKER, "X", false, false },
		  "Docker 23.0" },
		{ FEATURE_USER_NOTIFY,
		  1000,
		  EBUSY,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  "only listener" },
		{ FEATURE_PROC_MOUNT,
		  1000,
		  EPERM,
		  { -1, -1, -1, "", false, CONTAINER_PODMAN, "X", false, false },
		  "unmask=ALL" },
		{ FEATURE_CGROUP,
		  1000,
		  EACCES,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, true, true },
		  "systemd-run --user --scope -p Delegate=yes" },
		{ FEATURE_CGROUP,
		  1000,
		  ENODEV,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, true, false },
		  "systemd.unified_cgroup_hierarchy=1" },
		{ FEATURE_IDMAPPED_MOUNTS,
		  1000,
		  EPERM,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  NULL },
		{ FEATURE_NO_NEW_PRIVS,
		  1000,
		  EPERM,
		  { -1, -1, -1, "", false, CONTAINER_NONE, NULL, false, false },
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct host_facts facts = everything(rows[i].uid);
		const char *fix;

		host_facts_lower(&facts, rows[i].feature, rows[i].sys_errno, "tried");
		fix = host_feature_fix(rows[i].feature, &facts, &rows[i].knobs);
		if (rows[i].contains) {
			assert_non_null(fix);
			assert_non_null(strstr(fix, rows[i].contains));
		} else {
			assert_null(fix);
		}
	}
}

static void fix_for_old_kernels_and_for_nothing(void **state)
{
	struct host_facts facts = everything(1000);
	const struct host_knobs knobs = nothing_known();

	(void)state;
	for (int i = 0; i < FEATURE_COUNT; i++)
		assert_null(host_feature_fix((enum host_feature)i, &facts, &knobs)); /* it is there */
	facts.kernel_major = 5;
	facts.kernel_minor = 10;
	host_facts_lower(&facts, FEATURE_LANDLOCK, ENOSYS, "landlock_create_ruleset");
	assert_non_null(strstr(host_feature_fix(FEATURE_LANDLOCK, &facts, &knobs), "Linux 5.13"));
	host_facts_lower(&facts, FEATURE_NAMESPACES, ENOSYS, "mount_setattr");
	assert_non_null(strstr(host_feature_fix(FEATURE_NAMESPACES, &facts, &knobs), "Linux 5.12"));
}

/* On whatever machine this runs: the full probe never finds more than the quick one assumed, and both hold together. */
static void full_probe_only_lowers(void **state)
{
	struct host_facts quick, full;
	struct error err;

	(void)state;
	assert_int_equal(host_facts_probe_quick(&quick, &err), 0);
	assert_int_equal(host_facts_probe_full(&full, &err), 0);
	for (int i = 0; i < FEATURE_COUNT; i++) {
		const struct host_fact *fact = &full.features[i];

		assert_false(fact->assumed);
		assert_true(fact->level >= 0 && fact->level <= host_features[i].highest);
		if (fact->level == 0)
			assert_true(fact->detail[0] != '\0');
		if (i != FEATURE_CGROUP) /* not looked for by the quick one */
			assert_true(fact->level <= quick.features[i].level);
	}
	assert_int_equal(full.uid, quick.uid);
	assert_true(full.kernel_major >= 4);
	assert_true(full.last_capability >= CAP_AUDIT_READ && full.last_capability < 64);
	assert_int_equal(full.bounding >> full.last_capability >> 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(lowering_takes_what_depends_on_it),
		cmocka_unit_test(root_does_without_user_namespaces),
		cmocka_unit_test(a_lost_part_leaves_the_rest),
		cmocka_unit_test(assume_lowers),
		cmocka_unit_test(assume_refuses),
		cmocka_unit_test(assume_cannot_bring_back),
		cmocka_unit_test(landlock_rights_by_abi),
		cmocka_unit_test(fix_fits_what_was_seen),
		cmocka_unit_test(fix_for_old_kernels_and_for_nothing),
		cmocka_unit_test(full_probe_only_lowers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
