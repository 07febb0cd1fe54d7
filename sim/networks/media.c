/* Files: kept per network up to a number of bytes, named by 24 hex digits, served under addresses
 * that are signed and end. See network.h. */
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "inner.h"

static void item_drop(struct sim_room *room, struct media_item *m)
{
    *(m->newer ? &m->newer->older : &room->media_newest) = m->older;
    *(m->older ? &m->older->newer : &room->media_oldest) = m->newer;
    (void)map_take(&room->media, str_from(m->id));
    room->media_bytes -= m->len;
    free(m->texts);
    free(m->bytes);
    free(m);
}

void media_clear(struct sim_room *room)
{
    while (room->media_oldest)
        item_drop(room, room->media_oldest);
    map_free(&room->media);
    room->media = (struct map){0};
}

static struct sim_media view(struct arena *a, const struct media_item *m, bool has_bytes)
{
    return (struct sim_media){.id = str_copy(a, str_from(m->id)),
        .content_type = str_copy(a, m->content_type),
        .name = str_copy(a, m->name),
        .owner = str_copy(a, m->owner),
        .sha256 = str_copy(a, str_from(m->sha256)),
        .bytes = has_bytes ? str_copy(a, str_of(m->bytes, m->len)) : (str){0}};
}

struct sim_media sim_media_add(struct sim *sim, const struct sim_network *network, struct arena *a,
    str owner, const struct sim_file *file)
{
    struct sim_room *room = room_of(sim, network);
    while (room->media_oldest && room->media_bytes + file->bytes.len > sim->options.media_bytes)
        item_drop(room, room->media_oldest);
    struct media_item *m = sim_alloc((ptrdiff_t)sizeof *m);
    str id = sim_random_hex(sim, network, a, 24);
    struct sha256 h = crypto_sha256(file->bytes);
    str hash = crypto_hex(a, str_of(h.b, sizeof h.b));
    memcpy(m->id, id.at, (size_t)id.len);
    memcpy(m->sha256, hash.at, (size_t)hash.len);
    str type = file->content_type.len > 0 ? file->content_type : S("application/octet-stream");
    m->texts = sim_alloc(type.len + file->name.len + owner.len + 1);
    const str texts[3] = {type, file->name, owner};
    str *to[3] = {&m->content_type, &m->name, &m->owner};
    char *at = m->texts;
    for (int i = 0; i < 3; i++) {
        if (texts[i].len > 0)
            memcpy(at, texts[i].at, (size_t)texts[i].len);
        *to[i] = str_of(at, texts[i].len);
        at += texts[i].len;
    }
    m->len = file->bytes.len;
    m->bytes = sim_alloc(m->len + 1);
    if (m->len > 0)
        memcpy(m->bytes, file->bytes.at, (size_t)m->len);
    m->older = room->media_newest;
    *(m->older ? &m->older->newer : &room->media_oldest) = m;
    room->media_newest = m;
    room->media_bytes += m->len;
    if (map_put(&room->media, str_from(m->id), m) != OK)
        abort();
    struct sim_media out = view(a, m, false);
    out.bytes = file->bytes;
    return out;
}

bool sim_media_get(struct sim *sim, const struct sim_network *network, struct arena *a, str id,
    struct sim_media *media)
{
    struct media_item *m = map_get(&room_of(sim, network)->media, id);
    if (m)
        *media = view(a, m, true);
    return m != NULL;
}

static str signature(
    struct sim *sim, struct arena *a, str network, str id, int64_t expires_ms, bool needs_auth)
{
    str text = str_print(
        a, "%.*s/%.*s/%lld/%d", SARG(network), SARG(id), (long long)expires_ms, needs_auth);
    return str_sub(sim_hmac_hex(a, str_from(sim->media_key.hex), text), 0, 32);
}

str sim_media_url(struct sim *sim, const struct sim_network *network, struct arena *a, str id,
    int64_t valid_ms, bool needs_auth)
{
    int64_t expires_ms = valid_ms > 0 ? sim_now(sim) + valid_ms : 0;
    str sig = signature(sim, a, network->name, id, expires_ms, needs_auth);
    return str_print(a, "http://%s/%.*s/_media/%.*s?expires=%lld%s&sig=%.*s", sim->host,
        SARG(network->name), SARG(id), (long long)expires_ms, needs_auth ? "&auth=1" : "",
        SARG(sig));
}

void sim_answer_media(struct sim_call *c, const struct sim_media *media)
{
    sim_answer(c, 200, media->content_type, media->bytes);
}

/* GET /<network>/_media/<id>, with the room's lock. */
void media_serve(struct sim_call *c)
{
    str id = sim_path(c, 1);
    bool needs_auth = str_eq(http_query_get(c->req, S("auth")), S("1"));
    int64_t expires_ms = 0;
    if (str_int(http_query_get(c->req, S("expires")), 0, INT64_MAX, &expires_ms) != OK)
        expires_ms = -1;
    str sig = signature(c->sim, c->arena, c->network->name, id, expires_ms, needs_auth);
    bool is_good = crypto_equal(sig, http_query_get(c->req, S("sig"))) &&
                   (expires_ms == 0 || c->now_ms < expires_ms);
    struct sim_media media;
    if (!is_good)
        sim_answer(c, 403, S("text/plain"), S("URL signature expired"));
    else if (needs_auth && c->network->may_load && !c->network->may_load(c, id))
        sim_answer(c, 401, S("text/plain"), S("Unauthorized"));
    else if (!sim_media_get(c->sim, c->network, c->arena, id, &media))
        sim_answer(c, 404, S("text/plain"), S("Not Found"));
    else
        sim_answer_media(c, &media);
}
