/* Reads a mail of ours: header fields, encoded words, the text in its two forms. See email.h. It is
 * written for itself, so that what Seva writes is read by somebody else's rules. */
#include <string.h>

#include "base/crypto.h"
#include "base/utf8.h"
#include "email.h"

enum { DEPTH_MAX = 8, PARTS_MAX = 64 };

/* ── encodings ── */

/* Quoted-printable; in encoded words (RFC 2047) "_" is a space. */
static str quoted_decode(struct arena *a, str s, bool is_word)
{
    struct sb b = sb_make(a, 0);
    for (ptrdiff_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        str rest = str_skip(s, i);
        if (c == '=' && str_starts(rest, S("=\r\n"))) {
            i += 2;
        } else if (c == '=' && rest.len > 2 && str_hex_digit(rest.at[1]) >= 0 &&
                   str_hex_digit(rest.at[2]) >= 0) {
            sb_byte(&b, (char)(str_hex_digit(rest.at[1]) * 16 + str_hex_digit(rest.at[2])));
            i += 2;
        } else {
            sb_byte(&b, is_word && c == '_' ? ' ' : c);
        }
    }
    return sb_str(&b);
}

static str base64_decode(struct arena *a, str s)
{
    struct sb b = sb_make(a, 0);
    str bytes = {0};
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i] != '\r' && s.at[i] != '\n')
            sb_byte(&b, s.at[i]);
    return crypto_unbase64(a, sb_str(&b), &bytes) == OK ? bytes : (str){0};
}

/* "=?UTF-8?B?…?=" at the start of s: its letters, and its length; 0: there is none. */
static ptrdiff_t word_read(struct arena *a, str s, str *letters)
{
    str charset, encoding, text, rest;
    if (!str_starts(s, S("=?")) || !str_cut(str_skip(s, 2), '?', &charset, &rest) ||
        !str_cut(rest, '?', &encoding, &rest) || !str_cut(rest, '?', &text, &rest) ||
        !str_starts(rest, S("=")))
        return 0;
    *letters =
        str_eq_nocase(encoding, S("B")) ? base64_decode(a, text) : quoted_decode(a, text, true);
    return 2 + charset.len + 1 + encoding.len + 1 + text.len + 2;
}

static str words_decode(struct arena *a, str s)
{
    struct sb b = sb_make(a, 0);
    bool was_word = false;
    while (s.len > 0) {
        str letters;
        ptrdiff_t n = word_read(a, s, &letters);
        if (n > 0) {
            sb_add(&b, letters);
            s = str_skip(s, n);
            was_word = true;
            continue;
        }
        ptrdiff_t blanks = 0; /* between two words they are nothing */
        while (blanks < s.len && s.at[blanks] == ' ')
            blanks++;
        if (was_word && blanks > 0 && word_read(a, str_skip(s, blanks), &letters) > 0) {
            s = str_skip(s, blanks);
            continue;
        }
        was_word = false;
        sb_byte(&b, s.at[0]);
        s = str_skip(s, 1);
    }
    return utf8_repair(a, sb_str(&b));
}

/* ── header ── */

/* Cuts the header off, with its last line's end; false: there is no empty line. */
static bool head_cut(str bytes, str *head, str *body)
{
    ptrdiff_t end = str_find(bytes, S("\r\n\r\n"));
    if (str_starts(bytes, S("\r\n")) || end < 0) {
        *head = (str){0};
        *body = str_skip(bytes, 2);
        return str_starts(bytes, S("\r\n"));
    }
    *head = str_sub(bytes, 0, end + 2);
    *body = str_skip(bytes, end + 4);
    return true;
}

/* The first field of that name, unfolded. */
static str field(struct arena *a, str head, str name)
{
    struct sb b = sb_make(a, 0);
    bool is_it = false;
    while (head.len > 0) {
        str line;
        (void)str_cut(head, '\n', &line, &head);
        bool goes_on = line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t');
        if (is_it && !goes_on)
            break;
        if (!goes_on)
            is_it = line.len > name.len && line.at[name.len] == ':' &&
                    str_eq_nocase(str_sub(line, 0, name.len), name);
        if (is_it) {
            sb_byte(&b, ' ');
            sb_add(&b, str_trim(goes_on ? line : str_skip(line, name.len + 1)));
        }
    }
    return str_trim(sb_str(&b));
}

