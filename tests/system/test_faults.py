"""What the machine can do to a running server: a full disk, a locked database, a clock that jumps back at restart, a drain under
load. Acknowledged stays acknowledged, the sender hears a clear error, and it goes on when the fault is over."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time

from seva import PATIENCE_S, Seva, request, run, sign, until


class SmallDisk:
    """A file system of a few megabytes for the data folder."""

    def __init__(self, size_mb):
        self.folder = tempfile.mkdtemp(prefix="seva-disk-")
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", self.folder], capture_output=True, text=True)
        self.why = p.stderr.strip() if p.returncode else ""

    def close(self):
        if not self.why:
            subprocess.run(["umount", "-l", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def post(seva, marker):
    return seva.hook({"id": marker, "contact": {"id": "c1"}, "text": marker + " " + "x" * 2000})


def texts(seva):
    found = []
    for c in seva.items("/conversations?status=open,pending,snoozed,resolved"):
        found += [m["text"].split(" ")[0] for m in seva.items(f"/conversations/{c['id']}/messages")]
    return found


def a_full_disk_refuses_new_messages_keeps_the_old_and_recovers():
    disk = SmallDisk(24)
    if disk.why:
        disk.close()
        return f"skip: this machine does not let us mount a small disk ({disk.why})"
    try:
        with Seva(data=os.path.join(disk.folder, "data")) as seva:
            seva.start()
            acknowledged, refused, n = [], 0, 0
            while refused < 5 and n < 20000:
                r = post(seva, f"d{n}")
                if r.status == 200:
                    acknowledged.append(f"d{n}")
                else:
                    assert r.status == 503, (r.status, r.body[:200])
                    assert r.json["error"]["message"]
                    refused += 1
                n += 1
                if n == 50:
                    filler = open(os.path.join(disk.folder, "filler"), "wb")
                    try:
                        filler.write(b"\0" * (18 * 1024 * 1024))
                        filler.flush()
                    except OSError:
                        pass
            assert refused == 5, "the disk never became full"
            assert request(seva.port, "GET", "/healthz").status == 200
            filler.close()
            os.unlink(os.path.join(disk.folder, "filler"))
            assert until(lambda: post(seva, "after").status == 200), "it must go on when there is room again"
            acknowledged.append("after")
            assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
            stored = texts(seva)
            lost = [m for m in acknowledged if m not in set(stored)]
            assert not lost, f"lost {len(lost)}: {lost[:5]}"
            assert len(stored) == len(set(stored)), "doubled"
            seva.kill()
            seva.start()
            assert set(acknowledged) <= set(texts(seva))
    finally:
        disk.close()


def a_locked_database_answers_busy_and_goes_on_afterwards():
    with Seva() as seva:
        seva.start()
        assert post(seva, "before").status == 200
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        other = sqlite3.connect(os.path.join(seva.data, "seva.db"), timeout=10, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        r = post(seva, "locked")
        assert r.status == 503, r.status
        assert time.monotonic() - started < 20, "busy must be said soon"
        assert int(r.headers.get("retry-after", "0")) >= 1
        assert seva.api("GET", "/conversations").status == 200, "reading goes on while writing is locked"
        other.execute("ROLLBACK")
        other.close()
        assert until(lambda: post(seva, "locked").status == 200)
        assert until(lambda: {"before", "locked"} <= set(texts(seva)))


def rows_ahead_of_the_clock_do_not_disturb_new_ones():
    """Rows written a day ahead of the clock (as after a jump back) do not stop new ones from being stored and ordered by arrival."""
    with Seva() as seva:
        seva.start()
        ahead = {"id": "ahead", "contact": {"id": "c1"}, "text": "ahead", "sent_at": "2099-01-01T00:00:00.000Z"}
        assert seva.hook(ahead).status == 200
        assert seva.hook({"id": "then", "contact": {"id": "c1"}, "text": "then"}).status == 200
        assert until(lambda: texts(seva) == ["ahead", "then"]), texts(seva)
        body = json.dumps({"messages": [{"id": "x", "contact": {"id": "c"}, "text": "old signature"}]}).encode()
        c = seva.channel("api")
        r = request(seva.port, "POST", "/hooks/api/" + c["source_key"], body,
                    {"Content-Type": "application/json", "Seva-Signature": sign(c["secret"], body, time.time() - 3600)})
        assert r.status == 401, r.status


def a_drain_under_load_fails_no_request():
    with Seva(more=["--drain-delay", "1"]) as seva:
        seva.start()
        failures, done, stop = [], [], threading.Event()

        def poster(number):
            n = 0
            while not stop.is_set():
                try:
                    r = post(seva, f"p{number}-{n}")
                    (done if r.status == 200 else failures).append((number, n, r.status))
                except ConnectionRefusedError:
                    return  # it has stopped accepting: a load balancer goes elsewhere
                except OSError as e:
                    failures.append((number, n, repr(e)))
                n += 1

        threads = [threading.Thread(target=poster, args=(i,), daemon=True) for i in range(8)]
        for t in threads:
            t.start()
        assert until(lambda: len(done) > 100), "nothing is acknowledged"
        code = seva.stop()
        stop.set()
        for t in threads:
            t.join(PATIENCE_S)
        assert code == 0, code
        assert done and not failures, f"{len(failures)} failed of {len(done)}: {failures[:3]}"
        seva.start()
        assert until(lambda: len(set(texts(seva))) == len(done)), (len(texts(seva)), len(done))


if __name__ == "__main__":
    run([a_full_disk_refuses_new_messages_keeps_the_old_and_recovers, a_locked_database_answers_busy_and_goes_on_afterwards,
         rows_ahead_of_the_clock_do_not_disturb_new_ones, a_drain_under_load_fails_no_request])
