#!/usr/bin/env python3
"""A Dovecot of its own for tests of IMAP: prints one line about itself, runs until SIGTERM or the end of standard input.

An ordinary process on free loopback ports, with its own configuration and mails in a temporary folder; as the user dovecot when we
are root. No service of the system is touched. The line:

    imap=40143 imaps=40993 folder=/tmp/seva-dovecot-… token=eyJ…      or      off: Dovecot is not installed

127.0.0.1 has a certificate for imap.example and 127.0.0.1, 127.0.0.2 one for other.example (both of the authority ca.pem in the
folder), 127.0.0.3 a self-signed one for imap.example. Users: care@example.com and other@example.com, password "s3cret pass"; their
mails in folder/mail/<user> as Maildir. `token` is an access token of care@example.com for XOAUTH2 and OAUTHBEARER, validated by its
signature; `expired` in the folder holds one that has run out.

A line "stop" on standard input ends the server, its connections too, a line "start" runs it again on the same ports and mails; each is
answered by a line "done".
"""
import base64
import grp
import hashlib
import hmac
import json
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

USERS = ("care@example.com", "other@example.com")
PASSWORD = "s3cret pass"
KEY = b"the key of the tests' access tokens"

CONF = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1 127.0.0.2 127.0.0.3
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0 secs
auth_username_format = %Lu
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 1000
maildir_very_dirty_syncs = no
first_valid_uid = 1
ssl = yes
ssl_cert = <{folder}/good.pem
ssl_key = <{folder}/good.key
local 127.0.0.2 {{
  ssl_cert = <{folder}/other.pem
  ssl_key = <{folder}/other.key
}}
local 127.0.0.3 {{
  ssl_cert = <{folder}/self.pem
  ssl_key = <{folder}/self.key
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
  mailbox Done {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  client_limit = 1000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap {{
  process_limit = 512
}}
"""

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = sub
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user: str, seconds: int) -> str:
    now = int(time.time())
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    body = b64(json.dumps({"sub": user, "iat": now - 7200, "nbf": now - 7200, "exp": now + seconds}).encode())
    mac = hmac.new(KEY, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{b64(mac)}"


class Server:
    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="seva-dovecot-", dir="/tmp")  # the user dovecot has to get there, whatever TMPDIR says
        self.process, self.port = None, 0
        self.user = pwd.getpwnam("dovecot") if os.getuid() == 0 else pwd.getpwuid(os.getuid())

    def demote(self) -> None:
        os.setsid()
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)

    def write(self, name: str, text: str) -> None:
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def openssl(self, *args: str) -> None:
        subprocess.run(["openssl", *args], cwd=self.folder, check=True, capture_output=True)

    def certificate(self, name: str, names: str, is_self_signed: bool) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
        by = [] if is_self_signed else ["-CA", "ca.pem", "-CAkey", "ca.key"]
        extension = ["-addext", f"subjectAltName={names}"] if names else []
        self.openssl("req", "-x509", *key, *by, "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}", *extension)

    def start(self) -> str:
        os.chmod(self.folder, 0o755)
        self.openssl("version")
        self.certificate("ca", "", True)
        # `openssl req -CA` of OpenSSL 3 signs in one step.
        self.certificate("good", "DNS:imap.example,IP:127.0.0.1", False)
        self.certificate("other", "DNS:other.example", False)
        self.certificate("self", "DNS:imap.example", True)
        imap, imaps = free_port(), free_port()
        group = grp.getgrgid(self.user.pw_gid).gr_name
        values = {"folder": self.folder, "user": self.user.pw_name, "group": group, "uid": self.user.pw_uid, "gid": self.user.pw_gid,
                  "imap": imap, "imaps": imaps}
        self.write("dovecot.conf", CONF.format(**values))
        self.write("oauth2.conf", OAUTH2.format(**values))
        self.write("keys/default/HS256/default", base64.b64encode(KEY).decode())
        self.write("users", "".join(f"{u}:{PASSWORD}\n" for u in USERS))
        self.write("expired", token(USERS[0], -3600))
        for u in USERS:
            for part in ("cur", "new", "tmp"):
                os.makedirs(f"{self.folder}/mail/{u}/{part}")
        for name in ("run", "home"):
            os.makedirs(f"{self.folder}/{name}")
        if os.getuid() == 0:
            for root, _, names in os.walk(self.folder):
                os.chown(root, self.user.pw_uid, self.user.pw_gid)
                for name in names:
                    os.chown(os.path.join(root, name), self.user.pw_uid, self.user.pw_gid)
        self.port = imap
        self.spawn()
        return f"imap={imap} imaps={imaps} folder={self.folder} token={token(USERS[0], 3600)}"

    def spawn(self) -> None:
        out = open(self.folder + "/out", "ab")
        self.process = subprocess.Popen(
            [dovecot(), "-F", "-c", self.folder + "/dovecot.conf"], cwd=self.folder, preexec_fn=self.demote,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        for _ in range(1200):
            if self.process.poll() is not None or ": Fatal: " in self.said():
                raise RuntimeError(self.said())
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.settimeout(20)
                    if s.recv(4) == b"* OK":
                        break
            except OSError:
                select.select([], [], [], 0.05)

    def said(self) -> str:
        text = ""
        for name in ("out", "log"):
            if os.path.exists(f"{self.folder}/{name}"):
                text += open(f"{self.folder}/{name}", encoding="utf-8", errors="replace").read()
        return text

    def end(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)  # the master ends its children
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(20)

    def stop(self, keep: bool) -> None:
        self.end()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def obey(self, commands: bytes) -> None:
        for command in commands.split():
            if command == b"stop":
                self.end()
            elif command == b"start":
                self.spawn()
            print("done", flush=True)


def dovecot():
    return shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


def main() -> int:
    if dovecot() is None:
        print("off: Dovecot is not installed", flush=True)
        return 0
    server = Server()
    wake_read, wake_write = os.pipe()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: os.write(wake_write, b"x"))
    try:
        print(server.start(), flush=True)
        while True:
            ready, _, _ = select.select([wake_read, sys.stdin], [], [])
            commands = b"" if wake_read in ready else sys.stdin.buffer.read1(4096)
            if not commands:
                return 0
            server.obey(commands)
    finally:
        server.stop("--keep" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
