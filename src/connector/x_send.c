/* Posts, replies and direct messages to X, and what is done to posts. See x.h.
 *
 * Before a reply: on self-serve plans X only takes it when the author of the post above has called
 * on us. The message's token says so; without it the post is looked up, and what X would refuse is
 * not sent. Our own posts above (the parts of a long answer) are tried, because it is not known
 * whether the rule holds for them.
 *
 * X knows no repetition by a key. So a second try first looks whether the first one got through: in
 * our timeline, or in the talk. When X then calls it a duplicate, it is looked for once more.
 * Source: docs.x.com, "Manage posts", "Manage direct messages", August 2026. Thread: job threads.
 */
#include "base/clock.h"
#include "base/utf8.h"
#include "connector/x.h"
#include "text/url.h"

enum {
    BEFORE_TRY_MS = 10 * 1000, /* X's clock and ours */
    LOOK_BACK = 100,           /* posts or messages */
};

struct sending {
    struct http_client *client;
    struct arena *a;
    const struct connector_outgoing *out;
    struct connector_sent *sent;
    str media[X_PHOTOS];
    int n_media;
    bool is_stopped; /* *sent is the end */
};

static err stop(struct sending *s, enum connector_outcome outcome, str why)
{
    *s->sent = (struct connector_sent){.outcome = outcome, .why = why};
    s->is_stopped = true;
    return OK;
}

static err ask(
    struct sending *s, const struct x_ask *ask, enum x_fault *fault, const struct json **root)
{
    return x_call(s->client, s->a, s->out->setup, s->out->now_ms, ask, s->sent, fault, root);
}

/* A question that fails before anything was sent may be asked again. */
static void end_of_question(struct sending *s)
{
    if (s->sent->outcome == CONNECTOR_UNKNOWN)
        s->sent->outcome = CONNECTOR_RETRY;
    s->is_stopped = s->sent->outcome != CONNECTOR_SENT;
}

/* ── may it go ── */

/* As X finds them, bare domains among them. */
static bool holds_link(str text)
{
    struct url_scan scan = url_scan_make(text, true);
    struct url_range range;
    return url_scan_next(&scan, &range);
}

static err check_files(struct sending *s)
{
    const struct connector_outgoing *o = s->out;
    bool is_mixed = false;
    for (ptrdiff_t i = 0; o->n_files > 1 && i < o->n_files; i++)
        is_mixed = is_mixed || str_starts(o->files[i].type, S("video/")) ||
                   str_eq(o->files[i].type, S("image/gif"));
    if (!o->is_public && o->n_files > 1)
        return stop(s, CONNECTOR_FINAL, S("X takes one file with a direct message."));
    if (is_mixed || o->n_files > X_PHOTOS)
        return stop(s, CONNECTOR_FINAL,
            S("X takes up to four photos, or one video, or one GIF in a post. Send them one by "
              "one."));
    return OK;
}

/* Asks X whether the author of the post above has called on us. */
static err look_up_summons(struct sending *s)
{
    const struct json *root;
    enum x_fault fault;
    const struct connector_setup *setup = s->out->setup;
    const struct x_ask q = {.method = HTTP_GET,
        .path = str_cat(s->a, S("/tweets/"), s->out->reply_to),
        .query = x_post_fields()};
    TRY(ask(s, &q, &fault, &root));
    end_of_question(s);
    if (s->is_stopped)
        return OK;
    const struct json *post = take_object(root, "data");
    struct x_world w = x_world_make(s->a, setup->external_id, true);
    x_world_add(&w, take_object(root, "includes"));
    bool is_own = str_eq(take_id(post, "author_id"), setup->external_id);
    if (is_own || x_is_summons(&w, post))
        return OK;
    return stop(s, CONNECTOR_FINAL,
        S("X does not let self-serve apps answer this post, because its author has not mentioned "
          "or quoted us. It was not sent. Write a direct message instead."));
}

static err check_post(struct sending *s)
{
    const struct connector_outgoing *o = s->out;
    if (o->reply_to.len && !x_is_id(o->reply_to))
        return stop(s, CONNECTOR_FINAL, S("X: the message to answer has no id of X."));
    if (holds_link(o->text) && str_eq(x_setting(s->a, o->setup, "links"), S("refuse")))
        return stop(s, CONNECTOR_FINAL,
            S("Posts with links are switched off in this channel's settings, because X charges "
              "much more for them. Take the link out."));
    bool may_answer =
        !o->reply_to.len || !x_is_self_serve(s->a, o->setup) || str_eq(o->token, S(X_SUMMONED));
    return may_answer ? OK : look_up_summons(s);
}

/* ── was it sent before ── */

/* The words of a text without addresses and leading names: X changes both. */
static str essence(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    bool is_leading = true;
    str word, rest = utf8_preview(a, text, PTRDIFF_MAX / 4);
    for (bool more = true; more && rest.len;) {
        more = str_cut(rest, ' ', &word, &rest);
        ptrdiff_t dot = str_find_byte(word, '.');
        bool is_address = str_find(word, S("://")) >= 0 || (dot > 0 && dot + 1 < word.len);
        is_leading = is_leading && str_starts(word, S("@"));
        if (is_address || is_leading || !word.len)
            continue;
        sb_add(&b, word);
        sb_byte(&b, ' ');
    }
    return sb_str(&b);
}

