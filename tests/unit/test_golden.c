/* Whole plans, compared with stored ones: tests/golden/NAME.yaml is a profile, whose first comments say who asks and
 * what the host lacks, and NAME.plan what `explain --json` says of it. tests/golden/README tells how to make and renew
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/explain.h"
#include "golden_tree.h"
#include "host/landlock_rights.h"
#include "policy/filter.h"
#include "profile/load.h"

#define FOLDER "tests/golden"
#define CASES_MAX 64
#define NOT_HERE 77

/* What differs from run to run or from machine to machine is made up while a plan is made. These stand before those of
 * the C library, which sanitizers call before they are ready themselves. */
#define UNSANITIZED __attribute__((no_sanitize_address))
static bool made_up;

UNSANITIZED pid_t getpid(void)
{
	return made_up ? 2000 : (pid_t)syscall(SYS_getpid);
}

UNSANITIZED int getrlimit(__rlimit_resource_t resource, struct rlimit *out)
{
	if (!made_up)
		return (int)syscall(SYS_prlimit64, 0, resource, NULL, out);
	*out = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	return 0;
}

struct golden {
	char name[64];
	char *text; /* of the profile */
	unsigned uid;
	int landlock;
	char lacks[128];
	bool is_pid_1;
};

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!file || !text) {
		free(text);
		return NULL;
	}
	(void)!fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

/* "# uid: 0", "# lacks: namespaces=0", "# landlock: 10", "# pid 1: yes" above the first line that is no comment. */
static void read_header(struct golden *golden)
{
	char *copy = strdup(golden->text), *rest = copy;

	golden->uid = 1000;
	golden->landlock = 7;
	for (char *line = strsep(&rest, "\n"); line && line[0] == '#'; line = strsep(&rest, "\n")) {
		char yes[8];

		sscanf(line, "# uid: %u", &golden->uid);
		sscanf(line, "# landlock: %d", &golden->landlock);
		sscanf(line, "# lacks: %127s", golden->lacks);
		golden->is_pid_1 |= sscanf(line, "# pid 1: %7s", yes) == 1;
	}
	free(copy);
}

static void make_facts(const struct golden *golden, struct host_facts *facts)
{
	struct error err = { 0 };

	*facts = (struct host_facts){ .uid = golden->uid,
		                      .gid = golden->uid,
		                      .is_pid_1 = golden->is_pid_1,
		                      .kernel_major = 6,
		                      .kernel_minor = 18,
		                      .last_capability = 40 };
	for (int i = 0; i < FEATURE_COUNT; i++)
		facts->features[i].level = host_features[i].highest;
	facts->features[FEATURE_LANDLOCK].level = golden->landlock;
	facts->features[FEATURE_CGROUP].level = 0;
	if (golden->uid) {
		facts->features[FEATURE_IDMAPPED_MOUNTS].level = 0;
		facts->features[FEATURE_SET_USER].level = 0;
		facts->features[FEATURE_CAPABILITY_BOUNDS].level = 0;
	}
	if (golden->lacks[0] && host_facts_assume(facts, golden->lacks, &err)) {
		printf("%s: %s\n", golden->name, err.message);
		exit(1);
	}
}

/* --- the plan as lines --- */

/* json-c's own loop is an expression that clang warns of. */
struct member {
	struct json_object_iterator at, end;
	const char *name;
	struct json_object *value;
};

static struct member members_of(struct json_object *object)
{
	return (struct member){ .at = json_object_iter_begin(object), .end = json_object_iter_end(object) };
}

static bool member_next(struct member *member)
{
	if (json_object_iter_equal(&member->at, &member->end))
		return false;
	member->name = json_object_iter_peek_name(&member->at);
	member->value = json_object_iter_peek_value(&member->at);
	json_object_iter_next(&member->at);
	return true;
}

static bool is_object(struct json_object *value)
{
	return json_object_is_type(value, json_type_object);
}

static bool is_array(struct json_object *value)
{
	return json_object_is_type(value, json_type_array);
}

static bool holds_objects(struct json_object *value)
{
	if (is_array(value))
		return json_object_array_length(value) > 0 && is_object(json_object_array_get_idx(value, 0));
	if (is_object(value))
		for (struct member member = members_of(value); member_next(&member);)
			if (holds_objects(member.value))
				return true;
	return false;
}

