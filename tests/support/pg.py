#!/usr/bin/env python3
"""A PostgreSQL of its own for tests: prints its URL, runs until SIGTERM or the end of standard input.

initdb in a temporary folder, as the user postgres when we are root; unix socket and a free loopback
port; fsync on unless --no-fsync. The URL's role "seva" is no superuser and owns the database "seva", so that row-level
security holds for it. --no-analyze: the server does not look at its tables by itself; its look, at any moment, may meet a
large insert that is not committed yet, and plans for a table that is nearly empty follow.
--recommended: with what docs/operations.md recommends ("PostgreSQL's own settings"), for measuring; else small.
usage: pg.py [--keep] [--no-fsync] [--no-analyze] [--recommended]      prints postgresql://…  (one line)
"""
import glob
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

NEVER = 1_000_000_000  # changed rows
RECOMMENDED = "shared_buffers = 1GB\nmax_wal_size = 4GB\n"


def binaries() -> str:
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), key=lambda p: int(p.split("/")[4]))
    if found:
        return os.path.dirname(found[-1])
    on_path = shutil.which("initdb")
    if on_path is None:
        sys.exit("pg.py: PostgreSQL's initdb is not installed")
    return os.path.dirname(os.path.realpath(on_path))


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, more: str = "") -> None:
        """more: lines of postgresql.conf; {folder} is where the server may write."""
        self.bin = binaries()
        self.more = more
        self.folder = tempfile.mkdtemp(prefix="seva-pg-")
        self.user = None
        self.process = None
        self.port = free_port()
        if os.getuid() == 0:
            self.user = pwd.getpwnam("postgres")
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)

    def demote(self) -> None:
        os.setsid()
        if self.user:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)

    def run(self, *command: str) -> None:
        p = subprocess.run(
            command, cwd=self.folder, preexec_fn=self.demote, capture_output=True, text=True,
            env={"PATH": self.bin + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        if p.returncode != 0:
            raise RuntimeError(f"{command[0]}: {p.stdout}{p.stderr}")

    def start(self) -> str:
        data = self.folder + "/data"
        self.run(self.bin + "/initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync")
        with open(data + "/postgresql.conf", "a", encoding="ascii") as f:
            f.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\n"
                f"unix_socket_directories = '{self.folder}'\n"
                "max_connections = 200\n" + (RECOMMENDED if "--recommended" in sys.argv[1:] else "shared_buffers = 64MB\n") +
                f"fsync = {'off' if '--no-fsync' in sys.argv[1:] else 'on'}\n"
                f"autovacuum_analyze_threshold = {NEVER if '--no-analyze' in sys.argv[1:] else 50}\n"
                "log_min_messages = fatal\nlog_destination = 'stderr'\n" + self.more.format(folder=self.folder))
        if not self.serve():
            raise RuntimeError(open(self.folder + "/log", encoding="utf-8").read())
        socket_at = self.socket_at()
        self.run(self.bin + "/psql", "-q", *socket_at, "-c", "CREATE ROLE seva LOGIN CREATEDB", "postgres")
        self.run(self.bin + "/createdb", *socket_at, "-O", "seva", "seva")
        return f"postgresql://seva@127.0.0.1:{self.port}/seva?host={self.folder}"

    def socket_at(self) -> list[str]:
        return ["-h", self.folder, "-p", str(self.port), "-U", "postgres"]

    def serve(self) -> bool:
        """Over the data that is there; true when it takes connections, false when it ended instead."""
        log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen(
            [self.bin + "/postgres", "-D", self.folder + "/data"], cwd=self.folder, preexec_fn=self.demote,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        for _ in range(1200):
            ready = subprocess.run([self.bin + "/pg_isready", "-q", *self.socket_at()], check=False)
            if ready.returncode == 0:
                return True
            if self.process.poll() is not None:
                return False
            select.select([], [], [], 0.05)
        raise RuntimeError("PostgreSQL takes no connections")

    def kill(self, sign: signal.Signals) -> None:
        """The postmaster alone: its children end by themselves when they see it."""
        self.process.send_signal(sign)
        self.process.wait()

    def serve_again(self) -> None:
        """After kill: it refuses to start as long as a child of the one before lives."""
        for _ in range(600):
            if self.serve():
                return
            select.select([], [], [], 0.05)
        raise RuntimeError(open(self.folder + "/log", encoding="utf-8").read())

    def stop(self, keep: bool) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown: ends the sessions
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(20)
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    server = Server()
    wake_read, wake_write = os.pipe()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: os.write(wake_write, b"x"))
    try:
        print(server.start(), flush=True)
        while True:
            ready, _, _ = select.select([wake_read, sys.stdin], [], [])
            if wake_read in ready or not sys.stdin.buffer.read1(4096):
                return 0
    finally:
        server.stop("--keep" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
