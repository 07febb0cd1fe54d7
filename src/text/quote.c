/* quote: plain text. One pass over the lines with a state that can be taken back by up to three
 * lines, as "On … wrote:" is only known at its end. See quote.h. */
#include "text/quote.h"

#include "base/utf8.h"
#include "text/quote_inner.h"

enum {
    WROTE_LINES = 3,
    HEADER_LINES = 6, /* looked at below "From:" */
    BLANK_LINES = 5,  /* passed over to see what follows */
    QUOTE_INDENT = 3, /* spaces before ">" */
};

/* What is known up to a line. Offsets into the text; -1 = none. */
struct state {
    ptrdiff_t own, own_end;     /* the writer's words, signature not included */
    ptrdiff_t lead, lead_end;   /* a quote before the first of them */
    ptrdiff_t quote, quote_end; /* a quote since the last of them */
    ptrdiff_t signature;
    int signature_lines, signature_max;
    bool is_interleaved;
};

struct walk {
    str text;
    struct state now;
    struct past {
        ptrdiff_t start;
        struct state before;
    } past[WROTE_LINES]; /* the lines just passed without an empty one between, the last one first
                          */
    int n_past;
};

/* The line at *at, without its end; *at moves behind it. */
static str next_line(str text, ptrdiff_t *at)
{
    str line, rest;
    ptrdiff_t from = *at;
    bool has_end = str_cut(str_skip(text, from), '\n', &line, &rest);
    *at = from + line.len + has_end;
    if (str_ends(line, S("\r")))
        line.len--;
    return line;
}

