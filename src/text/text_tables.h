/* text_tables: top-level domains and emoji sequences, made at build time by tools/text_tables.py
 * from src/text/data (IANA's root zone of 2025-10-24; Unicode Emoji 17.0). The browser counts with
 * the same data (web/shared/length_tlds.ts, length_emoji.ts). Thread: constants. */
#pragma once
#include "base/str.h"

enum { TEXT_EMOJI_JOINED = 4 }; /* elements of the longest ZWJ sequence */

struct text_range {
    uint32_t low, high; /* code points, both inside */
};

/* Lower case, Unicode, in byte order; at most 18 code points (northwesternmutual). */
extern const str text_tlds[];
extern const ptrdiff_t text_tld_count;

/* Code points that may be followed by a skin tone (U+1F3FB–1F3FF), by U+FE0F. In order. */
extern const struct text_range text_emoji_base[];
extern const ptrdiff_t text_emoji_base_count;
extern const struct text_range text_emoji_variation[];
extern const ptrdiff_t text_emoji_variation_count;

/* "DE": two regional indicators. "gbsct": U+1F3F4, these as tag characters, U+E007F. In order. */
extern const str text_emoji_flags[];
extern const ptrdiff_t text_emoji_flag_count;
extern const str text_emoji_tags[];
extern const ptrdiff_t text_emoji_tag_count;

/* Elements joined by U+200D, without skin tones and U+FE0F; unused places are 0. In order. */
extern const uint32_t text_emoji_joined[][TEXT_EMOJI_JOINED];
extern const ptrdiff_t text_emoji_joined_count;
