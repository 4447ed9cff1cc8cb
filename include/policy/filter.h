/* System call filters: compiled by libseccomp when the program is built, never at launch (2.5 ms there, as much as all
 * the rest of a launch). A profile's own `system.syscalls` and the few facts known only at launch become rows in front
 * of the compiled program, a compare and a return each. */
#ifndef POLICY_FILTER_H
#define POLICY_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* What a compiled filter depends on; the variants are all combinations. */
enum filter_variant_bit {
	FILTER_INET = 1 << 0, /* AF_INET, AF_INET6 stream and datagram sockets may be made (private or host network) */
	FILTER_EXEC = 1 << 1, /* programs may be executed: memfd_create needs no MFD_NOEXEC_SEAL */
	FILTER_STRICT = 1 << 2, /* the untrusted profile's shorter list */
	FILTER_NOTIFY = 1 << 3, /* known and forbidden calls go to the supervisor instead of answering EPERM */
	FILTER_VARIANT_COUNT = 1 << 4,
};

struct compiled_filter {
	const struct sock_filter *instructions;
	unsigned short count;
	/* where the architecture check ends: from there on the accumulator holds the call's number */
	unsigned short body;
};
extern const struct compiled_filter compiled_filters[FILTER_VARIANT_COUNT];

enum filter_row_action {
	ROW_ALLOW,
	ROW_EPERM, /* in every variant: never asks the supervisor */
	ROW_ENOSYS,
	ROW_NOTIFY, /* the supervisor decides, in every variant */
	ROW_FORBID, /* as a forbidden call: EPERM, or the supervisor in FILTER_NOTIFY variants */
};

/* One row in front: call number, optionally only when (args[arg] & mask) == value (low 32 bits), and optionally only
 * when the next argument fits, too. */
struct filter_row {
	uint32_t number;
	enum filter_row_action action;
	int8_t arg; /* -1: whatever the arguments */
	uint32_t mask, value;
	uint32_t next_mask, next_value; /* (args[arg + 1] & next_mask) == next_value; a mask of 0 asks nothing */
};

struct filter_request {
	unsigned variant; /* filter_variant_bit */
	const struct filter_row *rows;
	size_t row_count;
	/* calls of which the supervisor gets those that the compiled filter allows, after the rows */
	const uint32_t *observed;
	size_t observed_count;
};

/* Builds the whole program in the arena: architecture check, rows (the first match decides; denials must be put before
 * grants by the caller), then the compiled filter. Where calls are observed, they go through a second copy of it, which
 * asks the supervisor where the first would allow; so nothing is allowed that would not be without. -1 when it would
 * exceed BPF_MAXINSNS. */
int filter_assemble(const struct filter_request *request, struct arena *arena, struct sock_fprog *out,
                    struct error *err);

/* How a call name is known. */
enum syscall_lookup {
	SYSCALL_KNOWN,     /* *number is set */
	SYSCALL_ELSEWHERE, /* exists on another architecture or is newer than this program's kernel headers; *number is
	                      -1 */
	SYSCALL_UNKNOWN,
};
enum syscall_lookup syscall_find(const char *name, int *number);
/* Name for a number of this architecture, or NULL. */
const char *syscall_name(int number);

/* The allow-list as data, for explain, docs and the tests: a reason for every entry. */
struct syscall_group {
	const char *name;         /* "memory" */
	const char *reason;       /* why a Python program needs these */
	const char *const *calls; /* NULL-terminated */
	bool strict;              /* also in the untrusted profile's list */
};
extern const struct syscall_group syscall_groups[]; /* ends with {NULL} */
/* Known and forbidden: EPERM (or the supervisor), with what the call would be good for to an attacker. */
struct forbidden_call {
	const char *name;
	const char *reason;
};
extern const struct forbidden_call forbidden_calls[]; /* ends with {NULL} */

/* Flags of clone(2) that arguments.c forbids: namespaces (every CLONE_NEW* but NEWTIME, whose bit belongs to clone's
 * exit signal), and CLONE_PTRACE, CLONE_PARENT, CLONE_UNTRACED. */
#define NAMESPACE_FLAGS 0x7e020000U
#define FORBIDDEN_CLONE_FLAGS (NAMESPACE_FLAGS | 0x0080a000U)

/* init's own filter (PID 1 of the sandbox): only what its loop needs. */
extern const struct compiled_filter init_filter;

#endif
