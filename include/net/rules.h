/* Network rules as a profile writes them: parse and compare. Pure; nothing is resolved here.
 *
 *	api.example.com:443     one name, one port
 *	*.cdn.net:443           any name below cdn.net, not cdn.net itself
 *	10.0.0.0/8:5432         addresses by prefix; without /N one address
 *	[2001:db8::/32]:443     the same for IPv6, in brackets since the address holds colons
 *	db.local:8000-8010      a range of ports
 *	*:443                   every address and name at one port
 *	unix:/run/pg/.s.PGSQL   a UNIX socket, by path (variables are allowed) */
#ifndef NET_RULES_H
#define NET_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum net_rule_kind {
	NET_RULE_NAME,     /* name */
	NET_RULE_SUFFIX,   /* name, without the leading "*." */
	NET_RULE_ADDRESS,  /* family, address, prefix */
	NET_RULE_ANYWHERE, /* "*" */
	NET_RULE_UNIX,     /* path */
};

struct net_rule {
	enum net_rule_kind kind;
	char name[254];      /* lower case, without a trailing dot */
	int family;          /* AF_INET or AF_INET6 */
	uint8_t address[16]; /* network byte order; bits behind the prefix are 0 */
	uint8_t prefix;      /* bits that count */
	uint16_t port, port_last;
	const char *path; /* points into the parsed text */
};

/* Returns 0, or -1 with CODE_BAD_VALUE saying what is wrong and a hint with the right form; *out stays untouched. */
int net_rule_parse(const char *text, struct net_rule *out, struct error *err);

/* Everything that `inner` allows is allowed by `outer`, as far as text can tell: names and addresses are never
 * compared. */
bool net_rule_covers(const struct net_rule *outer, const struct net_rule *inner);

/* A connection to this address (network byte order) is what the rule allows. Name rules never match: the caller
 * compares names with net_rule_matches_name(). */
bool net_rule_matches_address(const struct net_rule *rule, int family, const void *address, uint16_t port);
/* The same for a name that was asked for; case and a trailing dot do not count. */
bool net_rule_matches_name(const struct net_rule *rule, const char *name, uint16_t port);

/* The first `bits` bits are the same. */
bool net_same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits);
/* Of the letters, digits, '-' and '_' that host names are made of, and no address. */
bool net_is_host_name(const char *name);

#endif
