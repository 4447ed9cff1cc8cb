#include "net/dns.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

enum { HEADER = 12, LABEL_MAX = 63, CLASS_IN = 1 };

#define IS_ANSWER 0x80
#define OPCODE 0x78
#define RECURSION_DESIRED 0x01
#define RECURSION_AVAILABLE 0x80
#define TO_THE_QUESTION 0xc00c /* a name that is the question's */
#define TTL_S 5

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

/* Returns where the name ends, or 0 when it has not the form of one (compressed names are not for a question). */
static size_t read_name(const uint8_t *message, size_t size, char name[254])
{
	size_t at = HEADER, length = 0;

	while (at < size && message[at]) {
		size_t label = message[at++];

		if (label > LABEL_MAX || label > size - at || length + label + 1 >= 254)
			return 0;
		if (length)
			name[length++] = '.';
		for (size_t i = 0; i < label; i++)
			/* a dot or NUL within a label would read as another name */
			name[length++] = isalnum(message[at + i]) || message[at + i] == '-' || message[at + i] == '_'
			                         ? (char)tolower(message[at + i])
			                         : '?';
		at += label;
	}
	name[length] = '\0';
	return at < size ? at + 1 : 0;
}

bool dns_read_query(const uint8_t *message, size_t size, struct dns_query *out, enum dns_code *code)
{
	size_t end;

	if (size < HEADER || size > DNS_MESSAGE_MAX || (message[2] & IS_ANSWER))
		return false;
	*out = (struct dns_query){ .head_size = HEADER };
	memcpy(out->head, message, HEADER);
	*code = message[2] & OPCODE ? DNS_NOT_BUILT : DNS_FORMAT_ERROR;
	if ((message[2] & OPCODE) || get16(message + 4) != 1)
		return true;
	end = read_name(message, size, out->name);
	if (!end || size - end < 4) {
		out->name[0] = '\0';
		return true;
	}
	out->type = get16(message + end);
	out->head_size = end + 4;
	memcpy(out->head, message, out->head_size);
	*code = get16(message + end + 2) == CLASS_IN && net_is_host_name(out->name) ? DNS_OK : DNS_NO_NAME;
	if (*code != DNS_OK)
		out->name[0] = '\0';
	return true;
}

static size_t add_address(const struct net_address *address, uint16_t type, uint8_t *out, size_t at)
{
	unsigned size = type == DNS_TYPE_A ? 4 : 16;
	uint8_t *next = out + at;

	if (address->family != (type == DNS_TYPE_A ? AF_INET : AF_INET6) || DNS_MESSAGE_MAX - at < 12 + size)
		return at;
	next = put16(next, TO_THE_QUESTION);
	next = put16(next, type);
	next = put16(next, CLASS_IN);
	next = put16(next, 0);
	next = put16(next, TTL_S);
	next = put16(next, size);
	memcpy(next, address->bytes, size);
	return at + 12 + size;
}

size_t dns_write_answer(const struct dns_query *query, enum dns_code code, const struct net_address *addresses,
                        size_t count, uint8_t *out)
{
	size_t at = query->head_size;
	unsigned answers = 0;

	memcpy(out, query->head, at);
	out[2] = (uint8_t)(IS_ANSWER | (query->head[2] & RECURSION_DESIRED));
	out[3] = (uint8_t)(RECURSION_AVAILABLE | code);
	for (size_t i = 0; i < count && (query->type == DNS_TYPE_A || query->type == DNS_TYPE_AAAA); i++) {
		size_t next = add_address(&addresses[i], query->type, out, at);

		answers += next > at;
		at = next;
	}
	put16(out + 4, at > HEADER && query->head_size > HEADER);
	put16(out + 6, answers);
	put16(out + 8, 0);
	put16(out + 10, 0);
	return at;
}
