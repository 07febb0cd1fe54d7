/* Any bytes as headers of a mail, a line each, "name:value": nothing is believed that names no
 * trusted server, and a PASS names its domain and hangs on one clear From. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "text/mail_auth.h"
#include "text/robot.h"

enum { HEADERS = 50 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = arena_make(0);
    struct mime_header *headers = NEW(&a, struct mime_header, HEADERS);
    struct mime_mail mail = {.headers = headers, .from_address = S("asha@example.net")};
    str rest = utf8_repair(&a, str_of(data, (ptrdiff_t)size)), line;
    int froms = 0;
    while (rest.len > 0 && mail.n_headers < HEADERS) {
        struct mime_header *h = &headers[mail.n_headers++];
        (void)str_cut(rest, '\n', &line, &rest);
        (void)str_cut(line, ':', &h->name, &h->value);
        froms += str_eq_nocase(h->name, S("From"));
    }
    struct mail_auth_result r;
    mail_auth_read(&a, &mail, S("mx.example.com"), &r);
    must((r.verdict == MAIL_AUTH_PASS) == (r.domain.len > 0));
    must(r.verdict != MAIL_AUTH_PASS || froms == 1);

    must(r.by.len > 0 || (r.spf.len == 0 && r.dkim.len == 0 && r.dmarc.len == 0));
    mail_auth_read(&a, &mail, S(""), &r);
    must(r.verdict == MAIL_AUTH_NONE && r.by.len == 0);
    must(utf8_valid(mail_auth_server(&a, &mail)));
    struct robot_verdict v;
    robot_read(&mail, &v);
    must(v.is_robot || (!v.is_bulk && !v.is_away));
    must(v.is_robot == (v.why[0] != '\0'));
    arena_free(&a);
    return 0;
}
