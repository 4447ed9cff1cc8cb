/* What was promised, what keeps it here, and what is missing. The only place that decides whether a run is refused. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "plan/parts.h"

/* `always`: kept whatever the profile's limits are named; a limit is a promise when somebody names it. */
static void keep(struct build *b, enum promise promise, const char *granted, const char *by)
{
	b->plan->promises[promise] =
		(struct promise_row){ .granted = granted, .kept_by = by, .status = PROMISE_ENFORCED };
}

static void miss(struct build *b, enum promise promise, const char *granted, const char *reason, const char *fix,
                 bool named)
{
	enum require_level level = b->profile->require[promise].level;
	bool relaxed = level == REQUIRE_BEST_EFFORT || level == REQUIRE_PER_PROCESS;

	b->plan->promises[promise] = (struct promise_row){
		.granted = granted,
		.kept_by = "nothing",
		.reason = reason,
		.fix = fix,
		.status = relaxed || !named ? PROMISE_RELAXED : PROMISE_MISSING,
		.warn = relaxed,
		.pos = b->profile->require[promise].pos,
	};
}

static const char *landlock_name(struct build *b)
{
	return arena_printf(b->arena, "Landlock v%d", b->plan->landlock.abi);
}

static void promise_files(struct build *b)
{
	size_t reads = 0, writes = 0;
	const char *granted;

	for (size_t i = 0; i < b->item_count; i++)
		if (b->items[i].origin == ORIGIN_GRANT)
			*(b->items[i].write ? &writes : &reads) += 1;
	granted = arena_printf(b->arena, "read %zu, write %zu, private /tmp%s", reads, writes,
	                       b->plan->outputs.inside ? ", checked outputs" : "");
	if (b->plan->mode == MODE_NAMESPACES)
		keep(b, PROMISE_FILES, granted,
		     b->plan->landlock.abi ? arena_printf(b->arena, "mount namespace + %s", landlock_name(b))
		                           : "mount namespace");
	else if (b->plan->landlock.abi)
		keep(b, PROMISE_FILES, granted, arena_printf(b->arena, "%s + seccomp", landlock_name(b)));
	else
		miss(b, PROMISE_FILES, granted, "neither namespaces nor Landlock are to be had here",
		     "pyconfine doctor", true);
}

/* "api.example.com:443, *.cdn.net:443 only": the first three. */
static const char *name_rules(struct build *b)
{
	enum { SHOWN = 3 };
	const struct profile_strings *lists[] = { &b->profile->network.allow, &b->profile->network.listen };
	const char *text = "", *verbs[] = { "", "listen " };
	size_t count = 0;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->count; i++)
			if (count++ < SHOWN)
				text = arena_printf(b->arena, "%s%s%s%s", text, count > 1 ? ", " : "", verbs[k],
				                    lists[k]->items[i].value);
	if (count > SHOWN)
		return arena_printf(b->arena, "%s and %zu more", text, count - SHOWN);
	if (count)
		return arena_printf(b->arena, "%s only", text);
	return b->plan->network.given ? "none, not even loopback" : "its own loopback only";
}

static void promise_network(struct build *b)
{
	const char *reason, *fix;

	if (b->profile->network.mode == NETWORK_HOST)
		keep(b, PROMISE_NETWORK, "the host's, unrestricted", "profile");
	else if (b->profile->network.mode == NETWORK_RULES && !network_has_broker(b, &reason, &fix))
		miss(b, PROMISE_NETWORK, name_rules(b),
		     b->plan->network.open
		             ? arena_printf(b->arena, "%s, so every connection of the machine's is open", reason)
		             : reason,
		     fix, true);
	else if (b->profile->network.mode == NETWORK_RULES)
		keep(b, PROMISE_NETWORK, name_rules(b),
		     b->plan->network.given ? "broker, no network namespace" : "network namespace + broker");
	else if (b->plan->namespaces & CLONE_NEWNET)
		keep(b, PROMISE_NETWORK, "none", "network namespace + seccomp");
	else if (b->plan->network.given)
		keep(b, PROMISE_NETWORK, "none, not even loopback", "broker, no network namespace");
	else
		keep(b, PROMISE_NETWORK, "none: no sockets, not even loopback or UNIX", "seccomp");
}

