/* html_picture: whether HTML shows a picture of this address. Only what browsers read in the same
 * way counts: the src of an img, with the references that addresses have (&amp;, &#…;). An address
 * that is written more oddly is none. Linear; nothing runs. Source: HTML Living Standard 13.2.5.
 * Thread: any. */
#pragma once
#include "base/str.h"

enum { HTML_PICTURE_BYTES = 2000 }; /* of an address; a longer one is none */

/* address: as a browser has it of the element's src, without white space around. */
bool html_has_picture(struct arena *a, str html, str address);
/* As it is asked for: without line ends and tabs, other bytes that no address has as %XX; http or
 * https with a host. Empty: it is none. */
str html_picture_url(struct arena *a, str address);
