/* pyconfine: run a Python script confined by a profile. Here is nothing but the way to the commands
 * (commands/table.c). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/render.h"

static const char usage[] =
	"pyconfine: usage: pyconfine [OPTIONS] SCRIPT [ARGS...]      run a Python script confined by a profile\n"
	"pyconfine:        pyconfine [OPTIONS] -m MODULE | -c CODE | -\n"
	"pyconfine:        pyconfine COMMAND ...                     `pyconfine help` lists commands and options\n";

/* With 0, 1 or 2 closed, the next file that is opened would become the script's stdin, or receive its output. */
static int open_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return -1;
	return 0;
}

/* init clears its copy of the kernel's command line, and the plan must not point into that. */
static char **copy_arguments(int argc, char **argv, struct arena *arena)
{
	char **copy = arena_array(arena, (size_t)argc + 1, sizeof(*copy));

	for (int i = 0; i < argc; i++)
		copy[i] = arena_strdup(arena, argv[i]);
	return copy;
}

static void end_by_signal(int number)
{
	_exit(EXIT_SIGNAL_BASE + number);
}

/* Signals whose default is to end a process pass a container's PID 1 by; until the supervisor takes them over
 * (supervise/run.c), `docker stop` would wait its ten seconds for nothing. */
static void heed_signals_as_pid_1(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

	for (size_t i = 0; getpid() == 1 && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], end_by_signal);
}

int main(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	const struct command *command;
	struct error err;

	if (getauxval(AT_SECURE)) {
		/* the caller's environment and directories would decide what somebody else's rights are used for */
		fputs("pyconfine: must not be installed set-user-ID or with file capabilities: it needs no privilege\n",
		      stderr);
		return EXIT_SETUP;
	}
	if (open_standard_files())
		return EXIT_SETUP;
	heed_signals_as_pid_1();
	if (argc < 2) {
		fputs(usage, stderr);
		return EXIT_SETUP;
	}
	argv = copy_arguments(argc, argv, &arena);
	if (options_split_shebang(&argc, &argv, &arena, &err))
		return render_fail(&err, EXIT_SETUP);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("pyconfine " PYCONFINE_VERSION);
		return EXIT_CLEAN;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return command_help(1, argv);
	command = command_find(argv[1]);
	if (command)
		return command->call(argc - 1, argv + 1);
	return command_run(argc, argv);
}
