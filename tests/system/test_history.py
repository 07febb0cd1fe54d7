"""`seva import messages` as an operator meets it: mixed threads, double and broken lines, kills, a running server, standard input."""

import datetime
import json
import os
import pty
import random
import re
import signal
import subprocess
import time

from seva import BIN, Seva, fresh_postgres, request, run

LINES = 20_000
TEXTS = ["আমার অর্ডারটি কোথায়? ", "أين طلبي رقم ", "Where is my parcel 📦🙂 ", "👨‍👩‍👧‍👦 ধন্যবাদ "]
BROKEN = ["no json", '{"channel":"nowhere","id":"1"}', '{"channel":"api","id":"x","direction":"in","at":"2025-01-01T00:00:00Z","text":"who?"}', '["a list"]']


def generated(n, broken=True):
    """Lines of n messages: threads mixed, some doubled, some answers before what they answer, one in 500 broken; and what they say."""
    chance = random.Random(n)
    begin, last, lines, good, n_broken = datetime.datetime(2025, 1, 1), {}, [], {}, 0
    for i in range(n):
        thread = chance.randrange(n // 8)
        is_in = thread not in last or chance.random() < 0.6
        at = (begin + datetime.timedelta(seconds=i * 600)).isoformat(timespec="milliseconds") + "Z"
        m = {"channel": "api", "id": f"m{i}", "thread": f"t{thread}", "direction": "in" if is_in else "out", "at": at, "text": chance.choice(TEXTS) + str(i)}
        if is_in:
            m["from"] = {"id": f"p{thread % (n // 9)}", "name": f"নাম {thread}", "handle": f"@p{thread}"}
            last[thread] = m["id"]
        else:
            m["reply_to"], m["agent"] = last[thread], "owner@shop.example" if i % 2 else "left@shop.example"
        good[m["id"]] = m
        lines.append(json.dumps(m, ensure_ascii=False))
        if i % 50 == 7:
            lines.append(lines[-1])
        if i % 40 == 9 and len(lines) > 30:
            lines[-1], lines[-20] = lines[-20], lines[-1]
        if broken and i % 500 == 3:
            lines.append(BROKEN[n_broken % len(BROKEN)])
            n_broken += 1
    return lines, good, n_broken


def written(s, lines, name="messages.jsonl"):
    path = os.path.join(s.folder, name)
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return path


def imported(s, path, **more):
    return subprocess.run([BIN, "import", "messages", path, "--data", s.data] + s.db, capture_output=True, timeout=300, **more)


def check_stored(s, good):
    """Every message once, in the conversation of its person and thread, in the order of their times, beside what it answers."""
    by_text, seen = {m["text"]: m for m in good.values()}, {}
    for c in s.items("/conversations?status=resolved"):
        messages = s.items(f"/conversations/{c['id']}/messages")
        lines = [by_text[m["text"]] for m in messages]
        assert len({m["thread"] for m in lines}) == 1, lines
        assert [m["at"] for m in lines] == sorted(m["at"] for m in lines), lines
        for m, line in zip(messages, lines):
            assert line["id"] not in seen, line
            seen[line["id"]] = m["id"]
            assert (m["kind"], m["sent_at"]) == (line["direction"], line["at"]), (m, line)
            assert m["author"]["kind"] == ("contact" if m["kind"] == "in" else "agent" if line["agent"].startswith("owner") else "system"), m
        for m, line in zip(messages, lines):
            assert m["reply_to_id"] == seen.get(line.get("reply_to")), (m, line)
    assert len(seen) == len(good), (len(seen), len(good))


def lines_are_stored_once(db):
    lines, good, n_broken = generated(LINES)
    with Seva(db=db) as s:
        path = written(s, lines)
        for after_s in (0.3, 0.6, 0.9):
            p = subprocess.Popen([BIN, "import", "messages", path, "--data", s.data] + s.db, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(after_s)
            p.send_signal(signal.SIGKILL)
            p.wait()
        p = imported(s, path)
        assert p.returncode == 3, p.stderr
        assert f"{n_broken} lines were wrong".encode() in p.stdout, p
        assert sum(told.startswith(b"line ") for told in p.stderr.splitlines()) == min(n_broken, 10), p.stderr
        with open(path + ".rejected") as f:
            rejected = f.read()
        assert rejected.count("This is no JSON") == n_broken // 4 and "nowhere" in rejected, rejected[:500]
        assert f"line {lines.index('no json') + 1}: " in rejected, rejected[:500]
        again = imported(s, path)
        assert again.returncode == 3 and b"messages: 0 added, " in again.stdout, again
        s.start()
        check_stored(s, good)


def lines_are_stored_once_whatever_kills_the_command():
    lines_are_stored_once(None)


def asked(url, sql):
    return subprocess.run(["psql", "-At", url, "-c", sql], check=True, capture_output=True, text=True).stdout.strip()


def the_same_on_postgresql():
    if "SEVA_TEST_PG" not in os.environ:
        return "skip: no PostgreSQL"
    url = fresh_postgres()
    lines_are_stored_once(url)
    # The tests' server never looks at its tables by itself (support/pg.py): what its planner knows, the import has told it.
    known = asked(url, "SELECT min(reltuples) FROM pg_class WHERE oid IN ('message'::regclass, 'conversation'::regclass)")
    assert float(known) > 0, known


def everything_is_indexed_when_the_command_ends_on_postgresql():
    """By two, each with its share."""
    if "SEVA_TEST_PG" not in os.environ:
        return "skip: no PostgreSQL"
    url = fresh_postgres()
    with Seva(db=url) as s:
        lines, good, _ = generated(LINES, broken=False)
        p = imported(s, written(s, lines))
        assert p.returncode == 0, p.stderr
        everyone = url.replace("//seva@", "//postgres@")  # whom row-level security does not hold
        assert asked(everyone, "SELECT count(*) FROM search_queue") == "0"
        assert int(asked(everyone, "SELECT count(*) FROM search_message")) == len(good)


def a_running_server_takes_lines_from_standard_input():
    lines, good, n_broken = generated(2000)
    with Seva() as s:
        s.start()
        for added in (len(good), 0):
            p = imported(s, "-", input="\n".join(lines).encode())  # the last line has no end
            assert p.returncode == 3 and f"messages: {added} added, ".encode() in p.stdout, p
            assert f"{n_broken} lines were wrong".encode() in p.stdout, p
            assert p.stderr.count(b"This is no JSON") == n_broken // 4, p.stderr
        check_stored(s, good)
        assert request(s.port, "GET", "/healthz").status == 200


def what_is_no_line_is_named_and_left_out():
    good = {"channel": "api", "id": "1", "direction": "in", "from": {"id": "a"}, "at": "2025-01-01T00:00:00Z", "text": "আছি"}
    with Seva() as s:
        lost = dict(good, id="2", direction="out", thread="nobody's")
        path = written(s, ["", "x" * 3_000_000, "a\0b", json.dumps(lost), json.dumps(good) + "\r"])
        p = imported(s, path)
        assert p.returncode == 3 and b"messages: 1 added, " in p.stdout and b"3 lines were wrong" in p.stdout, p
        assert b"line 2: longer" in p.stderr and b"line 4, field thread: " in p.stderr, p
        with open(path + ".rejected", errors="replace") as f:
            rejected = f.read()
        assert "line 2: longer" in rejected and "line 3: " in rejected and "line 4, field thread: " in rejected, rejected[:300]
        assert len(rejected) < 20_000
        missing = imported(s, path + ".not")
        assert missing.returncode == 1 and b"No such file" in missing.stderr and b"line 0" not in missing.stderr, missing
        assert b"Is a directory" in imported(s, s.folder).stderr and b"import messages -`" in imported(s, "/dev/null").stderr


def the_words_say_which_field_is_how_wrong():
    """And a file that is right the next time leaves no list of wrong lines beside it; the mark of a byte order begins no line."""
    good = {"channel": "api", "id": "1", "direction": "in", "from": {"id": "a"}, "at": "2025-01-01T00:00:00Z", "text": "আছি"}
    wrong = [(dict(good, at=None), 'field at: "at" is missing'), (dict(good, at="1969-12-31T23:59:59Z"), "before 1970"), (dict(good, at="0001-01-01T00:00:00Z"), "before 1970"),
             (dict(good, at=(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).isoformat()), "ahead of this machine's clock"),
             (dict(good, direction="IN"), 'field direction: "direction" must be in or out, not "IN"'), (dict(good, visibility="secret"), "must be private or public")]
    with Seva() as s:
        path = written(s, [json.dumps(m) for m, _ in wrong])
        assert imported(s, path).returncode == 3
        with open(path + ".rejected") as f:
            rejected = f.read()
        for _, words in wrong:
            assert words in rejected, (words, rejected)
        other = written(s, [json.dumps(good)], "other.jsonl")
        assert subprocess.run([BIN, "import", other, "--data", s.data], capture_output=True).returncode == 3
        with open(other + ".rejected") as f:
            assert "`seva import messages`" in f.read()
        with open(path, "w", encoding="utf-8-sig") as f:
            f.write("\n".join(json.dumps(m) for m in (good, dict(good, id="2", reply_to="2"))))
        p = imported(s, path)
        assert p.returncode == 0 and b"messages: 2 added" in p.stdout and not os.path.exists(path + ".rejected"), p
        s.start()
        kept = [m for c in s.items("/conversations?status=resolved") for m in s.items(f"/conversations/{c['id']}/messages")]
        assert len(kept) == 2 and not any(m["reply_to_id"] for m in kept), kept


def a_server_that_ends_in_the_middle_is_said_with_what_to_do():
    lines, good, _ = generated(20_000, broken=False)
    with Seva() as s:
        s.start()
        p = subprocess.Popen([BIN, "import", "messages", "-", "--data", s.data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        p.stdin.write(("\n".join(lines[:10_000]) + "\n").encode())
        p.stdin.flush()
        s.kill()
        out, err = p.communicate("\n".join(lines[10_000:]).encode())
        assert p.returncode == 1 and b"the server has gone away; start the import again and it goes on" in err, err
        held = subprocess.Popen([BIN, "import", "messages", "-", "--data", s.data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        held.stdin.write(("\n".join(lines) + "\n").encode())
        held.stdin.flush()
        # The doctor beside a command that holds the folder: no server stands still there, and nothing is wrong.
        for more in ([], ["--repair"]):
            said = subprocess.run([BIN, "doctor", "--data", s.data, *more], capture_output=True, text=True)
            assert said.returncode == 0 and "another command of Seva holds the data folder" in said.stdout and "WRONG" not in said.stdout, said
        out, err = held.communicate()
        assert held.returncode == 0, err
        s.start()
        check_stored(s, good)


def lines_that_wait_for_others_go_without_them_in_the_end():
    """More than may wait: the oldest go on, what comes in time is joined, and what needs its customer and gets none is wrong."""
    def line(i, who=None, **more):
        who = i % 50 if who is None else who
        return json.dumps({"channel": "api", "id": f"m{i}", "thread": f"t{who}", "direction": "in", "from": {"id": f"p{who}"},
                           "at": "2025-01-01T00:00:00Z", "text": f"text {i}", **more})

    n = 9000
    lines = [line(i, reply_to="lost" if i != n - 2000 else "mlate") for i in range(n)]
    lines.append(line("late", 0))
    lines.insert(1000, line("ours", "new", direction="out"))
    lines.insert(3000, line("theirs", "new"))
    lines.insert(4000, line("nobody", "none", direction="out"))
    with Seva() as s:
        p = imported(s, written(s, lines))
        assert p.returncode == 3 and f"messages: {n + 3} added, ".encode() in p.stdout and b"1 line was wrong; it is in" in p.stdout, p
        s.start()
        kept = [m for c in s.items("/conversations?status=resolved") for m in s.items(f"/conversations/{c['id']}/messages")]
        assert len(kept) == n + 3
        answers = {m["text"]: m["reply_to_id"] for m in kept if m["reply_to_id"]}
        late = next(m["id"] for m in kept if m["text"] == "text late")
        assert answers == {f"text {n - 2000}": late}, answers


def a_person_is_kept_with_mail_address_and_place():
    who = {"id": "p1", "name": "নুসরাত", "email": "Nusrat@Shop.example", "location": "ঢাকা, Bangladesh"}
    one = {"channel": "api", "id": "m1", "direction": "in", "at": "2025-01-01T00:00:00Z", "text": "hello", "from": who}
    with Seva() as s:
        p = imported(s, written(s, [json.dumps(one), json.dumps(one | {"id": "m2", "from": who | {"location": "elsewhere"}})]))
        assert p.returncode == 0 and b"messages: 2 added" in p.stdout, p
        s.start()
        person, = s.items("/contacts")
        person = s.api("GET", "/contacts/" + person["id"]).json
        assert (person["name"], person["email"], person["location"]) == ("নুসরাত", "nusrat@shop.example", "ঢাকা, Bangladesh"), person


def a_terminal_sees_how_far_it_is():
    lines, good, _ = generated(10_000)
    with Seva() as s:
        ours, theirs = pty.openpty()
        p = subprocess.Popen([BIN, "import", "messages", written(s, lines), "--data", s.data], stdout=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:  # the other side is closed
            pass
        os.close(ours)
        said, _ = p.communicate()
        assert f"messages: {len(good)} added".encode() in said, said
        assert re.search(rb"\r\d+ lines, \d+/s, 0:00:\d\d left", seen), seen


if __name__ == "__main__":
    run([lines_are_stored_once_whatever_kills_the_command, the_same_on_postgresql, everything_is_indexed_when_the_command_ends_on_postgresql, a_running_server_takes_lines_from_standard_input,
         what_is_no_line_is_named_and_left_out, the_words_say_which_field_is_how_wrong, a_server_that_ends_in_the_middle_is_said_with_what_to_do, lines_that_wait_for_others_go_without_them_in_the_end,
         a_person_is_kept_with_mail_address_and_place, a_terminal_sees_how_far_it_is])
