/* parrot: a network for stories, under the name of one that Seva knows ("x"): a form, both kinds of
 * OAuth, private and public messages with windows and files, templates and acts. Its API is a
 * scripted peer (support/peer.h): paths below <host>/x/api. Linked instead of the program's own
 * registry. Thread: as every connector. */
#pragma once
#include "connector/connector.h"

#include <stdatomic.h>

/* How its calls look:
 *   GET  /me          {"accounts":[{"id","handle","name","avatar"}]}   Authorization: Bearer …
 *   POST /hooks       {"url","on"}
 *   POST /act         {"kind","id","text","reaction","public","token"}
 *   POST /typing      {"to"}
 *   POST /send        {"to","text","public","reply_to","thread","preview"} → {"id"}
 *   POST /renew       {"secret"} → {"token"}: of a client_secret "renew-…"
 *   POST /lookup      {"id"} → {"items":[…]}: of a message that says "unsure"
 *   POST /apps        {"redirect"} → {"id"}
 *   GET  /templates   {"templates":[{"name","language","body"}]}
 *   POST /token       OAuth 2.0 · POST /oauth/request_token, /oauth/access_token   OAuth 1.0a
 * What it posts to us, with the header "X-Parrot: <the channel's key>":
 *   {"items":[{"kind":"message"|"edit"|"delete"|"reaction"|"status","id","from","name","text",
 *              "public","post","ours","emoji","state","error","ref","at_ms","token","alias"}]} */
extern const struct connector connector_parrot;
/* Called when the peer has answered a send and Seva has not heard the
 * answer yet. NULL = nothing.
 */
extern void (*parrot_meanwhile)(void);
/* Called when the peer has made new tokens and Seva has not stored them yet. NULL = nothing. */
extern void (*parrot_renewing)(void);
/* Its stream: a message "s<number>" by "ann" every few milliseconds, without an end. How many
 * streams are open, how many messages were taken from them, and how many streams have ended. */
extern atomic_int parrot_streams, parrot_taken, parrot_ended;
/* Not 0: the stream begins with so many pieces of a long message, 40 s after one another by the
 * fixed clock; then it waits until this is 0. How many were kept. */
extern atomic_int parrot_pieces, parrot_kept;
