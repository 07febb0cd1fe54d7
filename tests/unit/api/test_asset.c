/* Unit tests of api/asset and tools/embed_assets.py over the small pages in asset_dist/. */
#include "test.h"

#define ZLIB_CONST 1 /* next_in is const */
#include <zlib.h>

#include "api/asset.h"

static void every_page_is_found_by_its_exact_path(void **state)
{
    (void)state;
    assert_int_equal(asset_count, 5);
    for (ptrdiff_t i = 0; i < asset_count; i++)
        assert_ptr_equal(asset_find(asset_table[i].path), &asset_table[i]);
    const struct asset *page = asset_find(S("shop/index.html"));
    assert_non_null(page);
    assert_str(page->content_type, "text/html; charset=utf-8");
    assert_str(page->bytes, "<!doctype html><title>shop</title>\n");
}

static void other_spellings_of_a_path_find_nothing(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "/", "shop", "/shop/index.html", "shop//index.html",
        "shop/../shop/index.html", "shop/index.html/", "Shop/index.html", "zzz", "shop/index.htm"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        assert_null(asset_find(str_from(paths[i])));
}

static void the_compressed_copy_unpacks_to_the_same_bytes(void **state)
{
    (void)state;
    const struct asset *page = asset_find(S("widget/loader.js"));
    assert_non_null(page);
    assert_true(page->gzip.len > 0 && page->gzip.len < page->bytes.len);
    char unpacked[4096];
    z_stream z = {0};
    assert_int_equal(inflateInit2(&z, 16 + MAX_WBITS), Z_OK);
    z.next_in = (z_const Bytef *)page->gzip.at;
    z.avail_in = (uInt)page->gzip.len;
    z.next_out = (Bytef *)unpacked;
    z.avail_out = sizeof(unpacked);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, page->bytes.len);
    assert_memory_equal(unpacked, page->bytes.at, z.total_out);
    inflateEnd(&z);
}

static void what_would_not_shrink_has_no_compressed_copy(void **state)
{
    (void)state;
    assert_int_equal(asset_find(S("widget/assets/main-AbCd_123.js"))->gzip.len, 0);
}

static void only_names_with_a_hash_of_the_content_are_immutable(void **state)
{
    (void)state;
    assert_true(asset_find(S("widget/assets/main-AbCd_123.js"))->is_immutable);
    assert_false(asset_find(S("widget/loader.js"))->is_immutable);
    assert_false(asset_find(S("console/index.html"))->is_immutable);
}

static void tags_are_quoted_and_differ_with_the_content(void **state)
{
    (void)state;
    for (ptrdiff_t i = 0; i < asset_count; i++) {
        str tag = asset_table[i].etag;
        assert_true(tag.len == 22 && tag.at[0] == '"' && tag.at[21] == '"');
        for (ptrdiff_t k = 0; k < i; k++)
            assert_false(str_eq(tag, asset_table[k].etag));
    }
}

static void gzip_is_used_only_when_the_client_admits_it(void **state)
{
    (void)state;
    assert_true(asset_accepts_gzip(S("gzip")));
    assert_true(asset_accepts_gzip(S("deflate, GZIP;q=0.5, br")));
    assert_true(asset_accepts_gzip(S("br;q=1.0, *;q=0.1")));
    assert_false(asset_accepts_gzip(S("")));
    assert_false(asset_accepts_gzip(S("identity")));
    assert_false(asset_accepts_gzip(S("gzip;q=0, *")));
    assert_false(asset_accepts_gzip(S("*;q=0.000")));
    assert_false(asset_accepts_gzip(S("gzipped, xgzip")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_page_is_found_by_its_exact_path),
        TEST(other_spellings_of_a_path_find_nothing),
        TEST(the_compressed_copy_unpacks_to_the_same_bytes),
        TEST(what_would_not_shrink_has_no_compressed_copy),
        TEST(only_names_with_a_hash_of_the_content_are_immutable),
        TEST(tags_are_quoted_and_differ_with_the_content),
        TEST(gzip_is_used_only_when_the_client_admits_it),
    };
    return cmocka_run_group_tests_name("api_asset", tests, NULL, NULL);
}
