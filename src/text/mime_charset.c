/* mime_charset: bytes of a mail in whatever charset it names, as UTF-8. Behind it stands iconv of
 * the C library. Only names that stand in the table or belong to a numbered family are handed to
 * it: the library remembers every name that it was ever asked for. Sources: RFC 2978; the WHATWG
 * Encoding Standard for what mailers mean by a name (iso-8859-1 is windows-1252, gb2312 is
 * gb18030); names met in mails. See mime_inner.h. */
#include "text/mime_inner.h"

#include "base/utf8.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

enum {
    NAME_BYTES = 32,
    NUMBER_DIGITS = 5, /* of a family: windows-1252, cp65001 */
};

struct alias {
    const char *name; /* squeezed: lower case, letters and digits only */
    const char *use;  /* as iconv knows it; "" = none: only bytes decide */
};

static const struct alias aliases[] = {
    {"usascii",         ""                 },
    {"ascii",           ""                 },
    {"ansix341968",     ""                 },
    {"iso646us",        ""                 },
    {"unknown8bit",     ""                 },
    {"unknown",         ""                 },
    {"xunknown",        ""                 },
    {"default",         ""                 },
    {"none",            ""                 },
    {"8bit",            ""                 },
    {"binary",          ""                 },
    {"utf8",            "UTF-8"            },
    {"utf",             "UTF-8"            },
    {"utf8mb4",         "UTF-8"            },
    {"xutf8",           "UTF-8"            },
    {"unicode11utf8",   "UTF-8"            },
    {"utf7",            "UTF-7"            },
    {"unicode11utf7",   "UTF-7"            },
    {"utf16",           "UTF-16"           },
    {"utf16le",         "UTF-16LE"         },
    {"utf16be",         "UTF-16BE"         },
    {"ucs2",            "UTF-16"           },
    {"unicode",         "UTF-16LE"         },
    {"utf32",           "UTF-32"           },
    {"utf32le",         "UTF-32LE"         },
    {"utf32be",         "UTF-32BE"         },
    {"iso88591",        "CP1252"           },
    {"iso885911987",    "CP1252"           },
    {"latin1",          "CP1252"           },
    {"l1",              "CP1252"           },
    {"ansi",            "CP1252"           },
    {"xansi",           "CP1252"           },
    {"latin2",          "ISO-8859-2"       },
    {"latin3",          "ISO-8859-3"       },
    {"latin4",          "ISO-8859-4"       },
    {"latin5",          "CP1254"           },
    {"iso88599",        "CP1254"           },
    {"latin9",          "ISO-8859-15"      },
    {"latin10",         "ISO-8859-16"      },
    {"iso885911",       "CP874"            },
    {"iso88596e",       "ISO-8859-6"       },
    {"iso88596i",       "ISO-8859-6"       },
    {"iso88598e",       "ISO-8859-8"       },
    {"iso88598i",       "ISO-8859-8"       },
    {"logical",         "ISO-8859-8"       },
    {"visual",          "ISO-8859-8"       },
    {"arabic",          "ISO-8859-6"       },
    {"greek",           "ISO-8859-7"       },
    {"hebrew",          "ISO-8859-8"       },
    {"cyrillic",        "ISO-8859-5"       },
    {"tis620",          "CP874"            },
    {"tis6202533",      "CP874"            },
    {"koi8r",           "KOI8-R"           },
    {"koi8",            "KOI8-R"           },
    {"koi8u",           "KOI8-U"           },
    {"koi8ru",          "KOI8-U"           },
    {"koi8t",           "KOI8-T"           },
    {"gb2312",          "GB18030"          },
    {"gb231280",        "GB18030"          },
    {"csgb2312",        "GB18030"          },
    {"gb18030",         "GB18030"          },
    {"gbk",             "GB18030"          },
    {"xgbk",            "GB18030"          },
    {"gb",              "GB18030"          },
    {"euccn",           "GB18030"          },
    {"cp936",           "GB18030"          },
    {"windows936",      "GB18030"          },
    {"ms936",           "GB18030"          },
    {"chinese",         "GB18030"          },
    {"big5",            "BIG5-HKSCS"       },
    {"big5hkscs",       "BIG5-HKSCS"       },
    {"xxbig5",          "BIG5-HKSCS"       },
    {"cnbig5",          "BIG5-HKSCS"       },
    {"big5eten",        "BIG5-HKSCS"       },
    {"cp950",           "CP950"            },
    {"euctw",           "EUC-TW"           },
    {"iso2022cn",       "ISO-2022-CN"      },
    {"iso2022cnext",    "ISO-2022-CN-EXT"  },
    {"shiftjis",        "CP932"            },
    {"shiftjisx0213",   "SHIFT_JISX0213"   },
    {"sjis",            "CP932"            },
    {"xsjis",           "CP932"            },
    {"mskanji",         "CP932"            },
    {"windows31j",      "CP932"            },
    {"windows932",      "CP932"            },
    {"eucjp",           "EUC-JP-MS"        },
    {"xeucjp",          "EUC-JP-MS"        },
    {"ujis",            "EUC-JP-MS"        },
    {"iso2022jp",       "ISO-2022-JP-3"    },
    {"csiso2022jp",     "ISO-2022-JP-3"    },
    {"iso2022jp1",      "ISO-2022-JP-3"    },
    {"iso2022jp2",      "ISO-2022-JP-2"    },
    {"iso2022jp3",      "ISO-2022-JP-3"    },
    {"cp50220",         "ISO-2022-JP-3"    },
    {"cp50221",         "ISO-2022-JP-3"    },
    {"euckr",           "CP949"            },
    {"ksc56011987",     "CP949"            },
    {"ksc5601",         "CP949"            },
    {"ksc56011989",     "CP949"            },
    {"korean",          "CP949"            },
    {"uhc",             "CP949"            },
    {"windows949",      "CP949"            },
    {"iso2022kr",       "ISO-2022-KR"      },
    {"johab",           "JOHAB"            },
    {"viscii",          "VISCII"           },
    {"tcvn",            "TCVN"             },
    {"tcvn5712",        "TCVN"             },
    {"armscii8",        "ARMSCII-8"        },
    {"georgianps",      "GEORGIAN-PS"      },
    {"georgianacademy", "GEORGIAN-ACADEMY" },
    {"pt154",           "PT154"            },
    {"ptcp154",         "PT154"            },
    {"rk1048",          "RK1048"           },
    {"macintosh",       "MACINTOSH"        },
    {"mac",             "MACINTOSH"        },
    {"macroman",        "MACINTOSH"        },
    {"xmacroman",       "MACINTOSH"        },
    {"xmaccyrillic",    "MAC-CYRILLIC"     },
    {"maccyrillic",     "MAC-CYRILLIC"     },
    {"xmacukrainian",   "MAC-UK"           },
    {"xmacce",          "MAC-CENTRALEUROPE"},
    {"hproman8",        "HP-ROMAN8"        },
};

