/* bluesky: what goes out. See bluesky.h.
 *
 * A post's key comes from our delivery id, so that a repetition meets the post that is there: after
 * every refusal that may mean that, the record is read. Chat knows no repetition: a later try reads
 * the newest messages first. Nothing is linked by itself: addresses, tags and handles that exist
 * get facets with offsets in bytes. Thread: calls block. */
#include "base/file.h"
#include "base/limits.h"
#include "connector/bluesky.h"
#include "connector/reading.h"
#include "text/facets.h"

#define POST "app.bsky.feed.post"

enum {
    MENTIONS = 10, /* handles of one text that are looked up */
    LOOK_BACK = 20,
    SKEW_MS = 2000,
    KEYS = 3, /* of one post */
};

struct sending {
    struct http_client *client;
    struct arena *a;
    const struct connector_outgoing *out;
    str did;                            /* ours */
    str parent_cid, root_uri, root_cid; /* of the post that it answers */
    str blobs[BLUESKY_IMAGES];          /* JSON */
    int n_blobs;
};

static err final(struct connector_sent *sent, str words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = words};
    return OK;
}

static err get(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *nsid, str query, bool is_chat, int64_t now_ms, struct connector_sent *sent,
    const struct json **root)
{
    const struct bluesky_ask call = {.setup = setup,
        .method = HTTP_GET,
        .nsid = nsid,
        .query = query,
        .is_chat = is_chat,
        .now_ms = now_ms};
    struct bluesky_answer answer;
    TRY(bluesky_do(client, a, &call, sent, &answer));
    *root = answer.root;
    return OK;
}

static err post(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    const char *nsid, str json, bool is_chat, int64_t now_ms, struct connector_sent *sent,
    const struct json **root)
{
    const struct bluesky_ask call = {.setup = setup,
        .method = HTTP_POST,
        .nsid = nsid,
        .json = json,
        .is_chat = is_chat,
        .now_ms = now_ms};
    struct bluesky_answer answer;
    TRY(bluesky_do(client, a, &call, sent, &answer));
    *root = answer.root;
    return OK;
}

/* ── what it answers ── */

static bool read_token(struct arena *a, str token, struct sending *s)
{
    const struct json *v = NULL;
    str why;
    if (!token.len || json_parse(a, token, &v, &why) != OK)
        return false;
    const struct json *root = take_object(v, "root");
    s->parent_cid = take_id(v, "cid");
    s->root_uri = take_id(root, "uri");
    s->root_cid = take_id(root, "cid");
    return s->parent_cid.len && s->root_uri.len && s->root_cid.len;
}

/* Our own posts are read where they are kept: views of them come later. *record and *cid of a post,
 * and *sent as for a send. */
static err find_post(struct http_client *client, struct arena *a,
    const struct connector_setup *setup, str uri, int64_t now_ms, struct connector_sent *sent,
    const struct json **record, str *cid)
{
    struct bluesky_uri u;
    const struct json *root = NULL;
    *record = NULL;
    if (!bluesky_uri_read(uri, &u))
        return final(sent, S("This is no post of Bluesky."));
    if (str_eq(u.did, setup->external_id)) {
        TRY(get(client, a, setup, "com.atproto.repo.getRecord",
            str_print(a, "repo=%.*s&collection=%.*s&rkey=%.*s", SARG(http_percent_encode(a, u.did)),
                SARG(u.collection), SARG(http_percent_encode(a, u.rkey))),
            false, now_ms, sent, &root));
        *record = take_object(root, "value");
        *cid = take_id(root, "cid");
        return OK;
    }
    TRY(get(client, a, setup, "app.bsky.feed.getPosts",
        str_cat(a, S("uris="), http_percent_encode(a, uri)), false, now_ms, sent, &root));
    const struct json *list = take_array(root, "posts");
    const struct json *found = list ? list->first : NULL;
    if (sent->outcome == CONNECTOR_SENT && !found)
        return final(sent, S("The post that this answers is gone."));
    *record = take_object(found, "record");
    *cid = take_id(found, "cid");
    return OK;
}

