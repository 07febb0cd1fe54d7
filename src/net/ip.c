/* IP addresses as values. See ip.h. Source of the table: IANA IPv4 and IPv6 special-purpose address
 * registries and RFC 6890, read 2025. Thread: pure. */
#include "net/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/* Not for strangers. Only 2000::/3 of IPv6 is global unicast; what is inside it and still special:
 */
static const struct {
    const char *network;
} special[] = {
    {"0.0.0.0/8"},         /* this network */
    {"10.0.0.0/8"},        /* private */
    {"100.64.0.0/10"},     /* carrier-grade NAT */
    {"127.0.0.0/8"},       /* loopback */
    {"169.254.0.0/16"},    /* link-local, cloud metadata */
    {"172.16.0.0/12"},     /* private */
    {"192.0.0.0/24"},      /* protocol assignments */
    {"192.0.2.0/24"},      /* documentation */
    {"192.31.196.0/24"},   /* AS112 */
    {"192.52.193.0/24"},   /* AMT */
    {"192.88.99.0/24"},    /* 6to4 relays */
    {"192.168.0.0/16"},    /* private */
    {"192.175.48.0/24"},   /* AS112 */
    {"198.18.0.0/15"},     /* benchmarks */
    {"198.51.100.0/24"},   /* documentation */
    {"203.0.113.0/24"},    /* documentation */
    {"224.0.0.0/4"},       /* multicast */
    {"240.0.0.0/4"},       /* reserved, broadcast */
    {"2001::/23"},         /* protocol assignments, Teredo, ORCHID */
    {"2001:db8::/32"},     /* documentation */
    {"2002::/16"},         /* 6to4: a tunnel to any IPv4 address */
    {"2620:4f:8000::/48"}, /* AS112 */
    {"3fff::/20"},         /* documentation */
};

bool ip_is_v4(struct ip_address ip)
{
    return memcmp(ip.b, v4_prefix, sizeof v4_prefix) == 0;
}

bool ip_parse(str text, struct ip_address *ip)
{
    char z[INET6_ADDRSTRLEN];
    if (text.len <= 0 || text.len >= (ptrdiff_t)sizeof z || memchr(text.at, 0, (size_t)text.len))
        return false;
    memcpy(z, text.at, (size_t)text.len);
    z[text.len] = 0;
    struct ip_address out = {0};
    if (inet_pton(AF_INET, z, out.b + 12) == 1)
        memcpy(out.b, v4_prefix, sizeof v4_prefix);
    else if (inet_pton(AF_INET6, z, out.b) != 1)
        return false;
    *ip = out;
    return true;
}

bool ip_network_parse(str text, struct ip_network *net)
{
    str base, bits;
    bool has_prefix = str_cut(text, '/', &base, &bits);
    struct ip_address ip;
    if (!ip_parse(base, &ip))
        return false;
    bool is_v4 = str_find_byte(base, ':') < 0;
    int64_t prefix = is_v4 ? 32 : 128;
    if (has_prefix && str_int(bits, 0, prefix, &prefix) != OK)
        return false;
    net->base = ip;
    net->prefix = (int)prefix + (is_v4 ? 96 : 0);
    return true;
}

bool ip_network_has(struct ip_network net, struct ip_address ip)
{
    int whole = net.prefix / 8, rest = net.prefix % 8;
    if (memcmp(net.base.b, ip.b, (size_t)whole) != 0)
        return false;
    if (rest == 0)
        return true;
    int mask = 0xff << (8 - rest) & 0xff;
    return ((net.base.b[whole] ^ ip.b[whole]) & mask) == 0;
}

bool ip_from_sockaddr(const struct sockaddr *sa, struct ip_address *ip)
{
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        memcpy(ip->b, v4_prefix, sizeof v4_prefix);
        memcpy(ip->b + 12, &in.sin_addr, 4);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in;
        memcpy(&in, sa, sizeof in);
        memcpy(ip->b, &in.sin6_addr, 16);
        return true;
    }
    return false;
}

ptrdiff_t ip_write(struct ip_address ip, char out[IP_TEXT_BYTES])
{
    if (ip_is_v4(ip))
        (void)inet_ntop(AF_INET, ip.b + 12, out, IP_TEXT_BYTES); /* fits, cannot fail */
    else
        (void)inet_ntop(AF_INET6, ip.b, out, IP_TEXT_BYTES);
    return (ptrdiff_t)strlen(out);
}

str ip_text(struct arena *a, struct ip_address ip)
{
    char text[IP_TEXT_BYTES];
    return str_copy(a, str_of(text, ip_write(ip, text)));
}

bool ip_is_public(struct ip_address ip)
{
    if (!ip_is_v4(ip) && (ip.b[0] & 0xe0) != 0x20)
        return false; /* ::, ::1, compatible, NAT64, unique local, link-local, site-local, multicast
                       */
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        struct ip_network net;
        if (ip_network_parse(str_from(special[i].network), &net) && ip_network_has(net, ip))
            return false;
    }
    return true;
}
