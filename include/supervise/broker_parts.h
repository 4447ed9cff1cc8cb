/* Inside the broker: what its files share. */
#ifndef SUPERVISE_BROKER_PARTS_H
#define SUPERVISE_BROKER_PARTS_H

#include <linux/seccomp.h>
#include <stddef.h>

#include "supervise/broker.h"

/* Is the caller still waiting for this call? Asked after its memory or its /proc was read and before anything is done:
 * had it ended, its number might be another's by then. */
int broker_still_asks(const struct broker *broker, const struct seccomp_notif *call);

/* chmod, fchmod, fchmodat, utimensat where there is no view: carried out by us, on what lies below a write grant, since
 * Landlock does not decide about them. 0 or -errno to answer. */
int broker_change_file(struct broker *broker, const struct seccomp_notif *call);

#endif
