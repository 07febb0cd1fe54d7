/* Customers of the simulated Facebook and Instagram: what they write and do. See graph.h.
 *
 * say: kind "" (text, files), "edit", "delete", "reaction" (text = emoji; empty takes it back),
 * "button" (text = payload), "referral" (text = ref), "read" (all so far, or reply_to),
 * "story" (a reply to a story), "comment" and "mention" (conversation = post, reply_to = comment;
 * more.unnamed = true leaves the author out), "comment_edit", "comment_delete" (Facebook only).
 * special: "block", "unblock" {person}; "window" {person, age_ms}: their last message was then;
 * "handshake": the callback is asked for its challenge. */
#include "graph.h"

struct saying {
    struct sim *sim;
    struct sim_account *account;
    struct arena *a;
    const struct sim_say *say;
    struct graph_person *person;
    bool is_instagram;
};

static void send_event(const struct saying *s, str members, str key)
{
    graph_post_event(s->sim, s->account, s->a, str_from(s->person->id), false, members, key, 0);
}

/* ── the inbox ── */

static void put_files(const struct saying *s, struct json_out *j)
{
    if (!s->say->n_files)
        return;
    json_key(j, S("attachments"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < s->say->n_files; i++) {
        const struct sim_network *network = s->account->network;
        struct sim_media file =
            sim_media_add(s->sim, network, s->a, s->account->id, &s->say->files[i]);
        str type = str_starts(file.content_type, S("image/"))   ? S("image")
                   : str_starts(file.content_type, S("video/")) ? S("video")
                   : str_starts(file.content_type, S("audio/")) ? S("audio")
                                                                : S("file");
        json_obj(j);
        json_kv_str(j, S("type"), type);
        json_key(j, S("payload"));
        json_obj(j);
        json_kv_str(
            j, S("url"), sim_media_url(s->sim, network, s->a, file.id, GRAPH_MEDIA_MS, false));
        json_obj_end(j);
        json_obj_end(j);
    }
    json_arr_end(j);
}

static void put_reply(const struct saying *s, struct json_out *j)
{
    bool is_story = str_eq(s->say->kind, S("story"));
    if (!is_story && !s->say->reply_to.len)
        return;
    json_key(j, S("reply_to"));
    json_obj(j);
    if (is_story)
        json_kv_raw(
            j, S("story"), S("{\"id\":\"18000000001\",\"url\":\"https://cdn.example/story\"}"));
    else
        json_kv_str(j, S("mid"), s->say->reply_to);
    json_obj_end(j);
}

static str say_message(const struct saying *s)
{
    struct graph_note *note =
        graph_note_add(s->sim, s->account, s->a, str_from(s->person->id), (str){0});
    struct json_out j = json_out_make(s->a, GRAPH_BODY_BYTES);
    str id = str_copy(s->a, str_from(note->id));
    graph_note_text(note, s->say->text);
    json_obj(&j);
    json_kv_str(&j, S("mid"), id);
    if (s->say->text.len)
        json_kv_str(&j, S("text"), s->say->text);
    put_reply(s, &j);
    put_files(s, &j);
    json_obj_end(&j);
    send_event(s, str_cat(s->a, S("\"message\":"), json_str(&j)), id);
    return id;
}

static str say_button(const struct saying *s)
{
    struct graph_note *note =
        graph_note_add(s->sim, s->account, s->a, str_from(s->person->id), (str){0});
    struct json_out j = json_out_make(s->a, GRAPH_BODY_BYTES);
    str id = str_copy(s->a, str_from(note->id));
    json_obj(&j);
    json_kv_str(&j, S("mid"), id);
    json_kv_str(&j, S("title"), s->say->text);
    json_kv_str(&j, S("payload"), s->say->text);
    json_obj_end(&j);
    send_event(s, str_cat(s->a, S("\"postback\":"), json_str(&j)), id);
    return id;
}

static str say_referral(const struct saying *s)
{
    struct json_out j = json_out_make(s->a, GRAPH_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("ref"), s->say->text);
    json_kv_str(&j, S("source"), s->is_instagram ? S("IGME-SOURCE-LINK") : S("SHORTLINK"));
    json_kv_str(&j, S("type"), S("OPEN_THREAD"));
    json_obj_end(&j);
    send_event(s, str_cat(s->a, S("\"referral\":"), json_str(&j)), S("referral"));
    return (str){0};
}

/* About a message that is there: edit, delete, reaction, read. */
static str say_about(const struct saying *s)
{
    str mid = s->say->reply_to, kind = s->say->kind;
    struct graph_note *note = graph_note(s->account, mid);
    struct json_out j = json_out_make(s->a, GRAPH_BODY_BYTES);
    bool is_edit = str_eq(kind, S("edit")), is_reaction = str_eq(kind, S("reaction"));
    const char *member = is_edit ? "message_edit" : is_reaction ? "reaction" : "message";
    json_obj(&j);
    json_kv_str(&j, S("mid"), mid);
    if (is_edit) {
        json_kv_str(&j, S("text"), s->say->text);
        json_kv_int(&j, S("num_edit"), 1);
        if (note)
            graph_note_text(note, s->say->text);
    } else if (is_reaction) {
        json_kv_str(&j, S("action"), s->say->text.len ? S("react") : S("unreact"));
        json_kv_str(&j, S("reaction"), S("other"));
        if (s->say->text.len)
            json_kv_str(&j, S("emoji"), s->say->text);
    } else {
        json_kv_bool(&j, S("is_deleted"), true);
    }
    json_obj_end(&j);
    send_event(s, str_print(s->a, "\"%s\":%.*s", member, SARG(json_str(&j))), mid);
    return mid;
}

/* The newest of ours, or the one named. */
static str say_read(const struct saying *s)
{
    str mid = s->say->reply_to;
    for (const struct graph_note *n = graph_box(s->account)->first; n; n = n->newer)
        if (!s->say->reply_to.len && n->is_ours && !n->is_public &&
            str_eq(str_from(n->person), str_from(s->person->id)))
            mid = str_from(n->id);
    str members = s->is_instagram ? str_print(s->a, "\"read\":{\"mid\":\"%.*s\"}", SARG(mid))
                                  : str_print(s->a, "\"read\":{\"watermark\":%lld}",
                                        (long long)sim_now(s->sim));
    send_event(s, members, S("read"));
    return mid;
}

/* ── in public ── */

static void put_author(const struct saying *s, struct json_out *j)
{
    if (json_bool(json_get(s->say->more, S("unnamed")), false))
        return;
    json_key(j, S("from"));
    json_obj(j);
    json_kv_str(j, S("id"), str_from(s->person->id));
    json_kv_str(j, s->is_instagram ? S("username") : S("name"),
        str_from(s->is_instagram && s->person->handle[0] ? s->person->handle : s->person->name));
    json_obj_end(j);
}

static void put_facebook(const struct saying *s, struct json_out *j, const struct graph_note *note,
    bool is_mention, const char *verb)
{
    json_kv_str(j, S("item"), S("comment"));
    json_kv_str(j, S("verb"), str_from(verb));
    json_kv_str(j, S("post_id"), str_from(note->post));
    json_kv_str(j, S("comment_id"), str_from(note->id));
    json_kv_int(j, S("created_time"), note->at_ms / 1000);
    if (is_mention) {
        json_kv_str(j, S("sender_id"), str_from(s->person->id));
        json_kv_str(j, S("sender_name"), str_from(s->person->name));
        return;
    }
    json_kv_str(j, S("parent_id"), str_from(note->parent[0] ? note->parent : note->post));
    put_author(s, j);
    json_kv_str(j, S("message"), str_from(note->text));
    json_key(j, S("post"));
    json_obj(j);
    json_kv_str(j, S("id"), str_from(note->post));
    json_kv_str(j, S("permalink_url"), str_print(s->a, "https://www.facebook.com/%s", note->post));
    json_kv_str(j, S("type"), S("status"));
    json_obj_end(j);
}

static void put_instagram(
    const struct saying *s, struct json_out *j, const struct graph_note *note, bool is_mention)
{
    if (is_mention) {
        json_kv_str(j, S("media_id"), str_from(note->post));
        json_kv_str(j, S("comment_id"), str_from(note->id));
        return;
    }
    json_kv_str(j, S("id"), str_from(note->id));
    if (note->parent[0])
        json_kv_str(j, S("parent_id"), str_from(note->parent));
    json_kv_str(j, S("text"), str_from(note->text));
    put_author(s, j);
    json_key(j, S("media"));
    json_obj(j);
    json_kv_str(j, S("id"), str_from(note->post));
    json_kv_str(j, S("media_product_type"), S("FEED"));
    json_obj_end(j);
}

static void tell_change(
    const struct saying *s, const struct graph_note *note, bool is_mention, const char *verb)
{
    struct json_out j = json_out_make(s->a, GRAPH_BODY_BYTES);
    const char *field = s->is_instagram ? is_mention ? "mentions" : "comments"
                        : is_mention    ? "mention"
                                        : "feed";
    json_obj(&j);
    json_kv_str(&j, S("field"), str_from(field));
    json_key(&j, S("value"));
    json_obj(&j);
    if (s->is_instagram)
        put_instagram(s, &j, note, is_mention);
    else
        put_facebook(s, &j, note, is_mention, verb);
    json_obj_end(&j);
    json_obj_end(&j);
    graph_post(s->sim, s->account, s->a, "changes", json_str(&j), str_from(note->id), 0);
}

static str say_comment(const struct saying *s, bool is_mention)
{
    str owner = is_mention ? S("555000") : s->account->id;
    str post = s->say->conversation;
    if (!post.len)
        post = s->is_instagram ? S("18000000000000001") : str_cat(s->a, owner, S("_555"));
    struct graph_note *note =
        graph_note_add(s->sim, s->account, s->a, str_from(s->person->id), post);
    note->is_mention = is_mention;
    sim_keep(note->parent, sizeof note->parent, s->say->reply_to);
    graph_note_text(note, s->say->text);
    tell_change(s, note, is_mention, "add");
    return str_copy(s->a, str_from(note->id));
}

static str say_comment_again(const struct saying *s, struct graph_note *note, bool is_gone)
{
    if (is_gone)
        note->is_gone = true;
    else
        graph_note_text(note, s->say->text);
    tell_change(s, note, false, is_gone ? "remove" : "edited");
    return str_from(note->id);
}

/* ── all of it ── */

static err say_public(const struct saying *s, str kind, str *id, str *why)
{
    bool is_gone = str_eq(kind, S("comment_delete"));
    struct graph_note *note = graph_note(s->account, s->say->reply_to);
    if (str_eq(kind, S("comment")) || str_eq(kind, S("mention"))) {
        *id = say_comment(s, str_eq(kind, S("mention")));
        return OK;
    }
    if (s->is_instagram || !note || !note->is_public) {
        *why = S("reply_to is no comment, or Instagram does not tell that.");
        return E_NOT_FOUND;
    }
    *id = say_comment_again(s, note, is_gone);
    return OK;
}

err graph_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    static const char *const windows[] = {"", "story", "button", "referral"};
    str from = say->from_id.len ? say->from_id : S("7001"), kind = say->kind;
    struct saying s = {sim, account, a, say, graph_person(account, from, true),
        graph_is_instagram(account->network)};
    if (!s.person) {
        *why = S("That id is too long, or there are too many people.");
        return E_INVALID;
    }
    if (say->from_name.len || !s.person->name[0])
        sim_keep(s.person->name, sizeof s.person->name,
            say->from_name.len ? say->from_name : S("Customer"));
    if (say->from_handle.len)
        sim_keep(s.person->handle, sizeof s.person->handle, say->from_handle);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
        if (str_eq(kind, str_from(windows[i])))
            s.person->last_in_ms = sim_now(sim);
    if (!kind.len || str_eq(kind, S("story")))
        *id = say_message(&s);
    else if (str_eq(kind, S("button")))
        *id = say_button(&s);
    else if (str_eq(kind, S("referral")))
        *id = say_referral(&s);
    else if (str_eq(kind, S("edit")) || str_eq(kind, S("delete")) || str_eq(kind, S("reaction")))
        *id = say_about(&s);
    else if (str_eq(kind, S("read")))
        *id = say_read(&s);
    else if (str_starts(kind, S("comment")) || str_eq(kind, S("mention")))
        return say_public(&s, kind, id, why);
    else {
        *why = str_print(a, "There is no kind \"%.*s\" here.", SARG(kind));
        return E_INVALID;
    }
    return OK;
}