static void promise_exec(struct build *b)
{
	const char *granted = b->profile->exec.mode == EXEC_NONE ? "the interpreter only"
	                      : b->profile->exec.mode == EXEC_ANY
	                              ? "any program shown"
	                              : arena_printf(b->arena, "%zu programs", b->profile->exec.programs.count);

	if (b->profile->exec.mode == EXEC_ANY)
		keep(b, PROMISE_EXEC, granted, "profile");
	else if (b->plan->landlock.abi)
		keep(b, PROMISE_EXEC, granted, landlock_name(b));
	else
		miss(b, PROMISE_EXEC, granted, "only Landlock tells programs from libraries, and this kernel has none",
		     "boot with lsm=landlock,..., or write require: {exec: best-effort}", true);
}

static void promise_privileges(struct build *b)
{
	const char *granted = b->plan->uid == 0 ? "uid 0 without capabilities"
	                                        : arena_printf(b->arena, "uid %u", b->plan->uid);

	if (b->facts->features[FEATURE_SECCOMP].level == 0 || b->facts->features[FEATURE_NO_NEW_PRIVS].level == 0)
		miss(b, PROMISE_PRIVILEGES, granted, "system call filters cannot be installed here", "pyconfine doctor",
		     true);
	else
		keep(b, PROMISE_PRIVILEGES, granted, "capabilities + no_new_privs + seccomp");
}

/* Not in the contract's list of what is always required, but nothing is weaker in silence. */
static void miss_processes(struct build *b)
{
	struct promise_row *row = &b->plan->promises[PROMISE_PROCESSES];

	miss(b, PROMISE_PROCESSES, "only its own", "signals to other processes of the same user are not stopped",
	     "Linux 6.12, or namespaces: pyconfine doctor",
	     b->profile->require[PROMISE_PROCESSES].level == REQUIRE_ALL);
	row->warn = row->status == PROMISE_RELAXED;
}

static void promise_processes(struct build *b)
{
	if (b->plan->mode == MODE_NAMESPACES)
		keep(b, PROMISE_PROCESSES, "only its own", "PID namespace");
	else if (b->plan->landlock.abi >= 6)
		keep(b, PROMISE_PROCESSES, "signals only to its own", landlock_name(b));
	else if (b->facts->is_pid_1)
		keep(b, PROMISE_PROCESSES, "signals only to the container's", "the container's PID namespace");
	else if (b->plan->change_user)
		keep(b, PROMISE_PROCESSES, "signals only to its own", "a user of its own");
	else
		miss_processes(b);
}

static void promise_limit(struct build *b, enum promise promise, const struct limit *limit, const char *by,
                          const char *why_not)
{
	char value[32];

	if (!limit->set) {
		b->plan->promises[promise] =
			(struct promise_row){ .granted = "unlimited", .kept_by = "", .status = PROMISE_UNLIMITED };
		return;
	}
	if (promise == PROMISE_TIMEOUT || promise == PROMISE_CPU_TIME)
		format_duration(limit->value, value, sizeof(value));
	else if (promise == PROMISE_MEMORY || promise == PROMISE_FILE_SIZE || promise == PROMISE_OUTPUT ||
	         promise == PROMISE_TMP_SIZE)
		format_size(limit->value, value, sizeof(value));
	else
		snprintf(value, sizeof(value), "%llu", (unsigned long long)limit->value);
	if (why_not)
		miss(b, promise, arena_strdup(b->arena, value), why_not, NULL, limit->named);
	else
		keep(b, promise, arena_strdup(b->arena, value), by);
	b->plan->promises[promise].pos = limit->pos;
}

static const char *cpus_text(struct build *b, uint64_t thousandths)
{
	const char *text = arena_printf(b->arena, "%llu.%03llu", (unsigned long long)thousandths / 1000,
	                                (unsigned long long)thousandths % 1000);
	size_t length = strlen(text);

	while (text[length - 1] == '0')
		length--;
	return arena_strndup(b->arena, text, text[length - 1] == '.' ? length - 1 : length);
}

