/* Unit tests of text/quote, plain text: mails as mail programs write them, with what is whose. */
#include "test.h"

#include "text/quote.h"

struct row {
    const char *text, *own, *quoted, *signature;
};

static void hold_to(const struct row *rows, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        struct quote_parts p;
        quote_split(str_from(rows[i].text), &p);
        bool is_as = str_eq(p.own, str_from(rows[i].own)) &&
                     str_eq(p.quoted, str_from(rows[i].quoted)) &&
                     str_eq(p.signature, str_from(rows[i].signature));
        if (!is_as)
            print_error("row %d \"%s\":\nown \"%.*s\"\nquoted \"%.*s\"\nsignature \"%.*s\"\n",
                (int)i, rows[i].text, SARG(p.own), SARG(p.quoted), SARG(p.signature));
        is_good &= is_as;
    }
    assert_true(is_good);
}
#define HOLD(rows) hold_to(rows, sizeof rows / sizeof rows[0])

static void mails_without_a_quote_are_whole(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"",                                                             "",                                  "", ""},
        {"Hello",                                                        "Hello",                             "", ""},
        {"\n\n Hello \n\n",                                              "Hello",                             "", ""},
        {"Hello\n\nWhere is my order?\nAsha",                            "Hello\n\nWhere is my order?\nAsha", "", ""},
        {"From: Dhaka\nTo: Chittagong\nDate: 3 March\nTwo seats please",
         "From: Dhaka\nTo: Chittagong\nDate: 3 March\nTwo seats please",                                      "", ""},
        {"On Tuesday he wrote:\nit is sent. But it is not here.",
         "On Tuesday he wrote:\nit is sent. But it is not here.",                                             "", ""},
        {"On 3 March you wrote:\nit is sent. It is not.",
         "On 3 March you wrote:\nit is sent. It is not.",                                                     "", ""},
        {"I order:\n- 2 cups\n- 1 plate",                                "I order:\n- 2 cups\n- 1 plate",     "", ""},
        {"Our meeting 10:30 in 2026, agenda:\nfirst point",
         "Our meeting 10:30 in 2026, agenda:\nfirst point",                                                   "", ""},
        {"5 > 3 and 2 < 4",                                              "5 > 3 and 2 < 4",                   "", ""},
        {"a\n---\nb",                                                    "a\n---\nb",                         "", ""},
        {"The original message was lost.\nForwarded message never came",
         "The original message was lost.\nForwarded message never came",                                      "", ""},
        {"Subject: none\nFrom: me",                                      "Subject: none\nFrom: me",           "", ""},
        {"Am 01.01.2026 schrieb ich Ihnen, es war:\nnichts da",
         "Am 01.01.2026 schrieb ich Ihnen, es war:\nnichts da",                                               "", ""},
        {"Hello\r\nthere\r\n",                                           "Hello\r\nthere",                    "", ""},
    };
    HOLD(rows);
}

#define Q      "\n\n> your order\n> is sent\n"
#define QUOTED "> your order\n> is sent"

static void quoted_lines_below_are_folded(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Thanks" Q,                                                                                    "Thanks",                QUOTED,                                                                      ""},
        {"Thanks\n> your order\n> is sent",                                                             "Thanks",                QUOTED,                                                                      ""},
        {"Thanks\n\n>> deep\n> q\n>\n> q",                                                              "Thanks",                ">> deep\n> q\n>\n> q",                                                      ""},
        {"Thanks\n\n  > indented\n",                                                                    "Thanks",                "> indented",                                                                ""},
        {"Thanks\n\n> a\n\n> b\n\n\n",                                                                  "Thanks",                "> a\n\n> b",                                                                ""},
        {"Thanks\r\n\r\nOn Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com> wrote:\r\n\r\n> q\r\n",
         "Thanks",                                                                                                               "On Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com> wrote:\r\n\r\n> q",
         ""                                                                                                                                                                                                     },
        {"Thanks\n\nCare wrote:" Q,                                                                     "Thanks",                "Care wrote:\n\n" QUOTED,                                                    ""},
        {"ধন্যবাদ\n\nরহিমা লিখেছেন:" Q,                           "ধন্যবাদ", "রহিমা লিখেছেন:\n\n" QUOTED,                         ""},
        {"شكرا\n\nكتب \u2068Asha\u2069:" Q,                                                      "شكرا",              "كتب \u2068Asha\u2069:\n\n" QUOTED,                                       ""},
        {"Thanks\n\nOn 1/1/26 Care wrote:" Q,                                                           "Thanks",                "On 1/1/26 Care wrote:\n\n" QUOTED,                                          ""},
        {"Thanks\nOn Thursday Care wrote:\n> q",                                                        "Thanks",                "On Thursday Care wrote:\n> q",                                              ""},
        {"See this:\n> q",                                                                              "See this:",             "> q",                                                                       ""},
        {"My order 2026 is late\nCare wrote:\n> q",                                                     "My order 2026 is late", "Care wrote:\n> q",
         ""                                                                                                                                                                                                     },
    };
    HOLD(rows);
}

