/* Inside the broker: calls that are only looked at (plan->trace). They are never judged here: the kernel carries them
 * out, under what else confines the script. */
#ifndef SUPERVISE_OBSERVE_H
#define SUPERVISE_OBSERVE_H

#include "supervise/broker.h"

/* Fills in which call is which; nothing is observed without an observer. */
void observe_init(struct broker *broker);
/* Is it one of observed_calls, and is this run traced? */
bool observe_is_wanted(const struct broker *broker, int number);
/* Tells the observer. Nothing is told of a call whose caller is gone, or that names no path. */
void observe_call(struct broker *broker, const struct seccomp_notif *call);
/* Of connect and bind: tells the observer. True when nobody judges the call: of a network that is open, or an address
 * in the script's own. */
bool observe_address(struct broker *broker, const struct seccomp_notif *call);
/* A call that the filter forbids. */
void observe_refused(struct broker *broker, const struct seccomp_notif *call, const char *name);
void observe_close(struct broker *broker);

#endif
