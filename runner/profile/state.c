/* What a profile says at a row of the table: set or not, where, and whether two profiles say the same. */
#include <string.h>

#include "profile/fields.h"
#include "profile/table.h"

static bool section_is_set(const struct field *section, const struct profile *profile)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (field_is_in(field, section->path) && field_is_set(field, profile))
			return true;
	}
	return false;
}

static bool requires_anything(const struct profile *profile)
{
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		if (profile->require[promise].level != REQUIRE_DEFAULT)
			return true;
	}
	return false;
}

static int enum_value(const void *place)
{
	int value;

	memcpy(&value, place, sizeof(value));
	return value;
}

bool field_is_set(const struct field *field, const struct profile *profile)
{
	const void *value = field_value(field, profile);

	switch (field->type) {
	case FIELD_SECTION:
		return section_is_set(field, profile);
	case FIELD_VERSION:
	case FIELD_EXTENDS:
	case FIELD_TYPE_COUNT:
		return false;
	case FIELD_TEXT:
		return *(const char *const *)value != NULL;
	case FIELD_STRING:
		/* "none" is said of a log only, and is the same as nothing. */
		return ((const struct profile_string *)value)->value &&
		       (field->text != TEXT_AUDIT ||
		        strcmp(((const struct profile_string *)value)->value, "none") != 0);
	case FIELD_STRINGS:
		return ((const struct profile_strings *)value)->count > 0;
	case FIELD_GRANTS:
		return ((const struct file_grants *)value)->count > 0;
	case FIELD_PAIRS:
		return ((const struct name_pairs *)value)->count > 0;
	case FIELD_SECRETS:
		return ((const struct secrets *)value)->count > 0;
	case FIELD_INPUTS:
	case FIELD_INPUT_ENV:
		return ((const struct input_rules *)value)->given;
	case FIELD_BOOL:
		return *(const bool *)value;
	case FIELD_SIZE:
	case FIELD_DURATION:
	case FIELD_COUNT:
	case FIELD_CPUS:
		return ((const struct limit *)value)->set;
	case FIELD_NAME:
	case FIELD_NETWORK:
	case FIELD_EXEC:
	case FIELD_USER:
	case FIELD_STDIN:
		/* The first value of each of these enums is the default. */
		return enum_value(value) != 0;
	case FIELD_REQUIRE:
		return requires_anything(profile);
	}
	return false;
}

static struct source_pos section_pos(const struct field *section, const struct profile *profile)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (field_is_in(field, section->path) && field_is_set(field, profile))
			return field_pos(field, profile);
	}
	return (struct source_pos){ 0 };
}

struct source_pos field_pos(const struct field *field, const struct profile *profile)
{
	const void *value = field_value(field, profile);
	const struct source_pos nowhere = { 0 };

	switch (field->type) {
	case FIELD_SECTION:
		return section_pos(field, profile);
	case FIELD_STRING:
		return ((const struct profile_string *)value)->pos;
	case FIELD_STRINGS:
		return field_is_set(field, profile) ? ((const struct profile_strings *)value)->items[0].pos : nowhere;
	case FIELD_GRANTS:
		return field_is_set(field, profile) ? ((const struct file_grants *)value)->items[0].path.pos : nowhere;
	case FIELD_PAIRS:
		return field_is_set(field, profile) ? ((const struct name_pairs *)value)->items[0].name.pos : nowhere;
	case FIELD_SECRETS:
		return field_is_set(field, profile) ? ((const struct secrets *)value)->items[0].name.pos : nowhere;
	case FIELD_SIZE:
	case FIELD_DURATION:
	case FIELD_COUNT:
	case FIELD_CPUS:
		return ((const struct limit *)value)->pos;
	case FIELD_NETWORK:
		return profile->network.pos;
	case FIELD_EXEC:
		return profile->exec.pos;
	case FIELD_USER:
		return profile->system.user_pos;
	case FIELD_INPUTS:
	case FIELD_INPUT_ENV:
		return ((const struct input_rules *)value)->pos;
	case FIELD_STDIN:
		return profile->inputs.standard_input.pos;
	case FIELD_VERSION:
	case FIELD_EXTENDS:
	case FIELD_TEXT:
	case FIELD_BOOL:
	case FIELD_NAME:
	case FIELD_REQUIRE:
	case FIELD_TYPE_COUNT:
		break;
	}
	return nowhere;
}
