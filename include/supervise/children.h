/* Ending everything below us without a PID namespace: we are a child subreaper, so what loses its parent becomes
 * ours. */
#ifndef SUPERVISE_CHILDREN_H
#define SUPERVISE_CHILDREN_H

#include <stdint.h>
#include <sys/types.h>

/* Kill our children until none is left; each one's children become ours meanwhile. `group`: a child's process group,
 * killed too, for where there is no /proc to list children in; 0: none. Async-signal-safe; returns when wait(2) says
 * that there is none. */
void end_children(pid_t group);

/* Remove a directory and what is in it, without following links, however deep. Async-signal-safe. Called when nothing
 * is left that could change it meanwhile; what is not ours stays. */
#define REMOVE_DEPTH_MAX 64
#define REMOVE_ROUNDS_MAX 100000
#define REMOVE_ALL UINT64_MAX
/* `uid`: whose directory it must be, else it is somebody else's by now and stays; ours is one, too. `entries`: at most
 * so many are looked at. */
void remove_tree(const char *path, uint32_t uid, uint64_t entries);

#endif
