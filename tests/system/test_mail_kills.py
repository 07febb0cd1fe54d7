"""The server is killed (-9) again and again while mails come in from Dovecot and answers go out through OpenSMTPD. Of what came in nothing
is lost or doubled; of what was answered nothing is sent twice, and what may not have gone says so ("unknown")."""

import collections
import glob
import threading
import time
import uuid

from seva import GONE, PATIENCE_S, fresh_postgres, run, until
from test_mail import Mailbox, mail_of, with_mailbox

KILLS, MAILS = 12, 120


class Agent(threading.Thread):
    """Answers every conversation once, with a text of its own; insists until the answer is acknowledged."""

    def __init__(self, seva):
        super().__init__(daemon=True)
        self.seva, self.answered, self.stopped = seva, {}, threading.Event()

    def run(self):
        while not self.stopped.is_set():
            try:
                for talk in self.seva.items("/conversations?status=open,pending,resolved&sort=newest"):
                    if talk["id"] not in self.answered:
                        self.answer(talk)
            except GONE + (KeyError,):
                time.sleep(0.01)
            time.sleep(0.05)

    def answer(self, talk):
        mark = f"answer-to-{talk['subject']}"
        body = {"kind": "reply", "text": mark, "client_id": str(uuid.uuid5(uuid.NAMESPACE_URL, mark)), "seen_message_id": talk["last_message_id"]}
        while not self.stopped.is_set():
            try:
                answer = self.seva.api("POST", f"/conversations/{talk['id']}/messages", body)
                if answer.status in (200, 201):  # 200: it was stored before the kill
                    self.answered[talk["id"]] = (mark, answer.json["id"])
                    return
                if answer.status < 500 and answer.status != 429:
                    return  # the conversation has moved on: the next look shows it
            except GONE:
                pass
            time.sleep(0.01)


def delivered(box):
    """{text of an answer: how often the mail server has it}"""
    found = collections.Counter()
    for path in glob.glob(f"{box.smtp['mail']}/*/new/*"):
        with open(path, "rb") as f:
            text = f.read().decode(errors="replace")
        found[text[text.index("answer-to-"):].split()[0]] += 1
    return found


def storm(db=None, kills=KILLS, mails=MAILS):
    """On PostgreSQL a killed node's work is another's: mailboxes after a minute, what was being sent after four, for which nobody waits here."""
    box = Mailbox()
    with with_mailbox(box, db) as seva:
        seva.api("PATCH", "/account", {"undo_seconds": 0})
        agent = Agent(seva)
        agent.start()

        def deliver():
            for i in range(mails):
                box.deliver(mail_of(f"c{i}@example.net", f"mail {i} " + "x" * 6000, name=f"s{i}", subject=f"storm-{i:03}."))
                time.sleep(0.05)

        adding = threading.Thread(target=deliver)
        adding.start()
        for i in range(kills):
            time.sleep(0.25 + 0.09 * (i % 5))
            seva.kill()
            seva.start()
        adding.join()
        talks = lambda: seva.items("/conversations?status=open,pending,resolved&sort=newest")
        assert until(lambda: len(talks()) >= mails, 4 * PATIENCE_S, 0.2), f"{len(talks())} of {mails} " + seva.log_tail()
        assert until(lambda: len(agent.answered) == mails, 2 * PATIENCE_S, 0.2), f"{len(agent.answered)} answered"
        agent.stopped.set()
        agent.join()
        counted = collections.Counter(c["subject"] for c in talks())
        assert counted == {f"storm-{i:03}.": 1 for i in range(mails)}, counted.most_common(3)
        ended = {}

        def all_ended():
            for talk, (mark, message) in agent.answered.items():
                if mark not in ended:
                    m = [m for m in seva.api("GET", f"/conversations/{talk}/messages").json["items"] if m["kind"] == "out"]
                    assert len(m) == 1 and m[0]["id"] == message, "an acknowledged answer is there once"
                    if m[0]["state"] in ("sent", "delivered", "unknown", "failed"):
                        ended[mark] = m[0]["state"]
            return len(ended) == mails or (db and mails - len(ended) <= 2 * kills)

        assert until(all_ended, 4 * PATIENCE_S, 0.5), f"{len(ended)} of {mails} answers have ended " + seva.log_tail()
        assert until(lambda: all(delivered(box)[mark] for mark, state in ended.items() if state == "sent")), "sent, and not with the mail server"
        at_peer = delivered(box)
        assert max(at_peer.values()) == 1, [m for m, n in at_peer.items() if n > 1]
        states = collections.Counter(ended.values())
        assert set(states) <= {"sent", "unknown"}, states
        unknown_there = sum(at_peer[mark] for mark, state in ended.items() if state == "unknown")
        print(f"# {kills} kills: {mails} mails in, each once; answers {dict(states)}, of the unknown ones {unknown_there} had gone; none twice")
    box.close()


def kills_lose_and_double_nothing_in_either_direction():
    storm()


def kills_lose_and_double_nothing_in_either_direction_on_postgresql():
    db = fresh_postgres()
    return "skip: there is no PostgreSQL" if db is None else storm(db, 1, 40)


if __name__ == "__main__":
    run([kills_lose_and_double_nothing_in_either_direction, kills_lose_and_double_nothing_in_either_direction_on_postgresql])
