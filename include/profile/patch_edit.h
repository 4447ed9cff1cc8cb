/* Inside profile/patch: where in the bytes of a document a change goes. Nothing here knows what a key means. */
#ifndef PROFILE_PATCH_EDIT_H
#define PROFILE_PATCH_EDIT_H

#include "base/text.h"
#include "profile/document.h"

enum { EDIT_SPLICES_MAX = 2 };

/* One change of one document: bytes from..to give way to `with`. */
struct edit {
	struct arena *arena;
	const struct document *document; /* parsed, with a mapping at its root */
	struct {
		size_t from, to;
		const char *with;
	} splices[EDIT_SPLICES_MAX];
	size_t count; /* 0: the document is right as it is */
};

/* path: keys from the root on, ending with NULL. The value becomes the last entry of the list there, or (not list) the
 * value of that key; what is missing on the way is made, in the style of the document, and a word in the place of a
 * list or mapping (`exec: none`) gives way to it. -1: there is something else. */
int edit_put(struct edit *edit, const char *const *path, const char *value, bool list);
/* The first entry of the list at `path` that is `value`, or a mapping whose path is; without a value, the key. -1: it
 * is not there. */
int edit_remove(struct edit *edit, const char *const *path, const char *value);
/* The document's text with the change; appends. */
void edit_write(const struct edit *edit, struct text *out);

#endif
