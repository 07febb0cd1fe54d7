"""Answers to mail servers that fail in their own ways: the connection ends after the last dot, greylisting, full mailboxes, a token that has
run out. A mail is never sent twice by itself, and what is not known is said."""

import http.server
import json
import os
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dovecot import token
from seva import OWNER, PASSWORD, PATIENCE_S, Seva, fresh_postgres, request, run, until
from smtp_peer import END, SmtpPeer, token_of
from test_mail import MAILBOX, Mailbox, conversations, mail_of, reply, with_mailbox


def message(seva, talk, message_id):
    items = seva.api("GET", f"/conversations/{talk['id']}/messages").json["items"]
    return next(m for m in items if m["id"] == message_id)


def hurry(seva):
    """What waits for its next try is tried now."""
    for job in seva.api("GET", "/jobs?state=queued&limit=100").json["items"]:
        if job["kind"] in ("send", "mail_again"):
            seva.api("POST", f"/jobs/{job['id']}/retry")


class Talk:
    """A customer's mail is here, and answers go to a scripted peer."""

    def __init__(self, answer, db=None):
        self.peer, self.box, self.answer = SmtpPeer(answer), Mailbox(), answer
        self.seva = with_mailbox(self.box, db, smtp_port=str(self.peer.port), smtp_security="none")
        self.seva.api("PATCH", "/account", {"undo_seconds": 0})
        self.box.append(mail_of("asha@example.net", "Where is it?"))
        assert until(lambda: len(conversations(self.seva)) == 1), self.seva.log_tail()
        self.talk = conversations(self.seva)[0]

    def reply(self, text):
        return reply(self.seva, self.talk, text)

    def state(self, message_id):
        return message(self.seva, self.talk, message_id)["state"]

    def error(self, message_id):
        return message(self.seva, self.talk, message_id)["error"]

    def becomes(self, message_id, state, hurries=False):
        def look():
            if hurries:
                hurry(self.seva)
            return self.state(message_id) == state

        assert until(look, 2 * PATIENCE_S, 0.2), f"{message(self.seva, self.talk, message_id)} " + self.seva.log_tail()

    def close(self):
        self.seva.remove()
        self.box.close()
        self.peer.close()


def lost_after_the_dot(db=None):
    is_lost = [True]
    t = Talk(lambda peer, verb, line: END if verb == "." and is_lost[0] else None, db)
    first = t.reply("It comes today.")
    t.becomes(first, "unknown")
    assert len(t.peer.taken) == 1
    t.seva.kill()
    t.seva.start()
    second = t.reply("Is it there?")
    t.becomes(second, "unknown")
    assert len(t.peer.taken) == 2 and t.state(first) == "unknown", "nothing is sent again by itself, not even after a restart"
    assert t.error(first)
    is_lost[0] = False
    assert t.seva.api("POST", f"/messages/{first}/retry").status == 200
    t.becomes(first, "sent")
    assert len(t.peer.taken) == 3 and t.state(second) == "unknown"
    ids = [[line for line in mail.split(b"\r\n") if line.lower().startswith(b"message-id:")][0] for _, mail in t.peer.taken]
    assert ids[0] == ids[2] != ids[1], "an agent's second try is the same mail"
    t.close()


def an_answer_lost_after_its_last_dot_is_unknown_until_an_agent_sends_it_again():
    lost_after_the_dot()


def an_answer_lost_after_its_last_dot_is_unknown_until_an_agent_sends_it_again_on_postgresql():
    db = fresh_postgres()
    return "skip: there is no PostgreSQL" if db is None else lost_after_the_dot(db)


def a_greylisted_answer_waits_and_goes_once():
    calls = []

    def answer(peer, verb, line):
        if verb == "RCPT":
            calls.append(line)
            return "451 4.7.1 Greylisted, come back later" if len(calls) < 3 else None
        return None

    t = Talk(answer)
    sent = t.reply("It comes today.")
    t.becomes(sent, "sent", hurries=True)
    assert len(calls) == 3 and len(t.peer.taken) == 1
    t.close()


