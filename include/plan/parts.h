/* Inside the planner: what its files share while one plan is built. Nobody else includes this. */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include "plan/build.h"
#include "plan/expand.h"

enum item_origin {
	ORIGIN_SYSTEM,      /* presets, devices: the same for every script */
	ORIGIN_INTERPRETER, /* the footprint */
	ORIGIN_PROGRAM,     /* from `exec` */
	ORIGIN_GRANT,       /* files.read, files.write */
	ORIGIN_SCRIPT,
};

/* Something of the host that the script will see. */
struct item {
	const char *path;   /* inside */
	const char *source; /* on the host, free of links */
	enum item_origin origin;
	bool directory, write;
	bool exec; /* may be executed as a program */
	bool device;
	bool layer;   /* writes go to a private layer over it; a file's: over the directory that it lies in */
	bool apart;   /* has a layer of its own, although it lies under another one */
	bool layered; /* covered by something that has a layer */
	bool covered; /* part of something larger that the view shows anyway: only Landlock tells them apart */
	uint64_t device_id, inode;
	uint32_t mode, uid, gid;
	struct source_pos pos;
};

/* From files.deny, and our own cache. */
struct denied_path {
	const char *path; /* on the host, free of links */
	bool directory;
	bool cache; /* ours, and not the user's wish */
	struct source_pos pos;
};

struct build {
	const struct request *request;
	const struct profile *profile;
	const struct host_facts *facts;
	const struct interpreter *interpreter;
	const struct footprint *footprint;
	struct arena *arena;
	struct plan *plan;
	struct error *err;
	struct variables variables;
	const char *script_dir; /* the caller's cwd with -m, -c and - */

	struct item *items;
	size_t item_count;
	struct path_links links; /* every link on the way to an item: shown, too */
	struct denied_path *denied;
	size_t denied_count;
	const char **notes;
	size_t note_count;
	const char **warnings;
	size_t warning_count;
};

/* Each part fills its fields of b->plan; 0, or -1 with *b->err. Called in this order. */
int plan_items(struct build *b);       /* items.c: what is shown, from profile and footprint */
int plan_layers(struct build *b);      /* learning.c: which of that is copy-on-write */
int plan_identity(struct build *b);    /* identity.c: user, maps, namespaces */
int plan_network(struct build *b);     /* network.c: which connections the broker makes */
int plan_reach(struct build *b);       /* reach.c: grants that the ceiling or the script's user could not use */
int plan_cgroup(struct build *b);      /* cgroup.c: which limits a control group keeps */
int plan_secrets(struct build *b);     /* secrets.c: how they are handed over */
int plan_processors(struct build *b);  /* processors.c: limits.cpus */
int plan_private_tmp(struct build *b); /* environment.c: without mounts, a directory for temporary files */
int plan_outputs(struct build *b);     /* outputs.c: where results are left, and where they go */
int plan_environment(struct build *b); /* environment.c: argv, envp, cwd */
int plan_inputs(struct build *b);      /* inputs.c: arguments and variables against `inputs` */
int plan_view(struct build *b);        /* view.c: steps that build it */
int plan_landlock(struct build *b);    /* landlock.c */
int plan_filter(struct build *b);      /* filter.c */
/* limits.processes is kept by asking the supervisor before each new process or thread. Known from plan_filter() on. */
bool plan_asks_for_forks(const struct build *b);
int plan_limits(struct build *b);   /* limits.c */
int plan_promises(struct build *b); /* promises.c: what is kept, what is missing */
int plan_stages(struct build *b);   /* stages.c */

/* Whether connections can be made by rule here; *reason and *fix say why not. */
bool network_has_broker(const struct build *b, const char **reason, const char **fix);
/* Whether the script gets the host's network as it is: because the profile says so, or because it accepts that where
 * there is no broker. */
bool network_is_open(const struct build *b);

/* Whether a preset of files is not for the script: the machine's own resolver, where connections are made by rule. */
bool network_hides(const struct build *b, const char *preset);

/* A path of the host, with its links; the item is added. Returns 0, or -1 with *err; ENOENT in err->sys_errno. */
int plan_add_path(struct build *b, const char *path, const struct item *kind, struct error *err);
/* learning.c: everything that the caller may read, if the request asks for that; called by plan_items(). */
int plan_learning(struct build *b);
/* The innermost item that shows this inside path, or NULL. */
const struct item *plan_item_at(const struct build *b, const char *inside);
/* Does what lies at this real path lie in one of the ceiling's grants? */
bool plan_is_permitted(struct build *b, const char *source, const struct file_grants *list);
/* Is this variable of the caller's what a secret is made from? Then the script gets it as that alone. */
bool plan_is_secret_source(const struct secrets *secrets, const char *name, size_t length);
/* Does the administrator's ceiling let this path of the host (free of links) be granted? */
bool plan_ceiling_permits(struct build *b, const char *path, bool write);
void plan_note(struct build *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void plan_warn(struct build *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Of the processors in `allowed`, `wanted` or as many as there are, beginning at one that `start` says. Masks of
 * PROCESSORS_MAX bits; returns how many were chosen. */
unsigned processors_choose(const uint64_t *allowed, unsigned wanted, uint64_t start, uint64_t *chosen);

/* Where scratch directories are shown: never NULL, home may be "". */
#define INSIDE_TMP "/tmp"
#define INSIDE_SHM "/dev/shm"
const char *plan_inside_home(const struct build *b);

#endif
