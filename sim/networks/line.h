/* The parts of the simulated LINE: calls (line.c), customers and webhooks (line_say.c). */
#pragma once
#include "base/map.h"
#include "network.h"

enum { LINE_PEERS_MAX = 100000, LINE_NOTES_MAX = 100000, LINE_EVENT_BYTES = 256 * 1024 };

struct line_peer { /* a person, group or room */
    struct line_peer *next;
    bool is_blocked, has_left;
    char id[64], name[96];
};

/* Something to be known later by its key: "reply/<token>" (text: where it leads), "mark/<token>",
 * "media/<message>" (text: the file's id), "event/<webhookEventId>" (text: the event). */
struct line_note {
    struct line_note *next; /* newer */
    int64_t at_ms, tries;
    bool is_used, is_gone;
    char *text;
    ptrdiff_t len;
    char key[96];
};

struct line_bot {
    struct line_peer *peers;
    struct line_note *notes, *last; /* oldest first */
    struct map by_id, by_note;
    int64_t pushed;
};

struct line_peer *line_peer(struct line_bot *bot, str id, bool is_made);
struct line_note *line_note(struct line_bot *bot, str key);
struct line_note *line_note_add(struct line_bot *bot, str key, int64_t at_ms, str text);

err line_say(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct sim_say *say, str *id, str *why);
err line_event(struct sim *sim, struct sim_account *account, struct arena *a,
    const struct json *event, str raw, str *why);
err line_special(struct sim *sim, struct sim_account *account, struct arena *a, str what,
    const struct json *input, str *answer, str *why);
void line_sign(struct sim *sim, const struct sim_account *account, struct sim_post *post);
void line_answered(struct sim *sim, struct sim_account *account, const struct sim_answered *answer);
