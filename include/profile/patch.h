/* Changes to a profile's text that leave everything else of it as it was: comments, order, indentation, brackets or
 * dashes, line endings. */
#ifndef PROFILE_PATCH_H
#define PROFILE_PATCH_H

#include "base/text.h"
#include "profile/load.h"

enum patch_action {
	PATCH_ADD,    /* one more entry of a list; nothing where it stands there or everything is granted already */
	PATCH_REMOVE, /* that entry of a list; or, with value NULL, a key that holds a single value */
	PATCH_SET,    /* the single value of a key */
};

struct patch_change {
	const char *key;   /* "files.read", "network.allow", "exec", "limits.memory": a row of profile_fields */
	const char *value; /* not quoted; of files: a path */
	enum patch_action action;
	bool literal; /* the value is a name as the system knows it: one that a profile would take for a ${variable} is
	               * refused, since it cannot be written there */
};

/* Appends to `out` the text with the changes in it. `file` stands in messages, and relative paths are its directory's.
 *
 * The result is read again, and must be the profile that was there with exactly these changes, else nothing is written
 * and it is an error (CODE_PATCH): a value that a profile cannot hold, or that its key does not take; an entry that is
 * not there; a style that this cannot change. With `request` the same must be true after `extends` was followed:
 * `exec: none` that becomes `exec: [git]` would also bring back the programs of an extended profile. A text that is no
 * valid profile is refused with what is wrong with it. */
int profile_patch(const char *file, const char *data, size_t length, const struct profile_request *request,
                  const struct patch_change *changes, size_t count, struct text *out, struct error *err);

#endif
