/* change: see change.h. */
#include "api/change.h"

#include "base/json.h"
#include "model/view_access.h"
#include "store/agent.h"
#include "store/event.h"

err change_tell(struct ctx *cx, str type, str subject_type, int64_t subject_id, str view)
{
    struct json_out j = json_out_make(cx->arena, 0);
    json_obj(&j);
    json_kv_raw(&j, subject_type, view);
    json_obj_end(&j);
    return event_add(cx, &(struct event_new){
                             .type = type,
                             .subject_type = subject_type,
                             .subject_id = subject_id,
                             .audience = EVENT_FOR_AGENTS,
                             .data = json_str(&j),
                         });
}

err change_tell_gone(struct ctx *cx, str type, str subject_type, int64_t subject_id)
{
    return change_tell(cx, type, subject_type, subject_id, S("null"));
}

err agent_json(struct ctx *cx, agent_id id, str *json)
{
    struct agent agent;
    struct agent_scope scope;
    TRY(agent_get(cx, id, &agent));
    TRY(agent_scope_get(cx, id, &scope));
    struct json_out j = json_out_make(cx->arena, 0);
    agent_view(&j, &agent, &scope, cx->now_ms, false);
    *json = json_str(&j);
    return OK;
}
