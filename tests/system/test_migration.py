"""`seva migrate` on a database of an older version with data in it: killed at statements and around each commit, a rerun
finishes, and schema and data are those of an unbroken run; several nodes that migrate at once on PostgreSQL apply each once.
SEVA_MIGRATION_STEP=1, at night, tries every statement; without it each third, on PostgreSQL each fifteenth."""

import glob
import hashlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from seva import BIN, Seva, fresh_postgres, run

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
OLD = 5  # the version of the database before
FILES = sorted(glob.glob(f"{ROOT}/migrations/*.sql"))
NOW = 1_790_000_000_000
A = 7 << 21  # the account


def dialect(text, kind):
    """As src/db/migrate.c does it: blocks of one database, and three types."""
    types = {"sqlite": {"@pk": "INTEGER PRIMARY KEY", "@int": "INTEGER", "@blob": "BLOB"},
             "postgres": {"@pk": "BIGINT NOT NULL, PRIMARY KEY (account_id, id)", "@int": "BIGINT", "@blob": "BYTEA"}}[kind]
    kept, ours = [], True
    for line in text.split("\n"):
        word = line.strip()
        if word in ("-- @sqlite", "-- @postgres"):
            ours = word == "-- @" + kind
        elif word == "-- @end":
            ours = True
        elif ours:
            kept.append(re.sub(r"@(pk|int|blob)\b", lambda m: types[m.group(0)], line))
    return "\n".join(kept)


def old_schema(kind):
    """Everything up to OLD, as that version has left it."""
    number = "BIGINT" if kind == "postgres" else "INTEGER"
    parts = [f"CREATE TABLE schema_migration (version {number} NOT NULL PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, applied_ms {number} NOT NULL);"]
    for path in FILES[:OLD]:
        with open(path) as f:
            text = f.read()
        name = os.path.basename(path)[:-4]
        parts.append(dialect(text, kind))
        parts.append(f"INSERT INTO schema_migration VALUES ({int(name[:4])}, '{name}', '{hashlib.sha256(text.encode()).hexdigest()}', {NOW});")
    return "\n".join(parts)


def old_data(kind):
    """Rows in what the newer migrations change: conversations, messages, inbox rows in each state, jobs, channels."""
    def blob(text):
        return f"'\\x{text.encode().hex()}'" if kind == "postgres" else f"X'{text.encode().hex()}'"
    rows = [f"INSERT INTO account VALUES ({A}, 'Old', 'en', 'UTC', 5, 7, '{{}}', {NOW});",
            f"INSERT INTO account_counter VALUES ({A}, 'conversation', 40);",
            f"INSERT INTO channel (id, account_id, kind, name, is_enabled, public_key, languages, settings, created_ms, updated_ms)"
            f" VALUES (11, {A}, 'api', 'Api', 1, 'a_old', '[]', '{{}}', {NOW}, {NOW});",
            f"INSERT INTO source VALUES (12, {A}, 11, 'api', 'a_old');"]
    for n in range(40):
        rows.append(f"INSERT INTO contact (id, account_id, name, created_ms, updated_ms) VALUES ({100 + n}, {A}, 'চন্দ্রা {n}', {NOW}, {NOW});")
        rows.append(f"INSERT INTO identity (id, account_id, contact_id, channel_id, external_id) VALUES ({200 + n}, {A}, {100 + n}, 11, 'c{n}');")
        rows.append("INSERT INTO conversation (id, account_id, number, channel_id, identity_id, contact_id, status, last_message_ms, last_message_id, last_in_id,"
                    f" created_ms, updated_ms) VALUES ({300 + n}, {A}, {n + 1}, 11, {200 + n}, {100 + n}, '{('open', 'resolved')[n % 2]}',"
                    f" {NOW + 12345 * n}, {1000 + n * 3 + 2}, {1000 + n * 3 + 2}, {NOW}, {NOW});")
        for m in range(3):
            rows.append("INSERT INTO message (id, account_id, conversation_id, channel_id, external_id, kind, author_kind, text, state, sent_ms, received_ms)"
                        f" VALUES ({1000 + n * 3 + m}, {A}, {300 + n}, 11, 'e{n}-{m}', 'in', 'contact', 'it''s; number {n}', 'received', {NOW}, {NOW});")
        state = ("wait", "done", "quarantined")[n % 3]
        rows.append("INSERT INTO inbox (id, account_id, source_id, channel_id, delivery_key, received_ms, state, attempts, network, body)"
                    f" VALUES ({500 + n}, {A}, 12, {(11, 13)[n % 2]}, 'k{n}', {NOW}, '{state}', {n % 2}, 'api', {blob('{}')});")
        rows.append("INSERT INTO job (id, account_id, kind, key, state, run_ms, created_ms)"
                    f" VALUES ({600 + n}, {A}, 'send', 'j{n}', '{('queued', 'dead')[n % 2]}', {NOW}, {NOW});")
    return "\n".join(rows)


