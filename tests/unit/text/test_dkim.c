/* Unit tests of text/dkim: what is signed is checked by a verifier of its own, which is itself
 * checked with the signed mail of RFC 8463. */
#include "test.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/crypto.h"
#include "text/dkim.h"
#include "text/mail_write.h"

/* ── a verifier that shares nothing with what it checks ── */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* RFC 6376, 3.4.4, over the whole body, backwards and forwards. */
static str relaxed_body(str body)
{
    struct sb b = sb_make(test_arena(), 0);
    str line;
    while (body.len > 0) {
        ptrdiff_t end = str_find(body, S("\r\n"));
        line = str_sub(body, 0, end < 0 ? body.len : end);
        body = str_skip(body, end < 0 ? body.len : end + 2);
        while (line.len > 0 && is_blank(line.at[line.len - 1]))
            line.len--;
        for (ptrdiff_t i = 0; i < line.len; i++)
            if (!is_blank(line.at[i]))
                sb_byte(&b, line.at[i]);
            else if (i == 0 || !is_blank(line.at[i - 1]))
                sb_byte(&b, ' ');
        sb_add(&b, S("\r\n"));
    }
    while (str_ends(sb_str(&b), S("\r\n\r\n")))
        b.len -= 2;
    return str_eq(sb_str(&b), S("\r\n")) ? S("") : sb_str(&b);
}

/* RFC 6376, 3.4.2, of one field with its folds. */
static str relaxed_field(str field)
{
    str name, value;
    assert_true(str_cut(field, ':', &name, &value));
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, str_lower_ascii(test_arena(), str_trim(name)));
    sb_byte(&b, ':');
    value = str_trim(value);
    for (ptrdiff_t i = 0; i < value.len; i++) {
        if (value.at[i] == '\r' || value.at[i] == '\n')
            continue;
        if (!is_blank(value.at[i]))
            sb_byte(&b, value.at[i]);
        else if (b.at[b.len - 1] != ' ')
            sb_byte(&b, ' ');
    }
    return sb_str(&b);
}

struct fields {
    str at[64];
    bool is_taken[64];
    int n;
    str body;
};

static struct fields fields_of(str mail)
{
    struct fields f = {0};
    ptrdiff_t end = str_find(mail, S("\r\n\r\n"));
    assert_true(end > 0);
    f.body = str_skip(mail, end + 4);
    str head = str_sub(mail, 0, end + 2);
    ptrdiff_t start = 0;
    for (ptrdiff_t i = 1; i < head.len; i++)
        if (head.at[i] == '\n' && (i + 1 == head.len || !is_blank(head.at[i + 1]))) {
            assert_true(f.n < 64);
            f.at[f.n++] = str_sub(head, start, i - 1 - start);
            start = i + 1;
        }
    return f;
}

static str tag(str field, const char *name)
{
    str list = str_skip(field, str_find_byte(field, ':') + 1), one, key, value;
    while (list.len > 0) {
        (void)str_cut(list, ';', &one, &list);
        if (str_cut(one, '=', &key, &value) && str_eq(str_trim(key), str_from(name))) {
            struct sb b = sb_make(test_arena(), 0);
            for (ptrdiff_t i = 0; i < value.len; i++)
                if (!is_blank(value.at[i]) && value.at[i] != '\r' && value.at[i] != '\n')
                    sb_byte(&b, value.at[i]);
            return sb_str(&b);
        }
    }
    return S("");
}

static bool verify(str spki, str data, str signature)
{
    const unsigned char *at = (const unsigned char *)spki.at;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, spki.len);
    EVP_MD_CTX *cx = EVP_MD_CTX_new();
    assert_true(key != NULL && cx != NULL);
    bool is_good = EVP_DigestVerifyInit(cx, NULL, EVP_sha256(), NULL, key) == 1 &&
                   EVP_DigestVerify(cx, (const unsigned char *)signature.at, (size_t)signature.len,
                       (const unsigned char *)data.at, (size_t)data.len) == 1;
    EVP_MD_CTX_free(cx);
    EVP_PKEY_free(key);
    return is_good;
}

