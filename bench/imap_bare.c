/* The yardstick of mail_in: what reading a mailbox costs with libetpan alone, its own TLS included,
 * as a first program would do it: sign in, open INBOX, fetch every mail whole, forget it. Prints
 * one JSON object: mails, bytes and the time from the end of the sign-in to the last byte, in µs.
 * The certificate is not looked at, so only the loopback is called.
 *
 *   imap_bare PORT USER PASSWORD [MAILS-A-COMMAND]   (TLS from the first byte) */
#include <libetpan/libetpan.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { A_COMMAND = 100, PORT_MOST = 65535 };

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void must(int r, const char *what)
{
    if (r == MAILIMAP_NO_ERROR || r == MAILIMAP_NO_ERROR_AUTHENTICATED ||
        r == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
        return;
    fprintf(stderr, "imap_bare: %s: error %d of libetpan\n", what, r);
    exit(1);
}

static int64_t number(const char *text, int64_t most)
{
    char *end = NULL;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || n < 1 || n > most) {
        fprintf(stderr, "imap_bare: %s is no number from 1 to %lld\n", text, (long long)most);
        exit(1);
    }
    return n;
}

/* Bytes of the mails in an answer. */
static int64_t bytes_of(clist *answer, int64_t *mails)
{
    int64_t bytes = 0;
    for (clistiter *at = clist_begin(answer); at != NULL; at = clist_next(at)) {
        const struct mailimap_msg_att *att = clist_content(at);
        for (clistiter *i = clist_begin(att->att_list); i != NULL; i = clist_next(i)) {
            const struct mailimap_msg_att_item *item = clist_content(i);
            if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC ||
                item->att_data.att_static->att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
                continue;
            bytes += (int64_t)item->att_data.att_static->att_data.att_body_section->sec_length;
            ++*mails;
        }
    }
    return bytes;
}

static int64_t fetch(mailimap *imap, uint32_t first, uint32_t last, int64_t *mails)
{
    struct mailimap_fetch_type *what = mailimap_fetch_type_new_fetch_att_list_empty();
    struct mailimap_set *set = mailimap_set_new_interval(first, last);
    clist *answer = NULL;
    must(mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_uid()), "memory");
    must(mailimap_fetch_type_new_fetch_att_list_add(
             what, mailimap_fetch_att_new_body_peek_section(mailimap_section_new(NULL))),
        "memory");
    must(mailimap_fetch(imap, set, what, &answer), "fetching");
    int64_t bytes = bytes_of(answer, mails);
    mailimap_fetch_list_free(answer);
    mailimap_set_free(set);
    mailimap_fetch_type_free(what);
    return bytes;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: imap_bare PORT USER PASSWORD [MAILS-A-COMMAND]\n");
        return 1;
    }
    uint32_t step = argc > 4 ? (uint32_t)number(argv[4], 100000) : A_COMMAND;
    int64_t mails = 0, bytes = 0;
    mailimap *imap = mailimap_new(0, NULL);
    if (imap == NULL)
        return 1;
    must(mailimap_ssl_connect(imap, "127.0.0.1", (uint16_t)number(argv[1], PORT_MOST)), "calling");
    must(mailimap_login(imap, argv[2], argv[3]), "signing in");
    int64_t began_us = now_us();
    must(mailimap_select(imap, "INBOX"), "opening INBOX");
    uint32_t all = imap->imap_selection_info->sel_exists;
    for (uint32_t first = 1; first <= all; first += step) {
        uint32_t last = first + step - 1;
        bytes += fetch(imap, first, last < all ? last : all, &mails);
    }
    printf("{\"mails\":%lld,\"bytes\":%lld,\"us\":%lld}\n", (long long)mails, (long long)bytes,
        (long long)(now_us() - began_us));
    mailimap_logout(imap);
    mailimap_free(imap);
    return 0;
}
