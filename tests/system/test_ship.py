"""`seva serve --ship` and `seva restore --from-ship`: what was acknowledged is in the folder when the server dies, as far as the
lag says; a folder that is full or gone holds nobody up and is followed again; a moment comes back; what is torn is left out."""

import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time

import disk
from seva import BIN, Seva, fresh_postgres, request, run, until


def seva(*args):
    return subprocess.run([BIN, *args], capture_output=True, text=True, timeout=300)


def post(s, marker):
    return s.hook({"id": marker, "contact": {"id": "c" + marker[-1]}, "text": marker}).status == 200


def upload_note(s, content, name):
    made = s.api("POST", "/uploads", {"name": name, "size": len(content)})
    id, part = made.json["id"], made.json["part_bytes"]
    for at in range(0, len(content), part):
        put = s.api("PUT", f"/uploads/{id}?offset={at}", content[at:at + part], {"Content-Type": "application/octet-stream"})
        assert put.status in (200, 201), put.body
    conversation = s.items("/conversations")[0]["id"]
    sent = s.api("POST", f"/conversations/{conversation}/messages",
                 {"kind": "note", "text": "see " + name, "attachment_ids": [id], "client_id": name})
    assert sent.status in (200, 201, 202), sent.body


class Shipping(Seva):
    def __init__(self, folder=None, more=()):
        super().__init__()
        self.to = folder or os.path.join(self.folder, "shipped")
        self.more = ["--ship", self.to, *more]

    def is_shipped(self):
        return (self.metric("seva_ship_bases_total") > 0 or self.went_on()) and self.metric("seva_ship_lag_seconds") == 0

    def went_on(self):
        return self.metric("seva_ship_went_on") == 1

    def doctor(self, *more):
        """What it says of the folder: (state, what) each, and its exit."""
        p = seva("doctor", "--data", self.data, "--ship", self.to, "--json", *more)
        return [(c["state"], c["what"]) for c in json.loads(p.stdout)["checks"] if c["check"] == "ship"], p.returncode

    def generations(self):
        return sorted(n for n in os.listdir(self.to) if n.startswith("g-"))

    def segments(self):
        folder = os.path.join(self.to, self.generations()[-1])
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.startswith("s-")]

    def restored(self, name, *more):
        new = os.path.join(self.folder, name)
        p = seva("restore", "--data", new, "--from-ship", self.to, *more)
        return new, p


def rows(data, sql):
    db = sqlite3.connect(os.path.join(data, "seva.db"))
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def deliveries(data):
    """What was acknowledged stands in the inbox or became a message."""
    assert rows(data, "PRAGMA integrity_check") == [("ok",)]
    found = " ".join(t for t, in rows(data, "SELECT text FROM message"))
    raw = rows(data, "SELECT body FROM inbox")
    return found + " ".join(r.decode(errors="replace") if isinstance(r, bytes) else str(r) for r, in raw) + " "


def missing(data, markers):
    there = deliveries(data)
    return [m for m in markers if m not in there]


