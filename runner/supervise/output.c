#include "supervise/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fds.h"
#include "host/syscalls.h"

static bool is_same_file(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* A way of writing to the caller's descriptor that does not keep us waiting and that nobody else notices. */
static int open_sink(struct output_stream *stream, int fd)
{
	char path[32];
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	stream->sink = S_ISSOCK(st.st_mode) ? SINK_SOCKET : S_ISREG(st.st_mode) ? SINK_REGULAR_FILE : SINK_PLAIN;
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		stream->out_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	if (stream->out_fd >= 0)
		stream->sink = SINK_NONBLOCKING;
	else
		stream->out_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return stream->out_fd < 0 ? -1 : 0;
}

static int open_stream(struct output_stream *stream, int fd, const struct plan *plan)
{
	int ends[2];

	stream->in_fd = stream->script_fd = stream->out_fd = -1;
	stream->start = stream->end = 0;
	stream->covers = 1U << fd;
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	stream->in_fd = ends[0];
	stream->script_fd = ends[1];
	/* our end alone: the script's is another file description. It may open its own again by /dev/stdout. */
	if (fcntl(stream->in_fd, F_SETFL, O_NONBLOCK) ||
	    (plan->change_user && fchown(stream->script_fd, plan->uid, plan->gid)))
		return -1;
	return open_sink(stream, fd);
}

/* What is written to it would go where the output goes, uncounted. */
static int open_input(struct output *output)
{
	int mode = fcntl(STDIN_FILENO, F_GETFL);

	if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY ||
	    (!is_same_file(STDIN_FILENO, STDOUT_FILENO) && !is_same_file(STDIN_FILENO, STDERR_FILENO)))
		return 0;
	output->input_fd = open("/proc/self/fd/0", O_RDONLY | O_NOCTTY | O_CLOEXEC); /* of a socket: ENXIO */
	if (output->input_fd >= 0)
		return 0;
	errno = EMEDIUMTYPE;
	return -1;
}

static int open_all(struct output *output, const struct plan *plan)
{
	output->count = 0;
	output->input_fd = -1;
	output->limit = plan->deadlines.output_bytes;
	output->taken = 0;
	output->exceeded = false;
	output->sys_errno = 0;
	if (!output->limit)
		return 0;
	if (open_input(output))
		return -1;
	output->count = 1;
	if (open_stream(&output->streams[0], STDOUT_FILENO, plan))
		return -1;
	if (is_same_file(STDOUT_FILENO, STDERR_FILENO)) {
		output->streams[0].covers |= 1U << STDERR_FILENO;
		return 0;
	}
	output->count = 2;
	return open_stream(&output->streams[1], STDERR_FILENO, plan);
}

int output_open(struct output *output, const struct plan *plan, struct error *err)
{
	bool is_input;

	if (open_all(output, plan) == 0)
		return 0;
	is_input = errno == EMEDIUMTYPE;
	if (!is_input)
		error_set_errno(err, CODE_SETUP_FAILED, "pipes for limits.output");
	output_close(output);
	if (!is_input)
		return -1;
	error_set(err, CODE_CANNOT_KEEP,
	          "limits.output: standard input leads where the output goes, and cannot be had for reading alone");
	return error_hint(
		err, "What is written to it would not be counted: give the script another input, such as </dev/null.");
}

int output_take_over(const struct output *output)
{
	int replaced = output->count && output->input_fd >= 0 ? raw_dup3(output->input_fd, STDIN_FILENO, 0) : 0;

	if (replaced < 0)
		return replaced;
	for (size_t i = 0; i < output->count; i++)
		for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
			int result = output->streams[i].covers >> fd & 1 ? raw_dup3(output->streams[i].script_fd, fd, 0)
			                                                 : 0;

			if (result < 0)
				return result;
		}
	return 0;
}

void output_started(struct output *output)
{
	if (output->count)
		fd_close(&output->input_fd);
	for (size_t i = 0; i < output->count; i++)
		fd_close(&output->streams[i].script_fd);
}

