/* meta_send: see meta_send.h. */
#include "connector/meta_send.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "connector/part.h"
#include "connector/reading.h"

enum {
    QUICK_REPLIES = 13,
    BUTTONS = 3,
    TITLE_GRAPHEMES = 20,
    TEMPLATE_TEXT = 640, /* code points */
    PAYLOAD_BYTES = 1000,
    BAD_PARAMETER = 100,
    PERMISSION = 10,
    WINDOW_CLOSED = 2018278,
    WINDOW_CLOSED_TOO = 2018065,
};
enum place { BESIDE_TEXT, BESIDE_MESSAGE, LEFT_OUT };

void meta_refuse(struct connector_sent *sent, const char *words)
{
    *sent = (struct connector_sent){.outcome = CONNECTOR_FINAL, .why = str_from(words)};
}

const char *meta_file_kind(str type)
{
    if (str_starts(type, S("image/")))
        return "image";
    if (str_starts(type, S("video/")))
        return "video";
    return str_starts(type, S("audio/")) ? "audio" : "file";
}

static bool may_be_late(
    struct arena *a, const struct meta_api *api, const struct connector_outgoing *out)
{
    int64_t age_ms = out->now_ms - out->last_in_ms;
    bool has_tag = !str_eq(setup_setting(a, api->connector, api->setup, "human_agent"), S("off"));
    return has_tag && out->last_in_ms > 0 && age_ms > META_DAY_MS && age_ms <= META_LATE_MS;
}

bool meta_is_late(struct arena *a, const struct meta_api *api, const struct connector_outgoing *out)
{
    return out->window_until_ms <= out->now_ms && may_be_late(a, api, out);
}

/* ── body ── */

/* The list of the part "buttons"; NULL = none are offered. */
static const struct json *buttons_of(struct arena *a, str parts)
{
    const struct json *root = NULL;
    str why;
    if (!parts.len || json_parse(a, parts, &root, &why) != OK)
        return NULL;
    const struct json *list = take_array(part_find(root, "buttons"), "buttons");
    return list && list->first ? list : NULL;
}

static bool has_url(const struct json *buttons)
{
    for (const struct json *v = buttons ? buttons->first : NULL; v; v = v->next)
        if (take_url(v, "url").len)
            return true;
    return false;
}

static str title_of(const struct json *button)
{
    return utf8_prefix(take_line(button, "title", LIMIT_NAME_BYTES), TITLE_GRAPHEMES);
}

/* What comes back when it is pressed: the button's id, or its words. */
static str payload_of(const struct json *button)
{
    str id = take_line(button, "id", PAYLOAD_BYTES);
    return id.len ? id : take_line(button, "title", PAYLOAD_BYTES);
}

static bool fits_template(const struct meta_message *m, const struct json *buttons)
{
    return m->has_templates && has_url(buttons) && buttons->count <= BUTTONS && m->out->text.len &&
           utf8_code_points(m->out->text) <= TEMPLATE_TEXT;
}

static void put_template(struct json_out *j, str text, const struct json *buttons)
{
    json_key(j, S("attachment"));
    json_obj(j);
    json_kv_str(j, S("type"), S("template"));
    json_key(j, S("payload"));
    json_obj(j);
    json_kv_str(j, S("template_type"), S("button"));
    json_kv_str(j, S("text"), text);
    json_key(j, S("buttons"));
    json_arr(j);
    for (const struct json *v = buttons->first; v; v = v->next) {
        str url = take_url(v, "url");
        json_obj(j);
        json_kv_str(j, S("type"), url.len ? S("web_url") : S("postback"));
        if (url.len)
            json_kv_str(j, S("url"), url);
        json_kv_str(j, S("title"), title_of(v));
        if (!url.len)
            json_kv_str(j, S("payload"), payload_of(v));
        json_obj_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
    json_obj_end(j);
}

/* Buttons with an address cannot be quick replies: they stand below the text. */
static str text_with_links(struct arena *a, str text, const struct json *buttons)
{
    struct sb b = sb_make(a, LIMIT_TEXT_BYTES);
    sb_add(&b, text);
    for (const struct json *v = buttons ? buttons->first : NULL; v; v = v->next) {
        str url = take_url(v, "url");
        if (url.len)
            sb_print(&b, "%s%.*s: %.*s", b.len ? "\n" : "",
                SARG(take_line(v, "title", LIMIT_NAME_BYTES)), SARG(url));
    }
    return b.failed ? text : sb_str(&b);
}

static void put_quick_replies(struct json_out *j, const struct json *buttons)
{
    int n = 0;
    for (const struct json *v = buttons ? buttons->first : NULL; v; v = v->next) {
        str title = title_of(v);
        if (take_url(v, "url").len || !title.len || n == QUICK_REPLIES)
            continue;
        if (!n++) {
            json_key(j, S("quick_replies"));
            json_arr(j);
        }
        json_obj(j);
        json_kv_str(j, S("content_type"), S("text"));
        json_kv_str(j, S("title"), title);
        json_kv_str(j, S("payload"), payload_of(v));
        json_obj_end(j);
    }
    if (n)
        json_arr_end(j);
}

static void put_reply(struct json_out *j, str mid)
{
    json_key(j, S("reply_to"));
    json_obj(j);
    json_kv_str(j, S("mid"), mid);
    json_obj_end(j);
}

static void put_message(
    struct arena *a, struct json_out *j, const struct meta_message *m, enum place place)
{
    const struct connector_outgoing *out = m->out;
    const struct json *buttons = buttons_of(a, out->parts);
    json_key(j, S("message"));
    json_obj(j);
    if (m->attachment.len) {
        json_kv_raw(j, S("attachment"), m->attachment);
    } else if (fits_template(m, buttons)) {
        put_template(j, out->text, buttons);
        buttons = NULL;
    } else {
        json_kv_str(j, S("text"), text_with_links(a, out->text, buttons));
    }
    put_quick_replies(j, buttons);
    if (m->has_metadata)
        json_kv_str(j, S("metadata"), str_cat(a, S("seva:"), out->delivery_id));
    if (place == BESIDE_TEXT)
        put_reply(j, out->reply_to);
    json_obj_end(j);
}

static str body_of(struct arena *a, const struct meta_message *m, enum place place)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    json_obj(&j);
    json_key(&j, S("recipient"));
    json_obj(&j);
    json_kv_str(&j, str_from(m->to_by), m->to);
    json_obj_end(&j);
    if (m->is_late) {
        json_kv_str(&j, S("messaging_type"), S("MESSAGE_TAG"));
        json_kv_str(&j, S("tag"), S("HUMAN_AGENT"));
    } else if (m->type) {
        json_kv_str(&j, S("messaging_type"), str_from(m->type));
    }
    put_message(a, &j, m, place);
    if (place == BESIDE_MESSAGE)
        put_reply(&j, m->out->reply_to);
    json_obj_end(&j);
    return json_str(&j);
}

