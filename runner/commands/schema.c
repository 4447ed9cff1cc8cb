#include <string.h>

#include "base/exit_status.h"
#include "commands/options.h"
#include "commands/render.h"
#include "commands/report.h"
#include "profile/fields.h"

static const struct {
	const char *name;
	struct json_object *(*make)(void);
} schemas[] = { { "profile", profile_schema }, { "report", report_schema } };

int command_schema(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	struct run_options options = { 0 };
	const char **operands;
	struct error err;

	if (options_mixed(COMMAND_SCHEMA, argc, argv, &arena, &options, &operands, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_SCHEMA);
	for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
		if (strcmp(operands[0] ? operands[0] : "profile", schemas[i].name) == 0 &&
		    (!operands[0] || !operands[1]))
			return render_json_print(schemas[i].make()) ? EXIT_BAD_INPUT : EXIT_CLEAN;
	error_set(&err, CODE_USAGE, "schema is followed by \"profile\", \"report\" or nothing");
	return render_fail(&err, EXIT_BAD_INPUT);
}
