/* Unit tests of text/calendar: invitations as calendars write them, with what is to be told. */
#include "test.h"

#include "base/utf8.h"
#include "text/calendar.h"

static const str own[] = {S_INIT("Care@Example.com"), S_INIT("help@example.com")};

/* Lines of an event within a calendar, "\n" between; and lines of the calendar before it. */
static bool read_event(const char *before, const char *lines, struct calendar_event *e)
{
    str text = str_print(test_arena(),
        "BEGIN:VCALENDAR\nVERSION:2.0\n%s\nBEGIN:VEVENT\nUID:1@example.net\n%s\nEND:VEVENT\n"
        "END:VCALENDAR\n",
        before, lines);
    return calendar_read(test_arena(), text, own, 2, e);
}

struct time_row {
    const char *before, *lines;
    const char *start, *end; /* RFC 3339 without ".000", or "" */
    const char *zone;        /* "~" floating, "day" all-day */
};

static str moment(int64_t ms)
{
    str s = time_rfc3339(test_arena(), ms);
    return str_cat(test_arena(), str_sub(s, 0, 19), S("Z"));
}

static void hold_times(const struct time_row *rows, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        struct calendar_event e;
        assert_true(read_event(rows[i].before, rows[i].lines, &e));
        str zone = e.is_floating ? S("~") : e.is_all_day ? S("day") : e.zone;
        str start = e.has_time ? moment(e.start_ms) : S(""),
            end = e.has_time ? moment(e.end_ms) : S("");
        bool is_as = str_eq(start, str_from(rows[i].start)) && str_eq(end, str_from(rows[i].end)) &&
                     str_eq(zone, str_from(rows[i].zone));
        if (!is_as)
            print_error("row %d (%s): %.*s to %.*s, zone %.*s\n", (int)i, rows[i].lines,
                SARG(start), SARG(end), SARG(zone));
        is_good &= is_as;
    }
    assert_true(is_good);
}
#define HOLD(rows) hold_times(rows, sizeof rows / sizeof rows[0])

