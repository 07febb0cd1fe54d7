/* What a mail carries beside its words: packed by Outlook, or another mail as a whole. */
#include "mail_world.h"

#include <stdio.h>

#define HEAD                                                                                       \
    "From: Asha <asha@example.net>\r\nTo: " MAILBOX "\r\nSubject: Minutes\r\n"                     \
    "Message-ID: <p1@example.net>\r\nMIME-Version: 1.0\r\n"

#define PIXEL                                                                                      \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"     \
    "rkJggg=="

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
    assert_int_equal(post(mw, mw->box.secret, mail), 200);
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

/* The id of the only message's nth file. */
static str file_id(struct mail_world *mw, int nth)
{
    char path[64];
    (void)files(mw);
    (void)snprintf(path, sizeof path, "items.0.attachments.%d.id", nth);
    return str_copy(&mw->app->arena, test_text(mw->app, path));
}

static int carried(struct mail_world *mw, str id, const char *rest)
{
    return get(mw, str_print(&mw->app->arena, "/api/v1/attachments/%.*s/mail%s", SARG(id), rest));
}

#define INSIDE                                                                                     \
    "From: Ben <ben@example.org>\r\nTo: Cara <cara@example.org>\r\nSubject: Old words\r\n"         \
    "Date: Thu, 01 Jan 2026 10:00:00 +0000\r\nReferences: <p0@example.net>\r\n"                    \
    "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/html\r\n\r\n"      \
    "<p>It was <b>so</b>.</p>\r\n--c\r\nContent-Type: text/html; name=\"a.html\"\r\n"              \
    "Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxi\r\n--c\r\n"  \
    "Content-Type: message/rfc822\r\n\r\nFrom: dan@example.org\r\nSubject: Oldest\r\n\r\n"         \
    "In the beginning.\r\n--c--\r\n"

static void a_mail_inside_is_read_with_its_files_and_the_mails_inside_it(void **state)
{
    static const char mail[] = HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                                    "Content-Type: text/plain\r\n\r\nSee below.\r\n--b\r\n"
                                    "Content-Type: text/plain; name=\"plain.txt\"\r\n"
                                    "Content-Disposition: attachment\r\n\r\nNo mail.\r\n--b\r\n"
                                    "Content-Type: message/rfc822\r\n\r\n" INSIDE "--b--\r\n";
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, str_from(mail));
    str text = file_id(&mw, 0), id = file_id(&mw, 1);
    assert_int_equal(carried(&mw, id, ""), 200);
    assert_str(test_text(mw.app, "from.name"), "Ben");
    assert_str(test_text(mw.app, "to.0.address"), "cara@example.org");
    assert_str(test_text(mw.app, "subject"), "Old words");
    assert_str(test_text(mw.app, "date"), "2026-01-01T10:00:00.000Z");
    assert_true(str_find(test_text(mw.app, "html"), S("<b>so</b>")) >= 0);
    assert_str(test_text(mw.app, "files.0.name"), "a.html");
    assert_int_equal(test_int(mw.app, "files.0.part"), 1);
    assert_int_equal(test_int(mw.app, "files.1.part"), 2);
    assert_int_equal(carried(&mw, id, "/file?part=1"), 200);
    assert_str(mw.app->body, "a,b");
    assert_str(mw.app->content_type, "application/octet-stream");
    assert_true(str_starts(
        test_answer_header(mw.app, "Content-Disposition"), S("attachment; filename=\"a.html\"")));
    assert_int_equal(carried(&mw, id, "?within=2"), 200);
    assert_str(test_text(mw.app, "subject"), "Oldest");
    assert_str(test_text(mw.app, "text"), "In the beginning.");
    static const char *const wrong[] = {"?within=1", "?within=9", "?within=x", "?within=2.0",
        "?within=-2", "?within=.", "/file?part=9", "/file?part=1&within=2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(carried(&mw, id, wrong[i]), 404);
    assert_int_equal(carried(&mw, text, ""), 409);
    assert_int_equal(carried(&mw, id, "/file"), 404); /* the words are none of its files */
    world_close(&mw.w);
}

#define SHOWS                                                                                      \
    "From: dan@example.org\r\nSubject: %s\r\nContent-Type: multipart/related; boundary=%s\r\n\r\n" \
    "--%s\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:logo@x\">\r\n--%s\r\n"                  \
    "Content-Type: image/svg+xml; name=\"logo.png\"\r\nContent-ID: <logo@x>\r\n"                   \
    "Content-Transfer-Encoding: base64\r\n\r\n" PIXEL "\r\n--%s\r\n"                               \
    "Content-Type: image/png; name=\"page.png\"\r\nContent-ID: <page@x>\r\n\r\n"                   \
    "<html><script>x</script></html>\r\n%s--%s--\r\n"

static str that_shows(struct arena *a, const char *subject, const char *b, str more)
{
    return str_print(a, SHOWS, subject, b, b, b, b, more.len ? str_z(a, more) : "", b);
}

