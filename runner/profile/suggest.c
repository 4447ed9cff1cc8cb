/* What a mistyped key meant: first the words that people bring along from other tools, then keys that stand in another
 * section, then spelling. */
#include <string.h>
#include <strings.h>

#include "profile/table.h"

static const struct {
	const char *word;
	const char *path;
} aliases[] = {
	{ "net", "network" },
	{ "networking", "network" },
	{ "filesystem", "files" },
	{ "fs", "files" },
	{ "paths", "files" },
	{ "run", "exec" },
	{ "subprocess", "exec" },
	{ "commands", "exec" },
	{ "programs", "exec" },
	{ "allow-run", "exec" },
	{ "environment", "env" },
	{ "environ", "env" },
	{ "allow-env", "env.allow" },
	{ "PassEnvironment", "env.allow" },
	{ "EnvironmentVariables", "env.set" },
	{ "wall_time", "limits.timeout" },
	{ "time", "limits.timeout" },
	{ "max_time", "limits.timeout" },
	{ "RuntimeMaxSec", "limits.timeout" },
	{ "TimeoutStopSec", "limits.grace" },
	{ "MemoryMax", "limits.memory" },
	{ "max_memory", "limits.memory" },
	{ "memory_limit", "limits.memory" },
	{ "mem", "limits.memory" },
	{ "CPUQuota", "limits.cpus" },
	{ "TasksMax", "limits.processes" },
	{ "pids", "limits.processes" },
	{ "pids_limit", "limits.processes" },
	{ "max_processes", "limits.processes" },
	{ "nofile", "limits.open_files" },
	{ "LimitNOFILE", "limits.open_files" },
	{ "LimitFSIZE", "limits.file_size" },
	{ "resources", "limits" },
	{ "allow-read", "files.read" },
	{ "ReadOnlyPaths", "files.read" },
	{ "BindReadOnlyPaths", "files.read" },
	{ "allow-write", "files.write" },
	{ "ReadWritePaths", "files.write" },
	{ "InaccessiblePaths", "files.deny" },
	{ "PrivateTmp", "files.tmp" },
	{ "allowedDomains", "network.allow" },
	{ "net_allow", "network.allow" },
	{ "allow-net", "network.allow" },
	{ "IPAddressAllow", "network.allow" },
	{ "CapabilityBoundingSet", "system.capabilities" },
	{ "caps", "system.capabilities" },
	{ "seccomp", "system.syscalls" },
	{ "SystemCallFilter", "system.syscalls" },
	{ "python_version", "python.interpreter" },
	{ "input", "inputs" },
	{ "argv", "inputs.args" },
	{ "arguments", "inputs.args" },
	{ "parameters", "inputs.args" },
	{ "flags", "inputs.options" },
	{ "StandardInput", "inputs.stdin" },
	{ "include", "extends" },
	{ "inherits", "extends" },
	{ "base", "extends" },
};

/* The path as it would be written in that section: "memory" within limits, "limits.memory" elsewhere. */
static const char *relative(const char *path, const char *section)
{
	size_t length = strlen(section);

	if (length > 0 && strncmp(path, section, length) == 0 && path[length] == '.')
		return path + length + 1;
	return path;
}

static const char *by_alias(const char *section, const char *word)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcasecmp(aliases[i].word, word) == 0)
			return relative(aliases[i].path, section);
	}
	return NULL;
}

/* A key that exists, but elsewhere: "timeout" at the top, "memory" below files. */
static const char *by_place(const char *section, const char *word)
{
	for (const struct field *field = profile_fields; field->path; field++) {
		if (strcasecmp(field_leaf(field), word) == 0 || strcasecmp(field->path, word) == 0)
			return relative(field->path, section);
	}
	return NULL;
}

static const char *by_spelling(const char *section, const char *word, struct arena *arena)
{
	const char **names = arena_array(arena, profile_field_count + 1, sizeof(char *));
	const char *nearest;
	size_t count = 0;

	for (const struct field *field = profile_fields; field->path; field++) {
		if (field_is_in(field, section))
			names[count++] = field_leaf(field);
	}
	nearest = nearest_name(word, names);
	if (nearest)
		return nearest;
	count = 0;
	for (const struct field *field = profile_fields; field->path; field++)
		names[count++] = field_leaf(field);
	names[count] = NULL;
	nearest = nearest_name(word, names);
	return nearest ? by_place(section, nearest) : NULL;
}

const char *field_suggest(const char *section, const char *word, struct arena *arena)
{
	const char *found = by_alias(section, word);

	if (!found)
		found = by_place(section, word);
	return found ? found : by_spelling(section, word, arena);
}
