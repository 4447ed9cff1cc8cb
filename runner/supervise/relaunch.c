#include "supervise/relaunch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "supervise/cgroup.h"

static enum host_feature refused_feature(const struct plan *plan, const struct stage_failure *failure)
{
	/* what a group answers, and what does not know clone3; namespaces answer by EPERM */
	if (failure->stage == STAGE_CGROUP ||
	    (failure->stage == STAGE_COUNT && plan->cgroup.base && failure->sys_errno != EPERM &&
	     failure->sys_errno != ENOSPC && failure->sys_errno != EUSERS))
		return FEATURE_CGROUP;
	/* rules about connections are kept with a network namespace, or with none of all these */
	if ((failure->stage == STAGE_COUNT || failure->stage == STAGE_NETWORK) && plan->network.by_rules)
		return FEATURE_NAMESPACES;
	/* the network namespace alone may be refused: the view is worth a second try without it */
	if (failure->stage == STAGE_COUNT)
		return plan->namespaces & CLONE_NEWNET ? FEATURE_NETWORK_NAMESPACE : FEATURE_NAMESPACES;
	if (failure->stage == STAGE_IDENTITY_MAP)
		return FEATURE_USER_NAMESPACES;
	if (failure->stage == STAGE_NETWORK)
		return FEATURE_NETWORK_NAMESPACE;
	if (failure->stage == STAGE_VIEW && failure->step < 0)
		return FEATURE_NAMESPACES;
	if (failure->stage == STAGE_VIEW && plan->view[failure->step].kind == VIEW_PROC)
		return FEATURE_PROC_MOUNT;
	if (failure->stage == STAGE_VIEW && plan->view[failure->step].kind == VIEW_LAYER)
		return FEATURE_OVERLAY;
	if (failure->stage == STAGE_VIEW && plan->view[failure->step].idmapped)
		return FEATURE_IDMAPPED_MOUNTS;
	if (failure->stage == STAGE_HOSTNAME)
		return FEATURE_HOSTNAME;
	return FEATURE_COUNT;
}

/* One of user.max_*_namespaces is 0: nobody gets any, which is how some distributions switch them off. */
static bool are_switched_off(void)
{
	static const char *const kinds[] = { "user", "mnt", "pid", "ipc", "uts", "cgroup", "net" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64], text[16] = "";
		FD_CLEANUP int fd = -1;

		snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kinds[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && text[0] == '0')
			return true;
	}
	return false;
}

/* Being short of memory or descriptors, or of namespaces because others of the user have used them up, says nothing
 * about the machine: whoever can cause that must not get a weaker plan by it. */
static bool means_refused(int sys_errno)
{
	static const int refusals[] = { EPERM, EACCES, EINVAL, ENOSYS, EOPNOTSUPP, ENODEV };

	if (sys_errno == ENOSPC || sys_errno == EUSERS)
		return are_switched_off();

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (sys_errno == refusals[i])
			return true;
	return false;
}

/* A group that cannot be had costs no promise but a part of a processor, which is refused then; so only being short of
 * something is no answer. */
static bool means_no_cgroup(int sys_errno)
{
	static const int shortages[] = { ENOMEM, EMFILE, ENFILE, EAGAIN, EINTR };

	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++)
		if (sys_errno == shortages[i])
			return false;
	return true;
}

bool outcome_lowers(const struct plan *plan, const struct outcome *outcome, struct host_facts *facts)
{
	const struct stage_failure *failure = &outcome->failure;
	enum host_feature feature;

	if (outcome->kind != OUTCOME_SETUP_FAILED || failure->verify || failure->sys_errno == 0)
		return false;
	feature = refused_feature(plan, failure);
	if (feature == FEATURE_CGROUP ? !means_no_cgroup(failure->sys_errno)
	                              : plan->mode != MODE_NAMESPACES || !means_refused(failure->sys_errno))
		return false;
	if (feature == FEATURE_COUNT || facts->features[feature].level == 0)
		return false;
	return host_facts_lower(facts, feature, failure->sys_errno,
	                        failure->stage < STAGE_COUNT ? stages[failure->stage].name : "clone");
}

/* What the step number of a stage stands for; "" where the stage's name says it all. */
static const char *step_name(const struct plan *plan, const struct stage_failure *failure)
{
	if (failure->step < 0)
		return "";
	if (failure->stage == STAGE_PRIVATE_DIRECTORY)
		return failure->step ? plan->outputs.inside : plan->private_tmp;
	if (failure->stage == STAGE_SECRETS)
		return plan->secrets_dir;
	if (failure->stage == STAGE_VIEW)
		return plan->view[failure->step].source ? plan->view[failure->step].source
		                                        : plan->view[failure->step].target;
	if (failure->stage == STAGE_CGROUP)
		return cgroup_step_name(failure->step);
	if (failure->stage == STAGE_LIMITS)
		return (size_t)failure->step < plan->rlimit_count ? plan->rlimits[failure->step].name : "limits.cpus";
	if (failure->stage == STAGE_LANDLOCK)
		return plan->landlock.rules[failure->step].path;
	if (failure->stage == STAGE_EXEC)
		return plan->interpreter;
	return "";
}

int outcome_describe(const struct plan *plan, const struct outcome *outcome, struct error *err)
{
	const struct stage_failure *failure = &outcome->failure;
	bool known = failure->stage < STAGE_COUNT;
	const char *at = known ? step_name(plan, failure) : "";

	error_set(err, failure->stage == STAGE_EXEC ? CODE_INTERPRETER_UNUSABLE : CODE_SETUP_FAILED, "%s%s%s%s: %s",
	          known ? stages[failure->stage].name : "clone", *at ? ": " : "", at,
	          failure->verify ? " is not in force after it was set" : "", strerror(failure->sys_errno));
	err->sys_errno = failure->sys_errno;
	return error_hint(err, "The script was not started. `pyconfine doctor` says what this machine can do.");
}
