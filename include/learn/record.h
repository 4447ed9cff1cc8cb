/* What a run was seen to do, by path, name and program. Bounded, whatever the script does. Pure. */
#ifndef LEARN_RECORD_H
#define LEARN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* What was done to one target; bits. */
enum learned_use {
	USE_LOOK = 1, /* stat, access, readlink */
	USE_READ = 2,
	USE_WRITE = 4, /* opened for writing */
	USE_CREATE = 8,
	USE_LIST = 16, /* a directory opened */
	USE_REMOVE = 32,
	USE_RENAME = 64, /* from or to there */
	USE_EXEC = 128,
	USE_NAME = 256,    /* a name looked up */
	USE_CONNECT = 512, /* "host:port", "unix:/run/x" */
	USE_LISTEN = 1024,
	USE_CALL = 2048, /* a system call that the filter refused */
};
#define USE_OF_FILES 255u

#define RECORD_TARGETS_MAX 20000
#define RECORD_BYTES_MAX ((size_t)8 << 20)

struct learned {
	const char *target;
	unsigned uses; /* enum learned_use */
	uint64_t count;
	const char *file, *function; /* where the script did it first; NULL: not known */
	unsigned line;
	unsigned next; /* in the same bucket; 0: the last one */
};

#define RECORD_BUCKETS 4096
struct learn_record {
	struct arena *arena;
	struct learned *items; /* in the order in which they were first seen */
	size_t count, bytes;
	uint64_t dropped;                 /* observations that there was no more room for */
	unsigned buckets[RECORD_BUCKETS]; /* 1 + index into items; 0: empty */
};

/* The script's line; file NULL: not known. */
struct learned_at {
	const char *file, *function;
	unsigned line;
};

/* Strings are copied. A path's "." and ".." and doubled slashes are removed by name. */
void record_add(struct learn_record *record, unsigned use, const char *target, const struct learned_at *at);

#endif
