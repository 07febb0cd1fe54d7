/* What our side writes on the simulated X: posts, messages, files. See x.h. */
#include "x.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum {
    POST_LETTERS = 280,
    MESSAGE_LETTERS = 10000,
    PHOTO_BYTES = 5 * 1000 * 1000,
    VIDEO_BYTES = 512 * 1000 * 1000
};

static struct xnet_upload *upload_find(struct xnet *x, str id)
{
    for (int i = 0; i < x->n_uploads; i++)
        if (str_eq(str_from(x->uploads[i].id), id))
            return &x->uploads[i];
    return NULL;
}

/* The SHA-256s of the files for the ledger; false: answered, one is not there. */
static bool take_media(
    struct sim_call *c, const struct json *ids, struct xnet_thing *to, str *hashes)
{
    struct xnet *x = c->account->data;
    struct sb b = sb_make(c->arena, 0);
    for (const struct json *v = ids ? ids->first : NULL; v; v = v->next) {
        struct xnet_upload *u = upload_find(x, json_text(v, S("")));
        struct sim_media m;
        if (u == NULL || u->is_pending || to->n_media == XNET_MEDIA ||
            !sim_media_get(c->sim, c->network, c->arena, str_from(u->media), &m)) {
            xnet_fail(c, 400, "invalid-request", S("Your media IDs are invalid."));
            return false;
        }
        sim_keep(to->media[to->n_media++], sizeof to->media[0], str_from(u->media));
        sb_print(&b, "%s%.*s", b.len > 0 ? "," : "", SARG(m.sha256));
    }
    *hashes = sb_str(&b);
    return true;
}

/* ── posts ── */

static bool is_duplicate(const struct sim_call *c, str text, str above)
{
    const struct xnet *x = c->account->data;
    for (const struct xnet_thing *t = x->posts.oldest; t; t = t->next)
        if (!t->is_gone && str_eq(str_from(t->author), c->account->id) &&
            str_eq(str_from(t->above), above) && c->now_ms - t->at_ms < XNET_DAY_MS &&
            str_eq(str_of(t->text, t->text_len), text))
            return true;
    return false;
}

/* False: answered with what X minds. */
static bool post_is_fine(struct sim_call *c, str text, str above, const struct json *media)
{
    const struct xnet *x = c->account->data;
    const struct xnet_thing *t = xnet_find(&x->posts, above);
    bool is_free = str_eq(sim_setting(c->account, S("access")), S("enterprise"));
    if (text.len == 0 && media == NULL)
        xnet_fail(
            c, 400, "invalid-request", S("One or more parameters to your request was invalid."));
    else if (utf8_code_points(text) > POST_LETTERS && str_find(text, S("://")) < 0)
        xnet_fail(c, 403, "about:blank", S("Your Post text is too long."));
    else if (above.len > 0 && t == NULL && !sim_takes_any(c->account))
        xnet_fail(c, 403, "about:blank",
            S("You attempted to reply to a Tweet that is deleted or not visible to you."));
    else if (t && !is_free && !t->calls_on_us && !str_eq(str_from(t->author), c->account->id))
        xnet_fail(c, 403, "about:blank",
            S("Reply to this conversation is not allowed because you have not been mentioned or "
              "otherwise engaged by the author of the post you are replying to."));
    else if (is_duplicate(c, text, above))
        xnet_fail(c, 403, "about:blank",
            S("You are not allowed to create a Tweet with duplicate content."));
    else
        return true;
    return false;
}

void xnet_post(struct sim_call *c)
{
    struct xnet *x = c->account->data;
    str text = json_text(json_get(c->json, S("text")), S(""));
    str above = json_text(json_path(c->json, S("reply.in_reply_to_tweet_id")), S(""));
    const struct json *media = json_path(c->json, S("media.media_ids"));
    struct xnet_thing draft = {0};
    str hashes = {0};
    if (!xnet_rate(c, "posts", 100, XNET_WINDOW_MS) || !post_is_fine(c, text, above, media) ||
        !take_media(c, media, &draft, &hashes))
        return;
    str id = xnet_new_id(c->sim, c->account, c->arena);
    const struct xnet_thing *t = xnet_find(&x->posts, above);
    str root = t ? str_copy(c->arena, str_from(t->root)) : id;
    str author = t ? str_copy(c->arena, str_from(t->author)) : S("");
    struct xnet_thing *post = xnet_add(&x->posts, c->arena, id, text);
    post->at_ms = c->now_ms;
    memcpy(post->media, draft.media, sizeof post->media);
    post->n_media = draft.n_media;
    sim_keep(post->author, sizeof post->author, c->account->id);
    sim_keep(post->root, sizeof post->root, root);
    sim_keep(post->above, sizeof post->above, above);
    sim_keep(post->above_author, sizeof post->above_author, author);
    (void)sim_accept(c, &(struct sim_message){.conversation = root,
                            .id = id,
                            .text = text,
                            .kind = S("post"),
                            .media = hashes}); /* X knows no key: a double is only counted */
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_key(&j, S("data"));
    json_obj(&j);
    json_kv_str(&j, S("id"), id);
    json_kv_str(&j, S("text"), text);
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 201, &j);
    xnet_tell_post(c->sim, c->account, c->arena, post, "post.create");
}

