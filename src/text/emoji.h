/* emoji: how long an emoji sequence is. Knows every sequence that Unicode Emoji 17.0 recommends
 * (text_tables.h), with any mix of skin tones, and the same without its U+FE0F. Of anything else
 * the code points stand for themselves: an unknown flag is two letters, an unknown family its
 * members. Thread: pure. */
#pragma once
#include "base/str.h"

/* Bytes of the emoji sequence of two or more code points that begins at byte `at`; 0 for none. A
 * character with U+FE0F is such a sequence, one with U+FE0E is not. */
ptrdiff_t emoji_sequence(str s, ptrdiff_t at);
