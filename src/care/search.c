/* search: see search.h. Candidates come in windows, newest first; conditions and words are judged
 * here in C, on rows that both databases give alike. */
#include "care/search.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "store/agent.h"
#include "store/conversation.h"

enum {
    WINDOW = 1000,                /* candidates at a time, at most */
    TIME_WINDOW = 60,             /* by time a page is enough: so many first, then twice as many */
    TEXT_BYTES = 4 * 1024 * 1024, /* of candidates are read in all */
    OTHERS_MOST = 5,              /* contacts, and tags, on a first page beside messages */
    HOUR_MS = 60 * 60 * 1000,
    WEIGHT_TEXT = 3,
    WEIGHT_SUBJECT = 6,
    WEIGHT_FILE = 4,
    WEIGHT_NAME = 8,
};

struct look {
    struct ctx *cx;
    const struct search_ask *ask;
    struct search_query query;
    struct search_clause *clauses;
    int64_t from, before;  /* ids */
    int64_t now_ms;        /* at the full hour: pages of one search count alike */
    struct arena *scratch; /* of one candidate */
    struct search_hit *hits;
    ptrdiff_t n, cap;
    ptrdiff_t bytes;
    bool is_building;
    struct search_answer *answer;
};

/* ── conditions ── */

/* Do the words of the value stand in one of the texts? */
static bool holds(struct look *l, str value, const str *texts, ptrdiff_t n)
{
    struct search_typed typed = {.text = value, .is_typing = true};
    struct search_query q;
    struct search_fault wrong;
    int64_t score;
    ptrdiff_t best;
    struct search_part parts[4];
    for (ptrdiff_t i = 0; i < n; i++)
        parts[i] = (struct search_part){texts[i], 1};
    return search_query_read(l->scratch, &typed, &q, &wrong) && q.n_terms &&
           search_judge(l->scratch, &q, parts, n, 0, &score, &best);
}

static bool has_tag(struct look *l, str value, const struct conversation *tagged)
{
    for (ptrdiff_t i = 0; i < tagged->tags.len; i++)
        if (str_eq(utf8_fold(l->scratch, tagged->tags.at[i]), utf8_fold(l->scratch, value)))
            return true;
    return false;
}

static bool is_state(struct look *l, str value, const struct search_message *m)
{
    if (str_eq_nocase(value, S("unassigned")))
        return !m->assignee_id.v;
    if (str_eq_nocase(value, S("mine")))
        return m->assignee_id.v && m->assignee_id.v == l->cx->actor.agent.v;
    return str_eq_nocase(value, m->status);
}

/* The agent's name is looked up once a message; agents are few and their rows small. */
static bool is_assigned(struct look *l, str value, const struct search_message *m)
{
    if (str_eq_nocase(value, S("nobody")))
        return !m->assignee_id.v;
    if (!m->assignee_id.v)
        return false;
    if (str_eq_nocase(value, S("me")))
        return m->assignee_id.v == l->cx->actor.agent.v;
    struct agent agent;
    return agent_get(l->cx, m->assignee_id, &agent) == OK && holds(l, value, &agent.name, 1);
}

static bool meets(struct look *l, const struct search_condition *c, const struct search_message *m,
    const struct conversation *tagged)
{
    switch (c->field) {
    case SEARCH_FROM: {
        bool is_agent = str_eq(m->author_kind, S("agent"));
        const str who[] = {m->contact_name, m->handle, m->contact_email, m->contact_phone};
        return is_agent ? holds(l, c->value, &m->author_name, 1)
                        : holds(l, c->value, who, 4) || holds(l, c->value, &m->author_name, 1);
    }
    case SEARCH_CHANNEL:
        return str_eq_nocase(c->value, m->channel_kind) || holds(l, c->value, &m->channel_name, 1);
    case SEARCH_TAG:
        return has_tag(l, c->value, tagged);
    case SEARCH_ASSIGNEE:
        return is_assigned(l, c->value, m);
    case SEARCH_IS:
        return is_state(l, c->value, m);
    case SEARCH_HAS:
        return m->attachments.len > 2; /* "[]" */
    case SEARCH_BEFORE:
        return m->sent_ms < c->at_ms;
    case SEARCH_AFTER:
        return m->sent_ms >= c->at_ms;
    }
    return false;
}

