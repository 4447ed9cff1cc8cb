#include "supervise/lookup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"

/* Nothing of the caller's environment: LOCALDOMAIN, RES_OPTIONS and HOSTALIASES would change what a name means. */
static int spawn(pid_t *pid, const char *getent, const char *host_name, int output_fd)
{
	char *const argv[] = { (char[]){ "getent" }, (char[]){ "ahosts" }, strdupa(host_name), NULL };
	char *const envp[] = { (char[]){ "LC_ALL=C" }, (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int result;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	result = posix_spawn(pid, getent, &actions, &attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return result ? -1 : 0;
}

int lookup_start(struct lookup *lookup, const char *getent, const char *host_name, uint64_t now_ms)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	if (spawn(&pid, getent, host_name, fds[1])) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	close(fds[1]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	lookup->pid = pid;
	lookup->fd = fds[0];
	lookup->length = 0;
	lookup->deadline_ms = now_ms + LOOKUP_TIMEOUT_MS;
	return 0;
}

void lookup_end(struct lookup *lookup)
{
	if (!lookup->pid)
		return;
	kill(lookup->pid, SIGKILL);
	while (waitpid(lookup->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(&lookup->fd);
	lookup->pid = 0;
}

bool lookup_read(struct lookup *lookup, uint64_t now_ms)
{
	size_t room = sizeof(lookup->output) - lookup->length;
	ssize_t got = room ? read(lookup->fd, lookup->output + lookup->length, room) : 0;

	if (got > 0)
		lookup->length += (size_t)got;
	if ((got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) && now_ms < lookup->deadline_ms)
		return false;
	lookup_end(lookup);
	return true;
}

static bool has_address(const struct net_address *list, size_t count, const struct net_address *address)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].family == address->family && memcmp(list[i].bytes, address->bytes, 16) == 0)
			return true;
	return false;
}

/* "93.184.215.14   STREAM example.com": each address stands there once for each type of socket. A scope behind a % is
 * not for us: link-local addresses are not reached by name. */
size_t lookup_parse(const char *output, size_t length, struct net_address *out, size_t room)
{
	const char *end = output + length, *line = output;
	size_t count = 0;

	while (line < end && count < room) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((next ? next : end) - line), word = 0;
		struct net_address address = { 0 };
		char text[INET6_ADDRSTRLEN];

		while (word < size && line[word] != ' ' && line[word] != '\t')
			word++;
		if (next && word < sizeof(text)) {
			memcpy(text, line, word);
			text[word] = '\0';
			address.family = strchr(text, ':') ? AF_INET6 : AF_INET;
			if (inet_pton(address.family, text, address.bytes) == 1 && !has_address(out, count, &address))
				out[count++] = address;
		}
		line += size + 1;
	}
	return count;
}
