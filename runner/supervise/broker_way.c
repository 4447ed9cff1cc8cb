/* Where a connection may lead. */
#include <stdio.h>
#include <string.h>

#include "supervise/broker_parts.h"

/* The script's own server on a granted port: at this very address, or at any of the family. */
static bool is_bound(const struct broker *broker, const struct net_address *address, uint16_t port)
{
	static const uint8_t any[16];

	for (size_t i = 0; i < broker->bound_count; i++) {
		const struct bound_address *bound = &broker->bound[i];

		bool everywhere = memcmp(bound->address.bytes, any, sizeof(any)) == 0;

		/* of the newer family, everywhere is both */
		if (bound->port == port && everywhere &&
		    (bound->address.family == address->family || bound->address.family == AF_INET6))
			return true;
		if (bound->port == port && bound->address.family == address->family &&
		    memcmp(bound->address.bytes, address->bytes, sizeof(any)) == 0)
			return true;
	}
	return false;
}

static enum way loopback_way(const struct broker *broker, const struct net_address *address, uint16_t port)
{
	const struct network_plan *network = &broker->plan->network;

	if (!network->by_rules)
		return WAY_OWN;
	if (network->given && network->host_loopback)
		return WAY_OUT;
	if (net_find_address(&network->rules, address, port) || is_bound(broker, address, port))
		return WAY_OUT;
	return network->host_loopback ? WAY_EITHER : WAY_OWN;
}

static void name_target(struct broker *broker, const char *name, const struct net_address *address, uint16_t port)
{
	char target[DENIAL_TARGET_SIZE + 8];

	if (name)
		snprintf(target, sizeof(target), "%s:%u", name, port);
	else
		net_format(address, port, target, sizeof(target));
	denial_set_target(&broker->asked, target);
}

enum way broker_find_way(struct broker *broker, const struct net_address *given, uint16_t port)
{
	const struct net_address address = net_unmap(given);
	const char *name = NULL;

	if (net_is_loopback(&address)) {
		name_target(broker, NULL, &address, port);
		return loopback_way(broker, &address, port);
	}
	if (broker->plan->network.by_rules) {
		if (net_find_address(&broker->plan->network.rules, &address, port))
			return WAY_OUT;
		switch (resolver_find(&broker->resolver, &address, port, &name)) {
		case KNOWN_ALLOWED:
			return WAY_OUT;
		case KNOWN_OLD:
			return WAY_LATER;
		case KNOWN_INWARD:
			name = NULL; /* what is missing is a rule for the address */
			break;
		case KNOWN_NOT:
		case KNOWN_ELSEWHERE:
			break;
		}
	}
	name_target(broker, name, &address, port);
	return WAY_REFUSED;
}

bool broker_is_path(const union broker_address *address, socklen_t length)
{
	return address->any.sa_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path) &&
	       address->un.sun_path[0] != '\0';
}

void broker_name_address(struct broker *broker, const union broker_address *address, socklen_t length)
{
	char name[sizeof(address->un.sun_path) + 6] = "unix:";
	struct net_address number;
	uint16_t port;

	if (broker_read_address(address, length, &number, &port)) {
		name_target(broker, NULL, &number, port);
	} else if (address->any.sa_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path)) {
		memcpy(name + 5, address->un.sun_path, sizeof(address->un.sun_path));
		if (!name[5])
			name[5] = '@';
		denial_set_target(&broker->asked, name);
	}
}

void broker_name_port(struct broker *broker, const struct net_address *address, uint16_t port)
{
	name_target(broker, NULL, address, port);
}

bool broker_is_granted_port(const struct broker *broker, uint16_t port)
{
	const struct network_plan *network = &broker->plan->network;

	for (size_t i = 0; i < network->listen_count; i++)
		if (network->listen[i] == port)
			return true;
	return false;
}

void broker_remember_bound(struct broker *broker, const union broker_address *address, socklen_t length)
{
	struct bound_address bound = { 0 };

	if (!broker_read_address(address, length, &bound.address, &bound.port))
		return;
	bound.address = net_unmap(&bound.address);
	for (size_t i = 0; i < broker->bound_count; i++)
		if (memcmp(&broker->bound[i], &bound, sizeof(bound)) == 0)
			return;
	if (broker->bound_count < sizeof(broker->bound) / sizeof(broker->bound[0]))
		broker->bound[broker->bound_count++] = bound;
}
