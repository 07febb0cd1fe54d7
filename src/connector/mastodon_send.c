/* mastodon: what goes out. See mastodon.h. Whom an answer is for stands in its text: the writer and
 * whom they addressed are put before it unless they are in it. Its visibility is that of what it
 * answers, or stricter; what is private in Seva goes to the people addressed only ("direct").
 *
 * The instance knows a repetition by our key for about an hour. A later try looks through our
 * newest statuses first. Thread: calls block. */
#include <time.h>

#include "base/limits.h"
#include "connector/mastodon.h"
#include "connector/reading.h"
#include "text/html_text.h"
#include "text/length.h"

enum {
    QUESTIONS = 20, /* whether a file is ready, a second between two */
    LONGEST = 500,  /* of a text with its mentions, where the instance does not say */
    ADDRESSED = 10, /* people before a text */
    LOOK_BACK = 40, /* newest statuses of ours that are compared */
};

struct sending {
    struct http_client *client;
    struct arena *a;
    const struct connector_outgoing *out;
    str visibility, once;
    str answers;       /* id of the status that it answers; empty = none */
    str to[ADDRESSED]; /* acct, without the @ */
    int n_to;
    str text;
    str media[MASTODON_FILES];
    int n_media;
};

static err final(struct connector_sent *sent, str words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = words};
    return OK;
}

static err ask(struct http_client *client, struct arena *a, const struct connector_setup *setup,
    enum http_method method, str path, str json, int64_t now_ms, struct connector_sent *sent,
    const struct json **root)
{
    const struct mastodon_ask call = {
        .setup = setup, .method = method, .path = path, .json = json, .now_ms = now_ms};
    struct mastodon_answer answer;
    TRY(mastodon_do(client, a, &call, sent, &answer));
    *root = answer.root;
    return OK;
}

/* ── to whom, and who sees it ── */

static void add_person(struct sending *s, str acct)
{
    for (int i = 0; i < s->n_to; i++)
        if (str_eq_nocase(s->to[i], acct))
            return;
    if (s->n_to < ADDRESSED && acct.len)
        s->to[s->n_to++] = acct;
}

static void read_token(struct sending *s, str token)
{
    const struct json *root = NULL;
    str why;
    if (!token.len || json_parse(s->a, token, &root, &why) != OK)
        return;
    const struct json *list = take_array(root, "to");
    s->visibility = take_line(root, "v", 20);
    if (!s->answers.len)
        s->answers = take_id(root, "id");
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        add_person(s, json_text(v, S("")));
}

/* What was kept of the message, else what the instance says about it, else the person's name. */
static err find_people(struct sending *s, struct connector_sent *sent)
{
    const struct connector_outgoing *out = s->out;
    const struct json *root = NULL;
    bool is_named = mastodon_is_id(out->reply_to);
    *sent = (struct connector_sent){.outcome = CONNECTOR_SENT};
    read_token(s, out->token);
    if (!s->visibility.len && is_named) {
        TRY(ask(s->client, s->a, out->setup, HTTP_GET,
            str_cat(s->a, S("/api/v1/statuses/"), out->reply_to), (str){0}, out->now_ms, sent,
            &root));
        if (sent->outcome != CONNECTOR_SENT)
            return OK;
        read_token(s, mastodon_token(s->a, root, out->setup->external_id));
    }
    if (!s->n_to && out->to_handle.len)
        add_person(s, out->to_handle);
    if (!s->n_to && mastodon_is_id(out->to)) {
        TRY(ask(s->client, s->a, out->setup, HTTP_GET,
            str_cat(s->a, S("/api/v1/accounts/"), out->to), (str){0}, out->now_ms, sent, &root));
        if (sent->outcome != CONNECTOR_SENT)
            return OK;
        add_person(s, take_line(root, "acct", LIMIT_NAME_BYTES));
    }
    return OK;
}

