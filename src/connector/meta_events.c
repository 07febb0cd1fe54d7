/* meta_events: see meta_events.h. What is in a message is in meta_content.c. */
#include "connector/meta_events.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/limits.h"

enum {
    TYPE_BYTES = 64,
    EMOJI_BYTES = 40,  /* the longest sequence of Unicode 15 has 35 */
    PAYLOAD_MARK = 12, /* hex digits of its hash: names a button that was pressed */
};

/* Our reference in `metadata`; others' metadata has another form. */
#define OURS "seva:"

int64_t meta_time(struct arena *a, const struct json *object, const char *key)
{
    enum { ZONE = 5 }; /* "+0000" */
    int64_t at_ms = take_time(object, key);
    str text = json_text(json_get(object, str_from(key)), S(""));
    str zone = str_skip(text, text.len - ZONE);
    bool is_short = text.len > ZONE && (zone.at[0] == '+' || zone.at[0] == '-');
    if (at_ms || !is_short)
        return at_ms;
    str colon = str_print(
        a, "%.*s:%.*s", SARG(str_sub(text, 0, text.len - 2)), SARG(str_skip(text, text.len - 2)));
    return time_parse(colon, &at_ms) == OK && at_ms > 0 ? at_ms : 0;
}

/* ── the envelope ── */

void meta_fault(struct meta_reading *r, const char *list, const struct json *v, str words)
{
    struct json_out j = json_out_make(r->list.a, LIMIT_WEBHOOK_BODY_BYTES * 2);
    json_obj(&j);
    json_kv_str(&j, S("object"), r->object);
    json_key(&j, S("entry"));
    json_arr(&j);
    json_obj(&j);
    json_kv_str(&j, S("id"), r->account);
    json_kv_int(&j, S("time"), r->time_ms);
    json_key(&j, str_from(list));
    json_arr(&j);
    json_put_tree(&j, v);
    json_arr_end(&j);
    json_obj_end(&j);
    json_arr_end(&j);
    json_obj_end(&j);
    item_fault(&r->list, words, json_str(&j));
}

static void read_events(struct meta_reading *r, const struct json *entry, const char *key)
{
    const struct json *events = take_array(entry, key);
    for (const struct json *v = events ? events->first : NULL; v; v = v->next)
        meta_event(r, v);
}

err meta_parse(struct arena *a, str body, struct meta_reading *r, meta_change *change, str *why)
{
    const struct json *root = NULL;
    if (json_parse(a, body, &root, why) != OK)
        return E_INVALID;
    const struct json *entries = take_array(root, "entry");
    if (!str_eq(json_text(json_get(root, S("object")), S("")), r->object) || !entries) {
        *why = str_print(
            a, "It is no delivery with object \"%.*s\" and a list of entries.", SARG(r->object));
        return E_INVALID;
    }
    r->list.a = a;
    for (const struct json *entry = entries->first; entry; entry = entry->next) {
        int64_t time_ms = take_time(entry, "time");
        r->account = take_id(entry, "id");
        r->time_ms = time_ms && time_ms < r->received_ms ? time_ms : r->received_ms;
        read_events(r, entry, "messaging");
        read_events(r, entry, "standby");
        const struct json *changes = take_array(entry, "changes");
        for (const struct json *v = changes ? changes->first : NULL; v; v = v->next)
            change(r, v);
    }
    return OK;
}

/* ── one event ── */

struct event {
    struct meta_reading *r;
    const struct json *v;
    str customer;
    bool is_ours;
    int64_t at_ms;
};

static struct connector_item *add(struct event *e, enum connector_item_kind kind, str external_id)
{
    struct connector_item *it = item_add(&e->r->list, kind);
    if (!it)
        return NULL;
    it->account = e->r->account;
    it->external_id = external_id;
    it->contact_external_id = e->customer;
    it->is_ours = e->is_ours;
    it->sent_ms = e->at_ms;
    it->opens_window = kind == ITEM_MESSAGE && !e->is_ours;
    return it;
}

