/* See mailbox.h. */
#include "mailbox.h"

#include "base/file.h"
#include "enclosures.h"

#include <stdio.h>

#define ADDRESS  "care@seva-shop.example"
#define PASSWORD "seva-mailbox-password"
enum { THEN_MAX = 2, ROOTS_BYTES = 4 * 1024 * 1024 };

enum enclosure { ENCLOSURE_NONE, ENCLOSURE_PICTURE, ENCLOSURE_PAPER };

struct first_mail {
    const char *from, *name, *language, *kind, *subject, *text, *html;
    enum enclosure enclosure;
    const char *then[THEN_MAX]; /* NULL = nothing more */
};

#define TEAPOT                                                                                     \
    "<p>Hello,</p><p>the <b>ceramic teapot</b> of order <b>SV-20417</b> came like this:</p>"       \
    "<p><img src=\"cid:teapot.png\" alt=\"A teapot with a crack\" width=\"240\" "                  \
    "height=\"160\"></p><p>The box was whole. <span style=\"color:#b91c1c\">It is a present for "  \
    "Saturday</span>, so a new one in time would be wonderful.</p><p>Oscar Pemberton</p>"
#define NEWS                                                                                       \
    "<h2>Packaging Weekly</h2><ul><li>Paper tape: five kinds compared</li><li>Fewer boxes, fewer " \
    "vans</li></ul><p>You get this letter because you asked for it.</p>"

static const struct first_mail first_mails[] = {
    {"news@packaging-weekly.example", "Packaging Weekly",                   "en", "list",
     "Paper tape: five kinds compared",                                                                                                                     "This week: paper tape, five kinds compared. Fewer boxes, fewer vans.", NEWS,
     ENCLOSURE_NONE,                                                                                                                                                                                                                                           {NULL}},
    {"jack.turner@inbox.example",     "Jack Turner",                        "en", "auto_reply",
     "Automatic reply: Your parcel SV-19034",                                                                                                               "I am away until Monday and do not read my mails.\n\nJack",             "",     ENCLOSURE_NONE,    {NULL}},
    {"salma.haddad@inbox.example",    "سلمى حداد",                  "ar", "",           "استرجاع المبلغ للطلب SV-27710",
     "مرحبا،\n\nأعدت حقيبة الظهر قبل أسبوعين ولم يصلني المبلغ حتى الآن. رقم الطلب SV-27710.\n\n"
        "هل يمكنكم التحقق من ذلك؟\n\nسلمى حداد",                                                                                                                                                        "",     ENCLOSURE_NONE,
     {"شكرا على الرد السريع. متى يظهر المبلغ في حسابي؟", "ممتاز، شكرا لكم."}                                                                                                                                      },
    {"nusrat.jahan@inbox.example",    "নুসরাত জাহান", "bn", "",           "অর্ডার SV-31882 এখনও পাইনি",
     "নমস্কার,\n\nআমার অর্ডার SV-31882 সোমবার আসার কথা ছিল, এখনও পাইনি। ট্র্যাকিং চার দিন ধরে "
        "বদলায়নি।\n\nএকটু দেখবেন কি?\n\nনুসরাত জাহান",
     "",                                                                                                                                                                                                                                    ENCLOSURE_NONE,
     {"ধন্যবাদ! গাড়িতে উঠলে কি আমাকে জানানো হবে?", "পেয়ে গেছি, অনেক ধন্যবাদ।"}                                                                       },
    {"mia.johansson@inbox.example",   "Mia Johansson",                      "en", "",           "Receipt for the warranty",
     "Hi,\n\nthe zip of my rain jacket has come off after eight months. The receipt is attached; "
        "is that covered?\n\nBest wishes\nMia Johansson",                                                                                                                                                                           "",     ENCLOSURE_PAPER,
     {"That is good to hear. Do I have to send the jacket in?", "Perfect, I will do that."}                                                                                                                                                                          },
    {"oscar.pemberton@inbox.example", "Oscar Pemberton",                    "en", "",
     "Teapot arrived cracked, order SV-20417",                                                                                                              "Hello,\n\nthe ceramic teapot of order SV-20417 came with a crack, see the picture. The box "
        "was whole. It is a present for Saturday, so a new one in time would be wonderful.\n\n"
        "Oscar Pemberton",                                                                                                                                                            TEAPOT, ENCLOSURE_PICTURE,
     {"Thank you, that was quick! Will it be here before Saturday?",
            "Wonderful. The crack looks better already."}                                                                                                                                                                                                            },
    {"grace.adeyemi@inbox.example",   "Grace Adeyemi",                      "en", "",
     "Can I still change the size of SV-22951?",                                                                                                            "Good morning,\n\nI ordered the linen shirt in M this morning (SV-22951) and should have "
        "taken L. Can that still be changed?\n\nThank you\nGrace",                                                                                                                  "",     ENCLOSURE_NONE,
     {"Great, thank you. Does the price stay the same?", "Lovely. Have a nice day!"}                                                                                                                                                                                 },
};
enum { FIRST_MAILS = sizeof first_mails / sizeof *first_mails };

