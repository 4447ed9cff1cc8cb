/* The answers of `why`, read from the plan. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/why.h"
#include "plan/links.h"
#include "policy/sensitive.h"

/* Where a program without a slash is looked for: as `exec` does (plan/items.c). */
static const char *const program_directories[] = { "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin", NULL };

/* A path in the two ways that matter. */
struct place {
	const char *typed; /* absolute, as the script would name it */
	const char *real;  /* where it leads on the host; same as typed when it leads nowhere */
	bool exists;
	struct stat status;
};

static struct place place_find(const struct why *why, const char *path)
{
	const struct profile_string text = { .value = arena_strdup(why->arena, path) };
	struct variables none = { .cwd = why->prepared->request.cwd };
	struct place place = { 0 };
	struct error ignored;

	/* A path on the command line is no template; expand_path() then only makes it absolute. */
	place.typed = strstr(path, "${") || path[0] == '~' ? NULL : expand_path(&text, &none, why->arena, &ignored);
	if (!place.typed)
		place.typed = path_join(why->arena, none.cwd, path);
	place.real = place.typed;
	place.exists = path_follow(place.typed, why->arena, NULL, &place.real, &place.status) == 0;
	return place;
}

/* The innermost entry of the plan that shows `path`, by its inside path or by the host's. */
static const struct visible_path *visible_find(const struct plan *plan, const char *path, bool on_host)
{
	const struct visible_path *best = NULL;
	size_t best_length = 0;

	for (size_t i = 0; i < plan->visible_count; i++) {
		const struct visible_path *visible = &plan->visible[i];
		const char *shown = on_host ? visible->source : visible->path;

		if (path_is_below(path, shown) && (!best || strlen(shown) >= best_length)) {
			best = visible;
			best_length = strlen(shown);
		}
	}
	return best;
}

/* A path of the host may be shown under its own name or, by `as`, another one. */
static const struct visible_path *visible_at(struct why *why, const struct place *place)
{
	const struct visible_path *visible = visible_find(&why->prepared->plan, place->typed, false);

	if (!visible)
		visible = visible_find(&why->prepared->plan, place->real, false);
	if (!visible) {
		const struct visible_path *renamed = visible_find(&why->prepared->plan, place->real, true);

		if (renamed)
			why_note(why, arena_printf(why->arena, "The script sees it as %s%s.", renamed->path,
			                           place->real + strlen(renamed->source)));
		return renamed;
	}
	return visible;
}

/* Does something of the sandbox's own stand at that path? */
static const struct view_step *step_at(const struct plan *plan, const char *path)
{
	const struct view_step *best = NULL;

	for (size_t i = 0; i < plan->view_count; i++) {
		const struct view_step *step = &plan->view[i];
		size_t length = strlen(step->target);

		if (strncmp(path + 1, step->target, length) != 0 ||
		    (path[1 + length] != '\0' && path[1 + length] != '/'))
			continue;
		if (path[1 + length] == '\0' || step->kind == VIEW_SCRATCH || step->kind == VIEW_PROC ||
		    step->kind == VIEW_BIND)
			best = step;
	}
	return best;
}

static bool answer_denied(struct why *why, const struct place *place)
{
	const struct profile *profile = &why->prepared->profile;
	struct error ignored;

	for (const char *const *denied = why->prepared->plan.denied; denied && *denied; denied++) {
		if (!path_is_below(place->real, *denied))
			continue;
		why->allowed = false;
		why->reason = arena_printf(why->arena, "%s is denied, and files.deny beats every grant", *denied);
		for (size_t i = 0; i < profile->files.deny.count; i++) {
			const struct profile_string *text = &profile->files.deny.items[i].path;
			const char *path = expand_path(text, &why->prepared->variables, why->arena, &ignored),
				   *real = NULL;

			if (path && path_follow(path, why->arena, NULL, &real, NULL) == 0 && strcmp(real, *denied) == 0)
				why->pos = text->pos;
		}
		return true;
	}
	return false;
}

