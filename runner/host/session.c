#include "host/session.h"

#include <stdio.h>
#include <sys/random.h>

int session_make(char session[SESSION_SIZE], struct error *err)
{
	unsigned char bytes[(SESSION_SIZE - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return error_set_errno(err, CODE_SETUP_FAILED, "getrandom");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(session + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}
