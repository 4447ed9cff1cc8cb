/* What the interpreter is started with: arguments, an environment built from nothing, a directory. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "plan/parts.h"

/* Variables that tell Python's or the dynamic loader's start-up what to load: never passed on by a pattern. */
static const char *const never_by_pattern[] = { "LD_*", "PYTHON*", "GLIBC_TUNABLES", "PYCONFINE_*", NULL };

static bool matches(const char *pattern, const char *name, size_t name_length)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '*')
		return name_length >= length - 1 && strncmp(pattern, name, length - 1) == 0;
	return name_length == length && strncmp(pattern, name, length) == 0;
}

static bool is_allowed(const struct profile_strings *allow, const char *name, size_t length)
{
	bool pattern_is_enough = true;

	for (size_t i = 0; never_by_pattern[i]; i++)
		if (matches(never_by_pattern[i], name, length))
			pattern_is_enough = false;
	for (size_t i = 0; i < allow->count; i++) {
		const char *pattern = allow->items[i].value;

		if (matches(pattern, name, length) && (pattern_is_enough || !strchr(pattern, '*')))
			return true;
	}
	return false;
}

struct environment {
	const char **items;
	size_t count;
};

static bool is_secret_variable(const struct build *b, const char *name, size_t length)
{
	for (size_t i = 0; i < b->plan->secret_count; i++) {
		const char *variable = b->plan->secrets[i].variable;

		if (variable && strlen(variable) == length && strncmp(variable, name, length) == 0)
			return true;
	}
	return false;
}

/* What is the name of a secret is not ours, nor the caller's. */
static void set(struct build *b, struct environment *env, const char *name, const char *value)
{
	size_t length = strlen(name), at = 0;

	if (is_secret_variable(b, name, length))
		return;
	while (at < env->count && !(strncmp(env->items[at], name, length) == 0 && env->items[at][length] == '='))
		at++;
	if (at == env->count) {
		env->items = arena_grow(b->arena, env->items, env->count, sizeof(*env->items));
		env->count++;
	}
	env->items[at] = arena_printf(b->arena, "%s=%s", name, value);
}

/* Libraries start a thread for each processor that the machine has, whatever share of them they get. What the caller
 * passes on or the profile sets comes later, and wins. */
static void limit_threads(struct build *b, struct environment *env)
{
	static const char *const names[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
		                             "NUMEXPR_NUM_THREADS", "PYTHON_CPU_COUNT" };
	char count[16];

	if (!b->plan->processors.threads)
		return;
	snprintf(count, sizeof(count), "%u", b->plan->processors.threads);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		set(b, env, names[i], count);
}

static int build_environment(struct build *b)
{
	const struct name_pairs *pairs = &b->profile->env.set;
	const char *user = b->plan->change_user ? "nobody" : b->request->user_name;
	struct environment env = { 0 };

	set(b, &env, "PATH", "/usr/local/bin:/usr/bin:/bin");
	set(b, &env, "HOME", b->plan->private_tmp ? b->plan->private_tmp : plan_inside_home(b));
	if (user) {
		set(b, &env, "USER", user);
		set(b, &env, "LOGNAME", user);
	}
	if (b->plan->private_tmp)
		set(b, &env, "TMPDIR", b->plan->private_tmp);
	limit_threads(b, &env);
	for (const char *const *v = b->request->environment; v && *v; v++) {
		size_t length = strcspn(*v, "=");

		/* as secrets they reach the script by `secrets` alone, or not at all */
		if (plan_is_secret_source(&b->profile->secrets, *v, length))
			continue;
		if ((*v)[length] == '=' && is_allowed(&b->profile->env.allow, *v, length))
			set(b, &env, arena_strndup(b->arena, *v, length), *v + length + 1);
	}
	if (b->plan->secrets_dir) /* where systemd's services look, too */
		set(b, &env, "CREDENTIALS_DIRECTORY", b->plan->secrets_dir);
	for (size_t i = 0; i < pairs->count; i++) {
		const char *value = expand_variables(&pairs->items[i].value, &b->variables, b->arena, b->err);

		if (!value)
			return -1;
		set(b, &env, pairs->items[i].name.value, value);
	}
	if (b->plan->outputs.inside)
		set(b, &env, "PYCONFINE_OUTPUTS", b->plan->outputs.inside);
	env.items = arena_grow(b->arena, env.items, env.count, sizeof(*env.items));
	env.items[env.count] = NULL;
	b->plan->envp = env.items;
	return 0;
}

