/* config: see config.h. */
#include "app/config.h"

#include "base/file.h"
#include "base/utf8.h"

enum option_kind {
    OPTION_VALUE,   /* flag, environment, file */
    OPTION_SWITCH,  /* the same, without a value: true */
    OPTION_SECRET,  /* environment and file only: flags are seen by `ps` */
    OPTION_COMMAND, /* flag only: belongs to one command */
    OPTION_COMMAND_SWITCH,
};
struct option {
    enum setting setting;
    enum option_kind kind;
    const char *name, *unit, *standard, *help;
};

/* clang-format off */
static const struct option options[] = {
    {SET_CONFIG,             OPTION_VALUE,          "config",             "FILE",      "",                "read options from this file, one `key = value` a line"},
    {SET_DATA,               OPTION_VALUE,          "data",               "DIR",       "data",            "folder of database, keys, files and lock"},
    {SET_DB,                 OPTION_VALUE,          "db",                 "URL",       "",                "sqlite:/path or postgresql://…; default: seva.db in the data folder"},
    {SET_LISTEN,             OPTION_VALUE,          "listen",             "HOST:PORT", "127.0.0.1:8700",  "address to serve; several with commas; port 0 takes a free one"},
    {SET_BASE_URL,           OPTION_VALUE,          "base-url",           "URL",       "",                "address that people use; default: made from listen"},
    {SET_TLS_CERT,           OPTION_VALUE,          "tls-cert",           "FILE",      "",                "certificate chain (PEM); serves HTTPS; read again on SIGHUP"},
    {SET_TLS_KEY,            OPTION_VALUE,          "tls-key",            "FILE",      "",                "its private key (PEM)"},
    {SET_KEYS,               OPTION_VALUE,          "keys",               "FILE",      "",                "key file; default: keys in the data folder"},
    {SET_BLOBS,              OPTION_VALUE,          "blobs",              "PLACE",     "",                "folder of attachments, shared between nodes, or s3://BUCKET/PREFIX; default: blobs in the data folder"},
    {SET_BLOB_CACHE,         OPTION_VALUE,          "blob-cache",         "MB",        "10240",           "with s3://: how much of it is kept on this machine, in blob-cache of the data folder"},
    {SET_S3_ENDPOINT,        OPTION_VALUE,          "s3-endpoint",        "URL",       "",                "the store, https://host; default: AWS in the region; a private address needs egress-allow store=…"},
    {SET_S3_REGION,          OPTION_VALUE,          "s3-region",          "NAME",      "us-east-1",       "region that requests are signed for"},
    {SET_S3_PATH_STYLE,      OPTION_SWITCH,         "s3-path-style",      "",          "",                "the bucket in the path instead of the host name (MinIO and others)"},
    {SET_S3_KEY_ID,          OPTION_SECRET,         "s3-key-id",          "TEXT",      "",                "id of the key for the store"},
    {SET_S3_SECRET,          OPTION_SECRET,         "s3-secret",          "TEXT",      "",                "the secret key"},
    {SET_S3_SESSION_TOKEN,   OPTION_SECRET,         "s3-session-token",   "TEXT",      "",                "of a key for a time"},
    {SET_S3_KEYS_FILE,       OPTION_VALUE,          "s3-keys-file",       "FILE",      "",                "instead of these: a file of two lines, id and secret key, mode 0600"},
    {SET_SHIP,               OPTION_VALUE,          "ship",               "DIR",       "",                "folder that follows database and attachments, less than a second behind (SQLite)"},
    {SET_SHIP_KEEP,          OPTION_VALUE,          "ship-keep",          "h",         "72",              "how far back a moment can be restored from it"},
    {SET_NODE,               OPTION_VALUE,          "node",               "0–1023",    "0",               "number of this node, different on each"},
    {SET_WORKERS,            OPTION_VALUE,          "workers",            "N",         "16",              "threads that answer requests"},
    {SET_JOB_THREADS,        OPTION_VALUE,          "job-threads",        "N",         "16",              "threads that deliver"},
    {SET_MAX_CONNECTIONS,    OPTION_VALUE,          "max-connections",    "N",         "10000",           "connections at once; more are refused with 503"},
    {SET_TRUSTED_PROXIES,    OPTION_VALUE,          "trusted-proxies",    "CIDR,…",    "",                "proxies whose X-Forwarded-For and -Proto are believed"},
    {SET_EGRESS_ALLOW,       OPTION_VALUE,          "egress-allow",       "RULES",     "",                "private networks that may be reached, per purpose: webhook=10.0.0.0/8;media=…"},
    {SET_NETWORK_HOSTS,      OPTION_VALUE,          "network-hosts",      "HOSTS",     "",                "other base addresses of networks: x.api=https://…;*=http://… (all, by kind and name)"},
    {SET_CA_FILE,            OPTION_VALUE,          "ca-file",            "FILE",      "",                "certificates trusted for outgoing calls; default: the system's"},
    {SET_METRICS_TOKEN,      OPTION_SECRET,         "metrics-token",      "TEXT",      "",                "bearer token for /metrics; without one: from this machine only"},
    {SET_METRICS_TOKEN_FILE, OPTION_VALUE,          "metrics-token-file", "FILE",      "",                "the same, from a file"},
    {SET_THUMBNAIL_PROGRAM,  OPTION_VALUE,          "thumbnail-program",  "PROGRAM",   "vipsthumbnail",   "makes thumbnails outside the server process"},
    {SET_DRAIN_DELAY,        OPTION_VALUE,          "drain-delay",        "s",         "2",               "on SIGTERM: keep accepting so long after readyz says 503"},
    {SET_DRAIN_MOST,         OPTION_VALUE,          "drain-most",         "s",         "30",              "on SIGTERM: end after so long in any case"},
    {SET_LOG_LEVEL,          OPTION_VALUE,          "log-level",          "LEVEL",     "info",            "debug, info, warn or error"},
    {SET_DEMO,               OPTION_SWITCH,         "demo",               "",          "",                "serve the demo shop at /demo/shop"},
    {SET_OWNER,              OPTION_COMMAND,        "owner",              "MAIL",      "",                "init, account add: who owns the account"},
    {SET_NAME,               OPTION_COMMAND,        "name",               "TEXT",      "",                "init: the account's name; user add: the person's"},
    {SET_ROLE,               OPTION_COMMAND,        "role",               "ROLE",      "agent",           "user add: key of a role"},
    {SET_ACCOUNT,            OPTION_COMMAND,        "account",            "ID",        "",                "user, import, replay, export: which account, when there are several"},
    {SET_PASSWORD_FILE,      OPTION_COMMAND,        "password-file",      "FILE",      "",                "init, user, account: first line is the password; - reads standard input"},
    {SET_ENCRYPT_KEY_FILE,   OPTION_COMMAND,        "encrypt-key-file",   "FILE",      "",                "backup, restore: first line is the backup's key or passphrase"},
    {SET_WITH_KEYS,          OPTION_COMMAND_SWITCH, "with-keys",          "",          "",                "backup: put the key file in although it is not encrypted"},
    {SET_VERIFY,             OPTION_COMMAND_SWITCH, "verify",             "",          "",                "backup: only read FILE and check it"},
    {SET_FROM_SHIP,          OPTION_COMMAND,        "from-ship",          "DIR",       "",                "restore: from a folder that a server ships to"},
    {SET_AT,                 OPTION_COMMAND,        "at",                 "TIME",      "",                "restore: as it was then (RFC 3339); without: the last that was shipped"},
    {SET_SPEED,              OPTION_COMMAND,        "speed",              "N",         "1",               "replay: N times the distances in time that the lines have"},
    {SET_RATE,               OPTION_COMMAND,        "rate",               "N/s",       "",                "replay: N lines a second, whatever their times"},
    {SET_RUN,                OPTION_COMMAND,        "run",                "NAME",      "",                "replay: go on with this run, or give a new one this name"},
    {SET_CONTACT,            OPTION_COMMAND,        "contact",            "ID",        "",                "export: only this contact, and what was said with it"},
    {SET_DEEP,               OPTION_COMMAND_SWITCH, "deep",               "",          "",                "doctor: read every file and every index"},
    {SET_REPAIR,             OPTION_COMMAND_SWITCH, "repair",             "",          "",                "doctor: mend what can be mended safely"},
    {SET_JSON,               OPTION_COMMAND_SWITCH, "json",               "",          "",                "init, doctor: print JSON"},
    {SET_OPENAPI,            OPTION_COMMAND_SWITCH, "openapi",            "",          "",                "routes: print OpenAPI 3.1"},
    {SET_TYPESCRIPT,         OPTION_COMMAND_SWITCH, "typescript",         "",          "",                "routes: print TypeScript types"},
    {SET_VERSION,            OPTION_COMMAND_SWITCH, "version",            "",          "",                "print the version"},
    {SET_HELP,               OPTION_COMMAND_SWITCH, "help",               "",          "",                "print this, or what concerns one command"},
};
/* clang-format on */
enum {
    OPTION_COUNT = sizeof options / sizeof options[0],
    CONFIG_FILE_MAX = 64 * 1024,
    HELP_COLUMN = 28, /* characters before an option's words */
};

