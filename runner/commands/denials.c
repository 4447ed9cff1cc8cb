#include "commands/denials.h"

#include <string.h>
#include <sys/stat.h>

#include "commands/render.h"
#include "commands/why.h"
#include "net/decide.h"

#define CODE_COLUMN 84
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+,[]-"

/* A name that was looked up: to which port it was meant is not known. */
static bool is_look_up(const struct denial *denial)
{
	return strcmp(denial->code, "network.allow") == 0 && !strchr(denial->target, ':');
}

static void add_line(struct text *out, const char *line)
{
	text_add(out, "pyconfine:   ");
	text_add(out, line);
	text_add(out, "\n");
}

static const char *verb_of(const struct denial *denial)
{
	static const struct {
		const char *code, *verb;
	} verbs[] = { { "network.listen", "listen" },
		      { "network.allow", "connect" },
		      { "files.read", "read" },
		      { "files.write", "write" },
		      { "exec", "exec" } };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].code, denial->code) == 0)
			return verbs[i].verb;
	return "call";
}

static void add_head(struct text *out, const struct denial *denial)
{
	TEXT_CLEANUP struct text left = { 0 };

	text_addf(&left, "pyconfine: %s: %s ", denial->inferred ? "likely" : "denied",
	          is_look_up(denial) ? "look up" : verb_of(denial));
	text_add_escaped(&left, denial->target);
	if (denial->count > 1)
		text_addf(&left, " (%llu times)", (unsigned long long)denial->count);
	render_with_code(out, text_string(&left), render_columns(text_string(&left)), denial->code, CODE_COLUMN);
	text_add(out, "\n");
}

/* Ranges that a rule must be written for. */
static const char *range_remark(const struct denial *denial)
{
	struct net_rule rule;
	struct error ignored;
	struct net_address address = { 0 };

	if (net_rule_parse(denial->target, &rule, &ignored) || rule.kind != NET_RULE_ADDRESS)
		return NULL;
	address.family = rule.family;
	memcpy(address.bytes, rule.address, sizeof(address.bytes));
	switch (net_classify(&address)) {
	case NET_PRIVATE:
		return "That is a private address, which a rule for a name does not reach: a rule for the address does.";
	case NET_LINK_LOCAL:
		return "That is a link-local address, which only a rule for it reaches.";
	case NET_METADATA:
		return "That is where clouds hand out credentials: only a rule for exactly this address reaches it.";
	case NET_LOOPBACK:
	case NET_GROUP:
	case NET_PUBLIC:
	case NET_CLASS_COUNT:
		break;
	}
	return NULL;
}

static void add_why(struct text *out, const struct prepared *prepared, const struct denial *denial)
{
	TEXT_CLEANUP struct text line = { 0 };
	const char *remark = range_remark(denial);

	text_add(&line, "Profile \"");
	text_add_escaped(&line, prepared->profile.name);
	text_add(&line,
	         prepared->profile.network.mode == NETWORK_RULES ? "\" does not allow it." : "\" has no network.");
	if (is_look_up(denial))
		text_add(&line, " \"Name resolution\" failed because of that, not because of DNS.");
	add_line(out, text_string(&line));
	if (remark)
		add_line(out, remark);
}

static void add_fix(struct text *out, const struct prepared *prepared, const struct denial *denial)
{
	TEXT_CLEANUP struct text line = { 0 };

	/* what is to be copied into a shell is no sentence of the script's; an abstract name is never a rule */
	if (denial->cut || strcmp(denial->code, "network.allow") || strncmp(denial->target, "unix:@", 6) == 0 ||
	    denial->target[strspn(denial->target, PLAIN)])
		return;
	text_add(&line,
	         prepared->profile.locked ? "To allow just this, in network.allow: " : "Allow just this: --net ");
	text_add_escaped(&line, denial->target);
	if (is_look_up(denial))
		text_add(&line, ":PORT, with the port that is meant (https: 443)");
	add_line(out, text_string(&line));
}

/* What `why` explains: a system call has no question. */
static bool is_of_files(const struct denial *denial)
{
	return denial->traced || denial->inferred;
}

/* `why` may be asked about what is not there; a denial is about what is. */
static const char *in_view(const struct why *why)
{
	struct stat st;

	return arena_printf(why->arena, "The %s exists, but profile \"%s\" does not show it to the script.",
	                    stat(why->target, &st) == 0 && S_ISDIR(st.st_mode) ? "directory" : "file",
	                    why->prepared->profile.name);
}

static void add_file(struct text *out, const struct prepared *prepared, struct arena *arena,
                     const struct denial *denial)
{
	struct why why;

	if (why_ask(&why, prepared, arena, denial->code, denial->target)) {
		if (denial->cut)
			why.fix_value = NULL;
		if (strncmp(why.reason, "nothing grants it", 17) == 0 && strncmp(denial->code, "files.", 6) == 0)
			why.reason = in_view(&why);
		why_explain(out, &why, "pyconfine: ");
	}
}

static bool is_of_network(const struct denial *denial)
{
	return strncmp(denial->code, "network.", 8) == 0;
}

void denials_text(struct text *out, const struct prepared *prepared, struct arena *arena, const struct denials *denials)
{
	size_t shown = 0, of_network = 0;
	uint64_t more = denials->more;

	for (size_t i = 0; i < denials->count; i++) {
		const struct denial *denial = &denials->items[i];

		if (!is_of_network(denial) && !is_of_files(denial))
			continue;
		if (shown++ >= DENIALS_SHOWN_MAX) {
			more++;
			continue;
		}
		add_head(out, denial);
		if (is_of_files(denial)) {
			add_file(out, prepared, arena, denial);
			continue;
		}
		/* what is true of all is said once */
		if (of_network++ == 0 || range_remark(denial))
			add_why(out, prepared, denial);
		add_fix(out, prepared, denial);
	}
	if (shown && more)
		text_addf(out, "pyconfine: ... and %llu more\n", (unsigned long long)more);
}
