"""Figures of many networks at once: webhooks of eight beside what goes out, and what an outage of one network costs the others.
Load (bench/mixed), simulator (`seva-sim networks`) and server share the machine; the simulator's ledger says what it took, and when."""

import itertools
import json
import os
import re
import sqlite3
import subprocess
import time

import networks

HOOKS_PER_SECOND, SENDS_PER_SECOND = 2000, 500
PEOPLE = 100  # who write to a channel by webhooks; as many others are answered
LINE_CHANNELS = 4  # LINE sets no pace, so nothing but the server holds these back
OUTAGE_SENDS_PER_SECOND, OUTAGE_SLICE_S = 200, 10
BY_GRANT = {"x", "tiktok"}  # their tokens come by asking for rights only; receiving needs none
DOWN, DOWN_CHANNELS = "facebook", 4
OTHERS = [("line", 1), ("line", 2), ("instagram", 1), ("viber", 1)]
OUTAGES = [("answers 500", {"mode": "500"}), ("resets each connection", {"mode": "reset"}), ("does not answer", {"mode": "timeout_before"}),
           ("answers within 16 s", {"mode": "slow", "delay_ms": 1000})]


def share(values, part):
    """The value below which a part of them lies (nearest rank)."""
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


class World:
    """A server and a simulator, channels on both sides, and people who have written."""

    def __init__(self, server_of, build):
        self.build = build
        self.networks = networks.Networks(build, ledger=2_000_000)
        self.server = server_of(build, more=["--network-hosts", f"*={self.networks.url}", "--egress-allow", "network=127.0.0.0/8;media=127.0.0.0/8",
                                             "--base-url", "http://127.0.0.1:{port}"])
        self.api = f"http://127.0.0.1:{self.server.port}/api/v1"
        self.token = self.server.made["token"]
        networks.call(self.api + "/account", "PATCH", {"undo_seconds": 0}, self.token)
        out = subprocess.run([os.path.join(build, "bench/mixed"), "plan", "--people", str(2 * PEOPLE)], capture_output=True, text=True, check=True)
        self.plan = {n["kind"]: n for n in json.loads(out.stdout)}
        self.hooks, self.channels, self.after = {}, {}, 0

    def connect(self, kind, number=1):
        """The network's first account, or one more of our own making with credentials of its own."""
        n = self.plan[kind]
        settings, account = {**n["settings"], **n["secrets"]}, {"network": kind, "id": n["external_id"]}
        if number > 1:
            last = f"{number:04d}"
            token = settings["access_token"] + last
            account = {"network": kind, "id": n["external_id"][:-4] + last, "name": f"{kind} {number}", "token": token,
                       "secret": settings.get("channel_secret") or settings.get("app_secret")}
            settings["access_token"] = token
            self.networks.control("accounts", account)
        if kind in BY_GRANT:
            settings = {k: v for k, v in settings.items() if k not in ("access_token", "refresh_token")}
        body = {"kind": kind, "name": f"{kind} {number}", "settings": settings, "external_id": account["id"]}
        channel = networks.call(self.api + "/channels", "POST", body, self.token)
        self.networks.control("accounts", {"network": kind, "id": account["id"], "callback": channel["hook_url"]})
        self.channels[kind, number] = (channel["id"], account["id"])
        self.hooks.setdefault(kind, channel["hook_url"])

    def hear(self, kind, number, people):
        """These people of the network write to the channel for the first time."""
        for person in people:
            self.networks.control(f"{kind}/say", {"account": self.channels[kind, number][1], "from": {"id": person, "name": "Asha", "handle": "asha_r"},
                                                  "kind": self.plan[kind]["say"], "text": "Hello"})

    def settle(self):
        self.networks.control("settle", {"most_ms": 60000})
        began = time.monotonic()
        while self.server.unprocessed() and time.monotonic() - began < 60:
            time.sleep(0.02)
        return time.monotonic() - began

    def answerable(self, channels):
        """Conversations of these channels with the last message of each, taking turns."""
        db = self.database()
        found = [list(db.execute("SELECT id, last_in_id FROM conversation WHERE channel_id = ? ORDER BY id", (int(self.channels[c][0]),))) for c in channels]
        db.close()
        return [i for turn in itertools.zip_longest(*found) for i in turn if i]

    def stored(self):
        db = self.database()
        n = db.execute("SELECT COUNT(*) FROM message WHERE kind = 'in'").fetchone()[0]
        db.close()
        return n

    def database(self):
        return sqlite3.connect(os.path.join(self.server.folder, "data/seva.db"))

    def load(self, seconds, hooks, replies, conversations):
        """What bench/mixed measured, and the shares of a core that everybody took."""
        lines = [f"token {self.token}"] + [f"reply {c} {seen}" for c, seen in conversations]
        if hooks:
            lines += [f"hook {kind} {url}" for kind, url in self.hooks.items() if self.plan[kind]["is_mixed"]]
        before, began = (networks.cpu_s(self.server.process.pid), networks.cpu_s(self.networks.process.pid)), time.monotonic()
        out = subprocess.run([os.path.join(self.build, "bench/mixed"), "run", "--port", str(self.server.port), "--seconds", str(seconds), "--hooks", str(hooks),
                              "--replies", str(replies)], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=seconds + 120)
        if out.returncode:
            raise SystemExit(out.stderr)
        took = time.monotonic() - began
        r = json.loads(out.stdout)
        r["cpu"] = {"server": (networks.cpu_s(self.server.process.pid) - before[0]) / took, "simulator": (networks.cpu_s(self.networks.process.pid) - before[1]) / took,
                    "load": r["cpu_us"] / 1e6 / took}
        r["errors"] = out.stderr
        return r

    def wait_sent(self, most_s=60):
        """Until nothing waits to be sent, nor to be marked as read."""
        began = time.monotonic()
        while re.search(r'^seva_jobs\{[^}]*kind="(send|act)"[^}]*\} [1-9]', self.server.metrics(), re.M) and time.monotonic() - began < most_s:
            time.sleep(0.1)

    def taken(self):
        """(network, number of the answer, µs from its planned time) of every message that the simulator took."""
        found, after = [], self.after
        while True:
            entries = self.networks.control(f"ledger?kind=message&after={after}&limit=10000")["entries"]
            if not entries:
                return found
            after = entries[-1]["seq"]
            for e in entries:
                m = re.fullmatch(r"bench:(\d+):(\d+)", e.get("text", ""))
                if m:  # the ledger's clock has steps of 1 ms: its middle
                    found.append((e["network"], (m.group(1), m.group(2)), e["at_ms"] * 1000 + 500 - int(m.group(1))))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.server.remove()
        self.networks.stop()


