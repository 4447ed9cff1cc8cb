#include "policy/output_names.h"

#include <string.h>
#include <strings.h>

#define NAME_LONGEST 255
#define PORTABLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static bool ends_with(const char *name, const char *ending, bool any_case)
{
	size_t length = strlen(name), own = strlen(ending);

	return own < length &&
	       (any_case ? strcasecmp(name + length - own, ending) : strcmp(name + length - own, ending)) == 0;
}

const char *output_name_fault(const char *name)
{
	if (name[0] == '\0' || strlen(name) > NAME_LONGEST)
		return "the name is empty or too long";
	if (name[0] == '.')
		return "the name begins with a dot";
	if (name[0] == '-')
		return "the name begins with a dash";
	if (name[strspn(name, PORTABLE)] != '\0')
		return "the name holds more than letters, digits, '.', '_' and '-'";
	if (ends_with(name, ".pyconfine.yaml", true))
		return "the name is that of a profile";
	return NULL;
}

const char *output_name_suffix(const char *name, const char *const *suffixes, size_t count)
{
	const char *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (ends_with(name, suffixes[i], false) && (!best || strlen(suffixes[i]) > strlen(best)))
			best = suffixes[i];
	return best;
}
