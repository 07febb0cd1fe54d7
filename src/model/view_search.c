/* view_search: see view_search.h. */
#include "model/view_search.h"

#include "model/conversation.h"
#include "model/view_conversation.h"

static const struct shape_field piece_fields[] = {
    SHOWN("text", SHAPE_TEXT, 0, NULL),
    SHOWN("is_match", SHAPE_BOOL, 0, "what was looked for"),
};
static const struct shape piece_shape =
    SHAPE("SearchPiece", NULL, piece_fields, "A part of the text that fits, one behind the other.");
static const struct shape_field message_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("kind", SHAPE_TEXT, 0, "in, out or note"),
    SHOWN("author", SHAPE_TEXT, 0, "who wrote it; may be empty"),
    SHOWN("sent_at", SHAPE_TIME, 0, NULL),
};
static const struct shape message_shape = SHAPE("SearchMessage", NULL, message_fields, NULL);
static const struct shape_field channel_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("kind", SHAPE_TEXT, 0, "empty: it was removed"),
    SHOWN("name", SHAPE_TEXT, 0, "empty: it was removed"),
};
static const struct shape channel_shape = SHAPE("SearchChannel", NULL, channel_fields, NULL);
static const struct shape_field person_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
};
static const struct shape person_shape = SHAPE("SearchPerson", NULL, person_fields, NULL);
static const struct shape_field place_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("number", SHAPE_INT, 0, NULL),
    SHOWN_WORD("status", 0, conversation_status_words, NULL),
    SHOWN("subject", SHAPE_TEXT, 0, "the mail's own, else the conversation's; may be empty"),
    SHOWN_OBJECT("channel", 0, &channel_shape, NULL),
    SHOWN_OBJECT("contact", 0, &person_shape, NULL),
};
static const struct shape place_shape = SHAPE("SearchConversation", NULL, place_fields, NULL);
static const struct shape_field contact_fields[] = {
    SHOWN("id", SHAPE_ID, 0, NULL),
    SHOWN("name", SHAPE_TEXT, 0, "may be empty"),
    SHOWN("handle", SHAPE_TEXT, 0, "a handle, a mail address or a phone; may be empty"),
};
static const struct shape contact_shape = SHAPE("SearchContact", NULL, contact_fields, NULL);

static const char *const kind_words[] = {"message", "contact", "tag", NULL};
static const char *const field_words[] = {
    "text", "subject", "note", "attachment", "name", "handle", "address", "phone", NULL};
static const struct shape_field item_fields[] = {
    SHOWN_WORD("kind", 0, kind_words, NULL),
    SHOWN_WORD("field", 0, field_words, "which part of it fits best"),
    SHOWN_OBJECT("pieces", SHAPE_LIST, &piece_shape, "that part, around what fits"),
    SHOWN_OBJECT("message", SHAPE_OPTIONAL, &message_shape, "of a message"),
    SHOWN_OBJECT("conversation", SHAPE_OPTIONAL, &place_shape, "of a message"),
    SHOWN_OBJECT("contact", SHAPE_OPTIONAL, &contact_shape, "of a contact"),
    SHOWN_OBJECT("tag", SHAPE_OPTIONAL, &tag_shape, "of a tag"),
};
static const struct shape item_shape =
    SHAPE("SearchItem", NULL, item_fields, "Something that was found.");
static const struct shape_field result_fields[] = {
    SHOWN_OBJECT("items", SHAPE_LIST, &item_shape, NULL),
    SHOWN("next", SHAPE_TEXT, SHAPE_NULL, "the next page's `cursor`"),
    SHOWN(
        "is_building", SHAPE_BOOL, 0, "the index is being made anew: older things may be missing"),
    SHOWN("is_limited", SHAPE_BOOL, 0, "there may be matches that were not looked at: narrow it"),
};
const struct shape search_result_shape =
    SHAPE("SearchResult", NULL, result_fields, "What a search has found.");
