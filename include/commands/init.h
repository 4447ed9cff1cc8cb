/* Starter profiles, as data: a test checks that each of them is clean. */
#ifndef COMMANDS_INIT_H
#define COMMANDS_INIT_H

#include "base/arena.h"
#include "base/error.h"

struct starter {
	const char *purpose;      /* --for; NULL: without --for */
	const char *default_name; /* of the file, without its ending */
	const char *text;
};

extern const struct starter starters[]; /* ends with {NULL, NULL, NULL} */

/* "report", "report.py" and "report.pyconfine.yaml" name the same file. */
const char *init_file_name(const char *name, struct arena *arena);

/* A new file, never over something that is there, for nobody but its owner to write. 0, or -1 with CODE_USAGE; `hint`
 * is for a name that is taken. */
int profile_write_new(const char *file, const char *text, const char *hint, struct error *err);

#endif
