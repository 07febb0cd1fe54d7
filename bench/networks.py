"""Figures of what goes out to networks: a server beside `seva-sim networks`, with long queues that are put into the database
while the server is stopped. Load, simulator and server share the machine."""

import json
import os
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

CONTROL = "bench"
# Credentials are the simulator's own. line has no pace of its own; telegram takes 30 messages a second.
NETWORKS = {
    "line": {"settings": {"channel_secret": "seva-line-channel-secret", "access_token": "line-channel-access-token"},
             "external_id": "U0123456789abcdef0123456789abcdef", "from": "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    "telegram": {"settings": {"bot_token": "123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11"}, "external_id": "123456", "from": "7001"},
}
TELEGRAM_PER_SECOND = 30
LANES = 1000  # conversations' worth of order keys: as many sends may go side by side as the channel may


def call(url, method, body=None, token=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})})
    try:
        with urllib.request.urlopen(request, timeout=30) as r:
            text = r.read()
    except urllib.error.HTTPError as e:
        raise SystemExit(f"{method} {url}: {e.code} {e.read().decode()[:1000]}")
    return json.loads(text) if text else None


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Networks:
    def __init__(self, build, ledger=10):
        self.process = subprocess.Popen([os.path.join(build, "sim/seva-sim"), "networks", "--listen", "127.0.0.1:0", "--control", CONTROL, "--ledger", str(ledger)],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def control(self, path, body=None):
        return call(f"{self.url}/_sim/{path}", "GET" if body is None else "POST", body, CONTROL)

    def accepted(self, network):
        return self.control(f"ledger?network={network}&count_only=true")["counts"]["accepted"]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Outgoing:
    """A server with one channel of a network and `n` sends that wait for it. fault: of the simulator's, for this network."""

    def __init__(self, server_of, build, network, n, fault=None):
        self.networks, self.network = Networks(build), network
        self.server = server_of(build, more=["--network-hosts", f"*={self.networks.url}", "--egress-allow", "network=127.0.0.0/8;media=127.0.0.0/8",
                                             "--base-url", "http://127.0.0.1:1"])
        wanted = NETWORKS[network]
        api = f"http://127.0.0.1:{self.server.port}/api/v1"
        token = self.server.made["token"]
        self.networks.control(f"{network}/say", {"from": {"id": wanted["from"]}, "text": "Hello"})  # else nobody may write to them
        if fault:
            self.networks.control("faults", {"network": network, **fault})
        call(api + "/account", "PATCH", {"undo_seconds": 0}, token)
        channel = call(api + "/channels", "POST", {"kind": network, "name": network, "settings": wanted["settings"], "external_id": wanted["external_id"]}, token)
        self.server.stop()
        self.fill(channel["id"], n)
        self.server.start()

    def fill(self, channel, n):
        """n messages to one person, each with its job; the rows that a reply would have made."""
        db = sqlite3.connect(os.path.join(self.server.folder, "data/seva.db"))
        account, source = db.execute("SELECT account_id, channel_id FROM source WHERE channel_id = ?", (int(channel),)).fetchone()
        now = int(time.time() * 1000)
        at = db.execute("SELECT MAX(id) FROM (SELECT MAX(id) AS id FROM job UNION ALL SELECT ?)", (source,)).fetchone()[0] + (1 << 22)
        contact, identity, talk, first = at + 1, at + 2, at + 3, at + 10
        db.execute("INSERT INTO contact (id, account_id, name, created_ms, updated_ms) VALUES (?, ?, 'Asha', ?, ?)", (contact, account, now, now))
        db.execute("INSERT INTO identity (id, account_id, contact_id, channel_id, external_id) VALUES (?, ?, ?, ?, ?)",
                   (identity, account, contact, source, NETWORKS[self.network]["from"]))
        db.execute("INSERT INTO conversation (id, account_id, number, channel_id, identity_id, contact_id, status, created_ms, updated_ms, last_message_ms, last_in_ms)"
                   " VALUES (?, ?, 1000000, ?, ?, ?, 'open', ?, ?, ?, ?)", (talk, account, source, identity, contact, now, now, now, now))
        db.executemany("INSERT INTO message (id, account_id, conversation_id, channel_id, kind, author_kind, text, state, client_id, sent_ms, received_ms)"
                       " VALUES (?, ?, ?, ?, 'out', 'agent', ?, 'queued', ?, ?, ?)",
                       ((first + i, account, talk, source, f"answer {i}", f"bench-{i}", now, now) for i in range(n)))
        db.executemany("INSERT INTO job (id, account_id, kind, key, order_key, run_ms, created_ms, channel_id) VALUES (?, ?, 'send', ?, ?, ?, ?, ?)",
                       ((first + i, account, str(first + i), f"conv:{i % LANES}", now, now, source) for i in range(n)))
        db.commit()
        db.close()

    def over(self, seconds):
        """(sends a second, share of one core) over a while."""
        pid = self.server.process.pid
        taken, cpu, began = self.networks.accepted(self.network), cpu_s(pid), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        return (self.networks.accepted(self.network) - taken) / took, (cpu_s(pid) - cpu) / took

    def parked(self):
        db = sqlite3.connect(os.path.join(self.server.folder, "data/seva.db"))
        n = db.execute("SELECT COUNT(*) FROM job WHERE kind = 'send' AND state = 'queued' AND run_ms <= ?", (int(time.time() * 1000),)).fetchone()[0]
        db.close()
        return n == 0

    def close(self):
        self.server.stop()
        self.server.remove()
        self.networks.stop()


def outbound(server_of, build, seconds, n, row):
    while_s = min(seconds, 20)
    o = Outgoing(server_of, build, "line", n, {"mode": "429", "retry_after_ms": 3600 * 1000})
    began = time.monotonic()
    while not o.parked() and time.monotonic() - began < 120:
        time.sleep(0.5)
    parked_s = time.monotonic() - began
    _, waiting = o.over(while_s)
    o.close()
    row(f"CPU of the server while {n:,} sends wait for their network's limit", "≤ 10 % of a core", f"{100 * waiting:.1f} % (all set aside after {parked_s:.0f} s)", waiting <= 0.1)
    o = Outgoing(server_of, build, "telegram", n)
    time.sleep(2)
    rate, cpu = o.over(while_s)
    o.close()
    row(f"{n:,} sends drained at a network's own limit (Telegram, {TELEGRAM_PER_SECOND}/s)", "at the limit, CPU ≤ 10 %", f"{rate:.1f}/s, CPU {100 * cpu:.1f} %",
        0.8 * TELEGRAM_PER_SECOND <= rate <= TELEGRAM_PER_SECOND and cpu <= 0.1)
    o = Outgoing(server_of, build, "line", n)
    time.sleep(1)
    rate, cpu = o.over(while_s)
    o.close()
    row("the same where the network sets no limit (one channel)", "none", f"{rate:,.0f}/s, CPU {100 * cpu:.0f} %", rate > 0)
