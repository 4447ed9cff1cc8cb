/* Variables of a profile: ${HOME} ${SCRIPT} ${SCRIPT_DIR} ${PROFILE_DIR} ${CWD} ${USER} ${UID} ${XDG_CONFIG_HOME}
 * ${SESSION} ${env:NAME}; only these. */
#ifndef PLAN_EXPAND_H
#define PLAN_EXPAND_H

#include "base/arena.h"
#include "base/error.h"
#include "profile/profile.h"

struct variables {
	const char *home, *script, *script_dir, *cwd, *user, *xdg_config_home, *session; /* NULL: not to be had here */
	uint32_t uid;
	const char *const *environment; /* for ${env:NAME} */
	const struct secrets *secrets;  /* whose sources ${env:NAME} does not give; or NULL */
};

/* The text with its variables replaced; NULL with CODE_BAD_VARIABLE when one is unset or unknown. */
const char *expand_variables(const struct profile_string *text, const struct variables *variables, struct arena *arena,
                             struct error *err);
/* The same, then made absolute: a relative path is relative to the profile's directory (flags: the caller's), and "."
 * and ".." and double slashes are removed by name alone. A ${env:NAME} that is empty or holds ".." is refused. A
 * leading ~/ is refused with ${HOME}/ as the form to use. */
const char *expand_path(const struct profile_string *text, const struct variables *variables, struct arena *arena,
                        struct error *err);

/* The variable's value in a NULL-terminated environment (which may be NULL), or NULL. */
const char *environment_get(const char *const *environment, const char *name);

#endif
