/* change: events of people, teams and channels for consoles and webhooks, from handlers. */
#pragma once
#include "model/ctx.h"

/* Type "agent.updated"; data is {"agent": <view>}. */
err change_tell(struct ctx *cx, str type, str subject_type, int64_t subject_id, str view);
/* The thing is gone: data is {"agent": null}. */
err change_tell_gone(struct ctx *cx, str type, str subject_type, int64_t subject_id);
/* The agent as others see it: the view of agent.updated. */
err agent_json(struct ctx *cx, agent_id id, str *json);
