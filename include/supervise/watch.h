/* What the kernel's rlimits do not count: memory and processor time of the script and everything that it started,
 * together. When to look, and what to make of it: supervise/meter.h. */
#ifndef SUPERVISE_WATCH_H
#define SUPERVISE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tree_usage {
	uint64_t memory_bytes; /* resident, shared pages counted once for each process: at least what is really used */
	/* proportional, without files; only from tree_measure_exactly() */
	uint64_t private_bytes, shared_bytes; /* anonymous or swapped; of tmpfs and shared mappings, as far as mapped */
	uint64_t cpu_ms;                      /* of the living and of everything that they reaped */
	uint64_t processes, threads;          /* without init */
};

/* All descendants of `init`. A process that ends meanwhile counts as far as it was seen. 0, or -1 with errno when the
 * tree cannot be seen at all (no /proc). */
int tree_measure(pid_t init, struct tree_usage *out);
/* The same, with what is proportional: dearer, for when memory_bytes is above the limit. */
int tree_measure_exactly(pid_t init, struct tree_usage *out);

/* Descriptors of that process of the last measured tree that has the most. */
uint64_t tree_open_files(void);

/* A directory as the script sees it (O_PATH), through any process of the tree that was measured last; -1: none of them
 * lets us. `path` is absolute and lies where the script cannot put a link in its way. */
int tree_open_inside(const char *path);

/* The processes below init, valid until the next call of these. *all: the list is complete. */
size_t tree_list(pid_t init, const pid_t **pids, bool *all);

#endif
