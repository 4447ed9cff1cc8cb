/* Values that must not be printed: secrets, shown as *** wherever our own output would quote them.
 *
 * What is short (less than REDACT_MIN bytes) stands in ordinary words by accident, and is left. A value of several
 * lines is also found by each of its lines. Both the bytes themselves and their escaped form (base/text.h) are found.
 */
#ifndef BASE_REDACT_H
#define BASE_REDACT_H

#include <stddef.h>

#define REDACT_MIN 4

struct secret_bytes {
	const char *bytes; /* may hold NULs; one stands behind the last byte */
	size_t length;
};

/* From now on these are not to be printed. Borrowed until the next call; NULL and 0: nothing is. */
void redact_values(const struct secret_bytes *values, size_t count);
/* Replaces them in a string, which only gets shorter. Returns it. One comparison where there are no secrets. */
char *redact(char *string);

#endif
