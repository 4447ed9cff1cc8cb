#include "base/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ERRORS_KEPT = 100, OTHERS_KEPT = 100 };

struct diagnostic *diagnostics_add(struct diagnostics *list, enum severity severity, enum message_code code,
                                   struct source_pos pos, const char *format, ...)
{
	/* What falls beyond the limit is still returned to the caller, which fills it in, but not listed. */
	static _Thread_local struct diagnostic dropped;
	struct diagnostic *item = &dropped;
	size_t others = list->count - (list->errors < ERRORS_KEPT ? list->errors : ERRORS_KEPT);
	char message[1024];
	va_list args;
	bool keep = severity == SEVERITY_ERROR ? list->errors < ERRORS_KEPT : others < OTHERS_KEPT;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (severity == SEVERITY_ERROR)
		list->errors++;
	if (keep) {
		list->items = arena_grow(list->arena, list->items, list->count, sizeof(*list->items));
		item = &list->items[list->count++];
	}
	*item = (struct diagnostic){
		.severity = severity,
		.code = code,
		.pos = pos,
		.message = keep ? arena_strdup(list->arena, message) : "",
	};
	return item;
}

/* Which file appeared first: the index of its first diagnostic in the unsorted list. */
static size_t file_rank(const struct diagnostics *list, const char *file)
{
	size_t i = 0;

	for (; i < list->count; i++) {
		const char *other = list->items[i].pos.file;

		if (other == file || (other && file && strcmp(other, file) == 0))
			break;
	}
	return i;
}

void diagnostics_sort(struct diagnostics *list)
{
	size_t *rank = arena_array(list->arena, list->count, sizeof(*rank));

	for (size_t i = 0; i < list->count; i++)
		rank[i] = file_rank(list, list->items[i].pos.file);
	/* Insertion sort: stable, and at most 200 items that are nearly in order. */
	for (size_t i = 1; i < list->count; i++) {
		struct diagnostic item = list->items[i];
		size_t item_rank = rank[i];
		size_t place = i;

		for (; place > 0; place--) {
			const struct source_pos *before = &list->items[place - 1].pos;

			if (rank[place - 1] < item_rank)
				break;
			if (rank[place - 1] == item_rank &&
			    (before->line < item.pos.line ||
			     (before->line == item.pos.line && before->column <= item.pos.column)))
				break;
			list->items[place] = list->items[place - 1];
			rank[place] = rank[place - 1];
		}
		list->items[place] = item;
		rank[place] = item_rank;
	}
}
