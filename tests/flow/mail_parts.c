/* What a mail carries beside its words: packed by Outlook, or another mail as a whole. */
#include "mail_world.h"

#define HEAD                                                                                       \
    "From: Asha <asha@example.net>\r\nTo: " MAILBOX "\r\nSubject: Minutes\r\n"                     \
    "Message-ID: <p1@example.net>\r\nMIME-Version: 1.0\r\n"

/* Made after MS-OXTNEF: a body in text and HTML, minutes.txt, and pic.png that the HTML shows. */
static const char packed[] =
    "eJ8+IgEAAQOQBgBkAAAAAgAAAB8AABABAAAAGgAAAFAAYQBjAGsAZQBkACAAdwBvAHIAZABzAAAA\r\n"
    "AAACARMQAQAAACkAAAA8cD5QYWNrZWQgPGltZyBzcmM9ImNpZDpwaWNAeCI+IHdvcmRzPC9wPgAA\r\n"
    "AOsSAgKQBgAOAAAAAQD/////IAAgAAAAAAA9BAIQgAEADAAAAG1pbnV0ZXMudHh0AJMEAg+ABgAP\r\n"
    "AAAAV2hhdCB3YXMgc2FpZC4K+AQCApAGAA4AAAABAP////8gACAAAAAAAD0EAhCAAQAIAAAAcGlj\r\n"
    "LnBuZwCvAgIPgAYARgAAAIlQTkcNChoKAAAADUlIRFIAAAABAAAAAQgGAAAAHxXEiQAAAA1JREFU\r\n"
    "eNpjZPjPUA8AA4YBgFo0fWsAAAAASUVORK5CYIJODwIFkAYAHAAAAAEAAAAfABI3AQAAAAwAAABw\r\n"
    "AGkAYwBAAHgAAABqAg==\r\n";

static str with_winmail(struct arena *a, const char *words, str data)
{
    return str_print(a,
        HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n%s--b\r\n"
             "Content-Type: application/ms-tnef; name=\"winmail.dat\"\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\n%.*s\r\n--b--\r\n",
        words, SARG(data));
}

static void comes(struct mail_world *mw, str mail)
{
    assert_int_equal(post(mw, mw->secret, mail), 200);
    world_run(&mw->w);
}

/* "name:state name:state" of the only message's files. */
static str files(struct mail_world *mw)
{
    struct arena *a = &mw->app->arena;
    struct sb b = sb_make(a, 1 << 16);
    str target = str_print(a, "/api/v1/conversations/%.*s/messages", SARG(newest(mw)));
    assert_int_equal(get(mw, target), 200);
    const struct json *list = json_path(mw->app->json, S("items.0.attachments"));
    for (const struct json *v = list ? list->first : NULL; v; v = v->next)
        sb_print(&b, b.len ? " %.*s:%.*s" : "%.*s:%.*s",
            SARG(json_text(json_get(v, S("name")), S(""))),
            SARG(json_text(json_get(v, S("state")), S(""))));
    return sb_str(&b);
}

static void what_outlook_packs_comes_out_as_files_and_words(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, with_winmail(&mw.app->arena, "", str_from(packed)));
    assert_str(files(&mw), "minutes.txt:ready pic.png:ready");
    str picture = str_copy(&mw.app->arena, test_text(mw.app, "items.0.attachments.1.id"));
    assert_str(timeline(&mw, newest(&mw)), "in:Packed words");
    look(&mw, shown(&mw, newest(&mw), "last_message_id"));
    assert_true(str_find(test_text(mw.app, "html"), S("Packed <img")) >= 0);
    const struct json *inlines = json_get(mw.app->json, S("inline"));
    assert_true(str_eq(json_text(json_get(inlines, S("pic@x")), S("")), picture));
    world_close(&mw.w);
}

static void the_words_of_the_mail_itself_come_first(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, with_winmail(&mw.app->arena,
                   "--b\r\nContent-Type: text/plain\r\n\r\nPlain words\r\n", str_from(packed)));
    assert_str(files(&mw), "minutes.txt:ready pic.png:ready");
    assert_str(timeline(&mw, newest(&mw)), "in:Plain words");
    world_close(&mw.w);
}

static void a_broken_one_stays_a_file_and_says_so(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(
        &mw, with_winmail(&mw.app->arena, "--b\r\nContent-Type: text/plain\r\n\r\nPlain words\r\n",
                 S("bm8gVE5FRiBhdCBhbGw=")));
    assert_str(files(&mw), "winmail.dat:ready");
    look(&mw, shown(&mw, newest(&mw), "last_message_id"));
    assert_true(str_find(test_text(mw.app, "degraded"), S("winmail.dat")) >= 0);
    world_close(&mw.w);
}

static void a_mail_inside_is_a_file_that_mail_programs_open(void **state)
{
    static const char mail[] =
        HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
             "Content-Type: text/plain\r\n\r\nSee below.\r\n--b\r\n"
             "Content-Type: message/rfc822; name=\"Old words\"\r\n\r\n"
             "From: ben@example.org\r\nSubject: Old words\r\n\r\nIt was so.\r\n--b--\r\n";
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, str_from(mail));
    assert_str(files(&mw), "Old words.eml:ready");
    assert_str(timeline(&mw, newest(&mw)), "in:See below.");
    world_close(&mw.w);
}

int main(void)
{
    if (test_app_is_skipped())
        return 77;
    const struct CMUnitTest tests[] = {
        TEST_APP(what_outlook_packs_comes_out_as_files_and_words),
        TEST_APP(the_words_of_the_mail_itself_come_first),
        TEST_APP(a_broken_one_stays_a_file_and_says_so),
        TEST_APP(a_mail_inside_is_a_file_that_mail_programs_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
