/* hook_mail: mails that are posted to a mailbox: by a mail server's pipe (`seva mail-in`), by a
 * forwarder as they came, in a form, or in JSON. Mails up to LIMIT_HTTP_LONG_BODY_BYTES:
 * the body of a long one comes as a file (net/http_server.h), and the mail is a file of the account
 * before it is answered: claimed, in its place, then in the inbox. Posted again, it is known by its
 * bytes. A question of Amazon SNS is kept for people to answer (care/mail_subscription.h). Not
 * here: other deliveries (hooks.c), what the mail says (the receiver). Source:
 * docs/channels-email.md. */
#include "api/hooks.h"
#include "api/input.h"
#include "base/file.h"
#include "base/file_map.h"
#include "base/id.h"
#include "base/limits.h"
#include "care/mail_post.h"
#include "care/mail_subscription.h"
#include "connector/email.h"
#include "store/blob.h"
#include "store/door.h"
#include "store/inbox.h"
#include "store/mail.h"

struct claim {
    account_id account;
    const struct file_sum *sum;
};

static err claim_write(struct ctx *cx, void *arg)
{
    const struct claim *claim = arg;
    TRY(door_account(cx, claim->account));
    TRY(blob_claim(cx, claim->sum->hash, claim->sum->size));
    return mail_file_add(cx, claim->sum->hash);
}

/* The part becomes the account's file. */
static err keep(struct call *call, struct ctx *of, int64_t number, const struct file_sum *sum)
{
    struct claim claim = {of->account, sum};
    TRY(prepare_write(call, claim_write, &claim));
    if (blob_place(of, part_path(of, number, ""), sum->hash) != OK)
        return fail(&call->cx, E_BUSY, "the mail cannot be stored just now; post it again");
    return OK;
}

static err take_file(struct call *call, struct hook *hook, const struct mail_post *post)
{
    struct ctx *cx = &call->cx;
    struct ctx of = {.arena = cx->arena, .config = cx->config, .account = hook->source.account};
    struct file_sum sum;
    int64_t number = id_make(cx->now_ms);
    str why = {0};
    err e = mail_post_write(&of, post, number, &sum, &why);
    if (e != OK && e != E_INVALID)
        e = fail(cx, E_BUSY, "the mail cannot be stored just now; post it again");
    else if (e != OK)
        e = fail(cx, e, "%.*s", SARG(why));
    if (e == OK)
        e = keep(call, &of, number, &sum);
    if (e != OK) {
        (void)file_remove(part_path(&of, number, "")); /* one that stays is swept */
        return e;
    }
    hook->origin = FILE_ORIGIN;
    hook->body = sum.hash;
    hook->delivery_key = inbox_delivery_key(cx->arena, (str){0}, sum.hash, (str){0});
    return OK;
}

static err posted(struct call *call, struct mail_post *post)
{
    struct ctx *cx = &call->cx;
    const struct http_request *req = call->req;
    str body = req->body, why = {0};
    if (req->has_file && file_map_open(cx->arena, req->file.fd, req->file.size, &body) != OK)
        return fail(cx, E_BUSY, "the mail cannot be read just now; post it again");
    str type = http_header_get(req, S("Content-Type"));
    /* Amazon SNS posts JSON as text/plain. */
    bool is_sns = http_header_get(req, S("x-amz-sns-message-type")).len > 0;
    if (mail_post_find(cx->arena, type, is_sns, body, post, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    return OK;
}

struct subscription {
    const struct hook *hook;
    const struct sns_post *sns;
};

/* Mails that come show that a question was answered. */
static err subscription_write(struct ctx *cx, void *arg)
{
    const struct subscription *s = arg;
    channel_id channel = s->hook->source.channel;
    bool was_asked = false;
    TRY(door_account(cx, s->hook->source.account));
    if (s->sns->kind == SNS_QUESTION)
        return mail_subscription_ask(cx, channel, s->sns->topic, s->sns->url);
    return mail_subscription_end(cx, channel, &was_asked);
}

/* What SNS posts: with hook->is_challenge no mail is in it. */
static err subscription(struct call *call, struct hook *hook, const struct sns_post *sns)
{
    struct subscription s = {hook, sns};
    if (!sns->is_sns)
        return OK;
    hook->is_challenge = sns->kind != SNS_MAIL;
    return prepare_write(call, subscription_write, &s);
}

static err mail_prepare(struct call *call)
{
    struct ctx *cx = &call->cx;
    const struct connector *email = &connector_email;
    struct hook *hook = NEW(cx->arena, struct hook, 1);
    struct mail_post post = {0};
    bool is_long = false;
    str head, why = {0};
    TRY(hook_verify(call, email, call->params[0], hook));
    call->prepared = hook;
    TRY(posted(call, &post));
    TRY(subscription(call, hook, &post.sns));
    if (hook->is_challenge)
        return OK;
    if (mail_post_head(cx->arena, &post, &head, &is_long, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    const struct connector_raw raw = {.body = head, .origin = S("hook"), .received_ms = cx->now_ms};
    if (email->parse(cx->arena, &raw, &hook->batch, &why) != OK)
        return fail(cx, E_INVALID, "%.*s", SARG(why));
    hook->origin = raw.origin;
    hook->body = head;
    hook->delivery_key = inbox_delivery_key(cx->arena, (str){0}, hook->batch.delivery_id, (str){0});
    return is_long ? take_file(call, hook, &post) : OK;
}

static err mail_handle(struct call *call)
{
    const struct hook *hook = call->prepared;
    if (!hook->is_challenge)
        return hook_take_in(call);
    return answer_bytes(call, 200, S("application/json"), S("{\"accepted\":0,\"duplicates\":0}"));
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_POST, "/hooks/email/{key}", AUTH_HOOK, CAP_NONE,
     ROUTE_NO_DB | ROUTE_RAW_BODY | ROUTE_BYTES, NULL, NULL, mail_prepare, mail_handle,
     "Bring a mail as it came, in a form's field, or in JSON (RawEmail, Postmark's fields, Amazon SNS); at most 50 MB.", NULL, LIMIT_HTTP_LONG_BODY_BYTES},
};
/* clang-format on */
extern const struct route_table hook_mail_routes;
const struct route_table hook_mail_routes = ROUTES(routes);
