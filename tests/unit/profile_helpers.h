/* What the tests of the profile reader share: read a text, look for a message. */
#ifndef TESTS_PROFILE_HELPERS_H
#define TESTS_PROFILE_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "profile/fields.h"
#include "profile/load.h"

/* One read: its profile, its messages, and the arena that owns both. */
struct reading {
	struct arena arena;
	struct diagnostics diagnostics;
	struct profile profile;
	int result;
};

static inline void reading_free(struct reading *reading)
{
	arena_free(&reading->arena);
}

#define READING_CLEANUP __attribute__((cleanup(reading_free)))

static inline void read_with(struct reading *reading, const char *file, const char *text, size_t length,
                             const struct profile_request *request)
{
	*reading = (struct reading){ 0 };
	reading->diagnostics.arena = &reading->arena;
	reading->result = profile_check(file, text, length, request, &reading->arena, &reading->profile,
	                                &reading->diagnostics);
	diagnostics_sort(&reading->diagnostics);
}

/* `extends` is not followed: what the text itself says. */
static inline void read_alone(struct reading *reading, const char *text)
{
	read_with(reading, "test.yaml", text, strlen(text), NULL);
}

/* `extends` is followed; nothing outside of the built-in profiles is to be found. */
static inline void read_merged(struct reading *reading, const char *text)
{
	static const struct profile_request request = { .cwd = "/nowhere" };

	read_with(reading, "test.yaml", text, strlen(text), &request);
}

static inline const struct diagnostic *message_of(const struct reading *reading, enum message_code code)
{
	for (size_t i = 0; i < reading->diagnostics.count; i++)
		if (reading->diagnostics.items[i].code == code)
			return &reading->diagnostics.items[i];
	return NULL;
}

static inline void print_messages(const struct reading *reading)
{
	for (size_t i = 0; i < reading->diagnostics.count; i++) {
		const struct diagnostic *item = &reading->diagnostics.items[i];

		print_message("%s:%u:%u: %s [%s]\n", item->pos.file ? item->pos.file : "-", item->pos.line,
		              item->pos.column, item->message, message_codes[item->code].name);
	}
}

static inline void assert_clean(const struct reading *reading)
{
	if (reading->result || reading->diagnostics.errors)
		print_messages(reading);
	assert_int_equal(reading->result, 0);
	assert_int_equal(reading->diagnostics.errors, 0);
}

/* Exactly one message of that code, with this text, at this place. */
static inline void assert_message(const struct reading *reading, enum message_code code, uint32_t line, uint32_t column,
                                  uint32_t length, const char *text)
{
	const struct diagnostic *item = message_of(reading, code);

	if (!item)
		print_messages(reading);
	assert_non_null(item);
	assert_string_equal(item->message, text);
	assert_int_equal(item->pos.line, line);
	assert_int_equal(item->pos.column, column);
	assert_int_equal(item->length, length);
}

#endif
