/* Inside the search for the interpreter: what its files share. Nobody else includes this. */
#ifndef PLAN_INTERPRETER_PARTS_H
#define PLAN_INTERPRETER_PARTS_H

#include <stdbool.h>

#include "plan/interpreter.h"

/* One search. `found` is the answer in the making; notes collect on the way. */
struct search {
	const struct interpreter_request *request;
	struct arena *arena;
	struct error *err;
	struct interpreter found;
	const char *script_path; /* absolute, links resolved; NULL without a script */
	const char *script_dir;  /* its directory, else cwd */
	const char **notes;
	size_t note_count;
};

/* What an attempt came to. */
enum attempt {
	ATTEMPT_FOUND,   /* search->found is filled in, `how` included */
	ATTEMPT_NOTHING, /* go on with the next place */
	ATTEMPT_FAILED,  /* *search->err says why: stop */
};

/* What is wrong with a file that should be an interpreter. */
enum file_fault {
	FAULT_NONE,
	FAULT_MISSING,
	FAULT_DANGLING, /* a link, to something that is missing */
	FAULT_NOT_A_DIRECTORY,
	FAULT_LOOP,
	FAULT_UNREACHABLE,
	FAULT_BAD_PATH,
	FAULT_DIRECTORY,
	FAULT_SPECIAL,
	FAULT_NOT_EXECUTABLE,
	FAULT_UNREADABLE,
	FAULT_SCRIPT, /* starts with #! */
	FAULT_NOT_ELF,
	FAULT_FOREIGN,
	FAULT_DAMAGED,
	FAULT_TOO_OLD,
	FAULT_COUNT
};

/* interpreter_file.c: look at one path (absolute). Fills in everything of *out but how and notes. */
enum file_fault interpreter_examine(const char *path, struct arena *arena, struct interpreter *out);
/* Sets *err to the one message for that fault. Returns -1. */
int interpreter_fault_error(enum file_fault fault, const struct interpreter *seen, struct error *err);
/* "is a directory": for notes. */
const char *interpreter_fault_text(enum file_fault fault);
/* "3.11" from "python3.11", "pypy3.10", "3.11.7": what follows the letters, when it has a dot; else NULL. */
const char *interpreter_version_in(const char *name, struct arena *arena);
/* "3.5" is, "3" is not. */
bool interpreter_is_too_old(const char *version);
/* python, python3, python3.11, pypy3: a name that means a Python interpreter. */
bool interpreter_is_python_name(const char *name);

/* interpreter_path.c: PATH, and pyenv's shims on it. */
/* The first interpreter of this name along PATH. `why` starts the explanation ("auto"). */
enum attempt interpreter_on_path(struct search *search, const char *name, const char *why);
/* True when path is a pyenv shim; *root gets pyenv's root. */
bool interpreter_is_shim(struct search *search, const char *path, const char **root);
/* What pyenv would run for this shim. NOTHING: pyenv leaves it to the system's. */
enum attempt interpreter_from_pyenv(struct search *search, const char *root, const char *name, const char *why);

/* interpreter_versions.c: "3.12", and what is installed. */
bool interpreter_is_version(const char *spec);
enum attempt interpreter_of_version(struct search *search, const char *version, const char *why);
/* The newest of pyenv's versions that match ("3.12" matches 3.12.1; "" all of 3.6 or later), the directory's name; or
 * NULL. */
const char *interpreter_newest(const char *directory, const char *version, struct arena *arena);
/* "Found 3.11 (/usr/bin/python3.11), ...": for hints; "" when nothing is there. */
const char *interpreter_inventory(struct search *search);

/* interpreter.c */
void search_note(struct search *search, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Examine, and take it when it is one. `how` explains. FAILED with the fault's message otherwise. */
enum attempt search_take(struct search *search, const char *path, const char *how);
/* Escaped for messages, cut at a length that leaves room for the rest of them. */
const char *search_show(struct search *search, const char *text);

#endif
