/* report_words: status codes (RFC 3463, 5248 and the IANA registry of enhanced status codes, 2026)
 * in words for people, and the small readers that both kinds of report need. */
#include "base/utf8.h"
#include "text/report_inner.h"
#include <string.h>

struct status_row {
    const char *detail; /* without the class: ".1.1"; a subject alone: ".1" */
    bool is_bad_address;
    const char *words;
};

static const struct status_row statuses[] = {
    {".1.0",   false, "The address was not accepted."                                            },
    {".1.1",   true,  "The mailbox does not exist."                                              },
    {".1.2",   true,  "The domain of the address does not exist."                                },
    {".1.3",   true,  "The address is not written correctly."                                    },
    {".1.4",   false, "The address fits more than one mailbox."                                  },
    {".1.6",   true,  "The mailbox has moved, and nobody knows where to."                        },
    {".1.7",   false, "Our sender address is not accepted."                                      },
    {".1.8",   false, "The domain of our sender address is not accepted."                        },
    {".1.10",  true,  "The domain of the address accepts no mail."                               },
    {".1",     false, "There is something wrong with the address."                               },
    {".2.0",   false, "There is something wrong with the mailbox."                               },
    {".2.1",   true,  "The mailbox is disabled."                                                 },
    {".2.2",   false, "The mailbox is full."                                                     },
    {".2.3",   false, "The mail is too big for the mailbox."                                     },
    {".2.4",   false, "A mailing list could not be resolved."                                    },
    {".2",     false, "There is something wrong with the mailbox."                               },
    {".3.1",   false, "The recipient's mail server has no space left."                           },
    {".3.2",   false, "The recipient's mail server takes no mail at present."                    },
    {".3.4",   false, "The mail is too big for the recipient's mail server."                     },
    {".3",     false, "There is something wrong with the recipient's mail server."               },
    {".4.1",   false, "The recipient's mail server does not answer."                             },
    {".4.2",   false, "The connection to the recipient's mail server broke."                     },
    {".4.3",   false, "The recipient's domain could not be looked up."                           },
    {".4.4",   false, "There is no way to the recipient's mail server."                          },
    {".4.5",   false, "The recipient's mail server is overloaded."                               },
    {".4.6",   false, "The mail went round in circles."                                          },
    {".4.7",   false, "The mail could not be delivered in time."                                 },
    {".4",     false, "The network or the recipient's mail server could not be reached."         },
    {".5.3",   false, "The mail has too many recipients."                                        },
    {".5",     false, "The mail servers did not understand each other."                          },
    {".6",     false, "The recipient's mail server cannot handle the contents of the mail."      },
    {".7.1",   false, "The recipient's mail server refuses the mail."                            },
    {".7.20",  false, "The mail is refused because its signature (DKIM) does not hold."          },
    {".7.21",  false, "The mail is refused because its signature (DKIM) does not hold."          },
    {".7.22",  false, "The mail is refused because its signature (DKIM) is of another domain."   },
    {".7.23",  false, "The mail is refused because our server may not send for our domain (SPF)."},
    {".7.24",  false, "The mail is refused because our domain's SPF record could not be read."   },
    {".7.25",  false, "The mail is refused because our server's address has no name in DNS."     },
    {".7.26",  false, "The mail is refused because it is not authenticated (SPF, DKIM, DMARC)."  },
    {".7.27",  false, "The mail is refused because our sender domain accepts no mail."           },
    {".7.28",  false, "The mail is refused because we sent too many."                            },
    {".7.606", false, "The mail is refused because our server's address is blocked."             },
    {".7",     false, "The mail is refused by a rule of the recipient's mail server."            },
};

/* Sentences that no status stands behind. */
static const struct {
    const char *name, *words;
} others[] = {
    {"delivered", REPORT_DELIVERED_WORDS},
    {"later",     REPORT_LATER_WORDS    },
    {"failed",    REPORT_FAILED_WORDS   },
    {"delayed",   REPORT_DELAYED_WORDS  },
    {"read",      REPORT_READ_WORDS     },
    {"deleted",   REPORT_DELETED_WORDS  },
    {"denied",    REPORT_DENIED_WORDS   },
    {"unread",    REPORT_UNREAD_WORDS   },
};

static str class_words(str status)
{
    return str_starts(status, S("2"))   ? S(REPORT_DELIVERED_WORDS)
           : str_starts(status, S("4")) ? S(REPORT_LATER_WORDS)
                                        : S(REPORT_FAILED_WORDS);
}

static const struct status_row *row_of(str status)
{
    str detail = str_skip(status, 1), subject = detail;
    for (ptrdiff_t i = 1; i < detail.len; i++) {
        if (detail.at[i] == '.') {
            subject.len = i;
            break;
        }
    }
    const struct status_row *of_subject = NULL;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        str row = str_from(statuses[i].detail);
        if (str_eq(row, detail))
            return &statuses[i];
        if (str_eq(row, subject))
            of_subject = &statuses[i];
    }
    return of_subject;
}

