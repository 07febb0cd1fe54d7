/* line_file: a file of JSON Lines (or standard input) as `import messages` and `replay` read it: a
 * line at a time in flat memory; what is wrong goes to FILE.rejected (of standard input: to
 * standard error) with its number and the reason; and how far it is. Not here: what a line means
 * (care/history.h). Thread: the command's. */
#pragma once
#include "app/progress.h"
#include "base/arena.h"
#include "base/err.h"

/* The exit code of a command that has taken all lines but the wrong ones. */
enum { LINE_FILE_SOME_WRONG = 3 };

struct line_file {
    struct arena *kept, *scratch; /* scratch: a line's text, until the caller resets it */
    str path;
    int fd, rejected_fd;
    bool is_stdin, is_end, is_too_long;
    int64_t size, read, rejected_at; /* bytes; size 0 = not known */
    int64_t line, done, wrong;       /* done: the caller counts what it has dealt with */
    struct progress progress;
    int64_t shown_done;
    char *buffer; /* lines stand at from … have */
    ptrdiff_t from, have;
    str why; /* after an error: what it was, in words */
};

err line_file_open(struct arena *a, struct arena *scratch, str path, struct line_file *r);
/* A plain file, else *why in words. */
err line_file_open_read(struct arena *a, str path, int *fd, int64_t *size, str *why);
/* FILE.rejected. What an earlier run left there goes when the next one begins. */
str line_file_rejected(struct arena *a, str path);
/* The first line without the mark of a byte order. */
str line_file_without_mark(str line);
/* Fails when FILE.rejected is not on the disk. */
err line_file_close(struct line_file *r);
/* The next line that is not empty, without its end; is_there false at the end of the file. Lines
 * that are too long or hold a NUL are rejected here. Waits for standard input. */
err line_file_next(struct line_file *r, str *line, bool *is_there);
/* Whether line_file_next would give a line, or the end, without waiting for more of the file. */
bool line_file_has_next(const struct line_file *r);
bool line_file_is_end(const struct line_file *r);
/* Counts the line as done. field empty = the line as a whole. The first ten of a file are told on
 * standard error, too. */
err line_file_reject(struct line_file *r, int64_t number, str field, str words, str line);
/* Tells how many lines are done, how fast, and (of a file) the time left, when it is time to. */
void line_file_show(struct line_file *r);
/* Where the wrong lines are; nothing when there were none. */
void line_file_summary(const struct line_file *r, struct sb *b);
/* The same of n lines; path empty: they stand on standard error. */
void line_file_say_wrong(struct sb *b, int64_t n, str path);
