/* The table of options. */
#include "commands/options.h"

#define RUN (1u << COMMAND_RUN)
#define PLANNERS (RUN | 1u << COMMAND_EXPLAIN | 1u << COMMAND_WHY)
#define LEARN (1u << COMMAND_LEARN)
#define INSPECTORS \
	(1u << COMMAND_EXPLAIN | 1u << COMMAND_WHY | 1u << COMMAND_CHECK | 1u << COMMAND_DOCTOR | \
	 1u << COMMAND_PROFILES)
#define EVERY ((1u << COMMAND_COUNT) - 1)

#define FIELD(member) offsetof(struct run_options, member)

static const char *const formats[] = { "text", "json", "sarif", "github", NULL };
static const char *const purposes[] = { "cron", "upload", "container", NULL };

/* A row is read across, its help below. */
/* clang-format off */
const struct option_row option_rows[] = {
	{ "--profile", 'p', "NAME|PATH", PLANNERS, OPTION_STRING, FIELD(profile), NULL, VALUE_PROFILE, NULL,
	  "the profile: a name, or a path (with a / or ending in .yaml)" },

	{ "--read", 0, "PATH", PLANNERS, OPTION_GRANT, 0, "files.read", VALUE_FILE, NULL,
	  "also show this file or directory, read-only" },
	{ "--write", 0, "PATH", PLANNERS, OPTION_GRANT, 0, "files.write", VALUE_FILE, NULL,
	  "also show this file or directory, writable" },
	{ "--net", 0, "HOST:PORT", PLANNERS | LEARN, OPTION_GRANT, 0, "network.allow", VALUE_TEXT, NULL,
	  "also allow connections to this host and port" },
	{ "--exec", 0, "PROGRAM", PLANNERS, OPTION_GRANT, 0, "exec", VALUE_PROGRAM, NULL,
	  "also allow executing this program" },
	{ "--env", 0, "NAME[=VALUE]", PLANNERS | LEARN, OPTION_ENV, 0, NULL, VALUE_TEXT, NULL,
	  "also pass this variable on, or set it" },
	{ "--secret", 0, "NAME=SOURCE[,as=WAY]", PLANNERS, OPTION_GRANT, 0, "secrets", VALUE_TEXT, NULL,
	  "hand over a secret: env:NAME, file:PATH, fd:N, credential:NAME; as file or env:NAME" },

	{ "--timeout", 0, "DURATION", PLANNERS | LEARN, OPTION_GRANT, 0, "limits.timeout", VALUE_TEXT, NULL,
	  "end the run after this time: 30s, 5m, 2h" },
	{ "--cpu-time", 0, "DURATION", PLANNERS, OPTION_GRANT, 0, "limits.cpu_time", VALUE_TEXT, NULL,
	  "end the run after this much processor time" },
	{ "--memory", 0, "SIZE", PLANNERS, OPTION_GRANT, 0, "limits.memory", VALUE_TEXT, NULL,
	  "limit the memory: 512M, 2G" },
	{ "--cpus", 0, "NUMBER", PLANNERS, OPTION_GRANT, 0, "limits.cpus", VALUE_TEXT, NULL,
	  "limit the processors used at a time: 1, 0.5" },
	{ "--processes", 0, "NUMBER", PLANNERS, OPTION_GRANT, 0, "limits.processes", VALUE_TEXT, NULL,
	  "limit the number of processes and threads" },
	{ "--open-files", 0, "NUMBER", PLANNERS, OPTION_GRANT, 0, "limits.open_files", VALUE_TEXT, NULL,
	  "limit the open files of a process" },
	{ "--file-size", 0, "SIZE", PLANNERS, OPTION_GRANT, 0, "limits.file_size", VALUE_TEXT, NULL,
	  "limit the size of a written file" },
	{ "--output", 0, "SIZE", PLANNERS, OPTION_GRANT, 0, "limits.output", VALUE_TEXT, NULL,
	  "limit what the script may print" },
	{ "--grace", 0, "DURATION", PLANNERS, OPTION_GRANT, 0, "limits.grace", VALUE_TEXT, NULL,
	  "time between SIGTERM and SIGKILL" },

	{ "--python", 0, "SPEC", PLANNERS | LEARN, OPTION_GRANT, 0, "python.interpreter", VALUE_FILE, NULL,
	  "the interpreter: auto, 3.12, a path, or venv:DIR" },
	{ "--cwd", 0, "DIR", PLANNERS | LEARN, OPTION_STRING, FIELD(cwd), NULL, VALUE_DIRECTORY, NULL,
	  "the directory that the script starts in" },
	{ "--trace", 0, NULL, RUN, OPTION_SWITCH, FIELD(trace), NULL, VALUE_NONE, NULL,
	  "watch every call for a file, and name each denial" },
	{ "--report", 0, "FILE|fd:N", RUN, OPTION_STRING, FIELD(report), NULL, VALUE_FILE, NULL,
	  "write a report of the run as JSON" },
	{ "--dry-run", 0, NULL, RUN, OPTION_SWITCH, FIELD(dry_run), NULL, VALUE_NONE, NULL,
	  "explain, and run nothing" },
	{ "--assume", 0, "FEATURE=LEVEL", PLANNERS | LEARN | 1u << COMMAND_DOCTOR, OPTION_JOIN, FIELD(assume), NULL, VALUE_TEXT, NULL,
	  "plan as if this machine could do less: userns=0,landlock=2" },

	{ "--format", 0, "text|json|sarif|github", 1u << COMMAND_CHECK, OPTION_STRING, FIELD(format), NULL, VALUE_WORDS, formats,
	  "how to print what was found" },
	{ "--for", 0, "cron|upload|container", 1u << COMMAND_INIT, OPTION_STRING, FIELD(purpose), NULL, VALUE_WORDS, purposes,
	  "what the profile is for" },
	{ "--into", 0, "FILE|-", LEARN, OPTION_STRING, FIELD(into), NULL, VALUE_FILE, NULL,
	  "where the learned profile goes; - is standard output" },
	{ "--keep", 0, "DIR", LEARN, OPTION_STRING, FIELD(keep), NULL, VALUE_DIRECTORY, NULL,
	  "keep what the script wrote in this new directory" },
	{ "--no-verify", 0, NULL, LEARN, OPTION_SWITCH, FIELD(no_verify), NULL, VALUE_NONE, NULL,
	  "do not run the script again under the learned profile" },
	{ "--json", 0, NULL, INSPECTORS | RUN, OPTION_SWITCH, FIELD(json), NULL, VALUE_NONE, NULL,
	  "print one JSON object (run: with --dry-run)" },

	{ "--quiet", 'q', NULL, RUN | LEARN | 1u << COMMAND_DOCTOR, OPTION_SWITCH, FIELD(quiet), NULL, VALUE_NONE, NULL,
	  "print no warnings and notes (doctor: only what is missing)" },
	{ "--verbose", 'v', NULL, PLANNERS | LEARN | 1u << COMMAND_DOCTOR, OPTION_SWITCH, FIELD(verbose), NULL, VALUE_NONE, NULL,
	  "print more" },
	{ "--help", 'h', NULL, EVERY, OPTION_SWITCH, FIELD(help), NULL, VALUE_NONE, NULL,
	  "print the command's usage" },
	{ 0 },
};
/* clang-format on */
