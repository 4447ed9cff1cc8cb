/* All faults of a profile in one go: collected while reading, printed or turned into JSON by a command. */
#ifndef BASE_DIAGNOSTICS_H
#define BASE_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct diagnostic {
	enum severity severity;
	enum message_code code;
	struct source_pos pos;
	uint32_t length;         /* columns to underline from pos.column; 0 when there is nothing to underline */
	const char *message;     /* one line: unknown key "fiels"; did you mean "files"? */
	const char *hint;        /* further lines, or NULL */
	const char *source_line; /* text of the line at pos, for the caret; NULL when there is none */
};

struct diagnostics {
	struct arena *arena; /* owns items and their strings */
	struct diagnostic *items;
	size_t count;
	size_t errors; /* how many of them are errors */
};

/* Appends; returns the new item, valid until the next call. At most 100 errors are kept; the rest only count. */
struct diagnostic *diagnostics_add(struct diagnostics *list, enum severity severity, enum message_code code,
                                   struct source_pos pos, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Sorted by file order of appearance, then line and column. */
void diagnostics_sort(struct diagnostics *list);

#endif
