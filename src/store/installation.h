/* installation: values that are true of the whole installation, whichever node asks. Not a tenant's
 * table. Thread: the transaction's. */
#pragma once
#include "db/db.h"

/* The value of this name; the first to ask makes it `fresh`. */
err installation_settle(struct db_tx *tx, str name, str fresh, str *value);
/* The value of a name that a migration has made: "mail", what our automatic mails are known by. */
err installation_get(struct db_tx *tx, str name, str *value);