static err find_above(struct sending *s, struct connector_sent *sent)
{
    const struct json *record = NULL;
    const struct connector_outgoing *out = s->out;
    str cid = {0};
    *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (!out->reply_to.len || read_token(s->a, out->token, s))
        return OK;
    TRY(find_post(s->client, s->a, out->setup, out->reply_to, out->now_ms, sent, &record, &cid));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    if (!read_token(s->a, bluesky_token(s->a, out->reply_to, cid, record), s))
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Bluesky's answer cannot be read.")};
    return OK;
}

/* ── facets ── */

/* Empty: there is nobody of that name. */
static err did_of(struct sending *s, str handle, str *did)
{
    const struct json *root = NULL;
    struct connector_sent ignored;
    TRY(get(s->client, s->a, s->out->setup, "com.atproto.identity.resolveHandle",
        str_cat(s->a, S("handle="), http_percent_encode(s->a, handle)), false, s->out->now_ms,
        &ignored, &root));
    *did = take_id(root, "did");
    return OK;
}

static void put_facet(
    struct json_out *j, const struct facet *f, const char *type, const char *member, str value)
{
    json_obj(j);
    json_key(j, S("index"));
    json_obj(j);
    json_kv_int(j, S("byteStart"), f->start);
    json_kv_int(j, S("byteEnd"), f->end);
    json_obj_end(j);
    json_key(j, S("features"));
    json_arr(j);
    json_obj(j);
    json_kv_str(j, S("$type"), str_from(type));
    json_kv_str(j, str_from(member), value);
    json_obj_end(j);
    json_arr_end(j);
    json_obj_end(j);
}

