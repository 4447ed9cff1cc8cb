/* What is told of a script beside its files: addresses, and calls that are forbidden. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "supervise/broker_parts.h"
#include "supervise/observe.h"

static void tell(const struct broker *broker, enum observed_kind kind, const char *target, int answer,
                 const struct seccomp_notif *call)
{
	const struct observation seen = {
		.kind = kind, .target = target, .answer = answer, .thread = (int32_t)call->pid
	};

	broker->observer->observe(broker->observer->owner, &seen);
}

static void tell_address(struct broker *broker, enum observed_kind kind, const struct seccomp_notif *call)
{
	union broker_address address;
	struct net_address where = { 0 };
	char text[512];
	socklen_t length;
	uint16_t port;

	if (broker_copy_address(broker, call, &address, &length) || !broker_still_asks(broker, call))
		return;
	if (broker_read_address(&address, length, &where, &port))
		net_format(&where, port, text, sizeof(text));
	else if (address.any.sa_family == AF_UNIX && length > sizeof(sa_family_t) && address.un.sun_path[0])
		snprintf(text, sizeof(text), "unix:%.*s", (int)(length - sizeof(sa_family_t)), address.un.sun_path);
	else
		return;
	tell(broker, kind, text, -1, call);
}

bool observe_address(struct broker *broker, const struct seccomp_notif *call)
{
	const struct network_plan *network = &broker->plan->network;
	const bool connects = call->data.nr == SYS_connect;

	if (!broker->plan->trace_addresses || (!connects && call->data.nr != SYS_bind))
		return false;
	if (broker->observer)
		tell_address(broker, connects ? OBSERVED_CONNECT : OBSERVED_LISTEN, call);
	return connects ? network->open : !network->by_rules && !network->given;
}

void observe_refused(struct broker *broker, const struct seccomp_notif *call, const char *name)
{
	if (broker->observer)
		tell(broker, OBSERVED_CALL, name, EPERM, call);
}