/* The first field of the mail is the signature. */
static bool is_signed(str mail, str spki)
{
    struct fields f = fields_of(mail);
    str own = f.at[0], hash, signature, names = tag(own, "h"), name;
    struct sha256 of_body = crypto_sha256(relaxed_body(f.body));
    hash = crypto_base64(test_arena(), str_of(of_body.b, sizeof of_body.b));
    if (!str_eq(hash, tag(own, "bh")))
        return false;
    struct sb data = sb_make(test_arena(), 0);
    f.is_taken[0] = true;
    while (names.len > 0) {
        (void)str_cut(names, ':', &name, &names);
        for (int i = f.n - 1; i >= 0; i--) {
            str here, rest;
            (void)str_cut(f.at[i], ':', &here, &rest);
            if (f.is_taken[i] || !str_eq_nocase(str_trim(here), name))
                continue;
            f.is_taken[i] = true;
            sb_add(&data, relaxed_field(f.at[i]));
            sb_add(&data, S("\r\n"));
            break;
        }
    }
    str canonical = relaxed_field(own);
    ptrdiff_t b_at = str_find(canonical, S(" b="));
    assert_true(b_at > 0); /* the last tag in every mail here */
    sb_add(&data, str_sub(canonical, 0, b_at + 3));
    assert_ok(crypto_unbase64(test_arena(), tag(own, "b"), &signature));
    return verify(spki, sb_str(&data), signature);
}

/* RFC 8463, appendix A.3, the RSA signature. */
#define RFC_MAIL                                                                                   \
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"                                    \
    " d=football.example.com; i=@football.example.com;\r\n"                                        \
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"                                \
    " date : message-id : from : subject : date;\r\n"                                              \
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"                                        \
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"                              \
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"                              \
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" RFC_FIELDS RFC_BODY
#define RFC_FIELDS                                                                                 \
    "From: Joe SixPack <joe@football.example.com>\r\n"                                             \
    "To: Suzie Q <suzie@shopping.example.net>\r\n"                                                 \
    "Subject: Is dinner ready?\r\n"                                                                \
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"                                              \
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
#define RFC_BODY "\r\nHi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"

static void the_verifier_takes_the_mail_of_rfc_8463(void **state)
{
    (void)state;
    str spki, mail = S(RFC_MAIL);
    assert_ok(crypto_unbase64(test_arena(),
        S("MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
          "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy"
          "VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"),
        &spki));
    assert_true(is_signed(mail, spki));
    char *bad = str_z(test_arena(), mail);
    bad[mail.len - 4] = 'x'; /* "Joe." */
    assert_false(is_signed(str_of(bad, mail.len), spki));
    bad = str_z(test_arena(), mail);
    *strstr(bad, "dinner") = 'D';
    assert_false(is_signed(str_of(bad, mail.len), spki));
}

/* ── signing ── */

static str pem, spki;

static int make_key(void **state)
{
    (void)state;
    static struct arena a; /* for all tests */
    a = arena_make(0);
    return crypto_rsa_new(&a, &pem) == OK && crypto_rsa_public(&a, pem, &spki) == OK ? 0 : -1;
}

static const struct dkim_key *key(void)
{
    static struct dkim_key made;
    made = (struct dkim_key){S("example.com"), S("seva1"), pem};
    return &made;
}

static err sign_pieces(str mail, ptrdiff_t piece, str *header, str *why)
{
    struct dkim *d = dkim_begin(test_arena());
    assert_non_null(d);
    for (ptrdiff_t i = 0; i < mail.len; i += piece)
        dkim_add(d, str_sub(mail, i, piece));
    return dkim_sign(test_arena(), d, key(), TEST_NOW_MS, header, why);
}

static str signature_of(str mail)
{
    str header = {0}, why = {0};
    assert_ok(sign_pieces(mail, mail.len, &header, &why));
    return header;
}

