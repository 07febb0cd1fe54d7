/* Answers with tokens and tokens as text; see oauth2.h and oauth2_inner.h. An answer is foreign
 * text: lengths, kinds and times are checked before it becomes a token. Thread: pure. */
#include "base/limits.h"
#include "connector/oauth2_inner.h"

enum {
    TOKEN_BYTES = 8 * 1024, /* Microsoft's and Salesforce's reach 2 to 3 KB */
    NAME_BYTES = 2 * 1024,  /* scopes, subjects, addresses */
};
static const int64_t life_most_s = INT64_C(10) * 366 * 24 * 3600;

/* ── answers ── */

static const struct json *holder_of(const struct json *root)
{
    const struct json *data = json_get(root, S("data"));
    if (json_get(root, S("access_token")) || !data)
        return root;
    return data->kind == JSON_ARRAY ? data->first : data;
}

/* A token goes into headers: visible ASCII only. */
static str token_of(const struct json *object, str key)
{
    const struct json *v = json_get(object, key);
    if (!v || v->kind != JSON_STRING || v->text.len > TOKEN_BYTES)
        return (str){0};
    for (ptrdiff_t i = 0; i < v->text.len; i++)
        if (v->text.at[i] <= 0x20 || v->text.at[i] >= 0x7f)
            return (str){0};
    return v->text;
}

static str name_of(const struct json *object, str key)
{
    str s = json_text(json_get(object, key), S(""));
    return s.len <= NAME_BYTES && oauth_is_line(s) ? s : (str){0};
}

/* "permissions" may be a list. */
static str scope_of(struct arena *a, const struct json *object)
{
    str text = name_of(object, S("scope"));
    const struct json *list = json_get(object, S("permissions"));
    if (text.len > 0 || !list)
        return text;
    if (list->kind != JSON_ARRAY)
        return name_of(object, S("permissions"));
    struct sb b = sb_make(a, NAME_BYTES);
    for (const struct json *v = list->first; v; v = v->next) {
        if (b.len > 0)
            sb_byte(&b, ' ');
        sb_add(&b, json_text(v, S("")));
    }
    return oauth_is_line(sb_str(&b)) ? sb_str(&b) : (str){0};
}

/* Seconds from now, as a number or a text; 0 when there are none that make sense. */
static int64_t end_of(const struct json *object, str key, int64_t now_ms)
{
    int64_t seconds = 0;
    str text = json_text(json_get(object, key), S(""));
    if (str_int(text, 1, life_most_s, &seconds) != OK)
        return 0;
    return now_ms + seconds * 1000;
}

/* An account's own API address: as secure as where the answer came from. */
static str address_of(const struct json *object, str asked_url)
{
    str url = name_of(object, S("api_domain"));
    if (url.len == 0)
        url = name_of(object, S("instance_url"));
    bool is_plain_fit = str_starts(asked_url, S("http://")) && str_starts(url, S("http://"));
    return str_starts(url, S("https://")) || is_plain_fit ? url : (str){0};
}

static str kept(str given, str old)
{
    return given.len > 0 ? given : old;
}

struct oauth_end oauth2_answer_read(struct arena *a, const struct oauth2_app *app,
    const struct oauth_call *call, const struct oauth_answer *answer,
    const struct oauth2_tokens *old, struct oauth2_tokens *tokens)
{
    const struct json *root = NULL;
    str unused;
    if (json_parse(a, answer->body, &root, &unused) != OK)
        root = NULL;
    const struct json *o = holder_of(root);
    struct oauth2_tokens got = {.access = token_of(o, S("access_token"))};
    bool is_refused =
        answer->status < 200 || answer->status > 299 || json_int(json_get(root, S("code")), 0) != 0;
    if (is_refused || got.access.len == 0)
        return oauth_refusal(a, call, answer, root);
    const struct oauth2_tokens none = {0};
    const struct oauth2_tokens *was = old ? old : &none;
    got.refresh = token_of(o, S("refresh_token"));
    got.expires_ms = end_of(o, S("expires_in"), call->now_ms);
    got.refresh_expires_ms = end_of(o, S("refresh_token_expires_in"), call->now_ms);
    if (got.refresh.len == 0 && got.refresh_expires_ms == 0)
        got.refresh_expires_ms = was->refresh_expires_ms;
    got.refresh = kept(got.refresh, was->refresh);
    got.scope = kept(scope_of(a, o), was->scope);
    if (app->provider->subject_name.len > 0)
        got.subject = name_of(o, app->provider->subject_name);
    got.subject = kept(got.subject, was->subject);
    got.api_base = kept(address_of(o, call->url), was->api_base);
    *tokens = got;
    return (struct oauth_end){.outcome = OAUTH_OK};
}
