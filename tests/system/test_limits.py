"""Limits and deadlines on a real server: more connections than allowed, slow clients, oversized and endless input. Whoever is
outside a limit gets a clear answer; everybody else is served on."""

import json
import resource
import select
import socket
import time

from seva import PATIENCE_S, Seva, request, run, until

ALLOWED, TRIED = 10000, 12000
ASK = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(port):
    """A connection that is there; what follows on it does not block."""
    s = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    s.setblocking(False)
    return s


def read_all(s, most=PATIENCE_S):
    s.settimeout(most)
    data = b""
    try:
        while chunk := s.recv(65536):
            data += chunk
    except (socket.timeout, ConnectionResetError):
        pass
    return data


def answers_of(socks):
    """The first words on each of these connections: {socket: bytes}, empty where it was closed without any."""
    poll, said, by_fd = select.poll(), {}, {s.fileno(): s for s in socks}
    for s in socks:
        poll.register(s, select.POLLIN)
    end = time.monotonic() + PATIENCE_S
    while len(said) < len(socks) and time.monotonic() < end:
        for fd, _ in poll.poll(1000):
            try:
                said[by_fd[fd]] = by_fd[fd].recv(4096)
            except OSError:
                said[by_fd[fd]] = b""
            poll.unregister(fd)
    assert len(said) == len(socks), f"{len(socks) - len(said)} connections are neither served nor refused"
    return said


def drain(socks, most):
    """Reads what the server has to say on many sockets: {socket: bytes}, closed ones marked with None at the end."""
    poll, said, by_fd = select.poll(), {}, {s.fileno(): s for s in socks}
    for s in socks:
        poll.register(s, select.POLLIN)
    end = time.monotonic() + most
    while time.monotonic() < end:
        ready = poll.poll(200)
        for fd, _ in ready:
            s = by_fd[fd]
            try:
                data = s.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            said.setdefault(fd, []).append(data)
            if not data:
                poll.unregister(s)
        if not ready and time.monotonic() > end - most / 2:
            break
    return said


def connections_beyond_the_limit_are_refused_clearly_and_the_others_are_served():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < TRIED + 600:
        return f"skip: this machine allows {hard} open files, {TRIED + 600} are needed"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Seva(more=["--max-connections", str(ALLOWED)]) as seva:
        seva.start()
        socks, said = [], {}
        while len(socks) < TRIED:
            more = [connect(seva.port) for _ in range(200)]
            for s in more:
                try:
                    s.send(ASK)
                except OSError:
                    pass  # refused already
            said.update(answers_of(more))
            socks += more
        served = [s for s in socks if said[s].startswith(b"HTTP/1.1 200")]
        refused = [s for s in socks if said[s].startswith(b"HTTP/1.1 503")]
        assert ALLOWED - 10 <= len(served) <= ALLOWED, f"{len(served)} served, {ALLOWED} expected"
        assert len(refused) >= (TRIED - ALLOWED) * 0.9, f"only {len(refused)} were told why"
        oldest = served[0]
        oldest.settimeout(PATIENCE_S)
        oldest.sendall(ASK)
        assert oldest.recv(4096).startswith(b"HTTP/1.1 200"), "an accepted connection must be served on"
        for s in socks:
            s.close()
        assert until(lambda: answers(seva)), "after the crowd has left a newcomer is served"


def the_server_raises_its_own_limit_of_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 3000 + 512
    if hard < needed:
        return f"skip: this machine allows {hard} open files, {needed} are needed"
    with Seva(more=["--max-connections", "3000"]) as seva:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        try:
            seva.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert resource.prlimit(seva.process.pid, resource.RLIMIT_NOFILE) == (needed, hard)
        assert "open_files" not in seva.log_tail()
        seva.stop()
        if hard > 100000:
            return None  # so many connections would only cost memory; tests/unit/app/test_machine.c has the rest
        seva.more = ["--max-connections", str(hard)]  # 512 more than there can be
        seva.start()
        assert "raise the hard limit of open files" in seva.log_tail(), seva.log_tail()