static bool says_nothing(struct json_object *value)
{
	return !value || (json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value)) ||
	       (is_array(value) && json_object_array_length(value) == 0) ||
	       (json_object_is_type(value, json_type_int) && json_object_get_int64(value) == 0);
}

static void print_json(struct json_object *value)
{
	printf("%s\n", json_object_to_json_string_ext(value, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Of an item what is null, false, 0 or empty is left out: there are many. */
static void print_line(struct json_object *value)
{
	struct json_object *rest;

	if (!is_object(value)) {
		print_json(value);
		return;
	}
	rest = json_object_new_object();
	for (struct member member = members_of(value); member_next(&member);)
		if (!says_nothing(member.value))
			json_object_object_add(rest, member.name, json_object_get(member.value));
	print_json(rest);
	json_object_put(rest);
}

/* A list of objects has a line for each; what else there is has one line. */
static void print_value(const char *key, struct json_object *value, int indent)
{
	printf("%*s%s:", indent, "", key);
	if (!holds_objects(value)) {
		printf(" ");
		print_line(value);
		return;
	}
	printf("\n");
	for (size_t i = 0; is_array(value) && i < json_object_array_length(value); i++) {
		printf("%*s- ", indent, "");
		print_line(json_object_array_get_idx(value, i));
	}
	if (is_object(value))
		for (struct member member = members_of(value); member_next(&member);)
			print_value(member.name, member.value, indent + 2);
}

/* The length of a compiled filter is libseccomp's affair. */
static void leave_out_lengths(struct json_object *plan)
{
	struct json_object *filter = json_object_object_get(plan, "filter"),
			   *list = json_object_object_get(plan, "stages");

	json_object_object_del(filter, "instructions");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *stage = json_object_array_get_idx(list, i);

		if (strcmp(json_object_get_string(json_object_object_get(stage, "name")), "syscall_filter") == 0)
			json_object_object_del(stage, "what");
	}
	json_object_object_del(json_object_object_get(plan, "profile"), "sha256");
}

static void print_plan(const struct prepared *prepared)
{
	struct json_object *plan = explain_json(prepared);

	leave_out_lengths(plan);
	for (struct member member = members_of(plan); member_next(&member);)
		print_value(member.name, member.value, 0);
	printf("environment with values:\n");
	for (const char **variable = prepared->plan.envp; *variable; variable++)
		printf("- %s\n", *variable);
	json_object_put(plan);
}

static void print_refusal(const struct error *err)
{
	printf("refused: %s\n", err->message);
	if (err->pos.file)
		printf("at: %s:%u\n", err->pos.file, err->pos.line);
	printf("hint: %s\n", err->hint);
}

/* --- making it --- */

static const char *const environment[] = { "APP_MODE=live",
	                                   "HOME=/home/me",
	                                   "LANG=C.UTF-8",
	                                   "OUTDIR=/srv/report/out",
	                                   "PATH=/usr/bin:/bin",
	                                   "SECRET_TOKEN=hunter2",
	                                   "TZ=UTC",
	                                   "UPLOAD=/srv/inputs/upload.bin",
	                                   NULL };
static const char *const arguments[] = { "orders.csv", NULL };

static int load_profile(const struct golden *golden, struct arena *arena, struct prepared *prepared, struct error *err)
{
	const struct profile_request request = { .profile = "/srv/report/report.pyconfine.yaml",
		                                 .script = "/srv/report/report.py",
		                                 .home = "/home/me",
		                                 .uid = golden->uid,
		                                 .gid = golden->uid,
		                                 .user_name = "me",
		                                 .cwd = "/srv/report" };

	prepared->diagnostics.arena = arena;
	if (profile_load(&request, arena, &prepared->profile, &prepared->diagnostics) == 0)
		return 0;
	error_set(err, prepared->diagnostics.items[0].code, "%s", prepared->diagnostics.items[0].message);
	err->pos = prepared->diagnostics.items[0].pos;
	return -1;
}

/* As prepare() does it, with nothing taken from this machine. */
static int make_plan(const struct golden *golden, struct arena *arena, struct prepared *prepared, struct error *err)
{
	const struct interpreter_request request = {
		.path = "/usr/bin:/bin", .home = "/home/me", .cwd = "/srv/report", .script = "/srv/report/report.py"
	};

	make_facts(golden, &prepared->facts);
	prepared->request = (struct request){ .kind = RUN_SCRIPT,
		                              .target = "report.py",
		                              .arguments = arguments,
		                              .cwd = "/srv/report",
		                              .session = "abababababababab",
		                              .environment = environment,
		                              .home = "/home/me",
		                              .user_name = golden->uid ? "me" : "root",
		                              .cache_dir = golden->uid ? "/home/me/.cache/pyconfine"
		                                                       : "/var/cache/pyconfine",
		                              .hash_script = true,
		                              .inspect_only = true };
	if (load_profile(golden, arena, prepared, err) ||
	    interpreter_find(&request, arena, &prepared->interpreter, err) ||
	    footprint_parse(golden_answer, strlen(golden_answer), &prepared->interpreter, "/home/me", arena,
	                    &prepared->footprint, err))
		return -1;
	prepared->has_footprint = true;
	return prepare_again(prepared, arena, err);
}

static _Noreturn void child(const struct golden *golden, int out_fd)
{
	struct arena arena = { 0 };
	struct prepared prepared = { 0 };
	struct error err = { 0 };

	tree_file("srv/report/report.pyconfine.yaml", golden->text, 0644);
	if (golden_enter(golden->uid))
		_exit(NOT_HERE);
	dup2(out_fd, 1);
	made_up = true;
	if (make_plan(golden, &arena, &prepared, &err))
		print_refusal(&err);
	else
		print_plan(&prepared);
	fflush(stdout);
	_exit(0);
}

/* Where the plan is now, for diff; the caller frees nothing: it lies in the tree of this test. */
static const char *plan_of(const struct golden *golden)
{
	const char *path = tree("actual.plan");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644), status;
	pid_t pid;

	assert_true(fd >= 0);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(golden, fd);
	waitpid(pid, &status, 0);
	close(fd);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_HERE)
		skip();
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return path;
}

