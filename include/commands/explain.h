/* What explain prints; `run --dry-run` prints the same. */
#ifndef COMMANDS_EXPLAIN_H
#define COMMANDS_EXPLAIN_H

#include <json.h>
#include <stdbool.h>

#include "commands/options.h"
#include "commands/prepare.h"

/* Prepares, prints the plan or why there is none, and returns the exit status of explain. */
int explain_show(const struct run_options *options, struct arena *arena);

/* The plan for people. Pure. */
void explain_text(struct text *out, const struct prepared *prepared, const struct run_options *options, bool colour);
/* What -v adds: stages, files, environment, limits, filter. */
void explain_details(struct text *out, const struct prepared *prepared);
/* The same plan as one object; the keys are stable, golden tests compare them. The caller owns the reference. */
struct json_object *explain_json(const struct prepared *prepared);

/* In explain and why as in run, what follows the script's name belongs to it: a word on stderr where it looks like
 * ours. */
void explain_note_late_options(const struct run_options *options);

/* The profile's positions of grants: "report.pyconfine.yaml:4", "--read", "builtin:offline:7"; "" for a default. */
void explain_add_pos(struct text *out, const struct source_pos *pos);
/* True where `run` would refuse: a promise is missing here, or a key is used that cannot be enforced yet. */
bool explain_is_refused(const struct plan *plan);

#endif
