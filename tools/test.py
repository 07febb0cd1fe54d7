#!/usr/bin/env python3
"""Runs the tests: builds what each part needs, starts PostgreSQL, reads TAP, counts.

Parts (any may be named): check unit flow clang asan tsan system fuzz web e2e. Without a name: all of these.
`clang` compiles everything with clang, whose warnings are errors; it is the build that `asan` runs, so beside `asan` it costs nothing.
`faults` only runs when it is named: the networks fail in ten ways with 50,000 answers waiting each time, on SQLite; `--messages N`
for another number, `--postgres` for PostgreSQL. An hour or more.
`faults --kills N` is for the nights: N kills with -9 under load, every step killed twice, the failing calls and power cuts of a whole server in
great number, memory that ends at many places of each story, and not the networks.
`fuzz --minutes N` fuzzes longer; `kills N`, `power N` set how often the crash tests strike.
Ends with one line "N passed, N failed, N skipped"; exit 0 only if nothing failed.
Only processes started here are ended, by pid."""

import argparse
import concurrent.futures
import glob
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("SEVA_TEST_BUILD", os.path.join(ROOT, "build"))
PARTS = ["check", "unit", "flow", "clang", "asan", "tsan", "system", "fuzz", "web", "e2e"]
BY_NAME = ["faults"]  # long: not part of a run without names
LINES = ["-Dc_args=-g1"]  # functions and lines are enough to find a place by
QUICK = ["-Doptimization=1"]  # half the time to compile
# gcc takes what a sanitizer adds for dereferences; plain and release say the real ones.
SANITIZED = ["-Dc_args=-g1 -Wno-null-dereference", "-Dweb=false", "-Db_lundef=false"]
VARIANTS = {
    # name: (compiler, meson options)
    "plain": ("gcc", ["-Dfailpoints=true"] + LINES),
    # All of it by clang, whose warnings are the same at every level and with every sanitizer: errors as well. The fuzzers are of the same objects.
    "asan": ("clang", ["-Db_sanitize=address,undefined", "-Dfailpoints=true", "-Dfuzz=true", "-Dweb=false", "-Db_lundef=false"] + LINES + QUICK),
    "tsan": ("gcc", ["-Db_sanitize=thread", "-Dfailpoints=true"] + SANITIZED + QUICK),
    "release": ("gcc", ["--buildtype=release", "-Dtests=false"]),
}
FUZZ_SEEDS = {"fuzz_mime": "tests/data/mail"}  # else tests/fuzz/corpus/<name>
FAULT_MODES = ["500", "429", "429_bare", "401", "timeout_before", "timeout_after", "reset", "half_body", "wrong_json", "slow", "duplicate"]
total = {"passed": 0, "failed": 0, "skipped": 0}
failures = []  # (name, detail)
AT_ONCE = max(2, os.cpu_count() or 1)  # processors
ALONE = {"system/test_run.py"}  # has a verdict by time
# What takes longest begins first, or it would be waited for at the end.
LONG = ["system/test_migration.py", "system/test_s3.py", "system/test_mail_reading.py", "e2e/console_mail.test.mjs", "system/test_export.py",
        "e2e/console_look.test.mjs", "e2e/console_mail_compose.test.mjs", "system/test_disk.py", "e2e/console_networks.test.mjs",
        "e2e/chat_by_mail.test.mjs", "system/test_mail_bombs.py", "system/test_doctor.py", "system/test_failover.py"]
# They count rows and steps in one thread, where there is nothing to race with: not under tsan.
ONE_THREAD = {"growth_lists", "growth_slopes", "search_find"}
telling = threading.RLock()


def say(text):
    print(text, flush=True)


def count(kind, name, detail=""):
    with telling:
        total[kind] += 1
        if kind == "failed":
            failures.append((name, detail))
            say(f"FAILED {name}" + (f"\n{detail}" if detail else ""))
        elif kind == "skipped":
            say(f"skipped {name}: {detail}")