def a_full_mailbox_is_told_at_once_and_a_busy_one_is_tried_again():
    said = ["552 5.2.2 Mailbox full", "452 4.2.2 Mailbox full for now", None]

    def answer(peer, verb, line):
        return (said.pop(0) if said else None) if verb == "RCPT" else None

    t = Talk(answer)
    refused = t.reply("It comes today.")
    t.becomes(refused, "failed")
    assert "full" in t.error(refused).lower(), t.error(refused)
    later = t.reply("It comes tomorrow.")
    t.becomes(later, "sent", hurries=True)
    assert len(t.peer.taken) == 1 and t.state(refused) == "failed"
    t.close()


class Tokens:
    """The token endpoint of an OAuth provider: gives `fresh` for a code, then the tokens of a list for the refresh token."""

    def __init__(self, fresh, renewed):
        tokens, self.grants = self, []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                tokens.grants.append(form["grant_type"][0])
                token = fresh if form["grant_type"][0] == "authorization_code" else renewed
                body = json.dumps({"access_token": token, "refresh_token": "again", "expires_in": 3600, "token_type": "Bearer"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def sign_in(seva):
    answer = request(seva.port, "POST", "/api/v1/session", {"email": OWNER, "password": PASSWORD}, {"Origin": f"http://127.0.0.1:{seva.port}"})
    assert answer.status == 200, answer.body
    return answer.headers["set-cookie"].split(";")[0]


def connect_by_google(seva, settings):
    """As the console does it; the page of the provider is left out."""
    cookie = sign_in(seva)
    begun = seva.api("POST", "/authorizations", {"kind": "email", "name": "Care", "settings": settings})
    assert begun.status == 201, begun.body
    state = urllib.parse.parse_qs(urllib.parse.urlparse(begun.json["url"]).query)["state"][0]
    back = request(seva.port, "GET", f"/oauth/callback?state={state}&code=yes", headers={"Cookie": cookie})
    assert back.status == 303 and "connected=1" in back.headers["location"], back.headers


def a_token_that_has_run_out_is_made_new_once():
    good, renewed, refused = token(MAILBOX, 3600), token(MAILBOX, 4000), set()
    tokens = Tokens(good, renewed)
    peer = SmtpPeer(lambda peer, verb, line: "334 eyJzdGF0dXMiOiI0MDAifQ==" if verb == "AUTH" and token_of(line) in refused else None)
    box = Mailbox()
    with Seva(more=["--egress-allow", "mail=127.0.0.0/8;sign_in=127.0.0.0/8;network=127.0.0.0/8", "--ca-file", box.roots, "--network-hosts", f"email.token={tokens.url}"]) as seva:
        seva.start()
        seva.api("PATCH", "/account", {"undo_seconds": 0})
        connect_by_google(seva, {**{k: v for k, v in box.settings().items() if k != "password"}, "sign_in": "google", "client_id": "app", "client_secret": "hush",
                                 "smtp_port": str(peer.port), "smtp_security": "none"})
        box.append(mail_of("asha@example.net", "Where is it?"))
        assert until(lambda: len(conversations(seva)) == 1), seva.log_tail()
        talk = conversations(seva)[0]
        refused.add(good)
        sent = reply(seva, talk, "It comes today.")
        assert until(lambda: message(seva, talk, sent)["state"] == "sent"), message(seva, talk, sent)
        assert tokens.grants == ["authorization_code", "refresh_token"] and len(peer.taken) == 1
        refused.add(renewed)
        seva.kill()  # a connection that is kept is signed in already
        seva.start()
        waits = reply(seva, talk, "Is it there?")
        auth = lambda: next(c for c in seva.api("GET", "/channels").json["items"] if c["kind"] == "email")["auth"]
        assert until(lambda: auth()["state"] != "ok"), auth()
        assert auth()["error"] and tokens.grants.count("refresh_token") == 2, (auth(), tokens.grants)
        assert message(seva, talk, waits)["state"] != "sent" and len(peer.taken) == 1, "it waits until somebody signs in again"
    peer.close()
    tokens.close()
    box.close()


if __name__ == "__main__":
    run([an_answer_lost_after_its_last_dot_is_unknown_until_an_agent_sends_it_again,
         an_answer_lost_after_its_last_dot_is_unknown_until_an_agent_sends_it_again_on_postgresql, a_greylisted_answer_waits_and_goes_once,
         a_full_mailbox_is_told_at_once_and_a_busy_one_is_tried_again, a_token_that_has_run_out_is_made_new_once])
