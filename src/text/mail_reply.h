/* mail_reply: what an answer takes from the mail it answers: its subject, and its words as a quote.
 * Not: who may see which older mails (the caller picks the mail), the words of the attribution line
 * (the caller's, in the reader's language). Sources: RFC 5322, 3.6.5; what mail programs write in
 * some 30 languages (2026). Thread: any. */
#pragma once
#include "base/str.h"

enum {
    MAIL_SUBJECT_BYTES = 900,      /* of a subject; longer ones are cut */
    MAIL_QUOTE_BYTES = 256 * 1024, /* of a mail's words that are quoted; the rest is left out */
};

/* The subject without all marks of answers and forwards before it ("Re: AW: [2]: Fwd: x" → "x"), to
 * compare subjects and to list them. May be empty. */
str mail_subject_bare(struct arena *a, str subject);
/* "Re: " before what is left when the marks of answers are taken away; those of forwards stay ("AW:
 * Fwd: x" → "Re: Fwd: x"). Of an empty subject "Re:". */
str mail_reply_subject(struct arena *a, str subject);
/* "Fwd: " likewise: of "WG: x" and "Fwd: x" "Fwd: x", of "Re: x" "Fwd: Re: x". */
str mail_forward_subject(struct arena *a, str subject);

struct mail_quoted {
    str attribution;     /* "On 1 January 2026, Asha wrote:"; one line; "" = none */
    str text, html;      /* of the mail; either may be "" and is made from the other */
    const str *pictures; /* content ids of its pictures that go along with the answer */
    int n_pictures;
};
/* *text: the attribution and the words, each line after "> ". *html: the attribution in a div and a
 * <blockquote type="cite">, as html_clean gives it; HTML that is too long or too deep for that
 * comes as its text. Both "" when there is nothing to quote. E_BUSY: libxml2 has no memory. */
err mail_quote_of(struct arena *a, const struct mail_quoted *of, str *text, str *html);
