/* How each secret reaches the script. What it is stays out of the plan: nothing is read here. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "plan/parts.h"
#include "plan/secrets.h"

#define INSIDE_SECRETS "/run/secrets"

static int fail_at(struct build *b, const struct secret *secret)
{
	b->err->pos = secret->from.pos;
	return -1;
}

/* A file source is a grant of that file, so the ceiling's word about files holds for it, too. */
static int check_ceiling(struct build *b, const struct secret *secret)
{
	const struct profile_ceiling *ceiling = b->profile->ceiling;
	const char *path, *real = NULL;
	char shown[256];

	if (!ceiling || !ceiling->has_read)
		return 0;
	if (secret_source_path(secret, &b->variables, b->arena, &path, b->err))
		return error_context(b->err, "secrets.%s", secret->name.value);
	/* what is not there is said when it is to be read; below the last one only systemd puts things */
	if (!path || path_follow(path, b->arena, NULL, &real, NULL) || plan_is_permitted(b, real, &ceiling->read) ||
	    plan_is_permitted(b, real, &ceiling->write) || path_is_below(real, "/run/credentials"))
		return 0;
	error_set(b->err, CODE_LOCKED, "secrets.%s: %s is more than %s permits", secret->name.value,
	          escape_into(shown, sizeof(shown), real), ceiling->file);
	error_hint(b->err, "A secret from a file is bounded by the ceiling's files.read.");
	return fail_at(b, secret);
}

int secret_source_path(const struct secret *secret, const struct variables *variables, struct arena *arena,
                       const char **path, struct error *err)
{
	const size_t file = strlen(SECRET_FROM_FILE), credential = strlen(SECRET_FROM_CREDENTIAL);
	struct profile_string text = secret->from;
	const char *directory;

	*path = NULL;
	if (strncmp(text.value, SECRET_FROM_FILE, file) == 0) {
		text.value += file;
		*path = expand_path(&text, variables, arena, err);
		return *path ? 0 : -1;
	}
	if (strncmp(text.value, SECRET_FROM_CREDENTIAL, credential))
		return 0;
	directory = environment_get(variables->environment, "CREDENTIALS_DIRECTORY");
	if (!directory || directory[0] != '/') {
		error_set(err, CODE_SECRET, "there are no credentials: CREDENTIALS_DIRECTORY is not set");
		return error_hint(err, "A systemd unit gets them by LoadCredential=%s:/path.", text.value + credential);
	}
	text.value += credential;
	text.value = expand_variables(&text, variables, arena, err);
	if (!text.value)
		return -1;
	*path = arena_printf(arena, "%s/%s", directory, text.value);
	return 0;
}

static int refuse_twice(struct build *b, const struct secret *secret, const char *variable, const char *other)
{
	error_set(b->err, CODE_SECRET, "secrets.%s: the variable %s is set by %s, too", secret->name.value, variable,
	          other);
	error_hint(b->err, "Choose another name: as: env:NAME");
	return fail_at(b, secret);
}

static int check_variable(struct build *b, const struct secret *secret, const char *variable)
{
	const struct name_pairs *pairs = &b->profile->env.set;

	for (size_t i = 0; i < b->plan->secret_count; i++)
		if (b->plan->secrets[i].variable && strcmp(b->plan->secrets[i].variable, variable) == 0)
			return refuse_twice(b, secret, variable,
			                    arena_printf(b->arena, "secrets.%s", b->plan->secrets[i].name));
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].name.value, variable) == 0)
			return refuse_twice(b, secret, variable, "env.set");
	return 0;
}

static bool is_in_memory(const char *path)
{
	FD_CLEANUP int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	return fd >= 0 && fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* Without mounts the file needs a file system in memory that is there already. The user's own comes first: in /dev/shm
 * a script that shares it could put another file in the place of its own copy. Where root changes the user, init must
 * be able to remove it as that user. */
static const char *choose_directory(struct build *b)
{
	const char *places[] = { arena_printf(b->arena, "/run/user/%u", b->facts->uid), "/run", INSIDE_SHM };

	for (size_t i = b->plan->change_user ? 2 : 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], W_OK | X_OK) == 0 && is_in_memory(places[i]))
			return arena_printf(b->arena, "%s/pyconfine-secrets-%s", places[i], b->variables.session);
	return NULL;
}

static int place_file(struct build *b, const struct secret *secret, const char **path)
{
	struct plan *plan = b->plan;

	if (!plan->secrets_dir)
		plan->secrets_dir = plan->mode == MODE_NAMESPACES ? INSIDE_SECRETS : choose_directory(b);
	if (!plan->secrets_dir) {
		error_set(
			b->err, CODE_CANNOT_KEEP,
			"secrets.%s: without namespaces a file in memory needs a writable tmpfs, and neither /run nor "
			"/dev/shm is one here",
			secret->name.value);
		error_hint(b->err, "Hand it over as a variable: as: env:NAME; or see `pyconfine doctor`.");
		return fail_at(b, secret);
	}
	*path = arena_printf(b->arena, "%s/%s", plan->secrets_dir, secret->name.value);
	if (plan->mode == MODE_LANDLOCK || !plan_item_at(b, *path))
		return 0;
	error_set(b->err, CODE_SECRET, "secrets.%s: %s cannot be made where the profile shows the machine's %s",
	          secret->name.value, *path, plan_item_at(b, *path)->path);
	error_hint(b->err, "Grant less than that directory, or hand the secret over as a variable: as: env:NAME");
	return fail_at(b, secret);
}

bool plan_is_secret_source(const struct secrets *secrets, const char *name, size_t length)
{
	const size_t prefix = strlen(SECRET_FROM_ENV);

	for (size_t i = 0; secrets && i < secrets->count; i++) {
		const char *from = secrets->items[i].from.value;

		if (strncmp(from, SECRET_FROM_ENV, prefix) == 0 && strlen(from + prefix) == length &&
		    strncmp(from + prefix, name, length) == 0)
			return true;
	}
	return false;
}

int plan_secrets(struct build *b)
{
	const struct secrets *list = &b->profile->secrets;
	struct plan *plan = b->plan;

	if (list->count == 0)
		return 0;
	plan->secrets = arena_array(b->arena, list->count, sizeof(*plan->secrets));
	for (size_t i = 0; i < list->count; i++) {
		const struct secret *secret = &list->items[i];
		const char *variable = secret_variable(secret), *path = NULL;

		if (check_ceiling(b, secret) ||
		    (variable ? check_variable(b, secret, variable) : place_file(b, secret, &path)))
			return -1;
		plan->secrets[plan->secret_count++] = (struct plan_secret){ .name = secret->name.value,
			                                                    .from = secret->from.value,
			                                                    .path = path,
			                                                    .variable = variable,
			                                                    .pos = secret->from.pos };
	}
	return 0;
}
