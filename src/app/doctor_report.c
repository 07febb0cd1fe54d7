/* doctor_report: see doctor_inner.h. A line for each finding: "ok", "note", "WRONG" or "FIXED",
 * what it is about, and what to do; or one JSON object at the end. Of one check only the first
 * findings are shown, the rest is counted. */
#include "app/doctor_inner.h"

#include <stdio.h>

static void put(struct doctor *d, const char *state, str what, str advice)
{
    if (d->is_json) {
        json_obj(&d->json);
        json_kv_str(&d->json, S("check"), d->check);
        json_kv_str(&d->json, S("state"), str_from(state));
        json_kv_str(&d->json, S("what"), what);
        json_kv_text(&d->json, S("advice"), advice);
        json_obj_end(&d->json);
        return;
    }
    const char *word = state[0] == 'w'   ? "WRONG"
                       : state[0] == 'm' ? "FIXED"
                       : state[0] == 'n' ? "note "
                                         : "ok   ";
    (void)printf("%s %.*s%s%.*s\n", word, SARG(what), advice.len ? ": " : "", SARG(advice));
    (void)fflush(stdout); /* whoever waits sees how far it is */
}

void report_begin(struct doctor *d, const char *check)
{
    d->check = str_from(check);
    d->said = d->more = 0;
}

void report_end(struct doctor *d, str what)
{
    if (d->more > 0)
        put(d, "wrong", str_print(&d->page, "%lld more of this kind", (long long)d->more), S(""));
    if (d->said == 0)
        put(d, "ok", what, S(""));
}

static bool is_shown(struct doctor *d)
{
    d->more += d->said >= DOCTOR_SHOWN;
    return d->said++ < DOCTOR_SHOWN;
}

void report_note(struct doctor *d, str what, str advice)
{
    d->said++;
    put(d, "note", what, advice);
}

void report_wrong(struct doctor *d, str what, str advice)
{
    d->wrong++;
    if (is_shown(d))
        put(d, "wrong", what, advice);
}

void report_mendable(struct doctor *d, str what, str line)
{
    d->mendable++;
    if (is_shown(d))
        put(d, "wrong", what, d->repairs ? S("") : S("`seva doctor --repair` mends this"));
    if (!d->repairs)
        return;
    struct mend *m = NEW(d->a, struct mend, 1);
    *m = (struct mend){.line = str_copy(d->a, line), .what = str_copy(d->a, what)};
    *d->last = m;
    d->last = &m->next;
}

void report_mended(struct doctor *d, str what)
{
    d->mended++;
    if (is_shown(d))
        put(d, "mended", what, S(""));
}

void report_last(struct doctor *d)
{
    int64_t left = d->wrong + d->mendable - d->mended;
    if (d->is_json) {
        json_arr_end(&d->json);
        json_kv_int(&d->json, S("wrong"), left);
        json_kv_int(&d->json, S("mendable"), d->mendable - d->mended);
        json_kv_int(&d->json, S("mended"), d->mended);
        json_obj_end(&d->json);
        (void)printf("%.*s\n", SARG(json_str(&d->json)));
        return;
    }
    if (left == 0 && d->mended == 0)
        (void)printf("All is well.\n");
    else
        (void)printf("%lld wrong, %lld of them for --repair; %lld mended.\n", (long long)left,
            (long long)(d->mendable - d->mended), (long long)d->mended);
}
