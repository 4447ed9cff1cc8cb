/* doctor for programs: one object, "v": 1. */
#include <stdio.h>

#include "commands/doctor.h"
#include "commands/render.h"
#include "host/landlock_rights.h"

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void put_string(struct json_object *object, const char *key, const char *value)
{
	put(object, key, render_json_string(value));
}

static struct json_object *json_mask(uint64_t mask)
{
	char text[24];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)mask);
	return json_object_new_string(text);
}

static struct json_object *json_kernel(const struct doctor *doctor)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "release", doctor->kernel.release);
	put_string(object, "machine", doctor->kernel.machine);
	put(object, "major", json_object_new_int(doctor->facts.kernel_major));
	put(object, "minor", json_object_new_int(doctor->facts.kernel_minor));
	put(object, "old", json_object_new_boolean(doctor_is_kernel_old(doctor)));
	return object;
}

static struct json_object *json_caller(const struct doctor *doctor)
{
	const struct host_facts *facts = &doctor->facts;
	struct json_object *object = json_object_new_object();

	put(object, "uid", json_object_new_int64(facts->uid));
	put(object, "gid", json_object_new_int64(facts->gid));
	put(object, "pid_1", json_object_new_boolean(facts->is_pid_1));
	put(object, "capabilities", json_mask(facts->capabilities));
	put(object, "bounding", json_mask(facts->bounding));
	put(object, "no_new_privs", json_object_new_boolean(facts->no_new_privs));
	put(object, "filtered", json_object_new_boolean(doctor->knobs.filtered));
	return object;
}

static struct json_object *json_container(const struct doctor *doctor)
{
	struct json_object *object;

	if (doctor->knobs.container == CONTAINER_NONE)
		return NULL;
	object = json_object_new_object();
	put_string(object, "probably", container_name(doctor->knobs.container));
	put_string(object, "evidence", doctor->knobs.container_evidence);
	return object;
}

static struct json_object *json_feature(const struct doctor *doctor, enum host_feature feature)
{
	const struct host_feature_row *row = &host_features[feature];
	const struct host_fact *fact = &doctor->facts.features[feature];
	const enum host_feature cause = doctor_root_cause(doctor, feature);
	struct json_object *object = json_object_new_object();

	put_string(object, "name", row->name);
	put(object, "level", json_object_new_int(fact->level));
	put(object, "highest", json_object_new_int(row->highest));
	put_string(object, "since", row->since);
	put(object, "needed", json_object_new_boolean(doctor_is_of_use(doctor, feature)));
	put(object, "errno", json_object_new_int(fact->sys_errno));
	put_string(object, "detail", fact->detail[0] ? fact->detail : NULL);
	put_string(object, "lost", fact->level ? NULL : row->lost);
	put_string(object, "missing", cause != feature ? host_features[cause].name : NULL);
	put_string(object, "fix", host_feature_fix(cause, &doctor->facts, &doctor->knobs));
	return object;
}

static const char *const statuses[] = {
	[PROMISE_ENFORCED] = "enforced",
	[PROMISE_UNLIMITED] = "unlimited",
	[PROMISE_RELAXED] = "relaxed",
	[PROMISE_MISSING] = "missing",
};

static struct json_object *json_promises(const struct doctor *doctor)
{
	struct json_object *list = json_object_new_array();

	for (int promise = 0; doctor->has_plan && promise < PROMISE_COUNT; promise++) {
		const struct promise_row *row = &doctor->plan.promises[promise];
		struct json_object *object = json_object_new_object();

		put_string(object, "promise", promise_names[promise]);
		put_string(object, "kept_by", row->kept_by);
		put_string(object, "status", statuses[row->status]);
		put_string(object, "reason", row->reason);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *json_newer_landlock(const struct doctor *doctor)
{
	struct json_object *list = json_object_new_array();

	for (int i = doctor->facts.features[FEATURE_LANDLOCK].level; i < LANDLOCK_ABI_HIGHEST; i++) {
		struct json_object *object = json_object_new_object();

		put(object, "abi", json_object_new_int(landlock_abis[i].abi));
		put_string(object, "kernel", landlock_abis[i].kernel);
		put_string(object, "brings", landlock_abis[i].brings);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *json_pythons(const struct doctor *doctor)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < doctor->pythons.count; i++) {
		const struct python_found *found = &doctor->pythons.items[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "path", found->path);
		put_string(object, "real_path", found->real_path);
		put_string(object, "version", found->version);
		put(object, "script", json_object_new_boolean(found->is_script));
		json_object_array_add(list, object);
	}
	return list;
}

struct json_object *doctor_json(const struct doctor *doctor)
{
	struct json_object *object = json_object_new_object(), *features = json_object_new_array();

	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		json_object_array_add(features, json_feature(doctor, (enum host_feature)feature));
	put(object, "v", json_object_new_int(1));
	put(object, "enforced", json_object_new_boolean(doctor_is_well(doctor)));
	put_string(object, "mode", doctor_mode(doctor));
	put(object, "kernel", json_kernel(doctor));
	put(object, "caller", json_caller(doctor));
	put(object, "container", json_container(doctor));
	put_string(object, "lsm", doctor->knobs.lsm[0] ? doctor->knobs.lsm : NULL);
	put(object, "features", features);
	put(object, "promises", json_promises(doctor));
	put(object, "plan_error", doctor->has_plan ? NULL : render_json_error(&doctor->plan_error));
	put(object, "newer_landlock", json_newer_landlock(doctor));
	put_string(object, "python", doctor->interpreter.path);
	put(object, "pythons", json_pythons(doctor));
	return object;
}