/* One row a language: the line as Gmail, Apple Mail, Outlook or Thunderbird write it. */
static void on_wrote_is_known_in_many_languages(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "On Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com> wrote:",
        "On 1 Jan 2026, at 10:00, Care <care@example.com> wrote:",
        "On 2026-01-01 10:00, Care wrote:",
        /* Seva's own: the server's, and the console's in each of its languages. */
        "On 2026-01-31 at 09:30 UTC, Asha Rao wrote:",
        "On Mar 2, 2026, 9:00\u202fAM, Asha wrote:",
        "২ মার্চ, ২০২৬, ৯:০০ AM তারিখে রহিমা লিখেছেন:",
        "في 02\u200f/03\u200f/2026، 9:00 ص كتب \u2068Asha\u2069:",
        "On 01/01/2026 10:00, Care wrote:",
        "Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Care <care@example.com>:",
        "Am 01.01.2026 um 10:00 schrieb Care:",
        "Care <care@example.com> schrieb am Do. 1. Jan. 2026 um 10:00:",
        "Le jeu. 1 janv. 2026 à 10:00, Care <care@example.com> a écrit :",
        "Le 1 janv. 2026 à 10h00, Care a écrit :",
        "El jue, 1 ene 2026 a las 10:00, Care (<care@example.com>) escribió:",
        "O xov., 1 xan. 2026 ás 10:00, Care (<care@example.com>) escribiu:",
        "Il giorno gio 1 gen 2026 alle ore 10:00 Care <care@example.com> ha scritto:",
        "Em qui., 1 de jan. de 2026 às 10:00, Care <care@example.com> escreveu:",
        "Missatge de Care <care@example.com> del dia dj., 1 de gen. 2026 a les 10:00:",
        "Op do 1 jan 2026 om 10:00 schreef Care <care@example.com>:",
        "Den tors 1 jan. 2026 kl 10:00 skrev Care <care@example.com>:",
        "Den tors. 1. jan. 2026 kl. 10.00 skrev Care <care@example.com>:",
        "tor. 1. jan. 2026 kl. 10:00 skrev Care <care@example.com>:",
        "to 1. tammik. 2026 klo 10.00 Care (care@example.com) kirjoitti:",
        "Kasutaja Care (<care@example.com>) kirjutas kuupäeval N, 1. jaanuar 2026 kell 10:00:",
        "Care (<care@example.com>) rakstīja (ceturtd., 2026. g. 1. janv., plkst. 10:00):",
        "2026-01-01, kt, 10:00 Care <care@example.com> rašė:",
        "czw., 1 sty 2026 o 10:00 Care <care@example.com> napisał(a):",
        "W dniu 1.01.2026 o 10:00, Care pisze:",
        "čt 1. 1. 2026 v 10:00 odesílatel Care <care@example.com> napsal:",
        "št 1. 1. 2026 o 10:00 Care <care@example.com> napísal(a):",
        "Care <care@example.com> ezt írta (időpont: 2026. jan. 1., Cs, 10:00):",
        "În joi, 1 ian. 2026 la 10:00, Care <care@example.com> a scris:",
        "čet, 1. sij 2026. u 10:00 Care <care@example.com> napisao je:",
        "V V čet., 1. jan. 2026 ob 10:00 je oseba Care <care@example.com> napisala:",
        "чет, 1. јан 2026. у 10:00 Care <care@example.com> је написао/ла:",
        "чт, 1 янв. 2026 г. в 10:00, Care <care@example.com>:",
        "1 января 2026 г., 10:00 пользователь Care <care@example.com> написал:",
        "чт, 1 січ. 2026 р. о 10:00 Care <care@example.com> пише:",
        "На чт, 1.01.2026 г. в 10:00 Care <care@example.com> написа:",
        "Στις Πέμ 1 Ιαν 2026 στις 10:00 π.μ., ο χρήστης Care <care@example.com> έγραψε:",
        "Care <care@example.com>, 1 Oca 2026 Per, 10:00 tarihinde şunu yazdı:",
        "في الخميس، 1 يناير 2026 في 10:00 ص تمت كتابة ما يلي بواسطة Care <care@example.com>:",
        "في ١ يناير ٢٠٢٦، الساعة ١٠:٠٠، كتب Care <care@example.com>:",
        ("\u202Bבתאריך יום ה׳, 1 בינו׳ 2026 ב-10:00 מאת \u202ACare\u202C "
         "<\u202Acare@example.com\u202C>:\u202C"),
        "در تاریخ پنجشنبه ۱ ژانویهٔ ۲۰۲۶،‏ ۱۰:۰۰ Care <care@example.com> نوشت:",
        "جمعرات، 1 جنوری 2026 کو 10:00 بجے Care <care@example.com> نے لکھا:",
        "বৃহস্পতি, ১ জানু, ২০২৬ তারিখে ১০:০০ AM টায় Care <care@example.com> লিখেছেন:",
        "বৃহস্পতি, 1 জানু, 2026 10:00 AM এ Care <care@example.com> লিখেছে:",
        "गुरु, 1 जन॰ 2026 को 10:00 am बजे Care <care@example.com> ने लिखा:",
        "गुरु, १ जाने, २०२६ रोजी १०:०० AM वाजता Care <care@example.com> ने लिहिले:",
        "ગુરુ, 1 જાન્યુ, 2026 એ 10:00 AM વાગ્યે Care <care@example.com> એ લખ્યું:",
        "வியா., 1 ஜன., 2026, முற்பகல் 10:00 அன்று, Care <care@example.com> எழுதியது:",
        "గురు, 1 జన, 2026న 10:00 AMకి, Care <care@example.com> ఇలా రాశారు:",
        "ในวันที่ พฤ. 1 ม.ค. 2026 เวลา 10:00 Care <care@example.com> เขียนว่า:",
        "Vào Th 5, 1 thg 1, 2026 vào lúc 10:00 Care <care@example.com> đã viết:",
        "Pada tanggal Kam, 1 Jan 2026 pukul 10.00 Care <care@example.com> menulis:",
        "Noong Huw, Ene 1, 2026 nang 10:00 AM, sumulat si Care <care@example.com>:",
        "Care <care@example.com> 于2026年1月1日周四 10:00写道：",
        "Care <care@example.com> 於 2026年1月1日 週四 上午10:00寫道：",
        "2026年1月1日(木) 10:00 Care <care@example.com>:",
        "2026/01/01 10:00、Careのメール:",
        "2026년 1월 1일 (목) 오전 10:00, Care <care@example.com>님이 작성:",
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct quote_parts p;
        /* Above quoted lines, and above a quote that nothing marks. */
        for (int marked = 0; marked < 2; marked++) {
            str quote =
                str_print(test_arena(), "%s\n\n%syour order is sent", lines[i], marked ? "> " : "");
            str text = str_print(test_arena(), "Thanks\n\n%.*s\n", SARG(quote));
            quote_split(text, &p);
            bool is_as = str_eq(p.own, S("Thanks")) && str_eq(p.quoted, quote);
            if (!is_as)
                print_error("%s (%d): own \"%.*s\"\n", lines[i], marked, SARG(p.own));
            is_good &= is_as;
        }
    }
    assert_true(is_good);
}

