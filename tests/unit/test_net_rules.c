/* net/rules: what is accepted, what is refused with which words, what covers what. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/rules.h"

static struct net_rule rule_of(const char *text)
{
	struct net_rule rule;
	struct error err = { 0 };

	if (net_rule_parse(text, &rule, &err))
		fail_msg("%s: %s", text, err.message);
	return rule;
}

static void reads_every_form(void **state)
{
	struct net_rule rule;

	(void)state;
	rule = rule_of("API.Example.com.:443");
	assert_int_equal(rule.kind, NET_RULE_NAME);
	assert_string_equal(rule.name, "api.example.com");
	assert_int_equal(rule.port, 443);
	assert_int_equal(rule.port_last, 443);
	rule = rule_of("*.cdn.net:443");
	assert_int_equal(rule.kind, NET_RULE_SUFFIX);
	assert_string_equal(rule.name, "cdn.net");
	rule = rule_of("10.0.0.0/8:5432");
	assert_int_equal(rule.kind, NET_RULE_ADDRESS);
	assert_int_equal(rule.family, AF_INET);
	assert_int_equal(rule.prefix, 8);
	rule = rule_of("192.0.2.1:80");
	assert_int_equal(rule.prefix, 32);
	rule = rule_of("[2001:db8::/32]:443");
	assert_int_equal(rule.family, AF_INET6);
	assert_int_equal(rule.prefix, 32);
	rule = rule_of("[::1]:53");
	assert_int_equal(rule.prefix, 128);
	rule = rule_of("db:5432");
	assert_string_equal(rule.name, "db");
	rule = rule_of("my_db:8000-8010");
	assert_int_equal(rule.port, 8000);
	assert_int_equal(rule.port_last, 8010);
	assert_int_equal(rule_of("*:443").kind, NET_RULE_ANYWHERE);
	rule = rule_of("unix:/run/pg/.s.PGSQL.5432");
	assert_int_equal(rule.kind, NET_RULE_UNIX);
	assert_string_equal(rule.path, "/run/pg/.s.PGSQL.5432");
	assert_string_equal(rule_of("unix:${HOME}/sock").path, "${HOME}/sock");
}

static void refuses_with_the_right_form(void **state)
{
	const struct {
		const char *text, *message, *hint;
	} rows[] = {
		{ "example.com", "\"example.com\" has no port", "Did you mean \"example.com:443\"?" },
		{ "https://example.com/", "\"https://example.com/\" is a URL, not host:port",
		  "Write api.example.com:443" },
		{ "2001:db8::1:443", "is not host:port", "IPv6 addresses stand in brackets" },
		{ "10.1.0.0/8:53", "has bits set behind its prefix", "Did you mean \"10.0.0.0/8:53\"?" },
		{ "[2001:db8::1/32]:53", "has bits set behind its prefix", "Did you mean \"[2001:db8::/32]:53\"?" },
		{ "300.1.1.1:80", "holds no valid address", "" },
		{ "10.0.0:80", "holds no valid address", "" },
		{ "10.0.0.0/33:80", "has no valid prefix length", "0 to 32" },
		{ "10.0.0.0/:80", "has no valid prefix length", "" },
		{ "[::/129]:80", "has no valid prefix length", "0 to 128" },
		{ "a.*.net:443", "has a * in the middle of a name", "*.cdn.net:443" },
		{ "*cdn.net:443", "has a * in the middle", "" },
		{ "a b:443", "holds no valid host name", "" },
		{ "-a.net:443", "holds no valid host name", "" },
		{ "a-.net:443", "holds no valid host name", "" },
		{ "a..net:443", "holds no valid host name", "" },
		{ "example.1:443", "holds no valid host name", "" },
		{ "host:0", "has no valid port", "1 to 65535" },
		{ "host:65536", "has no valid port", "" },
		{ "host:+1", "has no valid port", "" },
		{ "host:", "has no valid port", "" },
		{ "host:9-8", "has no valid port", "" },
		{ "host:1-", "has no valid port", "" },
		{ ":443", "is not host:port", "" },
		{ "[::1]443", "is not host:port", "" },
		{ "[10.0.0.1]:443", "is not host:port", "" },
		{ "", "has no port", "" },
		{ "unix:run/pg", "names no absolute path", "unix:/run" },
		{ "unix:", "names no absolute path", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_rule rule = { .port = 7 };
		struct error err = { 0 };

		assert_int_equal(net_rule_parse(rows[i].text, &rule, &err), -1);
		assert_int_equal(err.code, CODE_BAD_VALUE);
		if (!strstr(err.message, rows[i].message) || !strstr(err.hint, rows[i].hint))
			fail_msg("%s: %s / %s", rows[i].text, err.message, err.hint);
		assert_int_equal(rule.port, 7);
	}
}

static void long_names_are_refused(void **state)
{
	struct net_rule rule;
	struct error err;
	char text[400];

	(void)state;
	memset(text, 'a', sizeof(text));
	strcpy(text + 64, ".net:80"); /* a label of 64 */
	assert_int_equal(net_rule_parse(text, &rule, &err), -1);
	memset(text, 'a', sizeof(text));
	strcpy(text + 63, ".net:80");
	assert_int_equal(net_rule_parse(text, &rule, &err), 0);
	memset(text, 'a', sizeof(text));
	strcpy(text + 350, ".net:80");
	assert_int_equal(net_rule_parse(text, &rule, &err), -1);
}