/* How somebody came here: a link with a reference, an advertisement. */
static void put_referral(
    const struct event *e, struct connector_item *it, struct parts *p, const struct json *v)
{
    const struct json *ad = take_object(v, "ads_context_data");
    str ref = take_line(v, "ref", LIMIT_NAME_BYTES), ad_id = take_id(v, "ad_id");
    if (!v)
        return;
    if (str_eq_nocase(take_line(v, "source", TYPE_BYTES), S("ADS")) && !it->is_ours)
        it->window_ms = e->r->ad_window_ms;
    part_begin(p, S("referral"));
    part_text(p, "source", take_line(v, "source", TYPE_BYTES));
    part_text(p, "ref", ref.len ? ref : ad_id);
    part_text(p, "title", take_line(ad, "ad_title", LIMIT_NAME_BYTES));
    str url = take_url(v, "referer_uri");
    part_text(p, "url", url.len ? url : take_url(ad, "photo_url"));
    part_end(p);
}

static void put_story(struct meta_content *c, const struct json *story)
{
    if (!story)
        return;
    part_begin(&c->parts, S("story"));
    part_text(&c->parts, "url", take_url(story, "url"));
    part_end(&c->parts);
}

static void read_message(struct event *e, const struct json *m)
{
    str mid = take_id(m, "mid");
    if (!mid.len) {
        meta_fault(e->r, "messaging", e->v, S("The message has no mid."));
        return;
    }
    bool is_gone = take_bool(m, "is_deleted");
    struct connector_item *it = add(e, is_gone ? ITEM_DELETE : ITEM_MESSAGE, mid);
    if (!it || is_gone)
        return;
    struct meta_content c = meta_content_make(e->r->list.a);
    const struct json *reply = take_object(m, "reply_to");
    str metadata = take_line(m, "metadata", READING_ID_BYTES);
    it->text = take_text(m, "text");
    it->reply_to = take_id(reply, "mid");
    if (str_starts(metadata, S(OURS)))
        it->ours_ref = str_skip(metadata, (ptrdiff_t)sizeof OURS - 1);
    put_story(&c, take_object(reply, "story"));
    meta_content_read(&c, take_array(m, "attachments"));
    const struct json *tap = take_object(m, "quick_reply");
    if (tap)
        part_choice(&c.parts, take_line(tap, "payload", LIMIT_NAME_BYTES * 3), it->text);
    put_referral(e, it, &c.parts, take_object(m, "referral"));
    if (take_bool(m, "is_unsupported"))
        part_unsupported(&c.parts, S("message"));
    meta_content_end(&c, it, "message");
}

static void read_postback(struct event *e, const struct json *v)
{
    struct arena *a = e->r->list.a;
    str payload = take_line(v, "payload", LIMIT_NAME_BYTES * 3), mid = take_id(v, "mid");
    if (!mid.len) {
        struct sha256 hash = crypto_sha256(payload);
        str mark = str_sub(crypto_hex(a, str_of(hash.b, sizeof hash.b)), 0, PAYLOAD_MARK);
        mid = str_print(a, "postback:%.*s:%lld:%.*s", SARG(e->customer),
            (long long)take_int(e->v, "timestamp", 0), SARG(mark));
    }
    struct connector_item *it = add(e, ITEM_MESSAGE, mid);
    if (!it)
        return;
    struct meta_content c = meta_content_make(a);
    it->text = take_line(v, "title", LIMIT_NAME_BYTES);
    if (payload.len || it->text.len)
        part_choice(&c.parts, payload, it->text);
    put_referral(e, it, &c.parts, take_object(v, "referral"));
    meta_content_end(&c, it, "postback");
}