static void on_wrote_may_be_wrapped_over_three_lines(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Thanks\n\nOn Thu, Jan 1, 2026 at 10:00 AM Care Team\n<care@example.com> wrote:" Q,
         "Thanks",                                                                                         "On Thu, Jan 1, 2026 at 10:00 AM Care Team\n<care@example.com> wrote:\n\n" QUOTED,  ""},
        {"Thanks\n\nOn Thu, Jan 1, 2026 at 10:00 AM Care Team\n<care@example.com>\nwrote:" Q,
         "Thanks",                                                                                         "On Thu, Jan 1, 2026 at 10:00 AM Care Team\n<care@example.com>\nwrote:\n\n" QUOTED, ""},
        {"Thanks\n\nOn Thu, Jan 1, 2026\nat 10:00 AM, Care <care@example.com> wrote:\n\nq",
         "Thanks",                                                                                         "On Thu, Jan 1, 2026\nat 10:00 AM, Care <care@example.com> wrote:\n\nq",            ""},
        {"Thanks\nOn Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com>\nwrote:\n\nq",         "Thanks",
         "On Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com>\nwrote:\n\nq",                                                                                                               ""},
        {"Danke\n\nAm Do., 1. Jan. 2026 um 10:00 Uhr schrieb Care <\ncare@example.com>:\n\n> q",
         "Danke",                                                                                          "Am Do., 1. Jan. 2026 um 10:00 Uhr schrieb Care <\ncare@example.com>:\n\n> q",
         ""                                                                                                                                                                                      },
        {"Merci\n\nLe jeu. 1 janv. 2026 à 10:00, Care <care@example.com> a\nécrit :\n\n> q",
         "Merci",                                                                                          "Le jeu. 1 janv. 2026 à 10:00, Care <care@example.com> a\nécrit :\n\n> q",        ""},
        {"line one\nline two\nline three\nCare <care@example.com> wrote on 1/1/2026:\n> q",
         "line one\nline two\nline three",                                                                 "Care <care@example.com> wrote on 1/1/2026:\n> q",
         ""                                                                                                                                                                                      },
 /* Four lines are too many. */
        {"On Thu, Jan 1, 2026\nat 10:00 AM\nCare\n<care@example.com>\nand so on:\nq",
         "On Thu, Jan 1, 2026\nat 10:00 AM\nCare\n<care@example.com>\nand so on:\nq",                      "",                                                                                 ""},
    };
    HOLD(rows);
}

