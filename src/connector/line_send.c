/* line: one piece of a message, by reply token while it is fresh (free), else by push (counts to
 * the month's quota). See line.h.
 *
 * A push carries a retry key made of the delivery's id, so LINE knows a repetition for 24 hours. A
 * reply has no such key. So only the first try of a piece is a reply; when its answer is lost it is
 * repeated at once (the token is good once, so that cannot double), and what stays open after that
 * is FINAL with words, since a push could double it.
 * LINE has no file messages, wants a small picture with each image and video, and a length with
 * each sound: what cannot go as such goes as a link. Thread: calls block. */
#include "connector/line.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "connector/network.h"
#include "connector/part.h"
#include "connector/reading.h"

enum {
    IMAGE_BYTES = 10 * 1024 * 1024,
    PREVIEW_BYTES = 1024 * 1024,
    VIDEO_BYTES = 200 * 1024 * 1024,
    LABEL_UNITS = 20, /* of a button */
    DATA_UNITS = 300,
    BUTTONS = 13,
    BODY_BYTES = 512 * 1024, /* of a call; LINE takes 2 MB */
};

struct sending {
    struct arena *a;
    const struct connector_outgoing *out;
    const struct json *buttons, *place;
    str reply_token, quote_token;
    bool is_fresh; /* the reply token may be used */
    const char *refusal;
};

/* ── message objects ── */

/* The longest beginning of at most `max` UTF-16 units. */
static str units(str s, ptrdiff_t max)
{
    ptrdiff_t at = 0, n = 0;
    while (at < s.len) {
        uint32_t c = 0;
        ptrdiff_t len = utf8_decode(s, at, &c);
        n += c > 0xffff ? 2 : 1;
        if (n > max)
            break;
        at += len;
    }
    return str_sub(s, 0, at);
}

static void put_text(struct json_out *j, str text, str quote)
{
    json_obj(j);
    json_kv_str(j, S("type"), S("text"));
    json_kv_str(j, S("text"), text);
    if (quote.len)
        json_kv_str(j, S("quoteToken"), quote);
    json_obj_end(j);
}

static void put_file(struct sending *s, struct json_out *j, const struct connector_file *f)
{
    bool is_image = str_eq(f->type, S("image/jpeg")) || str_eq(f->type, S("image/png"));
    str preview = f->preview_url;
    if (!str_starts(f->url, S("https://")) && !str_starts(f->url, S("http://"))) {
        s->refusal = "LINE fetches files from Seva, and this installation has no public address.";
        return;
    }
    if (!preview.len && is_image && f->size <= PREVIEW_BYTES)
        preview = f->url;
    bool is_video = str_eq(f->type, S("video/mp4")) && f->size <= VIDEO_BYTES;
    is_image = is_image && f->size <= IMAGE_BYTES;
    if (!preview.len || (!is_image && !is_video)) {
        str name = utf8_prefix_bytes(f->name, LIMIT_NAME_BYTES);
        put_text(j, str_print(s->a, "%.*s\n%.*s", SARG(name), SARG(f->url)), (str){0});
        return;
    }
    json_obj(j);
    json_kv_str(j, S("type"), is_image ? S("image") : S("video"));
    json_kv_str(j, S("originalContentUrl"), f->url);
    json_kv_str(j, S("previewImageUrl"), preview);
    json_obj_end(j);
}

static void put_degrees(struct json_out *j, const struct json *place, const char *name)
{
    const struct json *v = json_get(place, str_from(name));
    json_key(j, str_from(name));
    json_put_double(j, v && v->kind == JSON_NUMBER ? v->number : 0);
}

static void put_place(struct json_out *j, const struct json *place)
{
    str name = take_line(place, "name", LIMIT_NAME_BYTES);
    str address = take_line(place, "address", LIMIT_NAME_BYTES);
    json_obj(j);
    json_kv_str(j, S("type"), S("location"));
    json_kv_str(j, S("title"), units(name.len ? name : S("📍"), 100));
    json_kv_str(j, S("address"), units(address.len ? address : S("📍"), 100));
    put_degrees(j, place, "latitude");
    put_degrees(j, place, "longitude");
    json_obj_end(j);
}

