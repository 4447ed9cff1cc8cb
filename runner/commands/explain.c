#include "commands/explain.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/render.h"

/* The least widths of the columns; longer contents widen them. */
enum { SECOND_COLUMN = 51, LABEL_WIDTH = 13, HASH_DIGITS = 8 };

#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define RESET "\033[0m"

static const struct {
	const char *word, *colour;
} statuses[] = {
	[PROMISE_ENFORCED] = { "enforced", GREEN },
	[PROMISE_UNLIMITED] = { "no limit", "" },
	[PROMISE_RELAXED] = { "relaxed", YELLOW },
	[PROMISE_MISSING] = { "MISSING", RED },
};

bool explain_is_refused(const struct plan *plan)
{
	if (plan->profile->not_yet.count > 0)
		return true;
	for (size_t i = 0; i < PROMISE_COUNT; i++)
		if (plan->promises[i].status == PROMISE_MISSING)
			return true;
	return false;
}

void explain_add_pos(struct text *out, const struct source_pos *pos)
{
	if (!pos->file)
		return;
	text_add_escaped(out, pos->file);
	if (pos->line)
		text_addf(out, ":%u", pos->line);
}

static void pad_to(struct text *out, size_t columns, size_t width)
{
	do
		text_add(out, " ");
	while (++columns < width);
}

static void add_label(struct text *out, const char *label)
{
	text_add(out, label);
	pad_to(out, strlen(label), LABEL_WIDTH);
}

/* Two facts side by side where they fit, else one below the other. */
static void add_pair(struct text *out, const char *label, const struct text *left, const char *right_label,
                     const struct text *right)
{
	size_t used = LABEL_WIDTH + render_columns(text_string(left));

	add_label(out, label);
	text_add(out, text_string(left));
	if (right->length > 0) {
		if (used + 2 <= SECOND_COLUMN) {
			pad_to(out, used, SECOND_COLUMN);
			text_addf(out, "%s%s", right_label, *right_label ? "  " : "");
		} else {
			text_add(out, "\n");
			add_label(out, right_label);
		}
		text_add(out, text_string(right));
	}
	text_add(out, "\n");
}

/* "a <- b" as the profile reader writes it, with the arrow that people see. */
static void add_chain(struct text *out, const char *chain)
{
	const char *arrow;

	while ((arrow = strstr(chain, " <- "))) {
		TEXT_CLEANUP struct text part = { 0 };

		text_add_n(&part, chain, (size_t)(arrow - chain));
		text_add_escaped(out, text_string(&part));
		text_add(out, " \u2190 ");
		chain = arrow + 4;
	}
	text_add_escaped(out, chain);
}

static void add_head(struct text *out, const struct prepared *prepared, const struct run_options *options)
{
	const struct plan *plan = &prepared->plan;
	const struct profile *profile = &prepared->profile;
	TEXT_CLEANUP struct text script = { 0 }, name = { 0 }, python = { 0 }, library = { 0 };

	text_add_escaped(&script, options->has_target ? plan->script_label : "none given");
	if (plan->script_sha256[0])
		text_addf(&script, " (sha256 %.*s\u2026)", HASH_DIGITS, plan->script_sha256);
	text_add_escaped(&name, profile->name);
	text_add(&name, " (");
	add_chain(&name, profile->chain ? profile->chain : profile->path ? profile->path : profile->name);
	text_add(&name, profile->locked ? "), locked" : ")");
	add_pair(out, "script", &script, "profile", &name);
	text_add_escaped(&python, plan->interpreter);
	if (plan->interpreter_how) {
		text_add(&python, " (");
		text_add_escaped(&python, plan->interpreter_how);
		text_add(&python, ")");
	}
	text_addf(&library, "%zu library paths shown read-only", plan->library_paths);
	add_pair(out, "interpreter", &python, "", &library);
}

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

static void add_cell(struct text *out, const char *cell, size_t width)
{
	TEXT_CLEANUP struct text escaped = { 0 };

	text_add_escaped(&escaped, cell);
	text_add(out, text_string(&escaped));
	pad_to(out, render_columns(text_string(&escaped)), width);
}

static size_t max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

static void add_row(struct text *out, const struct promise_row *row, const char *name, const size_t widths[3],
                    bool colour)
{
	add_cell(out, name, widths[0]);
	add_cell(out, or_dash(row->granted), widths[1]);
	add_cell(out, or_dash(row->kept_by), widths[2]);
	text_addf(out, "%s%s%s", colour ? statuses[row->status].colour : "", statuses[row->status].word,
	          colour ? RESET : "");
	if (row->reason) {
		text_add(out, ": ");
		text_add_escaped(out, row->reason);
	}
	text_add(out, "\n");
}

/* Limits that nobody asked for take one line together, not one each. */
static void add_unlimited(struct text *out, const struct plan *plan)
{
	const char *before = "no limit     ";

	for (size_t i = 0; i < PROMISE_COUNT; i++) {
		if (plan->promises[i].status != PROMISE_UNLIMITED)
			continue;
		text_addf(out, "%s%s", before, promise_names[i]);
		before = ", ";
	}
	if (*before == ',')
		text_add(out, "\n");
}