static void answers_between_and_below_quotes_stay_visible(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"> When?\nTomorrow.\n> Where?\nDhaka.",                              "> When?\nTomorrow.\n> Where?\nDhaka.", "",                     ""         },
        {"Hi,\n\n> When?\n\nTomorrow.",                                       "Hi,\n\n> When?\n\nTomorrow.",          "",                     ""         },
        {"Hi,\n> When?\nTomorrow.\n> Where?\nDhaka.\n> rest\n> rest",
         "Hi,\n> When?\nTomorrow.\n> Where?\nDhaka.",                                                                 "> rest\n> rest",       ""         },
        {"> When?\n\nTomorrow.",                                              "Tomorrow.",                            "> When?",              ""         },
        {"On Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com> wrote:\n> When?\n> Where?\n\n"
         "Tomorrow, Dhaka.\n",                                       "Tomorrow, Dhaka.",
         "On Thu, Jan 1, 2026 at 10:00 AM Care <care@example.com> wrote:\n> When?\n> Where?",                                                 ""         },
        {"Care wrote:\n> When?\n\nTomorrow.\n\n-- \nAsha",                    "Tomorrow.",                            "Care wrote:\n> When?",
         "-- \nAsha"                                                                                                                                     },
        {"Hello\n>From the beginning it was broken\nand still is",
         "Hello\n>From the beginning it was broken\nand still is",                                                    "",                     ""         },
        {"Hi\n\nCare wrote:\n> a\nyes\n\nOther wrote:\n> b\n",                "Hi\n\nCare wrote:\n> a\nyes",
         "Other wrote:\n> b",                                                                                                                 ""         },
        {"> a long line that the mail\nprogram wrapped\n> here\n\nMy answer",
         "> a long line that the mail\nprogram wrapped\n> here\n\nMy answer",                                         "",                     ""         },
        {"-----Original Message-----\n> q\n\nmy answer",                      "my answer",
         "-----Original Message-----\n> q",                                                                                                   ""         },
        {"top\n> q\nbelow\n-- \nAsha\n> rest",                                "top\n> q\nbelow",                      "> rest",               "-- \nAsha"},
    };
    HOLD(rows);
}

