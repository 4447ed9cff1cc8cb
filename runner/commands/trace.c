#include "commands/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/why.h"

/* What the interpreter tries by itself and does without. */
static bool is_noise(const char *path)
{
	static const char *const parts[] = { "/__pycache__", "/locale/", "/locale.alias", "/gconv/", NULL };

	for (size_t i = 0; parts[i]; i++)
		if (strstr(path, parts[i]))
			return true;
	return false;
}

/* On this machine, outside of the sandbox: of what is to be made, the directory. Links are not followed, and nothing is
 * opened. */
static bool is_there(const char *path, bool directory)
{
	char above[PATH_MAX];
	size_t length = strlen(path);
	struct stat st;

	if (length >= sizeof(above))
		return false;
	memcpy(above, path, length + 1);
	if (directory)
		*strrchr(above, '/') = '\0';
	return fstatat(AT_FDCWD, *above ? above : "/", &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0;
}

/* Names that are only looked at, as every import does by the dozen, are no denials. */
static const char *key_of(enum observed_kind kind)
{
	static const char *const keys[] = {
		[OBSERVED_READ] = "files.read",    [OBSERVED_LIST] = "files.read",    [OBSERVED_WRITE] = "files.write",
		[OBSERVED_CREATE] = "files.write", [OBSERVED_REMOVE] = "files.write", [OBSERVED_RENAME] = "files.write",
		[OBSERVED_EXEC] = "exec"
	};

	return (size_t)kind < sizeof(keys) / sizeof(keys[0]) ? keys[kind] : NULL;
}

static void consider(struct trace *trace, const struct observation *seen, const char *path)
{
	struct denial denial = { .code = key_of(seen->kind), .sys_errno = seen->answer, .traced = true };

	denial.fix = denial.code;
	denial_set_target(&denial, path);
	denials_add(&trace->candidates, &denial);
}

static void observe(void *owner, const struct observation *seen)
{
	bool refused = seen->answer == ENOENT || seen->answer == EROFS || seen->answer == EACCES;

	if (!refused || !key_of(seen->kind) || seen->target[0] != '/' || is_noise(seen->target))
		return;
	if (is_there(seen->target, seen->kind == OBSERVED_CREATE))
		consider(owner, seen, seen->target);
	else if (seen->second && is_there(seen->second, true))
		consider(owner, seen, seen->second);
}

struct observer trace_observer(struct trace *trace)
{
	return (struct observer){ .observe = observe, .owner = trace };
}

void trace_finish(const struct trace *trace, const struct prepared *prepared, struct arena *arena,
                  struct denials *denials)
{
	for (size_t i = 0; i < trace->candidates.count; i++) {
		const struct denial *found = &trace->candidates.items[i];
		struct why why;

		if (found->cut || !why_ask(&why, prepared, arena, found->code, found->target) || why.allowed)
			continue;
		if (denials->count == DENIALS_MAX)
			denials->more += found->count;
		else
			denials->items[denials->count++] = *found;
	}
	denials->more += trace->candidates.more;
}
