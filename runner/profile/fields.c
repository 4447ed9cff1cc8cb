#include "profile/table.h"

#include <string.h>

const struct name_value bool_names[] = { { "true", true }, { "false", false }, { NULL, 0 } };
const struct name_value network_names[] = { { "none", NETWORK_NONE }, { "host", NETWORK_HOST }, { NULL, 0 } };
const struct name_value exec_names[] = { { "none", EXEC_NONE }, { "any", EXEC_ANY }, { NULL, 0 } };
const struct name_value user_names[] = { { "keep", USER_KEEP }, { "nobody", USER_NOBODY }, { NULL, 0 } };
const struct name_value require_names[] = { { "all", REQUIRE_ALL },
	                                    { "per-process", REQUIRE_PER_PROCESS },
	                                    { "best-effort", REQUIRE_BEST_EFFORT },
	                                    { NULL, 0 } };
/* What can be counted as an intrusion; the values are for nobody yet. */
const struct name_value alert_names[] = { { "decoy", 0 }, { "exec", 1 },       { "network", 2 },
	                                  { "files", 3 }, { "privileges", 4 }, { NULL, 0 } };
static const struct name_value home_names[] = { { "private", HOME_PRIVATE }, { "none", HOME_NONE }, { NULL, 0 } };
static const struct name_value loopback_names[] = { { "private", LOOPBACK_PRIVATE },
	                                            { "host", LOOPBACK_HOST },
	                                            { NULL, 0 } };
static const struct name_value check_names[] = { { "name", CHECK_NAME }, { "content", CHECK_CONTENT }, { NULL, 0 } };
static const struct name_value denial_names[] = { { "error", DENIAL_ERROR }, { "kill", DENIAL_KILL }, { NULL, 0 } };

const char *const promise_names[PROMISE_COUNT] = {
	[PROMISE_FILES] = "files",
	[PROMISE_NETWORK] = "network",
	[PROMISE_EXEC] = "exec",
	[PROMISE_PRIVILEGES] = "privileges",
	[PROMISE_PROCESSES] = "processes",
	[PROMISE_MEMORY] = "memory",
	[PROMISE_CPU_TIME] = "cpu_time",
	[PROMISE_CPUS] = "cpus",
	[PROMISE_PROCESS_COUNT] = "process_count",
	[PROMISE_OPEN_FILES] = "open_files",
	[PROMISE_FILE_SIZE] = "file_size",
	[PROMISE_OUTPUT] = "output",
	[PROMISE_TMP_SIZE] = "tmp",
	[PROMISE_TIMEOUT] = "timeout",
};

bool promise_has_per_process(enum promise promise)
{
	return promise == PROMISE_MEMORY || promise == PROMISE_CPU_TIME || promise == PROMISE_OPEN_FILES ||
	       promise == PROMISE_FILE_SIZE;
}

const struct name_value stdin_names[] = { { "any", STDIN_ANY }, { "none", STDIN_NONE }, { NULL, 0 } };
static const struct name_value stdin_type_names[] = {
	{ "any", STDIN_TYPE_ANY }, { "text", STDIN_TYPE_TEXT }, { "json", STDIN_TYPE_JSON }, { NULL, 0 }
};

#define AT(member) .offset = offsetof(struct profile, member)

