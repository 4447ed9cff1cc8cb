/* The child half of the stages: carries out a plan, decides nothing.
 *
 * Everything here may run between clone and exec, in a process that may share memory with its parent: no malloc, stdio,
 * locks or errno; raw system calls only. Functions return 0 or -errno. */
#ifndef CONFINE_APPLY_H
#define CONFINE_APPLY_H

#include <stdint.h>

#include "confine/secrets.h"
#include "plan/plan.h"

/* Which step of which stage failed, and how; what PID 1 sends to the supervisor. */
struct stage_failure {
	uint16_t stage;  /* enum stage_id */
	uint16_t verify; /* 1: it was carried out, but reading it back showed otherwise */
	int32_t step;    /* which item of the plan's list, or which call of the stage; see the stage's file */
	int32_t sys_errno;
};

/* The one byte of a message that hands a descriptor over to the supervisor. */
#define LISTENER_MARK 'L' /* of the script's system call filter */
#define OUTPUTS_MARK 'O'  /* of the directory that the script leaves its results in */
#define LAYERS_MARK 'W'   /* of the directory of all layers (VIEW_LAYER) */
#define RESOLVER_MARK 'R' /* of the socket for questions about names */

struct confine_state {
	int id_map_fd;  /* user namespace for idmapped mounts; -1: none */
	int control_fd; /* the socket to the supervisor, for what is handed over */
	int parent_pid; /* of the process that must still be our parent after the parent-death signal is set; 0: not
	                   ours */
	const struct secret_store *secrets; /* NULL: none */
	const char *const *envp;            /* the script's: the plan's, and secrets that are variables */
	uint64_t signal_mask;               /* the caller's, restored for the script */
	int private_fd;     /* of plan->private_tmp, once it was made: open and locked as long as init lives; -1 */
	int secrets_fd;     /* the same of plan->secrets_dir, without a view */
	bool made_outputs;  /* plan->outputs.inside is a directory that init made, and removes */
	int32_t step;       /* set by stages as they go */
	volatile int stage; /* the stage that is being carried out: shared with the parent over vfork */
};

struct stage_action {
	int (*apply)(const struct plan *plan, struct confine_state *state);
	/* reads the state back; NULL: apply says it all */
	int (*verify)(const struct plan *plan, struct confine_state *state);
};
extern const struct stage_action stage_actions[STAGE_COUNT];

/* Carry out the plan's stages from `first` to `last`, both included. 0, or -1 with *failure. */
int confine_run_stages(const struct plan *plan, struct confine_state *state, enum stage_id first, enum stage_id last,
                       struct stage_failure *failure);

/* Sends a descriptor to the supervisor; it stays open here. */
int hand_over(int control_fd, int fd, char mark);

int identity_map_apply(const struct plan *plan, struct confine_state *state);
int view_apply(const struct plan *plan, struct confine_state *state);
int view_verify(const struct plan *plan, struct confine_state *state);
int network_apply(const struct plan *plan, struct confine_state *state);
int hostname_apply(const struct plan *plan, struct confine_state *state);
int private_directory_apply(const struct plan *plan, struct confine_state *state);
int secrets_apply(const struct plan *plan, struct confine_state *state);
int capability_bounds_apply(const struct plan *plan, struct confine_state *state);
int capability_bounds_verify(const struct plan *plan, struct confine_state *state);
int identity_apply(const struct plan *plan, struct confine_state *state);
int identity_verify(const struct plan *plan, struct confine_state *state);
int capabilities_apply(const struct plan *plan, struct confine_state *state);
int capabilities_verify(const struct plan *plan, struct confine_state *state);
int no_new_privs_apply(const struct plan *plan, struct confine_state *state);
int no_new_privs_verify(const struct plan *plan, struct confine_state *state);
int session_apply(const struct plan *plan, struct confine_state *state);
int limits_apply(const struct plan *plan, struct confine_state *state);
int limits_verify(const struct plan *plan, struct confine_state *state);
int descriptors_apply(const struct plan *plan, struct confine_state *state);
int landlock_apply(const struct plan *plan, struct confine_state *state);
int landlock_verify(const struct plan *plan, struct confine_state *state);
int syscall_filter_apply(const struct plan *plan, struct confine_state *state);
int syscall_filter_verify(const struct plan *plan, struct confine_state *state);
int exec_apply(const struct plan *plan, struct confine_state *state);
int init_filter_apply(const struct plan *plan, struct confine_state *state);

#endif
