/* html_escape: plain text for a place in HTML between tags or inside a quoted attribute. Not here:
 * HTML that others wrote (html_clean.h). Thread: pure. */
#pragma once
#include "base/str.h"

/* & < > " escaped, control characters dropped (html_clean_tag.c). */
void html_escape(struct sb *b, str text);
/* The same with <br> for line ends: as people typed it. */
void html_escape_lines(struct sb *b, str text);
