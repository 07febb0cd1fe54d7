"""`seva doctor`: what is wrong with database, files, work and secrets is found and said, what can be mended safely is mended,
beside a running server, on both databases; a damaged page or file breaks nothing else, and a backup brings all back."""

import hashlib
import json
import os
import sqlite3
import struct
import subprocess
import sys
import time

from seva import BIN, Peer, Seva, fresh_postgres, request, run, until

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_backup import note_with, post, restored, texts  # noqa: E402


def both(test):
    """On SQLite, and on PostgreSQL where there is one."""
    def on_each():
        test(None)
        if not os.environ.get("SEVA_TEST_PG"):
            return "skip: the part on PostgreSQL needs SEVA_TEST_PG"
        test(fresh_postgres())
    on_each.__name__ = test.__name__
    return on_each


def doctor(s, *more, code=None):
    p = subprocess.run([BIN, "doctor", "--data", s.data, "--json", *s.db, *more], capture_output=True, text=True, timeout=300)
    found = json.loads(p.stdout)
    assert code is None or p.returncode == code, (p.returncode, [c for c in found["checks"] if c["state"] != "ok"], p.stderr[-2000:])
    assert p.returncode == (1 if found["wrong"] else 0), (p.returncode, found)
    return found


def wrong(found, check=None):
    return [c["what"] for c in found["checks"] if c["state"] == "wrong" and check in (None, c["check"])]


