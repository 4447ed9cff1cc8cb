/* Ending everything below us without a PID namespace: we are a child subreaper, so what loses its parent becomes
 * ours. */
#ifndef SUPERVISE_CHILDREN_H
#define SUPERVISE_CHILDREN_H

#include <sys/types.h>

/* Kill our children until none is left; each one's children become ours meanwhile. `group`: a child's process group,
 * killed too, for where there is no /proc to list children in; 0: none. Async-signal-safe; returns when wait(2) says
 * that there is none. */
void end_children(pid_t group);

/* Remove a directory and what is in it, without following links, however deep. Async-signal-safe. Called when nothing
 * is left that could change it meanwhile; what is not ours stays. */
#define REMOVE_DEPTH_MAX 64
#define REMOVE_ROUNDS_MAX 100000
void remove_tree(const char *path);

#endif