static err put_facets(struct sending *s, struct json_out *j)
{
    struct facet_list list = facets_find(s->a, s->out->text);
    int mentions = 0;
    if (!list.n)
        return OK;
    json_key(j, S("facets"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < list.n; i++) {
        const struct facet *f = &list.at[i];
        str did = {0};
        switch (f->kind) {
        case FACET_LINK:
            put_facet(j, f, "app.bsky.richtext.facet#link", "uri", f->value);
            break;
        case FACET_TAG:
            put_facet(j, f, "app.bsky.richtext.facet#tag", "tag", f->value);
            break;
        case FACET_MENTION_DOMAIN:
            if (mentions++ < MENTIONS)
                TRY(did_of(s, f->value, &did));
            if (bluesky_is_did(did))
                put_facet(j, f, "app.bsky.richtext.facet#mention", "did", did);
            break;
        case FACET_MENTION_NAME:
        case FACET_MENTION_REMOTE:
            break; /* names of other networks */
        }
    }
    json_arr_end(j);
    return OK;
}

/* ── files ── */

static bool is_video(const struct connector_file *f)
{
    return str_starts(f->type, S("video/"));
}

static err upload(struct sending *s, const struct connector_file *file, struct connector_sent *sent)
{
    int fd = -1;
    int64_t size = 0;
    struct bluesky_answer answer;
    if (file_open_read(file->path, &fd, &size) != OK)
        return final(sent, S("The file is not there any more."));
    const struct http_part bytes = {.is_file = true, .fd = fd, .size = size};
    const struct bluesky_ask call = {.setup = s->out->setup,
        .method = HTTP_POST,
        .nsid = "com.atproto.repo.uploadBlob",
        .bytes = &bytes,
        .type = file->type,
        .now_ms = s->out->now_ms};
    err e = bluesky_do(s->client, s->a, &call, sent, &answer);
    file_close(fd);
    TRY(e);
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY; /* bytes that nothing shows may be sent again */
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    const struct json *blob = take_object(answer.root, "blob");
    if (blob)
        s->blobs[s->n_blobs++] = json_text_of(s->a, blob);
    else
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Bluesky's answer cannot be read.")};
    return OK;
}

static int64_t image_bytes(struct arena *a, const struct connector_setup *setup)
{
    int64_t n = BLUESKY_IMAGE_BYTES;
    (void)str_int(setup_setting(a, &connector_bluesky, setup, "image_bytes"), 1, INT64_MAX, &n);
    return n;
}

/* Why it cannot go; empty: it can. */
static str obstacle(struct arena *a, const struct connector_outgoing *out)
{
    if (!out->text.len && !out->n_files)
        return S("A post carries text and files only.");
    if (out->n_files > BLUESKY_IMAGES)
        return S("A post carries up to 4 pictures or one film.");
    for (ptrdiff_t i = 0; i < out->n_files; i++) {
        if (is_video(&out->files[i]) && out->n_files > 1)
            return S("A post carries up to 4 pictures or one film.");
        if (!is_video(&out->files[i]) && out->files[i].size > image_bytes(a, out->setup))
            return S("The picture is larger than Bluesky takes (1 MB).");
    }
    return (str){0};
}

static void put_embed(const struct sending *s, struct json_out *j)
{
    if (!s->n_blobs)
        return;
    json_key(j, S("embed"));
    json_obj(j);
    if (is_video(&s->out->files[0])) {
        json_kv_str(j, S("$type"), S("app.bsky.embed.video"));
        json_kv_raw(j, S("video"), s->blobs[0]);
        json_obj_end(j);
        return;
    }
    json_kv_str(j, S("$type"), S("app.bsky.embed.images"));
    json_key(j, S("images"));
    json_arr(j);
    for (int i = 0; i < s->n_blobs; i++) {
        json_obj(j);
        json_kv_str(j, S("alt"), S(""));
        json_kv_raw(j, S("image"), s->blobs[i]);
        json_obj_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
}

/* ── posts ── */

static void put_ref(struct json_out *j, const char *key, str uri, str cid)
{
    json_key(j, str_from(key));
    json_obj(j);
    json_kv_str(j, S("uri"), uri);
    json_kv_str(j, S("cid"), cid);
    json_obj_end(j);
}

static err record_json(struct sending *s, str rkey, str *json)
{
    struct json_out j = json_out_make(s->a, 4 * LIMIT_TEXT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("repo"), s->did);
    json_kv_str(&j, S("collection"), S(POST));
    json_kv_str(&j, S("rkey"), rkey);
    json_key(&j, S("record"));
    json_obj(&j);
    json_kv_str(&j, S("$type"), S(POST));
    json_kv_str(&j, S("text"), s->out->text);
    json_kv_time(&j, S("createdAt"), s->out->first_try_ms);
    TRY(put_facets(s, &j));
    if (s->parent_cid.len) {
        json_key(&j, S("reply"));
        json_obj(&j);
        put_ref(&j, "root", s->root_uri, s->root_cid);
        put_ref(&j, "parent", s->out->reply_to, s->parent_cid);
        json_obj_end(&j);
    }
    put_embed(s, &j);
    json_obj_end(&j);
    json_obj_end(&j);
    *json = json_str(&j);
    return OK;
}

/* Whether it says what we say, below what we answer. */
static bool is_ours(const struct sending *s, const struct json *record)
{
    str parent = take_id(take_object(take_object(record, "reply"), "parent"), "uri");
    bool is_below = !s->parent_cid.len || str_eq(parent, s->out->reply_to);
    return is_below && str_eq(take_text(record, "text"), s->out->text);
}

/* What is under our key already is what an earlier try has brought there. *is_taken: it is another
 * post: keys are made by chance within a millisecond. */
static err find_sent(struct sending *s, str uri, struct connector_sent *sent, bool *is_taken)
{
    struct connector_sent end;
    const struct json *record = NULL;
    str cid;
    TRY(find_post(s->client, s->a, s->out->setup, uri, s->out->now_ms, &end, &record, &cid));
    bool is_there = end.outcome == CONNECTOR_SENT && record;
    *is_taken = is_there && !is_ours(s, record);
    if (is_there && !*is_taken)
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT, .external_id = uri};
    return OK;
}

/* Under one key. */
static err create(struct sending *s, str rkey, struct connector_sent *sent, bool *is_taken)
{
    const struct json *root = NULL;
    str uri = str_print(s->a, "at://%.*s/" POST "/%.*s", SARG(s->did), SARG(rkey)), json = {0};
    *is_taken = false;
    TRY(record_json(s, rkey, &json));
    TRY(post(s->client, s->a, s->out->setup, "com.atproto.repo.createRecord", json, false,
        s->out->now_ms, sent, &root));
    if (sent->outcome == CONNECTOR_SENT) {
        str given = take_id(root, "uri");
        sent->external_id = given.len ? given : uri;
        return OK;
    }
    bool may_be_there = sent->outcome == CONNECTOR_FINAL || sent->outcome == CONNECTOR_RETRY ||
                        sent->outcome == CONNECTOR_UNKNOWN;
    return may_be_there ? find_sent(s, uri, sent, is_taken) : OK;
}

static err send_post(struct sending *s, struct connector_sent *sent)
{
    const struct connector_outgoing *out = s->out;
    str why_not = obstacle(s->a, out), name = out->delivery_id;
    bool is_taken = true;
    if (why_not.len)
        return final(sent, why_not);
    TRY(find_above(s, sent));
    for (ptrdiff_t i = 0; i < out->n_files && sent->outcome == CONNECTOR_SENT; i++)
        TRY(upload(s, &out->files[i], sent));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    for (int i = 0; i < KEYS && is_taken; i++) { /* the same ones in every try */
        TRY(create(s, bluesky_tid(s->a, name, s->did), sent, &is_taken));
        name = str_print(s->a, "%.*s.key%d", SARG(out->delivery_id), i + 1);
    }
    return OK;
}

/* ── chat ── */

static err open_convo(struct sending *s, str *convo, bool *is_request, struct connector_sent *sent)
{
    const struct json *root = NULL;
    const struct connector_outgoing *out = s->out;
    *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (out->thread_key.len && !out->is_private_reply) {
        *convo = out->thread_key;
        *is_request = str_eq(out->token, S("request"));
        return OK;
    }
    if (!bluesky_is_did(out->to))
        return final(sent, S("This is nobody on Bluesky."));
    TRY(get(s->client, s->a, out->setup, "chat.bsky.convo.getConvoForMembers",
        str_cat(s->a, S("members="), http_percent_encode(s->a, out->to)), true, out->now_ms, sent,
        &root));
    const struct json *found = take_object(root, "convo");
    *convo = take_id(found, "id");
    *is_request = str_eq(take_line(found, "status", 20), S("request"));
    if (sent->outcome == CONNECTOR_SENT && !convo->len)
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("Bluesky's answer cannot be read.")};
    return OK;
}

