/* Sizes and durations as people write them in a profile: 512M, 30s. A bare number, a lower-case or a two-letter unit is
 * refused with the right form, because guessing between 512 bytes and 512 megabytes is how limits go wrong. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum unit_fault {
	UNIT_OK = 0,
	UNIT_NOT_A_NUMBER,
	UNIT_MISSING, /* "512" */
	UNIT_WRONG,   /* "512m", "512MB", "10 minutes" */
	UNIT_TOO_LARGE,
};

/* K M G T and Ki Mi Gi Ti, all powers of 1024. On failure `suggestion` gets the right form ("512M") or "". */
enum unit_fault parse_size(const char *text, uint64_t *bytes, char *suggestion, size_t suggestion_size);
/* ms s m h d, whole numbers or one decimal fraction (1.5h); result in milliseconds. */
enum unit_fault parse_duration(const char *text, uint64_t *ms, char *suggestion, size_t suggestion_size);
/* Plain non-negative whole number. */
enum unit_fault parse_count(const char *text, uint64_t *count);

/* Shortest exact form: 64M, 1536K, 1000 -> "1000B" for sizes; 30s, 1500ms, 2h for durations. Returns buffer. */
const char *format_size(uint64_t bytes, char *buffer, size_t size);
const char *format_duration(uint64_t ms, char *buffer, size_t size);

#endif