static bool is_second_try(const struct connector_outgoing *o)
{
    return o->first_try_ms > 0 && o->first_try_ms < o->now_ms;
}

static int64_t sought_from(const struct connector_outgoing *o)
{
    int64_t first_ms = o->first_try_ms ? o->first_try_ms : o->now_ms;
    return first_ms - BEFORE_TRY_MS;
}

/* A post or message of ours since the first try, with the same words (and above it the same post).
 * Empty: none. */
static str find_ours(struct sending *s, const struct json *list)
{
    const struct connector_outgoing *o = s->out;
    str wanted = essence(s->a, o->text);
    for (const struct json *v = list ? list->first : NULL; v; v = v->next) {
        str id = take_id(v, "id");
        int64_t at_ms = take_time(v, "created_at");
        str sender = take_id(v, "sender_id");
        bool fits = o->is_public ? str_eq(x_reference(v, "replied_to"), o->reply_to)
                                 : !sender.len || str_eq(sender, o->setup->external_id);
        bool has_files = take_object(v, "attachments") != NULL;
        if (x_is_id(id) && fits && (at_ms ? at_ms : x_id_ms(id)) >= sought_from(o) &&
            has_files == (o->n_files > 0) &&
            str_eq(essence(s->a, x_post_text(s->a, v, (str){0})), wanted))
            return id;
    }
    return (str){0};
}

/* Stops with SENT when it is there. */
static err look_for_it(struct sending *s)
{
    const struct connector_outgoing *o = s->out;
    const struct json *root;
    enum x_fault fault;
    struct x_ask q = {.method = HTTP_GET};
    if (o->is_public) {
        q.path = str_print(s->a, "/users/%.*s/tweets", SARG(o->setup->external_id));
        q.query = str_print(s->a, "max_results=%d&start_time=%.*s&%.*s", LOOK_BACK,
            SARG(http_percent_encode(s->a, time_rfc3339(s->a, sought_from(o)))),
            SARG(x_post_fields()));
    } else {
        q.path = o->thread_key.len
                     ? str_print(s->a, "/dm_conversations/%.*s/dm_events", SARG(o->thread_key))
                     : str_print(s->a, "/dm_conversations/with/%.*s/dm_events", SARG(o->to));
        q.query = str_print(s->a,
            "max_results=%d&dm_event.fields=id,text,event_type,dm_conversation_id,created_at,"
            "sender_id,attachments,entities&event_types=MessageCreate",
            LOOK_BACK);
    }
    TRY(ask(s, &q, &fault, &root));
    end_of_question(s);
    if (s->is_stopped)
        return OK;
    str id = find_ours(s, take_array(root, "data"));
    if (!id.len)
        return OK;
    *s->sent = (struct connector_sent){.outcome = CONNECTOR_SENT, .external_id = id};
    s->is_stopped = true;
    return OK;
}

/* ── sending ── */

static err upload_files(struct sending *s)
{
    for (ptrdiff_t i = 0; i < s->out->n_files && i < X_PHOTOS; i++) {
        TRY(x_upload(s->client, s->a, s->out->setup, s->out->now_ms,
            s->out->is_public ? X_FOR_POST : X_FOR_MESSAGE, &s->out->files[i], &s->media[i],
            s->sent));
        if (s->sent->outcome != CONNECTOR_SENT) {
            s->is_stopped = true;
            return OK;
        }
        s->n_media++;
    }
    return OK;
}

static str post_body(struct sending *s)
{
    struct json_out j = json_out_make(s->a, 0);
    json_obj(&j);
    if (s->out->text.len || !s->n_media)
        json_kv_str(&j, S("text"), s->out->text);
    if (s->out->reply_to.len) {
        json_key(&j, S("reply"));
        json_obj(&j);
        json_kv_str(&j, S("in_reply_to_tweet_id"), s->out->reply_to);
        json_kv_bool(&j, S("auto_populate_reply_metadata"), true);
        json_obj_end(&j);
    }
    if (s->n_media) {
        json_key(&j, S("media"));
        json_obj(&j);
        json_key(&j, S("media_ids"));
        json_arr(&j);
        for (int i = 0; i < s->n_media; i++)
            json_put_str(&j, s->media[i]);
        json_arr_end(&j);
        json_obj_end(&j);
    }
    json_obj_end(&j);
    return json_str(&j);
}

static str message_body(struct sending *s)
{
    struct json_out j = json_out_make(s->a, 0);
    json_obj(&j);
    if (s->out->text.len)
        json_kv_str(&j, S("text"), s->out->text);
    if (s->n_media) {
        json_key(&j, S("attachments"));
        json_arr(&j);
        json_obj(&j);
        json_kv_str(&j, S("media_id"), s->media[0]);
        json_obj_end(&j);
        json_arr_end(&j);
    }
    json_obj_end(&j);
    return json_str(&j);
}