static bool is_switch(const struct option *o)
{
    return o->kind == OPTION_SWITCH || o->kind == OPTION_COMMAND_SWITCH;
}

static bool is_of_a_command(const struct option *o)
{
    return o->kind == OPTION_COMMAND || o->kind == OPTION_COMMAND_SWITCH;
}

static const struct option *option_find(str name)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (str_eq(str_from(options[i].name), name))
            return &options[i];
    return NULL;
}

/* What stands for yes and for no, in this order. */
static const char *const switch_words[] = {"true", "yes", "1", "on", "false", "no", "0", "off"};
enum { SWITCH_WORDS = sizeof switch_words / sizeof switch_words[0] };

static bool is_good(const struct option *o, str value)
{
    for (int i = 0; i < SWITCH_WORDS && is_switch(o); i++)
        if (str_eq(value, str_from(switch_words[i])))
            return true;
    return !is_switch(o);
}

static err take(struct arena *a, struct settings *s, const struct option *o, const char *of,
    str value, str *why)
{
    s->values[o->setting] = value;
    s->given[o->setting] = true;
    if (is_good(o, value))
        return OK;
    *why = str_print(a, "%s%s is yes or no, not \"%.*s\"", of, o->name, SARG(value));
    return E_INVALID;
}

/* SEVA_BASE_URL for base-url. */
static str environment_name(struct arena *a, const struct option *o)
{
    str name = str_print(a, "SEVA_%s", o->name);
    char *z = str_z(a, name);
    for (char *at = z; *at; at++) {
        if (*at == '-')
            *at = '_';
        else if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    return str_from(z);
}

/* An empty one is one that is not set, as in a unit's EnvironmentFile. */
static err environment_read(struct arena *a, char **environment, struct settings *s, str *why)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (is_of_a_command(&options[i]))
            continue;
        str name = environment_name(a, &options[i]), key, value;
        for (char **at = environment; *at; at++)
            if (str_cut(str_from(*at), '=', &key, &value) && str_eq(key, name) && value.len)
                TRY(take(a, s, &options[i], "in the environment ", value, why));
    }
    return OK;
}

