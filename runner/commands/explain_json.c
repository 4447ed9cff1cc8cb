/* explain --json: one object. Keys are stable: golden tests compare them, users' scripts read them. */
#include <sched.h>
#include <string.h>

#include "base/names.h"
#include "commands/explain.h"
#include "commands/render.h"
#include "host/landlock_rights.h"
#include "host/uapi.h"
#include "profile/inputs.h"

static const char *const statuses[] = {
	[PROMISE_ENFORCED] = "enforced",
	[PROMISE_UNLIMITED] = "unlimited",
	[PROMISE_RELAXED] = "relaxed",
	[PROMISE_MISSING] = "missing",
};

static const char *const view_kinds[] = {
	[VIEW_DIRECTORY] = "directory", [VIEW_FILE] = "file",       [VIEW_SYMLINK] = "symlink",
	[VIEW_BIND] = "bind",           [VIEW_SCRATCH] = "scratch", [VIEW_PROC] = "proc",
	[VIEW_SECRET] = "secret",       [VIEW_OUTPUTS] = "outputs", [VIEW_LAYER] = "layer",
};

struct bit_name {
	uint64_t bit;
	const char *name;
};

static const struct bit_name namespace_names[] = {
	{ CLONE_NEWUSER, "user" }, { CLONE_NEWNS, "mount" }, { CLONE_NEWPID, "pid" },       { CLONE_NEWNET, "network" },
	{ CLONE_NEWIPC, "ipc" },   { CLONE_NEWUTS, "uts" },  { CLONE_NEWCGROUP, "cgroup" }, { 0, NULL },
};

static const struct bit_name attribute_names[] = {
	{ MOUNT_ATTR_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
	{ 0, NULL },
};

static const struct bit_name variant_names[] = {
	{ FILTER_INET, "inet" },
	{ FILTER_EXEC, "exec" },
	{ FILTER_STRICT, "strict" },
	{ FILTER_NOTIFY, "notify" },
	{ 0, NULL },
};

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void put_string(struct json_object *object, const char *key, const char *value)
{
	put(object, key, render_json_string(value));
}

static void put_bool(struct json_object *object, const char *key, bool value)
{
	put(object, key, json_object_new_boolean(value));
}

static void put_number(struct json_object *object, const char *key, uint64_t value)
{
	put(object, key, json_object_new_uint64(value));
}

/* NULL where there is no limit. */
static void put_limit(struct json_object *object, const char *key, uint64_t value)
{
	put(object, key, value ? json_object_new_uint64(value) : NULL);
}

static struct json_object *strings(const char *const *items)
{
	struct json_object *list = json_object_new_array();

	for (; items && *items; items++)
		json_object_array_add(list, render_json_string(*items));
	return list;
}

static struct json_object *bits(uint64_t value, const struct bit_name *names)
{
	struct json_object *list = json_object_new_array();

	for (; names->name; names++)
		if (value & names->bit)
			json_object_array_add(list, json_object_new_string(names->name));
	return list;
}

static struct json_object *rights(uint64_t value, enum landlock_right_kind kind)
{
	struct json_object *list = json_object_new_array();

	for (const struct landlock_right *right = landlock_rights; right->name; right++)
		if (right->kind == kind && value & right->bit)
			json_object_array_add(list, json_object_new_string(right->name));
	return list;
}

static struct json_object *script_object(const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "label", plan->script_label);
	put_string(object, "path", plan->script);
	put_string(object, "sha256", plan->script_sha256[0] ? plan->script_sha256 : NULL);
	return object;
}

static struct json_object *profile_object(const struct profile *profile)
{
	struct json_object *object = json_object_new_object();

	put_string(object, "name", profile->name);
	put_string(object, "path", profile->path);
	put_string(object, "chain", profile->chain);
	put_string(object, "sha256", profile->sha256);
	put_bool(object, "locked", profile->locked);
	return object;
}

static struct json_object *interpreter_object(const struct prepared *prepared)
{
	const struct plan *plan = &prepared->plan;
	struct json_object *object = json_object_new_object(), *notes = json_object_new_array();

