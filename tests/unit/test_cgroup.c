/* host/cgroup: which group is ours to divide, over a tree of files that looks like a hierarchy. plan/cgroup: which
 * limits go there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/cgroup.h"
#include "plan/parts.h"
#include "supervise/cgroup.h"
#include "tree.h"

enum { OURS = 4711 };

static const char *delegated; /* the one directory that was handed over; NULL: all */

static bool is_delegated(const char *directory)
{
	return !delegated || strcmp(directory, tree(delegated)) == 0;
}

/* `type` NULL: the root of a hierarchy. */
static void group(const char *path, const char *type, const char *controllers, const char *procs)
{
	const struct {
		const char *name, *text;
	} files[] = { { "cgroup.type", type },
		      { "cgroup.controllers", controllers },
		      { "cgroup.procs", procs },
		      { "cgroup.subtree_control", "" } };
	char name[256];

	tree_directory(path);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", path, files[i].name);
		if (files[i].text)
			tree_file(name, files[i].text, 0644);
	}
}

static struct host_fact find(const char *own, struct cgroup_place *place)
{
	struct host_fact fact = { 0 };
	const struct cgroup_sight sight = {
		.mount = tree("cg"), .own_text = own, .pid = OURS, .is_delegated = is_delegated
	};

	cgroup_find(&sight, place, &fact);
	return fact;
}

static void expect_found(const char *own, const char *base, bool step_aside, unsigned controllers)
{
	struct cgroup_place place;

	assert_int_equal(find(own, &place).level, 1);
	assert_string_equal(place.base, tree(base));
	assert_int_equal(place.step_aside, step_aside);
	assert_int_equal(place.controllers, controllers);
}

static void expect_none(const char *own, int sys_errno, const char *detail)
{
	struct cgroup_place place;
	struct host_fact fact = find(own, &place);

	assert_int_equal(fact.level, 0);
	assert_int_equal(fact.sys_errno, sys_errno);
	assert_string_equal(fact.detail, detail);
	assert_string_equal(place.base, "");
}

static int set_up(void **state)
{
	int result = tree_setup(state);

	delegated = NULL;
	group("cg", NULL, "cpuset cpu io memory pids\n", "1\n4711\n");
	return result;
}

static void the_root_of_a_hierarchy_may_hold_processes(void **state)
{
	(void)state;
	expect_found("0::/\n", "cg", false, CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU);
}

static void alone_in_a_group_it_steps_aside(void **state)
{
	(void)state;
	group("cg/run.scope", "domain\n", "memory pids\n", "4711\n");
	delegated = "cg/run.scope";
	expect_found("12:cpu:/x\n0::/run.scope\n", "cg/run.scope", true, CGROUP_MEMORY | CGROUP_PIDS);
}

static void with_others_it_takes_the_group_above_where_that_is_empty(void **state)
{
	(void)state;
	group("cg/app.service", "domain\n", "cpu memory pids\n", "");
	group("cg/app.service/main", "domain\n", "cpu memory pids\n", "12\n4711\n");
	expect_found("0::/app.service/main\n", "cg/app.service", false, CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU);
	tree_file("cg/app.service/main/pids.max", "max\n", 0644);
	expect_found("0::/app.service/main\n", "cg/app.service", false, CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU);
	tree_file("cg/app.service/main/pids.max", "20\n", 0644);
	expect_none("0::/app.service/main\n", EBUSY, "our own cgroup holds other processes, too");
	unlink(tree("cg/app.service/main/pids.max"));
	/* alone, but what is above has handed nothing on yet */
	group("cg/app.service/main", "domain\n", "\n", "4711\n");
	expect_found("0::/app.service/main\n", "cg/app.service", false, CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU);
	group("cg/app.service/main", "domain\n", "cpu memory pids\n", "12\n4711\n");
	group("cg/app.service", "domain\n", "cpu memory pids\n", "33\n");
	expect_none("0::/app.service/main\n", EBUSY, "our own cgroup holds other processes, too");
}

static void a_group_that_was_not_handed_over_is_not_touched(void **state)
{
	(void)state;
	group("cg/system.slice", "domain\n", "memory\n", "");
	group("cg/system.slice/a.service", "domain\n", "memory\n", "4711\n");
	delegated = "cg/elsewhere";
	expect_none("0::/system.slice/a.service\n", EACCES, "our own cgroup is not ours to divide");
	delegated = "cg/system.slice/a.service";
	expect_found("0::/system.slice/a.service\n", "cg/system.slice/a.service", true, CGROUP_MEMORY);
}

