/* importer: see importer.h. People and labels; conversations are in importer_thread.c. */
#include "care/importer.h"

#include <assert.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/importer_inner.h"
#include "model/access.h"
#include "store/agent.h"
#include "store/channel.h"
#include "store/contact.h"
#include "store/identity.h"
#include "store/login.h"
#include "store/tag.h"
#include "store/team.h"

#include <assert.h>

static const str type_names[] = {
    S_INIT("team"), S_INIT("agent"), S_INIT("tag"), S_INIT("contact"), S_INIT("conversation")};

str import_type_name(enum import_type t)
{
    return type_names[t];
}

/* ── fields ── */

err import_text(struct ctx *cx, const struct json *line, const char *name, ptrdiff_t max,
    bool is_required, str *value)
{
    const struct json *v = json_get(line, str_from(name));
    if (!v || v->kind == JSON_NULL) {
        *value = (str){NULL, 0};
        return is_required ? fail_field(cx, name, "\"%s\" is missing.", name) : OK;
    }
    if (v->kind != JSON_STRING)
        return fail_field(cx, name, "\"%s\" must be text.", name);
    if (v->text.len > max)
        return fail_field(cx, name, "\"%s\" is longer than %td bytes.", name, max);
    if (is_required && !str_trim(v->text).len)
        return fail_field(cx, name, "\"%s\" is empty.", name);
    *value = v->text;
    return OK;
}

err import_name(
    struct ctx *cx, const struct json *line, const char *name, bool is_required, str *value)
{
    TRY(import_text(cx, line, name, LIMIT_NAME_BYTES, is_required, value));
    if (utf8_has_control(*value))
        return fail_field(cx, name, "\"%s\" holds a control character.", name);
    *value = str_trim(*value);
    return OK;
}

err import_time(struct ctx *cx, const struct json *line, const char *name, int64_t *ms)
{
    str text;
    TRY(import_text(cx, line, name, 64, false, &text));
    *ms = 0;
    if (text.len && time_parse(text, ms) != OK)
        return fail_field(cx, name, "\"%s\" is no RFC 3339 time.", name);
    if (*ms > cx->now_ms + 366LL * 86400000)
        return fail_field(cx, name, "\"%s\" lies more than a year ahead.", name);
    return OK;
}

err import_word(struct ctx *cx, const struct json *line, const char *name, const char *const *words,
    const char *otherwise, str *value)
{
    str text;
    TRY(import_text(cx, line, name, 64, false, &text));
    if (!text.len)
        text = str_from(otherwise);
    for (const char *const *w = words; *w; w++)
        if (str_eq(text, str_from(*w))) {
            *value = str_from(*w);
            return OK;
        }
    if (!text.len) {
        *value = text;
        return OK;
    }
    struct sb known = sb_make(cx->arena, 0);
    for (const char *const *w = words; *w; w++)
        sb_print(&known, "%s%s", w == words ? "" : " or ", *w);
    return fail_field(
        cx, name, "\"%s\" must be %.*s, not \"%.*s\".", name, SARG(sb_str(&known)), SARG(text));
}

int64_t import_known(const struct map *m, str key)
{
    const int64_t *id = map_get(m, key);
    return id ? *id : 0;
}

err import_remember(struct importer *im, struct map *m, str key, int64_t id)
{
    int64_t *kept = NEW(im->kept, int64_t, 1);
    *kept = id;
    return map_put(m, str_copy(im->kept, key), kept);
}

static err remember_agent(struct importer *im, str email, str name, agent_id id)
{
    str *kept = NEW(im->kept, str, 1);
    *kept = str_copy(im->kept, name);
    TRY(map_put(&im->agent_names, str_copy(im->kept, email), kept));
    return import_remember(im, &im->agents, email, id.v);
}

/* ── lines ── */

static err team_line(struct ctx *cx, struct importer *im, const struct json *line, bool *is_known)
{
    struct team t = {.id = {id_make(cx->now_ms)}, .created_ms = cx->now_ms};
    TRY(import_name(cx, line, "name", true, &t.name));
    TRY(import_text(cx, line, "description", 2000, false, &t.description));
    *is_known = import_known(&im->teams, t.name) != 0;
    if (*is_known)
        return OK;
    TRY(team_add(cx, &t));
    return import_remember(im, &im->teams, t.name, t.id.v);
}

