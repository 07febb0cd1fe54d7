/* ivr: the menu that callers hear. From a channel's settings and one request of the telephone
 * network to the TwiML document that answers it; what a caller has chosen so far is in the address
 * that the next request comes to. Nothing is said that the settings do not say: a sentence that is
 * missing in a language is left out, and so is a waiting time that nobody knows.
 * Not here: verifying requests (connector/twilio.h), what becomes of a choice (care/call.h).
 *
 * Settings: member "ivr" of the channel's settings, an object or its JSON text; docs/connectors/
 * voice.md says what it may hold. Whatever is wrong in it counts as absent, so that a caller always
 * gets an answer; without any menu callers may leave a message.
 * Source: Twilio "TwiML for Programmable Voice" (2026): Say at most 4096 characters. Thread: pure.
 */
#pragma once
#include "base/str.h"

enum {
    IVR_SAY_CHARS = 4096,
    IVR_LANGUAGES = 9, /* one digit each */
    IVR_ENTRIES = 12,  /* of a menu: the keys of a telephone */
    IVR_TRIES = 3,     /* a menu is said so often before it is given up */
    IVR_STATE_BYTES = 160,
};

/* One request. The first six come from the address (ivr_state_read); empty at first. */
struct ivr_request {
    str step;     /* language menu continue voicemail dialed wait queued answered transcribed; of
                   * calls with an agent's phone: taken, placed reached connected */
    str language; /* tag that the caller chose */
    str menu;
    str key;         /* step continue: the one that was pressed there */
    str ref;         /* our own name of a call that we have made */
    int64_t attempt; /* 1, 2 … at this menu */
    str digits;      /* as pressed; anything */
    str dial_status; /* what became of a forwarded call: completed busy no-answer failed canceled */
    str queue_result;
    int64_t average_s; /* waiting time of those before; 0 = not known */
    int64_t position;  /* in the queue; 0 = not known */
    str address;       /* of the channel, for the next requests */
    str queue;         /* the name of the channel's queue */
    int64_t now_ms;
};
/* "step=menu&language=bn&menu=main&try=2"; unknown and too long values are left out. */
void ivr_state_read(str query, struct ivr_request *req);
/* The document, whole, XML 1.0. */
str ivr_answer(struct arena *a, str settings, const struct ivr_request *req);

/* The caller leaves the queue for an agent's phone ("+1555…" or "sip:…"); when nobody answers
 * there, the caller waits again. */
str ivr_take(struct arena *a, str settings, const struct ivr_request *req, str phone);
/* An agent who has picked up is connected to `to`, who sees the number `from`. req->ref: of the
 * call. */
str ivr_connect(struct arena *a, str settings, const struct ivr_request *req, str to, str from);
/* The address of a step, for the next request. */
str ivr_address(struct arena *a, const struct ivr_request *req, const char *step);
/* What can be called: a number with 3 to 16 characters, or a SIP address. */
bool ivr_is_target(str to);

enum ivr_action {
    IVR_NOTHING, /* nothing was chosen that the menu has */
    IVR_CONTINUE_BY_MESSAGE,
    IVR_VOICEMAIL,
    IVR_FORWARD,
    IVR_REPEAT,
    IVR_MENU,
    IVR_QUEUE,
    IVR_HANGUP,
};
struct ivr_choice {
    enum ivr_action action;
    str channel_id; /* CONTINUE_BY_MESSAGE: by which channel; digits */
    str text;       /* and what is written there, in the caller's language, else in the first */
    str parts;      /* and a template of the network instead: JSON array (connector/part.h) */
    str to;         /* FORWARD: "+15550002222" or "sip:…" */
    str menu;       /* MENU */
    str say;        /* before it happens */
};
/* What a request chooses: the same for the answer and for what follows from it. */
struct ivr_choice ivr_choose(struct arena *a, str settings, const struct ivr_request *req);
/* What callers are sent who reached nobody: "missed_call" of the settings; action NOTHING without.
 */
struct ivr_choice ivr_missed(struct arena *a, str settings, str language);
/* Is the channel open at this time? True without hours, or in an unknown zone. */
bool ivr_is_open(struct arena *a, str settings, int64_t now_ms);
/* Words for the first thing in the settings that a menu cannot have; empty = all well. */
str ivr_fault(struct arena *a, str settings);