	put_string(object, "path", plan->interpreter);
	put_string(object, "how", plan->interpreter_how);
	put_string(object, "version", plan->interpreter_version);
	put_number(object, "library_paths", plan->library_paths);
	put_string(object, "footprint_error", prepared->has_footprint ? NULL : prepared->footprint_error.message);
	for (size_t i = 0; i < prepared->interpreter.note_count; i++)
		json_object_array_add(notes, render_json_string(prepared->interpreter.notes[i]));
	for (size_t i = 0; i < prepared->footprint.note_count; i++)
		json_object_array_add(notes, render_json_string(prepared->footprint.notes[i]));
	put(object, "notes", notes);
	return object;
}

static struct json_object *promise_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < PROMISE_COUNT; i++) {
		const struct promise_row *row = &plan->promises[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "promise", promise_names[i]);
		put_string(object, "granted", row->granted);
		put_string(object, "kept_by", row->kept_by);
		put_string(object, "status", statuses[row->status]);
		put_string(object, "reason", row->reason);
		put_string(object, "fix", row->fix);
		put(object, "at", render_json_pos(&row->pos));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *not_yet_list(const struct profile_strings *keys)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < keys->count; i++) {
		struct json_object *object = json_object_new_object();

		put_string(object, "key", keys->items[i].value);
		put(object, "at", render_json_pos(&keys->items[i].pos));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *stage_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->stage_count; i++) {
		const struct stage *stage = &stages[plan->stages[i]];
		struct json_object *object = json_object_new_object();
		TEXT_CLEANUP struct text what = { 0 };

		stage->describe(plan, &what);
		put_string(object, "name", stage->name);
		put_string(object, "what", text_string(&what));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *file_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->visible_count; i++) {
		const struct visible_path *visible = &plan->visible[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "path", visible->path);
		put_string(object, "source", visible->source);
		put_bool(object, "write", visible->write);
		put_bool(object, "exec", visible->exec);
		put_bool(object, "directory", visible->directory);
		put_bool(object, "interpreter", visible->interpreter);
		put(object, "at", render_json_pos(&visible->pos));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *view_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->view_count; i++) {
		const struct view_step *step = &plan->view[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "kind", view_kinds[step->kind]);
		put_string(object, "target", step->target);
		put_string(object, "source", step->source);
		put_string(object, "content", step->content);
		put_number(object, "mode", step->mode);
		put(object, "attributes", bits(step->attributes, attribute_names));
		put_bool(object, "idmapped", step->idmapped);
		put_bool(object, "recursive", step->recursive);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *landlock_object(const struct landlock_plan *landlock)
{
	struct json_object *object, *rules;

	if (landlock->abi == 0)
		return NULL;
	object = json_object_new_object();
	rules = json_object_new_array();
	put_number(object, "abi", (uint64_t)landlock->abi);
	put(object, "handled_access", rights(landlock->handled_access, LANDLOCK_KIND_FS));
	put(object, "handled_net", rights(landlock->handled_net, LANDLOCK_KIND_NET));
	put(object, "scoped", rights(landlock->scoped, LANDLOCK_KIND_SCOPE));
	for (size_t i = 0; i < landlock->rule_count; i++) {
		struct json_object *rule = json_object_new_object();

		put_string(rule, "path", landlock->rules[i].path);
		put(rule, "access", rights(landlock->rules[i].access, LANDLOCK_KIND_FS));
		put_bool(rule, "optional", landlock->rules[i].optional);
		json_object_array_add(rules, rule);
	}
	put(object, "rules", rules);
	return object;
}

static struct json_object *network_object(const struct prepared *prepared)
{
	const struct network_plan *network = &prepared->plan.network;
	struct json_object *object = json_object_new_object(), *allow = json_object_new_array(),
			   *listen = json_object_new_array();

	put_string(object, "connections", network->open ? "host" : network->by_rules ? "rules" : "none");
	for (size_t i = 0; i < prepared->profile.network.allow.count; i++)
		json_object_array_add(allow, render_json_string(prepared->profile.network.allow.items[i].value));
	for (size_t i = 0; i < network->listen_count; i++)
		json_object_array_add(listen, json_object_new_int(network->listen[i]));
	put(object, "allow", allow);
	put(object, "listen", listen);
	put_bool(object, "host_loopback", network->host_loopback);
	put_bool(object, "answers_names", network->resolver || network->given);
	put_string(object, "look_up", network->look_up);
	return object;
}

/* {"arg": 1, "mask": 15, "value": 2}: what an argument must be for the row to count. */
static struct json_object *test_object(int arg, uint32_t mask, uint32_t value)
{
	struct json_object *object = json_object_new_object();

	put_number(object, "arg", (uint64_t)arg);
	put_number(object, "mask", mask);
	put_number(object, "value", value);
	return object;
}

static struct json_object *filter_object(const struct prepared *prepared)
{
	static const char *const actions[] = { [ROW_ALLOW] = "allow",
		                               [ROW_EPERM] = "eperm",
		                               [ROW_ENOSYS] = "enosys",
		                               [ROW_NOTIFY] = "notify",
		                               [ROW_FORBID] = "forbid" };
	const struct plan *plan = &prepared->plan;
	struct json_object *object = json_object_new_object(), *rows = json_object_new_array();

	put_number(object, "instructions", plan->filter.len);
	put_bool(object, "strict", prepared->profile.system.strict_syscalls);
	put_bool(object, "notify", plan->notify);
	put(object, "variant", bits(plan->filter_made_of.variant, variant_names));
	for (size_t i = 0; i < plan->filter_made_of.row_count; i++) {
		const struct filter_row *row = &plan->filter_made_of.rows[i];
		struct json_object *item = json_object_new_object(), *when = json_object_new_array();

		if (row->arg >= 0)
			json_object_array_add(when, test_object(row->arg, row->mask, row->value));
		if (row->arg >= 0 && row->next_mask)
			json_object_array_add(when, test_object(row->arg + 1, row->next_mask, row->next_value));
		put_string(item, "call", syscall_name((int)row->number));
		put(item, "when", when);
		put_string(item, "action", actions[row->action]);
		json_object_array_add(rows, item);
	}
	put(object, "rows", rows);
	return object;
}

static struct json_object *outputs_object(const struct outputs_plan *outputs)
{
	struct json_object *object, *suffixes = NULL;

	if (!outputs->inside)
		return NULL;
	object = json_object_new_object();
	for (size_t i = 0; i < outputs->suffix_count; i++) {
		suffixes = suffixes ? suffixes : json_object_new_array();
		json_object_array_add(suffixes, render_json_string(outputs->suffixes[i]));
	}
	put_string(object, "path", outputs->target);
	put_string(object, "inside", outputs->inside);
	put_number(object, "files", outputs->files);
	put_number(object, "bytes", outputs->bytes);
	put(object, "suffixes", suffixes); /* null: any */
	put_string(object, "check", outputs->check_content ? "content" : "name");
	put(object, "at", render_json_pos(&outputs->pos));
	return object;
}

static struct json_object *rlimit_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->rlimit_count; i++) {
		const struct rlimit_step *step = &plan->rlimits[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "name", step->name);
		put(object, "soft",
		    step->value.rlim_cur == RLIM_INFINITY ? NULL : json_object_new_uint64(step->value.rlim_cur));
		put(object, "hard",
		    step->value.rlim_max == RLIM_INFINITY ? NULL : json_object_new_uint64(step->value.rlim_max));
		put(object, "at", render_json_pos(&step->pos));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *deadline_object(const struct deadlines *deadlines)
{
	struct json_object *object = json_object_new_object();

	put_limit(object, "timeout_ms", deadlines->timeout_ms);
	put_limit(object, "grace_ms", deadlines->grace_ms);
	put_limit(object, "memory_bytes", deadlines->memory_bytes);
	put_limit(object, "cpu_ms", deadlines->cpu_ms);
	return object;
}

/* Names only: values may be secrets. What the profile itself sets stands in the profile anyway. */
static struct json_object *environment_object(const struct prepared *prepared)
{
	struct json_object *object = json_object_new_object(), *names = json_object_new_array();
	struct json_object *set = json_object_new_object();

