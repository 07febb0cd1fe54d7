"""`seva replay` as an operator meets it: lines of the past go through the live path to the simulator, and never to a real channel."""

import json
import os
import pty
import re
import signal
import subprocess
import time

from seva import BIN, Peer, Seva, fresh_postgres, request, run, until

SIM = os.environ.get("SEVA_SIM_BIN") or os.path.join(os.path.dirname(BIN), "../../sim/seva-sim")
BOT, TOKEN, CONTROL = "123456", "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11", "control-of-the-test"
HERE = "network=127.0.0.0/8;media=127.0.0.0/8"


class Networks:
    """`seva-sim networks`; its bot knows every chat, as one does to which its customers have written before."""

    def __enter__(self):
        self.process = subprocess.Popen([SIM, "networks", "--listen", "127.0.0.1:0", "--control", CONTROL], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.call("accounts", {"network": "telegram", "id": BOT, "token": TOKEN, "settings": {"any_chat": "yes"}})
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def call(self, path, body=None):
        answer = request(int(self.url.rsplit(":", 1)[1]), "GET" if body is None else "POST", "/_sim/" + path, body, {"Authorization": "Bearer " + CONTROL})
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def ledger(self):
        return self.call("ledger?network=telegram&kind=message&limit=1000")

    def texts(self):
        return [e["text"] for e in self.ledger()["entries"]]


def stage(networks, db=None):
    s = Seva(db=db, more=["--network-hosts", f"*={networks.url}", "--egress-allow", HERE])
    s.start()
    assert s.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
    made = s.api("POST", "/channels", {"kind": "telegram", "name": "bot", "settings": {"bot_token": TOKEN}, "external_id": BOT})
    assert made.status == 201, made.body
    return s


def line(i, direction="in", who=None, at=None, **more):
    who = who if who is not None else 7000 + i
    m = {"channel": "telegram", "id": f"m{i}", "direction": direction, "at": at or f"2025-03-01T08:{i // 60 % 60:02d}:{i % 60:02d}Z", "text": f"text {i} 🙂"}
    m["from" if direction == "in" else "to"] = {"id": str(who), "name": f"নাম {who}", "handle": f"@p{who}"}
    return {**m, **more}


def talks(n):
    """n pairs: a customer writes, and is answered by the owner, by somebody who has left, or in the words of `reply_to`."""
    lines = []
    for i in range(0, 2 * n, 2):
        lines.append(line(i))
        answer = line(i + 1, "out", who=7000 + i, agent="owner@shop.example" if i % 4 else "left@shop.example")
        if i % 3 == 0:
            del answer["to"]
            answer["reply_to"] = f"m{i}"
        lines.append(answer)
    return lines


def text_of(lines):
    return "".join((m if isinstance(m, str) else json.dumps(m, ensure_ascii=False)) + "\n" for m in lines)


def written(s, lines, name="past.jsonl"):
    path = os.path.join(s.folder, name)
    with open(path, "w") as f:
        f.write(text_of(lines))
    return path


def command(s, path, *more):
    return [BIN, "replay", path, "--data", s.data, *s.db, *more]


def replayed(s, path, *more, **options):
    return subprocess.run(command(s, path, *more), capture_output=True, timeout=300, **options)


def stored(s):
    return [m for c in s.items("/conversations?status=open") for m in s.items(f"/conversations/{c['id']}/messages")]


def lines_take_the_live_path(db):
    with Networks() as n, stage(n, db) as s:
        lines = talks(40)
        path = written(s, lines[:20] + ["no json"] + lines[20:])
        p = replayed(s, path, "--rate", "5000/s")
        assert p.returncode == 3 and b": 80 lines taken, 0 of this run" in p.stdout, p
        with open(path + ".rejected") as f:
            assert f.read().startswith("line 21: This is no JSON"), p
        until(lambda: len(n.texts()) == 40)
        assert sorted(n.texts()) == sorted(m["text"] for m in lines if m["direction"] == "out")
        found = stored(s)
        assert sorted(m["text"] for m in found) == sorted(m["text"] for m in lines)
        year = time.gmtime().tm_year
        assert all(m["sent_at"].startswith(str(year)) for m in found), "they arrive now"
        assert {m["author"]["kind"] for m in found if m["kind"] == "out"} == {"agent"}
        again = replayed(s, written(s, lines), "--rate", "5000/s")
        assert again.returncode == 0 and b": 80 lines taken" in again.stdout, again
        until(lambda: len(n.texts()) == 80)
        assert len(s.items("/conversations?status=open")) == 40, "the same people go on where they were"
        assert n.ledger()["counts"]["doubles"] == 0


def lines_become_messages_and_answers_reach_the_simulator():
    lines_take_the_live_path(None)


def the_same_on_postgresql():
    if "SEVA_TEST_PG" not in os.environ:
        return "skip: no PostgreSQL"
    lines_take_the_live_path(fresh_postgres())


def killed_runs_go_on(db):
    """The server is killed, then the command; the run goes on by its name, and nothing is there twice."""
    with Networks() as n, stage(n, db) as s:
        lines = talks(150)
        path = written(s, lines)
        for who in ("server", "command"):
            p = subprocess.Popen(command(s, path, "--rate", "400/s", "--run", "night"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            had = len(stored(s))
            until(lambda: len(stored(s)) > had + 20)
            if who == "server":
                s.kill()
                out, _ = p.communicate(timeout=120)
                assert p.returncode == 1, out
                s.start()
            else:
                p.send_signal(signal.SIGKILL)
                p.communicate()
        p = replayed(s, path, "--rate", "5000/s", "--run", "night")
        assert p.returncode == 0, p
        until(lambda: len(stored(s)) == len(lines))
        until(lambda: len(set(n.texts())) == 150)
        assert sorted(m["text"] for m in stored(s)) == sorted(m["text"] for m in lines)


def a_run_that_was_killed_goes_on():
    killed_runs_go_on(None)


def the_same_kills_on_postgresql():
    if "SEVA_TEST_PG" not in os.environ:
        return "skip: no PostgreSQL"
    killed_runs_go_on(fresh_postgres())


def standard_input_is_taken_as_it_comes():
    with Networks() as n, stage(n) as s:
        p = subprocess.Popen(command(s, "-", "--speed", "1000"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for m in [line(0), "broken", line(1, "out", who=7000, reply_to="m0")]:
            p.stdin.write(text_of([m]).encode())
            p.stdin.flush()
            if m == "broken":
                until(lambda: len(stored(s)) == 1)  # it does not wait for the end
        until(lambda: n.texts() == ["text 1 🙂"])
        p.stdin.close()
        assert p.wait(60) == 3
        assert b"line 2: This is no JSON" in p.stderr.read()


def real_channels_are_refused():
    with Networks() as n:
        with Seva() as s:  # no --network-hosts: the bot is a real one
            s.start()
            made = s.api("POST", "/channels", {"kind": "telegram", "name": "bot", "settings": {"bot_token": TOKEN}, "external_id": BOT})
            assert made.status == 201, made.body
            p = replayed(s, "-", "--rate", "100/s", input=text_of(talks(2) + [line(9, channel="widget")]).encode())
            assert p.returncode == 3 and b": 0 lines taken" in p.stdout, p
            assert p.stderr.count(b'field channel: "bot" is a real channel: it talks to https://api.telegram.org') == 4, p.stderr
            assert p.stderr.count(b"cannot be replayed") == 1, p.stderr
            assert not stored(s)
        for hosts in ("telegram.api=http://127.0.0.1.example.com", "telegram.api=http://localhost:1", "telegram.api=http://127.0.0.1@shop.example:1"):
            with Seva(more=["--network-hosts", hosts]) as s:
                s.start()
                assert s.api("POST", "/channels", {"kind": "telegram", "name": "bot", "settings": {"bot_token": TOKEN}, "external_id": BOT}).status == 201
                p = replayed(s, "-", "--rate", "100/s", input=text_of([line(0)]).encode())
                assert p.returncode == 3 and b"real channel" in p.stderr, (hosts, p)
        with stage(n) as s:
            assert s.api("POST", "/webhooks", {"name": "shop", "url": "https://shop.example/hook", "events": ["*"]}).status == 201
            p = replayed(s, "-", "--rate", "100/s", input=text_of([line(0)]).encode())
            assert p.returncode == 3 and b'The webhook "shop" would tell https://shop.example/hook' in p.stderr, p
            assert not stored(s) and not n.texts()


def what_is_wrong_is_said_and_the_rest_goes_on():
    with Networks() as n, stage(n) as s:
        lines = [line(1, "out", who=1, to=None, thread="nobody's"), line(2), line(3, channel="nowhere"), line(4, "out", who=7002)]
        path = written(s, lines)
        p = replayed(s, path, "--rate", "1000/s")
        assert p.returncode == 3 and b": 2 lines taken" in p.stdout and b"2 lines were wrong" in p.stdout, p
        with open(path + ".rejected") as f:
            rejected = f.read()
        assert "line 1, field thread: No customer" in rejected and "line 3, field channel: There is no channel" in rejected, rejected
        for options, words in ((["--rate", "0"], b"--rate must be"), (["--speed", "x"], b"--speed must be"), (["--rate", "1", "--speed", "1"], b"not both"),
                               (["--run", "a b"], b"--run must be")):
            p = replayed(s, path, *options)
            assert p.returncode == 2 and words in p.stderr, (options, p)
        assert b"No such file" in replayed(s, path + ".not").stderr
        s.stop()
        p = replayed(s, path)
        assert p.returncode == 1 and b"needs a running server" in p.stderr, p


CHANNELS = {
    "facebook": ({"app_secret": "seva-meta-app-secret-0001", "access_token": "EAAGsevaPageToken123"}, "1029384756", "7001"),
    "instagram": ({"login": "instagram", "app_secret": "seva-meta-app-secret-0001", "access_token": "IGAAsevaToken123"}, "17841400000000001", "9001"),
    "whatsapp": ({"business_account_id": "88001", "access_token": "EAAGsevaPageToken123", "app_secret": "seva-meta-app-secret-0001"}, "99001", "15557770001"),
    "x": ({"auth": "oauth1", "consumer_key": "ck", "consumer_secret": "seva-x-consumer-secret", "bearer_token": "x-app-token",
           "oauth1_token": "x-oauth1-token", "oauth1_token_secret": "s", "source": "poll"}, "1111", "2222"),
    "telegram": ({"bot_token": TOKEN}, BOT, "7001"),
    "line": ({"channel_secret": "seva-line-channel-secret", "access_token": "line-channel-access-token"},
             "U0123456789abcdef0123456789abcdef", "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    "viber": ({"sender_name": "Seva", "token": "4453b6ac12345678-a1b2c3d4e5f60718-9a8b7c6d5e4f3021"}, "pa:5301", "01234567890A="),
    "sms": ({"account_sid": "AC00000000000000000000000000000001", "sender": "+15550001111", "auth_token": "sevaTwilioAuthToken0001"}, "", "+15557770001"),
    "mastodon": ({"server": "e.example", "access_token": "mastodon-token"}, "14715", "971724"),
    "bluesky": ({"identifier": "care.example.com", "app_password": "bluesky-app-password"}, "did:plc:seva", "did:plc:asha"),
}
PUBLIC = {"facebook": "post:1029384756_555", "instagram": "post:18000000000000001", "mastodon": "post:1"}


def a_day_of_all_networks_is_driven_at_once():
    """Those that are connected by a form; tests/flow/network_replay.c has them all, one by one."""
    with Networks() as n, Seva(more=["--network-hosts", f"*={n.url}", "--egress-allow", HERE]) as s:
        s.start()
        assert s.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
        lines, out = [], []
        for kind, (settings, external, who) in CHANNELS.items():
            made = s.api("POST", "/channels", {"kind": kind, "name": kind, "settings": settings, **({"external_id": external} if external else {})})
            assert made.status == 201, (kind, made.body)
            n.call("accounts", {"network": kind, "settings": {"any_chat": "yes"}})
            for public in (False, True) if kind in PUBLIC else (False,):
                where = {"visibility": "public", "thread": PUBLIC[kind]} if public else {}
                id = f"1029384756_{len(lines)}" if kind == "facebook" else str(len(lines) + 1)
                person = {"id": who, "name": "Asha", "handle": "@asha", "location": "ঢাকা"}
                lines.append(line(0, channel=kind, id=id, text=f"hello {kind} {public}", **where) | {"from": person})
                lines.append(line(1, "out", channel=kind, id=id + "9", text=f"answer {kind} {public}", reply_to=id, **where) | {"to": person})
                out.append((kind, f"answer {kind} {public}"))
        good = len(lines)
        lines += [line(2, channel="sms", id="a", visibility="public"), line(3, "out", channel="x", id="b", visibility="public", reply_to="1"),
                  line(4, channel="widget", id="c")]
        path = written(s, lines)
        p = replayed(s, path, "--rate", "5000/s")
        assert p.returncode == 3 and b": %d lines taken" % good in p.stdout and b"3 lines were wrong" in p.stdout, p
        with open(path + ".rejected") as f:
            rejected = f.read()
        assert "On SMS nothing is public." in rejected and "On X a public answer reads the post first" in rejected and "cannot be replayed" in rejected, rejected

        def took():
            return sorted((e["network"], e["text"].removeprefix("@asha ")) for e in n.call("ledger?kind=message&limit=1000")["entries"])
        assert until(lambda: took() == sorted(out)), (took(), [(m["text"], m["error"]) for m in stored(s) if m["error"]])
        assert n.call("ledger?kind=message&limit=1")["counts"]["doubles"] == 0
        people = s.items("/contacts")
        assert len(people) == len(CHANNELS) and {s.api("GET", "/contacts/" + p["id"]).json["location"] for p in people} == {"ঢাকা"}


def how_far_it_is_stands_on_a_terminal_and_else_in_lines():
    with Networks() as n, stage(n) as s:
        path = written(s, [line(i) for i in range(120)])
        leader, follower = pty.openpty()
        p = subprocess.Popen(command(s, path, "--rate", "20/s", "--run", "seen"), stdout=subprocess.PIPE, stderr=follower)
        os.close(follower)
        shown = b""
        while not re.search(rb"\r\d+ lines, \d+/s, 0:00:0[1-9] left\x1b\[K", shown):
            shown += os.read(leader, 1000)
        assert b"\n" not in shown, "one line that is written over"
        p.kill()
        p.communicate()
        os.close(leader)
        p = replayed(s, path, "--rate", "20/s", "--run", "read")
        assert p.returncode == 0, p
        assert re.match(rb"(\d+ lines, \d+/s, 0:00:0\d left\n)+$", p.stderr) and b"\r" not in p.stderr, p.stderr


def distances_in_time_are_kept():
    """Steps, not the clock: what is an hour later has not come while the line before it is there; a hundred thousand times faster it has."""
    with Networks() as n, stage(n) as s:
        lines = [line(0, at="2025-03-01T08:00:00Z"), line(1, at="2025-03-01T09:00:00Z")]
        path = written(s, lines)
        leader, follower = pty.openpty()
        p = subprocess.Popen(command(s, path, "--run", "slow"), stdout=subprocess.PIPE, stderr=follower)
        os.close(follower)
        until(lambda: len(stored(s)) == 1)
        shown = b""
        while b"left" not in shown and b"lines, " not in shown:
            shown += os.read(leader, 1000)
        assert p.poll() is None
        p.kill()
        p.communicate()
        os.close(leader)
        assert len(stored(s)) == 1
        assert replayed(s, path, "--speed", "100000", "--run", "slow").returncode == 0
        until(lambda: len(stored(s)) == 2)


def a_time_that_is_no_good_holds_nothing_up():
    """Years from here or before all counting it is a wrong line at once, not one that is waited for."""
    with Networks() as n, stage(n) as s:
        lines = [line(0, at="0001-01-01T00:00:00Z"), line(1), line(2, at="9999-12-31T23:59:59Z"), line(3)]
        p = replayed(s, "-", input=text_of(lines).encode())
        assert p.returncode == 3 and b": 2 lines taken" in p.stdout and b"2 lines were wrong" in p.stdout, p
        assert b"before 1970" in p.stderr and b"a year ahead" in p.stderr, p.stderr
        slow = subprocess.Popen(command(s, "-", "--speed", "0.000001"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        slow.stdin.write(text_of([line(4, at="1990-01-01T00:00:00Z"), line(5, at="2025-01-01T00:00:00Z")]).encode())
        slow.stdin.close()
        assert until(lambda: len(stored(s)) == 3)
        assert b"left" not in slow.stderr.read(1) and slow.poll() is None, "the next one is due in millions of years"
        slow.kill()
        slow.wait()


run([
    lines_become_messages_and_answers_reach_the_simulator,
    the_same_on_postgresql,
    a_run_that_was_killed_goes_on,
    the_same_kills_on_postgresql,
    standard_input_is_taken_as_it_comes,
    real_channels_are_refused,
    what_is_wrong_is_said_and_the_rest_goes_on,
    a_day_of_all_networks_is_driven_at_once,
    how_far_it_is_stands_on_a_terminal_and_else_in_lines,
    distances_in_time_are_kept, a_time_that_is_no_good_holds_nothing_up,
])
