/* quote_inner: single lines of mails, for plain text and HTML. Thread: any. */
#pragma once
#include "text/quote.h"

/* Lines are without line ends. `quote_follows`: ">" lines or the like come next, so less is asked.
 */
/* False: no "On … wrote:" ends with this line, whatever stands above it. */
bool quote_may_end_wrote(str line);
bool quote_is_wrote(str lines, bool quote_follows); /* "On … wrote:", joined or with line ends */
/* A line that may be the first part of a wrapped "On … wrote:" whose end is already found. */
bool quote_is_wrote_begin(str line);
bool quote_is_separator(str line); /* "-----Original Message-----", "Begin forwarded message:" */
bool quote_is_our_line(str line);  /* "##- … -##" */
bool quote_is_rule(str line);      /* only "_" or "-", at least ten */
bool quote_is_mobile(str line);    /* "Sent from my iPhone" */

enum quote_label { QUOTE_NO_LABEL, QUOTE_FROM, QUOTE_SENT, QUOTE_TO, QUOTE_SUBJECT };
enum quote_label quote_label_of(str line); /* "From: …", "*Sent:* …" */
