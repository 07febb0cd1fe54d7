"""PostgreSQL's primary dies with -9 under load and its synchronous standby is promoted: what was acknowledged is there, nothing is
doubled, the server says meanwhile that it cannot serve, and goes on by itself (an address with both hosts) or after a restart
with the other address."""

import os
import signal
import subprocess
import sys
import threading
import time

from seva import PATIENCE_S, Peer, Seva, request, run, until
from test_kills import Oracle, check_inside, check_peers, claims_run_out, drained, load, missing_at_peer, stored_messages, waiting

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import pg  # noqa: E402


class Pair:
    """A primary and a synchronous standby of it."""

    def __init__(self):
        self.primary = pg.Server("wal_level = replica\nmax_wal_senders = 4\n")
        self.standby, self.port = None, pg.free_port()

    def start(self):
        server = self.primary
        url = server.start()
        copy = server.folder + "/standby"
        server.run(server.bin + "/pg_basebackup", "-d", f"host={server.folder} port={server.port} user=postgres application_name=standby", "-D", copy,
                   "-X", "stream", "-c", "fast", "-R")
        with open(copy + "/postgresql.conf", "a", encoding="ascii") as f:
            f.write(f"port = {self.port}\nhot_standby = on\n")
        self.standby = subprocess.Popen([server.bin + "/postgres", "-D", copy], preexec_fn=server.demote, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sql(server.port, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.sql(server.port, "SELECT pg_reload_conf()")
        assert until(lambda: self.sql(server.port, "SELECT sync_state FROM pg_stat_replication") == "sync"), "there is no synchronous standby"
        return url

    def sql(self, port, text, database="postgres"):
        p = subprocess.run([self.primary.bin + "/psql", "-qAt", "-h", self.primary.folder, "-p", str(port), "-U", "postgres", database, "-c", text],
                           capture_output=True, text=True)
        return p.stdout.strip() if p.returncode == 0 else None

    def kill(self):
        """All of its processes at once, as when the machine dies."""
        os.killpg(self.primary.process.pid, signal.SIGKILL)
        self.primary.process.wait()

    def promote(self):
        assert self.sql(self.port, "SELECT pg_promote(true, 60)") == "t"

    def address(self, both):
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.port}" if both else f"127.0.0.1:{self.port}"
        return f"postgresql://seva@{hosts}/seva"

    def close(self):
        if self.standby:
            self.standby.send_signal(signal.SIGINT)
            self.standby.wait()
        self.primary.stop(False)


def ready(seva):
    try:
        return request(seva.port, "GET", "/readyz", timeout=20).status
    except OSError:
        return 0


def failover(is_restarted):
    if not os.path.exists(pg.binaries() + "/pg_basebackup"):
        return "skip: pg_basebackup is not installed"
    pair, peer, oracle, stop = Pair(), Peer(), Oracle(), threading.Event()
    stop.deadline = float("inf")
    try:
        url = pair.start()
        with Seva(db=url if is_restarted else pair.address(True), more=["--egress-allow", "webhook=127.0.0.0/8"]) as seva:
            seva.start()
            assert seva.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
            assert seva.api("PATCH", f"/channels/{seva.channel('api')['id']}", {"settings": {"reply_url": peer.url("/replies")}}).status == 200
            assert seva.api("POST", "/webhooks", {"name": "feed", "url": peer.url("/feed"), "events": ["message.created"]}).status in (200, 201)
            threads = load(seva, oracle, stop)
            assert until(lambda: oracle.count() > 300), "there is no load"
            pair.kill()
            before, struck_ms = oracle.count(), int(time.time() * 1000)
            assert until(lambda: ready(seva) == 503), "it must say that it cannot serve"
            assert request(seva.port, "GET", "/healthz").status == 200, "and live"
            pair.promote()
            promoted = time.monotonic()
            if is_restarted:
                seva.kill()
                seva.db = ["--db", pair.address(False)]
                seva.start()
            assert until(lambda: ready(seva) == 200), seva.log_tail()
            back = time.monotonic() - promoted
            assert until(lambda: oracle.errors or oracle.count() > before + 300), "nothing is acknowledged any more"
            stop.deadline = time.monotonic() + 20
            stop.set()
            for t in threads:
                t.join(2 * PATIENCE_S)
                assert not t.is_alive(), "a sender hangs"
            assert not oracle.errors, oracle.errors[:3]
            assert pair.sql(pair.port, claims_run_out(struck_ms), "seva") is not None
            assert until(lambda: drained(seva), 300, 0.2), "the queues did not drain:\n" + waiting(seva)
            assert not seva.items("/quarantine"), "innocent deliveries were set aside"
            number = check_inside(oracle, *stored_messages(seva))
            until(lambda: not missing_at_peer(oracle, peer))
            check_peers(oracle, peer)
            p = subprocess.run([seva.bin, "doctor", "--data", seva.data, *seva.db], capture_output=True, text=True)
            assert p.returncode == 0, p.stdout
            print(f"# {before} acknowledged before, {number} in all; ready {back:.2f} s after the promotion", flush=True)
    finally:
        peer.close()
        pair.close()
    return None


def an_address_with_both_hosts_goes_on_when_the_standby_is_promoted():
    return failover(False)


def a_restart_with_the_other_address_goes_on_where_the_primary_ended():
    return failover(True)


if __name__ == "__main__":
    run([an_address_with_both_hosts_goes_on_when_the_standby_is_promoted, a_restart_with_the_other_address_goes_on_where_the_primary_ended])
