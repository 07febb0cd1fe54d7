"""A mailbox on a real server: Dovecot is read by IDLE, answers go out through OpenSMTPD, both over TLS. What customers write arrives
once, however often the server is killed on the way; an answer is taken once, or said to be uncertain."""

import email
import email.policy
import glob
import imaplib
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import uuid

from seva import PATIENCE_S, Seva, fresh_postgres, run, until

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
MAILBOX, PASSWORD, CHECKED_BY = "care@example.com", "s3cret pass", "mx.example.com"


class Service:
    """A program of tests/support that tells about itself in its first line and ends with its standard input."""

    def __init__(self, name):
        self.process = subprocess.Popen([sys.executable, os.path.join(SUPPORT, name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.line = self.process.stdout.readline().strip()

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)


class Mailbox:
    """Dovecot, OpenSMTPD and one file with the authorities of both."""

    def __init__(self):
        self.dovecot, self.smtpd, self.delivered = Service("dovecot.py"), Service("opensmtpd.py"), 0
        said = dict(word.split("=", 1) for word in self.dovecot.line.split() if "=" in word)
        self.imap, self.imaps, self.folder = int(said["imap"]), int(said["imaps"]), said["folder"]
        self.smtp = json.loads(self.smtpd.line)
        self.roots = os.path.join(self.folder, "roots.pem")
        with open(self.roots, "w") as f:
            for ca in (os.path.join(self.folder, "ca.pem"), self.smtp["ca"]):
                f.write(open(ca).read())

    def append(self, *mails):
        """As if they had arrived."""
        box = imaplib.IMAP4("127.0.0.1", self.imap)
        box.login(MAILBOX, PASSWORD)
        for mail in mails:
            assert box.append("INBOX", None, None, mail)[0] == "OK"
        box.logout()

    def deliver(self, *mails, to=MAILBOX):
        """The same as files, as a mail server delivers them; in this order."""
        new = f"{self.folder}/mail/{to}/new"
        owner = os.stat(new)
        for mail in mails:
            self.delivered += 1
            name = f"{int(time.time())}.M{self.delivered:06}P{os.getpid()}.test"
            path = f"{os.path.dirname(new)}/tmp/{name}"
            with open(path, "wb") as f:
                f.write(mail)
            os.chown(path, owner.st_uid, owner.st_gid)
            os.rename(path, f"{new}/{name}")

    def unseen(self):
        box = imaplib.IMAP4("127.0.0.1", self.imap)
        box.login(MAILBOX, PASSWORD)
        box.select("INBOX", readonly=True)
        found = box.search(None, "UNSEEN")[1][0].split()
        box.logout()
        return len(found)

    def sent(self, to):
        """What OpenSMTPD has delivered to somebody."""
        return [email.message_from_bytes(open(f, "rb").read(), policy=email.policy.default) for f in glob.glob(f"{self.smtp['mail']}/{to}/new/*")]

    def settings(self):
        return {"address": MAILBOX, "from_name": "Seva Care", "password": PASSWORD, "receivers": CHECKED_BY,
                "imap_host": "127.0.0.1", "imap_port": str(self.imaps), "from_days": "30",
                "smtp_host": "127.0.0.1", "smtp_port": str(self.smtp["tls"])}

    def close(self):
        self.smtpd.stop()
        self.dovecot.stop()


def mail_of(sender, text, answers=None, verdict="pass", size=0, name=None, subject="Where is my order?"):
    """Bytes as a receiving server leaves them."""
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    if verdict:
        mail["Authentication-Results"] = f"{CHECKED_BY}; dmarc={verdict} header.from={sender.split('@')[1]}"
    mail["From"], mail["To"], mail["Subject"] = f"Asha <{sender}>", MAILBOX, subject
    mail["Message-ID"] = f"<{name or uuid.uuid4().hex}@{sender.split('@')[1]}>"
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(text)
    if size:
        mail.add_attachment(os.urandom(size), maintype="application", subtype="octet-stream", filename="long.bin")
    return bytes(mail)


def with_mailbox(box, db=None, **settings):
    seva = Seva(db=db, more=["--egress-allow", "mail=127.0.0.0/8", "--ca-file", box.roots])
    seva.start()
    answer = seva.api("POST", "/channels", {"kind": "email", "name": "Care", "settings": {**box.settings(), **settings}, "external_id": MAILBOX})
    assert answer.status == 201, answer.body
    return seva


def conversations(seva):
    return seva.api("GET", "/conversations?status=open,pending,resolved&sort=newest&limit=200").json["items"]


def texts(seva, conversation):
    items = seva.api("GET", f"/conversations/{conversation['id']}/messages").json["items"]
    return [(m["kind"], m["text"]) for m in items if m["kind"] in ("in", "out")]


def reply(seva, conversation, text, mail=None):
    seen = seva.api("GET", f"/conversations/{conversation['id']}").json["last_message_id"]
    body = {"kind": "reply", "text": text, "client_id": str(uuid.uuid4()), "seen_message_id": seen, **({"mail": mail} if mail else {})}
    answer = seva.api("POST", f"/conversations/{conversation['id']}/messages", body)
    assert answer.status == 201, answer.body
    return answer.json["id"]


def walk(db=None):
    box = Mailbox()
    with with_mailbox(box, db) as seva:
        seva.api("PATCH", "/account", {"undo_seconds": 0})
        box.append(mail_of("asha@example.net", "It was to come on Monday."))
        assert until(lambda: len(conversations(seva)) == 1), seva.log_tail()
        assert until(lambda: box.unseen() == 0), "what is stored is marked"
        talk = conversations(seva)[0]
        assert talk["subject"] == "Where is my order?"
        reply(seva, talk, "It comes today.", {"html": "<p>It comes <b>today</b>.<script>alert(1)</script></p>"})
        assert until(lambda: len(box.sent("asha@example.net")) == 1), seva.log_tail()
        ours = box.sent("asha@example.net")[0]
        assert ours["Subject"] == "Re: Where is my order?" and "Seva Care" in ours["From"], ours.as_string()
        assert ours.get_body(("plain",)).get_content().strip() == "It comes today."
        html = ours.get_body(("html",)).get_content()
        assert "<b>today</b>" in html and "script" not in html, html
        box.append(mail_of("asha@example.net", "Thank you.", ours["Message-ID"]), mail_of("mallory@example.org", "Me too.", ours["Message-ID"]))
        assert until(lambda: len(conversations(seva)) == 2), seva.log_tail()
        assert until(lambda: texts(seva, talk) == [("in", "It was to come on Monday."), ("out", "It comes today."), ("in", "Thank you.")]), texts(seva, talk)
        other = next(c for c in conversations(seva) if c["id"] != talk["id"])
        assert other["related_id"] == talk["id"] and texts(seva, other) == [("in", "Me too.")]
    box.close()


def a_mailbox_is_read_and_answered():
    walk()


def a_mailbox_is_read_and_answered_on_postgresql():
    db = fresh_postgres()
    return "there is no PostgreSQL" if db is None else walk(db)


def a_long_mail_is_kept_whole():
    box, size = Mailbox(), 12 * 1024 * 1024
    with with_mailbox(box) as seva:
        box.append(mail_of("asha@example.net", "See the file.", size=size))
        assert until(lambda: len(conversations(seva)) == 1, 4 * PATIENCE_S), seva.log_tail()
        talk = conversations(seva)[0]

        def files():
            return seva.api("GET", f"/conversations/{talk['id']}/messages").json["items"][0]["attachments"]

        assert until(lambda: files() and files()[0]["state"] == "ready", 4 * PATIENCE_S), files()
        assert files()[0]["size"] == size and files()[0]["name"] == "long.bin"
    box.close()


def killed_while_it_reads_nothing_is_lost_or_doubled():
    n = 150
    box = Mailbox()
    with with_mailbox(box) as seva:
        adding = threading.Thread(target=lambda: box.append(*(mail_of(f"c{i}@example.net", f"mail {i} " + "x" * 8000, name=f"k{i}") for i in range(n))))
        adding.start()
        for i in range(8):
            time.sleep(0.15 + 0.05 * (i % 4))
            seva.kill()
            seva.start()
        adding.join()
        assert until(lambda: len(conversations(seva)) >= n, 4 * PATIENCE_S), f"{len(conversations(seva))} of {n} " + seva.log_tail()
        assert sorted(c["contact"]["name"] for c in conversations(seva)) == ["Asha"] * n
        assert all(len(texts(seva, c)) == 1 for c in conversations(seva)[:20])
    box.close()


def the_test_of_a_mailbox_says_what_is_wrong():
    box = Mailbox()
    with with_mailbox(box) as seva:
        def check(**more):
            return seva.api("POST", "/channels/check", {"kind": "email", "settings": {**box.settings(), **more}}, timeout=2 * PATIENCE_S)

        good = check()
        assert good.status == 200 and good.json["accounts"], good.body
        for more, word in (({"password": "wrong"}, "signing in"), ({"imap_host": "127.0.0.2"}, "certificate"), ({"folder": "Nowhere"}, "folder"),
                           ({"smtp_port": str(box.imap)}, "Sending"), ({"imap_port": "1"}, "Reading")):
            bad = check(**more).json
            assert not bad["accounts"] and word.lower() in json.dumps(bad).lower(), (more, bad)
    box.close()


if __name__ == "__main__":
    run([a_mailbox_is_read_and_answered, a_mailbox_is_read_and_answered_on_postgresql, a_long_mail_is_kept_whole,
         killed_while_it_reads_nothing_is_lost_or_doubled, the_test_of_a_mailbox_says_what_is_wrong])