def run_tap(label, command, env=None, timeout=600):
    """Runs one program that speaks TAP, prints and counts its tests."""
    report(*tap(label, command, env, timeout))


def report(results, line):
    with telling:
        for kind, name, detail in results:
            count(kind, name, detail)
        say(line)


def run_measured(command, env, timeout):
    """→ (code, out, err, seconds of the processor: its own and of the processes that it waited for)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        p = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        too_long = threading.Timer(timeout, p.kill)
        too_long.start()
        _, status, used = os.wait4(p.pid, 0)
        is_late = not too_long.is_alive()
        too_long.cancel()
        p.returncode = os.waitstatus_to_exitcode(status)
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
        if is_late:
            said[1] += f"\ntimed out after {timeout} s"
        return -1 if is_late else p.returncode, *said, used.ru_utime + used.ru_stime


def tap(label, command, env=None, timeout=600):
    """One program that speaks TAP → ([(kind, name, detail)], its line). A crash or no test at all is a failure. Any thread."""
    started, results = time.monotonic(), []
    code, out, err, processor_s = run_measured(command, env, timeout)
    seen, failed, lines = 0, None, out.split("\n")
    for i, line in enumerate(lines):
        m = re.match(r" *(not ok|ok) (\d+)(?: - | )?(.*)", line)
        if not m or any(x.strip() == "type: 'suite'" for x in lines[i + 1:i + 4]):  # node tells a suite after its tests
            continue
        seen += 1
        skip = re.search(r"#\s*skip\b:?\s*(.*)", m.group(3), re.I)
        name = f"{label}: {m.group(3).split('#')[0].strip() if skip else m.group(3)}"
        if m.group(1) == "not ok" and not skip:  # cmocka says "not ok … # SKIP"
            failed = len(results)
            results.append(("failed", name, "\n".join(x for x in lines[i + 1:i + 30] if x.startswith(("#", " ")))))
        else:
            results.append(("skipped", name, skip.group(1) or "no reason given") if skip else ("passed", name, ""))
    if (code != 0 and failed is None) or (seen == 0 and code == 0):
        results.append(("failed", f"{label}: ended with code {code} after {seen} tests", out[-2500:] + err[-2500:]))
    elif failed is not None:
        results[failed] = ("failed", results[failed][1], f"{results[failed][2]}\n{err[-3000:]}".rstrip())
    return results, f"  {label}: {seen} tests, {time.monotonic() - started:.1f} s, {processor_s:.1f} s of the processor"


def build(variant, targets=()):
    """targets: of ninja; none = all."""
    cc, options = VARIANTS[variant]
    folder = os.path.join(BUILD, variant)
    env = {**os.environ, "CC": cc}
    if variant != "release":  # what is delivered is linked as everybody's linker does
        env["CC_LD"] = "mold"
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        p = subprocess.run(["meson", "setup", folder, ROOT] + options, env=env, capture_output=True, text=True)
        if p.returncode:
            count("failed", f"build {variant}: meson setup", p.stdout[-3000:] + p.stderr[-2000:])
            return None
    started = time.monotonic()
    # What is tested meanwhile goes first: a build has no verdict by time.
    p = subprocess.run(["nice", "-n", "10", "ninja", "-C", folder, *targets], env=env, capture_output=True, text=True)
    if p.returncode:
        count("failed", f"build {variant}: warnings are errors", p.stdout[-6000:])
        return None
    count("passed", f"build {variant}")
    say(f"  build {variant}: {time.monotonic() - started:.0f} s")
    return folder


def programs(folder, part):
    """The C tests of a part as the build names them: (label, command, environment, seconds)."""
    out = subprocess.run(["meson", "introspect", "--tests", folder], capture_output=True, text=True, check=True)
    found = []
    for test in json.loads(out.stdout):
        is_flow = f"{folder}/tests/flow/" in test["cmd"][0]
        is_c = os.path.basename(test["cmd"][0]).startswith("test_")
        if is_c and is_flow == (part == "flow"):
            found.append((test["name"], test["cmd"], test["env"], int(test["timeout"])))
    return sorted(found)


class Postgres:
    """PostgreSQL servers of our own, in temporary folders, on free loopback ports: one for each C program that runs at a time,
    because what one of them leaves open, the others' event feeds wait for. No test ends the server itself: no fsync."""

    def __init__(self):
        self.processes, self.urls = [], []

    def start(self, n):
        command = [sys.executable, os.path.join(ROOT, "tests/support/pg.py"), "--no-fsync", "--no-analyze"]
        self.processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) for _ in range(n)]
        for p in self.processes:
            self.urls.append(p.stdout.readline().strip())
            if not self.urls[-1].startswith("postgresql://"):
                raise RuntimeError("PostgreSQL did not start")

    def stop(self):
        for p in self.processes:
            p.send_signal(signal.SIGTERM)
        for p in self.processes:
            p.wait(60)