static bool is_empty(const struct output_stream *stream)
{
	return stream->start == stream->end;
}

static void give_up(struct output *output, struct output_stream *stream, int sys_errno)
{
	if (sys_errno != EPIPE && sys_errno != ECONNRESET)
		output->sys_errno = sys_errno;
	stream->start = stream->end = 0;
	fd_close(&stream->in_fd);
}

/* Returns whether there is something to write. */
static bool take(struct output *output, struct output_stream *stream)
{
	uint64_t left = output->limit - output->taken;
	size_t wanted = left < sizeof(stream->buffer) ? (size_t)left : sizeof(stream->buffer);
	/* at the limit one byte more is enough to know, and goes nowhere */
	ssize_t got = read(stream->in_fd, stream->buffer, wanted ? wanted : 1);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		fd_close(&stream->in_fd);
		return false;
	}
	if (!wanted) {
		output->exceeded = true;
		return false;
	}
	output->taken += (uint64_t)got;
	stream->start = 0;
	stream->end = (size_t)got;
	return true;
}

/* Returns whether all of the buffer is written, or will never be. */
static bool pass_on(struct output *output, struct output_stream *stream)
{
	const char *data = stream->buffer + stream->start;
	size_t size = stream->end - stream->start;
	ssize_t done;

	/* a pipe that poll(2) calls writable has room for this much */
	if (stream->sink == SINK_PLAIN && size > PIPE_BUF)
		size = PIPE_BUF;
	done = stream->sink == SINK_SOCKET ? send(stream->out_fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
	                                   : write(stream->out_fd, data, size);
	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (done < 0) {
		give_up(output, stream, errno);
		return true;
	}
	stream->start += (size_t)done;
	return is_empty(stream);
}

size_t output_poll(const struct output *output, struct pollfd *fds)
{
	size_t count = 0;

	for (size_t i = 0; i < output->count; i++) {
		const struct output_stream *stream = &output->streams[i];
		bool empty = is_empty(stream);

		/* a negative descriptor is passed over; that nobody reads is told without being asked for */
		fds[count++] = (struct pollfd){ .fd = empty && !output->exceeded ? stream->in_fd : -1,
			                        .events = POLLIN };
		fds[count++] = (struct pollfd){ .fd = empty && stream->in_fd < 0 ? -1 : stream->out_fd,
			                        .events = empty ? 0 : POLLOUT };
	}
	return count;
}

void output_serve(struct output *output, const struct pollfd *fds, size_t count)
{
	for (size_t i = 0; 2 * i + 1 < count; i++) {
		struct output_stream *stream = &output->streams[i];
		short in = fds[2 * i].revents, out = fds[2 * i + 1].revents;

		if (is_empty(stream) && (out & (POLLERR | POLLNVAL)))
			give_up(output, stream, EPIPE);
		else if (!is_empty(stream) && out)
			pass_on(output, stream);
		else if (in && take(output, stream) && stream->sink != SINK_PLAIN)
			pass_on(output, stream);
	}
}

bool output_finish(struct output *output)
{
	bool done = true;

	for (size_t i = 0; i < output->count; i++) {
		struct output_stream *stream = &output->streams[i];

		while (is_empty(stream) && stream->in_fd >= 0 && !output->exceeded && take(output, stream))
			if (stream->sink != SINK_PLAIN)
				pass_on(output, stream);
		if (is_empty(stream))
			fd_close(&stream->in_fd);
		done = done && is_empty(stream);
	}
	return done;
}

void output_close(struct output *output)
{
	if (output->limit)
		fd_close(&output->input_fd);
	for (size_t i = 0; i < output->count; i++) {
		fd_close(&output->streams[i].in_fd);
		fd_close(&output->streams[i].script_fd);
		fd_close(&output->streams[i].out_fd);
	}
	output->count = 0;
}