static bool meets_all(
    struct look *l, const struct search_message *m, const struct conversation *tagged)
{
    for (ptrdiff_t i = 0; i < l->query.n_conditions; i++)
        if (meets(l, &l->query.conditions[i], m, tagged) == l->query.conditions[i].is_excluded)
            return false;
    return true;
}

/* Tags of the candidates' conversations, one row a candidate; NULL when no condition asks. */
static err tags_of(
    struct look *l, const struct search_message *rows, ptrdiff_t n, struct conversation **tagged)
{
    bool is_asked = false;
    for (ptrdiff_t i = 0; i < l->query.n_conditions; i++)
        is_asked = is_asked || l->query.conditions[i].field == SEARCH_TAG;
    *tagged = NULL;
    if (!is_asked)
        return OK;
    *tagged = NEW(l->cx->arena, struct conversation, n + 1);
    for (ptrdiff_t i = 0; i < n; i++)
        (*tagged)[i] =
            (struct conversation){.id = rows[i].conversation_id, .tag_count = rows[i].tag_count};
    return conversation_fill_tags(l->cx, *tagged, n);
}

/* ── messages ── */

static str file_names(struct arena *a, str views)
{
    const struct json *root = NULL;
    str why;
    struct sb b = sb_make(a, 0);
    if (views.len <= 2 || json_parse(a, views, &root, &why) != OK || root->kind != JSON_ARRAY)
        return S("");
    for (const struct json *v = root->first; v; v = v->next) {
        str name = v->kind == JSON_OBJECT ? json_text(json_get(v, S("name")), S("")) : S("");
        if (b.len && name.len)
            sb_add(&b, S(" · "));
        sb_add(&b, name);
    }
    return sb_str(&b);
}

static bool is_behind(const struct search_ask *ask, int64_t score, int64_t id)
{
    return !ask->is_after || score < ask->after_score ||
           (score == ask->after_score && id < ask->after_id);
}

static void keep(struct look *l, struct search_hit hit)
{
    if (l->n < l->cap)
        l->hits[l->n++] = hit;
}

struct portion {
    struct search_worded *words;
    struct search_message *rows; /* what conditions ask for, one a message; NULL: there are none */
    struct conversation *tagged; /* the same of tags */
    ptrdiff_t n;
};

/* Is it found? `best` is the place that counts most: text, subject, names of files. */
static bool is_message_found(struct look *l, const struct portion *p, ptrdiff_t i, int64_t *score,
    ptrdiff_t *best, str *shown)
{
    const struct search_worded *m = &p->words[i];
    arena_reset(l->scratch);
    if (p->rows && !meets_all(l, &p->rows[i], p->tagged ? &p->tagged[i] : NULL))
        return false;
    const struct search_part parts[] = {
        {m->text,         WEIGHT_TEXT},
        {                       m->subject, WEIGHT_SUBJECT           },
        { file_names(l->cx->arena,    m->attachments),               WEIGHT_FILE}
    };
    if (!search_judge(l->scratch, &l->query, parts, 3, l->now_ms - m->sent_ms, score, best))
        return false;
    *shown = parts[*best].text;
    return true;
}

static const char message_text[] = "text";

static void judge_message(struct look *l, const struct portion *p, ptrdiff_t i)
{
    static const char *const names[] = {message_text, "subject", "attachment"};
    struct search_hit hit = {.kind = SEARCH_HIT_MESSAGE, .id = p->words[i].id.v};
    ptrdiff_t best = 0;
    str shown = {0};
    if (!is_message_found(l, p, i, &hit.score, &best, &shown))
        return;
    if (l->ask->by_time)
        hit.score = 0;
    if (!is_behind(l->ask, hit.score, hit.id))
        return;
    hit.field = names[best];
    hit.shown = shown;
    keep(l, hit);
}

