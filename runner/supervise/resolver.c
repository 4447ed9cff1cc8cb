#include "supervise/broker_parts.h"
#include "supervise/resolver.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fds.h"
#include "net/dns.h"

#define FREE_QUERY SIZE_MAX

struct known_address {
	struct net_address address;
	uint64_t seen_ms; /* 0: free */
};

struct known_name {
	char name[254];
	enum { NAME_IDLE, NAME_WAITS, NAME_RUNS } state;
	bool exists;
	uint64_t fresh_until_ms, used_ms;
	struct net_address answer[NAME_ADDRESSES_MAX]; /* of the last look-up, in its order */
	size_t answer_count;
	struct known_address addresses[NAME_ADDRESSES_MAX];
};

/* Who has asked. */
struct asker {
	int client; /* of the clients; -1: the socket, and `from` */
	struct sockaddr_in from;
};

/* A question that waits for a look-up. */
struct waiting_query {
	size_t name; /* index into names; FREE_QUERY: none */
	struct asker asker;
	struct dns_query query;
};

struct resolver_tables {
	size_t name_count;
	uint64_t budget_ms; /* time that look-ups have used up; it passes, too: never before now */
	bool waits;         /* for that */
	struct waiting_query queries[RESOLVER_QUERIES_MAX];
	struct lookup lookups[LOOKUPS_MAX];
	struct known_name names[RESOLVER_NAMES_MAX]; /* last: pages that nobody uses are never made */
};

void resolver_init(struct resolver *resolver, const struct net_rules *rules, const char *look_up)
{
	*resolver = (struct resolver){ .rules = rules, .look_up = look_up, .socket_fd = -1 };
}

static struct resolver_tables *make_tables(void)
{
	struct resolver_tables *tables = calloc(1, sizeof(*tables));

	for (size_t i = 0; tables && i < RESOLVER_QUERIES_MAX; i++)
		tables->queries[i].name = FREE_QUERY;
	for (size_t i = 0; tables && i < LOOKUPS_MAX; i++)
		tables->lookups[i].fd = -1;
	return tables;
}

void resolver_close(struct resolver *resolver)
{
	for (size_t i = 0; resolver->tables && i < LOOKUPS_MAX; i++)
		lookup_end(&resolver->tables->lookups[i]);
	fd_close(&resolver->socket_fd);
	while (resolver->client_places)
		broker_drop(&resolver->clients[--resolver->client_places]);
	free(resolver->tables);
	resolver->tables = NULL;
}

size_t resolver_poll(const struct resolver *resolver, struct pollfd *fds)
{
	size_t count = 0;

	if (resolver->socket_fd >= 0)
		fds[count++] = (struct pollfd){ .fd = resolver->socket_fd, .events = POLLIN };
	for (size_t i = 0; i < resolver->client_places; i++)
		if (resolver->clients[i] >= 0)
			fds[count++] = (struct pollfd){ .fd = resolver->clients[i], .events = POLLIN };
	for (size_t i = 0; resolver->tables && i < LOOKUPS_MAX; i++)
		if (resolver->tables->lookups[i].pid)
			fds[count++] = (struct pollfd){ .fd = resolver->tables->lookups[i].fd, .events = POLLIN };
	return count;
}

uint64_t resolver_next_ms(const struct resolver *resolver)
{
	uint64_t next = 0;

	for (size_t i = 0; resolver->tables && i < LOOKUPS_MAX; i++) {
		const struct lookup *lookup = &resolver->tables->lookups[i];

		if (lookup->pid && (!next || lookup->deadline_ms < next))
			next = lookup->deadline_ms;
	}
	if (resolver->tables && resolver->tables->waits)
		next = clock_ms() + LOOKUP_INTERVAL_MS;
	return next;
}

static void reply(const struct resolver *resolver, const struct dns_query *query, const struct asker *asker,
                  enum dns_code code, const struct known_name *known)
{
	uint8_t message[DNS_MESSAGE_MAX];
	size_t size = dns_write_answer(query, code, known ? known->answer : NULL, known ? known->answer_count : 0,
	                               message);

