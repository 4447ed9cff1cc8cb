/* One file: is it an interpreter that can be executed here? */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/text.h"
#include "plan/interpreter_parts.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define MACHINE_NAME "x86-64"
#elif defined(__aarch64__)
#define MACHINE EM_AARCH64
#define MACHINE_NAME "arm64"
#else
#error "pyconfine runs on x86-64 and arm64"
#endif
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BYTE_ORDER_HERE ELFDATA2LSB
#else
#define BYTE_ORDER_HERE ELFDATA2MSB
#endif

/* The oldest that the footprint's question and the system call list were tried with. */
enum { OLDEST_MAJOR = 3, OLDEST_MINOR = 6 };

struct fault_row {
	enum message_code code;
	const char *text; /* follows the path */
	const char *hint;
};

static const char choose_hint[] = "Name another one: --python 3.12, --python /path/to/python3, --python venv:DIR.";

static const struct fault_row faults[FAULT_COUNT] = {
	[FAULT_NONE] = { CODE_NONE, "is usable", "" },
	[FAULT_MISSING] = { CODE_INTERPRETER_NOT_FOUND, "does not exist", choose_hint },
	[FAULT_DANGLING] = { CODE_INTERPRETER_NOT_FOUND, "is a link to something that does not exist",
	                     "A virtual environment is left like this when its Python is upgraded or removed. Make it "
	                     "again: python3 -m venv --upgrade DIR" },
	[FAULT_NOT_A_DIRECTORY] = { CODE_INTERPRETER_NOT_FOUND, "goes through something that is not a directory",
	                            choose_hint },
	[FAULT_LOOP] = { CODE_INTERPRETER_UNUSABLE, "is a loop of links", choose_hint },
	[FAULT_UNREACHABLE] = { CODE_INTERPRETER_UNUSABLE, "cannot be reached: a directory on the way is closed to you",
	                        "Ask its owner for search permission (chmod o+x) on each directory, or name another "
	                        "interpreter with --python." },
	[FAULT_BAD_PATH] = { CODE_INTERPRETER_UNUSABLE, "is not a usable path", choose_hint },
	[FAULT_DIRECTORY] = { CODE_INTERPRETER_UNUSABLE, "is a directory",
	                      "For a virtual environment write venv:DIR; otherwise name the program in it." },
	[FAULT_SPECIAL] = { CODE_INTERPRETER_UNUSABLE, "is not a regular file", choose_hint },
	[FAULT_NOT_EXECUTABLE] = { CODE_INTERPRETER_UNUSABLE, "is not executable for you",
	                           "If it is an interpreter: chmod +x FILE. Otherwise name another one with "
	                           "--python." },
	[FAULT_UNREADABLE] = { CODE_INTERPRETER_UNUSABLE, "cannot be read",
	                       "It must be readable, to learn which loader it needs: chmod +r FILE." },
	[FAULT_SCRIPT] = { CODE_INTERPRETER_UNUSABLE, "is a script (it starts with #!), not a Python interpreter",
	                   "Name the interpreter that the script starts in the end." },
	[FAULT_NOT_ELF] = { CODE_INTERPRETER_UNUSABLE, "is not a program", choose_hint },
	[FAULT_FOREIGN] = { CODE_INTERPRETER_UNUSABLE, "is a program for another kind of machine than " MACHINE_NAME,
	                    "Install Python for " MACHINE_NAME " and name it with --python." },
	[FAULT_DAMAGED] = { CODE_INTERPRETER_UNUSABLE, "is damaged: its program headers make no sense",
	                    "Install it again, or name another one with --python." },
	[FAULT_TOO_OLD] = { CODE_INTERPRETER_UNUSABLE, "is older than Python 3.6, the oldest that pyconfine runs",
	                    "Name a newer one with --python 3.12 or --python /path/to/python3." },
};
_Static_assert(sizeof(faults) / sizeof(faults[0]) == FAULT_COUNT, "a row for each fault");

