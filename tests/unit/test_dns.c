/* net/dns and supervise/lookup: what the script sends is read with care, and what getent says is understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>

#include "net/dns.h"
#include "supervise/lookup.h"

#define HEADER "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
#define QUESTION \
	"\x03" \
	"API\x07" \
	"example\x03" \
	"com\x00\x00\x01\x00\x01"

static bool read_bytes(const char *bytes, size_t size, struct dns_query *query, enum dns_code *code)
{
	return dns_read_query((const uint8_t *)bytes, size, query, code);
}

#define READ(literal, query, code) read_bytes(literal, sizeof(literal) - 1, query, code)

static void a_question_is_read(void **state)
{
	struct dns_query query;
	enum dns_code code;

	(void)state;
	assert_true(READ(HEADER QUESTION, &query, &code));
	assert_int_equal(code, DNS_OK);
	assert_string_equal(query.name, "api.example.com");
	assert_int_equal(query.type, DNS_TYPE_A);
	assert_int_equal(query.head_size, sizeof(HEADER QUESTION) - 1);
	/* what follows (EDNS) does not matter */
	assert_true(READ(HEADER QUESTION "\x00\x00\x29\x04\xd0", &query, &code));
	assert_int_equal(code, DNS_OK);
}

static void hostile_questions_are_not_understood(void **state)
{
	struct dns_query query;
	enum dns_code code;
	char longest[12 + 300 + 5] = HEADER;

	(void)state;
	assert_false(READ("\x12\x34\x01", &query, &code));
	assert_false(READ("\x12\x34\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00" QUESTION, &query, &code));
	assert_true(READ(HEADER "\x05"
	                        "ab",
	                 &query, &code));
	assert_int_equal(code, DNS_FORMAT_ERROR);
	assert_true(READ(HEADER "\xc0\x0c\x00\x01\x00\x01", &query, &code));
	assert_int_equal(code, DNS_FORMAT_ERROR);
	assert_true(READ(HEADER, &query, &code));
	assert_int_equal(code, DNS_FORMAT_ERROR);
	assert_int_equal(query.head_size, 12);
	/* a label that holds a dot is no other name, and an option of getent is no name */
	assert_true(READ(HEADER "\x0f"
	                        "api.example.com\x00\x00\x01\x00\x01",
	                 &query, &code));
	assert_int_equal(code, DNS_NO_NAME);
	assert_string_equal(query.name, "");
	assert_true(READ(HEADER "\x03"
	                        "a\x00"
	                        "b\x00\x00\x01\x00\x01",
	                 &query, &code));
	assert_int_equal(code, DNS_NO_NAME);
	assert_true(READ(HEADER "\x06"
	                        "--help\x00\x00\x01\x00\x01",
	                 &query, &code));
	assert_int_equal(code, DNS_NO_NAME);
	assert_true(READ(HEADER "\x00\x00\x01\x00\x01", &query, &code));
	assert_int_equal(code, DNS_NO_NAME);
	for (size_t i = 0; i < 150; i++)
		memcpy(longest + 12 + 2 * i,
		       "\x01"
		       "a",
		       2);
	assert_true(read_bytes(longest, sizeof(longest), &query, &code));
	assert_int_equal(code, DNS_FORMAT_ERROR);
}

static void answers_hold_what_was_asked_for(void **state)
{
	const struct net_address addresses[] = {
		{ AF_INET, { 192, 0, 2, 1 } },
		{ AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
		{ AF_INET, { 192, 0, 2, 2 } },
	};
	struct dns_query query;
	enum dns_code code;
	uint8_t out[DNS_MESSAGE_MAX];
	size_t size;

	(void)state;
	assert_true(READ(HEADER QUESTION, &query, &code));
	size = dns_write_answer(&query, DNS_OK, addresses, 3, out);
	assert_int_equal(size, query.head_size + 2 * 16);
	assert_memory_equal(out, "\x12\x34\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00", 12);
	assert_memory_equal(out + query.head_size, "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\xc0\x00\x02\x01",
	                    16);
	query.type = DNS_TYPE_AAAA;
	assert_int_equal(dns_write_answer(&query, DNS_OK, addresses, 3, out), query.head_size + 28);
	query.type = 16;
	assert_int_equal(dns_write_answer(&query, DNS_OK, addresses, 3, out), query.head_size);
	size = dns_write_answer(&query, DNS_NO_NAME, NULL, 0, out);
	assert_int_equal(size, query.head_size);
	assert_int_equal(out[3] & 15, DNS_NO_NAME);
}

static void too_many_addresses_have_no_room(void **state)
{
	struct net_address addresses[64];
	struct dns_query query;
	enum dns_code code;
	uint8_t out[DNS_MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < 64; i++)
		addresses[i] = (struct net_address){ AF_INET6, { 0x20, (uint8_t)i } };
	assert_true(READ(HEADER QUESTION, &query, &code));
	query.type = DNS_TYPE_AAAA;
	assert_in_range(dns_write_answer(&query, DNS_OK, addresses, 64, out), 400, sizeof(out));
	assert_int_equal(out[7], 17);
}

static void the_output_of_getent_is_understood(void **state)
{
	static const char output[] =
		"93.184.215.14   STREAM example.com\n93.184.215.14   DGRAM  \n93.184.215.14   RAW\n"
		"2001:db8::1     STREAM \nfe80::1%eth0    STREAM \nrubbish\n\n10.0.0.1 cut";
	struct net_address found[8];

	(void)state;
	assert_int_equal(lookup_parse(output, sizeof(output) - 1, found, 8), 2);
	assert_int_equal(found[0].family, AF_INET);
	assert_int_equal(found[1].family, AF_INET6);
	assert_int_equal(lookup_parse(output, sizeof(output) - 1, found, 1), 1);
	assert_int_equal(lookup_parse("", 0, found, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_read),
		cmocka_unit_test(hostile_questions_are_not_understood),
		cmocka_unit_test(answers_hold_what_was_asked_for),
		cmocka_unit_test(too_many_addresses_have_no_room),
		cmocka_unit_test(the_output_of_getent_is_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
