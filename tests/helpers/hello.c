/* The program that must not run: dropped, copied, anonymous, by the loader. Its output is the evidence. */
#include <unistd.h>

int main(void)
{
	static const char text[] = "executed\n";

	return write(STDOUT_FILENO, text, sizeof(text) - 1) == (ssize_t)(sizeof(text) - 1) ? 0 : 1;
}
