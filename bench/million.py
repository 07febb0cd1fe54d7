"""Figures at a million messages: import, lists, opening, inbound, start and backup, on SQLite and PostgreSQL.

The past is made here (the same every time), imported once per database through `seva import messages`, and everything else is
measured on what that left. Load, server and database share the machine; what each figure costs the server's CPU stands beside it."""

import datetime
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import search

MESSAGES, CONVERSATIONS, LONG_ONE = 1_000_000, 100_000, 10_000
END = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
SPAN_S = 540 * 86400
WORDS = {
    "latin": "order where parcel please the is not my refund arrived yet since Friday number thanks hello card broken size exchange account password "
             "delivery address changed twice charged invoice need help today still waiting answer".split(),
    "bengali": "আমার অর্ডারটি কোথায় টাকা ফেরত চাই পণ্যটি ভাঙা এখনো আসেনি ধন্যবাদ নম্বর ঠিকানা পরিবর্তন করুন দয়া করে সাহায্য লাগবে আজ গতকাল শুক্রবার থেকে অপেক্ষা করছি".split(),
    "chinese": list("我的订单在哪里请退款商品坏了还没有收到谢谢号码地址修改帮助今天昨天星期五一直等待回复账户密码发票尺寸换货快递"),
}
SHARES = [("latin", 0.6), ("bengali", 0.25), ("chinese", 0.15)]


def text_of(rng, script):
    """A median of some sixty letters, some of several hundred."""
    want, words, n = min(2000, max(4, rng.lognormvariate(4.1, 0.8))), [], 0
    while n < want:
        word = rng.choice(WORDS[script]) if rng.random() > 0.02 else f"#{rng.randrange(10_000_000)}"
        words.append(word)
        n += len(word) + (script != "chinese")
    return ("" if script == "chinese" else " ").join(words)


