#include <assert.h>
#include <sched.h>

#include "plan/parts.h"

static bool always(const struct plan *plan)
{
	(void)plan;
	return true;
}

static bool has_cgroup(const struct plan *plan)
{
	return plan->cgroup.base != NULL;
}

static bool has_user_namespace(const struct plan *plan)
{
	return plan->uid_map != NULL;
}

static bool has_namespaces(const struct plan *plan)
{
	return plan->mode == MODE_NAMESPACES;
}

static bool has_loopback(const struct plan *plan)
{
	return plan->loopback;
}

static bool has_hostname(const struct plan *plan)
{
	return plan->hostname != NULL;
}

/* A view has them among its steps. */
static bool has_secrets_directory(const struct plan *plan)
{
	return plan->secrets_dir && plan->mode == MODE_LANDLOCK;
}

static bool has_private_directory(const struct plan *plan)
{
	return plan->private_tmp != NULL;
}

static bool drops_bounds(const struct plan *plan)
{
	return plan->drop_bounds;
}

static bool changes_user(const struct plan *plan)
{
	return plan->change_user;
}

static bool has_landlock(const struct plan *plan)
{
	return plan->landlock.abi > 0;
}

static void describe_cgroup(const struct plan *plan, struct text *out)
{
	text_add_escaped(out, plan->cgroup.base);
	for (size_t i = 0; i < CGROUP_CONTROLLER_COUNT; i++)
		if (plan->cgroup.controllers & cgroup_controllers[i].bit)
			text_addf(out, ", %s", cgroup_controllers[i].name);
}

static void describe_map(const struct plan *plan, struct text *out)
{
	text_addf(out, "uid %u inside is uid %u outside", plan->uid, plan->facts.uid);
}

static void describe_view(const struct plan *plan, struct text *out)
{
	text_addf(out, "private root in %zu steps, pivot_root", plan->view_count);
}

static void describe_network(const struct plan *plan, struct text *out)
{
	text_add(out, plan->network.by_rules ? "a loopback of its own; other connections are made by the supervisor"
	                                     : "nothing but a loopback of its own");
}

static void describe_hostname(const struct plan *plan, struct text *out)
{
	text_add_escaped(out, plan->hostname);
}

static void describe_secrets(const struct plan *plan, struct text *out)
{
	text_addf(out, "%s, in memory", plan->secrets_dir);
}

static void describe_private(const struct plan *plan, struct text *out)
{
	text_add_escaped(out, plan->private_tmp);
}

static void describe_identity(const struct plan *plan, struct text *out)
{
	text_addf(out, "uid %u, gid %u, no groups", plan->uid, plan->gid);
}

static void describe_limits(const struct plan *plan, struct text *out)
{
	text_addf(out, "%zu rlimits", plan->rlimit_count);
}

static void describe_landlock(const struct plan *plan, struct text *out)
{
	text_addf(out, "ABI %d, %zu rules%s", plan->landlock.abi, plan->landlock.rule_count,
	          plan->landlock.scoped ? ", signals and abstract sockets scoped" : "");
}

static void describe_filter(const struct plan *plan, struct text *out)
{
	text_addf(out, "allow-list, %u instructions", plan->filter.len);
}

static void describe_exec(const struct plan *plan, struct text *out)
{
	text_add_escaped(out, plan->interpreter);
}

static void describe_name(const struct plan *plan, struct text *out)
{
	(void)plan;
	text_add(out, "complete");
}

const struct stage stages[STAGE_COUNT] = {
	[STAGE_CGROUP] = { "cgroup", "by the supervisor: the first process is made inside of it", has_cgroup,
	                   describe_cgroup },
	[STAGE_IDENTITY_MAP] = { "identity_map",
	                         "before the view: without a map the namespace's owner owns nothing, not even what it makes",
	                         has_user_namespace, describe_map },
	[STAGE_VIEW] = { "view", "needs CAP_SYS_ADMIN in the mount namespace", has_namespaces, describe_view },
	[STAGE_NETWORK] = { "network", "needs CAP_NET_ADMIN in the network namespace", has_loopback, describe_network },
	[STAGE_HOSTNAME] = { "hostname", "needs CAP_SYS_ADMIN in the UTS namespace", has_hostname, describe_hostname },
	[STAGE_PRIVATE_DIRECTORY] = { "private_directory",
	                              "made by init, which removes it whoever dies; before the identity, whose it becomes",
	                              has_private_directory, describe_private },
	[STAGE_SECRETS] = { "secrets", "like the private directory", has_secrets_directory, describe_secrets },
	[STAGE_CAPABILITY_BOUNDS] = { "capability_bounds", "needs CAP_SETPCAP, which the next but one gives up",
	                              drops_bounds, describe_name },
	[STAGE_IDENTITY] = { "identity", "needs CAP_SETUID, CAP_SETGID; after the view, which root builds",
	                     changes_user, describe_identity },
	[STAGE_CAPABILITIES] = { "capabilities", "after everything that needs one", always, describe_name },
	[STAGE_NO_NEW_PRIVS] = { "no_new_privs", "before Landlock and filters, which ask for it", always,
	                         describe_name },
	[STAGE_SESSION] = { "session", "after the identity, whose change clears the parent-death signal", always,
	                    describe_name },
	[STAGE_LIMITS] = { "limits", "in the script's process alone: init must not run into them", always,
	                   describe_limits },
	[STAGE_DESCRIPTORS] = { "descriptors", "after the filter, whose listener is handed over by one", always,
	                        describe_name },
	[STAGE_LANDLOCK] = { "landlock", "after no_new_privs; its paths are those of the view", has_landlock,
	                     describe_landlock },
	[STAGE_SYSCALL_FILTER] = { "syscall_filter", "it forbids what the others need", always, describe_filter },
	[STAGE_EXEC] = { "exec", "the script's process becomes the interpreter", always, describe_exec },
	[STAGE_INIT_FILTER] = { "init_filter", "after the script's process was made, which would inherit it", always,
	                        describe_name },
};
static_assert(STAGE_COUNT == 18, "a new stage needs a row");

int plan_stages(struct build *b)
{
	for (int id = 0; id < STAGE_COUNT; id++)
		if (stages[id].wanted(b->plan))
			b->plan->stages[b->plan->stage_count++] = (enum stage_id)id;
	return 0;
}
