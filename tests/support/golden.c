/* See golden.h. */
#include "golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static const char *const kinds[] = {"message", "edit", "delete", "reaction", "status", "read",
    "person", "account", "moved", "call", "named"};

static void put(struct sb *b, const char *name, str value)
{
    if (!value.len)
        return;
    sb_print(b, "  %s: ", name);
    for (ptrdiff_t i = 0; i < value.len; i++)
        if (value.at[i] == '\n')
            sb_add(b, S("\\n"));
        else
            sb_byte(b, value.at[i]);
    sb_byte(b, '\n');
}

static void put_bool(struct sb *b, const char *name, bool value)
{
    if (value)
        sb_print(b, "  %s\n", name);
}

static void put_person(struct sb *b, const struct connector_item *it)
{
    put(b, "contact", it->contact_external_id);
    put(b, "contact_other", it->contact_other_id);
    put(b, "name", it->contact_name);
    put(b, "handle", it->contact_handle);
    put(b, "email", it->contact_email);
    put(b, "phone", it->contact_phone);
    put(b, "language", it->contact_language);
    put(b, "avatar", it->contact_avatar_url);
    put(b, "profile", it->contact_profile_url);
}

static void put_content(struct sb *b, const struct connector_item *it)
{
    put(b, "text", it->text);
    put(b, "parts", it->parts);
    put(b, "reply_to", it->reply_to);
    for (ptrdiff_t i = 0; i < it->n_attachments; i++) {
        const struct connector_attachment *at = &it->attachments[i];
        put(b, "file",
            str_print(test_arena(), "%.*s id=%.*s name=%.*s type=%.*s", SARG(at->url),
                SARG(at->media_id), SARG(at->name), SARG(at->type)));
    }
    put(b, "post", it->post.external_id);
    put(b, "post.url", it->post.url);
    put(b, "post.text", it->post.text);
    put(b, "post.author", it->post.author_name);
    put(b, "post.handle", it->post.author_handle);
    put(b, "post.image", it->post.image_url);
    put(b, "post.kind", it->post.kind);
    put_bool(b, "post.is_ours", it->post.is_ours);
    if (it->post.at_ms)
        sb_print(b, "  post.at_ms: %lld\n", (long long)it->post.at_ms);
}

static void put_call(struct sb *b, const struct connector_call_news *call)
{
    put(b, "call.state", call->state);
    put(b, "call.outcome", call->outcome);
    put(b, "call.ref", call->ref);
    put(b, "call.agent_phone", call->agent_phone);
    if (call->position)
        sb_print(b, "  call.position: %lld\n", (long long)call->position);
    if (call->talk_s)
        sb_print(b, "  call.talk_s: %lld\n", (long long)call->talk_s);
    put_bool(b, "call.is_returned", call->is_returned);
    put(b, "call.error", call->error);
}

static void put_item(struct sb *b, const struct connector_item *it)
{
    if (it->fault.len) {
        sb_print(b, "fault\n");
        put(b, "fault", it->fault);
        put(b, "raw", it->raw);
        return;
    }
    sb_print(b, "%s\n", kinds[it->kind]);
    put(b, "account", it->account);
    put(b, "id", it->external_id);
    for (ptrdiff_t i = 0; i < it->n_aliases; i++)
        put(b, "alias", it->aliases[i]);
    put(b, "thread", it->thread_key);
    put(b, "moved_from", it->moved_from);
    put(b, "replaced_by", it->replaced_by);
    put(b, "ours_ref", it->ours_ref);
    put_person(b, it);
    put_content(b, it);
    put(b, "token", it->token);
    put(b, "state", it->state);
    put(b, "error", it->error);
    put(b, "reaction", it->reaction);
    put_bool(b, "is_ours", it->is_ours);
    put_bool(b, "is_public", it->is_public);
    put_bool(b, "wants_author", it->wants_author);
    put_bool(b, "is_answered", it->is_answered);
    put_call(b, &it->call);
    put_bool(b, "is_gone", it->is_gone);
    put_bool(b, "opens_window", it->kind == ITEM_MESSAGE && it->opens_window);
    if (it->window_ms)
        sb_print(b, "  window_ms: %lld\n", (long long)it->window_ms);
    if (it->sent_ms)
        sb_print(b, "  sent_ms: %lld\n", (long long)it->sent_ms);
}

str golden_show(const struct connector_batch *batch)
{
    struct sb b = sb_make(test_arena(), 4 << 20);
    if (batch->delivery_id.len)
        sb_print(&b, "delivery: %.*s\n", SARG(batch->delivery_id));
    for (ptrdiff_t i = 0; i < batch->n; i++)
        put_item(&b, &batch->items[i]);
    if (!batch->n)
        sb_add(&b, S("nothing\n"));
    return sb_str(&b);
}

static str path_of(const char *network, const char *file)
{
    const char *folder = getenv("SEVA_GOLDEN");
    assert_non_null(folder);
    return str_print(test_arena(), "%s/%s/%s", folder, network, file);
}

str golden_read(const char *network, const char *file)
{
    str text = {0};
    assert_ok(file_read(test_arena(), path_of(network, file), 1 << 20, &text));
    return text;
}

static void write_expected(const char *network, const char *file, str text)
{
    FILE *f = fopen(str_z(test_arena(), path_of(network, file)), "we");
    assert_non_null(f);
    assert_int_equal(fwrite(text.at, 1, (size_t)text.len, f), (size_t)text.len);
    assert_int_equal(fclose(f), 0);
}

void golden_check(const char *network, const char *name, const char *origin)
{
    char json[128], expected[128];
    (void)snprintf(json, sizeof json, "%s.json", name);
    (void)snprintf(expected, sizeof expected, "%s.expected", name);
    const struct connector_raw raw = {.body = golden_read(network, json),
        .content_type = S("application/json"),
        .origin = str_from(origin),
        .received_ms = TEST_NOW_MS};
    struct connector_batch batch = {0};
    str why = {0}, shown;
    if (connector_find(str_from(network))->parse(test_arena(), &raw, &batch, &why) == OK)
        shown = golden_show(&batch);
    else
        shown = str_print(test_arena(), "refused: %.*s\n", SARG(why));
    if (getenv("SEVA_GOLDEN_WRITE"))
        write_expected(network, expected, shown);
    str wanted = golden_read(network, expected);
    if (!str_eq(shown, wanted))
        fail_msg("%s/%s says\n%.*s\ninstead of\n%.*s", network, name, SARG(shown), SARG(wanted));
}

void golden_check_all(const char *network)
{
    golden_check_all_as(network, "hook");
}

void golden_check_all_as(const char *network, const char *origin)
{
    char path[4096], name[128];
    int n = 0;
    (void)snprintf(path, sizeof path, "%s/%s", getenv("SEVA_GOLDEN"), network);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        str file = str_from(e->d_name);
        if (!str_ends(file, S(".json")) || file.len >= (ptrdiff_t)sizeof name)
            continue;
        (void)snprintf(name, sizeof name, "%.*s", (int)file.len - 5, e->d_name);
        golden_check(network, name, origin);
        n++;
    }
    closedir(folder);
    assert_true(n > 0);
}
