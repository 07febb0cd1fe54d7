/* door_guess: whom a credential named when it was last used, remembered in this process, so that
 * what a request will ask can be said beside the reading of its credential and not only after it
 * (db_ahead). It opens nothing: an answer to what was said is looked at only when the same is
 * asked again after door_token or door_session, which read credential, agent and scope anew.
 * On SQLite, where nothing flies, nothing is remembered. Thread: any; one mutex. */
#pragma once
#include "model/ctx.h"

/* Scopes the open transaction to the account that the credential named, says that its agent will
 * be read, and fills account, kind, agent and visibility of cx as they were. What of cx it fills
 * must be taken back before anything is asked: door_guess_forget. false: it is not known. */
bool door_guess(struct ctx *cx, str credential);
void door_guess_forget(struct ctx *cx);

/* cx entered with it. */
void door_guess_keep(struct ctx *cx, str hash);
/* It was refused. */
void door_guess_drop(struct ctx *cx, str hash);
