"""Two `seva serve` nodes on one PostgreSQL work as one: what happens on one reaches a console on the other; one may be killed and
nothing acknowledged is lost or doubled."""

import http.client
import json
import os
import shutil
import threading
import time
import uuid

from seva import GONE, PATIENCE_S, Peer, Seva, fresh_postgres, request, run, until


def pair(url):
    """Two nodes with one database, one key file and one blob folder."""
    one = Seva(db=url)
    blobs = os.path.join(one.folder, "blobs")
    os.makedirs(blobs, exist_ok=True)
    two_data = os.path.join(one.folder, "data-two")
    os.makedirs(two_data)
    shutil.copy(os.path.join(one.data, "keys"), os.path.join(two_data, "keys"))
    more = ["--blobs", blobs, "--egress-allow", "webhook=127.0.0.0/8"]
    one.more += more + ["--node", "1"]
    two = Seva(db=url, init=False, data=two_data, more=more + ["--node", "2"])
    two.made = one.made
    one.start()
    two.start()
    return one, two


class Console(threading.Thread):
    """Listens to a node's stream; reconnects with the last event id, as a console does."""

    def __init__(self, seva):
        super().__init__(daemon=True)
        self.seva, self.events, self.last, self.ended, self.connected = seva, [], None, False, threading.Event()

    def run(self):
        while not self.ended:
            try:
                self.listen()
            except GONE:
                time.sleep(0.1)

    def listen(self):
        headers = {"Authorization": "Bearer " + self.seva.made["token"]}
        if self.last:
            headers["Last-Event-ID"] = self.last
        c = http.client.HTTPConnection("127.0.0.1", self.seva.port, timeout=5)
        c.request("GET", "/api/v1/stream", headers=headers)
        r = c.getresponse()
        assert r.status == 200, r.status
        block = {}
        while not self.ended:
            line = r.readline().decode().rstrip("\n")
            if not line and not block:
                continue
            if not line:
                self.take(block)
                block = {}
            elif ":" in line:
                key, value = line.split(":", 1)
                block[key] = value.strip()
        c.close()

    def take(self, block):
        if block.get("event") == "hello":
            self.connected.set()
        if block.get("id"):
            self.last = block["id"]
            self.events.append((block.get("event"), json.loads(block["data"])))

    def texts(self):
        return [d["data"]["message"]["text"] for e, d in list(self.events) if e == "message.created"]


def an_event_on_one_node_reaches_a_console_on_the_other():
    one, two = pair(fresh_postgres())
    with one, two:
        console = Console(two)
        console.start()
        assert console.connected.wait(PATIENCE_S)
        for n in range(20):
            assert one.hook({"id": f"n{n}", "contact": {"id": "c"}, "text": f"n{n}"}).status == 200
        assert until(lambda: console.texts() == [f"n{n}" for n in range(20)]), console.texts()
        conversation = two.items("/conversations")[0]["id"]
        reply = {"kind": "note", "text": "seen on the other node", "client_id": str(uuid.uuid4())}
        assert two.api("POST", f"/conversations/{conversation}/messages", reply).status in (200, 201)
        assert until(lambda: "seen on the other node" in [m["text"] for m in one.items(f"/conversations/{conversation}/messages")])
        console.ended = True


def a_node_with_another_folder_of_files_does_not_start():
    one, two = pair(fresh_postgres())
    with one, two:
        two.stop()
        two.more = [m if not m.endswith("/blobs") else os.path.join(two.folder, "other") for m in two.more]
        os.makedirs(os.path.join(two.folder, "other"))
        two.start(wait=False)
        assert two.process.wait(PATIENCE_S) == 1
        assert "--blobs" in two.log_tail() and "other" in two.log_tail(), two.log_tail()
        assert not os.listdir(os.path.join(two.folder, "other"))
        assert one.api("GET", "/conversations").status == 200


def a_chat_is_staffed_by_agents_of_the_other_node():
    one, two = pair(fresh_postgres())
    with one, two:
        config = f"/widget/v1/{one.channel('widget')['public_key']}/config"
        staffed = lambda: request(one.port, "GET", config).json["is_staffed"]
        assert not staffed()
        console = Console(two)
        console.start()
        assert console.connected.wait(PATIENCE_S)
        assert until(staffed), "the agent at the other node is not counted"
        console.ended = True
        two.stop()
        assert until(lambda: not staffed()), "the agent who has gone is still counted"