static str signed_mail(str mail)
{
    return str_cat(test_arena(), signature_of(mail), mail);
}

static void the_field_says_these_tags(void **state)
{
    (void)state;
    str header = signature_of(S(RFC_FIELDS RFC_BODY));
    assert_true(str_starts(header, S("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;")));
    assert_str(tag(header, "d"), "example.com");
    assert_str(tag(header, "s"), "seva1");
    assert_str(tag(header, "t"), "1767225600");
    assert_str(tag(header, "h"), "from:to:subject:date:message-id:from");
    assert_str(tag(header, "bh"), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    assert_true(tag(header, "x").len + tag(header, "i").len + tag(header, "l").len == 0);
    str rest = header, line;
    while (rest.len > 0) {
        assert_true(str_cut(rest, '\n', &line, &rest) && str_ends(line, S("\r")));
        assert_true(line.len - 1 <= 76);
        assert_true(line.at == header.at || line.at[0] == ' ');
    }
}

static const char *const mails[] = {
    RFC_FIELDS RFC_BODY,
    RFC_FIELDS "\r\n",
    RFC_FIELDS "\r\n\r\n\r\n",
    RFC_FIELDS "\r\n \t \r\n\r\n",
    RFC_FIELDS "\r\nno line end",
    RFC_FIELDS "\r\n C \r\nD \t E\r\n\r\n\r\n",
    RFC_FIELDS "\r\n\r\n\r\nfirst lines are empty\r\n",
    RFC_FIELDS "\r\ntrailing \t \r\nspaces\t\r\n   \r\nx\r\n",
    "from:a@b\r\n\r\nx",
    "A: X\r\nB : Y\t\r\n\tZ  \r\nFrom : \t a@b \r\n\r\n C \r\n",
    "FROM: a@b\r\nSubject: one\r\n two\r\n\t three  \r\n four\r\nsubject:\r\n again\r\n\r\nx",
    "From: a@b\r\nSubject:\r\nTo:\r\n \r\nCc: \t\r\n\r\nx",
    "From: a@b\r\nFrom: c@d\r\nTo: 1\r\nTo: 2\r\n\r\nx",
    "From: \xc3\xa9 <a@b>\r\n\r\n\xff\x80\r\n",
};

static void every_mail_is_taken_by_the_verifier(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++)
        if (!is_signed(signed_mail(str_from(mails[i])), spki))
            fail_msg("not verified: %s", mails[i]);
}

static void pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof mails[0]; i++)
        for (ptrdiff_t piece = 1; piece < 9; piece++) {
            str header = {0}, why = {0}, mail = str_from(mails[i]);
            assert_ok(sign_pieces(mail, piece, &header, &why));
            assert_true(str_eq(header, signature_of(mail)));
        }
}

/* RFC 6376, 3.4.4 and 3.4.5. */
static void bodies_hash_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *body, *hash;
    } bodies[] = {
        {"",                                                                            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"\r\n",                                                                        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {" \r\n\t\r\n",                                                                 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"Hi.\r\n\r\nWe lost the game.\tAre you  hungry yet? \r\n\r\nJoe.\r\n\r\n\r\n",
         "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="                                                                               },
        {"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.",
         "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="                                                                               },
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        str mail = str_print(test_arena(), "From: a@b\r\n\r\n%s", bodies[i].body);
        assert_str(tag(signature_of(mail), "bh"), bodies[i].hash);
    }
    struct sha256 example = crypto_sha256(S(" C\r\nD E\r\n"));
    str hash = crypto_base64(test_arena(), str_of(example.b, sizeof example.b));
    assert_str(tag(signature_of(S("From: a@b\r\n\r\n C \r\nD \t E\r\n\r\n\r\n")), "bh"),
        str_z(test_arena(), hash));
}

