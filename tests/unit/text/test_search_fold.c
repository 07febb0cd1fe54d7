/* Unit tests of text/search_fold: the quick way gives what the careful one gives, both give what
 * ICU says of the whole text, and no word goes over a boundary of ICU's. */
#include "test.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "text/search_fold.h"
#include "text/search_words.h"

enum { CODE_POINTS = 0x20000 }; /* planes 0 and 1 */

static bool is_surrogate(UChar32 c)
{
    return c >= 0xd800 && c <= 0xdfff;
}

static str utf8_of(UChar32 c)
{
    UChar units[2];
    char bytes[4];
    int32_t n = 0, len = 0;
    UErrorCode status = U_ZERO_ERROR;
    U16_APPEND_UNSAFE(units, n, c);
    u_strToUTF8(bytes, 4, &len, units, n, &status);
    assert_true(U_SUCCESS(status));
    return str_copy(test_arena(), str_of(bytes, len));
}

/* "c:kind c:kind" of all signs of a text. */
static str signs_of(str text, enum search_folding how)
{
    struct search_folder f;
    struct sb b = sb_make(test_arena(), 0);
    search_folder_begin(&f, how);
    for (ptrdiff_t at = 0; at < text.len;) {
        ptrdiff_t end = search_fold_next(&f, text, at);
        assert_true(end > at && end <= text.len);
        for (int i = 0; i < f.n; i++)
            sb_print(&b, "%x:%d ", (unsigned)f.signs[i].c, (int)f.signs[i].kind);
        at = end;
    }
    return sb_str(&b);
}

static void assert_folds_alike(str text)
{
    str quick = signs_of(text, SEARCH_FOLD_QUICK), careful = signs_of(text, SEARCH_FOLD_CAREFUL);
    if (!str_eq(quick, careful))
        fail_msg("%.*s: quick %.*s, careful %.*s", SARG(text), SARG(quick), SARG(careful));
}

/* What makes trouble beside others: marks of several classes, what composes, what is taken apart.
 */
static const char *const bits[] = {"a", "7", "é", "e", "ß", "İ", "ı", "ё", "и", "й", "ς", "ক", "ে",
    "া", "\u09cd", "\u09bc", "ড", "ৎ", "क", "ि", "न", "\u093c", "\u094d", "\u0b95", "\u0bc6",
    "\u0bbe", "ന", "ൻ", "\u0d4d", "ب", "\u064e", "أ", "\u0651", "ی", "ـ", "ש", "\u05c1", "\u05b8",
    "\u200d", "\u200c", "\ufe0f", "Ａ", "ﬁ", "Ǆ", "½", "٣", "৪", "\u0301", "\u0323", "\u0308",
    "\u0306", "ệ", "ơ", "\U00010400", "ᄒ", "ᅡ", "ᆫ", "ｶ", "ﾞ", "カ", "北", "々", "ー", "ก", "ำ",
    "ๆ", "👍", "🏽", "🇧", " ", "-", "'", "´", "\u0345", "\u20e3", "\u3099"};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void the_quick_way_gives_what_the_careful_one_gives(void **state)
{
    (void)state;
    uint32_t seed = 7;
    for (UChar32 c = 1; c < CODE_POINTS; c++) {
        if (is_surrogate(c))
            continue;
        str one = utf8_of(c);
        assert_folds_alike(one);
        assert_folds_alike(str_cat(test_arena(), S("ক"), one));
        assert_folds_alike(str_cat(test_arena(), one, S("\u0301")));
        if (c % 512 == 0)
            arena_reset(test_arena());
    }
    for (int i = 0; i < 40000; i++) {
        struct sb b = sb_make(test_arena(), 0);
        for (uint32_t n = 1 + next_random(&seed) % 8; n > 0; n--)
            sb_add(&b, str_from(bits[next_random(&seed) % (sizeof bits / sizeof bits[0])]));
        assert_folds_alike(sb_str(&b));
        if (i % 512 == 0)
            arena_reset(test_arena());
    }
}

/* A letter of a script that keeps its marks is what NFKC with folded case says of it, but for what
 * search_words.h names: digits, and letters with a plainer form. */
