/* limits.cpus where no cgroup shares out processor time: which processors the script may use, and how many threads its
 * libraries are told to start. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "host/syscalls.h"
#include "plan/parts.h"

enum { WORD_BITS = 64 };

static bool has_bit(const uint64_t *mask, unsigned bit)
{
	return mask[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

unsigned processors_choose(const uint64_t *allowed, unsigned wanted, uint64_t start, uint64_t *chosen)
{
	unsigned available = 0, taken = 0, place = 0, first;

	for (unsigned i = 0; i < PROCESSORS_MAX; i++)
		available += has_bit(allowed, i);
	memset(chosen, 0, PROCESSORS_MAX / 8);
	if (!available)
		return 0;
	if (wanted > available)
		wanted = available;
	first = (unsigned)(start % available);
	/* counted in what is allowed, and around its end */
	for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
		if (!has_bit(allowed, i))
			continue;
		if ((place + available - first) % available < wanted) {
			chosen[i / WORD_BITS] |= 1ULL << i % WORD_BITS;
			taken++;
		}
		place++;
	}
	return taken;
}

int plan_processors(struct build *b)
{
	const struct limit *cpus = &b->profile->limits.cpus;
	struct processors *plan = &b->plan->processors;
	uint64_t allowed[PROCESSORS_MAX / WORD_BITS] = { 0 };
	unsigned wanted = (unsigned)((cpus->value + 999) / 1000);
	long size;

	if (!cpus->set)
		return 0;
	/* the group shares out time, on any processor: threads are still of no use beyond that */
	if (b->plan->cgroup.cpu_thousandths) {
		plan->threads = wanted;
		return 0;
	}
	size = raw_syscall(SYS_sched_getaffinity, 0, sizeof(allowed), (long)allowed, 0, 0, 0);
	if (size < 0)
		return error_set(b->err, CODE_SETUP_FAILED, "sched_getaffinity: %s", strerror((int)-size));
	for (unsigned i = 0; i < PROCESSORS_MAX; i++)
		plan->available += has_bit(allowed, i);
	/* sandboxes that are started together should not all have the first one */
	plan->count = processors_choose(allowed, wanted, strtoull(b->variables.session, NULL, 16), plan->mask);
	plan->size = (size_t)size;
	if (wanted < plan->available)
		plan->threads = wanted;
	return 0;
}