static enum search_depth depth_of(const struct search_query *q)
{
    for (ptrdiff_t i = 0; i < q->n_conditions; i++)
        if (q->conditions[i].field == SEARCH_FROM || q->conditions[i].field == SEARCH_CHANNEL)
            return SEARCH_NAMED;
    return SEARCH_JUDGED;
}

static err read_messages(struct look *l, const int64_t *ids, ptrdiff_t n_ids, struct portion *p)
{
    if (!l->query.n_conditions)
        return search_worded(l->cx, ids, n_ids, &p->words, &p->n);
    TRY(search_messages(l->cx, ids, n_ids, depth_of(&l->query), &p->rows, &p->n));
    p->words = NEW(l->cx->arena, struct search_worded, p->n + 1);
    for (ptrdiff_t i = 0; i < p->n; i++) {
        const struct search_message *m = &p->rows[i];
        p->words[i] = (struct search_worded){
            m->id, m->text, m->attachments, m->subject, m->sent_ms, m->conversation_id};
    }
    return tags_of(l, p->rows, p->n, &p->tagged);
}

/* The next candidates, newest first, that the actor may see. */
static err read_portion(struct look *l, ptrdiff_t size, struct portion *p, bool *is_end)
{
    int64_t *ids = NULL;
    ptrdiff_t n_ids = 0;
    *p = (struct portion){0};
    const struct search_asked asked = {.clauses = l->clauses,
        .n = l->query.n_terms,
        .from = l->from,
        .before = l->before,
        .limit = size,
        .is_building = l->is_building};
    TRY(search_ids(l->cx, SEARCH_MESSAGE, &asked, &ids, &n_ids));
    *is_end = n_ids < size;
    if (!n_ids)
        return OK;
    l->before = ids[n_ids - 1];
    TRY(read_messages(l, ids, n_ids, p));
    for (ptrdiff_t i = 0; i < p->n; i++)
        l->bytes += p->words[i].text.len;
    return OK;
}

/* By relevance it ends with the last match that is ranked: a database may give candidates that only
 * seem to match, and what is ranked must not depend on them. */
static err window(struct look *l, ptrdiff_t size, ptrdiff_t wanted, bool *is_end)
{
    struct portion p;
    TRY(read_portion(l, size, &p, is_end));
    for (ptrdiff_t i = 0; i < p.n; i++) {
        if (!l->ask->by_time && l->n == wanted) {
            *is_end = false;
            break;
        }
        judge_message(l, &p, i);
    }
    return OK;
}

/* By time a page is enough; by relevance the best of the newest SEARCH_RANKED that match are
 * sought. */
static err messages(struct look *l)
{
    ptrdiff_t wanted = l->ask->by_time ? l->n + l->ask->limit + 1 : l->n + SEARCH_RANKED;
    bool is_end = false;
    if (l->ask->by_time && l->ask->is_after && l->ask->after_id < l->before)
        l->before = l->ask->after_id;
    ptrdiff_t size = l->ask->by_time ? TIME_WINDOW : WINDOW;
    for (ptrdiff_t looked = 0; !is_end && l->n < wanted && looked < SEARCH_LOOKED; looked += size) {
        size = looked == 0 ? size : 2 * size < WINDOW ? 2 * size : WINDOW;
        TRY(window(l, size, wanted, &is_end));
        if (l->bytes > TEXT_BYTES)
            break;
    }
    l->answer->is_limited = !is_end;
    return OK;
}

/* ── contacts and tags ── */

