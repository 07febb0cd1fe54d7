/* Any bytes as a posted form or JSON object: its Content-Type in the first line. What is found lies
 * inside it. */
#include <stdint.h>
#include <stdlib.h>

#include "text/form_field.h"
#include "text/form_json.h"
#include "text/mail_fields.h"
#include "text/mime.h"
#include "text/sns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found lies inside; decoding it comes to an end and stays within the room. */
static void read_json(str body, const char *const *names)
{
    char to[64];
    str value;
    ptrdiff_t taken = 0, n = 0;
    if (form_json_find(body, names, &value) != OK)
        return;
    if (value.at < body.at || value.at + value.len > body.at + body.len)
        abort();
    for (; value.len; value = str_skip(value, taken)) {
        if (form_json_decode(value, to, sizeof to, &taken, &n) != OK)
            return;
        if (taken < 1 || n < 1 || n > (ptrdiff_t)sizeof to)
            abort();
    }
}

static bool keep(void *arg, str piece)
{
    sb_add(arg, piece);
    return true;
}

/* What is put together is a mail of the sender that was named; a link is Amazon's. */
static void read_mail(str body)
{
    struct arena a = arena_make(0);
    struct mail_fields *fields = NULL;
    struct mime_mail mail, inner;
    struct sns_post sns;
    struct sb b = sb_make(&a, 0);
    bool has_inner;
    str why = {0};
    if (mail_fields_are(body) && mail_fields_read(&a, body, &fields, &why) == OK &&
        mail_fields_write(&a, fields, keep, &b, &why) == OK &&
        mime_read(&a, sb_str(&b), &mail, &inner, &has_inner, &why) != OK)
        abort();
    if (sns_is(body) && sns_read(&a, body, &sns, &why) == OK && sns.kind == SNS_QUESTION &&
        !str_starts(sns.url, S("https://sns.")))
        abort();
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"body-mime", "email", NULL};
    struct form_field f = {0};
    str type, body;
    (void)str_cut(str_of(data, (ptrdiff_t)size), '\n', &type, &body);
    if (form_json_is(type))
        read_json(body, names);
    if (form_json_is(type))
        read_mail(body);
    if (form_field_find(type, body, names, &f) != OK)
        return 0;
    if (!form_is(type) || f.value.at < body.at || f.value.at + f.value.len > body.at + body.len)
        abort();
    return 0;
}
