/* mail_raw: see mail_raw.h. */
#include "care/mail_raw.h"

#include "base/limits.h"
#include "care/blob_file.h"
#include "store/mail.h"
#include "text/mail_signed.h"

err mail_raw_open(struct ctx *cx, message_id message, str *bytes)
{
    struct mail mail;
    TRY(mail_get(cx, message, &mail));
    *bytes = mail.raw.bytes;
    if (bytes->len)
        return OK;
    if (!mail.raw_name.len)
        return E_NOT_FOUND;
    err e = blob_map(cx, mail.raw_name, LIMIT_UPLOAD_BYTES, bytes);
    return e == E_BUSY ? fail(cx, e, "The mail as it came cannot be read just now; try again.") : e;
}

err mail_raw_parts(struct ctx *cx, message_id message, str *bytes)
{
    TRY(mail_raw_open(cx, message, bytes));
    *bytes = mail_signed_open(cx->arena, *bytes);
    return OK;
}
