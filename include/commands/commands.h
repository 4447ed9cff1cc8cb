/* The commands, one small file each: parse options, call, print. The table has one row for each; main() dispatches by
 * it, `help` and `completion` walk it. */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

enum command_id {
	COMMAND_RUN,
	COMMAND_CHECK,
	COMMAND_EXPLAIN,
	COMMAND_WHY,
	COMMAND_DOCTOR,
	COMMAND_INIT,
	COMMAND_LEARN,
	COMMAND_PROFILES,
	COMMAND_SCHEMA,
	COMMAND_HELP,
	COMMAND_COMPLETION,
	COMMAND_COUNT
};

/* What stands where no option stands: for completion. */
enum operand_kind { OPERAND_NONE, OPERAND_SCRIPT, OPERAND_PROFILES, OPERAND_WORDS, OPERAND_TOPIC };

struct command {
	const char *name;
	/* argv[0] is the program's or the command's name and not looked at; argv[1] on are the command's own words.
	 * Returns the exit status. */
	int (*call)(int argc, char **argv);
	const char *operands; /* "[OPTIONS] SCRIPT [ARGS...]" */
	const char *summary;  /* one line for `help` */
	const char *details;  /* further lines of `help COMMAND`; "" when there are none */
	enum operand_kind operand;
	const char *const *words; /* NULL-terminated: fixed words that may come first ("read", "write"); NULL: none */
};

extern const struct command commands[COMMAND_COUNT];

/* The command of that name; NULL when there is none. */
const struct command *command_find(const char *name);
/* The command's name that `word` most likely meant, or NULL. */
const char *command_nearest(const char *word);

/* What --help prints, on stdout. Returns the exit status. */
int help_show(enum command_id command);

int command_run(int argc, char **argv);
int command_check(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_why(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_init(int argc, char **argv);
int command_learn(int argc, char **argv);
int command_profiles(int argc, char **argv);
int command_schema(int argc, char **argv);
int command_help(int argc, char **argv);
int command_completion(int argc, char **argv);

#endif
