/* email_relay: the name that a relay gives a mail instead of ours, as its last answer says it:
 * answers of customers and reports then carry that one. See email.h. Source: Amazon SES ("Ok
 * 0100…", the mail then is <0100…@email.amazonses.com>, in other regions @<region>.amazonses.com),
 * Microsoft ("OK <…@….prod.outlook.com> [Hostname=…]"), 2026; contract sheet of the email channel,
 * 3. Thread: pure. */
#include "connector/email.h"

enum { ID_BYTES = 200, SES_ID_LEAST = 20 };

static bool is_id(str s)
{
    ptrdiff_t at = str_find_byte(s, '@');
    bool is = at > 0 && at < s.len - 1 && s.len <= ID_BYTES;
    for (ptrdiff_t i = 0; is && i < s.len; i++)
        is = (unsigned char)s.at[i] > ' ' && (unsigned char)s.at[i] < 0x7f && s.at[i] != '<' &&
             s.at[i] != '>';
    return is;
}

/* The first "<…@…>". */
static str bracketed(str words)
{
    str before, rest = words, id;
    while (str_cut(rest, '<', &before, &rest))
        if (str_cut(rest, '>', &id, &before) && is_id(id))
            return id;
    return (str){0};
}

/* "email-smtp.us-west-2.amazonaws.com" → "us-west-2" */
static str ses_region(str host)
{
    str head, region, rest;
    if (!str_cut(host, '.', &head, &rest) || !str_starts(head, S("email-smtp")) ||
        !str_cut(rest, '.', &region, &rest) || !str_eq_nocase(rest, S("amazonaws.com")))
        return (str){0};
    return region;
}

static bool is_ses_id(str s)
{
    bool is = s.len >= SES_ID_LEAST && s.len <= ID_BYTES;
    for (ptrdiff_t i = 0; is && i < s.len; i++)
        is = str_hex_digit(s.at[i]) >= 0 || s.at[i] == '-';
    return is;
}

str email_relay_id(struct arena *a, str host, str words)
{
    str region = ses_region(host), word, rest = str_trim(words);
    if (!region.len)
        return bracketed(words);
    if (!str_cut(rest, ' ', &word, &rest) || !str_eq_nocase(word, S("Ok")))
        return (str){0};
    (void)str_cut(str_trim(rest), ' ', &word, &rest); /* without one: the whole */
    if (!is_ses_id(word))
        return (str){0};
    bool is_first = str_eq_nocase(region, S("us-east-1"));
    return str_print(
        a, "%.*s@%.*s.amazonses.com", SARG(word), SARG(is_first ? S("email") : region));
}