def what_was_acknowledged_is_in_the_folder_when_the_server_is_killed():
    with Shipping() as s:
        s.start()
        assert post(s, "first-0") and until(lambda: s.items("/conversations"))
        acknowledged, ending, lock = [], threading.Event(), threading.Lock()

        def sends(who):
            n = 0
            while not ending.is_set():
                try:
                    if post(s, f"m{who}-{n}-"):
                        with lock:
                            acknowledged.append((time.monotonic(), f"m{who}-{n}-"))
                except OSError:
                    return
                n += 1

        threads = [threading.Thread(target=sends, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        upload_note(s, os.urandom(300_000), "picture.bin")
        assert until(lambda: s.metric("seva_ship_bases_total") > 0 and len(acknowledged) > 1500)
        upload_note(s, os.urandom(300_001), "later.bin")
        file_at = time.monotonic()
        assert until(lambda: s.metric("seva_ship_lag_seconds") < 1 and time.monotonic() - file_at > s.metric("seva_ship_lag_seconds") + 0.5)
        sampled = time.monotonic()
        lag = s.metric("seva_ship_lag_seconds")
        s.kill()
        ending.set()
        for t in threads:
            t.join()
        print(f"# {len(acknowledged)} acknowledged, {lag:.3f} s behind when it was killed, {len(s.segments())} segments")
        new, p = s.restored("new")
        assert p.returncode == 0, p.stderr
        must = [m for at, m in acknowledged if at < sampled - lag - 0.001]
        assert len(must) > 1000
        gone = missing(new, must)
        assert not gone, (len(gone), gone[:5])
        assert "ATTENTION" not in p.stdout, p.stdout
        for name, size in (("picture.bin", 300_000), ("later.bin", 300_001)):
            hash, = rows(new, f"SELECT blob_name FROM attachment WHERE name = '{name}'")[0]
            assert os.path.getsize(os.path.join(new, "blobs", "1" if os.path.isdir(os.path.join(new, "blobs", "1")) else os.listdir(os.path.join(new, "blobs"))[0], hash[:2], hash)) == size
        shutil.copy(os.path.join(s.data, "keys"), os.path.join(new, "keys"))
        with Seva(init=False, data=new) as r:
            r.made = s.made
            r.start()
            assert post(r, "after-1"), "the restored one goes on"


def a_server_that_comes_back_goes_on_where_it_ended():
    """Stopped or killed: the generation goes on, without another base, and what had not been shipped is. A log that began anew
    just before a kill, with what had not been shipped no longer in it, proves nothing: then another generation begins."""
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped)
        assert all(post(s, f"one-{n}-") for n in range(20))
        s.stop()
        new, p = s.restored("new")
        assert p.returncode == 0, p.stderr
        assert not missing(new, [f"one-{n}-" for n in range(20)])
        found, code = s.doctor()
        assert code == 0 and [state for state, _ in found] == ["ok"] and "1 generations, 0.0 s behind" in found[0][1], found
        s.start()
        assert s.went_on() and post(s, "two-1-") and until(s.is_shipped)
        s.stop()
        offline = os.path.join(s.folder, "past.jsonl")
        with open(offline, "w") as f:
            f.write(json.dumps({"channel": "api", "id": "off", "direction": "in", "from": {"id": "c9"}, "at": "2025-01-01T00:00:00Z", "text": "offline-1-"}) + "\n")
        p = seva("import", "messages", offline, "--data", s.data, "--ship", s.to)
        assert p.returncode == 0, p.stderr
        s.start()
        assert s.went_on() and until(s.is_shipped), "a command wrote to the log, and it is shipped"
        went_on, began = 0, 1
        for n in range(8):
            assert all(post(s, f"three-{n}-{k}-") for k in range(5))
            upload_note(s, os.urandom(100_000 + n), f"file{n}.bin")
            s.kill()
            s.start()
            assert until(s.is_shipped)
            went_on += s.went_on()
            began += not s.went_on()
            assert len(s.generations()) == began and s.metric("seva_ship_bases_total") == (not s.went_on())
        print(f"# {went_on} of 8 kills gone on from")
        assert went_on >= 3
        found, code = s.doctor("--deep")
        assert code == 0 and found[0][0] == "ok", found
        again, p = s.restored("again")
        assert p.returncode == 0 and "ATTENTION" not in p.stdout, (p.stdout, p.stderr)
        assert not missing(again, ["one-3-", "two-1-", "offline-1-"] + [f"three-{n}-{k}-" for n in range(8) for k in range(5)])


def what_does_not_go_on_begins_a_generation_and_the_old_one_is_restored_until_it_has_a_base():
    """Another program has moved the log away meanwhile; the folder takes no base at first."""
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped) and post(s, "old-1-") and until(s.is_shipped)
        s.stop()
        db = sqlite3.connect(os.path.join(s.data, "seva.db"))
        db.execute("UPDATE installation SET value = value")
        db.commit()
        db.close()
        copy = os.path.join(s.data, "ship.copy")
        os.mkdir(copy)  # no base can be made
        open(os.path.join(copy, "full"), "w").close()
        s.start()
        assert not s.went_on() and post(s, "new-1-")
        assert until(lambda: len(s.generations()) == 2 and s.metric("seva_ship_segments_total") > 0)
        assert s.metric("seva_ship_lag_seconds") > 0, "what was written since could not be restored"
        found, code = s.doctor()
        assert code == 0 and found[0][0] == "note" and "behind" in found[0][1], found
        new, p = s.restored("old")
        assert p.returncode == 0 and not missing(new, ["old-1-"]) and missing(new, ["new-1-"]), (p.stdout, p.stderr)
        shutil.rmtree(copy)
        assert until(s.is_shipped)
        new, p = s.restored("new")
        assert p.returncode == 0 and not missing(new, ["old-1-", "new-1-"]), (p.stdout, p.stderr)
        found, code = s.doctor()
        assert code == 0 and found[0][0] == "ok" and "2 generations" in found[0][1], found


