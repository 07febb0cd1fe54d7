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
    WHOLE_PARTS = 12, /* a run of more parts is no word as a whole */
};

struct cutter {
    str text;
    enum search_mode mode;
    const struct search_firsts *firsts; /* NULL: all words are given */
    search_word_fn *each;
    void *closure;
    int32_t position, n_runs;
    bool is_stopped, has_numbers;
    struct search_run run;
    struct search_folder folder;
    ptrdiff_t phones_end; /* up to there numbers were looked for */
};

int32_t search_words_version(void)
{
    return RULES * 1000 + U_ICU_VERSION_MAJOR_NUM;
}

/* ── words ── */

void search_firsts_add(struct search_firsts *firsts, str word)
{
    uint32_t c = 0;
    if (word.len && utf8_decode(word, 0, &c) > 0)
        firsts->bits[c % SEARCH_FIRSTS / 64] |= (uint64_t)1 << c % 64;
}

struct cut {
    int from, to; /* signs */
    bool is_whole, is_single, is_tail;
    bool has_signs; /* the whole is kept with its connectors */
};

static int end_byte(const struct search_run *run, int sign)
{
    return sign + 1 < run->n ? run->signs[sign + 1].at : run->n_bytes;
}

/* A word that is short and without connectors stands in the run as it is given. */
static str word_of(const struct search_run *run, const struct cut *cut, char *bytes)
{
    enum { CHARACTER_BYTES = 4 };
    int begin = run->signs[cut->from].at, end = end_byte(run, cut->to - 1);
    if (end - begin <= SEARCH_WORD_BYTES - CHARACTER_BYTES && (!cut->is_whole || cut->has_signs))
        return str_of(run->bytes + begin, end - begin);
    ptrdiff_t len = 0;
    for (int i = cut->from; i < cut->to && len + CHARACTER_BYTES <= SEARCH_WORD_BYTES; i++)
        if (run->signs[i].kind != SEARCH_CONNECTOR || cut->has_signs)
            for (int at = run->signs[i].at; at < end_byte(run, i); at++)
                bytes[len++] = run->bytes[at];
    return str_of(bytes, len);
}

