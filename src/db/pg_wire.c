/* Values in PostgreSQL's binary form: big-endian integers, doubles, raw texts, arrays, numeric.
 * Source: PostgreSQL 15, src/include/catalog/pg_type.dat and the send and recv functions
 * (array_recv, numeric_send). Thread: pure. */
#include "db/pg_driver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    OID_BOOL = 16,
    OID_CHAR = 18,
    OID_NAME = 19,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_OID = 26,
    OID_FLOAT4 = 700,
    OID_UNKNOWN = 705,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_NUMERIC = 1700,
    OID_XID8 = 5069,
    NUMBER_TEXT_BYTES = 32,
};

static void put_be(unsigned char *to, uint64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        to[i] = (unsigned char)(v & 0xff);
        v >>= 8;
    }
}

static uint64_t get_be(const char *at, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | (unsigned char)at[i];
    return v;
}

static uint64_t bits_of(double d)
{
    uint64_t v;
    memcpy(&v, &d, sizeof v);
    return v;
}

Oid pg_hint(enum db_type type)
{
    switch (type) {
    case DB_INT:
    case DB_ID:
    case DB_BOOL:
        return PG_INT8;
    case DB_REAL:
        return PG_FLOAT8;
    case DB_TEXT:
        return PG_TEXT;
    case DB_BLOB:
        return PG_BYTEA;
    case DB_NULL:
        return 0;
    }
    return 0;
}

/* ── parameters ── */

static void set_value(struct pg_params *p, int i, const void *at, ptrdiff_t len, int format)
{
    p->values[i] = at;
    p->lengths[i] = (int)len;
    p->formats[i] = format;
}

/* A text parameter of another type than text is sent in its text form, which must be terminated. */
static bool bind_as_text(struct pg_params *p, int i, str s, struct arena *a)
{
    char *z = arena_try(a, s.len + 1, 1);
    if (z == NULL)
        return false;
    if (s.len > 0)
        memcpy(z, s.at, (size_t)s.len);
    set_value(p, i, z, s.len, 0);
    return true;
}

static bool bind_int(struct pg_params *p, int i, int64_t v, Oid type, struct arena *a)
{
    unsigned char *to = p->scratch[i];
    int n = type == PG_INT8 ? 8 : type == OID_INT4 ? 4 : type == OID_INT2 ? 2 : 0;
    if (type == PG_FLOAT8) {
        put_be(to, bits_of((double)v), 8);
        n = 8;
    } else if (n > 0) {
        int64_t most = n == 8 ? INT64_MAX : ((int64_t)1 << (8 * n - 1)) - 1;
        if (v > most || v < -most - 1)
            return false;
        put_be(to, (uint64_t)v, n);
    } else {
        char text[NUMBER_TEXT_BYTES];
        int len = snprintf(text, sizeof text, "%lld", (long long)v);
        return bind_as_text(p, i, str_of(text, len), a);
    }
    set_value(p, i, to, n, 1);
    return true;
}

static bool bind_real(struct pg_params *p, int i, double d, Oid type, struct arena *a)
{
    if (type == PG_FLOAT8) {
        put_be(p->scratch[i], bits_of(d), 8);
        set_value(p, i, p->scratch[i], 8, 1);
        return true;
    }
    char text[NUMBER_TEXT_BYTES];
    int len = snprintf(text, sizeof text, "%.17g", d);
    return bind_as_text(p, i, str_of(text, len), a);
}

static bool is_text(Oid type)
{
    return type == PG_TEXT || type == OID_VARCHAR || type == OID_BPCHAR || type == OID_UNKNOWN ||
           type == OID_NAME;
}

bool pg_bind(struct pg_params *p, int i, const struct db_arg *arg, Oid type, struct arena *a)
{
    str s = arg->s.len > 0 ? arg->s : S("");
    if (s.len > INT32_MAX)
        return false;
    switch (arg->type) {
    case DB_ID:
        if (arg->i == 0)
            break;
        return bind_int(p, i, arg->i, type, a);
    case DB_INT:
    case DB_BOOL:
        return bind_int(p, i, arg->i, type, a);
    case DB_REAL:
        return bind_real(p, i, arg->d, type, a);
    case DB_TEXT:
        if (!is_text(type))
            return bind_as_text(p, i, s, a);
        set_value(p, i, s.at, s.len, 1);
        return true;
    case DB_BLOB:
        set_value(p, i, s.at, s.len, 1);
        return type == PG_BYTEA;
    case DB_NULL:
        break;
    }
    set_value(p, i, NULL, 0, 1);
    return true;
}

/* ── arrays ── */

enum { ARRAY_HEAD = 20 };

static Oid array_of(Oid element)
{
    switch (element) {
    case PG_INT8:
        return PG_INT8_ARRAY;
    case PG_FLOAT8:
        return PG_FLOAT8_ARRAY;
    case PG_BYTEA:
        return PG_BYTEA_ARRAY;
    default:
        return PG_TEXT_ARRAY;
    }
}

static ptrdiff_t array_bytes(const struct db_rows_in *in, const struct db_col *col, bool *has_null)
{
    ptrdiff_t bytes = ARRAY_HEAD;
    for (ptrdiff_t r = 0; r < in->count; r++) {
        struct db_arg v = member_arg(col, (const char *)in->rows + r * in->row_size);
        bool is_long = v.type == DB_TEXT || v.type == DB_BLOB;
        bytes += 4 + (v.type == DB_NULL ? 0 : is_long ? v.s.len : 8);
        *has_null = *has_null || v.type == DB_NULL;
    }
    return bytes;
}