class Lite:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="seva-migration-")
        with Seva() as s:  # for its keys
            shutil.copytree(s.data, os.path.join(self.folder, "data"))
        for name in os.listdir(os.path.join(self.folder, "data")):
            if name.startswith("seva.db"):
                os.unlink(os.path.join(self.folder, "data", name))
        db = sqlite3.connect(os.path.join(self.folder, "data", "seva.db"))
        db.executescript("PRAGMA journal_mode = WAL; BEGIN;" + old_schema("sqlite") + old_data("sqlite") + "COMMIT;")
        db.close()
        self.n = 0

    def fresh(self):
        self.n += 1
        data = os.path.join(self.folder, f"try{self.n}")
        shutil.copytree(os.path.join(self.folder, "data"), data)
        return data, []

    def dump(self, place):
        db = sqlite3.connect(os.path.join(place[0], "seva.db"))
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        schema = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").fetchall()
        found = {"schema": schema}
        for type_, name, _, sql in schema:
            if type_ == "table" and not sql.startswith("CREATE VIRTUAL"):  # its own tables stand beside it
                found[name] = db.execute(f"SELECT * FROM \"{name}\" ORDER BY 1, 2").fetchall()
        found["schema_migration"] = [r[:3] for r in found["schema_migration"]]
        found["installation"] = [r[0] for r in found["installation"]]
        db.close()
        return found

    def applied(self, place):
        db = sqlite3.connect(os.path.join(place[0], "seva.db"))
        try:
            return [v for (v,) in db.execute("SELECT version FROM schema_migration ORDER BY version")]
        finally:
            db.close()

    def drop(self, place):
        shutil.rmtree(place[0])

    def close(self):
        shutil.rmtree(self.folder)


