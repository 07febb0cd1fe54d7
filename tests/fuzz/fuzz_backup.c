/* Any bytes as a backup: reading it comes to an end, and no piece is longer than all of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/backup_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err get(void *arg, void *to, ptrdiff_t room, ptrdiff_t *got)
{
    str *rest = arg;
    str now = str_sub(*rest, 0, room);
    memcpy(to, now.len > 0 ? now.at : "", (size_t)now.len);
    *rest = str_skip(*rest, now.len);
    *got = now.len;
    return OK;
}

static void read_all(struct backup_reader *r, ptrdiff_t size)
{
    char space[512];
    struct backup_piece *piece = NULL;
    int64_t inside = 0;
    ptrdiff_t got = 0;
    for (;;) {
        if (backup_next(r, &piece) != OK || piece->kind == BACKUP_END)
            break;
        if (piece->name.len > BACKUP_NAME_MAX || piece->size < 0)
            abort();
        do {
            if (backup_read(r, space, (ptrdiff_t)sizeof space, &got) != OK)
                return;
            inside += got;
        } while (got > 0 && inside % 3 != 0); /* what is left is read over */
        if (inside > size)
            abort();
    }
    if (backup_bytes(r) > size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str input = str_of(data, (ptrdiff_t)size), why;
    struct backup_reader *r;
    struct arena a = arena_make(0);
    if (backup_reader_open(&a, get, &input, (str){0}, &r, &why) == OK)
        read_all(r, (ptrdiff_t)size);
    else if (why.len == 0)
        abort();
    arena_free(&a);
    return 0;
}
