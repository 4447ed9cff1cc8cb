/* From the command line to the plan: what run, explain and why share. */
#ifndef COMMANDS_PREPARE_H
#define COMMANDS_PREPARE_H

#include "base/diagnostics.h"
#include "commands/options.h"
#include "host/session.h"
#include "plan/build.h"
#include "plan/expand.h"
#include "supervise/secrets.h"

enum prepare_purpose {
	PREPARE_RUN,     /* quick facts; a missing promise is an error */
	PREPARE_INSPECT, /* everything is probed, the script hashed; missing promises are reported in the plan, and an
	                  * interpreter that does not answer is only noted */
};

/* Everything on the way to a plan, and the plan. Owned by the arena that was given to prepare(). */
struct prepared {
	struct diagnostics diagnostics; /* of the profile */
	struct profile profile;
	struct host_facts facts;
	struct interpreter interpreter;
	struct footprint footprint;
	bool has_footprint;
	struct error footprint_error; /* why not, with PREPARE_INSPECT */
	struct variables variables;   /* for the profile's paths */
	char session[SESSION_SIZE];
	struct request request;
	struct plan plan;
	struct secret_store secrets; /* only with PREPARE_RUN; not the arena's: secrets_free() */
};

/* Returns 0, or -1 with *err. Where the profile is at fault, out->diagnostics holds every fault and *err the first
 * one. */
int prepare(const struct run_options *options, enum prepare_purpose purpose, struct arena *arena, struct prepared *out,
            struct error *err);

/* The plan once more, after prepared->facts was lowered: what quick facts assumed and the launch could not have. */
int prepare_again(struct prepared *prepared, struct arena *arena, struct error *err);

/* Print why prepare() failed, on stderr: all of the profile's faults, or *err. Returns the exit status for that
 * purpose. */
int prepare_fail(const struct prepared *prepared, const struct error *err, enum prepare_purpose purpose);
/* 125, 126 or 127; for PREPARE_INSPECT 1 where `run` would refuse, 2 where there is nothing to inspect. */
int prepare_status(const struct error *err, enum prepare_purpose purpose);

/* Who calls, and from where: cwd, home, environment, and the variables of a profile. `user_name` by /etc/passwd alone,
 * since a static program has no name service. -1 when the current directory does not exist. */
struct caller {
	const char *cwd, *home, *user_name, *xdg_config_home, *xdg_cache_home;
	uint32_t uid, gid;
	const char *const *group_names; /* as in struct profile_request; NULL where no ceiling asks for them */
	const char *const *environment;
};
int caller_find(struct arena *arena, struct caller *out, struct error *err);
/* The caller's part of a profile_request, and where profiles lie. */
void caller_request(const struct caller *caller, struct profile_request *request);

#endif
