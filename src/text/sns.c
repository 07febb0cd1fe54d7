/* sns: see sns.h. */
#include "text/sns.h"

#include "text/form_json.h"

enum { WORD_BYTES = 100, REGION_BYTES = 40 };

struct reading {
    struct arena *a;
    struct sns_post *post;
    str *why;
};

static err refuse(struct reading *r, str words)
{
    *r->why = words;
    return E_INVALID;
}

static bool find(str object, const char *name, str *value)
{
    const char *const names[] = {name, NULL};
    return form_json_find(object, names, value) == OK;
}

/* "" when it is not there. */
static err text_of(struct reading *r, str object, const char *name, ptrdiff_t max, str *text)
{
    str value = {0};
    bool is_cut = false;
    *text = (str){0};
    if (!find(object, name, &value))
        return OK;
    if (form_json_text(r->a, value, max, text, &is_cut) != OK || is_cut)
        return refuse(r, str_print(r->a, "%s is not encoded as JSON is, or is too long.", name));
    return OK;
}

bool sns_is(str object)
{
    str value;
    return (find(object, "Type", &value) && find(object, "TopicArn", &value)) ||
           find(object, "notificationType", &value);
}

/* ── the question ── */

static bool is_region(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= '0' && s.at[i] <= '9') ||
                s.at[i] == '-'))
            return false;
    return s.len > 0 && s.len <= REGION_BYTES;
}

/* Somebody will open it: nothing but SNS's own address, in printable ASCII. */
static bool is_of_sns(str url)
{
    str prefix = S("https://sns."), host, path;
    if (!str_starts(url, prefix) || !str_cut(str_skip(url, prefix.len), '/', &host, &path))
        return false;
    for (ptrdiff_t i = 0; i < url.len; i++)
        if (url.at[i] <= ' ' || url.at[i] >= 0x7f || url.at[i] == '"' || url.at[i] == '\\')
            return false;
    str ends[] = {S(".amazonaws.com"), S(".amazonaws.com.cn")};
    for (int i = 0; i < 2; i++)
        if (str_ends(host, ends[i]) && is_region(str_sub(host, 0, host.len - ends[i].len)))
            return true;
    return false;
}

static err question(struct reading *r, str object)
{
    r->post->kind = SNS_QUESTION;
    TRY(text_of(r, object, "SubscribeURL", SNS_URL_BYTES, &r->post->url));
    if (!is_of_sns(r->post->url))
        return refuse(r, S("SubscribeURL is no address of Amazon SNS."));
    return OK;
}

/* ── the mail ── */

/* receipt.action.encoding; "" = not said. */
static bool is_base64(str object)
{
    struct form_json_walk walk;
    struct form_json_item item;
    static const char *const path[] = {"receipt", "action"};
    str at = object, encoding = {0};
    for (int i = 0; i < 2; i++) {
        str inner = {0};
        if (form_json_open(at, &walk) != OK)
            return false;
        while (!inner.at && form_json_next(&walk, &item) == OK)
            if (item.kind == FORM_JSON_OBJECT && str_eq(item.name, str_from(path[i])))
                inner = item.value;
        at = inner;
    }
    return find(at, "encoding", &encoding) && str_eq_nocase(encoding, S("BASE64"));
}

static err content(struct reading *r, str object)
{
    struct form_json_stream stream;
    str value = {0}, kind;
    TRY(text_of(r, object, "notificationType", WORD_BYTES, &kind));
    if (!str_eq(kind, S("Received")))
        return refuse(r, S("Message is no mail: its notificationType is not \"Received\"."));
    if (!find(object, "content", &value))
        return refuse(
            r, S("content is missing: the receipt rule's action must be SNS, which brings "
                 "the mail along (up to 150 KB); other actions only tell of it."));
    char *to = arena_alloc(r->a, value.len + FORM_JSON_LETTER_BYTES, 1);
    ptrdiff_t n = 0, got = 0;
    form_json_stream(&stream, value, is_base64(object));
    do {
        if (form_json_read(&stream, to + n, value.len + FORM_JSON_LETTER_BYTES - n, &got) != OK)
            return refuse(r, stream.is_base64 ? S("content is not base64.")
                                              : S("content is not encoded as JSON is."));
        n += got;
    } while (got > 0 && stream.rest.len);
    r->post->mail = str_of(to, n);
    return OK;
}

err sns_read(struct arena *a, str object, struct sns_post *post, str *why)
{
    struct reading r = {.a = a, .post = post, .why = why};
    str type, message;
    *post = (struct sns_post){.is_sns = true};
    if (object.len > SNS_BYTES)
        return refuse(&r, S("This is longer than what Amazon SNS posts."));
    TRY(text_of(&r, object, "Type", WORD_BYTES, &type));
    TRY(text_of(&r, object, "TopicArn", SNS_TOPIC_BYTES, &post->topic));
    if (!type.len)
        return content(&r, object); /* raw message delivery */
    if (str_eq(type, S("SubscriptionConfirmation")))
        return question(&r, object);
    if (str_eq(type, S("UnsubscribeConfirmation"))) {
        post->kind = SNS_END;
        return OK;
    }
    if (!str_eq(type, S("Notification")))
        return refuse(&r, S("Type is none of Amazon SNS's."));
    TRY(text_of(&r, object, "Message", SNS_BYTES, &message));
    return content(&r, message);
}
