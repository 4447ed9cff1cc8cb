/* The command line, read once for every command. One table of options; the parser, `help`, the completions and the
 * manual page's test walk it. */
#ifndef COMMANDS_OPTIONS_H
#define COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "commands/commands.h"
#include "plan/build.h"
#include "profile/load.h"

/* What was typed. Strings are argv's own, or the arena's. */
struct run_options {
	const char *profile;        /* --profile; or NULL */
	struct profile_flag *flags; /* grants, limits and --python, in the order of the command line */
	size_t flag_count;
	const char *cwd;     /* --cwd */
	const char *assume;  /* --assume, several joined by commas; or NULL */
	const char *format;  /* check --format; or NULL */
	const char *purpose; /* init --for; or NULL */
	const char *report;  /* --report; or NULL */
	const char *into;    /* learn --into; or NULL */
	const char *keep;    /* learn --keep; or NULL */
	bool trace, dry_run, quiet, verbose, json, help, no_verify;
	/* not typed: set by `learn` for prepare(); as in struct request */
	bool learning, layered, network_host;

	bool has_target; /* something to run was named: the next three */
	enum request_kind kind;
	const char *target;           /* as in struct request */
	const char *const *arguments; /* NULL-terminated; never NULL once has_target */
};

enum option_action {
	OPTION_SWITCH, /* the bool at `offset` becomes true */
	OPTION_STRING, /* the string at `offset`; the last one counts */
	OPTION_JOIN,   /* the same, but several are joined by commas */
	OPTION_GRANT,  /* a struct profile_flag for `key` */
	OPTION_ENV,    /* NAME or NAME=VALUE: a flag for env.allow or env.set */
};

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_FILE, VALUE_DIRECTORY, VALUE_PROFILE, VALUE_PROGRAM, VALUE_WORDS };

struct option_row {
	const char *name;  /* "--timeout" */
	char letter;       /* 'p' for -p; 0: none */
	const char *value; /* "DURATION"; NULL: a switch */
	unsigned commands; /* 1 << enum command_id, for each command that takes it */
	enum option_action action;
	size_t offset;            /* in struct run_options */
	const char *key;          /* of the profile, with OPTION_GRANT */
	enum value_kind kind;     /* for completion */
	const char *const *words; /* with VALUE_WORDS, NULL-terminated */
	const char *help;         /* one line */
};

extern const struct option_row option_rows[]; /* ends with {NULL} */

/* Reads options from argv[*next] on, up to the first word that is none; *next then is its index (argc at the end). "-",
 * "--", -m and -c are not options here: options_target() reads them. -1 with CODE_USAGE. */
int options_parse(enum command_id command, int argc, char **argv, int *next, struct arena *arena,
                  struct run_options *options, struct error *err);

/* What is to be run, from argv[next] on: SCRIPT, -m MODULE, -c CODE or "-", and its arguments, untouched. Nothing there
 * is no error; has_target tells. */
int options_target(int argc, char **argv, int next, struct run_options *options, struct error *err);

/* For commands that run nothing: options and operands in any order, "--" ends the options. *operands is
 * NULL-terminated. */
int options_mixed(enum command_id command, int argc, char **argv, struct arena *arena, struct run_options *options,
                  const char ***operands, struct error *err);

/* A shebang line hands over all its options as one word (execve(2)): `#!/usr/bin/pyconfine --profile=report --timeout
 * 5s` arrives as argv[1], the script as argv[2]. That word is split at its blanks, but only where the script's own
 * first line says exactly the same: a caller's `--read=/srv/my files` must never become several options. Returns 0 and
 * a new argv (or the old one), or -1 with CODE_USAGE when the kernel has cut the line. */
int options_split_shebang(int *argc, char ***argv, struct arena *arena, struct error *err);

#endif
