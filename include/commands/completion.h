/* Shell completions, from the same tables as the parser and `help`. */
#ifndef COMMANDS_COMPLETION_H
#define COMMANDS_COMPLETION_H

#include "base/text.h"

/* Appends the completions for "bash", "zsh" or "fish"; -1 for another shell. */
int completion_write(struct text *out, const char *shell);

#endif
