/* why: one question about the plan, one answer, the line that decides, and what to type. See why_answer.c for the
 * answers. */
#include "commands/why.h"

#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/names.h"
#include "commands/render.h"

const struct why_question why_questions[] = {
	{ "read", why_read, "--read", "files.read" },
	{ "write", why_write, "--write", "files.write" },
	{ "connect", why_connect, "--net", "network.allow" },
	{ "exec", why_exec, "--exec", "exec" },
	{ 0 },
};

static const struct why_question *question_find(const char *word, struct error *err)
{
	const char *nearest = nearest_name(word, commands[COMMAND_WHY].words);
	char shown[80];

	for (const struct why_question *question = why_questions; question->verb; question++)
		if (strcmp(question->verb, word) == 0)
			return question;
	escape_into(shown, sizeof(shown), word);
	if (nearest)
		error_set(err, CODE_USAGE, "\"%s\" is no question; did you mean %s?", shown, nearest);
	else
		error_set(err, CODE_USAGE, "\"%s\" is no question; ask read, write, connect or exec", shown);
	error_hint(err, "Write pyconfine why %s.", commands[COMMAND_WHY].operands);
	return NULL;
}

/* Options may stand before the question and behind it. */
static int read_question(int argc, char **argv, struct arena *arena, struct run_options *options, struct why *why,
                         struct error *err)
{
	int next = 1;

	if (options_parse(COMMAND_WHY, argc, argv, &next, arena, options, err) || options->help)
		return options->help ? 0 : -1;
	if (next + 1 >= argc) {
		error_set(err, CODE_USAGE, "%s",
		          next >= argc ? "why needs a question" : "why needs a target: what is to be asked about?");
		error_hint(err, "Write pyconfine why %s.", commands[COMMAND_WHY].operands);
		return -1;
	}
	why->question = question_find(argv[next], err);
	if (!why->question)
		return -1;
	why->target = argv[next + 1];
	next += 2;
	if (!*why->target)
		return error_set(err, CODE_USAGE, "the target is empty");
	if (options_parse(COMMAND_WHY, argc, argv, &next, arena, options, err))
		return -1;
	return options->help ? 0 : options_target(argc, argv, next, options, err);
}

/* Quoted for a shell and for YAML's flow style alike, where that is needed. */
static void add_quoted(struct text *out, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@%+=:-";

	if (value[strspn(value, plain)] == '\0') {
		text_add(out, value);
		return;
	}
	text_add(out, strchr(value, '\'') ? "\"" : "'");
	text_add_escaped(out, value);
	text_add(out, strchr(value, '\'') ? "\"" : "'");
}

/* "files.read" and a path: files: {read: [/path]}. */
static void add_yaml(struct text *out, const char *key, const char *value)
{
	const char *dot = strchr(key, '.');

	if (dot)
		text_addf(out, "%.*s: {%s: [", (int)(dot - key), key, dot + 1);
	else
		text_addf(out, "%s: [", key);
	add_quoted(out, value);
	text_add(out, dot ? "]}" : "]");
}

/* The file that a new grant would be written to: the profile, or the one beside the script. */
static const char *profile_to_edit(const struct why *why, struct arena *arena)
{
	const char *script = why->prepared->plan.script, *name, *dot;

	if (why->prepared->profile.path)
		return why->prepared->profile.path;
	if (!script)
		return "a profile";
	name = strrchr(script, '/') ? strrchr(script, '/') + 1 : script;
	dot = strrchr(name, '.');
	return arena_printf(arena, "%.*s.pyconfine.yaml", dot && dot > name ? (int)(dot - name) : (int)strlen(name),
	                    name);
}

static void add_fix(struct text *out, const struct why *why, struct arena *arena)
{
	if (!why->fix_value)
		return;
	text_add(out, "  Allow it ");
	if (!why->prepared->profile.locked) {
		text_addf(out, "with %s ", why->question->flag);
		add_quoted(out, why->fix_value);
		text_add(out, ", or ");
	}
	text_add(out, "in ");
	text_add_escaped(out, profile_to_edit(why, arena));
	text_add(out, why->prepared->profile.locked ? " (it is locked, so a flag cannot):\n      " : ":\n      ");
	add_yaml(out, why->question->key, why->fix_value);
	text_add(out, "\n");
}