/* A 2xx that does not say the id may have been the truth all the same. */
static void read_sent(struct sending *s, const struct json *root, const char *id_name)
{
    const struct json *data = take_object(root, "data");
    str id = take_id(data, id_name), conversation = take_id(data, "dm_conversation_id");
    if (s->sent->outcome != CONNECTOR_SENT)
        return;
    if (!x_is_id(id)) {
        s->sent->outcome = CONNECTOR_UNKNOWN;
        s->sent->why = S("X took it but did not say its id.");
        return;
    }
    s->sent->external_id = id;
    if (x_is_id(conversation)) /* a group; a talk of two is named by its person */
        s->sent->thread_key = conversation;
}

static err send_post(struct sending *s)
{
    const struct json *root;
    enum x_fault fault;
    const struct x_ask q = {.method = HTTP_POST, .path = S("/tweets"), .json = post_body(s)};
    TRY(ask(s, &q, &fault, &root));
    read_sent(s, root, "id");
    s->sent->rate_name = S("posts");
    if (fault != X_FAULT_DUPLICATE || !is_second_try(s->out))
        return OK;
    const struct connector_sent refused = *s->sent;
    TRY(look_for_it(s));
    if (!s->is_stopped || s->sent->outcome != CONNECTOR_SENT)
        *s->sent = refused;
    return OK;
}

static err send_message(struct sending *s)
{
    const struct json *root;
    enum x_fault fault;
    const struct connector_outgoing *o = s->out;
    bool is_group = o->thread_key.len && !o->is_private_reply;
    str path = is_group ? str_print(s->a, "/dm_conversations/%.*s/messages", SARG(o->thread_key))
                        : str_print(s->a, "/dm_conversations/with/%.*s/messages", SARG(o->to));
    const struct x_ask q = {.method = HTTP_POST, .path = path, .json = message_body(s)};
    TRY(ask(s, &q, &fault, &root));
    read_sent(s, root, "dm_event_id");
    s->sent->rate_name = S("messages");
    return OK;
}

static err check(struct sending *s)
{
    const struct connector_outgoing *o = s->out;
    TRY(check_files(s));
    if (s->is_stopped)
        return OK;
    if (o->is_public)
        return check_post(s);
    bool has_thread = o->thread_key.len && !o->is_private_reply;
    bool is_sound = has_thread ? x_is_id(o->thread_key) : x_is_id(o->to);
    return is_sound ? OK : stop(s, CONNECTOR_FINAL, S("X: this person has no id of X."));
}

err x_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct connector_sent end = {0};
    struct sending s = {.client = client, .a = a, .out = out, .sent = &end};
    TRY(check(&s));
    if (!s.is_stopped && is_second_try(out))
        TRY(look_for_it(&s));
    if (!s.is_stopped)
        TRY(upload_files(&s));
    if (!s.is_stopped)
        TRY(out->is_public ? send_post(&s) : send_message(&s));
    *sent = end;
    return OK;
}

/* ── acts ── */

err x_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *root;
    enum x_fault fault;
    struct x_ask q = {0};
    const struct connector_setup *s = act->setup;
    if (!x_is_id(act->external_id)) {
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_FINAL, .why = S("X: the message has no id of X.")};
        return OK;
    }
    switch (act->kind) {
    case ACT_DELETE:
        q = (struct x_ask){
            .method = HTTP_DELETE, .path = str_cat(a, S("/tweets/"), act->external_id)};
        break;
    case ACT_HIDE:
    case ACT_UNHIDE:
        q = (struct x_ask){.method = HTTP_PUT,
            .path = str_print(a, "/tweets/%.*s/hidden", SARG(act->external_id)),
            .json = act->kind == ACT_HIDE ? S("{\"hidden\":true}") : S("{\"hidden\":false}")};
        break;
    case ACT_LIKE:
        q = (struct x_ask){.method = HTTP_POST,
            .path = str_print(a, "/users/%.*s/likes", SARG(s->external_id)),
            .json = str_print(a, "{\"tweet_id\":\"%.*s\"}", SARG(act->external_id))};
        break;
    case ACT_EDIT:
    case ACT_REACT:
    case ACT_READ:
        break;
    }
    bool is_refused = act->kind == ACT_LIKE && x_is_self_serve(a, s);
    if (!q.path.len || is_refused || !act->is_public ||
        (act->kind == ACT_DELETE && !act->is_ours)) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL,
            .why = is_refused ? S("X lets only enterprise apps like posts.")
                              : S("X does not offer this for the message.")};
        return OK;
    }
    TRY(x_call(client, a, s, act->now_ms, &q, sent, &fault, &root));
    if (act->kind == ACT_DELETE && fault == X_FAULT_GONE)
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (sent->outcome == CONNECTOR_UNKNOWN) /* the same again does no harm */
        sent->outcome = CONNECTOR_RETRY;
    return OK;
}