static err file_line(struct arena *a, struct settings *s, str line, int number, str file, str *why)
{
    str key, value;
    line = str_trim(line);
    if (!line.len || line.at[0] == '#')
        return OK;
    if (!str_cut(line, '=', &key, &value)) {
        *why = str_print(a, "%.*s line %d: expected key = value", SARG(file), number);
        return E_INVALID;
    }
    const struct option *o = option_find(str_trim(key));
    if (!o || is_of_a_command(o) || o->setting == SET_CONFIG) {
        *why = str_print(
            a, "%.*s line %d: there is no option %.*s", SARG(file), number, SARG(str_trim(key)));
        return E_INVALID;
    }
    if (!str_trim(value).len) {
        *why = str_print(a, "%.*s line %d: %s has no value", SARG(file), number, o->name);
        return E_INVALID;
    }
    str of = str_print(a, "%.*s line %d: ", SARG(file), number);
    return take(a, s, o, str_z(a, of), str_trim(value), why);
}

static err file_options(struct arena *a, struct settings *s, str file, str *why)
{
    str rest, line;
    if (file_read(a, file, CONFIG_FILE_MAX, &rest) != OK) {
        *why = str_print(a, "cannot read the configuration file %.*s", SARG(file));
        return E_INVALID;
    }
    int number = 0;
    for (bool more = true; more;) {
        more = str_cut(rest, '\n', &line, &rest);
        TRY(file_line(a, s, line, ++number, file, why));
    }
    return OK;
}

