/* sns: what Amazon SNS posts to an address that was subscribed to a topic: the question whether it
 * may post there, and mails that Amazon SES has received (a receipt rule with the action "SNS"),
 * also with raw message delivery, where SES's object comes without SNS's around it. Signatures of
 * SNS are not looked at: who posts here has shown the channel's secret. Sources:
 * docs.aws.amazon.com /sns/latest/dg/http-subscription-confirmation-json.html,
 * …/http-notification-json.html, /ses/latest/dg/receiving-email-notifications-contents.html (read
 * 2026-11). Thread: any. */
#pragma once
#include "base/str.h"

enum {
    SNS_BYTES = 1024 * 1024, /* of what is posted; SNS carries 256 KB, with a mail of 150 KB */
    SNS_TOPIC_BYTES = 300,
    SNS_URL_BYTES = 1500,
};

enum sns_kind {
    SNS_MAIL,
    SNS_QUESTION, /* SubscriptionConfirmation: somebody has to open `url` */
    SNS_END,      /* UnsubscribeConfirmation: nothing comes any more */
};

struct sns_post {
    enum sns_kind kind;
    bool is_sns; /* always, of what sns_read gives */
    str topic;
    str url;  /* of a question: https://sns.REGION.amazonaws.com/… and nothing else */
    str mail; /* its bytes */
};

/* Whether an object is SNS's or SES's, by its fields' names. */
bool sns_is(str object);
/* E_INVALID with words that name the field: no mail in it, or an address that is not SNS's. */
err sns_read(struct arena *a, str object, struct sns_post *post, str *why);