/* ── calls ── */

static err post(struct http_client *client, struct arena *a, const struct meta_message *m,
    struct meta_answer *answer)
{
    bool is_quoting = m->out->reply_to.len && !m->out->is_private_reply;
    for (enum place place = is_quoting ? BESIDE_TEXT : LEFT_OUT; place <= LEFT_OUT; place++) {
        struct network_call call = meta_call(a, m->api, HTTP_POST, m->path, (str){0});
        call.body = body_of(a, m, place);
        TRY(meta_do(client, a, m->api, &call, answer));
        if (answer->code != BAD_PARAMETER || answer->subcode)
            break;
    }
    return OK;
}

/* How long an advertisement opens the window is not certain: when the network says it has closed, a
 * person's answer goes as any late one. */
static bool was_late(
    struct arena *a, const struct meta_message *m, const struct meta_answer *answer)
{
    bool is_window = answer->code == PERMISSION &&
                     (answer->subcode == WINDOW_CLOSED || answer->subcode == WINDOW_CLOSED_TOO);
    return is_window && !m->is_late && !m->out->is_private_reply && m->out->is_by_person &&
           may_be_late(a, m->api, m->out);
}

err meta_send(struct http_client *client, struct arena *a, const struct meta_message *m,
    struct connector_sent *sent)
{
    struct meta_answer answer = {0};
    TRY(post(client, a, m, &answer));
    if (was_late(a, m, &answer)) {
        struct meta_message late = *m;
        late.is_late = true;
        TRY(post(client, a, &late, &answer));
    }
    *sent = answer.sent;
    if (m->out->is_private_reply && sent->outcome == CONNECTOR_WAIT) {
        sent->rate_name = S("private replies"); /* 750 an hour, apart from other messages */
        sent->is_channel_wide = false;
    }
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    sent->external_id = take_id(answer.json, "message_id");
    if (!sent->external_id.len && !take_id(answer.json, "recipient_id").len) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why =
            str_print(a, "%.*s did not name the message it took.", SARG(m->api->connector->title));
    }
    return OK;
}

err meta_comment(struct http_client *client, struct arena *a, const struct meta_api *api,
    const struct network_call *call, struct connector_sent *sent)
{
    struct meta_answer answer = {0};
    TRY(meta_do(client, a, api, call, &answer));
    *sent = answer.sent;
    if (sent->outcome != CONNECTOR_SENT)
        return OK;
    sent->external_id = take_id(answer.json, "id");
    if (!sent->external_id.len) {
        sent->outcome = CONNECTOR_UNKNOWN;
        sent->why =
            str_print(a, "%.*s did not name the comment it took.", SARG(api->connector->title));
    }
    return OK;
}

err meta_action(struct http_client *client, struct arena *a, const struct meta_api *api, str path,
    str to, const char *action, str payload, struct connector_sent *sent)
{
    struct json_out j = json_out_make(a, LIMIT_JSON_BODY_BYTES);
    struct meta_answer answer = {0};
    json_obj(&j);
    json_key(&j, S("recipient"));
    json_obj(&j);
    json_kv_str(&j, S("id"), to);
    json_obj_end(&j);
    json_kv_str(&j, S("sender_action"), str_from(action));
    if (payload.len)
        json_kv_raw(&j, S("payload"), payload);
    json_obj_end(&j);
    struct network_call call = meta_call(a, api, HTTP_POST, path, (str){0});
    call.body = json_str(&j);
    call.may_repeat = true; /* done twice is done once */
    TRY(meta_do(client, a, api, &call, &answer));
    *sent = answer.sent;
    return OK;
}
