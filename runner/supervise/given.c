#include "supervise/given.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "supervise/broker_parts.h"

/* What the tables of the broker may take together, and some. */
#define DESCRIPTORS 1024

enum { SYN_SENT = 2, SYN_RECEIVED = 3, CLOSED = 7 }; /* as TCP_INFO has them */

/* Where fewer are allowed than that, the script gets EMFILE for its sockets. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
	setrlimit(RLIMIT_NOFILE, &limit);
}

struct given_table *given_new(void)
{
	struct given_table *table = calloc(1, sizeof(*table));

	for (size_t i = 0; table && i < GIVEN_MAX; i++)
		table->rows[i].fd = -1;
	if (table)
		raise_descriptors();
	return table;
}

void given_close(struct given_table **table)
{
	for (size_t i = 0; *table && i < GIVEN_MAX; i++)
		given_forget(&(*table)->rows[i]);
	free(*table);
	*table = NULL;
}

struct given *given_place(struct given_table *table)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (table->rows[i].fd < 0)
			return &table->rows[i];
	return NULL;
}

struct given *given_find(struct given_table *table, uint64_t inode)
{
	for (size_t i = 0; table && inode && i < GIVEN_MAX; i++)
		if (table->rows[i].fd >= 0 && table->rows[i].inode == inode)
			return &table->rows[i];
	return NULL;
}

void given_forget(struct given *given)
{
	broker_drop(&given->fd);
	given->connecting = false;
}

uint64_t given_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) || !S_ISSOCK(st.st_mode) ? 0 : st.st_ino;
}

void given_listens(struct given_table *table, struct given *given)
{
	table->listening[table->listening_next++ % GIVEN_LISTENING_MAX] = given->inode;
	given_forget(given);
}

bool given_is_listening(const struct given_table *table, uint64_t inode)
{
	for (size_t i = 0; table && inode && i < GIVEN_LISTENING_MAX; i++)
		if (table->listening[i] == inode)
			return true;
	return false;
}

size_t given_poll(const struct given_table *table, struct pollfd *fds)
{
	size_t count = 0;

	for (size_t i = 0; table && i < GIVEN_MAX; i++)
		if (table->rows[i].fd >= 0 && table->rows[i].connecting)
			fds[count++] = (struct pollfd){ .fd = table->rows[i].fd, .events = POLLOUT };
	return count;
}

/* What the error was is the script's to read, so only the state is asked for. One that has failed may be connected
 * again, and stays. */
static void finish(struct given *given)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(given->fd, IPPROTO_TCP, TCP_INFO, &info, &size) || info.tcpi_state == CLOSED)
		given->connecting = false;
	else if (info.tcpi_state != SYN_SENT && info.tcpi_state != SYN_RECEIVED)
		given_forget(given);
	else
		given->connecting = false; /* shut down before it was connected: poll would not wait any more */
}

void given_serve(struct given_table *table, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; table && i < count; i++)
		for (size_t k = 0; fds[i].revents && k < GIVEN_MAX; k++)
			if (table->rows[k].connecting && table->rows[k].fd == fds[i].fd)
				finish(&table->rows[k]);
}