static void separators_of_forwards_and_originals_cut(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-----Original Message-----",
        "----- Original Message -----",
        "-------- Original Message --------",
        "---------- Forwarded message ---------",
        "---------- Forwarded message ----------",
        "-----Ursprüngliche Nachricht-----",
        "-------- Weitergeleitete Nachricht --------",
        "-----Message d'origine-----",
        "---------- Message transféré ----------",
        "-----Mensaje original-----",
        "-----Messaggio originale-----",
        "-----Mensagem original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Ursprungligt meddelande-----",
        "-----Oprindelig meddelelse-----",
        "-----Opprinnelig melding-----",
        "-----Alkuperäinen viesti-----",
        "-----Wiadomość oryginalna-----",
        "-----Původní zpráva-----",
        "-----Eredeti üzenet-----",
        "-----Исходное сообщение-----",
        "-----Αρχικό μήνυμα-----",
        "-----Orijinal Mesaj-----",
        "-----الرسالة الأصلية-----",
        "-----הודעה מקורית-----",
        "-----মূল বার্তা-----",
        "-----मूल संदेश-----",
        "-----原始邮件-----",
        "------------------ Original ------------------",
        "-----원본 메시지-----",
        "-----Pesan Asli-----",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
        "Début du message réexpédié :",
        "##- Please type your reply above this line -##",
        "##- Bitte oberhalb dieser Zeile antworten -##",
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct quote_parts p;
        str quote = str_print(test_arena(), "%s\nyour order\n\nis sent", lines[i]);
        quote_split(str_print(test_arena(), "Thanks\n\n%.*s\n", SARG(quote)), &p);
        bool is_as = str_eq(p.own, S("Thanks")) && str_eq(p.quoted, quote);
        if (!is_as)
            print_error("%s: own \"%.*s\"\n", lines[i], SARG(p.own));
        is_good &= is_as;
    }
    assert_true(is_good);
}

#define RULE "________________________________\n"

