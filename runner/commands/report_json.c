/* What the report says, and its schema. Never values of variables, nor arguments: they may be secrets. */
#include <stdio.h>
#include <string.h>

#include "commands/outcome.h"
#include "commands/outputs.h"
#include "commands/render.h"
#include "commands/report.h"

static const char *const outcomes[OUTCOME_COUNT] = {
	[OUTCOME_EXITED] = "exited", [OUTCOME_SIGNALED] = "signaled",      [OUTCOME_TIMEOUT] = "timeout",
	[OUTCOME_MEMORY] = "memory", [OUTCOME_CPU_TIME] = "limit",         [OUTCOME_LIMIT] = "limit",
	[OUTCOME_DENIED] = "denied", [OUTCOME_OUTPUTS_REFUSED] = "denied", [OUTCOME_SETUP_FAILED] = "setup-failed",
};

const char *const report_outcomes[] = { "exited", "signaled", "timeout",      "memory",
	                                "limit",  "denied",   "setup-failed", NULL };

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void put_string(struct json_object *object, const char *key, const char *value)
{
	put(object, key, render_json_string(value));
}

/* Exactly three digits: a double would show that it cannot hold them. */
static struct json_object *seconds(uint64_t ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
	return json_object_new_double_s((double)ms / 1000, text);
}

static struct json_object *profile_object(const struct profile *profile)
{
	struct json_object *object;

	if (!profile->name)
		return NULL;
	object = json_object_new_object();
	put_string(object, "name", profile->name);
	put_string(object, "path", profile->path);
	put_string(object, "sha256", profile->sha256);
	return object;
}

static enum outcome_kind kind_of(const struct run_record *record)
{
	return record->failure || !record->outcome ? OUTCOME_SETUP_FAILED : record->outcome->kind;
}

static struct json_object *limit_value(enum limit_unit unit, uint64_t value)
{
	if (!value)
		return NULL;
	return unit == UNIT_DURATION ? seconds(value) : json_object_new_uint64(value);
}

static struct json_object *limit_object(const struct run_record *record)
{
	const struct limit_reached *limit = record->failure || !record->outcome ? NULL : &record->outcome->limit;
	const struct limit_row *row = limit && limit->value ? limit_row_of(limit->promise) : NULL;
	struct json_object *object;

	if (!row)
		return NULL;
	object = json_object_new_object();
	put_string(object, "key", row->key);
	put(object, "value", limit_value(row->unit, limit->value));
	put(object, "peak", limit_value(row->unit, limit->peak));
	return object;
}

static struct json_object *error_object(const struct error *failure)
{
	struct json_object *object;

	if (!failure)
		return NULL;
	object = json_object_new_object();
	put_string(object, "code", message_codes[failure->code].name);
	put_string(object, "message", failure->message);
	return object;
}

static struct json_object *usage_object(const struct run_record *record)
{
	struct json_object *object;

	if (record->failure || !record->outcome)
		return NULL;
	object = json_object_new_object();
	put(object, "wall_s", seconds(record->outcome->usage.wall_ms));
	put(object, "cpu_s", seconds(record->outcome->usage.cpu_ms));
	put(object, "max_rss", json_object_new_uint64(record->outcome->usage.max_rss_bytes));
	return object;
}

/* What nobody asked for is not there to be kept. */
static struct json_object *layer_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < PROMISE_COUNT && plan->profile; i++) {
		const struct promise_row *row = &plan->promises[i];
		struct json_object *object;

		if (row->status == PROMISE_UNLIMITED)
			continue;
		object = json_object_new_object();
		put_string(object, "promise", promise_names[i]);
		put_string(object, "by", row->kept_by);
		put(object, "enforced", json_object_new_boolean(row->status == PROMISE_ENFORCED));
		json_object_array_add(list, object);
	}
	return list;
}

/* A target that was cut would name something else. */
static struct json_object *fix_object(const struct denial *denial)
{
	struct json_object *object;

	if (!denial->fix || denial->cut || !denial->target[0])
		return NULL;
	object = json_object_new_object();
	put_string(object, "path", denial->fix);
	put_string(object, "value", denial->target);
	return object;
}

static struct json_object *denial_object(const struct denial *denial)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "code", denial->code);
	put_string(object, "target", denial->target);
	put_string(object, "errno", strerrorname_np(denial->sys_errno));
	put(object, "count", json_object_new_uint64(denial->count));
	put(object, "at", NULL);
	put_string(object, "evidence", denial->inferred ? "inferred" : "observed");
	put(object, "fix", fix_object(denial));
	return object;
}

static struct json_object *denial_list(const struct outcome *outcome)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; outcome && i < outcome->denials.count; i++)
		json_object_array_add(list, denial_object(&outcome->denials.items[i]));
	return list;
}

static const char *script_of(const struct prepared *prepared)
{
	return prepared->plan.script_label ? prepared->plan.script_label : prepared->variables.script;
}

struct json_object *report_json(const struct run_record *record)
{
	const struct prepared *prepared = record->prepared;
	const struct outcome *outcome = record->outcome;
	const enum outcome_kind kind = kind_of(record);
	struct json_object *object = json_object_new_object();

	put(object, "v", json_object_new_int(1));
	put_string(object, "session", prepared->session);
	put(object, "profile", profile_object(&prepared->profile));
	put_string(object, "script", script_of(prepared));
	put_string(object, "interpreter", prepared->interpreter.path);
	put_string(object, "outcome", outcomes[kind]);
	put(object, "exit_code", json_object_new_int(record->exit_code));
	put(object, "signal", kind == OUTCOME_SIGNALED ? json_object_new_int(outcome->status) : NULL);
	put(object, "limit", limit_object(record));
	put(object, "error", error_object(record->failure));
	put(object, "usage", usage_object(record));
	put(object, "layers", layer_list(&prepared->plan));
	put(object, "denials", denial_list(record->failure ? NULL : outcome));
	put(object, "denials_more", json_object_new_uint64(outcome && !record->failure ? outcome->denials.more : 0));
	put(object, "outputs", outputs_json(record->failure || !outcome ? NULL : outcome->outputs));
	return object;
}