static void letters_are_what_icu_folds_them_to(void **state)
{
    (void)state;
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *rules = unorm2_getNFKCCasefoldInstance(&status);
    static const UScriptCode shed[] = {
        USCRIPT_LATIN, USCRIPT_GREEK, USCRIPT_CYRILLIC, USCRIPT_ARABIC, USCRIPT_HEBREW};
    int looked_at = 0;
    for (UChar32 c = 0x80; c < CODE_POINTS; c++) {
        UScriptCode script = uscript_getScript(c, &status);
        bool is_plainer = c == 0x09ce || (c >= 0x0d7a && c <= 0x0d7f) || c == 0x0e33 || c == 0x0eb3;
        for (size_t i = 0; i < sizeof shed / sizeof shed[0]; i++)
            is_plainer |= script == shed[i];
        if (is_surrogate(c) || is_plainer || script == USCRIPT_COMMON ||
            script == USCRIPT_INHERITED || (U_GET_GC_MASK(c) & U_GC_L_MASK) == 0)
            continue;
        UChar units[2], folded[64];
        UChar32 points[64];
        int32_t n = 0, count = 0;
        U16_APPEND_UNSAFE(units, n, c);
        int32_t m = unorm2_normalize(rules, units, n, folded, 64, &status);
        u_strToUTF32(points, 64, &count, folded, m, &status);
        assert_true(U_SUCCESS(status));
        struct search_folder f;
        search_folder_begin(&f, SEARCH_FOLD_QUICK);
        str text = utf8_of(c);
        assert_int_equal(search_fold_next(&f, text, 0), text.len);
        assert_int_equal(f.n, count);
        for (int i = 0; i < f.n; i++) {
            UChar32 is = points[i];
            if (u_charType(is) == U_DECIMAL_DIGIT_NUMBER)
                is = '0' + u_charDigitValue(is);
            if ((UChar32)f.signs[i].c != is)
                fail_msg(
                    "U+%04X: %x, and ICU %x", (unsigned)c, (unsigned)f.signs[i].c, (unsigned)is);
        }
        looked_at++;
        if (c % 512 == 0)
            arena_reset(test_arena());
    }
    assert_true(looked_at > 40000);
}

struct words {
    str at[512];
    ptrdiff_t from[512], to[512];
    int32_t position[512];
    bool is_part[512];
    int n;
};

static bool keep_word(void *closure, const struct search_word *w)
{
    struct words *all = closure;
    if (all->n == 512)
        return false;
    all->at[all->n] = str_copy(test_arena(), w->word);
    all->from[all->n] = w->from;
    all->to[all->n] = w->to;
    all->position[all->n] = w->position;
    all->is_part[all->n++] = !w->is_whole && !w->is_tail && !w->is_single;
    return true;
}

/* Of letters alone, folded carefully: empty when there is something else, or what begins it leaves
 * it to the letter before whether marks stay. */
static str letters_of(str text)
{
    struct search_folder f;
    struct sb b = sb_make(test_arena(), 0);
    uint32_t first = 0;
    (void)utf8_decode(text, 0, &first);
    if (!(U_GET_GC_MASK((UChar32)first) & U_GC_L_MASK))
        return (str){0};
    search_folder_begin(&f, SEARCH_FOLD_CAREFUL);
    for (ptrdiff_t at = 0; at < text.len;) {
        at = search_fold_next(&f, text, at);
        for (int i = 0; i < f.n; i++) {
            if (f.signs[i].kind != SEARCH_LETTER)
                return (str){0};
            sb_add(&b, utf8_of((UChar32)f.signs[i].c));
        }
    }
    return sb_str(&b);
}

static str random_text(uint32_t *seed)
{
    struct sb b = sb_make(test_arena(), 0);
    for (uint32_t n = 1 + next_random(seed) % 24; n > 0; n--) {
        uint32_t kind = next_random(seed) % 4;
        if (kind < 2)
            sb_byte(&b, "order no7 Ab,.@:+#"[next_random(seed) % 18]);
        else
            sb_add(&b, str_from(bits[next_random(seed) % (sizeof bits / sizeof bits[0])]));
    }
    return sb_str(&b);
}

/* However a run is met, its words are its careful letters; and of words that begin otherwise than
 * what is sought nothing but their place is missing. */
