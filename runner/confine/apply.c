#include "confine/apply.h"

#include <assert.h>
#include <stddef.h>

const struct stage_action stage_actions[STAGE_COUNT] = {
	[STAGE_CGROUP] = { NULL, NULL }, /* the supervisor has done it */
	[STAGE_IDENTITY_MAP] = { identity_map_apply, NULL },
	[STAGE_VIEW] = { view_apply, view_verify },
	[STAGE_NETWORK] = { network_apply, NULL },
	[STAGE_HOSTNAME] = { hostname_apply, NULL },
	[STAGE_PRIVATE_DIRECTORY] = { private_directory_apply, NULL },
	[STAGE_SECRETS] = { secrets_apply, NULL },
	[STAGE_CAPABILITY_BOUNDS] = { capability_bounds_apply, capability_bounds_verify },
	[STAGE_IDENTITY] = { identity_apply, identity_verify },
	[STAGE_CAPABILITIES] = { capabilities_apply, capabilities_verify },
	[STAGE_NO_NEW_PRIVS] = { no_new_privs_apply, no_new_privs_verify },
	[STAGE_SESSION] = { session_apply, NULL },
	[STAGE_LIMITS] = { limits_apply, limits_verify },
	[STAGE_DESCRIPTORS] = { descriptors_apply, NULL },
	[STAGE_LANDLOCK] = { landlock_apply, landlock_verify },
	[STAGE_SYSCALL_FILTER] = { syscall_filter_apply, syscall_filter_verify },
	[STAGE_EXEC] = { exec_apply, NULL },
	[STAGE_INIT_FILTER] = { init_filter_apply, NULL },
};
static_assert(STAGE_COUNT == 18, "a new stage needs a row");

static int stage_failed(struct stage_failure *failure, enum stage_id stage, int verify, int32_t step, int result)
{
	*failure = (struct stage_failure){
		.stage = (uint16_t)stage, .verify = (uint16_t)verify, .step = step, .sys_errno = -result
	};
	return -1;
}

int confine_run_stages(const struct plan *plan, struct confine_state *state, enum stage_id first, enum stage_id last,
                       struct stage_failure *failure)
{
	for (size_t i = 0; i < plan->stage_count; i++) {
		enum stage_id stage = plan->stages[i];
		int result;

		if (stage < first || stage > last)
			continue;
		state->stage = (int)stage;
		state->step = 0;
		result = stage_actions[stage].apply(plan, state);
		if (result)
			return stage_failed(failure, stage, 0, state->step, result);
		result = stage_actions[stage].verify ? stage_actions[stage].verify(plan, state) : 0;
		if (result)
			return stage_failed(failure, stage, 1, state->step, result);
	}
	return 0;
}