static const char *const families[][2] = {
    {"iso8859",  "ISO-8859-"},
    {"windows",  "CP"       },
    {"xwindows", "CP"       },
    {"win",      "CP"       },
    {"cp",       "CP"       },
    {"xcp",      "CP"       },
    {"ibm",      "IBM"      },
    {"dos",      "CP"       },
};

/* The name without what mailers write differently; what follows a ":" (a year) too, but for the
 * names that the table has with it. */
static str squeeze(str charset, char to[NAME_BYTES])
{
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < charset.len && n < NAME_BYTES; i++) {
        char c = charset.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            to[n++] = c;
    }
    return str_of(to, n);
}

/* What iconv calls it, terminated; "" = only the bytes decide; NULL = unknown. */
static const char *known(str charset, char name[NAME_BYTES])
{
    char squeezed[NAME_BYTES];
    str key = squeeze(charset, squeezed);
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (str_eq(key, str_from(aliases[i].name)))
            return aliases[i].use;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        str head = str_from(families[i][0]), to = str_from(families[i][1]);
        int64_t number = 0;
        str digits = str_skip(key, head.len);
        bool is_family = str_starts(key, head) && digits.len <= NUMBER_DIGITS &&
                         str_int(digits, 1, 99999, &number) == OK;
        if (!is_family)
            continue;
        memcpy(name, to.at, (size_t)to.len);
        memcpy(name + to.len, digits.at, (size_t)digits.len);
        name[to.len + digits.len] = 0;
        return number == 65001 ? "UTF-8" : name;
    }
    return key.len ? NULL : "";
}

