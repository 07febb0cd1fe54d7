/* mail_raw: the bytes of a mail as it came, for whoever reads it again: its HTML, its files. Not
 * here: reading them (text/mime.h). Thread: the caller's; in its transaction. */
#pragma once
#include "model/ctx.h"

/* The bytes live in the arena, or (a long mail) are its file, mapped until the arena ends.
 * E_NOT_FOUND (no words): it is no mail, or was written here. */
err mail_raw_open(struct ctx *cx, message_id message, str *bytes);
/* The same as its parts are counted: what is in an envelope of signed-data stands for the whole
 * (text/mail_signed.h). */
err mail_raw_parts(struct ctx *cx, message_id message, str *bytes);
