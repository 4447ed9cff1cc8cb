/* doctor for people. */
#include <stdio.h>
#include <string.h>

#include "commands/doctor.h"
#include "commands/render.h"
#include "host/landlock_rights.h"

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define RESET "\033[0m"

enum { NAME_WIDTH = 14, LEVEL_WIDTH = 11, PROMISE_WIDTH = 40 };

static void paint(struct text *out, const char *colour, const char *word, size_t width, bool with_colour)
{
	const size_t length = strlen(word);

	text_addf(out, "%s%s%s", with_colour ? colour : "", word, with_colour ? RESET : "");
	text_addf(out, "%*s", width > length ? (int)(width - length) : 0, "");
}

static void add_title(struct text *out, const char *title, bool colour)
{
	text_addf(out, "\n%s%s%s\n", colour ? BOLD : "", title, colour ? RESET : "");
}

/* Each line of `lines`, indented. */
static void add_lines(struct text *out, const char *first, const char *rest, const char *lines)
{
	const char *indent = first;

	while (*lines) {
		size_t length = strcspn(lines, "\n");

		text_add(out, indent);
		text_add_n(out, lines, length);
		text_add(out, "\n");
		indent = rest;
		lines += length + (lines[length] == '\n');
	}
}

static const struct {
	const char *mode, *text;
} modes[] = {
	{ "namespaces", "a private view of files, processes and network, and Landlock over it" },
	{ "landlock", "no private view: Landlock and the system call filter alone" },
	{ "none", "none: nothing can keep the script from the files" },
};

static const char *mode_text(const struct doctor *doctor)
{
	const char *mode = doctor_mode(doctor);

	for (size_t i = 0; i + 1 < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].mode, mode) == 0)
			return modes[i].text;
	return modes[2].text;
}

static void add_head(struct text *out, const struct doctor *doctor)
{
	const struct host_facts *facts = &doctor->facts;
	const struct interpreter *python = &doctor->interpreter;

	text_add(out, "kernel        ");
	text_add_escaped(out, doctor->kernel.release);
	text_addf(out, " (%s)\n", doctor->kernel.machine);
	text_addf(out, "caller        uid %u%s%s\n", facts->uid, facts->is_pid_1 ? ", as PID 1" : "",
	          facts->uid != 0                          ? ""
	          : facts->capabilities == 0               ? ", without capabilities"
	          : facts->capabilities == facts->bounding ? ""
	                                                   : ", with some capabilities");
	if (doctor->knobs.container != CONTAINER_NONE)
		text_addf(out, "container     probably %s (%s)\n", container_name(doctor->knobs.container),
		          doctor->knobs.container_evidence);
	text_addf(out, "mode          %s\n", mode_text(doctor));
	text_add(out, "python        ");
	text_add_escaped(out, python->path ? python->path : doctor->interpreter_error.message);
	if (python->path && python->version)
		text_addf(out, " (%s)", python->version);
	text_add(out, "\n");
}

static void add_feature(struct text *out, const struct doctor *doctor, enum host_feature feature, bool colour)
{
	const struct host_feature_row *row = &host_features[feature];
	const struct host_fact *fact = &doctor->facts.features[feature];
	char level[16];

	text_addf(out, "%-*s", NAME_WIDTH, row->name);
	if (fact->level == 0) {
		const bool of_use = doctor_is_of_use(doctor, feature);

		paint(out, of_use ? RED : "", of_use ? "no" : "not needed", LEVEL_WIDTH, colour);
	} else if (row->highest > 1) {
		snprintf(level, sizeof(level), "%d of %d", fact->level, row->highest);
		paint(out, fact->level < row->highest ? YELLOW : GREEN, level, LEVEL_WIDTH, colour);
	} else {
		paint(out, GREEN, "yes", LEVEL_WIDTH, colour);
	}
	text_add(out, row->what);
	if (fact->detail[0] && doctor_is_of_use(doctor, feature)) {
		text_add(out, ": ");
		text_add_escaped(out, fact->detail);
	}
	text_add(out, "\n");
}

static void add_features(struct text *out, const struct doctor *doctor, bool colour)
{
	char title[64];

	snprintf(title, sizeof(title), "%-*s%-*s%s", NAME_WIDTH, "FEATURE", LEVEL_WIDTH, "LEVEL", "WHAT IT IS");
	add_title(out, title, colour);
	for (int feature = 0; feature < FEATURE_COUNT; feature++)
		add_feature(out, doctor, (enum host_feature)feature, colour);
}

static const struct {
	const char *word, *colour;
} statuses[] = {
	[PROMISE_ENFORCED] = { "enforced", GREEN },
	[PROMISE_UNLIMITED] = { "no limit", "" },
	[PROMISE_RELAXED] = { "relaxed", YELLOW },
	[PROMISE_MISSING] = { "MISSING", RED },
};

