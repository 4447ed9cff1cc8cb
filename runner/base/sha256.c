#include "base/sha256.h"

#include <string.h>

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
static const uint32_t round_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t word, unsigned count)
{
	return word >> count | word << (32 - count);
}

/* One of the 64 rounds. The eight working variables change their roles instead of their places: `v` is indexed
 * backwards from the round's number. */
static inline void do_round(uint32_t v[8], unsigned i, uint32_t input)
{
	uint32_t a = v[-i & 7], b = v[(1 - i) & 7], c = v[(2 - i) & 7];
	uint32_t e = v[(4 - i) & 7], f = v[(5 - i) & 7], g = v[(6 - i) & 7], h = v[(7 - i) & 7];
	uint32_t choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);
	uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + round_constants[i] + input;

	v[(3 - i) & 7] += first;
	v[(7 - i) & 7] = first + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
}

static void compress(struct sha256 *hash, const unsigned char *block)
{
	uint32_t schedule[64], v[8];

	for (unsigned i = 0; i < 16; i++)
		schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		              (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (unsigned i = 16; i < 64; i++) {
		uint32_t near = schedule[i - 2], far = schedule[i - 15];

		schedule[i] = schedule[i - 16] + schedule[i - 7] + (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3) +
		              (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10);
	}
	memcpy(v, hash->state, sizeof(v));
	for (unsigned i = 0; i < 64; i += 8) {
		for (unsigned k = 0; k < 8; k++)
			do_round(v, i + k, schedule[i + k]);
	}
	for (unsigned i = 0; i < 8; i++)
		hash->state[i] += v[i];
}

void sha256_begin(struct sha256 *hash)
{
	static const uint32_t start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memcpy(hash->state, start, sizeof(start));
	hash->length = 0;
}

void sha256_add(struct sha256 *hash, const void *data, size_t length)
{
	const unsigned char *next = data;

	while (length > 0) {
		size_t used = hash->length % 64;
		size_t part = length < 64 - used ? length : 64 - used;

		memcpy(hash->block + used, next, part);
		hash->length += part;
		next += part;
		length -= part;
		if (hash->length % 64 == 0)
			compress(hash, hash->block);
	}
}

void sha256_end(struct sha256 *hash, char hex[65])
{
	static const char digits[] = "0123456789abcdef";
	static const unsigned char padding[64] = { 0x80 };
	uint64_t bits = hash->length * 8;
	unsigned char tail[8];
	size_t used = hash->length % 64;

	for (unsigned i = 0; i < 8; i++)
		tail[i] = (unsigned char)(bits >> (56 - 8 * i));
	sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
	sha256_add(hash, tail, sizeof(tail));
	for (unsigned i = 0; i < 32; i++) {
		unsigned byte = hash->state[i / 4] >> (24 - 8 * (i % 4)) & 0xff;

		hex[2 * i] = digits[byte >> 4];
		hex[2 * i + 1] = digits[byte & 15];
	}
	hex[64] = '\0';
}
