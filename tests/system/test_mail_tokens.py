"""A mailbox that is read with tokens of a provider: one that the mail server refuses is made new once; when that does not help, the
channel says that somebody must sign in again. Against a scripted mail server and a scripted provider."""

import base64
import json
import re
import socketserver
import threading
import urllib.parse

from seva import OWNER, PASSWORD, PATIENCE_S, Peer, Seva, request, run, until

MAILBOX = "care@example.com"


class Imap(socketserver.StreamRequestHandler):
    """Lets in who brings the token of the hour; its one folder is empty and never has news."""

    def say(self, line):
        self.wfile.write((line + "\r\n").encode())

    def handle(self):
        self.say("* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR] ready")
        self.server.open.append(self.connection)
        while True:
            words = self.rfile.readline().decode().split()
            if not words:
                return
            tag, command = words[0], " ".join(words[1:3]).upper()
            if command.startswith("AUTHENTICATE"):
                token = re.search(r"Bearer ([^\x01]*)", base64.b64decode(words[3]).decode()).group(1)
                self.server.seen.append(token)
                if token not in self.server.good:
                    self.say("+ " + base64.b64encode(b'{"status":"401"}').decode())
                    self.rfile.readline()
                    self.say(f"{tag} NO [AUTHENTICATIONFAILED] the token has ended")
                    continue
                self.say(f"{tag} OK [CAPABILITY IMAP4rev1] in")
            elif command.startswith("SELECT"):
                self.say("* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 1] x")
                self.say(f"{tag} OK open")
            elif command.startswith("UID SEARCH"):
                self.say(f"* SEARCH\r\n{tag} OK done")
            else:
                self.say(f"{tag} OK done")


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Imap)
        self.good, self.seen, self.open = {"first"}, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # connections that the test cuts

    def cut(self):
        """All connections end, as a server does that restarts."""
        for connection in self.open:
            try:
                connection.shutdown(2)
            except OSError:
                pass
        self.open.clear()


class Provider:
    """Hands out what `tokens` says, one after the other; then it refuses for ever."""

    def __init__(self, *tokens):
        self.tokens, self.asked = list(tokens), []
        self.peer = Peer(self.answer)

    def answer(self, _, body):
        self.asked.append(dict(urllib.parse.parse_qsl(body.decode())))
        if not self.tokens:
            return 400, b'{"error":"invalid_grant","error_description":"it was taken back"}'
        return 200, json.dumps({"access_token": self.tokens.pop(0), "refresh_token": "again", "expires_in": 3600, "token_type": "Bearer"}).encode()


def signed_in(seva):
    origin = f"http://127.0.0.1:{seva.port}"
    answer = request(seva.port, "POST", "/api/v1/session", {"email": OWNER, "password": PASSWORD}, {"Origin": origin})
    assert answer.status == 200, answer.body
    return {"Cookie": answer.headers["set-cookie"].split(";")[0], "X-Seva-CSRF": answer.json["csrf"], "Origin": origin}


def connected(seva, imap):
    """The mailbox, by the provider's page; its channel's id."""
    who = signed_in(seva)
    settings = {"address": MAILBOX, "sign_in": "google", "client_id": "cid", "client_secret": "app secret", "imap_host": "127.0.0.1",
                "imap_port": str(imap.server_address[1]), "imap_security": "none"}
    begun = request(seva.port, "POST", "/api/v1/authorizations", {"kind": "email", "name": "Care", "settings": settings}, who)
    assert begun.status == 201, begun.body
    state = urllib.parse.parse_qs(urllib.parse.urlparse(begun.json["url"]).query)["state"][0]
    back = request(seva.port, "GET", f"/oauth/callback?state={state}&code=c1", None, {"Cookie": who["Cookie"]})
    assert back.status == 303 and "error" not in back.headers["location"], (back.status, back.headers, back.body)
    return next(c["id"] for c in seva.api("GET", "/channels").json["items"] if c["kind"] == "email")


def a_token_is_made_new_once_and_then_somebody_is_asked():
    imap, provider = MailServer(), Provider("first", "second")
    hosts = f"email.token=http://127.0.0.1:{provider.peer.port};email.authorize=http://127.0.0.1:{provider.peer.port}"
    with Seva(more=["--egress-allow", "*=127.0.0.0/8", "--network-hosts", hosts]) as seva:
        seva.start()
        channel = connected(seva, imap)

        def auth():
            return seva.api("GET", f"/channels/{channel}").json["auth"]

        assert until(lambda: "first" in imap.seen and imap.open), seva.log_tail()
        # The server takes it no longer: a new one is fetched at once, and nobody is bothered.
        imap.good = {"second"}
        imap.cut()
        assert until(lambda: "second" in imap.seen, 2 * PATIENCE_S), seva.log_tail()
        assert [one["grant_type"] for one in provider.asked] == ["authorization_code", "refresh_token"], provider.asked
        assert provider.asked[1]["refresh_token"] == "again"
        assert auth()["state"] == "ok", auth()
        # Nor does the next one help: now somebody must sign in again, and hears why.
        imap.good = set()
        imap.cut()
        assert until(lambda: auth()["state"] == "refused", 2 * PATIENCE_S), (auth(), imap.seen, seva.log_tail())
        assert "401" in json.dumps(auth()) or "taken back" in json.dumps(auth()), auth()
        assert len(provider.asked) <= 3, provider.asked
        assert "second" not in seva.log_tail() and "app secret" not in seva.log_tail()
    imap.shutdown()
    provider.peer.close()


if __name__ == "__main__":
    run([a_token_is_made_new_once_and_then_somebody_is_asked])