/* LINE brings back the data of a pressed button and not its words, so both go in. */
static str data_of(struct arena *a, str id, str title)
{
    struct json_out j = json_out_make(a, 4 * DATA_UNITS);
    json_obj(&j);
    json_kv_str(&j, S("id"), id);
    json_kv_str(&j, S("title"), title);
    json_obj_end(&j);
    str both = json_str(&j);
    bool fits = !j.b.failed && utf8_utf16_units(both) <= DATA_UNITS;
    return fits ? both : units(id, DATA_UNITS);
}

static void put_buttons(struct json_out *j, const struct json *list)
{
    int n = 0;
    json_key(j, S("quickReply"));
    json_obj(j);
    json_key(j, S("items"));
    json_arr(j);
    for (const struct json *b = list->first; b && n < BUTTONS; b = b->next, n++) {
        str url = take_url(b, "url"), id = take_line(b, "id", READING_ID_BYTES);
        str title = take_line(b, "title", LIMIT_NAME_BYTES);
        json_obj(j);
        json_kv_str(j, S("type"), S("action"));
        json_key(j, S("action"));
        json_obj(j);
        json_kv_str(j, S("type"), url.len ? S("uri") : S("postback"));
        json_kv_str(j, S("label"), units(title, LABEL_UNITS));
        if (url.len) {
            json_kv_str(j, S("uri"), url);
        } else {
            json_kv_str(j, S("data"), data_of(j->b.a, id.len ? id : title, title));
            json_kv_str(j, S("displayText"), units(title, DATA_UNITS));
        }
        json_obj_end(j);
        json_obj_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
}

/* The list of message objects; empty when there is nothing. */
static str messages_of(struct sending *s)
{
    const struct connector_outgoing *out = s->out;
    struct json_out j = json_out_make(s->a, BODY_BYTES);
    json_arr(&j);
    if (out->text.len)
        put_text(&j, out->text, s->quote_token);
    for (ptrdiff_t i = 0; i < out->n_files; i++)
        put_file(s, &j, &out->files[i]);
    if (s->place)
        put_place(&j, s->place);
    ptrdiff_t n = (out->text.len > 0) + out->n_files + (s->place != NULL);
    json_arr_end(&j);
    if (j.b.failed || n > LINE_MESSAGES)
        s->refusal = "The message is larger than LINE takes.";
    if (!n)
        s->refusal = "There is nothing in it that LINE can carry: buttons need a text.";
    const struct json *list = take_array(s->buttons, "buttons");
    str all = json_str(&j);
    if (!list || !list->count || s->refusal)
        return all;
    struct json_out q = json_out_make(s->a, BODY_BYTES); /* they stand at the last object */
    put_buttons(&q, list);
    return str_print(s->a, "%.*s,%.*s}]", SARG(str_sub(all, 0, all.len - 2)), SARG(json_str(&q)));
}

/* ── reply and push ── */

/* A UUID (RFC 9562, version 8) that is the same for every try of a piece. */
static str retry_key(struct arena *a, str delivery_id)
{
    struct sha256 d = crypto_sha256(str_cat(a, S("line "), delivery_id));
    d.b[6] = (uint8_t)((d.b[6] & 0x0f) | 0x80);
    d.b[8] = (uint8_t)((d.b[8] & 0x3f) | 0x80);
    str h = crypto_hex(a, str_of(d.b, 16));
    return str_print(a, "%.*s-%.*s-%.*s-%.*s-%.*s", SARG(str_sub(h, 0, 8)), SARG(str_sub(h, 8, 4)),
        SARG(str_sub(h, 12, 4)), SARG(str_sub(h, 16, 4)), SARG(str_sub(h, 20, 12)));
}

static void name_sent(struct arena *a, const struct json *root, struct connector_sent *sent)
{
    const struct json *list = take_array(root, "sentMessages");
    const struct json *first = list ? list->first : NULL;
    if (sent->outcome != CONNECTOR_SENT || !first)
        return;
    str *aliases = NEW(a, str, LINE_MESSAGES);
    ptrdiff_t n = 0;
    sent->external_id = take_id(first, "id");
    for (const struct json *m = first->next; m && n < LINE_MESSAGES; m = m->next) {
        str id = take_id(m, "id");
        if (id.len)
            aliases[n++] = id;
    }
    sent->aliases = aliases;
    sent->n_aliases = n;
}

static err push(
    struct http_client *client, struct sending *s, str messages, struct connector_sent *sent)
{
    struct line_said said;
    str to = s->out->thread_key.len ? s->out->thread_key : s->out->to;
    struct json_out j = json_out_make(s->a, BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("to"), to);
    json_kv_raw(&j, S("messages"), messages);
    json_obj_end(&j);
    const struct line_call call = {.method = HTTP_POST,
        .host = "api",
        .path = S("/v2/bot/message/push"),
        .body = json_str(&j),
        .retry_key = retry_key(s->a, s->out->delivery_id),
        .may_repeat = true};
    TRY(line_ask(client, s->a, s->out->setup, &call, s->out->now_ms, sent, &said));
    name_sent(s->a, said.root, sent);
    return OK;
}

/* What became of one attempt with the reply token. */
struct replied {
    bool is_invalid; /* used up or too old: this attempt was not taken */
    bool is_open;    /* it may have been taken */
};

static err reply(struct http_client *client, struct sending *s, str messages,
    struct connector_sent *sent, struct replied *got)
{
    struct line_said said;
    struct json_out j = json_out_make(s->a, BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("replyToken"), s->reply_token);
    json_kv_raw(&j, S("messages"), messages);
    json_obj_end(&j);
    const struct line_call call = {.method = HTTP_POST,
        .host = "api",
        .path = S("/v2/bot/message/reply"),
        .body = json_str(&j)};
    TRY(line_ask(client, s->a, s->out->setup, &call, s->out->now_ms, sent, &said));
    got->is_invalid = said.status == 400 && str_find(said.message, S("nvalid reply token")) >= 0;
    got->is_open = sent->outcome == CONNECTOR_UNKNOWN || said.status >= 500;
    name_sent(s->a, said.root, sent);
    return OK;
}

/* *goes_on: the reply was certainly not taken and a push may follow. That the token is invalid
 * after an unanswered attempt proves nothing: another message may have used it before. */
static err try_reply(struct http_client *client, struct sending *s, str messages,
    struct connector_sent *sent, bool *goes_on)
{
    enum { TRIES = 3 };
    struct replied got = {0};
    TRY(reply(client, s, messages, sent, &got));
    *goes_on = got.is_invalid;
    for (int i = 1; i < TRIES && got.is_open; i++) {
        struct replied again = {0};
        TRY(reply(client, s, messages, sent, &again));
        if (sent->outcome == CONNECTOR_SENT)
            return OK;
        if (again.is_invalid)
            break;
    }
    if (got.is_open)
        *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = S("LINE did not say whether it has taken the message. Look into the chat "
                     "before sending it again.")};
    return OK;
}

