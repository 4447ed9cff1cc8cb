/* The plan: everything that will be done, decided before any process is made. It is immutable once built,
 * kernel-facing, and the only thing that the child side reads. explain, why, check, score and the golden tests read it
 * and stop there.
 *
 * Owned by the arena that was given to plan_build(). */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "host/facts.h"
#include "plan/network.h"
#include "plan/stage.h"
#include "policy/filter.h"
#include "profile/profile.h"

/* Uids of sessions that root starts: systemd's range for transient users, so that nothing on a disk belongs to them. A
 * uid for each session and not one "nobody" for all of them: RLIMIT_NPROC counts one session, and sessions can neither
 * signal nor trace each other. */
#define UID_SESSION_FIRST 61184
#define UID_SESSION_COUNT 4336

/* Where the writable part of a layer is made, by its number: in the scratch file system, before the view is complete.
 */
#define SCRATCH_DIRECTORY ".scratch"
#define LAYERS_DIRECTORY "layers"
#define LAYER_UPPER SCRATCH_DIRECTORY "/" LAYERS_DIRECTORY "/%zu-upper"

enum plan_mode {
	MODE_NAMESPACES, /* a private view of the files, and namespaces for everything that has them */
	MODE_LANDLOCK,   /* where namespaces are refused: Landlock and system call filters alone */
};

/* One step of building the view, in the order of execution. Targets are relative to the new root. */
enum view_kind {
	VIEW_DIRECTORY, /* mkdir with `mode` */
	VIEW_FILE,      /* a small file holding `content`; NULL: empty, a mount point */
	VIEW_SECRET,    /* the file of one secret, whose content is not in the plan (confine/secrets.h) */
	VIEW_SYMLINK,   /* to `source` */
	VIEW_BIND,      /* the host's `source` */
	VIEW_SCRATCH,   /* the directory `source` of the sized scratch file system */
	VIEW_PROC,      /* a fresh /proc of the new PID namespace */
	VIEW_LAYER,     /* the host's `source` under a layer of the scratch file system that takes what is written; with
	                 * `content`: only the file of that name in it */
	VIEW_OUTPUTS,   /* the file system of plan->outputs; the supervisor gets a descriptor of it */
};

struct view_step {
	enum view_kind kind;
	const char *target; /* "usr/lib", no leading slash; unique */
	const char *source;
	const char *content;
	uint32_t mode;
	size_t secret;          /* VIEW_SECRET: its index in plan->secrets */
	size_t layer;           /* VIEW_LAYER: its number, from 0 */
	uint64_t attributes;    /* MOUNT_ATTR_*, for the kinds that mount */
	bool idmapped;          /* the host's root appears as the script's user (started by root only) */
	bool recursive;         /* with what is mounted below */
	uint64_t device, inode; /* of the source when the plan was made: the child checks that it is still the same */
	struct source_pos pos;  /* the grant; file NULL: the interpreter's needs */
};

/* One Landlock rule: `path` as the script sees it. */
struct landlock_rule {
	const char *path;
	uint64_t access;
	uint64_t device, inode; /* must still lie there; inode 0: whatever does */
	bool optional;          /* may be missing (files under /proc and /dev) */
	struct source_pos pos;
};

struct landlock_plan {
	int abi; /* 0: not used */
	uint64_t handled_access, handled_net, scoped;
	uint32_t restrict_flags;
	struct landlock_rule *rules;
	size_t rule_count;
};

struct rlimit_step {
	int resource;     /* RLIMIT_* */
	const char *name; /* "limits.open_files" */
	struct rlimit value;
	struct source_pos pos;
};

/* A control group of the session's own; made, read and removed by the supervisor (supervise/cgroup.h). */
#define CGROUP_NAME "pyconfine-"
struct cgroup_plan {
	const char *base;     /* directory in which it is made; NULL: there is none */
	const char *name;     /* CGROUP_NAME and the session */
	bool step_aside;      /* the supervisor must leave `base` for a group below it first */
	unsigned controllers; /* CGROUP_* that are used */
	/* with their controllers; 0: no limit */
	uint64_t memory_bytes;
	uint64_t processes; /* and threads, init among them */
	uint64_t cpu_thousandths;
};

/* limits.cpus by affinity. Widening it is refused by the filter. */
#define PROCESSORS_MAX 8192 /* more than Linux can be built for */
struct processors {
	uint64_t mask[PROCESSORS_MAX / 64];
	size_t size;        /* of the kernel's masks, in bytes; 0: not limited in this way */
	unsigned count;     /* how many are in the mask */
	unsigned available; /* to us, when the plan was made */
	unsigned threads;   /* what libraries are told to start; 0: what they like */
};

/* What the supervisor watches and ends the run for; 0: no limit. */
struct deadlines {
	uint64_t timeout_ms;
	uint64_t grace_ms;             /* between SIGTERM and SIGKILL */
	uint64_t memory_bytes, cpu_ms; /* of the whole tree together: the watcher's (supervise/meter.h) */
	uint64_t processes;            /* processes and threads, where no rlimit counts them: the watcher's */
	uint64_t forks;                /* the same, where the broker is asked before each (supervise/broker_forks.c) */
	uint64_t output_bytes;         /* on stdout and stderr together (supervise/output.h) */
};