static void add_promises(struct text *out, const struct doctor *doctor, bool quiet, bool colour)
{
	char title[96];

	if (!doctor->has_plan) {
		add_title(out, "The default profile, offline, cannot be planned here:", colour);
		text_add(out, "    ");
		text_add_escaped(out, doctor->plan_error.message);
		text_add(out, "\n");
		add_lines(out, "    ", "    ", doctor->plan_error.hint);
		return;
	}
	if (quiet && doctor_is_well(doctor))
		return;
	snprintf(title, sizeof(title), "%-*s%-*s%s", NAME_WIDTH, "PROMISE", PROMISE_WIDTH,
	         "KEPT BY, in the default profile", "STATUS");
	add_title(out, title, colour);
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		const struct promise_row *row = &doctor->plan.promises[promise];

		if (row->status == PROMISE_UNLIMITED || (quiet && row->status != PROMISE_MISSING))
			continue;
		text_addf(out, "%-*s%-*s", NAME_WIDTH, promise_names[promise], PROMISE_WIDTH, row->kept_by);
		paint(out, statuses[row->status].colour, statuses[row->status].word, 0, colour);
		text_addf(out, "%s%s\n", row->reason ? "  " : "", row->reason ? row->reason : "");
	}
}

/* One missing feature: what is lost, and the way to it. */
static void add_problem(struct text *out, const struct doctor *doctor, enum host_feature feature)
{
	const struct host_fact *fact = &doctor->facts.features[feature];
	const enum host_feature cause = doctor_root_cause(doctor, feature);
	const char *fix = host_feature_fix(feature, &doctor->facts, &doctor->knobs);

	text_addf(out, "%-*s%s\n", NAME_WIDTH, host_features[feature].name, host_features[feature].lost);
	if (cause != feature) {
		text_addf(out, "%-*sIt needs %s, see there.\n", NAME_WIDTH, "", host_features[cause].name);
		return;
	}
	if (fact->detail[0]) {
		text_addf(out, "%-*sSeen: ", NAME_WIDTH, "");
		text_add_escaped(out, fact->detail);
		text_add(out, "\n");
	}
	if (fix)
		add_lines(out, "              To get it: ", "              ", fix);
}

static void add_problems(struct text *out, const struct doctor *doctor, bool colour)
{
	bool any = false;

	for (int i = 0; i < FEATURE_COUNT; i++) {
		const enum host_feature feature = (enum host_feature)i;

		if (doctor->facts.features[feature].level > 0 || !doctor_is_of_use(doctor, feature))
			continue;
		if (!any)
			add_title(out, "Missing here", colour);
		any = true;
		add_problem(out, doctor, feature);
	}
}

static void add_outdated(struct text *out, const struct doctor *doctor, bool colour)
{
	const int abi = doctor->facts.features[FEATURE_LANDLOCK].level;

	if (!doctor_is_kernel_old(doctor) && (abi == 0 || abi == LANDLOCK_ABI_HIGHEST))
		return;
	add_title(out, "Out of date", colour);
	if (doctor_is_kernel_old(doctor))
		text_addf(out, "kernel        Linux %d.%d is older than 5.13, the first with Landlock.\n",
		          doctor->facts.kernel_major, doctor->facts.kernel_minor);
	if (abi == 0)
		return;
	for (int i = abi; i < LANDLOCK_ABI_HIGHEST; i++)
		text_addf(out, "%-*sABI %d (Linux %s) adds: %s\n", NAME_WIDTH, i == abi ? "landlock" : "",
		          landlock_abis[i].abi, landlock_abis[i].kernel, landlock_abis[i].brings);
}

static void add_pythons(struct text *out, const struct doctor *doctor, bool colour)
{
	add_title(out, "Pythons on PATH", colour);
	if (doctor->pythons.count == 0)
		text_add(out, "none\n");
	for (size_t i = 0; i < doctor->pythons.count; i++) {
		const struct python_found *found = &doctor->pythons.items[i];

		text_addf(out, "%-*s", NAME_WIDTH, found->version ? found->version : found->is_script ? "script" : "?");
		text_add_escaped(out, found->path);
		if (strcmp(found->path, found->real_path) != 0) {
			text_add(out, " -> ");
			text_add_escaped(out, found->real_path);
		}
		text_add(out,
		         found->is_script ? "   (a script, such as pyenv's: it chooses when it is called)\n" : "\n");
	}
}

void doctor_text(struct text *out, const struct doctor *doctor, bool quiet, bool colour)
{
	if (!quiet) {
		add_head(out, doctor);
		add_features(out, doctor, colour);
	}
	add_promises(out, doctor, quiet, colour);
	if (quiet && doctor_is_well(doctor))
		return;
	add_problems(out, doctor, colour);
	if (quiet)
		return;
	add_outdated(out, doctor, colour);
	add_pythons(out, doctor, colour);
	text_add(out, doctor_is_well(doctor)
	                      ? "\nThe default profile is fully enforced here.\n"
	                      : "\nThe default profile cannot be enforced here: `pyconfine run` would refuse.\n");
}
