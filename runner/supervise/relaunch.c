#include "supervise/relaunch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum host_feature refused_feature(const struct plan *plan, const struct stage_failure *failure)
{
	if (failure->stage == STAGE_COUNT)
		return FEATURE_NAMESPACES;
	if (failure->stage == STAGE_IDENTITY_MAP)
		return FEATURE_USER_NAMESPACES;
	if (failure->stage == STAGE_NETWORK)
		return FEATURE_NETWORK_NAMESPACE;
	if (failure->stage == STAGE_VIEW && failure->step < 0)
		return FEATURE_NAMESPACES;
	if (failure->stage == STAGE_VIEW && plan->view[failure->step].kind == VIEW_PROC)
		return FEATURE_PROC_MOUNT;
	return FEATURE_COUNT;
}

bool outcome_lowers(const struct plan *plan, const struct outcome *outcome, struct host_facts *facts)
{
	const struct stage_failure *failure = &outcome->failure;
	enum host_feature feature;
	char detail[sizeof(facts->features[0].detail)];

	if (outcome->kind != OUTCOME_SETUP_FAILED || plan->mode != MODE_NAMESPACES || failure->verify)
		return false;
	feature = refused_feature(plan, failure);
	if (feature == FEATURE_COUNT || facts->features[feature].level == 0)
		return false;
	snprintf(detail, sizeof(detail), "%s: %s", failure->stage < STAGE_COUNT ? stages[failure->stage].name : "clone",
	         strerror(failure->sys_errno));
	host_facts_lower(facts, feature, failure->sys_errno, detail);
	return true;
}

/* What the step number of a stage stands for; "" where the stage's name says it all. */
static const char *step_name(const struct plan *plan, const struct stage_failure *failure)
{
	if (failure->step < 0)
		return "";
	if (failure->stage == STAGE_VIEW)
		return plan->view[failure->step].source ? plan->view[failure->step].source : plan->view[failure->step].target;
	if (failure->stage == STAGE_LIMITS)
		return plan->rlimits[failure->step].name;
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
