/* --assume: facts lowered by hand. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "base/units.h"
#include "host/facts.h"

const struct name_value host_feature_names[] = {
	{ "seccomp", FEATURE_SECCOMP },
	{ "notify", FEATURE_USER_NOTIFY },
	{ "landlock", FEATURE_LANDLOCK },
	{ "userns", FEATURE_USER_NAMESPACES },
	{ "namespaces", FEATURE_NAMESPACES },
	{ "hostname", FEATURE_HOSTNAME },
	{ "netns", FEATURE_NETWORK_NAMESPACE },
	{ "proc", FEATURE_PROC_MOUNT },
	{ "idmap", FEATURE_IDMAPPED_MOUNTS },
	{ "overlay", FEATURE_OVERLAY },
	{ "set-user", FEATURE_SET_USER },
	{ "bounds", FEATURE_CAPABILITY_BOUNDS },
	{ "no-new-privs", FEATURE_NO_NEW_PRIVS },
	{ "cgroup", FEATURE_CGROUP },
	/* other words for the same */
	{ "user-namespaces", FEATURE_USER_NAMESPACES },
	{ "user-notify", FEATURE_USER_NOTIFY },
	{ "usernotif", FEATURE_USER_NOTIFY },
	{ "ns", FEATURE_NAMESPACES },
	{ "network", FEATURE_NETWORK_NAMESPACE },
	{ "setuid", FEATURE_SET_USER },
	{ "nnp", FEATURE_NO_NEW_PRIVS },
	{ "cgroups", FEATURE_CGROUP },
	{ NULL, 0 },
};

enum { NAME_COUNT = sizeof(host_feature_names) / sizeof(host_feature_names[0]) };

static int unknown_feature(const char *word, struct error *err)
{
	const char *candidates[NAME_COUNT] = { NULL };
	char shown[64];
	const char *near;
	int length = 0;

	for (size_t i = 0; host_feature_names[i].name; i++)
		candidates[i] = host_feature_names[i].name;
	near = nearest_name(word, candidates);
	escape_into(shown, sizeof(shown), word);
	if (near)
		error_set(err, CODE_USAGE, "--assume: unknown feature \"%s\"; did you mean \"%s\"?", shown, near);
	else
		error_set(err, CODE_USAGE, "--assume: unknown feature \"%s\"", shown);
	error_hint(err, "Features:");
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		length = (int)strlen(err->hint);
		snprintf(err->hint + length, sizeof(err->hint) - (size_t)length, " %s", host_features[i].name);
	}
	return -1;
}

/* One "feature=level". */
static int assume_one(struct host_facts *facts, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	char name[32], shown[64], detail[64];
	uint64_t level;
	int feature, now;

	escape_into(shown, sizeof(shown), word);
	if (!equals || equals == word) {
		error_set(err, CODE_USAGE, "--assume: \"%s\" is not FEATURE=LEVEL", shown);
		return error_hint(err, "Write --assume userns=0,landlock=2");
	}
	snprintf(name, sizeof(name), "%.*s", (int)(equals - word), word);
	if (!name_find(host_feature_names, name, &feature))
		return unknown_feature(name, err);
	if (parse_count(equals + 1, &level) != UNIT_OK)
		return error_set(err, CODE_USAGE, "--assume: the level in \"%s\" is not a whole number", shown);
	now = facts->features[feature].level;
	if (level > (uint64_t)now) {
		error_set(err, CODE_USAGE, "--assume: %s is %d here, and facts can only be lowered",
		          host_features[feature].name, now);
		return error_hint(err, "`pyconfine doctor` shows the levels of this machine.");
	}
	if (level == (uint64_t)now)
		return 0;
	snprintf(detail, sizeof(detail), "lowered by --assume %s=%d", host_features[feature].name, (int)level);
	if (level == 0) {
		host_facts_lower(facts, (enum host_feature)feature, 0, detail);
		facts->features[feature].by_hand = true;
		return 0;
	}
	facts->features[feature] = (struct host_fact){ .level = (int)level, .by_hand = true };
	snprintf(facts->features[feature].detail, sizeof(facts->features[feature].detail), "%s", detail);
	return 0;
}

int host_facts_assume(struct host_facts *facts, const char *spec, struct error *err)
{
	struct host_facts lowered = *facts;
	const char *word = spec;

	for (;;) {
		size_t length = strcspn(word, ",");
		char one[64];

		if (length >= sizeof(one)) {
			error_set(err, CODE_USAGE, "--assume: a word of %zu characters is not FEATURE=LEVEL", length);
			return error_hint(err, "Write --assume userns=0,landlock=2");
		}
		snprintf(one, sizeof(one), "%.*s", (int)length, word);
		if (assume_one(&lowered, one, err))
			return -1;
		if (word[length] == '\0')
			break;
		word += length + 1;
	}
	*facts = lowered;
	return 0;
}
