/* libFuzzer: changes to any bytes. The first byte chooses one, the rest is the profile. Nothing may crash, a comment
 * may not be lost by adding, and the same change a second time must change nothing. What comes out was compared with
 * what was meant already. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profile/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct patch_change changes[] = {
	{ "files.read", "/new", PATCH_ADD, true },
	{ "files.write", "/a #\"b\": {", PATCH_ADD, true },
	{ "exec", "/bin/ls", PATCH_ADD, true },
	{ "network.allow", "new.example:443", PATCH_ADD, true },
	{ "system.syscalls.allow", "mlock", PATCH_ADD, true },
	{ "env.allow", "NEW", PATCH_ADD, true },
	{ "limits.memory", "77M", PATCH_SET, false },
	{ "files.read", "/a", PATCH_REMOVE, false },
	{ "exec", "/a", PATCH_REMOVE, false },
	{ "limits.memory", NULL, PATCH_REMOVE, false },
};

static size_t count_of(const char *text, size_t length, char wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += text[i] == wanted;
	return count;
}

static void check(const struct patch_change *change, const char *data, size_t size, const struct text *out)
{
	TEXT_CLEANUP struct text again = { 0 };
	struct error err = { 0 };

	if (change->action == PATCH_REMOVE)
		return;
	if (change->action == PATCH_ADD && count_of(text_string(out), out->length, '#') < count_of(data, size, '#'))
		abort();
	if (profile_patch("/p/f.yaml", text_string(out), out->length, NULL, change, 1, &again, &err) ||
	    again.length != out->length || memcmp(again.data, out->data, out->length) != 0) {
		fprintf(stderr, "%s\n---\n%s\n%s\n", text_string(out), text_string(&again), err.message);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct patch_change *change;
	TEXT_CLEANUP struct text out = { 0 };
	struct error err = { 0 };

	if (size == 0)
		return 0;
	change = &changes[data[0] % (sizeof(changes) / sizeof(changes[0]))];
	data++;
	size--;
	if (profile_patch("/p/f.yaml", (const char *)data, size, NULL, change, 1, &out, &err) == 0)
		check(change, (const char *)data, size, &out);
	else if (out.length || !err.message[0])
		abort();
	return 0;
}
