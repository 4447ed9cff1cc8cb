/* Inside the profile reader: the administrator's ceiling. */
#ifndef PROFILE_CEILING_H
#define PROFILE_CEILING_H

#include "profile/merge.h"

struct ceiling {
	const char *file;
	struct profile *most; /* what it says */
	bool *has;            /* by row of profile_fields: whether it says anything there */
};

bool ceiling_has(const struct ceiling *ceiling, const char *path);
/* Written in a built-in profile (or nowhere): taken away rather than refused. */
bool position_is_builtin(const struct source_pos *pos);
/* "files.read: /etc/x is more than /etc/pyconfine/ceiling.yaml:4 permits" */
void ceiling_refuse(struct loader *loader, const struct source_pos *pos, const struct source_pos *permitted,
                    const char *key, const char *what);

#endif
