/* voice: what the two files of the simulated telephone share: voice.c is Twilio's API and the
 * people with their phones, voice_play.c reads TwiML and does what it says. See network.h. */
#pragma once
#include "twilio.h"

enum { VOICE_CALLS = 200, VOICE_DOCUMENT = 8000, VOICE_HEARD = 4000, VOICE_URL = 600 };

enum voice_doing {
    VOICE_FETCHES, /* waits for a document of ours */
    VOICE_GATHERS, /* waits for a key */
    VOICE_RECORDS,
    VOICE_QUEUED,
    VOICE_RINGS, /* the phone of a Dial, or that of an agent whom we call */
    VOICE_TALKS,
    VOICE_OVER,
};
struct voice_call {
    char sid[40], from[300], to[300], status[16];
    bool is_ours;
    enum voice_doing doing;
    char action[VOICE_URL];     /* where the key, the recording or the end of the Dial goes */
    char transcribe[VOICE_URL]; /* where the words of the recording go; empty = nowhere */
    char queue_action[VOICE_URL], wait_url[VOICE_URL];
    char callback[VOICE_URL]; /* of a call that we make: its reports */
    char phone[300];          /* that rings */
    char child[40], answered_url[VOICE_URL];
    char recording[40];
    char keys[32], voicemail[600]; /* what the caller will do; empty = what specials say */
    char document[VOICE_DOCUMENT]; /* what is left of it; of ours: the whole */
    char heard[VOICE_HEARD];       /* everything that was said, "|" between */
    int64_t seq;                   /* of the document that is waited for */
    int64_t began_ms, joined_ms, up_ms;
};
struct voice_state {
    struct voice_call calls[VOICE_CALLS]; /* a ring; `n` have been made */
    int64_t n;
    char status_callback[VOICE_URL];
};

/* One thing done to one call. */
struct voice {
    struct sim *sim;
    struct sim_account *account;
    struct arena *a;
    struct voice_call *call;
};
struct pair {
    const char *name;
    str value;
};

str voice_sid(struct voice *v, const char *kind);
/* Posts to an address of ours, with what stands in every request and `more` (ended by {0}). The
 * answer is a document to go on with when is_document; tag: see voice_answered. */
void voice_post(struct voice *v, str url, const struct pair *more, bool is_document);
void voice_end(struct voice *v, const char *status);
/* The phone of a Dial, or of an agent whom we call, picks up, or does not (status: "busy" …). */
void voice_pick_up(struct voice *v);
void voice_decline(struct voice *v, str status);
void voice_press(struct voice *v, str digit);
void voice_speak(struct voice *v, str words);
/* Nobody presses: what comes after the Gather; in the queue: the next words. */
void voice_wait(struct voice *v);
/* The caller, or whoever was dialled, hangs up. */
void voice_hang_up(struct voice *v);
/* Does what a document says until something must happen. */
void voice_run(struct voice *v, str document);
/* network.h answered: documents that were waited for go on. */
void voice_answered(
    struct sim *sim, struct sim_account *account, const struct sim_answered *answered);
