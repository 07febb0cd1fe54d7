"""Kills the server with -9 at random moments under mixed load and compares what was acknowledged with what is stored and with
what the peers received: nothing lost, nothing doubled inside, order kept, ready again within 1 s; at peers nothing lost and
webhooks distinct by delivery id; the doctor finds nothing. On PostgreSQL in turn the server, PostgreSQL told to stop at once
(SIGQUIT) and its postmaster with -9: those the server survives. SEVA_KILLS says how often (60; on PostgreSQL a fifteenth),
SEVA_KILLS_DB names the one database that is struck, then as often as that."""

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import uuid

from seva import GONE, PATIENCE_S, Peer, Seva, request, run, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402

KILLS = int(os.environ.get("SEVA_KILLS", "60"))
ONLY = os.environ.get("SEVA_KILLS_DB")
KILLS_PG = KILLS if ONLY else max(4, KILLS // 15)  # each costs PostgreSQL a recovery
LOAD = 5  # messages acknowledged per kill, so that a slow machine is not killed before it has begun
FEW = 2000  # jobs; a longer queue is not looked through again and again
DRAIN_S = 300 + KILLS  # what was not posted between the kills is posted after them
LEASE_MS, NETWORK_LEASE_MS = 30 * 1000, 240 * 1000  # LIMIT_JOB_LEASE_MS, LIMIT_NETWORK_LEASE_MS
READY_S = 1.0
READY_MOST_S = 10.0  # a single one, on a machine that has other things to do


class Oracle:
    """What the server acknowledged, per conversation partner and in order."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acknowledged = {}  # partner → [marker …]
        self.files = {}  # attachment → bytes
        self.errors = []

    def ack(self, partner, marker):
        with self.lock:
            self.acknowledged.setdefault(partner, []).append(marker)

    def wrong(self, what):
        with self.lock:
            self.errors.append(what)

    def replies(self):
        with self.lock:
            return len(self.acknowledged.get("replies", []))

    def count(self):
        with self.lock:
            return sum(len(markers) for markers in self.acknowledged.values())


def insist(stop, attempt):
    """Tries the same thing until it is acknowledged, as a careful peer does; None when told to stop."""
    while True:
        try:
            answer = attempt()
            if answer.status < 500 and answer.status != 429:
                return answer
        except GONE:
            pass
        if stop.is_set() and time.monotonic() > stop.deadline:
            return None
        time.sleep(0.01)


def machine(seva, oracle, stop, number):
    """Posts on the API channel, one message after the other for one contact."""
    n = 0
    while not stop.is_set():
        marker = f"m{number}-{n}"
        message = {"id": marker, "contact": {"id": f"contact-{number}", "name": f"Machine {number}"}, "text": marker}
        answer = insist(stop, lambda: seva.hook(message, timeout=20))
        if answer is None:
            return
        if answer.status != 200:
            oracle.wrong(f"hook answered {answer.status} {answer.body[:200]}")
            return
        oracle.ack(f"machine{number}", marker)
        n += 1


def visitor(seva, oracle, stop, number):
    """Chats on the widget, retrying with the same client id."""
    key = seva.channel("widget")["public_key"]
    made = insist(stop, lambda: request(seva.port, "POST", f"/widget/v1/{key}/session", {}, timeout=20))
    token, n = made.json["token"], 0
    while not stop.is_set():
        marker, client = f"v{number}-{n}", str(uuid.uuid4())
        answer = insist(stop, lambda: seva.widget(token, "POST", "/messages", {"client_id": client, "text": marker}, timeout=20))
        if answer is None:
            return
        if answer.status == 429:
            time.sleep(0.05)
            continue
        if answer.status not in (200, 201):
            oracle.wrong(f"widget answered {answer.status} {answer.body[:200]}")
            return
        oracle.ack(f"visitor{number}", marker)
        n += 1


def uploaded(seva, oracle, stop, marker):
    """A file of the agent's, brought in one part; its attachment's id, None when the server was away too long."""
    content = (marker + " ").encode() * 2000

    def attempt():
        made = seva.api("POST", "/uploads", {"name": marker + ".txt", "size": len(content), "type": "text/plain"}, timeout=20)
        if made.status not in (200, 201):
            return made
        return request(seva.port, "PUT", f"/api/v1/uploads/{made.json['id']}?offset=0", content,
                       {"Authorization": "Bearer " + seva.made["token"], "Content-Type": "application/octet-stream"}, 20)

    answer = insist(stop, attempt)
    if answer is None or answer.status != 200:
        return None
    number = answer.json["attachment"]["id"]
    with oracle.lock:
        oracle.files[number] = content
    return number


def replier(seva, oracle, stop):
    """Answers conversations of the API channel; each reply goes to the peer as a webhook."""
    n, rand = 0, random.Random(7)
    while not stop.is_set():
        found = insist(stop, lambda: seva.api("GET", "/conversations?limit=20", timeout=20))
        mine = [c for c in found.json["items"] if c["channel"]["kind"] == "api"] if found is not None and found.status == 200 else []
        if not mine:
            time.sleep(0.02)
            continue
        conversation = rand.choice(mine)
        marker, client = f"r-{n}", str(uuid.uuid4())
        file = uploaded(seva, oracle, stop, marker) if n % 5 == 0 else None
        body = {"kind": "reply", "text": marker, "client_id": client, "seen_message_id": conversation["last_message_id"], "force": True,
                "attachment_ids": [file] if file else []}
        answer = insist(stop, lambda: seva.api("POST", f"/conversations/{conversation['id']}/messages", body, timeout=20))
        if answer is None:
            return
        if answer.status not in (200, 201):
            oracle.wrong(f"reply answered {answer.status} {answer.body[:300]}")
            return
        oracle.ack("replies", marker)
        n += 1
        time.sleep(0.01)


def claims_run_out(struck_ms):
    """SQL: what was claimed before then is not waited for: on PostgreSQL another node could be at it still, for minutes."""
    return ("UPDATE job SET lease_ms = 1 WHERE state = 'running' AND lease_ms < "
            f"{struck_ms} + CASE WHEN channel_id <> 0 THEN {NETWORK_LEASE_MS} ELSE {LEASE_MS} END")


class OnSqlite:
    """What is struck: the server alone."""

    def __init__(self):
        self.kills, self.url, self.ready, self.back = KILLS, None, [], []

    def strike(self, seva, oracle, n):
        seva.kill()
        self.ready.append(seva.start())

    def settle(self):
        pass

    def close(self):
        pass


class OnPostgres:
    """What is struck: in turn the server, PostgreSQL in two ways."""

    def __init__(self):
        self.kills, self.server, self.ready, self.back = KILLS_PG, pg.Server(), [], []
        self.url = self.server.start()

    def strike(self, seva, oracle, n):
        if n % 3 == 0 and n > 0:  # the receiver's lease of a killed server lasts three seconds: nothing to reply to would come
            before = oracle.replies()
            until(lambda: oracle.errors or oracle.replies() > before)
        self.struck_ms = int(time.time() * 1000)
        if n % 3 == 0:
            seva.kill()
            self.ready.append(seva.start())
            return
        self.server.kill(signal.SIGQUIT if n % 3 == 1 else signal.SIGKILL)
        self.server.serve_again()
        began = time.monotonic()
        seva.wait_ready()  # it never ended
        self.back.append(time.monotonic() - began)

    def settle(self):
        self.server.run(self.server.bin + "/psql", "-q", *self.server.socket_at(), "-c", claims_run_out(self.struck_ms), "seva")

    def close(self):
        self.server.stop(False)


def kill_again_and_again(seva, oracle, struck):
    rand = random.Random(int(os.environ.get("SEVA_SEED", "1")))
    for n in range(struck.kills):
        time.sleep(rand.uniform(0.02, 0.35))
        assert until(lambda: oracle.errors or oracle.count() > n * LOAD), "nothing is acknowledged any more"
        struck.strike(seva, oracle, n)
    struck.settle()


def load(seva, oracle, stop):
    threads = [threading.Thread(target=machine, args=(seva, oracle, stop, i), daemon=True) for i in range(6)]
    threads += [threading.Thread(target=visitor, args=(seva, oracle, stop, i), daemon=True) for i in range(4)]
    threads += [threading.Thread(target=replier, args=(seva, oracle, stop), daemon=True)]
    for t in threads:
        t.start()
    return threads


def stored_messages(seva):
    """Texts per conversation, oldest first, and all texts."""
    per, everything = {}, []
    for c in seva.items("/conversations?status=open,pending,snoozed,resolved"):
        texts, cursor = [], None
        while True:
            page = seva.api("GET", f"/conversations/{c['id']}/messages?limit=200" + (f"&cursor={cursor}" if cursor else "")).json
            texts = [m for m in page["items"] if m["kind"] in ("in", "out")] + texts
            cursor = page.get("next")
            if not cursor:
                break
        per[c["id"]] = texts
        everything += [m["text"] for m in texts]
    return per, everything


def check_inside(oracle, per, everything):
    counts = {}
    for text in everything:
        counts[text] = counts.get(text, 0) + 1
    acknowledged = [m for ms in oracle.acknowledged.values() for m in ms]
    lost = [m for m in acknowledged if m not in counts]
    doubled = [m for m, n in counts.items() if n > 1]
    assert not lost, f"{len(lost)} acknowledged and lost: {lost[:5]}"
    assert not doubled, f"{len(doubled)} doubled: {doubled[:5]}"
    for messages in per.values():
        numbers = [int(m["text"].split("-")[1]) for m in messages if m["kind"] == "in"]
        assert numbers == sorted(numbers), f"order not kept: {numbers[:20]}"
    return len(acknowledged)


def check_files(seva, oracle, per):
    """Each is there with its bytes, and none hangs on two messages."""
    for number, content in oracle.files.items():
        r = seva.api("GET", f"/attachments/{number}")
        assert r.status == 200 and r.body == content, f"the file {number} is lost: {r.status}"
    used = [a["id"] for messages in per.values() for m in messages for a in m["attachments"]]
    assert len(used) == len(set(used)), "a file hangs on two messages"


def check_nothing_is_stuck(seva, per):
    assert not seva.items("/jobs?state=running"), "a job is leased and nobody does it"
    under_way = [m for messages in per.values() for m in messages if m["state"] in ("queued", "sending", "held")]
    assert not under_way, f"{len(under_way)} messages are under way with no job: {under_way[:2]}"


def check_peers(oracle, peer):
    replies = [json.loads(e["body"]) for e in peer.ledger if e["path"] == "/replies"]
    received = {e["data"]["message"]["text"] for e in replies}
    lost = [m for m in oracle.acknowledged.get("replies", []) if m not in received]
    assert not lost, f"{len(lost)} replies never reached the peer: {lost[:5]}"
    per_event = {}
    for e in peer.ledger:
        if e["path"] == "/feed":
            per_event.setdefault(json.loads(e["body"])["id"], set()).add(e["headers"]["seva-delivery"])
    several = [k for k, v in per_event.items() if len(v) > 1]
    assert not several, f"{len(several)} events went out under several delivery ids"
    texts = [json.loads(e["body"]) for e in peer.ledger if e["path"] == "/feed"]
    fed = {e["data"]["message"]["text"] for e in texts if e["type"] == "message.created" and "message" in e["data"]}
    missing = [m for ms in oracle.acknowledged.values() for m in ms if m not in fed]
    assert not missing, f"{len(missing)} messages never reached the webhook: {missing[:5]}"


def check_doctor(seva):
    p = subprocess.run([seva.bin, "doctor", "--data", seva.data, *seva.db], capture_output=True, text=True)
    assert p.returncode == 0, p.stdout + p.stderr


def set_up(seva, peer):
    assert seva.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
    assert seva.api("PATCH", f"/channels/{seva.channel('api')['id']}", {"settings": {"reply_url": peer.url("/replies")}}).status == 200
    assert seva.api("POST", "/webhooks", {"name": "feed", "url": peer.url("/feed"), "events": ["message.created"]}).status in (200, 201)


def check_all(seva, oracle, peer):
    """How many were acknowledged."""
    aside = seva.items("/quarantine")
    assert not aside, f"innocent deliveries were set aside: {aside[:3]}"
    per, everything = stored_messages(seva)
    number = check_inside(oracle, per, everything)
    check_files(seva, oracle, per)
    check_nothing_is_stuck(seva, per)
    until(lambda: not missing_at_peer(oracle, peer))
    check_peers(oracle, peer)
    check_doctor(seva)
    return number


def kills(struck):
    peer, oracle, stop = Peer(), Oracle(), threading.Event()
    stop.deadline = float("inf")
    try:
        with Seva(db=struck.url, more=["--egress-allow", "webhook=127.0.0.0/8"]) as seva:
            seva.start()
            set_up(seva, peer)
            threads = load(seva, oracle, stop)
            kill_again_and_again(seva, oracle, struck)
            time.sleep(0.5)
            stop.deadline = time.monotonic() + 20
            stop.set()
            for t in threads:
                t.join(2 * PATIENCE_S)
                assert not t.is_alive(), "a sender hangs"
            assert not oracle.errors, oracle.errors[:3]
            assert until(lambda: drained(seva), DRAIN_S, 0.5), "the queues did not drain:\n" + waiting(seva)
            number = check_all(seva, oracle, peer)
            usual, worst = statistics.median(struck.ready), max(struck.ready)
            assert usual <= READY_S and worst <= READY_MOST_S, f"restarts took {usual:.2f} s usually, {worst:.2f} s at worst"
            assert number > struck.kills * LOAD, f"the load was too thin: {number}"
            back = f", back {statistics.median(struck.back):.2f} s after PostgreSQL usually, {max(struck.back):.2f} s at worst" if struck.back else ""
            print(f"# {struck.kills} kills, {number} acknowledged, 0 lost, 0 doubled, {oracle.replies()} replies with {len(oracle.files)} files, "
                  f"restarts {usual:.2f} s usually, {worst:.2f} s at worst{back}, {len(peer.ledger)} posts at the peer", flush=True)
    finally:
        struck.close()
        peer.close()


def nothing_acknowledged_is_lost_or_doubled_by_kills():
    kills(OnSqlite())


def nothing_acknowledged_is_lost_or_doubled_by_kills_of_the_server_and_of_postgresql():
    kills(OnPostgres())


def drained(seva):
    """Nothing waits. A job hit by two kills in a row would wait for minutes: it is told to run now, as a person may."""
    assert not seva.items("/jobs?state=dead"), "innocent jobs were set aside: " + waiting(seva)
    if seva.metric("seva_jobs") < FEW:
        for job in seva.items("/jobs?state=queued"):
            seva.api("POST", f"/jobs/{job['id']}/retry")
    return seva.metric("seva_inbox_waiting") == 0 and seva.metric("seva_jobs") == 0


def waiting(seva):
    lines = request(seva.port, "GET", "/metrics").body.decode().split("\n")
    jobs = seva.api("GET", "/jobs?state=queued&limit=5").body[:1500].decode() + seva.api("GET", "/jobs?state=dead&limit=5").body[:1500].decode()
    return "\n".join(x for x in lines if x.startswith(("seva_inbox", "seva_jobs"))) + "\n" + jobs


def missing_at_peer(oracle, peer):
    try:
        check_peers(oracle, peer)
        return False
    except AssertionError:
        return True


if __name__ == "__main__":
    by_name = {"sqlite": nothing_acknowledged_is_lost_or_doubled_by_kills,
               "postgres": nothing_acknowledged_is_lost_or_doubled_by_kills_of_the_server_and_of_postgresql}
    run([by_name[ONLY]] if ONLY else list(by_name.values()))
