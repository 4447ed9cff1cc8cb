/* Shared by the two halves of the generator: the program being built. Build machine only. */
#ifndef COMPILE_FILTERS_H
#define COMPILE_FILTERS_H

#include <stdint.h>

#include "policy/rules.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define BLOCK_MAX 128
#define HIGHEST_NUMBER 1023

/* SECCOMP_RET_TRACE stands for "look at the arguments" in what libseccomp compiles: its data is the rule block's
 * number, or this, for a forbidden call. */
#define MARKER_FORBIDDEN 0x7fffU

struct target {
	const char *name;
	uint32_t arch;
	uint32_t x32_bit; /* 0: none */
};

struct program {
	struct sock_filter code[BPF_MAXINSNS];
	unsigned length;
	unsigned body;
	const char *blocks[BLOCK_MAX]; /* calls with argument rules */
	unsigned block_count;
	uint32_t actions[HIGHEST_NUMBER + 1]; /* of every number, markers included; above: ENOSYS */
	const struct argument_rule *rules;
	unsigned variant;
	uint32_t forbidden; /* the return value that stands for "forbidden" in this variant */
};

/* Says what is wrong and ends with status 1. */
void die(const char *what, const char *name) __attribute__((noreturn));

/* From `actions` and `rules` to `code`. */
void program_emit(struct program *program, const struct target *target);

#endif
