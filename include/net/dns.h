/* The few DNS messages (RFC 1035) that a stub resolver sends, and the answers to them. Pure. */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "net/decide.h"

#define DNS_MESSAGE_MAX 512
#define DNS_TYPE_A 1
#define DNS_TYPE_AAAA 28

enum dns_code { DNS_OK = 0, DNS_FORMAT_ERROR = 1, DNS_SERVER_FAILURE = 2, DNS_NO_NAME = 3, DNS_NOT_BUILT = 4 };

struct dns_query {
	uint8_t head[DNS_MESSAGE_MAX]; /* header and question as they came: the answer repeats them */
	size_t head_size;              /* the header alone where the question is not understood */
	char name[254];                /* lower case, without a trailing dot; "" with anything but DNS_OK */
	uint16_t type;
};

/* False: not a query at all, not to be answered. Else *code is what the answer has to say already: DNS_OK when the
 * question was understood, DNS_NO_NAME when it asks for what no host is called. */
bool dns_read_query(const uint8_t *message, size_t size, struct dns_query *out, enum dns_code *code);

/* Writes an answer into `out` (DNS_MESSAGE_MAX bytes) and returns its size. Addresses of another type than was asked
 * for are left out, and so is what has no room. */
size_t dns_write_answer(const struct dns_query *query, enum dns_code code, const struct net_address *addresses,
                        size_t count, uint8_t *out);

#endif
