"""An SMTP server that behaves as it is told, for tests in Python: what it takes it keeps, what it says to a command a test may decide. In
the clear, on a loopback port. Not for production; each connection has a thread."""

import base64
import socket
import threading

END = object()  # says nothing and ends the connection


class SmtpPeer:
    """answer(peer, verb, line) → words to say instead of the usual ones, END, or None for the usual ones. verb: "EHLO" … and "." for the
    end of a mail. taken: the mails that the peer has read to their final dot, whatever it said then, as (envelope, bytes)."""

    USUAL = {"EHLO": "250-peer.example\r\n250-SIZE 35000000\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN XOAUTH2", "HELO": "250 peer.example",
             "AUTH": "235 2.7.0 Welcome", "MAIL": "250 2.1.0 OK", "RCPT": "250 2.1.5 OK", "DATA": "354 Go on", ".": "250 2.0.0 Taken", "RSET": "250 2.0.0 OK",
             "NOOP": "250 2.0.0 OK", "QUIT": "221 2.0.0 Bye"}

    def __init__(self, answer=None):
        self.answer, self.heard, self.taken, self.lock = answer, [], [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()
        except OSError:
            pass

    def said_to(self, verb, line):
        with self.lock:
            self.heard.append(line)
            words = self.answer(self, verb, line) if self.answer else None
        return self.USUAL.get(verb, "500 5.5.1 What?") if words is None else words

    def serve(self, s):
        lines, envelope = s.makefile("rb"), []
        try:
            s.sendall(b"220 peer.example ESMTP\r\n")
            while line := lines.readline().decode("latin-1").rstrip("\r\n"):
                verb = line.split(" ")[0].upper()
                if verb in ("MAIL", "RSET"):
                    envelope = []
                envelope.append(line)
                words = self.said_to(verb, line)
                if words is END:
                    break
                s.sendall(words.encode() + b"\r\n")
                if words.startswith("334"):  # the empty line or answer that follows belongs to it
                    lines.readline()
                    s.sendall(b"535 5.7.8 Refused\r\n")
                if verb == "DATA" and words.startswith("354"):
                    body = []
                    while (part := lines.readline()) not in (b".\r\n", b""):
                        body.append(part[1:] if part.startswith(b"..") else part)
                    if not part:
                        break
                    with self.lock:
                        self.taken.append((list(envelope), b"".join(body)))
                    words = self.said_to(".", ".")
                    if words is END:
                        break
                    s.sendall(words.encode() + b"\r\n")
                if verb == "QUIT":
                    break
        except OSError:
            pass
        finally:
            s.close()

    def close(self):
        self.listener.close()


def token_of(line):
    """What "AUTH XOAUTH2 …" carries."""
    return base64.b64decode(line.split(" ")[2]).decode().split("Bearer ")[1].rstrip("\1")
