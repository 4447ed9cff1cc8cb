/* From what a run did to what it needs: as few and as small grants as will do. Pure: what lies on the host is asked
 * through struct fold_host. */
#ifndef LEARN_FOLD_H
#define LEARN_FOLD_H

#include "learn/record.h"

struct fold_place {
	bool exists, directory;
	bool regular;
};

struct fold_host {
	void *owner;
	/* what lies there on the host, where nothing that the script did has arrived */
	struct fold_place (*look)(void *owner, const char *path);
	/* shown by the profile that the learned one extends: to read, or to be executed */
	bool (*is_shown)(void *owner, const char *path);
	bool (*is_hidden)(void *owner, const char *path); /* from the run itself */
	bool (*is_program)(void *owner, const char *path);
	/* what it may write into */
	bool (*is_writable)(void *owner, const char *path);
	bool network_host;      /* it had the host's network */
	bool network_rules;     /* it had rules, which are granted as they are */
	const char *home;       /* or NULL */
	const char *script_dir; /* or NULL */
};

enum grant_kind { GRANT_READ, GRANT_WRITE, GRANT_EXEC, GRANT_PRESET, GRANT_NET, GRANT_LISTEN, GRANT_KIND_COUNT };

struct grant {
	enum grant_kind kind;
	const char *value; /* a path, a program, the name of a preset, HOST:PORT, a port */
	const char *why;   /* "read, report.py:14 in load" */
	bool exec;         /* a library among data: {path, exec: true} */
	size_t files;      /* how many targets it stands for */
};

/* Something that is not granted, and the reason: a comment. */
struct remark {
	const char *what, *why;
};

struct folded {
	struct grant *grants; /* by kind, then value */
	size_t grant_count;
	struct remark *remarks;
	size_t remark_count, remarks_left_out;
	bool loopback_host; /* it connects to servers of this machine that are not its own */
};

/* A directory stands for its files when more than this many are used. */
#define FOLD_FILES 8
#define FOLD_REMARKS_MAX 30
#define FOLD_GRANTS_MAX 400

void fold(const struct learn_record *record, const struct fold_host *host, struct arena *arena, struct folded *out);

#endif