/* Other architectures have other calls: what is said about them is left out of both. */
static void compares_with_the_stored_plan(void **state)
{
	const struct golden *golden = *state;
	char command[1024], *actual;

	golden_build();
	actual = read_whole(plan_of(golden));
	assert_non_null(actual);
	snprintf(command, sizeof(command), "%s/%s.plan", FOLDER, golden->name);
	if (getenv("PYCONFINE_BLESS")) {
		FILE *file = fopen(command, "w");

		assert_non_null(file);
		fputs(actual, file);
		assert_int_equal(fclose(file), 0);
	}
	free(actual);
#if defined(__x86_64__)
	snprintf(command, sizeof(command), "diff -u --label stored/%s.plan --label now %s/%s.plan %s/actual.plan",
	         golden->name, FOLDER, golden->name, tree_root);
#else
	snprintf(command, sizeof(command),
	         "bash -c 'diff -u <(grep -v \"^  - {.*call\" %s/%s.plan) "
	         "<(grep -v \"^  - {.*call\" %s/actual.plan)'",
	         FOLDER, golden->name, tree_root);
#endif
	if (system(command))
		fail_msg(
			"the plan of %s/%s.yaml is another; if that is meant: make golden, and look at the difference in git",
			FOLDER, golden->name);
}

static int is_case(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && strcmp(end, ".yaml") == 0;
}

static int set_up(void **state)
{
	void *tree_state = NULL;

	(void)state;
	return tree_setup(&tree_state);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(tree_root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	static struct golden goldens[CASES_MAX];
	static struct CMUnitTest tests[CASES_MAX];
	struct dirent **entries = NULL;
	int count = scandir(FOLDER, &entries, is_case, alphasort);

	if (count <= 0 || count > CASES_MAX) {
		fprintf(stderr, "no golden plans in %s: run this in the project's directory\n", FOLDER);
		return 1;
	}
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(goldens[i].name, sizeof(goldens[i].name), "%.*s", (int)strlen(entries[i]->d_name) - 5,
		         entries[i]->d_name);
		snprintf(path, sizeof(path), "%s/%s", FOLDER, entries[i]->d_name);
		goldens[i].text = read_whole(path);
		read_header(&goldens[i]);
		tests[i] = (struct CMUnitTest){ .name = goldens[i].name,
			                        .test_func = compares_with_the_stored_plan,
			                        .setup_func = set_up,
			                        .teardown_func = tear_down,
			                        .initial_state = &goldens[i] };
		free(entries[i]);
	}
	free(entries);
	return _cmocka_run_group_tests("golden plans", tests, (size_t)count, NULL, NULL);
}