static void outlooks_header_block_cuts_in_its_languages(void **state)
{
    (void)state;
    static const char *const blocks[] = {
        "From: Care <care@example.com>\nSent: Thursday, January 1, 2026 10:00\nTo: Asha\nSubject: Re: order\n",
        RULE "From: Care <care@example.com>\nSent: Thursday\nTo: Asha\nSubject: Re: order\n",
        "*From:* Care\n*Sent:* Thursday\n*To:* Asha\n*Cc:* x\n*Subject:* order\n",
        "From: Care\nDate: Thu, Jan 1\nSubject: order\nTo: Asha\n",
        "Von: Care\nGesendet: Donnerstag\nAn: Asha\nBetreff: AW: Bestellung\n",
        "De : Care\nEnvoyé : jeudi\nÀ : Asha\nObjet : commande\n",
        "De: Care\nEnviado el: jueves\nPara: Asha\nAsunto: pedido\n",
        "Da: Care\nInviato: giovedì\nA: Asha\nOggetto: ordine\n",
        "De: Care\nEnviada em: quinta-feira\nPara: Asha\nAssunto: pedido\n",
        "Van: Care\nVerzonden: donderdag\nAan: Asha\nOnderwerp: bestelling\n",
        "Från: Care\nSkickat: den 1 januari\nTill: Asha\nÄmne: order\n",
        "Fra: Care\nSendt: 1. januar\nTil: Asha\nEmne: ordre\n",
        "Lähettäjä: Care\nLähetetty: torstai\nVastaanottaja: Asha\nAihe: tilaus\n",
        "Od: Care\nWysłano: czwartek\nDo: Asha\nTemat: zamówienie\n",
        "Od: Care\nOdesláno: čtvrtek\nKomu: Asha\nPředmět: objednávka\n",
        "Feladó: Care\nElküldve: csütörtök\nCímzett: Asha\nTárgy: rendelés\n",
        "De la: Care\nTrimis: joi\nCătre: Asha\nSubiect: comandă\n",
        "От: Care\nОтправлено: четверг\nКому: Asha\nТема: заказ\n",
        "Від: Care\nНадіслано: четвер\nКому: Asha\nТема: замовлення\n",
        "Από: Care\nΣτάλθηκε: Πέμπτη\nΠρος: Asha\nΘέμα: παραγγελία\n",
        "Kimden: Care\nGönderildi: Perşembe\nKime: Asha\nKonu: sipariş\n",
        "من: Care\nتم الإرسال: الخميس\nإلى: Asha\nالموضوع: طلب\n",
        "מאת: Care\nנשלח: יום חמישי\nאל: Asha\nנושא: הזמנה\n",
        "থেকে: Care\nতারিখ: বৃহস্পতি\nপ্রতি: Asha\nবিষয়: অর্ডার\n",
        "द्वारा: Care\nभेजा गया: गुरुवार\nको: Asha\nविषय: ऑर्डर\n",
        "จาก: Care\nส่ง: วันพฤหัสบดี\nถึง: Asha\nเรื่อง: คำสั่งซื้อ\n",
        "Từ: Care\nĐã gửi: Thứ Năm\nTới: Asha\nChủ đề: đơn hàng\n",
        "Dari: Care\nDikirim: Kamis\nKepada: Asha\nSubjek: pesanan\n",
        "发件人: Care\n发送时间: 2026年1月1日\n收件人: Asha\n主题: 订单\n",
        "发件人：Care\n发送时间：2026年1月1日\n收件人：Asha\n主题：订单\n",
        "寄件者: Care\n寄件日期: 2026年1月1日\n收件者: Asha\n主旨: 訂單\n",
        "差出人: Care\n送信日時: 2026年1月1日\n宛先: Asha\n件名: 注文\n",
        "보낸 사람: Care\n보낸 날짜: 2026년\n받는 사람: Asha\n제목: 주문\n",
    };
    bool is_good = true;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        struct quote_parts p;
        str quote = str_print(test_arena(), "%s\nyour order is sent", blocks[i]);
        quote_split(str_print(test_arena(), "Thanks\n\n%.*s\n", SARG(quote)), &p);
        bool is_as = str_eq(p.own, S("Thanks")) && str_eq(p.quoted, quote);
        if (!is_as)
            print_error("%s: own \"%.*s\"\n", blocks[i], SARG(p.own));
        is_good &= is_as;
    }
    assert_true(is_good);
}

