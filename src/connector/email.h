/* email: what the rooms of the connector for mailboxes share. Rooms: email.c (settings, verify,
 * check), email_parse.c (what a mail becomes), email_listen.c, email_place.c,
 * email_left.c and email_compare.c (the mailbox: IMAP with IDLE), email_check.c (does it work),
 * email_send.c (SMTP), email_judge.c (what became of a mail), email_relay.c (the relay's name for
 * it), email_sign.c (DKIM), email_copy.c (the copy among what was sent).
 *
 * A mailbox is a channel; a person is known by the mail address, folded. A mail's id is its
 * Message-ID, "/" and the first 16 hex digits of the SHA-256 of its body, since some programs give
 * several mails the same Message-ID; the Message-ID alone is an alias. Ours have no such ending.
 * Deliveries are mails as they came: origin "hook" (a forwarder, `seva mail-in`) or "imap".
 * Sources: RFC 5322, 3501, 2177, 5321; docs/channels-email.md. Thread: any; calls block. */
#pragma once
#include "connector/connector.h"
#include "net/mail_line.h"
#include "net/smtp.h"
#include "text/mail_write.h"
#include "text/mime.h"

/* A mail for whose recipients a server asks for patience is given up after that. */
#define EMAIL_TRIES_MS (INT64_C(48) * 3600 * 1000)

/* That are read of a mailbox, the first included; the check refuses more. */
enum { EMAIL_FOLDERS = 10 };

extern const struct connector connector_email;

/* The servers of the mailbox, as its settings say. */
struct mail_server email_imap(
    struct arena *a, struct http_client *client, const struct connector_setup *setup);
struct mail_server email_smtp(
    struct arena *a, struct http_client *client, const struct connector_setup *setup);
/* What an end means for the channel. */
void email_end(const struct mail_end *end, struct connector_sent *sent);
err email_listen(struct http_client *client, struct arena *a, const struct connector_listen *in,
    struct connector_polled *out);
err email_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent);
/* The mail of a letter; and how long it is. As mail_write fails. */
struct mail_out email_letter(struct arena *a, const struct connector_outgoing *out);
err email_size(struct arena *a, const struct mail_out *mail, int64_t *size_bytes, str *why);
/* What smtp_send's end means, for the mail and for each recipient. */
void email_judge(struct arena *a, const struct connector_outgoing *out,
    const struct smtp_mail *mail, const struct smtp_sent *got, struct connector_sent *sent);
/* When a server that asks for patience is asked again. */
int64_t email_next_try_ms(const struct connector_outgoing *out);
/* What the server's yes names the mail, without < >; empty = it does not say. host: of the server.
 */
str email_relay_id(struct arena *a, str host, str words);
/* "DKIM-Signature: …" with its line's end; empty = the mailbox has no key. Fails as mail_write and
 * dkim_sign do, with words. */
err email_sign(struct arena *a, const struct connector_setup *setup, const struct mail_out *mail,
    str *header, str *why);
bool email_copies(struct arena *a, const struct connector_setup *setup);
err email_copy(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    bool is_again, struct connector_sent *sent);
err email_check(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    int64_t now_ms, struct connector_checked *out);
err email_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why);
/* "<sha256 of all of it>": names the delivery, so that the same mail out of a mailbox that was read
 * before is known. */
str email_delivery_id(struct arena *a, str bytes);
