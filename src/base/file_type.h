/* file_type: what a file is, by its first bytes; its name's ending never decides. Pictures of the
 * four kinds that browsers draw without running anything are recognised here, with their size read
 * from the header alone (nothing is decoded); the rest is libmagic's word, kept only when it is on
 * a list of inert kinds. Everything else (HTML, SVG, XML, scripts, programs, the unknown) is
 * application/octet-stream: something to download, never to show. docs/security.md 4.
 * Not here: whether a thumbnail is made (care/picture.h). Thread: any; each keeps a libmagic
 * handle.
 */
#pragma once
#include "base/str.h"

enum {
    FILE_TYPE_HEAD_BYTES = 256 * 1024
}; /* a JPEG's size may stand behind its EXIF and profile */

struct file_type {
    str type;              /* "image/png"; literal or in the arena */
    bool is_page;          /* HTML; its type is application/octet-stream all the same */
    bool is_picture;       /* png, jpeg, gif, webp: may be shown inline */
    int64_t width, height; /* of a picture; 0 = its header does not say */
};
/* head: the first bytes, at most FILE_TYPE_HEAD_BYTES. E_BUSY: out of memory. */
err file_type_of(struct arena *a, str head, struct file_type *type);
