/* pgp_hush: librnp as Debian builds it prints on stderr what it thinks of strangers' bytes; its own
 * switches (rnp_ffi_set_log_fd, RNP_LOG_CONSOLE) leave most of that on. Not here: our own log,
 * which never uses the stream. Thread: any. */
#pragma once

/* From begin to end nothing that this thread prints on the C library's stderr stream comes out;
 * other threads' lines do, as before. Not nested. */
void pgp_hush_begin(void);
void pgp_hush_end(void);
