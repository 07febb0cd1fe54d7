/* networks: what networks there are, what their forms ask and what messages may be there (API
 * "Networks"): the connectors' own declarations (connector/connector.h). Not here: channels
 * (channels.c), asking a network (channel_check.c). */
#include "api/input.h"
#include "api/server.h"
#include "base/json.h"
#include "care/act.h"
#include "care/channel_form.h"
#include "connector/connector.h"

struct word {
    uint32_t bit;
    const char *name;
};
static const struct word able_words[] = {
    {ABLE_HOOK,          "hook"         },
    {ABLE_POLL,          "poll"         },
    {ABLE_LISTEN,        "listen"       },
    {ABLE_PRIVATE_REPLY, "private_reply"},
    {ABLE_DELIVERED,     "delivered"    },
    {ABLE_READ,          "read"         },
    {ABLE_BEGIN,         "begin"        },
    {ABLE_QUOTE,         "quote"        },
    {ABLE_BUTTONS,       "buttons"      },
    {ABLE_TEMPLATES,     "templates"    },
    {ABLE_CALLS,         "calls"        },
    {ABLE_COMMENTS,      "comments"     },
    {ABLE_COMPARE,       "compare"      },
};
static const char *const able_names[] = {"hook", "poll", "listen", "private_reply", "delivered",
    "read", "begin", "quote", "buttons", "templates", "calls", "comments", "compare", NULL};
static const char *const unit_names[] = {
    [LENGTH_CODE_POINTS] = "code_points",
    [LENGTH_GRAPHEMES] = "graphemes",
    [LENGTH_UTF16] = "utf16",
    [LENGTH_BYTES] = "bytes",
    [LENGTH_X] = "x",
    [LENGTH_MASTODON] = "mastodon",
    [LENGTH_SMS] = "sms",
    [LENGTH_UNITS] = NULL,
};
static const char *const connect_words[] = {"form", "oauth2", "oauth1", NULL};
static const char *const setting_kinds[] = {
    "text", "url", "host", "secret", "list", "choice", "number", "json", "lines", "texts", NULL};

/* ── shapes ── */

static const struct shape_field setting_fields[] = {
    SHOWN("name", SHAPE_TEXT, 0, "in a channel's settings"),
    SHOWN_WORD("kind", 0, setting_kinds,
        "secret: sealed, never shown again; texts: a list of {language, subject, text}"),
    SHOWN("is_required", SHAPE_BOOL, 0, NULL),
    SHOWN("help", SHAPE_TEXT, 0, "English; may be empty"),
    SHOWN("standard", SHAPE_TEXT, SHAPE_NULL, "what is taken when it is left out"),
    SHOWN("choices", SHAPE_TEXT, SHAPE_LIST, "of kind choice"),
};
static const struct shape setting_shape =
    SHAPE("NetworkSetting", NULL, setting_fields, "What the form of a network asks.");
static const struct shape_field media_fields[] = {
    SHOWN("types", SHAPE_TEXT, SHAPE_LIST, "image/jpeg, video/ (all of them) or *"),
    SHOWN("max_bytes", SHAPE_INT, 0, NULL),
};
static const struct shape media_shape =
    SHAPE("NetworkMedia", NULL, media_fields, "Files that go there.");
static const struct shape_field rules_fields[] = {
    SHOWN_WORD("unit", 0, unit_names, "in which texts are counted"),
    SHOWN("max_length", SHAPE_INT, 0, "in the unit; see also length_setting"),
    SHOWN("length_setting", SHAPE_TEXT, SHAPE_NULL, "the channel's setting that says max_length"),
    SHOWN("max_bytes", SHAPE_INT, SHAPE_NULL, "of the text, besides"),
    SHOWN("max_length_with_file", SHAPE_INT, 0, "0: text and files go one after the other"),
    SHOWN("files_per_piece", SHAPE_INT, 0, "0: no files"),
    SHOWN_OBJECT("media", SHAPE_LIST, &media_shape, NULL),
    SHOWN("reply_window_s", SHAPE_INT, SHAPE_NULL, "after the customer's last private message"),
    SHOWN("late_window_s", SHAPE_INT, SHAPE_NULL, "longer, for what a person writes"),
    SHOWN("needs_template_after", SHAPE_BOOL, 0, "then a template still goes"),
    SHOWN("may_number", SHAPE_BOOL, 0, "parts of a long text are numbered"),
    SHOWN("may_split", SHAPE_BOOL, 0, "a text that is too long goes in parts"),
};
static const struct shape rules_shape =
    SHAPE("NetworkRules", NULL, rules_fields, "What a message of one visibility may be.");
static const struct shape_field network_fields[] = {
    SHOWN("kind", SHAPE_TEXT, 0, "of its channels"),
    SHOWN("title", SHAPE_TEXT, 0, NULL),
    SHOWN_WORD("able", SHAPE_LIST, able_names, "what it can"),
    SHOWN_WORD("connect", 0, connect_words, "form, or by a page of the network's"),
    SHOWN_OBJECT("settings", SHAPE_LIST, &setting_shape, NULL),
    SHOWN("approval", SHAPE_TEXT, SHAPE_NULL, "what the network wants to see first; English"),
    SHOWN_OBJECT("private_rules", SHAPE_NULL, &rules_shape, "null: no private messages"),
    SHOWN_OBJECT("public_rules", SHAPE_NULL, &rules_shape, "null: no public messages"),
    SHOWN_WORD("acts_private", SHAPE_LIST, act_words, "what can be done to a private message"),
    SHOWN_WORD("acts_public", SHAPE_LIST, act_words, "to a public one"),
};
static const struct shape network_shape =
    SHAPE("Network", NULL, network_fields, "Where channels can be connected to.");

