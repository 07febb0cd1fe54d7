/* audit: see audit.h and audit_read.h. The chain: hash(n) = SHA-256 over hash(n-1) and the row's
 * columns, each preceded by its length, so that no two rows give the same bytes. */
#include "store/audit.h"

#include "base/crypto.h"
#include "base/id.h"
#include "db/db.h"
#include "model/names.h"
#include "store/audit_read.h"

enum { CHAIN_ROWS = 1000 };

err audit_add(struct ctx *cx, str action, str subject_type, int64_t subject_id, str detail)
{
    const struct actor *who = &cx->actor;
    int64_t actor_id = who->kind == ACTOR_TOKEN     ? who->token.v
                       : who->kind == ACTOR_VISITOR ? who->visitor.v
                                                    : who->agent.v;
    return db_run(cx->db,
        S("INSERT INTO audit (id, account_id, at_ms, actor_kind, actor_id, actor_name, action, "
          "    subject_type, subject_id, detail, ip) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
        ARGS(A_INT(id_make(cx->now_ms)), A_ID(cx->account), A_INT(cx->now_ms),
            A_TEXT(actor_kind_name(who->kind)), A_INT_OR_NULL(actor_id), A_TEXT(who->name),
            A_TEXT(action), A_TEXT(subject_type), A_INT_OR_NULL(subject_id),
            A_TEXT(detail.len ? detail : S("{}")), A_TEXT(who->ip)),
        NULL);
}

/* SELECT list of a struct audit_row. */
#define AUDIT_COLUMNS                                                                              \
    "id, at_ms, actor_kind, actor_id, actor_name, action, subject_type, subject_id, detail, ip"

static const struct db_col audit_cols[] = {
    COL(struct audit_row, id),
    COL(struct audit_row, at_ms),
    COL(struct audit_row, actor_kind),
    COL(struct audit_row, actor_id),
    COL(struct audit_row, actor_name),
    COL(struct audit_row, action),
    COL(struct audit_row, subject_type),
    COL(struct audit_row, subject_id),
    COL(struct audit_row, detail),
    COL(struct audit_row, ip),
};

err audit_list(
    struct ctx *cx, const struct audit_filter *filter, struct audit_row **rows, ptrdiff_t *n)
{
    return db_all(cx->db,
        S("SELECT " AUDIT_COLUMNS " "
          "FROM audit "
          "WHERE account_id = ?1 AND id < ?2 "
          "    AND (CAST(?3 AS BIGINT) = 0 OR actor_id = ?3) "
          "    AND (CAST(?4 AS TEXT) = '' OR action = ?4) "
          "    AND at_ms >= ?5 AND at_ms < ?6 "
          "ORDER BY id DESC "
          "LIMIT ?7"),
        ARGS(A_ID(cx->account), A_INT(filter->before_id ? filter->before_id : INT64_MAX),
            A_INT(filter->actor_id), A_TEXT(filter->action), A_INT(filter->from_ms),
            A_INT(filter->to_ms ? filter->to_ms : INT64_MAX), A_INT(filter->limit)),
        COLS(audit_cols), sizeof(struct audit_row), rows, n);
}

static void part_add(struct sb *b, str part)
{
    sb_int(b, part.len);
    sb_byte(b, ':');
    sb_add(b, part);
}

static str row_hash(struct ctx *cx, str before, const struct audit_row *row)
{
    struct sb b = sb_make(cx->arena, 0);
    part_add(&b, before);
    sb_int(&b, cx->account.v);
    sb_byte(&b, ',');
    sb_int(&b, row->id.v);
    sb_byte(&b, ',');
    sb_int(&b, row->at_ms);
    sb_byte(&b, ',');
    sb_int(&b, row->actor_id);
    sb_byte(&b, ',');
    sb_int(&b, row->subject_id);
    sb_byte(&b, ',');
    part_add(&b, row->actor_kind);
    part_add(&b, row->actor_name);
    part_add(&b, row->action);
    part_add(&b, row->subject_type);
    part_add(&b, row->detail);
    part_add(&b, row->ip);
    struct sha256 sum = crypto_sha256(sb_str(&b));
    return crypto_hex(cx->arena, str_of(sum.b, sizeof sum.b));
}

struct chain_end {
    int64_t chain_no;
    str hash;
};
static const struct db_col chain_cols[] = {
    COL(struct chain_end, chain_no),
    COL(struct chain_end, hash),
};

err audit_chain(struct ctx *cx, bool *more)
{
    struct chain_end end = {0};
    err e = db_one(cx->db,
        S("SELECT chain_no, hash "
          "FROM audit "
          "WHERE account_id = ?1 AND chain_no IS NOT NULL "
          "ORDER BY chain_no DESC "
          "LIMIT 1"),
        ARGS(A_ID(cx->account)), COLS(chain_cols), &end);
    if (e != E_NOT_FOUND)
        TRY(e);
    struct audit_row *rows;
    ptrdiff_t n;
    TRY(db_all(cx->db,
        S("SELECT " AUDIT_COLUMNS " "
          "FROM audit "
          "WHERE account_id = ?1 AND chain_no IS NULL AND at_ms < ?2 "
          "ORDER BY id "
          "LIMIT 1000"),
        ARGS(A_ID(cx->account), A_INT(cx->now_ms - AUDIT_SETTLE_MS)), COLS(audit_cols),
        sizeof(struct audit_row), &rows, &n));
    for (ptrdiff_t i = 0; i < n; i++) {
        end.hash = row_hash(cx, end.hash, &rows[i]);
        end.chain_no++;
        TRY(db_run(cx->db,
            S("UPDATE audit "
              "SET chain_no = ?3, hash = ?4 "
              "WHERE account_id = ?1 AND id = ?2"),
            ARGS(A_ID(cx->account), A_ID(rows[i].id), A_INT(end.chain_no), A_TEXT(end.hash)),
            NULL));
    }
    *more = n == CHAIN_ROWS;
    return OK;
}

struct chained_row {
    struct audit_row row;
    int64_t chain_no;
    str hash;
};
#define CHAINED(member)                                                                            \
    {                                                                                              \
        .name = #member,                                                                           \
        .type = _Generic(((struct audit_row *)0)->member, audit_id                                 \
                         : DB_INT, int64_t                                                         \
                         : DB_INT, str                                                             \
                         : DB_TEXT),                                                               \
        .offset = offsetof(struct chained_row, row) + offsetof(struct audit_row, member)           \
    }
static const struct db_col chained_cols[] = {
    CHAINED(id),
    CHAINED(at_ms),
    CHAINED(actor_kind),
    CHAINED(actor_id),
    CHAINED(actor_name),
    CHAINED(action),
    CHAINED(subject_type),
    CHAINED(subject_id),
    CHAINED(detail),
    CHAINED(ip),
    COL(struct chained_row, chain_no),
    COL(struct chained_row, hash),
};

err audit_verify(struct ctx *cx, int64_t *rows_seen)
{
    str before = {0};
    int64_t last = 0;
    for (;;) {
        struct chained_row *rows;
        ptrdiff_t n;
        TRY(db_all(cx->db,
            S("SELECT " AUDIT_COLUMNS ", chain_no, hash "
              "FROM audit "
              "WHERE account_id = ?1 AND chain_no > ?2 "
              "ORDER BY chain_no "
              "LIMIT 1000"),
            ARGS(A_ID(cx->account), A_INT(last)), COLS(chained_cols), sizeof(struct chained_row),
            &rows, &n));
        for (ptrdiff_t i = 0; i < n; i++) {
            str expected = row_hash(cx, before, &rows[i].row);
            if (rows[i].chain_no != last + 1 || !str_eq(expected, rows[i].hash))
                return fail(cx, E_CONFLICT,
                    "audit row %lld does not fit the chain after number %lld",
                    (long long)rows[i].row.id.v, (long long)last);
            last++;
            before = rows[i].hash;
        }
        if (!n)
            break;
    }
    *rows_seen = last;
    return OK;
}