def the_doctor_says_what_of_the_folder_cannot_be_restored_and_a_start_begins_anew():
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped)
        for n in range(6):
            assert post(s, f"d{n}-") and until(s.is_shipped)
        away = s.segments()[-3]
        os.rename(away, away + ".away")
        found, code = s.doctor()
        assert code == 1 and ("wrong" in found[0][0] and "misses 1 segments" in found[0][1]), found
        os.rename(away + ".away", away)
        with open(away, "r+b") as f:
            f.seek(os.path.getsize(away) // 2)
            f.write(b"another")
        assert s.doctor()[1] == 0, "only --deep reads them all"
        found, code = s.doctor("--deep")
        assert code == 1 and os.path.basename(away) in found[0][1] and "not whole" in found[0][1], found
        os.unlink(away)
        s.kill()
        s.start()
        assert not s.went_on() and until(s.is_shipped) and len(s.generations()) == 2
        found, code = s.doctor("--deep")
        assert code == 0 and found[0][0] == "note" and "misses 1 segments" in found[0][1], found
        s.stop()
        log = os.path.join(s.data, "seva.db-wal")
        os.utime(log, (time.time() + 30, time.time() + 30))
        found, code = s.doctor()
        assert code == 0 and found[-1][0] == "note" and float(found[-1][1].split()[-3]) >= 29, found
        os.rename(os.path.join(s.to, "seva-ship"), os.path.join(s.to, "away"))
        found, code = s.doctor()
        assert code == 1 and "no folder of a shipped copy" in found[0][1], found


def postgresql_is_refused_in_words():
    if not os.environ.get("SEVA_TEST_PG"):
        return "skip: needs SEVA_TEST_PG"
    with Seva(db=fresh_postgres()) as s:
        to = os.path.join(s.folder, "shipped")
        p = seva("serve", "--data", s.data, "--listen", "127.0.0.1:0", *s.db, "--ship", to)
        assert p.returncode == 1 and "--ship is for SQLite; PostgreSQL archives its own log, see docs/operations.md" in p.stderr, p.stderr
        assert not os.path.exists(to)
        p = seva("doctor", "--data", s.data, *s.db, "--ship", to)
        assert p.returncode == 1 and "ship is set, and is for SQLite only" in p.stdout, p.stdout


def a_moment_comes_back_and_one_before_the_first_does_not():
    with Shipping() as s:
        before = datetime.datetime.now(datetime.timezone.utc).isoformat()
        s.start()
        assert until(s.is_shipped)
        assert post(s, "wanted-1-") and until(lambda: "wanted-1-" in str(s.items("/conversations"))) and until(s.is_shipped)
        moment = datetime.datetime.now(datetime.timezone.utc).isoformat()
        assert until(lambda: datetime.datetime.now(datetime.timezone.utc).isoformat() > moment)
        time.sleep(0.01)  # the next commit is in another millisecond
        assert post(s, "mistake-1-") and until(s.is_shipped)
        new, p = s.restored("then", "--at", moment)
        assert p.returncode == 0, p.stderr
        assert not missing(new, ["wanted-1-"]) and missing(new, ["mistake-1-"])
        last, p = s.restored("last")
        assert p.returncode == 0 and not missing(last, ["wanted-1-", "mistake-1-"]), p.stderr
        none, p = s.restored("none", "--at", before)
        assert p.returncode == 1 and "does not reach back" in p.stderr, p.stderr
        assert not os.path.exists(none) and not os.path.exists(none + ".part")
        bad, p = s.restored("bad", "--at", "yesterday")
        assert p.returncode == 1 and "--at is a moment" in p.stderr, p.stderr


def a_torn_segment_at_the_end_is_left_out_and_a_torn_base_is_not_used():
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped)
        for n in range(5):
            assert post(s, f"t{n}-") and until(s.is_shipped)
        s.kill()
        last = s.segments()[-1]
        with open(last, "r+b") as f:
            f.truncate(os.path.getsize(last) - 100)
        new, p = s.restored("new")
        assert p.returncode == 0 and "1 segments at the end are not whole" in p.stdout, (p.stdout, p.stderr)
        assert not missing(new, ["t0-", "t1-"])
        with open(s.segments()[-2], "r+b") as f:
            f.seek(os.path.getsize(s.segments()[-2]) // 2)
            f.write(b"another")
        new, p = s.restored("two")
        assert p.returncode == 0 and "2 segments at the end are not whole" in p.stdout, (p.stdout, p.stderr)
        folder = os.path.dirname(last)
        base = next(n for n in os.listdir(folder) if n.startswith("b-"))
        with open(os.path.join(folder, base), "r+b") as f:
            f.seek(5000)
            f.write(b"another")
        new, p = s.restored("none")
        assert p.returncode == 1 and "no whole database" in p.stderr and not os.path.exists(new), p.stderr


def a_folder_that_is_gone_holds_nobody_up_and_is_followed_again():
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped)
        os.rename(s.to, s.to + ".away")
        assert all(post(s, f"away-{n}-") for n in range(20))
        assert until(lambda: s.metric("seva_ship_failing") == 1)
        ready = request(s.port, "GET", "/readyz")
        assert ready.status == 200 and b"shipped copy is" in ready.body and b"behind" in ready.body, ready.body
        lag = s.metric("seva_ship_lag_seconds")
        assert until(lambda: s.metric("seva_ship_lag_seconds") > lag > 0), "the lag grows"
        assert "the shipped copy is behind" in s.log_tail(10**6)
        os.rename(s.to + ".away", s.to)
        assert until(lambda: s.metric("seva_ship_failing") == 0 and s.is_shipped())
        assert len(s.generations()) == 1, "so little was held that no new generation was needed"
        new, p = s.restored("new")
        assert p.returncode == 0 and not missing(new, [f"away-{n}-" for n in range(20)]), p.stderr