static unsigned char *put_element(unsigned char *to, const struct db_arg *v)
{
    if (v->type == DB_NULL) {
        put_be(to, UINT32_MAX, 4); /* length −1 */
        return to + 4;
    }
    if (v->type == DB_TEXT || v->type == DB_BLOB) {
        put_be(to, (uint64_t)v->s.len, 4);
        if (v->s.len > 0)
            memcpy(to + 4, v->s.at, (size_t)v->s.len);
        return to + 4 + v->s.len;
    }
    put_be(to, 8, 4);
    put_be(to + 4, v->type == DB_REAL ? bits_of(v->d) : (uint64_t)v->i, 8);
    return to + 12;
}

bool pg_bind_array(
    struct pg_params *p, int i, const struct db_rows_in *in, ptrdiff_t col, struct arena *a)
{
    bool has_null = false;
    const struct db_col *c = &in->cols[col];
    Oid element = pg_hint(c->type);
    ptrdiff_t bytes = array_bytes(in, c, &has_null);
    unsigned char *at = bytes <= INT32_MAX ? arena_try(a, bytes, 8) : NULL;
    if (at == NULL)
        return false;
    put_be(at, 1, 4); /* dimensions */
    put_be(at + 4, has_null ? 1 : 0, 4);
    put_be(at + 8, element, 4);
    put_be(at + 12, (uint64_t)in->count, 4);
    put_be(at + 16, 1, 4); /* the first index */
    unsigned char *to = at + ARRAY_HEAD;
    for (ptrdiff_t r = 0; r < in->count; r++) {
        struct db_arg v = member_arg(c, (const char *)in->rows + r * in->row_size);
        to = put_element(to, &v);
    }
    p->hints[i] = array_of(element);
    set_value(p, i, at, bytes, 1);
    return true;
}

/* ── results ── */

/* Digits in base 10,000; `weight` is the exponent of the first. */
static err read_numeric(const struct db_col *col, void *row, const char *at, int len)
{
    enum { POSITIVE = 0, NEGATIVE = 0x4000, BASE = 10000 };
    if (len < 8)
        return E_INTERNAL;
    int n = (int16_t)get_be(at, 2);
    int weight = (int16_t)get_be(at + 2, 2);
    int sign = (int)get_be(at + 4, 2);
    if ((sign != POSITIVE && sign != NEGATIVE) || n < 0 || len < 8 + 2 * n)
        return E_INTERNAL; /* NaN, infinity */
    double d = 0;
    int64_t v = 0;
    bool is_int = weight < 5; /* 10,000^4 = 10^16 and one digit more fits */
    for (int k = 0; k < n; k++) {
        int digit = (int)get_be(at + 8 + 2 * k, 2);
        d += digit * pow(BASE, weight - k);
        is_int = is_int && (k <= weight || digit == 0);
    }
    for (int k = 0; is_int && k <= weight; k++) {
        int digit = k < n ? (int)get_be(at + 8 + 2 * k, 2) : 0;
        is_int = !__builtin_mul_overflow(v, (int64_t)BASE, &v) &&
                 !__builtin_add_overflow(v, (int64_t)digit, &v);
    }
    if (col->type == DB_REAL)
        return member_put_real(col, row, sign == NEGATIVE ? -d : d) ? OK : E_INTERNAL;
    return is_int && member_put_int(col, row, sign == NEGATIVE ? -v : v) ? OK : E_INTERNAL;
}

static err read_float(const struct db_col *col, void *row, const char *at, int len)
{
    double d;
    if (len == 4) {
        uint32_t bits = (uint32_t)get_be(at, 4);
        float f;
        memcpy(&f, &bits, sizeof f);
        d = (double)f;
    } else {
        uint64_t bits = get_be(at, 8);
        memcpy(&d, &bits, sizeof d);
    }
    return member_put_real(col, row, d) ? OK : E_INTERNAL;
}

err pg_read(const struct db_col *col, void *row, struct arena *a, Oid type, const char *at, int len)
{
    switch (type) {
    case PG_INT8:
    case OID_XID8:
        return member_put_int(col, row, (int64_t)get_be(at, 8)) ? OK : E_INTERNAL;
    case OID_INT4:
        return member_put_int(col, row, (int32_t)get_be(at, 4)) ? OK : E_INTERNAL;
    case OID_OID:
        return member_put_int(col, row, (int64_t)get_be(at, 4)) ? OK : E_INTERNAL;
    case OID_INT2:
        return member_put_int(col, row, (int16_t)get_be(at, 2)) ? OK : E_INTERNAL;
    case OID_BOOL:
        return member_put_int(col, row, at[0] != 0) ? OK : E_INTERNAL;
    case PG_FLOAT8:
    case OID_FLOAT4:
        return read_float(col, row, at, len);
    case OID_NUMERIC:
        return read_numeric(col, row, at, len);
    case PG_BYTEA:
        return member_put_bytes(col, row, a, true, at, len);
    case OID_CHAR:
        return member_put_bytes(col, row, a, false, at, len);
    default:
        return is_text(type) ? member_put_bytes(col, row, a, false, at, len) : E_INTERNAL;
    }
}
