"""`seva backup` and `seva restore`: a backup beside a running server holds all that was acknowledged before it, its attachments
too; what was cut, altered, or sealed with another key is refused in words; a process that is killed leaves no half file."""

import hashlib
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time

from seva import BIN, Seva, run, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402

KEY = "a long key of this backup\n"


def seva(*args, stdin=None, text=True):
    return subprocess.run([BIN, *args], capture_output=True, text=text, input=stdin, timeout=300)


def restored(folder, file, *more):
    """A server on a new folder made from the backup."""
    p = seva("restore", "--data", folder, file, *more)
    assert p.returncode == 0, p.stderr
    return p


def post(s, marker, **more):
    return s.hook({"id": marker, "contact": {"id": "c" + marker[-1]}, "text": marker, **more}).status == 200


def texts(s):
    found = []
    for c in s.items("/conversations?status=open,pending,snoozed,resolved"):
        found += [m["text"] for m in s.items(f"/conversations/{c['id']}/messages")]
    return found


def blobs(data):
    found = {}
    for folder, _, names in os.walk(os.path.join(data, "blobs")):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, data)] = f.read()
    return found


def rows(data, sql):
    db = sqlite3.connect(os.path.join(data, "seva.db"))
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def upload(s, content, name):
    """A file as an agent uploads it, attached to a note."""
    made = s.api("POST", "/uploads", {"name": name, "size": len(content)})
    assert made.status in (200, 201), made.body
    id = made.json["id"]
    put = s.api("PUT", f"/uploads/{id}?offset=0", content, {"Content-Type": "application/octet-stream"})
    assert put.status in (200, 201), (put.status, put.body)
    return id


def note_with(s, content, name):
    conversation = s.items("/conversations")[0]["id"]
    sent = s.api("POST", f"/conversations/{conversation}/messages",
                 {"kind": "note", "text": "see " + name, "attachment_ids": [upload(s, content, name)], "client_id": name})
    assert sent.status in (200, 201, 202), sent.body


def key_file(s, text=KEY):
    file = os.path.join(s.folder, "backup.key" + str(len(text)))
    with open(file, "w") as f:
        f.write(text)
    return file


