#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, enum message_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err->code = code;
	err->sys_errno = 0;
	err->pos = (struct source_pos){ 0 };
	err->hint[0] = '\0';
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return -1;
}

int error_set_errno(struct error *err, enum message_code code, const char *format, ...)
{
	int saved = errno;
	size_t used;
	va_list args;

	va_start(args, format);
	err->code = code;
	err->sys_errno = saved;
	err->pos = (struct source_pos){ 0 };
	err->hint[0] = '\0';
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}

int error_hint(struct error *err, const char *format, ...)
{
	/* Through a copy: the new hint may be made from the old one. */
	char hint[sizeof(err->hint)];
	va_list args;

	va_start(args, format);
	vsnprintf(hint, sizeof(hint), format, args);
	va_end(args);
	memcpy(err->hint, hint, sizeof(hint));
	return -1;
}

int error_context(struct error *err, const char *format, ...)
{
	/* Room for both; what does not fit into err->message is cut at its end. */
	char message[2 * sizeof(err->message) + 2];
	size_t used;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(err->message), format, args);
	va_end(args);
	used = strlen(message);
	snprintf(message + used, sizeof(message) - used, ": %s", err->message);
	message[sizeof(err->message) - 1] = '\0';
	memcpy(err->message, message, sizeof(err->message));
	return -1;
}
