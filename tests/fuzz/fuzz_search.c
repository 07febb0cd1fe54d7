/* Any bytes as a text and as what somebody types (the first line): words lie in the text and are
 * valid, positions never fall, characters fold alike in both ways, and what a snippet marks is
 * there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/search_fold.h"
#include "text/search_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct seen {
    str text;
    int32_t position, run;
};

static bool look(void *closure, const struct search_word *w)
{
    struct seen *s = closure;
    must(w->word.len > 0 && w->word.len <= SEARCH_WORD_BYTES && utf8_valid(w->word));
    must(w->from >= 0 && w->from < w->to && w->to <= s->text.len);
    must(w->run >= s->run && w->position >= 0 && w->position < SEARCH_WORDS);
    must(w->position >= s->position);
    s->position = w->position;
    s->run = w->run;
    return true;
}

/* All signs of a text in their order, as one number. */
static uint64_t signs_of(str text, enum search_folding how)
{
    static struct search_folder f;
    uint64_t all = UINT64_C(14695981039346656037);
    search_folder_begin(&f, how);
    for (ptrdiff_t at = 0, end; at < text.len; at = end) {
        end = search_fold_next(&f, text, at);
        must(end > at && end <= text.len && f.n < SEARCH_SIGNS_MOST);
        for (int i = 0; i < f.n; i++)
            all = (all ^ (f.signs[i].c * UINT64_C(8) + f.signs[i].kind)) * UINT64_C(1099511628211);
    }
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena a;
    str typed, text, all = str_of(data, (ptrdiff_t)size);
    (void)str_cut(all, '\n', &typed, &text);
    struct seen seen = {.text = text};
    must(search_words_each(text, SEARCH_INDEX, look, &seen));
    must(signs_of(text, SEARCH_FOLD_QUICK) == signs_of(text, SEARCH_FOLD_CAREFUL));
    struct search_query q;
    struct search_fault wrong;
    struct search_typed t = {
        .text = typed, .is_typing = size % 2 == 1, .now_ms = INT64_C(1767225600000)};
    if (!search_query_read(&a, &t, &q, &wrong)) {
        must(wrong.field.len > 0 && wrong.words.len > 0 && wrong.at >= 0 && wrong.at < typed.len);
    } else {
        ptrdiff_t n, best;
        struct search_part one = {text, 3};
        int64_t score = 0;
        bool is_match = search_judge(&a, &q, &one, 1, 0, &score, &best), is_marked = false,
             has_terms = false;
        const struct search_piece *p = search_snippet(&a, &q, text, 160, &n);
        for (ptrdiff_t i = 0; i < n; i++) {
            must(p[i].text.len > 0 && utf8_valid(p[i].text));
            is_marked |= p[i].is_match;
        }
        for (ptrdiff_t i = 0; i < q.n_terms; i++)
            has_terms |= !q.terms[i].is_excluded;
        must(!is_match || !has_terms || is_marked);
        must(!is_match || (score >= 0 && best == 0));
    }
    arena_reset(&a);
    return 0;
}