static void times_of_every_kind_are_moments(void **state)
{
    (void)state;
    static const struct time_row rows[] = {
        {"",                         "DTSTART:20260101T100000Z\nDTEND:20260101T110000Z",                                     "2026-01-01T10:00:00Z",
         "2026-01-01T11:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART;TZID=Europe/Berlin:20260701T100000\nDTEND;TZID=Europe/Berlin:20260701T110000",
         "2026-07-01T08:00:00Z",                                                                                                                     "2026-07-01T09:00:00Z", "Europe/Berlin"                 },
        {"",                         "DTSTART;TZID=\"Asia/Dhaka\":20260101T100000\nDURATION:PT1H30M",
         "2026-01-01T04:00:00Z",                                                                                                                     "2026-01-01T05:30:00Z", "Asia/Dhaka"                    },
        {"",                         "DTSTART;TZID=W. Europe Standard Time:20260101T100000\nDURATION:PT15M",
         "2026-01-01T09:00:00Z",                                                                                                                     "2026-01-01T09:15:00Z", "Europe/Berlin"                 },
        {"",                         "DTSTART;TZID=Bangladesh Standard Time:20260101T100000",                                "2026-01-01T04:00:00Z",
         "2026-01-01T04:00:00Z",                                                                                                                                             "Asia/Dhaka"                    },
        {"",                         "DTSTART;TZID=/mozilla.org/20050126_1/America/Argentina/Buenos_Aires:20260101T100000",
         "2026-01-01T13:00:00Z",                                                                                                                     "2026-01-01T13:00:00Z", "America/Argentina/Buenos_Aires"},
        {"",                         "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/London:20260701T100000",
         "2026-07-01T09:00:00Z",                                                                                                                     "2026-07-01T09:00:00Z", "Europe/London"                 },
        {"",                         "DTSTART;TZID=tzone://Microsoft/Utc:20260101T100000",                                   "2026-01-01T10:00:00Z",
         "2026-01-01T10:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20260101T100000",                                                              "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "~"                             },
        {"",                         "DTSTART;TZID=Nowhere/Land:20260101T100000",                                            "2026-01-01T10:00:00Z",
         "2026-01-01T10:00:00Z",                                                                                                                                             "~"                             },
        {"X-WR-TIMEZONE:Asia/Dhaka", "DTSTART:20260101T100000",                                                              "2026-01-01T04:00:00Z",
         "2026-01-01T04:00:00Z",                                                                                                                                             "Asia/Dhaka"                    },
        {"",                         "DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103",                               "2026-01-01T00:00:00Z",
         "2026-01-03T00:00:00Z",                                                                                                                                             "day"                           },
        {"",                         "DTSTART;VALUE=DATE:20260228",                                                          "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z", "day"                           },
        {"",                         "DTSTART:20260101T100000Z\nDTEND:20260101T090000Z",                                     "2026-01-01T10:00:00Z",
         "2026-01-01T10:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20260101T100000Z\nDURATION:P1W",                                               "2026-01-01T10:00:00Z",
         "2026-01-08T10:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20260101T100000Z\nDURATION:P1DT2H3M4S",                                        "2026-01-01T10:00:00Z",
         "2026-01-02T12:03:04Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20260101T100000Z\nDURATION:-PT1H",                                             "2026-01-01T10:00:00Z",
         "2026-01-01T10:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20260101T100000Z\nDURATION:P99999999999999999999D",                            "2026-01-01T10:00:00Z",
         "2026-01-01T10:00:00Z",                                                                                                                                             "UTC"                           },
        {"",                         "DTSTART:20261231T235960Z",                                                             "2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z", "UTC"                           },
        {"",                         "DTSTART:20260230T100000Z",                                                             "",                     "",                     ""                              },
        {"",                         "DTSTART:20261301T100000Z",                                                             "",                     "",                     ""                              },
        {"",                         "DTSTART:20260101T250000Z",                                                             "",                     "",                     ""                              },
        {"",                         "DTSTART:tomorrow",                                                                     "",                     "",                     ""                              },
        {"",                         "DTSTART:00010101T000000Z",                                                             "",                     "",                     ""                              },
        {"",                         "SUMMARY:no time",                                                                      "",                     "",                     ""                              },
 /* Starts in one zone and ends in another: a flight. */
        {"",                         "DTSTART;TZID=Asia/Dhaka:20260101T100000\nDTEND;TZID=Europe/London:20260101T160000",
         "2026-01-01T04:00:00Z",                                                                                                                     "2026-01-01T16:00:00Z", "Asia/Dhaka"                    },
 /* A time that the clocks skip. */
        {"",                         "DTSTART;TZID=Europe/Berlin:20260329T023000",                                           "2026-03-29T01:30:00Z",
         "2026-03-29T01:30:00Z",                                                                                                                                             "Europe/Berlin"                 },
    };
    HOLD(rows);
}

#define CUSTOM                                                                                     \
    "BEGIN:VTIMEZONE\nTZID:Customized Time Zone\nBEGIN:STANDARD\nDTSTART:16010101T030000\n"        \
    "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\n"   \
    "END:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\n"                  \
    "TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n"          \
    "END:VTIMEZONE"

static void a_zone_of_its_own_is_read_from_the_calendar(void **state)
{
    (void)state;
    static const struct time_row rows[] = {
        {CUSTOM,                                                                       "DTSTART;TZID=Customized Time Zone:20260101T100000",  "2026-01-01T09:00:00Z",
         "2026-01-01T09:00:00Z",                                                                                                                                                             "UTC+01:00"},
        {CUSTOM,                                                                       "DTSTART;TZID=Customized Time Zone:20260701T100000",  "2026-07-01T08:00:00Z",
         "2026-07-01T08:00:00Z",                                                                                                                                                             "UTC+02:00"},
        {CUSTOM,                                                                       "DTSTART;TZID=Customized Time Zone:20260329T015900",  "2026-03-29T00:59:00Z",
         "2026-03-29T00:59:00Z",                                                                                                                                                             "UTC+01:00"},
        {CUSTOM,                                                                       "DTSTART;TZID=Customized Time Zone:20260329T030000",  "2026-03-29T01:00:00Z",
         "2026-03-29T01:00:00Z",                                                                                                                                                             "UTC+02:00"},
        {CUSTOM,                                                                       "DTSTART;TZID=Customized Time Zone:20261025T040000",  "2026-10-25T03:00:00Z",
         "2026-10-25T03:00:00Z",                                                                                                                                                             "UTC+01:00"},
        {"BEGIN:VTIMEZONE\nTZID:(UTC+05:45) Kathmandu\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
         "TZOFFSETFROM:+0545\nTZOFFSETTO:+0545\nEND:STANDARD\nEND:VTIMEZONE", "DTSTART;TZID=(UTC+05:45) Kathmandu:20260101T100000", "2026-01-01T04:15:00Z",
         "2026-01-01T04:15:00Z",                                                                                                                                                             "UTC+05:45"},
        {"BEGIN:VTIMEZONE\nTZID:mine\nX-LIC-LOCATION:Asia/Dhaka\nEND:VTIMEZONE",
         "DTSTART;TZID=mine:20260101T100000",                                                                                                "2026-01-01T04:00:00Z", "2026-01-01T04:00:00Z",
         "Asia/Dhaka"                                                                                                                                                                                   },
        {"BEGIN:VTIMEZONE\nTZID:empty\nEND:VTIMEZONE",                                 "DTSTART;TZID=empty:20260101T100000",
         "2026-01-01T10:00:00Z",                                                                                                                                     "2026-01-01T10:00:00Z", "~"        },
        {"BEGIN:VTIMEZONE\nTZID:west\nBEGIN:STANDARD\nTZOFFSETTO:-0330\nEND:STANDARD\n"
         "END:VTIMEZONE",                                                     "DTSTART;TZID=west:20260101T100000",                  "2026-01-01T13:30:00Z", "2026-01-01T13:30:00Z",
         "UTC-03:30"                                                                                                                                                                                    },
    };
    HOLD(rows);
}

static void an_invitation_is_told_whole(void **state)
{
    (void)state;
    struct calendar_event e;
    assert_true(calendar_read(test_arena(),
        S("\xEF\xBB\xBF"
          "BEGIN:VCALENDAR\r\nPRODID:-//Example//EN\r\nVERSION:2.0\r\nMETHOD:request\r\n"
          "BEGIN:VEVENT\r\nORGANIZER;CN=\"Rahman, Asha\";SENT-BY=\"mailto:x@y.example\":MAILTO:"
          "Asha@Example.net\r\nATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=C\r\n"
          " are:mailto:care@example.com\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:asha@example.net\r\n"
          "DESCRIPTION:Line one\\nLine two\\, with comma\\; semicolon \\\\ slash\r\n"
          "SUMMARY;LANGUAGE=en-US:Delivery \r\n of your or\r\n\tder\r\nLOCATION:Dhaka\\, Road 5\r\n"
          "DTSTART;VALUE=DATE-TIME:20260101T100000Z\r\nDTEND:20260101T110000Z\r\nUID:42@example.net\r\n"
          "SEQUENCE:3\r\nSTATUS:CONFIRMED\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
          "DESCRIPTION:REMINDER\r\nSUMMARY:alarm\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"),
        own, 2, &e));
    assert_str(e.method, "REQUEST");
    assert_str(e.uid, "42@example.net");
    assert_str(e.summary, "Delivery of your order");
    assert_str(e.location, "Dhaka, Road 5");
    assert_str(e.description, "Line one\nLine two, with comma; semicolon \\ slash");
    assert_str(e.organizer.name, "Rahman, Asha");
    assert_str(e.organizer.address, "asha@example.net");
    assert_str(e.status, "confirmed");
    assert_str(e.own_status, "needs-action");
    assert_true(e.wants_answer && !e.is_cancelled && !e.is_instance && e.has_time);
    assert_int_equal(e.attendees, 2);
    assert_int_equal(e.sequence, 3);
    assert_int_equal(e.events, 1);
    assert_str(e.repeat.freq, "");
    assert_str(e.replier.address, "");
}

static void cancelling_and_answering_are_told(void **state)
{
    (void)state;
    struct calendar_event e;
    assert_true(read_event("METHOD:CANCEL", "SUMMARY:x", &e));
    assert_true(e.is_cancelled);
    assert_true(read_event("METHOD:REQUEST", "STATUS:CANCELLED", &e));
    assert_true(e.is_cancelled);
    assert_true(read_event(
        "METHOD:REPLY", "ATTENDEE;PARTSTAT=DECLINED;CN=Asha:mailto:Asha@example.net", &e));
    assert_str(e.reply, "declined");
    assert_str(e.replier.address, "asha@example.net");
    assert_str(e.replier.name, "Asha");
    assert_str(e.own_status, "");
    assert_true(
        read_event("METHOD:COUNTER", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@example.net", &e));
    assert_str(e.reply, "tentative");
    assert_true(read_event("", "ATTENDEE;PARTSTAT=ODD:mailto:help@example.com", &e));
    assert_str(e.own_status, "needs-action");
    assert_str(e.reply, "");
    assert_true(read_event("", "RECURRENCE-ID:20260101T100000Z", &e));
    assert_true(e.is_instance);
}

static void people_without_a_good_address_keep_their_name(void **state)
{
    (void)state;
    struct calendar_event e;
    assert_true(read_event("", "ORGANIZER;CN=Asha:invalid:nomail", &e));
    assert_str(e.organizer.name, "Asha");
    assert_str(e.organizer.address, "");
    assert_true(read_event("", "ORGANIZER;CN=Asha;EMAIL=asha@example.net:urn:uuid:1", &e));
    assert_str(e.organizer.address, "asha@example.net");
    assert_true(read_event("", "ORGANIZER;CN=Asha ^'A^' B:mailto:two words@x", &e));
    assert_str(e.organizer.name, "Asha \"A\" B");
    assert_str(e.organizer.address, "");
}

static void a_series_is_told_by_its_rule(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *is;
    } rows[] = {
        {"RRULE:FREQ=WEEKLY;BYDAY=MO,WE",                        "weekly 1 0 - MO,WE"              },
        {"RRULE:FREQ=DAILY;INTERVAL=2;COUNT=10",                 "daily 2 10 - "                   },
        {"RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231T000000Z",
         "monthly 1 0 2026-12-31T00:00:00Z -1FR"                                                   },
        {"RRULE:FREQ=YEARLY;UNTIL=20271231",                     "yearly 1 0 2027-12-31T00:00:00Z "},
        {"RRULE:FREQ=MONTHLY;BYMONTHDAY=1",                      "monthly 1 0 -  +"                },
        {"RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",  "monthly 1 0 - MO,TU,WE,TH,FR +"  },
        {"RRULE:FREQ=WEEKLY\nEXDATE:20260108T100000Z",           "weekly 1 0 -  +"                 },
        {"RRULE:freq=weekly;interval=0;count=-1",                "weekly 1 0 - "                   },
        {"RRULE:FREQ=SOMETIMES",                                 " 0 0 - "                         },
        {"RRULE:COUNT=3",                                        " 0 0 - "                         },
        {"RRULE:FREQ=WEEKLY;BYDAY=<b>",                          "weekly 1 0 -  +"                 },
        {"RRULE:FREQ=WEEKLY\nRRULE:FREQ=DAILY",                  "weekly 1 0 - "                   },
        {"RRULE:FREQ=DAILY;COUNT=99999999999999999999",          "daily 1 0 - "                    },
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct calendar_event e;
        assert_true(read_event("",
            str_z(test_arena(),
                str_print(test_arena(), "DTSTART:20260101T100000Z\n%s", rows[i].rule)),
            &e));
        const struct calendar_repeat *r = &e.repeat;
        str until = r->until_ms ? moment(r->until_ms) : S("-");
        str is = str_print(test_arena(), "%.*s %d %d %.*s %.*s%s", SARG(r->freq), r->interval,
            r->count, SARG(until), SARG(r->by_day), r->has_more ? " +" : "");
        if (!str_eq(is, str_from(rows[i].is)))
            print_error("%s is \"%.*s\"\n", rows[i].rule, SARG(is));
        is_good &= str_eq(is, str_from(rows[i].is));
    }
    assert_true(is_good);
}

static void all_day_events_name_their_days(void **state)
{
    (void)state;
    struct calendar_event e;
    assert_true(read_event("", "DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260103", &e));
    assert_str(e.first_day, "2026-01-01");
    assert_str(e.last_day, "2026-01-02");
    assert_str(e.zone, "");
    assert_true(read_event("", "DTSTART;VALUE=DATE:20260101", &e));
    assert_str(e.last_day, "2026-01-01");
    assert_true(read_event("", "DTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260101", &e));
    assert_str(e.last_day, "2026-01-01");
}

static void what_is_no_event_is_none(void **state)
{
    (void)state;
    struct calendar_event e;
    static const char *const texts[] = {"", "nonsense", "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT",
        "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nEND:VCALENDAR",
        "BEGIN:VCALENDAR\nBEGIN:X\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\nEND:X\nEND:VCALENDAR"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_false(calendar_read(test_arena(), str_from(texts[i]), NULL, 0, &e));
        assert_int_equal(e.summary.len, 0);
    }
}

static void broken_calendars_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    struct calendar_event e;
    assert_true(calendar_read(test_arena(),
        S("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\xFF"
          "b\x01"
          "c\nno colon\n;;;:\nX-Y;P=\"open:quoted\nLOCATION:here"),
        NULL, 0, &e));
    assert_str(e.summary, "a\xEF\xBF\xBD"
                          "b c");
    assert_str(e.location, "here");
    assert_true(calendar_read(test_arena(),
        S("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:one\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:two\n"
          "LOCATION:there\nEND:VEVENT\nEND:VCALENDAR"),
        NULL, 0, &e));
    assert_str(e.summary, "one");
    assert_str(e.location, "");
    assert_int_equal(e.events, 2);
    /* UTF-8 folded in the middle of a letter. */
    assert_true(read_event("", "SUMMARY:\xE0\xA6\n \xAC", &e));
    assert_str(e.summary, "\xE0\xA6\xAC");
}

static void bombs_are_bounded(void **state)
{
    (void)state;
    struct calendar_event e;
    struct sb b = sb_make(test_arena(), 0);
    sb_add(&b, S("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:"));
    for (int i = 0; i < 30000; i++)
        sb_add(&b, S("word\n "));
    sb_add(&b, S("\n"));
    for (int i = 0; i < 15000; i++)
        sb_add(&b, S("ATTENDEE:mailto:a@example.net\n"));
    for (int i = 0; i < 100; i++)
        sb_add(&b, S("BEGIN:DEEP\n"));
    sb_add(&b, S("END:VEVENT\n"));
    assert_true(calendar_read(test_arena(), sb_str(&b), own, 2, &e));
    assert_int_equal(e.attendees, CALENDAR_ATTENDEES);
    assert_int_equal(e.summary.len, CALENDAR_TEXT_BYTES);
    assert_true(utf8_valid(e.summary));
}

static void read_long(void *arg, ptrdiff_t n)
{
    (void)arg;
    struct arena a = arena_make(0);
    struct calendar_event e;
    struct sb b = sb_make(&a, 0);
    sb_add(&b, S("BEGIN:VCALENDAR\nBEGIN:VEVENT\n"));
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, S("X-A;B=\"c\";D=e:f\n g\n"));
    (void)calendar_read(&a, sb_str(&b), own, 2, &e);
    arena_free(&a);
}

static void long_calendars_take_time_in_proportion(void **state)
{
    (void)state;
    test_slope(read_long, NULL, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_of_every_kind_are_moments),
        TEST(a_zone_of_its_own_is_read_from_the_calendar),
        TEST(an_invitation_is_told_whole),
        TEST(cancelling_and_answering_are_told),
        TEST(people_without_a_good_address_keep_their_name),
        TEST(a_series_is_told_by_its_rule),
        TEST(all_day_events_name_their_days),
        TEST(what_is_no_event_is_none),
        TEST(broken_calendars_are_read_as_far_as_they_go),
        TEST(bombs_are_bounded),
        TEST(long_calendars_take_time_in_proportion),
    };
    return cmocka_run_group_tests_name("text_calendar", tests, NULL, NULL);
}