static bool answer_secret(struct why *why, const struct place *place, bool write)
{
	const struct plan *plan = &why->prepared->plan;

	for (size_t i = 0; i < plan->secret_count; i++) {
		const struct plan_secret *secret = &plan->secrets[i];

		if (!secret->path || strcmp(secret->path, place->typed))
			continue;
		why->allowed = !write;
		why->reason = write ? "a secret's file is read-only" : "it is the secret's file";
		why->pos = secret->pos;
		why->sensitive = NULL;
		return true;
	}
	return false;
}

/* What every sandbox has of its own: nothing of the host shows through there. */
static bool answer_private(struct why *why, const struct place *place, bool write)
{
	const struct plan *plan = &why->prepared->plan;
	const struct view_step *step = step_at(plan, place->typed);

	if (!step || step->kind == VIEW_BIND || step->kind == VIEW_SYMLINK)
		return false;
	if (step->kind == VIEW_SCRATCH) {
		/* a file of the host's is not there; any other name is the script's own */
		why->allowed = !place->exists || strcmp(place->typed + 1, step->target) == 0;
		why->reason = arena_printf(
			why->arena, "/%s is private to the script, and empty: the host's is not visible", step->target);
		why->fix_value = why->allowed ? NULL : place->real;
	} else if (step->kind == VIEW_PROC) {
		why->allowed = !write;
		why->reason = "/proc shows the sandbox's own processes only, read-only";
	} else if (step->kind == VIEW_FILE && step->content) {
		why->allowed = !write;
		why->reason = arena_printf(why->arena, "/%s is made for the sandbox: the host's is not visible",
		                           step->target);
	} else if (step->kind == VIEW_DIRECTORY) {
		why->allowed = !write;
		why->reason = "only as a directory that holds what is shown below it";
	} else {
		return false;
	}
	return true;
}

/* What the profile shows may still be out of reach of the account itself. */
static bool is_kept_from_caller(const struct why *why, const struct place *place, bool write)
{
	return place->exists && why->prepared->facts.uid != 0 && access(place->real, write ? W_OK : R_OK) != 0;
}

static const char *grant_reason(struct why *why, const struct visible_path *visible, bool write)
{
	const char *what = visible->directory ? "shows this directory and what lies below it" : "shows this file";

	if (visible->interpreter)
		return arena_printf(why->arena,
		                    visible->write ? "%s is a device of every sandbox"
		                                   : "%s is shown read-only for the interpreter's sake",
		                    visible->path);
	if (!visible->pos.file && !visible->directory)
		return "it is the script itself";
	if (why->prepared->plan.outputs.inside && strcmp(visible->path, why->prepared->plan.outputs.inside) == 0)
		return arena_printf(why->arena,
		                    "outputs: what it leaves there is checked after a clean exit, and moved to %s",
		                    why->prepared->plan.outputs.target);
	return arena_printf(why->arena, "%s %s (%s)", write || visible->write ? "files.write" : "files.read", what,
	                    visible->path);
}

