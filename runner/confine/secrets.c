#include "confine/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "host/syscalls.h"

static int write_whole(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = raw_write(fd, data, length);

		if (written <= 0)
			return written < 0 ? (int)written : -EIO;
		data += written;
		length -= (size_t)written;
	}
	return 0;
}

int secret_make_file(const struct plan *plan, const struct secret_store *store, size_t index, int directory_fd,
                     const char *path)
{
	const struct secret_bytes *secret;
	int fd, result;

	if (!store || index >= store->count)
		return -ENODATA;
	secret = &store->values[index];
	fd = raw_openat(directory_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return fd;
	result = raw_fchmod(fd, 0400); /* whatever the umask is */
	if (result == 0)
		result = write_whole(fd, secret->bytes, secret->length);
	if (result == 0 && plan->change_user)
		result = raw_fchownat(fd, "", plan->uid, plan->gid, AT_EMPTY_PATH);
	raw_close(fd);
	return result;
}

/* The compiler must not see that nobody reads this memory again. */
static void wipe(const char *memory, size_t size)
{
	volatile char *at;

	memcpy(&at, &memory, sizeof(at));
	while (size-- > 0)
		*at++ = '\0';
}

void secrets_forget_files(const struct secret_store *store)
{
	for (size_t i = 0; store && i < store->count; i++)
		if (!store->variables[i])
			wipe(store->values[i].bytes, store->values[i].length);
}

void secrets_forget(const struct secret_store *store)
{
	for (size_t i = 0; store && i < store->count; i++)
		wipe(store->values[i].bytes, store->values[i].length);
}
