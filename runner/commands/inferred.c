#include "commands/inferred.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/why.h"
#include "plan/links.h"

/* Which questions an answer of the kernel's can be about: the first that the plan says no to. */
static const struct reading {
	int sys_errno;
	bool there; /* of the file itself; otherwise of the directory that it was to be made in */
	const char *key;
} readings[] = {
	{ ENOENT, true, "files.read" },  { EACCES, true, "files.read" },   { EACCES, true, "files.write" },
	{ EROFS, true, "files.write" },  { ENOENT, false, "files.write" }, { EACCES, false, "files.write" },
	{ EROFS, false, "files.write" },
};

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static const char *parent_of(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? "/" : arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static bool find_file(const struct last_exception *said, const struct prepared *prepared, struct arena *arena,
                      struct why *why)
{
	const char *path = path_join(arena, prepared->plan.cwd, said->target), *target;
	const bool there = exists(path);

	target = there ? path : parent_of(path, arena);
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		if (readings[i].sys_errno != said->sys_errno || readings[i].there != there || !exists(target) ||
		    !why_ask(why, prepared, arena, readings[i].key, target))
			continue;
		/* a file that is nowhere may just as well be looked for in vain: no wide grant is proposed for that */
		if (!why->allowed && why->fix_value && (there || said->sys_errno != ENOENT || !why->sensitive))
			return true;
	}
	return false;
}

static bool find(const struct last_exception *said, const struct prepared *prepared, struct arena *arena,
                 struct why *why)
{
	if (said->program && (said->sys_errno == ENOENT || said->sys_errno == EACCES))
		return why_ask(why, prepared, arena, "exec", said->target) && !why->allowed && why->fix_value;
	return find_file(said, prepared, arena, why);
}

static bool is_known(const struct denials *list, const struct denial *denial)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *name = strrchr(list->items[i].target, '/');

		if (strcmp(list->items[i].code, denial->code) == 0 &&
		    (strcmp(list->items[i].target, denial->target) == 0 ||
		     (strcmp(denial->code, "exec") == 0 && name && strcmp(name + 1, denial->target) == 0)))
			return true;
	}
	return false;
}

void inferred_add(const struct prepared *prepared, struct outcome *outcome, struct arena *arena)
{
	struct last_exception said;
	struct denial denial = { .inferred = true };
	struct why why;

	if (outcome->kind != OUTCOME_EXITED || outcome->status == 0 || !outcome->last_words ||
	    !last_words_find(outcome->last_words->text, outcome->last_words->length, &said) ||
	    !find(&said, prepared, arena, &why))
		return;
	denial.code = denial.fix = why.question->key;
	denial.sys_errno = said.sys_errno;
	denial_set_target(&denial, why.target);
	if (!is_known(&outcome->denials, &denial))
		denials_add(&outcome->denials, &denial);
}
