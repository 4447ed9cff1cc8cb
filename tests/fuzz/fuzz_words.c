/* libFuzzer: any text as a network rule, a size, a duration, a count, a text with variables. What was understood must
 * mean the same when it is written out again. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "net/rules.h"
#include "plan/expand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_units(const char *text)
{
	uint64_t value, again;
	char suggestion[64], written[64];

	if (parse_size(text, &value, suggestion, sizeof(suggestion)) == UNIT_OK && value % 1024 == 0) {
		format_size(value, written, sizeof(written));
		require(parse_size(written, &again, suggestion, sizeof(suggestion)) == UNIT_OK && again == value);
	}
	if (parse_duration(text, &value, suggestion, sizeof(suggestion)) == UNIT_OK) {
		format_duration(value, written, sizeof(written));
		require(parse_duration(written, &again, suggestion, sizeof(suggestion)) == UNIT_OK && again == value);
	}
	if (parse_count(text, &value) == UNIT_OK)
		require(value == strtoull(text, NULL, 10));
}

static void check_rule(const char *text)
{
	struct net_rule rule = { 0 };
	struct error err = { 0 };

	if (net_rule_parse(text, &rule, &err) == 0) {
		require(net_rule_covers(&rule, &rule));
		require(rule.kind == NET_RULE_UNIX || rule.port <= rule.port_last);
		if (rule.kind == NET_RULE_NAME)
			require(net_rule_matches_name(&rule, rule.name, rule.port));
		if (rule.kind == NET_RULE_ADDRESS)
			require(net_rule_matches_address(&rule, rule.family, rule.address, rule.port_last));
	} else {
		require(err.code == CODE_BAD_VALUE && err.message[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const environment[] = { "NAME=value", NULL };
	static const struct variables variables = { .home = "/home/ada", .cwd = "/srv", .environment = environment };
	ARENA_CLEANUP struct arena arena = { 0 };
	struct profile_string text = { .value = arena_strndup(&arena, (const char *)data, size),
		                       .base_dir = "/srv/app" };
	const char *path;
	struct error err;

	check_units(text.value);
	check_rule(text.value);
	path = expand_path(&text, &variables, &arena, &err);
	if (path)
		require(path[0] == '/' && !strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./"));
	return 0;
}