static void build_arguments(struct build *b)
{
	static const char *const switches[] = { [RUN_MODULE] = "-m", [RUN_COMMAND] = "-c", [RUN_STDIN] = "-" };
	const struct profile_strings *options = &b->profile->python.options;
	const struct request *request = b->request;
	size_t count = 0, arguments = 0;

	while (request->arguments && request->arguments[arguments])
		arguments++;
	b->plan->argv = arena_array(b->arena, arguments + options->count + 6, sizeof(*b->plan->argv));
	b->plan->argv[count++] = b->plan->interpreter;
	if (b->profile->python.isolated)
		b->plan->argv[count++] = "-I";
	for (size_t i = 0; i < options->count; i++)
		b->plan->argv[count++] = options->items[i].value;
	if (request->kind != RUN_SCRIPT)
		b->plan->argv[count++] = switches[request->kind];
	if (request->kind == RUN_SCRIPT && strcmp(b->plan->cwd, request->cwd))
		b->plan->argv[count++] = b->plan->script; /* a relative name would miss */
	else if (request->kind != RUN_STDIN)
		b->plan->argv[count++] = request->target;
	for (size_t i = 0; i < arguments; i++)
		b->plan->argv[count++] = request->arguments[i];
}

/* A path that the script can enter: shown as a directory, or free for one to be made. */
static bool is_enterable(const struct build *b, const char *path)
{
	const struct item *item = plan_item_at(b, path);

	if (item)
		return item->directory;
	/* in a view an empty directory takes its place (view.c), in which granted files lie where they do outside */
	return !path_is_below(path, "/proc") && !path_is_below(path, "/dev") && !path_is_below(path, "/sys");
}

/* The caller's directory where the script can see it, as python would; else the script's own; else the private /tmp. */
static int choose_directory(struct build *b)
{
	const char *choices[] = { b->request->cwd, b->script_dir, INSIDE_TMP };
	char shown[256];
	struct stat st;

	if (b->request->chdir) {
		const struct profile_string text = { .value = b->request->chdir, .pos = { .file = "--cwd" } };

		b->plan->cwd = expand_path(&text, &b->variables, b->arena, b->err);
		if (!b->plan->cwd)
			return -1;
		escape_into(shown, sizeof(shown), b->plan->cwd);
		if (stat(b->plan->cwd, &st) || !S_ISDIR(st.st_mode))
			return error_set(b->err, CODE_BAD_PATH, "--cwd %s: there is no such directory", shown);
		if (is_enterable(b, b->plan->cwd))
			return 0;
		error_set(b->err, CODE_BAD_PATH, "--cwd %s: the script cannot see that directory", shown);
		return error_hint(b->err, "Grant it: --read %s", shown);
	}
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		b->plan->cwd = choices[i];
		if (is_enterable(b, choices[i]))
			break;
	}
	if (strcmp(b->plan->cwd, b->request->cwd))
		plan_note(b, "the current directory is not visible to the script; it starts in %s",
		          escape_into(shown, sizeof(shown), b->plan->cwd));
	return 0;
}

/* Without mounts, "private" means a new directory of the host's that nobody else may enter. */
int plan_private_tmp(struct build *b)
{
	static const char *const places[] = { "/tmp", "/dev/shm", "/var/tmp", NULL };

	if (b->plan->mode != MODE_LANDLOCK)
		return 0;
	for (size_t i = 0; places[i]; i++)
		if (access(places[i], W_OK | X_OK) == 0) {
			b->plan->private_tmp = arena_printf(b->arena, "%s/pyconfine-%s", places[i],
			                                    b->variables.session);
			return 0;
		}
	plan_note(b, "neither /tmp, /dev/shm nor /var/tmp is writable: the script has no place for temporary files");
	return 0;
}

int plan_environment(struct build *b)
{
	if (choose_directory(b))
		return -1;
	build_arguments(b);
	return build_environment(b);
}
