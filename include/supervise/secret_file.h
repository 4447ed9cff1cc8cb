/* A file that only its owner can have read or changed. */
#ifndef SUPERVISE_SECRET_FILE_H
#define SUPERVISE_SECRET_FILE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* Opens a regular file (absolute path) of the caller's or of root's, whose mode leaves nothing to others, in a
 * directory where nobody else can put another one in its place; the same holds for each symbolic link on the way.
 * Root's file may be readable for its group where the caller is not root. The descriptor, or -1 with CODE_SECRET. */
int secret_file_open(const char *path, uint32_t uid, struct arena *arena, struct error *err);

#endif
