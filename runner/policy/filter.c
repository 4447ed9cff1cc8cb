/* Puts a launch's own rows into a filter that was compiled when the program was built: behind its architecture check,
 * in front of everything else. Jumps are relative, so the rest moves as it is. */
#include "policy/filter.h"

#include <linux/seccomp.h>
#include <errno.h>
#include <string.h>

#include "policy/rules.h"

#define RETURN_USER_NOTIF 0x7fc00000U

#define OFFSET_NUMBER 0
#define OFFSET_ARGUMENT(index) (16U + 8U * (uint32_t)(index)) /* its low half: both architectures are little-endian */
#define ROW_MAX 9

static struct sock_filter statement(unsigned code, uint32_t k)
{
	return (struct sock_filter){ .code = (uint16_t)code, .k = k };
}

static struct sock_filter jump(unsigned condition, uint32_t k, unsigned if_true, unsigned if_false)
{
	return (struct sock_filter){
		.code = (uint16_t)(BPF_JMP | condition | BPF_K), .jt = (uint8_t)if_true, .jf = (uint8_t)if_false, .k = k
	};
}

static uint32_t row_return(enum filter_row_action action, unsigned variant)
{
	switch (action) {
	case ROW_ALLOW:
		return SECCOMP_RET_ALLOW;
	case ROW_ENOSYS:
		return SECCOMP_RET_ERRNO | ENOSYS;
	case ROW_NOTIFY:
		return RETURN_USER_NOTIF;
	case ROW_FORBID:
		return variant & FILTER_NOTIFY ? RETURN_USER_NOTIF : SECCOMP_RET_ERRNO | EPERM;
	case ROW_EPERM:
	default:
		return SECCOMP_RET_ERRNO | EPERM;
	}
}

/* Goes on when the argument fits, else `otherwise` instructions further. */
static size_t add_test(struct sock_filter *code, int arg, uint32_t mask, uint32_t value, unsigned otherwise)
{
	code[0] = statement(BPF_LD | BPF_W | BPF_ABS, OFFSET_ARGUMENT(arg));
	code[1] = statement(BPF_ALU | BPF_AND | BPF_K, mask);
	code[2] = jump(BPF_JEQ, value, 0, otherwise);
	return 3;
}

/* The accumulator holds the number before and after. */
static size_t add_row(struct sock_filter *code, const struct filter_row *row, unsigned variant)
{
	uint32_t result = row_return(row->action, variant);
	unsigned second = row->arg >= 0 && row->next_mask ? 3 : 0;
	size_t length = 0;

	if (row->arg < 0) {
		code[length++] = jump(BPF_JEQ, row->number, 0, 1);
		code[length++] = statement(BPF_RET | BPF_K, result);
		return length;
	}
	code[length++] = jump(BPF_JEQ, row->number, 0, 5 + second);
	length += add_test(code + length, row->arg, row->mask, row->value, 1 + second);
	if (second)
		length += add_test(code + length, row->arg + 1, row->next_mask, row->next_value, 1);
	code[length++] = statement(BPF_RET | BPF_K, result);
	code[length++] = statement(BPF_LD | BPF_W | BPF_ABS, OFFSET_NUMBER);
	return length;
}

/* To the copy that asks, behind the compiled filter of `rest` instructions. */
static void add_observed(struct sock_filter *code, const struct filter_request *request, size_t rest)
{
	for (size_t i = 0; i < request->observed_count; i++) {
		size_t behind = 2 * (request->observed_count - i - 1) + rest;

		code[2 * i] = jump(BPF_JEQ, request->observed[i], 0, 1);
		code[2 * i + 1] = statement(BPF_JMP | BPF_JA, (uint32_t)behind);
	}
}

/* What is observed goes on when it was seen, so that what is forbidden must not come the same way. */
static void add_asking(struct sock_filter *code, const struct compiled_filter *compiled)
{
	for (size_t i = compiled->body; i < compiled->count; i++) {
		*code = compiled->instructions[i];
		if (code->code == (BPF_RET | BPF_K) && code->k == RETURN_USER_NOTIF)
			code->k = SECCOMP_RET_ERRNO | EPERM;
		else if (code->code == (BPF_RET | BPF_K) && code->k == SECCOMP_RET_ALLOW)
			code->k = RETURN_USER_NOTIF;
		code++;
	}
}

int filter_assemble(const struct filter_request *request, struct arena *arena, struct sock_fprog *out,
                    struct error *err)
{
	if (request->variant >= FILTER_VARIANT_COUNT)
		return error_set(err, CODE_INTERNAL, "there is no system call filter variant %u", request->variant);
	const struct compiled_filter *compiled = &compiled_filters[request->variant];
	/* A bound before the exact length is known, so that the array cannot overflow. */
	if (request->row_count > BPF_MAXINSNS || request->observed_count > BPF_MAXINSNS)
		goto too_long;
	for (size_t i = 0; i < request->row_count; i++)
		if (request->rows[i].arg > 5)
			return error_set(err, CODE_INTERNAL, "a system call has no argument %d", request->rows[i].arg);

	size_t rest = (size_t)compiled->count - compiled->body;
	struct sock_filter *code = arena_array(
		arena, ROW_MAX * request->row_count + 2 * request->observed_count + 2 * (size_t)compiled->count,
		sizeof(*code));
	size_t length = compiled->body;
	memcpy(code, compiled->instructions, length * sizeof(*code));
	for (size_t i = 0; i < request->row_count; i++)
		length += add_row(code + length, &request->rows[i], request->variant);
	size_t observing = request->observed_count ? 2 * request->observed_count + rest : 0;
	if (length + observing + rest > BPF_MAXINSNS)
		goto too_long;
	add_observed(code + length, request, rest);
	length += 2 * request->observed_count;
	memcpy(code + length, compiled->instructions + compiled->body, rest * sizeof(*code));
	if (observing)
		add_asking(code + length + rest, compiled);
	rest += observing - 2 * request->observed_count;
	*out = (struct sock_fprog){ .len = (unsigned short)(length + rest), .filter = code };
	return 0;

too_long:
	error_set(err, CODE_BAD_VALUE,
	          "%zu rules about system calls do not fit into one filter: the kernel takes %d "
	          "instructions, of which the built-in rules need %u",
	          request->row_count, BPF_MAXINSNS, compiled->count);
	return error_hint(err, "shorten system.syscalls");
}

enum syscall_lookup syscall_find(const char *name, int *number)
{
	unsigned low = 0, high = syscall_entry_count;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		int order = strcmp(name, syscall_entries[middle].name);
		if (order == 0) {
			*number = syscall_entries[middle].number;
			return *number < 0 ? SYSCALL_ELSEWHERE : SYSCALL_KNOWN;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SYSCALL_UNKNOWN;
}

const char *syscall_name(int number)
{
	for (unsigned i = 0; number >= 0 && i < syscall_entry_count; i++)
		if (syscall_entries[i].number == number)
			return syscall_entries[i].name;
	return NULL;
}
