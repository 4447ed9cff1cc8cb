/* Enters the kernel by the 32-bit door of a 64-bit process, where system calls have other numbers: 20 is getpid there
 * and writev here. A filter that looks at numbers only is passed so. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
#if defined(__x86_64__)
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "0"(20) : "memory", "r8", "r9", "r10", "r11");
	if (result == getpid())
		printf("i386 getpid %d\n", result);
	return result == getpid() ? 0 : 1;
#else
	return 77;
#endif
}