static err agent_teams(
    struct ctx *cx, const struct importer *im, const struct json *line, agent_id agent)
{
    const struct json *list = json_get(line, S("teams"));
    if (!list)
        return OK;
    if (list->kind != JSON_ARRAY || list->count > 50)
        return fail_field(cx, "teams", "\"teams\" must be a list of at most 50 names.");
    int64_t *ids = NEW(cx->arena, int64_t, list->count + 1);
    ptrdiff_t n = 0;
    for (const struct json *v = list->first; v; v = v->next) {
        ids[n] = import_known(&im->teams, json_text(v, (str){NULL, 0}));
        if (!ids[n++])
            return fail_field(cx, "teams", "There is no team \"%.*s\"; its line must come before.",
                SARG(v->text));
    }
    return team_set_of(cx, agent, ids, n);
}

/* The agent can be given work and is named on messages, and signs in after an invitation. */
static err agent_line(struct ctx *cx, struct importer *im, const struct json *line, bool *is_known)
{
    static const char *const roles[] = {"admin", "supervisor", "agent", "viewer", NULL};
    struct agent g = {.id = {id_make(cx->now_ms)},
        .availability = S("online"),
        .settings = S("{}"),
        .is_active = true,
        .created_ms = cx->now_ms,
        .joined_ms = cx->now_ms};
    TRY(import_name(cx, line, "email", true, &g.email));
    if (str_find_byte(g.email, '@') < 1)
        return fail_field(cx, "email", "\"email\" is no mail address.");
    g.email = utf8_fold(cx->arena, g.email);
    TRY(import_name(cx, line, "name", true, &g.name));
    TRY(import_text(cx, line, "introduction", 1000, false, &g.introduction));
    TRY(import_word(cx, line, "role", roles, "agent", &g.role));
    TRY(import_name(cx, line, "locale", false, &g.locale));
    TRY(import_name(cx, line, "time_zone", false, &g.time_zone));
    if (g.time_zone.len && !time_zone_is_known(g.time_zone))
        return fail_field(cx, "time_zone", "\"time_zone\" is no time zone.");
    g.locale = g.locale.len ? g.locale : S("en");
    g.time_zone = g.time_zone.len ? g.time_zone : S("UTC");
    *is_known = import_known(&im->agents, g.email) != 0;
    if (*is_known)
        return OK;
    struct login login;
    TRY(login_ensure(cx, g.email, &login));
    g.login_id = login.id;
    TRY(agent_add(cx, &g));
    TRY(login_join(cx, login.id, g.id));
    TRY(agent_joined(cx, g.id, g.name));
    TRY(agent_teams(cx, im, line, g.id));
    return remember_agent(im, g.email, g.name, g.id);
}

static err tag_line(struct ctx *cx, struct importer *im, const struct json *line, bool *is_known)
{
    struct tag t = {0};
    TRY(import_name(cx, line, "name", true, &t.name));
    TRY(import_name(cx, line, "color", false, &t.color));
    return import_tag(cx, im, &t, is_known);
}

err import_tag(struct ctx *cx, struct importer *im, struct tag *t, bool *is_known)
{
    str folded = utf8_fold(cx->arena, t->name);
    t->id.v = import_known(&im->tags, folded);
    *is_known = t->id.v != 0;
    if (*is_known)
        return OK;
    TRY(tag_add(cx, t));
    folded = str_copy(im->kept, folded);
    assert(im->n_fresh_tags < (ptrdiff_t)(sizeof im->fresh_tags / sizeof im->fresh_tags[0]));
    im->fresh_tags[im->n_fresh_tags++] = folded;
    return import_remember(im, &im->tags, folded, t->id.v);
}

const struct channel *import_channel(const struct importer *im, str name)
{
    for (ptrdiff_t i = 0; i < im->n_channels; i++)
        if (str_eq(im->channels[i].name, name))
            return &im->channels[i];
    for (ptrdiff_t i = 0; i < im->n_channels; i++)
        if (str_eq(im->channels[i].kind, name))
            return &im->channels[i];
    return NULL;
}

/* The contact's first identity, by which a second import knows it: on the API channel its own id,
 * elsewhere "import:<id>". */