str report_status_words(str status)
{
    const struct status_row *row = str_starts(status, S("2")) ? NULL : row_of(status);
    return row != NULL ? str_from(row->words) : class_words(status);
}

/* `words` is the sentence, or the sentence and what the server said in brackets. */
static bool begins_with(str words, const char *sentence, str *said)
{
    str rest = str_skip(words, (ptrdiff_t)strlen(sentence));
    if (!str_starts(words, str_from(sentence)) || (rest.len && !str_starts(rest, S(" ("))))
        return false;
    *said = str_sub(rest, 2, rest.len - 2);
    if (said->len && said->at[said->len - 1] == ')') /* cut off, there is none */
        said->len--;
    return true;
}

str report_words_name(str words, str *said)
{
    str rest = S("");
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (begins_with(words, statuses[i].words, &rest)) {
            *said = rest;
            return str_skip(str_from(statuses[i].detail), 1);
        }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (begins_with(words, others[i].words, &rest)) {
            *said = rest;
            return str_from(others[i].name);
        }
    *said = words;
    return S("");
}

bool report_status_is_bad_address(str status)
{
    const struct status_row *row = str_starts(status, S("5")) ? row_of(status) : NULL;
    return row != NULL && row->is_bad_address;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One to three digits at `at`; their end, or -1. */
static ptrdiff_t skip_number(str s, ptrdiff_t at)
{
    ptrdiff_t end = at;
    while (end < s.len && is_digit(s.at[end]) && end - at < 4)
        end++;
    return end > at && end - at <= 3 ? end : -1;
}

str report_status_at(str s)
{
    if (s.len < 5 || (s.at[0] != '2' && s.at[0] != '4' && s.at[0] != '5') || s.at[1] != '.')
        return S("");
    ptrdiff_t at = skip_number(s, 2);
    if (at < 0 || at >= s.len || s.at[at] != '.')
        return S("");
    at = skip_number(s, at + 1);
    if (at < 0 || (at < s.len && is_digit(s.at[at])))
        return S("");
    /* "5.1.1.2" is an address of a host, "5.1.1." the end of a sentence. */
    if (at + 1 < s.len && s.at[at] == '.' && is_digit(s.at[at + 1]))
        return S("");
    return str_sub(s, 0, at);
}

static bool may_stand_before(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '#' || c == '(' || c == '-' || c == '[' ||
           c == ':' || c == ';' || c == '=';
}

str report_status_in(str text)
{
    for (ptrdiff_t i = 0; i < text.len; i++) {
        if (i > 0 && !may_stand_before(text.at[i - 1]))
            continue;
        str status = report_status_at(str_skip(text, i));
        if (status.len > 0 && status.at[0] != '2')
            return status;
    }
    return S("");
}

char report_reply_class(str text)
{
    for (ptrdiff_t i = 0; i + 2 < text.len; i++) {
        bool begins = i == 0 || may_stand_before(text.at[i - 1]);
        bool ends = i + 3 >= text.len || may_stand_before(text.at[i + 3]);
        bool is_class = text.at[i] == '4' || text.at[i] == '5';
        /* 0 to 7: what replies have there; other numbers are amounts or ports. */
        bool is_code =
            is_class && text.at[i + 1] >= '0' && text.at[i + 1] <= '7' && is_digit(text.at[i + 2]);
        if (begins && ends && is_code)
            return text.at[i];
    }
    return 0;
}

str report_address(struct arena *a, str s)
{
    str type, rest;
    if (str_cut(s, ';', &type, &rest) && str_find_byte(type, '@') < 0)
        s = rest;
    ptrdiff_t open = str_find_byte(s, '<'), close = str_find_byte(s, '>');
    if (open >= 0 && close > open)
        s = str_sub(s, open + 1, close - open - 1);
    s = utf8_fold(a, utf8_repair(a, str_trim(s)));
    ptrdiff_t at = str_find_byte(s, '@');
    bool is_address = at > 0 && at < s.len - 1 && s.len <= 320 && str_find_byte(s, ' ') < 0;
    return is_address && !utf8_has_control(s) ? s : S("");
}

str report_id(str s)
{
    ptrdiff_t open = str_find_byte(s, '<'), close = str_find_byte(s, '>');
    if (open >= 0 && close > open)
        s = str_sub(s, open + 1, close - open - 1);
    s = str_trim(s);
    return str_find_byte(s, ' ') < 0 && s.len <= MIME_ID_BYTES ? s : S("");
}

str report_line(struct arena *a, str s)
{
    s = str_trim(utf8_repair(a, str_sub(s, 0, 4 * REPORT_WORDS_BYTES)));
    return utf8_prefix_bytes(str_one_line(a, s), REPORT_WORDS_BYTES);
}