static void what_cannot_be_written_or_is_threaded_will_not_do(void **state)
{
	(void)state;
	delegated = "cg/a";
	group("cg/a", "threaded\n", "memory\n", "4711\n");
	expect_none("0::/a\n", EACCES, "our own cgroup is not ours to divide");
	group("cg/a", "domain\n", "memory\n", "4711\n");
	unlink(tree("cg/a/cgroup.subtree_control"));
	expect_none("0::/a\n", EACCES, "our own cgroup is not ours to divide");
}

static void without_controllers_there_is_nothing_to_limit_with(void **state)
{
	(void)state;
	group("cg/b", "domain\n", "memory\n", "9\n");
	group("cg/b/a", "domain\n", "hugetlb\n", "4711\n");
	expect_none("0::/b/a\n", EOPNOTSUPP, "our cgroup has neither the memory nor the pids nor the cpu controller");
}

static void a_group_out_of_view_is_none(void **state)
{
	(void)state;
	expect_none("0::/not/there\n", ENOENT, "our own cgroup is not in view");
	expect_none("0::/../above\n", ENOENT, "our own cgroup is not in view");
	expect_none("3:memory:/x\n", ENOENT, "our own cgroup is not in view");
	expect_none("", ENOENT, "our own cgroup is not in view");
}

static struct cgroup_plan planned(unsigned controllers, int level, struct arena *arena)
{
	struct profile profile = { .limits.memory = { .set = true, .value = 1 << 20 },
		                   .limits.processes = { .set = true, .value = 5 } };
	struct host_facts facts = { .cgroup = { .base = "/cg", .controllers = controllers, .step_aside = true } };
	struct plan plan = { .profile = &profile };
	struct build b = { .profile = &profile, .facts = &facts, .arena = arena, .plan = &plan };

	b.variables.session = "0011223344556677";
	facts.features[FEATURE_CGROUP].level = level;
	assert_int_equal(plan_cgroup(&b), 0);
	return plan.cgroup;
}

static void each_limit_goes_there_by_itself(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct cgroup_plan plan = planned(CGROUP_MEMORY | CGROUP_PIDS | CGROUP_CPU, 1, &arena);

	(void)state;
	assert_string_equal(plan.base, "/cg");
	assert_string_equal(plan.name, "pyconfine-0011223344556677");
	assert_true(plan.step_aside);
	assert_int_equal(plan.controllers, CGROUP_MEMORY | CGROUP_PIDS);
	assert_int_equal(plan.memory_bytes, 1 << 20);
	assert_int_equal(plan.processes, 6);
	assert_int_equal(plan.cpu_thousandths, 0);
	plan = planned(CGROUP_PIDS, 1, &arena);
	assert_int_equal(plan.controllers, CGROUP_PIDS);
	assert_int_equal(plan.memory_bytes, 0);
	assert_null(planned(CGROUP_CPU, 1, &arena).base);
	assert_null(planned(CGROUP_MEMORY, 0, &arena).base);
}

static struct cgroup_plan carried_out(const struct cgroup_place *place, struct stage_failure *failure)
{
	struct plan plan = { .cgroup = { .base = place->base,
		                         .name = "pyconfine-1",
		                         .controllers = CGROUP_MEMORY,
		                         .memory_bytes = 1 << 20 } };
	struct cgroup cgroup;

	assert_int_equal(cgroup_open(&cgroup, &plan, failure), -1);
	assert_int_equal(failure->stage, STAGE_CGROUP);
	return plan.cgroup;
}

/* A tree of plain files makes no files of its own in a new directory. */
static void what_fails_leaves_nothing(void **state)
{
	struct stage_failure failure = { 0 };
	struct cgroup_place place;

	(void)state;
	find("0::/\n", &place);
	carried_out(&place, &failure);
	assert_string_equal(cgroup_step_name(failure.step), "memory.max");
	assert_int_equal(failure.sys_errno, ENOENT);
	assert_int_equal(access(tree("cg/pyconfine-1"), F_OK), -1);
	snprintf(place.base, sizeof(place.base), "%s", tree("nowhere"));
	carried_out(&place, &failure);
	assert_string_equal(cgroup_step_name(failure.step), "base");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_root_of_a_hierarchy_may_hold_processes, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(alone_in_a_group_it_steps_aside, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(with_others_it_takes_the_group_above_where_that_is_empty, set_up,
		                                tree_teardown),
		cmocka_unit_test_setup_teardown(a_group_that_was_not_handed_over_is_not_touched, set_up, tree_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_written_or_is_threaded_will_not_do, set_up,
		                                tree_teardown),
		cmocka_unit_test_setup_teardown(without_controllers_there_is_nothing_to_limit_with, set_up,
		                                tree_teardown),
		cmocka_unit_test_setup_teardown(a_group_out_of_view_is_none, set_up, tree_teardown),
		cmocka_unit_test(each_limit_goes_there_by_itself),
		cmocka_unit_test_setup_teardown(what_fails_leaves_nothing, set_up, tree_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
