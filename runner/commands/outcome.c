#include "commands/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "policy/filter.h"

static const struct limit_row limit_rows[] = {
	{ PROMISE_TIMEOUT, "limits.timeout", "timeout", UNIT_DURATION, NULL },
	{ PROMISE_MEMORY, "limits.memory", "memory limit", UNIT_BYTES, "whole process tree" },
	{ PROMISE_CPU_TIME, "limits.cpu_time", "cpu_time limit", UNIT_DURATION, "whole process tree" },
	{ PROMISE_PROCESS_COUNT, "limits.processes", "processes limit", UNIT_COUNT, "whole process tree" },
	{ PROMISE_OUTPUT, "limits.output", "output limit", UNIT_BYTES, "stdout and stderr, whole process tree" },
	{ PROMISE_FILE_SIZE, "limits.file_size", "file_size limit", UNIT_BYTES, NULL },
};

const struct limit_row *limit_row_of(enum promise promise)
{
	for (size_t i = 0; i < sizeof(limit_rows) / sizeof(limit_rows[0]); i++)
		if (limit_rows[i].promise == promise)
			return &limit_rows[i];
	return NULL;
}

/* What was measured is no round number: whole megabytes or kilobytes are what a reader compares. */
static void add_measured(struct text *out, enum limit_unit unit, uint64_t value)
{
	char buffer[32];

	if (unit == UNIT_DURATION)
		text_add(out, format_duration(value, buffer, sizeof(buffer)));
	else if (unit == UNIT_COUNT || value < 1024)
		text_addf(out, "%llu", (unsigned long long)value);
	else if (value < 1 << 20)
		text_addf(out, "%lluK", (unsigned long long)value >> 10);
	else
		text_addf(out, "%lluM", (unsigned long long)value >> 20);
}

static void add_value(struct text *out, enum limit_unit unit, uint64_t value)
{
	char buffer[32];

	if (unit == UNIT_BYTES)
		text_add(out, format_size(value, buffer, sizeof(buffer)));
	else
		add_measured(out, unit, value);
}

/* "memory limit 256M reached (peak 257M, whole process tree)   [limits.memory]" */
static void add_limit(struct text *out, const char *verdict, const struct limit_reached *limit)
{
	const struct limit_row *row = limit_row_of(limit->promise);

	if (!row || !limit->value)
		return;
	text_addf(out, "pyconfine: %s: %s ", verdict, row->words);
	add_value(out, row->unit, limit->value);
	text_add(out, " reached");
	if (limit->peak || row->shared) {
		text_add(out, " (");
		if (limit->peak) {
			text_add(out, "peak ");
			add_measured(out, row->unit, limit->peak);
		}
		text_addf(out, "%s%s)", limit->peak && row->shared ? ", " : "", row->shared ? row->shared : "");
	}
	text_addf(out, "   [%s]\n", row->key);
}

/* A signal that the kernel sends at a limit, but that a process may as well send itself. */
static void add_likely(struct text *out, const struct plan *plan, const struct outcome *outcome)
{
	struct limit_reached limit = { .promise = PROMISE_FILE_SIZE };

	if (outcome->status != SIGXFSZ)
		return;
	for (size_t i = 0; i < plan->rlimit_count; i++)
		if (plan->rlimits[i].resource == RLIMIT_FSIZE)
			limit.value = plan->rlimits[i].value.rlim_cur;
	add_limit(out, "likely", &limit);
}

void outcome_text(struct text *out, const struct plan *plan, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_DENIED) {
		const char *name = syscall_name(outcome->denied_call);

		text_addf(out, "pyconfine: stopped: denied: system call %s   [on_denial]\n",
		          name ? name : "without a name");
	} else if (outcome->kind == OUTCOME_SIGNALED) {
		add_likely(out, plan, outcome);
	} else {
		add_limit(out, "stopped", &outcome->limit);
	}
	if (outcome->output_errno)
		text_addf(out, "pyconfine: the script's output could not be passed on: %s\n",
		          strerror(outcome->output_errno));
}
