/* The living demo; see demo.h. The folder holds what `seva init` makes, and demo.json with the
 * sign-in and keys of the demo account, readable by its owner only. */
#include "demo.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "generate.h"
#include "process.h"
#include "shop.h"
#include "social.h"
#include "visit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 65536, SERVE_ARGS = 64, SEED = 20260101, DRESS_TRIES = 5 };
#define LISTEN "127.0.0.1:8700"
#define OWNER  "demo@seva.example"

static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
    asked_to_end = number;
}

struct demo {
    struct arena kept, scratch;
    const struct demo_options *o;
    struct shop shop;
    struct social *social; /* the simulated networks; NULL = none */
    str data;
};

static bool complain(const char *what)
{
    fprintf(stderr, "The demo could not start: %s\n", what);
    return false;
}

static char *zstr(struct demo *d, const char *format, str s)
{
    struct sb b = sb_make(&d->kept, 8192);
    sb_add(&b, str_from(format));
    sb_add(&b, s);
    return str_z(&d->kept, sb_str(&b));
}

/* A word a person can type: the sign-in is for this machine only, but it is not the same
 * everywhere. */
static str password_make(struct arena *a)
{
    uint8_t b[4];
    crypto_random(b, sizeof b);
    return str_print(a, "seva-demo-%.*s", SARG(crypto_hex(a, str_of(b, sizeof b))));
}

/* Asks `seva init` for the account, the channels and a token; writes demo.json. */
static bool account_make(struct demo *d)
{
    struct arena *a = &d->kept;
    str password = password_make(a), made;
    char *file = zstr(d, "", str_cat(a, d->data, S("/demo-password")));
    if (file_folder_make(d->data, 0700) != OK || file_write(str_from(file), password, 0600) != OK)
        return complain("the data folder cannot be written");
    char *argv[] = {zstr(d, "", str_from(d->o->seva)), zstr(d, "init", S("")),
        zstr(d, "--data", S("")), zstr(d, "", d->data), zstr(d, "--owner", S("")),
        zstr(d, OWNER, S("")), zstr(d, "--name", S("")), zstr(d, "Seva Demo Shop", S("")),
        zstr(d, "--password-file", S("")), file, zstr(d, "--json", S("")), NULL};
    int status = process_run(a, argv, OUTPUT_BYTES, &made);
    (void)file_remove(str_from(file)); /* it also stands in demo.json */
    const struct json *root;
    str why;
    if (status != 0 || json_parse(a, made, &root, &why) != OK)
        return complain("`seva init` failed");
    struct json_out j = json_out_make(a, OUTPUT_BYTES);
    json_obj(&j);
    json_kv_str(&j, S("password"), password);
    json_kv_raw(&j, S("init"), str_trim(made));
    json_obj_end(&j);
    str path = str_cat(a, d->data, S("/demo.json"));
    return file_write(path, json_str(&j), 0600) == OK || complain("demo.json cannot be written");
}

/* Two months of conversations, through the same door as any other import. */
static bool past_make(struct demo *d)
{
    char *path = zstr(d, "", str_cat(&d->kept, d->data, S("/demo.jsonl")));
    FILE *f = fopen(path, "we");
    bool written = f && generate(f, SEED, clock_now_ms());
    if (f && fclose(f) != 0)
        written = false;
    if (!written)
        return complain("the demo's conversations cannot be written");
    char *argv[] = {zstr(d, "", str_from(d->o->seva)), zstr(d, "import", S("")),
        zstr(d, "--data", S("")), zstr(d, "", d->data), path, NULL};
    str said;
    if (process_run(&d->kept, argv, OUTPUT_BYTES, &said) != 0)
        return complain("`seva import` failed");
    (void)file_remove(str_from(path)); /* it can be made again */
    return true;
}

static bool account_load(struct demo *d)
{
    struct arena *a = &d->kept;
    str path = str_cat(a, d->data, S("/demo.json")), text, why;
    const struct json *root;
    if (file_read(a, path, OUTPUT_BYTES, &text) != OK || json_parse(a, text, &root, &why) != OK)
        return complain("demo.json cannot be read");
    const struct json *init = json_get(root, S("init"));
    struct shop *s = &d->shop;
    s->owner = S(OWNER);
    s->password = json_text(json_get(root, S("password")), S(""));
    s->token = json_text(json_get(init, S("token")), S(""));
    s->owner_id = json_text(json_get(init, S("owner_id")), S(""));
    const struct json *channels = json_get(init, S("channels"));
    for (const struct json *c = channels ? channels->first : NULL; c; c = c->next) {
        bool is_widget = str_eq(json_text(json_get(c, S("kind")), S("")), S("widget"));
        *(is_widget ? &s->widget_id : &s->api_id) = json_text(json_get(c, S("id")), S(""));
        if (is_widget) {
            s->widget_key = json_text(json_get(c, S("public_key")), S(""));
        } else {
            s->api_key = json_text(json_get(c, S("source_key")), S(""));
            s->api_secret = json_text(json_get(c, S("secret")), S(""));
        }
    }
    return s->token.len && s->widget_key.len ? true : complain("demo.json is not complete");
}

