/* main: the program's beginning; what it does is in command.c. */
#include "app/command.h"

int main(int argc, char **argv, char **environment)
{
    alloc_start();
    struct arena a = arena_make(0);
    int code = command_run(&a, argc, argv, environment);
    arena_free(&a);
    return code;
}
