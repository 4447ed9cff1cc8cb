#ifndef COMMANDS_COMPLETION_H
#define COMMANDS_COMPLETION_H

#include "base/text.h"

/* The completions for bash, zsh or fish, generated from the tables of commands and options; -1 for another shell. */
int completion_write(struct text *out, const char *shell);

#endif
