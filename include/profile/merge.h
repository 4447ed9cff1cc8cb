/* Inside the profile reader: what happens between the files and the profile. */
#ifndef PROFILE_MERGE_H
#define PROFILE_MERGE_H

#include "profile/source.h"
#include "profile/table.h"

enum { EXTENDS_DEPTH_MAX = 8 };

struct ceiling;

struct visited_source {
	struct profile_source source;
	struct document document;
	bool open; /* its parents are being read */
};

struct loader {
	const struct profile_request *request; /* NULL: extends is not followed */
	struct arena *arena;
	struct diagnostics *diagnostics;
	struct profile *profile;
	struct visited_source **visited; /* in the order in which they were met: the profile itself first */
	size_t visited_count;
	const struct ceiling *ceiling; /* NULL: there is none */
};

/* Reads `extends` left to right, each profile once, then the source itself, onto loader->profile. `named_at` is where
 * another profile names it, or NULL. */
void merge_source(struct loader *loader, const struct profile_source *source, const struct node *named_at,
                  const struct document *named_in, size_t depth);
/* The request's flags, as one more profile; a locked one takes only smaller limits. */
void merge_flags(struct loader *loader);
/* What follows from the whole: not_yet, name, chain. */
void merge_finish(struct loader *loader, const struct profile_source *source);
/* At a position of one of the visited files, with its source line. */
struct diagnostic *loader_report(struct loader *loader, enum severity severity, enum message_code code,
                                 const struct source_pos *pos, uint32_t length, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Reads the administrator's ceiling; 0 with loader->ceiling NULL when there is none. -1 when it is faulty: reported. */
int ceiling_read(struct loader *loader);
/* `locked` and other values that are imposed come before the flags, ... */
void ceiling_impose(struct loader *loader);
/* ... what is too much is judged at the end. */
void ceiling_intersect(struct loader *loader);

#endif
