/* report_text: reports that are only words. Conservative: from a mailer, with a sentence that only
 * such reports have; what is doubtful is no report (it then is a mail like any other, from a
 * robot). The sentences: qmail, sendmail, Postfix, Exim, Exchange 5.5 to 365, Gmail, Yahoo, Lotus
 * Domino, MDaemon, Novell GroupWise, Mimecast; texts as these programs write them, in English but
 * for Exchange's. */
#include <string.h>

#include "base/utf8.h"
#include "text/report_inner.h"

enum { AFTER_BYTES = 4000 /* behind the sentence, in which recipient and reason are looked for */ };

enum weight { PERMANENT, GIVEN_UP /* permanent only with a code that says so */, DELAYED };

struct sentence {
    str words; /* lower case, ASCII or as Exchange writes it */
    enum weight weight;
};

static const struct sentence sentences[] = {
    {S_INIT("this is a permanent error; i've given up"),                                   PERMANENT},
    {S_INIT("the following addresses had permanent fatal errors"),                         PERMANENT},
    {S_INIT("delivery to the following recipient failed permanently"),                     PERMANENT},
    {S_INIT("delivery to the following recipients failed permanently"),                    PERMANENT},
    {S_INIT("this is a permanent error. the following address"),                           PERMANENT},
    {S_INIT("couldn't be found, or is unable to receive mail"),                            PERMANENT},
    {S_INIT("following recipient(s) cannot be reached"),                                   PERMANENT},
    {S_INIT("not listed in domino directory"),                                             PERMANENT},
    {S_INIT("not listed in public name & address book"),                                   PERMANENT},
    {S_INIT("the following addresses had transient non-fatal errors"),                     DELAYED  },
    {S_INIT("this is a warning message only"),                                             DELAYED  },
    {S_INIT("delivery to the following recipient has been delayed"),                       DELAYED  },
    {S_INIT("delivery to the following recipients has been delayed"),                      DELAYED  },
    {S_INIT("there was a temporary problem delivering your message"),                      DELAYED  },
    {S_INIT("has not yet been delivered"),                                                 DELAYED  },
    {S_INIT("your message could not be delivered to one or more recipients"),              GIVEN_UP },
    {S_INIT("a message that you sent could not be delivered to one or more"),              GIVEN_UP },
    {S_INIT("a message that you have sent could not be delivered"),                        GIVEN_UP },
    {S_INIT("delivery has failed to these recipients"),                                    GIVEN_UP },
    {S_INIT("did not reach some or all of the intended recipients"),                       GIVEN_UP },
    {S_INIT("delivery to the following recipients failed"),                                GIVEN_UP },
    {S_INIT("unable to deliver your message to the following"),                            GIVEN_UP },
    {S_INIT("i wasn't able to deliver your message to the following addresses"),           GIVEN_UP },
    {S_INIT("your message wasn't delivered to"),                                           GIVEN_UP },
    {S_INIT("your message was not delivered to"),                                          GIVEN_UP },
    {S_INIT("your message couldn't be delivered"),                                         GIVEN_UP },
    {S_INIT("your message could not be delivered to"),                                     GIVEN_UP },
    {S_INIT("the following message to <"),                                                 GIVEN_UP },
    {S_INIT("the message that you sent was undeliverable"),                                GIVEN_UP },
    {S_INIT("your mail message to the following address"),                                 GIVEN_UP },
    {S_INIT("could not be delivered to the following recipient"),                          GIVEN_UP },
    {S_INIT("fehler bei der nachrichtenzustellung an folgende"),                           GIVEN_UP },
    {S_INIT("die nachricht konnte nicht an folgende"),                                     GIVEN_UP },
    {S_INIT("échec de la remise à ces destinataires"),                                   GIVEN_UP },
    {S_INIT("error al entregar a estos destinatarios"),                                    GIVEN_UP },
    {S_INIT("impossibile recapitare il messaggio ai"),                                     GIVEN_UP },
    {S_INIT("não foi possível entregar a mensagem a"),                                   GIVEN_UP },
    {S_INIT("не удалось выполнить доставку следующим"), GIVEN_UP },
};

