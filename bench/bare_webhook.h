/* The yardstick of webhook_parse: the two library calls that a program of its own would make. A
 * file of its own, since json-c's names and ours do not go together. */
#pragma once
#include "base/str.h"

/* OpenSSL's HMAC-SHA256 over the body, and json-c's parser, which makes the tree and frees it.
 * inner: the member of the body whose text is JSON again (TikTok's "content"), which is parsed as
 * well, since the message cannot be had otherwise; NULL = none. The body is JSON and has that
 * member; ends the program when not. */
void bare_webhook(str body, const char *inner);
