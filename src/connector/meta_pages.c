/* See meta_pages.h. The next call is made from the answer's cursor and our own base: an address in
 * an answer is not followed, since the token goes with it. Thread: see there. */
#include "connector/meta_pages.h"

#include "connector/oauth_inner.h"
#include "connector/sign.h"

enum { ID_BYTES = 64, NAME_BYTES = 400, TOKEN_BYTES = 4096, CURSOR_BYTES = 2048 };

static bool has_task(const struct json *tasks, str name)
{
    if (!tasks || tasks->kind != JSON_ARRAY)
        return true;
    for (const struct json *v = tasks->first; v; v = v->next)
        if (str_eq(json_text(v, S("")), name))
            return true;
    return false;
}

static str field(const struct json *object, str key, ptrdiff_t max_bytes)
{
    str s = json_text(json_get(object, key), S(""));
    return s.len <= max_bytes && oauth_is_line(s) ? s : (str){0};
}

static void page_add(const struct json *v, struct meta_page *list, ptrdiff_t *n)
{
    const struct json *tasks = json_get(v, S("tasks"));
    struct meta_page page = {
        .id = field(v, S("id"), ID_BYTES),
        .name = field(v, S("name"), NAME_BYTES),
        .access_token = field(v, S("access_token"), TOKEN_BYTES),
        .can_message = has_task(tasks, S("MESSAGING")),
        .can_moderate = has_task(tasks, S("MODERATE")),
    };
    if (page.id.len > 0 && page.access_token.len > 0)
        list[(*n)++] = page;
}

/* Reads one answer; *after is the cursor of the next, empty at the end. */
static struct oauth_end answer_read(struct arena *a, const struct oauth_call *call,
    const struct oauth_answer *answer, struct meta_page *list, ptrdiff_t *n, str *after,
    bool *is_cut)
{
    const struct json *root = NULL;
    str unused;
    if (json_parse(a, answer->body, &root, &unused) != OK)
        root = NULL;
    const struct json *data = json_get(root, S("data"));
    if (answer->status < 200 || answer->status > 299 || !data || data->kind != JSON_ARRAY)
        return oauth_refusal(a, call, answer, root);
    for (const struct json *v = data->first; v; v = v->next) {
        if (*n == META_PAGES) {
            *is_cut = true;
            break;
        }
        page_add(v, list, n);
    }
    bool is_last = data->count == 0 || !json_path(root, S("paging.next"));
    str cursor = field(json_path(root, S("paging.cursors")), S("after"), CURSOR_BYTES);
    *after = is_last ? (str){0} : cursor;
    return (struct oauth_end){.outcome = OAUTH_OK};
}

static str page_url(struct arena *a, str base, str app_secret, str token, str after)
{
    struct sb b = sb_make(a, 0);
    sb_add(&b, oauth_address(a, base, S("/me/accounts?fields=id,name,access_token,tasks")));
    sb_print(&b, "&limit=%d", META_PAGES_AT_ONCE);
    if (app_secret.len > 0) {
        str proof = sign_appsecret_proof(a, app_secret, token);
        sb_print(&b, "&appsecret_proof=%.*s", SARG(proof));
    }
    if (after.len > 0) {
        after = http_percent_encode(a, after);
        sb_print(&b, "&after=%.*s", SARG(after));
    }
    return sb_str(&b);
}

err meta_pages_list(struct http_client *client, struct arena *a, str base, str user_token,
    str app_secret, int64_t now_ms, struct meta_pages *pages, struct oauth_end *end)
{
    struct meta_page *list = NEW(a, struct meta_page, META_PAGES);
    struct meta_pages got = {.at = list};
    struct oauth_end result = {.outcome = OAUTH_OK};
    const struct http_header header = {S("Authorization"), str_cat(a, S("Bearer "), user_token)};
    str after = {0};
    for (int calls = 0; calls < META_PAGES / META_PAGES_AT_ONCE; calls++) {
        const struct oauth_call call = {
            .method = HTTP_GET,
            .url = page_url(a, base, app_secret, user_token, after),
            .purpose = EGRESS_NETWORK,
            .headers = &header,
            .header_count = 1,
            .secrets = {user_token, app_secret},
            .now_ms = now_ms,
        };
        struct oauth_answer answer;
        TRY(oauth_call(client, a, &call, &answer, &result));
        if (result.outcome == OAUTH_OK)
            result = answer_read(a, &call, &answer, list, &got.n, &after, &got.has_more);
        if (result.outcome != OAUTH_OK || after.len == 0)
            break;
    }
    got.has_more |= after.len > 0;
    if (result.outcome == OAUTH_OK)
        *pages = got;
    *end = result;
    return OK;
}
