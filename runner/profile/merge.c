/* `extends`: profiles are read onto one another, the extended ones first. That makes the merge rules those of reading:
 * lists grow, scalars are replaced, `locked` sticks. A profile that is reached in two ways counts once, where it is met
 * first, so that the second way does not put its defaults over what came between. */
#include "profile/merge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static bool is_same(const struct profile_source *a, const struct profile_source *b)
{
	if (a->builtin || b->builtin)
		return a->builtin == b->builtin;
	/* The text of `check -` or of a test is no file and the same as no other. */
	return a->inode != 0 && a->inode == b->inode && a->device == b->device;
}

struct diagnostic *loader_report(struct loader *loader, enum severity severity, enum message_code code,
                                 const struct source_pos *pos, uint32_t length, const char *format, ...)
{
	struct document none = { .file = pos->file };
	const struct document *document = &none;
	struct span span = { pos->line, pos->column, length };
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	for (size_t i = 0; i < loader->visited_count; i++) {
		if (loader->visited[i]->document.file == pos->file)
			document = &loader->visited[i]->document;
	}
	return document_report(document, loader->diagnostics, severity, code, &span, "%s", message);
}

static void report_error(struct loader *loader, const struct node *node, const struct document *document,
                         const struct error *err)
{
	struct diagnostic *item = document_report(document, loader->diagnostics, SEVERITY_ERROR, err->code, &node->span,
	                                          "%s", err->message);

	if (err->hint[0])
		item->hint = arena_strdup(loader->diagnostics->arena, err->hint);
}

/* Returns false when the source needs no reading: it was read already, or must not be read. */
static bool may_visit(struct loader *loader, const struct profile_source *source, const struct node *named_at,
                      const struct document *named_in, size_t depth)
{
	for (size_t i = 0; i < loader->visited_count; i++) {
		const struct visited_source *visited = loader->visited[i];
		struct diagnostic *item;

		if (!is_same(&visited->source, source))
			continue;
		if (!visited->open)
			return false;
		item = document_report(named_in, loader->diagnostics, SEVERITY_ERROR, CODE_EXTENDS_LOOP,
		                       &named_at->span, "extends leads back to %s, which is being read",
		                       visited->source.file);
		if (!source->builtin && builtin_find(source->name))
			item->hint = arena_printf(loader->diagnostics->arena,
			                          "The built-in profile of that name is \"builtin:%s\".", source->name);
		return false;
	}
	if (depth > EXTENDS_DEPTH_MAX) {
		document_report(named_in, loader->diagnostics, SEVERITY_ERROR, CODE_EXTENDS_LOOP, &named_at->span,
		                "extends is more than %d deep", EXTENDS_DEPTH_MAX);
		return false;
	}
	return true;
}

static void follow(struct loader *loader, struct visited_source *from, const struct node *entry, size_t depth)
{
	struct reader reader = { .document = &from->document,
		                 .arena = loader->arena,
		                 .diagnostics = loader->diagnostics };
	struct profile_source source;
	struct error err;

	if (!reader_expect(&reader, entry, "extends", NODE_SCALAR, "names of profiles: [offline]"))
		return;
	if (entry->text[0] == '\0') {
		reader_error(&reader, entry, CODE_BAD_VALUE, "extends holds an empty name")->hint =
			"Write [] to start from nothing.";
		return;
	}
	if (!loader->request)
		return;
	if (source_resolve(loader->request, entry->text, &from->source, loader->arena, &source, &err)) {
		report_error(loader, entry, &from->document, &err);
		return;
	}
	merge_source(loader, &source, entry, &from->document, depth + 1);
}