static void choose_visibility(struct sending *s)
{
    bool is_open = str_eq(s->visibility, S("public")) || str_eq(s->visibility, S("unlisted"));
    bool is_quiet =
        str_eq(setup_setting(s->a, &connector_mastodon, s->out->setup, "replies"), S("unlisted"));
    if (!s->out->is_public || s->out->is_private_reply)
        s->visibility = S("direct");
    else if (!s->visibility.len)
        s->visibility = S("unlisted");
    else if (is_open && is_quiet)
        s->visibility = S("unlisted");
    else if (!is_open)
        s->visibility = S("direct"); /* it was made stricter after it had come */
    if (s->out->is_private_reply && s->n_to > 1)
        s->n_to = 1; /* the writer alone */
}

static bool is_word_end(str text, ptrdiff_t at)
{
    char c = at < text.len ? text.at[at] : ' ';
    return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             c == '_' || c == '@' || c == '-');
}

static bool mentions(str text, str acct)
{
    for (ptrdiff_t i = 0; i < text.len; i++)
        if (text.at[i] == '@' && str_eq_nocase(str_sub(text, i + 1, acct.len), acct) &&
            is_word_end(text, i + 1 + acct.len))
            return true;
    return false;
}

static bool is_acct(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] <= ' ' || (s.at[i] == '@' && (i == 0 || i + 1 == s.len)))
            return false;
    return s.len > 0;
}

/* The writer first; others as long as they fit. */
static str address(struct arena *a, str text, const str *to, int n, int64_t longest)
{
    struct sb b = sb_make(a, 0);
    for (int i = 0; i < n; i++) {
        if (!is_acct(to[i]) || mentions(text, to[i]))
            continue;
        str with = str_print(a, "%.*s@%.*s %.*s", SARG(sb_str(&b)), SARG(to[i]), SARG(text));
        if (i && length_of(LENGTH_MASTODON, with) > longest)
            continue;
        sb_print(&b, "@%.*s ", SARG(to[i]));
    }
    sb_add(&b, text);
    return sb_str(&b);
}

static int64_t longest_of(struct arena *a, const struct connector_setup *setup)
{
    int64_t length = LONGEST - MASTODON_MENTION;
    (void)str_int(
        setup_setting(a, &connector_mastodon, setup, "max_length"), 1, INT32_MAX, &length);
    return length + MASTODON_MENTION;
}

/* ── files ── */

static err wait_ready(struct sending *s, str id, struct connector_sent *sent, bool *is_ready)
{
    static const struct timespec pause = {.tv_sec = 1};
    for (int i = 0; i < QUESTIONS; i++) {
        const struct mastodon_ask call = {.setup = s->out->setup,
            .method = HTTP_GET,
            .path = str_cat(s->a, S("/api/v1/media/"), id),
            .now_ms = s->out->now_ms};
        struct mastodon_answer answer;
        TRY(mastodon_do(s->client, s->a, &call, sent, &answer));
        *is_ready = sent->outcome == CONNECTOR_SENT && answer.status == 200;
        if (*is_ready || sent->outcome != CONNECTOR_SENT)
            return OK;
        nanosleep(&pause, NULL);
    }
    *sent = (struct connector_sent){
        .outcome = CONNECTOR_RETRY, .why = S("The instance has not got the file ready yet.")};
    return OK;
}

static err upload(struct sending *s, const struct connector_file *file, struct connector_sent *sent)
{
    struct multipart form = multipart_make(s->a);
    struct mastodon_answer answer;
    bool is_ready = true;
    multipart_file(&form, "file", file);
    const struct mastodon_ask call = {.setup = s->out->setup,
        .method = HTTP_POST,
        .path = S("/api/v2/media"),
        .files = &form,
        .now_ms = s->out->now_ms};
    err e = mastodon_do(s->client, s->a, &call, sent, &answer);
    multipart_close(&form);
    TRY(e);
    sent->rate_name = S("media");
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY; /* a file that nothing shows may be sent again */
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    str id = take_id(answer.root, "id");
    if (!mastodon_is_id(id)) {
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("The instance's answer cannot be read.")};
        return OK;
    }
    if (answer.status == 202)
        TRY(wait_ready(s, id, sent, &is_ready));
    if (is_ready && sent->outcome == CONNECTOR_SENT)
        s->media[s->n_media++] = id;
    return OK;
}

