/* mime_tree: where the parts of a mail begin and end: one pass over its lines with a stack of the
 * multiparts that are open, at most MIME_DEPTH. A carried mail (message/rfc822) is one leaf: what
 * is in it is its own mail. What mailers do wrongly is met where it can be: a boundary that is not
 * named or never appears is looked for, a multipart without parts is a text, a missing last
 * boundary ends with the mail. Sources: RFC 2046 5.1. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/file_map.h"

#include <string.h>

enum {
    GUESS_BYTES = 8 * 1024, /* looked through for a boundary that is not named */
    BOUNDARY_BYTES = 200,   /* RFC 2046 allows 70 */
    NODES_AT_FIRST = 8,
};

struct scan {
    struct mime_reading *r;
    str bytes;
    ptrdiff_t at, passed; /* passed: before it nothing is looked at any more */
    struct mime_tree *tree;
    int open[MIME_DEPTH]; /* nodes, outermost first */
    int depth, leaves;
    int leaf; /* the open one; −1 = none */
};

static str line_at(str s, ptrdiff_t at)
{
    str rest = str_skip(s, at);
    ptrdiff_t end = file_map_find_byte(rest, '\n');
    return end < 0 ? rest : str_sub(rest, 0, end + 1);
}

static void go_on(struct scan *s, str line)
{
    s->at += line.len;
    file_map_walk(s->bytes, s->at, &s->passed);
}

static bool is_empty(str line)
{
    return line.len == 1 || (line.len == 2 && line.at[0] == '\r') || line.len == 0;
}

static str without_end(str line)
{
    while (line.len && strchr(" \t\r\n", line.at[line.len - 1]))
        line.len--;
    return line;
}

/* The depth at which this line is a boundary (innermost first), or −1. */
static int boundary_of(const struct scan *s, str line, bool *is_last)
{
    if (!str_starts(line, S("--")))
        return -1;
    str text = without_end(str_sub(line, 2, BOUNDARY_BYTES + 10));
    for (int i = s->depth - 1; i >= 0; i--) {
        str boundary = s->tree->at[s->open[i]].boundary;
        *is_last = text.len == boundary.len + 2;
        bool is_ended = !*is_last || str_ends(text, S("--"));
        if ((text.len == boundary.len || (*is_last && is_ended)) && str_starts(text, boundary))
            return i;
    }
    return -1;
}

/* ── the header of a part ── */

/* Reads up to behind the empty line, a boundary, or (no header at all) a first line that cannot be
 * one. */
static str header_read(struct scan *s)
{
    ptrdiff_t from = s->at, end;
    bool is_last, is_first = true;
    for (;;) {
        str line = line_at(s->bytes, s->at);
        end = s->at;
        if (!line.len || boundary_of(s, line, &is_last) >= 0)
            break;
        if (is_empty(line)) {
            s->at += line.len;
            break;
        }
        bool is_mailbox = is_first && str_starts(line, S("From "));
        if (is_first && !mime_is_field(line) && !is_mailbox)
            break;
        is_first = false;
        go_on(s, line);
    }
    return str_sub(s->bytes, from, end - from);
}

static enum mime_encoding encoding_of(struct mime_reading *r, str word)
{
    static const char *const plain[] = {"", "7bit", "8bit", "binary", "7-bit", "8-bit", NULL};
    static const char *const uu[] = {"x-uuencode", "uuencode", "x-uue", "uue", NULL};
    if (str_eq(word, S("base64")))
        return MIME_BASE64;
    if (str_eq(word, S("quoted-printable")))
        return MIME_QUOTED;
    for (const char *const *name = uu; *name; name++)
        if (str_eq(word, str_from(*name)))
            return MIME_UU;
    for (const char *const *name = plain; *name; name++)
        if (str_eq(word, str_from(*name)))
            return MIME_PLAIN;
    r->flaws |= MIME_FLAW_ENCODING;
    return MIME_PLAIN;
}

static bool is_type(str type)
{
    str head, rest;
    return str_cut(type, '/', &head, &rest) && str_is_ascii_token(head) && str_is_ascii_token(rest);
}

