#include "base/fds.h"

#include <errno.h>

int write_all(int fd, const void *data, size_t length)
{
	const char *next = data;

	while (length > 0) {
		ssize_t written = write(fd, next, length);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

ssize_t read_all(int fd, void *data, size_t size)
{
	char *next = data;
	char beyond;
	size_t used = 0;

	for (;;) {
		/* When the buffer is full, one byte more tells whether the file ends here. */
		ssize_t got = used < size ? read(fd, next + used, size - used) : read(fd, &beyond, 1);

		if (got < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (got == 0)
			return (ssize_t)used;
		if (used == size) {
			errno = EFBIG;
			return -1;
		}
		used += (size_t)got;
	}
}