static void what_relays_change_does_not_break_it(void **state)
{
    (void)state;
    str mail = signed_mail(S("From: a@b\r\nSubject: one two\r\n\r\nwords here\r\n"));
    str header = str_sub(mail, 0, str_find(mail, S("From:")));
    assert_true(is_signed(
        str_cat(test_arena(), header,
            S("X-New: 1\r\nFROM:   a@b\r\nsubject:\r\n one \r\n\ttwo\r\n\r\nwords \t here "
              "\r\n\r\n")),
        spki));
    /* … but what says something else does: a second From, another Subject, other words. */
    static const char *const changed[] = {
        "From: evil@x\r\nFrom: a@b\r\nSubject: one two\r\n\r\nwords here\r\n",
        "From: a@b\r\nFrom: evil@x\r\nSubject: one two\r\n\r\nwords here\r\n",
        "From: a@b\r\nSubject: onetwo\r\n\r\nwords here\r\n",
        "From: a@b\r\n\r\nwords here\r\n",
        "From: a@b\r\nSubject: one two\r\n\r\nwords here\r\nmore\r\n",
    };
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++)
        assert_false(is_signed(str_cat(test_arena(), header, str_from(changed[i])), spki));
}

static bool into(void *arg, str piece)
{
    sb_add(arg, piece);
    return true;
}

static bool into_dkim(void *arg, str piece)
{
    dkim_add(arg, piece);
    return true;
}

static void a_mail_is_written_once_to_sign_and_once_to_send(void **state)
{
    (void)state;
    static const struct mime_address to = {S_INIT("B"), S_INIT("b@c.example")};
    struct mail_out mail = {.from_name = S("\u00c9"),
        .from_address = S("a@example.com"),
        .to = &to,
        .n_to = 1,
        .subject = S("a subject of some length, so that it has to be folded somewhere in here"),
        .message_id = S("1@example.com"),
        .in_reply_to = S("0@c.example"),
        .date_ms = TEST_NOW_MS,
        .html = S("<p>Gr\u00fc\u00dfe</p>"),
        .is_bulk = true,
        .unsubscribe_url = S("https://example.com/leave")};
    struct dkim *d = dkim_begin(test_arena());
    struct sb bytes = sb_make(test_arena(), 0);
    str header = {0}, why = {0};
    assert_ok(mail_write(test_arena(), &mail, into_dkim, d, &why));
    assert_ok(dkim_sign(test_arena(), d, key(), TEST_NOW_MS, &header, &why));
    sb_add(&bytes, header);
    assert_ok(mail_write(test_arena(), &mail, into, &bytes, &why));
    assert_true(is_signed(sb_str(&bytes), spki));
    assert_str(tag(header, "h"),
        "from:to:subject:date:message-id:in-reply-to:references:mime-version:content-type:"
        "list-unsubscribe:list-unsubscribe-post:from");
}

static void what_cannot_be_signed_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *mail;
        const char *words;
    } bad[] = {
        {"From: a@b\n\nx",        "CRLF"     },
        {"From: a@b\r\n\r\nx\ny", "CRLF"     },
        {"From: a@b\r\n\r\nx\ry", "CRLF"     },
        {"From: a@b\r\n\r\nx\r",  "CRLF"     },
        {"From: a@b\r\n",         "no end"   },
        {"",                      "no end"   },
        {"Subject: x\r\n\r\nx",   "no sender"},
        {"\r\nFrom: a@b\r\n",     "no sender"},
    };
    str header = {0}, why = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_err(sign_pieces(str_from(bad[i].mail), 1000, &header, &why), E_INVALID);
        assert_true(str_find(why, str_from(bad[i].words)) > 0);
    }
    struct sb big = sb_make(test_arena(), 0);
    while (big.len <= DKIM_HEADER_BYTES)
        sb_add(&big, S("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"));
    sb_add(&big, S("\r\nx"));
    assert_err(sign_pieces(sb_str(&big), 1000, &header, &why), E_LIMIT);
}

