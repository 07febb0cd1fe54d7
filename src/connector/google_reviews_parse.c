/* google_reviews: what a review says. See google_reviews.h. Thread: pure. */
#include "base/crypto.h"
#include "base/limits.h"
#include "connector/google_reviews.h"
#include "connector/part.h"
#include "connector/reading.h"

enum { STARS = 5 };

static int stars_of(str word)
{
    static const char *const words[] = {"ONE", "TWO", "THREE", "FOUR", "FIVE"};
    for (int i = 0; i < STARS; i++)
        if (str_eq(word, str_from(words[i])))
            return i + 1;
    return 0;
}

/* Google puts its translation before or after what was written:
 * "(Translated by Google) X\n\n(Original)\nY" and "Y\n\n(Translated by Google)\nX". */
static str original_of(str text)
{
    static const str original = S_INIT("(Original)"), translated = S_INIT("(Translated by Google)");
    ptrdiff_t at = str_find(text, translated), was = str_find(text, original);
    if (at < 0)
        return str_trim(text);
    if (was > at)
        return str_trim(str_skip(text, was + original.len));
    return at > 0 ? str_trim(str_sub(text, 0, at)) : str_trim(str_skip(text, translated.len));
}

static str rating_of(struct arena *a, const struct json *review)
{
    struct parts p = parts_make(a);
    int stars = stars_of(take_line(review, "starRating", 40));
    if (stars) {
        part_begin(&p, S("rating"));
        json_kv_int(&p.j, S("value"), stars);
        json_kv_int(&p.j, S("most"), STARS);
        part_end(&p);
    } else if (!take_text(review, "comment").len) {
        part_unsupported(&p, S("review"));
    }
    return parts_str(&p);
}

/* What every item of a review has. */
static struct connector_item base_of(
    struct arena *a, const struct json *root, const struct json *review, str name)
{
    const struct json *reviewer = take_object(review, "reviewer");
    struct connector_item it = {.is_public = true, .opens_window = true};
    it.account = take_id(root, "account");
    it.thread_key = str_cat(a, S("post:"), name);
    it.contact_external_id = name; /* Google names no person: one per review */
    if (!take_bool(reviewer, "isAnonymous")) {
        it.contact_name = take_line(reviewer, "displayName", LIMIT_NAME_BYTES);
        it.contact_avatar_url = take_url(reviewer, "profilePhotoUrl");
    }
    it.post = (struct connector_post){
        .external_id = name,
        .kind = S("review"),
        .text = original_of(take_text(review, "comment")),
        .author_name = it.contact_name,
        .at_ms = take_time(review, "createTime"),
    };
    return it;
}

static void put(struct item_list *list, const struct connector_item *it)
{
    struct connector_item *to = item_add(list, it->kind);
    if (to)
        *to = *it;
}

str google_reviews_mark(struct arena *a, str text)
{
    enum { MARK_BYTES = 8 };
    str words = str_trim(text);
    if (!words.len)
        return (str){0};
    struct sha256 hash = crypto_sha256(words);
    return crypto_hex(a, (str){(const char *)hash.b, MARK_BYTES});
}

str google_reviews_reply_id(struct arena *a, str review, str mark)
{
    return str_print(a, "%.*s/reply@%.*s", SARG(review), SARG(mark));
}

/* Google refuses replies after the fact; how that is spelled is not certain. */
static str refusal_of(struct arena *a, const struct json *reply)
{
    str state = take_line(reply, "reviewReplyState", 100);
    if (!state.len)
        state = take_line(reply, "state", 100);
    if (str_find(state, S("REJECT")) < 0)
        return (str){0};
    str policy = take_line(reply, "policyViolation", 200);
    return policy.len ? str_print(a, "Google rejected the reply: %.*s.", SARG(policy))
                      : S("Google rejected the reply: it breaks a policy of theirs.");
}

static void read_reply(struct item_list *list, const struct connector_item *base,
    const struct json *reply, str name, str old)
{
    struct arena *a = list->a;
    str text = take_text(reply, "comment"), mark = google_reviews_mark(a, text);
    struct connector_item it = *base;
    it.external_id = mark.len ? google_reviews_reply_id(a, name, mark) : (str){0};
    if (old.len && !str_eq(old, mark)) {
        struct connector_item gone = *base;
        gone.kind = ITEM_DELETE;
        gone.external_id = google_reviews_reply_id(a, name, old);
        gone.replaced_by = it.external_id;
        put(list, &gone);
    }
    if (!mark.len)
        return;
    it.kind = ITEM_MESSAGE;
    it.is_ours = true;
    it.reply_to = name;
    it.text = text;
    it.sent_ms = take_time(reply, "updateTime");
    put(list, &it);
    it.error = refusal_of(a, reply);
    if (!it.error.len)
        return;
    it.kind = ITEM_STATUS;
    it.state = S("failed");
    put(list, &it);
}

static void read_review(struct item_list *list, const struct json *root, str name)
{
    struct arena *a = list->a;
    const struct json *review = take_object(root, "review");
    const struct json *reply = take_object(review, "reviewReply");
    int64_t made_ms = take_time(review, "createTime"), ms = take_time(review, "updateTime");
    int64_t reply_ms = take_time(reply, "updateTime");
    const struct connector_item base = base_of(a, root, review, name);
    struct connector_item it = base;
    it.kind = ITEM_MESSAGE;
    it.external_id = name;
    it.text = base.post.text;
    it.parts = rating_of(a, review);
    it.sent_ms = made_ms ? made_ms : ms;
    put(list, &it);
    bool is_edited = ms > it.sent_ms, is_after_reply = is_edited && reply_ms && reply_ms < ms;
    if (is_after_reply)
        read_reply(list, &base, reply, name, take_line(root, "old_reply", 40));
    it.sent_ms = ms;
    it.kind = ITEM_EDIT;
    if (is_edited)
        put(list, &it);
    if (!is_after_reply) {
        read_reply(list, &base, reply, name, take_line(root, "old_reply", 40));
        return;
    }
    it.kind = ITEM_MESSAGE; /* they have something to say again */
    it.external_id = str_print(a, "%.*s@%lld", SARG(name), (long long)ms);
    it.reply_to = name;
    put(list, &it);
}

err google_reviews_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct item_list list = {.a = a};
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    str name = take_id(root, "name");
    bool is_hook = str_eq(raw->origin, S("hook"));
    enum { ROOM = 40 }; /* for what is put after a name to make an id of it */
    if (!is_hook && (!name.len || name.len > READING_ID_BYTES - ROOM)) {
        *why = S("This is no review of Google's.");
        return E_INVALID;
    }
    if (str_eq(raw->origin, S("review")) && take_object(root, "review"))
        read_review(&list, root, name);
    if (str_eq(raw->origin, S("gone"))) {
        struct connector_item it = base_of(a, root, NULL, name);
        it.kind = ITEM_DELETE;
        it.external_id = name;
        put(&list, &it);
    }
    batch_of(&list, batch);
    if (is_hook) {
        batch->wants_poll = true;
        batch->delivery_id = take_id(take_object(root, "message"), "messageId");
    }
    return OK;
}
