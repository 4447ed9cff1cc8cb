/* Hands out parts of pyconfine that a fair comparison needs: `parts filter` writes the system call filter of the
 * untrusted profile, ready for bubblewrap's --seccomp; `parts question` the program that asks an interpreter for its
 * files. */
#include <stdio.h>
#include <string.h>

#include "plan/footprint.h"
#include "policy/filter.h"

int main(int argc, char **argv)
{
	/* with a network namespace of its own, the script may make sockets in it */
	const struct compiled_filter *filter = &compiled_filters[FILTER_STRICT | FILTER_INET];

	if (argc == 2 && strcmp(argv[1], "filter") == 0)
		return fwrite(filter->instructions, sizeof(*filter->instructions), filter->count, stdout) !=
		       filter->count;
	if (argc == 2 && strcmp(argv[1], "question") == 0)
		return fputs(footprint_question, stdout) < 0;
	fputs("usage: parts filter|question\n", stderr);
	return 2;
}