def answers(seva):
    try:
        return request(seva.port, "GET", "/healthz").status == 200
    except OSError:
        return False


def slow_clients_are_cut_off_and_the_others_are_served():
    with Seva() as seva:
        seva.start()
        slow = [connect(seva.port) for _ in range(1000)]
        for s in slow:
            s.send(b"GET /healthz HT")
        started, said, ended = time.monotonic(), {}, {}
        while time.monotonic() - started < PATIENCE_S and len(ended) < len(slow):
            assert request(seva.port, "GET", "/healthz").status == 200
            for fd, parts in drain([s for s in slow if s.fileno() not in ended], 0.3).items():
                said[fd] = said.get(fd, b"") + b"".join(parts)  # words and end may come apart
                if parts[-1] == b"":
                    ended[fd] = said[fd]
            for s in slow:
                if s.fileno() not in ended:
                    try:
                        s.send(b"T")  # a byte now and then does not buy more time
                    except OSError:
                        pass
        assert len(ended) == len(slow), f"{len(slow) - len(ended)} slow clients still hold their connection"
        told = sum(1 for v in ended.values() if v.startswith(b"HTTP/1.1 408") or v.startswith(b"HTTP/1.1 400"))
        assert told > len(slow) * 0.9, f"only {told} were told why"
        for s in slow:
            s.close()


def a_body_that_never_comes_is_cut_off():
    with Seva() as seva:
        seva.start()
        s = socket.create_connection(("127.0.0.1", seva.port))
        s.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
        data = read_all(s)
        assert data.startswith(b"HTTP/1.1 408"), data[:80]


def oversized_input_is_refused_with_the_right_status():
    cases = [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414, 431}),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * 40000 + b"\r\n\r\n", {431}),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 150 + b"\r\n", {431}),
        (b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n", {413}),
    ]
    with Seva() as seva:
        seva.start()
        for raw, statuses in cases:
            s = socket.create_connection(("127.0.0.1", seva.port))
            s.settimeout(PATIENCE_S)
            try:
                s.sendall(raw)
            except OSError:
                pass
            status = int(read_all(s).split(b" ")[1])
            assert status in statuses, f"{raw[:30]}… gave {status}, not {statuses}"


def deep_and_wrong_json_is_refused_with_a_clear_error():
    with Seva() as seva:
        seva.start()
        token = {"Authorization": "Bearer " + seva.made["token"], "Content-Type": "application/json"}
        cases = [b"[" * 5000 + b"]" * 5000, b'{"name":', b'{"name":"a","name":"b"}', b'{"name":"\xff"}', b'{"nonsense":1}', b'{"name":NaN}', b"\xef\xbb\xbf{}",
                 b'{"name":{"a":1}}', b'{"name":"' + b"a" * 5000 + b'"}', b'{"name":"\\ud800"}', b'"text"', b"", b"null"]
        for body in cases:
            r = request(seva.port, "POST", "/api/v1/teams", body, token)
            assert 400 <= r.status < 500, f"{body[:40]!r} gave {r.status}"
            error = r.json["error"]
            assert error["message"] and error["trace"], error
        r = request(seva.port, "POST", "/api/v1/teams", b'{"nonsense":1,"name":"x"}', token).json["error"]
        assert r["field"] == "nonsense", r
        assert request(seva.port, "POST", "/api/v1/teams", json.dumps({"name": "Ok"}).encode(), token).status in (200, 201)


if __name__ == "__main__":
    run([the_server_raises_its_own_limit_of_open_files,
         connections_beyond_the_limit_are_refused_clearly_and_the_others_are_served, slow_clients_are_cut_off_and_the_others_are_served,
         a_body_that_never_comes_is_cut_off, oversized_input_is_refused_with_the_right_status, deep_and_wrong_json_is_refused_with_a_clear_error])