class Postgres:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="seva-migration-")
        with Seva() as s:
            shutil.copytree(s.data, os.path.join(self.folder, "data"))
        self.url = fresh_postgres()
        script = os.path.join(self.folder, "old.sql")
        with open(script, "w") as f:
            f.write("BEGIN;" + old_schema("postgres") + f"\nSELECT set_config('seva.account', '{A}', true);\n" + old_data("postgres") + "COMMIT;")
        p = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-f", script], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        self.names = []

    def at(self, name):
        head, _, query = self.url.partition("?")
        return head.rsplit("/", 1)[0] + "/" + name + "?" + query

    def fresh(self):
        name = f"seva_migration_{os.getpid()}_{len(self.names)}"
        base = self.url.partition("?")[0].rsplit("/", 1)[1]
        self.ask(os.environ["SEVA_TEST_PG"], f"CREATE DATABASE {name} TEMPLATE {base}")
        self.names.append(name)
        return os.path.join(self.folder, "data"), ["--db", self.at(name)]

    def ask(self, url, sql):
        p = subprocess.run(["psql", "-q", "-A", "-t", url, "-c", sql], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        return p.stdout.split()

    def dump(self, place):
        """By a superuser, who sees the rows of all accounts."""
        url = place[1][1].replace("://seva@", "://postgres@")
        p = subprocess.run([os.path.join(pg.binaries(), "pg_dump"), "--inserts", url], capture_output=True, text=True)
        assert p.returncode == 0, p.stderr
        varies = re.compile(r"^(\\(un)?restrict |INSERT INTO public.(schema_migration|installation) |SELECT pg_catalog.setval)")
        lines = p.stdout.split("\n")
        return {"dump": sorted(line for line in lines if not varies.match(line)),
                "migrations": sorted(line.rsplit(",", 1)[0] for line in lines if line.startswith("INSERT INTO public.schema_migration"))}

    def applied(self, place):
        return [int(v) for v in self.ask(place[1][1], "SELECT version FROM schema_migration ORDER BY version")]

    def drop(self, place):
        self.ask(os.environ["SEVA_TEST_PG"], f"DROP DATABASE {self.names[-1]}")

    def close(self):
        shutil.rmtree(self.folder)


def migrate(place, failpoint=None):
    env = {**os.environ, **({"SEVA_FAILPOINT": failpoint} if failpoint else {})}
    return subprocess.run([BIN, "migrate", "--data", place[0], *place[1]], capture_output=True, text=True, env=env, timeout=120)


def differs(a, b):
    for key in a:
        if a[key] != b.get(key):
            return key, [x for x in a[key] if x not in b.get(key, [])][:3], [x for x in b.get(key, []) if x not in a[key]][:3]
    return None


def step_or(usual):
    """Of so many statements one is killed at, and each commit; the nights take every one."""
    return int(os.environ.get("SEVA_MIGRATION_STEP", usual))


def kill_at_each(engine, step):
    place = engine.fresh()
    p = migrate(place)
    assert p.returncode == 0 and p.stdout.startswith(f"{len(FILES) - OLD} migrations applied"), (p.stdout, p.stderr)
    whole = engine.dump(place)
    engine.drop(place)
    kills = 0
    for point in ("migrate.before_commit", "migrate.after_commit", "migrate.statement"):
        n = 1
        while True:
            place = engine.fresh()
            p = migrate(place, f"{point}:crash@{n}")
            if p.returncode == 0:
                break
            assert p.returncode == -signal.SIGKILL, (point, n, p.returncode, p.stderr)
            done = engine.applied(place)
            assert done == list(range(1, len(done) + 1)) and OLD <= len(done) <= len(FILES), (point, n, done)
            p = migrate(place)
            assert p.returncode == 0 and p.stdout.startswith(f"{len(FILES) - len(done)} migrations applied"), (point, n, p.stdout, p.stderr)
            other = engine.dump(place)
            assert other == whole, (point, n, differs(whole, other))
            engine.drop(place)
            kills += 1
            n += step if point == "migrate.statement" else 1
        engine.drop(place)
        assert n > len(FILES) - OLD, "it was killed in each"
    print(f"# {kills} kills", flush=True)


def a_migration_killed_at_any_statement_goes_on_as_if_it_had_not_been():
    engine = Lite()
    try:
        kill_at_each(engine, step_or(3))
    finally:
        engine.close()


def so_it_does_on_postgres():
    if not os.environ.get("SEVA_TEST_PG"):
        return "skip: needs SEVA_TEST_PG"
    engine = Postgres()
    try:
        kill_at_each(engine, step_or(15))
    finally:
        engine.close()
    return None


def nodes_that_migrate_at_once_apply_each_migration_once():
    if not os.environ.get("SEVA_TEST_PG"):
        return "skip: needs SEVA_TEST_PG"
    engine = Postgres()
    try:
        place = engine.fresh()
        assert migrate(place).returncode == 0
        whole = engine.dump(place)
        place = engine.fresh()
        nodes = []
        for n in range(3):
            data = os.path.join(engine.folder, f"node{n}")
            shutil.copytree(os.path.join(engine.folder, "data"), data)
            env = {**os.environ, "SEVA_FAILPOINT": "migrate.before_commit:wait@1+"}
            nodes.append(subprocess.Popen([BIN, "migrate", "--data", data, *place[1]], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env))
        time.sleep(0.2)  # in the middle of it, or not: it must not matter
        nodes[0].kill()
        ends = [p.communicate(timeout=120) for p in nodes]
        assert [p.returncode for p in nodes[1:]] == [0, 0], ends
        counts = [int(out.split()[0]) for out, _ in ends[1:]]
        assert sum(counts) <= len(FILES) - OLD and engine.applied(place) == list(range(1, len(FILES) + 1)), counts
        assert engine.dump(place) == whole, differs(whole, engine.dump(place))
    finally:
        engine.close()
    return None


def the_doctor_finds_what_was_migrated_well():
    engine = Lite()
    try:
        place = engine.fresh()
        p = subprocess.run([BIN, "doctor", "--data", place[0]], capture_output=True, text=True)
        assert p.returncode == 1 and f"{len(FILES) - OLD} migrations are not applied" in p.stdout and "seva migrate" in p.stdout, p.stdout
        assert engine.applied(place) == list(range(1, OLD + 1)), "the doctor changes nothing"
        assert migrate(place).returncode == 0
        p = subprocess.run([BIN, "doctor", "--deep", "--data", place[0]], capture_output=True, text=True)
        assert p.returncode == 0, p.stdout
        p = subprocess.run([BIN, "account", "list", "--data", place[0]], capture_output=True, text=True)
        assert p.returncode == 0 and "Old" in p.stdout, p.stdout + p.stderr
    finally:
        engine.close()


if __name__ == "__main__":
    run([a_migration_killed_at_any_statement_goes_on_as_if_it_had_not_been, so_it_does_on_postgres,
         nodes_that_migrate_at_once_apply_each_migration_once, the_doctor_finds_what_was_migrated_well])
