/* mail_in: see mail_in.h. */
#include "app/mail_in.h"

#include "app/files.h"
#include "base/json.h"
#include "base/limits.h"
#include "connector/notice.h"
#include "net/http_client.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

/* All of standard input. E_INVALID: more than a delivery may be; E_UPSTREAM: it broke off. */
static err read_mail(struct arena *a, str *mail)
{
    ptrdiff_t room = LIMIT_WEBHOOK_BODY_BYTES + 1, n = 0;
    char *at = arena_alloc(a, room, 1);
    while (n < room) {
        ssize_t got = read(STDIN_FILENO, at + n, (size_t)(room - n));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return E_UPSTREAM;
        if (!got)
            break;
        n += got;
    }
    *mail = str_of(at, n);
    return n < room ? OK : E_INVALID;
}

static str words_of(struct arena *a, const struct http_result *res)
{
    const struct json *root = NULL;
    str why;
    if (res->outcome != HTTP_CALL_ANSWERED)
        return res->why;
    str words = json_parse(a, res->body, &root, &why) == OK
                    ? json_text(json_get(json_get(root, S("error")), S("message")), S(""))
                    : (str){0};
    return words.len ? words : str_print(a, "the server answered %d", res->status);
}

static err post(struct arena *a, str address, str secret, str mail, struct http_result *res)
{
    const struct egress_rules *rules = NULL;
    str why;
    TRY(http_client_start());
    /* Whoever calls this names the server: it may be anywhere. */
    TRY(egress_rules_parse(a, S("network=0.0.0.0/0,::/0"), &rules, &why));
    struct http_client *client = http_client_open(&(struct http_client_options){.rules = rules});
    if (!client)
        return E_BUSY;
    const struct http_header headers[] = {
        {S("Content-Type"), NOTICE_TYPE},
        { S("Authorization"), str_cat(a,         S("Bearer "), secret)},
    };
    err e = http_client_call(client, a,
        &(struct http_call){.method = HTTP_POST,
            .url = address,
            .purpose = EGRESS_NETWORK,
            .headers = headers,
            .header_count = sizeof headers / sizeof *headers,
            .body = mail},
        res);
    http_client_close(client);
    return e;
}

int mail_in_command(struct arena *a, const struct settings *s, str *out)
{
    str secret = {0}, mail = {0}, why = {0}, file = s->values[SET_PASSWORD_FILE];
    struct http_result res = {0};
    *out = S("seva: mail-in ADDRESS --password-file FILE\n");
    if (s->n_words != 2 || !file.len || str_eq(file, S("-")))
        return EX_USAGE;
    err e = files_password(a, file, &secret, &why);
    if (e == OK)
        e = read_mail(a, &mail);
    if (e == E_INVALID && !why.len) {
        *out = S("seva: the mail is larger than 1 MiB\n");
        return EX_DATAERR;
    }
    if (e == OK)
        e = post(a, s->words[1], secret, mail, &res);
    bool is_stored = e == OK && res.outcome == HTTP_CALL_ANSWERED && res.status / 100 == 2;
    str words = why.len ? why : e == OK ? words_of(a, &res) : str_from(err_name(e));
    *out = is_stored ? (str){0} : str_print(a, "seva: %.*s\n", SARG(words));
    bool is_final = e == OK && (res.status == 400 || res.status == 413 || res.status == 415);
    return is_stored ? EX_OK : is_final ? EX_DATAERR : EX_TEMPFAIL;
}
