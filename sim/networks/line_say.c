/* The simulated LINE's customers: what they do becomes a signed webhook. One event a delivery. When
 * redelivery is on, a delivery that was not taken comes again with isRedelivery, in gaps; otherwise
 * never. See line.c. */

#include "line.h"

enum { REDELIVERIES = 5, FIRST_GAP_MS = 60 * 1000 };

static void post(struct sim *sim, struct sim_account *account, struct arena *a, str event, str id,
    int64_t delay_ms)
{
    sim_webhook_send(sim, account,
        &(struct sim_webhook){.method = HTTP_POST,
            .body = str_print(
                a, "{\"destination\":\"%.*s\",\"events\":[%.*s]}", SARG(account->id), SARG(event)),
            .key = id,
            .delay_ms = delay_ms,
            .is_once = true});
}

void line_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post_)
{
    (void)sim;
    sim_post_header(
        post_, S("x-line-signature"), sim_hmac_base64(post_->arena, account->secret, post_->body));
}

void line_answered(struct sim *sim, struct sim_account *account, const struct sim_answered *answer)
{
    struct arena *a = answer->arena;
    struct line_note *n = line_note(account->data, str_cat(a, S("event/"), answer->key));
    bool is_on = str_eq(sim_setting(account, S("redelivery")), S("yes"));
    if (answer->is_acknowledged || !n || !is_on || n->tries >= REDELIVERIES)
        return;
    str first = S("\"isRedelivery\":false"), event = str_of(n->text, n->len);
    ptrdiff_t at = str_find(event, first);
    if (at < 0)
        return;
    event = str_print(a, "%.*s\"isRedelivery\":true%.*s", SARG(str_sub(event, 0, at)),
        SARG(str_skip(event, at + first.len)));
    post(sim, account, a, event, answer->key, (int64_t)FIRST_GAP_MS << n->tries++);
}

struct incoming {
    struct sim *sim;
    struct sim_account *account;
    struct arena *a;
    const struct sim_say *say;
    str user, group; /* group: empty = between two */
    str message;     /* its number */
};

static str fresh(const struct incoming *in, const char *prefix)
{
    return str_cat(
        in->a, str_from(prefix), sim_random_word(in->sim, in->account->network, in->a, 24));
}

static void put_head(const struct incoming *in, struct json_out *j, const char *type, str event_id)
{
    json_kv_str(j, S("type"), str_from(type));
    json_kv_str(j, S("mode"), S("active"));
    json_kv_int(j, S("timestamp"), sim_now(in->sim));
    json_kv_str(j, S("webhookEventId"), event_id);
    json_kv_raw(j, S("deliveryContext"), S("{\"isRedelivery\":false}"));
    bool is_room = str_starts(in->group, S("R"));
    json_key(j, S("source"));
    json_obj(j);
    json_kv_str(j, S("type"), in->group.len == 0 ? S("user") : is_room ? S("room") : S("group"));
    if (in->group.len > 0)
        json_kv_str(j, is_room ? S("roomId") : S("groupId"), in->group);
    json_kv_str(j, S("userId"), in->user);
    json_obj_end(j);
}

/* A reply token leads to where the event came from. */
static void put_reply_token(const struct incoming *in, struct json_out *j)
{
    str token = fresh(in, "rt-");
    (void)line_note_add(in->account->data, str_cat(in->a, S("reply/"), token), sim_now(in->sim),
        in->group.len > 0 ? in->group : in->user);
    json_kv_str(j, S("replyToken"), token);
}

static void put_file(const struct incoming *in, struct json_out *j, const struct sim_file *f)
{
    struct sim_media m = sim_media_add(in->sim, in->account->network, in->a, in->account->id, f);
    (void)line_note_add(
        in->account->data, str_cat(in->a, S("media/"), in->message), sim_now(in->sim), m.id);
    bool is_image = str_starts(f->content_type, S("image/"));
    bool is_video = str_starts(f->content_type, S("video/"));
    bool is_audio = str_starts(f->content_type, S("audio/"));
    json_kv_str(j, S("type"),
        is_image   ? S("image")
        : is_video ? S("video")
        : is_audio ? S("audio")
                   : S("file"));
    if (is_video || is_audio)
        json_kv_int(j, S("duration"), 3000);
    if (is_image || is_video || is_audio) {
        json_kv_raw(j, S("contentProvider"), S("{\"type\":\"line\"}"));
        return;
    }
    json_kv_str(j, S("fileName"), f->name);
    json_kv_int(j, S("fileSize"), f->bytes.len);
}

