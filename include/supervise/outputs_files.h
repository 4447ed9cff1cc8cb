/* Inside supervise/outputs.c: one file on its way out. Reasons are static texts; NULL means that all is well. */
#ifndef SUPERVISE_OUTPUTS_FILES_H
#define SUPERVISE_OUTPUTS_FILES_H

#include "supervise/outputs.h"

struct staged {
	int fd;          /* of our copy; -1: none */
	unsigned number; /* makes its temporary name */
	bool named;      /* it has that name: the file system has no files without one */
	bool fatal;      /* the target itself failed: the others would, too */
};

/* What lies at that name in `staging_fd`: a plain file of at most `left` bytes, and nothing that comes along with it.
 * Sets output->size and, with a reason, output->key. */
const char *outputs_judge_file(int staging_fd, struct outputs_file *output, uint64_t left);

/* Copies it into *staged, at most `left` bytes of it, and judges its content where the plan asks for that. */
const char *outputs_copy(const struct outputs *outputs, struct staged *staged, struct outputs_file *output,
                         uint64_t left);

/* After all have been copied, since one commit of a journal serves many: some file systems say only now that there was
 * no room, and a name never stands for less than the whole file, should the machine stop. */
const char *outputs_sync(struct staged *staged, struct outputs_file *output);

/* Gives it its name in the target, which nothing else may have. */
const char *outputs_place(const struct outputs *outputs, struct staged *staged, struct outputs_file *output);
/* Takes that name away again, where it is still that file's. */
void outputs_take_back(const struct outputs *outputs, const struct staged *staged, const struct outputs_file *output);
/* Closes it; a temporary name goes with it. */
void outputs_drop(const struct outputs *outputs, struct staged *staged);

#endif
