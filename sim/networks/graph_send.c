/* What we send through the simulated Facebook and Instagram. See graph.h. Strict: the window, the
 * person, the text's length, one recipient, private replies once and within seven days. */
#include "graph.h"

#include "base/utf8.h"

enum { APP_ID = 5550001, FACEBOOK_TEXT = 2000, INSTAGRAM_TEXT = 1000, QUICK_REPLIES = 13 };

/* ── who gets it ── */

struct target {
    struct graph_person *person;
    struct graph_note *comment; /* a private reply to it */
};

static bool by_comment(struct sim_call *c, str id, struct target *to)
{
    struct graph_note *note = graph_note(c->account, id);
    if (!note || !note->is_public || note->is_ours || note->is_gone) {
        graph_fail(c, 400, 100, 33, "Object does not exist or cannot be loaded");
    } else if (note->is_answered) {
        graph_fail(c, 400, 10900, 0, "Activity already replied to");
    } else if (c->now_ms - note->at_ms > GRAPH_WEEK_MS) {
        graph_fail(c, 400, 10, 2018278, "This message is sent outside of allowed window.");
    } else {
        *to = (struct target){
            .person = graph_person(c->account, str_from(note->person), true), .comment = note};
        return to->person != NULL;
    }
    return false;
}

static bool is_in_time(struct sim_call *c, const struct graph_person *person)
{
    int64_t age_ms = c->now_ms - person->last_in_ms;
    bool is_tagged = str_eq(sim_field(c, S("messaging_type")), S("MESSAGE_TAG")) &&
                     str_eq(sim_field(c, S("tag")), S("HUMAN_AGENT"));
    bool is_approved = !str_eq(sim_setting(c->account, S("human_agent")), S("no"));
    return person->last_in_ms > 0 &&
           age_ms <= (is_tagged && is_approved ? GRAPH_WEEK_MS : GRAPH_DAY_MS);
}

static bool find_target(struct sim_call *c, struct target *to)
{
    const struct json *recipient = sim_field_json(c, S("recipient"));
    str id = json_text(json_get(recipient, S("id")), S(""));
    str comment = json_text(json_get(recipient, S("comment_id")), S(""));
    str post = json_text(json_get(recipient, S("post_id")), S(""));
    if ((id.len > 0) + (comment.len > 0) + (post.len > 0) != 1) {
        graph_fail(c, 400, 100, 0, "The parameter recipient is required");
        return false;
    }
    if (!id.len)
        return by_comment(c, comment.len ? comment : post, to);
    to->person = graph_person(c->account, id, sim_takes_any(c->account));
    if (to->person && to->person->last_in_ms == 0 && sim_takes_any(c->account))
        to->person->last_in_ms = c->now_ms;
    bool is_known = to->person && to->person->last_in_ms > 0;
    if (!is_known)
        graph_fail(c, 400, 100, graph_is_instagram(c->network) ? 2534014 : 2018001,
            "No matching user found");
    return is_known;
}

/* ── what it is ── */

/* *media: hashes of files for the ledger. */
static bool read_attachment(struct sim_call *c, const struct json *at, str *media)
{
    const struct json *payload = json_get(at, S("payload"));
    str type = json_text(json_get(at, S("type")), S(""));
    str id = json_text(json_get(payload, S("attachment_id")), S(""));
    str url = json_text(json_get(payload, S("url")), S(""));
    struct sim_media file;
    bool is_plain = str_eq(type, S("template")) || str_eq(type, S("like_heart"));
    bool is_file = str_eq(type, S("image")) || str_eq(type, S("video")) ||
                   str_eq(type, S("audio")) ||
                   (str_eq(type, S("file")) && !graph_is_instagram(c->network));
    if (is_plain)
        return true;
    if (is_file && id.len && sim_media_get(c->sim, c->network, c->arena, id, &file)) {
        *media = file.sha256;
        return true;
    }
    if (is_file && (str_starts(url, S("https://")) || str_starts(url, S("http://")))) {
        *media = url; /* files by address are accepted but not loaded */
        return true;
    }
    graph_fail(c, 400, 100, 2018109, "The attachment is not valid");
    return false;
}

