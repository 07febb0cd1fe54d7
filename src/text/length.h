/* length: how long a text is in the unit of each network, so that the editor, the API and the
 * sender say the same as the network will. The browser counts with the same rules
 * (web/shared/length.ts) and both are held to tests/data/lengths.json. Not: limits (they belong to
 * channels) and splitting (text/split.h). Texts are UTF-8; bytes that are none count as something.
 * Linear in the text. Thread: any.
 *
 * Sources: twitter-text 3 (weights, addresses, emoji), 3GPP TS 23.038 (SMS alphabets), Mastodon 4.5
 * (StatusLengthValidator), AT Protocol lexicons (graphemes and bytes), UAX #29, UTS #51. */
#pragma once
#include "base/str.h"

enum length_unit {
    LENGTH_CODE_POINTS, /* "characters" of most networks */
    LENGTH_GRAPHEMES,   /* text/grapheme.h; Bluesky */
    LENGTH_UTF16,       /* UTF-16 units: LINE */
    LENGTH_BYTES,       /* UTF-8 bytes: Instagram, Google, Bluesky's second limit */
    LENGTH_X,           /* after NFC: an address 23, an emoji sequence 2, code points
                           U+0000–10FF, 2000–200D, 2010–201F, 2032–2037 1, any other 2 */
    LENGTH_MASTODON, /* graphemes, but an address with http(s) 23, and of @user@host only @user */
    LENGTH_SMS,      /* segments: sms_length(text).segments */
};
enum { LENGTH_UNITS = LENGTH_SMS + 1 };

/* 0 for the empty text in every unit. */
int64_t length_of(enum length_unit unit, str text);

enum sms_encoding { SMS_GSM7, SMS_UCS2 };

struct sms_length {
    enum sms_encoding encoding; /* UCS-2 when a single letter is not in the GSM alphabet */
    int64_t units; /* GSM: septets (^ { } \ [ ~ ] | € and form feed take two); else UTF-16 units */
    int64_t segments; /* up to 160 or 70 units: one; else of 153 or 67, no letter in two */
};
struct sms_length sms_length(str text);
