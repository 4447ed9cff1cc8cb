/* What a trace saw, one record for each call, handed to whoever wants to know: `run --trace` looks for what was
 * refused, a profile is learned from all of it.
 *
 * "Observed" means: the call was seen, its path was copied once, and the same look-up was made beside it, in the
 * script's own view. The kernel carries the call out afterwards. A script that changes the path meanwhile, or what lies
 * there, makes the record wrong; it gains nothing by that, since nothing is decided here. */
#ifndef SUPERVISE_OBSERVATION_H
#define SUPERVISE_OBSERVATION_H

#include <stdint.h>

#include "policy/observed.h"

struct observation {
	enum observed_kind kind;
	const char *target; /* a path is absolute, and as the script sees it; not escaped */
	const char *second; /* OBSERVED_RENAME: the new name; else NULL */
	int answer;         /* 0, or the errno that the script gets as far as it is known; -1: not known */
	int32_t thread;     /* its number outside */
	struct {
		const char *file, *function; /* file NULL: not known */
		unsigned line;
	} at; /* as the script reported it, and it could lie */
};

/* Strings live only during the call. It must not wait for anything: the script does meanwhile. */
struct observer {
	void (*observe)(void *owner, const struct observation *observation);
	void *owner;
};

#endif
