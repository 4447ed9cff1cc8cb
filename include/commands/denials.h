/* What was refused during a run, said after it. */
#ifndef COMMANDS_DENIALS_H
#define COMMANDS_DENIALS_H

#include "commands/prepare.h"
#include "supervise/denials.h"

#define DENIALS_SHOWN_MAX 5

/* Refused connections and look-ups of names, files and programs that a trace saw or a script's last words name, as
 * `run` says them on stderr: what, why, and what to type about it. "" when there were none. */
void denials_text(struct text *out, const struct prepared *prepared, struct arena *arena,
                  const struct denials *denials);

#endif
