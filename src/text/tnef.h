/* tnef: what Outlook puts into winmail.dat: the files of a mail and its body once more. Files are
 * slices of the bytes given: nothing is copied. One pass, without recursion; a carried mail inside
 * stays a file in its own TNEF form. What is broken or beyond the maxima ends the reading, what was
 * read before stays, and is_cut says so. Encoded lengths are checked, checksums are not: senders
 * get them wrong. Sources: MS-OXTNEF 2.1 (attributes), MS-OXCDATA 2.11 (property types), MS-OXPROPS
 * (tags), MS-OXRTFCP (compressed RTF). Thread: pure. */
#pragma once
#include "base/str.h"

enum {
    TNEF_FILES = 200,
    TNEF_PROPERTIES = 2000,        /* of the message, and of each file */
    TNEF_BODY_BYTES = 1024 * 1024, /* text; html; rtf */
};

struct tnef_file {
    str name;       /* fit to show, as utf8_file_name makes it; never "" */
    str type;       /* lower case as the sender says, "" = not said */
    str content_id; /* without <>; "" = none */
    str bytes;      /* a slice of the input */
    bool is_mail;   /* bytes are a carried mail, as TNEF */
};

struct tnef {
    const struct tnef_file *files;
    int n_files;
    str text, html, rtf; /* the body, in each form that is there; UTF-8, rtf as it is */
    bool is_cut;
};

/* E_INVALID with words: these bytes are no TNEF. */
err tnef_read(struct arena *a, str bytes, struct tnef *tnef, str *why);
/* LZFu, or stored. At most max bytes; "" = broken from the start. */
str tnef_rtf(struct arena *a, str compressed, ptrdiff_t max);
