/* Throw-away trees of files for tests that look things up. */
#ifndef TESTS_TREE_H
#define TESTS_TREE_H

#include <elf.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All helpers take paths relative to the tree, and end the test program when something fails. */
static char tree_root[64];

static inline void tree_check(int ok, const char *what, const char *path)
{
	if (ok)
		return;
	perror(what);
	fprintf(stderr, "tree: %s %s\n", what, path);
	abort();
}

/* Absolute path of something in the tree; valid for a few calls. */
static inline const char *tree(const char *path)
{
	static char buffers[16][512];
	static unsigned next;
	char *buffer = buffers[next++ % 16];
	int length = snprintf(buffer, sizeof(buffers[0]), "%s/%s", tree_root, path);

	tree_check(length > 0 && (size_t)length < sizeof(buffers[0]), "path too long", path);
	if (path[0] == '\0')
		buffer[strlen(buffer) - 1] = '\0';
	return buffer;
}

static inline void tree_directory(const char *path)
{
	char whole[512];

	tree_check(snprintf(whole, sizeof(whole), "%s/", tree(path)) < (int)sizeof(whole), "path too long", path);
	for (char *slash = strchr(whole + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		tree_check(access(whole, F_OK) == 0 || mkdir(whole, 0755) == 0, "mkdir", whole);
		*slash = '/';
	}
}

static inline void tree_parent(const char *path)
{
	char parent[512];

	snprintf(parent, sizeof(parent), "%s", path);
	if (strrchr(parent, '/')) {
		*strrchr(parent, '/') = '\0';
		tree_directory(parent);
	}
}

static inline void tree_bytes(const char *path, const void *data, size_t size, mode_t mode)
{
	int fd;

	tree_parent(path);
	unlink(tree(path));
	fd = open(tree(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	tree_check(fd >= 0 && write(fd, data, size) == (ssize_t)size && fchmod(fd, mode) == 0 && close(fd) == 0,
	           "write", path);
}

static inline void tree_file(const char *path, const char *text, mode_t mode)
{
	tree_bytes(path, text, strlen(text), mode);
}

static inline void tree_link(const char *path, const char *target)
{
	tree_parent(path);
	unlink(tree(path));
	tree_check(symlink(target, tree(path)) == 0, "symlink", path);
}

/* The start of a program for `machine`: enough for everything but executing it. */
static inline void tree_program_for(const char *path, Elf64_Half machine, unsigned char class)
{
	static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		char loader[sizeof(loader)];
	} file = { 0 };

	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = class;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	file.header.e_ident[EI_VERSION] = EV_CURRENT;
	file.header.e_type = ET_DYN;
	file.header.e_machine = machine;
	file.header.e_phoff = sizeof(file.header);
	file.header.e_phentsize = sizeof(file.segment);
	file.header.e_phnum = 1;
	file.segment.p_type = PT_INTERP;
	file.segment.p_offset = sizeof(file.header) + sizeof(file.segment);
	file.segment.p_filesz = sizeof(loader);
	memcpy(file.loader, loader, sizeof(loader));
	tree_bytes(path, &file, sizeof(file), 0755);
}

#if defined(__x86_64__)
#define TREE_MACHINE EM_X86_64
#define TREE_OTHER_MACHINE EM_AARCH64
#else
#define TREE_MACHINE EM_AARCH64
#define TREE_OTHER_MACHINE EM_X86_64
#endif

static inline void tree_program(const char *path)
{
	tree_program_for(path, TREE_MACHINE, ELFCLASS64);
}

static inline int tree_remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status, (void)kind, (void)walk;
	return remove(path);
}

/* For cmocka's setup and teardown of each test. */
static inline int tree_setup(void **state)
{
	(void)state;
	umask(022);
	snprintf(tree_root, sizeof(tree_root), "/tmp/pyconfine-tree-XXXXXX");
	return mkdtemp(tree_root) ? 0 : -1;
}

static inline int tree_teardown(void **state)
{
	(void)state;
	return nftw(tree_root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
