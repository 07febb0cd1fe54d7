#!/usr/bin/env python3
"""An OpenSMTPD of its own for tests: prints one line of JSON, runs until SIGTERM or the end of standard input.

Its control socket and its queue have fixed places (/run, /var/spool), so it runs in a mount namespace of its own, with memory
file systems over both; ports are free ones of loopback. It takes mail for everybody and delivers to Maildir folders named
after the recipient, or relays everything (--relay PORT, to 127.0.0.1). Mail to nobody@… is refused with 550.

    {"plain": 4025,        no TLS, no login
     "starttls": 4587,     STARTTLS and a login needed
     "tls": 4465,          TLS from the start, a login needed
     "user": "care@example.com", "password": "…",   (or other@example.com)
     "ca": "/tmp/…/cert.pem",   certificate for localhost, smtp.example.com and 127.0.0.1
     "mail": "/tmp/…/mail"}     <recipient>/new/*
or, where it cannot run, {"off": "the reason"} and exit status 77.

usage: opensmtpd.py [--relay PORT] [--log]      --log: what the server says goes to standard error
"""
import argparse
import ctypes
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SMTPD, SMTPCTL = "/usr/sbin/smtpd", "/usr/sbin/smtpctl"
USER, OTHER, PASSWORD = "care@example.com", "other@example.com", "s3cret pass"
OWNER = "mail"  # whom the folders belong to: the server delivers to real users only
SIGNED_BY_ANOTHER_PROCESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "opensmtpd_keys.c")


class Off(Exception):
    """It cannot run here; the words say why."""


def run(*command, why):
    p = subprocess.run(command, capture_output=True, text=True, check=False)
    if p.returncode != 0:
        raise Off(f"{why}: {(p.stderr or p.stdout).strip()[-300:]}")
    return p.stdout.strip()


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def needs():
    if not os.path.exists(SMTPD):
        raise Off("OpenSMTPD is not installed (Debian's opensmtpd)")
    if os.getuid() != 0:
        raise Off("OpenSMTPD starts as root only: its processes change to users of their own")


def enter_namespace():
    """Everything from here on happens in a mount namespace of this process; the pid stays."""
    test = subprocess.run(["unshare", "-m", "--propagation", "private", "true"], capture_output=True, text=True, check=False)
    if test.returncode != 0:
        raise Off(f"no mount namespace: {test.stderr.strip()}")
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]])


class Server:
    def __init__(self, args):
        self.args, self.process, self.log = args, None, None
        self.folder = tempfile.mkdtemp(prefix="seva-smtpd-")

    def mounts(self):
        """The owner of the mail may not enter our folder, so the mail's is bound to a place that he may."""
        owner = pwd.getpwnam(OWNER)
        mail = self.folder + "/mail"
        os.mkdir(mail)
        os.chown(mail, owner.pw_uid, owner.pw_gid)
        for place in ("/run", "/var/spool"):
            run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place, why=f"no memory file system over {place}")
        os.mkdir("/run/seva-mail")
        run("mount", "--bind", mail, "/run/seva-mail", why="the mail's folder cannot be bound")

    def certificate(self):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,DNS:smtp.example.com,IP:127.0.0.1",
            "-keyout", self.folder + "/key.pem", "-out", self.folder + "/cert.pem", why="no certificate")
        os.chmod(self.folder + "/key.pem", 0o600)

    def configuration(self, plain, starttls, tls):
        secret = run(SMTPCTL, "encrypt", PASSWORD, why="no hash of the password")
        action = (f'relay host smtp://127.0.0.1:{self.args.relay}' if self.args.relay
                  else 'maildir "/run/seva-mail/%{rcpt}" virtual <everybody>')
        with open(self.folder + "/smtpd.conf", "w", encoding="ascii") as f:
            f.write(f'pki seva cert "{self.folder}/cert.pem"\n'
                    f'pki seva key "{self.folder}/key.pem"\n'
                    f'table logins {{ "{USER}" = "{secret}", "{OTHER}" = "{secret}" }}\n'
                    f'table everybody {{ "@" = "{OWNER}" }}\n'
                    'smtp max-message-size "35M"\n'
                    f'listen on 127.0.0.1 port {plain} hostname mx.example.com\n'
                    f'listen on 127.0.0.1 port {starttls} tls-require pki seva auth <logins> hostname mx.example.com\n'
                    f'listen on 127.0.0.1 port {tls} smtps pki seva auth <logins> hostname mx.example.com\n'
                    f'action "keep" {action}\n'
                    'match from any for rcpt-to regex { "^nobody@" } reject\n'
                    'match from any auth for any action "keep"\n'
                    'match from any for any action "keep"\n')

    def environment(self):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
        version = re.search(r"OpenSMTPD (\d+)\.", subprocess.run([SMTPD, "-h"], capture_output=True, text=True, check=False).stderr)
        if version and int(version.group(1)) < 7:
            library = self.folder + "/keys.so"
            run("gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, SIGNED_BY_ANOTHER_PROCESS, why="no library for its keys")
            env["LD_PRELOAD"] = library
        return env

    def spawn(self, ports, env):
        """True once it greets; False when a port was taken meanwhile."""
        self.configuration(*ports)
        self.log = open(self.folder + "/log", "w+b")  # kept open for the server
        libc = ctypes.CDLL(None)
        self.process = subprocess.Popen(
            [SMTPD, "-d", "-v", "-f", self.folder + "/smtpd.conf"], stdin=subprocess.DEVNULL, env=env, cwd="/",
            stdout=None if self.args.log else self.log, stderr=None if self.args.log else self.log,
            preexec_fn=lambda: libc.prctl(1, signal.SIGTERM))  # PR_SET_PDEATHSIG: it ends when we are killed
        if self.args.log:
            sys.stderr.flush()
        for _ in range(600):
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", ports[0]), timeout=1) as s:
                    if s.recv(4) == b"220 ":
                        return True
            except OSError:
                pass
            time.sleep(0.05)
        self.end()
        return False

    def said(self):
        with open(self.folder + "/log", encoding="utf-8", errors="replace") as f:
            return " | ".join(x for x in f.read().strip().split("\n")[-12:] if not x.startswith("debug"))[-400:]

    def start(self):
        self.mounts()
        self.certificate()
        env = self.environment()
        for _ in range(3):
            ports = free_ports(3)
            if self.spawn(ports, env):
                return {"plain": ports[0], "starttls": ports[1], "tls": ports[2], "user": USER, "password": PASSWORD,
                        "ca": self.folder + "/cert.pem", "mail": self.folder + "/mail"}
        raise Off(f"OpenSMTPD does not start: {self.said()}")

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)

    def stop(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def serve(args):
    wake_read, wake_write = os.pipe()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: os.write(wake_write, b"x"))
    server = Server(args)
    try:
        print(json.dumps(server.start()), flush=True)
        while True:
            ready, _, _ = select.select([wake_read, sys.stdin], [], [])
            if wake_read in ready or not sys.stdin.buffer.read1(4096):
                return 0
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--relay", type=int, default=0, metavar="PORT")
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    try:
        needs()
        if not args.inside:
            enter_namespace()
        return serve(args)
    except Off as off:
        print(json.dumps({"off": str(off)}), flush=True)
        return 77


sys.exit(main())