def a_contact_is_online_at_whichever_node_the_chat_is_open():
    one, two = pair(fresh_postgres())
    with one, two:
        token = two.visitor()
        assert two.widget(token, "POST", "/messages", {"client_id": str(uuid.uuid4()), "text": "hello"}).status == 201
        conversation = one.items("/conversations")[0]
        path = "/conversations/" + conversation["id"]
        online = lambda: [node.api("GET", path).json["contact"]["is_online"] for node in (one, two)]
        assert online() == [False, False], online()
        chat = http.client.HTTPConnection("127.0.0.1", two.port, timeout=PATIENCE_S)
        chat.request("GET", "/widget/v1/stream", headers={"Authorization": "Bearer " + token})
        answer = chat.getresponse()
        assert answer.status == 200, answer.status
        assert until(lambda: online() == [True, True]), "the chat at the other node is not counted"
        assert one.api("GET", "/contacts/" + conversation["contact"]["id"]).json["is_online"]
        one.kill()
        one.start()  # it knows nobody, and is told again within 20 s
        assert until(lambda: online() == [True, True]), "a node that comes later is not told"
        answer.close()
        chat.close()
        assert until(lambda: online() == [False, False]), "the chat that was closed is still counted"


def presence_on_one_node_is_seen_on_the_other():
    one, two = pair(fresh_postgres())
    with one, two:
        assert one.hook({"id": "a", "contact": {"id": "c"}, "text": "a"}).status == 200
        assert until(lambda: two.items("/conversations"))
        conversation = two.items("/conversations")[0]["id"]
        seen = []

        def listen():
            c = http.client.HTTPConnection("127.0.0.1", two.port, timeout=PATIENCE_S)
            c.request("GET", "/api/v1/stream", headers={"Authorization": "Bearer " + two.made["token"]})
            r = c.getresponse()
            try:
                while not seen:
                    line = r.readline().decode()
                    if line.startswith("event: hello"):
                        threading.Thread(target=lambda: one.api("POST", f"/conversations/{conversation}/presence", {"state": "typing"}), daemon=True).start()
                    if line.startswith("event: presence.changed"):
                        seen.append(line)
            except GONE:
                pass

        t = threading.Thread(target=listen, daemon=True)
        t.start()
        t.join(PATIENCE_S)
        assert seen, "typing on one node was not seen on the other"


def killing_one_of_two_nodes_loses_and_doubles_nothing():
    peer = Peer()
    one, two = pair(fresh_postgres())
    with one, two:
        assert one.api("PATCH", "/account", {"undo_seconds": 0}).status == 200
        assert one.api("POST", "/webhooks", {"name": "feed", "url": peer.url("/feed"), "events": ["message.created"]}).status in (200, 201)
        console = Console(two)
        console.start()
        assert console.connected.wait(PATIENCE_S)
        acknowledged, stop = [], threading.Event()

        def poster(number):
            n, nodes = 0, [one, two]
            while not stop.is_set():
                marker = f"k{number}-{n}"
                while True:
                    try:
                        if nodes[n % 2].hook({"id": marker, "contact": {"id": f"c{number}"}, "text": marker}, timeout=20).status == 200:
                            break
                    except GONE:
                        pass
                    nodes.reverse()  # a load balancer tries the other one
                    time.sleep(0.01)
                acknowledged.append(marker)
                n += 1

        threads = [threading.Thread(target=poster, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for _ in range(5):
            time.sleep(0.7)
            one.kill()
            time.sleep(0.3)
            one.start()
        stop.set()
        for t in threads:
            t.join(PATIENCE_S)
        assert until(lambda: two.metric("seva_inbox_waiting") == 0, 180), "the killed node's leases must run out and be taken over"
        stored = []
        for c in two.items("/conversations?status=open,pending,snoozed,resolved"):
            stored += [m["text"] for m in two.items(f"/conversations/{c['id']}/messages") if m["kind"] == "in"]
        lost = set(acknowledged) - set(stored)
        assert not lost, f"lost {len(lost)}: {sorted(lost)[:5]}"
        assert len(stored) == len(set(stored)), "doubled"
        assert until(lambda: set(acknowledged) <= set(console.texts())), "the console on the living node missed events"
        assert len(console.texts()) == len(set(console.texts())), "an event was shown twice"
        fed = lambda: {json.loads(e["body"])["data"]["message"]["text"] for e in list(peer.ledger)}
        assert until(lambda: set(acknowledged) <= fed(), 180), f"{len(set(acknowledged) - fed())} never reached the webhook"
        per_event = {}
        for e in peer.ledger:
            per_event.setdefault(json.loads(e["body"])["id"], set()).add(e["headers"]["seva-delivery"])
        assert all(len(v) == 1 for v in per_event.values())
        console.ended = True
        print(f"# {len(acknowledged)} acknowledged over 5 kills of one node")
    peer.close()


if __name__ == "__main__":
    run([an_event_on_one_node_reaches_a_console_on_the_other, presence_on_one_node_is_seen_on_the_other,
         a_node_with_another_folder_of_files_does_not_start, a_chat_is_staffed_by_agents_of_the_other_node,
         a_contact_is_online_at_whichever_node_the_chat_is_open,
         killing_one_of_two_nodes_loses_and_doubles_nothing])
