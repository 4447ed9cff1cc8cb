/* File descriptors: cleanup, transfer of ownership, whole reads and writes. */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

static inline void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

#define FD_CLEANUP __attribute__((cleanup(fd_close)))
/* Give a descriptor away: evaluates to its value and leaves -1 behind. */
#define TAKE_FD(fd) \
	__extension__({ \
		int take_fd_ = (fd); \
		(fd) = -1; \
		take_fd_; \
	})

/* All of it or -1 with errno; EINTR is retried. */
int write_all(int fd, const void *data, size_t length);
/* Reads to the end of the file, at most `size` bytes. Returns the count, or -1 with errno; EFBIG when there is more. */
ssize_t read_all(int fd, void *data, size_t size);

#endif