static err flags_read(struct arena *a, int argc, char **argv, struct settings *s, str *why)
{
    for (int i = 1; i < argc; i++) {
        str word = str_from(argv[i]), name, value;
        if (str_starts(word, S("-")) && word.len > 1 && !str_starts(word, S("--"))) {
            if (!str_eq(word, S("-h"))) {
                *why = str_print(a,
                    "there is no option %.*s; see seva --help (a file of that name: ./%.*s)",
                    SARG(word), SARG(word));
                return E_INVALID;
            }
            word = S("--help");
        }
        if (!str_starts(word, S("--"))) {
            if (s->n_words == (int)(sizeof s->words / sizeof s->words[0])) {
                *why = S("too many arguments");
                return E_INVALID;
            }
            s->words[s->n_words++] = word;
            continue;
        }
        bool has_value = str_cut(str_skip(word, 2), '=', &name, &value);
        const struct option *o = option_find(name);
        if (!o || o->kind == OPTION_SECRET) {
            *why = o ? str_print(a, "--%s would be seen by others; use the environment or a file",
                           o->name)
                     : str_print(a, "there is no option %.*s; see seva --help", SARG(word));
            return E_INVALID;
        }
        if (!has_value && is_switch(o)) {
            value = S("true");
        } else if (!has_value) {
            if (++i == argc) {
                *why = str_print(a, "--%s needs a value: %s", o->name, o->unit);
                return E_INVALID;
            }
            value = str_from(argv[i]);
        }
        if (!value.len) {
            *why = str_print(a, "--%s is empty: it needs a value, %s", o->name,
                is_switch(o) ? "yes or no" : o->unit);
            return E_INVALID;
        }
        TRY(take(a, s, o, "--", value, why));
    }
    return OK;
}

err settings_read(
    struct arena *a, int argc, char **argv, char **environment, struct settings *s, str *why)
{
    struct settings flags = {0}, layered = {0};
    TRY(flags_read(a, argc, argv, &flags, why));
    for (int i = 0; i < OPTION_COUNT; i++)
        layered.values[options[i].setting] = str_from(options[i].standard);
    struct settings environment_only = {0};
    TRY(environment_read(a, environment, &environment_only, why));
    str file =
        flags.given[SET_CONFIG] ? flags.values[SET_CONFIG] : environment_only.values[SET_CONFIG];
    if (file.len)
        TRY(file_options(a, &layered, file, why));
    TRY(environment_read(a, environment, &layered, why));
    for (int i = 0; i < OPTION_COUNT; i++)
        if (flags.given[options[i].setting])
            TRY(take(a, &layered, &options[i], "--", flags.values[options[i].setting], why));
    layered.n_words = flags.n_words;
    for (int i = 0; i < flags.n_words; i++)
        layered.words[i] = flags.words[i];
    *s = layered;
    return OK;
}

err settings_int(struct arena *a, const struct settings *s, enum setting which, int64_t min,
    int64_t max, int64_t *value, str *why)
{
    if (str_int(s->values[which], min, max, value) == OK)
        return OK;
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options[i].setting == which)
            *why = str_print(a, "%s must be a number from %lld to %lld", options[i].name,
                (long long)min, (long long)max);
    return E_INVALID;
}

bool settings_flag(const struct settings *s, enum setting which)
{
    for (int i = 0; i < SWITCH_WORDS / 2; i++)
        if (str_eq(s->values[which], str_from(switch_words[i])))
            return true;
    return false;
}

enum setting settings_next_of_a_command(const struct settings *s, enum setting before)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (options[i].setting > before && is_of_a_command(&options[i]) &&
            s->given[options[i].setting])
            return options[i].setting;
    return SET_CONFIG;
}

const char *settings_name(enum setting which)
{
    const struct option *found = options;
    while (found->setting != which)
        found++; /* every setting has its row */
    return found->name;
}

str settings_help(struct arena *a)
{
    struct sb b = sb_make(a, 0);
    sb_add(&b, S("Options: as --name value, as SEVA_NAME in the environment, or as `name = value` "
                 "in the\nconfiguration file; the first of these wins.\n\n"));
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &options[i];
        str left = o->kind == OPTION_SECRET ? str_print(a, "%.*s", SARG(environment_name(a, o)))
                                            : str_print(a, "--%s %s", o->name, o->unit);
        /* printf pads by bytes; "…" and "–" are three each. */
        int width = HELP_COLUMN + (int)(left.len - utf8_code_points(left));
        sb_print(&b, "  %-*.*s %s", width, SARG(left), o->help);
        if (o->standard[0])
            sb_print(&b, " (%s)", o->standard);
        sb_byte(&b, '\n');
    }
    return sb_str(&b);
}
