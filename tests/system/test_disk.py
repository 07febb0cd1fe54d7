"""What a disk and a clock can do to the whole server, on SQLite: a power cut at any moment, calls that fail one by one, a clock that
jumps. What was acknowledged is kept, once; what is refused is refused in words; nothing is stuck afterwards.
SEVA_DISK_STATES says how many power cuts are looked at (12), SEVA_DISK_CALLS how many calls of each kind fail in turn (3)."""

import errno
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
import uuid

from disk import KINDS, Disk, Power, cuts
from seva import BIN, GONE, Peer, Seva, request, run, sign, until

STATES = int(os.environ.get("SEVA_DISK_STATES", "12"))
CALLS = int(os.environ.get("SEVA_DISK_CALLS", "3"))
SHIPPED = 8  # turns of the story beside which a copy is shipped
SEED = int(os.environ.get("SEVA_SEED", "1"))


class Story:
    """A customer who writes, an agent who answers with files; what of it was acknowledged, and when."""

    def __init__(self, seva, now=lambda: 0):
        self.seva, self.now, self.n = seva, now, 0
        self.texts, self.files = {}, {}  # text → when, attachment → (bytes, when)
        self.along = {}  # answer → its files

    def text(self):
        self.n += 1
        return f"t{self.n}"

    def receive(self, text=None):
        text = text or self.text()
        at = time.time() + clock_s(self.seva)
        body = json.dumps({"messages": [{"id": text, "contact": {"id": "ann"}, "text": text}]}).encode()
        c = self.seva.channel("api")
        r = request(self.seva.port, "POST", "/hooks/api/" + c["source_key"], body,
                    {"Content-Type": "application/json", "Seva-Signature": sign(c["secret"], body, at)}, 20)
        if r.status == 200:
            self.texts[text] = self.now()
        return r

    def upload(self, begun=None):
        """begun: a list that keeps the upload's id, so that trying again goes on with it."""
        content = ("some notes ".encode()) * 3000 + str(len(self.files)).encode()
        begun = [] if begun is None else begun
        if not begun:
            r = self.seva.api("POST", "/uploads", {"name": "notes.txt", "size": len(content), "type": "text/plain"}, timeout=20)
            if r.status not in (200, 201):
                return r, None
            begun.append((r.json["id"], content))
        number, content = begun[0]
        r = request(self.seva.port, "PUT", f"/api/v1/uploads/{number}?offset=0", content,
                    {"Authorization": "Bearer " + self.seva.made["token"], "Content-Type": "application/octet-stream"}, 20)
        if r.status != 200:
            return r, None
        number = r.json["attachment"]["id"]
        self.files[number] = (content, self.now())
        return r, number

    def answer(self, text=None, client=None, attachments=()):
        text = text or self.text()
        found = self.seva.api("GET", "/conversations?limit=1", timeout=20)
        if found.status != 200:
            return found
        c = found.json["items"][0]
        body = {"kind": "reply", "text": text, "client_id": client or str(uuid.uuid4()), "seen_message_id": c["last_message_id"], "force": True,
                "attachment_ids": list(attachments)}
        r = self.seva.api("POST", f"/conversations/{c['id']}/messages", body, timeout=20)
        if r.status in (200, 201):
            self.texts[text] = self.now()
        return r

    def sent_along(self, client):
        """The files that wait to be sent; a repeated answer names the same."""
        if client not in self.along:
            self.along[client] = [n for n in self.files if not any(n in taken for taken in self.along.values())][:10]
        return self.along[client]

    def check(self, seva, mark=None):
        """All that was acknowledged up to the mark is there, once, and nothing waits."""
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0), "a delivery is stuck"
        found = [m["text"] for c in seva.items("/conversations?status=open,pending,snoozed,resolved")
                 for m in seva.items(f"/conversations/{c['id']}/messages") if m["kind"] in ("in", "out")]
        lost = [t for t, at in self.texts.items() if (mark is None or at <= mark) and t not in found]
        assert not lost, f"acknowledged and lost: {lost[:5]} of {len(self.texts)}"
        assert len(found) == len(set(found)), f"doubled: {sorted(t for t in found if found.count(t) > 1)[:5]}"
        for number, (content, at) in self.files.items():
            if mark is None or at <= mark:
                r = seva.api("GET", f"/attachments/{number}")
                assert r.status == 200 and r.body == content, f"the file {number} is lost: {r.status} {r.body[:200]}"


def clock_s(seva):
    return seva.disk["clock_ms"] / 1000 if getattr(seva, "disk", None) else 0


def on_disk(keeps_journal=False, peer=None):
    """A server whose data folder lies on a bad disk."""
    seva = Seva(more=["--egress-allow", "webhook=127.0.0.0/8"] if peer else [])
    seva.disk = Disk(seva.data, keeps_journal)
    seva.env.update(seva.disk.env)
    return seva