static void covers_what_it_contains(void **state)
{
	const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{ "a.net:443", "a.net:443", true },
		{ "a.net:443", "b.net:443", false },
		{ "a.net:443", "a.net:80", false },
		{ "a.net:1-1000", "a.net:80-90", true },
		{ "a.net:80-90", "a.net:1-1000", false },
		{ "*.net:443", "a.net:443", true },
		{ "*.a.net:443", "a.net:443", false },
		{ "*.a.net:443", "x.y.a.net:443", true },
		{ "*.a.net:443", "ba.net:443", false },
		{ "*.net:443", "*.a.net:443", true },
		{ "*.a.net:443", "*.net:443", false },
		{ "10.0.0.0/8:1", "10.2.0.0/16:1", true },
		{ "10.2.0.0/16:1", "10.0.0.0/8:1", false },
		{ "10.0.0.0/8:1", "11.0.0.1:1", false },
		{ "0.0.0.0/0:1", "192.0.2.1:1", true },
		{ "0.0.0.0/0:1", "[::1]:1", false },
		{ "[2001:db8::/33]:1", "[2001:db8:8000::]:1", false },
		{ "*:443", "a.net:443", true },
		{ "*:443", "unix:/a", false },
		{ "unix:/a", "unix:/a", true },
		{ "unix:/a", "unix:/ab", false },
		{ "0.0.0.0/0:443", "a.net:443", false },
		{ "a.net:443", "*:443", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_rule outer = rule_of(rows[i].outer), inner = rule_of(rows[i].inner);

		if (net_rule_covers(&outer, &inner) != rows[i].covers)
			fail_msg("%s covers %s: expected %d", rows[i].outer, rows[i].inner, rows[i].covers);
	}
}

static void matches_addresses_and_names(void **state)
{
	struct net_rule net = rule_of("10.0.0.0/9:5432"), name = rule_of("*.example.com:443"),
			six = rule_of("[::1]:1-9");
	uint8_t inside[] = { 10, 127, 255, 255 }, outside[] = { 10, 128, 0, 0 };
	struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

	(void)state;
	assert_true(net_rule_matches_address(&net, AF_INET, inside, 5432));
	assert_false(net_rule_matches_address(&net, AF_INET, inside, 5433));
	assert_false(net_rule_matches_address(&net, AF_INET, outside, 5432));
	assert_false(net_rule_matches_address(&net, AF_INET6, &loopback, 5432));
	assert_true(net_rule_matches_address(&six, AF_INET6, &loopback, 9));
	assert_false(net_rule_matches_address(&name, AF_INET, inside, 443));
	assert_true(net_rule_matches_name(&name, "WWW.example.com.", 443));
	assert_false(net_rule_matches_name(&name, "example.com", 443));
	assert_false(net_rule_matches_name(&name, "evilexample.com", 443));
	assert_false(net_rule_matches_name(&name, "www.example.com", 80));
	assert_false(net_rule_matches_name(&net, "10.0.0.1", 5432));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_form),
		cmocka_unit_test(refuses_with_the_right_form),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(covers_what_it_contains),
		cmocka_unit_test(matches_addresses_and_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
