/* Child processes of the demo; see process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int process_run(struct arena *a, char *const argv[], ptrdiff_t max, str *output)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    pid_t pid;
    int failed = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        return -1;
    }
    char *text = NEW(a, char, max);
    ptrdiff_t len = 0;
    ssize_t n;
    while (len < max &&
           ((n = read(ends[0], text + len, (size_t)(max - len))) > 0 || (n < 0 && errno == EINTR)))
        len += n > 0 ? n : 0;
    close(ends[0]);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    *output = str_of(text, len);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

pid_t process_start(char *const argv[])
{
    pid_t pid;
    return posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0 ? pid : -1;
}
