/* Installed set-user-ID root by the tests: says what it became. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	printf("euid %u\n", (unsigned)geteuid());
	return 0;
}
