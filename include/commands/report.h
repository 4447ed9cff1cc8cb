/* The report of a run (--report): one JSON object. Where it goes is opened and judged before anything starts, so that a
 * report which cannot be written, or which the script could write, is refused; it is written when nothing of the script
 * is left. */
#ifndef COMMANDS_REPORT_H
#define COMMANDS_REPORT_H

#include <json.h>
#include <limits.h>

#include "commands/options.h"
#include "commands/prepare.h"
#include "supervise/run.h"

struct report_place {
	const char *typed;       /* as the caller gave it; NULL: no report is wanted */
	int fd;                  /* the caller's descriptor, with fd:N; never closed by us */
	int directory_fd;        /* else; owned */
	char name[NAME_MAX + 1]; /* in that directory */
};

/* "FILE" or "fd:N"; NULL gives a place of which no report is wanted. A file: its directory is there, a file can be made
 * in it (one is, and removed), not everybody can exchange what lies in it, and there is nothing but a regular file of
 * that name, which only its owner replaces in a directory like /tmp. A descriptor: above 2, open for writing, and not
 * what the script has as stdin, stdout or stderr. 0, or -1 with CODE_USAGE or CODE_REPORT_REFUSED. */
int report_open(const char *typed, struct report_place *out, struct error *err);
void report_close(struct report_place *place);

/* Refuses with CODE_REPORT_REFUSED where this plan's script may write: by whatever path, through links, bind mounts and
 * mounts below a grant. File systems stacked upon one another (an overlay and its layers) cannot be told apart. */
int report_check(const struct report_place *place, const struct plan *plan, struct arena *arena, struct error *err);

/* What is known at the end. */
struct run_record {
	const struct prepared *prepared; /* as far as it got */
	const struct outcome *outcome;   /* NULL: nothing was started */
	const struct error *failure;     /* why nothing was started; NULL: it was */
	int exit_code;
};

/* Takes the place of a file of that name at once, with mode 0600, or goes into the descriptor. Nothing where no report
 * is wanted. -1 with CODE_REPORT_REFUSED. */
int report_write(const struct report_place *place, const struct run_record *record, struct error *err);

/* The caller owns the reference (json_object_put). */
struct json_object *report_json(const struct run_record *record);
/* JSON Schema (draft 2020-12) of it, made from report_fields. */
struct json_object *report_schema(void);

/* The fields, in order: the schema, the manual page's test and the report's own test walk them. */
struct report_field {
	const char *path; /* "usage.cpu_s", "denials[].target" */
	const char *type; /* "string", "number", "integer", "boolean", "object", "array"; NULL: one of `words` */
	bool nullable;
	const char *const *words; /* NULL-terminated */
	const char *help;
};
extern const struct report_field report_fields[]; /* ends with {NULL} */

extern const char *const report_outcomes[]; /* the words of `outcome`; NULL-terminated */

#endif
