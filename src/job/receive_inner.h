/* What the files of the receiver share: receive.c (claims deliveries, parses them, leads the
 * transaction), receive_gather.c (which messages and news a batch brings), receive_take.c (what
 * becomes of them and of the deliveries). Nobody else includes it. Everything lives in the arena of
 * the desk. Thread: the receiver. */
#pragma once
#include "care/inbound.h"
#include "connector/connector.h"
#include "job/inner.h"

/* What parsing made of one row. */
struct received {
    struct connector_batch batch;
    str fault;    /* the delivery as a whole is not understood */
    str raw;      /* its bytes */
    str raw_name; /* the file that they are; empty = they stand in the row */
};

/* What an item names by address (care/media.h). */
struct receive_files {
    struct attachment *rows;
    ptrdiff_t n;
    str json;
};

/* The messages of one account, in the order of the rows, and where each came from; and what else
 * its networks say, to be applied after the messages. */
struct receive_items {
    struct inbound_item *at;
    const struct connector_item **from;
    struct receive_files *files;
    ptrdiff_t *row;
    ptrdiff_t n;
    struct receive_other {
        const struct connector_item *item;
        channel_id channel;
    } * others;
    ptrdiff_t n_others;
    bool *hurries; /* per row of the batch: its channel is to be polled at once */
    /* Whose channels the last accounts of networks are: a batch names few of them. */
    struct receive_place {
        channel_id came_on, channel;
        str account;
    } places[8];
    int n_places;
    int64_t jobs; /* planned here */
};

struct receive_tally {
    int64_t received, duplicates, quarantined;
    int64_t jobs; /* planned: files to fetch, questions, deliveries to look at again */
};

/* The good items of one account's rows in b. Gives an item that is for nobody here a fault: it goes
 * to quarantine with the others. */
err receive_gather(
    struct ctx *cx, const struct receive_batch *b, account_id account, struct receive_items *items);

/* Everything of a parsed batch, in the desk's open WRITE transaction: messages, news, what is to be
 * fetched and asked, and the end of its rows. Adds to *tally. */
err receive_take_batch(struct desk *desk, struct receiver *r, const struct receive_batch *b,
    struct receive_tally *tally);
