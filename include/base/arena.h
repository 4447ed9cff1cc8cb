/* An arena: everything that belongs to one profile or one plan is freed together.
 *
 * Running out of memory ends the program with exit status 125 ("out of memory"): it can only happen before the script
 * starts, since nothing allocates afterwards. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *blocks;
};

/* Zeroed memory, aligned for any type; owned by the arena. */
void *arena_alloc(struct arena *arena, size_t size);
/* Zeroed array; the multiplication is checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more element in a growing array: returns the array, moved when `count` has reached a power of two
 * (the old place stays valid until the arena is freed). `items` may be NULL when count is 0. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);
void arena_free(struct arena *arena);

#define ARENA_CLEANUP __attribute__((cleanup(arena_free)))

#endif
