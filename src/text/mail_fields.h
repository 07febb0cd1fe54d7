/* mail_fields: a mail that a forwarder has taken apart and posts as fields of a JSON object, put
 * together again as a mail: what Postmark posts without "Include raw email content in JSON
 * payload". The bytes are ours, so that no signature of the mail can be checked; the lines of its
 * header (Headers) stand above ours in their order, but for those that are made anew, so that a
 * server's Authentication-Results count as in any other mail (mail_auth.h), and threads, automatic
 * mails and recipients are known as ever.
 *
 *   From            FromFull {Email, Name}, else From; needed
 *   To, Cc          ToFull, CcFull, else To, Cc; addresses that are none are left out, as are those
 *                   beyond MAIL_OUT_ADDRESSES
 *   X-Original-To   OriginalRecipient
 *   Message-ID      of Headers; else MessageID (Postmark's own name of it) at postmarkapp.com's
 *                   inbound host; else made from the object's bytes
 *   Date            as written; none when it says nothing
 *   body            TextBody, HtmlBody; what is longer than MAIL_OUT_TEXT_BYTES is a file too
 *   files           Attachments [{Name, Content, ContentType, ContentID}], Content in base64
 * Other fields say what these say already (StrippedTextReply, MailboxHash, Tag). The same object
 * gives the same bytes. Source: postmarkapp.com/developer/webhooks/inbound-webhook and
 * …/user-guide/inbound/parse-an-email (read 2026-11). Thread: any. */
#pragma once
#include "text/mail_write.h"

struct mail_fields;

/* Whether an object has a field that says who wrote the mail. */
bool mail_fields_are(str object);
/* E_INVALID with words that name the field: no sender, or what cannot be read. What is returned
 * points into `object`. */
err mail_fields_read(struct arena *a, str object, struct mail_fields **fields, str *why);
/* The mail, as mail_write gives it. May be called again. E_INVALID with words that name the field:
 * a file's content is no base64. E_UPSTREAM: put has ended it. */
err mail_fields_write(struct arena *a, struct mail_fields *fields,
    bool (*put)(void *arg, str piece), void *arg, str *why);
