/* files.presets: sets of system files that Python programs commonly need, by name.
 *
 * All paths are optional, shown read-only, and may be links: show them with shown_paths_add() (plan/footprint.h), which
 * adds the hops. Where a directory's links point into another one (/etc/ssl/certs into /usr/share/ca-certificates),
 * both are in the list. */
#ifndef POLICY_PRESETS_H
#define POLICY_PRESETS_H

#include <stdbool.h>
#include <stddef.h>

struct preset {
	const char *name;         /* "tls" */
	const char *what;         /* for explain: "certificates and OpenSSL's configuration" */
	const char *const *paths; /* NULL-terminated; may be empty */
	bool project_root; /* stands for the script's project root, see project_markers, in place of fixed paths */
};

extern const struct preset presets[]; /* ends with {NULL} */

/* NULL when there is none of that name. */
const struct preset *preset_find(const char *name);

/* What every dynamically linked interpreter needs besides its footprint (/etc/ld.so.cache, /etc/alternatives); not a
 * preset, always shown. NULL-terminated. */
extern const char *const interpreter_system_paths[];

/* Names whose presence makes a directory a project's root ("pyproject.toml", ".git", ...): the nearest parent of the
 * script that holds one. NULL-terminated. */
extern const char *const project_markers[];

#endif