void xnet_delete(struct sim_call *c, str id)
{
    struct xnet *x = c->account->data;
    struct xnet_thing *post = xnet_find(&x->posts, id);
    bool is_ours = post && str_eq(str_from(post->author), c->account->id);
    if (post && !is_ours) {
        xnet_fail(c, 403, "about:blank", S("You are not authorized to delete this Tweet."));
        return;
    }
    if (post == NULL) {
        xnet_fail(c, 404, "resource-not-found", S("Could not find tweet."));
        return;
    }
    post->is_gone = true;
    sim_answer_print(c, 200, "{\"data\":{\"deleted\":true}}");
    xnet_event(c->sim, c->account, c->arena, "post.delete",
        str_print(
            c->arena, "{\"id\":\"%.*s\",\"author_id\":\"%.*s\"}", SARG(id), SARG(c->account->id)),
        (str){0});
}

void xnet_hide(struct sim_call *c, str id)
{
    const struct xnet *x = c->account->data;
    struct xnet_thing *post = xnet_find(&x->posts, id);
    const struct xnet_thing *root = post ? xnet_find(&x->posts, str_from(post->root)) : NULL;
    if (root == NULL || !str_eq(str_from(root->author), c->account->id)) {
        xnet_fail(c, 403, "about:blank", S("You are not allowed to hide this reply."));
        return;
    }
    post->is_hidden = json_bool(json_get(c->json, S("hidden")), false);
    sim_answer_print(c, 200, "{\"data\":{\"hidden\":%s}}", post->is_hidden ? "true" : "false");
}

/* ── messages ── */

void xnet_message(struct sim_call *c, str person)
{
    struct xnet *x = c->account->data;
    str text = json_text(json_get(c->json, S("text")), S("")), hashes = {0}, id;
    const struct json *files = json_get(c->json, S("attachments"));
    struct xnet_person *p = xnet_person(x, person, sim_takes_any(c->account));
    struct xnet_thing draft = {0};
    if (!xnet_rate(c, "messages", 15, XNET_WINDOW_MS))
        return;
    if ((text.len == 0 && files == NULL) || utf8_code_points(text) > MESSAGE_LETTERS ||
        (files && files->count != 1)) {
        xnet_fail(
            c, 400, "invalid-request", S("One or more parameters to your request was invalid."));
        return;
    }
    if (p == NULL || p->takes_no_messages) {
        xnet_fail(c, 403, "about:blank", S("You cannot send messages to this user."));
        return;
    }
    if (files) {
        struct json file = {
            .text = json_text(json_get(files->first, S("media_id")), S("")), .kind = JSON_STRING};
        const struct json list = {.kind = JSON_ARRAY, .first = &file};
        if (!take_media(c, &list, &draft, &hashes))
            return;
    }
    id = xnet_new_id(c->sim, c->account, c->arena);
    struct xnet_thing *m = xnet_add(&x->messages, c->arena, id, text);
    m->at_ms = c->now_ms;
    memcpy(m->media, draft.media, sizeof m->media);
    m->n_media = draft.n_media;
    sim_keep(m->author, sizeof m->author, c->account->id);
    sim_keep(m->talk, sizeof m->talk, person);
    (void)sim_accept(c, &(struct sim_message){.conversation = person,
                            .id = id,
                            .text = text,
                            .kind = S("message"),
                            .media = hashes}); /* as for posts */
    sim_answer_print(c, 201,
        "{\"data\":{\"dm_conversation_id\":\"%.*s-%.*s\",\"dm_event_id\":\"%.*s\"}}",
        SARG(c->account->id), SARG(person), SARG(id));
    xnet_tell_message(c->sim, c->account, c->arena, m);
}

