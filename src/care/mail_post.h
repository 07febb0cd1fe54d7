/* mail_post: a mail that was posted to a mailbox: what of the posted body it is, and a long one as
 * a file. Programs post the mail as it came, or a form with the mail in one field (Mailgun
 * "body-mime", SendGrid "email"), or JSON: with the mail as one text (Postmark "RawEmail"), in
 * fields (Postmark without it), or inside what Amazon SNS posts. Not here: whether the caller may
 * (api/hook_mail.c), what the mail says (connector/email.h). Thread: any; blocks on the disk:
 * outside transactions. */
#pragma once
#include "care/blob_file.h"
#include "text/mail_fields.h"
#include "text/sns.h"

enum mail_post_code {
    MAIL_POST_PLAIN,
    MAIL_POST_FORM /* %XX and + */,
    MAIL_POST_JSON /* \n, \u */,
    MAIL_POST_FIELDS /* none are there: the mail is put together from `fields` */
};
struct mail_post {
    str bytes;
    enum mail_post_code code; /* of the bytes */
    struct mail_fields *fields;
    struct sns_post sns; /* kind SNS_MAIL but for what is no mail: then nothing else is set */
};
/* is_json: it is, whatever its Content-Type says. E_INVALID with words: a form or an object without
 * a mail, or with one that cannot be read; what is returned points into `body`. */
err mail_post_find(
    struct arena *a, str content_type, bool is_json, str body, struct mail_post *post, str *why);
/* All of a mail of at most MAIL_ROW_BYTES (care/mail.h), or the beginning of a longer one
 * (*is_long). E_INVALID with words. */
err mail_post_head(
    struct arena *a, const struct mail_post *post, str *bytes, bool *is_long, str *why);
/* A long mail into a part file, whole and on the disk; it is the caller's to place or remove. cx
 * needs an account, a configuration and an arena, and no transaction. Errors as of files; E_INVALID
 * with words. */
err mail_post_write(
    struct ctx *cx, const struct mail_post *post, int64_t number, struct file_sum *sum, str *why);
