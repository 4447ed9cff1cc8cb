/* Stdin that the profile constrains is read to its end before the script starts: a file could change after a look at
 * it, and of a pipe nothing is known before it was read. It is kept in memory that nobody can change any more. */
#include "supervise/standard_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/units.h"
#include "host/uapi.h"
#include "plan/inputs.h"

enum { PIPE_MAX = 1 << 20 }; /* what everybody may have in a pipe: /proc/sys/fs/pipe-max-size */

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int refuse(const struct plan *plan, struct error *err)
{
	err->pos = plan->profile->inputs.standard_input.pos;
	return -1;
}

/* Whoever writes must not keep us for longer than the script may take. */
static int await(const struct plan *plan, uint64_t deadline_ms, struct error *err)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char limit[32];

	while (deadline_ms) {
		uint64_t now = now_ms();
		int ready = now >= deadline_ms
		                    ? 0
		                    : poll(&input, 1, (int)(deadline_ms - now > 60000 ? 60000 : deadline_ms - now));

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return 0; /* the read tells */
		if (now_ms() < deadline_ms)
			continue;
		error_set(err, CODE_BAD_INPUT, "stdin did not end within limits.timeout %s",
		          format_duration(plan->deadlines.timeout_ms, limit, sizeof(limit)));
		return refuse(plan, err);
	}
	return 0;
}

/* Up to its end into `fd`; *length is then what it holds. */
static int read_input(const struct plan *plan, int fd, size_t *length, struct error *err)
{
	const uint64_t most = plan->profile->inputs.standard_input.max_size.value;
	const uint64_t deadline = plan->deadlines.timeout_ms ? now_ms() + plan->deadlines.timeout_ms : 0;
	char block[65536], limit[48];
	uint64_t total = 0;

	for (;;) {
		ssize_t got;

		if (await(plan, deadline, err))
			return -1;
		got = read(STDIN_FILENO, block, sizeof(block));
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN }, 1, 1000);
			continue;
		}
		if (got < 0)
			return error_set_errno(err, CODE_BAD_INPUT, "stdin cannot be read");
		total += (uint64_t)got;
		if (total > most) {
			error_set(err, CODE_BAD_INPUT, "stdin is longer than %s",
			          format_size(most, limit, sizeof(limit)));
			return refuse(plan, err);
		}
		if (write_all(fd, block, (size_t)got))
			return error_set_errno(err, CODE_SETUP_FAILED, "memory for stdin");
	}
	*length = (size_t)total;
	return 0;
}

static int check_input(const struct plan *plan, int fd, size_t length, struct error *err)
{
	enum stdin_type type = plan->profile->inputs.standard_input.type;
	void *data;
	int result;

	if (type == STDIN_TYPE_ANY)
		return 0;
	if (length == 0)
		return input_stdin_check("", 0, type, err) ? refuse(plan, err) : 0;
	data = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return error_set_errno(err, CODE_SETUP_FAILED, "memory for stdin");
	result = input_stdin_check(data, length, type, err);
	munmap(data, length);
	return result ? refuse(plan, err) : 0;
}

/* Where memory cannot be had that is never executable, it must not reach the script: Landlock does not see it. */
static int pass_by_pipe(int fd, size_t length, struct error *err)
{
	char block[65536];
	int ends[2] = { -1, -1 }, room = -1, result = 0;
	ssize_t got;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		room = fcntl(ends[1], F_SETPIPE_SZ, PIPE_MAX);
		room = room < 0 ? fcntl(ends[1], F_GETPIPE_SZ) : room;
	}
	if (room < 0 || length > (size_t)room) {
		error_set(err, CODE_CANNOT_KEEP, "a checked stdin of that size needs Linux 6.3");
		error_hint(err, "Hand it over in a file, or make inputs.stdin.max_size 1M.");
		result = -1;
	}
	lseek(fd, 0, SEEK_SET);
	while (result == 0 && (got = read(fd, block, sizeof(block))) > 0)
		result = write_all(ends[1], block, (size_t)got);
	if (result == 0 && dup2(ends[0], STDIN_FILENO) < 0)
		result = error_set_errno(err, CODE_SETUP_FAILED, "stdin");
	fd_close(&ends[0]);
	fd_close(&ends[1]);
	return result;
}

static int pass_memory(int fd, struct error *err)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

	if (fcntl(fd, F_ADD_SEALS, seals) || lseek(fd, 0, SEEK_SET) || dup2(fd, STDIN_FILENO) < 0)
		return error_set_errno(err, CODE_SETUP_FAILED, "stdin");
	return 0;
}

static int pass_nothing(struct error *err)
{
	FD_CLEANUP int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
		return error_set_errno(err, CODE_SETUP_FAILED, "/dev/null as stdin");
	return 0;
}

int standard_input_prepare(const struct plan *plan, struct error *err)
{
	FD_CLEANUP int fd = -1;
	bool sealed = true;
	size_t length;

	if (plan->profile->inputs.standard_input.mode == STDIN_ANY)
		return 0;
	if (plan->profile->inputs.standard_input.mode == STDIN_NONE)
		return pass_nothing(err);
	fd = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL) {
		sealed = false;
		fd = memfd_create("stdin", MFD_CLOEXEC);
	}
	if (fd < 0)
		return error_set_errno(err, CODE_SETUP_FAILED, "memory for stdin");
	if (read_input(plan, fd, &length, err) || check_input(plan, fd, length, err))
		return -1;
	return sealed ? pass_memory(fd, err) : pass_by_pipe(fd, length, err);
}
