/* tnef_part: the winmail.dat among a mail's parts, taken apart: what it carries stands for itself.
 * Names of what is inside are made and read here: "part:3/0" is the first file in part 3. Not here:
 * the format (tnef.h), mails (mime.h). Thread: pure. */
#pragma once
#include "text/mime.h"
#include "text/tnef.h"

enum { TNEF_PART_BYTES = 24 * 1024 * 1024 }; /* a longer one stays one file */

/* tnef points into the arena. E_INVALID with words: it is none, too long, or broken from its start.
 */
err tnef_part_read(struct arena *a, str mail, int number, struct tnef *tnef, str *why);
/* Of all parts of a mail, by part (mail->n_parts): what they carry; of others than TNEF nothing.
 * The body in one stands in for the mail's, when that has none. is_cut: not all could be read, or
 * nothing; then the part as it is should be kept as well. */
const struct tnef *tnef_part_unpack(struct arena *a, str bytes, struct mime_mail *mail);
/* "part:3", or "part:3/0" of a file inside (file ≥ 0). */
str tnef_part_name(struct arena *a, int number, int file);
/* The reverse; file -1: the part itself. False: it is no such name. */
bool tnef_part_name_read(str name, int *number, int *file);
