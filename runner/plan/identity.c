/* As whom the script runs, and in which namespaces. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/uapi.h"
#include "plan/parts.h"

#define UID_NOBODY 65534

static uint32_t session_uid(void)
{
	return UID_SESSION_FIRST + (uint32_t)getpid() % UID_SESSION_COUNT;
}

/* Somebody's own words, and not a built-in profile's. */
static bool is_asked_for(const struct build *b)
{
	const struct source_pos *pos = &b->profile->system.user_pos;

	return (b->profile->system.user == USER_NOBODY || b->profile->system.user == USER_UID) && pos->file &&
	       strncmp(pos->file, "builtin:", 8);
}

static int refuse_user(struct build *b)
{
	error_set(b->err, CODE_CANNOT_KEEP, "system.user: changing the user needs root's rights or a user namespace");
	b->err->pos = b->profile->system.user_pos;
	return error_hint(b->err, "Write system: {user: keep}, or see `pyconfine doctor`.");
}

/* Started by root, the script never runs as root unless the profile keeps it. */
static int choose_user_as_root(struct build *b)
{
	const struct profile *profile = b->profile;
	struct plan *plan = b->plan;

	if (profile->system.user == USER_KEEP)
		return 0;
	if (b->facts->features[FEATURE_SET_USER].level == 0) {
		if (is_asked_for(b))
			return refuse_user(b);
		plan_warn(b, "the script runs as uid 0, without any capability: changing the user is refused here");
		return 0;
	}
	plan->change_user = true;
	plan->drop_groups = true;
	plan->uid = plan->gid = profile->system.user == USER_UID ? profile->system.uid : session_uid();
	return 0;
}

static int choose_user(struct build *b)
{
	const struct profile *profile = b->profile;
	struct plan *plan = b->plan;

	plan->uid = b->facts->uid;
	plan->gid = b->facts->gid;
	if (b->facts->uid == 0)
		return choose_user_as_root(b);
	if (plan->mode == MODE_NAMESPACES && (profile->system.user == USER_NOBODY || profile->system.user == USER_UID))
		plan->uid = plan->gid = profile->system.user == USER_UID ? profile->system.uid : UID_NOBODY;
	if (plan->mode == MODE_LANDLOCK && is_asked_for(b) &&
	    !(profile->system.user == USER_UID && profile->system.uid == plan->uid))
		return refuse_user(b);
	return 0;
}

int plan_identity(struct build *b)
{
	struct plan *plan = b->plan;
	const struct host_facts *facts = b->facts;

	plan->mode = facts->features[FEATURE_NAMESPACES].level > 0 ? MODE_NAMESPACES : MODE_LANDLOCK;
	if (choose_user(b))
		return -1;
	plan->drop_bounds = facts->features[FEATURE_CAPABILITY_BOUNDS].level > 0;
	if (plan->mode == MODE_LANDLOCK)
		return 0;
	plan->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	if (facts->features[FEATURE_HOSTNAME].level > 0)
		plan->hostname = b->profile->system.hostname.value ? b->profile->system.hostname.value : "pyconfine";
	if (!network_is_open(b) && facts->features[FEATURE_NETWORK_NAMESPACE].level > 0) {
		plan->namespaces |= CLONE_NEWNET;
		plan->loopback = true;
	}
	if (facts->uid != 0) {
		plan->namespaces |= CLONE_NEWUSER;
		plan->drop_bounds = true; /* the new namespace's owner has all capabilities in it */
		plan->uid_map = arena_printf(b->arena, "%u %u 1\n", plan->uid, facts->uid);
		plan->gid_map = arena_printf(b->arena, "%u %u 1\n", plan->gid, facts->gid);
	}
	return 0;
}