/* By their bytes, whatever the mail calls them. */
static void a_mail_inside_shows_its_pictures_and_nothing_else_is_one(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    str deep = that_shows(a, "Deep", "d", (str){0});
    str more = str_print(a, "--c\r\nContent-Type: message/rfc822\r\n\r\n%.*s", SARG(deep));
    comes(&mw, str_print(a,
                   HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee\r\n--b\r\n"
                        "Content-Type: message/rfc822\r\n\r\n%.*s--b--\r\n",
                   SARG(that_shows(a, "Outside", "c", more))));
    str id = file_id(&mw, 0);
    static const char *const within[][2] = {
        {"",          "?"         },
        {"?within=3", "?within=3&"}
    };
    for (size_t i = 0; i < sizeof within / sizeof *within; i++) {
        assert_int_equal(carried(&mw, id, within[i][0]), 200);
        assert_str(test_text(mw.app, "subject"), i ? "Deep" : "Outside");
        assert_str(test_text(mw.app, "files.0.content_id"), "logo@x");
        assert_int_equal(test_int(mw.app, "files.0.part"), 1);
        assert_str(test_text(mw.app, "files.1.content_id"), "page@x");
        str file = str_print(a, "/file%spart=", within[i][1]);
        assert_int_equal(carried(&mw, id, str_z(a, str_print(a, "%.*s1", SARG(file)))), 200);
        assert_str(mw.app->content_type, "image/png");
        assert_true(str_starts(mw.app->body, S("\x89PNG")));
        assert_true(str_starts(test_answer_header(mw.app, "Content-Security-Policy"),
            S("default-src 'none'; sandbox")));
        assert_int_equal(carried(&mw, id, str_z(a, str_print(a, "%.*s2", SARG(file)))), 200);
        assert_str(mw.app->content_type, "application/octet-stream");
    }
    world_close(&mw.w);
}

/* Each in a part 1 of the next. */
static void mails_inside_mails_are_read_five_deep(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    struct arena *a = &mw.app->arena;
    str mail = S("From: x@example.org\r\nSubject: 7\r\n\r\nThe last.\r\n");
    for (int i = 6; i >= 0; i--)
        mail = str_print(a,
            "From: x@example.org\r\nTo: " MAILBOX
            "\r\nSubject: %d\r\nMessage-ID: <%d@x.example>\r\n"
            "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n\r\nText\r\n--b%d\r\n"
            "Content-Type: message/rfc822\r\n\r\n%.*s\r\n--b%d--\r\n",
            i, i, i, i, i, SARG(mail), i);
    comes(&mw, mail);
    str id = file_id(&mw, 0);
    assert_int_equal(carried(&mw, id, "?within=1.1.1.1.1"), 200);
    assert_str(test_text(mw.app, "subject"), "6");
    assert_int_equal(carried(&mw, id, "?within=1.1.1.1.1.1"), 404);
    world_close(&mw.w);
}

/* A picture in HTML, without any words; `text` is what its program writes for those who see none.
 */
static str of_a_picture(struct arena *a, const char *id, const char *text)
{
    return str_print(a,
        "From: Asha <asha@example.net>\r\nTo: " MAILBOX "\r\nSubject: The box\r\n"
        "Message-ID: <%s@example.net>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\n"
        "Content-Type: multipart/alternative; boundary=a\r\n\r\n%s--a\r\n"
        "Content-Type: text/html\r\n\r\n<p><img src=\"cid:box@x\"></p>\r\n--a--\r\n--r\r\n"
        "Content-Type: image/png; name=\"box.png\"\r\nContent-ID: <box@x>\r\n"
        "Content-Disposition: inline\r\nContent-Transfer-Encoding: base64\r\n\r\n" PIXEL
        "\r\n--r--\r\n",
        id, text);
}

static void a_mail_that_is_a_picture_is_listed_by_its_subject_and_the_picture(void **state)
{
    static const char *const texts[] = {
        "",
        "--a\r\nContent-Type: text/plain\r\n\r\n[]\r\n",
        "--a\r\nContent-Type: text/plain\r\n\r\n[cid:box@x]\r\n",
        "--a\r\nContent-Type: text/plain\r\n\r\n[image: box.png]\r\n\r\n[]\r\n",
    };
    struct mail_world mw;
    open_world(&mw, *state);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        comes(&mw, of_a_picture(&mw.app->arena, (char[]){(char)('a' + i), 0}, texts[i]));
        assert_str(shown(&mw, newest(&mw), "preview"), "The box \xF0\x9F\x93\x8E box.png");
    }
    comes(&mw, of_a_picture(&mw.app->arena, "words",
                   "--a\r\nContent-Type: text/plain\r\n\r\n[1234] [box]\r\n"));
    assert_str(shown(&mw, newest(&mw), "preview"), "[1234] [box]");
    world_close(&mw.w);
}

static void who_gives_no_name_is_called_by_the_address(void **state)
{
    struct mail_world mw;
    open_world(&mw, *state);
    comes(&mw, S("From: <Asha.Rao@example.net>\r\nTo: " MAILBOX "\r\nSubject: Hello\r\n"
                 "Message-ID: <n@example.net>\r\n\r\nHello\r\n"));
    assert_int_equal(get(&mw, S("/api/v1/conversations")), 200);
    assert_str(test_text(mw.app, "items.0.contact.name"), "asha.rao@example.net");
    assert_str(shown(&mw, newest(&mw), "contact.name"), "");
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
        TEST_APP(a_mail_inside_is_read_with_its_files_and_the_mails_inside_it),
        TEST_APP(a_mail_inside_shows_its_pictures_and_nothing_else_is_one),
        TEST_APP(mails_inside_mails_are_read_five_deep),
        TEST_APP(a_mail_that_is_a_picture_is_listed_by_its_subject_and_the_picture),
        TEST_APP(who_gives_no_name_is_called_by_the_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
