#include "profile/load.h"

#include <string.h>

#include "base/sha256.h"
#include "profile/inputs.h"
#include "profile/merge.h"

/* Faults that have no line: a profile that cannot be found or read. */
static void report_without_line(struct loader *loader, const char *file, const struct error *err)
{
	const struct source_pos pos = { .file = file };
	struct diagnostic *item = loader_report(loader, SEVERITY_ERROR, err->code, &pos, 0, "%s", err->message);

	if (err->hint[0])
		item->hint = arena_strdup(loader->diagnostics->arena, err->hint);
}

static void hash_source(const struct profile_source *source, char hex[65])
{
	struct sha256 hash;

	sha256_begin(&hash);
	sha256_add(&hash, source->data, source->length);
	sha256_end(&hash, hex);
}

int profile_load(const struct profile_request *request, struct arena *arena, struct profile *out,
                 struct diagnostics *diagnostics)
{
	struct profile profile = { 0 };
	struct loader loader = { .request = request, .arena = arena, .diagnostics = diagnostics, .profile = &profile };
	struct profile_source source;
	size_t errors = diagnostics->errors;
	struct error err;

	if (source_find(request, arena, &source, &err)) {
		report_without_line(&loader, NULL, &err);
		return -1;
	}
	if (ceiling_read(&loader))
		return -1;
	merge_source(&loader, &source, NULL, NULL, 0);
	ceiling_impose(&loader);
	/* Flags are judged by what the files say; faulty files say nothing that could be trusted. */
	if (diagnostics->errors == errors) {
		merge_flags(&loader);
		ceiling_intersect(&loader);
		inputs_judge(&loader);
	}
	if (diagnostics->errors > errors)
		return -1;
	merge_finish(&loader, &source);
	hash_source(&source, profile.sha256);
	*out = profile;
	return 0;
}

int profile_check(const char *file_name, const char *data, size_t length, const struct profile_request *request,
                  struct arena *arena, struct profile *out, struct diagnostics *diagnostics)
{
	static const struct profile_request nobody;
	struct profile profile = { 0 };
	struct loader loader = { .request = request, .arena = arena, .diagnostics = diagnostics, .profile = &profile };
	const char *absolute = source_absolute(request ? request : &nobody, file_name, arena);
	struct profile_source source = { .file = file_name, .path = absolute, .data = data, .length = length };
	size_t errors = diagnostics->errors;

	source.base_dir = source_directory(absolute, arena);
	source.name = source_stem(absolute, arena);
	if (request)
		source_identify(absolute, &source);
	merge_source(&loader, &source, NULL, NULL, 0);
	if (request && diagnostics->errors == errors)
		inputs_judge(&loader);
	if (diagnostics->errors > errors)
		return -1;
	merge_finish(&loader, &source);
	hash_source(&source, profile.sha256);
	if (out)
		*out = profile;
	return 0;
}