class Rows:
    """Statements past Seva: on SQLite beside the server, on PostgreSQL as the role that owns the tables."""

    def __init__(self, s):
        self.s = s
        self.account = None
        self.account = self.ask("SELECT id FROM account")[0][0]

    def run(self, sql):
        if self.s.db:
            scope = f"SELECT set_config('seva.account', '{self.account}', false);" if self.account else ""
            p = subprocess.run(["psql", "-q", "-A", "-t", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", self.s.db[1], "-c", scope + sql],
                               capture_output=True, text=True)
            assert p.returncode == 0, p.stderr
            lines = [line.split("\x1f") for line in p.stdout.strip().split("\n") if line]
            return lines[1:] if scope else lines
        db = sqlite3.connect(os.path.join(self.s.data, "seva.db"), timeout=20)
        try:
            with db:
                return [[str(v) for v in r] for r in db.execute(sql).fetchall()]
        finally:
            db.close()

    ask = run


def blob_files(s):
    found = {}
    for folder, _, names in os.walk(os.path.join(s.data, "blobs")):
        for name in names:
            found[name] = os.path.join(folder, name)
    return found


def file_of(s, content):
    return blob_files(s)[hashlib.sha256(content).hexdigest()]


def attachments(s):
    found = {}
    for c in s.items("/conversations?status=open,pending,snoozed,resolved"):
        for m in s.items(f"/conversations/{c['id']}/messages"):
            for a in m["attachments"]:
                found[a["name"]] = a
    return found


def download(s, attachment):
    return s.api("GET", f"/attachments/{attachment['id']}")


def filled(db=None, more=()):
    s = Seva(db=db, more=more)
    s.start()
    for n in range(6):
        assert post(s, f"hello {n}")
    assert until(lambda: len(s.items("/conversations")) == 6)
    return s


@both
def a_sound_installation_is_well_beside_its_server_and_alone(db):
    with filled(db) as s:
        note_with(s, os.urandom(70_000), "a.bin")
        for c in s.items("/conversations")[:3]:
            assert s.api("PUT", f"/conversations/{c['id']}/tags", {"tags": ["vip", "late"]}).status == 200
        for more in ((), ("--deep",)):
            found = doctor(s, *more, code=0)
            assert {"pages", "version", "schema", "counters", "audit", "files", "leftovers", "secrets", "work", "clock", "keys", "server"} <= {
                c["check"] for c in found["checks"]}, found
            assert found["mendable"] == found["mended"] == 0
        assert s.stop() == 0
        doctor(s, "--deep", "--repair", code=0)
        p = subprocess.run([BIN, "doctor", "--data", s.data, *s.db], capture_output=True, text=True)
        assert p.returncode == 0 and "All is well." in p.stdout and "WRONG" not in p.stdout, p.stdout
        assert subprocess.run([BIN, "doctor", "something", "--data", s.data], capture_output=True).returncode == 2


@both
def numbers_that_are_not_true_are_named_and_mended_through_the_running_server(db):
    with filled(db) as s:
        rows = Rows(s)
        four = [c["id"] for c in s.items("/conversations")[:4]]
        assert s.api("GET", f"/conversations/{four[1]}").json["unread_count"] == 1
        rows.run(f"UPDATE conversation SET tag_count = 7 WHERE id = {four[0]}")
        rows.run(f"UPDATE conversation SET last_in_id = 0, last_in_ms = 0 WHERE id = {four[1]}")
        rows.run(f"UPDATE conversation SET recent_key = 1 WHERE id = {four[2]}")
        rows.run(f"UPDATE conversation SET in_count = 9 WHERE id = {four[3]}")
        assert s.api("GET", f"/conversations/{four[3]}").json["unread_count"] == 9
        rows.run("UPDATE account_counter SET value = 2 WHERE name = 'conversation'")
        rows.run("INSERT INTO conversation_cell (account_id, status, assignee_id, team_id, channel_id, priority, number)"
                 " SELECT id, 'open', 0, 0, 0, 'none', 5 FROM account")
        assert s.api("GET", "/views/counts").json["views"]["all"]["total"] == 11
        found = doctor(s, code=1)
        said = " ".join(wrong(found, "counters"))
        assert found["mendable"] == 6 and all(w in said for w in ("count of tags", "unread", "place in the lists", "numbers that are taken",
                                                                  "how many conversations views have")), said
        assert doctor(s, code=1)["mendable"] == 6, "only --repair mends"
        assert doctor(s, "--repair", code=0)["mended"] == 6
        assert s.api("GET", "/views/counts").json["views"]["all"]["total"] == 6
        doctor(s, code=0)
        assert all(s.api("GET", f"/conversations/{c}").json["unread_count"] == 1 for c in (four[1], four[3]))
        assert post(s, "one more 9") and until(lambda: len(s.items("/conversations")) == 7), "its number is a free one"


@both
def what_the_search_does_not_know_is_found_by_the_doctor_and_by_the_search_again(db):
    """A message and a contact that were stored past the index, as after an accident with it; and one that holds no word is none."""
    with filled(db) as s:
        rows = Rows(s)

        def copied(table, source, **other):
            ask = f"SELECT name FROM pragma_table_info('{table}')" if not db else (
                f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
            names = [n for (n,) in rows.ask(ask)]
            assert set(other) <= set(names), (other, names)
            rows.run(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(str(other.get(n, n)) for n in names)} FROM {table} WHERE id = {source}")

        message = s.items(f"/conversations/{s.items('/conversations')[0]['id']}/messages")[0]["id"]
        contact = s.items("/contacts")[0]["id"]
        copied("message", message, id=int(message) - 1, kind="'note'", text="'an unfindable parcel'", external_id="'past 1'")
        copied("message", message, id=int(message) - 2, kind="'note'", text="'...'", external_id="'past 2'")
        copied("contact", contact, id=int(contact) - 1, name="'Unfindable Person'")
        assert not s.api("GET", "/search?q=unfindable").json["items"]
        doctor(s, code=0)
        found = doctor(s, "--deep", code=1)
        assert found["mendable"] == 2 and all(w.startswith("1 ") and "search" in w for w in wrong(found, "search")), wrong(found)
        assert doctor(s, "--deep", "--repair", code=0)["mended"] == 2
        assert until(lambda: len(s.api("GET", "/search?q=unfindable").json["items"]) == 2), s.api("GET", "/search?q=unfindable").body
        doctor(s, "--deep", code=0)


@both
def a_lost_file_is_shown_as_lost_and_comes_back_when_somebody_brings_it(db):
    with filled(db) as s:
        kept, gone = os.urandom(80_000), os.urandom(90_000)
        note_with(s, kept, "kept.bin")
        note_with(s, gone, "gone.bin")
        path = file_of(s, gone)
        os.rename(path, path + ".away")
        assert download(s, attachments(s)["gone.bin"]).status == 404
        found = doctor(s, code=1)
        assert found["mendable"] == 1 and path in wrong(found, "files")[0] and "backup" in wrong(found, "files")[0], found
        assert attachments(s)["gone.bin"]["state"] == "ready", "only --repair changes something"
        doctor(s, "--repair", code=0)
        shown = attachments(s)["gone.bin"]
        assert (shown["state"], shown["error"], shown["url"]) == ("failed", "lost", None), shown
        answer = download(s, shown)
        assert answer.status == 404 and "lost" in answer.json["error"]["message"], answer.body
        assert s.api("POST", f"/attachments/{shown['id']}/retry").status == 409, "nobody has it"
        assert download(s, attachments(s)["kept.bin"]).body == kept
        assert [c for c in doctor(s, code=0)["checks"] if c["state"] == "note" and "lost" in c["what"]], "it stays known"
        os.rename(path + ".away", path)
        doctor(s, "--repair", code=0)
        assert attachments(s)["gone.bin"]["state"] == "ready" and download(s, attachments(s)["gone.bin"]).body == gone


@both
def a_lost_file_that_somebody_else_has_is_fetched_again(db):
    content = os.urandom(60_000)
    peer = Peer()
    handler = peer.server.RequestHandlerClass

    def do_get(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    handler.do_GET = do_get
    try:
        with filled(db, ["--egress-allow", "media=127.0.0.0/8"]) as s:
            assert post(s, "with a file 1", attachments=[{"url": peer.url("/photo.bin"), "name": "photo.bin"}])
            assert until(lambda: attachments(s).get("photo.bin", {}).get("state") == "ready")
            os.unlink(file_of(s, content))
            found = doctor(s, code=1)
            assert "fetched again" in wrong(found, "files")[0], found
            doctor(s, "--repair", code=0)
            assert until(lambda: attachments(s)["photo.bin"]["state"] == "ready")
            assert download(s, attachments(s)["photo.bin"]).body == content
            doctor(s, "--deep", code=0)
    finally:
        peer.close()


@both
def a_damaged_file_is_not_handed_out_and_breaks_nothing_else(db):
    with filled(db) as s:
        kept, short, flipped = os.urandom(80_000), os.urandom(90_000), os.urandom(100_000)
        for content, name in ((kept, "kept.bin"), (short, "short.bin"), (flipped, "flipped.bin")):
            note_with(s, content, name)
        os.truncate(file_of(s, short), 50_000)
        at = file_of(s, flipped)
        with open(at, "r+b") as f:
            f.seek(70_000)
            f.write(bytes([flipped[70_000] ^ 0x40]))
        answer = download(s, attachments(s)["short.bin"])
        assert answer.status == 404 and "damaged" in answer.json["error"]["message"], (answer.status, answer.body[:200])
        assert len(wrong(doctor(s, code=1), "files")) == 1, "a length is seen at once"
        found = wrong(doctor(s, "--deep", code=1), "files")
        assert len(found) == 2 and any(at in w and "bytes" in w for w in found), found
        doctor(s, "--deep", "--repair", code=0)
        assert {n: a["state"] for n, a in attachments(s).items()} == {"kept.bin": "ready", "short.bin": "failed", "flipped.bin": "failed"}
        assert os.path.exists(at + ".damaged") and not os.path.exists(at), "nobody is handed wrong bytes, and nothing is thrown away"
        assert download(s, attachments(s)["kept.bin"]).body == kept
        with open(at, "wb") as f:
            f.write(flipped)
        doctor(s, "--deep", "--repair", code=0)
        assert download(s, attachments(s)["flipped.bin"]).body == flipped


@both
def what_interrupted_writers_left_is_removed_and_nobodys_file_gets_its_row(db):
    with filled(db) as s:
        account = Rows(s).account
        note_with(s, os.urandom(1000), "a.bin")
        folder = os.path.join(s.data, "blobs", str(account))
        nobodys = os.urandom(2000)
        name = hashlib.sha256(nobodys).hexdigest()
        made = {os.path.join(folder, "parts", "4711"): b"half", os.path.join(folder, "parts", "4712.webp"): b"half", os.path.join(folder, "exports", "4713.tar"): b"whose",
                os.path.join(s.data, "keys.0123456789abcdef.tmp"): b"x", os.path.join(folder, name[:2], name): nobodys}
        for path, content in made.items():
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content)
        doctor(s, code=0)
        for path in made:
            os.utime(path, (time.time() - 3 * 86400,) * 2)
        upload = s.api("POST", "/uploads", {"name": "going on", "size": 100}).json["id"]
        assert s.api("PUT", f"/uploads/{upload}?offset=0", b"x" * 50, {"Content-Type": "application/octet-stream"}).status == 200
        going = os.path.join(folder, "parts", upload)
        os.utime(going, (time.time() - 3 * 86400,) * 2)
        export = s.api("POST", "/exports", {"what": "account"}).json["id"]
        until(lambda: s.api("GET", "/exports/" + export).json["state"] == "ready")
        kept = os.path.join(folder, "exports", export + ".tar")
        os.utime(kept, (time.time() - 3 * 86400,) * 2)
        found = doctor(s, code=1)
        assert found["mendable"] == 5, wrong(found)
        doctor(s, "--repair", code=0)
        assert [os.path.exists(p) for p in made] == [False, False, False, False, True], "nobody's file is left to the sweep"
        assert os.path.exists(going) and os.path.exists(kept), "an upload on its way is none of it, nor is an export"
        assert Rows(s).ask(f"SELECT size FROM blob WHERE name = '{name}'") == [["2000"]]
        doctor(s, code=0)


@both
def a_schema_that_somebody_changed_is_found_and_mended(db):
    with filled(db) as s:
        rows = Rows(s)
        assert s.stop() == 0
        rows.run("DROP INDEX message_timeline")
        if s.db:
            rows.run("ALTER TABLE tag DISABLE ROW LEVEL SECURITY")
        found = doctor(s, code=1)
        said = " ".join(wrong(found, "schema"))
        assert "message_timeline" in said and ("row-level security" in said) == bool(s.db), said
        doctor(s, "--repair", code=0)
        doctor(s, "--deep", code=0)
        s.start()
        assert len(texts(s)) == 6
        assert s.stop() == 0
        rows.run("DROP TABLE saved_view")
        found = doctor(s, "--repair", code=1)
        assert "saved_view" in " ".join(wrong(found, "schema")) and found["mended"] == 0, found


@both
def work_that_lies_about_secrets_and_a_changed_audit_are_said(db):
    with filled(db) as s:
        rows = Rows(s)
        assert s.stop() == 0
        now = int(time.time() * 1000)
        job = "INSERT INTO job (id, account_id, kind, key, state, run_ms, created_ms, channel_id, lease_ms) VALUES "
        rows.run(job + f"(1, {rows.account}, 'send', 'a', 'dead', 1, 1, 0, NULL), (2, {rows.account}, 'send', 'b', 'running', 1, 1, 0, {now - 3600000}),"
                 f" (3, {rows.account}, 'send', 'c', 'parked', 1, 1, 99, NULL)")
        rows.run("INSERT INTO audit (id, account_id, at_ms, actor_kind, actor_name, action, subject_type, detail, ip, chain_no, hash) VALUES "
                 f"(1, {rows.account}, 1, 'system', '', 'x', 'x', '', '', 1, 'not its hash')")
        rows.run(f"UPDATE conversation SET last_message_id = {(now + 3600_000 ) << 21} WHERE id = (SELECT MAX(id) FROM conversation)")
        found = doctor(s, code=1)
        notes = " ".join(c["what"] for c in found["checks"] if c["state"] == "note")
        assert "1 jobs were given up" in notes and "1 jobs were in hand" in notes, notes
        assert "1 jobs wait for a channel" in wrong(found, "work")[0] and "does not fit" in wrong(found, "audit")[0], found
        assert "ahead of the clock" in " ".join(wrong(found, "clock")), found
        keys = os.path.join(s.data, "keys")
        with open(keys) as f:
            before = f.read()
        with open(keys, "w") as f:
            f.write(before.split(":")[0] + ":" + "A" * 43 + "=\n")
        found = doctor(s, "--repair", code=1)
        assert len(wrong(found, "secrets")) == 2, "one for each channel"
        assert all("does not open" in w for w in wrong(found, "secrets")), found
        with open(keys, "w") as f:
            f.write(before)
        assert wrong(doctor(s, code=1), "secrets") == []
        assert wrong(doctor(s), "work") == [], "the parked job goes on"
        os.chmod(keys, 0o644)
        assert "chmod 600" in json.dumps(doctor(s, code=1))


def pages_of(path, table):
    """The numbers of a table's pages, its root first, by walking its B-tree."""
    db = sqlite3.connect(path)
    (root,), = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
    db.close()
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack(">H", data[16:18])[0]
    found, waiting = [], [root]
    while waiting:
        page = waiting.pop(0)
        found.append(page)
        at = (page - 1) * size
        if data[at] == 5:
            cells = struct.unpack(">H", data[at + 3:at + 5])[0]
            pointers = struct.unpack(f">{cells}H", data[at + 12:at + 12 + 2 * cells])
            waiting += [struct.unpack(">I", data[at + p:at + p + 4])[0] for p in pointers]
            waiting.append(struct.unpack(">I", data[at + 8:at + 12])[0])
    return found, size


def damage(path, page, size):
    with open(path, "r+b") as f:
        f.seek((page - 1) * size)
        before = f.read(size)
        f.seek((page - 1) * size)
        f.write(bytes(b ^ 0xA5 for b in before))


def a_damaged_page_is_said_clearly_breaks_nothing_else_and_a_backup_brings_it_back():
    with filled() as s:
        for n in range(300):
            assert s.hook({"id": f"long{n}", "contact": {"id": "c0"}, "text": f"{n} " + "long " * 60}).status == 200
        assert until(lambda: s.metric("seva_inbox_waiting") == 0)
        before = sorted(texts(s))
        file = os.path.join(s.folder, "backup")
        p = subprocess.run([BIN, "backup", "--data", s.data, file, "--with-keys"], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        assert s.stop() == 0
        path = os.path.join(s.data, "seva.db")
        pages, size = pages_of(path, "message")
        assert len(pages) > 10, pages
        damage(path, pages[len(pages) // 2], size)
        s.start()
        failed = [r for r in (s.api("GET", f"/conversations/{c['id']}/messages?limit=200") for c in s.items("/conversations")) if r.status != 200]
        assert failed and all(r.status == 500 and "seva doctor" in r.json["error"]["message"] for r in failed), [(r.status, r.body) for r in failed]
        assert len(failed) == 1, "the other conversations are read as before"
        assert request(s.port, "GET", "/healthz").status == 200
        ready = request(s.port, "GET", "/readyz")
        assert ready.status == 200 and b"damaged" in ready.body, ready.body
        assert s.metric("seva_db_damaged_total") >= 1
        assert "a part of the database is damaged" in s.log_tail(200_000)
        assert post(s, "after the damage 7")
        assert until(lambda: "after the damage 7" in [c["preview"] for c in s.items("/conversations")]), "what does not touch the page goes on"
        for more in ((), ("--repair",), ("--deep", "--repair")):
            found = doctor(s, *more, code=1)
            pages_said = [c for c in found["checks"] if c["check"] == "pages" and c["state"] == "wrong"]
            assert pages_said and "backup" in pages_said[0]["advice"] and found["mended"] == 0, found
        assert s.process.poll() is None, "it lives"
        again = subprocess.run([BIN, "backup", "--data", s.data, file + "2", "--with-keys"], capture_output=True, text=True)
        assert again.returncode == 1 and "damaged" in again.stderr, again.stderr
        assert s.stop() == 0
        new = os.path.join(s.folder, "new")
        restored(new, file)
        with Seva(init=False, data=new) as r:
            r.made = s.made
            r.start()
            assert sorted(texts(r)) == before
            doctor(r, "--deep", code=0)


def a_damaged_head_stops_the_start_in_words():
    with filled() as s:
        assert s.stop() == 0
        path = os.path.join(s.data, "seva.db")
        damage(path, 1, 4096)
        for command in ("serve", "migrate"):
            p = subprocess.run([BIN, command, "--data", s.data, "--listen", "127.0.0.1:0"], capture_output=True, text=True)
            assert p.returncode == 1 and "is damaged" in p.stderr and "seva restore" in p.stderr, p.stderr
        found = doctor(s, "--repair", code=1)
        assert "cannot be read" in wrong(found, "database")[0], found


def an_index_that_does_not_fit_its_table_is_made_anew():
    with filled() as s:
        rows = Rows(s)
        assert s.api("POST", "/tags", {"name": "vip"}).status in (200, 201)
        assert s.stop() == 0
        path = os.path.join(s.data, "seva.db")
        db = sqlite3.connect(path)
        row, = db.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'tag_name'")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_schema WHERE name = 'tag_name'")
        db.commit()
        db.close()
        rows.run(f"INSERT INTO tag (id, account_id, name, name_fold) VALUES (5, {rows.account}, 'Late', 'late')")
        db = sqlite3.connect(path)
        db.execute("PRAGMA writable_schema = ON")
        db.execute("INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)", row)
        db.commit()
        db.close()
        assert "tag_name" in " ".join(wrong(doctor(s, "--deep", code=1), "pages"))
        s.start()
        found = doctor(s, "--deep", "--repair", code=1)
        assert "stop the server" in json.dumps(found), "not beside a server that writes"
        assert s.stop() == 0
        assert doctor(s, "--deep", "--repair", code=0)["mended"] == 1
        doctor(s, "--deep", code=0)


def postgres(test):
    def on_it():
        if not os.environ.get("SEVA_TEST_PG"):
            return "skip: needs SEVA_TEST_PG"
        return test(fresh_postgres())
    on_it.__name__ = test.__name__
    return on_it


def superuser(db, sql):
    """Statements of the one who runs the database; None: it does not let us."""
    p = subprocess.run(["psql", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", db.replace("://seva@", "://postgres@"), "-c", sql], capture_output=True, text=True)
    return p.stdout.strip() if p.returncode == 0 else None


def notes(found, check):
    return " ".join(c["what"] + ": " + c["advice"] for c in found["checks"] if c["state"] == "note" and c["check"] == check)


@postgres
def an_index_on_postgresql_that_lacks_a_row_is_found_by_amcheck_and_made_anew_beside_the_server(db):
    if superuser(db, "CREATE EXTENSION amcheck") is None:
        return "skip: the extension amcheck cannot be made here (postgresql-contrib and a superuser are needed)"
    with filled(db) as s:
        superuser(db, "REVOKE EXECUTE ON FUNCTION bt_index_check(regclass, boolean) FROM PUBLIC")
        assert "GRANT EXECUTE" in notes(doctor(s, "--deep", code=0), "pages"), "it says what it needs"
        assert superuser(db, "GRANT EXECUTE ON FUNCTION bt_index_check(regclass, boolean) TO seva") is not None
        assert notes(doctor(s, "--deep", code=0), "pages") == ""
        # A row that the index does not hear of, as after a fault of the disk.
        assert superuser(db, "UPDATE pg_index SET indisready = false, indislive = false WHERE indexrelid = 'tag_name'::regclass") is not None
        Rows(s).run(f"INSERT INTO tag (id, account_id, name, name_fold) VALUES (5, {Rows(s).account}, 'Late', 'late')")
        assert superuser(db, "UPDATE pg_index SET indisready = true, indislive = true WHERE indexrelid = 'tag_name'::regclass") is not None
        assert wrong(doctor(s, code=0), "pages") == [], "only --deep reads the indexes"
        found = doctor(s, "--deep", code=1)
        assert len(wrong(found, "pages")) == found["mendable"] == 1 and "tag_name" in wrong(found, "pages")[0], found
        assert doctor(s, "--deep", "--repair", code=0)["mended"] == 1
        doctor(s, "--deep", code=0)
        assert s.process.poll() is None and "late" in superuser(db, "SET enable_seqscan = off; SELECT name_fold FROM tag WHERE name_fold = 'late'")


@postgres
def an_invalid_index_on_postgresql_is_made_anew_beside_the_server_and_alone(db):
    """As a CREATE INDEX CONCURRENTLY that was cut off leaves it: kept, but used by no query."""
    with filled(db) as s:
        for is_alone in (False, True):
            if superuser(db, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'message_timeline'::regclass") is None:
                return "skip: needs a superuser of the database"
            if is_alone:
                assert s.stop() == 0
            found = doctor(s, code=1)
            assert wrong(found, "schema") == ["the index message_timeline is invalid"] and found["mendable"] == 1, found
            assert superuser(db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'message_timeline'::regclass") == "f", "only --repair mends"
            assert doctor(s, "--repair", code=0)["mended"] == 1
            assert superuser(db, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'message_timeline'::regclass") == "t"
            doctor(s, code=0)
        s.start()
        assert len(texts(s)) == 6


if __name__ == "__main__":
    run([a_sound_installation_is_well_beside_its_server_and_alone,
         numbers_that_are_not_true_are_named_and_mended_through_the_running_server, what_the_search_does_not_know_is_found_by_the_doctor_and_by_the_search_again,
         a_lost_file_is_shown_as_lost_and_comes_back_when_somebody_brings_it, a_lost_file_that_somebody_else_has_is_fetched_again,
         a_damaged_file_is_not_handed_out_and_breaks_nothing_else,
         what_interrupted_writers_left_is_removed_and_nobodys_file_gets_its_row, a_schema_that_somebody_changed_is_found_and_mended,
         work_that_lies_about_secrets_and_a_changed_audit_are_said,
         a_damaged_page_is_said_clearly_breaks_nothing_else_and_a_backup_brings_it_back, a_damaged_head_stops_the_start_in_words,
         an_index_that_does_not_fit_its_table_is_made_anew,
         an_index_on_postgresql_that_lacks_a_row_is_found_by_amcheck_and_made_anew_beside_the_server,
         an_invalid_index_on_postgresql_is_made_anew_beside_the_server_and_alone])
