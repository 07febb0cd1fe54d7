/* mail_out: see mail_out.h. */
#include "care/mail_out.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/automatic_mail.h"
#include "care/mail.h"
#include "care/mail_address.h"
#include "care/mail_body.h"
#include "care/mail_thread.h"
#include "connector/connector.h"
#include "store/channel.h"
#include "store/identity.h"
#include "text/mail_reply.h"

enum { PEOPLE_MOST = 100, PEOPLE_BYTES = 64 * 1024, RANDOM_BYTES = 9, REFERENCES_MOST = 40 };

struct writing {
    struct ctx *cx;
    const struct conversation *c;
    const struct mail_new *new;
    struct channel channel;
    struct mail last; /* the newest that came in; internet_id empty = none */
    struct mail_person from, to;
    str reply_to;             /* empty = the mailbox */
    struct mail_person *more; /* of To, behind `to` */
    struct mail_person *cc, *bcc;
    ptrdiff_t n_more, n_cc, n_bcc;
    struct mail_values values;
};

/* ── people ── */

static bool is_address(str s)
{
    ptrdiff_t at = str_find_byte(s, '@');
    bool is_plain = at > 0 && at < s.len - 1 && s.len <= LIMIT_NAME_BYTES;
    for (ptrdiff_t i = 0; is_plain && i < s.len; i++)
        is_plain = (unsigned char)s.at[i] > ' ' && s.at[i] != '<' && s.at[i] != '>' &&
                   s.at[i] != ',' && s.at[i] != ';' && s.at[i] != '"' && s.at[i] != 0x7f;
    return is_plain;
}

static err read_people(struct writing *w, const char *field, const struct json *list,
    struct mail_person **people, ptrdiff_t *n)
{
    struct ctx *cx = w->cx;
    *people = NEW(cx->arena, struct mail_person, PEOPLE_MOST);
    *n = 0;
    if (list && (list->kind != JSON_ARRAY || list->count > PEOPLE_MOST))
        return fail_field(cx, field, "This must be a list of at most 100 people.");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str address = utf8_fold(cx->arena, str_trim(json_text(json_get(v, S("address")), S(""))));
        str name = str_trim(json_text(json_get(v, S("name")), S("")));
        if (!is_address(address) || utf8_has_control(name))
            return fail_field(cx, field, "\"%.*s\" is no mail address.", SARG(address));
        (*people)[(*n)++] =
            (struct mail_person){utf8_prefix_bytes(name, LIMIT_NAME_BYTES), address};
    }
    return OK;
}

static bool is_bad(const struct mail_address *rows, ptrdiff_t n, str address)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (rows[i].is_invalid && str_eq(rows[i].address, address))
            return true;
    return false;
}

