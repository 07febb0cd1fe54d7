/* Sending on WhatsApp: a file is uploaded first and then named in the message, which is one call.
 * The network knows no repetitions, so only the upload may be repeated without thought; a message
 * of unknown end is found again by the reference in its statuses.
 * Source: Meta, Cloud API, "Messages" and "Media" (v25.0, 2026). Thread: any; calls block. */
#include "connector/whatsapp.h"

#include "base/limits.h"
#include "connector/reading.h"

enum {
    USER_ID_BYTES = 160, /* "CC.ENT." and 128 characters */
    PHONE_DIGITS_LEAST = 5,
    PHONE_DIGITS_MOST = 15,
    UPLOAD_MS = 120 * 1000, /* 100 MB at 1 MB/s; the call is repeated, not the message */
    BSUID_REFUSED = 131062,
};

static const struct {
    const char *type, *kind;
} file_kinds[] = {
    {"image/jpeg",                                                                "image"   },
    {"image/png",                                                                 "image"   },
    {"image/webp",                                                                "sticker" },
    {"video/mp4",                                                                 "video"   },
    {"video/3gpp",                                                                "video"   },
    {"audio/aac",                                                                 "audio"   },
    {"audio/amr",                                                                 "audio"   },
    {"audio/mpeg",                                                                "audio"   },
    {"audio/mp4",                                                                 "audio"   },
    {"audio/ogg",                                                                 "audio"   },
    {"text/plain",                                                                "document"},
    {"application/pdf",                                                           "document"},
    {"application/msword",                                                        "document"},
    {"application/vnd.ms-excel",                                                  "document"},
    {"application/vnd.ms-powerpoint",                                             "document"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document",   "document"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",         "document"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "document"},
};

str whatsapp_file_kind(str type)
{
    str bare = http_media_type(type);
    for (size_t i = 0; i < sizeof file_kinds / sizeof *file_kinds; i++)
        if (str_eq_nocase(bare, str_from(file_kinds[i].type)))
            return str_from(file_kinds[i].kind);
    return (str){0};
}

static struct connector_sent refused(str why)
{
    return (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = why};
}

/* ── to whom ── */

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_user_id(str s)
{
    bool is_good = s.len > 3 && s.len <= USER_ID_BYTES && s.at[2] == '.';
    for (ptrdiff_t i = 0; i < s.len && is_good; i++)
        is_good = is_alnum(s.at[i]) || (s.at[i] == '.' && i + 1 < s.len);
    return is_good;
}

/* The digits of a number as people write it; empty when it is none. */
static str digits_of(struct arena *a, str s)
{
    struct sb b = sb_make(a, PHONE_DIGITS_MOST);
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        if (c >= '0' && c <= '9')
            sb_byte(&b, c);
        else if (c != '+' && c != ' ' && c != '-' && c != '(' && c != ')')
            return (str){0};
    }
    return b.failed || b.len < PHONE_DIGITS_LEAST ? (str){0} : sb_str(&b);
}

static str recipient(struct arena *a, str s)
{
    return is_user_id(s) ? s : digits_of(a, s);
}

/* ── files ── */

static err upload(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct whatsapp_file *file, struct connector_sent *sent)
{
    struct multipart m = multipart_make(a);
    struct meta_answer got = {0};
    struct connector_file wire = out->files[0];
    if (file->is_voice)
        wire.type = S("audio/ogg; codecs=opus");
    multipart_field(&m, "messaging_product", S("whatsapp"));
    multipart_field(&m, "type", wire.type);
    multipart_file(&m, "file", &wire);
    const struct whatsapp_call call = {
        .setup = out->setup,
        .at = {out->now_ms, out->first_try_ms},
        .path = str_print(a, "/%.*s/media", SARG(whatsapp_number(a, out->setup))),
        .multipart = &m,
        .may_repeat = true,
        .timeout_ms = UPLOAD_MS,
    };
    err e = whatsapp_ask(client, a, &call, &got);
    multipart_close(&m);
    TRY(e);
    *sent = got.sent;
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY;
    file->media_id = take_id(got.json, "id");
    if (sent->outcome == CONNECTOR_SENT && !file->media_id.len)
        *sent = (struct connector_sent){
            .outcome = CONNECTOR_RETRY, .why = S("WhatsApp took the file and gave it no id.")};
    return OK;
}

/* ── messages ── */

static err post_message(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, str body, struct meta_answer *got)
{
    const struct whatsapp_call call = {
        .setup = out->setup,
        .at = {out->now_ms, out->first_try_ms},
        .path = str_print(a, "/%.*s/messages", SARG(whatsapp_number(a, out->setup))),
        .body = body,
    };
    return whatsapp_ask(client, a, &call, got);
}

static const struct json *first_of(const struct json *root, const char *key)
{
    const struct json *list = take_array(root, key);
    return list ? list->first : NULL;
}

/* The network may know a number by other digits (Brazil, Mexico, Argentina): what the customer
 * writes later comes from those. */
