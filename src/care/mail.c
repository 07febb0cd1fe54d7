/* mail: see mail.h. */
#include "care/mail.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/automatic_mail.h"
#include "care/mail_address.h"
#include "connector/connector.h"
#include "connector/mail.h"
#include "store/channel.h"
#include "store/message.h"
#include "text/mail_auth.h"

enum { PEOPLE_BYTES = 64 * 1024, MEMBERS_MOST = 50 };

/* ── judging ── */

/* "support+c1.ab@example.com" is ours as "support@example.com" is. */
static bool is_ours(str mailbox, str address)
{
    str local, domain, ours, our_domain, rest;
    if (!str_cut(address, '@', &local, &domain) || !str_cut(mailbox, '@', &ours, &our_domain))
        return false;
    (void)str_cut(local, '+', &local, &rest); /* without one: the whole */
    return str_eq(local, ours) && str_eq(domain, our_domain);
}

static const struct mail_person *people_beside(
    struct arena *a, str mailbox, const struct mime_address *from, int n, ptrdiff_t *n_people)
{
    struct mail_person *people = NEW(a, struct mail_person, n + 1);
    *n_people = 0;
    for (int i = 0; i < n; i++)
        if (from[i].address.len && !is_ours(mailbox, from[i].address))
            people[(*n_people)++] = (struct mail_person){from[i].name, from[i].address};
    return people;
}

static str checks_json(struct arena *a, const struct mail_auth_result *auth)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    if (!auth->by.len)
        return (str){0};
    json_obj(&j);
    json_kv_str(&j, S("spf"), auth->spf);
    json_kv_str(&j, S("dkim"), auth->dkim);
    json_kv_str(&j, S("dmarc"), auth->dmarc);
    json_kv_str(&j, S("by"), auth->by);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static str verdict_word(enum mail_auth verdict)
{
    switch (verdict) {
    case MAIL_AUTH_PASS:
        return S("pass");
    case MAIL_AUTH_FAIL:
        return S("fail");
    case MAIL_AUTH_NONE:
        break;
    }
    return S("none");
}

/* Written in another program with our address: it concerns whom it went to. Anybody can write our
 * address above a mail: without proof it is a stranger's. */
static void take_as_ours(struct connector_item *it)
{
    const struct mail_person *to = it->mail->n_to ? it->mail->to : it->mail->cc;
    if (!it->mail->n_to && !it->mail->n_cc)
        return;
    it->is_ours = true;
    it->contact_external_id = it->contact_email = to->address;
    it->contact_name = to->name;
}

/* One of our automatic mails has come back: two of us answer each other, or somebody sends on what
 * they get. */
static err find_loop(struct ctx *cx, struct connector_mail *mail)
{
    str ours = {0};
    for (int i = 0; i < mail->mime->n_headers && !mail->is_loop; i++) {
        const struct mime_header *h = &mail->mime->headers[i];
        if (!str_eq_nocase(h->name, S("X-Seva-Loop")))
            continue;
        if (!ours.len)
            TRY(automatic_mail_loop(cx, &ours));
        mail->is_loop = str_eq(str_trim(h->value), ours);
    }
    if (mail->is_loop) {
        mail->is_robot = true;
        mail->robot_why = S("It is an automatic mail of this Seva that has come back.");
    }
    return OK;
}

err mail_judge(struct ctx *cx, channel_id id, struct connector_item *it)
{
    struct channel channel;
    struct mail_auth_result auth = {0};
    if (!it->mail)
        return OK;
    TRY(channel_get(cx, id, &channel));
    const struct connector_setup setup = {.settings = channel.settings};
    const struct connector *email = connector_find(channel.kind);
    str receivers = setup_setting(cx->arena, email, &setup, "receivers");
    str mailbox = utf8_fold(cx->arena, setup_setting(cx->arena, email, &setup, "address"));
    struct connector_mail *mail = it->mail;
    mail_auth_read(cx->arena, mail->mime, receivers, &auth);
    mail->is_proven = auth.verdict == MAIL_AUTH_PASS;
    mail->splits_by_subject =
        str_eq(setup_setting(cx->arena, email, &setup, "subject_splits"), S("yes"));
    mail->verdict = verdict_word(auth.verdict);
    mail->checks = checks_json(cx->arena, &auth);
    mail->to = people_beside(cx->arena, mailbox, mail->mime->to, mail->mime->n_to, &mail->n_to);
    mail->cc = people_beside(cx->arena, mailbox, mail->mime->cc, mail->mime->n_cc, &mail->n_cc);
    mail->opens_all = str_eq(setup_setting(cx->arena, email, &setup, "programs"), S("open"));
    TRY(find_loop(cx, mail));
    if (mail->is_proven && !mail->is_loop && is_ours(mailbox, it->contact_external_id))
        take_as_ours(it);
    return OK;
}

