/* Starts commands and measures them, with less noise than Python would add.
 *
 *	measure pairs ROUNDS COMMAND ; COMMAND ; ...
 *	    runs each command once a round, starting with another one each round;
 *	    prints a line "CPU_US WALL_US CPU_US WALL_US ..." a round
 *	measure rate MILLISECONDS PARALLEL COMMAND
 *	    counts how many are done while that many are always running; prints "COUNT WALL_US CPU_US"
 *
 * A command may begin with @FD=FILE words: the file is opened anew as that descriptor at each start. CPU time is that
 * of all descendants: orphans come to us (PR_SET_CHILD_SUBREAPER), and the next command waits until all have ended.
 * Wall time ends with the command itself. A command that does not end with status 0 ends the measurement. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS_MAX = 8, PARALLEL_MAX = 16 };

extern char **environ;

struct command {
	char **argv;
	posix_spawn_file_actions_t actions;
};

static void fail(const char *what)
{
	fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void command_read(struct command *command, char **words)
{
	posix_spawn_file_actions_init(&command->actions);
	for (; *words && (*words)[0] == '@'; words++) {
		const char *file = strchr(*words, '=');

		if (!file)
			fail(*words);
		posix_spawn_file_actions_addopen(&command->actions, atoi(*words + 1), file + 1, O_RDONLY, 0);
	}
	command->argv = words;
}

static pid_t command_start(const struct command *command)
{
	pid_t pid;

	errno = posix_spawn(&pid, command->argv[0], &command->actions, NULL, command->argv, environ);
	if (errno)
		fail(command->argv[0]);
	return pid;
}

static void check_status(const struct command *command, int status)
{
	if (status == 0)
		return;
	fprintf(stderr, "measure: %s ended with wait status %d\n", command->argv[0], status);
	exit(1);
}

static void measure_once(const struct command *command, uint64_t result[2])
{
	uint64_t cpu = cpu_us(), wall = wall_us();
	pid_t pid = command_start(command), got;
	int status;

	while ((got = wait(&status)) >= 0 || errno == EINTR) {
		if (got != pid)
			continue;
		result[1] = wall_us() - wall;
		check_status(command, status);
	}
	result[0] = cpu_us() - cpu;
}

static void measure_pairs(unsigned long rounds, const struct command *commands, size_t count)
{
	uint64_t results[COMMANDS_MAX][2];

	for (size_t i = 0; i < count; i++) /* caches are filled */
		measure_once(&commands[i], results[i]);
	for (unsigned long round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			measure_once(&commands[(round + i) % count], results[(round + i) % count]);
		for (size_t i = 0; i < count; i++)
			printf("%ju %ju%c", (uintmax_t)results[i][0], (uintmax_t)results[i][1],
			       i + 1 < count ? ' ' : '\n');
	}
}

static void measure_rate(uint64_t duration_us, size_t parallel, const struct command *command)
{
	uint64_t cpu = cpu_us(), start = wall_us(), done = 0;
	pid_t running[PARALLEL_MAX], got;
	int status;

	if (parallel < 1 || parallel > PARALLEL_MAX)
		fail("PARALLEL");
	for (size_t i = 0; i < parallel; i++)
		running[i] = command_start(command);
	while ((got = wait(&status)) >= 0 || errno == EINTR) {
		for (size_t i = 0; i < parallel; i++) {
			if (running[i] != got)
				continue;
			check_status(command, status);
			done++;
			running[i] = wall_us() - start < duration_us ? command_start(command) : -1;
		}
	}
	printf("%ju %ju %ju\n", (uintmax_t)done, (uintmax_t)(wall_us() - start), (uintmax_t)(cpu_us() - cpu));
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX];
	size_t count = 0;

	if (argc >= 4 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		fail("PR_SET_CHILD_SUBREAPER");
	if (argc >= 5 && strcmp(argv[1], "rate") == 0) {
		command_read(&commands[0], argv + 4);
		measure_rate(strtoul(argv[2], NULL, 10) * 1000, strtoul(argv[3], NULL, 10), &commands[0]);
		return 0;
	}
	if (argc < 4 || strcmp(argv[1], "pairs") != 0) {
		fputs("usage: measure pairs ROUNDS COMMAND ; ... | measure rate MILLISECONDS PARALLEL COMMAND\n",
		      stderr);
		return 2;
	}
	for (int i = 3; i < argc && count < COMMANDS_MAX; i++) {
		command_read(&commands[count++], argv + i);
		while (i < argc && strcmp(argv[i], ";") != 0)
			i++;
		argv[i] = NULL;
	}
	measure_pairs(strtoul(argv[2], NULL, 10), commands, count);
	return 0;
}