def a_full_disk_holds_nobody_up_and_is_followed_again():
    with tempfile.TemporaryDirectory(prefix="seva-disk-") as small:
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", small], capture_output=True, text=True)
        if p.returncode:
            return f"skip: this machine does not let us mount a small disk ({p.stderr.strip()})"
        try:
            with Shipping(os.path.join(small, "shipped")) as s:
                s.start()
                assert until(s.is_shipped)
                with open(os.path.join(small, "ballast"), "wb", buffering=0) as f:
                    try:
                        while True:
                            f.write(bytes(65536))
                    except OSError:
                        pass
                assert all(post(s, f"full-{n}-") for n in range(50))
                assert until(lambda: s.metric("seva_ship_failing") == 1)
                assert "No space left" in s.log_tail(10**6)
                os.unlink(os.path.join(small, "ballast"))
                assert until(lambda: s.metric("seva_ship_failing") == 0 and s.is_shipped())
                new, p = s.restored("new")
                assert p.returncode == 0 and not missing(new, [f"full-{n}-" for n in range(50)]), p.stderr
        finally:
            subprocess.run(["umount", "-l", small], check=False)


def with_long_database(s, mb):
    """Its pages are free: a copy has them all the same."""
    db = sqlite3.connect(os.path.join(s.data, "seva.db"), isolation_level=None)
    db.execute("CREATE TABLE filler (content BLOB)")
    for _ in range(mb):
        db.execute("INSERT INTO filler VALUES (randomblob(1000000))")
    db.execute("DROP TABLE filler")
    db.close()


