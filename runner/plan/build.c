#include "plan/build.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/sha256.h"
#include "base/text.h"
#include "plan/parts.h"

static void line_add(struct build *b, const char ***lines, size_t *count, const char *line)
{
	*lines = arena_grow(b->arena, *lines, *count, sizeof(**lines));
	(*lines)[(*count)++] = line;
}

void plan_note(struct build *b, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	line_add(b, &b->notes, &b->note_count, arena_strdup(b->arena, line));
}

void plan_warn(struct build *b, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	line_add(b, &b->warnings, &b->warning_count, arena_strdup(b->arena, line));
}

static int set_variables(struct build *b)
{
	const struct request *request = b->request;
	const struct profile_string target = { .value = request->target };

	b->variables = (struct variables){ .home = request->home,
		                           .cwd = request->cwd,
		                           .user = request->user_name,
		                           .session = request->session,
		                           .uid = b->facts->uid,
		                           .environment = request->environment,
		                           .secrets = &b->profile->secrets };
	b->plan->session = request->session;
	b->variables.xdg_config_home = environment_get(request->environment, "XDG_CONFIG_HOME");
	b->script_dir = request->cwd;
	if (request->kind == RUN_SCRIPT) {
		/* a script's name is no template: "${x}.py" is a file */
		b->plan->script = request->target[0] == '/' ? request->target
		                                            : path_join(b->arena, request->cwd, target.value);
		b->script_dir = path_directory(b->arena, b->plan->script);
		b->variables.script = b->plan->script;
	}
	b->variables.script_dir = b->script_dir;
	return 0;
}

static int refuse_not_yet(struct build *b)
{
	const struct profile_strings *keys = &b->profile->not_yet;

	if (keys->count == 0 || b->request->inspect_only)
		return 0;
	error_set(b->err, CODE_NOT_YET, "%s cannot be enforced by this version yet, and is not ignored",
	          keys->items[0].value);
	b->err->pos = keys->items[0].pos;
	return error_hint(b->err, "Leave it out to run without it.");
}

/* Only explain and the report ask: a launch does not read the script. One that cannot be read has no hash; Python says
 * so. */
static int hash_script(struct build *b)
{
	FD_CLEANUP int fd = -1;
	struct sha256 hash;
	struct stat st;
	char block[16384];
	ssize_t got;

	if (!b->request->hash_script || !b->plan->script)
		return 0;
	fd = open(b->plan->script, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return 0;
	sha256_begin(&hash);
	while ((got = read(fd, block, sizeof(block))) > 0)
		sha256_add(&hash, block, (size_t)got);
	if (got == 0)
		sha256_end(&hash, b->plan->script_sha256);
	return 0;
}

static void describe(struct build *b)
{
	static const char *const labels[] = { [RUN_COMMAND] = "-c", [RUN_STDIN] = "-" };
	struct plan *plan = b->plan;

	plan->script_label = b->request->kind == RUN_SCRIPT   ? plan->script
	                     : b->request->kind == RUN_MODULE ? arena_printf(b->arena, "-m %s", b->request->target)
	                                                      : labels[b->request->kind];
	plan->interpreter = b->interpreter->path;
	plan->interpreter_how = b->interpreter->how;
	plan->interpreter_version = b->footprint && b->footprint->version ? b->footprint->version
	                                                                  : b->interpreter->version;
	plan->umask = 0022;
}

int plan_build(const struct request *request, const struct profile *profile, const struct host_facts *facts,
               const struct interpreter *interpreter, const struct footprint *footprint, struct arena *arena,
               struct plan *out, struct error *err)
{
	static int (*const parts[])(struct build *) = {
		set_variables,    refuse_not_yet, plan_items,   plan_layers,     plan_identity,    plan_network,
		plan_reach,       plan_cgroup,    plan_secrets, plan_processors, plan_private_tmp, plan_outputs,
		plan_environment, plan_inputs,    plan_view,    plan_landlock,   plan_filter,      plan_limits,
		plan_promises,    plan_stages,    hash_script,
	};
	struct plan plan = { .profile = profile, .facts = *facts };
	struct build b = { .request = request,
		           .profile = profile,
		           .facts = facts,
		           .interpreter = interpreter,
		           .footprint = footprint,
		           .arena = arena,
		           .plan = &plan,
		           .err = err };

	describe(&b);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i](&b))
			return -1;
	describe(&b);
	line_add(&b, &b.notes, &b.note_count, NULL);
	line_add(&b, &b.warnings, &b.warning_count, NULL);
	plan.notes = b.notes;
	plan.warnings = b.warnings;
	*out = plan;
	return 0;
}