def scratch_folder():
    """Where programs keep their databases and files: in memory where there is room, because a disk's syncs are waited for. What they say of a
    lost or full disk, their own file system layer does, and a kill needs no disk."""
    shm = "/dev/shm"
    has_room = os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2 << 30
    folder = tempfile.mkdtemp(prefix="seva-test-", dir=shm if has_room else None)
    os.chmod(folder, 0o711)  # servers of other users stand in it
    return folder


def web_dist():
    """The console and widget are embedded in the binary: build them before the first C build."""
    if getattr(web_dist, "done", False):
        return
    web_dist.done = True
    p = subprocess.run([os.path.join(ROOT, "tools/web-build")], capture_output=True, text=True)
    if p.returncode:
        count("failed", "build web", p.stdout[-3000:] + p.stderr[-3000:])
    else:
        count("passed", "build web")


class Lanes:
    """Programs side by side, first come first served, told as they end: one for each processor and two more, because many wait for something.
    Each lane has a PostgreSQL of its own."""

    def __init__(self):
        self.count = AT_ONCE + 2
        self.pool = concurrent.futures.ThreadPoolExecutor(self.count)
        self.free, self.begun, self.folders = queue.SimpleQueue(), [], []
        self.took_s, self.plain = {}, None  # seconds per label; what the C programs said of threads

    def open(self, urls):
        """urls: none = the programs that ask for PostgreSQL are skipped, and that is not told."""
        self.has_urls = bool(urls)
        for i in range(self.count):
            self.free.put(urls[i] if urls else "off")

    def do(self, function, *args):
        self.begun.append(self.pool.submit(function, *args))
        return self.begun[-1]

    def run(self, program, has_pg):
        label, command, env, seconds = program
        lane, began = self.free.get(), time.monotonic()
        try:
            results, line = tap(label, command, {"SEVA_TEST_PG": lane if has_pg else "off", **env}, seconds)
        finally:
            self.free.put(lane)
        self.took_s[label] = time.monotonic() - began
        report([r for r in results if (has_pg and self.has_urls) or r[0] != "skipped"], line)

    def start(self, found, has_pg=True):
        """found: (label, command, environment, seconds it may take)."""
        return [self.do(self.run, program, has_pg) for program in found]

    def scratch(self):
        self.folders.append(scratch_folder())
        return self.folders[-1]

    def wait(self):
        """Until all that was begun has ended."""
        while self.begun:
            self.begun.pop(0).result()

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