/* ── writing ── */

static void put_words(struct json_out *j, str words)
{
    str one;
    json_arr(j);
    while (words.len) {
        (void)str_cut(words, ' ', &one, &words); /* the rest decides when to end */
        if (one.len)
            json_put_str(j, one);
    }
    json_arr_end(j);
}

static void put_setting(struct json_out *j, const struct connector_setting *s)
{
    json_obj(j);
    json_kv_str(j, S("name"), str_from(s->name));
    json_kv_str(j, S("kind"), str_from(s->kind));
    json_kv_bool(j, S("is_required"), s->is_required);
    json_kv_str(j, S("help"), str_from(s->help));
    json_kv_text(j, S("standard"), str_from(s->standard));
    json_key(j, S("choices"));
    put_words(j, str_from(s->choices));
    json_obj_end(j);
}

static void put_settings(struct json_out *j, const struct connector *c)
{
    json_key(j, S("settings"));
    json_arr(j);
    for (const struct connector_setting *s = c->settings; s && s->name; s++)
        put_setting(j, s);
    const struct connector_setting *marks_read = channel_form_marks_read(c);
    if (marks_read)
        put_setting(j, marks_read);
    json_arr_end(j);
}

static void put_number(struct json_out *j, str name, int64_t n)
{
    if (n)
        json_kv_int(j, name, n);
    else
        json_kv_raw(j, name, (str){0});
}

static void put_rules(struct json_out *j, str name, const struct connector_rules *rules)
{
    json_key(j, name);
    if (!rules->max_length) {
        json_put_null(j);
        return;
    }
    json_obj(j);
    json_kv_str(j, S("unit"), str_from(unit_names[rules->unit]));
    json_kv_int(j, S("max_length"), rules->max_length);
    json_kv_text(j, S("length_setting"), str_from(rules->length_setting));
    put_number(j, S("max_bytes"), rules->max_bytes);
    json_kv_int(j, S("max_length_with_file"), rules->max_length_with_file);
    json_kv_int(j, S("files_per_piece"), rules->files_per_piece);
    json_key(j, S("media"));
    json_arr(j);
    for (const struct connector_media *m = rules->media; m && m->types; m++) {
        json_obj(j);
        json_key(j, S("types"));
        put_words(j, str_from(m->types));
        json_kv_int(j, S("max_bytes"), m->max_bytes);
        json_obj_end(j);
    }
    json_arr_end(j);
    put_number(j, S("reply_window_s"), rules->reply_window_ms / 1000);
    put_number(j, S("late_window_s"), rules->late_window_ms / 1000);
    json_kv_bool(j, S("needs_template_after"), rules->needs_template_after);
    json_kv_bool(j, S("may_number"), rules->may_number);
    json_kv_bool(j, S("may_split"), rules->may_split);
    json_obj_end(j);
}

static void put_acts(struct json_out *j, str name, uint32_t acts)
{
    json_key(j, name);
    json_arr(j);
    for (int i = 0; i < ACT_KINDS; i++)
        if (acts & UINT32_C(1) << i)
            json_put_str(j, str_from(act_words[i]));
    json_arr_end(j);
}

static void put_network(struct json_out *j, const struct connector *c)
{
    json_obj(j);
    json_kv_str(j, S("kind"), c->name);
    json_kv_str(j, S("title"), c->title);
    json_key(j, S("able"));
    json_arr(j);
    for (size_t i = 0; i < sizeof able_words / sizeof *able_words; i++)
        if (c->able & able_words[i].bit)
            json_put_str(j, str_from(able_words[i].name));
    json_arr_end(j);
    json_kv_str(j, S("connect"), c->oauth2 ? S("oauth2") : c->oauth1 ? S("oauth1") : S("form"));
    put_settings(j, c);
    json_kv_text(j, S("approval"), str_from(c->approval));
    put_rules(j, S("private_rules"), &c->private_rules);
    put_rules(j, S("public_rules"), &c->public_rules);
    put_acts(j, S("acts_private"), c->acts_private);
    put_acts(j, S("acts_public"), c->acts_public);
    json_obj_end(j);
}

static err list(struct call *call)
{
    ptrdiff_t n = 0;
    const struct connector *const *all = connector_all(&n);
    struct json_out j = answer_list_begin(call);
    for (ptrdiff_t i = 0; i < n; i++)
        put_network(&j, all[i]);
    return answer_list_end(call, &j, (str){0});
}

/* clang-format off */
static const struct route routes[] = {
    {HTTP_GET, "/api/v1/networks", AUTH_AGENT, CAP_CONVERSATION_READ,
     ROUTE_READ | ROUTE_LIST, NULL, NULL, NULL, list,
     "All networks: what connecting one asks, and what messages may be there.", &network_shape, 0},
};
/* clang-format on */
extern const struct route_table networks_routes;
const struct route_table networks_routes = ROUTES(routes);
