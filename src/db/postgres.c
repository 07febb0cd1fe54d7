/* The PostgreSQL driver; see db.h. */
#include "db/driver.h"

err postgres_open(struct arena *a, const struct db_options *o, struct db **db, str *why)
{
    (void)a;
    (void)o;
    (void)db;
    *why = S("this build has no PostgreSQL driver");
    return E_INVALID;
}
