/* me: what me.c (profile) and photos.c share. Thread: the request's. */
#pragma once
#include "api/route.h"
#include "model/access.h"

/* The acting agent has changed: tells the consoles, answers with their own view. */
err me_changed(struct call *call, const struct agent *agent);