/* ── keeping ── */

static void put_person(struct json_out *j, str name, str address)
{
    json_obj(j);
    json_kv_str(j, S("name"), name);
    json_kv_str(j, S("address"), address);
    json_obj_end(j);
}

static void put_people(struct json_out *j, str key, const struct mail_person *at, ptrdiff_t n)
{
    json_key(j, key);
    json_arr(j);
    for (ptrdiff_t i = 0; i < n && j->b.len < PEOPLE_BYTES / 2; i++)
        put_person(j, at[i].name, at[i].address);
    json_arr_end(j);
}

static str people_of(struct arena *a, const struct connector_item *it)
{
    const struct connector_mail *mail = it->mail;
    struct json_out j = json_out_make(a, PEOPLE_BYTES);
    json_obj(&j);
    json_key(&j, S("from"));
    put_person(&j, it->contact_name, it->contact_external_id);
    json_kv_str(&j, S("reply_to"), mail->reply_to);
    put_people(&j, S("to"), mail->to, mail->n_to);
    put_people(&j, S("cc"), mail->cc, mail->n_cc);
    json_obj_end(&j);
    return j.b.failed ? S("{}") : json_str(&j);
}

static str references_of(struct arena *a, const struct connector_mail *mail)
{
    struct json_out j = json_out_make(a, PEOPLE_BYTES);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < mail->n_references; i++)
        json_put_str(&j, mail->references[i]);
    json_arr_end(&j);
    return j.b.failed ? S("[]") : json_str(&j);
}

/* Only a person who is proven names others; who began the conversation takes part in any case. */
static err add_members(
    struct ctx *cx, const struct connector_item *it, const struct inbound_result *result)
{
    const struct connector_mail *mail = it->mail;
    struct mail_member *rows = NEW(cx->arena, struct mail_member, MEMBERS_MOST + 1);
    bool names_others = mail->is_proven && !mail->is_robot;
    ptrdiff_t n = 0;
    if (mail->is_proven || result->is_new_conversation)
        rows[n++] = (struct mail_member){it->contact_external_id, it->contact_name, false};
    for (ptrdiff_t i = 0; names_others && i < mail->n_to && n < MEMBERS_MOST; i++)
        rows[n++] = (struct mail_member){mail->to[i].address, mail->to[i].name, true};
    for (ptrdiff_t i = 0; names_others && i < mail->n_cc && n < MEMBERS_MOST; i++)
        rows[n++] = (struct mail_member){mail->cc[i].address, mail->cc[i].name, true};
    return mail_member_add_many(cx, result->conversation, rows, n);
}

static str automatic_word(const struct connector_mail *mail)
{
    return !mail->is_robot ? S("")
           : mail->is_loop ? S("loop")
           : mail->is_away ? S("away")
           : mail->is_bulk ? S("list")
                           : S("machine");
}

err mail_arrived(struct ctx *cx, const struct inbound_item *item, const struct connector_item *it,
    const struct inbound_result *result, str raw, str raw_name)
{
    const struct connector_mail *m = it->mail;
    const struct mail mail = {
        .message_id = result->message,
        .conversation_id = result->conversation,
        .channel_id = item->channel,
        .internet_id = m->internet_id,
        .subject = m->subject,
        .people = people_of(cx->arena, it),
        .in_reply_to = m->n_references ? m->references[m->n_references - 1] : (str){0},
        .refs = references_of(cx->arena, m),
        .verdict = m->verdict,
        .checks = m->checks,
        .note = m->note,
        .automatic = automatic_word(m),
        .automatic_why = m->robot_why,
        .raw = {raw_name.len ? (str){0} : raw},
        .raw_name = raw_name,
    };
    bool had = false;
    TRY(mail_add(cx, &mail));
    if (m->is_proven)
        TRY(mail_address_clear(cx, it->contact_external_id, &had));
    if (item->letter.v)
        TRY(message_set_letter(cx, result->message, item->letter));
    return add_members(cx, it, result);
}

str mail_sender(struct arena *a, const struct mail *mail)
{
    const struct json *people = NULL;
    str why;
    if (json_parse(a, mail->people, &people, &why) != OK)
        return (str){0};
    return json_text(json_path(people, S("from.address")), S(""));
}