/* ── the status ── */

static str status_json(const struct sending *s)
{
    struct json_out j = json_out_make(s->a, 4 * LIMIT_TEXT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("status"), s->text);
    if (mastodon_is_id(s->answers))
        json_kv_str(&j, S("in_reply_to_id"), s->answers);
    json_kv_str(&j, S("visibility"), s->visibility);
    if (s->n_media) {
        json_key(&j, S("media_ids"));
        json_arr(&j);
        for (int i = 0; i < s->n_media; i++)
            json_put_str(&j, s->media[i]);
        json_arr_end(&j);
    }
    json_obj_end(&j);
    return json_str(&j);
}

static str squeezed(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] > ' ')
            sb_byte(&b, text.at[i]);
    return sb_str(&b);
}

/* What an earlier try has brought there although nobody answered. */
static err find_sent(struct sending *s, struct connector_sent *sent, const struct json **found)
{
    const struct json *list = NULL;
    str own = s->out->setup->external_id, wanted = squeezed(s->a, s->out->text);
    *found = NULL;
    if (!mastodon_is_id(own))
        return OK;
    TRY(ask(s->client, s->a, s->out->setup, HTTP_GET,
        str_print(s->a, "/api/v1/accounts/%.*s/statuses?exclude_reblogs=true&limit=%d", SARG(own),
            LOOK_BACK),
        (str){0}, s->out->now_ms, sent, &list));
    if (sent->outcome != CONNECTOR_SENT || !list || list->kind != JSON_ARRAY)
        return OK;
    for (const struct json *v = list->first; v; v = v->next) {
        str text = {0};
        TRY(html_text(s->a, take_text(v, "content"), LIMIT_TEXT_BYTES, &text));
        const struct json *files = take_array(v, "media_attachments");
        if (str_eq(take_id(v, "in_reply_to_id"), s->answers) &&
            take_time(v, "created_at") >= s->out->first_try_ms - 60 * 1000 &&
            (files ? files->count : 0) == s->out->n_files && str_ends(squeezed(s->a, text), wanted))
            *found = v;
    }
    return OK;
}

static void read_sent(struct arena *a, const struct json *status, struct connector_sent *sent)
{
    str *alias = NEW(a, str, 1);
    *alias = take_id(status, "uri");
    sent->external_id = take_id(status, "id");
    sent->aliases = alias;
    sent->n_aliases = alias->len > 0;
    if (!sent->external_id.len) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why = S("The instance's answer cannot be read.");
    }
}

static err post(struct sending *s, struct connector_sent *sent)
{
    const struct mastodon_ask call = {.setup = s->out->setup,
        .method = HTTP_POST,
        .path = S("/api/v1/statuses"),
        .json = status_json(s),
        .once = s->once,
        .now_ms = s->out->now_ms};
    struct mastodon_answer answer;
    TRY(mastodon_do(s->client, s->a, &call, sent, &answer));
    if (sent->outcome == CONNECTOR_SENT)
        read_sent(s->a, answer.root, sent);
    return OK;
}

static int64_t limit_of(struct arena *a, const struct connector_setup *setup, const char *name)
{
    int64_t n = INT64_MAX;
    (void)str_int(setup_setting(a, &connector_mastodon, setup, name), 0, INT64_MAX, &n);
    return n;
}

/* Why it cannot go; empty: it can. */
static str obstacle(struct arena *a, const struct connector_outgoing *out)
{
    int64_t images = limit_of(a, out->setup, "image_bytes");
    int64_t videos = limit_of(a, out->setup, "video_bytes");
    if (!out->text.len && !out->n_files)
        return S("A post carries text and files only.");
    if (out->n_files > MASTODON_FILES || out->n_files > limit_of(a, out->setup, "max_files"))
        return S("That is more files than a post takes on this instance.");
    for (ptrdiff_t i = 0; i < out->n_files; i++) {
        const struct connector_file *f = &out->files[i];
        if (f->size > (str_starts(f->type, S("image/")) ? images : videos))
            return S("The file is larger than this instance takes.");
    }
    return (str){0};
}