static void signatures_are_told_apart(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Thanks\n\n-- \nAsha Rahman\nDhaka",                                                            "Thanks",                                  "",                                                            "-- \nAsha Rahman\nDhaka"                            },
        {"Thanks\n-- \nAsha\n\nCare wrote:\n> q",                                                        "Thanks",                                  "Care wrote:\n> q",                                            "-- \nAsha"                                          },
        {"Thanks\n--\nAsha",                                                                             "Thanks",                                  "",                                                            "--\nAsha"                                           },
        {"Thanks\n--\n1\n2\n3\n4\n5\n6\n7\n8\n9",                                                        "Thanks\n--\n1\n2\n3\n4\n5\n6\n7\n8\n9",   "",                                                            ""                                                   },
        {"Thanks\n\nSent from my iPhone",                                                                "Thanks",                                  "",                                                            "Sent from my iPhone"                                },
        {"Thanks\n\nSent from my iPhone\n\nOn 1 Jan 2026, at 10:00, Care <c@example.com> wrote:\n\n> q",
         "Thanks",                                                                                                                                  "On 1 Jan 2026, at 10:00, Care <c@example.com> wrote:\n\n> q",
         "Sent from my iPhone"                                                                                                                                                                                                                                          },
        {"Thanks\nSent from Outlook for Android<https://aka.ms/x>",                                      "Thanks",                                  "",
         "Sent from Outlook for Android<https://aka.ms/x>"                                                                                                                                                                                                              },
        {"Thanks\nGet Outlook for iOS\n" RULE "From: Care\nSent: x\nSubject: y\n\nq",                    "Thanks",
         RULE "From: Care\nSent: x\nSubject: y\n\nq",                                                                                                                                                              "Get Outlook for iOS"                                },
        {"Danke\n\nVon meinem iPhone gesendet",                                                          "Danke",                                   "",                                                            "Von meinem iPhone gesendet"                         },
        {"Danke\nGesendet mit der GMX Mail App",                                                         "Danke",                                   "",                                                            "Gesendet mit der GMX Mail App"                      },
        {"Merci\nEnvoyé de mon iPhone",                                                                 "Merci",                                   "",                                                            "Envoyé de mon iPhone"                              },
        {"Gracias\nEnviado desde mi iPhone",                                                             "Gracias",                                 "",                                                            "Enviado desde mi iPhone"                            },
        {"Grazie\nInviato da iPhone",                                                                    "Grazie",                                  "",                                                            "Inviato da iPhone"                                  },
        {"Obrigado\nEnviado do meu iPhone",                                                              "Obrigado",                                "",                                                            "Enviado do meu iPhone"                              },
        {"Dank\nVerstuurd vanaf mijn iPhone",                                                            "Dank",                                    "",                                                            "Verstuurd vanaf mijn iPhone"                        },
        {"Tack\nSkickat från min iPhone",                                                               "Tack",                                    "",                                                            "Skickat från min iPhone"                           },
        {"Tak\nSendt fra min iPhone",                                                                    "Tak",                                     "",                                                            "Sendt fra min iPhone"                               },
        {"Kiitos\nLähetetty iPhonesta",                                                                 "Kiitos",                                  "",                                                            "Lähetetty iPhonesta"                               },
        {"Dzięki\nWysłane z iPhone'a",                                                                 "Dzięki",                                 "",                                                            "Wysłane z iPhone'a"                                },
        {"Díky\nOdesláno z iPhonu",                                                                    "Díky",                                   "",                                                            "Odesláno z iPhonu"                                 },
        {"Спасибо\nОтправлено с iPhone",                                               "Спасибо",                          "",                                                            "Отправлено с iPhone"                     },
        {"Дякую\nНадіслано з iPhone",                                                     "Дякую",                              "",                                                            "Надіслано з iPhone"                       },
        {"Ευχαριστώ\nΣτάλθηκε από το iPhone μου",                               "Ευχαριστώ",                      "",                                                            "Στάλθηκε από το iPhone μου"         },
        {"Teşekkürler\niPhone'umdan gönderildi",                                                      "Teşekkürler",                           "",                                                            "iPhone'umdan gönderildi"                           },
        {"شكرا\nأُرسلت من الـ iPhone",                                                    "شكرا",                                "",                                                            "أُرسلت من الـ iPhone"                    },
        {"תודה\nנשלח מה-iPhone שלי",                                                        "תודה",                                "",                                                            "נשלח מה-iPhone שלי"                        },
        {"ধন্যবাদ\nআমার iPhone থেকে পাঠানো",                   "ধন্যবাদ",                   "",                                                            "আমার iPhone থেকে পাঠানো"},
        {"धन्यवाद\nमेरे iPhone से भेजा गया",                     "धन्यवाद",                   "",                                                            "मेरे iPhone से भेजा गया"  },
        {"谢谢\n发自我的 iPhone",                                                                  "谢谢",                                  "",                                                            "发自我的 iPhone"                                },
        {"謝謝\n從我的 iPhone 傳送",                                                              "謝謝",                                  "",                                                            "從我的 iPhone 傳送"                            },
        {"ありがとう\niPhoneから送信",                                                          "ありがとう",                         "",                                                            "iPhoneから送信"                                 },
        {"감사합니다\n나의 iPhone에서 보냄",                                                  "감사합니다",                         "",                                                            "나의 iPhone에서 보냄"                         },
 /* What only looks like one. */
        {"Thanks\nSent from my old address, sorry",                                                      "Thanks\nSent from my old address, sorry", "",
         ""                                                                                                                                                                                                                                                             },
        {"Sent from my iPhone yesterday:\n1\n2\n3\n4\n5",
         "Sent from my iPhone yesterday:\n1\n2\n3\n4\n5",                                                                                           "",                                                            ""                                                   },
        {"-- \nAsha",                                                                                    "-- \nAsha",                               "",                                                            ""                                                   },
        {"Sent from my iPhone",                                                                          "Sent from my iPhone",                     "",                                                            ""                                                   },
        {"Thanks\n-- \nAsha\n> q\nmore words",                                                           "Thanks\n-- \nAsha\n> q\nmore words",      "",                                                            ""                                                   },
    };
    HOLD(rows);
}