static void type_read(struct mime_reading *r, const struct mime_params *p, struct mime_node *node)
{
    node->type = is_type(p->value) ? p->value : S("text/plain");
    node->charset = mime_param(r, p, "charset");
    node->boundary = str_trim(mime_param(r, p, "boundary"));
    node->start = mime_id(r, mime_param(r, p, "start"));
    node->protocol = str_lower_ascii(r->a, mime_param(r, p, "protocol"));
    node->smime_type = str_lower_ascii(r->a, mime_param(r, p, "smime-type"));
    node->report_type = str_lower_ascii(r->a, mime_param(r, p, "report-type"));
    node->method = mime_param(r, p, "method");
    if (!node->name.len)
        node->name = mime_param(r, p, "name");
    str format = mime_param(r, p, "format"), delsp = mime_param(r, p, "delsp");
    node->is_flowed = str_eq_nocase(format, S("flowed")) && mime_is(node, "text/plain");
    node->is_delsp = node->is_flowed && str_eq_nocase(delsp, S("yes"));
}

/* Of a field that stands there twice the first counts. */
static void node_read(struct mime_reading *r, str header, struct mime_node *node)
{
    struct mime_params params, *p = &params;
    struct mime_field field;
    bool has_type = false, has_encoding = false, has_disposition = false;
    str all = header;
    for (ptrdiff_t passed = 0; mime_field_next(r, &header, &field);
         file_map_walk(all, header.at - all.at, &passed)) {
        if (!has_type && str_eq_nocase(field.name, S("content-type"))) {
            has_type = true;
            mime_params_read(r, field.value, p);
            type_read(r, p, node);
        } else if (!has_encoding && str_eq_nocase(field.name, S("content-transfer-encoding"))) {
            has_encoding = true;
            mime_params_read(r, field.value, p);
            node->encoding = encoding_of(r, p->value);
        } else if (!has_disposition && str_eq_nocase(field.name, S("content-disposition"))) {
            has_disposition = true;
            mime_params_read(r, field.value, p);
            node->is_attachment = str_eq(p->value, S("attachment"));
            str name = mime_param(r, p, "filename");
            node->name = name.len ? name : node->name;
        } else if (!node->content_id.len && str_eq_nocase(field.name, S("content-id"))) {
            node->content_id = mime_id(r, field.value);
            if (!node->content_id.len)
                node->content_id = mime_value(r, field.value, MIME_ID_BYTES);
        }
    }
}

/* ── boundaries that are not named ── */

/* The first line "--x" that a Content- field follows. */
static str boundary_guess(str body)
{
    body = str_sub(body, 0, GUESS_BYTES);
    for (ptrdiff_t at = 0; at < body.len;) {
        str line = line_at(body, at), text = str_trim(line);
        at += line.len;
        bool is_mark = str_starts(line, S("--")) && text.len > 2 && text.len <= BOUNDARY_BYTES;
        if (is_mark && str_eq_nocase(str_sub(body, at, 8), S("content-")))
            return str_skip(text, 2);
    }
    return (str){0};
}

/* ── the walk ── */

static bool is_multipart_type(const struct mime_node *node)
{
    return str_starts(node->type, S("multipart/"));
}

static bool is_full(const struct scan *s)
{
    return s->leaves >= MIME_PARTS || s->tree->n >= MIME_NODES;
}

/* A multipart that nothing tells apart is read as a text; one that is too deep stays a file. */
static void leaf_open(struct scan *s, int index)
{
    struct mime_node *node = &s->tree->at[index];
    if (is_multipart_type(node) && s->depth < MIME_DEPTH) {
        s->r->flaws |= MIME_FLAW_BOUNDARY;
        node->type = S("text/plain");
    }
    node->number = 0;
    s->leaf = index;
    s->leaves++;
}

static struct mime_node *node_add(struct mime_reading *r, struct mime_tree *tree)
{
    int room = tree->room ? 2 * tree->room : NODES_AT_FIRST;
    if (tree->n == tree->room) {
        struct mime_node *more = NEW(r->a, struct mime_node, room);
        if (tree->n)
            memcpy(more, tree->at, (size_t)tree->n * sizeof *more);
        tree->at = more;
        tree->room = room;
    }
    return &tree->at[tree->n++];
}