/* The address to call: the last --listen of the caller's, else our own. */
static str listen_of(const struct demo_options *o)
{
    str found = S(LISTEN);
    for (int i = 0; i < o->serve_arg_count; i++) {
        str arg = str_from(o->serve_args[i]), key, value;
        if (str_eq(arg, S("--listen")) && i + 1 < o->serve_arg_count)
            found = str_from(o->serve_args[i + 1]);
        else if (str_cut(arg, '=', &key, &value) && str_eq(key, S("--listen")))
            found = value;
    }
    return str_starts(found, S(":")) ? (str){NULL, 0} : found;
}

static pid_t server_start(struct demo *d)
{
    char *argv[SERVE_ARGS + 16];
    int n = 0;
    argv[n++] = zstr(d, "", str_from(d->o->seva));
    argv[n++] = zstr(d, "serve", S(""));
    argv[n++] = zstr(d, "--data=", d->data);
    argv[n++] = zstr(d, "--listen=", S(LISTEN));
    argv[n++] = zstr(d, "--demo", S(""));
    argv[n++] = zstr(d,
        "--egress-allow=webhook=127.0.0.0/8;network=127.0.0.0/8;media=127.0.0.0/8;mail=127.0.0.0/8",
        S(""));
    if (d->social)
        argv[n++] = zstr(d, "--network-hosts=", social_hosts(d->social));
    if (d->social && social_ca_file(d->social).len)
        argv[n++] = zstr(d, "--ca-file=", social_ca_file(d->social));
    argv[n++] = zstr(d, "--log-level=warn", S(""));
    for (int i = 0; i < d->o->serve_arg_count && i < SERVE_ARGS; i++)
        argv[n++] = d->o->serve_args[i];
    argv[n] = NULL;
    return process_start(argv);
}

/* true when the server answers; false when it ended or the time is over. */
static bool server_wait(struct demo *d, pid_t server, int *status)
{
    int64_t until = clock_mono_ms() + 30000;
    while (clock_mono_ms() < until && !asked_to_end) {
        arena_reset(&d->scratch);
        if (shop_call(&d->shop, &d->scratch, HTTP_GET, S("/readyz"), S(""), S(""), NULL) == 200)
            return true;
        if (waitpid(server, status, WNOHANG) == server)
            return false;
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* shorter is as good */
    }
    return false;
}

/* Tries again while there is no answer, or only that the server is busy: what is sent is a state,
 * so twice is as good. On a machine at its limit one durable write may take longer than a call
 * waits. */
static void dress(struct demo *d, const char *what, str path, str body)
{
    struct shop *s = &d->shop;
    int status = 0;
    bool is_over = false;
    for (int tries = 0; tries < DRESS_TRIES && !is_over && !asked_to_end; tries++) {
        if (tries > 0)
            (void)nanosleep(
                &(struct timespec){.tv_nsec = 500000000}, NULL); /* shorter is as good */
        status = shop_call(s, &d->scratch, HTTP_PATCH, path, s->token, body, NULL);
        is_over = status != 0 && status != 429 && status != 503;
    }
    if (status == 0 && !asked_to_end)
        fprintf(stderr, "The demo's %s keeps its plain look: %.*s.\n", what, SARG(s->why));
    else if (status != 0 && status != 200)
        fprintf(stderr, "The demo's %s keeps its plain look: status %d.\n", what, status);
}

/* The shop's look, and where replies of the API channel go in this run. */
static void channels_dress(struct demo *d, int replies_port)
{
    struct shop *s = &d->shop;
    struct arena *a = &d->scratch;
    str widget =
        S("{\"name\":\"Website chat\",\"languages\":[\"en\",\"bn\",\"ar\"],\"settings\":{"
          "\"greeting\":\"Hi there 👋\",\"intro\":\"Ask us anything about your order. We answer in "
          "English, বাংলা and العربية.\",\"color\":\"#0f766e\",\"show_agent_photo\":true,"
          "\"attachments_enabled\":true,\"transcript_enabled\":true}}");
    str api = str_print(a,
        "{\"name\":\"Mobile app\",\"settings\":{\"reply_url\":\"http://127.0.0.1:%d/replies\"}}",
        replies_port);
    dress(d, "website chat", str_cat(a, S("/api/v1/channels/"), s->widget_id), widget);
    dress(d, "mobile app", str_cat(a, S("/api/v1/channels/"), s->api_id), api);
    dress(d, "owner", str_cat(a, S("/api/v1/agents/"), s->owner_id), S("{\"name\":\"Asha Rao\"}"));
}

