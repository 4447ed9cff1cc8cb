/* One look-up of a name by getent(1), as a process beside us. */
#ifndef SUPERVISE_LOOKUP_H
#define SUPERVISE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/decide.h"

#define LOOKUPS_MAX 8
#define LOOKUP_TIMEOUT_MS 15000
#define LOOKUP_OUTPUT_MAX 8192

struct lookup {
	pid_t pid; /* 0: free */
	int fd;    /* its output; owned */
	size_t name;
	uint64_t deadline_ms;
	size_t length;
	char output[LOOKUP_OUTPUT_MAX];
};

/* 0, or -1 when no process can be made; then *lookup stays free. `host_name` has passed net_is_host_name(). */
int lookup_start(struct lookup *lookup, const char *getent, const char *host_name, uint64_t now_ms);
/* Reads what there is. True when it has ended, by itself or at its deadline: the process is gone, *lookup is free but
 * for its output. */
bool lookup_read(struct lookup *lookup, uint64_t now_ms);
void lookup_end(struct lookup *lookup);

/* The addresses of `getent ahosts`, in its order, each once; pure. Returns how many, at most `room`. */
size_t lookup_parse(const char *output, size_t length, struct net_address *out, size_t room);

#endif