static void node_open(struct scan *s, str boundary)
{
    int index = s->tree->n;
    struct mime_node *node = node_add(s->r, s->tree);
    *node = (struct mime_node){.parent = s->depth ? s->open[s->depth - 1] : -1, .number = -1};
    node->type = S("text/plain");
    if (node->parent >= 0) {
        struct mime_node *parent = &s->tree->at[node->parent];
        parent->children++;
        if (str_eq(parent->type, S("multipart/digest")))
            node->type = S("message/rfc822");
    }
    node->header = header_read(s);
    node_read(s->r, node->header, node);
    node->body = str_skip(s->bytes, s->at);
    if (boundary.len)
        node->boundary = boundary;
    bool is_deep = s->depth >= MIME_DEPTH;
    if (is_multipart_type(node) && is_deep)
        s->r->flaws |= MIME_FLAW_DEPTH;
    if (is_multipart_type(node) && !is_deep &&
        (!node->boundary.len || node->boundary.len > BOUNDARY_BYTES)) {
        s->r->flaws |= MIME_FLAW_BOUNDARY;
        node->boundary = boundary_guess(node->body);
    }
    if (is_multipart_type(node) && !is_deep && node->boundary.len)
        s->open[s->depth++] = index;
    else
        leaf_open(s, index);
}

/* Bodies end before the line break that belongs to the boundary. */
static void body_end(struct scan *s, int index, ptrdiff_t end)
{
    struct mime_node *node = &s->tree->at[index];
    ptrdiff_t from = node->body.at - s->bytes.at;
    if (end > from && end < s->bytes.len && s->bytes.at[end - 1] == '\n')
        end--;
    if (end > from && end < s->bytes.len && s->bytes.at[end - 1] == '\r')
        end--;
    node->body = str_sub(s->bytes, from, end - from);
}

/* Closes what is open from this depth on. */
static void close_to(struct scan *s, int depth, ptrdiff_t end)
{
    if (s->leaf >= 0)
        body_end(s, s->leaf, end);
    s->leaf = -1;
    while (s->depth > depth) {
        int index = s->open[--s->depth];
        body_end(s, index, end);
        if (!s->tree->at[index].children)
            leaf_open(s, index);
        s->leaf = -1;
    }
}

static void scan(struct scan *s, str boundary)
{
    node_open(s, boundary);
    while (s->at < s->bytes.len && s->depth) {
        str line = line_at(s->bytes, s->at);
        bool is_last = false;
        int at = boundary_of(s, line, &is_last);
        if (at >= 0)
            close_to(s, is_last ? at : at + 1, s->at);
        go_on(s, line);
        if (at < 0 || is_last)
            continue;
        if (is_full(s)) {
            s->r->flaws |= MIME_FLAW_PARTS;
            close_to(s, 0, s->bytes.len);
            return;
        }
        node_open(s, (str){0});
    }
    if (s->depth && s->tree->at[0].children)
        s->r->flaws |= MIME_FLAW_CUT;
    close_to(s, 0, s->bytes.len);
}

/* Blank lines, a byte order mark, before the first field. */
static str without_front(str bytes)
{
    if (str_starts(bytes, S("\xEF\xBB\xBF")))
        bytes = str_skip(bytes, 3);
    while (bytes.len && (bytes.at[0] == '\n' || bytes.at[0] == '\r'))
        bytes = str_skip(bytes, 1);
    return bytes;
}

void mime_tree_read(struct mime_reading *r, str bytes, struct mime_tree *tree)
{
    *tree = (struct mime_tree){0};
    bytes = without_front(bytes);
    struct scan s = {.r = r, .bytes = bytes, .tree = tree, .leaf = -1};
    scan(&s, (str){0});
    str type = tree->at[0].type, guess = boundary_guess(tree->at[0].body);
    if (tree->n == 1 && r->flaws & MIME_FLAW_BOUNDARY && guess.len && type.len) {
        tree->n = 0;
        s = (struct scan){.r = r, .bytes = bytes, .tree = tree, .leaf = -1};
        scan(&s, guess);
    }
    for (int i = 0, leaves = 0; i < tree->n; i++)
        if (!mime_is_multipart(&tree->at[i]))
            tree->at[i].number = leaves++;
}

bool mime_is_multipart(const struct mime_node *node)
{
    return node->children > 0;
}

bool mime_is(const struct mime_node *node, const char *type)
{
    str wanted = str_from(type);
    return str_ends(wanted, S("/")) ? str_starts(node->type, wanted) : str_eq(node->type, wanted);
}