class Threads:
    """Which programs of the plain build begin a thread: what begins none has nothing to race with, and does not run under tsan."""

    def __init__(self, folder, scratch):
        self.library, self.told, self.begun = os.path.join(folder, "tests/support/thread_told.so"), f"{scratch}/threads", []
        os.mkdir(self.told)

    def env(self, part, name):
        return {"LD_PRELOAD": self.library, "SEVA_THREAD_TOLD": self.path(part, name)}

    def path(self, part, name):
        return os.path.join(self.told, f"{part} {name}".replace("/", " "))

    def racing(self, programs):
        """programs: (part, name, …) → those that began a thread, and those that were not asked."""
        for program in self.begun:
            program.result()
        if not os.listdir(self.told):  # the library was not loaded
            return programs
        found = [p for p in programs if os.path.exists(self.path(*p[:2]))]
        say(f"  tsan: {len(found)} programs begin threads, {len(programs) - len(found)} do not and are left out")
        return found


def start_programs(lanes, variant, parts, has_pg, env, slower):
    """The C programs of some parts. slower: how many times longer a program may take than its own limit says."""
    folder = build(variant)
    if not folder:
        return
    scratch = lanes.scratch()
    env = {"CMOCKA_MESSAGE_OUTPUT": "TAP", "TMPDIR": scratch, "SEVA_TEST_MIGRATED": f"{scratch}/migrated.db", **env}
    found = [(part, name, command, own, seconds) for part in parts for name, command, own, seconds in programs(folder, part)
             if has_pg or own.get("SEVA_TEST_DB") != "postgres"]
    threads = None
    if variant == "plain":
        threads = lanes.plain = Threads(folder, scratch)
    elif variant == "tsan":
        found = [f for f in found if f[1].split(" on ")[0] not in ONE_THREAD]
        found = lanes.plain.racing(found) if lanes.plain else found
    # What took longest in the plain build begins first.
    found.sort(key=lambda f: -lanes.took_s.get(f"plain/{f[0]}/{f[1]}", 0))
    begun = lanes.start([(f"{variant}/{part}/{name}", command, {**own, **env, **(threads.env(part, name) if threads else {})}, max(60, seconds) * slower)
                         for part, name, command, own, seconds in found], has_pg)
    if threads:
        threads.begun = begun


