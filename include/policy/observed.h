/* The calls by which a program opens, looks at, lists, creates, removes, renames and executes files: what a trace sees.
 * Data for the filter (plan/filter.c), which sends them to the supervisor, and for the engine that reads them
 * (supervise/observe.c). */
#ifndef POLICY_OBSERVED_H
#define POLICY_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum observed_kind {
	OBSERVED_LOOK,    /* stat, access, readlink */
	OBSERVED_READ,    /* opened for reading */
	OBSERVED_WRITE,   /* opened so that what exists may change, or its mode or times are set */
	OBSERVED_CREATE,  /* made anew */
	OBSERVED_LIST,    /* a directory opened */
	OBSERVED_REMOVE,  /* removed */
	OBSERVED_RENAME,  /* from `target` to `second` */
	OBSERVED_EXEC,    /* executed */
	OBSERVED_NAME,    /* a host name looked up */
	OBSERVED_CONNECT, /* "host:port", "unix:/path" */
	OBSERVED_LISTEN,  /* the same */
	OBSERVED_CALL,    /* a system call that the filter refuses, by its name */
};

/* What an argument says about the path. */
enum observed_how {
	HOW_FOLLOW,   /* a link at its end is followed */
	HOW_NOFOLLOW, /* it is not */
	HOW_OPEN,     /* `flags` are those of open(2) */
	HOW_AT,       /* `flags` are AT_* */
};

struct observed_call {
	const char *name;
	enum observed_kind kind; /* HOW_OPEN: decided by the flags */
	enum observed_how how;
	int8_t directory, path;               /* arguments; directory -1: relative to the current one */
	int8_t flags;                         /* argument, for HOW_OPEN and HOW_AT; else -1 */
	int8_t second_directory, second_path; /* of the new name; -1: there is none */
};
extern const struct observed_call observed_calls[]; /* ends with {NULL} */

bool observed_call_is(const char *name);

#endif
