/* Starter profiles, as data: a test checks that each of them is clean. */
#ifndef COMMANDS_INIT_H
#define COMMANDS_INIT_H

#include "base/arena.h"

struct starter {
	const char *purpose;      /* --for; NULL: without --for */
	const char *default_name; /* of the file, without its ending */
	const char *text;
};

extern const struct starter starters[]; /* ends with {NULL, NULL, NULL} */

/* "report", "report.py" and "report.pyconfine.yaml" name the same file. */
const char *init_file_name(const char *name, struct arena *arena);

#endif
