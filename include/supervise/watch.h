/* What the kernel's rlimits do not count: memory and processor time of the script and everything that it started,
 * together.
 *
 * Looked at every WATCH_INTERVAL_MS; between two looks the tree can pass a limit by what it can allocate in that time,
 * and one process by no more than its RLIMIT_DATA (plan/limits.c). */
#ifndef SUPERVISE_WATCH_H
#define SUPERVISE_WATCH_H

#include <stdint.h>
#include <sys/types.h>

#define WATCH_INTERVAL_MS 50

struct tree_usage {
	uint64_t memory_bytes; /* resident, shared pages counted once for each process: at least what is really used */
	uint64_t exact_bytes;  /* proportional (anonymous and shared memory, without files); only from
	                          tree_measure_exactly() */
	uint64_t cpu_ms;       /* of the living and of everything that they reaped */
	uint64_t processes;    /* without init */
};

/* All descendants of `init`. A process that ends meanwhile counts as far as it was seen. 0, or -1 with errno when the
 * tree cannot be seen at all (no /proc). */
int tree_measure(pid_t init, struct tree_usage *out);
/* The same, with exact_bytes: dearer, for when memory_bytes is above the limit. */
int tree_measure_exactly(pid_t init, struct tree_usage *out);

#endif
