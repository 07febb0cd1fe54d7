/* Any bytes as each part of a report: all texts are valid, and what is said hangs together. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void hold(const struct mime_mail *mail, struct arena *a)
{
    struct mail_report r;
    report_read(a, mail, &r);
    must(utf8_valid(r.recipient) && utf8_valid(r.diagnostic) && utf8_valid(r.status) &&
         utf8_valid(r.action) && utf8_valid(r.message_id));
    must(r.diagnostic.len <= REPORT_WORDS_BYTES && r.recipients <= REPORT_BLOCKS);
    must(!r.is_permanent || r.kind == REPORT_BOUNCE);
    must(!r.is_bad_address || r.is_permanent);
    must((r.kind == REPORT_NONE) == (r.words.len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    str bytes = str_of(data, (ptrdiff_t)size), head, rest;
    (void)str_cut(bytes, '\f', &head, &rest);
    struct mime_mail structured = {.report = head, .report_headers = rest};
    hold(&structured, &a);
    struct mime_mail words = {
        .from_address = S("mailer-daemon@example.net"), .text = utf8_repair(&a, bytes)};
    hold(&words, &a);
    arena_free(&a);
    return 0;
}