static void give(struct cutter *k, const struct cut *cut, int32_t position)
{
    __attribute__((uninitialized)) char bytes[SEARCH_WORD_BYTES]; /* written before it is read */
    if (k->is_stopped || position >= SEARCH_WORDS ||
        !search_firsts_hold(k->firsts, k->run.signs[cut->from].c))
        return;
    struct search_word word = {.word = word_of(&k->run, cut, bytes),
        .position = position,
        .run = k->n_runs,
        .from = k->run.signs[cut->from].from,
        .to = k->run.signs[cut->to - 1].to,
        .is_whole = cut->is_whole,
        .is_single = cut->is_single,
        .is_tail = cut->is_tail};
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
    UChar units[SEARCH_RUN_SIGNS];
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *words = breaker();
    for (int i = from; i < to; i++)
        units[i - from] = (UChar)k->run.signs[i].c;
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
        while (end < to && k->run.signs[end].kind == k->run.signs[i].kind &&
               k->run.signs[i].kind != SEARCH_PICTURE)
            end++;
        switch ((enum search_kind)k->run.signs[i].kind) {
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
            bool is_flag = end < to && k->run.signs[i].c >= 0x1f1e6 &&
                           k->run.signs[i].c <= 0x1f1ff && k->run.signs[end].c >= 0x1f1e6 &&
                           k->run.signs[end].c <= 0x1f1ff;
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
    while (at > *from && (k->run.signs[at].kind != SEARCH_CONNECTOR || k->run.signs[at].c != '@'))
        at--;
    if (at == *from)
        return false;
    int first = at, end = at + 1;
    for (; first > *from; first--) {
        uint32_t c = k->run.signs[first - 1].c;
        if (k->run.signs[first - 1].kind == SEARCH_CONNECTOR && (c == ':' || c == '/' || c == '#'))
            break;
    }
    for (; end < *to; end++) {
        uint32_t c = k->run.signs[end].c;
        if (k->run.signs[end].kind == SEARCH_CONNECTOR && c != '.' && c != '-')
            break;
    }
    *from = first;
    *to = end;
    return true;
}

static void give_whole(struct cutter *k)
{
    int parts = 1;
    struct cut whole = {.to = k->run.n, .is_whole = true};
    whole.has_signs = find_address(k, &whole.from, &whole.to);
    for (int i = whole.from; i < whole.to; i++)
        parts += k->run.signs[i].kind == SEARCH_CONNECTOR;
    if (parts > 1 && parts <= WHOLE_PARTS)
        give(k, &whole, k->position);
}

static void cut_run(struct cutter *k)
{
    const struct search_run *run = &k->run;
    if (!(run->kinds & 1u << SEARCH_CONNECTOR)) {
        cut_part(k, 0, run->n);
        return;
    }
    give_whole(k);
    int from = 0;
    for (int i = 0; i <= run->n; i++) {
        if (i < run->n && run->signs[i].kind != SEARCH_CONNECTOR)
            continue;
        cut_part(k, from, i);
        from = i + 1;
    }
}

static void end_run(struct cutter *k)
{
    struct search_run *run = &k->run;
    while (run->n && run->signs[run->n - 1].kind == SEARCH_CONNECTOR)
        run->n_bytes = run->signs[--run->n].at;
    if (run->n) {
        cut_run(k);
        k->n_runs++;
    }
    run->n = run->n_bytes = 0;
    run->kinds = 0;
}

static void add(struct cutter *k, struct search_sign sign, ptrdiff_t from, ptrdiff_t to)
{
    struct search_run *run = &k->run;
    int last = run->n ? run->signs[run->n - 1].kind : SEARCH_SPACE;
    bool is_joined = run->n && last != SEARCH_CONNECTOR && last != SEARCH_PICTURE;
    bool parts = sign.kind == SEARCH_SPACE || (sign.kind == SEARCH_CONNECTOR && !is_joined);
    /* A picture is a run of its own; two connectors in a row part. */
    bool is_other = run->n && (sign.kind == SEARCH_PICTURE) != (last == SEARCH_PICTURE);
    if (run->n && (parts || is_other || run->n == SEARCH_RUN_SIGNS))
        end_run(k);
    if (!parts && !(sign.kind == SEARCH_CONNECTOR && run->n == 0))
        search_run_add(run, sign, from, to);
}

/* ── telephone numbers ── */

static void give_digits(struct cutter *k, str digits, ptrdiff_t from, ptrdiff_t to)
{
    if (k->is_stopped || k->position >= SEARCH_WORDS ||
        !search_firsts_hold(k->firsts, (unsigned char)digits.at[0]))
        return;
    struct search_word word = {.word = digits,
        .position = k->position,
        .run = k->n_runs,
        .from = from,
        .to = to,
        .is_whole = true};
    k->is_stopped = !k->each(k->closure, &word);
}

/* A number begins where a run does, or behind the colon of "tel:". */
static void give_phones(struct cutter *k, ptrdiff_t at)
{
    const struct search_run *run = &k->run;
    if (!k->has_numbers || at < k->phones_end || (run->n && run->signs[run->n - 1].c != ':'))
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
        add(k, *sign, at, end);
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
    add(k, (struct search_sign){.c = c, .kind = kind}, at, at + 1);
}

static bool asks_for_numbers(const struct search_firsts *firsts)
{
    for (uint32_t c = '0'; c <= '9'; c++)
        if (search_firsts_hold(firsts, c))
            return true;
    return false;
}

/* Most words are of letters alone. False: this is none. */
static bool give_plain(struct cutter *k, ptrdiff_t *at)
{
    __attribute__((uninitialized)) struct search_one one; /* written before it is read */
    if (!search_fold_word(&k->folder, k->text, *at, k->firsts, &one))
        return false;
    if (one.first >= '0' && one.first <= '9')
        give_phones(k, *at);
    if (one.is_asked_for && !k->is_stopped && k->position < SEARCH_WORDS) {
        struct search_word word = {.word = str_of(one.bytes, one.n),
            .position = k->position,
            .run = k->n_runs,
            .from = one.from,
            .to = one.to};
        k->is_stopped = !k->each(k->closure, &word);
    }
    k->position++;
    k->n_runs++;
    *at = one.end;
    return true;
}

static bool is_ascii_sign(unsigned char c)
{
    return search_kind_ascii(c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c) != SEARCH_LETTER;
}

/* Goes on behind what stands at this byte. */
static ptrdiff_t take(struct cutter *k, ptrdiff_t at)
{
    unsigned char c = (unsigned char)k->text.at[at];
    bool is_ascii = c < 0x80 && !is_mark_next(k->text, at + 1);
    if (is_ascii && k->run.n == 0 && is_ascii_sign(c)) /* it parts nothing and begins nothing */
        return at + 1;
    if (k->run.n == 0 && give_plain(k, &at))
        return at;
    ptrdiff_t end = k->run.kinds & 1u << SEARCH_PICTURE
                        ? at
                        : search_fold_letters(&k->folder, k->text, at, &k->run);
    if (end > at)
        return end;
    if (!is_ascii)
        return add_cluster(k, at);
    add_ascii(k, at);
    return at + 1;
}

bool search_words_some(str text, enum search_mode mode, const struct search_firsts *firsts,
    search_word_fn *each, void *closure)
{
    if (!text.len)
        return true;
    /* Signs are many, and each is written before it is read: to clear them cost more than most
     * texts. */
    __attribute__((uninitialized)) struct cutter k;
    k.text = utf8_prefix_bytes(text, SEARCH_TEXT_BYTES);
    k.mode = mode;
    k.firsts = firsts;
    k.each = each;
    k.closure = closure;
    k.position = k.n_runs = k.run.n = k.run.n_bytes = 0;
    k.run.kinds = 0;
    k.is_stopped = false;
    k.has_numbers = mode == SEARCH_INDEX && (!firsts || asks_for_numbers(firsts));
    k.phones_end = 0;
    search_folder_begin(&k.folder, SEARCH_FOLD_QUICK);
    for (ptrdiff_t at = 0; at < k.text.len && !k.is_stopped && k.position < SEARCH_WORDS;)
        at = take(&k, at);
    if (!k.is_stopped)
        end_run(&k);
    return !k.is_stopped;
}

bool search_words_each(str text, enum search_mode mode, search_word_fn *each, void *closure)
{
    return search_words_some(text, mode, NULL, each, closure);
}