static void read_taken(struct meta_answer *got, str to, struct connector_sent *sent)
{
    *sent = got->sent;
    if (sent->outcome != CONNECTOR_SENT)
        return;
    str named = take_id(first_of(got->json, "contacts"), is_user_id(to) ? "user_id" : "wa_id");
    sent->external_id = take_id(first_of(got->json, "messages"), "id");
    if (named.len && !str_eq(named, to))
        sent->to = named;
    if (!sent->external_id.len) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why = S("WhatsApp answered without the message's id.");
    }
}

/* A template for signing in does not go to a user id; to the number it does. */
static err send_to(struct http_client *client, struct arena *a,
    const struct connector_outgoing *out, const struct whatsapp_file *file, str to,
    struct connector_sent *sent)
{
    struct meta_answer got = {0};
    str body = {0}, why = {0}, other = digits_of(a, out->to_other);
    if (!whatsapp_body(a, out, to, file, &body, &why)) {
        *sent = refused(why);
        return OK;
    }
    TRY(post_message(client, a, out, body, &got));
    if (got.code == BSUID_REFUSED && is_user_id(to) && other.len)
        return send_to(client, a, out, file, other, sent);
    read_taken(&got, to, sent);
    return OK;
}

/* Looks at everything before the first call, so that no file is uploaded for nothing. */
static str what_is_wrong(
    struct arena *a, const struct connector_outgoing *out, str to, const struct whatsapp_file *file)
{
    str body, why = {0};
    if (!whatsapp_number(a, out->setup).len)
        return S("The channel has no number yet: test the connection first.");
    if (!to.len)
        return S("This is neither a phone number nor a WhatsApp user.");
    if (out->n_files > 1)
        return S("WhatsApp takes one file per message.");
    if (out->n_files && !file->kind.len)
        return S("WhatsApp does not take files of this type.");
    struct whatsapp_file trial = *file;
    if (out->n_files)
        trial.media_id = S("0");
    (void)whatsapp_body(a, out, to, &trial, &body, &why); /* why says it as well */
    return why;
}

err whatsapp_send(struct http_client *client, struct arena *a, const struct connector_outgoing *out,
    struct connector_sent *sent)
{
    struct whatsapp_file file = {0};
    struct connector_sent got = {0};
    str to = recipient(a, out->to);
    if (out->n_files) {
        file.kind = whatsapp_file_kind(out->files[0].type);
        file.name = out->files[0].name;
        file.is_voice = str_eq(http_media_type(out->files[0].type), S("audio/ogg"));
    }
    str wrong = what_is_wrong(a, out, to, &file);
    if (wrong.len) {
        *sent = refused(wrong);
        return OK;
    }
    if (out->n_files) {
        TRY(upload(client, a, out, &file, &got));
        if (got.outcome != CONNECTOR_SENT) {
            *sent = got;
            return OK;
        }
    }
    TRY(send_to(client, a, out, &file, to, &got));
    *sent = got;
    return OK;
}

/* ── reactions, marks ── */

static void put_reaction(struct json_out *j, const struct connector_act *act, str to)
{
    json_kv_str(j, S("recipient_type"), S("individual"));
    json_kv_str(j, is_user_id(to) ? S("recipient") : S("to"), to);
    json_kv_str(j, S("type"), S("reaction"));
    json_key(j, S("reaction"));
    json_obj(j);
    json_kv_str(j, S("message_id"), act->external_id);
    json_kv_str(j, S("emoji"), act->reaction);
    json_obj_end(j);
}

static void put_mark(struct json_out *j, const struct connector_act *act)
{
    json_kv_str(j, S("status"), S("read"));
    json_kv_str(j, S("message_id"), act->external_id);
    if (!act->is_typing)
        return;
    json_key(j, S("typing_indicator"));
    json_obj(j);
    json_kv_str(j, S("type"), S("text"));
    json_obj_end(j);
}

/* Both may be repeated: the network shows one reaction of ours per message, and one mark. */
err whatsapp_act(struct http_client *client, struct arena *a, const struct connector_act *act,
    struct connector_sent *sent)
{
    struct meta_answer got = {0};
    struct json_out j = json_out_make(a, LIMIT_JOB_PAYLOAD_BYTES);
    str to = recipient(a, act->to), number = whatsapp_number(a, act->setup);
    bool is_reaction = act->kind == ACT_REACT;
    if ((!is_reaction && act->kind != ACT_READ) || !act->external_id.len || !number.len ||
        (is_reaction && !to.len)) {
        *sent = refused(S("WhatsApp cannot do this with a message."));
        return OK;
    }
    json_obj(&j);
    json_kv_str(&j, S("messaging_product"), S("whatsapp"));
    if (is_reaction)
        put_reaction(&j, act, to);
    else
        put_mark(&j, act);
    json_obj_end(&j);
    const struct whatsapp_call call = {
        .setup = act->setup,
        .at = {.now_ms = act->now_ms},
        .path = str_print(a, "/%.*s/messages", SARG(number)),
        .body = json_str(&j),
        .may_repeat = true,
    };
    TRY(whatsapp_ask(client, a, &call, &got));
    *sent = got.sent;
    if (sent->outcome == CONNECTOR_UNKNOWN)
        sent->outcome = CONNECTOR_RETRY;
    sent->external_id = take_id(first_of(got.json, "messages"), "id");
    return OK;
}
