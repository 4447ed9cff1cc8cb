/* Inside `why`: a question, and the answer in the making. */
#ifndef COMMANDS_WHY_H
#define COMMANDS_WHY_H

#include "commands/explain.h"
#include "commands/prepare.h"

struct why;

struct why_question {
	const char *verb; /* "read" */
	/* Fills in the answer. -1 with *err where the target is not one. */
	int (*answer)(struct why *why, struct error *err);
	const char *flag; /* what would grant it: "--read" */
	const char *key;  /* "files.read" */
};

extern const struct why_question why_questions[]; /* ends with {NULL} */

struct why {
	const struct why_question *question;
	const char *target; /* as typed */
	const struct prepared *prepared;
	struct arena *arena;

	bool allowed;
	const char *reason;    /* one sentence */
	struct source_pos pos; /* the deciding line; file NULL: none */
	const char *sensitive; /* what the target is good for to an attacker; or NULL */
	const char *fix_value; /* what to grant; NULL: nothing would help, or nothing is needed */
	const char *notes[4];
	size_t note_count;
};

/* The answer to one question that nobody typed: `key` is that of a question, such as "files.read". False where there is
 * none. */
bool why_ask(struct why *why, const struct prepared *prepared, struct arena *arena, const char *key,
             const char *target);
/* Why not, and what to type: each line with `prefix`. */
void why_explain(struct text *out, const struct why *why, const char *prefix);

void why_note(struct why *why, const char *note);

int why_read(struct why *why, struct error *err);
int why_write(struct why *why, struct error *err);
int why_connect(struct why *why, struct error *err);
int why_exec(struct why *why, struct error *err);

#endif