def generate(path, messages=MESSAGES, conversations=CONVERSATIONS, long_one=LONG_ONE):
    """Threads mixed, in the order of time, spread over a year and a half; every conversation begins with its customer."""
    rng, left = random.Random(7), [long_one]
    rest = messages - long_one
    for i in range(1, conversations):
        mean = rest / (conversations - i)
        n = max(1, min(rest - (conversations - i - 1), int(rng.expovariate(1 / mean) + 0.5))) if i < conversations - 1 else rest
        left.append(n)
        rest -= n
    told = []
    for c, n in enumerate(left):
        began = rng.random() * SPAN_S * (0.1 if c == 0 else 0.98)
        lasts = SPAN_S - began if c == 0 else min(SPAN_S - began, 3 * 86400)
        told.extend((began if k == 0 else began + rng.random() * lasts, c, k) for k in range(n))
    told.sort()
    script_of = rng.choices([s for s, _ in SHARES], [w for _, w in SHARES], k=conversations)
    with open(path, "w", encoding="utf-8") as f:
        for at, c, k in told:
            when = (END - datetime.timedelta(seconds=SPAN_S - at)).strftime("%Y-%m-%dT%H:%M:%SZ")
            is_in = k == 0 or rng.random() < 0.55
            line = {"channel": "api", "id": f"m{c}.{k}", "thread": f"t{c}", "direction": "in" if is_in else "out", "at": when,
                    "text": text_of(rng, script_of[c])}
            if is_in:
                line["from"] = {"id": f"p{c}", "name": f"Customer {c}"}
            f.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def most_memory_mb(pid):
    """Since the program began; rusage's figure has what its parent had when it was started."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            return next((int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def import_past(server, past):
    """(seconds, most memory of the command in MB, seconds of its CPU)"""
    memory, began = 0, time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        p = subprocess.Popen([server.bin, "import", "messages", "--data", server.folder + "/data", past] + server.db, stdout=said, stderr=subprocess.STDOUT)
        ended = 0
        while not ended:
            memory = max(memory, most_memory_mb(p.pid))
            time.sleep(0.1)
            ended, status, used = os.wait4(p.pid, os.WNOHANG)
        took = time.monotonic() - began
        if status:
            said.seek(0)
            raise SystemExit(f"import: {said.read()[-2000:]}")
    return took, memory, used.ru_utime + used.ru_stime


def cpu_s(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def get(server, path):
    ask = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers={"Authorization": "Bearer " + server.made["token"]})
    with urllib.request.urlopen(ask, timeout=60) as r:
        return json.load(r)


def reads(build, server, paths, seconds, connections=4):
    with tempfile.NamedTemporaryFile("w", suffix=".paths") as f:
        f.write("\n".join(paths))
        f.flush()
        before = cpu_s(server.process.pid)
        out = subprocess.run([os.path.join(build, "bench/load"), "read", "--port", str(server.port), "--token", server.made["token"], "--paths", f.name,
                              "--seconds", str(seconds), "--connections", str(connections)], capture_output=True, text=True, timeout=600)
        if out.returncode:
            raise SystemExit(out.stderr)
        r = json.loads(out.stdout)
        r["cpu_us"] = (cpu_s(server.process.pid) - before) * 1e6 / max(1, r["acknowledged"])
        return r


def told(r):
    return f"{r['per_second']:,.0f}/s, p50 {r['ack_p50_us'] / 1000:.1f} p99 {r['ack_p99_us'] / 1000:.1f} ms, CPU {r['cpu_us']:.0f} µs each"


def is_quick(r, least, slower):
    """slower: how many times as slow it may be (PostgreSQL: twice)."""
    return r["ack_p99_us"] <= 10_000 * slower and r["per_second"] >= least / slower and not r["refused"]


def within(slower):
    return f", {slower}× as slow at most" if slower > 1 else ""


def lists(build, server, seconds, row, where, slower):
    """The inbox, conversations, and the long one: the longest of the oldest, which the first customer has."""
    some, after = [], ""
    while len(some) < 2000:
        page = get(server, f"/api/v1/conversations?status=resolved,open&limit=100{after}")
        some += [c["id"] for c in page["items"]]
        if not page.get("next"):
            break
        after = "&cursor=" + page["next"]
    inbox = reads(build, server, ["/api/v1/conversations?status=open,resolved&limit=50"], seconds)
    row(f"inbox list of 50 at a million messages, {where}", "p99 ≤ 10 ms and ≥ 2,000/s" + within(slower), told(inbox), is_quick(inbox, 2000, slower))
    opened = reads(build, server, [p for i in some for p in (f"/api/v1/conversations/{i}", f"/api/v1/conversations/{i}/messages?limit=50")], seconds)
    row(f"open a conversation (two requests, each counted), {where}", "p99 ≤ 10 ms and ≥ 2,000/s" + within(slower), told(opened), is_quick(opened, 2000, slower))
    long_one = get(server, "/api/v1/conversations?status=open,resolved&limit=1&q=Customer%200")["items"]
    if long_one:
        first = reads(build, server, [f"/api/v1/conversations/{long_one[0]['id']}/messages?limit=50"], seconds, 1)
        row(f"first 50 of a conversation of {LONG_ONE:,}, {where}", "p99 ≤ 10 ms" + within(slower), told(first), is_quick(first, 0, slower))


def inbound(load, drained_s, build, server, seconds):
    r = load(build, server, "inbound", "--seconds", seconds)
    r["drained"] = drained_s(server)
    return r


def backup(load, build, server, row, where):
    """`seva backup` of the running server, while messages arrive at 500/s."""
    to = server.folder + "/backup"
    api = server.channel("api")
    paced = subprocess.Popen([os.path.join(build, "bench/load"), "inbound", "--port", str(server.port), "--key", api["source_key"], "--secret", api["secret"],
                              "--rate", "500", "--seconds", "20"], stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    out = subprocess.run([server.bin, "backup", "--data", server.folder + "/data", to], capture_output=True, text=True)
    took = time.monotonic() - began
    r = json.loads(paced.communicate()[0])
    if out.returncode:
        raise SystemExit(out.stderr)
    size = os.path.getsize(to) / 1e6
    os.remove(to)
    rate = size / took
    row(f"backup of the whole while 500 messages/s arrive, {where}", "≥ 100 MB/s, ack p99 ≤ 50 ms",
        f"{rate:.0f} MB/s ({size:,.0f} MB in {took:.1f} s), ack p50 {r['ack_p50_us'] / 1000:.1f} p99 {r['ack_p99_us'] / 1000:.1f} ms, refused {r['refused']}",
        rate >= 100 and r["ack_p99_us"] <= 50_000 and not r["refused"])


def starts(server):
    times = []
    for _ in range(5):
        server.stop()
        server.start()
        times.append(server.ready_ms)
    return sorted(times)


def sync_s(folder, times=200):
    """Writes of a page with fdatasync, a second: what the disk gives."""
    path = os.path.join(folder, "sync")
    fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    began = time.monotonic()
    for _ in range(times):
        os.pwrite(fd, b"x" * 4096, 0)
        os.fdatasync(fd)
    os.close(fd)
    os.remove(path)
    return times / (time.monotonic() - began)


def bare(build, server):
    out = subprocess.run([os.path.join(build, "bench/raw_sqlite"), server.folder + "/data/seva.db", server.folder + "/raw.db"], capture_output=True, text=True, check=True)
    os.remove(server.folder + "/raw.db")
    return json.loads(out.stdout)["per_second"]


def postgres(root):
    """A PostgreSQL of its own with the settings that docs/operations.md recommends; it prints its address. SIGTERM ends it."""
    return subprocess.Popen([sys.executable, os.path.join(root, "tests/support/pg.py"), "--recommended"], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def another_database(url, name):
    """On the same server, so that both have the same buffers."""
    subprocess.run(["psql", "-q", url, "-c", f"CREATE DATABASE {name}"], check=True)
    return url.replace("/seva?", f"/{name}?")


PAIRS = 3


def inbound_ratio(Server, load, drained_s, build, server, seconds, row, where, slower, messages):
    """Beside the same on an empty database, in turn, since the machine's own speed changes within minutes: the median pair counts. The last empty server is handed back."""
    pairs, empty = [], None
    for i in range(PAIRS):
        if empty:
            empty.remove()
        empty = Server(build, db=another_database(server.db[1], f"empty{i}") if server.db else None)
        fresh = inbound(load, drained_s, build, empty, seconds)
        empty.stop()
        server.start()
        full = inbound(load, drained_s, build, server, seconds)
        server.stop()
        pairs.append((full["per_second"] / max(1, fresh["per_second"]), full, fresh))
    pairs.sort(key=lambda p: p[0])
    ratio, r, fresh = pairs[PAIRS // 2]
    row(f"durable inbound at {messages:,} messages, {seconds} s, {where}", "≥ 4,000/s; to an empty database ≥ 0.6" + within(slower),
        f"{r['per_second']:,.0f}/s, ack p99 {r['ack_p99_us'] / 1000:.1f} ms, drained {r['drained']:.2f} s; {ratio:.2f} of {fresh['per_second']:,.0f}/s "
        f"(all pairs: {', '.join(f'{p[0]:.2f}' for p in pairs)})", r["per_second"] >= 4000 / slower and ratio >= 0.6)
    return empty


def measure(Server, load, drained_s, build, seconds, row, past, url, messages):
    """url: of a server of PostgreSQL; None: SQLite."""
    where, slower = ("PostgreSQL", 2) if url else ("SQLite", 1)
    s = Server(build, db=url)
    s.stop()
    took, memory, cpu = import_past(s, past)
    rate = messages / took
    row(f"import of {messages:,} messages, {where}", "≥ 8,000/s, ≤ 100 MB" + within(slower), f"{rate:,.0f}/s, {memory:.0f} MB, CPU {cpu / messages * 1e6:.0f} µs each", rate >= 8000 / slower and memory <= 100)
    s.start()
    times = starts(s)
    row(f"start to ready at {messages:,} messages (5 starts), {where}", "≤ 300 ms", f"median {times[2]:.0f} ms, worst {times[-1]:.0f} ms", times[-1] <= 300)
    lists(build, s, min(seconds, 15), row, where, slower)
    search.at_a_million(build, s, seconds, row, where, slower)
    s.stop()
    empty = inbound_ratio(Server, load, drained_s, build, s, seconds, row, where, slower, messages)
    if not url:
        row("the limits: bare SQLite inserting the rows of inbound; fdatasync of a page", "none", f"{bare(build, empty):,.0f} messages/s; {sync_s(empty.folder):,.0f}/s", True)
        s.start()
        backup(load, build, s, row, where)  # PostgreSQL is backed up by its own tools
        s.stop()
    empty.remove()
    s.remove()


def million(Server, load, drained_s, build, seconds, row, root, messages=MESSAGES, conversations=CONVERSATIONS):
    """messages, conversations: smaller ones try the program, they measure nothing."""
    folder = tempfile.mkdtemp(prefix="seva-million-")
    past = os.path.join(folder, "past.jsonl")
    generate(past, messages, conversations, min(LONG_ONE, messages // 10))
    measure(Server, load, drained_s, build, seconds, row, past, None, messages)
    p = postgres(root)
    try:
        measure(Server, load, drained_s, build, seconds, row, past, p.stdout.readline().strip(), messages)
    finally:
        p.send_signal(signal.SIGTERM)
        p.wait(60)
    os.remove(past)
    os.rmdir(folder)