def most_unsynced(d):
    """Bytes that stood in one file without a sync, and all bytes of the longest."""
    now, most, all_of = {}, 0, {}
    for op, inode, _, _, data in d.lines():
        if op == disk.WRITE:
            now[inode], all_of[inode] = now.get(inode, 0) + len(data), all_of.get(inode, 0) + len(data)
            most = max(most, now[inode])
        elif op == disk.SYNC:
            now[inode] = 0
    return most, max(all_of.values())


def a_copy_beside_leaves_little_for_others_syncs_to_wait_for():
    """They wait for what was written before them, some under the write lock: here of a fast disk, which is given most (base/file_pace.h)."""
    with Shipping() as s:
        shipped, s.more = s.more, []
        s.start()
        assert post(s, "first-0") and until(lambda: s.items("/conversations"))
        upload_note(s, os.urandom(24_000_000), "long.bin")
        s.stop()
        with_long_database(s, 40)
        disks = [disk.Disk(s.folder, True) for _ in range(3)]
        try:
            s.more = shipped
            s.env.update(disks[0].env)
            s.start()
            assert until(s.is_shipped)
            s.stop()
            for what, one in zip(("backup", "export"), disks[1:]):
                p = subprocess.run([BIN, what, "--data", s.data, os.path.join(s.folder, what + ".tar")], capture_output=True, text=True,
                                   timeout=300, env={**os.environ, **one.env})
                assert p.returncode == 0, p.stderr
            for one in disks:
                most, longest = most_unsynced(one)
                assert longest >= 24_000_000 and most <= 17 << 20, (most, longest)
        finally:
            for one in disks:
                one.close()


def what_cannot_be_shipped_to_is_refused_at_the_start():
    with Shipping() as s:
        s.start()
        assert until(s.is_shipped)
        with Seva() as other:
            def starts(*more):
                return seva("serve", "--data", other.data, "--listen", "127.0.0.1:0", *more)
            p = starts("--ship", s.to)
            assert p.returncode == 1 and "another server ships to" in p.stderr, p.stderr
            p = starts("--ship", other.data)
            assert p.returncode == 1 and "elsewhere" in p.stderr, p.stderr
            p = starts("--ship", s.to + "2", "--ship-keep", "0")
            assert p.returncode == 1 and "ship-keep must be a number" in p.stderr, p.stderr


if __name__ == "__main__":
    run([what_was_acknowledged_is_in_the_folder_when_the_server_is_killed,
         a_server_that_comes_back_goes_on_where_it_ended,
         what_does_not_go_on_begins_a_generation_and_the_old_one_is_restored_until_it_has_a_base,
         the_doctor_says_what_of_the_folder_cannot_be_restored_and_a_start_begins_anew, postgresql_is_refused_in_words, a_moment_comes_back_and_one_before_the_first_does_not,
         a_torn_segment_at_the_end_is_left_out_and_a_torn_base_is_not_used, a_folder_that_is_gone_holds_nobody_up_and_is_followed_again,
         a_full_disk_holds_nobody_up_and_is_followed_again,
         a_copy_beside_leaves_little_for_others_syncs_to_wait_for, what_cannot_be_shipped_to_is_refused_at_the_start])
