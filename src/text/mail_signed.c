/* mail_signed: see mail_signed.h. */
#include "text/mail_signed.h"

#include "base/crypto_cms.h"
#include "text/mime_inner.h"

static const str pkcs7[] = {S_INIT("application/pkcs7-mime"), S_INIT("application/x-pkcs7-mime")};

static bool is_opaque(const struct mime_tree *tree)
{
    const struct mime_node *root = &tree->at[0];
    bool is_pkcs7 = str_eq(root->type, pkcs7[0]) || str_eq(root->type, pkcs7[1]);
    return tree->n == 1 && is_pkcs7 && str_eq(root->smime_type, S("signed-data"));
}

/* Line ends as they were when it was signed, whatever became of them on the way. */
static str with_crlf(struct arena *a, str s)
{
    ptrdiff_t lines = 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        lines += s.at[i] == '\n' && (i == 0 || s.at[i - 1] != '\r');
    if (!lines)
        return s;
    char *to = arena_alloc(a, s.len + lines, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++) {
        if (s.at[i] == '\n' && (i == 0 || s.at[i - 1] != '\r'))
            to[n++] = '\r';
        to[n++] = s.at[i];
    }
    return str_of(to, n);
}

/* From the first part's head to the line break before the boundary of the second. */
static str first_part(const struct mime_node *first, const struct mime_node *second)
{
    const char *from = first->header.at, *end = second->header.at;
    if (end > from && end[-1] == '\n')
        end--;
    while (end > from && end[-1] != '\n') /* the boundary */
        end--;
    if (end > from)
        end--;
    if (end > from && end[-1] == '\r')
        end--;
    return str_of(from, end - from);
}

/* Its two parts; false: it has others, or the mail goes on behind it. */
static bool detached(const struct mime_tree *tree, int *first, int *second)
{
    int n = 0;
    *first = *second = -1;
    if (!str_eq(tree->at[0].type, S("multipart/signed")))
        return false;
    for (int i = 1; i < tree->n; i++) {
        if (tree->at[i].parent != 0)
            continue;
        if (++n == 1)
            *first = i;
        *second = i;
    }
    return n == 2 && tree->at[*second].number >= 0;
}

static enum mail_signed_kind kind_of(const struct mime_tree *tree, enum mime_guard guard)
{
    int first, second;
    if (guard != MIME_SIGNED_SMIME && guard != MIME_SIGNED_PGP)
        return MAIL_SIGNED_NOT;
    if (is_opaque(tree))
        return tree->at[0].body.len <= MAIL_SIGNED_OPEN_BYTES ? MAIL_SIGNED_SMIME_OPAQUE
                                                              : MAIL_SIGNED_NOT;
    if (!detached(tree, &first, &second))
        return MAIL_SIGNED_PARTLY;
    return guard == MIME_SIGNED_PGP ? MAIL_SIGNED_PGP : MAIL_SIGNED_SMIME;
}

void mail_signed_read(struct arena *a, str bytes, enum mime_guard guard, struct mail_signed *found)
{
    struct mime_reading r = {.a = a};
    struct mime_tree tree;
    int first, second;
    bool is_cut = false;
    mime_tree_read(&r, bytes, &tree);
    *found = (struct mail_signed){.kind = kind_of(&tree, guard)};
    if (found->kind == MAIL_SIGNED_SMIME_OPAQUE)
        found->signature = mime_decode(a, &tree.at[0], SIGNATURE_DATA_BYTES, &is_cut);
    if (found->kind != MAIL_SIGNED_SMIME && found->kind != MAIL_SIGNED_PGP)
        return;
    (void)detached(&tree, &first, &second); /* it is: kind_of has looked */
    found->signature = mime_decode(a, &tree.at[second], SIGNATURE_BYTES, &is_cut);
    found->data = with_crlf(a, first_part(&tree.at[first], &tree.at[second]));
}

/* The head without what described the envelope. */
static void put_head(struct sb *b, struct mime_reading *r, str header)
{
    struct mime_field field;
    while (mime_field_next(r, &header, &field)) {
        bool is_of_body = str_eq_nocase(str_sub(field.name, 0, 8), S("content-"));
        if (!is_of_body && !str_eq_nocase(field.name, S("mime-version")))
            sb_print(b, "%.*s: %.*s\r\n", SARG(field.name), SARG(str_trim(field.value)));
    }
}

str mail_signed_open(struct arena *a, str bytes)
{
    struct mime_reading r = {.a = a};
    struct mime_tree tree;
    bool is_cut = false;
    if (bytes.len > MAIL_SIGNED_OPEN_BYTES ||
        str_find(str_sub(bytes, 0, MIME_HEADERS_BYTES), S("pkcs7-mime")) < 0)
        return bytes;
    mime_tree_read(&r, bytes, &tree);
    if (!is_opaque(&tree))
        return bytes;
    str header = tree.at[0].header;
    str der = mime_decode(a, &tree.at[0], SIGNATURE_DATA_BYTES, &is_cut);
    struct sb b = sb_make(a, SIGNATURE_DATA_BYTES + 2 * MAIL_SIGNED_OPEN_BYTES);
    (void)sb_space(&b, 2 * header.len + der.len); /* at once: what grows leaves its old places */
    put_head(&b, &r, header);
    sb_add(&b, S("MIME-Version: 1.0\r\n"));
    return crypto_cms_content(&b, der) ? sb_str(&b) : bytes;
}
