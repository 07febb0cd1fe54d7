"""`seva export` as an operator meets it: an account or a contact in open formats, whole or not there at all, on both databases."""

import fcntl
import functools
import hashlib
import json
import os
import pty
import signal
import subprocess
import tarfile
import threading
import time

from seva import BIN, GONE, Seva, fresh_postgres, request, run, until
from test_backup import note_with, upload
from test_history import generated, imported, written
from test_media import leases_run_out

LOOK_S = 0.005  # between two looks at how much memory there is
PASSED_ON = ["channel", "id", "thread", "direction", "from", "to", "at", "text", "reply_to", "agent", "visibility", "state"]


def command(s, target, *more):
    return [BIN, "export", target, "--data", s.data, *s.db, *more]


def exported(s, target, *more, **options):
    return subprocess.run(command(s, target, *more), capture_output=True, timeout=300, **options)


def target_of(s, name="out"):
    return os.path.join(s.folder, name)


def lines(folder, name):
    with open(os.path.join(folder, name + ".jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def checked(folder):
    """The manifest, after all that it says of the lists and that files.jsonl says of the files has been looked at."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    there = {os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names}
    said = {"manifest.json"}
    for entry in manifest["lists"] + [f for f in lines(folder, "files") if "is_missing" not in f]:
        path = os.path.join(folder, entry["path"])
        with open(path, "rb") as f:
            content = f.read()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"]), entry
        assert "lines" not in entry or content.count(b"\n") == entry["lines"], entry
        assert os.stat(path).st_mode & 0o077 == 0, entry
        said.add(entry["path"])
    assert there == said, there ^ said
    return manifest


def everything(folder):
    return b"".join(open(os.path.join(at, name), "rb").read() for at, _, names in os.walk(folder) for name in names)


def passed_on(folder):
    return sorted((json.dumps({k: m.get(k) for k in PASSED_ON}, sort_keys=True) for m in lines(folder, "messages")))


def audited(s, action):
    return [row for row in s.items("/audit") if row["action"] == action]


def both(test):
    test(None)
    if "SEVA_TEST_PG" in os.environ:
        test(fresh_postgres())


def messages_go_round(db):
    past, good, _ = generated(4000, broken=False)
    with Seva(db=db) as s, Seva(db=fresh_postgres() if db else None) as other:
        assert imported(s, written(s, past)).returncode == 0
        first, second = target_of(s), target_of(other)
        p = exported(s, first)
        assert p.returncode == 0 and b" lines in 29 lists and 0 files" in p.stdout, p
        manifest = checked(first)
        assert (manifest["format"], manifest["version"], "contact_id" in manifest) == ("seva-export", 1, False), manifest
        found = {m["id"]: m for m in lines(first, "messages")}
        assert found.keys() == good.keys()
        for id, m in good.items():
            assert (found[id]["text"], found[id]["at"], found[id].get("reply_to")) == (m["text"], m["at"], m.get("reply_to")), m
        assert len(lines(first, "contacts")) == len(lines(first, "identities")) == 4000 // 9
        path = os.path.join(first, "messages.jsonl")
        p = imported(other, path)
        assert p.returncode == 0 and b"messages: 4000 added, 0 known" in p.stdout and not os.path.exists(path + ".rejected"), p
        assert exported(other, second).returncode == 0
        assert passed_on(first) == passed_on(second)
        assert imported(s, path).stdout.startswith(b"messages: 0 added, 4000 known"), "where they came from they are known"


def what_is_exported_comes_back_by_an_import():
    both(messages_go_round)


def busy(s):
    """A team at work: two people write, one is tagged and noted, files come and go."""
    s.start()
    assert s.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
    for who, text in (("amina", "আমার অর্ডারটি কোথায়?"), ("boris", "где <мой> заказ?")):
        assert s.hook({"id": "in-" + who, "contact": {"id": who, "name": who, "email": who + "@mail.example"}, "text": text}).status == 200
        until(lambda: any(c["contact"]["name"] == who for c in s.items("/conversations")))
    found = {c["contact"]["name"]: c for c in s.items("/conversations")}
    for who, c in found.items():
        seen = s.items(f"/conversations/{c['id']}/messages")[-1]["id"]
        sent = s.api("POST", f"/conversations/{c['id']}/messages", {"kind": "reply", "text": "to " + who, "client_id": "reply-" + who, "seen_message_id": seen})
        assert sent.status in (200, 201, 202), sent.body
        sent = s.api("POST", f"/conversations/{c['id']}/messages",
                     {"kind": "note", "text": "about " + who, "client_id": "note-" + who, "attachment_ids": [upload(s, b"file of " + who.encode(), who + ".txt")]})
        assert sent.status in (200, 201, 202), sent.body
    tagged = s.api("PUT", f"/conversations/{found['amina']['id']}/tags", {"tags": ["vip"]})
    assert tagged.status == 200, tagged.body
    assert s.api("POST", "/teams", {"name": "দল", "agent_ids": []}).status in (200, 201)
    hook = s.api("POST", "/webhooks", {"name": "hook", "url": "https://example.com/door-of-the-hook", "events": ["message.created"]})
    assert hook.status in (200, 201), hook.body
    return found, [s.made["token"], hook.json["secret"], "door-of-the-hook", *(c.get(k) for c in s.made["channels"] for k in ("secret", "source_key", "identity_secret") if c.get(k))]


def an_account(db):
    with Seva(db=db) as s:
        found, secrets = busy(s)
        out = target_of(s)
        p = exported(s, out)
        assert p.returncode == 0, p
        assert checked(out)["files"] == {"count": 2, "bytes": 26, "missing_count": 0, "missing": [], "damaged_count": 0, "damaged": []}
        assert sorted(c["name"] for c in lines(out, "contacts")) == ["amina", "boris"]
        assert sorted(n["text"] for n in lines(out, "notes")) == ["about amina", "about boris"]
        said = lines(out, "messages") + lines(out, "other_messages")
        assert sorted(m["text"] for m in said) == sorted(["আমার অর্ডারটি কোথায়?", "где <мой> заказ?", "to amina", "to boris"])
        assert {m["to"]["id"] for m in said if m["direction"] == "out"} == {"amina", "boris"}
        assert [(t["tag"], t["conversation_id"]) for t in lines(out, "conversation_tags")] == [("vip", found["amina"]["id"])]
        assert [t["name"] for t in lines(out, "teams")] == ["দল"] and len(lines(out, "agents")) == 1 and len(lines(out, "channels")) == 2
        for a in lines(out, "attachments"):
            with open(os.path.join(out, a["file"])) as f:
                assert f.read() == "file of " + a["name"].removesuffix(".txt"), a
        content = everything(out)
        for secret in secrets:
            assert secret.encode() not in content and hashlib.sha256(secret.encode()).hexdigest().encode() not in content, secret
        assert b"argon2" not in content and b"hash" not in content and b"sealed" not in content
        rows = audited(s, "account.exported")
        assert len(rows) == 1 and lines(out, "audit")[-1]["action"] == "account.exported", rows
        assert request(s.port, "GET", "/healthz").status == 200


def an_account_is_whole_and_without_secrets():
    both(an_account)


def a_contact(db):
    with Seva(db=db) as s:
        found, secrets = busy(s)
        id, out = found["amina"]["contact"]["id"], target_of(s)
        p = exported(s, out, "--contact", id)
        assert p.returncode == 0, p
        assert checked(out)["contact_id"] == id
        assert [c["id"] for c in lines(out, "contacts")] == [id] and [c["id"] for c in lines(out, "conversations")] == [found["amina"]["id"]]
        assert sorted(m["text"] for m in lines(out, "messages") + lines(out, "other_messages")) == sorted(["আমার অর্ডারটি কোথায়?", "to amina"])
        assert [n["text"] for n in lines(out, "notes")] == ["about amina"] and [a["name"] for a in lines(out, "attachments")] == ["amina.txt"]
        assert [t["tag"] for t in lines(out, "conversation_tags")] == ["vip"]
        content = everything(out)
        assert b"boris" not in content and b"file of amina" in content
        assert not any(os.path.exists(os.path.join(out, name + ".jsonl")) for name in ("account", "agents", "channels", "teams", "audit"))
        assert [row["subject"]["id"] if "subject" in row else row["subject_id"] for row in audited(s, "contact.exported")] == [id]
        for wrong, words in ((str(int(id) + 1), b"has no contact"), ("nobody", b"--contact must be an id")):
            p = exported(s, target_of(s, "none"), "--contact", wrong)
            assert p.returncode == (1 if wrong.isdigit() else 2) and words in p.stderr, p
        assert len(audited(s, "contact.exported")) == 1 and not [n for n in os.listdir(s.folder) if n.startswith("none")]


def a_contact_is_exported_and_nobody_else():
    both(a_contact)


def nothing(db):
    with Seva(db=db) as s:
        p = exported(s, target_of(s))
        assert p.returncode == 0, p
        checked(target_of(s))
        assert not lines(target_of(s), "messages") and not lines(target_of(s), "contacts") and len(lines(target_of(s), "account")) == 1
        p = exported(s, target_of(s, "x"), "--account", "77")
        assert p.returncode == 1 and b"no account 77" in p.stderr and not os.path.exists(target_of(s, "x")), p


def an_account_with_nothing_is_exported_by_a_stopped_server():
    both(nothing)


def killed(db):
    past, _, _ = generated(8000, broken=False)
    with Seva(db=db) as s:
        assert imported(s, written(s, past)).returncode == 0
        for name in ("out", "out.tar"):
            target, cut = target_of(s, name), 0
            for i in range(12):
                p = subprocess.Popen(command(s, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                until(lambda: os.path.exists(target + ".part") or p.poll() is not None, step=0.001)
                time.sleep(0.01 * i)
                p.send_signal(signal.SIGKILL)
                if p.wait() == 0:
                    break
                cut += 1
                assert not os.path.exists(target), "half of it stands under its name"
            assert cut > 0
            if not os.path.exists(target):
                assert os.path.exists(target + ".part")
                p = exported(s, target)
                assert p.returncode == 0, p
            assert not os.path.exists(target + ".part")
        checked(target_of(s))
        with tarfile.open(target_of(s, "out.tar")) as tar:
            tar.extractall(target_of(s, "unpacked"))
        checked(target_of(s, "unpacked/seva-export"))
        assert passed_on(target_of(s)) == passed_on(target_of(s, "unpacked/seva-export"))


def a_killed_export_leaves_nothing_under_its_name_and_the_next_one_goes_through():
    both(killed)


def files(db):
    with Seva(db=db) as s:
        s.start()
        assert s.hook({"id": "1", "contact": {"id": "a"}, "text": "hello"}).status == 200
        until(lambda: s.items("/conversations"))
        contents = [os.urandom(100_000 + n) for n in range(3)]
        for n, content in enumerate(contents):
            note_with(s, content, f"file{n}.bin")
        names = [hashlib.sha256(content).hexdigest() for content in contents]
        where = {name: os.path.join(at, name) for at, _, there in os.walk(os.path.join(s.data, "blobs")) for name in there}
        os.remove(where[names[0]])
        with open(where[names[1]], "r+b") as f:
            f.write(b"other bytes")
        for target, more in (("out", ()), ("one", ("--contact", s.items("/conversations")[0]["contact"]["id"]))):
            p = exported(s, target_of(s, target), *more)
            assert p.returncode == 3 and b"1 files are not in the folder of files" in p.stderr and b"1 files are damaged" in p.stderr, p
            found = checked(target_of(s, target))["files"]
            assert found["missing"] == [f"files/{names[0][:2]}/{names[0]}"] and found["damaged"] == [f"files/{names[1][:2]}/{names[1]}"], found
            assert found["count"] == 2


def a_file_that_is_gone_is_named_and_the_rest_goes_on():
    both(files)


def one_snapshot(db):
    with Seva(db=db) as s:
        past, _, _ = generated(4000, broken=False)
        assert imported(s, written(s, past)).returncode == 0
        s.start()
        ending = threading.Event()

        def sends():
            n = 0
            while not ending.is_set():
                s.hook({"id": f"live{n}", "contact": {"id": f"live{n}", "name": f"live{n}"}, "text": f"live{n}"})
                n += 1

        thread = threading.Thread(target=sends)
        thread.start()
        try:
            p = subprocess.run(command(s, "-"), capture_output=True, timeout=300)
        finally:
            ending.set()
            thread.join()
        assert p.returncode == 0 and b" lines in 29 lists" in p.stderr, p.stderr
        with open(target_of(s, "piped.tar"), "wb") as f:
            f.write(p.stdout)
        with tarfile.open(target_of(s, "piped.tar")) as tar:
            tar.extractall(target_of(s, "piped"))
        out = target_of(s, "piped/seva-export")
        checked(out)
        talks, people = {c["id"] for c in lines(out, "conversations")}, {c["id"] for c in lines(out, "contacts")}
        assert {m["conversation_id"] for m in lines(out, "messages")} == talks
        assert {c["contact_id"] for c in lines(out, "conversations")} == people


def standard_output_is_one_snapshot_beside_a_running_server():
    both(one_snapshot)


def what_is_there_is_not_written_over():
    with Seva() as s:
        for name in ("out", "out.tar"):
            with open(target_of(s, name), "w") as f:
                f.write("mine")
            p = exported(s, target_of(s, name))
            assert p.returncode == 1 and b"is already there" in p.stderr, p
            with open(target_of(s, name)) as f:
                assert f.read() == "mine"
        with open(target_of(s, "held.tar.part"), "w") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            p = exported(s, target_of(s, "held.tar"))
            assert p.returncode == 1 and b"another export is writing" in p.stderr, p
        p = exported(s, target_of(s, "no/where"))
        assert p.returncode == 0, "the folders above are made, as a restore makes them"
        s.start()
        assert not [r for r in s.items("/audit") if r["action"] == "account.exported"][1:], "what was refused was not exported"
        assert exported(s, "").returncode == 2 and subprocess.run([BIN, "export"], capture_output=True).returncode == 2


def a_terminal_sees_how_far_it_is_and_gets_no_tar():
    with Seva() as s:
        leader, follower = pty.openpty()
        p = subprocess.run(command(s, "-"), stdout=follower, stderr=subprocess.PIPE, timeout=60)
        assert p.returncode == 1 and b"is not for a terminal" in p.stderr, p
        p = subprocess.run(command(s, target_of(s)), stderr=follower, stdout=subprocess.DEVNULL, timeout=60)
        os.close(follower)
        assert p.returncode == 0 and b"\rexport: 0.0 MB" in os.read(leader, 4000), p
        os.close(leader)


def peak_kb(s, target):
    """The most memory of its own that it had; pages of the database that it has mapped are the system's."""
    p, most = subprocess.Popen(command(s, target), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0
    while p.poll() is None:
        try:
            with open(f"/proc/{p.pid}/status") as f:
                most = max([most, *(int(line.split()[1]) for line in f if line.startswith("RssAnon"))])
        except ProcessLookupError:
            pass
        time.sleep(LOOK_S)
    assert p.returncode == 0
    return most


def rss_anon_kb(s):
    with open(f"/proc/{s.process.pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))


@functools.cache
def peaks(n):
    """Of so many messages, imported once: the command's, and what the server's grows by."""
    past, _, _ = generated(n, broken=False)
    with Seva() as s:
        assert imported(s, written(s, past)).returncode == 0
        command_kb = peak_kb(s, target_of(s))
        s.start()
        before = most = rss_anon_kb(s)
        path = "/exports/" + s.api("POST", "/exports", {"what": "account"}).json["id"]
        while s.api("GET", path).json["state"] != "ready":
            most = max(most, rss_anon_kb(s))
            time.sleep(LOOK_S)
        return command_kb, most - before


def memory_does_not_grow_with_the_account():
    small, large = peaks(20000)[0], peaks(60000)[0]  # both fill the database's cache of 8 MiB
    assert large < small + 4096, (small, large)


def unpacked(s, answer, name):
    """The folder of an export that the server has made."""
    with open(target_of(s, name + ".tar"), "wb") as f:
        f.write(answer.body)
    with tarfile.open(target_of(s, name + ".tar")) as tar:
        tar.extractall(target_of(s, name))
    return target_of(s, name + "/seva-export")


def by_the_server(db):
    """The same account, by the command and by the server: the same lines; killed at each step of the making, it is made all the same."""
    past, _, _ = generated(3000, broken=False)
    with Seva(db=db) as s:
        assert imported(s, written(s, past)).returncode == 0
        assert exported(s, target_of(s)).returncode == 0
        for point in ("export.page:crash@1", "export.page:crash@20", "export.before_ready:crash@1"):
            s.env["SEVA_FAILPOINT"] = point
            s.start()
            try:
                made = s.api("POST", "/exports", {"what": "account"})
                assert made.status == 201, made.body
                path = "/exports/" + made.json["id"]
            except GONE:
                path = None  # the answer was lost with the process; the export was not
            until(lambda: s.process.poll() is not None)
            del s.env["SEVA_FAILPOINT"]
            s.start()
            path = path or "/exports/" + s.items("/exports")[0]["id"]
            if db:
                leases_run_out(db)
            until(lambda: s.api("GET", path).json["state"] == "ready")
            one = s.api("GET", path).json
            answer = s.api("GET", path + "/file")
            assert answer.status == 200 and len(answer.body) == one["bytes"], (answer.status, one)
            out = unpacked(s, answer, point.replace(":", "-"))
            checked(out)
            assert passed_on(out) == passed_on(target_of(s)), "the server's is the command's"
            where = [os.path.join(at, name) for at, _, names in os.walk(s.data) for name in names if "exports" in at]
            assert len(where) == 1 and os.stat(where[0]).st_mode & 0o077 == 0, where
            assert s.api("DELETE", path).status == 204
            until(lambda: not os.path.exists(where[0]))
            s.stop()


def the_server_makes_the_same_one_and_kills_do_not_stop_it():
    both(by_the_server)


def a_large_export_by_the_server_leaves_its_memory_flat():
    small, large = peaks(20000)[1], peaks(60000)[1]  # both fill the caches of the database
    assert large < small + 4096, (small, large)


if __name__ == "__main__":
    run([what_is_exported_comes_back_by_an_import, an_account_is_whole_and_without_secrets, a_contact_is_exported_and_nobody_else,
         an_account_with_nothing_is_exported_by_a_stopped_server, a_killed_export_leaves_nothing_under_its_name_and_the_next_one_goes_through,
         a_file_that_is_gone_is_named_and_the_rest_goes_on, standard_output_is_one_snapshot_beside_a_running_server, what_is_there_is_not_written_over,
         a_terminal_sees_how_far_it_is_and_gets_no_tar, memory_does_not_grow_with_the_account,
         the_server_makes_the_same_one_and_kills_do_not_stop_it, a_large_export_by_the_server_leaves_its_memory_flat])
