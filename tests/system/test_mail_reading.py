"""A mailbox that is read for a long time: the server of the mailbox ends and comes back, the way to it falls silent, the mailbox is made
anew with other numbers. Every mail arrives once. And mails whose charset is not what they say."""

import glob
import json
import os
import shutil
import socket
import sqlite3
import threading
import time

from seva import PATIENCE_S, fresh_postgres, run, until
from test_mail import CHECKED_BY, MAILBOX, Mailbox, conversations, mail_of, texts, with_mailbox

OTHER = "other@example.com"


class Way:
    """A way to a port that can fall silent: nothing passes any more on the connections that are there, and nobody is told."""

    def __init__(self, port):
        self.port, self.silent, self.listener = port, set(), socket.create_server(("127.0.0.1", 0))
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                self.open.append((near, far))
                for a, b in ((near, far), (far, near)):
                    threading.Thread(target=self.pass_on, args=(a, b, near), daemon=True).start()
        except OSError:
            pass

    def pass_on(self, a, b, near):
        try:
            while data := a.recv(65536):
                if near in self.silent:
                    return
                b.sendall(data)
        except OSError:
            pass
        if near not in self.silent:
            for s in (a, b):
                s.close()

    def fall_silent(self):
        self.silent.update(near for near, _ in self.open)

    def close(self):
        self.listener.close()
        for pair in self.open:
            for s in pair:
                s.close()


def subjects(seva):
    return sorted(c["subject"] for c in seva.items("/conversations?status=open,pending,resolved&sort=newest"))


def arrives(seva, *wanted, most=PATIENCE_S):
    """These and no others, each in a conversation of its own."""
    assert until(lambda: subjects(seva) == sorted(wanted), most), f"{subjects(seva)} instead of {sorted(wanted)} " + seva.log_tail()


def hello(subject):
    return mail_of(f"{subject}@example.net", "Hello", subject=subject)


def a_mailbox_is_found_again_after_its_server_ended_and_after_the_way_fell_silent():
    box = Mailbox()
    way = Way(box.imaps)
    with with_mailbox(box) as seva:
        made = seva.api("POST", "/channels", {"kind": "email", "name": "Other", "external_id": OTHER,
                                              "settings": {**box.settings(), "address": OTHER, "imap_port": str(way.listener.getsockname()[1])}})
        assert made.status == 201, made.body
        box.deliver(hello("one"))
        box.deliver(hello("two"), to=OTHER)
        arrives(seva, "one", "two")
        began = time.monotonic()
        way.fall_silent()
        box.deliver(hello("silent"), to=OTHER)
        box.append(hello("three"))
        arrives(seva, "one", "two", "three")
        until(lambda: time.monotonic() - began > 12)  # who has served for a while is called again at once
        box.dovecot.tell("stop")
        box.deliver(hello("four"))
        box.dovecot.tell("start")
        box.append(hello("five"))
        arrives(seva, "one", "two", "three", "four", "five", "silent", most=2 * PATIENCE_S)
        box.deliver(hello("six"), to=OTHER)
        arrives(seva, "one", "two", "three", "four", "five", "silent", "six")
        errors = lambda: [c["health"]["last_error"] for c in seva.api("GET", "/channels").json["items"] if c["kind"] == "email"]
        assert until(lambda: errors() == [None, None]), f"it is over, and still shown: {errors()}"
    way.close()
    box.close()


def number_anew(box):
    """As after a restored backup: the folder's mails are there, their numbers are not."""
    box.dovecot.tell("stop")
    for path in glob.glob(f"{box.folder}/mail/{MAILBOX}/dovecot*"):
        (shutil.rmtree if os.path.isdir(path) else os.remove)(path)
    box.dovecot.tell("start")


def renumbering(db=None):
    box = Mailbox()
    with with_mailbox(box, db) as seva:
        names = [f"mail-{i:03}" for i in range(120)]
        box.deliver(*map(hello, names[:100]))
        box.deliver(mail_of("long@example.net", "A long one", size=200 * 1024, subject="long"))
        arrives(seva, "long", *names[:100])
        assert until(lambda: box.unseen() == 0)
        until(lambda: False, 1.1)  # Dovecot numbers by the second
        number_anew(box)
        box.deliver(*map(hello, names[100:]))
        arrives(seva, "long", *names, most=2 * PATIENCE_S)
        assert until(lambda: box.unseen() == 0), "what is stored is marked in its new numbers too"
        arrives(seva, "long", *names)
        assert all(len(texts(seva, c)) == 1 for c in conversations(seva)[:30])
        assert not seva.api("GET", "/quarantine").json["items"]
    box.close()


def a_mailbox_with_new_numbers_doubles_nothing_and_misses_nothing():
    renumbering()


def a_mailbox_with_new_numbers_doubles_nothing_and_misses_nothing_on_postgresql():
    db = fresh_postgres()
    return "skip: there is no PostgreSQL" if db is None else renumbering(db)


