/* What the demo's customers put into their mails: a picture and a paper, drawn and written here, so
 * that they are whole files of their kinds. Thread: any. */
#pragma once
#include "base/str.h"

/* A PNG of a teapot with a crack, 240 × 160. */
str enclosure_teapot(struct arena *a);
/* A PDF of one page with these lines (ASCII, at most 20). */
str enclosure_paper(struct arena *a, const str *lines, int n);
