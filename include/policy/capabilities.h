/* Capabilities by name (capabilities(7), up to Linux 5.9's CAP_CHECKPOINT_RESTORE; none was added since). */
#ifndef POLICY_CAPABILITIES_H
#define POLICY_CAPABILITIES_H

enum { CAPABILITY_COUNT = 41 };

/* "CAP_CHOWN", ...: indexed by the kernel's number; ends with NULL. */
extern const char *const capability_names[CAPABILITY_COUNT + 1];

/* The number, or -1; case does not count and "CAP_" may be left out. */
int capability_find(const char *name);

#endif
