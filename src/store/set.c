/* set: see set.h. */
#include "store/set.h"

str set_ids(struct ctx *cx, const int64_t *ids, ptrdiff_t n)
{
    bool is_lite = db_tx_kind(cx->db) == DB_SQLITE;
    struct sb b = sb_make(cx->arena, 0);
    sb_byte(&b, is_lite ? '[' : '{');
    for (ptrdiff_t i = 0; i < n; i++) {
        if (i)
            sb_byte(&b, ',');
        sb_int(&b, ids[i]);
    }
    sb_byte(&b, is_lite ? ']' : '}');
    return sb_str(&b);
}
