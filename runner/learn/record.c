#include "learn/record.h"

#include <string.h>

static unsigned bucket_of(const char *target, bool of_file)
{
	uint32_t hash = of_file ? 2166136261u : 33u;

	for (; *target; target++)
		hash = (hash ^ (unsigned char)*target) * 16777619u;
	return hash % RECORD_BUCKETS;
}

/* In place; `path` is absolute. */
static void clean(char *path)
{
	char *to = path;

	for (const char *at = path; *at;) {
		size_t length;

		at += strspn(at, "/");
		length = strcspn(at, "/");
		if (length == 2 && at[0] == '.' && at[1] == '.') {
			while (to > path && *--to != '/')
				;
		} else if (length && !(length == 1 && at[0] == '.')) {
			*to++ = '/';
			memmove(to, at, length);
			to += length;
		}
		at += length;
	}
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

static struct learned *find(struct learn_record *record, unsigned bucket, unsigned use, const char *target)
{
	for (unsigned i = record->buckets[bucket]; i; i = record->items[i - 1].next) {
		struct learned *item = &record->items[i - 1];
		bool same_kind = !(item->uses & USE_OF_FILES) == !(use & USE_OF_FILES) &&
		                 ((use & USE_OF_FILES) || (item->uses & use));

		if (same_kind && strcmp(item->target, target) == 0)
			return item;
	}
	return NULL;
}

static const char *copy(struct learn_record *record, const char *text)
{
	if (!text)
		return NULL;
	record->bytes += strlen(text) + 1;
	return arena_strdup(record->arena, text);
}

void record_add(struct learn_record *record, unsigned use, const char *target, const struct learned_at *at)
{
	bool of_file = use & USE_OF_FILES;
	char path[4352];
	struct learned *item;
	unsigned bucket;

	if (!target || !*target || strlen(target) >= sizeof(path) || (of_file && target[0] != '/')) {
		record->dropped++;
		return;
	}
	strcpy(path, target);
	if (of_file)
		clean(path);
	bucket = bucket_of(path, of_file);
	item = find(record, bucket, use, path);
	if (item) {
		item->uses |= use;
		item->count++;
		return;
	}
	if (record->count >= RECORD_TARGETS_MAX || record->bytes >= RECORD_BYTES_MAX) {
		record->dropped++;
		return;
	}
	record->items = arena_grow(record->arena, record->items, record->count, sizeof(*record->items));
	item = &record->items[record->count++];
	*item = (struct learned){ .target = copy(record, path),
		                  .uses = use,
		                  .count = 1,
		                  .file = at ? copy(record, at->file) : NULL,
		                  .function = at ? copy(record, at->function) : NULL,
		                  .line = at ? at->line : 0,
		                  .next = record->buckets[bucket] };
	record->buckets[bucket] = (unsigned)record->count;
}
