/* identity_separate: an identity that was joined to a contact, because it has proved to be theirs
 * (identity.h), is told of, and can be taken apart again by an agent. Mail addresses only: a chat's
 * visitor, a phone's caller and a network's account are whom their channel says. Thread: the
 * caller's; inside its WRITE transaction. */
#pragma once
#include "model/conversation.h"
#include "model/ctx.h"

/* Consoles hear contact.updated, the audit log keeps it. */
err identity_joined(struct ctx *cx, contact_id contact, identity_id identity, str external_id);
/* The identity gets a contact of its own (*made), as if it had never been joined: its conversations
 * go along, those of others that it wrote in stay. Once separated, nothing joins it by itself.
 * E_NOT_FOUND; E_CONFLICT: the contact has no such mail address, or no other identity. */
err identity_separate(
    struct ctx *cx, contact_id contact, identity_id identity, struct contact *made);
