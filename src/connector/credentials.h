/* Credentials as the texts that go over the wire: HTTP Basic and the initial responses of SASL.
 * Not here: TLS and the mail protocols themselves. Secrets: the results are as secret as what they
 * are made of; never log them. Thread: pure. */
#pragma once
#include "base/str.h"

/* "Basic " + base64 of user:password. E_INVALID when the user holds a colon or either a control
 * character. Source: RFC 7617. */
err credentials_basic(struct arena *a, str user, str password, str *header);
/* base64 of NUL user NUL password. E_INVALID when either holds a NUL or the user is empty.
 * Source: RFC 4616. */
err credentials_plain(struct arena *a, str user, str password, str *response);
/* base64 of user=…^Aauth=Bearer …^A^A. E_INVALID when a value holds a control character.
 * Source: Google and Microsoft, "XOAUTH2". */
err credentials_xoauth2(struct arena *a, str user, str access_token, str *response);
/* base64 of n,a=…,^Ahost=…^Aport=…^Aauth=Bearer …^A^A. E_INVALID as above. In the user's name ","
 * and "=" are written =2C and =3D. Source: RFC 7628, RFC 5801. */
err credentials_oauthbearer(
    struct arena *a, str user, str host, int port, str access_token, str *response);
