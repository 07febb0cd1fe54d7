"""The command line, as an operator and a script meet it."""

import json
import os
import re
import stat
import subprocess
import tempfile

from seva import BIN, OWNER, PASSWORD, Seva, request, run, until


def seva(*args, env=None, stdin=""):
    return subprocess.run([BIN, *args], capture_output=True, text=True, input=stdin, timeout=60, env={**os.environ, **(env or {})})


def init_makes_an_account_a_script_can_use():
    with Seva() as s:
        made = s.made
        assert {c["kind"] for c in made["channels"]} == {"widget", "api"}
        assert made["token"].startswith("seva_")
        for name in ("keys",):
            mode = stat.S_IMODE(os.stat(os.path.join(s.data, name)).st_mode)
            assert mode == 0o600, oct(mode)
        s.start()
        assert s.api("GET", "/account").status == 200
        again = seva("init", "--data", s.data, "--owner", OWNER, "--json")
        assert again.returncode != 0 and again.stderr.strip(), "a second init must refuse and say why"


def options_come_from_flags_environment_and_file():
    with Seva() as s:
        config = os.path.join(s.folder, "seva.conf")
        with open(config, "w") as f:
            f.write(f"# a comment\nbase-url = https://care.example\ndata = {s.data}\n")
        help_text = seva("serve", "--help").stdout
        for option in ("--data", "--listen", "--db", "--base-url", "--max-connections", "--drain-delay", "--tls-cert", "--egress-allow"):
            assert option in help_text, option
        wrong = seva("serve", "--data", s.data, "--no-such-option", "1")
        assert wrong.returncode == 2 and "no-such-option" in wrong.stderr, wrong
        s.db, s.more = [], ["--config", config]
        s.env["SEVA_UNDO"] = "ignored"
        s.start()
        assert request(s.port, "GET", "/healthz").status == 200


def user_commands_work_on_a_stopped_and_on_a_running_server():
    with Seva() as s:
        file = os.path.join(s.folder, "pw")
        with open(file, "w") as f:
            f.write("a second long password\n")
        first = seva("user", "add", "ana@shop.example", "--data", s.data, "--name", "Ana", "--role", "agent", "--password-file", file)
        assert first.returncode == 0, first.stderr
        s.start()
        second = seva("user", "add", "ben@shop.example", "--data", s.data, "--name", "Ben", "--role", "agent")
        assert second.returncode == 0, second.stderr
        assert re.search(r"https?://\S+/link/\S+", second.stdout), second.stdout
        r = request(s.port, "POST", "/api/v1/session", {"email": "ana@shop.example", "password": "a second long password"})
        assert r.status == 200, r.body
        with open(file, "w") as f:
            f.write("another long password\n")
        assert seva("user", "passwd", "ana@shop.example", "--data", s.data, "--password-file", file).returncode == 0
        assert request(s.port, "POST", "/api/v1/session", {"email": "ana@shop.example", "password": "a second long password"}).status == 401
        assert request(s.port, "POST", "/api/v1/session", {"email": "ana@shop.example", "password": "another long password"}).status == 200


def openapi_is_printed_and_served_and_describes_every_route():
    printed = seva("routes", "--openapi")
    assert printed.returncode == 0, printed.stderr
    doc = json.loads(printed.stdout)
    assert doc["openapi"].startswith("3.1")
    assert len(doc["paths"]) > 60, len(doc["paths"])
    with Seva() as s:
        s.start()
        served = request(s.port, "GET", "/openapi.json").json
        assert served["paths"] == doc["paths"]
        page = request(s.port, "GET", "/docs")
        assert page.status == 200 and b"/api/v1/conversations" in page.body


def a_second_init_makes_no_key_file_for_what_is_sealed_already():
    """As after a restore of a backup without the key file: a new one would start the server, and keep every secret closed."""
    with Seva() as s:
        keys, kept = os.path.join(s.data, "keys"), os.path.join(s.folder, "kept")
        os.rename(keys, kept)
        for args in (["user", "list"], ["serve", "--listen", "127.0.0.1:0"]):
            p = seva(*args, "--data", s.data)
            assert p.returncode == 1 and "key file" in p.stderr and "No such file" in p.stderr and "own back" in p.stderr, p
        p = seva("init", "--data", s.data, "--owner", OWNER)
        assert p.returncode == 1 and "accounts already" in p.stderr and "seva account add" in p.stderr, p
        assert not os.path.exists(keys)
        os.rename(kept, keys)
        s.start()
        assert s.hook({"id": "1", "contact": {"id": "c"}, "text": "hello"}).status == 200
        nothing = os.path.join(s.folder, "nothing")
        p = seva("init", "--data", nothing, "--owner", "nobody")
        assert p.returncode == 1 and "not a mail address" in p.stderr and not os.path.exists(nothing), p