def a_backup_beside_a_running_server_holds_what_was_acknowledged_before():
    with Seva() as s:
        s.start()
        assert post(s, "first")
        assert until(lambda: s.items("/conversations"))
        for n in range(3):
            note_with(s, os.urandom(200_000 + n), f"picture{n}.bin")
        loose = os.path.join(s.data, "blobs", "1")
        os.makedirs(loose, exist_ok=True)
        with open(os.path.join(loose, "nobodys"), "wb") as f:
            f.write(b"x")
        acknowledged, ending = [], threading.Event()

        def sends(who):
            n = 0
            while not ending.is_set():
                if post(s, f"m{who}-{n}"):
                    acknowledged.append(f"m{who}-{n}")
                n += 1

        threads = [threading.Thread(target=sends, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        assert until(lambda: len(acknowledged) > 200)
        before = list(acknowledged)
        file = os.path.join(s.folder, "backup")
        p = seva("backup", "--data", s.data, file, "--with-keys")
        during = len(acknowledged) - len(before)
        ending.set()
        for t in threads:
            t.join()
        assert p.returncode == 0, p.stderr
        assert during > 0, "messages went on arriving"
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        assert not [n for n in os.listdir(s.data) + os.listdir(s.folder) if "copy" in n or "part" in n]
        assert seva("backup", "--verify", file).returncode == 0
        new = os.path.join(s.folder, "new")
        restored(new, file)
        assert rows(new, "PRAGMA integrity_check") == [("ok",)]
        assert [stat.S_IMODE(os.stat(os.path.join(new, n)).st_mode) for n in ("", "seva.db", "keys", "blobs")] == [0o700, 0o600, 0o600, 0o700]
        old, now = blobs(s.data), blobs(new)
        assert len(now) == 3 and all(old[path] == content for path, content in now.items()), (sorted(old), sorted(now))
        with Seva(init=False, data=new) as r:
            r.made = s.made
            r.start()
            assert until(lambda: r.metric("seva_inbox_waiting") == 0)
            there = texts(r)
            assert not set(before) - set(there), sorted(set(before) - set(there))[:5]
            assert len(there) == len(set(there)), "nothing twice"
            assert post(r, "after") and until(lambda: "after" in texts(r)), "the restored one goes on"


def an_encrypted_backup_of_a_stopped_server_comes_back_with_its_keys():
    with Seva() as s:
        s.start()
        assert post(s, "before") and until(lambda: "before" in texts(s))
        s.stop()
        file, key, new = os.path.join(s.folder, "b"), key_file(s), os.path.join(s.folder, "new")
        p = seva("backup", "--data", s.data, file, "--encrypt-key-file", key)
        assert p.returncode == 0, p.stderr
        with open(file, "rb") as f:
            sealed = f.read()
        with open(os.path.join(s.data, "keys"), "rb") as f:
            keys = f.read()
        assert b"SQLite" not in sealed and keys.strip() not in sealed and b"before" not in sealed
        for wrong, words in ((["--encrypt-key-file", key_file(s, "another key altogether\n")], "key is another"), ([], "encrypted")):
            p = seva("restore", "--data", new, file, *wrong)
            assert p.returncode == 1 and words in p.stderr, p.stderr
            assert not os.path.exists(new) and not os.path.exists(new + ".part")
        restored(new, file, "--encrypt-key-file", key)
        with open(os.path.join(new, "keys"), "rb") as f:
            assert f.read() == keys
        assert seva("doctor", "--data", new).returncode == 0
        short = seva("backup", "--data", s.data, file + "2", "--encrypt-key-file", key_file(s, "short\n"))
        assert short.returncode == 1 and "at least 12" in short.stderr


def the_key_file_is_left_out_unless_asked_for():
    with Seva() as s:
        file, new = os.path.join(s.folder, "b"), os.path.join(s.folder, "new")
        p = seva("backup", "--data", s.data, file)
        assert p.returncode == 0 and "key file is not in it" in p.stdout, p
        with open(os.path.join(s.data, "keys"), "rb") as f, open(file, "rb") as b:
            assert f.read().strip() not in b.read()
        assert "before you start" in restored(new, file).stdout and not os.path.exists(os.path.join(new, "keys"))


def what_is_cut_or_altered_is_refused_and_leaves_nothing():
    with Seva() as s:
        file, bad, new = (os.path.join(s.folder, n) for n in ("b", "bad", "new"))
        assert seva("backup", "--data", s.data, file, "--with-keys").returncode == 0
        with open(file, "rb") as f:
            whole = f.read()
        at = len(whole) // 2
        for content, words in ((whole[:at], "cut"), (whole[:-1], "cut"), (whole + b"x", "after the backup's end"), (b"x" * 100, "no backup"),
                               (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:], "altered"), (b"seva backup 2 p\n" + whole[16:], "newer version")):
            with open(bad, "wb") as f:
                f.write(content)
            for command in (["backup", "--verify", bad], ["restore", "--data", new, bad]):
                p = seva(*command)
                assert p.returncode == 1 and words in p.stderr, (words, command, p.stderr)
            assert not os.path.exists(new) and not os.path.exists(new + ".part")


def rewritten(file, change, without=""):
    """The plain backup with its database changed, pieces of a kind left out, and every sum made to fit again: as if written so."""
    with open(file, "rb") as f:
        data = f.read()
    out, tally, at, pieces, size = data[:16], hashlib.sha256(), 16, 0, 0
    while True:
        end = data.index(b"\n", at)
        kind, n, name = data[at:end].decode().split(" ")
        content = data[end + 1:end + 1 + int(n)]
        at = end + 1 + int(n) + 65
        if kind == "end":
            break
        if kind == without:
            continue
        if kind == "database":
            content = change(content)
        piece = f"{kind} {len(content)} {name}\n".encode()
        line = hashlib.sha256(content).hexdigest().encode() + b"\n"
        tally.update(piece + line)
        out += piece + content + line
        pieces, size = pieces + 1, size + len(content)
    line = f"{pieces} {size} {tally.hexdigest()}\n".encode()
    with open(file, "wb") as f:
        f.write(out + f"end {len(line)} \n".encode() + line + hashlib.sha256(line).hexdigest().encode() + b"\n")


def a_database_of_a_newer_version_and_a_damaged_one_are_refused():
    with Seva() as s:
        file, new = os.path.join(s.folder, "b"), os.path.join(s.folder, "new")

        def sql(statement):
            def change(content):
                with tempfile.NamedTemporaryFile() as f:
                    f.write(content)
                    f.flush()
                    db = sqlite3.connect(f.name)
                    db.execute("PRAGMA journal_mode=DELETE")
                    db.execute(statement)
                    db.commit()
                    db.close()
                    with open(f.name, "rb") as again:
                        return again.read()
            return change

        def zeroed(content):
            return content[:4096 * 3] + b"\xff" * 4096 * 4 + content[4096 * 7:]

        newer = "INSERT INTO schema_migration (version, name, hash, applied_ms) VALUES (9000, '9000_later', 'x', 1)"
        for change, words in ((sql(newer), "newer version"), (zeroed, "damaged"),
                              (sql("INSERT INTO blob SELECT account_id, 'gone', 1, 'kept', 1, 1 FROM agent LIMIT 1"), "")):
            assert seva("backup", "--data", s.data, file).returncode == 0
            rewritten(file, change)
            assert seva("backup", "--verify", file).returncode == 0, "the file itself is whole"
            p = seva("restore", "--data", new, file)
            os.unlink(file)
            if words:
                assert p.returncode == 1 and words in p.stderr, p.stderr
                assert not os.path.exists(new) and not os.path.exists(new + ".part")
            else:
                assert p.returncode == 0, "a file that nobody refers to is not missed"


def a_folder_with_something_in_it_and_a_file_that_is_there_are_kept():
    with Seva() as s:
        file = os.path.join(s.folder, "b")
        assert seva("backup", "--data", s.data, file).returncode == 0
        p = seva("restore", "--data", s.data, file)
        assert p.returncode == 1 and "something in it" in p.stderr, p.stderr
        p = seva("backup", "--data", s.data, file)
        assert p.returncode == 1 and "already there" in p.stderr, p.stderr
        assert seva("backup", "--verify", file).returncode == 0
        empty = os.path.join(s.folder, "empty")
        os.mkdir(empty)
        restored(empty, file)
        assert seva("restore", "--data", os.path.join(s.folder, "n"), file + "none").returncode == 1
        assert seva("backup", "--data", s.data).returncode == 2


def options_that_would_not_be_followed_are_refused():
    """Else whoever asks for a moment gets another one."""
    with Seva() as s:
        file, new = os.path.join(s.folder, "backup"), os.path.join(s.folder, "new")
        assert seva("backup", "--data", s.data, file).returncode == 0
        for more, words in ((["--at", "2025-01-01T00:00:00Z"], "--at needs --from-ship"), (["--from-ship", s.folder], "not both")):
            p = seva("restore", "--data", new, file, *more)
            assert p.returncode == 2 and words in p.stderr and not os.path.exists(new), p
        p = seva("restore", "--data", new, "--from-ship", s.folder, "--encrypt-key-file", file)
        assert p.returncode == 2 and "not encrypted" in p.stderr, p
        os.symlink(s.data, os.path.join(s.folder, "link"))
        for command in ("backup", "export"):
            for place in (s.data, os.path.join(s.folder, "link", "new", "folder"), os.path.join(s.data, "blobs")):
                p = seva(command, "--data", s.data, os.path.join(place, "saved"))
                assert p.returncode == 1 and "elsewhere" in p.stderr and not os.path.exists(os.path.join(place, "saved")), p
        p = seva("export", "--data", s.data, new, "--contact", "Asha")
        assert p.returncode == 2 and '--contact must be an id' in p.stderr, p
        p = seva("backup", "--verify", s.folder)
        assert p.returncode == 1 and p.stderr.count(s.folder) == 1 and "Is a directory" in p.stderr, p


def a_killed_backup_leaves_no_file_under_its_name_and_does_not_stop_the_next():
    with Seva() as s:
        s.start()
        assert post(s, "first") and until(lambda: s.items("/conversations"))
        for n in range(4):
            note_with(s, os.urandom(900_000), f"p{n}")
        killed = 0
        for n in range(24):
            file = os.path.join(s.folder, f"b{n}")
            p = subprocess.Popen([BIN, "backup", "--data", s.data, file, "--encrypt-key-file", key_file(s)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(n * 0.02)
            p.send_signal(signal.SIGKILL)
            p.wait()
            if os.path.exists(file):
                assert seva("backup", "--verify", file, "--encrypt-key-file", key_file(s)).returncode == 0
            else:
                killed += 1
        assert killed > 2, killed
        file = os.path.join(s.folder, f"b{0}")
        if not os.path.exists(file):
            p = seva("backup", "--data", s.data, file)
            assert p.returncode == 0, p.stderr
        assert not os.path.exists(os.path.join(s.data, "backup.copy"))
        assert post(s, "later"), "the server has not noticed"


def an_attachment_that_is_gone_or_damaged_is_told_and_stops_nothing():
    with Seva() as s:
        s.start()
        assert post(s, "first") and until(lambda: s.items("/conversations"))
        for n in range(3):
            note_with(s, os.urandom(5000 + n), f"p{n}")
        paths = sorted(os.path.join(s.data, p) for p in blobs(s.data))
        os.unlink(paths[0])
        with open(paths[1], "r+b") as f:
            f.write(b"other")
        file, new = os.path.join(s.folder, "b"), os.path.join(s.folder, "new")
        p = seva("backup", "--data", s.data, file)
        assert p.returncode == 0 and "1 attachments were not" in p.stdout and "1 attachments were damaged" in p.stdout, p
        assert os.path.basename(paths[0]) in p.stderr and os.path.basename(paths[1]) in p.stderr, p.stderr
        said = restored(new, file).stdout
        assert "1 attachments were not" in said and "1 attachments were damaged" in said, said
        assert len(blobs(new)) == 2
        rewritten(file, lambda content: content, without="missing")
        p = seva("restore", "--data", new + "2", file)
        assert p.returncode == 1 and "1 attachments that the database refers to are not in the backup" in p.stderr, p.stderr
        assert not os.path.exists(new + "2")


def a_backup_goes_through_a_pipe():
    with Seva() as s:
        new = os.path.join(s.folder, "new")
        p = seva("backup", "--data", s.data, "-", text=False)
        assert p.returncode == 0 and b"standard output" in p.stderr, p.stderr
        assert seva("backup", "--verify", "-", stdin=p.stdout, text=False).returncode == 0
        back = seva("restore", "--data", new, "-", stdin=p.stdout, text=False)
        assert back.returncode == 0, back.stderr
        assert rows(new, "SELECT count(*) FROM account") == [(1,)]


def a_full_disk_is_said_and_leaves_nothing():
    with Seva() as s, tempfile.TemporaryDirectory(prefix="seva-disk-") as small:
        p = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", small], capture_output=True, text=True)
        if p.returncode:
            return f"skip: this machine does not let us mount a small disk ({p.stderr.strip()})"
        try:
            file = os.path.join(s.folder, "b")
            assert seva("backup", "--data", s.data, file).returncode == 0
            for command in (["backup", "--data", s.data, os.path.join(small, "b")], ["restore", "--data", os.path.join(small, "new"), file]):
                p = seva(*command)
                assert p.returncode == 1 and "No space left" in p.stderr, p.stderr
                assert os.listdir(small) == [], os.listdir(small)
        finally:
            subprocess.run(["umount", "-l", small], check=False)


def postgresql_is_told_its_own_way():
    with Seva() as s:
        p = seva("backup", "--db", "postgresql://seva@db/seva", "--data", s.data, os.path.join(s.folder, "b"))
        assert p.returncode == 1 and "pg_basebackup" in p.stderr and "docs/operations.md" in p.stderr, p.stderr


def sql(server, text):
    p = subprocess.run([server.bin + "/psql", "-qAt", "-h", server.folder, "-p", str(server.port), "-U", "postgres", "seva", "-c", text],
                       capture_output=True, text=True)
    return p.stdout.strip() if p.returncode == 0 else None


def documented():
    """What docs/operations.md, "Backing up PostgreSQL", says to do, as it stands there: the indented blocks and what is in backticks."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/operations.md"), encoding="utf-8") as f:
        section = f.read().split("\n## Backing up PostgreSQL\n")[1].split("\n## ")[0]
    blocks = ["\n".join(line.strip() for line in block.strip().split("\n")) + "\n" for block in re.findall(r"(?:^ {8}\S.*\n)+", section, re.M)]
    return blocks, re.findall(r"`([^`]+)`", section)


def postgresql_comes_back_to_a_moment_by_base_backup_and_archive():
    """The steps of the operator's manual word by word; only its folders and its moment are those of the test."""
    if not os.path.exists(pg.binaries() + "/pg_basebackup"):
        return "skip: pg_basebackup is not installed"
    (archiving, base_backup, recovery), said = documented()
    server = pg.Server(archiving.replace("/archive", "{folder}/archive"))
    data, backups = server.folder + "/data", server.folder + "/backups"
    try:
        server.run("mkdir", "archive", "backups")
        url = server.start()
        with Seva(db=url) as s:
            def shell(command, cwd=server.folder, who=server.run):
                for place, here in (("/run/postgresql", server.folder), ("/mnt/shared/blobs", s.data + "/blobs"), ("/backups", backups), ("/archive", server.folder + "/archive")):
                    command = command.replace(place, here)
                who("sh", "-ec", f"cd {cwd}; export PGPORT={server.port}; {command}")

            def as_operator(*command):
                subprocess.run(command, check=True)

            s.start()
            assert post(s, "before") and until(lambda: "before" in texts(s))
            shell(base_backup)
            assert post(s, "since") and until(lambda: "since" in texts(s))
            note_with(s, b"a file since" * 1000, "since.txt")
            assert until(lambda: s.metric("seva_inbox_waiting") == 0)
            shell(next(c for c in said if c.startswith("cp -an ")), who=as_operator)
            moment = sql(server, "SELECT clock_timestamp()")
            assert post(s, "mistake") and until(lambda: "mistake" in texts(s))
            segment = sql(server, "SELECT pg_walfile_name(pg_switch_wal())")
            assert until(lambda: os.path.exists(f"{server.folder}/archive/{segment}")), "the log is archived"
            s.stop()
            server.stop(True)
            base, = [n for n in os.listdir(backups) if n.startswith("base-")]
            shutil.rmtree(data)
            os.rename(backups + "/" + base, data)
            with open(data + "/postgresql.auto.conf", "a", encoding="ascii") as f:
                f.write(recovery.replace("/archive", server.folder + "/archive").replace("2026-11-29 02:10:00+00", moment))
            assert moment in open(data + "/postgresql.auto.conf", encoding="ascii").read()
            shell(next(c for c in said if c.startswith("touch ")), cwd=data)
            server.process = subprocess.Popen([server.bin + "/postgres", "-D", data], preexec_fn=server.demote, stdin=subprocess.DEVNULL,
                                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert until(lambda: sql(server, next(c for c in said if c.startswith("SELECT "))) == "f"), "it has played the log and serves"
            copy = os.path.join(s.folder, "copy")
            os.makedirs(copy, mode=0o700)
            shutil.copytree(backups + "/blobs", copy + "/blobs")
            shutil.copy(os.path.join(s.data, "keys"), copy + "/keys")
            with Seva(init=False, data=copy, db=url) as r:
                r.made = s.made
                r.start()
                there = texts(r)
                assert "before" in there and "since" in there and "mistake" not in there, there
                file = next(a for c in r.items("/conversations") for m in r.items(f"/conversations/{c['id']}/messages") for a in m["attachments"])
                assert r.api("GET", f"/attachments/{file['id']}").body == b"a file since" * 1000
                assert post(r, "after") and until(lambda: "after" in texts(r))
    finally:
        server.stop(False)


if __name__ == "__main__":
    run([a_backup_beside_a_running_server_holds_what_was_acknowledged_before, an_encrypted_backup_of_a_stopped_server_comes_back_with_its_keys,
         the_key_file_is_left_out_unless_asked_for, what_is_cut_or_altered_is_refused_and_leaves_nothing,
         a_database_of_a_newer_version_and_a_damaged_one_are_refused, a_folder_with_something_in_it_and_a_file_that_is_there_are_kept, options_that_would_not_be_followed_are_refused,
         a_killed_backup_leaves_no_file_under_its_name_and_does_not_stop_the_next, an_attachment_that_is_gone_or_damaged_is_told_and_stops_nothing,
         a_backup_goes_through_a_pipe, a_full_disk_is_said_and_leaves_nothing, postgresql_is_told_its_own_way,
         postgresql_comes_back_to_a_moment_by_base_backup_and_archive])
