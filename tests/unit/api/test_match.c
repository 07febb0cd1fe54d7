/* From method and path to a route. */
#include "test.h"

#include "api/match.h"
#include "api/routes.h"

static const struct route rows[] = {
    {.method = HTTP_GET,    .path = "/a/{id}"        },
    {.method = HTTP_DELETE, .path = "/a/{id}"        },
    {.method = HTTP_GET,    .path = "/a/counts"      },
    {.method = HTTP_POST,   .path = "/a/{id}/b/{key}"},
    {.method = HTTP_GET,    .path = "/files/{path*}" },
    {.method = HTTP_GET,    .path = "/files/special" },
    {.method = HTTP_GET,    .path = "/"              },
};
static const struct route_table table = {rows, sizeof rows / sizeof rows[0]};
static const struct route_table *const tables[] = {&table};

static struct route_match find(enum http_method method, str path)
{
    return route_find(route_tree_make(test_arena(), tables, 1), method, path);
}

static void a_literal_wins_over_a_parameter(void **state)
{
    (void)state;
    assert_ptr_equal(find(HTTP_GET, S("/a/counts")).route, &rows[2]);
    assert_ptr_equal(find(HTTP_GET, S("/a/17")).route, &rows[0]);
    assert_ptr_equal(find(HTTP_DELETE, S("/a/counts")).route, NULL);
}

static void parameters_come_in_order(void **state)
{
    (void)state;
    struct route_match m = find(HTTP_POST, S("/a/17/b/x y"));
    assert_ptr_equal(m.route, &rows[3]);
    assert_str(m.params[0], "17");
    assert_str(m.params[1], "x y");
}

static void the_rest_of_a_path_is_one_parameter(void **state)
{
    (void)state;
    struct route_match m = find(HTTP_GET, S("/files/css/x.css"));
    assert_ptr_equal(m.route, &rows[4]);
    assert_str(m.params[0], "css/x.css");
    assert_ptr_equal(find(HTTP_GET, S("/files/special")).route, &rows[5]);
    assert_str(find(HTTP_GET, S("/files/")).params[0], "");
}

static void a_wrong_method_is_told_from_a_wrong_path(void **state)
{
    (void)state;
    struct route_match m = find(HTTP_PATCH, S("/a/17"));
    assert_true(!m.route && m.is_path_known);
    m = find(HTTP_GET, S("/nothing"));
    assert_true(!m.route && !m.is_path_known);
}

static void empty_segments_and_trailing_slashes_are_other_paths(void **state)
{
    (void)state;
    static const char *const odd[] = {"/a//", "/a/", "//a/17", "/a/17/", "/a/17/b", "", "a"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_null(find(HTTP_GET, str_from(odd[i])).route);
}

static void head_finds_the_row_of_get(void **state)
{
    (void)state;
    assert_ptr_equal(find(HTTP_HEAD, S("/")).route, &rows[6]);
    assert_null(find(HTTP_OPTIONS, S("/")).route);
}

/* Every row of the program: what it must have, and that it is the one found by its own path. */
static void each_route_of_the_program_is_complete_and_reachable(void **state)
{
    (void)state;
    const struct route_tree *tree = route_tree_make(test_arena(), route_tables, n_route_tables);
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            assert_non_null(route->handle);
            assert_true(route->summary && route->summary[0]);
            int modes = route->flags & (ROUTE_READ | ROUTE_WRITE | ROUTE_NO_DB);
            assert_true(modes == ROUTE_READ || modes == ROUTE_WRITE || modes == ROUTE_NO_DB);
            if (route->auth == AUTH_AGENT)
                assert_true(route->cap != CAP_NONE);
            else
                assert_int_equal(route->cap, CAP_NONE);
            /* A network sends the browser back with a GET; its one-time state is what protects it.
             */
            if (route->method == HTTP_GET && !str_eq(str_from(route->path), S("/oauth/callback")))
                assert_false(route->flags & ROUTE_WRITE);
            struct route_match m = route_find(tree, route->method, str_from(route->path));
            assert_non_null(m.route);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_literal_wins_over_a_parameter),
        TEST(parameters_come_in_order),
        TEST(the_rest_of_a_path_is_one_parameter),
        TEST(a_wrong_method_is_told_from_a_wrong_path),
        TEST(empty_segments_and_trailing_slashes_are_other_paths),
        TEST(head_finds_the_row_of_get),
        TEST(each_route_of_the_program_is_complete_and_reachable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
