/* What it costs to cut a text into the words of the search, in several scripts, beside ICU's word
 * breaking alone over the same text (an iterator that is kept, words that are only counted). CPU
 * time of one thread; the best of several rounds that alternate. Prints one JSON array: script,
 * bytes, words, ours and bare in µs. */
#include "text/search_words.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unicode/ubrk.h>
#include <unicode/utext.h>

enum { ROUNDS = 40, REPEATS = 1000 };

static const struct {
    const char *script;
    str text;
} subjects[] = {
    {"Latin",      S_INIT("Hello, my order #A-10023 hasn't arrived yet. Please call me at the office, "
                     "thanks a lot! Anna (NYC)")                                                                                                                                               },
    {"Vietnamese",
     S_INIT("Tôi chưa nhận được đơn hàng, xin hoàn tiền lại cho tôi sớm nhất có thể")                                                                                               },
    {"Bengali",    S_INIT("আমার অর্ডার এখনো আসেনি, টাকা ফেরত চাই। দয়া করে দ্রুত জানান কখন পাব")},
    {"Cyrillic",   S_INIT("Заказ ещё не пришёл, пожалуйста, верните деньги за мой подарок")                                                              },
    {"Arabic",     S_INIT("لم يصل طلبي حتى الآن، أريد استرجاع المبلغ من فضلكم بأسرع وقت")                                                                  },
    {"Han",        S_INIT("北京大学的订单还没有收到请尽快联系我谢谢北京大学的订单还没有收到")                                                                               },
    {"Thai",       S_INIT("ฉันยังไม่ได้รับสินค้าที่สั่งซื้อไปเมื่อสัปดาห์ที่แล้ว")                },
};

static bool count(void *closure, const struct search_word *w)
{
    (void)w;
    ++*(int64_t *)closure;
    return true;
}

static int64_t ours(str text)
{
    int64_t n = 0;
    if (!search_words_each(text, SEARCH_INDEX, count, &n))
        exit(1);
    return n;
}

static int64_t bare(UBreakIterator *breaks, str text)
{
    UErrorCode status = U_ZERO_ERROR;
    UText ut = UTEXT_INITIALIZER;
    int64_t n = 0;
    utext_openUTF8(&ut, text.at, text.len, &status);
    ubrk_setUText(breaks, &ut, &status);
    while (ubrk_next(breaks) != UBRK_DONE)
        n += ubrk_getRuleStatus(breaks) != UBRK_WORD_NONE;
    (void)utext_close(&ut); /* on the stack: nothing to fail */
    if (U_FAILURE(status))
        exit(1);
    return n;
}

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(void)
{
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &status);
    if (U_FAILURE(status))
        return 1;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        double best_ours = 1e12, best_bare = 1e12;
        volatile int64_t seen = 0; /* so that nothing is left out as unused */
        for (int round = 0; round < ROUNDS; round++) {
            double started = cpu_us();
            for (int k = 0; k < REPEATS; k++)
                seen = seen + ours(subjects[i].text);
            double between = cpu_us();
            for (int k = 0; k < REPEATS; k++)
                seen = seen + bare(breaks, subjects[i].text);
            double ended = cpu_us();
            best_ours = between - started < best_ours ? between - started : best_ours;
            best_bare = ended - between < best_bare ? ended - between : best_bare;
        }
        printf(
            "%s{\"script\":\"%s\",\"bytes\":%td,\"words\":%lld,\"ours_us\":%.2f,\"bare_us\":%.2f}",
            i == 0 ? "[" : ",", subjects[i].script, subjects[i].text.len,
            (long long)ours(subjects[i].text), best_ours / REPEATS, best_bare / REPEATS);
    }
    printf("]\n");
    ubrk_close(breaks);
    return 0;
}
