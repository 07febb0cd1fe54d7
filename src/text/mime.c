/* mime: see mime.h. */
#include "text/mime_inner.h"

#include <gmime/gmime.h>
#include <pthread.h>

enum {
    CARRIED_BYTES =
        16 * 1024 * 1024, /* of a carried mail in base64, against RFC 2046; others whole */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
    g_mime_init();
}

/* ── what was cut or not understood ── */

static const struct {
    enum mime_flaw flaw;
    const char *words;
} sentences[] = {
    {MIME_FLAW_LYING,    "Some text is not in the charset that the mail names."          },
    {MIME_FLAW_ENCODING, "A part has an unknown transfer encoding and is shown as it is."},
    {MIME_FLAW_BOUNDARY, "A multipart names no boundary, or one that never appears."     },
    {MIME_FLAW_CUT,      "The mail ends before its last part does."                      },
    {MIME_FLAW_PARTS,    "The mail has more parts than are read."                        },
    {MIME_FLAW_DEPTH,    "Parts are nested deeper than is read; the rest is one file."   },
    {MIME_FLAW_HEADER,   "The header is larger than is kept."                            },
    {MIME_FLAW_LINE,     "Lines of a header that are none were passed over."             },
    {MIME_FLAW_LISTS,    "The mail names more addresses than are kept."                  },
    {MIME_FLAW_TEXT,     "The text is longer than is kept."                              },
    {MIME_FLAW_WORDS,    "The header has more encoded words than are decoded."           },
    {MIME_FLAW_FROM,     "The mail names several senders; the first is shown."           },
};

static str degraded_of(const struct mime_reading *r)
{
    struct sb b = sb_make(r->a, 0);
    if (r->flaws & MIME_FLAW_CHARSET)
        sb_print(
            &b, "The charset \"%.*s\" is not known; the text was guessed.", SARG(r->odd_charset));
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
        if (!(r->flaws & (unsigned)sentences[i].flaw))
            continue;
        if (b.len)
            sb_byte(&b, ' ');
        sb_add(&b, str_from(sentences[i].words));
    }
    return sb_str(&b);
}

/* ── one mail ── */

/* The charset of the first text that names one. */
static str text_charset(const struct mime_tree *tree)
{
    for (int i = 0; i < tree->n; i++)
        if (tree->at[i].charset.len && mime_is(&tree->at[i], "text/"))
            return tree->at[i].charset;
    return (str){0};
}

/* carried: the first mail inside, if there is one. */
static bool read_one(struct arena *a, str bytes, struct mime_mail *mail, str *carried)
{
    struct mime_reading r = {.a = a};
    struct mime_tree tree;
    *mail = (struct mime_mail){0};
    mime_tree_read(&r, bytes, &tree);
    r.fallback = text_charset(&tree);
    mime_people_read(&r, tree.at[0].header, mail);
    bool *is_body = NEW(a, bool, MIME_NODES);
    mime_body_read(&r, &tree, mail, is_body);
    mime_files_read(&r, &tree, is_body, mail);
    mail->degraded = degraded_of(&r);
    for (int i = 0; i < tree.n && carried; i++) {
        const struct mime_node *node = &tree.at[i];
        bool is_cut = false;
        if (!mime_is_multipart(node) &&
            (mime_is(node, "message/rfc822") || mime_is(node, "message/global"))) {
            bool is_plain = node->encoding == MIME_PLAIN;
            *carried = is_plain ? node->body : mime_decode(a, node, CARRIED_BYTES, &is_cut);
            return true;
        }
    }
    return false;
}

err mime_read(struct arena *a, str bytes, struct mime_mail *mail, struct mime_mail *inner,
    bool *has_inner, str *why)
{
    str carried = {0};
    pthread_once(&once, begin);
    *inner = (struct mime_mail){0};
    *has_inner = read_one(a, bytes, mail, &carried);
    if (*has_inner)
        (void)read_one(a, carried, inner, NULL); /* what it carries itself is not asked for */
    *why = S("This is no mail: it names no sender.");
    return mail->from_address.len ? OK : E_INVALID;
}

str mime_header(const struct mime_mail *mail, const char *name)
{
    for (int i = 0; i < mail->n_headers; i++)
        if (str_eq_nocase(mail->headers[i].name, str_from(name)))
            return mail->headers[i].value;
    return (str){0};
}

err mime_part_write(
    struct arena *a, str bytes, int number, bool (*put)(void *arg, str piece), void *arg, str *why)
{
    struct mime_reading r = {.a = a};
    struct mime_tree tree;
    pthread_once(&once, begin);
    mime_tree_read(&r, bytes, &tree);
    for (int i = 0; i < tree.n; i++) {
        if (mime_is_multipart(&tree.at[i]) || tree.at[i].number != number)
            continue;
        if (mime_decode_each(&tree.at[i], put, arg))
            return OK;
        *why = S("Writing the part ended early.");
        return E_BUSY;
    }
    *why = str_print(a, "The mail has no part %d.", number);
    return E_NOT_FOUND;
}