static str id_of(str value)
{
    ptrdiff_t end = str_find_byte(value, '>');
    return str_starts(value, S("<")) && end > 0 ? str_sub(value, 1, end - 1) : (str){0};
}

/* "Name <address>" or an address alone. */
static str address_of(struct arena *a, str value, str *name)
{
    ptrdiff_t from = str_find_byte(value, '<'), to = str_find_byte(value, '>');
    *name = (str){0};
    if (from < 0 || to < from)
        return str_trim(value);
    str said = str_trim(str_sub(value, 0, from));
    if (said.len > 1 && said.at[0] == '"' && said.at[said.len - 1] == '"')
        said = str_sub(said, 1, said.len - 2);
    *name = words_decode(a, said);
    return str_sub(value, from + 1, to - from - 1);
}

/* ── parts ── */

static bool part_read(struct arena *a, str bytes, int depth, struct email_mail *mail);

/* RFC 2046 5.1.1; the line's end before a boundary belongs to the boundary. */
static bool parts_read(struct arena *a, str body, str boundary, int depth, struct email_mail *mail)
{
    str mark = str_print(a, "\r\n--%.*s", SARG(boundary));
    body = str_cat(a, S("\r\n"), body);
    ptrdiff_t at = str_find(body, mark);
    for (int n = 0; at >= 0 && n < PARTS_MAX; n++) {
        str rest = str_skip(body, at + mark.len);
        if (str_starts(rest, S("--")))
            return n > 0;
        ptrdiff_t line = str_find(rest, S("\r\n")), end = str_find(rest, mark);
        if (line < 0 || end < line ||
            !part_read(a, str_sub(rest, line + 2, end - line - 2), depth + 1, mail))
            return false;
        body = rest;
        at = end;
    }
    return false;
}

static void leaf_read(struct arena *a, str head, str type, str body, struct email_mail *mail)
{
    str encoding = field(a, head, S("Content-Transfer-Encoding"));
    str disposition = str_lower_ascii(a, field(a, head, S("Content-Disposition")));
    bool is_text = type.len == 0 || str_starts(type, S("text/plain"));
    bool is_html = str_starts(type, S("text/html"));
    str *to = is_text ? &mail->text : &mail->html;
    if (str_starts(disposition, S("attachment")) || (!is_text && !is_html) || to->at != NULL) {
        mail->n_files++;
        return;
    }
    if (str_eq_nocase(encoding, S("base64")))
        body = base64_decode(a, body);
    else if (str_eq_nocase(encoding, S("quoted-printable")))
        body = quoted_decode(a, body, false);
    *to = body.len > 0 ? utf8_repair(a, body) : S("");
}

static bool part_read(struct arena *a, str bytes, int depth, struct email_mail *mail)
{
    str head, body;
    if (depth > DEPTH_MAX || !head_cut(bytes, &head, &body))
        return false;
    str type = field(a, head, S("Content-Type"));
    if (str_eq_nocase(str_sub(type, 0, 10), S("multipart/")))
        return parts_read(a, body, sim_parameter(type, S("boundary")), depth, mail);
    leaf_read(a, head, str_lower_ascii(a, type), body, mail);
    return true;
}

bool email_read(struct arena *a, str bytes, struct email_mail *mail)
{
    str head, body, name;
    *mail = (struct email_mail){0};
    if (!head_cut(bytes, &head, &body))
        return false;
    mail->message_id = id_of(field(a, head, S("Message-ID")));
    mail->in_reply_to = id_of(field(a, head, S("In-Reply-To")));
    mail->references = field(a, head, S("References"));
    mail->subject = words_decode(a, field(a, head, S("Subject")));
    mail->from = address_of(a, field(a, head, S("From")), &mail->from_name);
    mail->reply_to = address_of(a, field(a, head, S("Reply-To")), &name);
    mail->date = field(a, head, S("Date"));
    mail->auto_submitted = field(a, head, S("Auto-Submitted"));
    return mail->message_id.len > 0 && mail->from.len > 0 && mail->date.len > 0 &&
           part_read(a, bytes, 0, mail);
}
