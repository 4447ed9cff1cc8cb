#include "net/rules.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

enum { PORT_MAX = 65535, LABEL_MAX = 63 };

static int fault(struct error *err, const char *text, const char *what, const char *hint)
{
	char shown[128];

	error_set(err, CODE_BAD_VALUE, "\"%s\" %s", escape_into(shown, sizeof(shown), text), what);
	return error_hint(err, "%s", hint);
}

/* Digits only: strtoul would take "+443", " 443" and 0x1bb. */
static bool read_port(const char **text, uint16_t *port)
{
	unsigned long value = 0;
	const char *next = *text;

	for (; isdigit((unsigned char)*next) && value <= PORT_MAX; next++)
		value = value * 10 + (unsigned long)(*next - '0');
	if (next == *text || value == 0 || value > PORT_MAX)
		return false;
	*text = next;
	*port = (uint16_t)value;
	return true;
}

static bool read_ports(const char *text, struct net_rule *rule)
{
	if (!read_port(&text, &rule->port))
		return false;
	rule->port_last = rule->port;
	if (*text == '-') {
		text++;
		if (!read_port(&text, &rule->port_last) || rule->port_last < rule->port)
			return false;
	}
	return *text == '\0';
}

/* Letters, digits, '-' and '_' in labels of 1 to 63, no '-' at their ends (RFC 1123; '_' is common in container
 * networks). A last label of digits only is refused (RFC 3696): it is a mistyped address. */
bool net_is_host_name(const char *name)
{
	size_t label = 0;
	bool digits_only = true;

	if (name[0] == '\0' || strlen(name) > 253)
		return false;
	for (const char *next = name; *next; next++) {
		if (*next == '.') {
			if (label == 0 || next[-1] == '-')
				return false;
			label = 0;
			digits_only = true;
			continue;
		}
		if (!isalnum((unsigned char)*next) && *next != '_' && (*next != '-' || label == 0))
			return false;
		if (++label > LABEL_MAX)
			return false;
		digits_only = digits_only && isdigit((unsigned char)*next);
	}
	return label > 0 && !digits_only && name[strlen(name) - 1] != '-';
}

static bool clear_host_bits(struct net_rule *rule)
{
	bool changed = false;
	unsigned bits = rule->family == AF_INET ? 32 : 128;

	for (unsigned bit = rule->prefix; bit < bits; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		changed = changed || (rule->address[bit / 8] & mask);
		rule->address[bit / 8] = (uint8_t)(rule->address[bit / 8] & ~mask);
	}
	return changed;
}

/* "10.0.0.0/8" or "2001:db8::"; false when it is no address at all. */
static int read_address(char *host, struct net_rule *rule, const char *text, struct error *err)
{
	char *slash = strchr(host, '/');
	unsigned bits;
	char *end;

	if (slash)
		*slash = '\0';
	rule->kind = NET_RULE_ADDRESS;
	rule->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	bits = rule->family == AF_INET ? 32 : 128;
	rule->prefix = (uint8_t)bits;
	if (inet_pton(rule->family, host, rule->address) != 1)
		return fault(err, text, "holds no valid address", "Write 10.0.0.0/8:5432 or [2001:db8::/32]:443.");
	if (slash) {
		unsigned long prefix = isdigit((unsigned char)slash[1]) ? strtoul(slash + 1, &end, 10) : 999;

		if (prefix > bits || *end != '\0')
			return fault(err, text, "has no valid prefix length",
			             rule->family == AF_INET ? "It is 0 to 32: 10.0.0.0/8:5432."
			                                     : "It is 0 to 128: [2001:db8::/32]:443.");
		rule->prefix = (uint8_t)prefix;
	}
	if (clear_host_bits(rule)) {
		char address[INET6_ADDRSTRLEN];

		inet_ntop(rule->family, rule->address, address, sizeof(address));
		fault(err, text, "has bits set behind its prefix", "");
		return error_hint(err, "Did you mean \"%s%s/%u%s:%u\"?", rule->family == AF_INET6 ? "[" : "", address,
		                  rule->prefix, rule->family == AF_INET6 ? "]" : "", rule->port);
	}
	return 0;
}

static int read_host(char *host, bool bracketed, struct net_rule *rule, const char *text, struct error *err)
{
	size_t length = strlen(host);
	char *name = host;

	if (bracketed || strchr(host, '/') || (length > 0 && strspn(host, "0123456789.") == length))
		return read_address(host, rule, text, err);
	if (strcmp(host, "*") == 0) {
		rule->kind = NET_RULE_ANYWHERE;
		return 0;
	}
	rule->kind = NET_RULE_NAME;
	if (strncmp(host, "*.", 2) == 0) {
		rule->kind = NET_RULE_SUFFIX;
		name += 2;
	}
	length = strlen(name);
	if (length > 1 && name[length - 1] == '.')
		name[length - 1] = '\0';
	if (strchr(name, '*'))
		return fault(err, text, "has a * in the middle of a name",
		             "It stands for whole labels at the front: *.cdn.net:443.");
	if (!net_is_host_name(name))
		return fault(err, text, "holds no valid host name",
		             "Write host:port, without http:// and without a path.");
	for (size_t i = 0; name[i]; i++)
		rule->name[i] = (char)tolower((unsigned char)name[i]);
	return 0;
}

