/* init: a starter profile that a newcomer understands. What it writes passes `check` as it is: paths that only the user
 * knows stand in comments. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/exit_status.h"
#include "base/fds.h"
#include "commands/init.h"
#include "commands/options.h"
#include "commands/render.h"

#define HEAD \
	"# What this script may do. Everything that is not granted here is denied.\n" \
	"#\n" \
	"#   pyconfine check FILE       is this file all right?\n" \
	"#   pyconfine explain SCRIPT   what would be enforced, and by what?\n" \
	"#   pyconfine schema           every key there is\n" \
	"version: 1\n"

/* Whole files, line by line. */
/* clang-format off */
#define LIMITS_HINT \
	"# Sizes need a unit (K M G), durations too (ms s m h). `none` lifts a limit.\n"

const struct starter starters[] = {
	{ NULL, "script",
	  HEAD
	  "extends: offline            # no network, no other programs; the script's own directory can be read\n"
	  "\n"
	  "# Files. Paths are relative to this file; a directory means everything below it.\n"
	  "files:\n"
	  "  read: [\"${SCRIPT_DIR}\"]\n"
	  "  # read: [\"${SCRIPT_DIR}\", /srv/data]\n"
	  "  # write: [/srv/results]              # to be written implies to be read\n"
	  "  # deny: [/srv/data/private]          # beats every grant\n"
	  "\n"
	  "network: none               # or host: the machine's network, without restriction\n"
	  "exec: none                  # or a list of programs: [/usr/bin/pdftotext]\n"
	  "\n"
	  "# Variables that the script may see; a trailing * stands for the rest of the name.\n"
	  "# env: {allow: [\"REPORT_*\"], set: {REPORT_MODE: nightly}}\n"
	  "\n"
	  LIMITS_HINT
	  "limits:\n"
	  "  timeout: 10m\n"
	  "  open_files: 1024\n" },
	{ "cron", "job",
	  HEAD
	  "extends: offline            # no network, no other programs\n"
	  "\n"
	  "# python: {interpreter: \"venv:/opt/job/venv\"}    # a virtual environment; else what `python3` means here\n"
	  "\n"
	  "# A job reads its input and writes to one directory. Make it exist before the first run:\n"
	  "#   install -d -m 700 /var/lib/job\n"
	  "files:\n"
	  "  read:\n"
	  "    - \"${SCRIPT_DIR}\"\n"
	  "    # - /etc/job.conf\n"
	  "    - {path: /var/lib/job/input, optional: true}      # optional: it may be absent\n"
	  "  write:\n"
	  "    - {path: /var/lib/job/results, optional: true}\n"
	  "\n"
	  "network: none\n"
	  "\n"
	  "# Cron hands over next to no environment; what the job needs is set here.\n"
	  "env: {set: {LANG: C.UTF-8}}\n"
	  "\n"
	  LIMITS_HINT
	  "limits:\n"
	  "  timeout: 10m              # then SIGTERM, and SIGKILL after `grace`; exit status 124\n"
	  "  grace: 10s\n"
	  "  file_size: 1G\n" },
	{ "upload", "upload",
	  HEAD
	  "extends: untrusted          # nothing but the script: tight limits, few system calls, user nobody\n"
	  "\n"
	  "# The caller says which file was uploaded and where the results go:\n"
	  "#   UPLOAD=/srv/in/1234 OUTDIR=/srv/out/1234 pyconfine convert.py /work/input /work/out\n"
	  "# Inside, the script always sees the same two names, whatever the user called the file.\n"
	  "files:\n"
	  "  read:\n"
	  "    - \"${SCRIPT_DIR}\"\n"
	  "    - {path: \"${env:UPLOAD}\", as: /work/input, beneath: /srv/in}\n"
	  "\n"
	  "# What the script leaves in /work/out is checked when it has ended with status 0, and moved to OUTDIR, which must\n"
	  "# exist: all of it, or none (exit status 123). Nothing there is ever replaced, so give each run one of its own.\n"
	  "outputs:\n"
	  "  path: \"${env:OUTDIR}\"\n"
	  "  as: /work/out\n"
	  "  files: 5\n"
	  "  size: 50M                 # all of them together\n"
	  "  # suffixes: [.png, .jpg]\n"
	  "  # check: content          # each file must also begin as its suffix says\n"
	  "\n"
	  LIMITS_HINT
	  "limits:\n"
	  "  timeout: 20s              # of the clock\n"
	  "  cpu_time: 10s             # of the processor\n"
	  "  processes: 8              # threads count, too\n"
	  "  file_size: 50M            # of one written file\n"
	  "\n"
	  "locked: true                # flags on the command line cannot grant more\n" },
	{ "container", "worker",
	  HEAD
	  "extends: worker             # a container's entrypoint: long-running, no limit of time\n"
	  "\n"
	  "# In the image:  ENTRYPOINT [\"pyconfine\", \"--profile\", \"/app/worker.pyconfine.yaml\", \"/app/worker.py\"]\n"
	  "# The profile must belong to root, or to the container's user, and be writable by nobody else.\n"
	  "files:\n"
	  "  read:\n"
	  "    - {path: /app, optional: true}\n"
	  "  write:\n"
	  "    - {path: /data, optional: true}\n"
	  "\n"
	  "# The whole network of the container, as its runtime made it (`check` warns: it may reach more than you think):\n"
	  "# network: host\n"
	  "\n"
	  "env: {allow: [\"APP_*\"]}\n"
	  "\n"
	  LIMITS_HINT
	  "limits:\n"
	  "  timeout: none\n"
	  "  grace: 25s                # between SIGTERM and SIGKILL: less than the runtime's own patience\n" },
	{ 0 },
};
/* clang-format on */

