"""Attachments in a store that speaks S3, with the real binary on both databases: what was acknowledged is in the store and comes
back from it; a store that is away stops nobody else, loses nothing and is taken up again; kills with -9 between; doctor, backup,
restore and export; whose store it is; keys that nobody reads."""

import contextlib
import hashlib
import http.client
import http.server
import io
import json
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
import time

from seva import BIN, GONE, Seva, fresh_postgres, run, until
from store import EGRESS, Store

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_backup import note_with, post, texts  # noqa: E402
from test_doctor import both, download, wrong  # noqa: E402
from test_mail_in import Mailbox, mail_of  # noqa: E402
from test_media import leases_run_out  # noqa: E402

STORE = Store()


def sum_of(content):
    return hashlib.sha256(content).hexdigest()


def noise(n, size=200_000):
    return random.Random(n).randbytes(size)


def desk(db=None, prefix="desk", more=(), **options):
    return Seva(db=db, more=[*STORE.options(prefix), *more], env=STORE.env, **options)


def seva(s, *args, prefix="desk", env=None, more=()):
    """A command with the same options; `prefix` None = without a store."""
    where = STORE.options(prefix) if prefix else []
    return subprocess.run([BIN, *args, *where, *more], capture_output=True, text=True, timeout=300, env={**os.environ, **STORE.env, **(env or {})})


def empty_cache(s):
    """All of it but uploads on their way."""
    top = os.path.join(s.data, "blob-cache")
    for account in os.listdir(top):
        for sub in os.listdir(os.path.join(top, account)) if os.path.isdir(os.path.join(top, account)) else []:
            if sub != "parts":
                shutil.rmtree(os.path.join(top, account, sub), ignore_errors=True)


def begin(s, content, name="a.bin"):
    made = s.api("POST", "/uploads", {"name": name, "size": len(content)})
    assert made.status in (200, 201), made.body
    return made.json["id"]


def put(s, id, content):
    return s.api("PUT", f"/uploads/{id}?offset=0", content, {"Content-Type": "application/octet-stream"})


