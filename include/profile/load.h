/* Find, read, check and merge a profile. Pure but for reading files; never prints. */
#ifndef PROFILE_LOAD_H
#define PROFILE_LOAD_H

#include "base/arena.h"
#include "base/diagnostics.h"
#include "profile/profile.h"

/* Who asks: profile_load() looks nothing up by itself. */
struct profile_request {
	const char *profile; /* --profile: NAME, PATH (has a '/' or ends in .yaml or .yml), "builtin:NAME"; or NULL */
	const char *environment;     /* $PYCONFINE_PROFILE or NULL */
	const char *script;          /* path of the script or NULL: for script.pyconfine.yaml beside it */
	const char *home;            /* $HOME or NULL */
	const char *xdg_config_home; /* or NULL */
	uint32_t uid;                /* of the caller: profiles may belong to it or to root */
	uint32_t gid;
	const char *user_name;          /* for ceiling rules; or NULL */
	const char *const *group_names; /* of all the caller's groups, NULL-terminated: for ceiling rules; or NULL */
	const char *cwd;                /* absolute; NULL: asked from the kernel when a relative path needs it */
	/* Grants and limits from flags, merged last, as one more profile whose positions read "--read" and so on. */
	const struct profile_flag *flags;
	size_t flag_count;
	const char *ceiling_path; /* "/etc/pyconfine/ceiling.yaml"; NULL: none (tests) */
	const char *system_dir;   /* "/etc/pyconfine/profiles" */
	const char *vendor_dir;   /* "/usr/share/pyconfine/profiles" */
};

/* --read PATH is {"files.read", "PATH", "--read"}; --timeout 30s is {"limits.timeout", "30s", "--timeout"}. */
struct profile_flag {
	const char *key;
	const char *value;
	const char *flag;
};

/* Returns 0 when *out is usable (diagnostics may hold warnings), -1 when there are errors; they are in `diagnostics`,
 * with positions, all of them and not just the first. */
int profile_load(const struct profile_request *request, struct arena *arena, struct profile *out,
                 struct diagnostics *diagnostics);

/* Check the text of one file, as `check` and the fuzzer do: syntax, types, names, values; `extends` is followed only
 * when request is not NULL. `out` may be NULL. */
int profile_check(const char *file_name, const char *data, size_t length, const struct profile_request *request,
                  struct arena *arena, struct profile *out, struct diagnostics *diagnostics);

/* The built-in profiles, compiled in from profiles/NAME.yaml; ends with {NULL}. */
struct builtin_profile {
	const char *name;
	const char *file; /* "builtin:NAME": for positions */
	const char *text;
	const char *end; /* behind the last byte; a NUL stands there */
};
extern const struct builtin_profile builtin_profiles[];

#endif