/* Points *host at the host's part and *port behind its colon; false when the text has not that shape. */
static bool split(char *text, char **host, char **port, bool *bracketed)
{
	char *colon;

	*bracketed = text[0] == '[';
	if (*bracketed) {
		char *close = strchr(text, ']');

		if (!close || close[1] != ':')
			return false;
		*close = '\0';
		*host = text + 1;
		*port = close + 2;
		return strchr(*host, ':') != NULL;
	}
	colon = strchr(text, ':');
	if (!colon || colon == text || strchr(colon + 1, ':'))
		return false;
	*colon = '\0';
	*host = text;
	*port = colon + 1;
	return true;
}

static int shape_fault(const char *text, struct error *err)
{
	char shown[128];

	if (!strchr(text, ':')) {
		fault(err, text, "has no port", "");
		return error_hint(err, "Did you mean \"%s:443\"?", escape_into(shown, sizeof(shown), text));
	}
	if (strchr(text, ':') != strrchr(text, ':'))
		return fault(err, text, "is not host:port", "IPv6 addresses stand in brackets: [2001:db8::1]:443.");
	return fault(err, text, "is not host:port", "Write api.example.com:443, 10.0.0.0/8:5432 or unix:/path.");
}

static int parse_unix(const char *text, struct net_rule *rule, struct error *err)
{
	rule->kind = NET_RULE_UNIX;
	rule->path = text + strlen("unix:");
	if (rule->path[0] != '/' && strncmp(rule->path, "${", 2) != 0)
		return fault(err, text, "names no absolute path", "Write unix:/run/postgresql/.s.PGSQL.5432.");
	return 0;
}

int net_rule_parse(const char *text, struct net_rule *out, struct error *err)
{
	struct net_rule rule = { 0 };
	char copy[300], *host, *port;
	bool bracketed;

	if (strncmp(text, "unix:", 5) == 0) {
		if (parse_unix(text, &rule, err))
			return -1;
		*out = rule;
		return 0;
	}
	if (strlen(text) >= sizeof(copy))
		return fault(err, text, "is too long for a host and a port", "A host name has at most 253 characters.");
	if (strstr(text, "://"))
		return fault(err, text, "is a URL, not host:port",
		             "Write api.example.com:443, without https:// and without a path.");
	strcpy(copy, text);
	if (!split(copy, &host, &port, &bracketed))
		return shape_fault(text, err);
	if (!read_ports(port, &rule))
		return fault(err, text, "has no valid port",
		             "A port is a number from 1 to 65535, or a range: host:8000-8010.");
	if (read_host(host, bracketed, &rule, text, err))
		return -1;
	*out = rule;
	return 0;
}

bool net_same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return rest == 0 || (a[bits / 8] & mask) == (b[bits / 8] & mask);
}

static bool is_below(const char *name, const char *suffix)
{
	size_t length = strlen(name), suffix_length = strlen(suffix);

	return length > suffix_length + 1 && name[length - suffix_length - 1] == '.' &&
	       strcmp(name + length - suffix_length, suffix) == 0;
}

bool net_rule_covers(const struct net_rule *outer, const struct net_rule *inner)
{
	if (outer->kind == NET_RULE_UNIX || inner->kind == NET_RULE_UNIX)
		return outer->kind == inner->kind && strcmp(outer->path, inner->path) == 0;
	if (outer->port > inner->port || outer->port_last < inner->port_last)
		return false;
	switch (outer->kind) {
	case NET_RULE_ANYWHERE:
		return true;
	case NET_RULE_ADDRESS:
		return inner->kind == NET_RULE_ADDRESS && outer->family == inner->family &&
		       outer->prefix <= inner->prefix && net_same_prefix(outer->address, inner->address, outer->prefix);
	case NET_RULE_NAME:
		return inner->kind == NET_RULE_NAME && strcmp(outer->name, inner->name) == 0;
	case NET_RULE_SUFFIX:
		if (inner->kind == NET_RULE_SUFFIX && strcmp(outer->name, inner->name) == 0)
			return true;
		return (inner->kind == NET_RULE_NAME || inner->kind == NET_RULE_SUFFIX) &&
		       is_below(inner->name, outer->name);
	case NET_RULE_UNIX:
		break;
	}
	return false;
}

bool net_rule_matches_address(const struct net_rule *rule, int family, const void *address, uint16_t port)
{
	if (rule->kind == NET_RULE_UNIX || port < rule->port || port > rule->port_last)
		return false;
	if (rule->kind == NET_RULE_ANYWHERE)
		return true;
	return rule->kind == NET_RULE_ADDRESS && rule->family == family &&
	       net_same_prefix(rule->address, address, rule->prefix);
}

bool net_rule_matches_name(const struct net_rule *rule, const char *name, uint16_t port)
{
	char folded[254];
	size_t length = strlen(name);

	if (length > 1 && name[length - 1] == '.')
		length--;
	if (length >= sizeof(folded) || rule->kind == NET_RULE_UNIX || port < rule->port || port > rule->port_last)
		return false;
	for (size_t i = 0; i < length; i++)
		folded[i] = (char)tolower((unsigned char)name[i]);
	folded[length] = '\0';
	if (rule->kind == NET_RULE_ANYWHERE)
		return true;
	if (rule->kind == NET_RULE_NAME)
		return strcmp(folded, rule->name) == 0;
	return rule->kind == NET_RULE_SUFFIX && is_below(folded, rule->name);
}