def ms(us):
    """bench/mixed counts what takes longer than a second as one second."""
    return "≥ 1,000" if us == 1_000_000 else f"{us / 1000:,.1f}"


def mixed(server_of, build, seconds, row):
    with World(server_of, build) as w:
        measure_mixed(w, seconds, row)


def measure_mixed(w, seconds, row):
    kinds = [n["kind"] for n in w.plan.values() if n["is_mixed"]]
    for kind in kinds:
        w.connect(kind)
        w.hear(kind, 1, w.plan[kind]["people"][:PEOPLE])
    lines = [("line", i + 1) for i in range(LINE_CHANNELS)]
    for line in lines:
        if line not in w.channels:
            w.connect(*line)
    w.settle()
    before = set(w.answerable(lines))
    for line in lines:
        w.hear(*line, w.plan["line"]["people"][PEOPLE:])
    w.settle()
    conversations = [c for c in w.answerable(lines) if c not in before]
    were_stored = w.stored()
    r = w.load(seconds, HOOKS_PER_SECOND, SENDS_PER_SECOND, conversations)
    drained = w.settle()
    w.wait_sent()
    taken = w.taken()
    doubles = w.networks.control("ledger?count_only=true")["counts"]["doubles"]
    w.server.stop()
    stored = w.stored() - were_stored
    hooks, replies, late = r["hooks"], r["replies"], [t[2] for t in taken]
    print_errors(r)
    row(f"webhooks of {len(kinds)} networks mixed, {HOOKS_PER_SECOND:,}/s planned, {SENDS_PER_SECOND} messages/s out beside them, {seconds} s",
        "ack p99 ≤ 25 ms from the planned time, all stored",
        f"{hooks['acknowledged'] / seconds:,.0f}/s, p50 {ms(hooks['ack_p50_us'])} p99 {ms(hooks['ack_p99_us'])} worst {ms(hooks['ack_worst_us'])} ms "
        f"(the load's own part p99 {ms(hooks['late_p99_us'])}), stored {stored} of {hooks['acknowledged']}, refused {hooks['refused']}, drained {drained:.2f} s",
        hooks["acknowledged"] == hooks["sent"] == HOOKS_PER_SECOND * seconds == stored and hooks["ack_p99_us"] <= 25000)
    row("the messages out beside them", f"{SENDS_PER_SECOND}/s, each once",
        f"{len(taken) / seconds:,.0f}/s, agent's answer p99 {ms(replies['ack_p99_us'])} ms, planned to taken p50 {ms(share(late, 0.5))} p99 {ms(share(late, 0.99))} ms, "
        f"taken {len({t[1] for t in taken})} of {replies['acknowledged']}, doubled {doubles}",
        replies["acknowledged"] == replies["sent"] == SENDS_PER_SECOND * seconds == len(taken) == len({t[1] for t in taken}) and not doubles)
    row("CPU meanwhile, of a core", "none", ", ".join(f"{who} {100 * c:.0f} %" for who, c in r["cpu"].items()), True)


