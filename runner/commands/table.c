#include <string.h>

#include "base/names.h"
#include "commands/commands.h"

static const char *const questions[] = { "read", "write", "connect", "exec", NULL };
static const char *const profile_words[] = { "show", NULL };
static const char *const schemas[] = { "profile", "report", NULL };
static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* The help texts as they are printed, from the left. */
/* clang-format off */
const struct command commands[COMMAND_COUNT] = {
	[COMMAND_RUN] = {
		"run", command_run, "[OPTIONS] SCRIPT [ARGS...]  |  -m MODULE  |  -c CODE  |  -",
		"run a script under a profile (default: the built-in `offline`)",
		"`run` may be left out: `pyconfine report.py` is the same. Options come before the script; everything after its name\n"
		"belongs to the script. The profile is --profile, else $PYCONFINE_PROFILE, else report.pyconfine.yaml beside\n"
		"report.py, else the built-in `offline`.\n\n"
		"Exit status: the script's own; 124 timeout; 125 pyconfine failed before the script started; 126 and 127 the\n"
		"interpreter cannot be executed, or it or the script was not found; 128+N killed by signal N.\n",
		OPERAND_SCRIPT, NULL },
	[COMMAND_CHECK] = {
		"check", command_check, "[OPTIONS] FILE...",
		"find every fault of profiles: typing errors, types, missing paths, risky grants",
		"\"-\" reads standard input. Exit status: 0 clean, 1 something was found, 2 usage or unreadable file.\n",
		OPERAND_PROFILES, NULL },
	[COMMAND_EXPLAIN] = {
		"explain", command_explain, "[OPTIONS] [SCRIPT [ARGS...]  |  -m MODULE  |  -c CODE  |  -]",
		"show the plan before anything runs: each promise, and what keeps it here",
		"Takes the options of `run`. -v adds the stages, the file view, the environment and the limits.\n"
		"Exit status: 0 every promise is kept, or was relaxed by the profile; 1 `run` would refuse; 2 usage or unreadable\n"
		"input.\n",
		OPERAND_SCRIPT, NULL },
	[COMMAND_WHY] = {
		"why", command_why, "read|write|connect|exec TARGET [OPTIONS] [SCRIPT]",
		"one question, one answer: may the script do it, which line decides, what to type",
		"Takes the options of `run`. TARGET is a path, HOST:PORT, or a program.\n"
		"Exit status: 0 yes, 1 no, 2 usage or unreadable input.\n",
		OPERAND_WORDS, questions },
	[COMMAND_DOCTOR] = {
		"doctor", command_doctor, "[OPTIONS]",
		"what this kernel, container and Python can enforce, and the command that fixes the rest",
		"", OPERAND_NONE, NULL },
	[COMMAND_INIT] = {
		"init", command_init, "[OPTIONS] [NAME]",
		"write a commented starter profile, NAME.pyconfine.yaml",
		"An existing file is never overwritten. NAME may be the script's: `pyconfine init report.py`.\n",
		OPERAND_SCRIPT, NULL },
	[COMMAND_LEARN] = {
		"learn", command_learn, "[OPTIONS] SCRIPT [ARGS...]  |  -m MODULE  |  -c CODE",
		"run a script in private, and write the least profile that the run needed",
		"The script sees what you may read, without keys and credentials; what it writes goes to private layers. The network\n"
		"is closed unless --net opens it (`--net host`: all of it). The profile is report.pyconfine.yaml beside report.py; an\n"
		"existing file is never overwritten. The script is run again under it, unless --no-verify is given.\n"
		"Exit status: 0 written, and it holds; 1 it does not hold; 2 usage; 125 the script was not started.\n",
		OPERAND_SCRIPT, NULL },
	[COMMAND_PROFILES] = {
		"profiles", command_profiles, "[OPTIONS] [show NAME]",
		"the known profiles, where they are and what shadows what",
		"`profiles show NAME` prints a profile's text; `builtin:NAME` is never shadowed.\n",
		OPERAND_WORDS, profile_words },
	[COMMAND_SCHEMA] = {
		"schema", command_schema, "[profile | report]",
		"print the JSON Schema of profiles or of reports, for editors and other checkers",
		"Without a word, that of profiles.\n", OPERAND_WORDS, schemas },
	[COMMAND_HELP] = {
		"help", command_help, "[COMMAND | CODE]", "explain a command or the code of a message",
		"CODE is what stands in brackets behind a message: `pyconfine help missing-unit`.\n",
		OPERAND_TOPIC, NULL },
	[COMMAND_COMPLETION] = {
		"completion", command_completion, "bash|zsh|fish", "print completions for a shell",
		"bash:  source <(pyconfine completion bash)\n"
		"zsh:   pyconfine completion zsh > \"${fpath[1]}/_pyconfine\"\n"
		"fish:  pyconfine completion fish > ~/.config/fish/completions/pyconfine.fish\n",
		OPERAND_WORDS, shells },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

const char *command_nearest(const char *word)
{
	const char *names[COMMAND_COUNT + 1] = { NULL };

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	return nearest_name(word, names);
}
