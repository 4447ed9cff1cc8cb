#include "supervise/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/units.h"
#include "host/syscalls.h"
#include "plan/secrets.h"
#include "supervise/secret_file.h"

/* One secret while it is read: into `at`, which has room for SECRET_BYTES_MAX and one more, which tells of more. */
struct reading {
	const struct secret *secret;
	const struct variables *variables;
	struct arena *arena;
	struct error *err;
	char *at;
	size_t length;
};

static int read_descriptor(struct reading *reading, int fd)
{
	ssize_t got = read_all(fd, reading->at, SECRET_BYTES_MAX);

	if (got >= 0) {
		reading->length = (size_t)got;
		return 0;
	}
	if (errno == EFBIG)
		return error_set(reading->err, CODE_SECRET, "%s holds more than 64 KiB", reading->secret->from.value);
	return error_set_errno(reading->err, CODE_SECRET, "%s", reading->secret->from.value);
}

static int from_variable(struct reading *reading)
{
	const char *name = reading->secret->from.value + strlen(SECRET_FROM_ENV);
	const char *value = environment_get(reading->variables->environment, name);

	if (!value) {
		error_set(reading->err, CODE_SECRET, "the variable %s is not set", name);
		return error_hint(reading->err, "Set it where pyconfine is called, or take the secret from file:PATH.");
	}
	reading->length = strlen(value);
	if (reading->length > SECRET_BYTES_MAX)
		return error_set(reading->err, CODE_SECRET, "the variable %s holds more than 64 KiB", name);
	memcpy(reading->at, value, reading->length);
	return 0;
}

static int from_file(struct reading *reading)
{
	FD_CLEANUP int fd = -1;
	const char *path;

	if (secret_source_path(reading->secret, reading->variables, reading->arena, &path, reading->err))
		return -1;
	fd = secret_file_open(path, reading->variables->uid, reading->arena, reading->err);
	return fd < 0 ? -1 : read_descriptor(reading, fd);
}

/* What we opened ourselves is close-on-exec, and nobody's to name. */
static int from_descriptor(struct reading *reading)
{
	uint64_t number = 0;
	int fd, flags;

	parse_count(reading->secret->from.value + strlen(SECRET_FROM_FD), &number);
	fd = (int)number;
	flags = fcntl(fd, F_GETFD);
	if (flags < 0 || (flags & FD_CLOEXEC)) {
		error_set(reading->err, CODE_SECRET, "descriptor %d is not open", fd);
		return error_hint(reading->err, "Hand it over where pyconfine is called: pyconfine ... %d</etc/key",
		                  fd);
	}
	if (isatty(fd))
		return error_set(reading->err, CODE_SECRET, "descriptor %d is a terminal", fd);
	if (read_descriptor(reading, fd))
		return -1;
	if (fd > 2)
		close(fd);
	return 0;
}

static const struct {
	const char *prefix;
	int (*read)(struct reading *reading);
} sources[] = {
	{ SECRET_FROM_ENV, from_variable },
	{ SECRET_FROM_FILE, from_file },
	{ SECRET_FROM_CREDENTIAL, from_file },
	{ SECRET_FROM_FD, from_descriptor },
};

static int read_source(struct reading *reading)
{
	const char *from = reading->secret->from.value;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strncmp(from, sources[i].prefix, strlen(sources[i].prefix)) == 0)
			return sources[i].read(reading);
	return error_set(reading->err, CODE_INTERNAL, "a source of no kind");
}

/* As $(...) does: a file ends with a line break, a password does not. */
static int fit_variable(struct reading *reading)
{
	while (reading->length > 0 && reading->at[reading->length - 1] == '\n')
		reading->at[--reading->length] = '\0';
	if (!memchr(reading->at, '\0', reading->length))
		return 0;
	error_set(reading->err, CODE_SECRET, "%s holds a NUL byte, and a variable cannot", reading->secret->from.value);
	return error_hint(reading->err, "Hand it over as a file: as: file");
}

