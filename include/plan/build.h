/* From a request, a profile and the host's facts to a plan. The only file look-ups are here and in plan/resolve.h. */
#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

#include "base/arena.h"
#include "plan/footprint.h"
#include "plan/interpreter.h"
#include "plan/plan.h"

enum request_kind { RUN_SCRIPT, RUN_MODULE, RUN_COMMAND, RUN_STDIN };

/* What the user asked for on the command line, and who the user is. */
struct request {
	enum request_kind kind;
	const char *target;             /* script path, module name or code; NULL with RUN_STDIN */
	const char *const *arguments;   /* the script's own, NULL-terminated */
	const char *cwd;                /* absolute: the caller's directory */
	const char *chdir;              /* --cwd, absolute or relative to cwd; or NULL */
	const char *const *environment; /* the caller's */
	const char *session;            /* its name: host/session.h */
	const char *home;               /* the caller's, or NULL */
	const char *user_name;          /* the caller's, or NULL */
	const char *cache_dir;          /* our own cache: never writable by a script; or NULL */
	bool learning;                  /* show all that the caller may read, less what is sensitive */
	bool layered;                   /* writes outside of private places go to a layer that is thrown away */
	bool hash_script;               /* fill in script_sha256 */
	bool trace;                     /* every call for a file is observed */
	bool inspect_only;              /* explain: missing promises are reported, not refused */
};

/* Returns 0, or -1 with CODE_CANNOT_KEEP (a promise that cannot be kept here), CODE_NOT_YET, CODE_SCRIPT_NOT_FOUND, ...
 * `footprint` may be NULL with inspect_only where the interpreter could not be asked. */
int plan_build(const struct request *request, const struct profile *profile, const struct host_facts *facts,
               const struct interpreter *interpreter, const struct footprint *footprint, struct arena *arena,
               struct plan *out, struct error *err);

#endif