/* Those who take part, but for whom it goes to, and addresses that take no mails. */
static err copy_members(struct writing *w)
{
    struct mail_member *members = NULL;
    struct mail_address *bad = NULL;
    ptrdiff_t n = 0, n_bad = 0;
    TRY(mail_member_list(w->cx, w->c->id, &members, &n));
    TRY(mail_address_list(w->cx, w->c->id, &bad, &n_bad));
    w->cc = NEW(w->cx->arena, struct mail_person, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        if (members[i].is_copied && !str_eq(members[i].address, w->to.address) &&
            !str_eq(members[i].address, w->from.address) && !is_bad(bad, n_bad, members[i].address))
            w->cc[w->n_cc++] = (struct mail_person){members[i].name, members[i].address};
    return OK;
}

/* Whoever wrote last, where they want answers; else the customer. */
static err find_to(struct writing *w)
{
    struct ctx *cx = w->cx;
    const struct json *people = NULL;
    struct identity identity;
    str why;
    if (w->last.internet_id.len && json_parse(cx->arena, w->last.people, &people, &why) == OK) {
        str reply_to = json_text(json_get(people, S("reply_to")), S(""));
        w->to.name = json_text(json_path(people, S("from.name")), S(""));
        w->to.address = json_text(json_path(people, S("from.address")), S(""));
        if (is_address(reply_to))
            w->to.address = reply_to;
        return OK;
    }
    if (w->new->to) {
        TRY(read_people(w, "mail.to", w->new->to, &w->more, &w->n_more));
        if (!w->n_more)
            return fail_field(cx, "mail.to", "Say whom it goes to.");
        w->to = *w->more++;
        w->n_more--;
        return OK;
    }
    TRY(identity_get(cx, w->c->identity_id, &identity));
    w->to = (struct mail_person){w->c->contact_name, identity.external_id};
    return OK;
}

static err find_from(struct writing *w)
{
    const struct connector_setup setup = {.settings = w->channel.settings};
    const struct connector *email = connector_find(w->channel.kind);
    str name = setup_setting(w->cx->arena, email, &setup, "from_name");
    str address = setup_setting(w->cx->arena, email, &setup, "address");
    str customer = w->new && w->new->only_to ? w->new->only_to->name : w->c->contact_name;
    TRY(mail_values_of(w->cx, &w->channel, customer, &w->values));
    name = str_trim(mail_values_fill(w->cx->arena, name, &w->values));
    w->from =
        (struct mail_person){name.len ? name : w->channel.name, utf8_fold(w->cx->arena, address)};
    if (str_eq(setup_setting(w->cx->arena, email, &setup, "plus"), S("yes")))
        w->reply_to = mail_thread_address(w->cx, w->from.address, w->c->id);
    return OK;
}

static err find_people(struct writing *w)
{
    TRY(find_from(w));
    if (w->new->only_to) {
        w->to = *w->new->only_to;
        return OK;
    }
    TRY(find_to(w));
    if (w->new->cc)
        TRY(read_people(w, "mail.cc", w->new->cc, &w->cc, &w->n_cc));
    else
        TRY(copy_members(w));
    return read_people(w, "mail.bcc", w->new->bcc, &w->bcc, &w->n_bcc);
}

/* Nothing goes to an address from which mails come back. */
static err check_addresses(struct writing *w)
{
    if (w->cx->actor.kind == ACTOR_SYSTEM)
        TRY(mail_address_takes_automatic(w->cx, w->to.address));
    TRY(mail_address_takes(w->cx, w->to.address));
    TRY(mail_address_takes_all(w->cx, w->cc, w->n_cc));
    return mail_address_takes_all(w->cx, w->bcc, w->n_bcc);
}

static void put_person(struct json_out *j, const struct mail_person *p)
{
    json_obj(j);
    json_kv_str(j, S("name"), p->name);
    json_kv_str(j, S("address"), p->address);
    json_obj_end(j);
}

static void put_people(struct json_out *j, str key, const struct mail_person *at, ptrdiff_t n)
{
    json_key(j, key);
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        put_person(j, &at[i]);
    json_arr_end(j);
}

static void put_to(struct json_out *j, const struct writing *w)
{
    json_key(j, S("to"));
    json_arr(j);
    put_person(j, &w->to);
    for (ptrdiff_t i = 0; i < w->n_more; i++)
        put_person(j, &w->more[i]);
    json_arr_end(j);
}

static str people_json(const struct writing *w)
{
    struct json_out j = json_out_make(w->cx->arena, PEOPLE_BYTES);
    json_obj(&j);
    json_key(&j, S("from"));
    put_person(&j, &w->from);
    json_kv_str(&j, S("reply_to"), w->reply_to);
    put_to(&j, w);
    put_people(&j, S("cc"), w->cc, w->n_cc);
    put_people(&j, S("bcc"), w->bcc, w->n_bcc);
    json_obj_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

static err add_members(struct writing *w)
{
    ptrdiff_t n = 0, most = w->n_more + w->n_cc + w->n_bcc + 1;
    struct mail_member *rows = NEW(w->cx->arena, struct mail_member, most);
    if (w->new->only_to)
        return OK;
    rows[n++] = (struct mail_member){w->to.address, w->to.name, false};
    for (ptrdiff_t i = 0; i < w->n_more; i++)
        rows[n++] = (struct mail_member){w->more[i].address, w->more[i].name, true};
    for (ptrdiff_t i = 0; i < w->n_cc; i++)
        rows[n++] = (struct mail_member){w->cc[i].address, w->cc[i].name, true};
    for (ptrdiff_t i = 0; i < w->n_bcc; i++)
        rows[n++] = (struct mail_member){w->bcc[i].address, w->bcc[i].name, false};
    return mail_member_add_many(w->cx, w->c->id, rows, n);
}

/* ── thread and name ── */

static str domain_of(str address)
{
    str local, domain;
    return str_cut(address, '@', &local, &domain) ? domain : S("seva.invalid");
}

static str internet_id(const struct writing *w, const struct message *m)
{
    unsigned char random[RANDOM_BYTES];
    crypto_random(random, sizeof random);
    return str_print(w->cx->arena, "seva.%lld.%lld.%.*s@%.*s", (long long)w->c->id.v,
        (long long)m->id.v,
        SARG(crypto_base64url(w->cx->arena, str_of((char *)random, sizeof random))),
        SARG(domain_of(w->from.address)));
}

/* What the last one answered, and the last one itself; the newest are kept. */
static str references_json(const struct writing *w)
{
    const struct json *before = NULL;
    str why;
    struct json_out j = json_out_make(w->cx->arena, PEOPLE_BYTES);
    json_arr(&j);
    if (w->last.refs.len && json_parse(w->cx->arena, w->last.refs, &before, &why) == OK) {
        ptrdiff_t skip = before->count - REFERENCES_MOST;
        for (const struct json *v = before->first; v; v = v->next)
            if (skip-- <= 0)
                json_put_str(&j, json_text(v, S("")));
    }
    if (w->last.internet_id.len)
        json_put_str(&j, w->last.internet_id);
    json_arr_end(&j);
    return j.b.failed ? S("[]") : json_str(&j);
}

static err subject_of(struct writing *w, str *subject)
{
    str given = str_trim(w->new->subject);
    str known = w->last.internet_id.len ? w->last.subject : w->c->subject;
    if (utf8_has_control(given))
        return fail_field(w->cx, "mail.subject", "The subject is one line.");
    *subject = given.len                 ? given
               : w->last.internet_id.len ? mail_reply_subject(w->cx->arena, known)
                                         : known;
    if (!subject->len && !w->last.internet_id.len)
        return fail_field(w->cx, "mail.subject", "A new mail needs a subject.");
    return OK;
}

static err write_body(struct writing *w, const struct message *m, struct mail *mail)
{
    const struct mail_words words = {
        .html = w->new->html,
        .quote_text = w->new->quote_text,
        .quote_html = w->new->quote_html,
        .signature = mail_signature_of(w->cx, &w->channel, &w->values),
    };
    return mail_body_make(w->cx, m, &words, mail);
}

static err load(struct writing *w)
{
    TRY(channel_get(w->cx, w->c->channel_id, &w->channel));
    err e = mail_last_in(w->cx, w->c->id, &w->last);
    return e == E_NOT_FOUND ? OK : e;
}

err mail_out_add(
    struct ctx *cx, const struct conversation *c, const struct mail_new *new, struct message *m)
{
    struct writing w = {.cx = cx, .c = c, .new = new};
    struct mail mail = {.message_id = m->id, .conversation_id = c->id, .channel_id = c->channel_id};
    TRY(load(&w));
    TRY(find_people(&w));
    TRY(check_addresses(&w));
    TRY(subject_of(&w, &mail.subject));
    TRY(write_body(&w, m, &mail));
    mail.written = w.new->written;
    mail.people = people_json(&w);
    if (!mail.people.len)
        return fail_field(cx, "mail.cc", "These are too many people.");
    m->external_id = mail.internet_id = internet_id(&w, m);
    mail.in_reply_to = w.last.internet_id;
    mail.refs = references_json(&w);
    TRY(mail_add(cx, &mail));
    return add_members(&w);
}

static struct mail_plan plan_of(const struct writing *w)
{
    bool has_last = w->last.internet_id.len > 0;
    return (struct mail_plan){
        .from = w->from,
        .to = w->to,
        .cc = w->cc,
        .n_cc = w->n_cc,
        .subject = has_last ? mail_reply_subject(w->cx->arena, w->last.subject) : w->c->subject,
        .last = has_last ? w->last.message_id : (message_id){0},
        .values = w->values,
        .signature = mail_signature_of(w->cx, &w->channel, &w->values),
    };
}

err mail_out_plan(struct ctx *cx, const struct conversation *c, struct mail_plan *plan)
{
    static const struct mail_new as_usual = {0};
    struct writing w = {.cx = cx, .c = c, .new = &as_usual};
    TRY(load(&w));
    TRY(find_from(&w));
    TRY(find_to(&w));
    TRY(copy_members(&w));
    *plan = plan_of(&w);
    return OK;
}

err mail_out_plan_new(
    struct ctx *cx, channel_id channel, const struct mail_person *to, struct mail_plan *plan)
{
    const struct conversation c = {.channel_id = channel, .contact_name = to->name};
    struct writing w = {.cx = cx, .c = &c, .to = *to};
    TRY(channel_get(cx, channel, &w.channel));
    TRY(find_from(&w));
    *plan = plan_of(&w);
    return OK;
}

/* ── for the connector ── */

static struct mail_person person_of(const struct json *v)
{
    return (struct mail_person){
        json_text(json_get(v, S("name")), S("")), json_text(json_get(v, S("address")), S(""))};
}

static const struct mail_person *list_of(struct arena *a, const struct json *list, ptrdiff_t *n)
{
    struct mail_person *people = NEW(a, struct mail_person, (list ? list->count : 0) + 1);
    *n = 0;
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        people[(*n)++] = person_of(v);
    return people;
}

static const str *ids_of(struct arena *a, str refs, ptrdiff_t *n)
{
    const struct json *list = NULL;
    str why;
    *n = 0;
    if (!refs.len || json_parse(a, refs, &list, &why) != OK)
        return NULL;
    str *ids = NEW(a, str, list->count + 1);
    for (const struct json *v = list->first; v; v = v->next)
        ids[(*n)++] = json_text(v, S(""));
    return ids;
}

err mail_out_letter(struct ctx *cx, const struct message *m, struct connector_letter *letter)
{
    struct mail mail;
    const struct json *people = NULL;
    str why;
    TRY(mail_get(cx, m->id, &mail));
    if (json_parse(cx->arena, mail.people, &people, &why) != OK)
        return E_INTERNAL;
    *letter = (struct connector_letter){
        .from = person_of(json_get(people, S("from"))),
        .reply_to = json_text(json_get(people, S("reply_to")), S("")),
        .subject = mail.subject,
        .internet_id = mail.internet_id,
        .in_reply_to = mail.in_reply_to,
        .html = mail.html,
        .text = mail.body,
        .date_ms = m->held_until_ms > m->sent_ms ? m->held_until_ms : m->sent_ms,
    };
    TRY(automatic_mail_loop(cx, &letter->loop));
    letter->to = list_of(cx->arena, json_get(people, S("to")), &letter->n_to);
    letter->cc = list_of(cx->arena, json_get(people, S("cc")), &letter->n_cc);
    letter->bcc = list_of(cx->arena, json_get(people, S("bcc")), &letter->n_bcc);
    letter->references = ids_of(cx->arena, mail.refs, &letter->n_references);
    return OK;
}

bool mail_address_is_plain(str s)
{
    return is_address(s);
}

const str *mail_references(struct arena *a, str refs, ptrdiff_t *n)
{
    return ids_of(a, refs, n);
}
