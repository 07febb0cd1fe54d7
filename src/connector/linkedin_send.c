/* linkedin: a comment of ours. See linkedin.h.
 *
 * There is no idempotency key: a try that is not the first looks whether an earlier one arrived,
 * by our page's name and the text (or the picture without one), so a try of unknown end may be
 * repeated. Thread: blocks. */
#include "base/file.h"
#include "base/limits.h"
#include "connector/fetched.h"
#include "connector/linkedin.h"
#include "connector/reading.h"

enum {
    SKEW_MS = 60 * 1000, /* between LinkedIn's clock and ours */
    COUNT = 50,
    PAGES = 5,
};

struct sending {
    struct http_client *client;
    struct arena *a;
    const struct connector_outgoing *out;
    struct linkedin_api api;
    str under;  /* comment or post that ours goes below */
    str object; /* the post */
    bool is_answer;
    str image; /* uploaded; empty = none */
};

static void refuse(struct connector_sent *sent, str why)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* False: there is nothing to answer. */
static bool place(struct sending *s)
{
    struct linkedin_comment c;
    const struct connector_outgoing *out = s->out;
    s->under = linkedin_comment_read(out->token, &c) ? out->token : out->reply_to;
    s->is_answer = linkedin_comment_read(s->under, &c);
    if (s->is_answer) {
        s->object = c.post;
        return true;
    }
    if (!linkedin_is_urn(s->under))
        s->under = out->post;
    s->object = s->under;
    return linkedin_is_urn(s->under);
}

/* ── an earlier try ── */

static bool is_that(const struct sending *s, const struct json *c)
{
    const struct json *content = take_array(c, "content");
    bool has_file = content && content->first;
    return str_eq(linkedin_actor(c), s->out->setup->external_id) &&
           str_eq(linkedin_text(c), s->out->text) && (s->out->text.len || has_file) &&
           linkedin_made_ms(c) >= s->out->first_try_ms - SKEW_MS;
}

static void read_id(struct sending *s, const struct json *c, str created, struct connector_sent *to)
{
    struct linkedin_comment parts;
    str urn = take_id(c, "commentUrn");
    if (!linkedin_comment_read(urn, &parts))
        urn = created;
    if (!linkedin_comment_read(urn, &parts)) {
        str id = take_id(c, "id");
        id = id.len ? id : created;
        urn = linkedin_comment_urn(s->a, s->object, id);
        if (!linkedin_comment_read(urn, &parts))
            return;
    }
    to->external_id = str_copy(s->a, urn);
    if (str_eq(parts.post, s->object))
        return;
    str *alias = NEW(s->a, str, 1);
    *alias = linkedin_comment_urn(s->a, s->object, parts.id);
    to->aliases = alias;
    to->n_aliases = 1;
}

static err find_earlier(struct sending *s, struct connector_sent *sent)
{
    for (int i = 0; i < PAGES; i++) {
        struct linkedin_answer got;
        int n = 0;
        str path = str_print(s->a, "%.*s?start=%d&count=%d",
            SARG(linkedin_comments_path(s->a, s->under)), i * COUNT, COUNT);
        TRY(linkedin_do(s->client, s->a, &s->api, HTTP_GET, path, (str){0}, &got));
        *sent = got.sent;
        if (got.sent.outcome != CONNECTOR_SENT)
            break;
        for (const struct json *c = list_first(got.json, "elements"); c; c = c->next, n++) {
            if (!is_that(s, c))
                continue;
            read_id(s, c, (str){0}, sent);
            return OK;
        }
        if (n < COUNT)
            break;
    }
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY; /* it only asked */
    return OK;
}

/* ── a picture ── */

static err upload(struct sending *s, str url, struct connector_sent *sent)
{
    const struct connector_file *file = &s->out->files[0];
    struct http_part part = {.is_file = true};
    if (file_open_read(file->path, &part.fd, &part.size) != OK) {
        refuse(sent, S("The picture is not there any more."));
        return OK;
    }
    const struct network_call call = {
        .method = HTTP_PUT,
        .url = url,
        .authorization =
            str_cat(s->a, S("Bearer "), setup_secret(s->a, s->out->setup, "access_token")),
        .parts = &part,
        .n_parts = 1,
        .content_type = file->type,
    };
    struct http_result res = {0};
    err e = network_do(s->client, s->a, &call, &res);
    file_close(part.fd);
    TRY(e);
    network_answer(s->a, S("LinkedIn"), &res, s->out->now_ms, sent);
    return OK;
}

/* A picture that nobody has seen yet: what is unclear may be tried again. */
static err add_image(struct sending *s, struct connector_sent *sent)
{
    struct linkedin_answer got;
    str body = str_print(s->a, "{\"initializeUploadRequest\":{\"owner\":\"%.*s\"}}",
        SARG(s->out->setup->external_id));
    TRY(linkedin_do(
        s->client, s->a, &s->api, HTTP_POST, S("/images?action=initializeUpload"), body, &got));
    *sent = got.sent;
    const struct json *value = take_object(got.json, "value");
    str url = take_url(value, "uploadUrl"), image = take_id(value, "image");
    bool is_given = url.len && linkedin_is_urn(image);
    if (sent->outcome == CONNECTOR_SENT && is_given)
        TRY(upload(s, url, sent));
    else if (sent->outcome == CONNECTOR_SENT)
        refuse(sent, S("LinkedIn does not take the picture."));
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY;
    s->image = image;
    return OK;
}

/* ── the comment ── */

static str body_of(struct sending *s)
{
    struct json_out j = json_out_make(s->a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("actor"), s->out->setup->external_id);
    json_kv_str(&j, S("object"), s->object);
    if (s->is_answer)
        json_kv_str(&j, S("parentComment"), s->under);
    json_key(&j, S("message"));
    json_obj(&j);
    json_kv_str(&j, S("text"), s->out->text);
    json_obj_end(&j);
    if (s->image.len)
        json_kv_raw(&j, S("content"),
            str_print(s->a, "[{\"entity\":{\"image\":\"%.*s\"}}]", SARG(s->image)));
    json_obj_end(&j);
    return json_str(&j);
}

err linkedin_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {
        .client = client, .a = a, .out = out, .api = {out->setup, out->now_ms}
    };
    struct connector_sent so_far = {.outcome = CONNECTOR_SENT};
    bool has_content = str_trim(out->text).len || out->n_files;
    if (!place(&s) || !has_content || out->n_files > 1 ||
        !linkedin_is_urn(out->setup->external_id)) {
        refuse(
            sent, S("LinkedIn takes a text, with one picture at most, below a comment or post."));
        return OK;
    }
    if (out->now_ms > out->first_try_ms)
        TRY(find_earlier(&s, &so_far));
    if (so_far.outcome == CONNECTOR_SENT && !so_far.external_id.len && out->n_files)
        TRY(add_image(&s, &so_far));
    if (so_far.outcome != CONNECTOR_SENT || so_far.external_id.len) {
        *sent = so_far;
        return OK;
    }
    struct linkedin_answer got;
    str path = linkedin_comments_path(a, s.under);
    TRY(linkedin_do(client, a, &s.api, HTTP_POST, path, body_of(&s), &got));
    if (got.sent.outcome == CONNECTOR_SENT)
        read_id(&s, got.json, got.created, &got.sent);
    if (got.sent.outcome == CONNECTOR_SENT && !got.sent.external_id.len) {
        got.sent.outcome = CONNECTOR_UNKNOWN;
        got.sent.why = S("LinkedIn took the comment without naming it.");
    }
    *sent = got.sent;
    return OK;
}