err mastodon_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct sending s = {.client = client,
        .a = a,
        .out = out,
        .once = str_cat(a, S("seva-"), out->delivery_id),
        .answers = out->reply_to};
    const struct json *found = NULL;
    str why_not = obstacle(a, out);
    if (why_not.len)
        return final(sent, why_not);
    TRY(find_people(&s, sent));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    choose_visibility(&s);
    if (!s.n_to)
        return final(sent, S("It is not known to whom this goes."));
    s.text = address(a, out->text, s.to, s.n_to, longest_of(a, out->setup));
    if (out->now_ms - out->first_try_ms > MASTODON_KEY_MS) {
        TRY(find_sent(&s, sent, &found));
        if (found)
            read_sent(a, found, sent);
        if (found || sent->outcome != CONNECTOR_SENT)
            return OK;
    }
    for (ptrdiff_t i = 0; i < out->n_files; i++) {
        TRY(upload(&s, &out->files[i], sent));
        if (sent->outcome != CONNECTOR_SENT)
            return OK;
    }
    return post(&s, sent);
}

/* ── acts ── */

/* Everything that is left out of an edit is taken away: files, warning, language stay by name. */
static err act_edit(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *now = NULL;
    str to[ADDRESSED], path = str_cat(a, S("/api/v1/statuses/"), act->external_id);
    int n = 0;
    TRY(ask(client, a, act->setup, HTTP_GET, path, (str){0}, act->now_ms, sent, &now));
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    const struct json *people = take_array(now, "mentions");
    const struct json *files = take_array(now, "media_attachments");
    for (const struct json *m = people ? people->first : NULL; m && n < ADDRESSED; m = m->next)
        to[n++] = take_line(m, "acct", LIMIT_NAME_BYTES);
    struct json_out j = json_out_make(a, 4 * LIMIT_TEXT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("status"), address(a, act->text, to, n, longest_of(a, act->setup)));
    if (take_text(now, "spoiler_text").len)
        json_kv_str(&j, S("spoiler_text"), take_text(now, "spoiler_text"));
    json_kv_bool(&j, S("sensitive"), take_bool(now, "sensitive"));
    if (take_line(now, "language", 35).len)
        json_kv_str(&j, S("language"), take_line(now, "language", 35));
    json_key(&j, S("media_ids"));
    json_arr(&j);
    for (const struct json *m = files ? files->first : NULL; m; m = m->next)
        json_put_str(&j, take_id(m, "id"));
    json_arr_end(&j);
    json_obj_end(&j);
    return ask(client, a, act->setup, HTTP_PUT, path, json_str(&j), act->now_ms, sent, &now);
}

static err act_delete(struct http_client *client, struct arena *a, const struct connector_act *act,
    str path, struct connector_sent *sent)
{
    const struct mastodon_ask call = {
        .setup = act->setup, .method = HTTP_DELETE, .path = path, .now_ms = act->now_ms};
    struct mastodon_answer answer;
    TRY(mastodon_do(client, a, &call, sent, &answer));
    if (answer.status == 404 || answer.status == 410)
        *sent = (struct connector_sent){.outcome = CONNECTOR_SENT}; /* it is gone */
    return OK;
}

err mastodon_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    const struct json *root = NULL;
    str path = str_cat(a, S("/api/v1/statuses/"), act->external_id);
    if (!mastodon_is_id(act->external_id))
        return final(sent, S("This is no post of Mastodon."));
    switch (act->kind) {
    case ACT_DELETE:
        return act_delete(client, a, act, path, sent);
    case ACT_EDIT:
        return act_edit(client, a, act, sent);
    case ACT_LIKE:
        return ask(client, a, act->setup, HTTP_POST, str_cat(a, path, S("/favourite")), (str){0},
            act->now_ms, sent, &root);
    case ACT_REACT:
    case ACT_HIDE:
    case ACT_UNHIDE:
    case ACT_READ:
        break;
    }
    return final(sent, S("Mastodon has no such thing."));
}
