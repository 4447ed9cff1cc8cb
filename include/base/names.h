/* Tables of names, and the nearest name to a mistyped one. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct name_value {
	const char *name;
	int value;
};

/* Tables end with {NULL, 0}. */
bool name_find(const struct name_value *table, const char *name, int *value);
/* The first name of that value, or "?". */
const char *name_of(const struct name_value *table, int value);
/* "none, host or private": for messages. Writes into buffer and returns it. */
const char *name_list(const struct name_value *table, char *buffer, size_t size);

/* Damerau-Levenshtein distance, case-insensitive, capped: a result above `limit` only means "more than limit". */
unsigned edit_distance(const char *a, const char *b, unsigned limit);
/* The candidate (of a NULL-terminated array) that `word` most likely meant, or NULL: at most 1 edit for words up to 4
 * characters, 2 up to 8, else 3. */
const char *nearest_name(const char *word, const char *const *candidates);

#endif
