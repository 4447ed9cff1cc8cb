/* What may leave a sandbox, by name and by content: every refusal and the neighbour that passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "policy/content_types.h"
#include "policy/output_names.h"

#define TOO_LONG_255 \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names_are_portable_or_refused(void **state)
{
	static const char dot[] = "the name begins with a dot", dash[] = "the name begins with a dash",
			  characters[] = "the name holds more than letters, digits, '.', '_' and '-'",
			  size[] = "the name is empty or too long", profile[] = "the name is that of a profile";
	static const struct {
		const char *name, *fault;
	} rows[] = {
		{ "a", NULL },
		{ "thumbnail-1_of.2.PNG", NULL },
		{ "_x", NULL },
		{ "9", NULL },
		{ "x-", NULL },
		{ "..", dot },
		{ ".bashrc", dot },
		{ "-rf", dash },
		{ "a b", characters },
		{ "a\tb", characters },
		{ "a\nb", characters },
		{ "a\033[2Jb", characters },
		{ "a\x7f", characters },
		{ "a/b", characters },
		{ "a\\b", characters },
		{ "a:b", characters },
		{ "a*", characters },
		{ "$(x)", characters },
		{ "\xc3\xbc.png", characters },
		{ "exe.\xe2\x80\xaegnp", characters },
		{ "a\xff", characters },
		{ "", size },
		{ TOO_LONG_255, NULL },
		{ TOO_LONG_255 "a", size },
		{ "report.pyconfine.yaml", profile },
		{ "report.PYCONFINE.yaml", profile },
		{ "report.yaml", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *fault = output_name_fault(rows[i].name);

		if (!fault != !rows[i].fault || (fault && strcmp(fault, rows[i].fault)))
			fail_msg("\"%s\": %s instead of %s", rows[i].name, fault ? fault : "accepted",
			         rows[i].fault ? rows[i].fault : "accepted");
	}
}

static void the_longest_suffix_decides(void **state)
{
	static const char *const suffixes[] = { ".gz", ".tar.gz", ".png" };

	(void)state;
	assert_string_equal(output_name_suffix("a.tar.gz", suffixes, 3), ".tar.gz");
	assert_string_equal(output_name_suffix("a.gz", suffixes, 3), ".gz");
	assert_string_equal(output_name_suffix("a.exe.png", suffixes, 3), ".png");
	assert_null(output_name_suffix("a.PNG", suffixes, 3));
	assert_null(output_name_suffix(".png", suffixes, 3));
	assert_null(output_name_suffix("png", suffixes, 3));
	assert_null(output_name_suffix("a.png.exe", suffixes, 3));
	assert_null(output_name_suffix("a.png", suffixes, 0));
}

/* In blocks of every size, so that no character and no beginning is lost at the end of one. */
static bool is_type(const char *name, const char *data, size_t length)
{
	const struct content_type *type = content_type_find(name);
	bool result = false;

	assert_non_null(type);
	for (size_t block = 1; block <= length + 1; block++) {
		struct content_check check;
		bool now;

		content_check_begin(&check, type);
		for (size_t at = 0; at < length; at += block)
			content_check_add(&check, data + at, length - at < block ? length - at : block);
		now = content_check_end(&check);
		if (block > 1 && now != result)
			fail_msg("%s: a block of %zu bytes decides otherwise", name, block);
		result = now;
	}
	return result;
}

#define DATA(text) text, sizeof(text) - 1

