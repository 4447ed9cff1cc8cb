#include <errno.h>
#include <sys/syscall.h>

#include "policy/filter.h"
#include "supervise/broker_parts.h"
#include "supervise/watch.h"

/* The tree is only walked when everything that it had room for has been given away: who makes few processes is walked
 * once, who stays below the limit hardly ever. What was let through and is not yet there when the tree is walked is not
 * counted: so many can be too many as ask at the same moment. */
int broker_fork(struct broker *broker, const struct seccomp_notif *call)
{
	const uint64_t limit = broker->plan->deadlines.forks;
	struct tree_usage usage;

	/* with on_denial: kill what the filter forbids comes here, too */
	if (!limit || (call->data.nr == SYS_clone && (call->data.args[0] & FORBIDDEN_CLONE_FLAGS)))
		return -EPERM;
	if (broker->forks_ended)
		return BROKER_WAITS; /* for SIGKILL: who is not answered is no trouble any more */
	if (!broker->fork_room && tree_measure(broker->init, &usage) == 0)
		broker->fork_room = usage.threads < limit ? limit - usage.threads : 0;
	if (!broker->fork_room)
		return -EAGAIN; /* as RLIMIT_NPROC has it */
	broker->fork_room--;
	return BROKER_CONTINUES;
}
