/* The watcher's judgement: when to look at the tree (supervise/watch.h), and whether it has reached a limit.
 *
 * Theory of operation. Between two looks a script may do what it likes, so the time to the next one is half of what it
 * needs to fill the rest of the limit: at the rate of the last interval, and at METER_BYTES_PER_MS at the least, which
 * is what one processor can touch. It lies between METER_SHORTEST_MS and METER_LONGEST_MS. So a limit is passed by what
 * can be allocated in METER_SHORTEST_MS and the time of one look; on top of that RLIMIT_DATA bounds the private memory
 * of each process (plan/limits.c). What a control group keeps is the kernel's; of it only the processor time is read.
 *
 * The cheap count (resident pages, shared ones once for each process) is never below the truth. Only when it is above
 * the limit are the proportional sizes read, whose sum is the truth as long as nothing moves. The tree is not stopped
 * for that: without a cgroup's freezer only SIGSTOP could, and the script's own waits would see it. */
#ifndef SUPERVISE_METER_H
#define SUPERVISE_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "supervise/cgroup.h"
#include "supervise/run.h"
#include "supervise/watch.h"

#define METER_SHORTEST_MS 5
#define METER_LONGEST_MS 50
#define METER_BYTES_PER_MS ((uint64_t)1 << 20)

struct meter {
	const struct plan *plan;
	const struct cgroup *cgroup;
	uint64_t next_look_ms; /* monotonic; 0: there is nothing to look for */
	uint64_t last_look_ms, last_bytes;
	uint64_t cpu_ms_seen, cpu_ms_lost;
	int outputs_fd; /* of the file system for outputs; -1: there is none; the supervisor's */
	int scratch_fd; /* the script's scratch file system; -1: not seen yet; owned */
	uint64_t peak_bytes, peak_threads, peak_open_files; /* the last only where the plan traces */
	unsigned unseen;                                    /* looks that found no way to it */
};

void meter_start(struct meter *meter, const struct plan *plan, const struct cgroup *cgroup, uint64_t now_ms);
/* Looks, if it is time to. True when a limit is reached: *out says which. */
bool meter_look(struct meter *meter, pid_t init, uint64_t now_ms, struct limit_reached *out);
/* Fills in the peaks of *usage. */
void meter_close(struct meter *meter, struct run_usage *usage);

/* Milliseconds to the next look: `left` bytes to the limit, `grown` bytes in the last `elapsed_ms`. */
uint64_t meter_interval_ms(uint64_t left, uint64_t grown, uint64_t elapsed_ms);

#endif