static void greet(const struct demo *d)
{
    printf(
        "\n  Seva is running.\n\n"
        "    Console    %.*s\n"
        "    Sign in    %.*s   password   %.*s\n"
        "    Shop       %.*s/demo/shop   (chat with yourself in a second window)\n"
        "    Networks   X, WhatsApp, Instagram and others are simulated: answer, nobody is there\n"
        "    Mails      care@seva-shop.example is simulated too: who gets an answer answers back\n\n"
        "  Data in %.*s. %s Ctrl-C ends it.\n\n",
        SARG(d->shop.base_url), SARG(d->shop.owner), SARG(d->shop.password), SARG(d->shop.base_url),
        SARG(d->data), d->o->quiet ? "No visitors (--quiet)." : "Visitors write now and then.");
    fflush(stdout);
}

/* Visitors until a signal or the server's end; the server's wait status. */
static int serve_until_end(struct demo *d, pid_t server, struct replies *replies)
{
    struct visits *visits =
        d->o->quiet ? NULL : visits_open(&d->shop, replies, (uint64_t)clock_now_ms());
    int status = 0;
    while (!asked_to_end && waitpid(server, &status, WNOHANG) != server) {
        if (visits)
            visits_run(visits);
        if (visits && d->social)
            social_run(d->social, &d->scratch);
        (void)nanosleep(
            &(struct timespec){.tv_nsec = 400000000}, NULL); /* a signal may cut it short */
    }
    if (asked_to_end) {
        (void)kill(server, SIGTERM); /* it may have ended by itself */
        while (waitpid(server, &status, 0) < 0 && errno == EINTR)
            ;
    } else if (WIFSIGNALED(status)) {
        fprintf(stderr, "The server was ended by signal %d. Start ./run again: nothing is lost.\n",
            WTERMSIG(status));
    } else {
        fprintf(stderr, "The server ended with status %d.\n", WEXITSTATUS(status));
    }
    if (visits)
        visits_close(visits);
    return status;
}

static int demo_serve(struct demo *d)
{
    struct replies *replies = replies_open(&d->kept);
    if (!replies || !shop_open(&d->kept, &d->shop))
        return !complain("no loopback port is free") + 1;
    int status = 0;
    d->social = social_open(&d->kept, d->data);
    pid_t server = server_start(d);
    bool ready = server > 0 && server_wait(d, server, &status);
    if (ready) {
        channels_dress(d, replies_port(replies));
        if (d->social)
            social_connect(d->social, &d->shop, &d->scratch);
        greet(d);
    } else if (!asked_to_end) {
        (void)complain("the server did not become ready; its own words stand above");
    }
    if (server > 0 && (ready || asked_to_end || waitpid(server, &status, WNOHANG) == 0)) {
        if (!ready)
            asked_to_end = asked_to_end ? asked_to_end : SIGTERM;
        status = serve_until_end(d, server, replies);
    }
    social_close(d->social);
    replies_close(replies);
    http_client_close(d->shop.client);
    if (!ready)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int demo_run(const struct demo_options *o)
{
    struct demo d = {
        .kept = arena_make(0), .scratch = arena_make(0), .o = o, .data = str_from(o->data)};
    struct sigaction act = {.sa_handler = on_signal};
    (void)sigaction(SIGINT, &act, NULL); /* cannot fail for these two */
    (void)sigaction(SIGTERM, &act, NULL);
    str listen = listen_of(o);
    if (!listen.len)
        listen = str_cat(&d.kept, S("127.0.0.1"), str_skip(str_from(LISTEN), 9));
    d.shop.base_url = str_cat(&d.kept, S("http://"), listen);
    int64_t size;
    bool is_new = file_size(str_cat(&d.kept, d.data, S("/demo.json")), &size) != OK;
    if (is_new)
        fprintf(stderr, "Making the demo account …\n");
    bool made = (!is_new || (account_make(&d) && past_make(&d))) && account_load(&d);
    int status = made ? demo_serve(&d) : 1;
    arena_free(&d.scratch);
    arena_free(&d.kept);
    return status;
}
