/* The exit statuses of the contract. 0 to 255 is otherwise the script's own, 128 + N death by signal N. */
#ifndef BASE_EXIT_STATUS_H
#define BASE_EXIT_STATUS_H

enum exit_status {
	EXIT_CLEAN = 0,            /* inspecting commands: nothing found */
	EXIT_FINDINGS = 1,         /* inspecting commands: something found */
	EXIT_BAD_INPUT = 2,        /* inspecting commands: usage, or unreadable input */
	EXIT_POLICY = 123,         /* ended by policy */
	EXIT_TIMEOUT = 124,        /* limits.timeout */
	EXIT_SETUP = 125,          /* pyconfine failed before the script started */
	EXIT_NOT_EXECUTABLE = 126, /* the interpreter cannot be executed inside the sandbox */
	EXIT_NOT_FOUND = 127,      /* interpreter or script not found */
	EXIT_SIGNAL_BASE = 128,
};

#endif