	for (const char **variable = prepared->plan.envp; variable && *variable; variable++)
		json_object_array_add(names, json_object_new_string_len(*variable, (int)strcspn(*variable, "=")));
	for (size_t i = 0; i < prepared->profile.env.set.count; i++)
		put_string(set, prepared->profile.env.set.items[i].name.value,
		           prepared->profile.env.set.items[i].value.value);
	put(object, "names", names);
	put(object, "set", set);
	return object;
}

/* They are not read for this. */
static struct json_object *secret_list(const struct plan *plan)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < plan->secret_count; i++) {
		const struct plan_secret *secret = &plan->secrets[i];
		struct json_object *object = json_object_new_object();

		put_string(object, "name", secret->name);
		put_string(object, "from", secret->from);
		put_string(object, "path", secret->path);
		put_string(object, "variable", secret->variable);
		put(object, "at", render_json_pos(&secret->pos));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *rule_list(const struct input_rules *rules)
{
	struct json_object *list = rules->given ? json_object_new_array() : NULL;

	for (size_t i = 0; i < rules->count; i++) {
		struct json_object *object = json_object_new_object();
		TEXT_CLEANUP struct text taken = { 0 };

		if (rules->items[i].takes_value)
			input_rule_describe(&rules->items[i], &taken);
		put_string(object, "name", rules->items[i].name.value);
		put_string(object, "taken", taken.length ? text_string(&taken) : NULL);
		put_bool(object, "optional", rules->items[i].optional);
		put_bool(object, "repeat", rules->items[i].repeat);
		json_object_array_add(list, object);
	}
	return list;
}

/* null: anything is taken. */
static struct json_object *inputs_object(const struct profile *profile)
{
	static const char *const modes[] = { [STDIN_ANY] = "any", [STDIN_NONE] = "none", [STDIN_CHECKED] = "checked" };
	struct json_object *object;

