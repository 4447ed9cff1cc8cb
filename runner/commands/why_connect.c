/* The answers of `why connect`: by the same functions that decide while a script runs. */
#include <string.h>
#include <sys/socket.h>

#include "commands/why.h"
#include "net/decide.h"
#include "plan/links.h"
#include "policy/sensitive.h"

static void allow(struct why *why, const char *text, const struct source_pos *pos)
{
	why->allowed = true;
	why->reason = arena_printf(why->arena, "network.allow has %s", text);
	why->pos = *pos;
	why->fix_value = NULL;
}

/* The entry of network.allow that a rule of the plan came from. */
static void allow_by_rule(struct why *why, const struct net_rule *rule)
{
	const struct network_plan *network = &why->prepared->plan.network;
	const struct profile_strings *allow_list = &why->prepared->profile.network.allow;
	const struct source_pos *pos = &network->rule_pos[rule - network->rules.items];

	for (size_t i = 0; i < allow_list->count; i++)
		if (memcmp(&allow_list->items[i].pos, pos, sizeof(*pos)) == 0)
			allow(why, allow_list->items[i].value, pos);
}

static void answer_socket(struct why *why, const char *path)
{
	const struct network_plan *network = &why->prepared->plan.network;
	const struct profile_strings *list = &why->prepared->profile.network.allow;
	size_t next = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (strncmp(list->items[i].value, "unix:", 5) || next == network->socket_count)
			continue;
		if (path_is_below(path, network->sockets[next].typed) ||
		    path_is_below(path, network->sockets[next].real))
			allow(why, list->items[i].value, &list->items[i].pos);
		next++;
	}
}

static void answer_address(struct why *why, const struct net_rule *target)
{
	const struct network_plan *network = &why->prepared->plan.network;
	struct net_address address = { .family = target->family };
	const struct net_rule *rule;
	enum net_class class;

	memcpy(address.bytes, target->address, sizeof(target->address));
	class = net_classify(&address);
	rule = net_find_address(&network->rules, &address, target->port);
	if (rule) {
		allow_by_rule(why, rule);
	} else if (class == NET_LOOPBACK && network->given && !network->host_loopback) {
		why->reason = "without a network namespace there is no loopback of the sandbox's own";
	} else if (class == NET_LOOPBACK && network->given) {
		why->allowed = true;
		why->fix_value = NULL;
		why->reason = "loopback: host";
	} else if (class == NET_LOOPBACK) {
		why->allowed = true;
		why->fix_value = NULL;
		why->reason =
			network->host_loopback
				? "loopback: host, where nobody inside listens on that port"
				: "it is the sandbox's own loopback: what listens there on the host is not in reach";
	} else if (class != NET_PUBLIC) {
		why_note(why,
		         arena_printf(why->arena, "It is %s, which is reached only by a rule that was written for it.",
		                      net_class_names[class]));
	} else {
		why_note(why, "It would be allowed if a look-up of an allowed name had led there.");
	}
}

static void answer_name(struct why *why, const struct net_rule *target)
{
	const struct net_rules *rules = &why->prepared->plan.network.rules;

	for (size_t i = 0; i < rules->count; i++)
		if (net_rule_covers(&rules->items[i], target)) {
			allow_by_rule(why, &rules->items[i]);
			if (!net_is_local_name(target->name))
				why_note(
					why,
					"Where it leads to a private address, that needs a rule for the address as well.");
			return;
		}
}

static void answer_rules(struct why *why, const struct net_rule *target)
{
	why->reason = "no rule of network.allow covers it";
	why->fix_value = why->target;
	if (target->kind == NET_RULE_UNIX)
		answer_socket(why, target->path);
	else if (target->kind == NET_RULE_ADDRESS && target->prefix == (target->family == AF_INET ? 32 : 128))
		answer_address(why, target);
	else
		answer_name(why, target);
}

int why_connect(struct why *why, struct error *err)
{
	const struct profile *profile = &why->prepared->profile;
	const struct promise_row *promise = &why->prepared->plan.promises[PROMISE_NETWORK];
	struct net_rule target;

	if (net_rule_parse(why->target, &target, err))
		return error_context(err, "%s", "the target of `why connect`");
	if (target.kind == NET_RULE_UNIX) {
		const struct sensitive_path *sensitive = sensitive_path_find(target.path, why->prepared->request.home,
		                                                             true);

		why->sensitive = sensitive ? sensitive->reason : NULL;
	}
	why->pos = profile->network.pos;
	if (promise->status == PROMISE_MISSING)
		why_note(why,
		         arena_printf(why->arena, "Here `pyconfine run` refuses this profile: %s.", promise->reason));
	if (why->prepared->plan.network.open && target.kind != NET_RULE_UNIX) {
		why->allowed = true;
		why->reason = profile->network.mode == NETWORK_HOST
		                      ? "network: host shares the host's network, unrestricted"
		                      : arena_printf(why->arena, "require relaxes it: %s", promise->reason);
		return 0;
	}
	if (profile->network.mode == NETWORK_RULES) {
		answer_rules(why, &target);
		return 0;
	}
	why->reason = target.kind == NET_RULE_UNIX
	                      ? "no UNIX socket of the host is in reach"
	                      : arena_printf(why->arena, "profile \"%s\" has no network", profile->name);
	why->fix_value = why->target;
	return 0;
}
