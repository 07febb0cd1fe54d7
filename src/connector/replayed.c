/* replayed: see replayed.h. */
#include "connector/replayed.h"

#include "base/limits.h"

static const struct {
    const char *name;
    ptrdiff_t at;
} members[] = {
    {"id",       offsetof(struct connector_item, external_id)        },
    {"thread",   offsetof(struct connector_item, thread_key)         },
    {"replyTo",  offsetof(struct connector_item, reply_to)           },
    {"text",     offsetof(struct connector_item, text)               },
    {"from",     offsetof(struct connector_item, contact_external_id)},
    {"name",     offsetof(struct connector_item, contact_name)       },
    {"handle",   offsetof(struct connector_item, contact_handle)     },
    {"email",    offsetof(struct connector_item, contact_email)      },
    {"location", offsetof(struct connector_item, contact_location)   },
};
enum { MEMBERS = sizeof members / sizeof *members };

str replayed_write(struct arena *a, const struct connector_item *message)
{
    struct json_out j = json_out_make(a, 0);
    json_obj(&j);
    for (int i = 0; i < MEMBERS; i++)
        json_kv_str(&j, str_from(members[i].name),
            *(const str *)(const void *)((const char *)message + members[i].at));
    json_kv_bool(&j, S("public"), message->is_public);
    json_obj_end(&j);
    return json_str(&j);
}

/* What stands under a post has it as its thread (connector_item.thread_key). */
static void post_take(struct connector_item *item)
{
    if (item->is_public && str_starts(item->thread_key, S("post:")))
        item->post.external_id = str_skip(item->thread_key, 5);
}

err replayed_parse(
    struct arena *a, const struct connector_raw *raw, struct connector_batch *batch, str *why)
{
    const struct json *root = NULL;
    struct connector_item *item = NEW(a, struct connector_item, 1);
    if (json_parse(a, raw->body, &root, why) != OK)
        return E_INVALID;
    for (int i = 0; i < MEMBERS; i++)
        *(str *)(void *)((char *)item + members[i].at) =
            json_text(json_get(root, str_from(members[i].name)), S(""));
    item->kind = ITEM_MESSAGE;
    item->is_public = json_bool(json_get(root, S("public")), false);
    item->opens_window = true;
    post_take(item);
    if (!item->external_id.len || !item->contact_external_id.len) {
        *why = S("The replayed message has no id or no sender.");
        return E_INVALID;
    }
    *batch = (struct connector_batch){.items = item, .n = 1, .delivery_id = item->external_id};
    return OK;
}
