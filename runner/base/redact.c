#include "base/redact.h"

#include <string.h>

#include "base/text.h"

static const struct secret_bytes *secrets;
static size_t secret_count;

void redact_values(const struct secret_bytes *values, size_t count)
{
	secrets = values;
	secret_count = count;
}

/* How many bytes of `at` are this piece of a secret, as it is or escaped; 0: it is something else. */
static size_t match_piece(const char *at, const char *piece, size_t length)
{
	const char *end = piece + length;
	size_t used = 0;

	if (length < REDACT_MIN)
		return 0;
	if (strncmp(at, piece, length) == 0)
		return length;
	while (piece < end) {
		char escaped[TEXT_ESCAPED_MAX];
		size_t size = text_escape_next(&piece, escaped);

		if (strncmp(at + used, escaped, size) != 0)
			return 0;
		used += size;
	}
	/* a sequence that is cut by the end of the line was looked at beyond it */
	return piece == end ? used : 0;
}

/* Line breaks at the end belong to the file and not to the value; what follows a NUL cannot stand in a string. */
static size_t printed_length(const struct secret_bytes *secret)
{
	size_t length = strnlen(secret->bytes, secret->length);

	while (length > 0 && strchr("\r\n", secret->bytes[length - 1]))
		length--;
	return length;
}

static size_t match(const char *at, const struct secret_bytes *secret)
{
	size_t length = printed_length(secret), found = match_piece(at, secret->bytes, length);

	for (size_t start = 0, size; found == 0 && start < length; start += size + 1) {
		const char *end = memchr(secret->bytes + start, '\n', length - start);

		size = end ? (size_t)(end - secret->bytes) - start : length - start;
		found = match_piece(at, secret->bytes + start, size);
	}
	return found;
}

char *redact(char *string)
{
	static const char stars[] = "***";
	char *to = string;

	if (secret_count == 0)
		return string;
	for (const char *from = string; *from;) {
		size_t found = 0;

		for (size_t i = 0; i < secret_count && found == 0; i++)
			found = match(from, &secrets[i]);
		if (found == 0) {
			*to++ = *from++;
			continue;
		}
		memcpy(to, stars, sizeof(stars) - 1);
		to += sizeof(stars) - 1;
		from += found;
	}
	*to = '\0';
	return string;
}
