/* mail_way: see mail_way.h. */
#include "care/mail_way.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/mail_address.h"
#include "care/mail_thread.h"
#include "store/channel.h"

enum { LIST_BYTES = 256 * 1024, WORDS_BYTES = 500, EXPLAINED_BYTES = 2000 };

/* ── the list ── */

struct mail_reached *mail_way_read(struct arena *a, str recipients, ptrdiff_t *n)
{
    const struct json *list = NULL;
    str why;
    *n = 0;
    if (!recipients.len || json_parse(a, recipients, &list, &why) != OK)
        return NEW(a, struct mail_reached, 2);
    struct mail_reached *at = NEW(a, struct mail_reached, list->count + 2);
    for (const struct json *v = list->first; v; v = v->next)
        at[(*n)++] = (struct mail_reached){
            .address = json_text(json_get(v, S("address")), S("")),
            .state = json_text(json_get(v, S("state")), S("")),
            .words = json_text(json_get(v, S("words")), S("")),
            .reason = json_text(json_get(v, S("reason")), S("")),
            .by = json_text(json_get(v, S("by")), S("")),
            .at = json_text(json_get(v, S("at")), S("")),
        };
    return at;
}

str mail_way_text(struct arena *a, const struct mail_reached *at, ptrdiff_t n)
{
    struct json_out j = json_out_make(a, LIST_BYTES);
    json_arr(&j);
    for (ptrdiff_t i = 0; i < n; i++) {
        json_obj(&j);
        json_kv_str(&j, S("address"), at[i].address);
        json_kv_str(&j, S("state"), at[i].state);
        json_kv_str(&j, S("words"), utf8_prefix_bytes(at[i].words, WORDS_BYTES));
        if (at[i].reason.len)
            json_kv_str(&j, S("reason"), at[i].reason);
        if (at[i].by.len)
            json_kv_str(&j, S("by"), at[i].by);
        if (at[i].at.len)
            json_kv_str(&j, S("at"), at[i].at);
        json_obj_end(&j);
    }
    json_arr_end(&j);
    return j.b.failed ? (str){0} : json_str(&j);
}

void mail_way_put(struct mail_reached *at, ptrdiff_t *n, const struct mail_reached *one)
{
    ptrdiff_t i = 0;
    while (i < *n && !str_eq(at[i].address, one->address))
        i++;
    at[i] = *one;
    *n += i == *n;
}

static bool is_one_of(str state, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(state, str_from(*words)))
            return true;
    return false;
}

static bool has_it(str state)
{
    static const char *const words[] = {
        "taken", "delayed", "delivered", "read", "complained", NULL};
    return is_one_of(state, words);
}

bool mail_way_is_settled(str state)
{
    static const char *const words[] = {"refused", "bounced", "stopped", NULL};
    return has_it(state) || is_one_of(state, words);
}

bool mail_way_names(const struct json *people, const char *list, str address)
{
    const struct json *at = json_get(people, str_from(list));
    for (const struct json *v = at ? at->first : NULL; v; v = v->next)
        if (str_eq(json_text(json_get(v, S("address")), S("")), address))
            return true;
    return false;
}

bool mail_way_is_there(const struct mail_reached *at, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (has_it(at[i].state))
            return true;
    return false;
}

str mail_way_words(struct arena *a, const struct mail_reached *at, ptrdiff_t n)
{
    static const struct {
        const char *state, *says;
    } rows[] = {
        {"refused",    "Not to"        },
        {"bounced",    "Not to"        },
        {"stopped",    "Not to"        },
        {"unknown",    "Perhaps not to"},
        {"later",      "Not yet to"    },
        {"delayed",    "Not yet to"    },
        {"complained", "Called spam by"}
    };
    struct sb b = sb_make(a, EXPLAINED_BYTES);
    for (ptrdiff_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows && b.len < EXPLAINED_BYTES / 2; k++)
            if (str_eq(at[i].state, str_from(rows[k].state)))
                sb_print(&b, "%s%s %.*s: %.*s", b.len ? " " : "", rows[k].says, SARG(at[i].address),
                    SARG(at[i].words));
    return b.failed ? (str){0} : sb_str(&b);
}

static bool has_state(const struct mail_reached *at, ptrdiff_t n, const char *state)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i].state, str_from(state)))
            return true;
    return false;
}

/* ── a try ── */

static err bounces_to(struct ctx *cx, const struct message *m, struct connector_letter *letter)
{
    struct channel channel;
    TRY(channel_get(cx, m->channel_id, &channel));
    const struct connector_setup setup = {.settings = channel.settings};
    const struct connector *email = connector_find(channel.kind);
    if (email && str_eq(setup_setting(cx->arena, email, &setup, "plus"), S("yes")))
        letter->bounces_to = mail_thread_bounces(cx, letter->from.address, m->id);
    return OK;
}

err mail_way_letter(struct ctx *cx, const struct message *m, struct connector_letter *letter)
{
    struct mail_way way;
    ptrdiff_t n = 0;
    TRY(mail_way_get(cx, m->id, &way));
    const struct mail_reached *at = mail_way_read(cx->arena, way.recipients, &n);
    str *settled = NEW(cx->arena, str, n + 1);
    letter->n_settled = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        if (mail_way_is_settled(at[i].state))
            settled[letter->n_settled++] = at[i].address;
    letter->is_stopped = has_state(at, n, "stopped");
    letter->settled = settled;
    letter->first_try_ms = way.first_try_ms;
    letter->is_waiting = way.again_ms > 0;
    return bounces_to(cx, m, letter);
}

