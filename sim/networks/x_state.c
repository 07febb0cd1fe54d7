/* Posts, messages and people of the simulated X, and how X writes them. See x.h. */
#include "x.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Time in its upper bits, as X's ids have it. */
str xnet_new_id(struct sim *sim, struct sim_account *account, struct arena *a)
{
    struct xnet *x = account->data;
    int64_t id = (sim_now(sim) - INT64_C(1288834974657)) << 22;
    if (id <= x->last_id)
        id = x->last_id + 1;
    x->last_id = id;
    return str_print(a, "%lld", (long long)id);
}

struct xnet_person *xnet_person(struct xnet *x, str id, bool is_made)
{
    struct xnet_person *p = map_get(&x->people_by_id, id);
    if (p || !is_made || id.len == 0 || id.len >= (ptrdiff_t)sizeof p->id ||
        x->people_by_id.count >= XNET_PEOPLE_MAX)
        return p;
    p = sim_alloc((ptrdiff_t)sizeof *p);
    sim_keep(p->id, sizeof p->id, id);
    p->next = x->people;
    x->people = p;
    if (map_put(&x->people_by_id, str_from(p->id), p) != OK)
        abort();
    return p;
}

static void drop_oldest(struct xnet_list *list)
{
    struct xnet_thing *t = list->oldest;
    list->oldest = t->next;
    if (t->next == NULL)
        list->end = &list->oldest;
    (void)map_take(&list->by_id, str_from(t->id));
    list->n--;
    free(t);
}

struct xnet_thing *xnet_add(struct xnet_list *list, struct arena *a, str id, str text)
{
    (void)a;
    while (list->n >= XNET_THINGS_MAX)
        drop_oldest(list);
    struct xnet_thing *t = sim_alloc((ptrdiff_t)sizeof *t + text.len + 1);
    if (list->end == NULL)
        list->end = &list->oldest;
    sim_keep(t->id, sizeof t->id, id);
    t->text_len = text.len;
    if (text.len > 0)
        memcpy(t->text, text.at, (size_t)text.len);
    *list->end = t;
    list->end = &t->next;
    list->n++;
    if (map_put(&list->by_id, str_from(t->id), t) != OK)
        abort();
    return t;
}

struct xnet_thing *xnet_find(const struct xnet_list *list, str id)
{
    struct xnet_thing *t = map_get(&list->by_id, id);
    return t && !t->is_gone ? t : NULL;
}

void xnet_clear(struct xnet *x)
{
    while (x->posts.oldest)
        drop_oldest(&x->posts);
    while (x->messages.oldest)
        drop_oldest(&x->messages);
    while (x->people) {
        struct xnet_person *p = x->people;
        x->people = p->next;
        free(p);
    }
    for (int i = 0; i < x->n_uploads; i++)
        free(x->uploads[i].bytes);
    map_free(&x->people_by_id);
    map_free(&x->posts.by_id);
    map_free(&x->messages.by_id);
}

str xnet_handle(const struct sim_account *account)
{
    str handle = sim_setting(account, S("handle"));
    return handle.len > 0 ? handle : S("SevaCare");
}

bool xnet_names_us(const struct sim_account *account, str text)
{
    str handle = xnet_handle(account);
    for (ptrdiff_t i = 0; i < text.len; i++)
        if (text.at[i] == '@' && str_eq_nocase(str_sub(text, i + 1, handle.len), handle))
            return true;
    return false;
}

/* ── JSON ── */

void xnet_put_person(struct json_out *j, const struct sim_account *account, str id)
{
    const struct xnet *x = account->data;
    const struct xnet_person *p = map_get(&x->people_by_id, id);
    bool is_us = str_eq(id, account->id);
    json_obj(j);
    json_kv_str(j, S("id"), id);
    json_kv_str(j, S("name"), is_us ? account->name : str_from(p ? p->name : ""));
    json_kv_str(j, S("username"), is_us ? xnet_handle(account) : str_from(p ? p->handle : ""));
    json_kv_bool(j, S("protected"), false);
    json_obj_end(j);
}

static void put_reference(struct json_out *j, const char *type, const char *id)
{
    if (!id[0])
        return;
    json_obj(j);
    json_kv_str(j, S("type"), str_from(type));
    json_kv_str(j, S("id"), str_from(id));
    json_obj_end(j);
}

static void put_mentions(
    struct json_out *j, const struct sim_account *account, const struct xnet_thing *post)
{
    json_key(j, S("entities"));
    json_obj(j);
    json_key(j, S("mentions"));
    json_arr(j);
    if (xnet_names_us(account, str_of(post->text, post->text_len))) {
        json_obj(j);
        json_kv_str(j, S("username"), xnet_handle(account));
        json_kv_str(j, S("id"), account->id);
        json_obj_end(j);
    }
    json_arr_end(j);
    json_obj_end(j);
}