	/* a client that is gone needs no answer, and one that does not read gets none */
	if (asker->client >= 0)
		send(resolver->clients[asker->client], message, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		sendto(resolver->socket_fd, message, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		       (const struct sockaddr *)&asker->from, sizeof(asker->from));
}

/* A bucket of LOOKUPS_AT_ONCE look-ups, refilled one by one. */
static bool may_start(struct resolver_tables *tables)
{
	uint64_t now = clock_ms();

	if (tables->budget_ms < now)
		tables->budget_ms = now;
	tables->waits = tables->budget_ms - now >= (uint64_t)LOOKUPS_AT_ONCE * LOOKUP_INTERVAL_MS;
	if (!tables->waits)
		tables->budget_ms += LOOKUP_INTERVAL_MS;
	return !tables->waits;
}

/* Without waiting, by a free process; when all are busy, by the next one that becomes free. */
static void start_lookups(const struct resolver *resolver)
{
	struct resolver_tables *tables = resolver->tables;
	size_t slot = 0;

	if (tables)
		tables->waits = false;
	for (size_t i = 0; tables && i < tables->name_count; i++) {
		struct known_name *known = &tables->names[i];

		if (known->state != NAME_WAITS)
			continue;
		while (slot < LOOKUPS_MAX && tables->lookups[slot].pid)
			slot++;
		if (slot == LOOKUPS_MAX || !may_start(tables) ||
		    lookup_start(&tables->lookups[slot], resolver->look_up, known->name, clock_ms()))
			return;
		tables->lookups[slot].name = i;
		known->state = NAME_RUNS;
	}
}

static bool is_asked_for(const struct resolver_tables *tables, size_t name)
{
	for (size_t i = 0; i < RESOLVER_QUERIES_MAX; i++)
		if (tables->queries[i].name == name)
			return true;
	return false;
}

/* The entry of this name, made where there is none; NULL when there is no room: every one is being looked up. */
static struct known_name *find_or_add(struct resolver_tables *tables, const char *name)
{
	struct known_name *oldest = NULL;

	for (size_t i = 0; i < tables->name_count; i++) {
		struct known_name *known = &tables->names[i];

		if (strcmp(known->name, name) == 0)
			return known;
		if (known->state == NAME_IDLE && !is_asked_for(tables, i) &&
		    (!oldest || known->used_ms < oldest->used_ms))
			oldest = known;
	}
	if (tables->name_count < RESOLVER_NAMES_MAX)
		oldest = &tables->names[tables->name_count++];
	if (!oldest)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	memcpy(oldest->name, name, strlen(name) + 1);
	return oldest;
}

static void wait_for_lookup(struct resolver_tables *tables, const struct dns_query *query, const struct asker *asker,
                            struct known_name *known)
{
	for (size_t i = 0; i < RESOLVER_QUERIES_MAX; i++) {
		struct waiting_query *waiting = &tables->queries[i];

		if (waiting->name != FREE_QUERY)
			continue;
		*waiting = (struct waiting_query){ .name = (size_t)(known - tables->names),
			                           .asker = *asker,
			                           .query = *query };
		if (known->state == NAME_IDLE)
			known->state = NAME_WAITS;
		return;
	}
}

static void serve_query(struct resolver *resolver, const struct dns_query *query, const struct asker *asker)
{
	struct known_name *known;
	uint64_t now = clock_ms();

	if (!resolver->tables)
		resolver->tables = make_tables();
	known = resolver->tables ? find_or_add(resolver->tables, query->name) : NULL;
	if (!known) {
		reply(resolver, query, asker, DNS_SERVER_FAILURE, NULL);
		return;
	}
	known->used_ms = now;
	if (now < known->fresh_until_ms)
		reply(resolver, query, asker, known->exists ? DNS_OK : DNS_NO_NAME, known);
	else
		wait_for_lookup(resolver->tables, query, asker, known);
}

static void remember(struct known_name *known, const struct net_address *address, uint64_t now)
{
	struct known_address *place = &known->addresses[0];

	for (size_t i = 0; i < NAME_ADDRESSES_MAX; i++) {
		struct known_address *at = &known->addresses[i];

		if (at->seen_ms && at->address.family == address->family &&
		    memcmp(at->address.bytes, address->bytes, sizeof(address->bytes)) == 0) {
			at->seen_ms = now;
			return;
		}
		if (at->seen_ms < place->seen_ms)
			place = at;
	}
	*place = (struct known_address){ *address, now };
}

/* An address of the other family that this machine has no route to would be tried first by everyone, in vain. */
static bool has_route(const struct net_address *address)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
	FD_CLEANUP int fd = -1;

