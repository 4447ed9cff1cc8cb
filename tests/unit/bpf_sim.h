/* Runs a seccomp program in user space, as the kernel's interpreter would, and refuses what the kernel's checker
 * refuses. */
#ifndef TESTS_BPF_SIM_H
#define TESTS_BPF_SIM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>

/* No seccomp action looks like this. */
#define BPF_SIM_INVALID 0xdeadU

struct bpf_sim_result {
	uint32_t action;
	unsigned steps;
};

static inline struct bpf_sim_result bpf_sim_run(const struct sock_filter *code, unsigned count,
                                                const struct seccomp_data *data)
{
	struct bpf_sim_result result = { BPF_SIM_INVALID, 0 };
	uint32_t accumulator = 0;

	for (uint64_t at = 0; at < count; at++) {
		const struct sock_filter *step = &code[at];
		bool taken;

		result.steps++;
		switch (step->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (step->k % 4 || step->k > sizeof(*data) - 4)
				return result;
			memcpy(&accumulator, (const char *)data + step->k, sizeof(accumulator));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= step->k;
			continue;
		case BPF_JMP | BPF_JA:
			at += step->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			taken = accumulator == step->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			taken = accumulator > step->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			taken = accumulator >= step->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			taken = (accumulator & step->k) != 0;
			break;
		case BPF_RET | BPF_K:
			result.action = step->k;
			return result;
		default:
			return result;
		}
		at += taken ? step->jt : step->jf;
	}
	return result;
}

/* Whether every jump lands inside and the last instruction returns, on paths that no call of the tests takes, too. */
static inline bool bpf_sim_valid(const struct sock_filter *code, unsigned count)
{
	if (count == 0 || count > BPF_MAXINSNS || code[count - 1].code != (BPF_RET | BPF_K))
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint64_t left = count - i - 1;

		if (BPF_CLASS(code[i].code) != BPF_JMP)
			continue;
		if (code[i].code == (BPF_JMP | BPF_JA) ? code[i].k >= left : code[i].jt >= left || code[i].jf >= left)
			return false;
	}
	return true;
}

#endif
