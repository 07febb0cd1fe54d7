/* file_pace: see file_pace.h. */
#include "base/file_pace.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"

enum { SHORT_US = 125 * 1000, LONG_US = 250 * 1000 };

static int64_t most_of(const struct file_pace *pace)
{
    return pace->most_bytes ? pace->most_bytes : LIMIT_UNSYNCED_FIRST_BYTES;
}

bool file_pace_add(struct file_pace *pace, int64_t bytes)
{
    pace->unsynced_bytes += bytes;
    return pace->unsynced_bytes >= most_of(pace);
}

void file_pace_took(struct file_pace *pace, int64_t us)
{
    int64_t most = most_of(pace);
    if (us < SHORT_US && most < LIMIT_UNSYNCED_BYTES)
        most *= 2;
    else if (us > LONG_US && most > LIMIT_UNSYNCED_LEAST_BYTES)
        most /= 2;
    *pace = (struct file_pace){.most_bytes = most};
}

err file_pace_sync(struct file_pace *pace, int fd)
{
    int64_t began_us = clock_mono_us();
    TRY(file_sync_try(fd));
    file_pace_took(pace, clock_mono_us() - began_us);
    return OK;
}
