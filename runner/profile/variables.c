/* ${VARIABLES} and the names of environment variables. */
#include <ctype.h>
#include <string.h>

#include "profile/table.h"

static const char *const variable_names[] = { "HOME", "SCRIPT", "SCRIPT_DIR",      "PROFILE_DIR", "CWD",
	                                      "USER", "UID",    "XDG_CONFIG_HOME", "SESSION",     NULL };

bool word_in_list(const char *const *list, const char *word, size_t length)
{
	for (; *list; list++) {
		if (strncmp(*list, word, length) == 0 && (*list)[length] == '\0')
			return true;
	}
	return false;
}

size_t env_name_length(const char *text)
{
	size_t length = 0;

	if (isalpha((unsigned char)text[0]) || text[0] == '_')
		while (isalnum((unsigned char)text[length]) || text[length] == '_')
			length++;
	return length;
}

/* One ${...}; `name` is what stands within. */
static bool check_variable(struct reader *reader, const struct node *node, const char *name, size_t length)
{
	const char *copy = arena_strndup(reader->arena, name, length < 64 ? length : 64);
	const char *meant;

	if (strncmp(copy, "env:", 4) == 0) {
		if (length == 4 || env_name_length(name + 4) != length - 4) {
			reader_error(reader, node, CODE_BAD_VARIABLE, "${%s} names no environment variable",
			             reader_show(reader, copy))
				->hint = "Write ${env:NAME}; a name has letters, digits and _.";
			return false;
		}
		if (!reader->system)
			return true;
		reader_error(reader, node, CODE_BAD_VARIABLE, "${%s} is refused in a profile under /etc",
		             reader_show(reader, copy))
			->hint = "Such a profile must not depend on who calls; name the path.";
		return false;
	}
	if (word_in_list(variable_names, name, length))
		return true;
	meant = nearest_name(copy, variable_names);
	if (meant)
		reader_error(reader, node, CODE_BAD_VARIABLE, "unknown variable ${%s}; did you mean ${%s}?",
		             reader_show(reader, copy), meant);
	else
		reader_error(reader, node, CODE_BAD_VARIABLE, "unknown variable ${%s}", reader_show(reader, copy))
			->hint = "There are HOME, SCRIPT, SCRIPT_DIR, PROFILE_DIR, CWD, USER, UID, XDG_CONFIG_HOME, "
				 "SESSION and env:NAME.";
	return false;
}

bool variables_check(struct reader *reader, const struct node *node)
{
	bool good = true;

	for (const char *next = strchr(node->text, '$'); next; next = strchr(next + 1, '$')) {
		const char *end;
		size_t length = env_name_length(next + 1);

		if (next[1] != '{') {
			if (length > 0 && word_in_list(variable_names, next + 1, length)) {
				reader_error(reader, node, CODE_BAD_VARIABLE,
				             "$%.*s is not replaced; did you mean ${%.*s}?", (int)length, next + 1,
				             (int)length, next + 1);
				good = false;
			}
			continue;
		}
		end = strchr(next, '}');
		if (!end) {
			reader_error(reader, node, CODE_BAD_VARIABLE, "\"${\" without \"}\"")->hint =
				"Write ${HOME}/data.";
			return false;
		}
		good = check_variable(reader, node, next + 2, (size_t)(end - next - 2)) && good;
		next = end;
	}
	return good;
}

/* Words between underscores that name secrets; PWD and KEY only beside another word, since PWD alone is the
 * directory. */
bool is_secret_name(const char *name)
{
	static const char *const words[] = { "PASSWORD", "PASSWD", "PASSPHRASE", "PASS",       "SECRET",
		                             "SECRETS",  "TOKEN",  "TOKENS",     "CREDENTIAL", "CREDENTIALS",
		                             "APIKEY",   "AUTH",   "COOKIE",     "DSN",        NULL };
	static const char *const beside[] = { "KEY", "PWD", "PW", "PAT", NULL };
	const char *start = name;

	for (;;) {
		size_t length = strcspn(start, "_*");
		bool whole = start == name && start[length] == '\0';
		char word[32] = { 0 };

		for (size_t i = 0; i < length && i < sizeof(word) - 1; i++)
			word[i] = (char)toupper((unsigned char)start[i]);
		if (length > 0 && (word_in_list(words, word, length) || (!whole && word_in_list(beside, word, length))))
			return true;
		if (start[length] == '\0')
			return false;
		start += length + 1;
	}
}

const char *secret_variable(const struct secret *secret)
{
	const size_t prefix = strlen(SECRET_AS_VARIABLE);

	return secret->as.value && strncmp(secret->as.value, SECRET_AS_VARIABLE, prefix) == 0
	               ? secret->as.value + prefix
	               : NULL;
}
