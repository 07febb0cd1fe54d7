/* Signature version 4, held against what AWS has published: the cases of its test suite of that
 * name, and the four examples of the S3 API Reference ("Signature Calculations for the
 * Authorization Header"). */
#include "test.h"

#include "net/s3_sign.h"

#define EMPTY   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

struct row {
    const char *name, *method, *path, *query;
    struct http_header more[2];
    const char *body_hash, *signature;
};

static const struct s3_keys suite_keys = {
    S_INIT("AKIDEXAMPLE"), S_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
static const struct s3_keys s3_keys = {
    S_INIT("AKIAIOSFODNN7EXAMPLE"), S_INIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")};

static str signature_of(const struct row *row, bool is_s3)
{
    struct http_header headers[5];
    ptrdiff_t n = 0;
    str stamp = is_s3 ? S("20130524T000000Z") : S("20150830T123600Z"), authorization;
    headers[n++] = (struct http_header){S("X-Amz-Date"), stamp};
    headers[n++] = (struct http_header){
        S("Host"), is_s3 ? S("examplebucket.s3.amazonaws.com") : S("example.amazonaws.com")};
    if (is_s3)
        headers[n++] = (struct http_header){S("x-amz-content-sha256"), str_from(row->body_hash)};
    for (int i = 0; i < 2 && row->more[i].name.len > 0; i++)
        headers[n++] = row->more[i];
    const struct s3_signing signing = {.method = row->method,
        .path = str_from(row->path),
        .query = str_from(row->query),
        .headers = headers,
        .header_count = n,
        .body_hash = str_from(row->body_hash),
        .stamp = stamp,
        .region = S("us-east-1"),
        .service = is_s3 ? S("s3") : S("service")};
    assert_int_equal(
        s3_sign(test_arena(), is_s3 ? &s3_keys : &suite_keys, &signing, &authorization), OK);
    ptrdiff_t at = str_find(authorization, S("Signature="));
    assert_true(at > 0);
    return str_skip(authorization, at + 10);
}

static void signs_as_the_test_suite_of_aws_does(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"get-vanilla",                      "GET",  "/", "",                            {{.name = {0}}}, EMPTY,
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
        {"post-vanilla",                     "POST", "/", "",                            {{.name = {0}}}, EMPTY,
         "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
        {"get-vanilla-query-order-key-case", "GET",  "/", "Param2=value2&Param1=value1",
         {{.name = {0}}},                                                                                 EMPTY,
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!str_eq(signature_of(&rows[i], false), str_from(rows[i].signature)))
            fail_msg("%s is signed otherwise", rows[i].name);
}

static void signs_as_the_examples_of_s3_do(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GET Object",           "GET", "/test.txt",         "",                    {{S_INIT("Range"), S_INIT("bytes=0-9")}}, EMPTY,
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"                                                                                                                            },
        {"PUT Object",           "PUT", "/test%24file.text", "",
         {{S_INIT("Date"), S_INIT("Fri, 24 May 2013 00:00:00 GMT")},
                {S_INIT("x-amz-storage-class"), S_INIT("REDUCED_REDUNDANCY")}},
         WELCOME,                                                                                                                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
        {"GET Bucket Lifecycle", "GET", "/",                 "lifecycle",           {{.name = {0}}},                          EMPTY,
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"                                                                                                                            },
        {"GET Bucket",           "GET", "/",                 "max-keys=2&prefix=J", {{.name = {0}}},                          EMPTY,
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"                                                                                                                            },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!str_eq(signature_of(&rows[i], true), str_from(rows[i].signature)))
            fail_msg("%s is signed otherwise", rows[i].name);
}

static void a_stamp_is_the_time_without_its_signs(void **state)
{
    (void)state;
    assert_true(str_eq(s3_stamp(test_arena(), 1440938160123), S("20150830T123600Z")));
}

static void more_headers_than_are_signed_are_refused(void **state)
{
    (void)state;
    struct http_header headers[S3_SIGNED_HEADERS + 1];
    str authorization;
    for (int i = 0; i <= S3_SIGNED_HEADERS; i++)
        headers[i] = (struct http_header){S("a"), S("b")};
    const struct s3_signing signing = {
        .method = "GET", .path = S("/"), .headers = headers, .header_count = S3_SIGNED_HEADERS + 1};
    assert_int_equal(s3_sign(test_arena(), &s3_keys, &signing, &authorization), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signs_as_the_test_suite_of_aws_does),
        TEST(signs_as_the_examples_of_s3_do),
        TEST(a_stamp_is_the_time_without_its_signs),
        TEST(more_headers_than_are_signed_are_refused),
    };
    return cmocka_run_group_tests_name("net/s3_sign", tests, NULL, NULL);
}
