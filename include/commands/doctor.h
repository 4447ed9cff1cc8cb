/* Inside doctor: what its files share. Nobody else includes this. */
#ifndef COMMANDS_DOCTOR_H
#define COMMANDS_DOCTOR_H

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/utsname.h>

#include "base/text.h"
#include "commands/prepare.h"
#include "host/knobs.h"

/* A Python on PATH, judged by its name: nothing is executed. */
struct python_found {
	const char *path, *real_path;
	const char *version; /* "3.11" by the name of the file, or NULL */
	bool is_script;      /* pyenv's shims are: which Python they mean depends on where they are called */
};

struct python_list {
	struct python_found *items;
	size_t count;
};

struct doctor {
	struct utsname kernel;
	struct host_facts facts;
	struct host_knobs knobs;
	struct python_list pythons;
	struct interpreter interpreter; /* what a script without .venv and shebang would get; path NULL: none */
	struct error interpreter_error;
	struct profile profile; /* the default one */
	struct plan plan;       /* `pass` under it */
	bool has_plan;
	struct error plan_error; /* why there is none */
};

/* Every python, python3 and python3.N along `path` ($PATH, may be NULL), each file once. */
void doctor_find_pythons(const char *path, const char *cwd, struct arena *arena, struct python_list *out);

/* Whether this caller could make use of the feature: root needs no user namespace, an ordinary user no bounding set. */
bool doctor_is_of_use(const struct doctor *doctor, enum host_feature feature);
/* The cause that took this feature along, when it is missing for want of another one; else the feature itself. */
enum host_feature doctor_root_cause(const struct doctor *doctor, enum host_feature feature);
bool doctor_is_kernel_old(const struct doctor *doctor);
/* Every promise of the default profile is kept. */
bool doctor_is_well(const struct doctor *doctor);
/* "namespaces", "landlock" or "none": the mode that a run would take. */
const char *doctor_mode(const struct doctor *doctor);

void doctor_text(struct text *out, const struct doctor *doctor, bool quiet, bool colour);
/* The caller owns the reference. */
struct json_object *doctor_json(const struct doctor *doctor);

#endif
