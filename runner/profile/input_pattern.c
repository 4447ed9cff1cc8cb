/* Patterns of `inputs`. They are written by whoever writes the profile, but `check` is run over strangers' profiles,
 * and the texts that they are held against are an attacker's: so neither compiling nor matching may take long. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "profile/inputs.h"

enum { STATES_MAX = 512, DEPTH_MAX = 16 };

static int refuse(struct error *err, const char *what, const char *hint)
{
	error_set(err, CODE_BAD_VALUE, "%s", what);
	return error_hint(err, "%s", hint);
}

/* Behind "[": where the bracket expression ends; NULL: nowhere. */
static const char *skip_bracket(const char *at)
{
	at += *at == '^';
	at += *at == ']';
	for (; *at && *at != ']'; at++) {
		char kind = at[1];

		if (*at != '[' || kind == '\0' || !strchr(".:=", kind))
			continue;
		for (at += 2; *at && !(at[0] == kind && at[1] == ']'); at++)
			;
		if (!*at)
			return NULL;
		at++;
	}
	return *at ? at : NULL;
}

/* Behind "{": the larger bound of "{2,5}" into *most. */
static const char *read_bound(const char *at, unsigned long *most)
{
	char *end;

	*most = strtoul(at, &end, 10);
	if (end == at)
		return NULL;
	if (*end == ',' && isdigit((unsigned char)end[1]))
		*most = strtoul(end + 1, &end, 10);
	else if (*end == ',')
		end++;
	*most = *most > STATES_MAX ? STATES_MAX + 1 : *most ? *most : 1;
	return *end == '}' ? end : NULL;
}

/* How many states a pattern has, about: what stands in a row adds up, bounds multiply what they repeat. */
struct size {
	unsigned long group[DEPTH_MAX + 1]; /* of each open group, so far */
	unsigned depth;
	unsigned long last; /* of the last atom: what a bound would repeat; it is in group[depth], too */
};

static void add(struct size *size, unsigned long states)
{
	size->last = states > STATES_MAX ? STATES_MAX + 1 : states;
	size->group[size->depth] += size->last;
}

static bool is_too_large(const struct size *size)
{
	return size->depth == DEPTH_MAX || size->group[size->depth] > STATES_MAX;
}

/* One atom, quantifier or bracket; returns its last character, or NULL where it is broken. */
static const char *step(const char *at, struct size *size)
{
	unsigned long most, group;

	switch (*at) {
	case '\\':
		add(size, 1);
		return at[1] ? at + 1 : NULL;
	case '[':
		add(size, 1);
		return skip_bracket(at + 1);
	case '{':
		at = read_bound(at + 1, &most);
		if (at) {
			group = size->last;
			size->group[size->depth] -= group;
			add(size, group * most);
		}
		return at;
	case '(':
		size->group[++size->depth] = 0;
		return at;
	case ')':
		if (size->depth == 0)
			return NULL;
		group = size->group[size->depth--];
		add(size, group ? group : 1);
		return at;
	default:
		if (!strchr("*+?|^$", *at))
			add(size, 1);
		return at;
	}
}

static bool is_quantifier(char character)
{
	return character && strchr("*+?{", character);
}

static int scan(const char *pattern, struct error *err)
{
	struct size size = { .depth = 0 };

	for (const char *at = pattern; *at; at++) {
		bool quantifier = is_quantifier(*at);

		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return refuse(err, "a pattern is plain ASCII",
			              "Other characters are matched by [^ -~], one byte at a time.");
		if (*at == '\\' && isalnum((unsigned char)at[1]))
			return refuse(err, "a pattern has no escapes of letters and digits, such as \\d",
			              "Patterns are POSIX extended regular expressions: write [0-9] for \\d, "
			              "[A-Za-z0-9_] for \\w.");
		at = step(at, &size);
		if (!at)
			return refuse(err, "the pattern has an unmatched bracket or brace",
			              "One that is meant itself is written \\[ \\( \\{.");
		if (is_too_large(&size))
			return refuse(err, "the pattern is too complex", "Repeat less, or with + and max_length.");
		if (quantifier && is_quantifier(at[1]))
			return refuse(err, "a pattern has one quantifier at a time",
			              "*? and the like are another dialect's: the whole must fit anyway.");
	}
	if (size.depth > 0)
		return refuse(err, "the pattern has an unmatched bracket or brace",
		              "One that is meant itself is written \\[ \\( \\{.");
	return 0;
}

int input_pattern_check(const char *pattern, struct error *err)
{
	char why[128], shown[160];
	regex_t compiled;
	int fault;

	if (strlen(pattern) > INPUT_PATTERN_MAX)
		return refuse(err, "a pattern of more than 256 characters", "List the values with enum, or say less.");
	if (scan(pattern, err))
		return -1;
	fault = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
	if (fault == 0) {
		regfree(&compiled);
		return 0;
	}
	regerror(fault, &compiled, why, sizeof(why));
	error_set(err, CODE_BAD_VALUE, "\"%s\" is no pattern: %s", escape_into(shown, sizeof(shown), pattern), why);
	return error_hint(
		err,
		"Patterns are POSIX extended regular expressions (regex(7)), without ^ and $: the whole must fit.");
}