/* There is no such mailbox: that is worth as much as a mail that comes back. */
static err count_bad(struct ctx *cx, const struct mail_reached *before, ptrdiff_t n,
    const struct connector_sent *sent)
{
    for (ptrdiff_t i = 0; i < sent->n_reached; i++) {
        const struct mail_reached *one = &sent->reached[i];
        bool is_known = false;
        for (ptrdiff_t k = 0; k < n; k++)
            is_known |=
                str_eq(before[k].address, one->address) && mail_way_is_settled(before[k].state);
        if (one->is_bad_address && !is_known)
            TRY(mail_address_bounced(cx, one->address, one->words));
    }
    return OK;
}

/* Whether it stays although a try says something else: what is settled, by a report as well; but a
 * try that was on its way when somebody stopped the mail ends as it ends. */
static bool stays(const struct mail_reached *before, const struct mail_reached *told)
{
    if (str_eq(before->state, S("stopped")))
        return str_eq(told->state, S("later"));
    return mail_way_is_settled(before->state);
}

static struct mail_reached *merged(struct arena *a, const struct mail_reached *before, ptrdiff_t n,
    const struct connector_sent *sent, ptrdiff_t *n_now)
{
    struct mail_reached *at = NEW(a, struct mail_reached, n + sent->n_reached + 1);
    for (*n_now = 0; *n_now < n; ++*n_now)
        at[*n_now] = before[*n_now];
    for (ptrdiff_t i = 0; i < sent->n_reached && *n_now < MAIL_WAY_MOST; i++) {
        const struct mail_reached *one = &sent->reached[i];
        bool is_told = false;
        for (ptrdiff_t k = 0; k < n; k++)
            is_told |= str_eq(before[k].address, one->address) && stays(&before[k], one);
        if (!is_told)
            mail_way_put(at, n_now, one);
    }
    return at;
}

/* It came back from the one it was meant for, or from the last who could have had it. */
static str failed_by(struct arena *a, str people, const struct mail_reached *at, ptrdiff_t n)
{
    const struct json *named = NULL;
    str why;
    bool is_there = mail_way_is_there(at, n);
    if (json_parse(a, people, &named, &why) != OK)
        named = NULL;
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i].state, S("bounced")) &&
            (!is_there || mail_way_names(named, "to", at[i].address)))
            return at[i].words;
    return (str){0};
}

static err set(struct ctx *cx, struct mail_way *way, const struct mail_reached *at, ptrdiff_t n)
{
    way->recipients = mail_way_text(cx->arena, at, n);
    if (!way->recipients.len)
        return fail(cx, E_INTERNAL, "What became of the recipients is too long to be kept.");
    return mail_way_set(cx, way);
}

/* Those who wait are refused, with the last words of the server. */
static void refuse_rest(struct mail_reached *at, ptrdiff_t n, str why)
{
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i].state, S("later")))
            at[i] = (struct mail_reached){.address = at[i].address,
                .state = S("refused"),
                .words = at[i].words.len ? at[i].words : why};
}

err mail_way_note(struct ctx *cx, message_id id, const struct connector_sent *sent, bool is_over,
    int64_t next_ms, struct mail_way_news *news)
{
    struct mail_way way;
    ptrdiff_t n_before = 0, n = 0;
    *news = (struct mail_way_news){0};
    err e = mail_way_get(cx, id, &way);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    const struct mail_reached *before = mail_way_read(cx->arena, way.recipients, &n_before);
    struct mail_reached *at = merged(cx->arena, before, n_before, sent, &n);
    bool has_taken = has_state(sent->reached, sent->n_reached, "taken");
    if (is_over)
        refuse_rest(at, n, sent->why);
    way.again_ms = sent->again_ms ? sent->again_ms : next_ms;
    if (is_over || !has_state(at, n, "later"))
        way.again_ms = 0;
    if (way.again_ms && !way.first_try_ms)
        way.first_try_ms = cx->now_ms;
    if (sent->n_aliases)
        way.relay_id = sent->aliases[0];
    news->words = mail_way_words(cx->arena, at, n);
    news->failed = failed_by(cx->arena, way.people, at, n);
    news->is_stopped = has_state(before, n_before, "stopped");
    news->is_first =
        !mail_way_is_there(before, n_before) && (has_taken || mail_way_is_there(at, n));
    TRY(count_bad(cx, before, n_before, sent));
    return set(cx, &way, at, n);
}

err mail_way_cut(struct ctx *cx, message_id id, str *words)
{
    struct mail_way way;
    ptrdiff_t n = 0;
    *words = (str){0};
    err e = mail_way_get(cx, id, &way);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    struct mail_reached *at = mail_way_read(cx->arena, way.recipients, &n);
    for (ptrdiff_t i = 0; i < n; i++)
        if (str_eq(at[i].state, S("later")) || str_eq(at[i].state, S("stopped")))
            at[i] = (struct mail_reached){.address = at[i].address,
                .state = S("unknown"),
                .words = S("It may have been sent."),
                .reason = S("maybe_sent")};
    *words = mail_way_words(cx->arena, at, n);
    way.again_ms = 0;
    return n ? set(cx, &way, at, n) : mail_way_set(cx, &way);
}

/* ── once more ── */

err mail_way_retry(struct ctx *cx, message_id id)
{
    struct mail_way way;
    ptrdiff_t n = 0, kept = 0;
    err e = mail_way_get(cx, id, &way);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    struct mail_reached *at = mail_way_read(cx->arena, way.recipients, &n);
    for (ptrdiff_t i = 0; i < n; i++)
        if (has_it(at[i].state))
            at[kept++] = at[i];
        else
            TRY(mail_address_takes(cx, at[i].address));
    way.recipients = kept ? mail_way_text(cx->arena, at, kept) : (str){0};
    way.first_try_ms = way.again_ms = 0;
    return mail_way_set(cx, &way);
}
