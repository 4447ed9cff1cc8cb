/* A privilege profile, version 1, after merging: what was promised, not how it is kept.
 *
 * Strings are as written in the YAML: variables (${HOME}) are not expanded and paths not resolved, since that depends
 * on the script and is the plan's business (plan/expand.h). Every item remembers where it was written, so that a
 * failure can name the line. Everything is owned by the arena that was given to profile_load(). */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct profile_string {
	const char *value; /* NULL: not set anywhere */
	struct source_pos pos;
	const char *base_dir; /* directory of the file that says so; NULL for built-in profiles and flags (the caller's
	                         cwd) */
};

struct profile_strings {
	struct profile_string *items;
	size_t count;
};

/* One entry of files.read, files.write or files.deny. */
struct file_grant {
	struct profile_string path;
	struct profile_string as; /* value NULL: same path inside */
	struct profile_string
		beneath; /* a directory that path must lie in, reached without links; value NULL: anywhere */
	bool optional;   /* a missing path is fine */
	bool exec;       /* what lies there may be executed, or mapped executable where it is also writable */
};

struct file_grants {
	struct file_grant *items;
	size_t count;
};

struct name_pair {
	struct profile_string name;
	struct profile_string value;
};

struct name_pairs {
	struct name_pair *items;
	size_t count;
};

/* A limit. `named`: a profile of the user or a flag says it, so it is a promise; the built-in profiles' are
 * best-effort. */
struct limit {
	bool set; /* false: "none" */
	bool named;
	uint64_t value; /* bytes, milliseconds or a count, as the field's type says; cpus in thousandths */
	struct source_pos pos;
};

#define SECRET_FROM_ENV "env:"
#define SECRET_FROM_FILE "file:"
#define SECRET_FROM_FD "fd:"
#define SECRET_FROM_CREDENTIAL "credential:"
#define SECRET_AS_VARIABLE "env:"

struct secret {
	struct profile_string name;
	struct profile_string from; /* "env:DB_PW", "file:/p", "fd:3", "credential:db" */
	struct profile_string as;   /* "file" (also when value is NULL) or "env:NAME" */
};

/* The variable's name, or NULL for a file. */
const char *secret_variable(const struct secret *secret);

struct secrets {
	struct secret *items;
	size_t count;
};

/* One argument, option or variable of `inputs`: what it must look like. */
enum input_type { INPUT_STRING, INPUT_INT, INPUT_NUMBER, INPUT_PATH };
struct input_rule {
	struct profile_string name; /* of an argument: for messages; of an option: "--size"; of a variable */
	enum input_type type;
	struct profile_strings choices;      /* enum */
	struct profile_string min, max;      /* of int and number: decimal */
	struct profile_string pattern;       /* POSIX extended regular expression that the whole must fit */
	struct limit min_length, max_length; /* in characters; not set: 1 and INPUT_LENGTH_MAX */
	struct profile_string beneath;       /* a directory as the script sees it */
	struct profile_strings suffixes;
	bool optional, repeat, leading_dash;
	bool takes_value; /* options: false for a plain --verbose */
};

enum { INPUT_LENGTH_MAX = 1024 };

struct input_rules {
	struct input_rule *items;
	size_t count;
	bool given; /* an empty list that somebody wrote permits nothing */
	struct source_pos pos;
};

/* What the administrator's ceiling leaves to the plan, because only resolved paths can be compared: everything that
 * files.read grants must lie in `read` or `write`, everything that files.write grants in `write`. A list counts only
 * where its has_ is true: an empty one then permits nothing. */
struct profile_ceiling {
	const char *file;
	bool has_read, has_write;
	struct file_grants read, write;
};

enum home_mode { HOME_PRIVATE, HOME_NONE };
enum network_mode { NETWORK_NONE, NETWORK_HOST, NETWORK_RULES };
enum loopback_mode { LOOPBACK_PRIVATE, LOOPBACK_HOST };
enum exec_mode { EXEC_NONE, EXEC_LIST, EXEC_ANY };
enum stdin_mode { STDIN_ANY, STDIN_NONE, STDIN_CHECKED };
enum stdin_type { STDIN_TYPE_ANY, STDIN_TYPE_TEXT, STDIN_TYPE_JSON };
enum output_check { CHECK_NAME, CHECK_CONTENT };
enum denial_mode { DENIAL_ERROR, DENIAL_KILL };
/* system.user; AUTO (nothing said): the caller, but nobody where the caller is root. */
enum user_mode { USER_AUTO, USER_KEEP, USER_NOBODY, USER_UID };

