/* Any bytes as a calendar: all texts are valid and within their maxima, an event ends no earlier
 * than it begins. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str own[] = {S("care@example.com")};
    struct calendar_event e;
    bool is_one = calendar_read(&a, str_of(data, (ptrdiff_t)size), own, 1, &e);
    const str texts[] = {e.method, e.uid, e.summary, e.location, e.description, e.status, e.zone,
        e.organizer.name, e.organizer.address, e.own_status, e.reply, e.replier.name,
        e.replier.address, e.repeat.freq, e.repeat.by_day, e.first_day, e.last_day};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        must(utf8_valid(texts[i]) && texts[i].len <= CALENDAR_WORDS_BYTES);
    must(is_one == (e.events > 0));
    must(e.end_ms >= e.start_ms && e.summary.len <= CALENDAR_TEXT_BYTES);
    must(!e.is_all_day || (e.first_day.len == 10 && e.last_day.len == 10));
    must((e.repeat.freq.len > 0) == (e.repeat.interval > 0));
    arena_free(&a);
    return 0;
}
