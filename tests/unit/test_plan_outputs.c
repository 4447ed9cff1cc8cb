/* outputs in the plan: what is refused before anything starts, word for word, and what is decided for the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan/build.h"
#include "tree.h"

#define PLACE(text) \
	{ \
		.value = (text), .pos = { "p.yaml", 3, 1 } \
	}

static struct arena arena;
static struct profile profile;
static struct host_facts facts;
static struct plan plan;
static struct error err;

static int setup(void **state)
{
	static struct profile_string presets[] = { { .value = "python" } };

	tree_setup(state);
	tree_check(chmod(tree_root, 0755) == 0, "chmod", ""); /* started by root, a script is somebody else */
	tree_directory("out");
	tree_file("file", "", 0644);
	tree_file("app/script.py", "", 0644);
	profile = (struct profile){ .name = "test", .chain = "test" };
	profile.files.presets = (struct profile_strings){ presets, 1 };
	profile.outputs.path = (struct profile_string)PLACE(arena_strdup(&arena, tree("out")));
	facts = (struct host_facts){ .uid = geteuid(), .gid = getegid(), .kernel_major = 6, .kernel_minor = 12 };
	for (int i = 0; i < FEATURE_COUNT; i++)
		facts.features[i].level = i == FEATURE_LANDLOCK ? 6 : 1;
	memset(&err, 0, sizeof(err));
	memset(&plan, 0, sizeof(plan));
	return 0;
}

static int teardown(void **state)
{
	tree_teardown(state);
	arena_free(&arena);
	return 0;
}

static int build(void)
{
	static const char *const environment[] = { NULL };
	const struct interpreter interpreter = { .path = "/bin/true", .real_path = "/bin/true", .how = "test" };
	const struct footprint footprint = { 0 };
	const struct request request = { .kind = RUN_SCRIPT,
		                         .target = arena_strdup(&arena, tree("app/script.py")),
		                         .cwd = "/",
		                         .session = "0123456789abcdef",
		                         .home = "/home/nobody-here",
		                         .environment = environment };

	return plan_build(&request, &profile, &facts, &interpreter, &footprint, &arena, &plan, &err);
}

static void expect(enum message_code code, uint32_t line, const char *format, const char *path)
{
	TEXT_CLEANUP struct text message = { 0 };

	/* "@" stands for a path in the tree */
	for (; *format; format++)
		*format == '@' ? text_add(&message, tree(path)) : text_add_n(&message, format, 1);
	assert_int_equal(build(), -1);
	assert_string_equal(err.message, text_string(&message));
	assert_int_equal(err.code, code);
	assert_int_equal(err.pos.line, line);
}

static const char *variable(const char *name)
{
	size_t length = strlen(name);

	for (const char **at = plan.envp; *at; at++)
		if (strncmp(*at, name, length) == 0 && (*at)[length] == '=')
			return *at + length + 1;
	return NULL;
}

static const struct landlock_rule *rule_at(const char *path)
{
	for (size_t i = 0; i < plan.landlock.rule_count; i++)
		if (strcmp(plan.landlock.rules[i].path, path) == 0)
			return &plan.landlock.rules[i];
	return NULL;
}

static const struct view_step *outputs_step(void)
{
	for (size_t i = 0; i < plan.view_count; i++)
		if (plan.view[i].kind == VIEW_OUTPUTS)
			return &plan.view[i];
	return NULL;
}

