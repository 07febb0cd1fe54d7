/* command: see command.h. */
#include "app/command.h"

#include "api/openapi.h"
#include "api/typescript.h"
#include "app/admin.h"
#include "app/backup.h"
#include "app/command_line.h"
#include "app/doctor.h"
#include "app/export.h"
#include "app/files.h"
#include "app/import.h"
#include "app/import_index.h"
#include "app/import_messages.h"
#include "app/line_file.h"
#include "app/mail_in.h"
#include "app/people.h"
#include "app/replay.h"
#include "app/restore.h"
#include "app/setup.h"
#include "app/wiring.h"
#include "base/crypto.h"
#include "base/log.h"
#include "job/engine.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int say_on(FILE *to, int code, str text)
{
    fwrite(text.at, 1, (size_t)text.len, to);
    fflush(to);
    return code;
}

static int say(int code, str text)
{
    return say_on(code ? stderr : stdout, code, text);
}

/* What was taken of a file is the answer, also when some of its lines were wrong. */
static int say_taken(int code, str text)
{
    return say_on(code && code != LINE_FILE_SOME_WRONG ? stderr : stdout, code, text);
}

static int trouble(struct arena *a, str why)
{
    return say(1, str_print(a, "seva: %.*s\n", SARG(why)));
}

/* ── serve ── */

static int admin_command(
    void *arg, struct arena *a, const struct settings *s, str password, str *out)
{
    struct node *node = arg;
    struct people people = {.db = node->db, .config = &node->config};
    if (s->n_words && str_eq(s->words[0], S(DOCTOR_MEND_WORD))) {
        int code = doctor_mend(a, node->db, &node->config, password, out);
        engine_nudge_events(node->engine); /* what it has planned and told */
        engine_nudge_jobs(node->engine);
        return code;
    }
    if (s->n_words && str_eq(s->words[0], S("import")))
        return import_command(a, &people, s, out);
    if (s->n_words && str_eq(s->words[0], S(IMPORT_LINES_WORD)))
        return import_lines(a, &people, s, password, out);
    if (s->n_words && str_eq(s->words[0], S(EXPORT_NOTE_WORD)))
        return export_note(a, &people, s, out);
    if (s->n_words && str_eq(s->words[0], S(REPLAY_LINES_WORD)))
        return replay_lines(a, node, s, password, out);
    return people_command(a, &people, s, password, out);
}

static void reload(struct arena *a, struct node *node)
{
    str why = {0};
    if (http_server_reload_tls(node->server, a, &why) == OK)
        log_line(LOG_INFO, "certificates read again");
    else
        log_line(LOG_ERROR, "certificates not read; the old ones stay", LOG_S("why", why));
}

/* Until SIGTERM or SIGINT. */
static void serve_loop(struct arena *a, struct node *node, int signals, int admin)
{
    for (;;) {
        struct pollfd fds[2] = {
            {.fd = signals, .events = POLLIN},
            {.fd = admin,   .events = POLLIN},
        };
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[1].revents & POLLIN)
            admin_serve(admin, admin_command, node);
        struct signalfd_siginfo info;
        if (!(fds[0].revents & POLLIN) || read(signals, &info, sizeof info) != sizeof info)
            continue;
        if (info.ssi_signo != SIGHUP)
            return;
        reload(a, node);
    }
}

static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN); /* cannot fail for this signal */
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -1;
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static int serve(struct arena *a, const struct settings *s)
{
    struct files files;
    struct node node = {0};
    str why = {0};
    int signals = signals_open();
    if (files_resolve(a, s, &files, &why) != OK || files_lock(a, &files, &why) != OK ||
        files_database_is_there(a, &files, &why) != OK)
        return trouble(a, why);
    int admin = admin_listen(a, files.admin_socket, &why);
    if (signals < 0 || admin < 0)
        return trouble(a, why.len ? why : S("no signals"));
    if (node_open(a, s, &files, &node, &why) != OK)
        return trouble(a, why); /* the process ends: the system takes the rest apart */
    serve_loop(a, &node, signals, admin);
    int unanswered = node_close(&node);
    unlink(str_z(a, files.admin_socket));
    files_unlock(&files);
    return unanswered ? 1 : 0;
}

/* ── the others ── */

