"""Runs the load drivers against fresh servers and prints the table of docs/performance.md.

Each figure is taken on a server of its own with a new database; the yardstick (bare SQLite inserting the same rows)
runs in the same run. Load and server share the machine."""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import mail
import million
import mixed
import networks

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One `seva serve` on a fresh data folder."""

    def __init__(self, build, db=None, more=()):
        self.bin = os.path.join(build, "src/app/seva")
        self.folder = tempfile.mkdtemp(prefix="seva-bench-")
        password = os.path.join(self.folder, "password")
        with open(password, "w") as f:
            f.write("correct horse battery staple\n")
        self.db = ["--db", db] if db else []
        out = subprocess.run([self.bin, "init", "--data", self.folder + "/data", "--owner", "owner@bench.example", "--password-file", password,
                              "--json"] + self.db, capture_output=True, text=True, check=True)
        self.made = json.loads(out.stdout)
        self.port = free_port()
        self.more = [m.replace("{port}", str(self.port)) for m in more]
        self.start()

    def start(self):
        started = time.monotonic()
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([self.bin, "serve", "--data", self.folder + "/data", "--listen", f"127.0.0.1:{self.port}"] + self.db + self.more,
                                        stderr=self.log, stdout=self.log)
        while time.monotonic() - started < 20:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                    if s.recv(64).startswith(b"HTTP/1.1 200"):
                        self.ready_ms = (time.monotonic() - started) * 1000
                        return
            except OSError:
                pass
            time.sleep(0.002)
        raise SystemExit("the server did not become ready: " + self.folder)

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1)) / 1024

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as r:
            return r.read().decode()

    def unprocessed(self):
        """Items accepted and not yet processed, plus live receive jobs."""
        total = 0
        for m in re.finditer(r'^seva_(?:jobs\{[^}]*kind="receive"[^}]*\}|inbox_waiting) (\d+)', self.metrics(), re.M):
            total += int(m.group(1))
        return total

    def channel(self, kind):
        return next(c for c in self.made["channels"] if c["kind"] == kind)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def load(build, server, mode, *more):
    api = server.channel("api")
    command = [os.path.join(build, "bench/load"), mode, "--port", str(server.port), "--key", api["source_key"], "--secret", api["secret"],
               "--token", server.made["token"], *map(str, more)]
    out = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if out.returncode:
        raise SystemExit(out.stderr)
    return json.loads(out.stdout)


def drained_s(server):
    started = time.monotonic()
    while server.unprocessed() and time.monotonic() - started < 60:
        time.sleep(0.02)
    return time.monotonic() - started


def row(what, goal, measured, ok):
    print(f"| {what} | {goal} | {measured} | {'yes' if ok else 'NO'} |", flush=True)


def bench_inbound_sqlite(build, seconds):
    s = Server(build)
    r = load(build, s, "inbound", "--seconds", seconds)
    wait = drained_s(s)
    s.stop()
    raw = subprocess.run([os.path.join(build, "bench/raw_sqlite"), s.folder + "/data/seva.db", s.folder + "/raw.db"], capture_output=True, text=True, check=True)
    s.remove()
    bare = json.loads(raw.stdout)["per_second"]
    ratio = r["per_second"] / bare
    row(f"inbound over HTTP, 64 connections, SQLite, {seconds} s", "≥ 5,000/s, ack p99 ≤ 25 ms, drained ≤ 1 s",
        f"{r['per_second']:,.0f}/s, ack p50 {r['ack_p50_us'] / 1000:.1f} p99 {r['ack_p99_us'] / 1000:.1f} ms, drained {wait:.2f} s, refused {r['refused']}",
        r["per_second"] >= 5000 and r["ack_p99_us"] <= 25000 and wait <= 1 and not r["refused"])
    row("ratio to bare SQLite inserting the same rows", "≥ 0.4", f"{ratio:.2f} (bare {bare:,.0f}/s)", ratio >= 0.4)


def bench_inbound_random(build, seconds):
    s = Server(build)
    r = load(build, s, "inbound", "--seconds", seconds, "--random-ids", 1)
    wait = drained_s(s)
    s.stop()
    s.remove()
    row(f"the same with random message ids (UUIDs), {seconds} s", "none",
        f"{r['per_second']:,.0f}/s, ack p50 {r['ack_p50_us'] / 1000:.1f} p99 {r['ack_p99_us'] / 1000:.1f} ms, drained {wait:.2f} s, refused {r['refused']}", not r["refused"])


def bench_inbound_postgres(build, seconds):
    p = million.postgres(ROOT)
    try:
        s = Server(build, db=p.stdout.readline().strip())
        r = load(build, s, "inbound", "--seconds", seconds)
        wait = drained_s(s)
        s.stop()
        s.remove()
    finally:
        p.send_signal(signal.SIGTERM)
        p.wait(60)
    row(f"the same on PostgreSQL, one node, {seconds} s", "≥ 3,000/s, drained ≤ 1 s",
        f"{r['per_second']:,.0f}/s, ack p50 {r['ack_p50_us'] / 1000:.1f} p99 {r['ack_p99_us'] / 1000:.1f} ms, drained {wait:.2f} s, refused {r['refused']}", r["per_second"] >= 3000 and wait <= 1)


def bench_latency(build, seconds):
    s = Server(build)
    r = load(build, s, "latency", "--seconds", min(seconds, 30), "--rate", 500, "--streams", 1)
    s.stop()
    s.remove()
    row("inbound to console event at 500/s", "p99 ≤ 100 ms", f"p50 {r['seen_p50_us'] / 1000:.1f} p99 {r['seen_p99_us'] / 1000:.1f} ms, {r['seen']} of {r['acknowledged']} seen",
        r["seen_p99_us"] <= 100000 and r["seen"] == r["acknowledged"])


def bench_broadcast(build, seconds):
    """Each message goes to a conversation that is there, so it is one event for every stream."""
    s = Server(build)
    load(build, s, "latency", "--seconds", 1, "--rate", 1, "--streams", 1, "--contacts", 1)
    r = load(build, s, "latency", "--seconds", min(seconds, 20), "--rate", 2, "--streams", 5000, "--contacts", 1)
    s.stop()
    s.remove()
    want = r["acknowledged"] * 5000
    row("broadcast to 5,000 streams", "p99 ≤ 100 ms", f"p50 {r['seen_p50_us'] / 1000:.1f} p99 {r['seen_p99_us'] / 1000:.1f} ms, {r['seen']} of {want} seen",
        r["seen_p99_us"] <= 100000 and r["seen"] == want)


def bench_memory(build, seconds):
    s = Server(build, more=["--max-connections", "12000"])
    time.sleep(2)
    idle = s.rss_mb()
    row("resident memory, idle", "≤ 40 MB", f"{idle:.1f} MB", idle <= 40)
    widget = s.channel("widget")["public_key"]
    p = subprocess.Popen([os.path.join(build, "bench/load"), "visitors", "--port", str(s.port), "--key", widget, "--count", "10000"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    r = json.loads(p.stdout.readline())
    time.sleep(2)
    full = s.rss_mb()
    p.stdin.close()
    p.wait(30)
    s.stop()
    s.remove()
    row("resident memory, 10,000 connected visitors", "≤ 100 MB", f"{full:.1f} MB with {r['streams']} streams", full <= 100 and r["streams"] == 10000)


def bench_start(build, seconds):
    s = Server(build)
    times = []
    for _ in range(11):
        s.stop()
        s.start()
        times.append(s.ready_ms)
    s.stop()
    s.remove()
    times.sort()
    row("start to ready (11 starts)", "≤ 300 ms", f"median {times[5]:.0f} ms, worst {times[-1]:.0f} ms", times[-1] <= 300)


def bench_console(build, seconds):
    s = Server(build)
    s.stop()
    past = os.path.join(s.folder, "demo.jsonl")
    with open(past, "wb") as f:
        subprocess.run([os.path.join(build, "sim/seva-sim"), "generate"], stdout=f, check=True)
    subprocess.run([s.bin, "import", "--data", s.folder + "/data", past], capture_output=True, check=True)
    s.start()
    out = subprocess.run(["node", os.path.join(ROOT, "bench/console.mjs"), "--url", f"http://127.0.0.1:{s.port}", "--email", "owner@bench.example",
                          "--password", "correct horse battery staple"], capture_output=True, text=True, timeout=600)
    s.stop()
    s.remove()
    if out.returncode:
        raise SystemExit(out.stderr)
    names = {"list": "j and k in the list", "walk": "with an open conversation", "type": "typing", "palette": "palette"}
    found = json.loads(out.stdout)
    row("console: key to paint, demo data", "p95 ≤ 50 ms", "; ".join(f"{names[r['name']]} p50 {r['p50_ms']:.0f} p95 {r['p95_ms']:.0f} ms" for r in found),
        all(r["p95_ms"] <= 50 for r in found))


def bench_search_words(build, seconds):
    """Texts of about 100 characters cut into the words of the search, beside ICU's word breaking alone."""
    out = subprocess.run([os.path.join(build, "bench/search_words")], capture_output=True, text=True, timeout=600)
    if out.returncode:
        raise SystemExit(out.stderr or "search_words failed")
    found = json.loads(out.stdout)
    row("words of 60 to 100 characters of text for the search, one core", "≤ 15 µs",
        "; ".join(f"{r['script']} {r['ours_us']:.1f} (ICU's breaks alone {r['bare_us']:.1f})" for r in found) + " µs",
        all(r["ours_us"] <= 15 for r in found))


