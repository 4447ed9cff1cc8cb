/* What a set of network rules says about one connection. Pure.
 *
 * Some ranges of addresses lead to the machine itself or to what only stands next to it. A rule reaches them only when
 * it was written for them: a wide one ("*:443", 0.0.0.0/0) does not cover loopback, link-local and multicast
 * addresses, and a cloud's metadata service only one that names exactly this address. A name reaches a private range
 * only when no public DNS could hold that name, or when a rule for the address says so as well: what a name leads to is
 * said by whoever answers for it (DNS rebinding). */
#ifndef NET_DECIDE_H
#define NET_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/rules.h"

struct net_address {
	int family;        /* AF_INET or AF_INET6 */
	uint8_t bytes[16]; /* network byte order */
};

struct net_rules {
	const struct net_rule *items;
	size_t count;
};

enum net_class {
	NET_PUBLIC,
	NET_PRIVATE,    /* of a site: 10.0.0.0/8, fc00::/7, ... */
	NET_LOOPBACK,   /* the machine itself */
	NET_LINK_LOCAL, /* the wire that it hangs on */
	NET_METADATA,   /* where clouds hand out credentials */
	NET_GROUP,      /* multicast, broadcast, reserved */
	NET_CLASS_COUNT
};
extern const char *const net_class_names[NET_CLASS_COUNT]; /* "a private address" */

/* An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as itself. */
enum net_class net_classify(const struct net_address *address);
/* Does it never leave the machine? What only holds a loopback address inside (6to4, NAT64) is sent to a gateway. */
bool net_is_loopback(const struct net_address *address);
/* ::ffff:10.0.0.1 is 10.0.0.1; every other address stays as it is. */
struct net_address net_unmap(const struct net_address *address);

/* The rule that allows a connection to the address itself; NULL: none does. For a loopback address a rule for the name
 * localhost counts, too. */
const struct net_rule *net_find_address(const struct net_rules *rules, const struct net_address *address,
                                        uint16_t port);
/* The rule that allows the name at some port, so that it may be looked up. */
const struct net_rule *net_find_name(const struct net_rules *rules, const char *name);
/* The rule that allows a connection to an address to which a look-up of `name` has led. */
const struct net_rule *net_find_named(const struct net_rules *rules, const char *name,
                                      const struct net_address *address, uint16_t port);

/* A name that only the site itself, or the machine, can answer for: one label, or one of the endings that are reserved
 * for that (RFC 6761, 6762, 8375, ICANN's .internal). */
bool net_is_local_name(const char *name);
/* "10.0.0.1:80", "[2001:db8::1]:80"; returns the buffer. */
const char *net_format(const struct net_address *address, uint16_t port, char *buffer, size_t size);

#endif