static err contact_line(
    struct ctx *cx, struct importer *im, const struct json *line, bool *is_known)
{
    struct contact c = {
        .id = {id_make(cx->now_ms)}, .created_ms = cx->now_ms, .updated_ms = cx->now_ms};
    str id;
    TRY(import_name(cx, line, "id", true, &id));
    TRY(import_name(cx, line, "name", false, &c.name));
    TRY(import_name(cx, line, "email", false, &c.email));
    TRY(import_name(cx, line, "phone", false, &c.phone));
    TRY(import_name(cx, line, "language", false, &c.language));
    TRY(import_name(cx, line, "time_zone", false, &c.time_zone));
    TRY(import_name(cx, line, "location", false, &c.location));
    TRY(import_name(cx, line, "company", false, &c.company));
    c.email = utf8_fold(cx->arena, c.email);
    *is_known = import_known(&im->contacts, id) != 0;
    if (*is_known)
        return OK;
    const struct channel *channel = import_channel(im, S("api"));
    channel = channel ? channel : &im->channels[0];
    identity_id identity;
    contact_id existing;
    TRY(import_identity(cx, channel, id, (contact_id){0}, 0, &identity, &existing));
    *is_known = existing.v != 0;
    if (!*is_known) {
        TRY(contact_add_many(cx, &c, 1));
        TRY(import_identity(cx, channel, id, c.id, 0, &identity, &existing));
    }
    return import_remember(im, &im->contacts, id, existing.v);
}

/* ── the account ── */

static err remember_people(struct ctx *cx, struct importer *im)
{
    struct team *teams;
    struct team_member *members;
    struct agent *agents;
    struct agent_scope *scopes;
    struct tag *tags;
    ptrdiff_t n, n_members;
    TRY(team_list(cx, &teams, &n, &members, &n_members));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(import_remember(im, &im->teams, teams[i].name, teams[i].id.v));
    TRY(agent_list(cx, &agents, &scopes, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(remember_agent(
            im, utf8_fold(cx->arena, agents[i].email), agents[i].name, agents[i].id));
    TRY(tag_list(cx, &tags, &n));
    for (ptrdiff_t i = 0; i < n; i++)
        TRY(import_remember(im, &im->tags, tags[i].name_fold, tags[i].id.v));
    return OK;
}

err importer_open(struct ctx *cx, struct arena *kept, struct importer *im)
{
    *im = (struct importer){.kept = kept};
    im->teams.a = im->agents.a = im->tags.a = im->contacts.a = im->agent_names.a = kept;
    struct channel *channels;
    TRY(channel_list(cx, &channels, &im->n_channels));
    if (!im->n_channels)
        return fail(cx, E_CONFLICT, "The account has no channel to import into.");
    im->channels = NEW(kept, struct channel, im->n_channels);
    for (ptrdiff_t i = 0; i < im->n_channels; i++) {
        im->channels[i].id = channels[i].id;
        im->channels[i].kind = str_copy(kept, channels[i].kind);
        im->channels[i].name = str_copy(kept, channels[i].name);
    }
    return remember_people(cx, im);
}

err importer_line(struct ctx *cx, struct importer *im, str text)
{
    static err (*const takers[])(struct ctx *, struct importer *, const struct json *, bool *) = {
        team_line, agent_line, tag_line, contact_line, import_conversation};
    const struct json *line;
    str why;
    if (json_parse(cx->arena, text, &line, &why) != OK)
        return fail(cx, E_INVALID, "This is no JSON: %.*s", SARG(why));
    if (line->kind != JSON_OBJECT)
        return fail(cx, E_INVALID, "A line must be one JSON object.");
    str type = json_text(json_get(line, S("type")), (str){NULL, 0});
    for (int t = IMPORT_TEAM; t <= IMPORT_CONVERSATION; t++) {
        if (!str_eq(type, type_names[t]))
            continue;
        bool is_known = false;
        im->n_fresh_tags = 0;
        err e = takers[t](cx, im, line, &is_known);
        while (e != OK && im->n_fresh_tags > 0)
            (void)map_take(
                &im->tags, im->fresh_tags[--im->n_fresh_tags]); /* undone with the line */
        TRY(e);
        im->added[t] += !is_known;
        im->known[t] += is_known;
        return OK;
    }
    return fail_field(cx, "type", "\"type\" must be team, agent, tag, contact or conversation%s.",
        json_get(line, S("direction")) ? "; lines of single messages are for `seva import messages`"
                                       : "");
}