/* Words of servers that name the reason without a code. */
static const struct {
    str words, status;
} reasons[] = {
    {S_INIT("user unknown"),                   S_INIT("5.1.1")},
    {S_INIT("unknown user"),                   S_INIT("5.1.1")},
    {S_INIT("no such user"),                   S_INIT("5.1.1")},
    {S_INIT("no mailbox here by that name"),   S_INIT("5.1.1")},
    {S_INIT("mailbox not found"),              S_INIT("5.1.1")},
    {S_INIT("address not found"),              S_INIT("5.1.1")},
    {S_INIT("couldn't be found"),              S_INIT("5.1.1")},
    {S_INIT("recipient not found"),            S_INIT("5.1.1")},
    {S_INIT("does not exist"),                 S_INIT("5.1.1")},
    {S_INIT("doesn't have a yahoo"),           S_INIT("5.1.1")},
    {S_INIT("not listed in domino directory"), S_INIT("5.1.1")},
    {S_INIT("couldn't find any host named"),   S_INIT("5.1.2")},
    {S_INIT("host or domain name not found"),  S_INIT("5.1.2")},
    {S_INIT("host unknown"),                   S_INIT("5.1.2")},
    {S_INIT("unrouteable address"),            S_INIT("5.1.2")},
    {S_INIT("account has been disabled"),      S_INIT("5.2.1")},
    {S_INIT("mailbox is disabled"),            S_INIT("5.2.1")},
    {S_INIT("mailbox is full"),                S_INIT("5.2.2")},
    {S_INIT("mailbox full"),                   S_INIT("5.2.2")},
    {S_INIT("over quota"),                     S_INIT("5.2.2")},
    {S_INIT("quota exceeded"),                 S_INIT("5.2.2")},
    {S_INIT("message too large"),              S_INIT("5.3.4")},
    {S_INIT("message size exceeds"),           S_INIT("5.3.4")},
};

static bool has_local(str address, const char *local)
{
    str head, rest;
    return str_cut(address, '@', &head, &rest) && str_eq_nocase(head, str_from(local));
}

static bool is_from_mailer(const struct mime_mail *mail)
{
    str path = str_trim(mime_header(mail, "Return-Path"));
    return has_local(mail->from_address, "mailer-daemon") ||
           has_local(mail->from_address, "postmaster") || str_eq(path, S("<>"));
}

/* Typographic apostrophes as ASCII ones, white space runs as one space: programs wrap where they
 * like. ASCII letters in lower case. */
static str flatten(struct arena *a, str text)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool is_space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (is_space && b.len > 0 && b.at[b.len - 1] == ' ')
            continue;
        if (str_starts(str_skip(text, i), S("\u2019"))) {
            sb_byte(&b, '\'');
            i += 2;
        } else {
            sb_byte(&b, is_space ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
        }
    }
    return sb_str(&b);
}

/* The sentence that stands first; -1 = none. A fixed number of passes over a bounded text. */
static int find_sentence(str flat, ptrdiff_t *at)
{
    int found = -1;
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        ptrdiff_t here = str_find(flat, sentences[i].words);
        if (here < 0 || (found >= 0 && sentences[i].weight > sentences[found].weight) ||
            (found >= 0 && sentences[i].weight == sentences[found].weight && here > *at))
            continue;
        found = (int)i;
        *at = here;
    }
    return found;
}

static bool is_address_byte(char c)
{
    unsigned char u = (unsigned char)c;
    return u > ' ' && u != 0x7f && strchr("<>()[]\",;:'", c) == NULL;
}

static bool is_ours(const struct mime_mail *mail, str address)
{
    for (int i = 0; i < mail->n_to; i++)
        if (str_eq_nocase(mail->to[i].address, address))
            return true;
    return str_eq_nocase(mail->from_address, address);
}

