"""What the system tests share: a real server process on a fresh data folder, its API, a peer that receives webhooks with
a ledger, signing, TAP output. Standard library only. Every process is ended by the pid we started."""

import hashlib
import hmac
import http.client
import http.server
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BIN = os.environ.get("SEVA_BIN", "")
# How long anything may take before it counts as not happening: long, because next to nothing here is about speed.
PATIENCE_S = 60
GONE = (OSError, http.client.HTTPException, ValueError)  # the server is away, or died while answering
PASSWORD = "correct horse battery staple"
OWNER = "owner@shop.example"


def free_port():
    """A port for a server that is killed and started again on it: below those that the system gives to outgoing connections
    (net.ipv4.ip_local_port_range begins at 32768), one of which could otherwise have it in between."""
    for _ in range(1000):
        port = random.randrange(15000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("there is no free port")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def request(port, method, path, body=None, headers=None, timeout=PATIENCE_S, host="127.0.0.1"):
    """One request on a connection of its own; raises OSError or http.client.HTTPException when the server is not there."""
    c = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        send = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            send.setdefault("Content-Type", "application/json")
        c.request(method, path, body=body, headers=send)
        r = c.getresponse()
        return Answer(r.status, dict((k.lower(), v) for k, v in r.getheaders()), r.read())
    finally:
        c.close()


def sign(secret, body, at=None):
    at = int(time.time() if at is None else at)
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Seva:
    """`seva serve`, restartable on the same data."""

    def __init__(self, db=None, more=(), init=True, data=None, env=None, binary=None):
        self.bin = binary or BIN
        self.folder = tempfile.mkdtemp(prefix="seva-system-")
        self.data = data or os.path.join(self.folder, "data")
        self.db = ["--db", db] if db else []
        self.more, self.env = list(more), {**os.environ, **(env or {})}
        self.port = free_port()
        self.process = None
        self.made = None
        if init:
            self.init()

    def init(self):
        password = os.path.join(self.folder, "password")
        with open(password, "w") as f:
            f.write(PASSWORD + "\n")
        p = subprocess.run([self.bin, "init", "--data", self.data, "--owner", OWNER, "--password-file", password, "--json"] + self.db,
                           capture_output=True, text=True)
        if p.returncode:
            raise RuntimeError("init: " + p.stderr)
        self.made = json.loads(p.stdout)

    def start(self, wait=True):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        started = time.monotonic()
        at_once = [] if "--drain-delay" in self.more else ["--drain-delay", "0"]  # nothing stands before it that would have to hear of its end
        self.process = subprocess.Popen(
            [self.bin, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}"] + self.db + at_once + self.more,
            stdout=self.log, stderr=self.log, env=self.env)
        if wait:
            self.wait_ready()
        return time.monotonic() - started

    def wait_ready(self, most=PATIENCE_S):
        until = time.monotonic() + most
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError("the server ended: " + self.log_tail())
            try:
                if request(self.port, "GET", "/readyz", timeout=2).status == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.005)
        raise RuntimeError("the server did not become ready: " + self.log_tail())

    def log_tail(self, size=3000):
        with open(os.path.join(self.folder, "log"), "rb") as f:
            return f.read()[-size:].decode(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self, most=2 * PATIENCE_S):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(most)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode if self.process else None

    def remove(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def channel(self, kind):
        return next(c for c in self.made["channels"] if c["kind"] == kind)

    def api(self, method, path, body=None, headers=None, timeout=PATIENCE_S):
        """With the owner's token; the path stands under /api/v1."""
        return request(self.port, method, "/api/v1" + path, body, {"Authorization": "Bearer " + self.made["token"], **(headers or {})}, timeout)

    def hook(self, message, timeout=PATIENCE_S, raw=None):
        """One signed inbound post on the API channel."""
        c = self.channel("api")
        body = raw if raw is not None else json.dumps({"messages": [message]}).encode()
        return request(self.port, "POST", "/hooks/api/" + c["source_key"], body,
                       {"Content-Type": "application/json", "Seva-Signature": sign(c["secret"], body)}, timeout)

    def visitor(self, body=None):
        """A visitor's token on the widget channel."""
        return request(self.port, "POST", f"/widget/v1/{self.channel('widget')['public_key']}/session", body or {}).json["token"]

    def widget(self, token, method, path, body=None, timeout=PATIENCE_S):
        return request(self.port, method, "/widget/v1" + path, body, {"Authorization": "Bearer " + token}, timeout)

    def items(self, path, limit=200):
        """All pages of a list."""
        found, cursor = [], None
        while True:
            page = self.api("GET", f"{path}{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json
            found += page["items"]
            cursor = page.get("next")
            if not cursor:
                return found

    def metric(self, name):
        """Sum of all samples of a metric."""
        total = 0.0
        for line in request(self.port, "GET", "/metrics").body.decode().split("\n"):
            if line.startswith((name + " ", name + "{")):
                total += float(line.rsplit(" ", 1)[1])
        return total


class Peer:
    """A receiver of webhooks: keeps what came in order, answers 200 (or what `answer` returns)."""

    def __init__(self, answer=None):
        self.ledger, self.lock = [], threading.Lock()
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if len(body) < int(self.headers.get("Content-Length", 0)):
                    return  # the sender was killed in the middle: nothing has arrived
                status, reply = answer(self, body) if answer else (200, b"{}")
                with peer.lock:
                    peer.ledger.append({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body, "status": status})
                self.send_response(status)
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, *_):
                pass  # a server killed in the middle of a post is what the tests are about

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def until(true, most=PATIENCE_S, step=0.02):
    """Waits for a condition; the value it had last."""
    end = time.monotonic() + most
    while True:
        value = true()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def fresh_postgres():
    """A new empty database on the test run's PostgreSQL."""
    url = os.environ["SEVA_TEST_PG"]
    name = f"seva_system_{os.getpid()}_{time.monotonic_ns()}"
    subprocess.run(["psql", "-q", url, "-c", f"CREATE DATABASE {name}"], check=True, capture_output=True)
    head, _, query = url.partition("?")
    base = head.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{query}" if query else "")


def run(tests):
    """Runs (name, function) pairs, prints TAP, exits 1 on failure. A test may return "skip: reason"."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for n, test in enumerate(tests, 1):
        name, began = test.__name__, time.monotonic()
        try:
            said = test()
            print(f"ok {n} - {name}" + (f" # SKIP {said[6:]}" if isinstance(said, str) and said.startswith("skip: ") else ""), flush=True)
        except Exception:  # a failing test must not hide the next one
            failed += 1
            print(f"not ok {n} - {name}", flush=True)
            for line in traceback.format_exc().split("\n"):
                print("#   " + line)
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
    sys.exit(1 if failed else 0)
