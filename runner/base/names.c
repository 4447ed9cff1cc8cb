#include "base/names.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

bool name_find(const struct name_value *table, const char *name, int *value)
{
	for (const struct name_value *row = table; row->name; row++) {
		if (strcmp(row->name, name) == 0) {
			*value = row->value;
			return true;
		}
	}
	return false;
}

const char *name_of(const struct name_value *table, int value)
{
	for (const struct name_value *row = table; row->name; row++) {
		if (row->value == value)
			return row->name;
	}
	return "?";
}

const char *name_list(const struct name_value *table, char *buffer, size_t size)
{
	size_t used = 0;

	if (size == 0)
		return buffer;
	buffer[0] = '\0';
	for (const struct name_value *row = table; row->name && used < size; row++) {
		const char *before = row == table ? "" : row[1].name ? ", " : " or ";
		int added = snprintf(buffer + used, size - used, "%s%s", before, row->name);

		if (added < 0)
			break;
		used += (size_t)added;
	}
	return buffer;
}

/* Locale-free: a Turkish locale must not change what is near to what. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The three newest rows of the matrix are enough for transpositions. Longer words have no near name worth guessing. */
enum { WORD_MAX = 64 };

unsigned edit_distance(const char *a, const char *b, unsigned limit)
{
	size_t a_length = strnlen(a, WORD_MAX + 1), b_length = strnlen(b, WORD_MAX + 1);
	unsigned rows[3][WORD_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *current = rows[2];

	if (a_length > WORD_MAX || b_length > WORD_MAX)
		return limit + 1;
	if (a_length > b_length + limit || b_length > a_length + limit)
		return limit + 1;
	for (unsigned j = 0; j <= b_length; j++)
		above[j] = before[j] = j;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned best = i;
		unsigned *oldest = before;

		current[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);
			unsigned cost = min_of(above[j] + 1, current[j - 1] + 1);

			cost = min_of(cost, above[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
				cost = min_of(cost, before[j - 2] + 1);
			current[j] = cost;
			best = min_of(best, cost);
		}
		if (best > limit)
			return limit + 1;
		before = above;
		above = current;
		current = oldest;
	}
	return min_of(above[b_length], limit + 1);
}

const char *nearest_name(const char *word, const char *const *candidates)
{
	size_t length = strlen(word);
	unsigned limit = length <= 4 ? 1 : length <= 8 ? 2 : 3;
	const char *nearest = NULL;

	for (; *candidates; candidates++) {
		unsigned distance = edit_distance(word, *candidates, limit);

		/* One edit of a one-letter word replaces it altogether. */
		if (distance <= limit && distance < length) {
			nearest = *candidates;
			if (distance == 0)
				break;
			limit = distance - 1;
		}
	}
	return nearest;
}
