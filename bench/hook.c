/* See hook.h. */
#include "hook.h"

#include "base/clock.h"
#include "caught.h"
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 7, PERSON_DIGITS = 3, PERSON = 1, PERSON_TAIL = 6 };
#define MARK S("benchmark")
#define TEXT                                                                                       \
    S("benchmark where is my order It should have been here on Friday and nobody knows anything")

static void give_up(const struct hook *h, const char *what)
{
    fprintf(stderr, "hook: %s: %s\n", h->network->kind, what);
    exit(1);
}

static void number_write(char *at, int digits, int64_t value)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Where DIGITS characters of an id may be replaced: the end of its longest plain stretch; −1: it is
 * too short. */
static ptrdiff_t place_in(str id)
{
    ptrdiff_t run = 0, longest = 0, end = 0;
    for (ptrdiff_t i = 0; i < id.len; i++) {
        run = is_plain(id.at[i]) ? run + 1 : 0;
        if (run >= longest) {
            longest = run;
            end = i + 1;
        }
    }
    return longest >= DIGITS ? end - DIGITS : -1;
}

/* Every place where `what` stands, moved on by `by`. */
static int places(const struct hook *h, str what, ptrdiff_t by, ptrdiff_t *at, int n)
{
    str body = str_of(h->body, h->len);
    for (ptrdiff_t from = 0; n < HOOK_PATCHES;) {
        ptrdiff_t found = str_find(str_skip(body, from), what);
        if (found < 0)
            break;
        at[n++] = from + found + by;
        from += found + what.len;
    }
    return n;
}

/* An id that is too short for a number gets digits of its own behind it, everywhere. */
static str widened(struct arena *a, struct hook *h, str id)
{
    str rest = str_of(h->body, h->len), longer = str_cat(a, id, S("0000000"));
    struct sb b = sb_make(a, 0);
    if (place_in(id) >= 0 || !id.len)
        return id;
    for (ptrdiff_t at; (at = str_find(rest, id)) >= 0; rest = str_skip(rest, at + id.len)) {
        sb_add(&b, str_sub(rest, 0, at));
        sb_add(&b, longer);
    }
    sb_add(&b, rest);
    h->body = b.at;
    h->len = b.len;
    return longer;
}

/* The value of a text member, wherever it stands, with the quotation mark before it, so that a
 * short one is not found elsewhere; empty: absent. */
static str member(str body, str name, struct arena *a)
{
    str before = str_print(a, "\"%.*s\":\"", SARG(name)), value, rest;
    ptrdiff_t at = str_find(body, before);
    if (!name.len || at < 0 || !str_cut(str_skip(body, at + before.len), '"', &value, &rest))
        return (str){0};
    return str_cat(a, S("\""), value);
}

void hook_make(struct arena *a, const struct bench_network *n, str url, struct hook *h)
{
    const struct connector *c;
    struct connector_setup *setup = NEW(a, struct connector_setup, 1);
    str id, host, person = caught_person(a, n, PERSON);
    *h = (struct hook){.network = n, .url = url};
    caught_connect(a, n, &c, setup);
    const struct http_request *req = caught_say(a, n, PERSON, TEXT, MARK, &id);
    h->content_type = str_copy(a, http_header_get(req, S("Content-Type")));
    h->body = NEW(a, char, req->body.len);
    h->len = req->body.len;
    memcpy(h->body, req->body.at, (size_t)h->len);
    id = widened(a, h, id);
    if (place_in(id) < 0)
        give_up(h, "the message has no id");
    str event = member(str_of(h->body, h->len), str_from(n->event), a);
    if (*n->event && !event.len)
        give_up(h, "the delivery has no id");
    event = widened(a, h, event);
    h->n_ids = places(h, id, place_in(id), h->ids, 0);
    if (!h->n_ids)
        give_up(h, "the message's id does not stand in the webhook");
    if (event.len)
        h->n_ids = places(h, event, place_in(event), h->ids, h->n_ids);
    str tail = str_skip(person, person.len - PERSON_TAIL);
    h->n_people = places(h, tail, tail.len - PERSON_DIGITS, h->people, 0);
    if (!h->n_people)
        give_up(h, "the person does not stand in the webhook");
    ptrdiff_t at = str_find(url, S("://"));
    if (at < 0 || str_find_byte(str_skip(url, at + 3), '/') < 0)
        give_up(h, "no address to post to");
    host = str_skip(url, at + 3);
    h->path = str_skip(host, str_find_byte(host, '/'));
}

/* The simulator's own signature. Its network file expects its room's lock, which nobody else wants:
 * this simulator has nothing to do any more. */
static void sign(const struct hook *h, struct sim_post *post)
{
    for (int i = 0; sim_networks[i]; i++) {
        const struct sim_network *network = sim_networks[i];
        if (!str_eq(network->name, str_from(h->network->kind)))
            continue;
        const struct sim_account *account = sim_account_find(caught_sim(), network, (str){0});
        network->sign(caught_sim(), account, post);
        return;
    }
    give_up(h, "the simulator does not know it");
}

ptrdiff_t hook_write(
    struct hook *h, struct arena *scratch, int64_t serial, char *out, ptrdiff_t room)
{
    for (int i = 0; i < h->n_ids; i++)
        number_write(h->body + h->ids[i], DIGITS, HOOK_FIRST + serial);
    for (int i = 0; i < h->n_people; i++)
        number_write(h->body + h->people[i], PERSON_DIGITS, serial % HOOK_PEOPLE);
    struct sim_post post = {.arena = scratch,
        .now_ms = clock_now_ms(),
        .attempt = 1,
        .method = HTTP_POST,
        .url = h->url,
        .body = str_of(h->body, h->len)};
    sim_post_header(&post, S("Content-Type"), h->content_type);
    sign(h, &post);
    struct sb b = sb_make(scratch, 0);
    sb_print(
        &b, "POST %.*s HTTP/1.1\r\nHost: bench\r\nContent-Length: %td\r\n", SARG(h->path), h->len);
    for (ptrdiff_t i = 0; i < post.header_count; i++)
        sb_print(&b, "%.*s: %.*s\r\n", SARG(post.headers[i].name), SARG(post.headers[i].value));
    sb_print(&b, "\r\n%.*s", SARG(post.body));
    str all = sb_str(&b);
    if (all.len > room)
        give_up(h, "too large");
    memcpy(out, all.at, (size_t)all.len);
    return all.len;
}
