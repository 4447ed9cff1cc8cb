/* The end of what was written to descriptor 2: an interpreter that ends with an exception says there which file it
 * could not open. Seen as it is written (a row of the filter, broker_words.c), so that the script's standard error
 * stays the descriptor that the caller gave, a terminal too. Written by the script: it may say anything. */
#ifndef SUPERVISE_LAST_WORDS_H
#define SUPERVISE_LAST_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define LAST_WORDS_SIZE 8192
#define LAST_WORDS_PIECE 4096 /* of one call, its end */

struct last_words {
	char text[LAST_WORDS_SIZE];
	size_t length;
};

/* Room for `size` more bytes, at most LAST_WORDS_PIECE: what is oldest goes. The caller fills it and adds to length. */
char *last_words_room(struct last_words *words, size_t size);

/* The last exception with an errno and a path that a traceback ends with. */
struct last_exception {
	int sys_errno;
	char target[256]; /* as the script named it */
	bool program;     /* raised where programs are started */
};
/* Pure. False: there is none that could be read to its end. */
bool last_words_find(const char *text, size_t length, struct last_exception *out);

#endif
