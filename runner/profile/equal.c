#include <string.h>

#include "profile/fields.h"
#include "profile/inputs.h"
#include "profile/table.h"

static bool equal_strings(const struct field *field, const struct profile_string *a, const struct profile_string *b)
{
	TEXT_CLEANUP struct text left = { 0 }, right = { 0 };

	if (!a->value || !b->value)
		return a->value == b->value;
	field_resolve(field, a, &left);
	field_resolve(field, b, &right);
	return strcmp(text_string(&left), text_string(&right)) == 0;
}

static bool equal_lists(const struct field *field, const struct profile_strings *a, const struct profile_strings *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!equal_strings(field, &a->items[i], &b->items[i]))
			return false;
	}
	return true;
}

static bool equal_grants(const struct field *field, const struct file_grants *a, const struct file_grants *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct file_grant *left = &a->items[i], *right = &b->items[i];

		if (!equal_strings(field, &left->path, &right->path) || !equal_strings(field, &left->as, &right->as) ||
		    !equal_strings(field, &left->beneath, &right->beneath) || left->optional != right->optional ||
		    left->exec != right->exec)
			return false;
	}
	return true;
}

static bool equal_pairs(const struct field *field, const struct name_pairs *a, const struct name_pairs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->items[i].name.value, b->items[i].name.value) != 0 ||
		    !equal_strings(field, &a->items[i].value, &b->items[i].value))
			return false;
	}
	return true;
}

static bool equal_secrets(const struct field *field, const struct secrets *a, const struct secrets *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct secret *left = &a->items[i], *right = &b->items[i];

		if (strcmp(left->name.value, right->name.value) != 0 ||
		    !equal_strings(field, &left->from, &right->from) || !equal_strings(field, &left->as, &right->as))
			return false;
	}
	return true;
}

static bool equal_requirements(const struct profile *a, const struct profile *b)
{
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		if (a->require[promise].level != b->require[promise].level)
			return false;
	}
	return true;
}

static bool equal_field(const struct field *field, const struct profile *a, const struct profile *b)
{
	const void *left = field_value(field, a), *right = field_value(field, b);
	const struct limit *left_limit = left, *right_limit = right;

	switch (field->type) {
	case FIELD_SECTION:
	case FIELD_VERSION:
	case FIELD_EXTENDS:
	case FIELD_TEXT:
	case FIELD_TYPE_COUNT:
		return true;
	case FIELD_STRING:
		return equal_strings(field, left, right);
	case FIELD_STRINGS:
		return equal_lists(field, left, right);
	case FIELD_GRANTS:
		return equal_grants(field, left, right);
	case FIELD_PAIRS:
		return equal_pairs(field, left, right);
	case FIELD_SECRETS:
		return equal_secrets(field, left, right);
	case FIELD_BOOL:
		return *(const bool *)left == *(const bool *)right;
	case FIELD_SIZE:
	case FIELD_DURATION:
	case FIELD_COUNT:
	case FIELD_CPUS:
		return left_limit->set == right_limit->set &&
		       (!left_limit->set || left_limit->value == right_limit->value);
	case FIELD_NAME:
	case FIELD_NETWORK:
	case FIELD_STDIN:
		return memcmp(left, right, sizeof(int)) == 0;
	case FIELD_EXEC:
		return a->exec.mode == b->exec.mode && equal_lists(field, &a->exec.programs, &b->exec.programs);
	case FIELD_USER:
		return a->system.user == b->system.user && a->system.uid == b->system.uid;
	case FIELD_INPUTS:
	case FIELD_INPUT_ENV:
		return input_rules_equal(left, right);
	case FIELD_REQUIRE:
		return equal_requirements(a, b);
	}
	return false;
}

bool profile_equal(const struct profile *a, const struct profile *b)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (!equal_field(field, a, b))
			return false;
	}
	return true;
}