static int load_one(struct reading *reading)
{
	int result = read_source(reading);

	if (result == 0 && secret_variable(reading->secret))
		result = fit_variable(reading);
	if (result == 0 && reading->length == 0)
		result = error_set(reading->err, CODE_SECRET, "%s is empty", reading->secret->from.value);
	if (result) {
		error_context(reading->err, "secrets.%s", reading->secret->name.value);
		reading->err->pos = reading->secret->from.pos;
	}
	return result;
}

/* "NAME=" in front of those that are variables, a NUL behind each. */
static size_t room_for(const struct secret *secret)
{
	const char *variable = secret_variable(secret);

	return (variable ? strlen(variable) + 1 : 0) + SECRET_BYTES_MAX + 2;
}

/* Locking keeps it off the swap where the caller's RLIMIT_MEMLOCK has room for that; pages count as they are used. */
static int make_memory(const struct secrets *list, struct secret_store *store, struct error *err)
{
	void *memory;

	for (size_t i = 0; i < list->count; i++)
		store->size += room_for(&list->items[i]);
	memory = mmap(NULL, store->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_set_errno(err, CODE_SETUP_FAILED, "memory for secrets");
	store->memory = memory;
	madvise(memory, store->size, MADV_DONTDUMP);
	mlock2(memory, store->size, MLOCK_ONFAULT);
	return 0;
}

/* Where the kernel shows our environment, which stays there however long we run. */
static void wipe_sources(const struct secrets *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *from = list->items[i].from.value;
		size_t prefix = strlen(SECRET_FROM_ENV), length = strlen(from + prefix);

		if (strncmp(from, SECRET_FROM_ENV, prefix))
			continue;
		for (char **variable = environ; *variable; variable++)
			if (strncmp(*variable, from + prefix, length) == 0 && (*variable)[length] == '=')
				explicit_bzero(*variable + length + 1, strlen(*variable + length + 1));
	}
}

int secrets_load(const struct profile *profile, const struct variables *variables, struct arena *arena,
                 struct secret_store *out, struct error *err)
{
	const struct secrets *list = &profile->secrets;
	char *at;

	if (list->count == 0)
		return 0;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return error_set_errno(err, CODE_SETUP_FAILED, "PR_SET_DUMPABLE");
	if (make_memory(list, out, err))
		return -1;
	out->values = arena_array(arena, list->count, sizeof(*out->values));
	out->variables = arena_array(arena, list->count, sizeof(*out->variables));
	at = out->memory;
	for (size_t i = 0; i < list->count; i++) {
		const char *variable = secret_variable(&list->items[i]);
		struct reading reading = { &list->items[i], variables, arena, err, at, 0 };

		if (variable) {
			size_t length = strlen(variable);

			memcpy(at, variable, length);
			at[length] = '=';
			out->variables[i] = at;
			reading.at += length + 1;
		}
		if (load_one(&reading))
			return -1;
		out->values[out->count++] = (struct secret_bytes){ reading.at, reading.length };
		at += room_for(&list->items[i]);
	}
	wipe_sources(list);
	redact_values(out->values, out->count);
	return 0;
}

void secrets_free(struct secret_store *store)
{
	redact_values(NULL, 0);
	if (!store->memory)
		return;
	secrets_forget(store);
	munmap(store->memory, store->size);
	*store = (struct secret_store){ 0 };
}

int secrets_environment(const struct plan *plan, const struct secret_store *store, const char ***out)
{
	size_t count = 0, variables = 0;
	const char **list;

	*out = NULL;
	for (size_t i = 0; store && i < store->count; i++)
		variables += store->variables[i] != NULL;
	if (variables == 0)
		return 0;
	while (plan->envp[count])
		count++;
	list = calloc(count + variables + 1, sizeof(*list));
	if (!list)
		return -1;
	memcpy(list, plan->envp, count * sizeof(*list));
	for (size_t i = 0; i < store->count; i++)
		if (store->variables[i])
			list[count++] = store->variables[i];
	*out = list;
	return 0;
}
