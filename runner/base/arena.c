#include "base/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"

/* Newest first. The head block is the one that is filled; a request larger than a block gets its own, put behind the
 * head so that the head's free rest stays in use. */
struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	alignas(max_align_t) char data[];
};

/* A profile and its plan fit into one or two of these. */
static const size_t block_size = 32 * 1024 - sizeof(struct arena_block);

static _Noreturn void out_of_memory(void)
{
	static const char message[] = "pyconfine: out of memory\n";

	/* _exit: atexit handlers may allocate. A failed write changes nothing about the status. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(EXIT_SETUP);
	_exit(EXIT_SETUP);
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		out_of_memory();
	block = malloc(sizeof(*block) + size);
	if (!block)
		out_of_memory();
	block->next = NULL;
	block->used = 0;
	block->size = size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *head = arena->blocks;
	void *place;

	if (size > SIZE_MAX - align)
		out_of_memory();
	size = (size + align - 1) / align * align;
	if (!head || head->size - head->used < size) {
		struct arena_block *block = block_new(size > block_size / 4 ? size : block_size);

		if (head && size > block_size / 4) {
			block->next = head->next;
			head->next = block;
		} else {
			block->next = head;
			arena->blocks = block;
		}
		head = block;
	}
	place = head->data + head->used;
	head->used += size;
	return memset(place, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);

	if (length > 0)
		memcpy(copy, text, length);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char *copy;
	int length;
	va_list args;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		out_of_memory();
	copy = arena_alloc(arena, (size_t)length + 1);
	va_start(args, format);
	vsnprintf(copy, (size_t)length + 1, format, args);
	va_end(args);
	return copy;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
	void *moved;

	/* Room is 1, 2, 4, 8, ...: full exactly when count is a power of two (or nothing was allocated yet). */
	if (count > 0 && (count & (count - 1)) != 0)
		return items;
	moved = arena_array(arena, count == 0 ? 1 : count * 2, size);
	if (count > 0)
		memcpy(moved, items, count * size);
	return moved;
}

void arena_free(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
}