	if (address->family != AF_INET6)
		return true;
	memcpy(&to.sin6_addr, address->bytes, sizeof(to.sin6_addr));
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static void finish_lookup(const struct resolver *resolver, const struct lookup *lookup)
{
	struct resolver_tables *tables = resolver->tables;
	struct known_name *known = &tables->names[lookup->name];
	struct net_address found[NAME_ADDRESSES_MAX];
	size_t count = lookup_parse(lookup->output, lookup->length, found, NAME_ADDRESSES_MAX);
	uint64_t now = clock_ms();
	bool only_six = true;

	for (size_t i = 0; i < count; i++)
		only_six = only_six && found[i].family == AF_INET6;
	known->state = NAME_IDLE;
	known->exists = count > 0;
	known->fresh_until_ms = now + NAME_FRESH_MS;
	known->answer_count = 0;
	for (size_t i = 0; i < count; i++)
		if (only_six || has_route(&found[i])) {
			known->answer[known->answer_count++] = found[i];
			remember(known, &found[i], now);
		}
	for (size_t i = 0; i < RESOLVER_QUERIES_MAX; i++) {
		struct waiting_query *waiting = &tables->queries[i];

		if (waiting->name != lookup->name)
			continue;
		reply(resolver, &waiting->query, &waiting->asker, known->exists ? DNS_OK : DNS_NO_NAME, known);
		waiting->name = FREE_QUERY;
	}
}

/* One look-up asks twice, for both families: it is told of once. */
static bool is_first_half(struct resolver *resolver, const struct dns_query *query)
{
	bool second = query->type == DNS_TYPE_AAAA && strcmp(resolver->refused, query->name) == 0;

	memcpy(resolver->refused, second ? "" : query->name, second ? 1 : strlen(query->name) + 1);
	return !second;
}

/* Who is told of names that no rule allows. */
struct refused_names {
	void (*tell)(void *owner, const char *name);
	void *owner;
};

static const struct known_name localhost = {
	.answer = { { AF_INET, { 127, 0, 0, 1 } }, { AF_INET6, { [15] = 1 } } },
	.answer_count = 2,
};

static void serve_message(struct resolver *resolver, const uint8_t *message, size_t size, const struct asker *asker,
                          struct refused_names *refused)
{
	struct dns_query query;
	enum dns_code code;

	if (!dns_read_query(message, size, &query, &code))
		return;
	/* inside a view /etc/hosts says so; elsewhere it may be out of reach */
	if (code == DNS_OK && asker->client >= 0 && strcmp(query.name, "localhost") == 0) {
		reply(resolver, &query, asker, DNS_OK, &localhost);
		return;
	}
	if (code == DNS_OK && (!resolver->look_up || !net_find_name(resolver->rules, query.name))) {
		if (is_first_half(resolver, &query))
			refused->tell(refused->owner, query.name);
		code = DNS_NO_NAME;
	}
	if (code == DNS_OK)
		serve_query(resolver, &query, asker);
	else
		reply(resolver, &query, asker, code, NULL);
}

static void read_socket(struct resolver *resolver, struct refused_names *refused)
{
	for (int turn = 0; turn < RESOLVER_TURN_MAX; turn++) {
		uint8_t message[DNS_MESSAGE_MAX + 1];
		struct asker asker = { .client = -1 };
		socklen_t size = sizeof(asker.from);
		ssize_t got = recvfrom(resolver->socket_fd, message, sizeof(message), MSG_DONTWAIT,
		                       (struct sockaddr *)&asker.from, &size);

		if (got < 0)
			return;
		if (size == sizeof(asker.from))
			serve_message(resolver, message, (size_t)got, &asker, refused);
	}
}

/* Its place is the next one's, so nothing may be left that waits for it. */
static void drop_client(struct resolver *resolver, size_t client)
{
	for (size_t i = 0; resolver->tables && i < RESOLVER_QUERIES_MAX; i++)
		if (resolver->tables->queries[i].asker.client == (int)client)
			resolver->tables->queries[i].name = FREE_QUERY;
	broker_drop(&resolver->clients[client]);
}

static void read_client(struct resolver *resolver, size_t client, struct refused_names *refused)
{
	const struct asker asker = { .client = (int)client };

	for (int turn = 0; turn < RESOLVER_TURN_MAX; turn++) {
		uint8_t message[DNS_MESSAGE_MAX + 1];
		ssize_t got = broker_receive(resolver->clients[client], message, sizeof(message));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) { /* of an empty message, too: nobody asks that */
			drop_client(resolver, client);
			return;
		}
		serve_message(resolver, message, (size_t)got, &asker, refused);
	}
}