static void wrong_settings_are_said(void **state)
{
    (void)state;
    str header = {0}, why = {0};
    struct dkim_key wrong[] = {
        {S(""),              S("s"),        pem        },
        {S("a b"),           S("s"),        pem        },
        {S("a@b"),           S("s"),        pem        },
        {S("[192.0.2.1]"),   S("s"),        pem        },
        {S("example.com;x"), S("s"),        pem        },
        {S("example.com"),   S(""),         pem        },
        {S("example.com"),   S("a b"),      pem        },
        {S("example.com"),   S("a;d=evil"), pem        },
        {S("example.com"),   S("a\r\nb"),   pem        },
        {S("example.com"),   S("s"),        S("")      },
        {S("example.com"),   S("s"),        S("no key")},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct dkim *d = dkim_begin(test_arena());
        dkim_add(d, S("From: a@b\r\n\r\nx"));
        why = (str){0};
        assert_err(dkim_sign(test_arena(), d, &wrong[i], TEST_NOW_MS, &header, &why), E_INVALID);
        assert_true(why.len > 0);
    }
}

static void the_domain_is_written_in_ascii(void **state)
{
    (void)state;
    str header = {0}, why = {0};
    struct dkim_key of = {S("B\u00fccher.example"), S("s._1-a"), pem};
    struct dkim *d = dkim_begin(test_arena());
    dkim_add(d, S("From: a@b\r\n\r\nx"));
    assert_ok(dkim_sign(test_arena(), d, &of, TEST_NOW_MS, &header, &why));
    assert_str(tag(header, "d"), "xn--bcher-kva.example");
}

static void the_record_holds_the_public_key(void **state)
{
    (void)state;
    str record = {0}, why = {0}, back = {0};
    assert_ok(dkim_record(test_arena(), pem, &record, &why));
    assert_true(str_starts(record, S("v=DKIM1; k=rsa; p=MII")));
    assert_ok(crypto_unbase64(test_arena(), str_skip(record, 18), &back));
    assert_true(str_eq(back, spki));
    assert_err(dkim_record(test_arena(), S("x"), &record, &why), E_INVALID);
}

static err sign_step(struct arena *a, void *arg)
{
    (void)arg;
    str header, why;
    struct dkim *d = dkim_begin(a);
    if (d == NULL)
        return E_BUSY;
    dkim_add(d, S("From: a@b\r\n\r\nx"));
    return dkim_sign(a, d, key(), TEST_NOW_MS, &header, &why);
}

static void memory_that_ends_is_survived(void **state)
{
    (void)state;
    for_each_allocation_failure(sign_step, NULL);
}

static void hash_body(void *arg, ptrdiff_t n)
{
    struct arena a = arena_make(0);
    struct dkim *d = dkim_begin(&a);
    dkim_add(d, S("From: a@b\r\n\r\n"));
    dkim_add(d, str_of(arg, n));
    arena_free(&a);
}

static void hashing_is_linear(void **state)
{
    (void)state;
    enum { N = 3000 };
    char *lines = arena_alloc(test_arena(), N * TEST_SLOPE_GROWTH, 1);
    for (ptrdiff_t i = 0; i < N * TEST_SLOPE_GROWTH; i++)
        lines[i] = i % 2 == 0 ? '\r' : '\n';
    test_slope(hash_body, lines, N);
    memset(lines, ' ', N * TEST_SLOPE_GROWTH);
    test_slope(hash_body, lines, N);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_verifier_takes_the_mail_of_rfc_8463),
        TEST(the_field_says_these_tags),
        TEST(every_mail_is_taken_by_the_verifier),
        TEST(pieces_of_any_size_give_the_same),
        TEST(bodies_hash_as_the_rfc_says),
        TEST(what_relays_change_does_not_break_it),
        TEST(a_mail_is_written_once_to_sign_and_once_to_send),
        TEST(what_cannot_be_signed_is_said),
        TEST(wrong_settings_are_said),
        TEST(the_domain_is_written_in_ascii),
        TEST(the_record_holds_the_public_key),
        TEST(memory_that_ends_is_survived),
        TEST(hashing_is_linear),
    };
    return cmocka_run_group_tests_name("text_dkim", tests, make_key, NULL);
}
