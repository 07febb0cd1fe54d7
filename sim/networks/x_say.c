/* Customers of the simulated X. See x.h. */
#include "x.h"

static void read_files(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, struct xnet_thing *to)
{
    for (ptrdiff_t i = 0; i < say->n_files && to->n_media < XNET_MEDIA; i++) {
        struct sim_media m = sim_media_add(sim, account->network, a, account->id, &say->files[i]);
        sim_keep(to->media[to->n_media++], sizeof to->media[0], m.id);
    }
}

static err say_message(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str from, str *id)
{
    struct xnet *x = account->data;
    *id = xnet_new_id(sim, account, a);
    struct xnet_thing *m = xnet_add(&x->messages, a, *id, say->text);
    m->at_ms = sim_now(sim);
    sim_keep(m->author, sizeof m->author, from);
    sim_keep(m->talk, sizeof m->talk, from);
    read_files(sim, account, a, say, m);
    xnet_tell_message(sim, account, a, m);
    return OK;
}

/* kind "edit": a new version of reply_to. */
static err say_post(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str from, str *id, str *why)
{
    struct xnet *x = account->data;
    bool is_quote = str_eq(say->kind, S("quote")), is_edit = str_eq(say->kind, S("edit"));
    struct xnet_thing *other = xnet_find(&x->posts, say->reply_to);
    *why = S("reply_to is not a post that is there");
    if (other == NULL && (say->reply_to.len > 0 || is_quote || is_edit))
        return E_NOT_FOUND;
    *id = xnet_new_id(sim, account, a);
    struct xnet_thing *post = xnet_add(&x->posts, a, *id, say->text);
    bool answers = other && !is_quote && !is_edit;
    bool is_to_us = other && str_eq(str_from(other->author), account->id);
    bool names = xnet_names_us(account, say->text);
    post->at_ms = sim_now(sim);
    sim_keep(post->author, sizeof post->author, from);
    sim_keep(post->root, sizeof post->root, answers ? str_from(other->root) : *id);
    if (answers) {
        sim_keep(post->above, sizeof post->above, say->reply_to);
        sim_keep(post->above_author, sizeof post->above_author, str_from(other->author));
    }
    if (is_quote)
        sim_keep(post->quoted, sizeof post->quoted, say->reply_to);
    if (is_edit) {
        sim_keep(post->first_version, sizeof post->first_version,
            other->first_version[0] ? str_from(other->first_version) : say->reply_to);
        sim_keep(post->root, sizeof post->root, str_from(other->root));
    }
    read_files(sim, account, a, say, post);
    post->calls_on_us = names || (is_to_us && (answers || is_quote));
    if (names)
        xnet_tell_post(sim, account, a, post, "post.mention.create");
    else if (answers && is_to_us)
        xnet_tell_post(sim, account, a, post, "post.reply.create");
    else if (is_quote && is_to_us)
        xnet_tell_post(sim, account, a, post, "post.quote.create");
    return OK;
}

err xnet_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why)
{
    static const char *const kinds[] = {"", "post", "mention", "reply", "quote", "edit"};
    str from = say->from_id.len > 0 ? say->from_id : S("2222");
    struct xnet_person *p = xnet_person(account->data, from, true);
    *why = S("from must be an id of at most 23 letters");
    if (p == NULL)
        return E_INVALID;
    sim_keep(p->name, sizeof p->name, say->from_name.len > 0 ? say->from_name : S("Asha"));
    sim_keep(
        p->handle, sizeof p->handle, say->from_handle.len > 0 ? say->from_handle : S("asha_r"));
    if (str_eq(say->kind, S("dm")) || str_eq(say->kind, S("message")))
        return say_message(sim, account, a, say, from, id);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(say->kind, str_from(kinds[i])))
            return say_post(sim, account, a, say, from, id, why);
    *why = S("kind is post, mention, reply, quote, edit or dm");
    return E_INVALID;
}

err xnet_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why)
{
    struct xnet *x = account->data;
    str who = json_text(json_get(input, S("person")), S("2222"));
    (void)answer;
    if (str_eq(what, S("close")) || str_eq(what, S("open"))) {
        struct xnet_person *p = xnet_person(x, who, true);
        *why = S("person must be an id");
        if (p == NULL)
            return E_INVALID;
        p->takes_no_messages = str_eq(what, S("close"));
    } else if (str_eq(what, S("read"))) {
        xnet_event(sim, account, a, "dm.read",
            str_print(a,
                "{\"direct_message_mark_read_events\":[{\"created_timestamp\":\"%lld\",\"sender_"
                "id\":\"%.*s\",\"target\":{\"recipient_id\":\"%.*s\"},\"last_read_event_id\":"
                "\"%lld\"}]}",
                (long long)sim_now(sim), SARG(who), SARG(account->id), (long long)x->last_id),
            (str){0});
    } else if (str_eq(what, S("delete"))) {
        struct xnet_thing *post = xnet_find(&x->posts, json_text(json_get(input, S("id")), S("")));
        *why = S("id must be a post's");
        if (post == NULL)
            return E_NOT_FOUND;
        post->is_gone = true; /* nobody is told */
    } else if (str_eq(what, S("revoke"))) {
        xnet_event(sim, account, a, "oauth.revoke",
            str_print(a, "{\"user_id\":\"%.*s\"}", SARG(account->id)), (str){0});
    } else if (str_eq(what, S("cap"))) {
        x->is_capped = json_bool(json_get(input, S("on")), true);
    } else {
        *why = S("close, open, read {person}; delete {id}; revoke; cap {on}");
        return E_NOT_FOUND;
    }
    return OK;
}
