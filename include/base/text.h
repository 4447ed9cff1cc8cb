/* A growing string for everything that is printed, and escaping of what somebody else chose. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stddef.h>

struct text {
	char *data; /* always NUL-terminated once something was added; NULL when empty */
	size_t length;
	size_t capacity;
};

void text_add(struct text *text, const char *string);
void text_add_n(struct text *text, const char *string, size_t length);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Appends with control characters, DEL and bytes that are not valid UTF-8 written as \xNN, so that nothing chosen by a
 * script, a file name or a profile can drive the reader's terminal. */
void text_add_escaped(struct text *text, const char *string);
/* One step of it: writes the escaped form of the next character of *string, without a NUL, and advances; its length. */
#define TEXT_ESCAPED_MAX 16
size_t text_escape_next(const char **string, char out[TEXT_ESCAPED_MAX]);
/* The text so far; "" when empty. Owned by `text`. */
const char *text_string(const struct text *text);
void text_free(struct text *text);

#define TEXT_CLEANUP __attribute__((cleanup(text_free)))

/* Length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) that begins a string of `available` bytes, or 0. */
size_t utf8_length(const char *string, size_t available);

/* The same, but 0 for control characters too, and for those that make a line read as something else than it holds. */
size_t plain_length(const char *string, size_t available);

/* Escape into a caller's buffer, cutting with "..." where it does not fit. Returns buffer. */
const char *escape_into(char *buffer, size_t size, const char *string);

#endif