/* clang-format off */
/* In the order in which a profile is written out. A section's row comes directly before its keys. */
const struct field profile_fields[] = {
	{ .path = "version", .type = FIELD_VERSION, .merge = MERGE_OWN, .required = true, .example = "1",
	  .help = "Version of the profile format; always 1." },
	{ .path = "name", .type = FIELD_TEXT, .merge = MERGE_OWN, .text = TEXT_PROFILE_NAME, AT(name),
	  .standard = "the file's name", .example = "report",
	  .help = "What messages and reports call this profile." },
	{ .path = "description", .type = FIELD_TEXT, .merge = MERGE_OWN, .text = TEXT_ANY, AT(description),
	  .example = "Nightly report",
	  .help = "What the profile is for; shown by `pyconfine profiles`." },
	{ .path = "extends", .type = FIELD_EXTENDS, .merge = MERGE_OWN, .standard = "[offline]",
	  .example = "[offline]",
	  .help = "Profiles to build on, left to right: names, paths or builtin:NAME. [] starts from nothing." },

	{ .path = "python", .type = FIELD_SECTION,
	  .help = "Which interpreter, and how it is started." },
	{ .path = "python.interpreter", .type = FIELD_STRING, .merge = MERGE_REPLACE, .text = TEXT_INTERPRETER,
	  AT(python.interpreter), .standard = "auto", .example = "\"3.12\"",
	  .help = "auto, a version (3.12), a path, or venv:DIR." },
	{ .path = "python.isolated", .type = FIELD_BOOL, .merge = MERGE_REPLACE, .ceiling = CEILING_FORCE,
	  AT(python.isolated), .names = bool_names, .standard = "false", .example = "true",
	  .help = "true starts Python with -I: no PYTHON* variables, no user site, no script directory in sys.path." },
	{ .path = "python.options", .type = FIELD_STRINGS, .merge = MERGE_ADD, .text = TEXT_OPTION,
	  AT(python.options), .example = "[-O, -Xutf8]",
	  .help = "Options for the interpreter: -X, -W, -O and -u only." },

	{ .path = "files", .type = FIELD_SECTION,
	  .help = "What the script sees of the file system; nothing else exists for it." },
	{ .path = "files.read", .type = FIELD_GRANTS, .merge = MERGE_ADD, .ceiling = CEILING_MOST, .text = TEXT_PATH,
	  AT(files.read), .standard = "[${SCRIPT_DIR}]",
	  .example = "[/srv/data, {path: /etc/report.conf, optional: true}]",
	  .help = "Files and directories to read: a path, or {path, as, beneath, optional, exec}; relative to the profile." },
	{ .path = "files.write", .type = FIELD_GRANTS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_PATH, AT(files.write), .standard = "[]", .example = "[/var/lib/report]",
	  .help = "Files and directories to write, and to read; the same form as files.read." },
	{ .path = "files.deny", .type = FIELD_GRANTS, .merge = MERGE_ADD, .ceiling = CEILING_ADD, .text = TEXT_PATH,
	  AT(files.deny), .standard = "[]", .example = "[/srv/data/private]",
	  .help = "Never shown, whatever else grants them; a missing path is fine." },
	{ .path = "files.presets", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_PRESET, AT(files.presets), .standard = "[python, tls, tz, locale]",
	  .example = "[python, dns]",
	  .help = "Sets of system files that Python programs commonly need." },
	{ .path = "files.tmp", .type = FIELD_SIZE, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM, AT(files.tmp),
	  .standard = "64M", .example = "64M",
	  .help = "Size of the private /tmp, /dev/shm and home together." },
	{ .path = "files.home", .type = FIELD_NAME, .merge = MERGE_REPLACE, AT(files.home), .names = home_names,
	  .standard = "private", .example = "private",
	  .help = "private: an empty home directory; none: no home at all." },

	{ .path = "outputs", .type = FIELD_SECTION,
	  .help = "One directory whose files are checked and moved out after a clean exit: all of them, or none." },
	{ .path = "outputs.path", .type = FIELD_STRING, .merge = MERGE_REPLACE, .text = TEXT_PATH, AT(outputs.path),
	  .required = true, .example = "\"${env:OUTDIR}\"",
	  .help = "The directory that accepted files are moved to; nothing there is ever replaced." },
	{ .path = "outputs.as", .type = FIELD_STRING, .merge = MERGE_REPLACE, .text = TEXT_INSIDE_PATH,
	  AT(outputs.as), .standard = "a place that $PYCONFINE_OUTPUTS names", .example = "/work/out",
	  .help = "The directory that the script writes to; needs namespaces." },
	{ .path = "outputs.files", .type = FIELD_COUNT, .merge = MERGE_REPLACE, AT(outputs.files), .standard = "20",
	  .example = "5",
	  .help = "At most so many files, and no directories." },
	{ .path = "outputs.size", .type = FIELD_SIZE, .merge = MERGE_REPLACE, AT(outputs.size), .standard = "50M",
	  .example = "50M",
	  .help = "At most so many bytes in all." },
	{ .path = "outputs.suffixes", .type = FIELD_STRINGS, .merge = MERGE_ADD, .text = TEXT_SUFFIX,
	  AT(outputs.suffixes), .standard = "any", .example = "[.png, .jpg]",
	  .help = "Accepted endings of file names." },
	{ .path = "outputs.check", .type = FIELD_NAME, .merge = MERGE_REPLACE, AT(outputs.check), .names = check_names,
	  .standard = "name", .example = "content",
	  .help = "name, or content: each file must also begin as its suffix says." },

	{ .path = "network", .type = FIELD_NETWORK, .merge = MERGE_REPLACE, .ceiling = CEILING_MOST,
	  AT(network.mode), .names = network_names, .standard = "none", .example = "none",
	  .help = "none, host (everything), or a mapping with what is allowed. What is not is refused, and said after "
	          "the run." },
	{ .path = "network.allow", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_NET_RULE, AT(network.allow),
	  .example = "[\"api.example.com:443\", \"10.0.0.0/8:5432\", \"unix:/run/pg\"]",
	  .help = "Where the script may connect to, by TCP: host:port, *.domain:port, address/prefix:port, *:port, "
	          "unix:/path." },
	{ .path = "network.listen", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_PORT, AT(network.listen), .example = "[8080]",
	  .help = "Ports on which the script may accept connections from outside; other ports are its own loopback's." },
	{ .path = "network.loopback", .type = FIELD_NAME, .merge = MERGE_REPLACE, .ceiling = CEILING_MOST,
	  AT(network.loopback), .names = loopback_names, .standard = "private", .example = "private",
	  .help = "private: 127.0.0.1 is the sandbox's own; host: ports on which nobody inside listens are the machine's." },

	{ .path = "exec", .type = FIELD_EXEC, .merge = MERGE_ADD, .ceiling = CEILING_MOST, .text = TEXT_PROGRAM,
	  AT(exec.mode), .names = exec_names, .standard = "none", .example = "[/usr/bin/git]",
	  .help = "Programs that the script may start: none, a list, or any. Threads and fork are not exec." },

	{ .path = "env", .type = FIELD_SECTION,
	  .help = "The script's environment; it is built from nothing." },
	{ .path = "env.allow", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_ENV_PATTERN, AT(env.allow), .standard = "[LANG, \"LC_*\", TZ]", .example = "[LANG, \"LC_*\"]",
	  .help = "Variables of the caller that are passed on; a trailing * stands for any ending." },
	{ .path = "env.set", .type = FIELD_PAIRS, .merge = MERGE_ADD, .text = TEXT_ENV_VALUE, AT(env.set),
	  .standard = "{}", .example = "{MPLBACKEND: Agg}",
	  .help = "Variables to set." },

	{ .path = "inputs", .type = FIELD_SECTION,
	  .help = "What the script may be given; checked before anything starts." },
	{ .path = "inputs.args", .type = FIELD_INPUTS, .merge = MERGE_REPLACE, .text = TEXT_PROFILE_NAME,
	  AT(inputs.args), .standard = "any",
	  .example = "[{name: file, type: path, beneath: /work}, {name: size, type: int, min: 1, max: 4096}]",
	  .help = "The arguments, one rule for each, in order; [] takes none." },
	{ .path = "inputs.options", .type = FIELD_INPUTS, .merge = MERGE_REPLACE, .text = TEXT_INPUT_OPTION,
	  AT(inputs.options), .standard = "any; none where inputs.args is given",
	  .example = "[--verbose, {name: --mode, enum: [fast, slow]}]",
	  .help = "Options that may stand among the arguments: a word, or a rule for an option with a value." },
	{ .path = "inputs.stdin", .type = FIELD_STDIN, .merge = MERGE_REPLACE, AT(inputs.standard_input.mode),
	  .names = stdin_names, .standard = "any", .example = "none",
	  .help = "any, none (/dev/null), or {max_size, type}: read to its end and checked before the script starts." },
	{ .path = "inputs.stdin.max_size", .type = FIELD_SIZE, .merge = MERGE_REPLACE, AT(inputs.standard_input.max_size),
	  .standard = "1M", .example = "10M",
	  .help = "At most so many bytes." },
	{ .path = "inputs.stdin.type", .type = FIELD_NAME, .merge = MERGE_REPLACE, AT(inputs.standard_input.type),
	  .names = stdin_type_names, .standard = "any", .example = "json",
	  .help = "any bytes, text (UTF-8 without control characters), or one JSON value." },
	{ .path = "inputs.env", .type = FIELD_INPUT_ENV, .merge = MERGE_ADD, .text = TEXT_ENV_NAME, AT(inputs.env),
	  .standard = "any", .example = "{APP_MODE: {enum: [fast, slow]}, APP_PORT: {type: int, min: 1, optional: true}}",
	  .help = "Rules for variables of the script's environment, by name. They grant nothing: env.allow or env.set must." },

	{ .path = "secrets", .type = FIELD_SECRETS, .merge = MERGE_ADD, .text = TEXT_SECRET_FROM, AT(secrets),
	  .standard = "{}", .example = "{db: {from: \"env:DB_PW\", as: file}}",
	  .help = "Secrets by name: {from: env:NAME | file:PATH | fd:3 | credential:NAME, as: file | env:NAME}." },

	{ .path = "limits", .type = FIELD_SECTION,
	  .help = "What the script may use; the whole tree of its processes counts." },
	{ .path = "limits.timeout", .type = FIELD_DURATION, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.timeout), .may_be_none = true, .standard = "none", .example = "30s",
	  .help = "Wall-clock time; then SIGTERM, and SIGKILL after limits.grace. Exit status 124." },
	{ .path = "limits.cpu_time", .type = FIELD_DURATION, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.cpu_time), .may_be_none = true, .standard = "none", .example = "10s",
	  .help = "Processor time of all processes together. Exit status 152." },
	{ .path = "limits.memory", .type = FIELD_SIZE, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.memory), .may_be_none = true, .standard = "1G", .example = "512M",
	  .help = "Memory of all processes together, files in /tmp, /dev/shm and home included. Exit status 137." },
	{ .path = "limits.cpus", .type = FIELD_CPUS, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.cpus), .may_be_none = true, .standard = "none", .example = "1.5",
	  .help = "Processors at a time; 0.5 is half of one." },
	{ .path = "limits.processes", .type = FIELD_COUNT, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.processes), .may_be_none = true, .standard = "64", .example = "64",
	  .help = "Processes and threads at a time." },
	{ .path = "limits.open_files", .type = FIELD_COUNT, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.open_files), .may_be_none = true, .standard = "1024", .example = "1024",
	  .help = "Open files of each process." },
	{ .path = "limits.file_size", .type = FIELD_SIZE, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.file_size), .may_be_none = true, .standard = "none", .example = "100M",
	  .help = "Size of one file." },
	{ .path = "limits.output", .type = FIELD_SIZE, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.output), .may_be_none = true, .standard = "none", .example = "10M",
	  .help = "Bytes on standard output and standard error together; both are pipes then. Exit status 137." },
	{ .path = "limits.grace", .type = FIELD_DURATION, .merge = MERGE_REPLACE, .ceiling = CEILING_MAXIMUM,
	  AT(limits.grace), .may_be_zero = true, .standard = "5s", .example = "5s",
	  .help = "Time between SIGTERM and SIGKILL." },

	{ .path = "on_denial", .type = FIELD_NAME, .merge = MERGE_REPLACE, .ceiling = CEILING_FORCE, AT(on_denial),
	  .names = denial_names, .standard = "error", .example = "kill",
	  .help = "error: the script gets an error; kill: it is ended with status 123." },
	{ .path = "require", .type = FIELD_REQUIRE, .merge = MERGE_REPLACE, .ceiling = CEILING_MOST, AT(require),
	  .names = require_names, .standard = "all", .example = "{memory: per-process, network: best-effort}",
	  .help = "all, or how far single promises may be relaxed where the machine cannot keep them." },

	{ .path = "system", .type = FIELD_SECTION,
	  .help = "Identity and kernel interfaces." },
	{ .path = "system.capabilities", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_CAPABILITY, AT(system.capabilities), .standard = "[]", .example = "[CAP_NET_BIND_SERVICE]",
	  .help = "Capabilities that the script keeps." },
	{ .path = "system.user", .type = FIELD_USER, .merge = MERGE_REPLACE, .ceiling = CEILING_FORCE,
	  AT(system.user), .names = user_names, .standard = "the caller; nobody where that is root",
	  .example = "nobody",
	  .help = "keep, nobody, or a numeric user id." },
	{ .path = "system.hostname", .type = FIELD_STRING, .merge = MERGE_REPLACE, .text = TEXT_HOSTNAME,
	  AT(system.hostname), .standard = "pyconfine", .example = "worker-1",
	  .help = "The host name that the script sees." },

	{ .path = "system.syscalls", .type = FIELD_SECTION,
	  .help = "Single system calls beside the built-in list." },
	{ .path = "system.syscalls.allow", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_SYSCALL, AT(system.syscalls_allow), .standard = "[]", .example = "[mlock]",
	  .help = "System calls to allow in addition." },
	{ .path = "system.syscalls.deny", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_ADD,
	  .text = TEXT_SYSCALL, AT(system.syscalls_deny), .standard = "[]", .example = "[mlock]",
	  .help = "System calls to refuse; beats allow." },
	{ .path = "system.syscalls.strict", .type = FIELD_BOOL, .merge = MERGE_REPLACE, .ceiling = CEILING_FORCE,
	  AT(system.strict_syscalls), .names = bool_names, .standard = "false", .example = "true",
	  .help = "true: the shorter built-in list, as for untrusted code." },
	{ .path = "system.devices", .type = FIELD_STRINGS, .merge = MERGE_ADD, .ceiling = CEILING_MOST,
	  .text = TEXT_DEVICE, .not_yet = true, AT(system.devices), .standard = "[]",
	  .example = "[/dev/dri/renderD128]",
	  .help = "Device files to show." },

	{ .path = "audit", .type = FIELD_SECTION,
	  .help = "A record outside of the script's reach." },
	{ .path = "audit.log", .type = FIELD_STRING, .merge = MERGE_REPLACE, .text = TEXT_AUDIT, .not_yet = true,
	  AT(audit_log), .standard = "none", .example = "journal",
	  .help = "none, journal, syslog or file:/path." },

	{ .path = "alerts", .type = FIELD_STRINGS, .merge = MERGE_ADD, .text = TEXT_ALERT, .not_yet = true,
	  AT(alerts), .standard = "[]", .example = "[decoy, privileges]",
	  .help = "Which denials count as an intrusion." },
	{ .path = "decoys", .type = FIELD_STRINGS, .merge = MERGE_ADD, .text = TEXT_INSIDE_PATH, .not_yet = true,
	  AT(decoys), .standard = "[]", .example = "[/etc/passwords.txt]",
	  .help = "Bait files that nobody honest opens." },
	{ .path = "locked", .type = FIELD_BOOL, .merge = MERGE_STICK, .ceiling = CEILING_FORCE, AT(locked),
	  .names = bool_names, .standard = "false", .example = "true",
	  .help = "true: flags grant nothing, and limits can only shrink." },
	{ .path = NULL },
};
/* clang-format on */

const size_t profile_field_count = sizeof(profile_fields) / sizeof(profile_fields[0]) - 1;

const struct field *field_find(const char *path)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (strcmp(field->path, path) == 0)
			return field;
	}
	return NULL;
}

const char *field_leaf(const struct field *field)
{
	const char *dot = strrchr(field->path, '.');

	return dot ? dot + 1 : field->path;
}

bool field_is_in(const struct field *field, const char *section)
{
	const char *leaf = field_leaf(field);
	size_t length = leaf == field->path ? 0 : (size_t)(leaf - field->path - 1);

	return strlen(section) == length && strncmp(field->path, section, length) == 0;
}
