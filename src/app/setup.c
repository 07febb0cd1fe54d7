/* setup: see setup.h. Running it again on a folder that has accounts changes nothing. */
#include "app/setup.h"

#include "app/files.h"
#include "app/people.h"
#include "app/wiring.h"

static int refused(struct arena *a, str why, str *out)
{
    *out = str_print(a, "seva: %.*s\n", SARG(why));
    return 1;
}

int setup_init(struct arena *a, const struct settings *s, str *out)
{
    struct files files;
    struct people people;
    struct config config;
    str why = {0}, password = {0}, file = s->values[SET_PASSWORD_FILE];
    ptrdiff_t applied;
    if (!s->values[SET_OWNER].len) {
        *out = S("usage: seva init --data DIR --owner MAIL [--password-file FILE] [--name NAME] "
                 "[--json]\n");
        return 2;
    }
    if ((file.len && files_password(a, file, &password, &why) != OK) ||
        files_resolve(a, s, &files, &why) != OK || files_make(a, &files, &why) != OK ||
        files_lock(a, &files, &why) != OK)
        return refused(a, why, out);
    int code = 1;
    struct db *db;
    if (node_config(a, s, &files, &config, &why) != OK ||
        node_db_open(a, &files, &db, &applied, &why) != OK) {
        code = refused(a, why, out);
    } else {
        people = (struct people){.db = db, .config = &config};
        code = people_init(a, &people, s, password, out);
        db_close(db);
    }
    files_unlock(&files);
    return code;
}
