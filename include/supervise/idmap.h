/* A user namespace that is only a table: it says to whom the host's root-owned files belong in an idmapped mount. */
#ifndef SUPERVISE_IDMAP_H
#define SUPERVISE_IDMAP_H

#include <stdint.h>

/* A descriptor (close-on-exec) of a user namespace in which the files of uid and gid 0 belong to `uid` and `gid`, and
 * all others to whom they belong anyway; -1 with errno. Needs CAP_SETUID and CAP_SETGID. No process stays in it. */
int idmap_open(uint32_t uid, uint32_t gid);

#endif