def old_mails_are_neither_read_nor_marked():
    """Mails from before the days that are asked for stay as they are, also when news come and when the server is started again."""
    box = Mailbox()
    new = f"{box.folder}/mail/{MAILBOX}/new"
    box.deliver(*(hello(f"old-{i}") for i in range(60)))
    for path in os.scandir(new):
        os.utime(path.path, (time.time() - 90 * 24 * 3600,) * 2)
    assert box.unseen() == 60
    with with_mailbox(box, from_days="7") as seva:
        box.deliver(hello("new-1"))
        arrives(seva, "new-1")
        assert until(lambda: box.unseen() == 60)
        seva.kill()
        seva.start()
        box.deliver(hello("new-2"))
        arrives(seva, "new-1", "new-2")
        assert until(lambda: box.unseen() == 60), box.unseen()
    box.close()


def what_comes_before_the_mailbox_is_first_opened_is_read():
    """Without days, mails from before the channel stay as they are, but one that comes before the server can be reached does not."""
    box = Mailbox()
    box.deliver(hello("old"))
    for path in os.scandir(f"{box.folder}/mail/{MAILBOX}/new"):
        os.utime(path.path, (time.time() - 3600,) * 2)
    assert box.unseen() == 1
    box.dovecot.tell("stop")
    with with_mailbox(box, from_days="0") as seva:
        box.deliver(hello("between"))
        box.dovecot.tell("start")
        arrives(seva, "between", most=2 * PATIENCE_S)
        box.deliver(hello("after"))
        arrives(seva, "between", "after")
        assert until(lambda: box.unseen() == 1), box.unseen()
    box.close()


def pass_over_the_next(seva):
    """As nobody should: the place of the mailbox stands one mail too far."""
    db = sqlite3.connect(os.path.join(seva.data, "seva.db"), isolation_level=None)
    place = json.loads(db.execute("SELECT value FROM channel_cursor WHERE name = 'listen'").fetchone()[0])
    db.execute("UPDATE channel_cursor SET value = ? WHERE name = 'listen'", [json.dumps({**place, "uid": place["uid"] + 1, "told": place["told"] + 1})])
    db.close()


def a_mailbox_is_compared_at_once_when_somebody_asks():
    box = Mailbox()
    with with_mailbox(box) as seva:
        box.deliver(hello("one"))
        arrives(seva, "one")
        assert until(lambda: box.unseen() == 0)
        seva.kill()
        box.deliver(hello("missed"))
        pass_over_the_next(seva)
        seva.start()
        path = "/channels/" + next(c["id"] for c in seva.api("GET", "/channels").json["items"] if c["kind"] == "email") + "/reconciliations"
        ledger = lambda: seva.items(path)
        found = lambda n: len(ledger()) == n and not ledger()[0]["is_running"]
        assert not ledger()
        assert seva.api("POST", path).status == 204
        assert until(lambda: found(1)), f"{ledger()} " + seva.log_tail()
        run = ledger()[0]
        assert (run["missed"], run["error"]) == (1, None), run  # "one" counts only if the mailbox was open before it came
        assert [(m["from"], m["text"]) for m in run["details"]] == [("Asha <missed@example.net>", "missed")], run
        arrives(seva, "one", "missed")
        assert seva.api("POST", path).status == 204  # its reader waits for news now: it is woken
        assert until(lambda: found(2)), f"{ledger()} " + seva.log_tail()
        assert (ledger()[0]["seen"], ledger()[0]["missed"]) == (run["seen"], 0), ledger()
    box.close()


CHARSETS = [  # what is said, what is written, what is to be read
    ("iso-8859-1", "Voilà: 5 € – “déçu”".encode("cp1252"), "Voilà: 5 € – “déçu”"),
    ("utf-8", "Schöne Grüße".encode("latin-1"), "Schöne Grüße"),
    ("us-ascii", "Où ça ?".encode(), "Où ça ?"),
    (None, "Où ça ?".encode("latin-1"), "Où ça ?"),
    ("x-unknown-8", "Привет".encode(), "Привет"),
    ("gb2312", "镕基，你好".encode("gbk"), "镕基，你好"),
    ("utf8mb4", "naïve 😀".encode(), "naïve 😀"),
    ("cp-850", "über".encode("cp850"), "über"),
]


def mails_with_wrong_charsets_are_read():
    box = Mailbox()
    with with_mailbox(box) as seva:
        for i, (label, data, _) in enumerate(CHARSETS):
            kind = "text/plain" + (f"; charset={label}" if label else "")
            box.deliver(f"Authentication-Results: {CHECKED_BY}; dmarc=pass header.from=example.net\r\nFrom: c{i}@example.net\r\nTo: {MAILBOX}\r\nSubject: c{i}\r\n"
                        f"Message-ID: <c{i}@example.net>\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + data + b"\r\n")
        arrives(seva, *(f"c{i}" for i in range(len(CHARSETS))))
        by_subject = {c["subject"]: texts(seva, c) for c in conversations(seva)}
        wrong = [(label, by_subject[f"c{i}"]) for i, (label, _, text) in enumerate(CHARSETS) if by_subject[f"c{i}"] != [("in", text)]]
        assert not wrong, wrong
    box.close()


if __name__ == "__main__":
    run([a_mailbox_is_found_again_after_its_server_ended_and_after_the_way_fell_silent, a_mailbox_with_new_numbers_doubles_nothing_and_misses_nothing,
         a_mailbox_with_new_numbers_doubles_nothing_and_misses_nothing_on_postgresql, old_mails_are_neither_read_nor_marked,
         what_comes_before_the_mailbox_is_first_opened_is_read,
         a_mailbox_is_compared_at_once_when_somebody_asks, mails_with_wrong_charsets_are_read])