def answers_go_to(seva, peer):
    assert seva.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
    assert seva.api("PATCH", f"/channels/{seva.channel('api')['id']}", {"settings": {"reply_url": peer.url("/replies")}}).status == 200


def whole(data):
    db = sqlite3.connect(os.path.join(data, "seva.db"))
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), data
    finally:
        db.close()


def marks_of(most, n):
    """n moments of a journal, the last among them."""
    return sorted({*random.Random(SEED).sample(range(most), min(most, n - 1)), most})


def a_power_cut_at_any_moment_keeps_what_was_acknowledged():
    with on_disk(keeps_journal=True) as seva:
        start = Power(seva.data)
        seva.start()
        story = Story(seva, lambda: seva.disk["lines"])
        for _ in range(40):
            assert story.receive().status == 200
            _, number = story.upload()
            assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
            assert story.answer(attachments=[number]).status == 201
        seva.kill()
        checked = 0
        for mark, folder in cuts(seva.disk, start, marks_of(seva.disk["lines"], STATES), SEED):
            whole(folder)
            with Seva(init=False, data=folder) as after:
                after.made = seva.made
                after.start()
                story.check(after, mark)
                checked += 1
        print(f"# {checked} power cuts over {seva.disk['lines']} writes and syncs, {len(story.texts)} texts, {len(story.files)} files")
        assert checked >= min(STATES, 2)
        seva.disk.close()


def command(disk, *args):
    return subprocess.run([BIN, *args], capture_output=True, text=True, env={**os.environ, **(disk.env if disk else {})}, timeout=120)


def a_power_cut_leaves_a_whole_backup_or_none():
    with Seva() as seva, tempfile.TemporaryDirectory() as top:
        seva.start()
        story = Story(seva)
        assert story.receive().status == 200 and story.upload()[1]
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        seva.stop()
        place = os.path.join(top, "place")
        os.mkdir(place)
        disk, start = Disk(place, True), Power(place)
        made = command(disk, "backup", "--data", seva.data, os.path.join(place, "one"))
        assert made.returncode == 0, made.stderr
        most = disk["lines"]
        for mark, folder in cuts(disk, start, marks_of(most, STATES), SEED):
            file = os.path.join(folder, "one")
            assert os.path.exists(file) or mark < most, "the backup was told as made and is gone"
            assert not os.path.exists(file) or command(None, "backup", "--verify", file).returncode == 0, mark
        disk.close()
        back = os.path.join(top, "back")
        os.mkdir(back)
        disk, start = Disk(back, True), Power(back)
        p = command(disk, "restore", "--data", os.path.join(back, "data"), os.path.join(place, "one"))
        assert p.returncode == 0, p.stderr
        most = disk["lines"]
        for mark, folder in cuts(disk, start, marks_of(most, STATES), SEED):
            data = os.path.join(folder, "data")
            assert os.path.exists(os.path.join(data, "seva.db")) or mark < most, "restored and gone"
            if not os.path.exists(os.path.join(data, "seva.db")):
                continue  # it begins again
            whole(data)
            shutil.copy(os.path.join(seva.data, "keys"), data)  # a plain backup has them not
            with Seva(init=False, data=data) as after:
                after.made = seva.made
                after.start()
                story.check(after)
        disk.close()


def shipped(seva):
    """A base is whole, or the one of before is gone on from."""
    return (seva.metric("seva_ship_bases_total") > 0 or seva.metric("seva_ship_went_on") > 0) and seva.metric("seva_ship_lag_seconds") == 0


def with_keys(seva, data):
    """A copy has no key file of its own."""
    shutil.copy(os.path.join(seva.data, "keys"), data)
    after = Seva(init=False, data=data)
    after.made = seva.made
    return after


