#include "plan/inputs.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/links.h"
#include "profile/inputs.h"

int input_value_refuse(const struct input_rule *rule, const char *what, const char *value, const char *wrong,
                       struct error *err)
{
	TEXT_CLEANUP struct text taken = { 0 };
	char shown[80];

	if (is_secret_name(rule->name.value))
		error_set(err, CODE_BAD_INPUT, "%s: the value %s", what, wrong);
	else
		error_set(err, CODE_BAD_INPUT, "%s: \"%s\" %s", what, escape_into(shown, sizeof(shown), value), wrong);
	err->pos = rule->name.pos;
	input_rule_describe(rule, &taken);
	return error_hint(err, "Taken: %.400s", text_string(&taken));
}

/* In characters; SIZE_MAX where it is not plain text. */
static size_t count_characters(const char *value)
{
	size_t left = strlen(value), count = 0, length;

	for (; left > 0; left -= length, value += length, count++) {
		length = plain_length(value, left);
		if (length == 0)
			return SIZE_MAX;
	}
	return count;
}

static int check_number(const struct input_rule *rule, const char *what, const char *value, struct error *err)
{
	char wrong[128];

	if (rule->type == INPUT_INT ? !input_is_int(value) : !input_is_number(value) || !isfinite(strtod(value, NULL)))
		return input_value_refuse(rule, what, value,
		                          rule->type == INPUT_INT ? "is no whole number" : "is no number", err);
	if (rule->min.value && input_compare(value, rule->min.value, rule->type) < 0) {
		snprintf(wrong, sizeof(wrong), "is less than %s", rule->min.value);
		return input_value_refuse(rule, what, value, wrong, err);
	}
	if (rule->max.value && input_compare(value, rule->max.value, rule->type) > 0) {
		snprintf(wrong, sizeof(wrong), "is more than %s", rule->max.value);
		return input_value_refuse(rule, what, value, wrong, err);
	}
	return 0;
}

/* Unanchored, every character would be a beginning: quadratic. The brackets are balanced (input_pattern_check), so that
 * nothing in the pattern closes ours. */
static bool fits(const char *pattern, const char *value)
{
	char anchored[INPUT_PATTERN_MAX + 8];
	regex_t compiled;
	bool whole;

	snprintf(anchored, sizeof(anchored), "^(%s)$", pattern);
	if (regcomp(&compiled, anchored, REG_EXTENDED | REG_NOSUB))
		return false;
	whole = regexec(&compiled, value, 0, NULL, 0) == 0;
	regfree(&compiled);
	return whole;
}

static int check_length(const struct input_rule *rule, const char *what, const char *value, size_t length,
                        struct error *err)
{
	size_t least = rule->min_length.set ? rule->min_length.value : 1;
	size_t most = rule->max_length.set ? rule->max_length.value : INPUT_LENGTH_MAX;
	char wrong[64];

	if (length < least) {
		snprintf(wrong, sizeof(wrong), "is shorter than %zu characters", least);
		return input_value_refuse(rule, what, value, length == 0 ? "is empty" : wrong, err);
	}
	if (length > most) {
		snprintf(wrong, sizeof(wrong), "is longer than %zu characters", most);
		return input_value_refuse(rule, what, value, wrong, err);
	}
	return 0;
}

static bool is_choice(const struct profile_strings *choices, const char *value)
{
	for (size_t i = 0; i < choices->count; i++)
		if (strcmp(choices->items[i].value, value) == 0)
			return true;
	return false;
}

static bool has_suffix(const struct profile_strings *suffixes, const char *value)
{
	for (size_t i = 0; i < suffixes->count; i++) {
		size_t suffix = strlen(suffixes->items[i].value), length = strlen(value);

		/* a file that is called ".png" has no ending */
		if (length > suffix && value[length - suffix - 1] != '/' &&
		    strcmp(value + length - suffix, suffixes->items[i].value) == 0)
			return true;
	}
	return suffixes->count == 0;
}

int input_value_check(const struct input_rule *rule, const char *what, const char *value, struct error *err)
{
	size_t length = count_characters(value);

	if (length == SIZE_MAX)
		return input_value_refuse(rule, what, value, "holds a control character, or is not UTF-8", err);
	if (rule->choices.count > 0)
		return is_choice(&rule->choices, value)
		               ? 0
		               : input_value_refuse(rule, what, value, "is none of the values that are taken", err);
	if (rule->type == INPUT_INT || rule->type == INPUT_NUMBER)
		return check_number(rule, what, value, err);
	if (check_length(rule, what, value, length, err))
		return -1;
	if (rule->type == INPUT_PATH && path_goes_up(value))
		return input_value_refuse(rule, what, value, "holds \"..\"", err);
	if (!has_suffix(&rule->suffixes, value))
		return input_value_refuse(rule, what, value, "does not end as it must", err);
	if (rule->pattern.value && !fits(rule->pattern.value, value))
		return input_value_refuse(rule, what, value, "does not fit the pattern", err);
	return 0;
}
