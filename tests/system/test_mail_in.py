"""Mails that are piped to `seva mail-in` and posted over HTTP, also very long ones: the server is killed with -9 while they come, and
each that was acknowledged is there once; memory stays flat; the exit codes are those that mail servers know."""

import base64
import http.client
import json
import os
import random
import subprocess
import threading
import time

from seva import BIN, GONE, PATIENCE_S, Seva, fresh_postgres, request, run, until

MAILBOX = "support@example.com"
OK, DATAERR, TEMPFAIL, USAGE = 0, 65, 75, 64
LONG = 25 * 1024 * 1024  # of a file; 34 MB as it stands in the mail
MEMORY_MOST_MB = 24
KILLS = 6


def mail_of(name, size=0):
    head = (f"From: Asha <asha@example.net>\r\nTo: {MAILBOX}\r\nSubject: Report {name}\r\nMessage-ID: <{name}@example.net>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
            f"Here is {name}.\r\n").encode()
    if not size:
        return head + b"--b--\r\n"
    return (head + b"--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=report.bin\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(os.urandom(size)).replace(b"\n", b"\r\n") + b"--b--\r\n")


class Mailbox(Seva):
    """A server with a mailbox that mails are posted to."""

    def __init__(self, db=None, **options):
        super().__init__(db=db, **options)
        self.start()
        answer = self.api("POST", "/channels", {"kind": "email", "name": "Care", "settings": {"address": MAILBOX}, "external_id": MAILBOX})
        assert answer.status == 201, answer.body
        self.mailbox = answer.json["id"]
        self.path = "/hooks/email/" + answer.json["hook_url"].rsplit("/", 1)[1]
        self.secret = self.api("POST", f"/channels/{self.mailbox}/rotate-secret").json["secret"]
        self.password = os.path.join(self.folder, "secret")
        with open(self.password, "w") as f:
            f.write(self.secret + "\n")

    def pipe(self, mail, path=None, more=()):
        """As a mail server does it: the exit code."""
        address = f"http://127.0.0.1:{self.port}{path or self.path}"
        p = subprocess.run([BIN, "mail-in", address, "--password-file", self.password, *more], input=mail, capture_output=True, timeout=4 * PATIENCE_S)
        return p.returncode

    def post(self, mail, kind="message/rfc822"):
        return request(self.port, "POST", self.path, mail, {"Authorization": "Bearer " + self.secret, "Content-Type": kind}, timeout=4 * PATIENCE_S)

    def texts(self):
        found = []
        for c in self.items("/conversations?status=open,pending&sort=newest"):
            items = self.api("GET", f"/conversations/{c['id']}/messages").json["items"]
            found += [m["text"] for m in items if m["kind"] == "in"]
        return sorted(found)

    def memory(self, field="VmRSS"):
        """Bytes that count as the process's, with the pages of files that it reads."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(next(line for line in f if line.startswith(field)).split()[1]) * 1024

    def begin_peak(self):
        """From now on memory("VmHWM") is the most that there was (proc(5))."""
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as f:
            f.write("5")
        return self.memory()


def mail_in_says_what_mail_servers_understand():
    with Mailbox() as box:
        assert box.pipe(mail_of("short")) == OK
        assert box.pipe(b"this is no mail\n") == DATAERR
        assert box.pipe(b"") == DATAERR
        assert box.pipe(mail_of("huge") + b"x" * (51 * 1024 * 1024)) == DATAERR
        assert box.pipe(mail_of("lost"), path="/hooks/email/nobody") == TEMPFAIL
        with open(box.password, "w") as f:
            f.write("wrong\n")
        assert box.pipe(mail_of("wrong")) == TEMPFAIL
        with open(box.password, "w") as f:
            f.write(box.secret + "\n")
        assert subprocess.run([BIN, "mail-in"], capture_output=True).returncode == USAGE
        assert until(lambda: box.texts() == ["Here is short."]), box.texts()
        box.stop()
        assert box.pipe(mail_of("away")) == TEMPFAIL
        box.start()
        assert box.texts() == ["Here is short."]


def long_mails_take_no_memory():
    with Mailbox() as box:
        long = mail_of("long", LONG)
        assert box.pipe(mail_of("first", 2 * 1024 * 1024)) == OK
        assert until(lambda: len(box.texts()) == 1)
        before = box.begin_peak()
        assert box.pipe(long) == OK
        assert until(lambda: len(box.texts()) == 2)
        again = box.post(long)
        assert again.status == 200 and again.json["duplicates"] == 1, again.body
        # As Postmark posts it: the mail is put together from its fields.
        fields = json.dumps({"FromFull": {"Email": "asha@example.net"}, "ToFull": [{"Email": MAILBOX}], "MessageID": "fields", "TextBody": "Here is fields.",
                             "Attachments": [{"Name": "report.bin", "ContentType": "application/octet-stream", "Content": base64.b64encode(os.urandom(LONG)).decode()}]})
        answer = box.post(fields.encode(), "application/json")
        assert answer.status == 200, answer.body
        assert until(lambda: len(box.texts()) == 3)
        grown = (box.memory("VmHWM") - before) / 1024 / 1024
        print(f"# {len(long) / 1024 / 1024:.0f} MB of mail: {grown:.1f} MB more memory at most")
        assert grown < MEMORY_MOST_MB, grown


def slowly(box, mail, stop):
    """Posts in small pieces, so that a kill falls into the middle."""
    c = http.client.HTTPConnection("127.0.0.1", box.port, timeout=PATIENCE_S)
    try:
        c.putrequest("POST", box.path)
        for key, value in (("Authorization", "Bearer " + box.secret), ("Content-Type", "message/rfc822"), ("Content-Length", str(len(mail)))):
            c.putheader(key, value)
        c.endheaders()
        for at in range(0, len(mail), 65536):
            if stop.is_set():
                return None
            c.send(mail[at:at + 65536])
        return c.getresponse().status
    finally:
        c.close()


def killed_while_they_come(db=None):
    """Senders try again until they are told that it is stored; the server dies at any moment of that."""
    with Mailbox(db) as box:
        wanted, is_over = [], threading.Event()

        def sender(number):
            n = 0
            while not is_over.is_set():
                name = f"m{number}x{n}"
                mail = mail_of(name, 3 * 1024 * 1024 if n % 2 else 0)
                while True:
                    try:
                        status = slowly(box, mail, is_over) if number else {OK: 200}.get(box.pipe(mail), 503)
                    except GONE:
                        status = None
                    if status == 200:
                        wanted.append(f"Here is {name}.")
                        break
                    if is_over.is_set():
                        return
                    time.sleep(0.05)
                n += 1

        senders = [threading.Thread(target=sender, args=(i,)) for i in range(3)]
        for t in senders:
            t.start()
        for i in range(KILLS):
            assert until(lambda: len(wanted) > 2 * i), box.log_tail()
            time.sleep(random.random() * 0.3)
            box.kill()
            box.start()
        assert until(lambda: len(wanted) > 2 * KILLS + 2), box.log_tail()
        is_over.set()
        for t in senders:
            t.join()
        assert until(lambda: set(wanted) <= set(box.texts())), set(wanted) - set(box.texts())
        texts = box.texts()
        print(f"# {KILLS} kills, {len(wanted)} mails acknowledged")
        assert len(texts) == len(set(texts)), "doubled"
        box.stop()


def what_was_acknowledged_is_there_once_although_the_server_is_killed():
    killed_while_they_come()


def what_was_acknowledged_is_there_once_on_postgresql():
    db = fresh_postgres()
    return "there is no PostgreSQL" if db is None else killed_while_they_come(db)


if __name__ == "__main__":
    run([mail_in_says_what_mail_servers_understand, long_mails_take_no_memory, what_was_acknowledged_is_there_once_although_the_server_is_killed,
         what_was_acknowledged_is_there_once_on_postgresql])
