/* unit: in what a network counts the length of a text (counted by text/length.h). Thread: values.
 */
#pragma once

enum length_unit {
    LENGTH_CODE_POINTS,
    LENGTH_GRAPHEMES, /* what a person takes for one character */
    LENGTH_UTF16,
    LENGTH_BYTES,    /* of UTF-8 */
    LENGTH_X,        /* weighted, twitter-text v3 */
    LENGTH_SMS,      /* GSM-7 or UCS-2 units; see length_sms for segments */
    LENGTH_MASTODON, /* code points; an address counts 23, @user@host only @user */
};
