#include "plan/expand.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plan/parts.h"

const char *environment_get(const char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static const char *directory_of(const struct profile_string *text, const struct variables *variables)
{
	return text->base_dir ? text->base_dir : variables->cwd;
}

/* The value of one ${NAME}; NULL when it is unknown or not to be had. */
static const char *variable_value(const char *name, const struct profile_string *text,
                                  const struct variables *variables, struct arena *arena)
{
	const struct {
		const char *name, *value;
	} table[] = {
		{ "HOME", variables->home },
		{ "SCRIPT", variables->script },
		{ "SCRIPT_DIR", variables->script_dir },
		{ "PROFILE_DIR", directory_of(text, variables) },
		{ "CWD", variables->cwd },
		{ "USER", variables->user },
		{ "XDG_CONFIG_HOME", variables->xdg_config_home },
		{ "SESSION", variables->session },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return table[i].value;
	if (strcmp(name, "UID") == 0)
		return arena_printf(arena, "%u", variables->uid);
	if (strncmp(name, "env:", 4) == 0 && !plan_is_secret_source(variables->secrets, name + 4, strlen(name + 4)))
		return environment_get(variables->environment, name + 4);
	return NULL;
}

static int variable_missing(const char *name, const struct profile_string *text, const struct variables *variables,
                            struct error *err)
{
	char shown[128];

	if (strncmp(name, "env:", 4) == 0 && plan_is_secret_source(variables->secrets, name + 4, strlen(name + 4))) {
		error_set(err, CODE_BAD_VARIABLE, "${%s} is a secret, and stands in no other value", name);
		err->pos = text->pos;
		return error_hint(err, "The script gets it where `secrets` says; read it there.");
	}

	error_set(err, CODE_BAD_VARIABLE, "${%s} has no value here", escape_into(shown, sizeof(shown), name));
	err->pos = text->pos;
	if (strncmp(name, "env:", 4) == 0)
		return error_hint(err, "Set it where pyconfine is called: %s=...", shown + 4);
	return error_hint(err, "It is only known when a script file is run; name the path instead.");
}

const char *expand_variables(const struct profile_string *text, const struct variables *variables, struct arena *arena,
                             struct error *err)
{
	TEXT_CLEANUP struct text out = { 0 };
	const char *rest = text->value, *start;

	if (!strstr(rest, "${"))
		return rest;
	while ((start = strstr(rest, "${"))) {
		const char *end = strchr(start, '}');
		const char *value = NULL;
		char *name;

		if (!end) {
			error_set(err, CODE_BAD_VARIABLE, "\"${\" without \"}\"");
			err->pos = text->pos;
			return NULL;
		}
		name = arena_strndup(arena, start + 2, (size_t)(end - start - 2));
		value = variable_value(name, text, variables, arena);
		if (!value) {
			variable_missing(name, text, variables, err);
			return NULL;
		}
		text_add_n(&out, rest, (size_t)(start - rest));
		text_add(&out, value);
		rest = end + 1;
	}
	text_add(&out, rest);
	return arena_strdup(arena, text_string(&out));
}

/* "/a//b/./c/../d" -> "/a/b/d", by name alone. */
static char *normalise(const char *path, struct arena *arena)
{
	char *out = arena_alloc(arena, strlen(path) + 2);
	size_t length = 0;

	while (*path) {
		size_t part;

		path += strspn(path, "/");
		part = strcspn(path, "/");
		if (part == 0 || (part == 1 && path[0] == '.')) {
			/* nothing */
		} else if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (length > 0 && out[--length] != '/')
				;
		} else {
			out[length++] = '/';
			memcpy(out + length, path, part);
			length += part;
		}
		path += part;
	}
	if (length == 0)
		out[length++] = '/';
	out[length] = '\0';
	return out;
}

/* What stands in the environment is often half of somebody else's making, such as the name of an upload: it must not
 * turn a path into another one, or into the directory that holds it. What the profile itself says may. */
static int check_path_variables(const struct profile_string *text, const struct variables *variables,
                                struct arena *arena, struct error *err)
{
	static const char start[] = "${env:";
	const char *next = text->value;

	while ((next = strstr(next, start))) {
		const char *name = next + strlen(start), *value;
		char shown[128];

		next = name + strcspn(name, "}");
		name = arena_strndup(arena, name, (size_t)(next - name));
		value = environment_get(variables->environment, name);
		if (!value || (*value && !path_goes_up(value)))
			continue;
		error_set(err, CODE_BAD_PATH, "${env:%s} %s", escape_into(shown, sizeof(shown), name),
		          *value ? "holds \"..\", which has no place in a path that comes from outside" : "is empty");
		err->pos = text->pos;
		return -1;
	}
	return 0;
}

const char *expand_path(const struct profile_string *text, const struct variables *variables, struct arena *arena,
                        struct error *err)
{
	const char *path = expand_variables(text, variables, arena, err);
	char shown[256];

	if (!path || check_path_variables(text, variables, arena, err))
		return NULL;
	escape_into(shown, sizeof(shown), path);
	if (path[0] == '\0' || path[0] == '~') {
		error_set(err, CODE_BAD_PATH,
		          path[0] ? "\"%s\": ~ is the shell's; a profile has no shell" : "%san empty path", shown);
		err->pos = text->pos;
		if (path[0])
			error_hint(err, "Write ${HOME}%s", shown + strcspn(shown, "/"));
		return NULL;
	}
	if (path[0] != '/') {
		const char *base = directory_of(text, variables);

		if (!base) {
			error_set(err, CODE_BAD_PATH, "\"%s\" is relative, and a built-in profile has no directory",
			          shown);
			err->pos = text->pos;
			return NULL;
		}
		path = arena_printf(arena, "%s/%s", base, path);
	}
	return normalise(path, arena);
}
