#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"

/* Makes room for `more` bytes and the final NUL. */
static void text_reserve(struct text *text, size_t more)
{
	size_t wanted = text->length + more + 1;
	size_t capacity = text->capacity ? text->capacity : 64;
	char *data;

	if (wanted <= text->capacity)
		return;
	while (capacity < wanted)
		capacity *= 2;
	data = realloc(text->data, capacity);
	if (!data) {
		fputs("pyconfine: out of memory\n", stderr);
		_exit(EXIT_SETUP);
	}
	text->data = data;
	text->capacity = capacity;
}

void text_add_n(struct text *text, const char *string, size_t length)
{
	text_reserve(text, length);
	if (length > 0)
		memcpy(text->data + text->length, string, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_add_n(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
	int length;
	va_list args;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return;
	text_reserve(text, (size_t)length);
	va_start(args, format);
	vsnprintf(text->data + text->length, (size_t)length + 1, format, args);
	va_end(args);
	text->length += (size_t)length;
}

size_t utf8_length(const char *string, size_t available)
{
	unsigned char first, low = 0x80, high = 0xbf;
	size_t length;

	if (available == 0)
		return 0;
	first = (unsigned char)string[0];
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (length > available)
		return 0;
	if (first == 0xe0)
		low = 0xa0; /* overlong */
	else if (first == 0xed)
		high = 0x9f; /* surrogates */
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < length; i++) {
		unsigned char byte = (unsigned char)string[i];

		if (byte < low || byte > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

/* C0, DEL, C1 (which some terminals obey), line and paragraph separators and bidirectional overrides, which can make a
 * line read as something else. */
static bool is_dangerous(const unsigned char *string, size_t length)
{
	if (length == 1)
		return string[0] < 0x20 || string[0] == 0x7f;
	if (length == 2)
		return string[0] == 0xc2 && string[1] < 0xa0;
	if (length == 3 && string[0] == 0xe2 && string[1] == 0x80)
		return (string[2] >= 0xa8 && string[2] <= 0xae) || string[2] == 0x8e || string[2] == 0x8f;
	return length == 3 && string[0] == 0xe2 && string[1] == 0x81 && string[2] >= 0xa6 && string[2] <= 0xa9;
}

size_t plain_length(const char *string, size_t available)
{
	size_t length = utf8_length(string, available);

	return length > 0 && !is_dangerous((const unsigned char *)string, length) ? length : 0;
}

size_t text_escape_next(const char **string, char out[TEXT_ESCAPED_MAX])
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *next = (const unsigned char *)*string;
	size_t length = utf8_length(*string, strnlen(*string, 4));
	size_t used = 0;

	if (length > 0 && !is_dangerous(next, length)) {
		memcpy(out, next, length);
		*string += length;
		return length;
	}
	if (length == 0)
		length = 1;
	for (size_t i = 0; i < length; i++) {
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = digits[next[i] >> 4];
		out[used++] = digits[next[i] & 15];
	}
	*string += length;
	return used;
}

void text_add_escaped(struct text *text, const char *string)
{
	char piece[TEXT_ESCAPED_MAX];

	text_reserve(text, strlen(string));
	while (*string) {
		size_t length = text_escape_next(&string, piece);

		text_add_n(text, piece, length);
	}
	text->data[text->length] = '\0';
}

const char *text_string(const struct text *text)
{
	return text->data ? text->data : "";
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}

const char *escape_into(char *buffer, size_t size, const char *string)
{
	static const char cut[] = "...";
	char piece[TEXT_ESCAPED_MAX];
	size_t used = 0, safe = 0; /* safe: the last place where "..." still fits */

	if (size == 0)
		return buffer;
	while (*string) {
		size_t length = text_escape_next(&string, piece);

		if (used + length >= size) {
			size_t room = size - 1 - safe;

			used = safe;
			memcpy(buffer + used, cut, room < sizeof(cut) - 1 ? room : sizeof(cut) - 1);
			used += room < sizeof(cut) - 1 ? room : sizeof(cut) - 1;
			break;
		}
		memcpy(buffer + used, piece, length);
		used += length;
		if (used + sizeof(cut) <= size)
			safe = used;
	}
	buffer[used] = '\0';
	return buffer;
}