def print_errors(r):
    if r["errors"]:
        raise SystemExit(r["errors"])


class Side(World):
    """One of two equal worlds: in one a network is down."""

    def __init__(self, server_of, build):
        super().__init__(server_of, build)
        channels = OTHERS + [(DOWN, i + 1) for i in range(DOWN_CHANNELS)]
        for c in channels:
            self.connect(*c)
            self.hear(*c, self.plan[c[0]]["people"][PEOPLE:])
        self.settle()
        self.conversations = self.answerable(channels)
        # The first answer to a person also marks what they wrote as read.
        print_errors(self.load(len(self.conversations) // OUTAGE_SENDS_PER_SECOND + 1, 0, OUTAGE_SENDS_PER_SECOND, self.conversations))
        self.wait_sent()
        self.after = max(e["seq"] for e in self.networks.control("ledger?kind=message&limit=10000")["entries"])
        self.acknowledged, self.cpu = 0, []

    def slice(self, seconds):
        r = self.load(seconds, 0, OUTAGE_SENDS_PER_SECOND, self.conversations)
        print_errors(r)
        self.acknowledged += r["replies"]["acknowledged"]
        self.cpu.append(r["cpu"])

    def others(self):
        """What arrived elsewhere, when everything there has."""
        want = self.acknowledged * len(OTHERS) // (len(OTHERS) + DOWN_CHANNELS)
        began, taken = time.monotonic(), []
        while len(taken) < want and time.monotonic() - began < 120:
            taken = [t for t in self.taken() if t[0] != DOWN]
            time.sleep(0.5)
        return taken, want


def outage(server_of, build, seconds, row):
    for words, fault in OUTAGES:
        with Side(server_of, build) as well, Side(server_of, build) as ill:
            ill.networks.control("faults", {"network": DOWN, **fault})
            measure_outage(well, ill, words, seconds, row)


def measure_outage(well, ill, words, seconds, row):
    for _ in range(max(1, min(seconds, 60) // 2 // OUTAGE_SLICE_S)):  # taking turns, so that the machine's own swings hurt both alike
        well.slice(OUTAGE_SLICE_S)
        ill.slice(OUTAGE_SLICE_S)
    (a, want_a), (b, want_b) = well.others(), ill.others()
    doubles = sum(s.networks.control("ledger?count_only=true")["counts"]["doubles"] for s in (well, ill))
    struck = ill.networks.control("faults")[0]["struck"]
    p50, p99 = [[share([t[2] for t in side], part) for side in (a, b)] for part in (0.5, 0.99)]
    cpu = [sum(c["server"] for c in s.cpu) / len(s.cpu) for s in (well, ill)]
    row(f"other channels while {DOWN_CHANNELS} of one network {words}, {OUTAGE_SENDS_PER_SECOND}/s in all, beside the same load without", "p50 and p99 within 10 %, each once",
        f"p50 {ms(p50[0])} → {ms(p50[1])}, p99 {ms(p99[0])} → {ms(p99[1])} ms, taken {len({t[1] for t in a})} and {len({t[1] for t in b})} of {want_a} and {want_b}, "
        f"doubled {doubles}, struck {struck}, CPU of the server {100 * cpu[0]:.0f} → {100 * cpu[1]:.0f} %",
        p50[1] <= 1.1 * p50[0] and p99[1] <= 1.1 * p99[0] and len(a) == len({t[1] for t in a}) == want_a and len(b) == len({t[1] for t in b}) == want_b and not doubles)