static bool is_text_good(struct sim_call *c, str text)
{
    bool fits = graph_is_instagram(c->network) ? text.len < INSTAGRAM_TEXT
                                               : utf8_code_points(text) <= FACEBOOK_TEXT;
    if (!fits)
        graph_fail(c, 400, 100, 0, "Length of param message[text] is too long");
    return fits;
}

static bool read_message(struct sim_call *c, const struct json *message, str *text, str *media)
{
    const struct json *at = json_get(message, S("attachment"));
    const struct json *replies = json_get(message, S("quick_replies"));
    *text = json_text(json_get(message, S("text")), S(""));
    if ((text->len > 0) == (at != NULL)) {
        graph_fail(c, 400, 100, 0, "Must have exactly one of text and attachment");
        return false;
    }
    if (replies && replies->count > QUICK_REPLIES) {
        graph_fail(c, 400, 100, 0, "Too many quick replies");
        return false;
    }
    if (at && str_eq(json_text(json_get(at, S("type")), S("")), S("template")))
        *text = json_text(json_path(at, S("payload.text")), S(""));
    return is_text_good(c, *text) && (!at || read_attachment(c, at, media));
}

/* ── taken ── */

/* Echo and delivery come back; an echo may come before the answer has been read. */
static void tell(struct sim_call *c, const struct graph_note *note, str metadata)
{
    struct json_out j = json_out_make(c->arena, GRAPH_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("mid"), str_from(note->id));
    json_kv_bool(&j, S("is_echo"), true);
    json_kv_int(&j, S("app_id"), APP_ID);
    if (metadata.len)
        json_kv_str(&j, S("metadata"), metadata);
    json_kv_str(&j, S("text"), str_from(note->text));
    json_obj_end(&j);
    str person = str_from(note->person), id = str_from(note->id);
    graph_post_event(c->sim, c->account, c->arena, person, true,
        str_cat(c->arena, S("\"message\":"), json_str(&j)), str_cat(c->arena, S("echo:"), id), 0);
    if (!graph_is_instagram(c->network))
        graph_post_event(c->sim, c->account, c->arena, person, false,
            str_print(c->arena, "\"delivery\":{\"mids\":[\"%s\"],\"watermark\":%lld}", note->id,
                (long long)note->at_ms),
            str_cat(c->arena, S("delivery:"), id), 200);
}