enum promise_status {
	PROMISE_ENFORCED,
	PROMISE_UNLIMITED, /* nothing was asked */
	PROMISE_RELAXED,   /* missing here, and the profile's `require` (or a default's nature) accepts that */
	PROMISE_MISSING,   /* missing here: the run is refused */
};

struct promise_row {
	const char *granted; /* "read 2, write 1, private /tmp 64M" */
	const char *kept_by; /* "mount namespace + Landlock v6" */
	const char *reason;  /* why missing or relaxed; NULL otherwise */
	const char *fix;     /* what to type about it; NULL otherwise */
	enum promise_status status;
	bool warn;             /* relaxed by `require`: one warning a run */
	struct source_pos pos; /* the profile line that asked */
};

/* The script's results: from a directory of their own, past the supervisor's checks, to `target`. */
struct outputs_plan {
	const char *inside;     /* where the script writes; NULL: the profile has no outputs */
	const char *target;     /* on the host, free of links */
	uint64_t device, inode; /* of the target when the plan was made */
	const char *temporary;  /* beginning of names in the target that are not there for long */
	size_t files;
	uint64_t bytes;
	uint64_t tmpfs_bytes, tmpfs_inodes; /* of the file system at `inside`; MODE_LANDLOCK: there is none */
	const char *const *suffixes;
	size_t suffix_count; /* 0: any */
	bool check_content;
	struct source_pos pos;
};

/* What a path is to the script: for explain and why. Sorted by path. */
struct visible_path {
	const char *path;   /* inside */
	const char *source; /* on the host; same as path unless renamed */
	bool write, exec, directory, interpreter;
	struct source_pos pos;
};

/* What is handed over, and how; never what it is. */
struct plan_secret {
	const char *name;
	const char *from;     /* as the profile says: "env:DB_PW" */
	const char *path;     /* of its file, as the script sees it; NULL: it is a variable */
	const char *variable; /* NULL: it is a file */
	struct source_pos pos;
};

struct plan {
	enum plan_mode mode;
	const struct profile *profile;
	struct host_facts facts;

	/* which stages run, in this order: a subsequence of enum stage_id */
	enum stage_id stages[STAGE_COUNT];
	size_t stage_count;

	const char *session;             /* names this run: host/session.h */
	const char *script;              /* absolute path, or NULL with -m, -c and - */
	const char *script_label;        /* for people: "/srv/report.py", "-m json.tool", "-c" */
	char script_sha256[65];          /* "" where it was not asked for (only explain and the report ask) */
	const char *interpreter;         /* path that is executed */
	const char *interpreter_how;     /* "auto", "venv: .venv" */
	const char *interpreter_version; /* or NULL */
	size_t library_paths;            /* how many paths are shown for the interpreter's sake */

	unsigned long namespaces;      /* CLONE_NEW* flags */
	const char *uid_map, *gid_map; /* text for /proc/self/uid_map; NULL: no user namespace */
	bool loopback;                 /* bring lo up in the new network namespace */
	struct network_plan network;
	const char *hostname; /* in the new UTS namespace; or NULL */
	struct view_step *view;
	size_t view_count;
	size_t layer_count;                     /* VIEW_LAYER steps */
	bool layered;                           /* nothing that the script writes reaches the host's files */
	bool idmapped;                          /* some step is */
	uint64_t scratch_bytes, scratch_inodes; /* the file system behind /tmp, /dev/shm and home */
	const char *scratch_path;               /* where some of it is shown; NULL: nowhere */
	uint64_t root_bytes;                    /* size of the tmpfs that is the root: what the steps need */
	struct visible_path *visible;
	size_t visible_count;
	const char *const *denied; /* files.deny, resolved; NULL-terminated */
	const char *private_tmp;   /* MODE_LANDLOCK: a private directory that init makes and removes; or NULL */
	struct plan_secret *secrets;
	size_t secret_count;
	const char *secrets_dir; /* holds their files; MODE_LANDLOCK: init makes and removes it. NULL: there are none */

	bool change_user;  /* setresuid and friends */
	uint32_t uid, gid; /* of the script, as it sees them */
	bool drop_groups;
	bool drop_bounds; /* may drop from the bounding set */

	struct outputs_plan outputs;
	struct rlimit_step *rlimits;
	size_t rlimit_count;
	struct processors processors;
	struct cgroup_plan cgroup;
	struct landlock_plan landlock;
	struct sock_fprog filter;
	struct filter_request filter_made_of; /* what it was assembled from */
	bool notify;                          /* some calls go to the supervisor's broker (supervise/broker.h) */
	bool trace;                           /* calls for files go there, too, and are only looked at */
	bool trace_addresses;                 /* so do connections and addresses that are bound */
	bool kill_on_denial;                  /* the first forbidden call that the supervisor sees ends the run */
	uint32_t filter_flags;                /* SECCOMP_FILTER_FLAG_* for the listener */

	const char **argv; /* NULL-terminated; argv[0] is the interpreter */
	const char **envp;
	const char *cwd; /* inside */
	uint32_t umask;

	struct deadlines deadlines;
	struct promise_row promises[PROMISE_COUNT];
	const char **notes;    /* NULL-terminated: things worth knowing; shown by -v and explain */
	const char **warnings; /* NULL-terminated: one line each on stderr, every run */
};

#endif
