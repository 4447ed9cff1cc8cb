/* What the generator reads beside syscall_groups and forbidden_calls: which arguments of an allowed call are allowed,
 * and the names that libseccomp may be too old to know. Plain data, shared by the generator (build time) and the
 * program (explain, tests). */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include <stdint.h>

#include "policy/filter.h"

/* Every test looks at the low 32 bits of an argument only: for all arguments that are tested here the kernel's own type
 * is int, unsigned int or umode_t, so that it never looks at the rest either. (clone's flags are an unsigned long, of
 * which the kernel takes lower_32_bits().) */
enum argument_test_kind {
	TEST_END = 0, /* no (further) test */
	TEST_EQUAL,   /* (arg & mask) == value */
	TEST_ANY,     /* (arg & mask) != 0 */
	TEST_NONE,    /* (arg & mask) == 0 */
	TEST_RANGE,   /* mask <= arg <= value, unsigned */
};

struct argument_test {
	enum argument_test_kind kind;
	unsigned arg; /* 0 to 5 */
	uint32_t mask, value;
};

enum rule_verdict {
	RULE_ALLOW,
	RULE_FORBID, /* as a forbidden call: EPERM, or the supervisor in FILTER_NOTIFY variants */
	RULE_ERRNO,  /* `value` of the rule, in every variant: what a kernel without that thing would answer */
};

/* Rules of one call stand together and are tried in order: the first one whose variant fits and whose tests all hold
 * decides. When none does, the call is forbidden. A call without rules is allowed whatever its arguments. */
struct argument_rule {
	const char *call;
	enum rule_verdict verdict;
	int value;              /* RULE_ERRNO: the errno */
	unsigned with, without; /* variant bits that must be set, must not be set */
	struct argument_test tests[3];
	const char *reason;
};
extern const struct argument_rule argument_rules[];      /* ends with {NULL} */
extern const struct argument_rule init_argument_rules[]; /* the same for init_filter; ends with {NULL} */

/* What PID 1 of the sandbox may call. NULL-terminated. */
extern const char *const init_calls[];

/* Calls that a program cannot do without: when the libseccomp of the build does not know one of them, the build stops;
 * any other unknown name is left out with a line on stderr, and the call then answers ENOSYS. NULL-terminated. */
extern const char *const must_know_calls[];

/* Calls newer than libseccomp 2.5, known by number. The numbers are those of every architecture from 424 on; the two
 * below that exist on x86-64 alone. Ends with {"", 0}. Names stand in the entry, so that the table needs no
 * relocation. */
struct syscall_entry {
	char name[30];
	int16_t number; /* -1: exists on other architectures only */
};
extern const struct syscall_entry newer_calls[];

/* Every name known when this program was built, sorted by name: written by the generator. */
extern const struct syscall_entry syscall_entries[];
extern const unsigned syscall_entry_count;

#endif
