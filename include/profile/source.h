/* Inside the profile reader: where the bytes of a profile come from, and whether they may be trusted. */
#ifndef PROFILE_SOURCE_H
#define PROFILE_SOURCE_H

#include "profile/load.h"

struct profile_source {
	const char *file;     /* for positions: as the user would recognise it */
	const char *name;     /* "report" of report.pyconfine.yaml */
	const char *path;     /* NULL: built-in */
	const char *base_dir; /* absolute; NULL: built-in */
	const char *data;
	size_t length;
	uint64_t device, inode;                /* which file it is, whatever its name */
	const struct builtin_profile *builtin; /* or NULL */
};

/* Reads a file that only root and the caller can have written: its owner and mode, and those of the directory that
 * holds it and of each directory that holds a symbolic link on the way, are checked on open descriptors. FIFOs, devices
 * and directories are refused without being opened. -1 with CODE_PROFILE_NOT_FOUND (nothing there),
 * CODE_PROFILE_UNTRUSTED, CODE_PROFILE_UNREADABLE or CODE_TOO_LARGE. */
int source_open(const char *path, const struct profile_request *request, struct arena *arena,
                struct profile_source *out, struct error *err);
void source_builtin(const struct builtin_profile *builtin, struct profile_source *out);
/* "report" for "/srv/report.pyconfine.yaml". */
const char *source_stem(const char *path, struct arena *arena);
/* Fills in which file it is, so that `extends` leading back to it is noticed. */
void source_identify(const char *path, struct profile_source *source);
/* NULL when there is none of that name. */
const struct builtin_profile *builtin_find(const char *name);

/* The profile that a run uses, in the order of the contract. */
int source_find(const struct profile_request *request, struct arena *arena, struct profile_source *out,
                struct error *err);
/* What a word after --profile or in `extends` names; `from` is the profile that says so, or NULL. */
int source_resolve(const struct profile_request *request, const char *word, const struct profile_source *from,
                   struct arena *arena, struct profile_source *out, struct error *err);

/* Made absolute without looking at the file system. */
const char *source_absolute(const struct profile_request *request, const char *path, struct arena *arena);
/* Everything before the last slash; "." without one. */
const char *source_directory(const char *path, struct arena *arena);

#endif
