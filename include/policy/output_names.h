/* Names that an untrusted script may give to files that leave its sandbox. */
#ifndef POLICY_OUTPUT_NAMES_H
#define POLICY_OUTPUT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* NULL when the name is safe for whoever handles it next, else why it is not ("begins with a dash"). Safe are POSIX's
 * portable names (POSIX.1-2017, 3.282: letters, digits, '.', '_', '-', and no dash first), so that no shell, browser,
 * archive or other file system reads anything else into them; no hidden files; and no profile. */
const char *output_name_fault(const char *name);

/* The longest of the suffixes that the name ends with and is more than; NULL when none is. */
const char *output_name_suffix(const char *name, const char *const *suffixes, size_t count);

#endif
