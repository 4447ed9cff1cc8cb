/* Which connections the script may make, as the broker (supervise/broker.h) decides them. */
#ifndef PLAN_NETWORK_H
#define PLAN_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "net/decide.h"

/* A rule unix:PATH. */
struct socket_grant {
	const char *typed; /* absolute, as the rule says it */
	const char *real;  /* free of links; the same where there is nothing yet */
};

struct network_plan {
	bool open;     /* the host's network, unrestricted */
	bool by_rules; /* else, true: what the rules allow; false: nothing but what is the sandbox's own */
	bool resolver; /* questions about names come to us: a socket is made for them in the new network namespace */
	bool given;    /* no network namespace: the supervisor makes every socket */
	bool host_loopback; /* what nobody inside listens on leads to the host's loopback */
	struct net_rules rules;
	const struct source_pos *rule_pos; /* one for each rule */
	const struct socket_grant *sockets;
	size_t socket_count;
	const uint16_t *listen; /* ports that are the host's */
	size_t listen_count;
	const char *look_up; /* getent(1), which asks the host's own resolver; NULL: no rule has a name */
};

#endif