def bench_webhook_parse(build, seconds):
    """Each network's webhook of about 1 KB beside OpenSSL's HMAC and json-c's parser alone over the same bytes, alternating."""
    out = subprocess.run([os.path.join(build, "bench/webhook_parse")], capture_output=True, text=True, timeout=600)
    if out.returncode:
        raise SystemExit(out.stderr)
    found = json.loads(out.stdout)
    slowest = max(found, key=lambda r: r["ours_us"])
    ratios = sorted(((r["ours_us"] / r["bare_us"], r["kind"]) for r in found))
    median = ratios[len(ratios) // 2][0]
    times = sorted(r["ours_us"] for r in found)
    row(f"verify and parse of a webhook of 1 KB, one core, {len(found)} networks", "≤ 30 µs",
        f"median {times[len(times) // 2]:.1f}, worst {slowest['ours_us']:.1f} µs ({slowest['kind']})", slowest["ours_us"] <= 30)
    row("ratio to OpenSSL's HMAC and json-c alone, same bytes", "≤ 1.5", f"median {median:.2f}, worst {ratios[-1][0]:.2f} ({ratios[-1][1]})", ratios[-1][0] <= 1.5)


def bench_outbound(build, seconds):
    networks.outbound(Server, build, seconds, 100_000, row)


def bench_networks(build, seconds):
    mixed.mixed(Server, build, seconds, row)


def bench_outage(build, seconds):
    mixed.outage(Server, build, seconds, row)


def bench_mail(build, seconds):
    mail.mail(Server, build, row)


def bench_million(build, seconds):
    million.million(Server, load, drained_s, build, seconds, row, ROOT)


def bench_weight(build, seconds):
    out = subprocess.run(["npm", "run", "--silent", "budget"], cwd=os.path.join(ROOT, "web"), capture_output=True, text=True)
    for m in re.finditer(r"^ *([\d.]+) of +(\d+) KB  (widget loader|widget app, scripts|console first route, scripts|console first route, styles)$", out.stdout, re.M):
        row(f"{m.group(3)}, gzip", f"≤ {m.group(2)} KB", f"{m.group(1)} KB", float(m.group(1)) <= int(m.group(2)))


BENCHES = {"inbound-sqlite": bench_inbound_sqlite, "inbound-random": bench_inbound_random, "inbound-postgres": bench_inbound_postgres, "latency": bench_latency,
           "broadcast": bench_broadcast, "memory": bench_memory, "start": bench_start, "webhook-parse": bench_webhook_parse, "search-words": bench_search_words, "outbound": bench_outbound,
           "networks": bench_networks, "outage": bench_outage, "mail": bench_mail, "console": bench_console, "million": bench_million,
           "weight": bench_weight}


def machine():
    with open("/proc/cpuinfo") as f:
        m = re.search(r"model name\s*:\s*(.*)", f.read())
    with open("/proc/meminfo") as f:
        memory = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1)) // 1024 // 1024
    return f"{m.group(1) if m else platform.machine()}, {os.cpu_count()} cores shared with the load, {memory} GB, Linux {platform.release()}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", action="append", choices=list(BENCHES))
    args = parser.parse_args()
    print(f"Machine: {machine()}\n\n| what | goal | measured | reached |\n| --- | --- | --- | --- |", flush=True)
    for name in args.only or BENCHES:
        BENCHES[name](os.path.join(ROOT, args.build), args.seconds)


if __name__ == "__main__":
    main()