static void the_whole_text_stays_when_nothing_would_be_left(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"> q\n> q",                                             "> q\n> q",                   "", ""},
        {"---------- Forwarded message ---------\nFrom: x\n\nq",
         "---------- Forwarded message ---------\nFrom: x\n\nq",                               "", ""},
        {"Care wrote:\n> q",                                     "Care wrote:\n> q",           "", ""},
        {"Sent from my iPhone\n\n> q",                           "Sent from my iPhone\n\n> q", "", ""},
        {"##- Please type your reply above this line -##\nq",
         "##- Please type your reply above this line -##\nq",                                  "", ""},
    };
    HOLD(rows);
}

static void our_own_line_cuts_with_what_introduces_it(void **state)
{
    (void)state;
#define OURS "##- Please type your reply above this line -##"
    static const struct row rows[] = {
        {"Thanks\n" OURS "\nq\n> q\nq",                      "Thanks",                                    OURS "\nq\n> q\nq", ""},
        {"Thanks\n\nOn Thursday Care wrote:\n\n" OURS "\nq", "Thanks",
         "On Thursday Care wrote:\n\n" OURS "\nq",                                                                            ""},
        {"Thanks\n\n> " OURS "\n> q",                        "Thanks",                                    "> " OURS "\n> q",  ""},
        {"Please remove the ##- line -## from mails",        "Please remove the ##- line -## from mails",
         "",                                                                                                                  ""},
    };
    HOLD(rows);
}

static void every_piece_is_a_piece_of_the_text(void **state)
{
    (void)state;
    struct sb b = sb_make(test_arena(), 0);
    for (int i = 0; i < 200000; i++)
        sb_add(&b, S("own words\n"));
    struct quote_parts p;
    quote_split(sb_str(&b), &p);
    assert_int_equal(p.own.len, b.len - 1); /* beyond the limit too */
    sb_add(&b, S("> q"));
    quote_split(sb_str(&b), &p);
    assert_int_equal(p.own.len, b.len);
}

static void split_long(void *arg, ptrdiff_t n)
{
    struct arena a = arena_make(0);
    struct sb b = sb_make(&a, 0);
    struct quote_parts p;
    for (ptrdiff_t i = 0; i < n; i++)
        sb_add(&b, str_from(arg));
    quote_split(sb_str(&b), &p);
    arena_free(&a);
}

static void long_texts_take_time_in_proportion(void **state)
{
    (void)state;
    char wrote[] = "On 1/1/2026 at 10:00 we:\n", from[] = "From: a\n\n\n", marks[] = "> q\nx:\n";
    char dashes[] = "-- \n-----x-----\n";
    test_slope(split_long, wrote, 100);
    test_slope(split_long, from, 100);
    test_slope(split_long, marks, 100);
    test_slope(split_long, dashes, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(mails_without_a_quote_are_whole),
        TEST(quoted_lines_below_are_folded),
        TEST(on_wrote_is_known_in_many_languages),
        TEST(on_wrote_may_be_wrapped_over_three_lines),
        TEST(answers_between_and_below_quotes_stay_visible),
        TEST(separators_of_forwards_and_originals_cut),
        TEST(outlooks_header_block_cuts_in_its_languages),
        TEST(signatures_are_told_apart),
        TEST(the_whole_text_stays_when_nothing_would_be_left),
        TEST(our_own_line_cuts_with_what_introduces_it),
        TEST(every_piece_is_a_piece_of_the_text),
        TEST(long_texts_take_time_in_proportion),
    };
    return cmocka_run_group_tests_name("text_quote", tests, NULL, NULL);
}