static void a_view_has_a_file_system_for_them(void **state)
{
	(void)state;
	profile.outputs.as = (struct profile_string)PLACE("/work/out");
	profile.outputs.files = (struct limit){ .set = true, .value = 5 };
	profile.outputs.size = (struct limit){ .set = true, .value = 1 << 20 };
	if (build())
		fail_msg("%s", err.message);
	assert_string_equal(plan.outputs.inside, "/work/out");
	assert_string_equal(plan.outputs.target, tree("out"));
	assert_string_equal(variable("PYCONFINE_OUTPUTS"), "/work/out");
	assert_string_equal(outputs_step()->target, "work/out");
	/* nosuid, nodev, noexec: include/linux/mount.h */
	assert_int_equal(outputs_step()->attributes, 0x2 | 0x4 | 0x8);
	assert_int_equal(plan.outputs.tmpfs_bytes, (1 << 20) + 6 * sysconf(_SC_PAGESIZE));
	assert_int_equal(plan.outputs.tmpfs_inodes, 42);
	/* write, list and read files, remove and make files, rename into it, truncate; nothing else can be made */
	assert_int_equal(rule_at("/work/out")->access, 0x2 | 0x4 | 0x8 | 0x20 | 0x100 | 0x2000 | 0x4000);
	assert_null(rule_at(tree("out")));
}

static void without_as_a_place_is_chosen(void **state)
{
	(void)state;
	assert_int_equal(build(), 0);
	assert_string_equal(plan.outputs.inside, "/run/outputs");
	assert_int_equal(plan.outputs.files, 20);
	assert_int_equal(plan.outputs.bytes, 50 << 20);
	facts.features[FEATURE_NAMESPACES].level = 0;
	if (build())
		fail_msg("%s", err.message);
	assert_null(outputs_step());
	assert_string_equal(strrchr(plan.private_tmp, '-'), "-0123456789abcdef");
	assert_string_equal(strrchr(plan.outputs.inside, '-'), "-89abcdef01234567");
	assert_string_equal(variable("PYCONFINE_OUTPUTS"), plan.outputs.inside);
	assert_non_null(rule_at(plan.outputs.inside));
}

static void without_outputs_nothing_is_there(void **state)
{
	(void)state;
	profile.outputs.path.value = NULL;
	assert_int_equal(build(), 0);
	assert_null(plan.outputs.inside);
	assert_null(variable("PYCONFINE_OUTPUTS"));
	assert_null(outputs_step());
}

static void targets_are_refused(void **state)
{
	static struct file_grant grants[1];

	(void)state;
	profile.outputs.path.value = arena_strdup(&arena, tree("nowhere"));
	expect(CODE_MISSING_PATH, 3, "outputs.path: @: No such file or directory", "nowhere");
	assert_string_equal(err.hint, arena_printf(&arena, "Create it first: mkdir -p %s", tree("nowhere")));
	profile.outputs.path.value = arena_strdup(&arena, tree("file"));
	expect(CODE_BAD_PATH, 3, "outputs.path: @ is no directory", "file");
	profile.outputs.path.value = "/proc/self";
	expect(CODE_BAD_PATH, 3, "outputs.path: you may not write into /proc/self: Operation not permitted", "");
	profile.outputs.path.value = arena_strdup(&arena, tree("out"));
	grants[0].path.value = arena_strdup(&arena, tree("out"));
	profile.files.deny = (struct file_grants){ grants, 1 };
	expect(CODE_BAD_PATH, 3, "outputs.path: @ is denied, by files.deny or as our own cache", "out");
}

static void what_the_script_writes_itself_is_no_target(void **state)
{
	static struct file_grant grants[1];

	(void)state;
	facts.features[FEATURE_SET_USER].level = 0; /* whose directory that is, is another question */
	grants[0].path.value = arena_strdup(&arena, tree(""));
	profile.files.write = (struct file_grants){ grants, 1 };
	expect(CODE_BAD_PATH, 3, "outputs.path: the script may write to @ by itself, past every check", "out");
	/* reading does no harm */
	profile.files.read = profile.files.write;
	profile.files.write.count = 0;
	assert_int_equal(build(), 0);
	facts.features[FEATURE_NAMESPACES].level = 0;
	profile.outputs.path.value = "/dev/shm";
	expect(CODE_BAD_PATH, 3, "outputs.path: without namespaces the script may write to /dev/shm itself", "");
}

