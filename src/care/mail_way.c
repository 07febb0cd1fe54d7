/* mail_way: see mail_way.h. */
#include "care/mail_way.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "care/mail_address.h"
#include "care/mail_thread.h"
#include "store/channel.h"

enum { LIST_BYTES = 256 * 1024, WORDS_BYTES = 500, EXPLAINED_BYTES = 2000, PEOPLE_MOST = 500 };

/* ── the list ───────────────────────────────────────────────────────────────────────────────────
 */

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

/* Nothing is to be sent there. */
static bool is_settled(str state)
{
    static const char *const words[] = {"refused", "bounced", NULL};
    return has_it(state) || is_one_of(state, words);
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

/* ── a try ──────────────────────────────────────────────────────────────────────────────────────
 */

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
        if (is_settled(at[i].state))
            settled[letter->n_settled++] = at[i].address;
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
            is_known |= str_eq(before[k].address, one->address) && is_settled(before[k].state);
        if (one->is_bad_address && !is_known)
            TRY(mail_address_bounced(cx, one->address, one->words));
    }
    return OK;
}

/* What a report has told meanwhile stays. */
static struct mail_reached *merged(struct arena *a, const struct mail_reached *before, ptrdiff_t n,
    const struct connector_sent *sent, ptrdiff_t *n_now)
{
    struct mail_reached *at = NEW(a, struct mail_reached, n + sent->n_reached + 1);
    for (*n_now = 0; *n_now < n; ++*n_now)
        at[*n_now] = before[*n_now];
    for (ptrdiff_t i = 0; i < sent->n_reached && *n_now < PEOPLE_MOST; i++) {
        bool is_told = false;
        for (ptrdiff_t k = 0; k < n; k++)
            is_told |=
                str_eq(before[k].address, sent->reached[i].address) && is_settled(before[k].state);
        if (!is_told)
            mail_way_put(at, n_now, &sent->reached[i]);
    }
    return at;
}

err mail_way_note(struct ctx *cx, message_id id, const struct connector_sent *sent, bool is_over,
    bool *is_first, str *words)
{
    struct mail_way way;
    ptrdiff_t n_before = 0, n = 0;
    *is_first = false;
    *words = (str){0};
    err e = mail_way_get(cx, id, &way);
    if (e != OK)
        return e == E_NOT_FOUND ? OK : e;
    const struct mail_reached *before = mail_way_read(cx->arena, way.recipients, &n_before);
    struct mail_reached *at = merged(cx->arena, before, n_before, sent, &n);
    for (ptrdiff_t i = 0; i < n && is_over; i++)
        if (str_eq(at[i].state, S("later")))
            at[i] = (struct mail_reached){.address = at[i].address,
                .state = S("refused"),
                .words = at[i].words.len ? at[i].words : sent->why};
    way.recipients = mail_way_text(cx->arena, at, n);
    if (!way.recipients.len)
        return fail(cx, E_INTERNAL, "What became of the recipients is too long to be kept.");
    way.again_ms = is_over ? 0 : sent->again_ms;
    if (way.again_ms && !way.first_try_ms)
        way.first_try_ms = cx->now_ms;
    if (sent->n_aliases)
        way.relay_id = sent->aliases[0];
    *words = mail_way_words(cx->arena, at, n);
    *is_first = !mail_way_is_there(before, n_before) && mail_way_is_there(at, n);
    TRY(count_bad(cx, before, n_before, sent));
    return mail_way_set(cx, &way);
}

/* ── once more ──────────────────────────────────────────────────────────────────────────────────
 */

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