/* X encodes these three; our writer would escape them as JSON instead. */
static str encoded(struct json_out *j, str text)
{
    struct sb b = sb_make(j->b.a, 0);
    for (ptrdiff_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '&')
            sb_add(&b, S("&amp;"));
        else if (c == '<' || c == '>')
            sb_add(&b, c == '<' ? S("&lt;") : S("&gt;"));
        else
            sb_byte(&b, c);
    }
    return sb_str(&b);
}

void xnet_put_post(
    struct json_out *j, const struct sim_account *account, const struct xnet_thing *post)
{
    json_obj(j);
    json_kv_str(j, S("id"), str_from(post->id));
    json_kv_str(j, S("text"), encoded(j, str_of(post->text, post->text_len)));
    json_kv_str(j, S("author_id"), str_from(post->author));
    json_kv_time(j, S("created_at"), post->at_ms);
    json_kv_str(j, S("conversation_id"), str_from(post->root));
    json_kv_str(j, S("lang"), S("en"));
    json_key(j, S("edit_history_tweet_ids"));
    json_arr(j);
    if (post->first_version[0])
        json_put_str(j, str_from(post->first_version));
    json_put_str(j, str_from(post->id));
    json_arr_end(j);
    if (post->above_author[0])
        json_kv_str(j, S("in_reply_to_user_id"), str_from(post->above_author));
    if (post->above[0] || post->quoted[0]) {
        json_key(j, S("referenced_tweets"));
        json_arr(j);
        put_reference(j, "replied_to", post->above);
        put_reference(j, "quoted", post->quoted);
        json_arr_end(j);
    }
    put_mentions(j, account, post);
    if (post->n_media > 0) {
        json_key(j, S("attachments"));
        json_obj(j);
        json_key(j, S("media_keys"));
        json_arr(j);
        for (int i = 0; i < post->n_media; i++)
            json_put_str(j, str_print(j->b.a, "3_%s", post->media[i]));
        json_arr_end(j);
        json_obj_end(j);
    }
    json_obj_end(j);
}

static void put_media(struct sim *sim, struct json_out *j, struct arena *a,
    const struct sim_account *account, const struct xnet_thing *post)
{
    for (int i = 0; i < post->n_media; i++) {
        str id = str_from(post->media[i]);
        json_obj(j);
        json_kv_str(j, S("media_key"), str_print(a, "3_%.*s", SARG(id)));
        json_kv_str(j, S("type"), S("photo"));
        json_kv_str(j, S("url"), sim_media_url(sim, account->network, a, id, XNET_DAY_MS, false));
        json_obj_end(j);
    }
}

void xnet_put_includes(struct sim *sim, struct json_out *j, struct arena *a,
    const struct sim_account *account, const struct xnet_thing *const *posts, ptrdiff_t n)
{
    const struct xnet *x = account->data;
    struct map seen = {.a = a};
    json_obj(j);
    json_key(j, S("users"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++) {
        str ids[] = {str_from(posts[i]->author), str_from(posts[i]->above_author)};
        for (int k = 0; k < 2; k++) {
            if (ids[k].len == 0 || map_get(&seen, ids[k]))
                continue;
            xnet_put_person(j, account, ids[k]);
            if (map_put(&seen, ids[k], (void *)(uintptr_t)posts[i]) != OK)
                abort();
        }
    }
    json_arr_end(j);
    json_key(j, S("media"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++)
        put_media(sim, j, a, account, posts[i]);
    json_arr_end(j);
    json_key(j, S("tweets"));
    json_arr(j);
    for (ptrdiff_t i = 0; i < n; i++) {
        const struct xnet_thing *above = xnet_find(&x->posts, str_from(posts[i]->above));
        const struct xnet_thing *quoted = xnet_find(&x->posts, str_from(posts[i]->quoted));
        if (above)
            xnet_put_post(j, account, above);
        if (quoted)
            xnet_put_post(j, account, quoted);
    }
    json_arr_end(j);
    json_obj_end(j);
}

void xnet_put_message(
    struct json_out *j, const struct sim_account *account, const struct xnet_thing *m)
{
    json_obj(j);
    json_kv_str(j, S("id"), str_from(m->id));
    json_kv_str(j, S("event_type"), S("MessageCreate"));
    json_kv_str(j, S("text"), encoded(j, str_of(m->text, m->text_len)));
    json_kv_str(j, S("sender_id"), str_from(m->author));
    json_kv_str(
        j, S("dm_conversation_id"), str_print(j->b.a, "%.*s-%s", SARG(account->id), m->talk));
    json_kv_time(j, S("created_at"), m->at_ms);
    if (m->n_media > 0) {
        json_key(j, S("attachments"));
        json_obj(j);
        json_key(j, S("media_keys"));
        json_arr(j);
        json_put_str(j, str_print(j->b.a, "3_%s", m->media[0]));
        json_arr_end(j);
        json_obj_end(j);
    }
    json_obj_end(j);
}
