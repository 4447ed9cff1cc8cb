/* Which files an interpreter needs, asked from the interpreter itself once and remembered.
 *
 * The question is run by the launch code inside a bare sandbox. The answer comes from code that .pth files may have
 * changed, so it is untrusted: nothing in it can show more than a directory of libraries. */
#ifndef PLAN_FOOTPRINT_H
#define PLAN_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "plan/interpreter.h"

enum shown_kind { SHOWN_DIRECTORY, SHOWN_FILE, SHOWN_LINK };

enum shown_flag {
	SHOWN_USER_SITE = 1 << 0, /* only for the user's own site-packages: not needed with -I or -s */
};

/* One thing to be shown read-only, at the same path inside. */
struct shown_path {
	enum shown_kind kind;
	unsigned flags;
	const char *path;   /* absolute, without links in its directory part */
	const char *target; /* SHOWN_LINK: the link's text */
};

/* Sorted by path once shown_paths_collapse() was called, so that a directory comes before what lies in it. */
struct shown_paths {
	struct shown_path *items;
	size_t count;
};

/* Add the file or directory that `path` leads to, and each link on the way. Returns 0; -1 with errno when it is not
 * there or is neither file nor directory (sockets, FIFOs and devices are not "shown"). Any absolute path: also for
 * presets. */
int shown_paths_add(struct shown_paths *paths, struct arena *arena, const char *path, unsigned flags);
/* Sort, and drop what a shown directory holds anyway. */
void shown_paths_collapse(struct shown_paths *paths);

struct footprint {
	struct shown_paths paths;
	const char *version;     /* "3.11.2" */
	const char *prefix;      /* sys.prefix */
	const char *base_prefix; /* sys.base_prefix */
	const char *executable;  /* sys.executable */
	/* PT_INTERP with all links resolved, or NULL: must be executable where the interpreter is */
	const char *loader;
	struct shown_paths watched; /* whose change makes the answer stale: site-packages, .pth files, pyvenv.cfg */
	const char **notes;         /* what was left out and why; escaped */
	size_t note_count;
};

/* The program for `python -c`; 3.6 and later. Prints one JSON object on stdout, at most FOOTPRINT_ANSWER_MAX bytes.
 * The bare sandbox must show the file system read-only, with HOME set to the caller's (for the user site), without
 * network; no argument. Run it without -I and -S, so that it sees what a script would see. */
extern const char footprint_question[];
#define FOOTPRINT_ANSWER_MAX (256 * 1024)

/* Reads the answer and looks the paths up. CODE_FOOTPRINT when it is no answer at all; single paths that may not be
 * shown ("/", $HOME, /etc, ...) are left out with a note. `home`: the caller's, or NULL. */
int footprint_parse(const char *json, size_t length, const struct interpreter *interpreter, const char *home,
                    struct arena *arena, struct footprint *out, struct error *err);

/* $XDG_CACHE_HOME/pyconfine, else ~/.cache/pyconfine, for root always /var/cache/pyconfine. NULL when there is none. */
const char *footprint_cache_dir(const char *xdg_cache_home, const char *home, uint32_t uid, struct arena *arena);

/* What was remembered about this interpreter, if it can be trusted (the directory and the file are ours alone, no
 * links) and still holds. False otherwise, never an error: the interpreter is then asked again. */
bool footprint_cache_load(const char *dir, uint32_t uid, const struct interpreter *interpreter, const char *home,
                          struct arena *arena, struct footprint *out);
/* Remember. False with errno when it could not be written, which only costs time at the next run. */
bool footprint_cache_store(const char *dir, uint32_t uid, const struct interpreter *interpreter, const char *home,
                           const struct footprint *footprint);

#endif