const char *interpreter_fault_text(enum file_fault fault)
{
	return faults[fault].text;
}

int interpreter_fault_error(enum file_fault fault, const struct interpreter *seen, struct error *err)
{
	char path[160], end[160];

	escape_into(path, sizeof(path), seen->path);
	if (seen->real_path && strcmp(seen->real_path, seen->path) != 0 && fault != FAULT_MISSING)
		error_set(err, faults[fault].code, "interpreter %s (%s) %s", path,
		          escape_into(end, sizeof(end), seen->real_path), faults[fault].text);
	else
		error_set(err, faults[fault].code, "interpreter %s %s", path, faults[fault].text);
	return error_hint(err, "%s", faults[fault].hint);
}

const char *interpreter_version_in(const char *name, struct arena *arena)
{
	const char *digits = name + strcspn(name, "0123456789");
	size_t major = strspn(digits, "0123456789"), minor;

	if (major == 0 || digits[major] != '.')
		return NULL;
	minor = strspn(digits + major + 1, "0123456789");
	return minor > 0 ? arena_strndup(arena, digits, major + 1 + minor) : NULL;
}

bool interpreter_is_python_name(const char *name)
{
	static const char *const stems[] = { "python", "pypy", NULL };

	for (const char *const *stem = stems; *stem; stem++) {
		size_t length = strlen(*stem);

		if (strncmp(name, *stem, length) != 0)
			continue;
		length += strspn(name + length, "0123456789.");
		/* One letter for the builds' names: python3.13t, python3.6m, python3.11d. */
		return name[length] == '\0' || (strchr("tmd", name[length]) && name[length + 1] == '\0');
	}
	return false;
}

static enum file_fault fault_of_errno(int code, bool through_link)
{
	switch (code) {
	case ENOENT:
		return through_link ? FAULT_DANGLING : FAULT_MISSING;
	case ENOTDIR:
		return FAULT_NOT_A_DIRECTORY;
	case ELOOP:
		return FAULT_LOOP;
	case EACCES:
		return FAULT_UNREACHABLE;
	default:
		return FAULT_BAD_PATH;
	}
}

/* PT_INTERP of the file whose start is in `start`. */
static enum file_fault read_loader(int fd, const char *start, size_t size, struct arena *arena, const char **loader)
{
	Elf64_Ehdr header;
	char name[PATH_MAX];

	memcpy(&header, start, sizeof(header));
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phoff > size ||
	    header.e_phnum > (size - header.e_phoff) / sizeof(Elf64_Phdr))
		return FAULT_DAMAGED;
	for (size_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr segment;

		memcpy(&segment, start + header.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type != PT_INTERP)
			continue;
		if (segment.p_filesz < 2 || segment.p_filesz > sizeof(name) || segment.p_offset > LONG_MAX ||
		    pread(fd, name, segment.p_filesz, (off_t)segment.p_offset) != (ssize_t)segment.p_filesz ||
		    name[segment.p_filesz - 1] != '\0' || name[0] != '/')
			return FAULT_DAMAGED;
		*loader = arena_strdup(arena, name);
		return FAULT_NONE;
	}
	return FAULT_NONE;
}

static enum file_fault read_program(struct interpreter *seen, struct arena *arena)
{
	char start[2048]; /* program headers follow the ELF header at once, about 14 of 56 bytes */
	FD_CLEANUP int fd = open(seen->real_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	const unsigned char *ident = (const unsigned char *)start;
	Elf64_Ehdr header;
	struct stat status;
	ssize_t got;

	if (fd < 0)
		return FAULT_UNREADABLE;
	/* Of the open file, not of the path: this is what is compared with the cache. */
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		return FAULT_SPECIAL;
	seen->identity = (struct file_identity){ status.st_dev, status.st_ino, status.st_ctim, status.st_mtim,
		                                 status.st_size };
	got = pread(fd, start, sizeof(start), 0);
	if (got >= 2 && start[0] == '#' && start[1] == '!')
		return FAULT_SCRIPT;
	if (got < SELFMAG || memcmp(start, ELFMAG, SELFMAG) != 0)
		return FAULT_NOT_ELF;
	if ((size_t)got < sizeof(header))
		return FAULT_DAMAGED;
	memcpy(&header, start, sizeof(header));
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != BYTE_ORDER_HERE || header.e_machine != MACHINE)
		return FAULT_FOREIGN;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return FAULT_NOT_ELF;
	return read_loader(fd, start, (size_t)got, arena, &seen->loader);
}