bool resolver_has_room(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->client_places; i++)
		if (resolver->clients[i] < 0)
			return true;
	return resolver->client_places < RESOLVER_CLIENTS_MAX;
}

void resolver_add_client(struct resolver *resolver, int fd)
{
	size_t i = 0;

	while (i < resolver->client_places && resolver->clients[i] >= 0)
		i++;
	if (i == resolver->client_places)
		resolver->client_places++;
	resolver->clients[i] = fd;
}

static void read_queries(struct resolver *resolver, int fd, struct refused_names *refused)
{
	if (fd == resolver->socket_fd) {
		read_socket(resolver, refused);
		return;
	}
	for (size_t i = 0; i < resolver->client_places; i++)
		if (resolver->clients[i] == fd) {
			read_client(resolver, i, refused);
			return;
		}
}

bool resolver_serve(struct resolver *resolver, const struct pollfd *fds, size_t count,
                    void (*tell)(void *owner, const char *name), void *owner)
{
	struct refused_names refused = { tell, owner };
	uint64_t now = clock_ms();
	bool ended = false;

	for (size_t i = 0; i < count; i++)
		if (fds[i].revents && fds[i].fd >= 0)
			read_queries(resolver, fds[i].fd, &refused);
	for (size_t k = 0; resolver->tables && k < LOOKUPS_MAX; k++) {
		struct lookup *lookup = &resolver->tables->lookups[k];
		bool ready = lookup->pid && now >= lookup->deadline_ms;

		for (size_t i = 0; i < count; i++)
			ready = ready || (lookup->pid && fds[i].fd == lookup->fd && fds[i].revents);
		if (!ready || !lookup_read(lookup, now))
			continue;
		finish_lookup(resolver, lookup);
		ended = true;
	}
	start_lookups(resolver);
	return ended;
}

static const struct known_address *find_address(const struct known_name *known, const struct net_address *address)
{
	for (size_t i = 0; i < NAME_ADDRESSES_MAX; i++)
		if (known->addresses[i].seen_ms && known->addresses[i].address.family == address->family &&
		    memcmp(known->addresses[i].address.bytes, address->bytes, sizeof(address->bytes)) == 0)
			return &known->addresses[i];
	return NULL;
}

static bool is_allowed_port(const struct net_rules *rules, const char *name, uint16_t port)
{
	for (size_t i = 0; i < rules->count; i++)
		if (net_rule_matches_name(&rules->items[i], name, port))
			return true;
	return false;
}

enum known_kind resolver_find(struct resolver *resolver, const struct net_address *address, uint16_t port,
                              const char **name)
{
	struct known_name *old = NULL;
	enum known_kind kind = KNOWN_NOT;
	uint64_t now = clock_ms();

	for (size_t i = 0; resolver->tables && i < resolver->tables->name_count; i++) {
		struct known_name *known = &resolver->tables->names[i];
		const struct known_address *at = find_address(known, address);

		if (!at)
			continue;
		if (!net_find_named(resolver->rules, known->name, address, port)) {
			*name = known->name;
			kind = is_allowed_port(resolver->rules, known->name, port) ? KNOWN_INWARD : KNOWN_ELSEWHERE;
			continue;
		}
		known->used_ms = now;
		if (now - at->seen_ms < ADDRESS_GOOD_MS) {
			*name = known->name;
			return KNOWN_ALLOWED;
		}
		/* the last look-up has just ended, and did not find it any more */
		if (now >= known->fresh_until_ms)
			old = known;
	}
	if (!old)
		return kind;
	if (old->state == NAME_IDLE)
		old->state = NAME_WAITS;
	*name = old->name;
	start_lookups(resolver);
	return KNOWN_OLD;
}