static void read_referral(struct event *e, const struct json *v)
{
    struct arena *a = e->r->list.a;
    struct connector_item *it = add(e, ITEM_MESSAGE,
        str_print(
            a, "referral:%.*s:%lld", SARG(e->customer), (long long)take_int(e->v, "timestamp", 0)));
    if (!it)
        return;
    struct meta_content c = meta_content_make(a);
    put_referral(e, it, &c.parts, v);
    meta_content_end(&c, it, "referral");
}

static void read_reaction(struct event *e, const struct json *v)
{
    str mid = take_id(v, "mid"), emoji = take_line(v, "emoji", EMOJI_BYTES);
    bool is_back = str_eq(json_text(json_get(v, S("action")), S("")), S("unreact"));
    struct connector_item *it = mid.len ? add(e, ITEM_REACTION, mid) : NULL;
    if (!it || is_back)
        return;
    it->reaction = emoji.len ? emoji : meta_emoji(json_text(json_get(v, S("reaction")), S("")));
    if (!it->reaction.len)
        it->reaction = S("👍"); /* a reaction of a kind we do not know is one all the same */
}

/* Everything up to the watermark; `mids`, when they are told, each for itself too. */
static void read_mark(struct event *e, const struct json *v, str state)
{
    const struct json *mids = take_array(v, "mids");
    for (const struct json *m = mids ? mids->first : NULL; m; m = m->next) {
        str mid = json_text(m, S(""));
        struct connector_item *it =
            mid.len && mid.len <= READING_ID_BYTES ? add(e, ITEM_STATUS, mid) : NULL;
        if (it)
            it->state = state;
    }
    str mid = take_id(v, "mid"); /* Instagram names the message that was seen */
    struct connector_item *one = mid.len ? add(e, ITEM_STATUS, mid) : NULL;
    if (one)
        one->state = state;
    int64_t until_ms = take_time(v, "watermark");
    struct connector_item *it = until_ms ? add(e, ITEM_READ, (str){0}) : NULL;
    if (!it)
        return;
    it->state = state;
    it->sent_ms = until_ms;
}

static void read_edit(struct event *e, const struct json *v)
{
    str mid = take_id(v, "mid");
    struct connector_item *it = mid.len ? add(e, ITEM_EDIT, mid) : NULL;
    if (it)
        it->text = take_text(v, "text");
}

/* Who wrote to whom. False: it is about nobody. */
static bool find_people(struct event *e)
{
    str from = take_id(take_object(e->v, "sender"), "id");
    str to = take_id(take_object(e->v, "recipient"), "id");
    const struct json *message = take_object(e->v, "message");
    if (!e->r->account.len)
        e->r->account = take_bool(message, "is_echo") ? from : to;
    e->is_ours = take_bool(message, "is_echo") || str_eq(from, e->r->account);
    e->customer = e->is_ours ? to : from;
    int64_t at_ms = take_time(e->v, "timestamp");
    e->at_ms = at_ms && at_ms < e->r->received_ms ? at_ms : e->r->time_ms;
    return e->customer.len > 0;
}

void meta_event(struct meta_reading *r, const struct json *v)
{
    static const struct {
        const char *key;
        void (*read)(struct event *e, const struct json *v);
    } readers[] = {
        {"message",      read_message },
        {"postback",     read_postback},
        {"reaction",     read_reaction},
        {"message_edit", read_edit    },
        {"referral",     read_referral},
    };
    struct event e = {.r = r, .v = v};
    if (v->kind != JSON_OBJECT) {
        meta_fault(r, "messaging", v, S("An event is not an object."));
        return;
    }
    if (!find_people(&e)) {
        if (take_object(v, "message"))
            meta_fault(r, "messaging", v, S("The message has no sender."));
        return;
    }
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        const struct json *inner = take_object(v, readers[i].key);
        if (inner) {
            readers[i].read(&e, inner);
            return;
        }
    }
    if (take_object(v, "delivery"))
        read_mark(&e, take_object(v, "delivery"), S("delivered"));
    else if (take_object(v, "read"))
        read_mark(&e, take_object(v, "read"), S("read"));
}
