/* A learned profile as text. Pure. */
#ifndef LEARN_WRITE_H
#define LEARN_WRITE_H

#include "base/text.h"
#include "learn/fold.h"

struct learn_usage {
	uint64_t wall_ms, cpu_ms, memory_bytes, threads, open_files; /* peaks; 0: not known */
};

struct learn_text {
	const char *script;       /* as it was called */
	const char *arguments;    /* or NULL */
	const char *date;         /* "2026-11-24" */
	const char *how_it_ended; /* "exited with status 0" */
	const char *home, *script_dir;
	const char *const *environment;     /* names of variables to be passed on; NULL-terminated */
	const char *const *environment_set; /* "NAME=VALUE"; NULL-terminated */
	const char *const *network_rules;   /* of the run; NULL-terminated */
	const char *interpreter;            /* python.interpreter, or NULL */
	bool network_host;                  /* the run had the host's network */
	struct learn_usage usage;
	uint64_t dropped;
};

void learn_write(const struct folded *folded, const struct learn_text *about, struct text *out);

/* A limit with room: twice the peak, and as round as a person would write it. */
uint64_t learn_memory(uint64_t peak_bytes);
uint64_t learn_count(uint64_t peak, uint64_t least);

#endif
