/* config: every option of the program in one table: flag > SEVA_X environment > file (`key =
 * value`) > default. The table prints --help; docs/operations.md names all of it (checked). Secrets
 * come by file or environment only. Not here: what the values do (wiring.c, setup.c). Thread: at
 * the start only. */
#pragma once
#include "base/str.h"

enum setting {
    SET_CONFIG,
    SET_DATA,
    SET_DB,
    SET_LISTEN,
    SET_BASE_URL,
    SET_TLS_CERT,
    SET_TLS_KEY,
    SET_KEYS,
    SET_BLOBS,
    SET_BLOB_CACHE,
    SET_S3_ENDPOINT,
    SET_S3_REGION,
    SET_S3_PATH_STYLE,
    SET_S3_KEY_ID,
    SET_S3_SECRET,
    SET_S3_SESSION_TOKEN,
    SET_S3_KEYS_FILE,
    SET_SHIP,
    SET_SHIP_KEEP,
    SET_NODE,
    SET_WORKERS,
    SET_JOB_THREADS,
    SET_MAX_CONNECTIONS,
    SET_TRUSTED_PROXIES,
    SET_EGRESS_ALLOW,
    SET_NETWORK_HOSTS,
    SET_CA_FILE,
    SET_METRICS_TOKEN,
    SET_METRICS_TOKEN_FILE,
    SET_THUMBNAIL_PROGRAM,
    SET_DRAIN_DELAY,
    SET_DRAIN_MOST,
    SET_LOG_LEVEL,
    SET_DEMO,
    SET_OWNER,
    SET_NAME,
    SET_ROLE,
    SET_ACCOUNT,
    SET_PASSWORD_FILE,
    SET_ENCRYPT_KEY_FILE,
    SET_WITH_KEYS,
    SET_VERIFY,
    SET_FROM_SHIP,
    SET_AT,
    SET_SPEED,
    SET_RATE,
    SET_RUN,
    SET_CONTACT,
    SET_DEEP,
    SET_REPAIR,
    SET_JSON,
    SET_OPENAPI,
    SET_TYPESCRIPT,
    SET_VERSION,
    SET_HELP,
    SETTING_COUNT,
};

struct settings {
    str values[SETTING_COUNT];
    bool given[SETTING_COUNT]; /* not the default */
    str words[16];             /* command and its arguments that are no options */
    int n_words;
};

/* Reads argv[1…], the environment and the file. E_INVALID with *why in words. */
err settings_read(
    struct arena *a, int argc, char **argv, char **environment, struct settings *s, str *why);
/* A checked number; E_INVALID with *why. */
err settings_int(struct arena *a, const struct settings *s, enum setting which, int64_t min,
    int64_t max, int64_t *value, str *why);
bool settings_flag(const struct settings *s, enum setting which);
/* The next one behind `before` that was given and belongs to some commands only (speed, deep …), in
 * the order of enum setting; SET_CONFIG: there is no more. */
enum setting settings_next_of_a_command(const struct settings *s, enum setting before);
/* "speed" */
const char *settings_name(enum setting which);
/* The table as text, one option a line, for --help; made in a. */
str settings_help(struct arena *a);
