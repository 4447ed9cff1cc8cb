#include "net/decide.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const net_class_names[NET_CLASS_COUNT] = {
	[NET_PUBLIC] = "a public address",
	[NET_PRIVATE] = "a private address",
	[NET_LOOPBACK] = "an address of the machine itself",
	[NET_LINK_LOCAL] = "a link-local address",
	[NET_METADATA] = "a cloud's metadata service",
	[NET_GROUP] = "a multicast or reserved address",
};

/* The first row that holds the address decides: the narrow ones stand first. `embedded`: where the IPv4 address stands
 * that is to be judged instead. */
static const struct range {
	int family;
	uint8_t bytes[16];
	uint8_t prefix;
	enum net_class class;
	uint8_t embedded;
} ranges[] = {
	{ AF_INET, { 169, 254, 169, 254 }, 32, NET_METADATA, 0 },
	{ AF_INET, { 169, 254, 170, 2 }, 32, NET_METADATA, 0 },   /* containers at AWS */
	{ AF_INET, { 169, 254, 170, 23 }, 32, NET_METADATA, 0 },  /* pods at AWS */
	{ AF_INET, { 100, 100, 100, 200 }, 32, NET_METADATA, 0 }, /* Alibaba */
	{ AF_INET, { 168, 63, 129, 16 }, 32, NET_METADATA, 0 },   /* Azure's wire server */
	{ AF_INET, { 192, 0, 0, 192 }, 32, NET_METADATA, 0 },     /* Oracle */
	{ AF_INET, { 0 }, 32, NET_LOOPBACK, 0 }, /* Linux takes it for itself, but not the others of the range */
	{ AF_INET, { 0 }, 8, NET_GROUP, 0 },
	{ AF_INET, { 127 }, 8, NET_LOOPBACK, 0 },
	{ AF_INET, { 169, 254 }, 16, NET_LINK_LOCAL, 0 },
	{ AF_INET, { 10 }, 8, NET_PRIVATE, 0 },
	{ AF_INET, { 172, 16 }, 12, NET_PRIVATE, 0 },
	{ AF_INET, { 192, 168 }, 16, NET_PRIVATE, 0 },
	{ AF_INET, { 100, 64 }, 10, NET_PRIVATE, 0 }, /* shared by a provider's customers, RFC 6598 */
	{ AF_INET, { 192, 0, 0 }, 24, NET_PRIVATE, 0 },
	{ AF_INET, { 198, 18 }, 15, NET_PRIVATE, 0 }, /* benchmarks, RFC 2544 */
	{ AF_INET, { 224 }, 3, NET_GROUP, 0 },        /* and 240.0.0.0/4, broadcast among it */
	{ AF_INET6, { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54 }, 128, NET_METADATA, 0 },
	{ AF_INET6, { 0xfd, 0x20, 0, 0xce, [14] = 0x02, 0x54 }, 128, NET_METADATA, 0 },
	{ AF_INET6, { 0 }, 128, NET_LOOPBACK, 0 },
	{ AF_INET6, { [15] = 1 }, 128, NET_LOOPBACK, 0 },
	{ AF_INET6, { [10] = 0xff, 0xff }, 96, NET_PUBLIC, 12 },   /* mapped */
	{ AF_INET6, { 0 }, 96, NET_PUBLIC, 12 },                   /* "compatible", given up */
	{ AF_INET6, { 0, 0x64, 0xff, 0x9b }, 96, NET_PUBLIC, 12 }, /* NAT64 */
	{ AF_INET6, { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, NET_PRIVATE, 0 },
	{ AF_INET6, { 0x20, 0x02 }, 16, NET_PUBLIC, 2 }, /* 6to4 */
	{ AF_INET6, { 0xfe, 0x80 }, 10, NET_LINK_LOCAL, 0 },
	{ AF_INET6, { 0xfe, 0xc0 }, 10, NET_PRIVATE, 0 },
	{ AF_INET6, { 0xfc }, 7, NET_PRIVATE, 0 },
	{ AF_INET6, { 0xff }, 8, NET_GROUP, 0 },
};

static const struct range *find_range(const struct net_address *address)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (ranges[i].family == address->family &&
		    net_same_prefix(ranges[i].bytes, address->bytes, ranges[i].prefix))
			return &ranges[i];
	return NULL;
}

