/* A user namespace that is only a table: it says to whom the host's root-owned files belong in an idmapped mount. */
#ifndef SUPERVISE_IDMAP_H
#define SUPERVISE_IDMAP_H

#include <stdint.h>

#include "confine/apply.h"

/* A descriptor (close-on-exec) of a user namespace in which the files of uid and gid 0 belong to `uid` and `gid`, and
 * all others to whom they belong anyway; -1 with errno. Needs CAP_SETUID and CAP_SETGID. No process stays in it. */
int idmap_open(uint32_t uid, uint32_t gid);

/* The same for the view, where the plan has mounts of that kind: state->id_map_fd. 0, or -1 with *failure, which is the
 * view's. */
int idmap_prepare(const struct plan *plan, struct confine_state *state, struct stage_failure *failure);

#endif
