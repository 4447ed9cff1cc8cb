/* Which limits a control group of the session's own keeps. Each is chosen by itself: a subtree may have some of the
 * controllers only. */
#include "plan/parts.h"

int plan_cgroup(struct build *b)
{
	const struct profile *profile = b->profile;
	const struct cgroup_place *place = &b->facts->cgroup;
	struct cgroup_plan *plan = &b->plan->cgroup;
	const struct {
		unsigned controller;
		const struct limit *limit;
		uint64_t *value;
		uint64_t extra;
	} rows[] = {
		{ CGROUP_MEMORY, &profile->limits.memory, &plan->memory_bytes, 0 },
		{ CGROUP_PIDS, &profile->limits.processes, &plan->processes, 1 }, /* init */
		{ CGROUP_CPU, &profile->limits.cpus, &plan->cpu_thousandths, 0 },
	};

	if (b->facts->features[FEATURE_CGROUP].level == 0 || !place->base[0])
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].limit->set && place->controllers & rows[i].controller) {
			plan->controllers |= rows[i].controller;
			*rows[i].value = rows[i].limit->value + rows[i].extra;
		}
	/* every group adds up its processor time, whatever controllers it has */
	if (!plan->controllers && !profile->limits.cpu_time.set)
		return 0;
	plan->base = arena_strdup(b->arena, place->base);
	plan->name = arena_printf(b->arena, "%s%s", CGROUP_NAME, b->variables.session);
	plan->step_aside = place->step_aside;
	return 0;
}
