/* view_mail: see view_mail.h. */
#include "model/view_mail.h"

static const char *const verdict_words[] = {"pass", "fail", "none", NULL};
static const char *const guard_words[] = {
    "open", "signed_smime", "signed_pgp", "encrypted_smime", "encrypted_pgp", NULL};

static const char *const automatic_words[] = {"", "away", "list", "machine", "loop", NULL};

static const struct shape_field person_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("address", SHAPE_TEXT, 0, "may be empty"),
};
static const struct shape person_shape =
    SHAPE("MailPerson", NULL, person_fields, "Somebody in the head of a mail.");
static const struct shape_field auth_fields[] = {
    SHOWN_WORD("verdict", 0, verdict_words,
        "is the sender who they say? none: nobody we trust has said anything that settles it"),
    SHOWN("spf", SHAPE_TEXT, 0, "the receiving server's word; empty: it said nothing"),
    SHOWN("dkim", SHAPE_TEXT, 0, NULL),
    SHOWN("dmarc", SHAPE_TEXT, 0, NULL),
    SHOWN("by", SHAPE_TEXT, 0, "which server says so"),
};
static const struct shape auth_shape =
    SHAPE("MailAuth", NULL, auth_fields, "How a trusted server checked the sender.");
static const struct shape_field calendar_fields[] = {
    SHOWN("method", SHAPE_TEXT, 0, "REQUEST, CANCEL, REPLY …"),
    SHOWN("summary", SHAPE_TEXT, 0, NULL),
    SHOWN("starts_at", SHAPE_TEXT, 0, "a time, or a day; empty: not said"),
    SHOWN("ends_at", SHAPE_TEXT, 0, "the last day is in it"),
    SHOWN("is_all_day", SHAPE_BOOL, 0, NULL),
    SHOWN("time_zone", SHAPE_TEXT, 0, "the organiser's; empty: none"),
    SHOWN("location", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("organizer", 0, &person_shape, NULL),
    SHOWN("attendees", SHAPE_INT, 0, "how many are invited"),
    SHOWN("recurrence", SHAPE_TEXT, 0, "daily, weekly …; empty: once"),
};
static const struct shape calendar_shape =
    SHAPE("MailInvitation", NULL, calendar_fields, "An invitation to a meeting.");
static const char *const reach_words[] = {"taken", "later", "refused", "unknown", "delayed",
    "delivered", "bounced", "read", "complained", "stopped", NULL};
static const char *const reach_reasons[] = {"stopped", "maybe_sent", NULL};
static const struct shape_field recipient_fields[] = {
    SHOWN("address", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("state", 0, reach_words,
        "taken: by the server for sending; later: it asks for patience; refused, bounced: for good; "
        "stopped: an agent gave it up"),
    SHOWN("words", SHAPE_TEXT, 0, "why, mostly the server's; may be empty"),
    SHOWN_WORD("reason", SHAPE_OPTIONAL, reach_reasons,
        "where the words are Seva's own: what they say, to be said in another language"),
    SHOWN("sentence", SHAPE_TEXT, SHAPE_OPTIONAL,
        "where the words begin with a sentence of Seva's: its name, to be said in another language "
        "(detail of a status, as 1.1, or failed, later, delayed, delivered, read, unread …)"),
    SHOWN("said", SHAPE_TEXT, SHAPE_OPTIONAL, "with sentence: what the other server said"),
    SHOWN("by", SHAPE_TEXT, SHAPE_OPTIONAL, "with stopped: the agent"),
    SHOWN("at", SHAPE_TIME, SHAPE_OPTIONAL, "with stopped: when"),
};
static const struct shape recipient_shape = SHAPE(
    "MailRecipient", NULL, recipient_fields, "What became of a mail at one of its recipients.");
static const struct shape_field address_fields[] = {
    SHOWN("address", SHAPE_TEXT, 0, NULL),
    SHOWN("is_invalid", SHAPE_BOOL, 0, "nothing is sent there until it is tried again"),
    SHOWN("bounces", SHAPE_INT, 0, "mails that came back for good since it last worked"),
    SHOWN("words", SHAPE_TEXT, 0, "of the last report"),
    SHOWN("sentence", SHAPE_TEXT, 0, "as that of a recipient of a mail; may be empty"),
    SHOWN("said", SHAPE_TEXT, 0, "the words without that sentence; may be empty"),
    SHOWN("bounced_at", SHAPE_TIME, SHAPE_NULL, "the last one"),
    SHOWN("complained_at", SHAPE_TIME, SHAPE_NULL,
        "its owner called a mail spam: only people write there"),
};
const struct shape mail_address_shape =
    SHAPE("MailAddress", NULL, address_fields, "What is known against a mail address.");
static const char *const signature_states[] = {"verified", "other", "unknown", "expired", "revoked",
    "altered", "weak", "partly", "broken", NULL};
static const char *const signature_hows[] = {"smime", "pgp", NULL};
static const struct shape_field signature_fields[] = {
    SHOWN_WORD("state", 0, signature_states,
        "verified: by the sender, as a key or certificate of the account's says; other: so, but by "
        "another address; unknown: nobody in the account's list vouches; partly: not all is signed"),
    SHOWN_WORD("how", 0, signature_hows, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "whom the certificate or key names; may be empty"),
    SHOWN("address", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("fingerprint", SHAPE_TEXT, 0, "hex; empty: unknown"),
    SHOWN("revoked_at", SHAPE_TIME, SHAPE_NULL, "when its authority took the certificate back"),
};
static const struct shape signature_shape =
    SHAPE("MailSignature", NULL, signature_fields, "Who signed a mail, and what that is worth.");
static const struct shape_field mail_fields[] = {
    SHOWN("subject", SHAPE_TEXT, 0, NULL),
    SHOWN("message_id", SHAPE_TEXT, 0, "Message-ID, without < >"),
    SHOWN_OBJECT("from", 0, &person_shape, NULL),
    SHOWN("reply_to", SHAPE_TEXT, 0, "where answers are wanted; empty: at the sender's"),
    SHOWN_OBJECT("to", SHAPE_LIST, &person_shape, "without the mailbox itself"),
    SHOWN_OBJECT("cc", SHAPE_LIST, &person_shape, NULL),
    SHOWN_OBJECT("bcc", SHAPE_LIST, &person_shape, "of ours"),
    SHOWN("date", SHAPE_TIME, SHAPE_NULL, "what the mail says of itself"),
    SHOWN("text", SHAPE_TEXT, 0, "all of it, also what it quotes"),
    SHOWN("html", SHAPE_TEXT, 0,
        "as it came, active content and all: clean it, and show it in a sandbox"),
    SHOWN_OBJECT("auth", 0, &auth_shape, NULL),
    SHOWN_WORD("guard", 0, guard_words, "signed or encrypted"),
    SHOWN_OBJECT("signature", SHAPE_NULL, &signature_shape, "of a signed one"),
    SHOWN("inline", SHAPE_ID, SHAPE_MAP, "content id → attachment"),
    SHOWN_OBJECT("calendar", SHAPE_NULL, &calendar_shape, NULL),
    SHOWN("images_allowed", SHAPE_BOOL, 0, "pictures from elsewhere, for this sender"),
    SHOWN("is_ours", SHAPE_BOOL, 0, "written here"),
    SHOWN("written", SHAPE_FREE, SHAPE_NULL, "of ours: what was posted as mail, to write it again"),
    SHOWN_OBJECT("recipients", SHAPE_LIST, &recipient_shape, "of ours, as far as it was tried"),
    SHOWN("again_at", SHAPE_TIME, SHAPE_NULL, "when those who wait are tried again"),
    SHOWN("is_waiting", SHAPE_BOOL, 0, "of ours: it waits for another try, and can be stopped"),
    SHOWN_WORD("automatic", 0, automatic_words,
        "a program wrote it; away: an out-of-office notice; loop: ours, come back; empty: a person"),
    SHOWN("automatic_why", SHAPE_TEXT, 0, "how that was seen, in English; may be empty"),
    SHOWN("automatic_rule", SHAPE_TEXT, 0,
        "the same to be said in another language: auto_submitted, suppress, precedence, "
        "autoresponder, list, report, null_path, sender, feedback; may be empty"),
    SHOWN("degraded", SHAPE_TEXT, 0, "what could not be read of it, in words; empty: nothing"),
};
const struct shape mail_shape =
    SHAPE("Mail", NULL, mail_fields, "What a mail is beside its message.");

static const struct shape_field carried_file_fields[] = {
    SHOWN("part", SHAPE_INT, 0, "its number, to fetch it"),
    SHOWN("name", SHAPE_TEXT, 0, NULL),
    SHOWN("type", SHAPE_TEXT, 0, "what the mail calls it"),
    SHOWN("size", SHAPE_INT, 0, "bytes"),
    SHOWN("content_id", SHAPE_TEXT, 0, "by which the HTML may show it: cid:…; empty: none"),
    SHOWN("is_mail", SHAPE_BOOL, 0, "it can be read in its turn"),
};
static const struct shape carried_file_shape =
    SHAPE("CarriedFile", NULL, carried_file_fields, "A file of a mail that came as a file.");
static const struct shape_field carried_fields[] = {
    SHOWN("subject", SHAPE_TEXT, 0, NULL),
    SHOWN_OBJECT("from", 0, &person_shape, "nobody has checked that"),
    SHOWN_OBJECT("to", SHAPE_LIST, &person_shape, NULL),
    SHOWN_OBJECT("cc", SHAPE_LIST, &person_shape, NULL),
    SHOWN("date", SHAPE_TIME, SHAPE_NULL, "what the mail says of itself"),
    SHOWN("text", SHAPE_TEXT, 0, NULL),
    SHOWN("html", SHAPE_TEXT, 0,
        "as it came, active content and all: clean it, and show it in a sandbox"),
    SHOWN_OBJECT("files", SHAPE_LIST, &carried_file_shape, NULL),
    SHOWN("degraded", SHAPE_TEXT, 0, "what could not be read of it, in words; empty: nothing"),
};
const struct shape carried_shape =
    SHAPE("CarriedMail", NULL, carried_fields, "A mail that came as a file of another.");

static void put_person(struct json_out *j, str key, str name, str address)
{
    json_key(j, key);
    json_obj(j);
    json_kv_str(j, S("name"), name);
    json_kv_str(j, S("address"), address);
    json_obj_end(j);
}

static void put_people(struct json_out *j, str key, const struct json *people)
{
    const struct json *list = json_get(people, key);
    json_key(j, key);
    json_arr(j);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        json_put_tree(j, v);
    json_arr_end(j);
}

static void put_auth(struct json_out *j, const struct mail_shown *m)
{
    json_key(j, S("auth"));
    json_obj(j);
    json_kv_str(j, S("verdict"), m->verdict);
    json_kv_str(j, S("spf"), m->spf);
    json_kv_str(j, S("dkim"), m->dkim);
    json_kv_str(j, S("dmarc"), m->dmarc);
    json_kv_str(j, S("by"), m->by);
    json_obj_end(j);
}

static void put_calendar(struct json_out *j, const struct mail_invitation *c)
{
    json_key(j, S("calendar"));
    if (!c) {
        json_put_null(j);
        return;
    }
    json_obj(j);
    json_kv_str(j, S("method"), c->method);
    json_kv_str(j, S("summary"), c->summary);
    json_kv_str(j, S("starts_at"), c->starts_at);
    json_kv_str(j, S("ends_at"), c->ends_at);
    json_kv_bool(j, S("is_all_day"), c->is_all_day);
    json_kv_str(j, S("time_zone"), c->time_zone);
    json_kv_str(j, S("location"), c->location);
    put_person(j, S("organizer"), c->organizer_name, c->organizer_address);
    json_kv_int(j, S("attendees"), c->attendees);
    json_kv_str(j, S("recurrence"), c->recurrence);
    json_obj_end(j);
}

static void put_signature(struct json_out *j, const struct mail_signed_by *s)
{
    json_key(j, S("signature"));
    if (!s->state.len) {
        json_put_null(j);
        return;
    }
    json_obj(j);
    json_kv_str(j, S("state"), s->state);
    json_kv_str(j, S("how"), s->how);
    json_kv_str(j, S("name"), s->name);
    json_kv_str(j, S("address"), s->address);
    json_kv_str(j, S("fingerprint"), s->fingerprint);
    json_kv_time(j, S("revoked_at"), s->revoked_ms);
    json_obj_end(j);
}

static void put_optional(struct json_out *j, str key, str value)
{
    if (value.len)
        json_kv_str(j, key, value);
}

static void put_recipient(struct json_out *j, const struct mail_recipient_shown *r)
{
    json_obj(j);
    json_kv_str(j, S("address"), r->address);
    json_kv_str(j, S("state"), r->state);
    json_kv_str(j, S("words"), r->words);
    put_optional(j, S("reason"), r->reason);
    put_optional(j, S("sentence"), r->sentence);
    put_optional(j, S("said"), r->said);
    put_optional(j, S("by"), r->by);
    put_optional(j, S("at"), r->at);
    json_obj_end(j);
}

void mail_view(struct json_out *j, const struct mail_shown *m)
{
    json_obj(j);
    json_kv_str(j, S("subject"), m->subject);
    json_kv_str(j, S("message_id"), m->message_id);
    put_person(j, S("from"), json_text(json_path(m->people, S("from.name")), S("")),
        json_text(json_path(m->people, S("from.address")), S("")));
    json_kv_str(j, S("reply_to"), json_text(json_get(m->people, S("reply_to")), S("")));
    put_people(j, S("to"), m->people);
    put_people(j, S("cc"), m->people);
    put_people(j, S("bcc"), m->people);
    json_kv_time(j, S("date"), m->date_ms);
    json_kv_str(j, S("text"), m->text);
    json_kv_str(j, S("html"), m->html);
    put_auth(j, m);
    json_kv_str(j, S("guard"), m->guard);
    put_signature(j, &m->signature);
    json_key(j, S("inline"));
    json_obj(j);
    for (ptrdiff_t i = 0; i < m->n_inlines; i++)
        json_kv_id(j, m->inlines[i].content_id, m->inlines[i].attachment_id);
    json_obj_end(j);
    put_calendar(j, m->calendar);
    json_kv_bool(j, S("images_allowed"), m->images_allowed);
    json_kv_bool(j, S("is_ours"), m->is_ours);
    json_key(j, S("written"));
    if (m->written)
        json_put_tree(j, m->written);
    else
        json_put_null(j);
    json_key(j, S("recipients"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < m->n_recipients; i++)
        put_recipient(j, &m->recipients[i]);
    json_arr_end(j);
    json_kv_time(j, S("again_at"), m->again_ms);
    json_kv_bool(j, S("is_waiting"), m->is_waiting);
    json_kv_str(j, S("automatic"), m->automatic);
    json_kv_str(j, S("automatic_why"), m->automatic_why);
    json_kv_str(j, S("automatic_rule"), m->automatic_rule);
    json_kv_str(j, S("degraded"), m->degraded);
    json_obj_end(j);
}

static void put_persons(struct json_out *j, str key, const struct carried_person *list, ptrdiff_t n)
{
    json_key(j, key);
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(j);
        json_kv_str(j, S("name"), list[i].name);
        json_kv_str(j, S("address"), list[i].address);
        json_obj_end(j);
    }
    json_arr_end(j);
}

void carried_view(struct json_out *j, const struct carried_shown *m)
{
    json_obj(j);
    json_kv_str(j, S("subject"), m->subject);
    put_person(j, S("from"), m->from.name, m->from.address);
    put_persons(j, S("to"), m->to, m->n_to);
    put_persons(j, S("cc"), m->cc, m->n_cc);
    json_kv_time(j, S("date"), m->date_ms);
    json_kv_str(j, S("text"), m->text);
    json_kv_str(j, S("html"), m->html);
    json_key(j, S("files"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < m->n_files; i++) {
        const struct carried_file *f = &m->files[i];
        json_obj(j);
        json_kv_int(j, S("part"), f->part);
        json_kv_str(j, S("name"), f->name);
        json_kv_str(j, S("type"), f->type);
        json_kv_int(j, S("size"), f->size);
        json_kv_str(j, S("content_id"), f->content_id);
        json_kv_bool(j, S("is_mail"), f->is_mail);
        json_obj_end(j);
    }
    json_arr_end(j);
    json_kv_str(j, S("degraded"), m->degraded);
    json_obj_end(j);
}

void mail_address_view(struct json_out *j, const struct mail_address_shown *address)
{
    json_obj(j);
    json_kv_str(j, S("address"), address->address);
    json_kv_bool(j, S("is_invalid"), address->is_invalid);
    json_kv_int(j, S("bounces"), address->bounces);
    json_kv_str(j, S("words"), address->words);
    json_kv_str(j, S("sentence"), address->sentence);
    json_kv_str(j, S("said"), address->said);
    json_kv_time(j, S("bounced_at"), address->bounced_ms);
    json_kv_time(j, S("complained_at"), address->complained_ms);
    json_obj_end(j);
}
