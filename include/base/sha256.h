/* SHA-256 (FIPS 180-4): identifies profiles, scripts and cache entries. Not secret, not constant-time. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	unsigned char block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *data, size_t length);
/* 64 lower-case hexadecimal digits and a NUL. */
void sha256_end(struct sha256 *hash, char hex[65]);

#endif