class Files:
    """A web server of files by number: /7 is noise(7)."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                content = noise(int(self.path[1:]))
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, n):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{n}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def media(s, n, files):
    return s.hook({"id": f"m{n}", "contact": {"id": f"c{n}"}, "text": f"file {n}", "attachments": [{"url": files.url(n)}]})


def attachments(s):
    """Oldest first."""
    return sorted((a for c in s.items("/conversations?status=open,pending,snoozed,resolved")
                   for m in s.items(f"/conversations/{c['id']}/messages") for a in m["attachments"]), key=lambda a: int(a["id"]))


def states(s):
    return sorted(a["state"] for a in attachments(s))


@both
def what_agents_and_networks_bring_is_in_the_store_and_comes_back_from_it(db):
    STORE.empty()
    files = Files()
    with desk(db) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        note_with(s, noise(1), "one.bin")
        assert media(s, 2, files).status == 200
        assert until(lambda: states(s) == ["ready", "ready"]), attachments(s)
        assert {sum_of(noise(1)), sum_of(noise(2))} <= STORE.objects().keys()
        for hash, content in STORE.objects().items():
            assert sum_of(content) == hash
        s.kill()
        empty_cache(s)
        s.start()
        STORE.asked()
        assert sorted(sum_of(download(s, a).body) for a in attachments(s)) == sorted([sum_of(noise(1)), sum_of(noise(2))])
        assert sum(r.startswith("GET /attachments/desk/") for r in STORE.asked()) == 2
        assert all(download(s, a).status == 200 for a in attachments(s)) and STORE.asked() == [], "they are on this machine now"
        s.stop()
    files.close()


@both
def a_store_that_is_away_stops_nobody_loses_nothing_and_is_taken_up_again(db):
    STORE.empty()
    files = Files()
    with desk(db) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        note_with(s, noise(1), "one.bin")
        empty_cache(s)
        waiting = begin(s, noise(3))
        STORE.go_away()
        refused = put(s, waiting, noise(3))
        assert refused.status == 503 and "cannot be stored just now" in refused.json["error"]["message"], refused.body
        unread = download(s, attachments(s)[0])
        assert unread.status == 503 and "try again" in unread.json["error"]["message"], unread.body
        assert media(s, 2, files).status == 200, "messages go on"
        assert post(s, "m9") and until(lambda: "m9" in texts(s) and "file 2" in texts(s))
        assert states(s) == ["fetching", "ready"], attachments(s)
        s.kill()
        s.start()  # a start does not wait for the store
        assert "Seva starts without it" in s.log_tail(20000)
        assert download(s, attachments(s)[-1]).status in (404, 503) and post(s, "m8")
        STORE.come_back()
        assert until(lambda: put(s, waiting, noise(3)).status == 200), s.log_tail()
        assert until(lambda: states(s) == ["ready", "ready"], most=180), (attachments(s), s.log_tail())
        assert {sum_of(download(s, a).body) for a in attachments(s)} == {sum_of(noise(1)), sum_of(noise(2))}
        assert sum_of(noise(3)) in STORE.objects()
        s.stop()
    files.close()


@both
def a_server_killed_in_the_middle_has_in_the_store_all_that_it_acknowledged(db):
    STORE.empty()
    with desk(db) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        kept, chance = {}, random.Random(5)
        for round in range(6):
            def uploads(base):
                for n in range(base, base + 50):
                    try:
                        id = begin(s, noise(n, 40_000))
                        if put(s, id, noise(n, 40_000)).status == 200:
                            kept[id] = sum_of(noise(n, 40_000))
                    except (*GONE, AssertionError):
                        return
            threads = [threading.Thread(target=uploads, args=(1000 * round + 100 * t,)) for t in range(3)]
            for t in threads:
                t.start()
            before = len(kept)
            assert until(lambda: len(kept) >= before + 1 + chance.randrange(6))
            s.kill()
            for t in threads:
                t.join()
            shutil.rmtree(os.path.join(s.data, "blob-cache"))
            os.mkdir(os.path.join(s.data, "blob-cache"))
            s.start()
        assert len(kept) >= 6
        missing = set(kept.values()) - STORE.objects().keys()
        assert not missing, missing
        assert all(sum_of(STORE.objects()[h]) == h for h in kept.values())
        some = list(kept)[-5:]  # a message has at most so many
        conversation = s.items("/conversations")[0]["id"]
        sent = s.api("POST", f"/conversations/{conversation}/messages", {"kind": "note", "text": "all", "attachment_ids": some, "client_id": "all"})
        assert sent.status in (200, 201, 202), sent.body
        assert sorted(sum_of(download(s, a).body) for a in attachments(s)) == sorted(kept[id] for id in some)
        s.stop()


def upkeep_comes(s):
    """Now, and not within the next minute; a message wakes the dispatcher, which looks when the next job is due."""
    now = "UPDATE job SET run_ms = 1 WHERE kind = 'upkeep' AND state = 'queued'"
    if s.db:
        subprocess.run(["psql", "-q", s.db[1], "-c", now], check=True, capture_output=True)
    else:
        with contextlib.closing(sqlite3.connect(os.path.join(s.data, "seva.db"), timeout=20)) as db, db:
            db.execute(now)
    return post(s, f"wake{time.monotonic_ns()}")


@both
def a_long_mail_that_cannot_be_fetched_waits_in_sight_and_holds_up_nobody(db):
    STORE.empty()
    with Mailbox(db, more=STORE.options(), env=STORE.env) as s:
        s.stop()
        s.env["SEVA_FAILPOINT"] = "receive.after_claim:crash@2"  # the first turn finds nothing
        s.start()
        try:
            assert s.post(mail_of("long", 3_000_000)).status == 200
        except GONE:
            pass  # it was stored before the server died
        assert until(lambda: s.process.poll() is not None)
        del s.env["SEVA_FAILPOINT"]
        shutil.rmtree(os.path.join(s.data, "blob-cache"))
        STORE.go_away()
        s.start()
        assert until(lambda: s.metric("seva_quarantine") == 1), s.log_tail()
        assert "cannot be fetched from the store of attachments" in s.items("/quarantine")[0]["reason"]
        assert post(s, "m0") and until(lambda: "m0" in texts(s)), "others go on"
        STORE.come_back()
        assert until(lambda: upkeep_comes(s) and any("Here is long" in t for t in s.texts()), most=180, step=0.5), s.log_tail()
        assert s.metric("seva_quarantine") == 0
        s.stop()


@contextlib.contextmanager
def two_nodes():
    """On one PostgreSQL and one store, without a shared folder, after a message has come to both."""
    STORE.empty()
    url = fresh_postgres()
    with desk(url, more=["--node", "1"]) as one:
        data = os.path.join(one.folder, "data-two")
        os.makedirs(data)
        shutil.copy(os.path.join(one.data, "keys"), os.path.join(data, "keys"))
        with desk(url, more=["--node", "2"], init=False, data=data) as two:
            two.made = one.made
            one.start()
            two.start()
            assert post(one, "m0") and until(lambda: two.items("/conversations"))
            yield one, two
            two.stop()
        one.stop()


def two_nodes_without_a_shared_folder_have_each_others_files():
    if not os.environ.get("SEVA_TEST_PG"):
        return "skip: this needs SEVA_TEST_PG"
    with two_nodes() as (one, two):
        note_with(one, noise(1), "one.bin")
        assert download(two, attachments(two)[0]).body == noise(1)


def kept_of_exports(s):
    """On the node itself."""
    return [name for at, _, names in os.walk(s.data) for name in names if os.path.basename(at) == "exports"]


def parts():
    return sorted((key for key in STORE.keys() if "/exports/" in key), key=lambda key: int(key.rsplit("/", 1)[1].split("-")[0]))


def cut_off(s, path):
    """What came of a download that the store does not let come to its end."""
    try:
        raise AssertionError(s.api("GET", path).status)
    except http.client.IncompleteRead as cut:
        return cut.partial


def an_export_is_given_out_by_each_node_and_a_download_goes_on_at_another_one():
    if not os.environ.get("SEVA_TEST_PG"):
        return "skip: this needs SEVA_TEST_PG"
    with two_nodes() as (one, two):
        for n in range(18):
            note_with(one, noise(n, 1_000_000), f"{n}.bin")
        path = "/exports/" + one.api("POST", "/exports", {"what": "account"}).json["id"]
        assert until(lambda: one.api("GET", path).json["state"] == "ready"), one.api("GET", path).body
        size = one.api("GET", path).json["bytes"]
        assert len(parts()) == -(-size // (8 << 20)) == 3 and not kept_of_exports(one) + kept_of_exports(two)
        whole = one.api("GET", path + "/file")
        with tarfile.open(fileobj=io.BytesIO(whole.body)) as tar:
            assert tar.getnames()[-1] == "seva-export/manifest.json"
        assert len(whole.body) == size and two.api("GET", path + "/file").body == whole.body
        for first, last in [(0, 0), (8_388_000, 17_000_000), (8 << 20, (16 << 20) - 1), (size - 5, size + 100)]:
            part = two.api("GET", path + "/file", headers={"Range": f"bytes={first}-{last}", "If-Range": whole.headers["etag"]})
            assert part.status == 206 and part.body == whole.body[first:last + 1], (first, last, part.status)
            assert part.headers["content-range"] == f"bytes {first}-{min(last, size - 1)}/{size}"
        assert one.api("GET", path + "/file", headers={"Range": f"bytes={size}-"}).status == 416
        assert one.api("HEAD", path + "/file").headers["content-length"] == str(size)
        key = parts()[1]
        lost = STORE.objects()[key.rsplit("/", 1)[1]]
        STORE.lose(key.rsplit("/", 1)[1])
        had = cut_off(one, path + "/file")
        assert had == whole.body[:8 << 20]
        STORE.put_back(key, lost)
        rest = two.api("GET", path + "/file", headers={"Range": f"bytes={len(had)}-", "If-Range": whole.headers["etag"]})
        assert rest.status == 206 and had + rest.body == whole.body
        assert two.api("DELETE", path).status == 204
        assert until(lambda: not parts()) and two.api("GET", path + "/file").status == 404


@both
def an_export_that_was_killed_on_its_way_to_the_store_leaves_nothing_there(db):
    STORE.empty()
    with desk(fresh_postgres() if db else None) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in range(18):
            note_with(s, noise(n, 1_000_000), f"{n}.bin")
        s.stop()
        s.env["SEVA_FAILPOINT"] = "export.part:crash@3"
        s.start()
        path = "/exports/" + s.api("POST", "/exports", {"what": "account"}).json["id"]
        assert until(lambda: s.process.poll() is not None)
        assert len(parts()) == 2
        del s.env["SEVA_FAILPOINT"]
        s.start()
        if s.db:
            leases_run_out(s.db[1])
        assert until(lambda: s.api("GET", path).json["state"] == "ready"), s.api("GET", path).body
        assert len(parts()) == 3 and s.api("GET", path + "/file").status == 200 and not kept_of_exports(s)
        assert s.api("DELETE", path).status == 204 and until(lambda: not parts())
        s.stop()


@both
def a_store_belongs_to_one_installation(db):
    STORE.empty()
    with desk(db) as s:
        s.start()
        s.stop()
        with desk(fresh_postgres() if db else None, prefix="other") as other:
            other.start()
            other.stop()
        mine, s.more = s.more, STORE.options("other")
        s.start(wait=False)
        assert s.process.wait(60) != 0
        assert "the store s3://attachments/other has the attachments of another installation" in s.log_tail(), s.log_tail()
        s.more = mine
        STORE.go_away()  # while it is away nobody can know
        with desk(fresh_postgres() if db else None) as third:
            third.start(wait=False)
            assert third.process.wait(60) != 0 and "cannot be used: " in third.log_tail(), third.log_tail()
        s.more = STORE.options("other")
        s.start()  # nobody knows yet whose it is
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        STORE.come_back()
        waiting = begin(s, noise(1))
        assert until(lambda: put(s, waiting, noise(1)).status == 503 and "is not the one with this installation" in s.log_tail(20000)), s.log_tail()
        assert not STORE.objects("other")
        s.stop()


def doctor(s, *more, code=None):
    p = seva(s, "doctor", "--data", s.data, "--json", *s.db, *more)
    assert code is None or p.returncode == code, (p.returncode, p.stdout[-3000:], p.stderr[-2000:])
    return json.loads(p.stdout)


@both
def doctor_finds_what_the_store_lost_or_damaged_and_mends_what_it_can(db):
    STORE.empty()
    with desk(db) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in (1, 2, 3):
            note_with(s, noise(n), f"{n}.bin")
        doctor(s, "--deep", code=0)
        key = next(k for k in STORE.keys() if k.endswith(sum_of(noise(1))))
        STORE.lose(sum_of(noise(1)))
        STORE.damage(sum_of(noise(2)))
        empty_cache(s)
        found = wrong(doctor(s, code=1), "files")
        assert len(found) == 1 and "s3://attachments/" + key in found[0] and "is missing" in found[0], found
        found = wrong(doctor(s, "--deep", code=1), "files")
        assert len(found) == 2 and any("its bytes are not those of its name" in f for f in found), found
        mended = doctor(s, "--deep", "--repair")
        assert mended, "the running server mends"
        doctor(s, "--deep", code=0)
        answers = sorted(download(s, a).status for a in attachments(s))
        assert answers == [200, 404, 404], answers
        assert any(k.endswith(sum_of(noise(2)) + ".damaged") for k in STORE.keys()), STORE.keys()
        STORE.put_back(key, noise(1))
        doctor(s, "--repair")
        assert sorted(download(s, a).status for a in attachments(s)) == [200, 200, 404]
        STORE.go_away()
        found = wrong(doctor(s, code=1))
        assert len(found) == 1 and "s3://attachments/desk cannot be asked" in found[0], found
        STORE.come_back()
        s.stop()
        doctor(s, code=0)


def restored_into(s, file, prefix, *more):
    data = os.path.join(s.folder, "restored-" + (prefix or "folder"))
    p = seva(s, "restore", "--data", data, *([file] if file else []), *more, prefix=prefix)
    assert p.returncode == 0, p.stderr + p.stdout
    return data, p.stdout


def is_whole(data, prefix, s):
    more = STORE.options(prefix) if prefix else []
    with Seva(init=False, data=data, more=more, env=STORE.env) as again:
        again.made = s.made
        again.start()
        assert sorted(sum_of(download(again, a).body) for a in attachments(again)) == sorted(sum_of(noise(n)) for n in (1, 2, 3))
        again.stop()


def a_backup_has_the_attachments_of_the_store_and_restore_puts_them_where_it_is_told():
    STORE.empty()
    with desk() as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in (1, 2, 3):
            note_with(s, noise(n), f"{n}.bin")
        empty_cache(s)
        file = os.path.join(s.folder, "backup")
        p = seva(s, "backup", "--data", s.data, "--with-keys", file)
        assert p.returncode == 0 and "3 attachments" in p.stdout, p.stdout + p.stderr
        assert sum(len(f) for _, _, f in os.walk(os.path.join(s.data, "blob-cache"))) == 0, "a backup fills no cache"
        STORE.go_away()
        p = seva(s, "backup", "--data", s.data, os.path.join(s.folder, "half"))
        assert p.returncode == 1 and "cannot be fetched from the store" in p.stderr + p.stdout, p.stdout + p.stderr
        assert not os.path.exists(os.path.join(s.folder, "half"))
        STORE.come_back()
        data, said = restored_into(s, file, "second")
        assert "3 attachments are in s3://attachments/second" in said, said
        assert STORE.objects("second").keys() == STORE.objects().keys() and not os.path.exists(os.path.join(data, "blobs"))
        is_whole(data, "second", s)
        data, _ = restored_into(s, file, None)
        is_whole(data, None, s)
        with desk(prefix="third") as other:
            other.start()
            other.stop()
        p = seva(s, "restore", "--data", os.path.join(s.folder, "no"), file, prefix="third")
        assert p.returncode == 1 and "another installation" in p.stdout + p.stderr, p.stdout + p.stderr
        assert not os.path.exists(os.path.join(s.folder, "no"))
        p = seva(s, "export", "--data", s.data, os.path.join(s.folder, "export"))
        assert p.returncode == 0 and " and 3 files" in p.stdout, p.stdout + p.stderr
        s.stop()


def restore_puts_eight_at_once_and_ends_with_the_first_that_is_refused():
    STORE.empty()
    with desk() as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in range(20):
            note_with(s, noise(n, 2000), f"{n}.bin")
        file = os.path.join(s.folder, "backup")
        assert seva(s, "backup", "--data", s.data, "--with-keys", file).returncode == 0
        puts = STORE.watch_puts(wanted=8)
        restored_into(s, file, "second")
        assert (puts.most, puts.all) == (8, 20), (puts.most, puts.all)
        assert STORE.objects("second").keys() == STORE.objects().keys()
        puts = STORE.watch_puts(wanted=8, fault="403")
        folder = os.path.join(s.folder, "no")
        p = seva(s, "restore", "--data", folder, file, prefix="third")
        STORE.watch_puts()
        assert p.returncode == 1 and "cannot be put into the store: 403 AccessDenied; begin again" in p.stdout + p.stderr, p.stdout + p.stderr
        assert puts.all <= 8, "what had begun is ended, nothing more is begun"
        assert not os.path.exists(folder) and not os.path.exists(folder + ".part")
        s.stop()


def certificate(folder, name, subject, days):
    """Signed by itself; days below 0: it has expired."""
    files = os.path.join(folder, name + ".pem"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=store", "-addext", "subjectAltName=" + subject,
                    "-days", str(days), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


def expired(folder):
    """openssl req makes none, openssl x509 does."""
    cert, key = certificate(folder, "long", "IP:127.0.0.1", 2)
    old = os.path.join(folder, "old.pem")
    subprocess.run(["openssl", "x509", "-in", cert, "-signkey", key, "-days", "-1", "-out", old], check=True, capture_output=True)
    return old, key


def a_store_whose_certificate_is_not_trusted_is_refused_with_what_to_do():
    with Seva() as s:
        mine = certificate(s.folder, "mine", "IP:127.0.0.1", 2)
        file = os.path.join(s.folder, "backup")
        assert seva(s, "backup", "--data", s.data, file, prefix=None).returncode == 0

        def restored(files, *more):
            store = Store(files)
            p = subprocess.run([BIN, "restore", "--data", os.path.join(s.folder, "new"), file, *store.options(), *more], capture_output=True, text=True,
                               timeout=300, env={**os.environ, **store.env})
            asked = store.asked()
            store.close()
            return p, asked

        other = certificate(s.folder, "other", "DNS:another.example", 2)
        old = expired(s.folder)
        for files, more, words in ((mine, [], "signed by nobody we trust: give its signer's certificate as --ca-file"),
                                   (other, ["--ca-file", other[0]], "for another host: the address must be one that it names"),
                                   (old, ["--ca-file", old[0]], "has expired: have it renewed")):
            p, asked = restored(files, *more)
            assert p.returncode == 1 and words in p.stdout + p.stderr and not asked, (words, p.stdout + p.stderr, asked)
            assert not os.path.exists(os.path.join(s.folder, "new"))
        p, asked = restored(mine, "--ca-file", mine[0])
        assert p.returncode == 0 and asked, p.stdout + p.stderr


def what_is_shipped_has_the_attachments_of_the_store():
    STORE.empty()
    with desk() as s:
        ship = os.path.join(s.folder, "ship")
        os.mkdir(ship)
        s.more += ["--ship", ship]
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in (1, 2, 3):
            note_with(s, noise(n), f"{n}.bin")
        names = {sum_of(noise(n)) for n in (1, 2, 3)}
        assert until(lambda: names <= {f for _, _, fs in os.walk(ship) for f in fs})
        s.stop()
        shutil.copy(os.path.join(s.data, "keys"), os.path.join(s.folder, "keys"))
        data, said = restored_into(s, None, "shipped", "--from-ship", ship)
        assert "3 attachments are in s3://attachments/shipped" in said, said
        shutil.copy(os.path.join(s.folder, "keys"), os.path.join(data, "keys"))
        is_whole(data, "shipped", s)


def refused(more, env=None):
    with Seva(more=more, env={**STORE.env, **(env or {})}) as s:
        s.start(wait=False)
        assert s.process.wait(60) != 0
        return s.log_tail()


def keys_stay_secret_and_a_store_is_only_where_it_is_allowed():
    STORE.empty()
    said = refused(STORE.options(egress=""))
    assert 'the operator can allow its network for "store"' in said or "which is not on the public internet" in said, said
    said = refused(["--blobs", "s3://attachments/desk", "--s3-endpoint", "http://203.0.113.9", "--s3-path-style", "--egress-allow", EGRESS])
    assert "store" in said and STORE.asked() == [], said
    said = refused(STORE.options(), {"SEVA_S3_SECRET": "not-the-secret-of-it"})
    assert "SignatureDoesNotMatch" in said and "not-the-secret-of-it" not in said, said
    said = refused(STORE.options(), {"SEVA_S3_SECRET": ""})
    assert "SEVA_S3_KEY_ID and SEVA_S3_SECRET" in said, said
    p = subprocess.run([BIN, "serve", "--s3-secret", "abc"], capture_output=True, text=True)
    assert p.returncode != 0, "secrets are no flags"
    with Seva(more=STORE.options()) as s:
        keys = os.path.join(s.folder, "s3-keys")
        with open(keys, "w") as f:
            f.write(STORE.env["SEVA_S3_KEY_ID"] + "\n" + STORE.env["SEVA_S3_SECRET"] + "\n")
        s.more += ["--s3-keys-file", keys]
        os.chmod(keys, 0o644)
        s.start(wait=False)
        assert s.process.wait(60) != 0 and "can be read by others: chmod 600" in s.log_tail(), s.log_tail()
        os.chmod(keys, stat.S_IRUSR | stat.S_IWUSR)
        s.more += ["--log-level", "debug"]
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        note_with(s, noise(1), "one.bin")
        STORE.go_away()
        empty_cache(s)
        assert download(s, attachments(s)[0]).status == 503
        STORE.come_back()
        with open(f"/proc/{s.process.pid}/cmdline", "rb") as f:
            assert STORE.env["SEVA_S3_SECRET"].encode() not in f.read()
        metrics = s.metric("seva_store_up")
        assert metrics in (0, 1)
        s.stop()
        with open(os.path.join(s.folder, "log"), "rb") as f:
            log = f.read()
        assert b"gave no good answer" in log and STORE.env["SEVA_S3_SECRET"].encode() not in log and b"Signature=" not in log


if __name__ == "__main__":
    run([what_agents_and_networks_bring_is_in_the_store_and_comes_back_from_it,
         a_store_that_is_away_stops_nobody_loses_nothing_and_is_taken_up_again,
         a_server_killed_in_the_middle_has_in_the_store_all_that_it_acknowledged, a_long_mail_that_cannot_be_fetched_waits_in_sight_and_holds_up_nobody,
         two_nodes_without_a_shared_folder_have_each_others_files,
         an_export_is_given_out_by_each_node_and_a_download_goes_on_at_another_one, an_export_that_was_killed_on_its_way_to_the_store_leaves_nothing_there,
         a_store_belongs_to_one_installation, doctor_finds_what_the_store_lost_or_damaged_and_mends_what_it_can,
         a_backup_has_the_attachments_of_the_store_and_restore_puts_them_where_it_is_told,
         restore_puts_eight_at_once_and_ends_with_the_first_that_is_refused, a_store_whose_certificate_is_not_trusted_is_refused_with_what_to_do,
         what_is_shipped_has_the_attachments_of_the_store,
         keys_stay_secret_and_a_store_is_only_where_it_is_allowed])
