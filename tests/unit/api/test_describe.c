/* describe: the descriptions of the API hang together: names, references, inputs, routes; and the
 * console's types are those of the route table. */
#include "test.h"

#include "api/describe.h"
#include "api/events.h"
#include "api/openapi.h"
#include "api/routes.h"
#include "api/typescript.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "model/view_conversation.h"

static const struct json *document(void)
{
    const struct json *root;
    str why;
    err e = json_parse(test_arena(), openapi_text(test_arena()), &root, &why);
    if (e != OK)
        fail_msg("%.*s", SARG(why));
    return root;
}

static void no_two_schemas_have_one_name(void **state)
{
    (void)state;
    struct described d = describe_all(test_arena());
    for (ptrdiff_t i = 0; i < d.n_shapes + d.n_inputs; i++)
        for (ptrdiff_t k = 0; k < i; k++) {
            const char *one = i < d.n_shapes ? d.shapes[i]->name : d.inputs[i - d.n_shapes]->name;
            const char *two = k < d.n_shapes ? d.shapes[k]->name : d.inputs[k - d.n_shapes]->name;
            if (str_eq(str_from(one), str_from(two)))
                fail_msg("two schemas are named %s", one);
        }
}

static void no_shape_names_a_field_twice(void **state)
{
    (void)state;
    struct described d = describe_all(test_arena());
    for (ptrdiff_t s = 0; s < d.n_shapes; s++)
        for (ptrdiff_t i = 0; i < d.shapes[s]->n; i++) {
            const struct shape_field *f = &d.shapes[s]->fields[i];
            assert_ptr_equal(shape_field_find(d.shapes[s], str_from(f->name)), f);
            assert_int_equal(f->type == SHAPE_OBJECT, f->of != NULL);
        }
}

static void references_check(const struct json *root, const struct json *v)
{
    if (str_eq(v->key, S("$ref")) && v->kind == JSON_STRING) {
        const struct json *at = root;
        str part, rest = str_skip(v->text, 2);
        for (bool more = true; more;) {
            more = str_cut(rest, '/', &part, &rest);
            at = json_get(at, part);
        }
        if (!at)
            fail_msg("%.*s leads nowhere", SARG(v->text));
    }
    for (const struct json *child = v->first; child; child = child->next)
        references_check(root, child);
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    const struct json *root = document();
    assert_str(json_text(json_get(root, S("openapi")), S("")), "3.1.0");
    references_check(root, root);
}

static void every_route_is_there_with_its_answers_and_refusals(void **state)
{
    (void)state;
    const struct json *paths = json_get(document(), S("paths"));
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            str method = str_lower_ascii(test_arena(), str_from(http_method_name(route->method)));
            const struct json *op = json_get(json_get(paths, str_from(route->path)), method);
            assert_int_equal(op != NULL, describe_shows(route));
            if (!op)
                continue;
            const struct json *answers = json_get(op, S("responses"));
            str status = str_print(test_arena(), "%d", route_status(route));
            assert_non_null(json_get(answers, status));
            assert_non_null(json_get(answers, S("default")));
            for (const int *r = described_refusals; *r; r++)
                assert_int_equal(json_get(answers, str_print(test_arena(), "%d", *r)) != NULL,
                    route_refuses(route, *r));
        }
}

static void a_route_says_either_what_it_answers_or_that_it_answers_bytes(void **state)
{
    (void)state;
    for (ptrdiff_t t = 0; t < n_route_tables; t++)
        for (ptrdiff_t i = 0; i < route_tables[t]->n; i++) {
            const struct route *route = &route_tables[t]->at[i];
            int bytes = route->flags & (ROUTE_BYTES | ROUTE_STREAM);
            bool is_get = route->method == HTTP_GET;
            if (!describe_shows(route))
                continue;
            if ((route->answer && bytes) || (is_get && !route->answer && !bytes) ||
                ((route->flags & ROUTE_LIST) && !route->answer))
                fail_msg("%s %s", http_method_name(route->method), route->path);
        }
}

static void operations_have_names_of_their_own(void **state)
{
    (void)state;
    str seen[512];
    ptrdiff_t n = 0;
    for (const struct json *path = json_get(document(), S("paths"))->first; path; path = path->next)
        for (const struct json *op = path->first; op; op = op->next) {
            assert_true(n < 512);
            seen[n] = json_text(json_get(op, S("operationId")), S(""));
            for (ptrdiff_t i = 0; i < n; i++)
                assert_false(str_eq(seen[i], seen[n]));
            n++;
        }
    assert_true(n > 100);
}

static void the_visitor_learns_nothing_of_agents_inside(void **state)
{
    (void)state;
    assert_null(shape_field_find(&widget_conversation_shape, S("assignee_id")));
    for (ptrdiff_t i = 0; i < n_event_kinds; i++)
        if ((event_kinds[i].to & EVENT_TO_VISITORS) && event_kinds[i].data) {
            assert_null(shape_field_find(event_kinds[i].data, S("agent_id")));
            assert_null(shape_field_find(event_kinds[i].data, S("mentions")));
        }
}

static void a_shape_has_the_fields_of_its_base_with_its_own_in_their_place(void **state)
{
    (void)state;
    const struct shape *full = &conversation_full_shape, *base = &conversation_shape;
    assert_int_equal(shape_count(full), shape_count(base) + 5); /* contact is in the base's place */
    assert_str(str_from(shape_at(full, 0)->name), "id");
    for (ptrdiff_t i = 0; i < shape_count(base); i++)
        assert_str(str_from(shape_at(full, i)->name), shape_at(base, i)->name);
    assert_str(str_from(shape_field_find(full, S("contact"))->of->name), "Contact");
    assert_str(str_from(shape_field_find(base, S("contact"))->of->name), "ContactShort");
    assert_null(shape_at(full, shape_count(full)));
}

static void the_consoles_types_are_those_of_the_route_table(void **state)
{
    (void)state;
    str kept;
    assert_ok(file_read(test_arena(), S(TYPES_FILE), 1 << 20, &kept));
    if (!str_eq(kept, typescript_text(test_arena())))
        fail_msg("web/shared/api/types.ts is stale: seva routes --typescript > it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_two_schemas_have_one_name),
        TEST(no_shape_names_a_field_twice),
        TEST(every_reference_leads_somewhere),
        TEST(every_route_is_there_with_its_answers_and_refusals),
        TEST(a_route_says_either_what_it_answers_or_that_it_answers_bytes),
        TEST(operations_have_names_of_their_own),
        TEST(the_visitor_learns_nothing_of_agents_inside),
        TEST(a_shape_has_the_fields_of_its_base_with_its_own_in_their_place),
        TEST(the_consoles_types_are_those_of_the_route_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
