#include "supervise/meter.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/statfs.h>

#include "base/fds.h"

/* Looks in vain before what cannot be seen counts as full: a process that is just ending cannot be asked either. */
#define UNSEEN_MAX 3

void meter_start(struct meter *meter, const struct plan *plan, const struct cgroup *cgroup, uint64_t now_ms)
{
	const struct deadlines *limits = &plan->deadlines;

	*meter = (struct meter){
		.plan = plan, .cgroup = cgroup, .scratch_fd = -1, .outputs_fd = -1, .last_look_ms = now_ms
	};
	if (limits->memory_bytes || limits->cpu_ms || limits->processes)
		meter->next_look_ms = now_ms + (limits->memory_bytes ? meter_interval_ms(limits->memory_bytes, 0, 1)
		                                                     : METER_LONGEST_MS);
}

uint64_t meter_interval_ms(uint64_t left, uint64_t grown, uint64_t elapsed_ms)
{
	uint64_t rate = grown / (elapsed_ms ? elapsed_ms : 1), wait;

	if (rate < METER_BYTES_PER_MS)
		rate = METER_BYTES_PER_MS;
	wait = left / (2 * rate);
	return wait < METER_SHORTEST_MS ? METER_SHORTEST_MS : wait > METER_LONGEST_MS ? METER_LONGEST_MS : wait;
}

static uint64_t used_bytes(const struct statfs *fs)
{
	return (uint64_t)(fs->f_blocks - fs->f_bfree) * (uint64_t)fs->f_bsize;
}

/* Files in /tmp, /dev/shm, home and the directory for outputs are memory, mapped by somebody or not. */
static uint64_t private_file_bytes(struct meter *meter, const struct tree_usage *usage)
{
	const struct plan *plan = meter->plan;
	struct statfs fs;
	uint64_t outputs = 0;

	if (meter->outputs_fd >= 0 && fstatfs(meter->outputs_fd, &fs) == 0)
		outputs = used_bytes(&fs);
	if (plan->mode != MODE_NAMESPACES || !plan->scratch_path)
		return outputs;
	if (meter->scratch_fd < 0)
		meter->scratch_fd = tree_open_inside(plan->scratch_path);
	if (meter->scratch_fd >= 0 && fstatfs(meter->scratch_fd, &fs) == 0)
		return outputs + used_bytes(&fs);
	meter->unseen += usage->processes > 0;
	return outputs + (meter->unseen > UNSEEN_MAX ? plan->scratch_bytes : 0);
}

static bool reached(struct limit_reached *out, enum promise promise, uint64_t value, uint64_t peak)
{
	*out = (struct limit_reached){ .promise = promise, .value = value, .peak = peak };
	return true;
}

static bool is_memory_used_up(struct meter *meter, pid_t init, struct tree_usage *usage, uint64_t *bytes)
{
	uint64_t limit = meter->plan->deadlines.memory_bytes, scratch = private_file_bytes(meter, usage);

	*bytes = usage->memory_bytes + scratch;
	if (*bytes <= limit || tree_measure_exactly(init, usage))
		return false;
	/* a mapped file of the scratch file system is in both sums, and counts once */
	*bytes = usage->private_bytes + (usage->shared_bytes > scratch ? usage->shared_bytes : scratch);
	return *bytes > limit;
}

/* What ended without being waited for (SIGCHLD ignored) takes its time out of the sum: that much is owed. */
static uint64_t cpu_used(struct meter *meter, const struct tree_usage *usage)
{
	if (usage->cpu_ms < meter->cpu_ms_seen)
		meter->cpu_ms_lost += meter->cpu_ms_seen - usage->cpu_ms;
	meter->cpu_ms_seen = usage->cpu_ms;
	return usage->cpu_ms + meter->cpu_ms_lost;
}

static void note_peaks(struct meter *meter, const struct tree_usage *usage)
{
	uint64_t files = meter->plan->trace ? tree_open_files() : 0;

	meter->peak_threads = usage->threads > meter->peak_threads ? usage->threads : meter->peak_threads;
	meter->peak_open_files = files > meter->peak_open_files ? files : meter->peak_open_files;
}

bool meter_look(struct meter *meter, pid_t init, uint64_t now_ms, struct limit_reached *out)
{
	const struct deadlines *limits = &meter->plan->deadlines;
	uint64_t bytes = 0, wait = METER_LONGEST_MS, cpu;
	struct tree_usage usage;

	if (!meter->next_look_ms || now_ms < meter->next_look_ms)
		return false;
	meter->next_look_ms = now_ms + METER_LONGEST_MS;
	if (limits->cpu_ms && cgroup_cpu_ms(meter->cgroup, &cpu) && cpu >= limits->cpu_ms)
		return reached(out, PROMISE_CPU_TIME, limits->cpu_ms, cpu);
	if (meter->cgroup->group_fd >= 0 && !limits->memory_bytes && !limits->processes)
		return false;
	if (tree_measure(init, &usage))
		return false; /* it has just ended */
	note_peaks(meter, &usage);
	cpu = cpu_used(meter, &usage);
	if (limits->cpu_ms && cpu >= limits->cpu_ms)
		return reached(out, PROMISE_CPU_TIME, limits->cpu_ms, cpu);
	if (limits->processes && usage.threads > limits->processes)
		return reached(out, PROMISE_PROCESS_COUNT, limits->processes, usage.threads);
	if (limits->memory_bytes && is_memory_used_up(meter, init, &usage, &bytes))
		return reached(out, PROMISE_MEMORY, limits->memory_bytes, bytes);
	if (limits->memory_bytes)
		wait = meter_interval_ms(limits->memory_bytes > bytes ? limits->memory_bytes - bytes : 0,
		                         bytes > meter->last_bytes ? bytes - meter->last_bytes : 0,
		                         now_ms - meter->last_look_ms);
	if (limits->processes || meter->plan->trace_addresses) /* to learn, peaks matter */
		wait = METER_SHORTEST_MS;
	meter->peak_bytes = bytes > meter->peak_bytes ? bytes : meter->peak_bytes;
	meter->last_bytes = bytes;
	meter->last_look_ms = now_ms;
	meter->next_look_ms = now_ms + wait;
	return false;
}

void meter_close(struct meter *meter, struct run_usage *usage)
{
	usage->peak_bytes = meter->peak_bytes;
	usage->peak_threads = meter->peak_threads;
	usage->peak_open_files = meter->peak_open_files;
	fd_close(&meter->scratch_fd);
}
