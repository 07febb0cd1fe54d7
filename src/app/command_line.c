/* command_line: see command_line.h. */
#include "app/command_line.h"

enum { TAKES_MAX = 6, WITHOUT_LIMIT = 99, HELP_COLUMN = 37 };

struct row {
    const char *name;      /* one word or two */
    const char *arguments; /* as --help shows them */
    const char *help;
    int least, most; /* arguments behind the name */
    enum setting needs;
    enum setting takes[TAKES_MAX]; /* SET_CONFIG, which all take, ends them */
};

/* Two words stand before the one of them that is a command, too. */
/* clang-format off */
static const struct row rows[] = {
    {"init",            "--data DIR --owner MAIL [--password-file FILE] [--name NAME] [--json]", "",
     0, 0, SET_OWNER, {SET_OWNER, SET_PASSWORD_FILE, SET_NAME, SET_JSON}},
    {"serve",           "[--data DIR] [--listen HOST:PORT] [--db URL]", "", 0, 0, 0, {0}},
    {"migrate",         "", "bring the database to this version", 0, 0, 0, {0}},
    {"user add",        "MAIL [--role ROLE] [--name NAME] [--password-file FILE]", "",
     1, 1, 0, {SET_ROLE, SET_NAME, SET_PASSWORD_FILE, SET_ACCOUNT}},
    {"user passwd",     "MAIL --password-file FILE", "",
     1, 1, SET_PASSWORD_FILE, {SET_PASSWORD_FILE, SET_ACCOUNT}},
    {"user link",       "MAIL", "a link to set a password", 1, 1, 0, {SET_ACCOUNT}},
    {"user list",       "", "", 0, 0, 0, {SET_ACCOUNT}},
    {"account add",     "NAME --owner MAIL [--password-file FILE]", "",
     1, 1, SET_OWNER, {SET_OWNER, SET_PASSWORD_FILE}},
    {"account list",    "", "", 0, 0, 0, {0}},
    {"import messages", "FILE", "past messages, one a line; - is standard input",
     1, 1, 0, {SET_ACCOUNT}},
    {"import",          "FILE [--account ID]", "past conversations, docs/import.md",
     1, 1, 0, {SET_ACCOUNT}},
    {"replay",          "FILE [--speed N|--rate N/s] [--run NAME]", "messages as if they arrived now, to the simulator only",
     1, 1, 0, {SET_SPEED, SET_RATE, SET_RUN, SET_ACCOUNT}},
    {"export",          "TARGET [--account ID] [--contact ID]", "an account or a contact in open formats, docs/export.md",
     1, 1, 0, {SET_ACCOUNT, SET_CONTACT}},
    {"mail-in",         "ADDRESS --password-file FILE", "a mail from standard input to a channel",
     0, WITHOUT_LIMIT, 0, {SET_PASSWORD_FILE}},
    {"backup",          "FILE [--encrypt-key-file FILE] [--with-keys]", "all in one file, while the server runs; -: standard output",
     1, 1, 0, {SET_ENCRYPT_KEY_FILE, SET_WITH_KEYS, SET_VERIFY}},
    {"backup",          "--verify FILE [--encrypt-key-file FILE]", "is a backup whole?", 1, 1, 0, {0}},
    {"restore",         "--data NEWDIR FILE [--encrypt-key-file FILE]", "a new data folder from a backup; -: standard input",
     0, 1, SET_DATA, {SET_ENCRYPT_KEY_FILE, SET_FROM_SHIP, SET_AT}},
    {"restore",         "--data NEWDIR --from-ship DIR [--at TIME]", "the same from what `serve --ship DIR` has shipped",
     0, 1, 0, {0}},
    {"doctor",          "[--deep] [--repair] [--json]", "is everything as it should be?",
     0, 0, 0, {SET_DEEP, SET_REPAIR, SET_JSON}},
    {"routes",          "[--openapi|--typescript]", "the API: a list, OpenAPI 3.1, or TypeScript types",
     0, 0, 0, {SET_OPENAPI, SET_TYPESCRIPT}},
    {"version",         "", "", 0, 0, 0, {0}},
};
/* clang-format on */
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* Words of the name, when the command line begins with all of them; else 0. */
static int begins_with(const struct settings *s, int from, str name)
{
    int n = 0;
    for (str word; name.len; n++) {
        (void)str_cut(name, ' ', &word, &name); /* the last word has no end */
        if (from + n >= s->n_words || !str_eq(s->words[from + n], word))
            return 0;
    }
    return n;
}

