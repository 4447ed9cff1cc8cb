/* The script's stdin, where the profile constrains it. */
#ifndef SUPERVISE_STANDARD_INPUT_H
#define SUPERVISE_STANDARD_INPUT_H

#include "plan/plan.h"

/* Puts in place of our own descriptor 0 what the script is to read: nothing, or what came by it, read to its end and
 * checked. Before any process is made. 0, or -1 with CODE_BAD_INPUT or CODE_SETUP_FAILED. */
int standard_input_prepare(const struct plan *plan, struct error *err);

#endif