static bool is_blank(str line)
{
    for (ptrdiff_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
            if (!str_starts(str_skip(line, i), S("\u00A0")) && line.at[i] != '\xA0')
                return false;
    return true;
}

static bool is_quoted(str line)
{
    ptrdiff_t i = 0;
    while (i < line.len && i < QUOTE_INDENT && line.at[i] == ' ')
        i++;
    return i < line.len && line.at[i] == '>';
}

/* The next line that is not empty, of a few; "" when there is none. */
static str peek(str text, ptrdiff_t at)
{
    for (int i = 0; i <= BLANK_LINES && at < text.len; i++) {
        str line = next_line(text, &at);
        if (!is_blank(line))
            return line;
    }
    return S("");
}

/* Outlook's block: From, then Sent or Date and Subject within a few lines. */
static bool is_header_block(str text, str line, ptrdiff_t at)
{
    bool has_sent = false, has_subject = false;
    if (quote_label_of(line) != QUOTE_FROM)
        return false;
    for (int i = 0; i < HEADER_LINES && at < text.len && !(has_sent && has_subject); i++) {
        enum quote_label label = quote_label_of(next_line(text, &at));
        has_sent |= label == QUOTE_SENT;
        has_subject |= label == QUOTE_SUBJECT;
    }
    return has_sent && has_subject;
}

/* Takes the last n lines back; the quote then begins where they do. */
static ptrdiff_t take_back(struct walk *w, int n, ptrdiff_t start)
{
    if (n > 0) {
        start = w->past[n - 1].start;
        w->now = w->past[n - 1].before;
    }
    w->n_past = 0;
    return start;
}

static str lines_from(const struct walk *w, int back, ptrdiff_t start, str line)
{
    ptrdiff_t from = back > 0 ? w->past[back - 1].start : start;
    return str_sub(w->text, from, start + line.len - from);
}

/* The number of lines above `line` that belong to an "On … wrote:" that ends with it; -1: it is
 * none. As few as will do; then those above that begin it. */
static int wrote_lines(const struct walk *w, ptrdiff_t start, str line, bool quote_follows)
{
    int back = 0;
    if (!quote_may_end_wrote(line))
        return -1;
    while (back <= w->n_past && back < WROTE_LINES &&
           !quote_is_wrote(lines_from(w, back, start, line), quote_follows))
        back++;
    if (back > w->n_past || back >= WROTE_LINES)
        return -1;
    for (int above = back; above < w->n_past && above < WROTE_LINES - 1; above++) {
        ptrdiff_t from = w->past[above].start;
        str line_above =
            str_sub(w->text, from, (above > 0 ? w->past[above - 1].start : start) - from);
        if (quote_is_wrote_begin(line_above))
            back = above + 1;
    }
    return back;
}

static void begin_quote(struct walk *w, ptrdiff_t start, ptrdiff_t end)
{
    if (w->now.quote < 0)
        w->now.quote = start;
    w->now.quote_end = end;
    w->n_past = 0;
}

static void begin_signature(struct walk *w, ptrdiff_t start, int max)
{
    w->now.signature = start;
    w->now.signature_lines = 0;
    w->now.signature_max = max;
}

/* A line of the writer's own, or of the signature that is open. */
static void take_own(struct walk *w, ptrdiff_t start, ptrdiff_t end)
{
    struct state *now = &w->now;
    if (now->quote >= 0) {
        if (now->own < 0 && now->signature < 0) {
            now->lead = now->quote;
            now->lead_end = now->quote_end;
        } else {
            now->is_interleaved = true;
        }
        now->quote = now->quote_end = -1;
        now->signature = -1;
    }
    if (now->signature >= 0 && now->signature_lines++ < now->signature_max)
        return;
    if (now->own < 0)
        now->own = now->signature >= 0 ? now->signature : start;
    now->own_end = end;
    now->signature = -1;
}

static int signature_max(str line)
{
    if (str_eq(line, S("-- ")) || str_eq(line, S("--\u00A0")))
        return QUOTE_SIGNATURE_LINES;
    if (str_eq(line, S("--")))
        return QUOTE_SHORT_SIGNATURE_LINES;
    return quote_is_mobile(line) ? QUOTE_MOBILE_LINES : 0;
}

static void remember(struct walk *w, ptrdiff_t start)
{
    for (int i = WROTE_LINES - 1; i > 0; i--)
        w->past[i] = w->past[i - 1];
    w->past[0] = (struct past){start, w->now};
    w->n_past += w->n_past < WROTE_LINES;
}

/* A line that ends with a colon may end an "On … wrote:". *back as wrote_lines. */
static bool is_wrote(const struct walk *w, ptrdiff_t start, str line, bool quote_follows, int *back)
{
    *back = wrote_lines(w, start, line, quote_follows);
    return *back >= 0;
}

/* Takes one line. False: from *cut on everything is quoted. */
static bool take_line(struct walk *w, ptrdiff_t start, str line, ptrdiff_t after, ptrdiff_t *cut)
{
    int back = 0;
    ptrdiff_t end = start + line.len;
    if (is_quoted(line)) {
        begin_quote(w, start, end);
        return true;
    }
    str next = peek(w->text, after);
    bool quote_follows = is_quoted(next);
    bool marks = quote_is_separator(line) || quote_is_our_line(line) ||
                 is_header_block(w->text, line, after);
    if (!marks)
        marks = is_wrote(w, start, line, quote_follows || quote_is_our_line(next), &back);
    if (marks) {
        /* A rule of underscores above Outlook's block belongs to it. */
        if (back == 0 && w->n_past > 0 &&
            quote_is_rule(str_sub(w->text, w->past[0].start, start - w->past[0].start)))
            back = 1;
        ptrdiff_t from = take_back(w, back, start);
        if (quote_follows) {
            begin_quote(w, from, end);
            return true;
        }
        *cut = from;
        return false;
    }
    remember(w, start);
    int max = w->now.signature < 0 ? signature_max(line) : 0;
    if (max > 0 && w->now.quote < 0)
        begin_signature(w, start, max);
    else
        take_own(w, start, end);
    return true;
}

static str piece(str text, ptrdiff_t from, ptrdiff_t to)
{
    return from < 0 ? S("") : str_trim(str_sub(text, from, to - from));
}

static void set_parts(const struct walk *w, struct quote_parts *parts)
{
    const struct state *now = &w->now;
    ptrdiff_t end = now->quote >= 0 ? now->quote : w->text.len;
    bool is_below = now->lead >= 0 && now->quote < 0 && !now->is_interleaved;
    parts->own = piece(w->text, is_below ? now->lead_end : 0, now->own_end < 0 ? 0 : now->own_end);
    parts->signature = piece(w->text, now->signature, end);
    parts->quoted = is_below ? piece(w->text, now->lead, now->lead_end)
                             : piece(w->text, now->quote, w->text.len);
    if (parts->own.len == 0)
        *parts = (struct quote_parts){.own = str_trim(w->text)};
}

void quote_split(str text, struct quote_parts *parts)
{
    struct walk w = {
        .text = text,
        .now = {.own = -1,
                .own_end = -1,
                .lead = -1,
                .lead_end = -1,
                .quote = -1,
                .quote_end = -1,
                .signature = -1}
    };
    ptrdiff_t at = 0, cut = -1;
    *parts = (struct quote_parts){0};
    while (at < text.len && at < QUOTE_IN_BYTES && cut < 0) {
        ptrdiff_t start = at;
        str line = next_line(text, &at);
        if (is_blank(line))
            w.n_past = 0;
        else if (!take_line(&w, start, line, at, &cut) && w.now.quote < 0)
            w.now.quote = cut;
    }
    if (at < text.len && cut < 0 && w.now.quote < 0) { /* beyond the limit: not looked at, so own */
        w.now.own_end = text.len;
        w.now.signature = -1;
    }
    set_parts(&w, parts);
}
