/* The rules of network.allow and network.listen, and what is needed to keep them. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/parts.h"

/* SO_NETNS_COOKIE, by which the broker tells its own sockets from the script's. */
static bool has_network_cookies(const struct host_facts *facts)
{
	return facts->kernel_major > 5 || (facts->kernel_major == 5 && facts->kernel_minor >= 14);
}

bool network_has_broker(const struct build *b, const char **reason, const char **fix)
{
	const struct host_facts *facts = b->facts;

	*fix = "Write network: none or network: host, or require: {network: best-effort}; see `pyconfine doctor`.";
	*reason = NULL;
	if (facts->features[FEATURE_NAMESPACES].level > 0 && facts->features[FEATURE_NETWORK_NAMESPACE].level == 0)
		*reason = "connections by rule need a network namespace, which is not to be had here";
	else if (facts->features[FEATURE_USER_NOTIFY].level == 0)
		*reason = "connections by rule need user notification, which is not to be had here";
	else if (facts->features[FEATURE_NAMESPACES].level > 0 && !has_network_cookies(facts))
		*reason = "connections by rule need Linux 5.14";
	return *reason == NULL;
}

bool network_is_open(const struct build *b)
{
	const char *reason, *fix;

	if (b->profile->network.mode != NETWORK_RULES)
		return b->profile->network.mode == NETWORK_HOST;
	return b->profile->require[PROMISE_NETWORK].level == REQUIRE_BEST_EFFORT &&
	       !network_has_broker(b, &reason, &fix);
}

bool network_hides(const struct build *b, const char *preset)
{
	return b->profile->network.mode == NETWORK_RULES && !network_is_open(b) && strcmp(preset, "dns") == 0;
}

static int add_socket(struct build *b, struct socket_grant *grant, const struct profile_string *text)
{
	const struct profile_string path = { .value = text->value + strlen("unix:"),
		                             .pos = text->pos,
		                             .base_dir = text->base_dir };

	grant->typed = expand_path(&path, &b->variables, b->arena, b->err);
	if (!grant->typed) {
		b->err->pos = text->pos;
		return -1;
	}
	if (path_follow(grant->typed, b->arena, NULL, &grant->real, NULL))
		grant->real = grant->typed;
	return 0;
}

static int read_rules(struct build *b)
{
	const struct profile_strings *allow = &b->profile->network.allow;
	struct net_rule *rules = arena_array(b->arena, allow->count + 1, sizeof(*rules));
	struct source_pos *pos = arena_array(b->arena, allow->count + 1, sizeof(*pos));
	struct socket_grant *sockets = arena_array(b->arena, allow->count + 1, sizeof(*sockets));
	struct network_plan *network = &b->plan->network;

	for (size_t i = 0; i < allow->count; i++) {
		struct net_rule rule;

		if (net_rule_parse(allow->items[i].value, &rule, b->err)) {
			b->err->pos = allow->items[i].pos;
			return -1;
		}
		if (rule.kind == NET_RULE_UNIX) {
			if (add_socket(b, &sockets[network->socket_count++], &allow->items[i]))
				return -1;
			continue;
		}
		pos[network->rules.count] = allow->items[i].pos;
		rules[network->rules.count++] = rule;
	}
	network->rules.items = rules;
	network->rule_pos = pos;
	network->sockets = sockets;
	return 0;
}

static void read_ports(struct build *b)
{
	const struct profile_strings *listen = &b->profile->network.listen;
	uint16_t *ports = arena_array(b->arena, listen->count + 1, sizeof(*ports));

	for (size_t i = 0; i < listen->count; i++)
		ports[i] = (uint16_t)strtoul(listen->items[i].value, NULL, 10);
	b->plan->network.listen = ports;
	b->plan->network.listen_count = listen->count;
}

/* Names are looked up by the host's own resolver, whatever it is configured to do (nsswitch.conf: files, DNS, mDNS,
 * VPNs). That lives in the C library's shared objects, so a program of theirs is asked. */
static int find_look_up(struct build *b)
{
	static const char *const paths[] = { "/usr/bin/getent", "/bin/getent", "/run/current-system/sw/bin/getent" };
	const struct net_rules *rules = &b->plan->network.rules;
	size_t i = 0;

	while (i < rules->count && rules->items[i].kind == NET_RULE_ADDRESS)
		i++;
	if (i == rules->count)
		return 0;
	for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++)
		if (access(paths[k], X_OK) == 0) {
			b->plan->network.look_up = paths[k];
			return 0;
		}
	error_set(b->err, CODE_CANNOT_KEEP, "network.allow: names are looked up by getent, which is not installed");
	b->err->pos = b->plan->network.rule_pos[i];
	return error_hint(b->err, "Install it (Debian: libc-bin), or write addresses in place of names.");
}

int plan_network(struct build *b)
{
	struct network_plan *network = &b->plan->network;
	const char *reason, *fix;

	network->open = network_is_open(b);
	if (network->open)
		return 0;
	network->given = b->plan->mode == MODE_LANDLOCK && b->facts->features[FEATURE_USER_NOTIFY].level > 0;
	network->resolver = (b->plan->namespaces & CLONE_NEWNET) && b->facts->features[FEATURE_USER_NOTIFY].level > 0;
	network->by_rules = b->profile->network.mode == NETWORK_RULES && network_has_broker(b, &reason, &fix);
	if (b->profile->network.mode != NETWORK_RULES)
		return 0;
	if (network->by_rules && !network->given && b->facts->features[FEATURE_LANDLOCK].level < 4)
		plan_note(b, "before Linux 6.7 a script with network rules cannot make UNIX servers of its own: "
		             "multiprocessing's forkserver and managers will fail");
	if (network->given && b->profile->network.loopback != LOOPBACK_HOST)
		plan_note(b,
		          "without a network namespace no loopback is private, so the script makes no servers on one; "
		          "loopback: host shares the machine's");
	network->host_loopback = b->profile->network.loopback == LOOPBACK_HOST;
	read_ports(b);
	return read_rules(b) || (network->by_rules && find_look_up(b)) ? -1 : 0;
}