/* False when iconv does not know it. bad: bytes that mean nothing in it, U+FFFD now. */
static bool convert(struct arena *a, str bytes, const char *charset, str *utf8, ptrdiff_t *bad)
{
    size_t room = (size_t)bytes.len * 4 + 16, left = (size_t)bytes.len;
    char *to = arena_alloc(a, (ptrdiff_t)room, 1), *out = to;
    char *in = (char *)(uintptr_t)bytes.at; /* iconv does not write to it */
    iconv_t cd = iconv_open("UTF-8", charset);
    if (cd == (iconv_t)-1)
        return false;
    while (left) {
        if (iconv(cd, &in, &left, &out, &room) != (size_t)-1)
            continue;
        if (room < 8) /* a charset of more than 4 bytes a byte: there is none */
            break;
        memcpy(out, "\xEF\xBF\xBD", 3);
        out += 3;
        room -= 3;
        *bad += 1;
        in++;
        left--;
    }
    (void)iconv(cd, NULL, NULL, &out, &room); /* a stateful one may hold a character back */
    (void)iconv_close(cd);
    *utf8 = utf8_repair(a, str_of(to, out - to));
    return true;
}

static bool is_ascii(str s)
{
    for (ptrdiff_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

/* A NUL is no text in any charset of single bytes. */
static str without_nul(struct arena *a, str s)
{
    if (str_find_byte(s, 0) < 0)
        return s;
    char *to = arena_alloc(a, s.len + 1, 1);
    ptrdiff_t n = 0;
    for (ptrdiff_t i = 0; i < s.len; i++)
        if (s.at[i])
            to[n++] = s.at[i];
    return str_of(to, n);
}

/* Broken UTF-8 is still that when more of its characters are whole than broken. */
static bool is_mostly_utf8(str s)
{
    ptrdiff_t whole = 0, broken = 0;
    for (ptrdiff_t i = 0; i < s.len;) {
        uint32_t c;
        ptrdiff_t n = utf8_decode(s, i, &c);
        whole += n > 1;
        broken += n < 0;
        i += n < 0 ? -n : n;
    }
    return whole > broken;
}

static str western(struct arena *a, str bytes)
{
    str utf8 = {0};
    ptrdiff_t bad = 0;
    return convert(a, bytes, "CP1252", &utf8, &bad) ? utf8 : utf8_repair(a, bytes);
}

static str guessed(struct arena *a, str bytes)
{
    bytes = without_nul(a, bytes);
    if (utf8_valid(bytes))
        return bytes;
    return is_mostly_utf8(bytes) ? utf8_repair(a, bytes) : western(a, bytes);
}

static bool is_western(const char *use)
{
    return strcmp(use, "CP1252") == 0 || strcmp(use, "ISO-8859-15") == 0;
}

static void note_unknown(struct mime_reading *r, str charset)
{
    r->flaws |= MIME_FLAW_CHARSET;
    if (!r->odd_charset.len)
        r->odd_charset = mime_line(r->a, utf8_repair(r->a, str_sub(charset, 0, 40)), 40);
}

str mime_utf8(struct mime_reading *r, str bytes, str charset, bool is_body)
{
    char name[NAME_BYTES + 16];
    const char *use = known(charset, name);
    unsigned lying = is_body ? MIME_FLAW_LYING : 0;
    bool is_plain = !use || !*use || strcmp(use, "UTF-8") == 0 || is_western(use);
    str utf8 = {0}, single = is_plain ? without_nul(r->a, bytes) : bytes;
    ptrdiff_t bad = 0;
    if (!use && !is_ascii(bytes))
        note_unknown(r, charset);
    if (is_plain && utf8_valid(single)) {
        if (use && is_western(use) && !is_ascii(single))
            r->flaws |= lying;
        return single;
    }
    if (use && *use && strcmp(use, "UTF-8") != 0 && convert(r->a, single, use, &utf8, &bad)) {
        bool is_lie = bad > 0 && !is_ascii(bytes) && utf8_valid(bytes);
        r->flaws |= bad ? lying : 0;
        return is_lie ? bytes : utf8;
    }
    if (use && (!*use || strcmp(use, "UTF-8") == 0))
        r->flaws |= lying;
    else
        note_unknown(r, charset); /* iconv does not have it */
    return guessed(r->a, bytes);
}

str mime_bare_utf8(struct mime_reading *r, str bytes)
{
    str utf8 = {0};
    ptrdiff_t bad = 0;
    bool is_escaped = str_find(bytes, S("\x1b$")) >= 0;
    if (is_escaped && convert(r->a, bytes, "ISO-2022-JP-3", &utf8, &bad) && !bad)
        return utf8;
    bytes = without_nul(r->a, bytes);
    if (utf8_valid(bytes))
        return bytes;
    if (!r->fallback.len || is_mostly_utf8(bytes))
        return guessed(r->a, bytes);
    unsigned flaws = r->flaws;
    utf8 = mime_utf8(r, bytes, r->fallback, false);
    r->flaws = flaws;
    return utf8;
}
