/* Theory of operation: results of an untrusted script, brought out.
 *
 * The script writes to a directory of its own (`staging`): with namespaces a file system that only it sees, else a
 * directory in /tmp. The supervisor holds that directory, and the one that results go to (`target`), by descriptor: the
 * target since before the script began, so that no name of it is looked up again.
 *
 * When the script has ended with status 0 and every process of the sandbox is gone, each entry is judged by its name,
 * then opened without following anything, judged by what the descriptor says, and copied into a file of ours, in the
 * target's file system, that has no name yet; its content is judged while it is copied, so what was judged is what
 * arrives, even if somebody outside should still hold the original open. Only when all of them have passed do they get
 * their names, which never replaces anything (linkat, renameat2 with RENAME_NOREPLACE). If one cannot have its name,
 * those before it lose theirs again. Where the file system has no files without a name (O_TMPFILE), they begin with
 * plan->outputs.temporary meanwhile. */
#ifndef SUPERVISE_OUTPUTS_H
#define SUPERVISE_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/plan.h"

struct outputs_file {
	char name[256]; /* as the script chose it: to be escaped */
	uint64_t size;
	bool sized;         /* false: it was not looked at, and has no size */
	const char *reason; /* why it was refused; NULL: it was not. Static */
	const char *key;    /* "outputs.size": what in the profile would allow it, or "outputs" */
};

enum outputs_state {
	OUTPUTS_NONE,    /* none were asked for, or none were there */
	OUTPUTS_MOVED,   /* all of them are in the target */
	OUTPUTS_REFUSED, /* none is, since `refused` of them were refused */
	OUTPUTS_LEFT,    /* none is, since the script did not end well; they were not looked at */
};

struct outputs_result {
	enum outputs_state state;
	struct outputs_file *items; /* sorted by name */
	size_t count;
	size_t refused;
	bool more; /* there were more entries, which are not listed */
};

struct outputs {
	const struct outputs_plan *plan;
	int staging_fd, target_fd; /* -1: none; owned. The first is handed over by init */
	struct outputs_result *result;
	size_t capacity;
	struct staged *staged;
};

/* Before the script exists: opens the target, and makes room for the result (in `arena`). Returns 0, also where the
 * plan has no outputs, or -1 with CODE_SETUP_FAILED. */
int outputs_prepare(struct outputs *outputs, const struct plan *plan, struct arena *arena, struct error *err);

/* After the last process of the sandbox has ended. `clean`: the script ended with status 0 by itself. */
void outputs_finish(struct outputs *outputs, bool clean);

/* Closes the descriptors. The result stays. */
void outputs_close(struct outputs *outputs);

#endif
