/* ctx: raising faults and asking for capabilities. See ctx.h. Raising again replaces the fault, so
 * that a caller can put a low-level refusal into better words. */
#include "model/ctx.h"

#include <stdarg.h>
#include <stdio.h>

/* Enough for a sentence or two; longer words are cut by the builder's maximum. */
enum { FAULT_WORDS_BYTES = 1000 };

[[gnu::format(printf, 5, 0)]] static void fault_set(
    struct ctx *cx, err code, str detail, str field, const char *words, va_list args)
{
    cx->fault = (struct fault){.code = code, .detail = detail, .field = field};
    char text[FAULT_WORDS_BYTES];
    int n = vsnprintf(text, sizeof text, words, args);
    if (n < 0)
        n = 0;
    if (n >= (int)sizeof text)
        n = (int)sizeof text - 1;
    cx->fault.words = str_copy(cx->arena, (str){text, n});
}

err fail(struct ctx *cx, err code, const char *words, ...)
{
    va_list args;
    va_start(args, words);
    fault_set(cx, code, (str){0}, (str){0}, words, args);
    va_end(args);
    return code;
}

err fail_field(struct ctx *cx, const char *field, const char *words, ...)
{
    va_list args;
    va_start(args, words);
    fault_set(cx, E_INVALID, (str){0}, str_from(field), words, args);
    va_end(args);
    return E_INVALID;
}

err fail_detail(struct ctx *cx, err code, const char *detail, const char *words, ...)
{
    va_list args;
    va_start(args, words);
    fault_set(cx, code, str_from(detail), (str){0}, words, args);
    va_end(args);
    return code;
}

bool cx_can(const struct ctx *cx, enum capability c)
{
    return (cx->actor.caps & (uint64_t)c) == (uint64_t)c;
}