static void add_table(struct text *out, const struct plan *plan, bool colour)
{
	size_t widths[3] = { 11, 37, 31 };

	for (size_t i = 0; i < PROMISE_COUNT; i++) {
		const struct promise_row *row = &plan->promises[i];

		if (row->status == PROMISE_UNLIMITED)
			continue;
		widths[0] = max_of(widths[0], strlen(promise_names[i]) + 2);
		widths[1] = max_of(widths[1], render_columns(or_dash(row->granted)) + 2);
		widths[2] = max_of(widths[2], render_columns(or_dash(row->kept_by)) + 2);
	}
	add_cell(out, "PROMISE", widths[0]);
	add_cell(out, "GRANTED", widths[1]);
	add_cell(out, "KEPT BY", widths[2]);
	text_add(out, "STATUS\n");
	for (size_t i = 0; i < PROMISE_COUNT; i++)
		if (plan->promises[i].status != PROMISE_UNLIMITED)
			add_row(out, &plan->promises[i], promise_names[i], widths, colour);
	add_unlimited(out, plan);
}

/* Where they come from and how they arrive; they are not read for this. */
static void add_secrets(struct text *out, const struct plan *plan)
{
	const char *before = "secrets      ";

	for (size_t i = 0; i < plan->secret_count; i++) {
		const struct plan_secret *secret = &plan->secrets[i];

		text_addf(out, "%s%s from ", before, secret->name);
		text_add_escaped(out, secret->from);
		text_addf(out, " as %s%s", secret->path ? "file " : "variable ",
		          secret->path ? secret->path : secret->variable);
		before = "\n             ";
	}
	text_add(out, plan->secret_count ? "\n" : "");
}

static void add_message(struct text *out, const char *kind, const char *message)
{
	text_addf(out, "%s: ", kind);
	text_add_escaped(out, message);
	text_add(out, "\n");
}

static void add_fixes(struct text *out, const struct plan *plan)
{
	const struct profile_strings *not_yet = &plan->profile->not_yet;

	for (size_t i = 0; i < PROMISE_COUNT; i++) {
		const struct promise_row *row = &plan->promises[i];

		if (row->fix && (row->status == PROMISE_MISSING || row->status == PROMISE_RELAXED))
			add_message(out, promise_names[i], row->fix);
	}
	for (size_t i = 0; i < not_yet->count; i++) {
		explain_add_pos(out, &not_yet->items[i].pos);
		text_add(out, not_yet->items[i].pos.file ? ": " : "");
		text_add_escaped(out, not_yet->items[i].value);
		text_add(out, " is checked, but cannot be enforced by this version yet: remove it to run\n");
	}
	if (explain_is_refused(plan))
		text_add(out, "`pyconfine run` would refuse to start this; see also `pyconfine doctor`.\n");
}

void explain_text(struct text *out, const struct prepared *prepared, const struct run_options *options, bool colour)
{
	const struct plan *plan = &prepared->plan;

	add_head(out, prepared, options);
	add_table(out, plan, colour);
	add_secrets(out, plan);
	add_fixes(out, plan);
	if (!prepared->has_footprint)
		add_message(out, "warning", prepared->footprint_error.message);
	for (size_t i = 0; plan->warnings && plan->warnings[i]; i++)
		add_message(out, "warning", plan->warnings[i]);
	for (size_t i = 0; plan->notes && plan->notes[i]; i++)
		add_message(out, "note", plan->notes[i]);
	for (size_t i = 0; i < prepared->interpreter.note_count; i++)
		add_message(out, "note", prepared->interpreter.notes[i]);
	if (options->verbose)
		explain_details(out, prepared);
}

void explain_note_late_options(const struct run_options *options)
{
	for (size_t i = 0; options->has_target && options->arguments[i]; i++)
		for (const struct option_row *row = option_rows; row->name; row++)
			if (strcmp(options->arguments[i], row->name) == 0)
				fprintf(stderr,
				        "pyconfine: note: %s stands behind the script's name, so it is the script's; "
				        "ours come before it\n",
				        row->name);
}

static int explain_failure(const struct prepared *prepared, const struct error *err, const struct run_options *options)
{
	struct json_object *object;

	if (!options->json)
		return prepare_fail(prepared, err, PREPARE_INSPECT);
	object = json_object_new_object();
	json_object_object_add(object, "v", json_object_new_int(1));
	json_object_object_add(object, "error", render_json_error(err));
	json_object_object_add(object, "diagnostics", render_json_diagnostics(&prepared->diagnostics));
	return render_json_print(object) ? EXIT_BAD_INPUT : prepare_status(err, PREPARE_INSPECT);
}

int explain_show(const struct run_options *options, struct arena *arena)
{
	TEXT_CLEANUP struct text out = { 0 };
	struct prepared prepared;
	struct error err;
	int failed;

	if (prepare(options, PREPARE_INSPECT, arena, &prepared, &err))
		return explain_failure(&prepared, &err, options);
	if (options->json) {
		failed = render_json_print(explain_json(&prepared));
	} else {
		explain_note_late_options(options);
		explain_text(&out, &prepared, options, render_wants_colour(STDOUT_FILENO));
		failed = render_print(&out);
	}
	if (failed)
		return EXIT_BAD_INPUT;
	return explain_is_refused(&prepared.plan) ? EXIT_FINDINGS : EXIT_CLEAN;
}

int command_explain(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct run_options options = { 0 };
	struct error err;
	int next = 1;

	if (options_parse(COMMAND_EXPLAIN, argc, argv, &next, &arena, &options, &err) ||
	    (!options.help && options_target(argc, argv, next, &options, &err)))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_EXPLAIN);
	return explain_show(&options, &arena);
}
