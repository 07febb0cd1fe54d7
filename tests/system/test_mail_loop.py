"""Machines that answer machines, over a real Dovecot and a real OpenSMTPD: two Sevas that both acknowledge what comes, the same behind a
relay that takes every mark of an automatic mail away, and a program that answers everything and keeps no rule. It comes to rest after few mails."""

import email
import email.policy
import glob
import imaplib
import os
import threading
import time
import uuid

from seva import Seva, fresh_postgres, run, until
from test_mail import CHECKED_BY, PASSWORD, Mailbox, conversations

CARE, OTHER, ROBOT = "care@example.com", "other@example.com", "robot@example.net"
QUIET_S = 4  # nothing has come or gone for so long: it rests
MARKS = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Seva-Loop", "Precedence", "In-Reply-To", "References", "Return-Path")
PER_HOUR = 3


class Postman(threading.Thread):
    """Carries what OpenSMTPD has delivered on: into the mailboxes, checked as their receiving server would; to who answers everything."""

    def __init__(self, box, strips=False):
        super().__init__(daemon=True)
        self.box, self.strips, self.seen, self.carried, self.is_ended = box, strips, set(), [], False
        self.moved = time.monotonic()
        self.failed = None

    def append(self, user, mail):
        box = imaplib.IMAP4("127.0.0.1", self.box.imap)
        box.login(user, PASSWORD)
        assert box.append("INBOX", None, None, mail)[0] == "OK"
        box.logout()

    def bring(self, user, sender, mail):
        domain = sender.split("@")[1]
        self.append(user, f"Authentication-Results: {CHECKED_BY}; dmarc=pass header.from={domain}\r\n".encode() + mail)

    def carry(self, to, raw):
        mail = email.message_from_bytes(raw, policy=email.policy.SMTP)
        sender = mail["From"].addresses[0].addr_spec
        self.carried.append((sender, to, mail))
        if to == ROBOT:
            return self.bring(sender, ROBOT, letter(ROBOT, sender, "I answer everything."))
        if self.strips:
            for name in MARKS:
                del mail[name]
            mail.replace_header("Message-ID", f"<{uuid.uuid4().hex}@relay.example>")
        self.bring(to, sender, bytes(mail))

    def run(self):
        try:
            while not self.is_ended:
                for to in (CARE, OTHER, ROBOT):
                    for path in sorted(glob.glob(f"{self.box.smtp['mail']}/{to}/new/*")):
                        if path not in self.seen:
                            self.seen.add(path)
                            self.carry(to, open(path, "rb").read())
                            self.moved = time.monotonic()
                time.sleep(0.05)
        except Exception as e:  # told by rest(), in the test's own thread
            self.failed = e

    def end(self):
        self.is_ended = True
        self.join()

    def rest(self, *sevas):
        """Until nothing has moved for a while, and no server has anything to send."""
        def rests():
            if self.failed:
                raise self.failed
            waiting = [m for s in sevas for c in conversations(s) for m in items(s, c) if m["state"] in ("queued", "sending")]
            if waiting:
                self.moved = time.monotonic()
            return time.monotonic() - self.moved > QUIET_S

        assert until(rests, 180, 0.2), [(s, t) for s, t, _ in self.carried]


def letter(sender, to, text):
    """A mail without any mark of a program."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, f"About {uuid.uuid4().hex[:6]}"
    mail["Message-ID"] = f"<{uuid.uuid4().hex}@{sender.split('@')[1]}>"
    mail.set_content(text)
    return bytes(mail)


def items(seva, conversation):
    return seva.api("GET", f"/conversations/{conversation['id']}/messages").json["items"]


def all_items(seva):
    return [m for c in conversations(seva) for m in items(seva, c)]


def ours(seva):
    return [m for m in all_items(seva) if m["kind"] == "out"]


def refusals(seva):
    return [m["activity"]["from"] for m in all_items(seva) if m["activity"] and m["activity"]["type"] == "automatic_refused"]


def acknowledging(box, address, db=None):
    seva = Seva(db=db, more=["--egress-allow", "mail=127.0.0.0/8", "--ca-file", box.roots])
    seva.start()
    texts = [{"language": "", "subject": "", "text": "We have your mail: {{conversation.number}}."}]
    settings = {**box.settings(), "address": address, "acknowledge": "any", "acknowledgement": texts}
    answer = seva.api("POST", "/channels", {"kind": "email", "name": address, "settings": settings, "external_id": address})
    assert answer.status == 201, answer.body
    return seva


def two_sevas(strips, db=None):
    """One mail of the one to the other. → what went between them, the two lists of ours, their refusals."""
    box = Mailbox()
    post = Postman(box, strips)
    post.start()
    try:
        with acknowledging(box, CARE, db) as a, acknowledging(box, OTHER) as b:
            post.bring(CARE, OTHER, letter(OTHER, CARE, "Hello, from a person."))
            assert until(lambda: ours(a)), a.log_tail()
            post.rest(a, b)
            assert all(m["state"] == "sent" and m["is_automatic"] and m["author"]["kind"] == "system" for m in ours(a) + ours(b)), ours(a) + ours(b)
            return post.carried, ours(a), ours(b), refusals(a) + refusals(b), all_items(b)
    finally:
        post.end()
        box.close()


def two_sevas_rest_after_one_mail(db=None):
    carried, of_a, of_b, refused, at_b = two_sevas(False, db)
    assert len(carried) == 1 and len(of_a) == 1 and not of_b and not refused, (carried, of_b, refused)
    mail = carried[0][2]
    assert mail["Auto-Submitted"] == "auto-replied" and mail["X-Auto-Response-Suppress"] == "All", mail.as_string()
    assert len(mail["X-Seva-Loop"]) == 32 and mail["To"] == OTHER, mail.as_string()
    assert [(m["kind"], m["is_automatic"]) for m in at_b] == [("in", True)], at_b


def two_sevas_rest_after_one_mail_on_postgresql():
    db = fresh_postgres()
    return "skip: there is no PostgreSQL" if db is None else two_sevas_rest_after_one_mail(db)


def two_sevas_rest_behind_a_relay_that_takes_all_marks_away():
    carried, of_a, of_b, refused, _ = two_sevas(True)
    assert len(of_a) == len(of_b) == PER_HOUR and len(carried) == 2 * PER_HOUR, (len(of_a), len(of_b), len(carried))
    assert refused == ["hour"], refused


def a_program_that_keeps_no_rule_gets_three():
    box = Mailbox()
    post = Postman(box)
    post.start()
    try:
        with acknowledging(box, CARE) as seva:
            post.bring(CARE, ROBOT, letter(ROBOT, CARE, "I began."))
            assert until(lambda: refusals(seva)), seva.log_tail()
            post.rest(seva)
            assert len(ours(seva)) == len(post.carried) == PER_HOUR and refusals(seva) == ["hour"], (len(ours(seva)), refusals(seva))
            assert len(conversations(seva)) == PER_HOUR + 1
    finally:
        post.end()
        box.close()


if __name__ == "__main__":
    run([two_sevas_rest_after_one_mail, two_sevas_rest_after_one_mail_on_postgresql, two_sevas_rest_behind_a_relay_that_takes_all_marks_away,
         a_program_that_keeps_no_rule_gets_three])