static const struct row *row_find(const struct settings *s, int from, int *n_words)
{
    for (int i = 0; i < ROW_COUNT; i++)
        if ((*n_words = begins_with(s, from, str_from(rows[i].name))) > 0)
            return &rows[i];
    return NULL;
}

/* ── help ── */

static void row_print(struct arena *a, struct sb *b, const struct row *row)
{
    str left = str_print(a, "  seva %s%s%s", row->name, *row->arguments ? " " : "", row->arguments);
    sb_add(b, left);
    if (*row->help && left.len + 2 > HELP_COLUMN) {
        sb_byte(b, '\n');
        left.len = 0;
    }
    for (ptrdiff_t i = left.len; *row->help && i < HELP_COLUMN; i++)
        sb_byte(b, ' ');
    sb_print(b, "%s\n", row->help);
}

/* Every row of the name, or that begins with the first word of the command line. */
static str usage_of(struct arena *a, const struct settings *s, int from, const struct row *row)
{
    struct sb b = sb_make(a, 0);
    for (int i = 0; i < ROW_COUNT; i++) {
        str name = str_from(rows[i].name), first, rest;
        (void)str_cut(name, ' ', &first, &rest); /* it may be one word */
        if (row ? str_eq(name, str_from(row->name))
                : s->n_words > from && str_eq(first, s->words[from]))
            row_print(a, &b, &rows[i]);
    }
    return sb_str(&b);
}

str command_line_help(struct arena *a, const struct settings *s)
{
    struct sb b = sb_make(a, 0);
    int n, from = s->n_words && str_eq(s->words[0], S("help")) ? 1 : 0;
    str usage = usage_of(a, s, from, row_find(s, from, &n));
    if (usage.len)
        return str_print(a, "%.*s\n%.*s", SARG(usage), SARG(settings_help(a)));
    sb_add(&b, S("seva: customer care in one binary\n\n"));
    for (int i = 0; i < ROW_COUNT; i++)
        row_print(a, &b, &rows[i]);
    sb_add(&b, S("\n`seva help COMMAND` prints one of them.\n\n"));
    sb_add(&b, settings_help(a));
    return sb_str(&b);
}

/* ── what is refused ── */

static bool takes(const struct row *row, enum setting which)
{
    for (int i = 0; i < TAKES_MAX && row->takes[i] != SET_CONFIG; i++)
        if (row->takes[i] == which)
            return true;
    return false;
}

static str unknown(struct arena *a, const struct settings *s)
{
    str usage = usage_of(a, s, 0, NULL);
    if (!s->n_words)
        return S("which command? See seva --help");
    if (!usage.len)
        return str_print(a, "there is no command %.*s; see seva --help", SARG(s->words[0]));
    if (s->n_words == 1)
        return str_print(
            a, "seva %.*s needs a second word; there is\n%.*s", SARG(s->words[0]), SARG(usage));
    return str_print(a, "there is no command %.*s %.*s; there is\n%.*s", SARG(s->words[0]),
        SARG(s->words[1]), SARG(usage));
}

/* What must stand behind a name comes first in its arguments. */
static str first_word(const char *arguments)
{
    str word, rest;
    (void)str_cut(str_from(arguments), ' ', &word, &rest); /* it may be the only one */
    return word;
}

err command_line_check(struct arena *a, const struct settings *s, str *why)
{
    int n_name = 0;
    const struct row *row = row_find(s, 0, &n_name);
    if (!row) {
        *why = unknown(a, s);
        why->len -= str_ends(*why, S("\n"));
        return E_INVALID;
    }
    int n = s->n_words - n_name;
    enum setting own = settings_next_of_a_command(s, SET_CONFIG);
    while (own != SET_CONFIG && takes(row, own))
        own = settings_next_of_a_command(s, own);
    if (own != SET_CONFIG)
        *why = str_print(a, "seva %s has no option --%s", row->name, settings_name(own));
    else if (n > row->most)
        *why = str_print(
            a, "\"%.*s\" is too much for seva %s", SARG(s->words[n_name + row->most]), row->name);
    else if (n < row->least)
        *why = str_print(a, "seva %s needs %.*s", row->name, SARG(first_word(row->arguments)));
    else if (row->needs != SET_CONFIG && !s->given[row->needs])
        *why = str_print(a, "seva %s needs --%s", row->name, settings_name(row->needs));
    else
        return OK;
    str usage = usage_of(a, s, 0, row);
    usage.len -= str_ends(usage, S("\n"));
    *why = str_print(a, "%.*s; it is used so:\n%.*s", SARG(*why), SARG(usage));
    return E_INVALID;
}
