/* Does a file's content look like what its name's ending says? For `outputs: {check: content}`.
 *
 * A look at the first bytes, and for text at all of them, while a file is copied: it keeps a program from travelling as
 * a picture. It is no parser: what a decoder makes of a well-begun file is the decoder's business, and a file can be
 * two things at once. */
#ifndef POLICY_CONTENT_TYPES_H
#define POLICY_CONTENT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_HEAD_MAX 288
#define CONTENT_ALTERNATIVES_MAX 4

/* All bytes at that offset; length 0: no condition. */
struct content_bytes {
	uint16_t offset;
	uint8_t length;
	const char *bytes;
};

enum content_kind {
	CONTENT_BINARY, /* one of the alternatives at its beginning */
	CONTENT_TEXT,   /* UTF-8, with no control characters but tab, line feed, form feed, carriage return */
	CONTENT_JSON,   /* text that begins as a JSON value does */
	CONTENT_MARKUP, /* text that begins with '<' */
};

struct content_type {
	const char *suffix; /* ".png" */
	const char *what;   /* "a PNG picture" */
	enum content_kind kind;
	struct content_bytes alternatives[CONTENT_ALTERNATIVES_MAX][2]; /* both of a pair must be there */
};

extern const struct content_type content_types[]; /* ends with {NULL} */

/* The row whose suffix `name` ends with, the longest one; letters of either case. NULL: not known. */
const struct content_type *content_type_find(const char *name);

struct content_check {
	const struct content_type *type;
	uint64_t seen; /* bytes */
	bool wrong;
	unsigned char head[CONTENT_HEAD_MAX];
	/* text: what a character lacks that the end of a block has cut off */
	unsigned char partial[4];
	uint8_t partial_length;
	int first; /* the first character that is not blank; 0: none yet */
};

void content_check_begin(struct content_check *check, const struct content_type *type);
/* The next bytes of the file, in blocks of any size. */
void content_check_add(struct content_check *check, const void *data, size_t length);
/* After the last byte: true when it is what the name says. */
bool content_check_end(const struct content_check *check);

#endif
