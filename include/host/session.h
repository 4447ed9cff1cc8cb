/* A session is one run; its name is in the report, in ${SESSION}, and in the names of what is made for it. */
#ifndef HOST_SESSION_H
#define HOST_SESSION_H

#include "base/error.h"

/* Sixteen hexadecimal digits that nobody can guess, and their NUL. */
#define SESSION_SIZE 17

/* 0, or -1 with CODE_SETUP_FAILED. */
int session_make(char session[SESSION_SIZE], struct error *err);

#endif
