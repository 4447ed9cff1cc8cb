/* net/decide: which addresses are whose, and what rules say about a connection. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/decide.h"

static struct net_address address_of(const char *text)
{
	struct net_address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(address.family, text, address.bytes) != 1)
		fail_msg("no address: %s", text);
	return address;
}

static void ranges_are_told_apart(void **state)
{
	static const struct {
		const char *address;
		enum net_class class;
	} rows[] = {
		{ "93.184.215.14", NET_PUBLIC },
		{ "9.255.255.255", NET_PUBLIC },
		{ "11.0.0.0", NET_PUBLIC },
		{ "10.0.0.1", NET_PRIVATE },
		{ "172.15.255.255", NET_PUBLIC },
		{ "172.16.0.1", NET_PRIVATE },
		{ "172.31.255.255", NET_PRIVATE },
		{ "172.32.0.1", NET_PUBLIC },
		{ "192.168.1.1", NET_PRIVATE },
		{ "100.64.0.1", NET_PRIVATE },
		{ "100.128.0.1", NET_PUBLIC },
		{ "198.19.255.255", NET_PRIVATE },
		{ "127.0.0.1", NET_LOOPBACK },
		{ "127.255.255.255", NET_LOOPBACK },
		{ "0.0.0.0", NET_LOOPBACK },
		{ "169.254.1.1", NET_LINK_LOCAL },
		{ "169.254.169.254", NET_METADATA },
		{ "169.254.170.2", NET_METADATA },
		{ "100.100.100.200", NET_METADATA },
		{ "168.63.129.16", NET_METADATA },
		{ "224.0.0.1", NET_GROUP },
		{ "255.255.255.255", NET_GROUP },
		{ "240.0.0.1", NET_GROUP },
		{ "2001:db8::1", NET_PUBLIC },
		{ "::1", NET_LOOPBACK },
		{ "::", NET_LOOPBACK },
		{ "fe80::1", NET_LINK_LOCAL },
		{ "fc00::1", NET_PRIVATE },
		{ "fd12:3456::1", NET_PRIVATE },
		{ "fd00:ec2::254", NET_METADATA },
		{ "ff02::1", NET_GROUP },
		{ "::ffff:127.0.0.1", NET_LOOPBACK },
		{ "::ffff:10.0.0.1", NET_PRIVATE },
		{ "::ffff:93.184.215.14", NET_PUBLIC },
		{ "::127.0.0.1", NET_LOOPBACK },
		{ "64:ff9b::169.254.169.254", NET_METADATA },
		{ "64:ff9b::10.0.0.1", NET_PRIVATE },
		{ "64:ff9b::93.184.215.14", NET_PUBLIC },
		{ "2002:7f00:1::", NET_LOOPBACK },
		{ "2002:a9fe:a9fe::1", NET_METADATA },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_address address = address_of(rows[i].address);

		if (net_classify(&address) != rows[i].class)
			fail_msg("%s is %s", rows[i].address, net_class_names[net_classify(&address)]);
	}
}

static struct net_rules rules_of(const char *const *texts, struct net_rule *rules)
{
	struct net_rules list = { .items = rules };
	struct error err = { 0 };

	for (; texts[list.count]; list.count++)
		if (net_rule_parse(texts[list.count], &rules[list.count], &err))
			fail_msg("%s: %s", texts[list.count], err.message);
	return list;
}

static bool reaches(const char *rule, const char *text, uint16_t port)
{
	struct net_rule room[1];
	const struct net_rules rules = rules_of((const char *const[]){ rule, NULL }, room);
	struct net_address address = address_of(text);

	return net_find_address(&rules, &address, port) != NULL;
}

static void numeric_rules_match_the_address_itself(void **state)
{
	(void)state;
	assert_true(reaches("10.0.0.0/8:5432", "10.255.0.1", 5432));
	assert_false(reaches("10.0.0.0/8:5432", "10.255.0.1", 5433));
	assert_false(reaches("10.0.0.0/8:5432", "11.0.0.1", 5432));
	assert_true(reaches("10.0.0.0/8:5432", "::ffff:10.0.0.1", 5432));
	assert_true(reaches("[2001:db8::/32]:443", "2001:db8:1::1", 443));
	assert_false(reaches("[2001:db8::/32]:443", "2001:db9::1", 443));
	assert_true(reaches("*:443", "93.184.215.14", 443));
	assert_true(reaches("*:443", "10.0.0.1", 443));
	assert_false(reaches("*:443", "93.184.215.14", 80));
	assert_false(reaches("api.example.com:443", "93.184.215.14", 443));
}

static void special_ranges_need_a_rule_of_their_own(void **state)
{
	static const char *const wide[] = { "*:80", "0.0.0.0/0:80", "[::/0]:80" };
	static const char *const special[] = { "127.0.0.1",       "0.0.0.0",           "169.254.1.1",
		                               "169.254.169.254", "100.100.100.200",   "::1",
		                               "fe80::1",         "fd00:ec2::254",     "224.0.0.1",
		                               "ff02::1",         "::ffff:127.0.0.1",  "64:ff9b::169.254.169.254",
		                               "2002:7f00:1::",   "::ffff:169.254.1.1" };

	(void)state;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		for (size_t k = 0; k < sizeof(special) / sizeof(special[0]); k++)
			if (reaches(wide[i], special[k], 80))
				fail_msg("%s reaches %s", wide[i], special[k]);
	assert_true(reaches("127.0.0.1:80", "127.0.0.1", 80));
	assert_true(reaches("127.0.0.0/8:80", "127.0.0.2", 80));
	assert_true(reaches("localhost:80", "127.0.0.1", 80));
	assert_true(reaches("localhost:80", "::1", 80));
	assert_false(reaches("localhost:80", "127.0.0.1", 81));
	/* these go to a gateway */
	assert_false(reaches("localhost:80", "0.1.2.3", 80));
	assert_false(reaches("localhost:80", "2002:7f00:1::5", 80));
	assert_false(reaches("localhost:80", "64:ff9b::127.0.0.1", 80));
	assert_true(reaches("localhost:80", "::ffff:127.0.0.1", 80));
	assert_true(reaches("[::1]:80", "::1", 80));
	assert_true(reaches("169.254.0.0/16:80", "169.254.1.1", 80));
	assert_false(reaches("169.254.0.0/16:80", "169.254.169.254", 80));
	assert_true(reaches("169.254.169.254:80", "169.254.169.254", 80));
	assert_false(reaches("100.64.0.0/10:80", "100.100.100.200", 80));
	assert_false(reaches("[fd00::/8]:80", "fd00:ec2::254", 80));
	assert_true(reaches("[fd00:ec2::254]:80", "fd00:ec2::254", 80));
	assert_true(reaches("[64:ff9b::a9fe:a9fe]:80", "64:ff9b::169.254.169.254", 80));
}

