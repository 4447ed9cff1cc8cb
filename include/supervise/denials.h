/* What the supervisor itself saw refused: told apart by what was asked for and the answer, and counted. The list has a
 * fixed size, since a script can be refused as often as it likes. */
#ifndef SUPERVISE_DENIALS_H
#define SUPERVISE_DENIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DENIALS_MAX 16
#define DENIAL_TARGET_SIZE 256

struct denial {
	const char *code; /* the profile's key that decides about it: "network.allow"; static */
	const char
		*fix; /* the key whose list `target` would have to be in to be allowed; NULL: there is none; static */
	char target[DENIAL_TARGET_SIZE]; /* as the script named it, not escaped */
	bool cut;                        /* the target was longer: it names nothing */
	bool traced;                     /* seen by a trace: a file or a program */
	bool inferred;                   /* from what the script said, and not seen by us */
	int sys_errno;                   /* what the script got as an answer */
	uint64_t count;
};

struct denials {
	struct denial items[DENIALS_MAX];
	size_t count;
	uint64_t more; /* that had no place any more */
};

/* denial->count is not looked at. */
void denials_add(struct denials *list, const struct denial *denial);
/* Into denial->target, cut where it is too long. */
void denial_set_target(struct denial *denial, const char *target);

#endif
