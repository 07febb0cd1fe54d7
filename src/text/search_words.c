/* search_words: characters are folded one cluster after the other into a run, and a run that has
 * ended is cut into words. A text of ASCII never meets ICU. */
#include "text/search_words.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>
#include <unicode/ubrk.h>
#include <unicode/uversion.h>

#include "base/utf8.h"
#include "text/search_fold.h"
#include "text/search_phone.h"

enum {
    RULES = 2,        /* counted up when the rules of this file change */
    RUN_SIGNS = 1024, /* characters of a run; a longer one is cut */
    WHOLE_PARTS = 12, /* a run of more parts is no word as a whole */
};

struct sign {
    uint32_t c;
    int32_t from, to; /* bytes of the text */
    enum search_kind kind;
};

struct cutter {
    str text;
    enum search_mode mode;
    search_word_fn *each;
    void *closure;
    int32_t position, run;
    bool is_stopped;
    struct sign signs[RUN_SIGNS];
    int n;
    struct search_folder folder;
    ptrdiff_t phones_end; /* up to there numbers were looked for */
};

int32_t search_words_version(void)
{
    return RULES * 1000 + U_ICU_VERSION_MAJOR_NUM;
}

/* ── words ──────────────────────────────────────────────────────────────────────────────────────
 */

static ptrdiff_t encode(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | (c >> 6));
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | (c >> 12));
        to[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | (c >> 18));
    to[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    to[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

struct cut {
    int from, to; /* signs */
    bool is_whole, is_single, is_tail;
    bool has_signs; /* the whole is kept with its connectors */
};

static void give(struct cutter *k, const struct cut *cut, int32_t position)
{
    char bytes[SEARCH_WORD_BYTES];
    ptrdiff_t len = 0;
    for (int i = cut->from; i < cut->to && len + 4 <= SEARCH_WORD_BYTES; i++)
        if (k->signs[i].kind != SEARCH_CONNECTOR || cut->has_signs)
            len += encode(bytes + len, k->signs[i].c);
    if (k->is_stopped || len == 0 || position >= SEARCH_WORDS)
        return;
    struct search_word word = {
        .word = {bytes, len},
        .position = position,
        .run = k->run,
        .from = k->signs[cut->from].from,
        .to = k->signs[cut->to - 1].to,
        .is_whole = cut->is_whole,
        .is_single = cut->is_single,
        .is_tail = cut->is_tail
    };
    k->is_stopped = !k->each(k->closure, &word);
}

static void give_cut(struct cutter *k, const struct cut *cut)
{
    give(k, cut, k->position);
    k->position++;
}

static void give_part(struct cutter *k, int from, int to)
{
    give_cut(k, &(struct cut){.from = from, .to = to});
}

static void cut_pairs(struct cutter *k, int from, int to)
{
    bool is_single = to - from == 1;
    for (int i = from; i + 1 < to; i++)
        give_part(k, i, i + 2);
    give_cut(
        k, &(struct cut){.from = to - 1, .to = to, .is_single = is_single, .is_tail = !is_single});
}

static pthread_key_t breaker_key;
static pthread_once_t breaker_once = PTHREAD_ONCE_INIT;

static void breaker_free(void *breaker)
{
    ubrk_close(breaker);
}

static void breaker_make_key(void)
{
    int failed = pthread_key_create(&breaker_key, breaker_free);
    assert(!failed);
}

static UBreakIterator *breaker(void)
{
    (void)pthread_once(&breaker_once, breaker_make_key);
    UBreakIterator *mine = pthread_getspecific(breaker_key);
    if (mine == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        mine = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
        if (U_FAILURE(status) || pthread_setspecific(breaker_key, mine))
            return NULL;
    }
    return mine;
}

/* Scripts without spaces: by ICU's dictionary. All of them lie in the first plane. */
static void cut_spelled(struct cutter *k, int from, int to)
{
    UChar units[RUN_SIGNS];
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *words = breaker();
    for (int i = from; i < to; i++)
        units[i - from] = (UChar)k->signs[i].c;
    if (words)
        ubrk_setText(words, units, to - from, &status);
    if (!words || U_FAILURE(status)) {
        give_part(k, from, to);
        return;
    }
    int32_t at = 0;
    for (int32_t end = ubrk_next(words); end != UBRK_DONE && !k->is_stopped;
         end = ubrk_next(words)) {
        give_part(k, from + at, from + end);
        at = end;
    }
}

/* One part: letters without a connector. */
static void cut_part(struct cutter *k, int from, int to)
{
    for (int i = from; i < to && !k->is_stopped;) {
        int end = i + 1;
        while (end < to && k->signs[end].kind == k->signs[i].kind &&
               k->signs[i].kind != SEARCH_PICTURE)
            end++;
        switch (k->signs[i].kind) {
        case SEARCH_PAIRED:
            cut_pairs(k, i, end);
            break;
        case SEARCH_SPELLED:
            cut_spelled(k, i, end);
            break;
        case SEARCH_LETTER:
            give_part(k, i, end);
            break;
        case SEARCH_PICTURE: { /* two regional indicators are a flag */
            bool is_flag = end < to && k->signs[i].c >= 0x1f1e6 && k->signs[i].c <= 0x1f1ff &&
                           k->signs[end].c >= 0x1f1e6 && k->signs[end].c <= 0x1f1ff;
            end += is_flag;
            give_part(k, i, end);
            break;
        }
        case SEARCH_SPACE:
        case SEARCH_CONNECTOR:
            break;
        }
        i = end;
    }
}

/* Of the signs in [*from, *to): the mail address around the last @, without "mailto:" before and a
 * path behind it; all of them without an @. */
static bool find_address(const struct cutter *k, int *from, int *to)
{
    int at = *to - 1;
    while (at > *from && (k->signs[at].kind != SEARCH_CONNECTOR || k->signs[at].c != '@'))
        at--;
    if (at == *from)
        return false;
    int first = at, end = at + 1;
    for (; first > *from; first--) {
        uint32_t c = k->signs[first - 1].c;
        if (k->signs[first - 1].kind == SEARCH_CONNECTOR && (c == ':' || c == '/' || c == '#'))
            break;
    }
    for (; end < *to; end++) {
        uint32_t c = k->signs[end].c;
        if (k->signs[end].kind == SEARCH_CONNECTOR && c != '.' && c != '-')
            break;
    }
    *from = first;
    *to = end;
    return true;
}

static void give_whole(struct cutter *k)
{
    int parts = 1;
    struct cut whole = {.to = k->n, .is_whole = true};
    whole.has_signs = find_address(k, &whole.from, &whole.to);
    for (int i = whole.from; i < whole.to; i++)
        parts += k->signs[i].kind == SEARCH_CONNECTOR;
    if (parts > 1 && parts <= WHOLE_PARTS)
        give(k, &whole, k->position);
}

static void end_run(struct cutter *k)
{
    while (k->n && k->signs[k->n - 1].kind == SEARCH_CONNECTOR)
        k->n--;
    if (k->n == 0)
        return;
    give_whole(k);
    int from = 0;
    for (int i = 0; i <= k->n; i++) {
        if (i < k->n && k->signs[i].kind != SEARCH_CONNECTOR)
            continue;
        cut_part(k, from, i);
        from = i + 1;
    }
    k->run++;
    k->n = 0;
}

static void add(struct cutter *k, uint32_t c, enum search_kind kind, ptrdiff_t from, ptrdiff_t to)
{
    bool is_joined = k->n && k->signs[k->n - 1].kind != SEARCH_CONNECTOR &&
                     k->signs[k->n - 1].kind != SEARCH_PICTURE;
    bool parts = kind == SEARCH_SPACE || (kind == SEARCH_CONNECTOR && !is_joined);
    /* A picture is a run of its own; two connectors in a row part. */
    bool is_other = k->n && (kind == SEARCH_PICTURE) != (k->signs[k->n - 1].kind == SEARCH_PICTURE);
    if (parts || is_other || k->n == RUN_SIGNS)
        end_run(k);
    if (!parts && !(kind == SEARCH_CONNECTOR && k->n == 0))
        k->signs[k->n++] = (struct sign){c, (int32_t)from, (int32_t)to, kind};
}

/* ── telephone numbers ──────────────────────────────────────────────────────────────────────────
 */

static void give_digits(struct cutter *k, str digits, ptrdiff_t from, ptrdiff_t to)
{
    if (k->is_stopped || k->position >= SEARCH_WORDS)
        return;
    struct search_word word = {.word = digits,
        .position = k->position,
        .run = k->run,
        .from = from,
        .to = to,
        .is_whole = true};
    k->is_stopped = !k->each(k->closure, &word);
}

/* A number begins where a run does, or behind the colon of "tel:". */
static void give_phones(struct cutter *k, ptrdiff_t at)
{
    if (k->mode != SEARCH_INDEX || at < k->phones_end || (k->n && k->signs[k->n - 1].c != ':'))
        return;
    struct search_phone phones[SEARCH_PHONE_GROUPS];
    int n = search_phones_at(k->text, at, SEARCH_PHONE_TEXT, phones);
    for (int i = 0; i < n; i++) {
        str all = str_of(phones[i].digits, phones[i].n);
        if (phones[i].is_spread)
            give_digits(k, all, at, phones[i].end);
        if (phones[i].skip)
            give_digits(k, search_phone_national(&phones[i]), at, phones[i].end);
    }
    k->phones_end = n ? phones[0].end : at;
}

static bool is_digit(str text, ptrdiff_t at)
{
    return at >= 0 && at < text.len && text.at[at] >= '0' && text.at[at] <= '9';
}

/* Between digits, before two or three of them: "1,000.50", "1,00,000"; no list of numbers. */
static bool is_inside_number(str text, ptrdiff_t comma)
{
    ptrdiff_t n = 0;
    while (n < 4 && is_digit(text, comma + 1 + n))
        n++;
    return (n == 2 || n == 3) && is_digit(text, comma - 1);
}

static bool is_mark_next(str text, ptrdiff_t at)
{
    return at < text.len && (unsigned char)text.at[at] >= 0x80;
}

static ptrdiff_t add_cluster(struct cutter *k, ptrdiff_t at)
{
    ptrdiff_t end = search_fold_next(&k->folder, k->text, at);
    for (int i = 0; i < k->folder.n && !k->is_stopped; i++) {
        const struct search_sign *sign = &k->folder.signs[i];
        if (sign->c >= '0' && sign->c <= '9')
            give_phones(k, at);
        add(k, sign->c, sign->kind, at, end);
    }
    return end;
}

static void add_ascii(struct cutter *k, ptrdiff_t at)
{
    unsigned char c = (unsigned char)k->text.at[at];
    c = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
    enum search_kind kind =
        c == ',' && is_inside_number(k->text, at) ? SEARCH_CONNECTOR : search_kind_ascii(c);
    search_fold_ascii(&k->folder, c);
    if (c >= '0' && c <= '9')
        give_phones(k, at);
    add(k, c, kind, at, at + 1);
}

bool search_words_each(str text, enum search_mode mode, search_word_fn *each, void *closure)
{
    /* Signs are many, and each is written before it is read: to clear them cost more than most
     * texts. */
    __attribute__((uninitialized)) struct cutter k;
    k.text = utf8_prefix_bytes(text, SEARCH_TEXT_BYTES);
    k.mode = mode;
    k.each = each;
    k.closure = closure;
    k.position = k.run = k.n = 0;
    k.is_stopped = false;
    k.phones_end = 0;
    search_folder_begin(&k.folder, SEARCH_FOLD_QUICK);
    for (ptrdiff_t at = 0; at < k.text.len && !k.is_stopped && k.position < SEARCH_WORDS;) {
        if ((unsigned char)k.text.at[at] < 0x80 && !is_mark_next(k.text, at + 1))
            add_ascii(&k, at++);
        else
            at = add_cluster(&k, at);
    }
    if (!k.is_stopped)
        end_run(&k);
    return !k.is_stopped;
}
