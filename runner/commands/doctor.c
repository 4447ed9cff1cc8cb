/* doctor: what this kernel, container and Python can enforce, and what to type about the rest. */
#include "commands/doctor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/explain.h"
#include "commands/render.h"

bool doctor_is_of_use(const struct doctor *doctor, enum host_feature feature)
{
	const bool is_root = doctor->facts.uid == 0;

	switch (feature) {
	case FEATURE_IDMAPPED_MOUNTS:
	case FEATURE_SET_USER:
	case FEATURE_CAPABILITY_BOUNDS:
		return is_root;
	case FEATURE_USER_NAMESPACES:
		return !is_root || doctor->facts.features[FEATURE_NAMESPACES].level > 0; /* idmapped mounts need one */
	case FEATURE_SECCOMP:
	case FEATURE_USER_NOTIFY:
	case FEATURE_LANDLOCK:
	case FEATURE_NAMESPACES:
	case FEATURE_HOSTNAME:
	case FEATURE_NETWORK_NAMESPACE:
	case FEATURE_PROC_MOUNT:
	case FEATURE_OVERLAY:
	case FEATURE_NO_NEW_PRIVS:
	case FEATURE_CGROUP:
	case FEATURE_COUNT:
		break;
	}
	return true;
}

enum host_feature doctor_root_cause(const struct doctor *doctor, enum host_feature feature)
{
	const struct host_facts *facts = &doctor->facts;
	enum host_feature cause = host_facts_missing_for(facts, feature);

	return cause == feature ? feature : doctor_root_cause(doctor, cause);
}

bool doctor_is_kernel_old(const struct doctor *doctor)
{
	return doctor->facts.kernel_major < 5 || (doctor->facts.kernel_major == 5 && doctor->facts.kernel_minor < 13);
}

const char *doctor_mode(const struct doctor *doctor)
{
	const struct host_fact *features = doctor->facts.features;

	if (features[FEATURE_NAMESPACES].level > 0)
		return "namespaces";
	return features[FEATURE_LANDLOCK].level > 0 ? "landlock" : "none";
}

bool doctor_is_well(const struct doctor *doctor)
{
	return doctor->has_plan && !explain_is_refused(&doctor->plan);
}

/* Plans `pass` under the default profile, so that doctor, explain and run can never disagree about what is kept. The
 * interpreter's files make no difference to that, so it is not asked for them. */
static int plan_default(struct doctor *doctor, const struct caller *caller, struct arena *arena, struct error *err)
{
	static const char *const no_arguments[] = { NULL };
	const struct request request = { .kind = RUN_COMMAND,
		                         .target = "pass",
		                         .arguments = no_arguments,
		                         .cwd = "/",
		                         .session = "doctor", /* nothing is made for it */
		                         .environment = caller->environment,
		                         .home = caller->home,
		                         .user_name = caller->user_name,
		                         .inspect_only = true };
	struct profile_request wanted = { 0 };
	struct diagnostics diagnostics = { .arena = arena };

	caller_request(caller, &wanted);
	wanted.profile = "builtin:offline";
	if (profile_load(&wanted, arena, &doctor->profile, &diagnostics)) {
		diagnostics_sort(&diagnostics);
		return error_set(err, CODE_PROFILE_UNREADABLE, "the default profile cannot be used: %s",
		                 diagnostics.count > 0 ? diagnostics.items[0].message : "its ceiling is at fault");
	}
	if (!doctor->interpreter.path) {
		*err = doctor->interpreter_error;
		return -1;
	}
	return plan_build(&request, &doctor->profile, &doctor->facts, &doctor->interpreter, NULL, arena, &doctor->plan,
	                  err);
}

static void find_interpreter(struct doctor *doctor, const struct caller *caller, struct arena *arena)
{
	const char *const *environment = caller->environment;
	const struct interpreter_request request = {
		.virtual_env = environment_get(environment, "VIRTUAL_ENV"),
		.path = environment_get(environment, "PATH"),
		.home = caller->home,
		.cwd = caller->cwd,
		.pyenv_root = environment_get(environment, "PYENV_ROOT"),
		.pyenv_version = environment_get(environment, "PYENV_VERSION"),
	};

	doctor_find_pythons(request.path, caller->cwd, arena, &doctor->pythons);
	if (interpreter_find(&request, arena, &doctor->interpreter, &doctor->interpreter_error))
		doctor->interpreter = (struct interpreter){ 0 };
}

/* 0, or -1 with *err when there is nothing to report about. */
static int examine(struct doctor *doctor, const char *assume, struct arena *arena, struct error *err)
{
	struct caller caller;

	if (caller_find(arena, &caller, err) || host_facts_probe_full(&doctor->facts, err))
		return -1;
	if (assume && host_facts_assume(&doctor->facts, assume, err))
		return -1;
	uname(&doctor->kernel); /* host_facts_probe_full() has just done so */
	host_knobs_read(&doctor->knobs);
	find_interpreter(doctor, &caller, arena);
	doctor->has_plan = plan_default(doctor, &caller, arena, &doctor->plan_error) == 0;
	return 0;
}

static int refuse_operand(const char *operand, struct error *err)
{
	char shown[128];

	error_set(err, CODE_USAGE, "doctor takes no \"%s\"", escape_into(shown, sizeof(shown), operand));
	return error_hint(err, "`pyconfine explain SCRIPT` tells what is enforced for a script.");
}

int command_doctor(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	struct run_options options = { 0 };
	struct doctor doctor = { 0 };
	const char **operands;
	struct error err;
	int failed;

	if (options_mixed(COMMAND_DOCTOR, argc, argv, &arena, &options, &operands, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_DOCTOR);
	if ((operands[0] && refuse_operand(operands[0], &err)) || examine(&doctor, options.assume, &arena, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.json) {
		failed = render_json_print(doctor_json(&doctor));
	} else {
		doctor_text(&out, &doctor, options.quiet, render_wants_colour(STDOUT_FILENO));
		failed = render_print(&out);
	}
	if (failed)
		return EXIT_BAD_INPUT;
	return doctor_is_well(&doctor) ? EXIT_CLEAN : EXIT_FINDINGS;
}
