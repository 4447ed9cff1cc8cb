/* Who calls: without the name service, which a static program has none of. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/prepare.h"

#define CEILING "/etc/pyconfine/ceiling.yaml"

/* Home and name from /etc/passwd. Absent users are common (containers, directory services): then both stay unknown. */
static void look_up_user(struct arena *arena, struct caller *caller)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	if (!file)
		return;
	while ((entry = fgetpwent(file))) {
		if (entry->pw_uid != caller->uid)
			continue;
		caller->user_name = arena_strdup(arena, entry->pw_name);
		if (!caller->home && entry->pw_dir[0] == '/')
			caller->home = arena_strdup(arena, entry->pw_dir);
		break;
	}
	fclose(file);
}

static void add_group(struct arena *arena, const char ***names, size_t *count, const char *name)
{
	*names = arena_grow(arena, *names, *count, sizeof(**names));
	(*names)[(*count)++] = name;
}

static bool is_member(const gid_t *groups, int count, gid_t group)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The caller's groups, each by name and by number. Only the ceiling asks, so that most launches need not. */
static const char **look_up_groups(struct arena *arena, const struct caller *caller)
{
	int count = getgroups(0, NULL);
	gid_t *groups = arena_array(arena, (size_t)(count > 0 ? count : 0) + 1, sizeof(*groups));
	FILE *file = fopen("/etc/group", "re");
	const struct group *entry;
	const char **names = NULL;
	size_t found = 0;

	count = count > 0 ? getgroups(count, groups) : 0;
	count = count > 0 ? count : 0;
	groups[count++] = caller->gid;
	for (int i = 0; i < count; i++)
		add_group(arena, &names, &found, arena_printf(arena, "%u", groups[i]));
	while (file && (entry = fgetgrent(file)))
		if (is_member(groups, count, entry->gr_gid))
			add_group(arena, &names, &found, arena_strdup(arena, entry->gr_name));
	if (file)
		fclose(file);
	add_group(arena, &names, &found, NULL);
	return names;
}

static const char *absolute_variable(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

int caller_find(struct arena *arena, struct caller *out, struct error *err)
{
	char *cwd = getcwd(NULL, 0);

	if (!cwd || cwd[0] != '/') {
		free(cwd);
		error_set_errno(err, CODE_USAGE, "the current directory is gone or out of reach");
		return error_hint(err, "Change to another one: cd /");
	}
	*out = (struct caller){
		.cwd = arena_strdup(arena, cwd),
		.home = absolute_variable("HOME"),
		.xdg_config_home = absolute_variable("XDG_CONFIG_HOME"),
		.xdg_cache_home = absolute_variable("XDG_CACHE_HOME"),
		.uid = geteuid(),
		.gid = getegid(),
		.environment = (const char *const *)environ,
	};
	free(cwd);
	look_up_user(arena, out);
	if (access(CEILING, F_OK) == 0)
		out->group_names = look_up_groups(arena, out);
	return 0;
}

void caller_request(const struct caller *caller, struct profile_request *request)
{
	const char *chosen = environment_get(caller->environment, "PYCONFINE_PROFILE");

	request->environment = chosen && *chosen ? chosen : NULL; /* empty: as good as unset, as in a shell */
	request->home = caller->home;
	request->xdg_config_home = caller->xdg_config_home;
	request->uid = caller->uid;
	request->gid = caller->gid;
	request->user_name = caller->user_name;
	request->group_names = caller->group_names;
	request->cwd = caller->cwd;
	request->ceiling_path = CEILING;
	request->system_dir = "/etc/pyconfine/profiles";
	request->vendor_dir = "/usr/share/pyconfine/profiles";
}
