/* See dovecot.h. */
#include "dovecot.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child = -1;
static int hold = -1; /* its standard input: closed, it ends */

static void take(char *to, size_t cap, str line, const char *name)
{
    ptrdiff_t at = str_find(line, str_from(name));
    str word, rest;
    if (at < 0)
        return;
    (void)str_cut(str_skip(line, at + (ptrdiff_t)strlen(name)), ' ', &word, &rest);
    (void)snprintf(to, cap, "%.*s", SARG(str_trim(word)));
}

bool dovecot_start(struct dovecot *d)
{
    const char *script = getenv("SEVA_DOVECOT");
    int in[2], out[2];
    char line[4096] = {0};
    memset(d, 0, sizeof *d);
    (void)snprintf(d->why, sizeof d->why, "SEVA_DOVECOT names no script");
    if (script == NULL || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return false;
    child = fork();
    if (child == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        execlp("python3", "python3", script, NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    hold = in[1];
    for (size_t n = 0; n + 1 < sizeof line && read(out[0], line + n, 1) == 1 && line[n] != '\n';)
        n++;
    close(out[0]);
    char imap[16] = "0", imaps[16] = "0";
    take(imap, sizeof imap, str_from(line), "imap=");
    take(imaps, sizeof imaps, str_from(line), "imaps=");
    take(d->folder, sizeof d->folder, str_from(line), "folder=");
    take(d->token, sizeof d->token, str_from(line), "token=");
    d->imap = (int)strtol(imap, NULL, 10);
    d->imaps = (int)strtol(imaps, NULL, 10);
    (void)snprintf(d->why, sizeof d->why, "%.200s", line[0] != 0 ? line : "it did not start");
    return d->imaps > 0;
}

void dovecot_stop(void)
{
    int status;
    if (child <= 0)
        return;
    close(hold);
    (void)waitpid(child, &status, 0);
    child = -1;
}

void dovecot_deliver(const struct dovecot *d, const char *user, str mail)
{
    static int serial;
    char temporary[512], final[512];
    (void)snprintf(temporary, sizeof temporary, "%s/mail/%s/tmp/%d.%d.test", d->folder, user,
        (int)getpid(), ++serial);
    (void)snprintf(
        final, sizeof final, "%s/mail/%s/new/%d.%d.test", d->folder, user, (int)getpid(), serial);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    while (mail.len > 0) {
        ssize_t n = write(fd, mail.at, (size_t)mail.len);
        assert_true(n > 0);
        mail = str_skip(mail, n);
    }
    assert_int_equal(fchmod(fd, 0666), 0); /* Dovecot may run as another user */
    assert_int_equal(close(fd), 0);
    assert_int_equal(rename(temporary, final), 0);
}