static bool judge_name(struct look *l, const struct search_part *parts, ptrdiff_t n,
    const char *const *names, struct search_hit *hit)
{
    ptrdiff_t best = 0;
    arena_reset(l->scratch);
    if (!search_judge(l->scratch, &l->query, parts, n, 0, &hit->score, &best))
        return false;
    hit->field = names[best];
    hit->shown = parts[best].text;
    return true;
}

/* The next candidates before `before`, newest first, at most `size`. */
static err read_contacts(struct look *l, ptrdiff_t size, int64_t *before, bool *is_end,
    struct search_contact **rows, ptrdiff_t *n)
{
    int64_t *ids = NULL;
    ptrdiff_t n_ids = 0;
    *n = 0;
    const struct search_asked asked = {.clauses = l->clauses,
        .n = l->query.n_terms,
        .before = *before,
        .limit = size,
        .is_building = l->is_building};
    TRY(search_ids(l->cx, SEARCH_CONTACT, &asked, &ids, &n_ids));
    *is_end = n_ids < size;
    if (!n_ids)
        return OK;
    *before = ids[n_ids - 1];
    return search_contacts(l->cx, ids, n_ids, rows, n);
}

static bool judge_contact(struct look *l, const struct search_contact *c, struct search_hit *hit)
{
    static const char *const names[] = {"name", "handle", "address", "phone", "name"};
    const struct search_part parts[] = {
        {c->name,    WEIGHT_NAME},
        {c->handles, WEIGHT_NAME},
        {c->email,   WEIGHT_NAME},
        {c->phone,   WEIGHT_NAME},
        {c->company, WEIGHT_TEXT}
    };
    return judge_name(l, parts, 5, names, hit);
}

static void judge_contacts(
    struct look *l, const struct search_contact *rows, ptrdiff_t n, ptrdiff_t *missing)
{
    for (ptrdiff_t i = 0; i < n && *missing; i++) {
        struct search_hit hit = {
            .kind = SEARCH_HIT_CONTACT, .id = rows[i].id.v, .contact = &rows[i]};
        if (!judge_contact(l, &rows[i], &hit))
            continue;
        if (l->ask->by_time)
            hit.score = 0;
        if (!l->ask->messages && !is_behind(l->ask, hit.score, hit.id))
            continue;
        keep(l, hit);
        (*missing)--;
    }
}

/* Beside messages the newest few are enough: so many first, then twice as many. */
static err contacts(struct look *l)
{
    ptrdiff_t missing = l->ask->messages ? OTHERS_MOST : SEARCH_RANKED;
    ptrdiff_t size = l->ask->messages ? TIME_WINDOW : WINDOW;
    int64_t before = INT64_MAX;
    bool is_end = false;
    for (ptrdiff_t left = WINDOW; left && missing && !is_end; size *= 2) {
        struct search_contact *rows = NULL;
        ptrdiff_t n = 0;
        size = size < left ? size : left;
        TRY(read_contacts(l, size, &before, &is_end, &rows, &n));
        judge_contacts(l, rows, n, &missing);
        left -= size;
    }
    return OK;
}

static err tags(struct look *l)
{
    static const char *const names[] = {"name"};
    struct tag *rows = NULL;
    ptrdiff_t n = 0, most = l->ask->messages ? OTHERS_MOST : SEARCH_RANKED;
    TRY(tag_list(l->cx, &rows, &n));
    for (ptrdiff_t i = 0; i < n && most; i++) {
        struct search_hit hit = {.kind = SEARCH_HIT_TAG, .id = rows[i].id.v, .tag = &rows[i]};
        const struct search_part part = {rows[i].name, WEIGHT_NAME};
        if (!judge_name(l, &part, 1, names, &hit) ||
            (!l->ask->messages && !is_behind(l->ask, hit.score, hit.id)))
            continue;
        keep(l, hit);
        most--;
    }
    return OK;
}

/* ── the whole ── */

static bool has_words(const struct search_query *q)
{
    for (ptrdiff_t i = 0; i < q->n_terms; i++)
        if (!q->terms[i].is_excluded)
            return true;
    return false;
}

