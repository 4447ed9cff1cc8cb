/* Every message code that a user can meet: `pyconfine help CODE` prints its page. One table, message_codes. */
#ifndef BASE_CODES_H
#define BASE_CODES_H

#include <stddef.h>

enum message_code {
	CODE_NONE = 0,
	/* the command line */
	CODE_USAGE,
	/* reading a profile */
	CODE_PROFILE_NOT_FOUND,
	CODE_PROFILE_UNREADABLE,
	CODE_PROFILE_UNTRUSTED,
	CODE_YAML_SYNTAX,
	CODE_YAML_FORBIDDEN,
	CODE_TOO_LARGE,
	CODE_UNKNOWN_KEY,
	CODE_DUPLICATE_KEY,
	CODE_MISSING_KEY,
	CODE_WRONG_TYPE,
	CODE_BAD_VALUE,
	CODE_MISSING_UNIT,
	CODE_WRONG_UNIT,
	CODE_BAD_PATH,
	CODE_BAD_VARIABLE,
	CODE_EXTENDS_LOOP,
	CODE_LOCKED,
	CODE_UNKNOWN_SYSCALL,
	CODE_RISKY_GRANT,
	CODE_MISSING_PATH,
	CODE_BAD_INPUT,
	/* making the plan */
	CODE_NOT_YET,
	CODE_CANNOT_KEEP,
	CODE_RELAXED,
	CODE_SECRET,
	CODE_SCRIPT_NOT_FOUND,
	CODE_INTERPRETER_NOT_FOUND,
	CODE_INTERPRETER_UNUSABLE,
	CODE_FOOTPRINT,
	CODE_REPORT_REFUSED,
	CODE_PATCH,
	/* carrying it out */
	CODE_SETUP_FAILED,
	CODE_INTERNAL,
	CODE_COUNT
};

struct message_page {
	const char *name;  /* "unknown-key": what stands in brackets behind a message */
	const char *title; /* one line */
	const char *page;  /* the help page's text, with an example of the wrong and of the right form */
};

extern const struct message_page message_codes[CODE_COUNT];

/* The code of that name, or CODE_NONE. */
enum message_code message_code_find(const char *name);

#endif