static void follow_all(struct loader *loader, struct visited_source *from, size_t depth)
{
	const struct node *extends = node_get(from->document.root, "extends");
	struct reader reader = { .document = &from->document,
		                 .arena = loader->arena,
		                 .diagnostics = loader->diagnostics };

	if (!extends) {
		struct profile_source source;
		const struct node nobody = { .span = { 1, 1, 0 } };

		/* Nobody wrote it, so that nothing of the user's may stand in for it either. */
		source_builtin(builtin_find("offline"), &source);
		if (loader->request && from->source.builtin != source.builtin)
			merge_source(loader, &source, &nobody, &from->document, depth + 1);
		return;
	}
	if (extends->kind != NODE_LIST) {
		if (reader_expect(&reader, extends, "extends", NODE_SCALAR, "[offline]; [] starts from nothing"))
			follow(loader, from, extends, depth);
		return;
	}
	for (const struct node *entry = extends->first; entry; entry = entry->next) {
		if (!reader_has_room(&reader, entry, loader->visited_count))
			break;
		follow(loader, from, entry, depth);
	}
}

static bool is_below_etc(const struct profile_source *source)
{
	return source->path && strncmp(source->path, "/etc/", 5) == 0;
}

static void read_source(struct loader *loader, struct visited_source *visited, bool own)
{
	struct reader reader = {
		.document = &visited->document,
		.arena = loader->arena,
		.diagnostics = loader->diagnostics,
		.profile = loader->profile,
		.base_dir = visited->source.base_dir,
		.builtin = visited->source.builtin != NULL,
		.system = is_below_etc(&visited->source),
		.own = own,
	};

	read_section(&reader, "", visited->document.root);
}

void merge_source(struct loader *loader, const struct profile_source *source, const struct node *named_at,
                  const struct document *named_in, size_t depth)
{
	const struct span top = { 1, 1, 0 };
	struct visited_source *visited;

	if (named_at && !may_visit(loader, source, named_at, named_in, depth))
		return;
	visited = arena_alloc(loader->arena, sizeof(*visited));
	visited->source = *source;
	visited->document = (struct document){ .file = source->file, .data = source->data, .length = source->length };
	visited->open = true;
	loader->visited = arena_grow(loader->arena, loader->visited, loader->visited_count, sizeof(*loader->visited));
	loader->visited[loader->visited_count++] = visited;
	if (document_parse(&visited->document, loader->arena, loader->diagnostics) == 0) {
		const struct node *root = visited->document.root;
		struct reader reader = { .document = &visited->document,
			                 .arena = loader->arena,
			                 .diagnostics = loader->diagnostics };

		if (!root) {
			document_report(&visited->document, loader->diagnostics, SEVERITY_ERROR, CODE_MISSING_KEY, &top,
			                "the profile is empty")
				->hint = "Begin with `version: 1`.";
		} else if (reader_expect(&reader, root, "a profile", NODE_MAPPING, "keys and values: version: 1")) {
			follow_all(loader, visited, depth);
			read_source(loader, visited, depth == 0);
		}
	}
	visited->open = false;
}

static void add_not_yet(struct loader *loader, const struct field *field)
{
	struct profile_strings *list = &loader->profile->not_yet;

	list->items = arena_grow(loader->arena, list->items, list->count, sizeof(*list->items));
	list->items[list->count++] = (struct profile_string){ .value = field->path,
		                                              .pos = field_pos(field, loader->profile) };
}

static const char *chain_of(const struct loader *loader)
{
	const char *chain = "";

	for (size_t i = 0; i < loader->visited_count; i++) {
		const struct profile_source *source = &loader->visited[i]->source;
		bool bare = !source->builtin && !strchr(source->file, '/');

		chain = arena_printf(loader->arena, "%s%s%s%s", chain, i ? " <- " : "", bare ? "./" : "", source->file);
	}
	return chain;
}

void merge_finish(struct loader *loader, const struct profile_source *source)
{
	struct profile *profile = loader->profile;

	for (const struct field *field = profile_fields; field->path; field++) {
		if (field->not_yet && field_is_set(field, profile))
			add_not_yet(loader, field);
	}
	if (!profile->name)
		profile->name = source->name;
	profile->path = source->path;
	profile->chain = chain_of(loader);
}
