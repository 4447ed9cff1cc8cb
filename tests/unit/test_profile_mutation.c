/* The corpus of the fuzzer, replayed and mutated without libFuzzer: nothing crashes, every refusal has a reason and a
 * place within the file, and what is taken reads back the same. The seed is fixed: a failure can be repeated. */
#include "profile_helpers.h"

#include <dirent.h>
#include <stdlib.h>

#define CORPUS "tests/fuzz/corpus/profile"
enum { SIZE_MAX_SEED = 8192, ROUNDS = 400 };

static uint64_t random_state = 88172645463325252u;

/* xorshift64: good enough for choosing bytes, and the same everywhere. */
static size_t below(size_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state % limit);
}

static uint32_t lines_of(const char *text, size_t length)
{
	uint32_t lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

static void check_one(const char *text, size_t length)
{
	static const struct profile_request request = { .cwd = "/nonexistent" };
	READING_CLEANUP struct reading reading;

	read_with(&reading, "/nonexistent/m.yaml", text, length, &request);
	if (reading.result == 0) {
		READING_CLEANUP struct reading again;
		TEXT_CLEANUP struct text emitted = { 0 };

		profile_emit(&reading.profile, &emitted);
		read_with(&again, "/elsewhere/m.yaml", text_string(&emitted), emitted.length, NULL);
		if (again.result || !profile_equal(&reading.profile, &again.profile)) {
			print_messages(&again);
			fail_msg("does not read back:\n%s", text_string(&emitted));
		}
		return;
	}
	assert_true(reading.diagnostics.errors > 0);
	for (size_t i = 0; i < reading.diagnostics.count; i++) {
		const struct diagnostic *item = &reading.diagnostics.items[i];

		assert_true(item->message[0] != '\0');
		assert_null(strpbrk(item->message, "\n\x1b"));
		assert_true(item->pos.line <= lines_of(text, length) + 1);
	}
}

/* One of: another byte, a byte gone, a piece doubled, a piece gone, an indicator put in. */
static size_t mutate(char *text, size_t length)
{
	static const char indicators[] = "&*!|>{}[]:,-?#\"'%@`\n\t\\$~<\x80\xff";
	size_t at = below(length + 1), piece = below(40) + 1;

	if (length == 0)
		return 0;
	if (at == length)
		at--;
	if (piece > length - at)
		piece = length - at;
	switch (below(5)) {
	case 0:
		text[at] = (char)below(256);
		return length;
	case 1:
		memmove(text + at, text + at + 1, length - at - 1);
		return length - 1;
	case 2:
		memmove(text + at + piece, text + at, length - at);
		return length + piece;
	case 3:
		memmove(text + at, text + at + piece, length - at - piece);
		return length - piece;
	default:
		text[at] = indicators[below(sizeof(indicators) - 1)];
		return length;
	}
}

static size_t read_seed(const char *name, char *text)
{
	char path[512];
	FILE *file;
	size_t length;

	snprintf(path, sizeof(path), CORPUS "/%s", name);
	file = fopen(path, "rb");
	assert_non_null(file);
	length = fread(text, 1, SIZE_MAX_SEED, file);
	fclose(file);
	return length;
}

static void the_corpus_and_its_mutations(void **state)
{
	static char seed[SIZE_MAX_SEED], text[SIZE_MAX_SEED + 400];
	DIR *corpus = opendir(CORPUS);
	struct dirent *entry;
	size_t files = 0;

	(void)state;
	assert_non_null(corpus);
	while ((entry = readdir(corpus))) {
		size_t length;

		if (entry->d_name[0] == '.')
			continue;
		length = read_seed(entry->d_name, seed);
		check_one(seed, length);
		for (int round = 0; round < ROUNDS; round++) {
			size_t mutated = length;

			memcpy(text, seed, length);
			for (size_t count = below(4) + 1; count > 0 && mutated < SIZE_MAX_SEED; count--)
				mutated = mutate(text, mutated);
			check_one(text, mutated);
		}
		files++;
	}
	closedir(corpus);
	assert_true(files >= 20);
}

/* Each good profile cut off after each byte. */
static void every_prefix(void **state)
{
	static char seed[SIZE_MAX_SEED];
	size_t length = read_seed("everything.yaml", seed);

	(void)state;
	for (size_t i = 0; i <= length; i++)
		check_one(seed, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_corpus_and_its_mutations),
		cmocka_unit_test(every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
