/* IP addresses and networks as values: parse, print, compare, contain, and which ones are public.
 * No sockets, no names. Thread: pure. */
#pragma once
#include "base/str.h"

struct sockaddr;

/* IPv4 is kept as ::ffff:a.b.c.d, so one comparison serves both. */
struct ip_address {
    uint8_t b[16];
};

struct ip_network {
    struct ip_address base;
    int prefix; /* bits of the 128, so 10.0.0.0/8 has 104 */
};

bool ip_parse(str text, struct ip_address *ip);          /* literal, no brackets, no zone */
bool ip_network_parse(str text, struct ip_network *net); /* "10.0.0.0/8", "::1/128", "192.0.2.1" */
bool ip_network_has(struct ip_network net, struct ip_address ip);
bool ip_is_v4(struct ip_address ip);
bool ip_from_sockaddr(const struct sockaddr *sa, struct ip_address *ip); /* false: not IP */
str ip_text(struct arena *a, struct ip_address ip);
enum { IP_TEXT_BYTES = 46 };
ptrdiff_t ip_write(
    struct ip_address ip, char out[IP_TEXT_BYTES]); /* terminated; returns the length */
/* True for addresses a stranger on the internet could own; see egress.h for the list. */
bool ip_is_public(struct ip_address ip);