enum net_class net_classify(const struct net_address *address)
{
	const struct range *range = find_range(address);
	struct net_address inner = { .family = AF_INET };

	if (!range)
		return NET_PUBLIC;
	if (!range->embedded)
		return range->class;
	memcpy(inner.bytes, address->bytes + range->embedded, 4);
	return net_classify(&inner);
}

bool net_is_loopback(const struct net_address *address)
{
	const struct net_address plain = net_unmap(address);
	const struct range *range = find_range(&plain);

	return range && !range->embedded && range->class == NET_LOOPBACK;
}

struct net_address net_unmap(const struct net_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };
	struct net_address inner = { .family = AF_INET };

	if (address->family != AF_INET6 || memcmp(address->bytes, mapped, sizeof(mapped)))
		return *address;
	memcpy(inner.bytes, address->bytes + sizeof(mapped), 4);
	return inner;
}

/* Was the rule written for this range, so that it is no wide one that covers it by the way? */
static bool is_written_for(const struct net_rule *rule, const struct net_address *address, enum net_class class)
{
	const struct range *range = find_range(address);

	if (class == NET_PUBLIC || class == NET_PRIVATE)
		return true;
	if (rule->kind != NET_RULE_ADDRESS || !range)
		return false;
	/* an embedded address: the range says nothing about how narrow the rule must be */
	return rule->prefix >=
	       (range->embedded || class == NET_METADATA ? address->family == AF_INET ? 32 : 128 : range->prefix);
}

static bool is_localhost_rule(const struct net_rule *rule, uint16_t port)
{
	return rule->kind == NET_RULE_NAME && net_rule_matches_name(rule, "localhost", port);
}

const struct net_rule *net_find_address(const struct net_rules *rules, const struct net_address *address, uint16_t port)
{
	const struct net_address plain = net_unmap(address);
	enum net_class class = net_classify(&plain);

	for (size_t i = 0; i < rules->count; i++) {
		const struct net_rule *rule = &rules->items[i];

		if ((net_rule_matches_address(rule, plain.family, plain.bytes, port) &&
		     is_written_for(rule, &plain, class)) ||
		    (net_is_loopback(&plain) && is_localhost_rule(rule, port)))
			return rule;
	}
	return NULL;
}

const struct net_rule *net_find_name(const struct net_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (net_rule_matches_name(&rules->items[i], name, rules->items[i].port))
			return &rules->items[i];
	return NULL;
}

const struct net_rule *net_find_named(const struct net_rules *rules, const char *name,
                                      const struct net_address *address, uint16_t port)
{
	enum net_class class = net_classify(address);
	bool reaches = class == NET_PUBLIC || (class == NET_PRIVATE && net_is_local_name(name));

	for (size_t i = 0; i < rules->count; i++)
		if (net_rule_matches_name(&rules->items[i], name, port) &&
		    (reaches || net_find_address(rules, address, port)))
			return &rules->items[i];
	return NULL;
}

bool net_is_local_name(const char *name)
{
	static const char *const endings[] = { ".local",    ".localdomain", ".internal", ".home.arpa",
		                               ".intranet", ".lan",         ".corp",     ".home",
		                               ".private",  ".test",        ".svc",      ".docker" };
	size_t length = strlen(name);

	if (!strchr(name, '.'))
		return true;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		size_t ending = strlen(endings[i]);

		if (length > ending && strcasecmp(name + length - ending, endings[i]) == 0)
			return true;
	}
	return false;
}

const char *net_format(const struct net_address *address, uint16_t port, char *buffer, size_t size)
{
	char number[INET6_ADDRSTRLEN];
	bool six = address->family == AF_INET6;

	inet_ntop(address->family, address->bytes, number, sizeof(number));
	snprintf(buffer, size, six ? "[%s]:%u" : "%s:%u", number, port);
	return buffer;
}
