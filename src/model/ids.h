/* One-member structs for ids: the compiler refuses a mix-up. {0} means none. All the same size and
 * layout as int64_t, so that the database layer reads them as integers. Thread: values. */
#pragma once
#include <stdint.h>

/* clang-format off */
#define ID_KINDS(X) \
    X(account) X(login) X(agent) X(team) X(role) X(session) X(token) \
    X(link) X(channel) X(source) X(contact) X(identity) X(conversation) X(message) \
    X(attachment) X(upload) X(blob) X(tag) X(view) X(inbox) X(job) \
    X(event) X(webhook) X(delivery) X(audit) X(notification) X(visitor) \
    X(post) X(reconciliation) X(call) X(mail_template) X(letter) X(data_export)
/* clang-format on */

#define ID_TYPE(name)                                                                              \
    typedef struct {                                                                               \
        int64_t v;                                                                                 \
    } name##_id;
ID_KINDS(ID_TYPE)
#undef ID_TYPE