static int migrate(struct arena *a, const struct settings *s)
{
    struct files files;
    struct db *db;
    str why = {0};
    ptrdiff_t applied;
    if (files_resolve(a, s, &files, &why) != OK || files_lock(a, &files, &why) != OK ||
        files_database_is_there(a, &files, &why) != OK ||
        node_db_open(a, &files, &db, &applied, &why) != OK)
        return trouble(a, why);
    db_close(db);
    files_unlock(&files);
    return say(0, str_print(a, "%lld migrations applied.\n", (long long)applied));
}

/* What the server that holds the data folder is asked: the words and the options of this command.
 * The file of `import` goes by its whole path, since the server has another working folder. */
static char **far_words(struct arena *a, const struct settings *s, int *argc)
{
    char **argv = NEW(a, char *, s->n_words + 2 * SETTING_COUNT + 2), path[PATH_MAX];
    int n = 0;
    argv[n++] = str_z(a, S("seva"));
    for (int i = 0; i < s->n_words; i++) {
        bool is_file = i == 1 && str_eq(s->words[0], S("import"));
        argv[n++] = is_file && realpath(str_z(a, s->words[i]), path) ? str_z(a, str_from(path))
                                                                     : str_z(a, s->words[i]);
    }
    enum setting next = SET_CONFIG;
    while ((next = settings_next_of_a_command(s, next)) != SET_CONFIG)
        argv[n++] = str_z(a, str_print(a, "--%s=%.*s", settings_name(next), SARG(s->values[next])));
    *argc = n;
    return argv;
}

/* On the data folder itself, or by the server that holds it. */
static int people(struct arena *a, const struct settings *s)
{
    struct files files;
    struct config config;
    struct db *db;
    ptrdiff_t applied;
    str why = {0}, out = {0}, password = {0}, file = s->values[SET_PASSWORD_FILE];
    if (file.len && files_password(a, file, &password, &why) != OK)
        return trouble(a, why);
    if (files_resolve(a, s, &files, &why) != OK)
        return trouble(a, why);
    int argc;
    char **argv = far_words(a, s, &argc);
    int code = admin_ask(a, files.admin_socket, argc, argv, password, &out);
    if (code >= 0)
        return say_taken(code, out);
    if (files_lock(a, &files, &why) != OK || files_database_is_there(a, &files, &why) != OK ||
        node_config(a, s, &files, &config, &why) != OK ||
        node_db_open(a, &files, &db, &applied, &why) != OK)
        return trouble(a, why);
    struct people rooms = {.db = db, .config = &config};
    code = str_eq(s->words[0], S("import")) ? import_command(a, &rooms, s, &out)
                                            : people_command(a, &rooms, s, password, &out);
    db_close(db);
    files_unlock(&files);
    return say_taken(code, out);
}

/* Lines of a batch go to the server that holds the data folder. */
struct far {
    str socket;
    char *argv[4];
    int argc;
};

static int take_far(void *arg, struct arena *a, str lines, str *reply)
{
    struct far *to = arg;
    int code = admin_ask(a, to->socket, to->argc, to->argv, lines, reply);
    if (admin_is_gone(code, *reply))
        *reply = S("the server has gone away; start the import again and it goes on");
    return code;
}

struct near {
    struct people rooms;
    const struct settings *s;
};

static int take_near(void *arg, struct arena *a, str lines, str *reply)
{
    struct near *to = arg;
    return import_lines(a, &to->rooms, to->s, lines, reply);
}

/* The lines are read here, so that standard input and progress are this terminal's; who holds the
 * data folder stores them. */
static int import_messages(struct arena *a, const struct settings *s)
{
    struct files files;
    struct config config;
    ptrdiff_t applied;
    str why = {0}, out = {0}, account = s->values[SET_ACCOUNT];
    if (files_resolve(a, s, &files, &why) != OK)
        return trouble(a, why);
    char name[] = "seva", word[] = IMPORT_LINES_WORD, option[] = "--account";
    struct far far = {
        .socket = files.admin_socket,
        .argv = {name, word, option, str_z(a, account)},
        .argc = account.len ? 4 : 2
    };
    int code = admin_ask(a, far.socket, far.argc, far.argv, (str){0}, &out);
    if (code > 0)
        return trouble(a, str_starts(out, S("seva: ")) ? str_trim(str_skip(out, 6)) : out);
    if (code == 0) {
        code = import_messages_command(a, s, IMPORT_LINES_FAR, take_far, &far, &out);
        return say_taken(code, out);
    }
    struct near near = {.rooms = {.config = &config}, .s = s};
    if (files_lock(a, &files, &why) != OK || files_database_is_there(a, &files, &why) != OK ||
        node_config(a, s, &files, &config, &why) != OK ||
        node_db_open(a, &files, &near.rooms.db, &applied, &why) != OK)
        return trouble(a, why);
    struct import_index index;
    if (import_index_start(&index, near.rooms.db, &config) != OK)
        return trouble(a, S("the system gives no threads"));
    code = import_messages_command(a, s, IMPORT_LINES_MAX, take_near, &near, &out);
    if (import_index_end(&index) != OK)
        out = str_cat(a, out, S("what is not indexed yet will be when the server runs\n"));
    db_close(near.rooms.db);
    files_unlock(&files);
    return say_taken(code, out);
}

