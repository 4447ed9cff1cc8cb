/* libFuzzer: any bytes as a profile. Nothing may crash, and what is taken must read back the same after it was written
 * out. */
#include <stdio.h>
#include <stdlib.h>

#include "profile/fields.h"
#include "profile/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void stop(const char *what, const struct diagnostics *diagnostics, const char *emitted)
{
	fprintf(stderr, "%s\n", what);
	for (size_t i = 0; i < diagnostics->count; i++)
		fprintf(stderr, "%u:%u: %s\n", diagnostics->items[i].pos.line, diagnostics->items[i].pos.column,
		        diagnostics->items[i].message);
	fprintf(stderr, "%s\n", emitted);
	abort();
}

static void check_round_trip(const struct profile *profile, struct arena *arena)
{
	struct diagnostics diagnostics = { .arena = arena };
	TEXT_CLEANUP struct text emitted = { 0 };
	struct profile again;

	profile_emit(profile, &emitted);
	if (profile_check("/elsewhere/again.yaml", text_string(&emitted), emitted.length, NULL, arena, &again,
	                  &diagnostics))
		stop("what was written out is refused", &diagnostics, text_string(&emitted));
	if (!profile_equal(profile, &again))
		stop("what was written out reads back as another profile", &diagnostics, text_string(&emitted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Built-in profiles may be extended; no file is to be found, so that a run depends on its input only. */
	static const struct profile_request request = { .cwd = "/nonexistent" };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct diagnostics diagnostics = { .arena = &arena };
	struct profile profile;

	if (profile_check("/nonexistent/fuzz.yaml", (const char *)data, size, &request, &arena, &profile,
	                  &diagnostics) == 0)
		check_round_trip(&profile, &arena);
	else if (diagnostics.errors == 0)
		stop("refused without a reason", &diagnostics, "");
	diagnostics_sort(&diagnostics);
	return 0;
}
