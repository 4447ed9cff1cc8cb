#include "supervise/last_words.h"

#include <stdint.h>
#include <string.h>

char *last_words_room(struct last_words *words, size_t size)
{
	size_t over = words->length + size > sizeof(words->text) ? words->length + size - sizeof(words->text) : 0;

	memmove(words->text, words->text + over, words->length - over);
	words->length -= over;
	return words->text + words->length;
}

struct reader {
	const char *at, *end;
};

static bool skip(struct reader *in, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(in->end - in->at) < length || memcmp(in->at, word, length) != 0)
		return false;
	in->at += length;
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *in, unsigned digits, uint32_t *out)
{
	*out = 0;
	for (; digits > 0; digits--, in->at++) {
		int digit = in->at < in->end ? hex_digit(*in->at) : -1;

		if (digit < 0)
			return false;
		*out = *out << 4 | (uint32_t)digit;
	}
	return true;
}

/* UTF-8; a byte that was none stands as U+DC80 to U+DCFF (PEP 383). Returns how many bytes; 0: it is no name's. */
static size_t encode(uint32_t code, bool raw, char out[4])
{
	if (raw || code < 0x80 || (code >= 0xdc80 && code <= 0xdcff)) {
		out[0] = (char)(code & 0xff);
		return code != 0;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return code < 0xd800 || code > 0xdfff ? 3 : 0;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return code < 0x110000 ? 4 : 0;
}

/* Behind the backslash. */
static bool read_escape(struct reader *in, uint32_t *code)
{
	static const struct {
		char letter;
		uint8_t digits;
		char code;
	} escapes[] = { { 'x', 2, 0 },    { 'u', 4, 0 },     { 'U', 8, 0 },     { 'n', 0, '\n' }, { 'r', 0, '\r' },
		        { 't', 0, '\t' }, { '\\', 0, '\\' }, { '\'', 0, '\'' }, { '"', 0, '"' } };

	for (size_t i = 0; in->at < in->end && i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (*in->at != escapes[i].letter)
			continue;
		in->at++;
		*code = (uint32_t)escapes[i].code;
		return !escapes[i].digits || read_hex(in, escapes[i].digits, code);
	}
	return false;
}

/* repr() of str or bytes. */
static bool read_name(struct reader *in, char *out, size_t size)
{
	bool raw = skip(in, "b");
	char quote = in->at < in->end ? *in->at++ : '\0', bytes[4];
	size_t length = 0;

	if (quote != '\'' && quote != '"')
		return false;
	while (in->at < in->end && *in->at != quote) {
		uint32_t code = (unsigned char)*in->at++;
		bool plain = code != '\\';
		size_t count;

		if (!plain && !read_escape(in, &code))
			return false;
		count = encode(code, raw || plain, bytes);
		if (!count || length + count >= size)
			return false;
		memcpy(out + length, bytes, count);
		length += count;
	}
	out[length] = '\0';
	return in->at++ < in->end && length > 0;
}

/* "FileNotFoundError: [Errno 2] No such file or directory: '/etc/passwd'" */
static bool read_exception(const char *line, const char *end, struct last_exception *out)
{
	struct reader in = { line, end };

	while (in.at < end &&
	       ((*in.at >= 'a' && *in.at <= 'z') || (*in.at >= 'A' && *in.at <= 'Z') || *in.at == '.' || *in.at == '_'))
		in.at++;
	if (in.at == line || !skip(&in, ": [Errno "))
		return false;
	out->sys_errno = 0;
	while (in.at < end && *in.at >= '0' && *in.at <= '9' && out->sys_errno < 1000)
		out->sys_errno = out->sys_errno * 10 + (*in.at++ - '0');
	if (!skip(&in, "] "))
		return false;
	while (in.at < end && *in.at != ':')
		in.at++;
	/* a second name, as rename has it, is not judged */
	return skip(&in, ": ") && read_name(&in, out->target, sizeof(out->target)) && in.at == end;
}

static bool holds(const char *line, const char *end, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(end - line) > length && memmem(line, (size_t)(end - line), word, length);
}

bool last_words_find(const char *text, size_t length, struct last_exception *out)
{
	const char *line = text, *end = text + length, *next;
	struct last_exception one;
	bool found = false, traced = false, program = false;

	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			break; /* not written to its end */
		if (next - line > 8 && memcmp(line, "  File \"", 8) == 0) {
			traced = true;
			program = holds(line, next, "/subprocess.py\", line ");
		} else if (traced && read_exception(line, next, &one)) {
			*out = one;
			out->program = program;
			found = true;
			traced = false;
		}
	}
	return found;
}