/* GET callback?hub.mode=subscribe&…: the network saves an address only after that. */
static err shake_hands(struct sim *sim, struct sim_account *account, struct arena *a, str *why)
{
    if (!account->callback.len) {
        *why = S("The account has no callback.");
        return E_INVALID;
    }
    str url =
        str_print(a, "%.*s%chub.mode=subscribe&hub.verify_token=%.*s&hub.challenge=1158201444",
            SARG(account->callback), str_find_byte(account->callback, '?') < 0 ? '?' : '&',
            SARG(http_percent_encode(a, account->verify_token)));
    sim_webhook_send(sim, account,
        &(struct sim_webhook){
            .method = HTTP_GET, .url = url, .key = S("handshake"), .is_once = true});
    return OK;
}

err graph_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct graph_person *person =
        graph_person(account, json_text(json_get(input, S("person")), S("7001")), true);
    (void)answer;
    if (!person)
        return E_INVALID;
    if (str_eq(what, S("handshake")))
        return shake_hands(sim, account, a, why);
    if (str_eq(what, S("block")) || str_eq(what, S("unblock")))
        person->is_gone = str_eq(what, S("block"));
    else if (str_eq(what, S("window")))
        person->last_in_ms = sim_now(sim) - json_int(json_get(input, S("age_ms")), 0);
    else
        return E_NOT_FOUND;
    return OK;
}
