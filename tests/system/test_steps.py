"""Killed at every step of two stories: a customer's message with a file comes to the console; an agent's answer goes to the network. The
steps are all failpoints in src, found by themselves; which of them a story passes, a run of it tells. After each kill the server is
started again, the sender repeats what it was not told, and the story ends right: once, whole, nothing waiting."""

import glob
import json
import os
import re
import uuid

from seva import GONE, Peer, Seva, fresh_postgres, run, until
from test_media import FILE, Files, leases_run_out

PASSES = int(os.environ.get("SEVA_STEPS", "1"))  # the first times that a step is passed
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src")
ROUTE = {"customer": ["intake.", "receive.", "fetch.", "job.", "db."], "agent": ["deliver.", "job.", "db."]}  # what must be passed


def failpoints():
    found = set()
    for path in glob.glob(os.path.join(SOURCE, "**", "*.c"), recursive=True):
        with open(path) as f:
            found |= set(re.findall(r'FAILPOINT(?:_FAILS)?\("([a-z_.]+)"\)', f.read()))
    assert len(found) > 10, found
    return sorted(found)


def insist(seva, attempt):
    """Until it is acknowledged; a server that dies is started again by the caller: None."""
    while seva.process.poll() is None:
        try:
            r = attempt()
            if r.status < 500:
                assert r.status in (200, 201), (r.status, r.body[:300])
                return r
        except GONE:
            pass
    return None


class Stories:
    def __init__(self, seva, url):
        self.seva, self.url, self.n = seva, url, 0
        self.files, self.peer = Files(), Peer()
        seva.start()
        assert seva.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
        assert seva.api("PATCH", f"/channels/{seva.channel('api')['id']}", {"settings": {"reply_url": self.peer.url("/replies")}}).status == 200
        assert seva.hook({"id": "first", "contact": {"id": "ann"}, "text": "first"}).status == 200
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        self.conversation = seva.items("/conversations")[0]["id"]
        seva.stop()

    def messages(self, text):
        return [m for m in self.seva.items(f"/conversations/{self.conversation}/messages") if m["text"] == text]

    def customer(self, text):
        message = {"id": text, "contact": {"id": "ann"}, "text": text, "attachments": [{"url": self.files.url(f"/{text}/bill.pdf")}]}
        return (lambda: self.seva.hook(message, timeout=20)), lambda: self.has_come(text)

    def has_come(self, text):
        found = self.messages(text)
        return len(found) == 1 and [a["state"] for a in found[0]["attachments"]] == ["ready"]

    def agent(self, text):
        body = {"kind": "reply", "text": text, "client_id": str(uuid.uuid4()), "seen_message_id": "0", "force": True}

        def attempt():
            body["seen_message_id"] = self.seva.api("GET", f"/conversations/{self.conversation}", timeout=20).json["last_message_id"]
            return self.seva.api("POST", f"/conversations/{self.conversation}/messages", body, timeout=20)

        return attempt, lambda: [m["state"] for m in self.messages(text)] == ["sent"]

    def killed_at(self, story, point, nth):
        """True when the story passes the point so often."""
        self.n += 1
        text = f"{story}{self.n}"
        attempt, has_ended = getattr(self, story)(text)
        self.seva.env["SEVA_FAILPOINT"] = f"{point}:crash@{nth}"
        self.seva.start(wait=False)
        told = insist(self.seva, attempt)
        if told:
            until(lambda: self.seva.process.poll() is not None or self.ended_safely(has_ended))
        is_killed = self.seva.process.poll() is not None
        del self.seva.env["SEVA_FAILPOINT"]
        if is_killed:
            self.seva.log.close()
            if self.url:
                leases_run_out(self.url)
            self.seva.start()
        if not told:
            assert insist(self.seva, attempt), self.seva.log_tail()
        assert until(has_ended), f"{story} killed at {point}, pass {nth}: {self.messages(text)} {self.seva.items('/jobs?state=queued')}\n{self.seva.log_tail()}"
        self.check(text)
        self.seva.kill()
        if self.url:
            leases_run_out(self.url)
        return is_killed

    def ended_safely(self, has_ended):
        try:
            return has_ended() and not self.seva.items("/jobs?state=running")
        except GONE:
            return False

    def check(self, text):
        found = self.messages(text)
        assert len(found) == 1, found
        for a in found[0]["attachments"]:
            r = self.seva.api("GET", f"/attachments/{a['id']}")
            assert r.status == 200 and r.body == FILE, (text, r.status)
        if text.startswith("agent"):
            posts = [e for e in self.peer.ledger if json.loads(e["body"])["data"]["message"]["text"] == text]
            assert posts and len({e["headers"]["seva-delivery"] for e in posts}) == 1, f"{len(posts)} posts under several ids"
        assert not self.seva.items("/jobs?state=dead")

    def close(self):
        self.files.close()
        self.peer.close()


def killed_at_every_step(url):
    with Seva(db=url, more=["--egress-allow", "media=127.0.0.0/8;webhook=127.0.0.0/8"]) as seva:
        stories = Stories(seva, url)
        for story, route in ROUTE.items():
            passed = [p for p in failpoints() if any([stories.killed_at(story, p, nth) for nth in range(1, PASSES + 1)])]
            print(f"# {story}: killed at {' '.join(passed)}")
            missing = [r for r in route if not any(p.startswith(r) for p in passed)]
            assert not missing, f"{story} does not pass {missing}: {passed}"
        stories.close()


def both_stories_end_right_whichever_step_the_server_is_killed_at():
    killed_at_every_step(None)


def both_stories_end_right_on_postgres_too():
    if not os.environ.get("SEVA_TEST_PG", "").startswith("postgres"):
        return "skip: there is no PostgreSQL"
    killed_at_every_step(fresh_postgres())


if __name__ == "__main__":
    run([both_stories_end_right_whichever_step_the_server_is_killed_at, both_stories_end_right_on_postgres_too])
