/* What came by stdin: text, or one JSON value (RFC 8259). What json-c or Python would do with it is another matter:
 * this only tells whether it is well-formed, in one pass, with a stack of one bit a level. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "plan/inputs.h"

enum { DEPTH_MAX = 256 };

/* Python's json refuses deeper nesting than its stack at some thousand levels; nobody honest comes near. */
struct json {
	const char *at, *end;
	uint8_t is_object[DEPTH_MAX / 8];
	unsigned depth;
	const char *wrong;
};

static int refuse(struct error *err, const char *data, const char *at, const char *wrong)
{
	size_t line = 1;

	for (; data < at; data++)
		line += *data == '\n';
	return error_set(err, CODE_BAD_INPUT, "stdin, line %zu: %s", line, wrong);
}

static const char *first_unplain(const char *at, const char *end)
{
	while (at < end) {
		size_t length = plain_length(at, (size_t)(end - at));

		if (length == 0 && !(*at && strchr("\n\r\t\f", *at)))
			return at;
		at += length ? length : 1;
	}
	return NULL;
}

static void skip_blank(struct json *json)
{
	while (json->at < json->end && *json->at && strchr(" \t\r\n", *json->at))
		json->at++;
}

static bool fail(struct json *json, const char *wrong)
{
	json->wrong = wrong;
	return false;
}

static bool read_escape(struct json *json)
{
	if (json->at == json->end || *json->at == '\0')
		return false;
	if (strchr("\"\\/bfnrt", *json->at)) {
		json->at++;
		return true;
	}
	if (*json->at++ != 'u' || json->end - json->at < 4)
		return false;
	for (int i = 0; i < 4; i++, json->at++)
		if (*json->at == '\0' || !strchr("0123456789abcdefABCDEF", *json->at))
			return false;
	return true;
}

static bool read_string(struct json *json)
{
	for (json->at++; json->at < json->end && *json->at != '"';) {
		size_t length = utf8_length(json->at, (size_t)(json->end - json->at));

		if (length == 0 || (unsigned char)*json->at < 0x20)
			return fail(json, "a string with a control character or bytes that are not UTF-8");
		json->at += length;
		if (json->at[-1] == '\\' && length == 1 && !read_escape(json))
			return fail(json, "a string with an escape that JSON does not have");
	}
	if (json->at == json->end)
		return fail(json, "a string without an end");
	json->at++;
	return true;
}

static size_t read_digits(struct json *json)
{
	const char *start = json->at;

	while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
		json->at++;
	return (size_t)(json->at - start);
}

static bool is_next(const struct json *json, const char *characters)
{
	return json->at < json->end && *json->at && strchr(characters, *json->at);
}

static bool read_number(struct json *json)
{
	static const char wrong[] = "a number that JSON does not have";
	bool zero;

	json->at += *json->at == '-';
	zero = is_next(json, "0");
	if (zero)
		json->at++;
	if (zero ? is_next(json, "0123456789") : read_digits(json) == 0)
		return fail(json, wrong);
	if (is_next(json, ".") && (json->at++, read_digits(json) == 0))
		return fail(json, wrong);
	if (is_next(json, "eE")) {
		json->at++;
		json->at += is_next(json, "+-");
		if (read_digits(json) == 0)
			return fail(json, wrong);
	}
	return true;
}

static bool read_word(struct json *json)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(json->end - json->at) >= length && memcmp(json->at, words[i], length) == 0) {
			json->at += length;
			return true;
		}
	}
	return fail(json, "no JSON value");
}

static bool enter(struct json *json, bool object)
{
	uint8_t bit = (uint8_t)(1u << json->depth % 8);

	if (json->depth == DEPTH_MAX)
		return fail(json, "JSON that is nested more than 256 deep");
	if (object)
		json->is_object[json->depth / 8] |= bit;
	else
		json->is_object[json->depth / 8] &= (uint8_t)~bit;
	json->depth++;
	json->at++;
	return true;
}

static bool is_in_object(const struct json *json)
{
	return json->depth > 0 && json->is_object[(json->depth - 1) / 8] >> (json->depth - 1) % 8 & 1;
}

/* `"name":`, the blanks around it included. */
static bool read_name(struct json *json)
{
	skip_blank(json);
	if (!is_next(json, "\""))
		return fail(json, "an object without a name in quotes");
	if (!read_string(json))
		return false;
	skip_blank(json);
	if (!is_next(json, ":"))
		return fail(json, "a name without \":\"");
	json->at++;
	return true;
}

static bool close_levels(struct json *json, bool *more)
{
	for (;;) {
		skip_blank(json);
		*more = false;
		if (json->depth == 0)
			return true;
		if (is_next(json, ",")) {
			json->at++;
			*more = true;
			return !is_in_object(json) || read_name(json);
		}
		if (!is_next(json, is_in_object(json) ? "}" : "]"))
			return fail(json,
			            json->at == json->end ? "JSON that does not end" : "JSON with a wrong separator");
		json->at++;
		json->depth--;
	}
}

/* A scalar, or the beginning of a list or an object; *opened: its first value follows. */
static bool read_value(struct json *json, bool *opened)
{
	*opened = false;
	skip_blank(json);
	if (json->at == json->end)
		return fail(json, "JSON that does not end");
	if (is_next(json, "{[")) {
		bool object = *json->at == '{';

		if (!enter(json, object))
			return false;
		skip_blank(json);
		*opened = !is_next(json, object ? "}" : "]");
		return !*opened || !object || read_name(json);
	}
	if (*json->at == '"')
		return read_string(json);
	return is_next(json, "-0123456789") ? read_number(json) : read_word(json);
}

static bool read_json(struct json *json)
{
	bool more = true;

	while (more) {
		bool opened;

		if (!read_value(json, &opened))
			return false;
		if (!opened && !close_levels(json, &more))
			return false;
	}
	return json->at == json->end || fail(json, "more than one JSON value");
}

int input_stdin_check(const char *data, size_t length, enum stdin_type type, struct error *err)
{
	struct json json = { .at = data, .end = data + length };
	const char *at;

	if (type == STDIN_TYPE_TEXT && (at = first_unplain(data, data + length)))
		return refuse(err, data, at, "a control character, or bytes that are not UTF-8");
	if (type == STDIN_TYPE_JSON && !read_json(&json))
		return refuse(err, data, json.at, json.wrong);
	return 0;
}