/* "version = 3.11.2" (venv), "version_info = 3.11.2.final.0" (virtualenv, uv). */
static const char *version_in_config(const char *config, struct arena *arena)
{
	for (const char *line = config; *line; line += strcspn(line, "\n"), line += strspn(line, "\n")) {
		const char *value = line + strcspn(line, "=\n");

		if (strncmp(line, "version", 7) == 0 && *value == '=') {
			char *text = arena_strndup(arena, value + 1, strcspn(value + 1, "\n"));

			return interpreter_version_in(text, arena);
		}
	}
	return NULL;
}

/* Where Python looks for it (PEP 405): beside the executable as it was called, then one directory above. */
static void find_venv(struct interpreter *seen, struct arena *arena)
{
	const char *directory = path_directory(arena, seen->path);

	for (int level = 0; level < 2; level++, directory = path_directory(arena, directory)) {
		const char *config = arena_printf(arena, "%s/pyvenv.cfg", directory);
		FD_CLEANUP int fd = open(config, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		char text[4096];
		ssize_t got;

		if (fd < 0)
			continue;
		seen->venv = directory;
		got = read(fd, text, sizeof(text) - 1);
		text[got > 0 ? got : 0] = '\0';
		seen->version = version_in_config(text, arena);
		return;
	}
}

/* From the most to the least telling name: python3.11 in the end, the directory above bin (pyenv: 3.11.7), the link. */
static void find_version(struct interpreter *seen, struct arena *arena)
{
	const char *prefix = path_directory(arena, path_directory(arena, seen->real_path));
	const char *names[] = { strrchr(seen->real_path, '/') + 1, strrchr(prefix, '/') + 1,
		                strrchr(seen->path, '/') + 1 };

	for (size_t i = 0; !seen->version && i < sizeof(names) / sizeof(names[0]); i++)
		seen->version = interpreter_version_in(names[i], arena);
}

bool interpreter_is_too_old(const char *version)
{
	char *end;
	unsigned long major = strtoul(version, &end, 10);

	/* "3" alone may be any of them. */
	return major < OLDEST_MAJOR ||
	       (major == OLDEST_MAJOR && *end == '.' && strtoul(end + 1, NULL, 10) < OLDEST_MINOR);
}

enum file_fault interpreter_examine(const char *path, struct arena *arena, struct interpreter *out)
{
	struct interpreter seen = { .path = path };
	struct stat status;
	enum file_fault fault = FAULT_NONE;

	if (path_follow(path, arena, &seen.links, &seen.real_path, &status) != 0)
		fault = fault_of_errno(errno, seen.links.count > 0);
	else if (S_ISDIR(status.st_mode))
		fault = FAULT_DIRECTORY;
	else if (!S_ISREG(status.st_mode))
		fault = FAULT_SPECIAL;
	else if (faccessat(AT_FDCWD, seen.real_path, X_OK, AT_EACCESS) != 0)
		fault = FAULT_NOT_EXECUTABLE;
	else
		fault = read_program(&seen, arena);
	if (fault == FAULT_NONE) {
		find_venv(&seen, arena);
		find_version(&seen, arena);
		if (seen.version && interpreter_is_too_old(seen.version))
			fault = FAULT_TOO_OLD;
	}
	*out = seen;
	return fault;
}
