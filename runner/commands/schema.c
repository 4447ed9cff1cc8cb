#include "base/exit_status.h"
#include "commands/options.h"
#include "commands/render.h"
#include "profile/fields.h"

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
	if (operands[0]) {
		error_set(&err, CODE_USAGE, "schema takes no operand");
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	return render_json_print(profile_schema()) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}