/* The first address in the text that is neither the mailer's nor ours. */
static str find_address(struct arena *a, const struct mime_mail *mail, str text)
{
    for (ptrdiff_t i = 0; i < text.len; i++) {
        ptrdiff_t at = str_find_byte(str_skip(text, i), '@');
        if (at < 0)
            return S("");
        at += i;
        ptrdiff_t from = at, to = at + 1;
        while (from > i && is_address_byte(text.at[from - 1]))
            from--;
        while (to < text.len && is_address_byte(text.at[to]) && text.at[to] != '@')
            to++;
        i = to - 1;
        str found = str_sub(text, from, to - from);
        while (found.len > 0 && (found.at[found.len - 1] == '.' || found.at[found.len - 1] == '!'))
            found.len--;
        str address = report_address(a, found);
        if (address.len > 0 && str_find_byte(address, '.') > 0 && !is_ours(mail, address))
            return address;
    }
    return S("");
}

/* Message-ID of the returned mail where its header stands in the text. */
static str find_id(str text)
{
    ptrdiff_t at = str_find(text, S("\nMessage-ID:"));
    at = at < 0 ? str_find(text, S("\nMessage-Id:")) : at;
    if (at < 0)
        return S("");
    str line, rest;
    (void)str_cut(str_skip(text, at + 12), '\n', &line, &rest);
    return report_id(line);
}

/* The line of the text that holds the code or the reason. */
static str line_around(str text, ptrdiff_t at)
{
    ptrdiff_t from = at, to = at;
    while (from > 0 && text.at[from - 1] != '\n')
        from--;
    while (to < text.len && text.at[to] != '\n')
        to++;
    return str_sub(text, from, to - from);
}

static void find_reason(struct arena *a, str text, struct mail_report *out)
{
    out->status = report_status_in(text);
    if (out->status.len > 0) {
        out->diagnostic = report_line(a, line_around(text, out->status.at - text.at));
        return;
    }
    str lower = str_lower_ascii(a, text);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        ptrdiff_t at = str_find(lower, reasons[i].words);
        if (at < 0)
            continue;
        out->status = reasons[i].status;
        out->diagnostic = report_line(a, line_around(text, at));
        return;
    }
}

/* Where the returned mail begins: what stands there is not the mailer's word. */
static str without_returned(str text)
{
    static const str marks[] = {S_INIT("--- Below this line is a copy of the message"),
        S_INIT("------ This is a copy of"), S_INIT("   ----- Original message follows"),
        S_INIT("----- Original message -----"), S_INIT("Original message headers:")};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        ptrdiff_t at = str_find(text, marks[i]);
        if (at >= 0)
            text.len = at;
    }
    return text;
}

bool report_text_read(struct arena *a, const struct mime_mail *mail, struct mail_report *out)
{
    str text = utf8_prefix_bytes(mail->text, REPORT_TEXT_BYTES);
    if (text.len == 0 || !is_from_mailer(mail))
        return false;
    str said = without_returned(text);
    ptrdiff_t at = 0;
    int found = find_sentence(flatten(a, said), &at);
    /* Exim and Gmail name the address in a header, and only when they gave up. */
    str failed = report_address(a, mime_header(mail, "X-Failed-Recipients"));
    if (found < 0 && failed.len == 0)
        return false;
    /* `at` is a place in the flat text, which is no longer than the text itself. */
    str after = str_sub(said, at, AFTER_BYTES);
    enum weight weight = found < 0 ? GIVEN_UP : sentences[found].weight;
    out->recipient = failed.len > 0 ? failed : find_address(a, mail, after);
    if (out->recipient.len == 0) /* Domino names it before the reason */
        out->recipient = find_address(a, mail, said);
    find_reason(a, after, out);
    out->message_id = find_id(text);
    bool is_class_5 = str_starts(out->status, S("5"));
    if (weight == GIVEN_UP && out->status.len == 0)
        is_class_5 = report_reply_class(after) == '5';
    out->kind = weight == DELAYED ? REPORT_DELAY : REPORT_BOUNCE;
    out->action = weight == DELAYED ? S("delayed") : S("failed");
    out->is_permanent = out->kind == REPORT_BOUNCE && (weight == PERMANENT || is_class_5);
    out->is_bad_address =
        out->is_permanent && out->recipient.len > 0 && report_status_is_bad_address(out->status);
    out->words = out->kind == REPORT_DELAY ? S(REPORT_DELAYED_WORDS)
                 : out->status.len         ? report_status_words(out->status)
                                           : S(REPORT_FAILED_WORDS);
    return true;
}