static err begin(struct look *l)
{
    struct search_fault wrong;
    struct search_typed typed = {.text = l->ask->q,
        .is_typing = l->ask->is_typing,
        .now_ms = l->cx->now_ms,
        .zone_ms = l->ask->zone_ms};
    if (!search_query_read(l->cx->arena, &typed, &l->query, &wrong))
        return fail_field(l->cx, "q", "%.*s It stands at character %d.", SARG(wrong.words),
            (int)utf8_code_points(str_sub(typed.text, 0, wrong.at)) + 1);
    TRY(search_build_is_due(l->cx, search_words_version(), &l->is_building));
    l->now_ms = l->cx->now_ms - l->cx->now_ms % HOUR_MS;
    l->before = INT64_MAX;
    l->clauses = NEW(l->cx->arena, struct search_clause, l->query.n_terms + 1);
    for (ptrdiff_t i = 0; i < l->query.n_terms; i++) {
        const struct search_term *t = &l->query.terms[i];
        l->clauses[i] = (struct search_clause){.words = t->words,
            .n = t->n,
            .whole = t->whole,
            .phone = t->phone,
            .is_prefix = t->is_begin,
            .is_excluded = t->is_excluded};
    }
    for (ptrdiff_t i = 0; i < l->query.n_conditions; i++) {
        const struct search_condition *c = &l->query.conditions[i];
        if (c->is_excluded || c->at_ms <= 0)
            continue;
        if (c->field == SEARCH_AFTER && id_least(c->at_ms) > l->from)
            l->from = id_least(c->at_ms);
    }
    return OK;
}

/* Contacts, then tags, then messages; the better; the newer. */
static int better(const void *x, const void *y)
{
    const struct search_hit *a = x, *b = y;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->id < b->id) - (a->id > b->id);
}

/* What was judged had less beside it than is shown. What is gone since then is not shown. */
static err fill_messages(struct look *l, struct search_answer *answer)
{
    int64_t *ids = NEW(l->cx->arena, int64_t, answer->n + 1);
    ptrdiff_t n_ids = 0, n_rows = 0, n = 0;
    struct search_message *rows = NULL;
    for (ptrdiff_t i = 0; i < answer->n; i++)
        if (answer->hits[i].kind == SEARCH_HIT_MESSAGE)
            ids[n_ids++] = answer->hits[i].id;
    if (n_ids)
        TRY(search_messages(l->cx, ids, n_ids, SEARCH_NAMED, &rows, &n_rows));
    for (ptrdiff_t i = 0; i < answer->n; i++) {
        struct search_hit hit = answer->hits[i];
        bool is_there = hit.kind != SEARCH_HIT_MESSAGE;
        for (ptrdiff_t k = 0; k < n_rows && !is_there; k++) {
            is_there = rows[k].id.v == hit.id;
            hit.message = &rows[k];
        }
        if (hit.field == message_text && is_there && str_eq(hit.message->kind, S("note")))
            hit.field = "note";
        if (is_there)
            answer->hits[n++] = hit;
    }
    answer->n = n;
    return OK;
}

static err cut(struct look *l)
{
    if (l->n)
        qsort(l->hits, (size_t)l->n, sizeof *l->hits, better);
    l->answer->has_more = l->n > l->ask->limit;
    l->answer->n = l->answer->has_more ? l->ask->limit : l->n;
    l->answer->hits = l->hits;
    for (ptrdiff_t i = 0; i < l->answer->n; i++)
        l->hits[i].pieces = search_snippet(
            l->cx->arena, &l->query, l->hits[i].shown, SEARCH_SIGNS, &l->hits[i].n_pieces);
    return fill_messages(l, l->answer);
}

static void drop(void *arena)
{
    arena_free(arena);
}