static void content_is_what_the_name_says(void **state)
{
	static const struct {
		const char *name, *data;
		size_t length;
		bool right;
	} rows[] = {
		{ "a.png", DATA("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), true },
		{ "A.PNG", DATA("\x89PNG\r\n\x1a\n"), true },
		{ "a.png", DATA("\x89PNG\r\n\x1a"), false },
		{ "a.png", DATA(""), false },
		{ "a.png", DATA("#!/bin/sh\necho"), false },
		{ "a.png", DATA("\xff\xd8\xff\xe0"), false },
		{ "a.jpg", DATA("\xff\xd8\xff\xe0"), true },
		{ "a.jpeg", DATA("\xff\xd8\xff\xdb"), true },
		{ "a.gif", DATA("GIF87a."), true },
		{ "a.gif", DATA("GIF89a."), true },
		{ "a.gif", DATA("GIF88a."), false },
		{ "a.webp", DATA("RIFF....WEBPVP8 "), true },
		{ "a.webp", DATA("RIFF....WAVEfmt "), false },
		{ "a.wav", DATA("RIFF....WAVEfmt "), true },
		{ "a.pdf", DATA("%PDF-1.7"), true },
		{ "a.pdf", DATA("\n%PDF-1.7"), false },
		{ "a.zip", DATA("PK\5\6"), true },
		{ "a.xlsx", DATA("PK\3\4...."), true },
		{ "a.xlsx", DATA("MZ\x90\0"), false },
		{ "a.odt", DATA("PK\3\4..........................mimetypeapplication/vnd.oasis.opendocument.text"),
		  true },
		{ "a.odt", DATA("PK\3\4..........................mimetypeapplication/epub+zip"), false },
		{ "a.tar.gz", DATA("\x1f\x8b\x08\0"), true },
		{ "a.tiff", DATA("MM\0*...."), true },
		{ "a.mp3", DATA("\xff\xf2.."), true },
		{ "a.txt", DATA(""), true },
		{ "a.txt", DATA("Zucker \xc3\xbc\xf0\x9f\x98\x80\r\n\tx\f"), true },
		{ "a.txt", DATA("a\0b"), false },
		{ "a.txt", DATA("a\x1b[2J"), false },
		{ "a.txt", DATA("a\x7f"), false },
		{ "a.txt", DATA("caf\xe9 au lait"), false },
		{ "a.txt", DATA("\xc2\xa0"), true },
		{ "a.txt",
		  DATA("\xc2\x9b"
		       "2J"),
		  false },
		{ "a.txt", DATA("\xc3"), false },
		{ "a.txt", DATA("\xed\xa0\x80"), false },
		{ "a.txt", DATA("\xc0\xaf"), false },
		{ "a.txt",
		  DATA("\xff\xfe"
		       "a\0"),
		  false },
		{ "a.csv",
		  DATA("\xef\xbb\xbf"
		       "a,b\n1,2\n"),
		  true },
		{ "a.csv", DATA("PK\3\4"), false },
		{ "a.json", DATA(" \n{\"a\": 1}"), true },
		{ "a.json", DATA("\xef\xbb\xbf[]"), true },
		{ "a.json", DATA("-1"), true },
		{ "a.json", DATA(""), false },
		{ "a.json", DATA("<html>"), false },
		{ "a.json", DATA("{\0}"), false },
		{ "a.svg", DATA("\n<svg>"), true },
		{ "a.svg", DATA("GIF89a"), false },
		{ "a.html", DATA("<!DOCTYPE html>"), true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (is_type(rows[i].name, rows[i].data, rows[i].length) != rows[i].right)
			fail_msg("row %zu: %s", i, rows[i].name);
}

/* Every row: its own bytes pass, and not those of another format. */
static void every_type_knows_its_own(void **state)
{
	(void)state;
	for (const struct content_type *type = content_types; type->suffix; type++) {
		assert_int_equal(type->suffix[0], '.');
		assert_ptr_equal(content_type_find(type->suffix), type);
		for (size_t i = 0; type->kind == CONTENT_BINARY && i < CONTENT_ALTERNATIVES_MAX; i++) {
			char data[CONTENT_HEAD_MAX] = { 0 };
			size_t end = 0;

			for (size_t k = 0; k < 2; k++) {
				const struct content_bytes *bytes = &type->alternatives[i][k];

				assert_true(bytes->offset + bytes->length <= CONTENT_HEAD_MAX);
				if (bytes->length)
					memcpy(data + bytes->offset, bytes->bytes, bytes->length);
				if (bytes->length && (size_t)bytes->offset + bytes->length > end)
					end = (size_t)bytes->offset + bytes->length;
			}
			if (!end)
				continue;
			assert_true(is_type(type->suffix, data, end));
			assert_false(is_type(type->suffix, data, end - 1));
			memset(data, 'x', end);
			assert_false(is_type(type->suffix, data, end));
		}
	}
	assert_null(content_type_find("a.exe"));
	assert_null(content_type_find("png"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_portable_or_refused),
		cmocka_unit_test(the_longest_suffix_decides),
		cmocka_unit_test(content_is_what_the_name_says),
		cmocka_unit_test(every_type_knows_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