static int answer_file(struct why *why, bool write)
{
	const struct profile *profile = &why->prepared->profile;
	const struct outputs_plan *outputs = &why->prepared->plan.outputs;
	const struct place place = place_find(why, why->target);
	const struct visible_path *visible;
	const struct sensitive_path *sensitive = sensitive_path_find(place.real, why->prepared->request.home, write);

	why->sensitive = sensitive ? sensitive->reason : NULL;
	if (answer_secret(why, &place, write) || answer_denied(why, &place))
		return 0;
	visible = visible_at(why, &place);
	if (!visible && answer_private(why, &place, write)) {
		why->sensitive = why->allowed ? NULL : why->sensitive;
		return 0;
	}
	why->allowed = visible && (visible->write || !write);
	if (why->allowed && is_kept_from_caller(why, &place, write)) {
		why->allowed = false;
		why->reason = "the profile grants it, but the file's own permissions keep it from this account";
		return 0;
	}
	if (why->allowed) {
		why->reason = grant_reason(why, visible, write);
		why->pos = visible->pos;
		if (!place.exists)
			why_note(why, "There is nothing of that name at present.");
		return 0;
	}
	why->reason = visible ? "it is shown read-only; no files.write covers it"
	                      : arena_printf(why->arena, "nothing grants it: profile \"%s\" does not show it",
	                                     profile->name);
	why->pos = visible ? visible->pos : (struct source_pos){ 0 };
	why->fix_value = place.real;
	if (write && outputs->inside && path_is_below(place.real, outputs->target)) {
		/* a grant there would be refused, together with outputs */
		why->fix_value = NULL;
		why_note(why, arena_printf(why->arena, "What it leaves in %s is moved there after a clean exit.",
		                           outputs->inside));
		return 0;
	}
	if (!place.exists)
		why_note(
			why,
			"There is nothing of that name at present; a grant needs the file, or {path: ..., optional: true}.");
	return 0;
}

int why_read(struct why *why, struct error *err)
{
	(void)err;
	return answer_file(why, false);
}

int why_write(struct why *why, struct error *err)
{
	(void)err;
	return answer_file(why, true);
}

static const char *find_program(const struct why *why)
{
	if (strchr(why->target, '/'))
		return why->target;
	for (size_t i = 0; program_directories[i]; i++) {
		const char *path = arena_printf(why->arena, "%s/%s", program_directories[i], why->target);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* The `exec` entry that names this program; its position decides. */
static struct source_pos program_pos(const struct why *why, const char *real)
{
	const struct profile_strings *programs = &why->prepared->profile.exec.programs;
	struct error ignored;

	for (size_t i = 0; i < programs->count; i++) {
		const char *text = programs->items[i].value;
		const char *path = strchr(text, '/') ? expand_path(&programs->items[i], &why->prepared->variables,
		                                                   why->arena, &ignored)
		                                     : text;
		const char *leads_to = NULL,
			   *name = strrchr(why->target, '/') ? strrchr(why->target, '/') + 1 : why->target;

		if (path && strchr(path, '/') && path_follow(path, why->arena, NULL, &leads_to, NULL) == 0 &&
		    strcmp(leads_to, real) == 0)
			return programs->items[i].pos;
		if (strcmp(text, name) == 0)
			return programs->items[i].pos;
	}
	return why->prepared->profile.exec.pos;
}

int why_exec(struct why *why, struct error *err)
{
	const struct profile *profile = &why->prepared->profile;
	const struct sensitive_name *sensitive = sensitive_program_find(why->target);
	const char *path = find_program(why);
	const struct visible_path *visible;
	struct place place;
	char shown[120];

	why->sensitive = sensitive ? sensitive->reason : NULL;
	if (!path) {
		error_set(err, CODE_MISSING_PATH, "there is no program \"%s\"",
		          escape_into(shown, sizeof(shown), why->target));
		return error_hint(err, "Give its path, or install it.");
	}
	place = place_find(why, path);
	if (answer_denied(why, &place))
		return 0;
	visible = visible_at(why, &place);
	why->allowed = visible && visible->exec && (profile->exec.mode != EXEC_NONE || visible->interpreter);
	why->pos = program_pos(why, place.real);
	if (why->allowed && strcmp(place.real, why->prepared->interpreter.real_path) == 0)
		why->reason = "it is the interpreter itself, which multiprocessing needs";
	else if (why->allowed)
		why->reason = profile->exec.mode == EXEC_ANY ? "exec: any" : "it is granted for execution";
	else
		why->reason = profile->exec.mode == EXEC_NONE
		                      ? "exec: none; only the interpreter itself may be executed"
		                      : "no entry of exec names it";
	if (why->allowed && place.exists && access(place.real, X_OK) != 0)
		why_note(why, "The file itself is not executable for this account.");
	why->fix_value = why->allowed ? NULL : why->target;
	return 0;
}