/* What a profile promises, one bit each, in the order that `explain` prints. */
enum promise {
	PROMISE_FILES,
	PROMISE_NETWORK,
	PROMISE_EXEC,
	PROMISE_PRIVILEGES, /* identity, capabilities, no_new_privs, system calls */
	PROMISE_PROCESSES,  /* other processes can be neither seen nor signalled */
	PROMISE_MEMORY,
	PROMISE_CPU_TIME,
	PROMISE_CPUS,
	PROMISE_PROCESS_COUNT,
	PROMISE_OPEN_FILES,
	PROMISE_FILE_SIZE,
	PROMISE_OUTPUT,
	PROMISE_TMP_SIZE,
	PROMISE_TIMEOUT,
	PROMISE_COUNT
};

/* `require`: how far a promise may be relaxed. PER_PROCESS is for memory, cpu_time, open_files and file_size. */
enum require_level { REQUIRE_DEFAULT, REQUIRE_ALL, REQUIRE_PER_PROCESS, REQUIRE_BEST_EFFORT };

struct profile {
	const char *name;        /* never NULL */
	const char *description; /* or NULL */
	const char *path;        /* the file, or NULL for a built-in profile */
	const char *chain;       /* "./report.pyconfine.yaml <- builtin:offline": for explain */
	char sha256[65];         /* of the file's bytes (a built-in's: of its text) */
	bool locked;

	struct {
		struct profile_string interpreter; /* "auto" when value is NULL */
		bool isolated;
		struct profile_strings options;
	} python;

	struct {
		struct file_grants read, write, deny;
		struct profile_strings presets;
		struct limit tmp;
		enum home_mode home;
	} files;

	struct {
		enum network_mode mode;
		struct source_pos pos;
		struct profile_strings allow; /* "host:port", "10.0.0.0/8:5432", "unix:/run/pg" */
		struct profile_strings listen;
		enum loopback_mode loopback;
	} network;

	struct {
		enum exec_mode mode;
		struct source_pos pos;
		struct profile_strings programs;
	} exec;

	struct {
		struct profile_strings allow;
		struct name_pairs set;
	} env;

	struct {
		struct input_rules args, options; /* one alone given: the other is empty */
		struct {
			enum stdin_mode mode;
			struct source_pos pos;
			struct limit max_size; /* set with STDIN_CHECKED */
			enum stdin_type type;
		} standard_input;
		struct input_rules env; /* by name */
	} inputs;

	struct {
		struct limit timeout, cpu_time, memory, cpus, processes, open_files, file_size, output, grace;
	} limits;

	enum denial_mode on_denial;

	/* require: values by promise; pos where it was relaxed */
	struct {
		enum require_level level;
		struct source_pos pos;
	} require[PROMISE_COUNT];

	struct {
		struct profile_strings capabilities;
		enum user_mode user;
		uint32_t uid; /* with USER_UID */
		struct source_pos user_pos;
		struct profile_string hostname;
		struct profile_strings syscalls_allow, syscalls_deny;
		bool strict_syscalls; /* system.syscalls.strict: the shorter list of `untrusted` */
		struct profile_strings devices;
	} system;

	struct {
		struct profile_string path, as;
		struct limit files, size;
		struct profile_strings suffixes;
		enum output_check check;
	} outputs;

	struct secrets secrets;
	struct profile_string audit_log; /* "none" when value is NULL; "journal", "syslog", "file:/p" */
	struct profile_strings alerts, decoys;

	const struct profile_ceiling *ceiling; /* NULL: there is none */

	/* Keys whose enforcement comes in a later version: accepted by check, refused at run time with CODE_NOT_YET.
	 * One entry for each that is used: value is the key ("outputs"), pos its place. */
	struct profile_strings not_yet;
};

/* Names of promises as `require`, explain and reports write them ("files", "cpu_time", ...); PROMISE_COUNT entries. */
extern const char *const promise_names[PROMISE_COUNT];

#endif
