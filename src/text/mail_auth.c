/* mail_auth: see mail_auth.h. A value is first cut into tokens (comments gone, quotes opened), then
 * read by the grammar of RFC 8601 section 2.2. Addresses and domains: mail_domain.c. */
#include "text/mail_auth.h"

#include <string.h>

#include "text/mail_domain.h"

enum { TOKENS = 400 /* of one header: Microsoft's longest have about 60 */ };

/* A word, a quoted string glued to what stands beside it, or one of ; = / */
struct token {
    char kind; /* 'w', ';', '=', '/' ; 'e' = the end */
    str text;
};

struct tokens {
    struct token at[TOKENS + 1];
    int n, next;
};

enum method { SPF, DKIM, DMARC, METHODS };

struct finding {
    enum method method;
    str word;
    str domain; /* spf: of MAIL FROM; dkim: the signer's; dmarc: header.from; "" = not said */
    int header; /* from which of the headers, 0 = topmost */
};

struct heard {
    struct arena *a;
    struct finding at[MAIL_AUTH_RESULTS];
    int n;
    str by;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The end of the comment that opens at `at`; -1 when it does not close. */
static ptrdiff_t skip_comment(str s, ptrdiff_t at)
{
    int depth = 0;
    for (; at < s.len; at++) {
        if (s.at[at] == '\\')
            at++;
        else if (s.at[at] == '(')
            depth++;
        else if (s.at[at] == ')' && --depth == 0)
            return at + 1;
    }
    return -1;
}

/* Adds the inside of the quoted string at `at` to b; its end, or -1 when it does not close. */
static ptrdiff_t take_quoted(str s, ptrdiff_t at, struct sb *b)
{
    for (at++; at < s.len; at++) {
        if (s.at[at] == '"')
            return at + 1;
        if (s.at[at] == '\\' && at + 1 < s.len)
            at++;
        sb_byte(b, s.at[at]);
    }
    return -1;
}

static bool ends_word(char c)
{
    return is_space(c) || c == ';' || c == '=' || c == '(';
}

/* A word from `at` on; its end, or -1. After "=" everything but ; belongs to the value: header.b
 * may hold "/" and "=", an address "@". */
static ptrdiff_t take_word(struct arena *a, str s, ptrdiff_t at, bool is_value, str *word)
{
    struct sb b = sb_make(a, 0);
    while (at >= 0 && at < s.len) {
        char c = s.at[at];
        if (c == '"') {
            at = take_quoted(s, at, &b);
            continue;
        }
        if (ends_word(c) && !(c == '=' && is_value))
            break;
        if (c == '/' && !is_value)
            break;
        sb_byte(&b, c);
        at++;
    }
    *word = sb_str(&b);
    return at;
}

/* False: a quote or comment does not close, or there are too many tokens; what came before is read,
 * but its last result, which may be torn, is not. */
static bool cut_tokens(struct arena *a, str s, struct tokens *t)
{
    bool after_equals = false;
    t->n = t->next = 0;
    for (ptrdiff_t at = 0; at >= 0 && at < s.len && t->n < TOKENS;) {
        char c = s.at[at];
        if (is_space(c)) {
            at++;
        } else if (c == '(') {
            at = skip_comment(s, at);
        } else if (c == ';' || (!after_equals && (c == '=' || c == '/'))) {
            t->at[t->n++] = (struct token){.kind = c, .text = str_sub(s, at, 1)};
            after_equals = c == '=';
            at++;
        } else {
            str word;
            at = take_word(a, s, at, after_equals, &word);
            t->at[t->n++] = (struct token){.kind = 'w', .text = word};
            after_equals = false;
        }
        if (at < 0) {
            t->at[t->n] = (struct token){.kind = 'e'};
            return false;
        }
    }
    t->at[t->n] = (struct token){.kind = 'e'};
    return t->n < TOKENS;
}

static struct token peek(const struct tokens *t, int ahead)
{
    return t->at[t->next + ahead <= t->n ? t->next + ahead : t->n];
}

static bool is_one(struct token t)
{
    return t.kind == 'w' && str_eq(t.text, S("1"));
}

/* authserv-id and version; leaves t at the first ";". False: not for us (another version). */
static bool read_server(struct tokens *t, str *by)
{
    *by = S("-");
    /* "spf=pass …" at once, or "spf/1=pass": there is no authserv-id. */
    if (peek(t, 0).kind != 'w' || peek(t, 1).kind == '=' || peek(t, 1).kind == '/')
        return true;
    *by = peek(t, 0).text;
    t->next++;
    if (peek(t, 0).kind == 'w') {
        if (!is_one(peek(t, 0)))
            return false;
        t->next++;
    }
    return peek(t, 0).kind == ';' || peek(t, 0).kind == 'e';
}

static bool method_of(str word, enum method *method)
{
    static const str names[METHODS] = {
        [SPF] = S_INIT("spf"), [DKIM] = S_INIT("dkim"), [DMARC] = S_INIT("dmarc")};
    for (int i = 0; i < METHODS; i++) {
        if (str_eq_nocase(word, names[i])) {
            *method = (enum method)i;
            return true;
        }
    }
    return false;
}

static str result_of(str word)
{
    static const str known[] = {S_INIT("none"), S_INIT("pass"), S_INIT("fail"), S_INIT("softfail"),
        S_INIT("neutral"), S_INIT("policy"), S_INIT("temperror"), S_INIT("permerror")};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (str_eq_nocase(word, known[i]))
            return known[i];
    /* RFC 5451's word for fail. */
    return str_eq_nocase(word, S("hardfail")) ? S("fail") : S("");
}

/* The domain of an address or of a bare domain: what stands behind the last "@". */
static str domain_in(struct arena *a, str value)
{
    if (str_ends(value, S(">")))
        value.len--;
    ptrdiff_t at = value.len;
    while (at > 0 && value.at[at - 1] != '@')
        at--;
    return mail_domain(a, str_skip(value, at));
}

static void take_property(struct heard *h, struct finding *f, str name, str value)
{
    static const char *const senders[] = {
        "smtp.mailfrom", "smtp.mfrom", "smtp.mail", "smtp.envelope-from", NULL};
    bool is_it = false;
    if (f->method == SPF)
        for (int i = 0; senders[i] != NULL; i++)
            is_it |= str_eq_nocase(name, str_from(senders[i]));
    else if (f->method == DMARC)
        is_it = str_eq_nocase(name, S("header.from"));
    else if (str_eq_nocase(name, S("header.d")))
        f->domain = domain_in(h->a, value); /* d is the signer, whatever i says */
    else
        is_it = str_eq_nocase(name, S("header.i")) && f->domain.len == 0;
    if (is_it)
        f->domain = domain_in(h->a, value);
}

/* "ptype . property = value": written with or without white space around the dot. Joins the words
 * up to "=". */
static str property_name(struct heard *h, struct tokens *t)
{
    str name = S("");
    while (peek(t, 0).kind == 'w') {
        str word = peek(t, 0).text;
        bool goes_on = str_ends(name, S(".")) || str_starts(word, S("."));
        name = goes_on ? str_cat(h->a, name, word) : word; /* else what stood before was astray */
        t->next++;
    }
    return name;
}

/* One result, from behind its ";" up to the next ";". */
static void read_result(struct heard *h, struct tokens *t, struct finding *f, bool *is_known)
{
    *is_known = peek(t, 0).kind == 'w' && method_of(peek(t, 0).text, &f->method);
    t->next++;
    if (*is_known && peek(t, 0).kind == '/') {
        *is_known = is_one(peek(t, 1));
        t->next += 2;
    }
    *is_known = *is_known && peek(t, 0).kind == '=' && peek(t, 1).kind == 'w';
    if (*is_known) {
        f->word = result_of(peek(t, 1).text);
        t->next += 2;
    }
    while (peek(t, 0).kind != ';' && peek(t, 0).kind != 'e') {
        str name = property_name(h, t);
        if (peek(t, 0).kind == '=' && peek(t, 1).kind == 'w') {
            if (*is_known)
                take_property(h, f, name, peek(t, 1).text);
            t->next++;
        }
        if (peek(t, 0).kind != ';' && peek(t, 0).kind != 'e')
            t->next++;
    }
}

static bool is_trusted(struct arena *a, str by, str trusted)
{
    str name = mail_domain(a, by);
    ptrdiff_t at = 0;
    for (int i = 0; i < MAIL_AUTH_TRUSTED && at < trusted.len; i++) {
        ptrdiff_t from = at;
        while (at < trusted.len && !is_space(trusted.at[at]) && trusted.at[at] != ',')
            at++;
        str one = str_sub(trusted, from, at - from);
        if (one.len > 0 && by.len > 0 && str_eq_nocase(one, by))
            return true;
        if (name.len > 0 && str_eq(mail_domain(a, one), name))
            return true;
        at++;
    }
    return false;
}

/* Whether it is by a trusted server. Its results go to h, as `header`. */
static bool hear(struct heard *h, str value, str trusted, int header)
{
    struct tokens *t = NEW(h->a, struct tokens, 1);
    bool is_whole = cut_tokens(h->a, value, t);
    str by;
    bool is_ours = read_server(t, &by);
    bool is_nameless = str_eq(by, S("-"));
    if (!is_trusted(h->a, by, trusted) || (is_nameless && header > 0))
        return false;
    if (h->by.len == 0)
        h->by = by;
    while (is_ours && peek(t, 0).kind != 'e' && h->n < MAIL_AUTH_RESULTS) {
        struct finding f = {.header = header};
        bool is_known = false;
        if (peek(t, 0).kind == ';')
            t->next++;
        if (peek(t, 0).kind == ';' || peek(t, 0).kind == 'e')
            continue;
        read_result(h, t, &f, &is_known);
        if (is_known && (is_whole || peek(t, 0).kind == ';'))
            h->at[h->n++] = f;
    }
    return true;
}

static bool is_header(const struct mime_header *header, const char *name)
{
    return str_eq_nocase(header->name, str_from(name));
}

static void hear_all(struct heard *h, const struct mime_mail *mail, str trusted)
{
    bool has_begun = false;
    int headers = 0;
    for (int i = 0; i < mail->n_headers && headers < MAIL_AUTH_HEADERS; i++) {
        if (has_begun && is_header(&mail->headers[i], "Received"))
            break;
        if (is_header(&mail->headers[i], "Authentication-Results"))
            has_begun |= hear(h, mail->headers[i].value, trusted, headers++);
    }
    /* Of each method, what the topmost header says. */
    int top[METHODS] = {-1, -1, -1}, n = 0;
    for (int i = 0; i < h->n; i++) {
        struct finding f = h->at[i];
        if (top[f.method] < 0)
            top[f.method] = f.header;
        if (top[f.method] == f.header)
            h->at[n++] = f;
    }
    h->n = n;
}

struct judged {
    bool dmarc_pass, dmarc_fail, aligned_fail;
    str aligned_pass; /* the domain; "" = none */
    int dkim_rank;
};

static void judge(const struct finding *f, str from, struct judged *j, struct mail_auth_result *out)
{
    bool is_pass = str_eq(f->word, S("pass")), is_fail = str_eq(f->word, S("fail"));
    bool is_aligned = mail_domain_is_aligned(f->domain, from);
    switch (f->method) {
    case DMARC:
        /* Several at once contradict each other: the worst counts. */
        j->dmarc_fail |= is_fail;
        j->dmarc_pass |= is_pass && (f->domain.len == 0 || is_aligned);
        if (out->dmarc.len == 0 || is_fail)
            out->dmarc = f->word;
        return;
    case SPF:
        out->spf = out->spf.len == 0 ? f->word : out->spf;
        break;
    case DKIM: {
        int rank = 1 + is_pass + (is_pass && is_aligned) * 2;
        if (rank > j->dkim_rank) {
            j->dkim_rank = rank;
            out->dkim = f->word;
        }
        break;
    }
    case METHODS:
        return;
    }
    j->aligned_fail |= is_fail && is_aligned;
    if (is_pass && is_aligned && j->aligned_pass.len == 0)
        j->aligned_pass = f->domain;
}

void mail_auth_read(
    struct arena *a, const struct mime_mail *mail, str trusted, struct mail_auth_result *out)
{
    struct heard *h = NEW(a, struct heard, 1);
    struct judged j = {0};
    h->a = a;
    *out = (struct mail_auth_result){0};
    hear_all(h, mail, trusted);
    out->by = h->by;
    bool is_clear = mail_from_is_clear(a, mail);
    str from = domain_in(a, mail->from_address);
    for (int i = 0; i < h->n; i++)
        judge(&h->at[i], from, &j, out);
    bool is_pass = !j.dmarc_fail && (j.dmarc_pass || j.aligned_pass.len > 0);
    if (j.dmarc_fail || (!is_pass && j.aligned_fail)) {
        out->verdict = MAIL_AUTH_FAIL;
    } else if (is_pass && is_clear && from.len > 0) {
        out->verdict = MAIL_AUTH_PASS;
        out->domain = j.dmarc_pass ? from : j.aligned_pass;
    }
}

str mail_auth_server(struct arena *a, const struct mime_mail *mail)
{
    for (int i = 0; i < mail->n_headers; i++) {
        if (!is_header(&mail->headers[i], "Authentication-Results"))
            continue;
        struct tokens *t = NEW(a, struct tokens, 1);
        str by;
        (void)cut_tokens(a, mail->headers[i].value, t); /* the name stands at its beginning */
        (void)read_server(t, &by);                      /* so it does whatever the version */
        return by;
    }
    return S("");
}