static err look_begin(struct look *l, struct ctx *cx, const struct search_ask *ask)
{
    *l = (struct look){.cx = cx, .ask = ask, .scratch = NEW(cx->arena, struct arena, 1)};
    *l->scratch = arena_make(0);
    l->scratch->escape = cx->arena->escape;
    arena_defer(cx->arena, drop, l->scratch);
    return begin(l);
}

/* Contacts and tags have no conditions: they are found by words alone. */
static bool names_only(const struct search_query *q)
{
    return has_words(q) && !q->n_conditions;
}

err search_find(struct ctx *cx, const struct search_ask *ask, struct search_answer *answer)
{
    struct look l;
    *answer = (struct search_answer){0};
    TRY(look_begin(&l, cx, ask));
    l.answer = answer;
    if (!l.query.n_terms && !l.query.n_conditions)
        return OK;
    l.cap = 2 * (ask->messages ? OTHERS_MOST : SEARCH_RANKED) +
            (ask->by_time ? ask->limit + 1 + WINDOW : SEARCH_RANKED);
    l.hits = NEW(cx->arena, struct search_hit, l.cap);
    bool is_first = !ask->messages || !ask->is_after;
    err e = OK;
    if (ask->contacts && is_first && names_only(&l.query))
        e = contacts(&l);
    if (e == OK && ask->tags && is_first && names_only(&l.query))
        e = tags(&l);
    if (e == OK && ask->messages)
        e = messages(&l);
    answer->is_building = l.is_building;
    return e == OK ? cut(&l) : e;
}

/* ── as a filter of lists ── */

struct search_walk {
    struct search_ask ask;
    struct look l;
    ptrdiff_t looked;
    struct map seen; /* conversations that were given */
};

err search_walk_begin(struct ctx *cx, str q, struct search_walk **walk)
{
    struct search_walk *w = NEW(cx->arena, struct search_walk, 1);
    w->ask = (struct search_ask){.q = q, .is_typing = true};
    w->seen.a = cx->arena;
    TRY(look_begin(&w->l, cx, &w->ask));
    *walk = w;
    return OK;
}

err search_walk_contacts(struct search_walk *w, int64_t **contacts, ptrdiff_t *n)
{
    struct search_contact *rows = NULL;
    ptrdiff_t n_rows = 0;
    *n = 0;
    if (!names_only(&w->l.query))
        return OK;
    bool is_end = false;
    int64_t before = INT64_MAX;
    TRY(read_contacts(&w->l, WINDOW, &before, &is_end, &rows, &n_rows));
    *contacts = NEW(w->l.cx->arena, int64_t, n_rows + 1);
    for (ptrdiff_t i = 0; i < n_rows; i++) {
        struct search_hit hit = {0};
        if (judge_contact(&w->l, &rows[i], &hit))
            (*contacts)[(*n)++] = rows[i].id.v;
    }
    return OK;
}

err search_walk_next(struct search_walk *w, int64_t **conversations, ptrdiff_t *n, bool *is_end)
{
    struct look *l = &w->l;
    struct portion p;
    *n = 0;
    *is_end = true;
    if (!l->query.n_terms && !l->query.n_conditions)
        return OK;
    TRY(read_portion(l, WINDOW, &p, is_end));
    w->looked += WINDOW;
    *is_end = *is_end || w->looked >= SEARCH_LOOKED || l->bytes > TEXT_BYTES;
    *conversations = NEW(l->cx->arena, int64_t, p.n + 1);
    for (ptrdiff_t i = 0; i < p.n; i++) {
        int64_t score = 0;
        ptrdiff_t best = 0;
        str shown = {0}, key = map_key(l->cx->arena, p.words[i].conversation_id.v, S(""));
        if (map_get(&w->seen, key) || !is_message_found(l, &p, i, &score, &best, &shown))
            continue;
        TRY(map_put(&w->seen, key, w));
        (*conversations)[(*n)++] = p.words[i].conversation_id.v;
    }
    return OK;
}
