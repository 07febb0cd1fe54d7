/* The egress guard: the one way out for connections to addresses that a user, a message or another
 * server named. It resolves a name once, refuses every address that is not public, and connects to
 * the address it has checked. Not here: HTTP (http_client.h uses this), certificates (tls.h).
 *
 * Refused unless a rule allows the network for that purpose: private (RFC 1918, fc00::/7),
 * loopback, link-local, CGNAT 100.64/10, this-network 0/8, multicast, reserved 240/4, documentation
 * and benchmark networks, IPv4 in IPv6 clothes (mapped, compatible, NAT64, 6to4, Teredo: judged by
 * the address inside and refused when they are tunnels). If one address of a name is refused, the
 * name is refused: mixed answers are how rebinding works. Source: IANA special-purpose registries
 * (2025), docs/security.md point 3. Thread: any; rules are immutable. */
#pragma once
#include "base/str.h"
#include "net/ip.h"

/* Why we go out; the operator's allow-list is per purpose. */
enum egress_purpose {
    EGRESS_WEBHOOK,     /* outgoing webhooks and automation calls */
    EGRESS_MEDIA,       /* attachments and avatars named in messages */
    EGRESS_NETWORK,     /* APIs of social networks; base addresses are configuration */
    EGRESS_MAIL,        /* IMAP and SMTP hosts */
    EGRESS_SIGN_IN,     /* OAuth, JWKS, SSO */
    EGRESS_STORE,       /* the store of attachments; its address is configuration */
    EGRESS_STORE_PLAIN, /* the same without TLS: only in networks that a rule for "store" allows */
};
enum { EGRESS_PURPOSE_COUNT = EGRESS_STORE_PLAIN + 1 };

struct egress_rules;

/* Parses "webhook=10.0.0.0/8,127.0.0.1/32;media=…" or "*=10.1.0.0/16" (all purposes); empty text =
 * no exceptions. The rules live in the arena. E_INVALID with *why in words. */
err egress_rules_parse(struct arena *a, str text, const struct egress_rules **rules, str *why);

/* Replaces name look-up in tests: fills at most `max` addresses, returns how many, −1 = failed. */
typedef int egress_lookup(void *arg, str host, struct ip_address *out, int max);
const struct egress_rules *egress_rules_with_lookup(
    struct arena *a, const struct egress_rules *rules, egress_lookup *lookup, void *arg);

enum { EGRESS_ADDRESSES = 8 };
struct egress_target {
    struct ip_address address[EGRESS_ADDRESSES]; /* all checked */
    int count;                                   /* ≥ 1 */
};

/* Resolves host (a name or a literal address without brackets) within timeout_ms.
 * E_FORBIDDEN: an address is not public (why names it); E_UPSTREAM: no such name, or no answer in
 * time; E_INVALID: not a host name. */
err egress_resolve(struct arena *a, const struct egress_rules *rules, enum egress_purpose purpose,
    str host, int64_t timeout_ms, struct egress_target *target, str *why);
/* Whether one address may be reached for a purpose (used again at connect time). */
bool egress_address_is_allowed(
    const struct egress_rules *rules, enum egress_purpose purpose, struct ip_address address);
/* Resolve, check, connect (TCP, non-blocking inside, blocking socket out), CLOEXEC. For mail. */
err egress_connect(struct arena *a, const struct egress_rules *rules, enum egress_purpose purpose,
    str host, int port, int64_t timeout_ms, int *fd, str *why);
