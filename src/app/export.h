/* export: `seva export`: an account, or what is held of one contact, in open formats
 * (docs/export.md). It reads one snapshot of the database beside the server, and all of it into
 * lists before it waits for anybody who takes the export. The audit log says who was exported
 * before anything is: the server writes that, or, when none holds the data folder, the command.
 * Thread: the command's. */
#pragma once
#include "app/people.h"

/* The first word of what the command says to the server. */
#define EXPORT_NOTE_WORD "export-note"

int export_command(struct arena *a, const struct settings *s, str *out);
/* Writes the audit entry for the contact or account of s; *out: the account's id, or why not. Run
 * by whoever holds the data folder. */
int export_note(struct arena *a, const struct people *people, const struct settings *s, str *out);
/* The contact of --contact; {0} = none was given. */
err export_contact(const struct settings *s, contact_id *contact);
