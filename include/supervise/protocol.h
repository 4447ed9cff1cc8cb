/* What the supervisor and init say to each other, over one SOCK_SEQPACKET pair. */
#ifndef SUPERVISE_PROTOCOL_H
#define SUPERVISE_PROTOCOL_H

#include <stdint.h>

#include "confine/apply.h"

/* supervisor -> init. Closing the socket means: end everything. */
enum order_scope { ORDER_SCRIPT, ORDER_GROUP, ORDER_ALL };
struct order {
	uint8_t signal;
	uint8_t scope;
};

/* init -> supervisor */
enum report_kind { REPORT_FAILED, REPORT_ENDED };
struct report {
	uint32_t kind;
	int32_t wait_status;          /* REPORT_ENDED: as wait4 gives it */
	struct stage_failure failure; /* REPORT_FAILED */
};

/* The sandbox's first process; never returns. */
_Noreturn void init_main(const struct plan *plan, struct confine_state *state, int control_fd);

#endif