static void put_message(const struct incoming *in, struct json_out *j, ptrdiff_t file)
{
    const struct sim_say *say = in->say;
    str mark = fresh(in, "m-");
    json_key(j, S("message"));
    json_obj(j);
    json_kv_str(j, S("id"), in->message);
    if (file >= 0) {
        put_file(in, j, &say->files[file]);
    } else if (str_eq(say->kind, S("sticker"))) {
        json_kv_raw(j, S("type"),
            S("\"sticker\",\"packageId\":\"446\",\"stickerId\":\"1988\","
              "\"stickerResourceType\":\"STATIC\",\"keywords\":[\"hello\"]"));
    } else if (str_eq(say->kind, S("location"))) {
        json_kv_raw(j, S("type"),
            S("\"location\",\"title\":\"Shop\",\"address\":\"1 Road\","
              "\"latitude\":35.65,\"longitude\":139.7"));
    } else {
        json_kv_str(j, S("type"), S("text"));
        json_kv_str(j, S("text"), say->text);
        json_kv_str(j, S("quoteToken"), fresh(in, "q-"));
    }
    (void)line_note_add(
        in->account->data, str_cat(in->a, S("mark/"), mark), sim_now(in->sim), in->message);
    json_kv_str(j, S("markAsReadToken"), mark);
    if (say->reply_to.len > 0)
        json_kv_str(j, S("quotedMessageId"), say->reply_to);
    json_obj_end(j);
}

/* file −1: no file. */
static void say_event(const struct incoming *in, const char *type, ptrdiff_t file)
{
    struct json_out j = json_out_make(in->a, LINE_EVENT_BYTES);
    str kind = str_from(type);
    str event_id =
        str_print(in->a, "01JSIM%020lld", (long long)sim_next(in->sim, in->account->network));
    json_obj(&j);
    put_head(in, &j, type, event_id);
    if (!str_eq(kind, S("unsend")) && !str_eq(kind, S("unfollow")))
        put_reply_token(in, &j);
    if (str_eq(kind, S("message"))) {
        put_message(in, &j, file);
    } else if (str_eq(kind, S("postback"))) {
        json_key(&j, S("postback"));
        json_obj(&j);
        json_kv_str(&j, S("data"), in->say->text);
        json_obj_end(&j);
    } else if (str_eq(kind, S("unsend"))) {
        json_key(&j, S("unsend"));
        json_obj(&j);
        json_kv_str(&j, S("messageId"), in->say->reply_to);
        json_obj_end(&j);
    } else if (str_eq(kind, S("follow"))) {
        json_kv_raw(&j, S("follow"), S("{\"isUnblocked\":false}"));
    }
    json_obj_end(&j);
    (void)line_note_add(
        in->account->data, str_cat(in->a, S("event/"), event_id), sim_now(in->sim), json_str(&j));
    post(in->sim, in->account, in->a, json_str(&j), event_id, 0);
}

static str next_message(const struct incoming *in)
{
    return str_print(in->a, "%lld",
        (long long)(INT64_C(468789577898262000) + sim_next(in->sim, in->account->network)));
}

err line_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    struct incoming in = {sim, account, a, say,
        say->from_id.len > 0 ? say->from_id : S("Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        say->conversation, (str){0}};
    struct line_peer *p = line_peer(account->data, in.user, true);
    bool is_message = say->kind.len == 0 || str_eq(say->kind, S("message")) ||
                      str_eq(say->kind, S("sticker")) || str_eq(say->kind, S("location"));
    *why = S("there is no room for this person");
    if (!p || (in.group.len > 0 && !line_peer(account->data, in.group, true)))
        return E_INVALID;
    if (say->from_name.len > 0)
        sim_keep(p->name, sizeof p->name, say->from_name);
    in.message = next_message(&in);
    *id = in.message;
    if (is_message) {
        say_event(&in, "message", say->n_files > 0 ? 0 : -1);
        for (ptrdiff_t i = 1; i < say->n_files; i++) { /* the rest of the pictures */
            in.message = next_message(&in);
            say_event(&in, "message", i);
        }
        return OK;
    }
    static const char *const kinds[] = {"postback", "unsend", "follow", "unfollow"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(say->kind, str_from(kinds[i]))) {
            if (i >= 2)
                p->is_blocked = i == 3;
            struct line_note *n = line_note(account->data, str_cat(a, S("media/"), say->reply_to));
            if (i == 1 && n)
                n->is_gone = true;
            say_event(&in, kinds[i], -1);
            return OK;
        }
    *why = S("kind is message, sticker, location, postback, unsend, follow or unfollow");
    return E_INVALID;
}

err line_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why)
{
    str id = json_text(json_get(event, S("webhookEventId")), S(""));
    *why = S("an event is an object");
    if (event->kind != JSON_OBJECT)
        return E_INVALID;
    (void)line_note_add(account->data, str_cat(a, S("event/"), id), sim_now(sim), raw);
    post(sim, account, a, raw, id, 0);
    return OK;
}

err line_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    (void)sim;
    (void)a;
    (void)answer;
    struct line_peer *p =
        line_peer(account->data, json_text(json_get(input, S("chat")), (str){0}), true);
    *why = S("leave");
    if (!str_eq(what, S("leave")))
        return E_NOT_FOUND;
    *why = S("chat must be a group's or room's id");
    if (!p)
        return E_INVALID;
    p->has_left = true;
    return OK;
}
