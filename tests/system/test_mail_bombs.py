"""Mails made to hurt (mail_bombs.py) come through a real Dovecot into a real server: each costs at most 2 s of CPU and 64 MB, what is not
understood is said, and the mails before and after arrive."""

import os
import re

from mail_bombs import MB, bombs, sealed
from seva import PATIENCE_S, fresh_postgres, request, run, until
from test_mail import Mailbox, mail_of, with_mailbox

CPU_S, MORE_MB = 2.0, 64
WORKING = re.compile(r'^seva_(?:jobs\{[^}]*kind="(?:receive|fetch|thumbnail)"[^}]*state="(?:queued|running)"[^}]*\}|inbox_waiting) [1-9]', re.M)


class Meter:
    """CPU and memory of a process since begin(). Memory is all that counts as the process's (VmHWM), with the pages of files that it reads:
    a long mail is a file that is mapped."""

    def __init__(self, pid):
        self.pid = pid

    def status_mb(self, field):
        with open(f"/proc/{self.pid}/status") as f:
            return int(re.search(field + r":\s+(\d+) kB", f.read()).group(1)) / 1024

    def cpu_s(self):
        with open(f"/proc/{self.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def begin(self):
        with open(f"/proc/{self.pid}/clear_refs", "w") as f:
            f.write("5")  # the peak is what it is now (proc(5))
        self.idle_mb, self.began_s = self.status_mb("VmRSS"), self.cpu_s()

    def end(self):
        return self.cpu_s() - self.began_s, self.status_mb("VmHWM")


def is_calm(seva):
    return not WORKING.search(request(seva.port, "GET", "/metrics").body.decode())


def verdict_on(seva, talk):
    """What the API says of the first mail of a conversation, beside the mail's whole words."""
    message = seva.api("GET", f"/conversations/{talk['id']}/messages").json["items"][0]
    shown = seva.api("GET", f"/messages/{message['id']}/mail")
    assert shown.status == 200, shown.body[:500]
    return shown.json["degraded"] or ""


def wait_for(seva, subject, known):
    """The conversation with this subject that was not known before."""
    def look():
        items = seva.api("GET", "/conversations?status=open,pending,resolved&sort=newest&limit=20").json["items"]
        return next((c for c in items if (c["subject"] or "").startswith(subject) and c["id"] not in known), None)

    found = until(look, 2 * PATIENCE_S)
    assert found, f"{subject} has not arrived: " + seva.log_tail()
    return found


def quarantined(seva):
    return {q["id"]: q["reason"] for q in seva.api("GET", "/quarantine?limit=200").json["items"]}


def newest(seva):
    return {c["id"] for c in seva.api("GET", "/conversations?status=open,pending,resolved&sort=newest&limit=20").json["items"]}


def costs_little(all_of_them):
    box, wrong, worst = Mailbox(), [], []
    with with_mailbox(box) as seva:
        meter = Meter(seva.process.pid)
        for i in range(5):
            box.deliver(mail_of(f"warm{i}@example.net", "Hello", subject=f"warm {i}"))
            wait_for(seva, f"warm {i}", set())
        idle_mb = meter.status_mb("RssAnon")
        for n, (name, mail, wanted) in enumerate(all_of_them):
            known, before = newest(seva), quarantined(seva)
            meter.begin()
            box.deliver(mail, mail_of(f"after{n}@example.net", "Hello", subject=f"after {n}."))
            wait_for(seva, f"after {n}.", known)
            assert until(lambda: is_calm(seva)), f"{name}: work is left"
            said = [reason for key, reason in quarantined(seva).items() if key not in before]
            talks = [c for c in seva.api("GET", "/conversations?status=open,pending,resolved&sort=newest&limit=20").json["items"]
                     if c["id"] not in known and c["subject"] != f"after {n}."]
            said += [verdict_on(seva, c) for c in talks]
            cpu_s, peak_mb = meter.end()
            more_mb = peak_mb - meter.idle_mb
            worst.append((cpu_s, more_mb, name, len(mail), said))
            if cpu_s > CPU_S or more_mb > MORE_MB:
                wrong.append(f"{name} ({len(mail):,} bytes): {cpu_s:.2f} s, {more_mb:.0f} MB more")
            if len(said) != (name != "report") or (wanted and not re.search(wanted, said[0] or "None")):
                wrong.append(f"{name}: {said} where {wanted} was expected")
        for cpu_s, more_mb, name, size, said in sorted(worst, reverse=True) if os.environ.get("SEVA_SAY") else ():
            print(f"# {name:20} {size:>11,} bytes {cpu_s:6.2f} s {more_mb:6.1f} MB  {said}")
        print(f"# {len(worst)} bombs; the most CPU {max(worst)[0]:.2f} s ({max(worst)[2]}), the most memory {max(w[1] for w in worst):.0f} MB")
        kept_mb = meter.status_mb("RssAnon") - idle_mb
        print(f"# after all of them {kept_mb:.0f} MB more than before")
        assert kept_mb <= MORE_MB, "what the bombs took is not given back"
        assert not wrong, "\n".join(wrong)
    box.close()


def each_bomb_is_said_to_be_one_and_costs_little():
    costs_little(bombs())


def a_mail_that_is_too_long_for_its_signature_to_be_opened_is_a_file():
    costs_little([("sealed", sealed("sealed", 30 * MB), "too long for its signature")])


def all_bombs_at_once_on_postgresql():
    db = fresh_postgres()
    box = Mailbox()
    with with_mailbox(box, db) as seva:
        sent = []
        for n, (name, mail, _) in enumerate(bombs()):
            if len(mail) < 4 * 1024 * 1024:
                box.deliver(mail, mail_of(f"after{n}@example.net", "Hello", subject=f"after {n}."))
                sent.append(n)

        def missing():
            there = {c["subject"] for c in seva.items("/conversations?status=open,pending,resolved&sort=newest")}
            return [f"after {n}." for n in sent if f"after {n}." not in there]

        assert until(lambda: not missing(), 2 * PATIENCE_S), f"{missing()} of {len(sent)}; {quarantined(seva)} " + seva.log_tail()
        assert until(lambda: is_calm(seva)), "work is left"
        reasons = set(quarantined(seva).values())
        assert all("no mail" in r for r in reasons), reasons
    box.close()


if __name__ == "__main__":
    run([each_bomb_is_said_to_be_one_and_costs_little, a_mail_that_is_too_long_for_its_signature_to_be_opened_is_a_file,
         all_bombs_at_once_on_postgresql])
