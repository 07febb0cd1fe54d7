/* The yardstick of webhook_parse: what cannot be spared. A file of its own, since json-c's names
 * and ours do not go together. */
#pragma once
#include "base/str.h"

/* OpenSSL's HMAC-SHA256 over the body, and json-c's parser, which makes the tree and frees it. The
 * body is JSON; ends the program when it is not. */
void bare_webhook(str body);