/* A message of ours with this text since the first try. */
static err find_said(struct sending *s, str convo, struct connector_sent *sent, str *id)
{
    const struct json *root = NULL;
    const struct connector_outgoing *out = s->out;
    TRY(get(s->client, s->a, out->setup, "chat.bsky.convo.getMessages",
        str_print(s->a, "convoId=%.*s&limit=%d", SARG(http_percent_encode(s->a, convo)), LOOK_BACK),
        true, out->now_ms, sent, &root));
    const struct json *list = take_array(root, "messages");
    for (const struct json *m = list ? list->first : NULL; m; m = m->next)
        if (str_eq(take_id(take_object(m, "sender"), "did"), s->did) &&
            str_eq(take_text(m, "text"), out->text) &&
            take_time(m, "sentAt") >= out->first_try_ms - SKEW_MS)
            *id = take_id(m, "id");
    return OK;
}

static str with_convo(struct arena *a, str convo)
{
    struct json_out j = json_out_make(a, 1024);
    json_obj(&j);
    json_kv_str(&j, S("convoId"), convo);
    json_obj_end(&j);
    return json_str(&j);
}

static err say(struct sending *s, str convo, struct connector_sent *sent)
{
    const struct json *root = NULL;
    struct json_out j = json_out_make(s->a, 4 * LIMIT_TEXT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("convoId"), convo);
    json_key(&j, S("message"));
    json_obj(&j);
    json_kv_str(&j, S("text"), s->out->text);
    TRY(put_facets(s, &j));
    json_obj_end(&j);
    json_obj_end(&j);
    TRY(post(s->client, s->a, s->out->setup, "chat.bsky.convo.sendMessage", json_str(&j), true,
        s->out->now_ms, sent, &root));
    if (sent->outcome == CONNECTOR_SENT)
        sent->external_id = take_id(root, "id");
    return OK;
}

