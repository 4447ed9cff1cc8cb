/* base/: text and escaping, UTF-8, descriptors, hashes, the arena's limits, message pages. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/codes.h"
#include "base/exit_status.h"
#include "base/fds.h"
#include "base/sha256.h"
#include "base/text.h"

static void escapes_everything_that_drives_a_terminal(void **state)
{
	const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\x1b[2J", "\\x1b[2J" },
		{ "\x7f", "\\x7f" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },                   /* overlong '/' */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "\xe2\x82", "\\xe2\\x82" },                   /* cut short */
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b"
		  "31m" }, /* C1: CSI in one character */
		{ "a\xe2\x80\xae"
		  "b",
		  "a\\xe2\\x80\\xae"
		  "b" }, /* right-to-left override */
		{ "a\xe2\x81\xa6"
		  "b",
		  "a\\xe2\\x81\\xa6"
		  "b" },
		{ "\xf0\x9f\x90\x8d", "\xf0\x9f\x90\x8d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEXT_CLEANUP struct text text = { 0 };
		char buffer[64];

		text_add_escaped(&text, rows[i].in);
		assert_string_equal(text_string(&text), rows[i].out);
		assert_string_equal(escape_into(buffer, sizeof(buffer), rows[i].in), rows[i].out);
	}
}

static void cuts_what_does_not_fit_between_characters(void **state)
{
	char buffer[8];

	(void)state;
	assert_string_equal(escape_into(buffer, sizeof(buffer), "1234567"), "1234567");
	assert_string_equal(escape_into(buffer, sizeof(buffer), "12345678"), "1234...");
	assert_string_equal(escape_into(buffer, sizeof(buffer), "123\xc3\xbc\xc3\xbc\xc3\xbc"), "123...");
	assert_string_equal(escape_into(buffer, sizeof(buffer), "\n\n\n"), "\\x0a...");
	assert_string_equal(escape_into(buffer, 1, "abc"), "");
	assert_string_equal(escape_into(buffer, 3, "abc"), "..");
}

static void text_grows(void **state)
{
	TEXT_CLEANUP struct text text = { 0 };

	(void)state;
	assert_string_equal(text_string(&text), "");
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%d,", i);
	assert_int_equal(text.length, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(text.data), text.length);
	text_add_n(&text, "a\0b", 3);
	assert_memory_equal(text.data + text.length - 3, "a\0b", 4);
}

static void hashes_as_the_standard_says(void **state)
{
	/* FIPS 180-4's examples, and one that crosses a block where the length no longer fits. */
	const struct {
		const char *in, *hex;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sha256 hash;
		char hex[65];

		sha256_begin(&hash);
		for (const char *next = rows[i].in; *next; next++)
			sha256_add(&hash, next, 1);
		sha256_end(&hash, hex);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void reads_whole_files_and_not_more(void **state)
{
	char name[] = "/tmp/pyconfine-test-XXXXXX", buffer[16];
	FD_CLEANUP int fd = mkstemp(name);
	int moved;

	(void)state;
	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write_all(fd, "0123456789", 10), 0);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_all(fd, buffer, sizeof(buffer)), 10);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_all(fd, buffer, 10), 10);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_all(fd, buffer, 9), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(read_all(-1, buffer, 1), -1);
	moved = TAKE_FD(fd);
	assert_int_equal(fd, -1);
	assert_int_equal(close(moved), 0);
}

static void arena_memory_is_zeroed_and_apart(void **state)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	unsigned char *blocks[200];

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		size_t size = i * 977 % 20000 + 1;

		blocks[i] = arena_alloc(&arena, size);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(blocks[i][k], 0);
		memset(blocks[i], (int)i + 1, size);
	}
	for (size_t i = 0; i < 200; i++) {
		size_t size = i * 977 % 20000 + 1;

		assert_int_equal(blocks[i][0], (i + 1) & 0xff);
		assert_int_equal(blocks[i][size - 1], (i + 1) & 0xff);
	}
	assert_string_equal(arena_printf(&arena, "%s-%d", "a", 7), "a-7");
	assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
}

static void running_out_of_memory_ends_with_125(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct arena arena = { 0 };

		if (freopen("/dev/null", "w", stderr))
			arena_array(&arena, SIZE_MAX / 2, 3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_SETUP);
}

static void every_code_has_a_page_with_a_name_of_its_own(void **state)
{
	(void)state;
	for (int code = CODE_NONE + 1; code < CODE_COUNT; code++) {
		const struct message_page *page = &message_codes[code];

		assert_non_null(page->name);
		assert_true(strlen(page->title) > 5);
		assert_true(strlen(page->page) > 50);
		assert_int_equal(page->page[strlen(page->page) - 1], '\n');
		assert_int_equal(page->name[strspn(page->name, "abcdefghijklmnopqrstuvwxyz-")], 0);
		assert_int_equal(message_code_find(page->name), code);
	}
	assert_int_equal(message_code_find("no-such-code"), CODE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_everything_that_drives_a_terminal),
		cmocka_unit_test(cuts_what_does_not_fit_between_characters),
		cmocka_unit_test(text_grows),
		cmocka_unit_test(hashes_as_the_standard_says),
		cmocka_unit_test(reads_whole_files_and_not_more),
		cmocka_unit_test(arena_memory_is_zeroed_and_apart),
		cmocka_unit_test(running_out_of_memory_ends_with_125),
		cmocka_unit_test(every_code_has_a_page_with_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
