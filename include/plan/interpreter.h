/* The Python interpreter as users have it: Debian's, a venv, pyenv, several side by side.
 *
 * Only file look-ups; nothing is executed. About twenty system calls where it is /usr/bin/python3, since every launch
 * pays. */
#ifndef PLAN_INTERPRETER_H
#define PLAN_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/links.h"
#include "profile/profile.h"

/* What tells one file from its successor at the same path. */
struct file_identity {
	dev_t dev;
	ino_t ino;
	struct timespec ctime;
	struct timespec mtime;
	off_t size;
};

struct interpreter {
	const char *path;        /* to be executed, and argv[0]: as the user has it, since a venv is found through it */
	const char *real_path;   /* all links resolved: the ELF file */
	struct path_links links; /* every link between the two, directories included: each must exist in the view */
	const char *version;     /* "3.11" when names or pyvenv.cfg tell it, else NULL */
	const char *how;         /* "auto: ./.venv", "auto: shebang", "report.pyconfine.yaml:4": for explain */
	const char *loader;      /* PT_INTERP of the ELF file, NULL when it is static */
	const char *venv;        /* directory that holds pyvenv.cfg, or NULL */
	struct file_identity identity; /* of real_path */
	const char **notes;            /* what was passed over and why, one sentence each; escaped */
	size_t note_count;
};

/* Nothing is taken from the process's own environment: the caller says. Everything but spec.pos may be NULL. */
struct interpreter_request {
	/* python.interpreter or --python, variables expanded: "auto" (or value NULL), "3.12" (or "python3.12", as on
	 * PATH), a path (relative to base_dir, to cwd where base_dir is NULL), "venv:DIR" */
	struct profile_string spec;
	const char *script;        /* NULL for -m, -c and - */
	bool script_is_untrusted;  /* neither its .venv nor its shebang chooses the interpreter */
	const char *virtual_env;   /* $VIRTUAL_ENV */
	const char *path;          /* $PATH */
	const char *home;          /* $HOME */
	const char *cwd;           /* absolute */
	const char *pyenv_root;    /* $PYENV_ROOT */
	const char *pyenv_version; /* $PYENV_VERSION */
};

/* CODE_INTERPRETER_NOT_FOUND (exit status 127): no such file, no such version; the message lists what was found where.
 * CODE_INTERPRETER_UNUSABLE (126): there is something, but a directory, a text, for another machine, not executable,
 * ... */
int interpreter_find(const struct interpreter_request *request, struct arena *arena, struct interpreter *out,
                     struct error *err);

#endif
