/* Who is at other nodes: what each node said of whom, until it says otherwise or falls silent. */
#include "care/elsewhere.h"

#include "test.h"

static const struct audience_one anna = {{1}, AUDIENCE_AGENT, 7}, carl = {{1}, AUDIENCE_CONTACT, 7};

static struct audience_one contact(int64_t id)
{
    return (struct audience_one){{1}, AUDIENCE_CONTACT, id};
}

static void a_person_is_there_until_they_have_left_every_node(void **state)
{
    (void)state;
    struct elsewhere *e = elsewhere_open();
    elsewhere_came(e, 100, anna, 0);
    elsewhere_came(e, 200, anna, 0);
    elsewhere_left(e, 100, anna);
    assert_true(elsewhere_has(e, anna, 1));
    elsewhere_left(e, 200, anna);
    assert_false(elsewhere_has(e, anna, 1));
    elsewhere_left(e, 300, anna); /* never said to be there */
    elsewhere_came(e, 100, anna, 2);
    assert_true(elsewhere_has(e, anna, 3));
    elsewhere_close(e);
}

static void agents_and_contacts_of_each_account_are_apart(void **state)
{
    (void)state;
    struct elsewhere *e = elsewhere_open();
    elsewhere_came(e, 100, anna, 0);
    assert_false(elsewhere_has(e, carl, 1));
    assert_false(elsewhere_has(e, (struct audience_one){{2}, AUDIENCE_AGENT, 7}, 1));
    elsewhere_came(e, 100, carl, 0);
    elsewhere_left(e, 100, anna);
    assert_true(elsewhere_has(e, carl, 1));
    elsewhere_close(e);
}

static void what_is_not_said_again_is_forgotten(void **state)
{
    (void)state;
    struct elsewhere *e = elsewhere_open();
    elsewhere_came(e, 100, anna, 0);
    elsewhere_came(e, 100, carl, 0);
    elsewhere_came(e, 100, carl, 40000);
    assert_true(elsewhere_has(e, anna, ELSEWHERE_MS - 1));
    assert_false(elsewhere_has(e, anna, ELSEWHERE_MS));
    assert_true(elsewhere_has(e, carl, ELSEWHERE_MS));
    elsewhere_close(e);
}

static void thousands_come_and_go_and_the_others_stay(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct elsewhere *e = elsewhere_open();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            elsewhere_came(e, 100 + i % 2, contact(1 + i), round);
        for (int i = 0; i < MANY; i += 3)
            elsewhere_left(e, 100 + i % 2, contact(1 + i));
        for (int i = 0; i < MANY; i++)
            assert_int_equal(elsewhere_has(e, contact(1 + i), 10), i % 3 != 0);
    }
    elsewhere_close(e);
}

static void one_too_many_is_not_kept_and_there_is_room_when_others_are_gone(void **state)
{
    (void)state;
    struct elsewhere *e = elsewhere_open();
    for (int64_t i = 1; i <= ELSEWHERE_MOST; i++)
        elsewhere_came(e, 100, contact(i), 0);
    elsewhere_came(e, 100, contact(ELSEWHERE_MOST + 1), 10);
    assert_true(elsewhere_has(e, contact(1), 10) && elsewhere_has(e, contact(ELSEWHERE_MOST), 10));
    assert_false(elsewhere_has(e, contact(ELSEWHERE_MOST + 1), 10));
    elsewhere_came(e, 100, contact(5), 1000); /* one who is known is told again */
    elsewhere_came(e, 100, contact(ELSEWHERE_MOST + 1), ELSEWHERE_MS + 10);
    assert_true(elsewhere_has(e, contact(ELSEWHERE_MOST + 1), ELSEWHERE_MS + 11));
    assert_true(elsewhere_has(e, contact(5), ELSEWHERE_MS + 11));
    assert_false(elsewhere_has(e, contact(6), ELSEWHERE_MS + 11));
    elsewhere_close(e);
}

static void come_and_be_asked_for(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct elsewhere *e = elsewhere_open();
    for (ptrdiff_t i = 1; i <= n; i++)
        elsewhere_came(e, 100, contact(i << 11), 0); /* as ids are made: 11 bits of counter */
    for (ptrdiff_t i = 1; i <= n; i++)
        assert_true(elsewhere_has(e, contact(i << 11), 1));
    elsewhere_close(e);
}

static void the_work_grows_with_the_number_of_people(void **state)
{
    (void)state;
    test_slope(come_and_be_asked_for, NULL, 50);
}

static err come(struct arena *a, void *arg)
{
    (void)a;
    (void)arg;
    struct elsewhere *e = elsewhere_open();
    if (!e)
        return E_BUSY;
    for (int64_t i = 1; i < 200; i++)
        elsewhere_came(e, 100, contact(i), 0); /* not kept when there is no memory */
    bool is_kept = elsewhere_has(e, contact(1), 1);
    elsewhere_close(e);
    return is_kept ? OK : E_INTERNAL;
}

static void without_memory_what_is_known_stays(void **state)
{
    (void)state;
    for_each_allocation_failure(come, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_person_is_there_until_they_have_left_every_node),
        TEST(agents_and_contacts_of_each_account_are_apart),
        TEST(what_is_not_said_again_is_forgotten),
        TEST(thousands_come_and_go_and_the_others_stay),
        TEST(one_too_many_is_not_kept_and_there_is_room_when_others_are_gone),
        TEST(the_work_grows_with_the_number_of_people),
        TEST(without_memory_what_is_known_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