	if (!profile->inputs.args.given && !profile->inputs.options.given && !profile->inputs.env.given &&
	    profile->inputs.standard_input.mode == STDIN_ANY)
		return NULL;
	object = json_object_new_object();
	put(object, "args", rule_list(&profile->inputs.args));
	put(object, "options", rule_list(&profile->inputs.options));
	put(object, "env", rule_list(&profile->inputs.env));
	put_string(object, "stdin", modes[profile->inputs.standard_input.mode]);
	return object;
}

static struct json_object *process_object(const struct plan *plan)
{
	struct json_object *object = json_object_new_object();

	put(object, "argv", strings(plan->argv));
	put_string(object, "cwd", plan->cwd);
	put_number(object, "umask", plan->umask);
	put_bool(object, "change_user", plan->change_user);
	put_bool(object, "drop_groups", plan->drop_groups);
	put_bool(object, "drop_bounds", plan->drop_bounds);
	put_number(object, "uid", plan->uid);
	put_number(object, "gid", plan->gid);
	put_string(object, "hostname", plan->hostname);
	put(object, "namespaces", bits(plan->namespaces, namespace_names));
	put_string(object, "uid_map", plan->uid_map);
	put_string(object, "gid_map", plan->gid_map);
	put_bool(object, "loopback", plan->loopback);
	put_string(object, "private_directory", plan->private_tmp);
	put_number(object, "scratch_bytes", plan->mode == MODE_NAMESPACES ? plan->scratch_bytes : 0);
	put_bool(object, "kill_on_denial", plan->kill_on_denial);
	return object;
}

struct json_object *explain_json(const struct prepared *prepared)
{
	const struct plan *plan = &prepared->plan;
	struct json_object *object = json_object_new_object();

	put_number(object, "v", 1);
	put(object, "script", script_object(plan));
	put(object, "profile", profile_object(&prepared->profile));
	put(object, "interpreter", interpreter_object(prepared));
	put_string(object, "mode", plan->mode == MODE_NAMESPACES ? "namespaces" : "landlock");
	put_bool(object, "runnable", !explain_is_refused(plan));
	put(object, "promises", promise_list(plan));
	put(object, "not_yet", not_yet_list(&prepared->profile.not_yet));
	put(object, "stages", stage_list(plan));
	put(object, "process", process_object(plan));
	put(object, "files", file_list(plan));
	put(object, "denied", strings(plan->denied));
	put(object, "view", view_list(plan));
	put(object, "network", network_object(prepared));
	put(object, "landlock", landlock_object(&plan->landlock));
	put(object, "filter", filter_object(prepared));
	put(object, "outputs", outputs_object(&plan->outputs));
	put(object, "rlimits", rlimit_list(plan));
	put(object, "deadlines", deadline_object(&plan->deadlines));
	put(object, "inputs", inputs_object(&prepared->profile));
	put(object, "environment", environment_object(prepared));
	put(object, "secrets", secret_list(plan));
	put(object, "warnings", strings(plan->warnings));
	put(object, "notes", strings(plan->notes));
	return object;
}
