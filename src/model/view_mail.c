/* view_mail: see view_mail.h. */
#include "model/view_mail.h"

static const char *const verdict_words[] = {"pass", "fail", "none", NULL};
static const char *const guard_words[] = {
    "open", "signed_smime", "signed_pgp", "encrypted_smime", "encrypted_pgp", NULL};

static const struct shape_field person_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("address", SHAPE_TEXT, 0, NULL),
};
static const struct shape person_shape =
    SHAPE("MailPerson", NULL, person_fields, "Somebody in the head of a mail.");
static const struct shape_field people_fields[] = {
    SHOWN_OBJECT("from", 0, &person_shape, NULL),
    SHOWN("reply_to", SHAPE_TEXT, 0, "where answers are wanted; empty: at the sender's"),
    SHOWN_OBJECT("to", SHAPE_LIST, &person_shape, "without the mailbox itself"),
    SHOWN_OBJECT("cc", SHAPE_LIST, &person_shape, NULL),
    SHOWN_OBJECT("bcc", SHAPE_LIST | SHAPE_OPTIONAL, &person_shape, "of ours"),
};
static const struct shape people_shape =
    SHAPE("MailPeople", NULL, people_fields, "The people in the head of a mail.");
static const struct shape_field checks_fields[] = {
    SHOWN("spf", SHAPE_TEXT, 0, "the receiving server's word; empty: it said nothing"),
    SHOWN("dkim", SHAPE_TEXT, 0, NULL),
    SHOWN("dmarc", SHAPE_TEXT, 0, NULL),
    SHOWN("by", SHAPE_TEXT, 0, "which server says so"),
};
static const struct shape checks_shape =
    SHAPE("MailChecks", NULL, checks_fields, "How a trusted server checked the sender.");
static const struct shape_field mail_fields[] = {
    SHOWN("subject", SHAPE_TEXT, 0, NULL),
    SHOWN("internet_id", SHAPE_TEXT, 0, "Message-ID"),
    SHOWN_OBJECT("people", 0, &people_shape, NULL),
    SHOWN("date", SHAPE_TIME, SHAPE_NULL, "what the mail says of itself"),
    SHOWN("text", SHAPE_TEXT, 0, "all of it, also what it quotes"),
    SHOWN("html", SHAPE_TEXT, 0,
        "as it came, active content and all: clean it, and show it in a sandbox"),
    SHOWN_WORD(
        "verdict", 0, verdict_words, "is the sender who they say? none: nobody we trust has said"),
    SHOWN_OBJECT("checks", SHAPE_NULL, &checks_shape, NULL),
    SHOWN_WORD("guard", 0, guard_words, "signed or encrypted"),
    SHOWN("inline", SHAPE_ID, SHAPE_MAP, "content id → attachment"),
    SHOWN("shows_images", SHAPE_BOOL, 0, "pictures from elsewhere are allowed for this sender"),
    SHOWN("is_ours", SHAPE_BOOL, 0, "written here"),
    SHOWN("note", SHAPE_TEXT, 0, "what could not be read of it; empty: nothing"),
};
const struct shape mail_shape =
    SHAPE("Mail", NULL, mail_fields, "What a mail is beside its message.");

void mail_view(struct json_out *j, const struct mail_shown *m)
{
    json_obj(j);
    json_kv_str(j, S("subject"), m->subject);
    json_kv_str(j, S("internet_id"), m->internet_id);
    json_kv_raw(j, S("people"), m->people);
    json_kv_time(j, S("date"), m->date_ms);
    json_kv_str(j, S("text"), m->text);
    json_kv_str(j, S("html"), m->html);
    json_kv_str(j, S("verdict"), m->verdict);
    json_kv_raw(j, S("checks"), m->checks.len ? m->checks : S("null"));
    json_kv_str(j, S("guard"), m->guard);
    json_key(j, S("inline"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < m->n_inlines; i++)
        json_kv_id(j, m->inlines[i].content_id, m->inlines[i].attachment_id);
    json_obj_end(j);
    json_kv_bool(j, S("shows_images"), m->shows_images);
    json_kv_bool(j, S("is_ours"), m->is_ours);
    json_kv_str(j, S("note"), m->note);
    json_obj_end(j);
}
