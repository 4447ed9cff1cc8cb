/* Inside host/: the probes that facts.c calls. Nobody else includes this. */
#ifndef HOST_PROBES_H
#define HOST_PROBES_H

#include "host/facts.h"

/* How long one probe may take. A refused call answers at once; what hangs is a host with a broken kernel or
 * debugger. */
enum { PROBE_DEADLINE_MS = 3000 };

/* probes.c: tries every feature in throw-away children and overwrites its fact. */
void probe_everything(struct host_facts *facts);

/* probe_cgroup.c: looks for a delegated cgroup; only reads. */
void probe_cgroup(struct cgroup_place *place, struct host_fact *fact);

/* A fact that says no. */
void fact_deny(struct host_fact *fact, int sys_errno, const char *what);

#endif
