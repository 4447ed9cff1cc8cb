/* The one table of profile keys. Reader, merge, JSON Schema, `help`, did-you-mean and the tests walk it. */
#ifndef PROFILE_FIELDS_H
#define PROFILE_FIELDS_H

#include <json.h>

#include "base/names.h"
#include "base/text.h"
#include "profile/profile.h"

/* JSON Schema (draft 2020-12) of a profile, made from the table. The caller owns the reference (json_object_put). */
struct json_object *profile_schema(void);

/* The effective profile as YAML that reads back to the same profile. */
void profile_emit(const struct profile *profile, struct text *out);

/* Whether both promise the same: every row of the table but names and descriptions; positions do not count, and a
 * relative path equals the absolute one that it stands for. */
bool profile_equal(const struct profile *a, const struct profile *b);

#endif
