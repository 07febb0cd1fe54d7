/* What the files of the menu (ivr.h) share: ivr.c (the steps), ivr_settings.c (what the settings
 * say), ivr_choice.c (what a key chooses), ivr_document.c (TwiML), ivr_fault.c (what is wrong).
 * Thread: pure. */
#pragma once
#include "base/json.h"
#include "text/ivr.h"

/* ── the settings (ivr_settings.c) ──
 * Trees live in the arena that they were read into; NULL stands for what is not there, and may be
 * asked like any other. */

/* Member "ivr" of the channel's settings, an object or its JSON text; NULL = none. */
const struct json *ivr_settings_of(struct arena *a, str settings);
/* A text member; empty when it is none. */
str ivr_text(const struct json *object, str key);
/* A sentence: one text for all languages, or one per language. */
str ivr_sentence(const struct json *object, str key, str language);
/* The languages one after the other from 0; at most IVR_LANGUAGES; NULL behind the last. */
const struct json *ivr_language_at(const struct json *ivr, int64_t at);
/* The one with this tag, else the first. */
const struct json *ivr_language_find(const struct json *ivr, str tag);
const struct json *ivr_menu_find(const struct json *ivr, str name);
/* What may be the name of a menu, a language or a step: 1 to 40 letters, digits, - and _. */
bool ivr_is_name(str s);

/* ── what was chosen (ivr_choice.c) ── */

/* What an entry of a menu does, without parts; IVR_NOTHING when it lacks what its action needs. */
struct ivr_choice ivr_choice_of(const struct json *ivr, const struct json *entry, str language);
/* ivr_choose, without parts. */
struct ivr_choice ivr_choose_in(const struct json *ivr, const struct ivr_request *req);

/* ── the document (ivr_document.c) ── */

struct ivr_document {
    struct sb b;
    const struct json *ivr, *language; /* the caller's; NULL = there are none */
    str tag;
    const struct ivr_request *req;
};
struct ivr_document ivr_document_begin(
    struct arena *a, str settings, const struct ivr_request *req);
str ivr_document_end(struct ivr_document *d);

/* As text or attribute; what XML 1.0 cannot hold becomes a space. */
void ivr_put_escaped(struct sb *b, str s);
/* Where the next request goes, as an attribute or text. */
void ivr_put_address(struct ivr_document *d, const char *step, str menu, int64_t attempt);
/* At most IVR_SAY_CHARS characters; nothing when the text is empty. */
void ivr_say_in(struct ivr_document *d, const struct json *language, str text);
void ivr_say(struct ivr_document *d, str text);
/* Words that the caller's language has under this name. */
void ivr_say_words(struct ivr_document *d, const char *name);
/* One key is waited for. end: nobody pressed: the same step again, which counts the try. */
void ivr_gather_begin(struct ivr_document *d, const char *step, str menu, int64_t attempt);
void ivr_gather_end(struct ivr_document *d, const char *step, str menu, int64_t attempt);
void ivr_hang_up(struct ivr_document *d);
/* A menu that is not there ends the call. */
void ivr_put_menu(struct ivr_document *d, str name, int64_t attempt);
void ivr_put_voicemail(struct ivr_document *d);
/* over: the step when it is over; answered: the report that somebody has picked up. from: the
 * number that is shown there; empty = the caller's. */
void ivr_put_dial(struct ivr_document *d, str to, str from, const char *over, const char *answered);
void ivr_put_queue(struct ivr_document *d);
