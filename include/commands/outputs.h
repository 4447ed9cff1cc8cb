/* What became of a script's results, for people and for the report. */
#ifndef COMMANDS_OUTPUTS_H
#define COMMANDS_OUTPUTS_H

#include <json.h>

#include "base/text.h"
#include "supervise/outputs.h"

/* Nothing where all went well; else one line for each refused file, at most five, and one that says that none was
 * moved. `result` may be NULL. Appends. */
void outputs_describe(const struct outputs_plan *plan, const struct outputs_result *result, struct text *out);

/* The report's list (commands/report_schema.c); empty where `result` is NULL. */
struct json_object *outputs_json(const struct outputs_result *result);

#endif