static const struct starter *starter_find(const char *purpose)
{
	const struct starter *starter = starters;

	while (purpose && starter->text && !(starter->purpose && strcmp(starter->purpose, purpose) == 0))
		starter++;
	return starter;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length > end_length && strcmp(text + length - end_length, end) == 0;
}

const char *init_file_name(const char *name, struct arena *arena)
{
	if (ends_with(name, ".yaml"))
		return name;
	if (ends_with(name, ".py"))
		return arena_printf(arena, "%.*s.pyconfine.yaml", (int)(strlen(name) - 3), name);
	return arena_printf(arena, "%s.pyconfine.yaml", name);
}

/* A dangling link is something that is there; nor does the umask count. */
int profile_write_new(const char *file, const char *text, const char *hint, struct error *err)
{
	FD_CLEANUP int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	char shown[256];

	escape_into(shown, sizeof(shown), file);
	if (fd < 0 && errno == EEXIST) {
		error_set(err, CODE_USAGE, "%s exists already, and is left as it is", shown);
		return error_hint(err, "%s", hint);
	}
	if (fd < 0)
		return error_set_errno(err, CODE_USAGE, "%s cannot be created", shown);
	if (write_all(fd, text, strlen(text)) || close(TAKE_FD(fd))) {
		error_set_errno(err, CODE_USAGE, "%s cannot be written", shown);
		unlink(file);
		return -1;
	}
	return 0;
}

int command_init(int argc, char **argv)
{
	ARENA_CLEANUP struct arena arena = { 0 };
	TEXT_CLEANUP struct text out = { 0 };
	struct run_options options = { 0 };
	const struct starter *starter;
	const char **names, *file;
	struct error err;

	if (options_mixed(COMMAND_INIT, argc, argv, &arena, &options, &names, &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	if (options.help)
		return help_show(COMMAND_INIT);
	if (names[0] && (names[1] || !names[0][0])) {
		error_set(&err, CODE_USAGE, names[1] ? "init writes one profile at a time" : "the name is empty");
		error_hint(&err, "Write pyconfine init [NAME] [--for cron|upload|container].");
		return render_fail(&err, EXIT_BAD_INPUT);
	}
	starter = starter_find(options.purpose);
	file = init_file_name(names[0] ? names[0] : starter->default_name, &arena);
	if (profile_write_new(file, starter->text, "Choose another name: pyconfine init NAME.", &err))
		return render_fail(&err, EXIT_BAD_INPUT);
	text_add(&out, "wrote ");
	text_add_escaped(&out, file);
	text_add(&out, "; read it, then: pyconfine check ");
	text_add_escaped(&out, file);
	text_add(&out, "\n");
	return render_print(&out) ? EXIT_BAD_INPUT : EXIT_CLEAN;
}