def a_power_cut_leaves_in_the_shipped_folder_what_was_told_as_shipped():
    """Data and copy lie on the same disk; each of both has what it acknowledged, whatever of the other is torn."""
    with tempfile.TemporaryDirectory() as top, Seva(data=os.path.join(top, "data")) as seva:
        folder = os.path.join(top, "shipped")
        seva.disk, seva.more = Disk(top, True), ["--ship", folder]
        seva.env.update(seva.disk.env)
        start = Power(top)
        seva.start()
        story = Story(seva, lambda: seva.disk["lines"])
        kept = Story(seva)  # the same, as of the moment when it was in the folder
        for n in range(SHIPPED):
            assert story.receive().status == 200
            _, number = story.upload()
            assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
            assert story.answer(attachments=[number]).status == 201
            if n % 4 == 3:
                assert until(lambda: shipped(seva)), seva.log_tail()
                at = seva.disk["lines"]
                kept.texts.update({t: at for t in story.texts if t not in kept.texts})
                kept.files.update({f: (c, at) for f, (c, _) in story.files.items() if f not in kept.files})
        seva.kill()
        checked, torn = 0, 0
        first = min(kept.texts.values())
        for mark, cut in cuts(seva.disk, start, [first + m for m in marks_of(seva.disk["lines"] - first, max(3, STATES // 3))], SEED):
            whole(os.path.join(cut, "data"))
            with Seva(init=False, data=os.path.join(cut, "data")) as after:
                after.made = seva.made
                after.start()
                story.check(after, mark)
            new = os.path.join(cut, "new")
            p = command(None, "restore", "--data", new, "--from-ship", os.path.join(cut, "shipped"))
            assert p.returncode == 0, (mark, p.stderr)
            torn += "not whole" in p.stdout
            whole(new)
            with with_keys(seva, new) as after:
                after.start()
                kept.check(after, mark)
            checked += 1
        print(f"# {checked} power cuts, {torn} with a torn end of the copy, {len(kept.texts)} texts and {len(kept.files)} files told as shipped")
        assert checked > 1
        seva.disk.close()


def a_copy_or_restore_whose_calls_fail_says_so_and_leaves_nothing_half():
    """Backup, restore from it and from a shipped folder: the nth call of each kind fails; then the same works."""
    with tempfile.TemporaryDirectory() as top, Seva(data=os.path.join(top, "data")) as seva:
        folder, file, new = (os.path.join(top, n) for n in ("shipped", "file", "new"))
        seva.more = ["--ship", folder]
        seva.start()
        story = Story(seva)
        assert until(lambda: story.receive().status == 200) and story.upload()[1]
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0) and until(lambda: shipped(seva))
        seva.stop()
        seva.start()  # mostly goes on with the generation
        assert until(lambda: story.receive().status == 200) and until(lambda: seva.metric("seva_inbox_waiting") == 0) and until(lambda: shipped(seva))
        seva.stop()
        disk = Disk(top)
        assert command(None, "backup", "--data", seva.data, file).returncode == 0
        works = {"backup": ["backup", "--data", seva.data, os.path.join(top, "again")], "restore": ["restore", "--data", new, file],
                 "from-ship": ["restore", "--data", new, "--from-ship", folder]}
        failed, refused = 0, 0
        for name, words in works.items():
            made = words[-1] if name == "backup" else new
            for kind in KINDS:
                for error in errors_of(kind):
                    for nth in range(1, CALLS):
                        disk.fail([kind], nth, 1, error)
                        p = command(disk, *words)
                        failed, hit = failed + disk["failed"], disk["failed"]
                        disk.heal()
                        assert p.returncode in (0, 1) or (kind == "sync" and p.returncode < 0), (name, kind, nth, p.returncode, p.stderr)
                        assert hit or p.returncode == 0, (name, kind, nth, p.stderr)
                        if p.returncode == 0:
                            complete(seva, story, name, made, p, hit)
                        else:
                            refused += 1
                            has_words = "seva: " in p.stderr or "the disk did not confirm a write" in p.stderr
                            assert has_words, (name, kind, nth, p.stderr)
                            if os.path.exists(made):  # its name is there, and not sure to stay
                                assert kind == "sync", (name, kind, nth, p.stderr)
                                complete(seva, story, name, made, p, 0)
                        cleared(made)
                        if not hit:
                            break
            p = command(disk, *words)
            assert p.returncode == 0, (name, p.stderr)
            complete(seva, story, name, made, p, 0)
            cleared(made)
        print(f"# {failed} calls failed, {refused} times it was refused")
        assert refused > 10
        disk.close()


def errors_of(kind):
    """Both take long: by day the likelier one."""
    return (errno.ENOSPC, errno.EIO) if CALLS > 3 else (errno.ENOSPC if kind in ("write", "mkdir") else errno.EIO,)


def cleared(made):
    for path in (made, made + ".part"):
        shutil.rmtree(path, ignore_errors=True)
        if os.path.exists(path):
            os.unlink(path)


def complete(seva, story, name, made, p, hit):
    """All of it is there; or, when a call failed, it says what is not."""
    if hit and "ATTENTION" in p.stdout + p.stderr:
        return
    if name == "backup":
        assert command(None, "backup", "--verify", made).returncode == 0
        return
    whole(made)
    db = sqlite3.connect(os.path.join(made, "seva.db"))
    found = {t for t, in db.execute("SELECT text FROM message")}
    blobs = [os.path.join(at, f) for at, _, files in os.walk(os.path.join(made, "blobs")) for f in files]
    db.close()
    assert set(story.texts) <= found and len(blobs) >= len(story.files), (name, p.stdout)


def done(r):
    """Acknowledged; else it was refused in words, with a status that asks to come again."""
    if r.status in (200, 201):
        return True
    assert r.status in (503, 500), (r.status, r.body[:300])
    assert r.json["error"]["message"], r.body
    return False


def steps(story):
    """What is tried while the disk fails; a connection that breaks because the server ended acknowledges nothing."""
    texts, begun, client = [story.text(), story.text()], [], str(uuid.uuid4())
    return [lambda: done(story.receive(texts[0])), lambda: done(story.upload(begun)[0]), lambda: done(story.answer(texts[1], client, story.sent_along(client)))]


def attempt(step):
    try:
        return step()
    except GONE:
        return False


def each_call_that_fails_is_told_and_loses_nothing():
    ended, refused, failed = 0, 0, 0
    peer = Peer()
    with on_disk(peer=peer) as seva:
        seva.start()
        answers_go_to(seva, peer)
        story = Story(seva)
        assert story.receive().status == 200
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        for kind in KINDS:
            for error in (errno.ENOSPC, errno.EIO):
                for nth in range(1, CALLS + 1):
                    for count in (1, 50):
                        left = steps(story)
                        seva.disk.fail([kind], nth, count, error)
                        left = [s for s in left if not attempt(s)]
                        failed += seva.disk["failed"]
                        refused += len(left)
                        seva.disk.heal()
                        if until(lambda: seva.process.poll() is not None, 0.05 if left else 0):
                            ended += 1
                            assert kind == "sync" or error == errno.EIO, f"{kind} {error} ended the server: {seva.log_tail()}"
                            seva.log.close()
                            seva.start()
                        for s in left:
                            assert until(lambda: attempt(s)), f"{kind} {errno.errorcode[error]} at {nth}: it does not go on\n{seva.log_tail()}"
        print(f"# {failed} calls failed, {refused} steps refused, the server ended {ended} times, {len(story.texts)} texts, {len(story.files)} files kept")
        story.check(seva)
        nothing_is_stuck(seva)
        seva.stop()
        whole(seva.data)
        seva.disk.close()
    peer.close()
    assert failed > 10


def nothing_is_stuck(seva):
    assert not seva.items("/jobs?state=dead"), seva.items("/jobs?state=dead")[:2]
    assert until(lambda: not seva.items("/jobs?state=running")), "a job is leased for ever"


HOUR, DAY = 3600_000, 86400_000


def a_clock_that_jumps_loses_and_doubles_nothing():
    refusing = threading.Event()
    peer = Peer(lambda p, body: (503, b"{}") if refusing.is_set() else (200, b"{}"))
    with on_disk(peer=peer) as seva:
        seva.start()
        answers_go_to(seva, peer)
        story = Story(seva)
        story.receive()
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        ids, expected = set(), []
        for jump in (365 * DAY, -HOUR, -DAY, -364 * DAY, DAY, -DAY):
            refusing.set()  # a try again is waited for when the clock jumps
            before = len(peer.ledger)
            expected.append(story.text())
            assert story.answer(expected[-1]).status == 201
            assert until(lambda: len(peer.ledger) > before), "it was not tried"
            assert until(lambda: any(j["attempts"] > 0 for j in seva.items("/jobs?state=queued"))), "it is not put back"
            seva.disk["clock_ms"] += jump
            refusing.clear()
            expected.append(story.text())
            assert story.receive().status == 200, jump
            r = story.answer(expected[-1])
            assert r.status == 201, (jump, r.body[:300])
            assert r.json["id"] not in ids, "an id came twice"
            ids.add(r.json["id"])
            assert seva.widget(seva.visitor(), "GET", "/conversation").status == 200, "a visitor is kept out"
            assert until(lambda: set(expected) <= told(peer)), f"stuck after {jump / HOUR} h: {set(expected) - told(peer)}\n" + str(seva.items("/jobs?state=queued"))
        story.check(seva)
        nothing_is_stuck(seva)
        answers = [json.loads(e["body"])["data"]["message"]["text"] for e in peer.ledger if e["status"] == 200]
        assert len(answers) == len(set(answers)), "an answer was taken twice"
        seva.disk.close()
    peer.close()


def told(peer):
    return {json.loads(e["body"])["data"]["message"]["text"] for e in peer.ledger if e["status"] == 200}


if __name__ == "__main__":
    tests = [a_power_cut_at_any_moment_keeps_what_was_acknowledged, a_power_cut_leaves_a_whole_backup_or_none,
             a_power_cut_leaves_in_the_shipped_folder_what_was_told_as_shipped,
             a_copy_or_restore_whose_calls_fail_says_so_and_leaves_nothing_half, each_call_that_fails_is_told_and_loses_nothing, a_clock_that_jumps_loses_and_doubles_nothing]
    only = os.environ.get("SEVA_DISK_ONLY")
    run([t for t in tests if not only or only in t.__name__])