static err send_chat(struct sending *s, struct connector_sent *sent)
{
    const struct connector_outgoing *out = s->out;
    const struct json *ignored = NULL;
    str convo = {0}, said = {0};
    bool is_request = false;
    if (!out->text.len || out->n_files)
        return final(sent, S("Bluesky's chat carries text only."));
    TRY(open_convo(s, &convo, &is_request, sent));
    if (sent->outcome == CONNECTOR_SENT && is_request)
        TRY(post(s->client, s->a, out->setup, "chat.bsky.convo.acceptConvo",
            with_convo(s->a, convo), true, out->now_ms, sent, &ignored));
    if (sent->outcome == CONNECTOR_SENT && out->now_ms > out->first_try_ms)
        TRY(find_said(s, convo, sent, &said));
    if (sent->outcome == CONNECTOR_SENT && said.len)
        sent->external_id = said;
    else if (sent->outcome == CONNECTOR_SENT)
        TRY(say(s, convo, sent));
    if (sent->outcome == CONNECTOR_SENT && !str_eq(convo, out->thread_key))
        sent->thread_key = convo;
    return OK;
}

err bluesky_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.client = client, .a = a, .out = out, .did = out->setup->external_id};
    if (!bluesky_is_did(s.did)) {
        *sent = (struct connector_sent){.outcome = CONNECTOR_REAUTH,
            .is_channel_wide = true,
            .why = S("The channel has no session with Bluesky yet. Test it.")};
        return OK;
    }
    return out->is_public && !out->is_private_reply ? send_post(&s, sent) : send_chat(&s, sent);
}

/* ── acts ── */

static err act_delete(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    struct bluesky_uri u;
    const struct json *root = NULL;
    struct json_out j = json_out_make(a, 4096);
    if (!bluesky_uri_read(act->external_id, &u) || !str_eq(u.did, act->setup->external_id))
        return final(sent, S("Only posts of this account can be deleted."));
    json_obj(&j);
    json_kv_str(&j, S("repo"), u.did);
    json_kv_str(&j, S("collection"), u.collection);
    json_kv_str(&j, S("rkey"), u.rkey);
    json_obj_end(&j);
    return post(client, a, act->setup, "com.atproto.repo.deleteRecord", json_str(&j), false,
        act->now_ms, sent, &root);
}

static err act_like(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *record = NULL, *root = NULL;
    struct sending s = {0};
    str cid = {0}, did = act->setup->external_id;
    *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    if (read_token(a, act->token, &s))
        cid = s.parent_cid;
    else
        TRY(find_post(client, a, act->setup, act->external_id, act->now_ms, sent, &record, &cid));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    struct json_out j = json_out_make(a, 8192);
    json_obj(&j);
    json_kv_str(&j, S("repo"), did);
    json_kv_str(&j, S("collection"), S("app.bsky.feed.like"));
    json_kv_str(&j, S("rkey"), bluesky_tid(a, act->external_id, did));
    json_key(&j, S("record"));
    json_obj(&j);
    json_kv_str(&j, S("$type"), S("app.bsky.feed.like"));
    put_ref(&j, "subject", act->external_id, cid);
    json_kv_time(&j, S("createdAt"), act->now_ms);
    json_obj_end(&j);
    json_obj_end(&j);
    /* Put, not created: a second like of the same post is the same. */
    return post(client, a, act->setup, "com.atproto.repo.putRecord", json_str(&j), false,
        act->now_ms, sent, &root);
}

static err act_chat(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *root = NULL;
    struct json_out j = json_out_make(a, 4096);
    bool is_mark = act->kind == ACT_REACT;
    json_obj(&j);
    json_kv_str(&j, S("convoId"), act->thread_key);
    json_kv_str(&j, S("messageId"), act->external_id);
    if (is_mark)
        json_kv_str(&j, S("value"), act->reaction);
    json_obj_end(&j);
    return post(client, a, act->setup,
        is_mark ? "chat.bsky.convo.addReaction" : "chat.bsky.convo.updateRead", json_str(&j), true,
        act->now_ms, sent, &root);
}

err bluesky_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    switch (act->kind) {
    case ACT_DELETE:
        if (act->is_public)
            return act_delete(client, a, act, sent);
        break;
    case ACT_LIKE:
        if (act->is_public)
            return act_like(client, a, act, sent);
        break;
    case ACT_REACT:
        if (!act->is_public && act->reaction.len)
            return act_chat(client, a, act, sent);
        break;
    case ACT_READ:
        if (!act->is_public)
            return act_chat(client, a, act, sent);
        break;
    case ACT_EDIT:
    case ACT_HIDE:
    case ACT_UNHIDE:
        break;
    }
    return final(sent, S("Bluesky has no such thing."));
}