def a_database_that_is_gone_is_not_begun_anew():
    """As when its disk is not mounted: an empty one would answer senders with 404, and they would never send again."""
    with Seva() as s:
        file = os.path.join(s.data, "seva.db")
        os.rename(file, file + ".kept")
        for args in (["serve", "--listen", "127.0.0.1:0"], ["user", "list"], ["migrate"], ["import", "messages", "/dev/null"]):
            p = seva(*args, "--data", s.data)
            assert p.returncode == 1 and "there is no database" in p.stderr and "mounted" in p.stderr and not os.path.exists(file), p
        os.rename(file + ".kept", file)
        s.start()
        assert s.hook({"id": "1", "contact": {"id": "c"}, "text": "hello"}).status == 200


def what_a_command_would_pass_over_in_silence_is_refused():
    for args, words in ((["frobnicate"], "there is no command frobnicate"), (["user"], "seva user link MAIL"), (["user", "remove", "a@b.example"], "no command user remove"),
                        (["user", "add"], "seva user add needs MAIL"), (["user", "passwd", "a@b.example"], "needs --password-file"), (["init"], "needs --owner"),
                        (["account", "add", "Shop"], "needs --owner"), (["import", "messages"], "seva import messages needs FILE"), (["import", "messages", "a", "b"], '"b" is too much'),
                        (["migrate", "now"], '"now" is too much'), (["routes", "x"], '"x" is too much'), (["routes", "--openapi", "--typescript"], "not both"),
                        (["export", "x", "--run", "1"], "has no option --run"), (["serve", "--repair"], "has no option --repair"), (["import", "messages", "x", "--speed", "2"], "no option --speed"),
                        (["restore", "x"], "needs --data"), (["doctor", "-repair"], "no option -repair"), (["doctor", "--deep=perhaps"], "--deep is yes or no"),
                        (["user", "list", "--data", ""], "--data is empty"), (["serve", "--log-level", "loud"], "log-level is debug")):
        p = seva(*args)
        assert p.returncode == 2 and words in p.stderr and not p.stdout, (args, p)
    with Seva() as s:
        for more, words in ((["--network-hosts", "zzz"], '"zzz" is not KIND.NAME='), (["--network-hosts", "telegrm.api=http://127.0.0.1:9"], "network-hosts"),
                            (["--network-hosts", "*=127.0.0.1:9"], "network-hosts"), (["--blobs", "s3:///prefix"], "which bucket"), (["--ca-file", s.folder + "/none"], "No such file"),
                            (["--ship", s.data + "/blobs/x"], "elsewhere")):
            p = seva("serve", "--data", s.data, "--listen", "127.0.0.1:0", *more)
            assert p.returncode == 1 and words in p.stderr, (more, p)
    p = seva("serve", env={"SEVA_DEMO": "perhaps"})
    assert p.returncode == 2 and "demo is yes or no" in p.stderr, p
    one, whole = seva("backup", "--help").stdout, seva("-h").stdout
    assert "seva backup --verify" in one and "seva restore" not in one and "--data DIR" in one, one
    assert "seva restore" in whole and seva("help", "backup").stdout == one and seva("--version").stdout == seva("version").stdout


def a_configuration_file_beside_the_command_is_read_by_the_command():
    """A running server has another working folder: it is not asked to read that file."""
    with Seva() as s:
        with open(os.path.join(s.folder, "here.conf"), "w") as f:
            f.write(f"data = {s.data}\n")
        s.start()
        for args in (["user", "list"], ["user", "add", "zoe@shop.example", "--role=admin"], ["user", "link", "zoe@shop.example"]):
            p = subprocess.run([BIN, *args, "--config", "here.conf"], capture_output=True, text=True, cwd=s.folder)
            assert p.returncode == 0, (args, p)
        p = subprocess.run([BIN, "user", "list"], capture_output=True, text=True, cwd=s.folder, env={**os.environ, "SEVA_DATA": ""})
        assert p.returncode == 0 and re.search(r"admin +invited +zoe@shop.example", p.stdout), p


def two_processes_cannot_share_a_data_folder():
    with Seva() as s:
        s.start()
        other = seva("serve", "--data", s.data, "--listen", "127.0.0.1:0")
        assert other.returncode != 0 and other.stderr.strip(), "the second one must say that the folder is in use"
        assert request(s.port, "GET", "/healthz").status == 200


def a_second_account_is_apart():
    with Seva() as s:
        file = os.path.join(s.folder, "pw")
        with open(file, "w") as f:
            f.write(PASSWORD)
        made = seva("account", "add", "Other", "--data", s.data, "--owner", "other@else.example", "--password-file", file)
        assert made.returncode == 0, made.stderr
        s.start()
        session = request(s.port, "POST", "/api/v1/session", {"email": "other@else.example", "password": PASSWORD})
        assert session.status == 200, session.body
        assert s.hook({"id": "1", "contact": {"id": "c"}, "text": "hello"}).status == 200
        r = request(s.port, "GET", "/api/v1/conversations", None, {"Cookie": session.headers["set-cookie"].split(";")[0]})
        assert r.status == 200 and r.json["items"] == [], r.body


