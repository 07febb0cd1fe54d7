/* The FTS5 tokenizer `seva`: it only takes apart what store/search.c has put together. The words
 * are made before, outside the write lock (text/search_words.h); so neither this file nor what is
 * stored changes when the rules for words do.
 *
 * Format: the account's mark, then the words, with 0x20 before a word of the next position and 0x1f
 * before a word of the same one. The mark is put before each word, so an account's words are terms
 * of its own. It is one character for FTS5's prefix lengths: a byte ≥ 0xc0 and bytes 0x80–0xbf.
 * Source: sqlite.org/fts5.html, "Custom Tokenizers". Thread: a connection's. */
#include "db/sqlite_driver.h"

#include <stdlib.h>
#include <string.h>

enum { MARK_BYTES = 16, WORD_BYTES = LIMIT_DB_WORD_BYTES + MARK_BYTES };

struct splitter {
    char word[WORD_BYTES + 1]; /* ends with 0: FTS5 looks one byte behind a word */
};

static int splitter_make(void *arg, const char **args, int n_args, Fts5Tokenizer **made)
{
    (void)arg;
    (void)args;
    if (n_args != 0)
        return SQLITE_ERROR;
    struct splitter *s = alloc_zero((ptrdiff_t)sizeof *s);
    *made = (Fts5Tokenizer *)s;
    return s == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static void splitter_free(Fts5Tokenizer *tokenizer)
{
    free(tokenizer);
}

static int splitter_run(Fts5Tokenizer *tokenizer, void *to, int flags, const char *text, int n,
    int (*put)(void *to, int flags, const char *word, int n, int start, int end))
{
    struct splitter *s = (struct splitter *)tokenizer;
    (void)flags; /* the same for what is stored and what is asked for */
    int at = 0, mark = 0;
    while (at < n && text[at] != ' ')
        at++;
    if (at == 0 || at > MARK_BYTES)
        return SQLITE_OK;
    mark = at;
    memcpy(s->word, text, (size_t)mark);
    while (at < n) {
        bool is_same = text[at] == '\x1f';
        int start = ++at;
        while (at < n && text[at] != ' ' && text[at] != '\x1f')
            at++;
        int len = at - start;
        if (len == 0 || len > LIMIT_DB_WORD_BYTES)
            continue;
        memcpy(s->word + mark, text + start, (size_t)len);
        s->word[mark + len] = '\0';
        int code = put(to, is_same ? FTS5_TOKEN_COLOCATED : 0, s->word, mark + len, start, at);
        if (code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

int words_register(sqlite3 *handle)
{
    static fts5_tokenizer functions = {splitter_make, splitter_free, splitter_run};
    fts5_api *api = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_pointer(stmt, 1, (void *)&api, "fts5_api_ptr", NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        code = SQLITE_OK;
    int end = sqlite3_finalize(stmt);
    if (code != SQLITE_OK || end != SQLITE_OK)
        return code != SQLITE_OK ? code : end;
    if (api == NULL)
        return SQLITE_ERROR;
    return api->xCreateTokenizer(api, "seva", NULL, &functions, NULL);
}
