/* media_link: a public address of one file for one hour, for networks that fetch what is sent to
 * them. The address is the permission: nothing else is needed, nothing of it is stored.
 * Source: docs/security.md 4. Thread: pure. */
#pragma once
#include "model/ctx.h"

enum { MEDIA_LINK_MS = 3600 * 1000 };

/* "https://care.example/media/<token>"; empty when the base URL is not HTTPS and no network could
 * reach it, unless the operator lets networks be local (network_hosts: the simulator). */
str media_link_make(const struct ctx *cx, attachment_id id);
/* The same for a preview, a JPEG that stands under no attachment: blob is its name, 64 hex digits.
 */
str media_link_make_preview(const struct ctx *cx, str blob);
/* *blob is set for a preview, else *id. E_NOT_FOUND (no words): forged or too old. */
err media_link_read(
    const struct ctx *cx, str token, account_id *account, attachment_id *id, str *blob);
