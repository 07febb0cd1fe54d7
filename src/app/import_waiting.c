/* import_waiting: see import_waiting.h. */
#include "app/import_waiting.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

err waiting_add(struct waiting *w, int64_t number, int64_t for_key, str text)
{
    assert(w->n < WAITING_ROOM);
    char *copy = alloc_zero(text.len + 1);
    if (!copy)
        return E_BUSY;
    memcpy(copy, text.at, (size_t)text.len);
    w->at[w->n++] = (struct waiting_line){
        .number = number, .for_key = for_key, .text = {copy, text.len}
    };
    w->bytes += text.len;
    return OK;
}

void waiting_given(struct waiting *w, int64_t key)
{
    for (ptrdiff_t i = 0; i < w->n; i++)
        w->at[i].is_ready |= w->at[i].for_key == key;
}

void waiting_trim(struct waiting *w, bool is_end)
{
    ptrdiff_t n = w->n, bytes = w->bytes;
    for (ptrdiff_t i = 0; i < w->n; i++) {
        if (!is_end && n <= WAITING_MAX && bytes <= WAITING_BYTES)
            return;
        w->at[i].is_last_call = true;
        n--;
        bytes -= w->at[i].text.len;
    }
}

bool waiting_take(struct waiting *w, ptrdiff_t *from, struct waiting_line *line)
{
    for (; *from < w->n; ++*from) {
        struct waiting_line *found = &w->at[*from];
        if (!found->text.at || (!found->is_ready && !found->is_last_call))
            continue;
        *line = *found;
        w->bytes -= found->text.len;
        found->text = (str){NULL, 0};
        return true;
    }
    return false;
}

void waiting_close(struct waiting *w)
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < w->n; i++)
        if (w->at[i].text.at)
            w->at[n++] = w->at[i];
    w->n = n;
}

void waiting_free(struct waiting *w)
{
    for (ptrdiff_t i = 0; i < w->n; i++)
        free((void *)(uintptr_t)w->at[i].text.at);
    w->n = w->bytes = 0;
}
