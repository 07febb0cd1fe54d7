"""Several folders of one mailbox on a real server: each is read, what is taken is moved into a folder that Seva makes, and a mail that lies
in two folders is one message."""

import imaplib

from seva import PATIENCE_S, Seva, run, until
from test_mail import MAILBOX, PASSWORD, Mailbox, conversations, mail_of, texts


def client(box):
    """Somebody else's mail program."""
    one = imaplib.IMAP4("127.0.0.1", box.imap)
    one.login(MAILBOX, PASSWORD)
    return one


def count(box, folder):
    one = client(box)
    status, found = one.select(f'"{folder}"', readonly=True)
    one.logout()
    return int(found[0]) if status == "OK" else None


def every_folder_is_read_and_what_is_taken_is_moved():
    box = Mailbox()
    other = client(box)
    for folder in ("Billing", "All Mail"):
        assert other.create(f'"{folder}"')[0] == "OK"
    once = mail_of("asha@example.net", "I am in two folders.", name="twice")
    other.append("INBOX", None, None, once)
    other.append('"All Mail"', "\\Seen", None, b"X-Label: inbox\r\n" + once)
    other.append("Billing", None, None, mail_of("bela@example.org", "The bill is wrong."))
    settings = {**box.settings(), "folders": "Billing, All Mail", "after": "move", "move_to": "Taken/By Seva"}
    with Seva(more=["--egress-allow", "mail=127.0.0.0/8", "--ca-file", box.roots]) as seva:
        seva.start()
        assert seva.api("POST", "/channels", {"kind": "email", "name": "Care", "settings": settings, "external_id": MAILBOX}).status == 201
        assert until(lambda: len(conversations(seva)) == 2, 2 * PATIENCE_S), seva.log_tail()
        assert until(lambda: count(box, "Taken/By Seva") == 3, 2 * PATIENCE_S), (count(box, "Taken/By Seva"), seva.log_tail())
        assert [count(box, folder) for folder in ("INBOX", "Billing", "All Mail")] == [0, 0, 0]
        # Later ones: in the first folder at once, in the others at the next look; also what somebody has read already.
        other.append("INBOX", None, None, mail_of("chen@example.com", "At once."))
        other.append("Billing", "\\Seen", None, mail_of("dora@example.com", "Somebody has seen it."))
        assert until(lambda: len(conversations(seva)) == 4, 3 * PATIENCE_S), seva.log_tail()
        said = sorted(text for c in conversations(seva) for _, text in texts(seva, c))
        assert said == ["At once.", "I am in two folders.", "Somebody has seen it.", "The bill is wrong."], said
    other.logout()
    box.close()


if __name__ == "__main__":
    run([every_folder_is_read_and_what_is_taken_is_moved])