static void action(struct sim_call *c, str name)
{
    static const char *const names[] = {"typing_on", "typing_off", "mark_seen"};
    bool is_known =
        graph_is_instagram(c->network) && (str_eq(name, S("react")) || str_eq(name, S("unreact")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is_known |= str_eq(name, str_from(names[i]));
    struct target to = {0};
    if (!is_known)
        graph_fail(c, 400, 100, 0, "Unknown sender_action");
    else if (find_target(c, &to))
        sim_answer_print(c, 200, "{\"recipient_id\":\"%s\"}", to.person->id);
}

void graph_messages(struct sim_call *c)
{
    const struct json *message = sim_field_json(c, S("message"));
    str name = sim_field(c, S("sender_action")), text, media = {0};
    struct target to = {0};
    if (!message && name.len) {
        action(c, name);
        return;
    }
    if (!message || c->body_fault.len) {
        graph_fail(c, 400, 100, 0, "The parameter message is required");
        return;
    }
    if (!find_target(c, &to) || !read_message(c, message, &text, &media))
        return;
    if (to.person->is_gone) {
        graph_fail(c, 400, 551, 1545041, "This person isn't available right now.");
        return;
    }
    if (!to.comment && !is_in_time(c, to.person)) {
        graph_fail(c, 400, 10, graph_is_instagram(c->network) ? 2534022 : 2018278,
            "This message is sent outside of allowed window.");
        return;
    }
    str metadata = json_text(json_get(message, S("metadata")), S(""));
    struct graph_note *note =
        graph_note_add(c->sim, c->account, c->arena, str_from(to.person->id), (str){0});
    note->is_ours = true;
    sim_keep(note->ref, sizeof note->ref, metadata);
    graph_note_text(note, text);
    if (to.comment)
        to.comment->is_answered = true;
    (void)sim_accept(c, &(struct sim_message){.conversation = str_from(note->person),
                            .id = str_from(note->id),
                            .text = text,
                            .media = media,
                            .kind = to.comment ? S("private reply") : S("message"),
                            .ref = metadata}); /* no idempotency: a double is a double */
    tell(c, note, metadata);
    sim_answer_print(
        c, 200, "{\"recipient_id\":\"%s\",\"message_id\":\"%s\"}", to.person->id, note->id);
}

void graph_upload(struct sim_call *c)
{
    const struct sim_part *part = sim_part(c, S("filedata"));
    const struct json *message = sim_field_json(c, S("message"));
    if (!part || !part->is_file || !json_path(message, S("attachment.type"))) {
        graph_fail(c, 400, 100, 0, "Must provide message and filedata");
        return;
    }
    const struct sim_file file = {
        .content_type = part->content_type, .name = part->file_name, .bytes = part->bytes};
    struct sim_media kept = sim_media_add(c->sim, c->network, c->arena, c->account->id, &file);
    sim_answer_print(c, 200, "{\"attachment_id\":\"%.*s\"}", SARG(kept.id));
}

/* ── public ── */

/* The page's own comment comes back in the feed; Instagram tells it too. */
static void tell_comment(struct sim_call *c, const struct graph_note *note)
{
    struct json_out j = json_out_make(c->arena, GRAPH_BODY_BYTES);
    bool is_instagram = graph_is_instagram(c->network);
    json_obj(&j);
    json_kv_str(&j, S("field"), is_instagram ? S("comments") : S("feed"));
    json_key(&j, S("value"));
    json_obj(&j);
    if (!is_instagram) {
        json_kv_str(&j, S("item"), S("comment"));
        json_kv_str(&j, S("verb"), S("add"));
        json_kv_str(&j, S("post_id"), str_from(note->post));
        json_kv_int(&j, S("created_time"), note->at_ms / 1000);
    }
    json_kv_str(&j, is_instagram ? S("id") : S("comment_id"), str_from(note->id));
    json_kv_str(&j, S("parent_id"), str_from(note->parent[0] ? note->parent : note->post));
    json_kv_str(&j, is_instagram ? S("text") : S("message"), str_from(note->text));
    json_key(&j, S("from"));
    json_obj(&j);
    json_kv_str(&j, S("id"), c->account->id);
    json_kv_str(&j, is_instagram ? S("username") : S("name"), c->account->name);
    json_obj_end(&j);
    if (is_instagram) {
        json_key(&j, S("media"));
        json_obj(&j);
        json_kv_str(&j, S("id"), str_from(note->post));
        json_kv_str(&j, S("media_product_type"), S("FEED"));
        json_obj_end(&j);
    }
    json_obj_end(&j);
    json_obj_end(&j);
    graph_post(c->sim, c->account, c->arena, "changes", json_str(&j),
        str_cat(c->arena, S("comment:"), str_from(note->id)), 0);
}

void graph_comment(struct sim_call *c, struct graph_note *note, str post, str text, str media)
{
    if (!text.len && !media.len) {
        graph_fail(c, 400, 100, 0, "The parameter message is required");
        return;
    }
    struct graph_note *ours = graph_note_add(c->sim, c->account, c->arena, c->account->id, post);
    ours->is_ours = true;
    if (note)
        sim_keep(ours->parent, sizeof ours->parent, str_from(note->id));
    graph_note_text(ours, text);
    (void)sim_accept(c, &(struct sim_message){.conversation = post,
                            .id = str_from(ours->id),
                            .text = text,
                            .media = media,
                            .kind = S("comment")}); /* no idempotency: a double is a double */
    if (!note || !note->is_mention)
        tell_comment(c, ours);
    sim_answer_print(c, 200, "{\"id\":\"%s\"}", ours->id);
}