static int init(struct arena *a, const struct settings *s)
{
    str out = {0};
    int code = setup_init(a, s, &out);
    return say(code, out);
}

static int mail_in(struct arena *a, const struct settings *s)
{
    str out = {0};
    int code = mail_in_command(a, s, &out);
    return say(code, out);
}

static int replay(struct arena *a, const struct settings *s)
{
    struct files files;
    str why = {0}, out = {0};
    if (files_resolve(a, s, &files, &why) != OK)
        return trouble(a, why);
    int code = replay_command(a, s, files.admin_socket, &out);
    return say_taken(code, out);
}

static int export(struct arena *a, const struct settings *s)
{
    str out = {0};
    int code = export_command(a, s, &out);
    return say(code, out);
}

static int backup(struct arena *a, const struct settings *s)
{
    str out = {0};
    int code = backup_command(a, s, &out);
    return say(code, out);
}

static int restore(struct arena *a, const struct settings *s)
{
    str out = {0};
    int code = restore_command(a, s, &out);
    return say(code, out);
}

static int routes(struct arena *a, const struct settings *s)
{
    bool is_openapi = settings_flag(s, SET_OPENAPI), is_types = settings_flag(s, SET_TYPESCRIPT);
    if (is_openapi && is_types)
        return say(2, S("seva: give --openapi or --typescript, not both\n"));
    return say(0, is_openapi ? openapi_text(a) : is_types ? typescript_text(a) : openapi_list(a));
}

static bool set_log_level(str name)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        {"debug", LOG_DEBUG},
        {"info",  LOG_INFO },
        {"warn",  LOG_WARN },
        {"error", LOG_ERROR}
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (str_eq(name, str_from(levels[i].name))) {
            log_level_set(levels[i].level);
            return true;
        }
    return false;
}

static int run(struct arena *a, const struct settings *s)
{
    static const struct {
        const char *word;
        int (*run)(struct arena *a, const struct settings *s);
    } commands[] = {
        {"init",    init          },
        {"serve",   serve         },
        {"migrate", migrate       },
        {"user",    people        },
        {"account", people        },
        {"import",  people        },
        {"replay",  replay        },
        {"export",  export        },
        {"mail-in", mail_in       },
        {"backup",  backup        },
        {"restore", restore       },
        {"doctor",  doctor_command},
        {"routes",  routes        },
    };
    str word = s->words[0];
    if (str_eq(word, S("import")) && s->n_words == 3)
        return import_messages(a, s);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (str_eq(word, str_from(commands[i].word)))
            return commands[i].run(a, s);
    return say(0, S("seva " SEVA_VERSION "\n"));
}

static int misused(struct arena *a, str why)
{
    return say(2, str_print(a, "seva: %.*s\n", SARG(why)));
}

int command_run(struct arena *a, int argc, char **argv, char **environment)
{
    struct settings s;
    str why = {0};
    if (crypto_start() != OK)
        return trouble(a, S("the cryptographic libraries do not start"));
    if (settings_read(a, argc, argv, environment, &s, &why) != OK)
        return misused(a, why);
    if (settings_flag(&s, SET_HELP) || (s.n_words && str_eq(s.words[0], S("help"))))
        return say(0, command_line_help(a, &s));
    if (settings_flag(&s, SET_VERSION))
        return say(0, S("seva " SEVA_VERSION "\n"));
    if (command_line_check(a, &s, &why) != OK)
        return misused(a, why);
    if (!set_log_level(s.values[SET_LOG_LEVEL]))
        return misused(a, S("log-level is debug, info, warn or error"));
    return run(a, &s);
}
