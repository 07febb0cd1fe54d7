"""Figures of email: a server beside a real Dovecot (tests/support/dovecot.py), TLS between them. Dovecot, server and load share the
machine. The authorities of the machine stand in the file that the server trusts, as with any mail provider."""

import http.client
import imaplib
import json
import os
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import uuid

import networks

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAILBOX, PASSWORD = "care@example.com", "s3cret pass"
MAILS, MAIL_BYTES = 1000, 10 * 1024
IDLE_MAILS, IDLE_EVERY_S = 240, 0.3
MAILBOXES = 200
PATIENCE_S = 120
WORDS = ("where is my order it should have been here on friday please look into it and tell me when it comes the parcel was sent to the old "
         "address which is not mine any more thank you for your help and kind regards from the other side of the city").split()


def share(values, part):
    """The value below which a part of them lies (nearest rank)."""
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def until(true, what):
    end = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit("mail: " + what)
        time.sleep(0.005)


class Dovecot:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests/support/dovecot.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if line.startswith("off"):
            raise SystemExit(line)
        said = dict(word.split("=", 1) for word in line.split())
        self.imap, self.imaps, self.folder = int(said["imap"]), int(said["imaps"]), said["folder"]
        self.roots = os.path.join(self.folder, "roots.pem")
        with open(self.roots, "w") as f:
            for path in (ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt", os.path.join(self.folder, "ca.pem")):
                if os.path.exists(path):
                    f.write(open(path).read())

    def fill(self, mails):
        """As if they had been delivered, as files."""
        new = f"{self.folder}/mail/{MAILBOX}/new"
        owner = os.stat(new)
        for i, mail in enumerate(mails):
            path = f"{new}/{int(time.time())}.M{i:06}P{os.getpid()}.bench"
            with open(path, "wb") as f:
                f.write(mail)
            os.chown(path, owner.st_uid, owner.st_gid)

    def sign_ins(self):
        with open(self.folder + "/log", "rb") as f:
            return f.read().count(b"imap-login: Info: Login: ")

    def open(self):
        box = imaplib.IMAP4("127.0.0.1", self.imap)
        box.login(MAILBOX, PASSWORD)
        return box

    def cpu_s(self):
        """Of all its processes."""
        parents, total = {self.process.pid}, 0.0
        for _ in range(4):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/stat") as f:
                        if int(f.read().rsplit(")", 1)[1].split()[1]) in parents:
                            parents.add(int(pid))
                except OSError:
                    pass
        for pid in parents - {self.process.pid}:
            try:
                total += networks.cpu_s(pid)
            except OSError:
                pass
        return total

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


def mail_of(number, size=0, subject=None):
    """As a mail program writes and servers deliver it: both forms of the text; every one from somebody else."""
    sender, mark = f"customer{number}@example.net", uuid.uuid4().hex

    def text(length, end):
        words, n = [], 0
        while n < length:
            line = " ".join(WORDS[(number + n + i) % len(WORDS)] for i in range(11)) + "."
            words.append(line)
            n += len(line) + len(end)
        return end.join(words)

    size = max(0, size - 1400)
    plain, html = text(size * 2 // 5, "\r\n"), text(size * 3 // 5, "<br>\r\n")
    return (f"Return-Path: <{sender}>\r\n"
            f"Received: from mail.example.net (mail.example.net [192.0.2.7]) by mx.example.com with ESMTPS id {mark[:12]} for <{MAILBOX}>;"
            " Mon, 5 Jan 2026 10:00:00 +0000\r\n"
            f"Authentication-Results: mx.example.com; spf=pass smtp.mailfrom={sender}; dkim=pass header.d=example.net; dmarc=pass header.from=example.net\r\n"
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1; h=from:to:subject; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;"
            f" b={mark * 5}\r\n"
            f"From: Asha Rao <{sender}>\r\nTo: Care <{MAILBOX}>\r\nSubject: {subject or 'Where is my order?'}\r\nMessage-ID: <{mark}@example.net>\r\n"
            f"Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"{mark}\"\r\n\r\n"
            f"--{mark}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n"
            f"--{mark}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{html}</p></body></html>\r\n--{mark}--\r\n").encode()


class Desk:
    """A server that may call Dovecot."""

    def __init__(self, server_of, build, dovecot):
        self.dovecot = dovecot
        self.server = server_of(build, more=["--egress-allow", "mail=127.0.0.0/8", "--ca-file", dovecot.roots])
        self.token = self.server.made["token"]
        self.db = sqlite3.connect(os.path.join(self.server.folder, "data/seva.db"), check_same_thread=False)

    def connect(self, address=MAILBOX, days=30):
        settings = {"address": address, "user": MAILBOX, "password": PASSWORD, "imap_host": "127.0.0.1", "imap_port": str(self.dovecot.imaps), "from_days": str(days)}
        networks.call(f"http://127.0.0.1:{self.server.port}/api/v1/channels", "POST",
                      {"kind": "email", "name": address, "settings": settings, "external_id": address}, self.token)

    def stored(self):
        return self.db.execute("SELECT COUNT(*) FROM mail").fetchone()[0]

    def pss_mb(self):
        with open(f"/proc/{self.server.process.pid}/smaps_rollup") as f:
            return int(re.search(r"^Pss:\s+(\d+) kB", f.read(), re.M).group(1)) / 1024

    def close(self):
        self.db.close()
        self.server.stop()
        self.server.remove()


def bare(build, dovecot, a_command=100):
    """(mails a second, bytes) of libetpan alone."""
    out = subprocess.run([os.path.join(build, "bench/imap_bare"), str(dovecot.imaps), MAILBOX, PASSWORD, str(a_command)], capture_output=True, text=True, timeout=300)
    if out.returncode:
        raise SystemExit(out.stderr)
    r = json.loads(out.stdout)
    return r["mails"] / (r["us"] / 1e6), r["bytes"]


def mail_in(server_of, build, row):
    """From the sign-in at Dovecot until the last mail is a message of a conversation."""
    dovecot = Dovecot()
    dovecot.fill(mail_of(i, MAIL_BYTES) for i in range(MAILS))
    bare(build, dovecot)  # Dovecot's own indexes are made, for both sides alike
    before, size = bare(build, dovecot)
    desk = Desk(server_of, build, dovecot)
    signed_in = dovecot.sign_ins()
    desk.connect()
    until(lambda: dovecot.sign_ins() > signed_in, "the mailbox is not read")
    began, cpu, theirs = time.monotonic(), networks.cpu_s(desk.server.process.pid), dovecot.cpu_s()
    until(lambda: desk.stored() >= MAILS, f"{desk.stored()} of {MAILS} mails came")
    took = time.monotonic() - began
    cpu, theirs = networks.cpu_s(desk.server.process.pid) - cpu, dovecot.cpu_s() - theirs
    desk.close()
    after, _ = bare(build, dovecot)
    one_by_one, _ = bare(build, dovecot, 1)
    dovecot.stop()
    rate, yardstick = MAILS / took, (before + after) / 2
    row(f"{MAILS:,} mails of {size / MAILS / 1024:.0f} KB read from Dovecot, until each is in a conversation", "≥ 400/s",
        f"{rate:,.0f}/s ({took:.2f} s; CPU server {cpu:.2f}, Dovecot {theirs:.2f} s)", rate >= 400)
    row("ratio to libetpan alone fetching the same mails, one a command, as its own driver and sample program do", "≥ 0.5",
        f"{rate / one_by_one:.2f} (bare {one_by_one:,.0f}/s)", rate / one_by_one >= 0.5)
    row("the same, a hundred mails a command, as Seva fetches", "≥ 0.5", f"{rate / yardstick:.2f} (bare {before:,.0f} and {after:,.0f}/s)", rate / yardstick >= 0.5)


class Watcher(threading.Thread):
    """Notes when lines with a mark come over a connection: {mark: monotonic seconds}."""

    def __init__(self, read_line, pattern):
        super().__init__(daemon=True)
        self.read_line, self.pattern, self.seen = read_line, pattern, {}

    def run(self):
        try:
            for line in iter(self.read_line, b""):
                for m in re.finditer(self.pattern, line):
                    self.seen.setdefault(int(m.group(1)), time.monotonic())
        except (OSError, ValueError, http.client.HTTPException):
            pass  # closed at the end


def idle_watcher(dovecot):
    """A bare client in IDLE, as the server is: when Dovecot says that there are so many mails."""
    s = socket.create_connection(("127.0.0.1", dovecot.imap))
    lines = s.makefile("rb")
    for n, command in enumerate((f'LOGIN {MAILBOX} "{PASSWORD}"', "SELECT INBOX")):
        s.sendall(f"a{n} {command}\r\n".encode())
        while not lines.readline().startswith(f"a{n} OK".encode()):
            pass
    s.sendall(b"a9 IDLE\r\n")
    lines.readline()
    watcher = Watcher(lines.readline, rb"^\* (\d+) EXISTS")
    watcher.start()
    return watcher, s


def console_watcher(desk):
    c = http.client.HTTPConnection("127.0.0.1", desk.server.port, timeout=PATIENCE_S)
    c.request("GET", "/api/v1/stream", headers={"Authorization": "Bearer " + desk.token})
    answer = c.getresponse()
    watcher = Watcher(answer.readline, rb"idle-mark-(\d+)-")
    watcher.start()
    return watcher, c


def mail_idle(server_of, build, row):
    """Dovecot itself waits up to half a second before it tells those who are in IDLE, so two times are shown: from its word to the console,
    beside a bare client in IDLE on the same mailbox, and from the delivery."""
    dovecot = Dovecot()
    desk = Desk(server_of, build, dovecot)
    signed_in = dovecot.sign_ins()
    desk.connect()
    until(lambda: dovecot.sign_ins() > signed_in, "the mailbox is not read")
    time.sleep(2)
    told, s = idle_watcher(dovecot)
    shown, c = console_watcher(desk)
    box, delivered = dovecot.open(), {}
    for i in range(1, IDLE_MAILS + 1):
        box.append("INBOX", None, None, mail_of(i, 2000, subject=f"idle-mark-{i}-").replace(b"where is", b"idle-mark-%d-" % i, 1))
        delivered[i] = time.monotonic()
        time.sleep(IDLE_EVERY_S * (0.5 + (i * 7 % 10) / 10))  # every phase of Dovecot's own delay
    until(lambda: len(shown.seen) >= IDLE_MAILS, f"{len(shown.seen)} of {IDLE_MAILS} mails were shown")
    s.close()
    c.close()
    box.logout()
    desk.close()
    dovecot.stop()

    def word_for(i):
        """When Dovecot told of the i-th mail: with it or with a later one."""
        return min(at for n, at in told.seen.items() if n >= i)

    after_word = [max(0.0, shown.seen[i] - word_for(i)) * 1000 for i in delivered]
    after_delivery = [max(0.0, shown.seen[i] - delivered[i]) * 1000 for i in delivered]
    own = [max(0.0, word_for(i) - delivered[i]) * 1000 for i in delivered]
    row(f"IDLE to console, {IDLE_MAILS} mails: from Dovecot's word to the console's event", "p99 ≤ 500 ms",
        f"p50 {share(after_word, 0.5):.0f} p99 {share(after_word, 0.99):.0f} worst {max(after_word):.0f} ms", share(after_word, 0.99) <= 500)
    row("the same from the delivery, Dovecot's own delay included", "none",
        f"p50 {share(after_delivery, 0.5):.0f} p99 {share(after_delivery, 0.99):.0f} ms (until a bare client in IDLE is told: p50 {share(own, 0.5):.0f} p99 {share(own, 0.99):.0f} ms)", True)


def mail_idle_memory(server_of, build, row):
    dovecot = Dovecot()
    desk = Desk(server_of, build, dovecot)
    networks.call(f"http://127.0.0.1:{desk.server.port}/api/v1/channels", "GET", None, desk.token)  # what the first request needs
    time.sleep(6)
    before, rss = desk.pss_mb(), desk.server.rss_mb()
    for i in range(MAILBOXES):
        desk.connect(f"care{i}@example.com", days=0)
    until(lambda: dovecot.sign_ins() >= MAILBOXES, "not all mailboxes are read")
    time.sleep(45)  # two signs of life of each
    after, rss_after = desk.pss_mb(), desk.server.rss_mb()
    cpu = networks.cpu_s(desk.server.process.pid)
    time.sleep(20)
    cpu = (networks.cpu_s(desk.server.process.pid) - cpu) / 20
    ends = dovecot.sign_ins() - MAILBOXES
    desk.close()
    dovecot.stop()
    row(f"memory of {MAILBOXES} mailboxes in IDLE", "≤ 40 MB more", f"{after - before:.1f} MB more (PSS {before:.1f} → {after:.1f}, RSS {rss:.1f} → {rss_after:.1f});"
        f" CPU {100 * cpu:.1f} % of a core, connections lost {ends}", after - before <= 40 and not ends)


def mail(server_of, build, row):
    mail_in(server_of, build, row)
    mail_idle(server_of, build, row)
    mail_idle_memory(server_of, build, row)