def an_edited_migration_or_a_newer_schema_stops_the_start():
    with Seva() as s:
        import sqlite3
        db = sqlite3.connect(os.path.join(s.data, "seva.db"))
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%migration%'")]
        assert tables, "applied migrations are recorded"
        db.execute(f"UPDATE {tables[0]} SET hash = 'edited' WHERE version = 1")
        db.commit()
        db.close()
        p = seva("serve", "--data", s.data, "--listen", "127.0.0.1:0")
        assert p.returncode != 0 and "0001" in p.stderr, p.stderr


def import_takes_a_file_and_sets_bad_lines_aside():
    with Seva() as s, tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.write('{"type":"contact","id":"c1","name":"আমিনা"}\n')
        f.write('{"type":"conversation","id":"t1","channel":"widget","contact":"c1","status":"resolved","resolved_at":"2026-01-02T00:00:00Z",'
                '"messages":[{"id":"m1","kind":"in","text":"নমস্কার","at":"2026-01-01T00:00:00Z"}]}\n')
        f.write('{"type":"conversation","channel":"widget","contact":"nobody","messages":[]}\n')
        f.write("no json\n")
        f.flush()
        for _ in range(2):
            p = seva("import", "--data", s.data, f.name)
            assert p.returncode == 3, p.stderr
        with open(f.name + ".rejected") as r:
            rejected = r.read()
        os.unlink(f.name + ".rejected")
        assert "nobody" in rejected and "3" in rejected and "4" in rejected, rejected
        s.start()
        found = s.items("/conversations?status=resolved")
        assert len(found) == 1 and found[0]["contact"]["name"] == "আমিনা", found
        assert [m["text"] for m in s.items(f"/conversations/{found[0]['id']}/messages")] == ["নমস্কার"]
        contact = s.api("GET", f"/contacts/{found[0]['contact']['id']}").json
        assert contact["last_seen_at"] == "2026-01-01T00:00:00.000Z", "an import is no visit"


def a_piped_mail_becomes_a_message_or_waits_in_the_mail_servers_queue():
    mail = ("From: Facebook <notification@facebookmail.com>\nSubject: Asha commented on your post\nMessage-ID: <1@facebookmail.com>\n\n"
            "Where is it?\nhttps://www.facebook.com/shop/posts/1\n")
    with Seva() as s:
        s.start()
        made = s.api("POST", "/channels", {"kind": "facebook", "name": "By mail", "settings": {"way": "capture"}}).json
        address = f"http://127.0.0.1:{s.port}/hooks/facebook/{made['public_key']}"
        file = os.path.join(s.folder, "secret")

        def piped(text, secret=made["secret"], to=address):
            with open(file, "w") as f:
                f.write(secret + "\n")
            return seva("mail-in", to, "--password-file", file, stdin=text)

        for _ in range(2):  # a mail server that was not told in time sends it again
            p = piped(mail)
            assert p.returncode == 0, p
        found = until(lambda: s.items("/conversations"))
        assert len(found) == 1 and found[0]["contact"]["name"] == "Asha", found
        assert piped(mail, secret="wrong").returncode == 75, "somebody mends it, and nothing is lost"
        assert piped(mail, to=f"http://127.0.0.1:{s.port}/hooks/facebook/none").returncode == 75
        assert piped(mail, to="http://127.0.0.1:9/").returncode == 75
        refused = piped(mail.replace("facebookmail.com", "shop.example"))
        assert refused.returncode == 65 and "shop.example" in refused.stderr, refused
        assert piped("x" * (2 << 20)).returncode == 65
        assert seva("mail-in", address).returncode == 64
        assert len(s.items("/conversations")) == 1


if __name__ == "__main__":
    run([init_makes_an_account_a_script_can_use, a_second_init_makes_no_key_file_for_what_is_sealed_already, a_database_that_is_gone_is_not_begun_anew, what_a_command_would_pass_over_in_silence_is_refused,
         a_configuration_file_beside_the_command_is_read_by_the_command, options_come_from_flags_environment_and_file,
         user_commands_work_on_a_stopped_and_on_a_running_server, openapi_is_printed_and_served_and_describes_every_route,
         two_processes_cannot_share_a_data_folder, a_second_account_is_apart,
         an_edited_migration_or_a_newer_schema_stops_the_start, import_takes_a_file_and_sets_bad_lines_aside,
         a_piped_mail_becomes_a_message_or_waits_in_the_mail_servers_queue])
