/* Prints a file: what a granted program sees. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char buffer[4096];
	ssize_t got;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		printf("errno %d %s\n", errno, strerror(errno));
		return 1;
	}
	got = read(fd, buffer, sizeof(buffer));
	if (got < 0)
		return 1;
	return fwrite(buffer, 1, (size_t)got, stdout) == (size_t)got ? 0 : 1;
}
