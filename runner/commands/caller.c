/* Who calls: without the name service, which a static program has none of. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/prepare.h"

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
	request->ceiling_path = "/etc/pyconfine/ceiling.yaml";
	request->system_dir = "/etc/pyconfine/profiles";
	request->vendor_dir = "/usr/share/pyconfine/profiles";
}
