/* Which profile is meant: the lookup order of the contract. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/text.h"
#include "profile/source.h"

static const char builtin_prefix[] = "builtin:";

const struct builtin_profile *builtin_find(const char *name)
{
	for (const struct builtin_profile *builtin = builtin_profiles; builtin->name; builtin++) {
		if (strcmp(builtin->name, name) == 0)
			return builtin;
	}
	return NULL;
}

void source_builtin(const struct builtin_profile *builtin, struct profile_source *out)
{
	*out = (struct profile_source){
		.file = builtin->file,
		.name = builtin->name,
		.data = builtin->text,
		.length = (size_t)(builtin->end - builtin->text),
		.builtin = builtin,
	};
}

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), ending_length = strlen(ending);

	return length > ending_length && strcmp(text + length - ending_length, ending) == 0;
}

static bool is_path(const char *word)
{
	return strchr(word, '/') || ends_with(word, ".yaml") || ends_with(word, ".yml");
}

static bool is_name(const char *word)
{
	return word[0] != '\0' && word[0] != '.' &&
	       word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static int no_such(const char *word, struct error *err)
{
	const char *names[16] = { NULL }, *meant;
	char shown[128];
	size_t count = 0;

	for (const struct builtin_profile *builtin = builtin_profiles; builtin->name && count < 15; builtin++)
		names[count++] = builtin->name;
	meant = nearest_name(strncmp(word, builtin_prefix, 8) == 0 ? word + 8 : word, names);
	escape_into(shown, sizeof(shown), word);
	error_set(err, CODE_PROFILE_NOT_FOUND,
	          meant ? "there is no profile \"%s\"; did you mean \"%s\"?" : "there is no profile \"%s\"", shown,
	          meant);
	return error_hint(err, "`pyconfine profiles` lists them; a path has a / or ends in .yaml.");
}

/* Returns 0 found, 1 not there, -1 there but refused: a file that is refused is never passed over for the next one. */
static int try_file(const struct profile_request *request, const char *path, struct arena *arena,
                    struct profile_source *out, struct error *err)
{
	if (source_open(path, request, arena, out, err) == 0)
		return 0;
	return err->code == CODE_PROFILE_NOT_FOUND ? 1 : -1;
}

static bool lies_in(const char *path, const char *directory)
{
	size_t length = directory ? strlen(directory) : 0;

	return length && strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* The administrator's profiles build on the administrator's: what a caller keeps in ~/.config must not change them. */
static bool is_system_profile(const struct profile_request *request, const struct profile_source *source)
{
	return source && source->path &&
	       (lies_in(source->path, request->system_dir) || lies_in(source->path, request->vendor_dir));
}

static int find_name(const struct profile_request *request, const char *name, const struct profile_source *from,
                     struct arena *arena, struct profile_source *out, struct error *err)
{
	const char *directories[3] = { NULL };
	const struct builtin_profile *builtin = builtin_find(name);

	/* A relative $XDG_CONFIG_HOME is to be ignored (XDG base directory specification). */
	if (is_system_profile(request, from))
		directories[0] = NULL;
	else if (request->xdg_config_home && request->xdg_config_home[0] == '/')
		directories[0] = arena_printf(arena, "%s/pyconfine/profiles", request->xdg_config_home);
	else if (request->home && request->home[0] == '/')
		directories[0] = arena_printf(arena, "%s/.config/pyconfine/profiles", request->home);
	directories[1] = request->system_dir;
	directories[2] = request->vendor_dir;
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		int result;

		if (!directories[i])
			continue;
		result = try_file(request, arena_printf(arena, "%s/%s.yaml", directories[i], name), arena, out, err);
		if (result <= 0)
			return result;
	}
	if (!builtin)
		return no_such(name, err);
	source_builtin(builtin, out);
	return 0;
}

int source_resolve(const struct profile_request *request, const char *word, const struct profile_source *from,
                   struct arena *arena, struct profile_source *out, struct error *err)
{
	const struct builtin_profile *builtin;
	bool only_builtin = from && from->builtin;

	if (strncmp(word, builtin_prefix, strlen(builtin_prefix)) == 0 || only_builtin) {
		builtin = builtin_find(strncmp(word, builtin_prefix, 8) == 0 ? word + strlen(builtin_prefix) : word);
		if (!builtin)
			return no_such(word, err);
		source_builtin(builtin, out);
		return 0;
	}
	if (is_path(word)) {
		if (from && word[0] != '/')
			word = arena_printf(arena, "%s/%s", strcmp(from->base_dir, "/") == 0 ? "" : from->base_dir,
			                    word);
		return source_open(word, request, arena, out, err);
	}
	if (!is_name(word))
		return no_such(word, err);
	return find_name(request, word, from, arena, out, err);
}

/* "dir/report.py" -> "dir/report.pyconfine.yaml" */
static const char *beside_script(const char *script, struct arena *arena)
{
	size_t length = strlen(script);

	if (ends_with(script, ".py"))
		length -= 3;
	else if (ends_with(script, ".pyw"))
		length -= 4;
	return arena_printf(arena, "%.*s.pyconfine.yaml", (int)length, script);
}

int source_find(const struct profile_request *request, struct arena *arena, struct profile_source *out,
                struct error *err)
{
	if (request->profile) {
		if (source_resolve(request, request->profile, NULL, arena, out, err) == 0)
			return 0;
		return error_context(err, "--profile");
	}
	if (request->environment && request->environment[0]) {
		if (source_resolve(request, request->environment, NULL, arena, out, err) == 0)
			return 0;
		return error_context(err, "$PYCONFINE_PROFILE");
	}
	if (request->script && strlen(request->script) < 4096) {
		int result = try_file(request, beside_script(request->script, arena), arena, out, err);

		if (result <= 0)
			return result;
	}
	source_builtin(builtin_find("offline"), out);
	return 0;
}
