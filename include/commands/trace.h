/* run --trace: which of the calls that were observed were refused by the profile. */
#ifndef COMMANDS_TRACE_H
#define COMMANDS_TRACE_H

#include "commands/prepare.h"
#include "supervise/denials.h"
#include "supervise/observation.h"

/* Of fixed size, however much a script does. */
struct trace {
	struct denials candidates;
};

struct observer trace_observer(struct trace *trace);
/* Those of the candidates that the profile could allow, as `why` says, are added to *denials. */
void trace_finish(const struct trace *trace, const struct prepared *prepared, struct arena *arena,
                  struct denials *denials);

#endif