static void read_tokens(struct sending *s)
{
    const struct json *token = NULL;
    str why;
    if (!s->out->token.len || json_parse(s->a, s->out->token, &token, &why) != OK)
        return;
    int64_t age_ms = s->out->now_ms - take_int(token, "at", 0);
    s->reply_token = take_line(token, "r", READING_TOKEN_BYTES);
    bool is_free =
        str_eq(setup_setting(s->a, &connector_line, s->out->setup, "free_replies"), S("yes"));
    s->is_fresh = is_free && s->reply_token.len && age_ms >= 0 && age_ms < LINE_REPLY_MS &&
                  s->out->now_ms == s->out->first_try_ms;
    if (s->out->reply_to.len)
        s->quote_token = take_line(token, "q", READING_TOKEN_BYTES);
}

err line_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.a = a, .out = out};
    const struct json *parts = NULL;
    str why;
    bool goes_on = true;
    if (out->parts.len && json_parse(a, out->parts, &parts, &why) != OK)
        parts = NULL;
    s.buttons = part_find(parts, "buttons");
    s.place = part_find(parts, "location");
    read_tokens(&s);
    str messages = messages_of(&s);
    if (s.refusal) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = str_from(s.refusal)};
        return OK;
    }
    if (s.is_fresh)
        TRY(try_reply(client, &s, messages, sent, &goes_on));
    return goes_on ? push(client, &s, messages, sent) : OK;
}
