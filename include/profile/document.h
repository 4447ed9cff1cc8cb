/* YAML bytes to a tree of nodes that remember where they stood. runner/profile/document.c is the only user of libyaml.
 *
 * The subset: one document of mappings, lists and scalars in UTF-8. Scalars stay strings, so that 3.10 is not 3.1 and
 * "no" is not false. Anchors, aliases, tags, merge keys, directives, duplicate keys and control characters are
 * errors. */
#ifndef PROFILE_DOCUMENT_H
#define PROFILE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diagnostics.h"

enum { DOCUMENT_BYTES_MAX = 1024 * 1024, DOCUMENT_DEPTH_MAX = 16, DOCUMENT_NODES_MAX = 65536 };

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

/* Where something stood: line and column count from 1, length in columns. */
struct span {
	uint32_t line, column, length;
};

struct node {
	enum node_kind kind;
	bool quoted;      /* a scalar in quotes or a block scalar: an empty one was meant */
	bool flow;        /* a list in [], a mapping in {} */
	bool broken;      /* already reported (an alias, a tag): not to be judged again */
	const char *text; /* a scalar's value; NULL for the others */
	struct span span;
	/* Behind its last character, counted like span. Of a list or mapping that is not in brackets, this is where the
	 * next thing begins: comments and empty lines may lie between. */
	uint32_t end_line, end_column;
	const char *key; /* in a mapping; NULL in a list */
	struct span key_span;
	struct node *first, *last, *next; /* children and siblings in file order */
	size_t count;                     /* of children */
};

/* What the diagnostics of one file share. */
struct document {
	const char *file; /* for source_pos */
	const char *data;
	size_t length;
	struct node *root; /* NULL when empty or unreadable */
};

/* Fills document->root from data. All faults go to `diagnostics`; returns -1 when there is no tree worth checking. */
int document_parse(struct document *document, struct arena *arena, struct diagnostics *diagnostics);

/* A diagnostic at a place of the document, with its source line. */
struct diagnostic *document_report(const struct document *document, struct diagnostics *diagnostics,
                                   enum severity severity, enum message_code code, const struct span *span,
                                   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The child of that key, or NULL. */
const struct node *node_get(const struct node *mapping, const char *key);

#endif