/* ── files ── */

static struct xnet_upload *upload_new(struct sim_call *c)
{
    struct xnet *x = c->account->data;
    if (x->n_uploads == XNET_UPLOADS_MAX) { /* the oldest goes */
        free(x->uploads[0].bytes);
        memmove(&x->uploads[0], &x->uploads[1], sizeof x->uploads[0] * (XNET_UPLOADS_MAX - 1));
        x->n_uploads--;
    }
    struct xnet_upload *u = &x->uploads[x->n_uploads++];
    memset(u, 0, sizeof *u);
    sim_keep(u->id, sizeof u->id, xnet_new_id(c->sim, c->account, c->arena));
    return u;
}

static void keep_media(struct sim_call *c, struct xnet_upload *u, str type, str name, str bytes)
{
    struct sim_media m = sim_media_add(c->sim, c->network, c->arena, c->account->id,
        &(struct sim_file){.content_type = type, .name = name, .bytes = bytes});
    sim_keep(u->media, sizeof u->media, m.id);
}

static bool category_is_known(str category)
{
    static const char *const known[] = {
        "tweet_image", "tweet_video", "tweet_gif", "dm_image", "dm_video", "dm_gif"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(category, str_from(known[i])))
            return true;
    return false;
}

void xnet_upload(struct sim_call *c)
{
    const struct sim_part *part = sim_part(c, S("media"));
    if (part == NULL || part->bytes.len > PHOTO_BYTES ||
        !category_is_known(sim_field(c, S("media_category")))) {
        xnet_fail(c, 400, "invalid-request", S("The media or its category is not valid."));
        return;
    }
    struct xnet_upload *u = upload_new(c);
    keep_media(c, u, part->content_type, part->file_name, part->bytes);
    sim_answer_print(c, 200, "{\"data\":{\"id\":\"%s\",\"media_key\":\"3_%s\"}}", u->id, u->media);
}

void xnet_upload_begin(struct sim_call *c)
{
    int64_t total = sim_field_int(c, S("total_bytes"), 0);
    if (total < 1 || total > VIDEO_BYTES || !category_is_known(sim_field(c, S("media_category")))) {
        xnet_fail(c, 400, "invalid-request", S("total_bytes or media_category is not valid."));
        return;
    }
    struct xnet_upload *u = upload_new(c);
    sim_keep(u->type, sizeof u->type, sim_field(c, S("media_type")));
    u->cap = (ptrdiff_t)total;
    u->bytes = sim_alloc(u->cap);
    sim_answer_print(c, 200, "{\"data\":{\"id\":\"%s\",\"expires_after_secs\":86400}}", u->id);
}

void xnet_upload_piece(struct sim_call *c, str id)
{
    struct xnet_upload *u = upload_find(c->account->data, id);
    const struct sim_part *part = sim_part(c, S("media"));
    if (u == NULL || u->bytes == NULL || part == NULL || part->bytes.len > u->cap - u->len ||
        sim_field_int(c, S("segment_index"), -1) < 0) {
        xnet_fail(c, 400, "invalid-request", S("The piece does not fit."));
        return;
    }
    memcpy(u->bytes + u->len, part->bytes.at, (size_t)part->bytes.len);
    u->len += part->bytes.len;
    sim_answer_print(
        c, 200, "{\"data\":{\"expires_at\":%lld}}", (long long)((c->now_ms + XNET_DAY_MS) / 1000));
}

void xnet_upload_end(struct sim_call *c, str id, bool is_question)
{
    struct xnet_upload *u = upload_find(c->account->data, id);
    if (u == NULL || (!is_question && (u->bytes == NULL || u->len != u->cap))) {
        xnet_fail(c, 400, "invalid-request", S("The file is not whole."));
        return;
    }
    if (!is_question) {
        keep_media(c, u, str_from(u->type), S("video"), str_of(u->bytes, u->len));
        free(u->bytes);
        u->bytes = NULL;
        u->is_pending = true;
        sim_answer_print(c, 200,
            "{\"data\":{\"id\":\"%s\",\"processing_info\":{\"state\":\"pending\",\"check_after_"
            "secs\":0}}}",
            u->id);
        return;
    }
    u->is_pending = false;
    sim_answer_print(
        c, 200, "{\"data\":{\"id\":\"%s\",\"processing_info\":{\"state\":\"succeeded\"}}}", u->id);
}
