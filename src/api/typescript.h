/* typescript: the public shapes and inputs as TypeScript types, for web/shared/api/types.ts (the
 * console's and the widget's). `seva routes --typescript` prints it; a test compares the file.
 * Thread: pure. */
#pragma once
#include "base/str.h"

str typescript_text(struct arena *a);