/* ── channel ── */

bool mailbox_trust(struct arena *a, const struct sim *sim, str file)
{
    static const char *const systems[] = {
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"};
    str roots = {0};
    for (size_t i = 0; i < sizeof systems / sizeof *systems && roots.len == 0; i++)
        if (file_read(a, str_from(systems[i]), ROOTS_BYTES, &roots) != OK)
            roots = (str){0}; /* another kind of system: the simulator's alone */
    return file_write(file, str_cat(a, sim_smtp_ca(a, sim), roots), 0600) == OK;
}

static const struct json *find(const struct json *list)
{
    const struct json *items = json_get(list, S("items"));
    for (const struct json *c = items ? items->first : NULL; c; c = c->next)
        if (str_eq(json_text(json_get(c, S("kind")), S("")), S("email")) &&
            str_eq(json_text(json_get(c, S("external_id")), S("")), S(ADDRESS)))
            return c;
    return NULL;
}

static const struct json *make(struct sim *sim, struct shop *shop, struct arena *a)
{
    const struct json *answer = NULL;
    str body = str_print(a,
        "{\"kind\":\"email\",\"name\":\"Email (simulated)\",\"external_id\":\"" ADDRESS
        "\",\"handle\":\"" ADDRESS "\",\"settings\":{\"address\":\"" ADDRESS
        "\",\"from_name\":\"{{agent.first_name}} of Seva Shop\",\"signature\":\"{{agent.name}}\\nSeva "
        "Demo Shop\",\"password\":\"" PASSWORD
        "\",\"smtp_host\":\"127.0.0.1\",\"smtp_port\":\"%d\","
        "\"smtp_security\":\"starttls\",\"plus\":\"yes\",\"receivers\":\"mx.seva-shop.example\"}}",
        sim_smtp_port(sim));
    int status = shop_call(shop, a, HTTP_POST, S("/api/v1/channels"), shop->token, body, &answer);
    if (status == 201)
        return answer;
    fprintf(stderr, "The demo has no mailbox: status %d %.*s\n", status,
        SARG(json_text(json_path(answer, S("error.message")), shop->why)));
    return NULL;
}

/* The mail server has another port in each run; the secret was shown once only. */
static const struct json *tell(struct sim *sim, struct shop *shop, struct arena *a, str path)
{
    const struct json *answer = NULL;
    str port = str_print(a, "{\"settings\":{\"smtp_port\":\"%d\"}}", sim_smtp_port(sim));
    str rotate = str_cat(a, path, S("/rotate-secret"));
    bool is_told = shop_call(shop, a, HTTP_PATCH, path, shop->token, port, NULL) == 200 &&
                   shop_call(shop, a, HTTP_POST, rotate, shop->token, S("{}"), &answer) == 200;
    if (!is_told)
        fprintf(stderr, "The demo's mailbox does not know where its mail server is.\n");
    return is_told ? answer : NULL;
}

bool mailbox_connect(
    struct sim *sim, struct shop *shop, struct arena *a, const struct json *channels, bool *is_new)
{
    const struct json *channel = find(channels), *secret;
    *is_new = channel == NULL;
    str id = json_text(json_get(channel, S("id")), S("")), why;
    secret =
        *is_new ? make(sim, shop, a) : tell(sim, shop, a, str_cat(a, S("/api/v1/channels/"), id));
    if (secret == NULL)
        return false;
    const struct sim_account_set set = {
        .callback = json_text(json_get(*is_new ? secret : channel, S("hook_url")), S("")),
        .secret = json_text(json_get(secret, S("secret")), S("")),
        .settings = S("{\"answer_ms\":\"10000\"}")};
    return sim_account_set(sim, S("email"), &set, &why) == OK;
}

/* ── mails ── */

static void put_then(struct json_out *j, const str *then, int n)
{
    json_key(j, S("then"));
    json_arr(j);
    for (int i = 0; i < n; i++)
        json_put_str(j, then[i]);
    json_arr_end(j);
}

/* What belongs to mails only; see networks/email.c. */
static const struct json *more_of(
    struct arena *a, str subject, str html, str language, const str *then, int n_then)
{
    const struct json *more = NULL;
    str why;
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    json_kv_str(&j, S("subject"), subject);
    json_kv_str(&j, S("html"), html);
    json_kv_str(&j, S("language"), language);
    put_then(&j, then, n_then);
    json_obj_end(&j);
    return json_parse(a, json_str(&j), &more, &why) == OK ? more : NULL;
}

static struct sim_file enclose(struct arena *a, enum enclosure what)
{
    static const str lines[] = {S_INIT("Seva Demo Shop"), S_INIT(""), S_INIT("Receipt SV-18276"),
        S_INIT("1 rain jacket, dark green, M"), S_INIT("Paid by card, with thanks")};
    if (what == ENCLOSURE_PICTURE)
        return (struct sim_file){S("image/png"), S("teapot.png"), enclosure_teapot(a)};
    return (struct sim_file){S("application/pdf"), S("receipt-SV-18276.pdf"),
        enclosure_paper(a, lines, sizeof lines / sizeof *lines)};
}

void mailbox_fill(struct sim *sim, struct arena *a)
{
    for (int i = 0; i < FIRST_MAILS; i++) {
        const struct first_mail *m = &first_mails[i];
        struct sim_file file = enclose(a, m->enclosure);
        str then[THEN_MAX], id, why;
        int n = 0;
        while (n < THEN_MAX && m->then[n] != NULL) {
            then[n] = str_from(m->then[n]);
            n++;
        }
        const struct sim_say what = {.from_id = str_from(m->from),
            .from_name = str_from(m->name),
            .kind = str_from(m->kind),
            .text = str_from(m->text),
            .files = &file,
            .n_files = m->enclosure != ENCLOSURE_NONE,
            .more = more_of(
                a, str_from(m->subject), str_from(m->html), str_from(m->language), then, n)};
        (void)sim_say(sim, a, S("email"), &what, &id, &why); /* nobody misses it */
    }
}

void mailbox_say(struct sim *sim, struct arena *a, struct dice *dice, const struct language *l,
    const struct scenario *scene, const struct text_values *values)
{
    const str then[] = {
        text_fill(a, scene->then, values), text_fill(a, dice_pick(dice, l->thanks), values)};
    str id, why, text = text_fill(a, dice_pick(dice, scene->openings), values);
    const struct sim_say what = {.from_id = str_print(a, "%.*s.%02lld@inbox.example", SARG(l->code),
                                     (long long)dice_between(dice, 10, 99)),
        .from_name = values->name,
        .text = str_print(a, "%.*s\n\n%.*s", SARG(text), SARG(values->name)),
        .more = more_of(a, S(""), S(""), l->code, then, THEN_MAX)};
    (void)sim_say(sim, a, S("email"), &what, &id, &why); /* nobody misses it */
}