/* Everything below the answer itself. */
static void add_body(struct text *out, const struct why *why, struct arena *arena)
{
	text_add(out, "  ");
	if (why->pos.file) {
		explain_add_pos(out, &why->pos);
		text_add(out, ": ");
	}
	text_add_escaped(out, why->reason);
	text_add(out, "\n");
	if (why->sensitive) {
		text_add(out, "  Careful: ");
		text_add_escaped(out, why->sensitive);
		text_add(out, ".\n");
	}
	for (size_t i = 0; i < why->note_count; i++) {
		text_add(out, "  ");
		text_add_escaped(out, why->notes[i]);
		text_add(out, "\n");
	}
	add_fix(out, why, arena);
}

static void why_text(struct text *out, const struct why *why, struct arena *arena)
{
	text_addf(out, "%s: the script %s %s ", why->allowed ? "yes" : "no", why->allowed ? "may" : "may not",
	          why->question->verb);
	text_add_escaped(out, why->target);
	text_add(out, "\n");
	add_body(out, why, arena);
}

bool why_ask(struct why *why, const struct prepared *prepared, struct arena *arena, const char *key, const char *target)
{
	struct error ignored;

	*why = (struct why){ .prepared = prepared, .arena = arena, .target = target };
	for (const struct why_question *question = why_questions; question->verb; question++)
		if (strcmp(question->key, key) == 0)
			why->question = question;
	return why->question && why->question->answer(why, &ignored) == 0;
}

void why_explain(struct text *out, const struct why *why, const char *prefix)
{
	TEXT_CLEANUP struct text body = { 0 };

	add_body(&body, why, why->arena);
	for (const char *line = text_string(&body); *line;) {
		size_t length = strcspn(line, "\n");

		text_addf(out, "%s%.*s\n", prefix, (int)length, line);
		line += length + (line[length] == '\n');
	}
}

static struct json_object *why_json(const struct why *why)
{
	struct json_object *object = json_object_new_object(), *notes = json_object_new_array(), *fix = NULL;

	for (size_t i = 0; i < why->note_count; i++)
		json_object_array_add(notes, render_json_string(why->notes[i]));
	if (why->fix_value) {
		fix = json_object_new_object();
		json_object_object_add(fix, "path", render_json_string(why->question->key));
		json_object_object_add(fix, "value", render_json_string(why->fix_value));
		json_object_object_add(fix, "flag",
		                       why->prepared->profile.locked ? NULL : render_json_string(why->question->flag));
	}
	json_object_object_add(object, "v", json_object_new_int(1));
	json_object_object_add(object, "question", render_json_string(why->question->verb));
	json_object_object_add(object, "target", render_json_string(why->target));
	json_object_object_add(object, "allowed", json_object_new_boolean(why->allowed));
	json_object_object_add(object, "reason", render_json_string(why->reason));
	json_object_object_add(object, "at", render_json_pos(&why->pos));
	json_object_object_add(object, "sensitive", render_json_string(why->sensitive));
	json_object_object_add(object, "notes", notes);
	json_object_object_add(object, "fix", fix);
	return object;
}

void why_note(struct why *why, const char *note)
{
	if (why->note_count < sizeof(why->notes) / sizeof(why->notes[0]))
		why->notes[why->note_count++] = note;
}

int command_why(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	struct run_options options = { 0 };
	struct prepared prepared = { 0 };
	struct why why = { .prepared = &prepared, .arena = &arena };
	struct error err;
	int failed;

	if (read_question(argc, argv, &arena, &options, &why, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_WHY);
	if (prepare(&options, PREPARE_INSPECT, &arena, &prepared, &err)) {
		prepare_fail(&prepared, &err, PREPARE_INSPECT);
		return EXIT_BAD_INPUT;
	}
	if (why.question->answer(&why, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.json) {
		failed = render_json_print(why_json(&why));
	} else {
		explain_note_late_options(&options);
		why_text(&out, &why, &arena);
		failed = render_print(&out);
	}
	return failed ? EXIT_BAD_INPUT : why.allowed ? EXIT_CLEAN : EXIT_FINDINGS;
}
