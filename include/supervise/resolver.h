/* Theory of operation: names.
 *
 * The C library inside asks the name server 127.0.0.1, which is a socket of the sandbox's own network namespace that
 * init made and handed over. Without such a namespace it asks whom the host's resolv.conf names, and what it takes for
 * a UDP socket connected there is one end of a pair, of which the other one is a client here (broker_given.c). A name
 * that no rule allows does not exist, and that it was asked for is remembered. An allowed one is looked up by the
 * host's own resolver, whatever that is configured to do (/etc/hosts, DNS, mDNS, VPNs): getent(1), since we are linked
 * statically. No packet of the script leaves the machine, and no name that it made up, unless below a wildcard of the
 * rules.
 *
 * The answer are the real addresses, and each is remembered with its name: a connection to it is judged as one to that
 * name. So programs see what they see outside: several addresses, both families, their order, their failures. An
 * address that was not seen for ADDRESS_GOOD_MS is looked up again before it is connected to.
 *
 * Bounded: RESOLVER_CLIENTS_MAX clients (another one gets EAGAIN), RESOLVER_NAMES_MAX names of NAME_ADDRESSES_MAX
 * addresses (the longest unused goes), RESOLVER_QUERIES_MAX questions that wait (others are dropped, and asked again by
 * the client), LOOKUPS_MAX processes at a time, and beyond LOOKUPS_AT_ONCE of them one each LOOKUP_INTERVAL_MS, since
 * their processor time is not the script's. */
#ifndef SUPERVISE_RESOLVER_H
#define SUPERVISE_RESOLVER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/decide.h"
#include "supervise/lookup.h"

#define RESOLVER_NAMES_MAX 512
#define RESOLVER_QUERIES_MAX 32
#define RESOLVER_CLIENTS_MAX 128
#define RESOLVER_POLL_MAX (1 + LOOKUPS_MAX + RESOLVER_CLIENTS_MAX)
#define RESOLVER_TURN_MAX 16 /* questions that are read before others have their turn */
#define NAME_ADDRESSES_MAX 32
#define NAME_FRESH_MS 5000
#define LOOKUPS_AT_ONCE 64
#define LOOKUP_INTERVAL_MS 20
#define ADDRESS_GOOD_MS 600000

struct resolver_tables;

struct resolver {
	const struct net_rules *rules;
	const char *look_up;               /* path of getent; NULL: no rule has a name */
	int socket_fd;                     /* -1: none; owned */
	char refused[254];                 /* the last name that no rule allows, asked for by its IPv4 address */
	struct resolver_tables *tables;    /* NULL until the first question about an allowed name; owned */
	int clients[RESOLVER_CLIENTS_MAX]; /* pairs, in place of the socket; -1: free; owned */
	size_t client_places;              /* that may not be free */
};

void resolver_init(struct resolver *resolver, const struct net_rules *rules, const char *look_up);
void resolver_close(struct resolver *resolver);
bool resolver_has_room(struct resolver *resolver);
/* One end of a pair that keeps messages apart, not blocking: owned by the resolver. Only after resolver_has_room(). */
void resolver_add_client(struct resolver *resolver, int fd);
size_t resolver_poll(const struct resolver *resolver, struct pollfd *fds);
uint64_t resolver_next_ms(const struct resolver *resolver);
/* After poll. `refused` is told each name that no rule allows. Returns whether a look-up has ended. */
bool resolver_serve(struct resolver *resolver, const struct pollfd *fds, size_t count,
                    void (*refused)(void *owner, const char *name), void *owner);

enum known_kind {
	KNOWN_NOT,       /* no allowed name has led there */
	KNOWN_ALLOWED,   /* and a rule allows the port */
	KNOWN_OLD,       /* the same, but it was long ago: a look-up was begun, ask again when one has ended */
	KNOWN_ELSEWHERE, /* the name is allowed, but not this port */
	KNOWN_INWARD,    /* the name is allowed, but leads to where names alone must not lead */
};
/* What is known about an address; *name, unless KNOWN_NOT, is the name that led there. */
enum known_kind resolver_find(struct resolver *resolver, const struct net_address *address, uint16_t port,
                              const char **name);

#endif
