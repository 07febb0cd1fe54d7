/* What is asked of the simulated Facebook and Instagram: conversations, people, subscriptions. See
 * graph.h. */
#include "graph.h"

enum { LIST_MOST = 25 };

static void put_who(struct json_out *j, const struct sim_account *account, str id)
{
    const struct graph_person *person = graph_person(account, id, false);
    json_obj(j);
    json_kv_str(j, S("id"), id);
    json_kv_str(j, S("name"), person ? str_from(person->name) : account->name);
    if (person && person->handle[0])
        json_kv_str(j, S("username"), str_from(person->handle));
    json_obj_end(j);
}

static str when(struct arena *a, int64_t at_ms)
{
    struct json_out j = json_out_make(a, 64);
    json_put_time(&j, at_ms);
    return str_cat(a, str_sub(json_str(&j), 1, 19), S("+0000")); /* the Graph API's form */
}

void graph_put_message(struct json_out *j, const struct sim_account *account,
    const struct graph_note *note, struct arena *a)
{
    str person = str_from(note->person);
    json_obj(j);
    json_kv_str(j, S("id"), str_from(note->id));
    json_kv_str(j, S("created_time"), when(a, note->at_ms));
    json_key(j, S("from"));
    put_who(j, account, note->is_ours ? account->id : person);
    json_key(j, S("to"));
    json_obj(j);
    json_key(j, S("data"));
    json_arr(j);
    put_who(j, account, note->is_ours ? person : account->id);
    json_arr_end(j);
    json_obj_end(j);
    json_kv_str(j, S("message"), str_from(note->text));
    json_obj_end(j);
}

/* Newest first; the cursor is the time of the last one listed. */
void graph_conversations(struct sim_call *c)
{
    struct graph_box *box = graph_box(c->account);
    int64_t below_ms = sim_field_int(c, S("after"), INT64_MAX), last_ms = 0;
    struct json_out j = sim_json(c);
    bool has_more = true;
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (int n = 0; n < LIST_MOST && has_more; n++) {
        const struct graph_person *newest = NULL;
        for (const struct graph_person *p = box->person_list; p; p = p->next)
            if (p->changed_ms > 0 && p->changed_ms < below_ms &&
                (!newest || p->changed_ms > newest->changed_ms))
                newest = p;
        has_more = newest != NULL;
        for (const struct graph_person *p = has_more ? box->person_list : NULL; p; p = p->next)
            if (p->changed_ms == newest->changed_ms) {
                json_obj(&j);
                json_kv_str(&j, S("id"), str_cat(c->arena, S("t_"), str_from(p->id)));
                json_kv_str(&j, S("updated_time"), when(c->arena, p->changed_ms));
                json_obj_end(&j);
            }
        if (has_more)
            last_ms = below_ms = newest->changed_ms;
    }
    json_arr_end(&j);
    if (has_more && last_ms) {
        json_key(&j, S("paging"));
        json_obj(&j);
        json_key(&j, S("cursors"));
        json_obj(&j);
        json_kv_str(&j, S("after"), str_print(c->arena, "%lld", (long long)last_ms));
        json_obj_end(&j);
        json_kv_str(&j, S("next"), S("https://graph.facebook.com/next"));
        json_obj_end(&j);
    }
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

/* Whole messages when their fields are asked for, else ids and times; newest first. */
void graph_conversation(struct sim_call *c, struct graph_person *person)
{
    struct graph_box *box = graph_box(c->account);
    bool is_whole = str_find(sim_field(c, S("fields")), S("messages{")) >= 0;
    const struct graph_note *found[LIST_MOST];
    ptrdiff_t n = 0;
    for (const struct graph_note *note = box->first; note; note = note->newer)
        if (!note->is_public && str_eq(str_from(note->person), str_from(person->id)))
            found[n++ % LIST_MOST] = note;
    ptrdiff_t first = n > LIST_MOST ? n - LIST_MOST : 0;
    struct json_out j = sim_json(c);
    json_obj(&j);
    json_kv_str(&j, S("id"), str_cat(c->arena, S("t_"), str_from(person->id)));
    json_key(&j, S("messages"));
    json_obj(&j);
    json_key(&j, S("data"));
    json_arr(&j);
    for (ptrdiff_t i = n; i > first; i--) {
        const struct graph_note *note = found[(i - 1) % LIST_MOST];
        if (is_whole) {
            graph_put_message(&j, c->account, note, c->arena);
            continue;
        }
        json_obj(&j);
        json_kv_str(&j, S("id"), str_from(note->id));
        json_kv_str(&j, S("created_time"), when(c->arena, note->at_ms));
        json_obj_end(&j);
    }
    json_arr_end(&j);
    json_obj_end(&j);
    json_obj_end(&j);
    sim_answer_json(c, 200, &j);
}

void graph_subscription(struct sim_call *c)
{
    struct graph_box *box = graph_box(c->account);
    if (c->req->method == HTTP_GET) {
        sim_answer_print(c, 200, "{\"data\":[%s]}",
            box->is_subscribed ? "{\"id\":\"5550001\",\"name\":\"Seva\"}" : "");
        return;
    }
    if (c->req->method == HTTP_POST && !sim_field(c, S("subscribed_fields")).len) {
        graph_fail(c, 400, 100, 0, "The parameter subscribed_fields is required");
        return;
    }
    box->is_subscribed = c->req->method == HTTP_POST;
    graph_done(c);
}