static bool name_reaches(const char *const *texts, const char *name, const char *text, uint16_t port)
{
	struct net_rule room[4];
	const struct net_rules rules = rules_of(texts, room);
	struct net_address address = address_of(text);

	return net_find_named(&rules, name, &address, port) != NULL;
}

#define RULES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void names_lead_outward_only(void **state)
{
	(void)state;
	assert_true(name_reaches(RULES("api.example.com:443"), "api.example.com", "93.184.215.14", 443));
	assert_false(name_reaches(RULES("api.example.com:443"), "api.example.com", "93.184.215.14", 80));
	assert_false(name_reaches(RULES("api.example.com:443"), "www.example.com", "93.184.215.14", 443));
	assert_true(name_reaches(RULES("*.cdn.net:443"), "a.b.cdn.net", "93.184.215.14", 443));
	assert_false(name_reaches(RULES("*.cdn.net:443"), "cdn.net", "93.184.215.14", 443));
	/* DNS rebinding */
	assert_false(name_reaches(RULES("api.example.com:443"), "api.example.com", "10.0.0.1", 443));
	assert_false(name_reaches(RULES("api.example.com:443"), "api.example.com", "127.0.0.1", 443));
	assert_false(name_reaches(RULES("api.example.com:443"), "api.example.com", "fd12::1", 443));
	assert_false(name_reaches(RULES("api.example.com:443"), "api.example.com", "::ffff:192.168.0.1", 443));
	assert_true(name_reaches(RULES("api.example.com:443", "10.0.0.0/8:443"), "api.example.com", "10.0.0.1", 443));
	assert_false(name_reaches(RULES("api.example.com:443", "10.0.0.0/8:80"), "api.example.com", "10.0.0.1", 443));
	/* names that no public DNS can hold */
	assert_true(name_reaches(RULES("db:5432"), "db", "172.18.0.3", 5432));
	assert_true(name_reaches(RULES("*.svc.cluster.local:443"), "web.svc.cluster.local", "10.96.0.1", 443));
	assert_false(name_reaches(RULES("db:5432"), "db", "127.0.0.1", 5432));
	assert_false(name_reaches(RULES("db:80"), "db", "169.254.169.254", 80));
	assert_false(name_reaches(RULES("metadata:80", "*:80"), "metadata", "169.254.169.254", 80));
	assert_true(name_reaches(RULES("metadata:80", "169.254.169.254:80"), "metadata", "169.254.169.254", 80));
}

static void addresses_are_written_as_rules(void **state)
{
	struct net_address four = address_of("10.0.0.1"), six = address_of("2001:db8::1");
	char text[64];

	(void)state;
	assert_string_equal(net_format(&four, 80, text, sizeof(text)), "10.0.0.1:80");
	assert_string_equal(net_format(&six, 443, text, sizeof(text)), "[2001:db8::1]:443");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_told_apart),
		cmocka_unit_test(numeric_rules_match_the_address_itself),
		cmocka_unit_test(special_ranges_need_a_rule_of_their_own),
		cmocka_unit_test(names_lead_outward_only),
		cmocka_unit_test(addresses_are_written_as_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
