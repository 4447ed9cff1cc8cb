/* What a script is given, held against the profile's `inputs`. Pure. */
#ifndef PLAN_INPUTS_H
#define PLAN_INPUTS_H

#include <stddef.h>

#include "base/error.h"
#include "profile/profile.h"

/* The value alone, without looking at files. 0, or -1 with CODE_BAD_INPUT: `what` ("argument 2 (size)") begins the
 * message, what is taken is the hint. The value is escaped and cut, and left out where the name is a secret's. */
int input_value_check(const struct input_rule *rule, const char *what, const char *value, struct error *err);

/* Fills in a message about a value of that rule: `argument 2 (size): "5000" is more than 4096`. Returns -1. */
int input_value_refuse(const struct input_rule *rule, const char *what, const char *value, const char *wrong,
                       struct error *err);

/* All of stdin. 0, or -1 with CODE_BAD_INPUT. Neither recurses nor allocates. */
int input_stdin_check(const char *data, size_t length, enum stdin_type type, struct error *err);

#endif
