#include "base/units.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	uint64_t factor;
};

/* The first of each factor is the form that is suggested and printed. */
static const struct unit sizes[] = {
	{ "K", UINT64_C(1) << 10 },
	{ "Ki", UINT64_C(1) << 10 },
	{ "M", UINT64_C(1) << 20 },
	{ "Mi", UINT64_C(1) << 20 },
	{ "G", UINT64_C(1) << 30 },
	{ "Gi", UINT64_C(1) << 30 },
	{ "T", UINT64_C(1) << 40 },
	{ "Ti", UINT64_C(1) << 40 },
	{ "B", 1 },
	{ NULL, 0 },
};
static const struct unit durations[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 24 * 3600 * 1000 }, { NULL, 0 },
};

struct misspelling {
	const char *wrong; /* lower case */
	const char *right; /* NULL: only the unit's name is known to be wrong */
};
static const struct misspelling size_misspellings[] = {
	{ "k", "K" },   { "kb", "K" },        { "kib", "K" },       { "ki", "K" },        { "m", "M" },
	{ "mb", "M" },  { "mib", "M" },       { "mi", "M" },        { "g", "G" },         { "gb", "G" },
	{ "gib", "G" }, { "gi", "G" },        { "t", "T" },         { "tb", "T" },        { "tib", "T" },
	{ "ti", "T" },  { "b", "B" },         { "byte", "B" },      { "bytes", "B" },     { "meg", "M" },
	{ "gig", "G" }, { "megabytes", "M" }, { "gigabytes", "G" }, { "kilobytes", "K" }, { NULL, NULL },
};
static const struct misspelling duration_misspellings[] = {
	{ "ms", "ms" }, { "msec", "ms" }, { "millis", "ms" }, { "milliseconds", "ms" }, { "s", "s" },
	{ "sec", "s" }, { "secs", "s" },  { "second", "s" },  { "seconds", "s" },       { "m", "m" },
	{ "min", "m" }, { "mins", "m" },  { "minute", "m" },  { "minutes", "m" },       { "h", "h" },
	{ "hr", "h" },  { "hrs", "h" },   { "hour", "h" },    { "hours", "h" },         { "d", "d" },
	{ "day", "d" }, { "days", "d" },  { NULL, NULL },
};

struct kind {
	const struct unit *units;
	const struct misspelling *misspellings;
	const char *unit_when_missing; /* what somebody who writes a bare number most likely means */
};
static const struct kind size_kind = { sizes, size_misspellings, "M" };
static const struct kind duration_kind = { durations, duration_misspellings, "s" };

/* A number split at its first non-digit: whole part, one decimal, and what follows. */
struct quantity {
	uint64_t whole;
	unsigned tenths;
	size_t digits; /* length of the number as written */
	const char *unit;
};

static enum unit_fault split(const char *text, struct quantity *out)
{
	const char *next = text;

	*out = (struct quantity){ 0 };
	if (!isdigit((unsigned char)*next))
		return UNIT_NOT_A_NUMBER;
	for (; isdigit((unsigned char)*next); next++) {
		if (__builtin_mul_overflow(out->whole, 10, &out->whole) ||
		    __builtin_add_overflow(out->whole, (uint64_t)(*next - '0'), &out->whole))
			return UNIT_TOO_LARGE;
	}
	if (*next == '.') {
		if (!isdigit((unsigned char)next[1]) || isdigit((unsigned char)next[2]))
			return UNIT_NOT_A_NUMBER;
		out->tenths = (unsigned)(next[1] - '0');
		next += 2;
	}
	out->digits = (size_t)(next - text);
	out->unit = next;
	return UNIT_OK;
}

static void suggest(const char *text, const struct quantity *quantity, const char *unit, char *buffer, size_t size)
{
	if (unit && quantity->digits < 32)
		snprintf(buffer, size, "%.*s%s", (int)quantity->digits, text, unit);
}

static const char *right_spelling(const struct misspelling *table, const char *word)
{
	while (*word == ' ')
		word++;
	for (; table->wrong; table++) {
		if (strcasecmp(table->wrong, word) == 0)
			return table->right;
	}
	return NULL;
}

static enum unit_fault parse(const struct kind *kind, const char *text, uint64_t *value, char *suggestion, size_t size)
{
	struct quantity quantity;
	const struct unit *unit = kind->units;
	enum unit_fault fault;
	uint64_t result, tenth;

	if (size > 0)
		suggestion[0] = '\0';
	fault = split(text, &quantity);
	if (fault != UNIT_OK)
		return fault;
	while (unit->name && strcmp(unit->name, quantity.unit) != 0)
		unit++;
	if (!unit->name) {
		bool missing = quantity.unit[0] == '\0';
		const char *right = missing ? kind->unit_when_missing
		                            : right_spelling(kind->misspellings, quantity.unit);

		suggest(text, &quantity, right, suggestion, size);
		return missing ? UNIT_MISSING : UNIT_WRONG;
	}
	/* 1.5K is 1536, but 1.5B or 0.1K is no whole number of bytes. */
	tenth = unit->factor * quantity.tenths;
	if (tenth % 10 != 0)
		return UNIT_NOT_A_NUMBER;
	if (__builtin_mul_overflow(quantity.whole, unit->factor, &result) ||
	    __builtin_add_overflow(result, tenth / 10, &result) || result > INT64_MAX)
		return UNIT_TOO_LARGE;
	*value = result;
	return UNIT_OK;
}

enum unit_fault parse_size(const char *text, uint64_t *bytes, char *suggestion, size_t suggestion_size)
{
	return parse(&size_kind, text, bytes, suggestion, suggestion_size);
}

enum unit_fault parse_duration(const char *text, uint64_t *ms, char *suggestion, size_t suggestion_size)
{
	return parse(&duration_kind, text, ms, suggestion, suggestion_size);
}

enum unit_fault parse_count(const char *text, uint64_t *count)
{
	struct quantity quantity;
	enum unit_fault fault = split(text, &quantity);

	if (fault != UNIT_OK)
		return fault;
	if (text[quantity.digits] != '\0' || strchr(text, '.'))
		return UNIT_NOT_A_NUMBER;
	*count = quantity.whole;
	return UNIT_OK;
}

/* The largest unit that divides the value; tables rise, and only the first name of a factor is used. */
static const char *format(const struct unit *table, const char *smallest, uint64_t value, char *buffer, size_t size)
{
	const char *unit = smallest;
	uint64_t factor = 1;

	for (const struct unit *row = table; row->name; row++) {
		if (value != 0 && row->factor > factor && value % row->factor == 0) {
			unit = row->name;
			factor = row->factor;
		}
	}
	snprintf(buffer, size, "%llu%s", (unsigned long long)(value / factor), unit);
	return buffer;
}

const char *format_size(uint64_t bytes, char *buffer, size_t size)
{
	return format(sizes, "B", bytes, buffer, size);
}

const char *format_duration(uint64_t ms, char *buffer, size_t size)
{
	return format(durations, ms == 0 ? "s" : "ms", ms, buffer, size);
}
