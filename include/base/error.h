/* Errors as values: fixed size, no heap, context added on the way up.
 *
 * Functions return 0, or -1 with *err filled in; outputs stay untouched on failure. Only commands/ prints. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#include "base/codes.h"

/* Where something was written. `file` is what the user would recognise (a path, "builtin:offline", "--read"); NULL
 * means that nobody wrote it: a default. Lines and columns count from 1; 0 means unknown. */
struct source_pos {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct error {
	enum message_code code;
	int sys_errno; /* 0 when no system call failed */
	struct source_pos pos;
	char message[512]; /* what happened and why, without a trailing newline */
	char hint[512];    /* what to type; may hold several lines; "" when there is nothing to say */
};

/* Fill *err and return -1, so that a failing function can `return error_set(...)`. */
int error_set(struct error *err, enum message_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: keeps errno in sys_errno and appends its text. */
int error_set_errno(struct error *err, enum message_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Replace the hint. Returns -1 for use in a return statement. */
int error_hint(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Put "context: " before the message. Returns -1. */
int error_context(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