static void the_ceiling_is_for_outputs_too(void **state)
{
	static struct file_grant grants[1];
	struct profile_ceiling ceiling = { .file = "/etc/pyconfine/ceiling.yaml", .has_write = true };

	(void)state;
	profile.ceiling = &ceiling;
	expect(CODE_LOCKED, 3, "outputs.path: @ is more than /etc/pyconfine/ceiling.yaml permits", "out");
	grants[0].path.value = arena_strdup(&arena, tree("out"));
	ceiling.write = (struct file_grants){ grants, 1 };
	if (build())
		fail_msg("%s", err.message);
}

static void places_inside_are_refused(void **state)
{
	static const struct {
		const char *as, *message;
	} rows[] = {
		{ "/etc", "outputs.as: /etc is taken: /etc is shown there" },
		{ "/etc/out", "outputs.as: /etc/out is taken: /etc is shown there" },
		{ "/tmp", "outputs.as: /tmp is taken: /tmp is shown there" },
		{ "/dev/shm/x", "outputs.as: /dev/shm/x is taken: /dev is shown there" },
		{ "/dev", "outputs.as: /dev is taken: /dev/shm is shown there" },
		{ "/proc/x", "outputs.as: /proc/x is taken: /proc is shown there" },
		{ "/home", "outputs.as: /home is taken: /home/nobody-here is shown there" },
		{ "/dev/null/x", "outputs.as: /dev/null/x is taken: /dev is shown there" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		profile.outputs.as = (struct profile_string)PLACE(rows[i].as);
		expect(CODE_BAD_PATH, 3, rows[i].message, "");
	}
	profile.outputs.as.value = arena_strdup(&arena, tree("app"));
	expect(CODE_BAD_PATH, 3,
	       arena_printf(&arena, "outputs.as: @ is taken: %s is shown there", tree("app/script.py")), "app");
	profile.outputs.as.value = "/tmp/out";
	assert_int_equal(build(), 0);
	profile.outputs.as.value = "/home/nobody-here/out";
	assert_int_equal(build(), 0);
	facts.features[FEATURE_NAMESPACES].level = 0;
	expect(CODE_CANNOT_KEEP, 3, "outputs: `as` needs a view, and namespaces are not to be had here", "");
	assert_non_null(strstr(err.hint, "$PYCONFINE_OUTPUTS"));
}

static void checks_that_say_nothing_are_refused(void **state)
{
	static struct profile_string suffixes[] = { { .value = ".tar.gz" },
		                                    { .value = ".exe", .pos = { "p.yaml", 7, 1 } } };

	(void)state;
	profile.outputs.check = CHECK_CONTENT;
	expect(CODE_BAD_VALUE, 3, "outputs.check: content: without outputs.suffixes every content is right", "");
	profile.outputs.suffixes = (struct profile_strings){ suffixes, 2 };
	expect(CODE_BAD_VALUE, 7, "outputs.check: content: what a .exe file begins with is not known", "");
	profile.outputs.suffixes.count = 1;
	assert_int_equal(build(), 0);
	assert_true(plan.outputs.check_content);
	profile.outputs.files = (struct limit){ .set = true, .value = 10001, .pos = { "p.yaml", 8, 1 } };
	expect(CODE_BAD_VALUE, 8, "outputs.files: at most 10000 files", "");
	profile.outputs.files.value = 10000;
	assert_int_equal(build(), 0);
}

static void beside_the_script_is_warned_of(void **state)
{
	(void)state;
	assert_int_equal(build(), 0);
	assert_null(plan.warnings[0]);
	profile.outputs.path.value = arena_strdup(&arena, tree("app"));
	assert_int_equal(build(), 0);
	assert_string_equal(plan.warnings[0],
	                    arena_printf(&arena,
	                                 "outputs go to %s, from where the script's next run takes its own code",
	                                 tree("app")));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_view_has_a_file_system_for_them),
		TEST(without_as_a_place_is_chosen),
		TEST(without_outputs_nothing_is_there),
		TEST(targets_are_refused),
		TEST(what_the_script_writes_itself_is_no_target),
		TEST(the_ceiling_is_for_outputs_too),
		TEST(places_inside_are_refused),
		TEST(checks_that_say_nothing_are_refused),
		TEST(beside_the_script_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