/* Affinity gives whole processors: a part of one is more than was promised, unless the machine has no more. */
static void promise_cpus(struct build *b)
{
	const struct limit *limit = &b->profile->limits.cpus;
	const struct processors *processors = &b->plan->processors;
	const char *by = arena_printf(b->arena, "affinity to %u of %u processors + seccomp", processors->count,
	                              processors->available);

	if (!limit->set) {
		promise_limit(b, PROMISE_CPUS, limit, by, NULL);
		return;
	}
	if (b->plan->cgroup.cpu_thousandths) {
		keep(b, PROMISE_CPUS, cpus_text(b, limit->value), "cgroup cpu.max");
	} else if (limit->value % 1000 == 0 || limit->value >= (uint64_t)processors->available * 1000) {
		keep(b, PROMISE_CPUS, cpus_text(b, limit->value), by);
	} else {
		miss(b, PROMISE_CPUS, cpus_text(b, limit->value),
		     arena_printf(b->arena, "without a cgroup only whole processors can be shared out, here %u",
		                  processors->count),
		     "Write a whole number, or require: {cpus: best-effort}.", limit->named);
		if (b->plan->promises[PROMISE_CPUS].status == PROMISE_RELAXED)
			b->plan->promises[PROMISE_CPUS].kept_by = by;
	}
	b->plan->promises[PROMISE_CPUS].pos = limit->pos;
}

static void promise_limits(struct build *b)
{
	const struct profile *p = b->profile;
	const struct cgroup_plan *cgroup = &b->plan->cgroup;
	promise_limit(b, PROMISE_MEMORY, &p->limits.memory,
	              cgroup->memory_bytes ? "cgroup memory.max" : "watcher over the whole tree", NULL);
	promise_limit(b, PROMISE_CPU_TIME, &p->limits.cpu_time,
	              cgroup->base ? "cgroup cpu.stat, sampled" : "watcher over the tree, sampled", NULL);
	promise_cpus(b);
	promise_limit(b, PROMISE_PROCESS_COUNT, &p->limits.processes,
	              cgroup->processes          ? "cgroup pids.max"
	              : b->plan->uid             ? "RLIMIT_NPROC"
	              : b->plan->deadlines.forks ? "supervisor, asked for each"
	                                         : "watcher over the whole tree, sampled",
	              NULL);
	promise_limit(b, PROMISE_OPEN_FILES, &p->limits.open_files, "RLIMIT_NOFILE", NULL);
	promise_limit(b, PROMISE_FILE_SIZE, &p->limits.file_size, "RLIMIT_FSIZE", NULL);
	promise_limit(b, PROMISE_OUTPUT, &p->limits.output, "supervisor, through pipes", NULL);
	promise_limit(b, PROMISE_TIMEOUT, &p->limits.timeout, "supervisor", NULL);
	promise_limit(b, PROMISE_TMP_SIZE, &p->files.tmp, "tmpfs",
	              b->plan->mode == MODE_NAMESPACES ? NULL : "without mounts the private directory has no size");
}

static int refuse(struct build *b, enum promise promise)
{
	const struct promise_row *row = &b->plan->promises[promise];

	error_set(b->err, CODE_CANNOT_KEEP, "%s cannot be kept here: %s", promise_names[promise], row->reason);
	b->err->pos = row->pos;
	if (row->fix)
		error_hint(b->err, "%s", row->fix);
	return -1;
}

int plan_promises(struct build *b)
{
	promise_files(b);
	promise_network(b);
	promise_exec(b);
	promise_privileges(b);
	promise_processes(b);
	promise_limits(b);
	for (int promise = 0; promise < PROMISE_COUNT; promise++) {
		const struct promise_row *row = &b->plan->promises[promise];

		if (row->status == PROMISE_MISSING && !b->request->inspect_only)
			return refuse(b, (enum promise)promise);
		if (row->warn)
			plan_warn(b, "%s is not kept here: %s", promise_names[promise], row->reason);
	}
	return 0;
}
