#include "commands/outputs.h"

#include "commands/render.h"

#define LINES_MAX 5

static void describe_refused(const struct outputs_plan *plan, const struct outputs_result *result, struct text *out)
{
	size_t lines = 0;

	for (size_t i = 0; i < result->count; i++) {
		const struct outputs_file *output = &result->items[i];

		if (!output->reason || lines++ >= LINES_MAX)
			continue;
		text_add(out, "pyconfine: refused output: ");
		text_add_escaped(out, output->name[0] ? output->name : "(all)");
		text_addf(out, ": %s   [%s]\n", output->reason, output->key);
	}
	if (lines > LINES_MAX)
		text_addf(out, "pyconfine: ... and %s%zu more\n", result->more ? "at least " : "", lines - LINES_MAX);
	text_add(out, "pyconfine: nothing was moved to ");
	text_add_escaped(out, plan->target);
	text_add(out, ": all files are accepted, or none   [outputs]\n");
}

/* Of one that may be as good as it likes. */
static const char *const reasons[] = {
	[OUTPUTS_REFUSED] = "another one was refused",
	[OUTPUTS_LEFT] = "the script did not end with status 0",
};

struct json_object *outputs_json(const struct outputs_result *result)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; result && result->state != OUTPUTS_NONE && i < result->count; i++) {
		const struct outputs_file *file = &result->items[i];
		const bool accepted = result->state == OUTPUTS_MOVED;
		const char *reason = file->reason || accepted ? file->reason : reasons[result->state];
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "name", render_json_string(file->name));
		json_object_object_add(object, "size", file->sized ? json_object_new_uint64(file->size) : NULL);
		json_object_object_add(object, "accepted", json_object_new_boolean(accepted));
		json_object_object_add(object, "reason", render_json_string(reason));
		json_object_array_add(list, object);
	}
	return list;
}

void outputs_describe(const struct outputs_plan *plan, const struct outputs_result *result, struct text *out)
{
	if (!result)
		return;
	if (result->state == OUTPUTS_REFUSED)
		describe_refused(plan, result, out);
	if (result->state == OUTPUTS_LEFT) {
		text_add(out, "pyconfine: nothing was moved to ");
		text_add_escaped(out, plan->target);
		text_add(out, ": the script did not end with status 0   [outputs]\n");
	}
}
