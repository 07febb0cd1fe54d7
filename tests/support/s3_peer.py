#!/usr/bin/env python3
"""A store that speaks enough S3 for tests: PUT, GET (with Range), HEAD, DELETE, path style or the bucket in the host's name. It checks every signature by itself
(signature version 4, with Python's hmac) and the hash of every body, keeps objects in memory, and fails when it is told to.

Prints one line of JSON ({"port": …}), runs until the end of standard input. Bucket "attachments", region "test-1",
key "AKIDTEST", secret "s3cret/of+tests".

    POST /_faults       "KIND COUNT": the next COUNT requests fail so
    GET  /_objects      the names of all objects, one a line
    GET  /_requests     "METHOD KEY STATUS" of all requests since it was asked last
    POST /_damage       KEY: its bytes are others from now on
    DELETE /_objects    none is there any more
    POST /_tls          NAMES (as in "DNS:*.store.example"): the same over TLS, with a certificate of its own for these; answers the
                        port and, from the next line on, the certificate

Kinds: 500, 501 (NotImplemented), 503, reset (no answer), slow (an answer's head, then silence), truncated (half of the body), wrong (other bytes),
403, clock (RequestTimeTooSkewed), nobucket, lost (stored, but the answer does not come).
"""
import hashlib
import hmac
import http.server
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse

BUCKET, REGION, KEY, SECRET = "attachments", "test-1", "AKIDTEST", "s3cret/of+tests"
objects, faults, requests, lock = {}, [], [], threading.Lock()


class Puts:
    """For programs that have the peer inside: how many objects are being put at once; the first are held until `wanted` are, or for
    so long that they never will be; `fault` is what each of them meets."""

    def __init__(self, wanted=0, fault=None):
        self.wanted, self.fault, self.now, self.most, self.all = wanted, fault, 0, 0, 0
        self.changed = threading.Condition(lock)

    def begin(self):
        with lock:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.most >= self.wanted, 10)

    def end(self):
        with lock:
            self.now -= 1