static void words_are_the_letters_of_their_place(void **state)
{
    (void)state;
    uint32_t seed = 11;
    int looked_at = 0;
    for (int i = 0; i < 20000; i++) {
        str text = random_text(&seed);
        struct words all = {0}, some = {0};
        assert_true(search_words_each(text, SEARCH_INDEX, keep_word, &all));
        struct search_firsts firsts = {0};
        if (all.n)
            search_firsts_add(&firsts, all.at[next_random(&seed) % (uint32_t)all.n]);
        assert_true(search_words_some(text, SEARCH_INDEX, &firsts, keep_word, &some));
        int at = 0;
        for (int k = 0; k < all.n; k++) {
            uint32_t first = 0;
            (void)utf8_decode(all.at[k], 0, &first);
            str letters = all.is_part[k]
                              ? letters_of(str_sub(text, all.from[k], all.to[k] - all.from[k]))
                              : (str){0};
            if (letters.len && letters.len < SEARCH_WORD_BYTES - 4) {
                if (!str_eq(all.at[k], letters))
                    fail_msg("%.*s: %.*s, and %.*s", SARG(text), SARG(all.at[k]), SARG(letters));
                looked_at++;
            }
            if (!search_firsts_hold(&firsts, first))
                continue;
            assert_true(at < some.n && str_eq(some.at[at], all.at[k]));
            assert_int_equal(some.position[at], all.position[k]);
            assert_int_equal(some.from[at], all.from[k]);
            assert_int_equal(some.to[at++], all.to[k]);
        }
        assert_int_equal(at, some.n);
        if (i % 64 == 0)
            arena_reset(test_arena());
    }
    assert_true(looked_at > 10000);
}

struct ranges {
    ptrdiff_t from[512], to[512];
    int n;
};

static bool keep_range(void *closure, const struct search_word *w)
{
    struct ranges *r = closure;
    if (!w->is_whole && !w->is_tail && r->n < 512) {
        r->from[r->n] = w->from;
        r->to[r->n++] = w->to;
    }
    return true;
}

/* Each word of ours lies in one of ICU's, and each of ICU's with a letter or digit has one. */
static void assert_in_words_of_icu(UBreakIterator *breaks, str text)
{
    struct ranges ours = {.n = 0};
    UErrorCode status = U_ZERO_ERROR;
    UText ut = UTEXT_INITIALIZER;
    assert_true(search_words_each(text, SEARCH_INDEX, keep_range, &ours));
    utext_openUTF8(&ut, text.at, text.len, &status);
    ubrk_setUText(breaks, &ut, &status);
    assert_true(U_SUCCESS(status));
    int k = 0;
    for (int32_t from = 0, to; (to = ubrk_next(breaks)) != UBRK_DONE; from = to) {
        int first = k;
        while (k < ours.n && ours.to[k] <= to)
            k++;
        if (k < ours.n && ours.from[k] < to)
            fail_msg("\"%.*s\": a word of ours goes over the boundary at %d", SARG(text), to);
        if (ubrk_getRuleStatus(breaks) != UBRK_WORD_NONE && k == first)
            fail_msg("\"%.*s\": nothing of ours in [%d, %d)", SARG(text), from, to);
    }
    utext_close(&ut);
}

/* @ stands alone elsewhere: ICU 72 takes it for a letter, other versions do not. */
static void words_lie_in_the_words_of_icu(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "Qu", "7", "é", "Ж", "ন", "द", "ব", "ש", "ö"};
    static const char *const between[] = {"-", ".", "_", ":", ",", "/", "#", "!", "\n", "\"",
        "3.14", "x9", "a.b", "foo_bar", "The", "42nd", " "};
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    uint32_t seed = 3;
    for (int i = 0; i < 20000; i++) {
        struct sb b = sb_make(test_arena(), 0);
        for (uint32_t n = 1 + next_random(&seed) % 12; n > 0; n--) {
            sb_add(&b, str_from(letters[next_random(&seed) % 10]));
            if (next_random(&seed) % 2 == 0)
                sb_add(&b,
                    str_from(between[next_random(&seed) % (sizeof between / sizeof between[0])]));
        }
        assert_in_words_of_icu(breaks, sb_str(&b));
        if (i % 512 == 0)
            arena_reset(test_arena());
    }
    ubrk_close(breaks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_quick_way_gives_what_the_careful_one_gives),
        TEST(letters_are_what_icu_folds_them_to),
        TEST(words_are_the_letters_of_their_place),
        TEST(words_lie_in_the_words_of_icu),
    };
    return cmocka_run_group_tests_name("text_search_fold", tests, NULL, NULL);
}
