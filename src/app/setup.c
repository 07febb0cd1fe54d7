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

/* The key file comes after the look at what is there: a second one beside sealed secrets would keep
 * them closed, and nobody would notice at the start. */
static int in_folder(
    struct arena *a, const struct settings *s, const struct files *files, str password, str *out)
{
    struct config config;
    struct db *db;
    str why = {0};
    ptrdiff_t applied;
    if (node_db_open(a, files, &db, &applied, &why) != OK)
        return refused(a, why, out);
    int code = 1;
    if (people_are_none(a, db, &why) != OK || files_make_keys(a, files, &why) != OK ||
        node_config(a, s, files, &config, &why) != OK)
        code = refused(a, why, out);
    else
        code = people_init(a, &(struct people){.db = db, .config = &config}, s, password, out);
    db_close(db);
    return code;
}

int setup_init(struct arena *a, const struct settings *s, str *out)
{
    struct files files;
    str why = {0}, password = {0}, file = s->values[SET_PASSWORD_FILE];
    str owner = s->values[SET_OWNER];
    if (str_find_byte(owner, '@') <= 0)
        return refused(
            a, str_print(a, "--owner: \"%.*s\" is not a mail address", SARG(owner)), out);
    if ((file.len && files_password(a, file, &password, &why) != OK) ||
        files_resolve(a, s, &files, &why) != OK || files_make(a, &files, &why) != OK ||
        files_lock(a, &files, &why) != OK)
        return refused(a, why, out);
    int code = in_folder(a, s, &files, password, out);
    files_unlock(&files);
    return code;
}
