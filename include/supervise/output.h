/* limits.output: the script's stdout and stderr together pass no more than so many bytes.
 *
 * Theory of operation. Where no limit is set, the script has the caller's descriptors themselves and nothing here is
 * used. With one, it has a pipe in place of each, or one for both where both are the same file, so that their order
 * stays as it was. The supervisor's loop carries bytes from the pipe to the caller's file, through a buffer of fixed
 * size for each: it reads only what it has room for, so that a slow reader slows the script down, as it does without
 * us. The caller's descriptors may be shared with others, who would notice O_NONBLOCK: pipes and terminals are opened
 * anew for that, sockets are told with each call. A reader that is gone closes the script's pipe: its next write fails
 * with EPIPE.
 *
 * Standard input may be the same file, open for writing as well: a terminal, or a socket that is all three. A terminal
 * is opened anew for the script, for reading alone; of a socket that cannot be had, and the run is refused.
 *
 * Nothing waits for the end of a pipe: when the last process has ended, what lies in the pipe is read, and that is
 * all. */
#ifndef SUPERVISE_OUTPUT_H
#define SUPERVISE_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

#define OUTPUT_STREAM_MAX 2
#define OUTPUT_POLL_MAX (2 * OUTPUT_STREAM_MAX)
#define OUTPUT_BUFFER 65536

enum output_sink {
	SINK_PLAIN,        /* never waits, or no better way is known: small pieces after poll(2) */
	SINK_NONBLOCKING,  /* a file description of our own */
	SINK_SOCKET,       /* MSG_DONTWAIT */
	SINK_REGULAR_FILE, /* the caller's own description, for its offset */
};

struct output_stream {
	int in_fd;       /* the pipe's end that we read; -1: ended; owned */
	int script_fd;   /* the end that the script gets, until it has started; owned */
	int out_fd;      /* owned */
	unsigned covers; /* which of the script's descriptors: bit 1 for stdout, bit 2 for stderr */
	enum output_sink sink;
	size_t start, end; /* what of the buffer is still to be written */
	char buffer[OUTPUT_BUFFER];
};

struct output {
	uint64_t limit, taken; /* taken: bytes read from the script; never more than limit */
	bool exceeded;         /* the script wrote more */
	int sys_errno;         /* of a write that failed for another reason than that nobody reads; 0: none */
	int input_fd;          /* the script's standard input; -1: the caller's own; owned */
	size_t count;          /* of streams; 0: not used */
	struct output_stream streams[OUTPUT_STREAM_MAX];
};

/* Pipes in place of 1 and 2. 0, or -1 with CODE_SETUP_FAILED, or CODE_CANNOT_KEEP where standard input is a way around
 * them; nothing is open then. */
int output_open(struct output *output, const struct plan *plan, struct error *err);
/* In init, before anything else: the script's ends become 1 and 2. Async-signal-safe; 0 or -errno. */
int output_take_over(const struct output *output);
/* In the supervisor, once init exists. */
void output_started(struct output *output);
/* Fills at most OUTPUT_POLL_MAX entries; returns how many. */
size_t output_poll(const struct output *output, struct pollfd *fds);
/* After poll: carries on what can be. */
void output_serve(struct output *output, const struct pollfd *fds, size_t count);
/* Every process of the script has ended: what is in no pipe by now never will be. True when all of it is passed on. */
bool output_finish(struct output *output);
void output_close(struct output *output);

#endif
