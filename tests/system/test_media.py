"""Files that messages name by address, on a real server: killed at every step of bringing one, the file is there once and whole; slow
addresses hold up neither each other's channel nor replies."""

import glob
import http.server
import os
import subprocess
import threading
import uuid

from seva import PATIENCE_S, Peer, Seva, fresh_postgres, run, until

STEPS = ["fetch.after_download", "fetch.before_place", "fetch.after_place", "fetch.before_commit"]
FILE = b"%PDF-1.7\n" + bytes(range(256)) * 4096  # a megabyte


class Files:
    """A web server of one file; /slow answers only when it is let go."""

    def __init__(self):
        self.asked, self.lock, self.let_go = [], threading.Lock(), threading.Event()
        files = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                with files.lock:
                    files.asked.append(self.path)
                if self.path.startswith("/slow"):
                    files.let_go.wait(10 * PATIENCE_S)
                self.send_response(200)
                self.send_header("Content-Length", str(len(FILE)))
                self.end_headers()
                self.wfile.write(FILE)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the server is killed while it reads: that is what the test is about

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server.server_address[1]}{path}"

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()


def allowed(db=None, more=()):
    return Seva(db=db, more=["--egress-allow", "media=127.0.0.0/8;webhook=127.0.0.0/8", *more])


def messages(seva):
    return [m for c in seva.items("/conversations") for m in seva.items(f"/conversations/{c['id']}/messages") if m["kind"] == "in"]


def leases_run_out(url):
    """On PostgreSQL another node takes a job up when its lease is over; the test does not wait for that."""
    subprocess.run(["psql", "-q", url, "-c", "UPDATE job SET lease_ms = 1 WHERE state = 'running'"], check=True, capture_output=True)


def killed_at_every_step(url):
    files = Files()
    with allowed(url) as seva:
        for n, step in enumerate(STEPS):
            seva.env["SEVA_FAILPOINT"] = step + ":crash@1"
            seva.start(wait=False)
            message = {"id": f"m{n}", "contact": {"id": f"c{n}"}, "attachments": [{"url": files.url(f"/{n}/bill.pdf")}]}
            assert until(lambda: acknowledged(seva, message)), step
            assert until(lambda: seva.process.poll() is not None), f"{step} was not passed"
            seva.log.close()
            del seva.env["SEVA_FAILPOINT"]
            if url:
                leases_run_out(url)
            seva.start()
            assert seva.hook(message).status == 200  # the sender may have heard nothing: it tells it again
            here = until(lambda: arrived(seva, f"/{n}/"))
            assert here, (step, messages(seva), seva.log_tail())
            got = seva.api("GET", f"/attachments/{here['id']}")
            assert got.status == 200 and got.body == FILE, (step, got.status)
            seva.stop()
        seva.start()
        found = messages(seva)
        assert len(found) == len(STEPS) and all(len(m["attachments"]) == 1 for m in found), found
        stored = glob.glob(os.path.join(seva.data, "blobs", "*", "??", "*"))
        assert len(stored) == 1, stored
        assert not os.listdir(glob.glob(os.path.join(seva.data, "blobs", "*", "parts"))[0])
    files.close()


def acknowledged(seva, message):
    """The sender insists until it is told 200, or until the server dies of it (it was stored before)."""
    try:
        return seva.hook(message, timeout=20).status == 200
    except Exception:
        return seva.process.poll() is not None


def arrived(seva, mark):
    """The attachment fetched from an address with this mark: its view, once it is ready."""
    for m in messages(seva):
        for one in m["attachments"]:
            if one["state"] == "ready" and m["id"] not in arrived.seen:
                arrived.seen.add(m["id"])
                return one
    return None


arrived.seen = set()


def a_server_killed_while_it_brings_a_file_has_it_once_and_whole():
    killed_at_every_step(None)


def the_same_on_postgresql():
    arrived.seen.clear()
    killed_at_every_step(fresh_postgres())


def slow_addresses_hold_up_no_webhook():
    files, peer = Files(), Peer()
    with allowed(more=["--job-threads", "2"]) as seva:
        seva.start()
        assert seva.api("POST", "/webhooks", {"name": "feed", "url": peer.url("/feed"), "events": ["message.created"]}).status in (200, 201)
        slow = [{"url": files.url(f"/slow/{n}")} for n in range(10)]
        assert seva.hook({"id": "m1", "contact": {"id": "c"}, "text": "files", "attachments": slow}).status == 200
        assert until(lambda: files.asked)
        assert seva.hook({"id": str(uuid.uuid4()), "contact": {"id": "c"}, "text": "more"}).status == 200
        assert until(lambda: len(peer.ledger) == 2), "a webhook waits behind slow files"
        assert len(files.asked) == 1, "only one of two threads brings files"
        files.let_go.set()
        assert until(lambda: [a["state"] for m in messages(seva) for a in m["attachments"]] == ["ready"] * 10)
    peer.close()
    files.close()


if __name__ == "__main__":
    run([a_server_killed_while_it_brings_a_file_has_it_once_and_whole, the_same_on_postgresql, slow_addresses_hold_up_no_webhook])
