"""A store that speaks S3 beside the servers of a system test: tests/support/s3_peer.py in this process, with objects that stay when
it goes away and comes back."""

import os
import ssl
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import s3_peer  # noqa: E402

EGRESS = "store=127.0.0.0/8;media=127.0.0.0/8;webhook=127.0.0.0/8"


class Store:
    def __init__(self, certificate=None):
        """certificate: files of it and its key; then it speaks TLS only."""
        self.server = s3_peer.Server(("127.0.0.1", 0), s3_peer.Peer)
        self.scheme = "https" if certificate else "http"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            # The handshake belongs to the connection's thread, not to the one that accepts.
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.empty()

    def empty(self):
        with s3_peer.lock:
            s3_peer.objects.clear()
            s3_peer.requests.clear()
        s3_peer.away.clear()

    def go_away(self):
        s3_peer.away.set()

    def come_back(self):
        s3_peer.away.clear()

    def options(self, prefix="desk", egress=EGRESS):
        return ["--blobs", f"s3://{s3_peer.BUCKET}/{prefix}", "--s3-endpoint", f"{self.scheme}://127.0.0.1:{self.port}", "--s3-path-style",
                "--s3-region", s3_peer.REGION, *(["--egress-allow", egress] if egress else [])]

    @property
    def env(self):
        return {"SEVA_S3_KEY_ID": s3_peer.KEY, "SEVA_S3_SECRET": s3_peer.SECRET}

    def watch_puts(self, wanted=0, fault=None):
        """From now on; see s3_peer.Puts."""
        s3_peer.puts[0] = s3_peer.Puts(wanted, fault)
        return s3_peer.puts[0]

    def objects(self, prefix="desk"):
        """Attachments by hash, without the mark of the installation."""
        with s3_peer.lock:
            return {k.rsplit("/", 1)[1]: v for k, v in s3_peer.objects.items() if k.startswith(prefix + "/") and k.count("/") > 1}

    def keys(self):
        with s3_peer.lock:
            return sorted(s3_peer.objects)

    def lose(self, hash):
        with s3_peer.lock:
            for key in [k for k in s3_peer.objects if k.endswith(hash)]:
                del s3_peer.objects[key]

    def damage(self, hash):
        with s3_peer.lock:
            for key in [k for k in s3_peer.objects if k.endswith(hash)]:
                s3_peer.objects[key] = bytes(len(s3_peer.objects[key]))

    def put_back(self, key, content):
        with s3_peer.lock:
            s3_peer.objects[key] = content

    def asked(self):
        """Requests since this was called last."""
        with s3_peer.lock:
            said, s3_peer.requests[:] = list(s3_peer.requests), []
        return said

    def close(self):
        self.server.shutdown()
        self.server.server_close()