puts = [Puts()]
away = threading.Event()  # for programs that have the peer inside: every request is cut off


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(method, raw_path, headers, names, body_hash, scope, stamp):
    path, _, query = raw_path.partition("?")
    pairs = sorted(p if "=" in p else p + "=" for p in query.split("&") if p)
    lines = [method, path, "&".join(pairs)]
    lines += [f"{n}:{' '.join((headers.get(n) or '').split())}" for n in names] + ["", ";".join(names), body_hash]
    whole = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    day, region, service, end = scope.split("/")
    key = sign(sign(sign(sign(("AWS4" + SECRET).encode(), day), region), service), end)
    return hmac.new(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{whole}".encode(), hashlib.sha256).hexdigest()


class Peer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def fault_now(self):
        with lock:
            return "reset" if away.is_set() else faults.pop(0) if faults else None

    def answer(self, status, body=b"", cut=None, more=(), length=None):
        with lock:
            requests.append(f"{self.command} {self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True

    def refuse(self, status, code):
        self.answer(status, f"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as told</Message></Error>".encode())

    def fault_of_signature(self, body):
        """Why the request is refused; None: it is not."""
        given = self.headers.get("Authorization") or ""
        if not given.startswith("AWS4-HMAC-SHA256 "):
            return "AccessDenied"
        parts = dict(p.strip().split("=", 1) for p in given[len("AWS4-HMAC-SHA256 "):].split(","))
        who, _, scope = parts["Credential"].partition("/")
        names, stamp = parts["SignedHeaders"].split(";"), self.headers.get("x-amz-date") or ""
        if who != KEY:
            return "InvalidAccessKeyId"
        if scope != f"{stamp[:8]}/{REGION}/s3/aws4_request":
            return "AuthorizationHeaderMalformed"
        must = {"host"} | {n.lower() for n in self.headers.keys() if n.lower().startswith("x-amz-")}
        if names != sorted(names) or not must <= set(names):
            return "AccessDenied"
        body_hash = self.headers.get("x-amz-content-sha256") or ""
        if signature(self.command, self.path, self.headers, names, body_hash, scope, stamp) != parts["Signature"]:
            return "SignatureDoesNotMatch"
        return None if hashlib.sha256(body).hexdigest() == body_hash else "XAmzContentSHA256Mismatch"

    def fail_before(self, kind):
        """True: the request is over."""
        if kind in ("500", "501", "503"):
            self.refuse(int(kind), {"500": "InternalError", "501": "NotImplemented", "503": "SlowDown"}[kind])
        elif kind == "403":
            self.refuse(403, "AccessDenied")
        elif kind == "clock":
            self.refuse(403, "RequestTimeTooSkewed")
        elif kind == "nobucket":
            self.refuse(404, "NoSuchBucket")
        elif kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        else:
            return False
        return True

    def s3(self, fault=None):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.fault_now() or fault
        if kind and self.fail_before(kind):
            return
        why = self.fault_of_signature(body)
        start = "/" if (self.headers.get("Host") or "").startswith(BUCKET + ".") else f"/{BUCKET}/"
        if why:
            self.refuse(400 if why == "XAmzContentSHA256Mismatch" else 403, why)
        elif not self.path.startswith(start):
            self.refuse(404, "NoSuchBucket")
        else:
            self.on_object(urllib.parse.unquote(self.path[len(start):]), body, kind)

    def on_object(self, key, body, kind):
        with lock:
            found = objects.get(key)
            if self.command == "PUT" and not (found is not None and self.headers.get("If-None-Match") == "*"):
                objects[key] = body
            if self.command == "DELETE":
                objects.pop(key, None)
        if kind == "lost":
            self.close_connection = True
        elif self.command == "PUT":
            if found is not None and self.headers.get("If-None-Match") == "*":
                self.refuse(412, "PreconditionFailed")
            else:
                self.answer(200, more=[("ETag", '"x"')])
        elif self.command == "DELETE":
            self.answer(204)
        elif found is None:
            self.refuse(404, "NoSuchKey")
        else:
            self.give(found, kind)

    def give(self, found, kind):
        status, more, asked = 200, [], self.headers.get("Range")
        if asked:
            first, last = (int(n) for n in asked[len("bytes="):].split("-"))
            more = [("Content-Range", f"bytes {first}-{last}/{len(found)}")]
            status, found = 206, found[first:last + 1]
        if kind == "slow":
            self.answer(status, b"", more=more, length=len(found))
            self.connection.settimeout(60)
            self.rfile.read(1)  # until the other side gives up
            self.close_connection = True
        elif kind == "truncated":
            self.answer(status, found, cut=len(found) // 2, more=more)
        elif kind == "wrong":
            self.answer(status, bytes(len(found)), more=more)
        else:
            self.answer(status, found, more=more)

    def do_PUT(self):
        mine = puts[0]
        if self.path.endswith("/installation"):  # no attachment: whose store it is
            self.s3()
            return
        mine.begin()
        try:
            self.s3(mine.fault)
        finally:
            mine.end()

    def do_HEAD(self):
        self.s3()

    def plain(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/_objects":
            self.plain("".join(f"{k}\n" for k in sorted(objects)))
        elif self.path == "/_requests":
            with lock:
                said, requests[:] = list(requests), []
            self.plain("".join(f"{r}\n" for r in said))
        else:
            self.s3()

    def do_POST(self):
        answer = ""
        said = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode().split()
        with lock:
            if self.path == "/_faults":
                faults[:] = [said[0]] * int(said[1])
            elif self.path == "/_damage":
                objects[said[0]] = bytes(len(objects[said[0]]))
            elif self.path == "/_tls":
                answer = over_tls(said[0])
        self.plain(answer)

    def do_DELETE(self):
        if self.path == "/_objects":
            objects.clear()
            self.plain("")
        else:
            self.s3()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # who is cut off in the middle is what some tests want


def over_tls(names):
    server, tls = Server(("127.0.0.1", 0), Peer), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="seva-s3-peer-") as folder:
        certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=store", "-addext", "subjectAltName=" + names,
                        "-days", "2", "-out", certificate, "-keyout", key], check=True, capture_output=True)
        tls.load_cert_chain(certificate, key)
        with open(certificate) as f:
            shown = f.read()
    # The handshake belongs to the connection's thread, not to the one that accepts.
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"{server.server_address[1]}\n{shown}"


def main():
    server = Server(("127.0.0.1", 0), Peer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
