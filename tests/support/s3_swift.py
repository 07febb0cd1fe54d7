#!/usr/bin/python3
"""A real store that speaks S3, in a folder of its own: OpenStack Swift (Debian's python3-swift) with its s3api, which checks every
signature itself. One disk, one copy, four servers on ports of the system's choice, nothing of /etc is read.

Usage: s3_swift.py FOLDER    (on a disk that knows extended attributes)

Prints one line of JSON ({"port", "key", "secret", "region", "bucket"}) when it answers, runs until the end of standard input.
Exits 77 when Swift is not installed.
"""
import http.client
import json
import os
import pwd
import signal
import socket
import sys
import time

KEY, SECRET, REGION, BUCKET = "test:tester", "a-secret/of+swift", "us-east-1", "attachments"
SERVERS = ("account", "container", "object", "proxy")
PATIENCE_S = 30

CONF = """[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
log_address = {folder}/no-log
log_level = ERROR
"""
STORAGE = """
[pipeline:main]
pipeline = {kind}-server

[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth proxy-server

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:cache]
paste.filter_factory = s3_swift:cache_factory

[filter:s3api]
use = egg:swift#s3api
location = {region}

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""


class Cache:
    """What Swift keeps in memcached; this proxy is one process."""

    def __init__(self):
        self.kept = {}

    def get(self, key, **_):
        return self.kept.get(key)

    def set(self, key, value, **_):
        self.kept[key] = json.loads(json.dumps(value))

    def delete(self, key, **_):
        self.kept.pop(key, None)

    def incr(self, key, delta=1, **_):
        self.kept[key] = self.kept.get(key, 0) + delta
        return self.kept[key]


def cache_factory(_, **__):
    cache = Cache()

    def filter(app):
        def call(env, start_response):
            env["swift.cache"] = cache
            return app(env, start_response)
        return call
    return filter


def free_ports(n):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def ring(folder, kind, port):
    from swift.common.ring import RingBuilder
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "one", "meta": ""})
    builder.rebalance(seed=1)
    builder.get_ring().save(os.path.join(folder, kind + ".ring.gz"))


def serve(folder, kind, port):
    """In a process of its own."""
    from swift.common import utils, wsgi
    utils.HASH_PATH_PREFIX, utils.HASH_PATH_SUFFIX = b"", b"tests"
    utils.validate_configuration = wsgi.validate_configuration = lambda: None
    conf = os.path.join(folder, kind + "-server.conf")
    text = CONF + (PROXY if kind == "proxy" else STORAGE)
    with open(conf, "w") as f:
        f.write(text.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name, folder=folder, kind=kind, region=REGION, secret=SECRET))
    os._exit(wsgi.run_wsgi(conf, kind + "-server", default_port=port, verbose=True) or 0)


def start(folder):
    os.makedirs(os.path.join(folder, "devices", "one"))
    ports, pids = dict(zip(SERVERS, free_ports(len(SERVERS)))), []
    for kind in SERVERS[:3]:
        ring(folder, kind, ports[kind])
    for kind in SERVERS:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            with open(os.path.join(folder, kind + ".log"), "wb", buffering=0) as log:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
                serve(folder, kind, ports[kind])
        pids.append(pid)
    return ports["proxy"], pids


def signed(port, method, path):
    """One request without a body; its status, None = nobody answers yet."""
    import datetime
    import hashlib
    import s3_peer
    s3_peer.SECRET = SECRET
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": f"127.0.0.1:{port}", "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(), "x-amz-date": stamp}
    scope = f"{stamp[:8]}/{REGION}/s3/aws4_request"
    given = s3_peer.signature(method, path, headers, sorted(headers), headers["x-amz-content-sha256"], scope, stamp)
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        c.request(method, path, headers={**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, "
                                         f"SignedHeaders={';'.join(sorted(headers))}, Signature={given}"})
        return c.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        c.close()


def main():
    try:
        import swift.common.middleware.s3api.s3api  # noqa: F401
    except ImportError:
        sys.exit(77)
    folder = sys.argv[1]
    port, pids = start(folder)
    try:
        until = time.monotonic() + PATIENCE_S
        while (status := signed(port, "PUT", "/" + BUCKET)) != 200:
            if time.monotonic() > until:
                sys.exit(f"the store does not answer (last: {status})")
            time.sleep(0.1)
        print(json.dumps({"port": port, "key": KEY, "secret": SECRET, "region": REGION, "bucket": BUCKET}), flush=True)
        sys.stdin.read()
    finally:
        for pid in pids:
            os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
