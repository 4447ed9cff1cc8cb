/* explain -v: everything else that the plan holds. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "commands/explain.h"
#include "policy/filter.h"
#include "profile/inputs.h"

static void add_heading(struct text *out, const char *heading)
{
	text_addf(out, "\n%s\n", heading);
}

static void add_stages(struct text *out, const struct plan *plan)
{
	add_heading(out, "STAGES, in this order");
	for (size_t i = 0; i < plan->stage_count; i++) {
		const struct stage *stage = &stages[plan->stages[i]];
		TEXT_CLEANUP struct text what = { 0 };

		stage->describe(plan, &what);
		text_addf(out, "  %2zu  %-18s ", i + 1, stage->name);
		text_add_escaped(out, text_string(&what));
		text_add(out, "\n");
	}
}

static void add_visible(struct text *out, const struct visible_path *visible)
{
	text_addf(out, "  r%c%c  ", visible->write ? 'w' : '-', visible->exec ? 'x' : '-');
	text_add_escaped(out, visible->path);
	if (visible->directory)
		text_add(out, strcmp(visible->path, "/") ? "/" : "");
	if (strcmp(visible->path, visible->source) != 0) {
		text_add(out, " \u2190 ");
		text_add_escaped(out, visible->source);
	}
	if (visible->pos.file) {
		text_add(out, "   ");
		explain_add_pos(out, &visible->pos);
	}
	text_add(out, "\n");
}

static void add_files(struct text *out, const struct plan *plan)
{
	add_heading(out, "FILES of the profile and the script");
	for (size_t i = 0; i < plan->visible_count; i++)
		if (!plan->visible[i].interpreter)
			add_visible(out, &plan->visible[i]);
	for (size_t i = 0; plan->denied && plan->denied[i]; i++) {
		text_add(out, "  ---  ");
		text_add_escaped(out, plan->denied[i]);
		text_add(out, "   denied\n");
	}
	for (size_t i = 0; i < plan->view_count; i++)
		if (plan->view[i].kind == VIEW_SCRATCH && (plan->view[i].attributes & 1) == 0) {
			text_add(out, "  rw-  /");
			text_add_escaped(out, plan->view[i].target);
			text_add(out, "/   private, empty\n");
		}
	add_heading(out, "FILES for the interpreter's sake");
	for (size_t i = 0; i < plan->visible_count; i++)
		if (plan->visible[i].interpreter)
			add_visible(out, &plan->visible[i]);
}

static bool is_set_by_profile(const struct profile *profile, const char *variable, size_t length)
{
	for (size_t i = 0; i < profile->env.set.count; i++) {
		const char *name = profile->env.set.items[i].name.value;

		if (strlen(name) == length && strncmp(name, variable, length) == 0)
			return true;
	}
	return false;
}

static void add_environment(struct text *out, const struct prepared *prepared)
{
	add_heading(out, "ENVIRONMENT (values only of what the profile sets)");
	for (const char **variable = prepared->plan.envp; variable && *variable; variable++) {
		size_t length = strcspn(*variable, "=");
		TEXT_CLEANUP struct text shown = { 0 };

		text_add_n(&shown, *variable,
		           is_set_by_profile(&prepared->profile, *variable, length) ? strlen(*variable) : length);
		text_add(out, "  ");
		text_add_escaped(out, text_string(&shown));
		text_add(out, "\n");
	}
}

static void add_rlimit(struct text *out, const struct rlimit_step *step)
{
	text_addf(out, "  %-22s ", step->name);
	if (step->value.rlim_cur == RLIM_INFINITY)
		text_add(out, "unlimited");
	else
		text_addf(out, "%llu", (unsigned long long)step->value.rlim_cur);
	if (step->pos.file) {
		text_add(out, "   ");
		explain_add_pos(out, &step->pos);
	}
	text_add(out, "\n");
}

static void add_limits(struct text *out, const struct plan *plan)
{
	const struct {
		const char *name;
		uint64_t ms;
	} watched[] = {
		{ "limits.timeout", plan->deadlines.timeout_ms },
		{ "limits.grace", plan->deadlines.grace_ms },
	};
	char buffer[32];

	add_heading(out, "LIMITS that the kernel keeps for each process");
	for (size_t i = 0; i < plan->rlimit_count; i++)
		add_rlimit(out, &plan->rlimits[i]);
	add_heading(out, "LIMITS that the supervisor watches");
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		if (watched[i].ms)
			text_addf(out, "  %-22s %s\n", watched[i].name,
			          format_duration(watched[i].ms, buffer, sizeof(buffer)));
}

static void add_filter(struct text *out, const struct prepared *prepared)
{
	size_t allowed = 0, forbidden = 0;

	for (const struct syscall_group *group = syscall_groups; group->name; group++)
		for (size_t i = 0; (group->strict || !prepared->profile.system.strict_syscalls) && group->calls[i]; i++)
			allowed++;
	while (forbidden_calls[forbidden].name)
		forbidden++;
	add_heading(out, "SYSTEM CALLS");
	text_addf(out,
	          "  %s list: %zu names allowed (some only with certain arguments), %zu forbidden with %s,\n"
	          "  all others answer ENOSYS; %u instructions\n",
	          prepared->profile.system.strict_syscalls ? "strict" : "usual", allowed, forbidden,
	          prepared->plan.notify ? "a word to the supervisor" : "EPERM", (unsigned)prepared->plan.filter.len);
}

static void add_process(struct text *out, const struct plan *plan)
{
	add_heading(out, "PROCESS");
	text_add(out, "  command    ");
	for (const char **word = plan->argv; word && *word; word++) {
		text_add(out, word == plan->argv ? "" : " ");
		text_add_escaped(out, *word);
	}
	text_add(out, "\n  directory  ");
	text_add_escaped(out, plan->cwd);
	text_addf(out, "\n  user       uid %u, gid %u; umask %03o\n", plan->uid, plan->gid, plan->umask);
}

static void add_rules(struct text *out, const struct input_rules *rules, const char *kind)
{
	if (rules->given && rules->count == 0)
		text_addf(out, "  %-9s none\n", kind);
	for (size_t i = 0; i < rules->count; i++) {
		const struct input_rule *rule = &rules->items[i];
		TEXT_CLEANUP struct text what = { 0 };

		if (rule->takes_value)
			input_rule_describe(rule, &what);
		text_addf(out, "  %-9s %s%s%s%s%s\n", kind, rule->name.value, what.length ? ": " : "",
		          text_string(&what), rule->optional ? " (optional)" : "", rule->repeat ? " (repeated)" : "");
	}
}

static void add_inputs(struct text *out, const struct profile *profile)
{
	static const char *const types[] = {
		[STDIN_TYPE_ANY] = "bytes", [STDIN_TYPE_TEXT] = "text", [STDIN_TYPE_JSON] = "one JSON value"
	};
	char size[48];

	if (!profile->inputs.args.given && !profile->inputs.options.given && !profile->inputs.env.given &&
	    profile->inputs.standard_input.mode == STDIN_ANY)
		return;
	add_heading(out, "INPUTS that are taken; checked before the script starts");
	add_rules(out, &profile->inputs.args, "argument");
	add_rules(out, &profile->inputs.options, "option");
	add_rules(out, &profile->inputs.env, "variable");
	if (profile->inputs.standard_input.mode == STDIN_NONE)
		text_add(out, "  stdin     none\n");
	if (profile->inputs.standard_input.mode == STDIN_CHECKED)
		text_addf(out, "  stdin     %s, at most %s\n", types[profile->inputs.standard_input.type],
		          format_size(profile->inputs.standard_input.max_size.value, size, sizeof(size)));
}

void explain_details(struct text *out, const struct prepared *prepared)
{
	const struct plan *plan = &prepared->plan;

	add_stages(out, plan);
	add_process(out, plan);
	add_files(out, plan);
	add_environment(out, prepared);
	add_inputs(out, &prepared->profile);
	add_limits(out, plan);
	add_filter(out, prepared);
}
