/* What a run's outcome means for our own end. */
#include <signal.h>

#include "base/exit_status.h"
#include "supervise/run.h"

void outcome_release(const struct outcome *outcome)
{
	sigprocmask(SIG_SETMASK, &outcome->caller_mask, NULL);
}

int outcome_exit_status(const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_EXITED:
		return outcome->status;
	case OUTCOME_SIGNALED:
		return EXIT_SIGNAL_BASE + outcome->status;
	case OUTCOME_TIMEOUT:
		return EXIT_TIMEOUT;
	case OUTCOME_DENIED:
	case OUTCOME_OUTPUTS_REFUSED:
		return EXIT_POLICY;
	case OUTCOME_MEMORY:
	case OUTCOME_LIMIT:
		return EXIT_SIGNAL_BASE + SIGKILL;
	case OUTCOME_CPU_TIME:
		return EXIT_SIGNAL_BASE + SIGXCPU;
	case OUTCOME_SETUP_FAILED:
	case OUTCOME_COUNT:
		break;
	}
	return EXIT_SETUP;
}