def part_nightly(lanes, args):
    """What a night has time for: kills, power cuts, calls that fail one by one, steps, clock jumps. `system` runs the same programs briefly."""
    folder = build("plain")
    if not folder:
        return
    many = str(max(12, args.kills))
    env = {"SEVA_BIN": f"{folder}/src/app/seva", "SEVA_BUILD": folder, "SEVA_KILLS": str(args.kills), "SEVA_STEPS": "2", "SEVA_DISK_STATES": many,
           "SEVA_DISK_CALLS": str(max(3, min(60, args.kills // 10)))}
    memory = {"CMOCKA_MESSAGE_OUTPUT": "TAP", "TMPDIR": lanes.scratch(), "SEVA_MEMORY_POINTS": str(max(4, min(100, args.kills // 10)))}
    lanes.start([(f"faults/{name}", [sys.executable, f"{ROOT}/tests/system/test_{name}.py"], env, 1200 + 10 * args.kills)
                 for name in ("disk", "steps")] +
                [(f"faults/kills on {db}", [sys.executable, f"{ROOT}/tests/system/test_kills.py"], {**env, "SEVA_KILLS_DB": db}, 1200 + 10 * args.kills)
                 for db in ("sqlite", "postgres")] +
                [("faults/migration", [sys.executable, f"{ROOT}/tests/system/test_migration.py"], {**env, "SEVA_MIGRATION_STEP": "1"}, 7200)] +
                [(f"faults/memory on {db}", [f"{folder}/tests/flow/test_flow_memory_faults"], {**memory, "SEVA_TEST_DB": db}, 7200)
                 for db in ("sqlite", "postgres")])


def part_faults(lanes, args):
    """The story of tests/flow/network_faults.c with a long queue, each way to fail by itself. `flow` runs the same program with a short one."""
    folder = build("plain")
    if not folder:
        return
    env = {"CMOCKA_MESSAGE_OUTPUT": "TAP", "TMPDIR": lanes.scratch(), "SEVA_FAULT_MESSAGES": str(args.messages), "SEVA_TEST_DB": "postgres" if args.postgres else "sqlite"}
    lanes.start([(f"faults/{mode}", [f"{folder}/tests/flow/test_flow_network_faults"], {**env, "SEVA_FAULT_MODE": mode}, 600 + args.messages // 10)
                 for mode in FAULT_MODES])


def longest_first(found):
    return sorted(found, key=lambda f: LONG.index(f[0]) if f[0] in LONG else len(LONG))


def system_programs(lanes, args):
    folder = build("plain")
    if not folder:
        return []
    env = {"TMPDIR": lanes.scratch(), "SEVA_BIN": f"{folder}/src/app/seva", "SEVA_BUILD": folder, "SEVA_KILLS": str(args.kills), "SEVA_POWER": str(args.power)}
    return [(f"system/{os.path.basename(p)}", [sys.executable, p], env, 1200 + 5 * args.kills) for p in sorted(glob.glob(f"{ROOT}/tests/system/test_*.py"))]


def system_alone(pg, found):
    """What the other system programs must not disturb."""
    for label, command, own, seconds in found:
        if label in ALONE:
            run_tap(label, command, {"SEVA_TEST_PG": pg.urls[0], **own}, seconds)
    folder = os.path.join(BUILD, "plain")
    echo = glob.glob(f"{folder}/tests/**/http_echo", recursive=True)
    if not echo:
        count("failed", "system/http_differential: http_echo was not built")
        return
    p = subprocess.run([sys.executable, f"{ROOT}/tests/system/http_differential.py", echo[0]], capture_output=True, text=True, timeout=1200)
    if p.returncode == 77:
        count("skipped", "system/http_differential", "nginx is not installed")
    else:
        count("failed" if p.returncode else "passed", "system/http_differential: verdicts beside nginx's", p.stdout[-3000:] + p.stderr[-1000:])


def fuzz(target, seconds):
    """One target, from its seeds → (found something, what it said)."""
    name = os.path.basename(target)
    corpus = tempfile.mkdtemp(prefix="seva-fuzz-")
    seeds = os.path.join(ROOT, FUZZ_SEEDS.get(name, "tests/fuzz/corpus/" + name.removeprefix("fuzz_")))
    command = [target, f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=0", "-verbosity=0", corpus]
    if os.path.isdir(seeds):
        command.append(seeds)
    try:
        p = subprocess.run(command, capture_output=True, text=True, cwd=corpus)
        if p.returncode:
            shutil.copytree(corpus, os.path.join(BUILD, "fuzz-findings", name), dirs_exist_ok=True)
        return p.returncode != 0, p.stderr
    finally:
        shutil.rmtree(corpus, ignore_errors=True)


def fuzz_told(target, seconds):
    name, (is_broken, said) = os.path.basename(target), fuzz(target, seconds)
    if is_broken:
        count("failed", f"fuzz/{name} (input kept in {BUILD}/fuzz-findings/{name})", said[-3000:])
    else:
        count("passed", f"fuzz/{name}")


def part_fuzz(lanes, folder, args):
    """Beside what still runs. Each target has as much of a processor as when one ran on each."""
    targets = sorted(p for p in glob.glob(f"{folder}/tests/fuzz/fuzz_*") if os.path.isfile(p) and os.access(p, os.X_OK))
    seconds = int(args.minutes * 60 * lanes.count / max(1, len(targets))) if args.minutes else 6 * lanes.count // AT_ONCE
    for target in targets:
        lanes.do(fuzz_told, target, seconds)


def part_web():
    web = os.path.join(ROOT, "web")
    for script, label in (("check", "types and message catalogues"), ("budget", "weight budgets")):
        p = subprocess.run(["npm", "run", "--silent", script], cwd=web, capture_output=True, text=True)
        count("failed" if p.returncode else "passed", f"web: {label}", p.stdout[-3000:] + p.stderr[-2000:])
    run_tap("web/unit", ["npm", "--prefix", web, "run", "--silent", "test:tap"])


def e2e_programs(lanes):
    folder = build("plain")
    if not folder:
        return []
    env = {"TMPDIR": lanes.scratch(), "SEVA_BIN": f"{folder}/src/app/seva", "SEVA_SIM_BIN": f"{folder}/sim/seva-sim"}
    return [(f"e2e/{os.path.basename(p)}", ["node", "--test", "--test-reporter=tap", p], env, 900) for p in sorted(glob.glob(f"{ROOT}/tests/e2e/*.test.mjs"))]


def main():
    parser = argparse.ArgumentParser(prog="./test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=PARTS + BY_NAME + [[]], help="default: all but " + " ".join(BY_NAME))
    parser.add_argument("--minutes", type=float, default=0, help="how long to fuzz in all")
    parser.add_argument("--kills", type=int, help="how often the crash test kills the server (60); faults: only what kills and breaks the whole server")
    parser.add_argument("--power", type=int, default=200, help="how many power-loss states are tried")
    parser.add_argument("--messages", type=int, default=50000, help="how many answers wait in each way of failing (faults)")
    parser.add_argument("--postgres", action="store_true", help="the faults on PostgreSQL")
    args = parser.parse_args()
    parts = args.parts or PARTS
    is_nightly, args.kills = args.kills is not None and "faults" in parts, args.kills or 60
    started, pg, lanes = time.monotonic(), Postgres(), Lanes()
    try:
        if "check" in parts:
            lanes.do(run_tap, "check", [sys.executable, os.path.join(ROOT, "tools/check.py")])
        if set(parts) & {"unit", "flow", "system", "e2e", "clang", "web", "faults"}:
            web_dist()
        # It writes the message catalogues anew, which the browser tests read: they wait for it, the build does not.
        web = lanes.do(part_web) if "web" in parts else None
        if set(parts) & {"unit", "flow", "system", "e2e"} or ("faults" in parts and (args.postgres or is_nightly)):
            pg.start(lanes.count)
        lanes.open(pg.urls)
        system = system_programs(lanes, args) if "system" in parts else []
        if web:
            web.result()
        beside = longest_first([f for f in system if f[0] not in ALONE] + (e2e_programs(lanes) if "e2e" in parts else []))
        # Those that wait most run beside the builds and the C programs, which do not wait.
        long = [f for f in beside if f[0] in LONG]
        lanes.start(long)
        if "unit" in parts or "flow" in parts:
            start_programs(lanes, "plain", [p for p in ("unit", "flow") if p in parts], True, {}, 2)
        if "faults" in parts:
            (part_nightly if is_nightly else part_faults)(lanes, args)
        lanes.start(beside[len(long):])
        # Beside what runs, what runs then is built.
        if "system" in parts:
            build("release")
        if "clang" in parts and "asan" not in parts:
            build("asan")
        # The sanitizers look at our code, on SQLite; PostgreSQL ran once in the plain build.
        strict = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1", "TSAN_OPTIONS": "halt_on_error=1",
                  "SEVA_FAULT_MESSAGES": "60"}
        fewer = {"tsan": {"SEVA_FAULT_MODE": "500,timeout_after,reset,slow"}}  # threads do not know in which words a network fails
        for part in ("asan", "tsan"):
            if part in parts:
                start_programs(lanes, part, ["unit", "flow"], False, {**strict, **fewer.get(part, {})}, 6)
        fuzzers = build("asan", [] if "asan" in parts else ["fuzzers"]) if "fuzz" in parts else None
        if fuzzers:
            part_fuzz(lanes, fuzzers, args)
        lanes.wait()
        if system:
            system_alone(pg, system)
    finally:
        lanes.close()
        pg.stop()
    if failures:
        say("\nAll failures once more:")
    for name, detail in failures:
        say(f"FAILED {name}\n{detail[-4000:]}\n")
    say(f"took {time.monotonic() - started:.0f} s")
    for name, _ in failures:
        say(f"  failed: {name}")
    say(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
