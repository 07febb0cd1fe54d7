#!/usr/bin/env python3
"""Compares our HTTP server's verdict with nginx's on a table of odd requests.

usage: http_differential.py PATH_TO_HTTP_ECHO [--show]

Both get the same bytes on a fresh connection. A verdict is one letter per answer, A (2xx) or R (refused:
another status, or the connection closed without a word), in order; W means that the server waits for
more. Ours must never accept what nginx refuses unless LOOSER says why; where ours is stricter,
STRICTER says why. A listed difference that is none any more fails the test too, so the lists stay true.
nginx runs with nginx.http.conf from a folder of its own, in front of a back end that accepts everything.
Exit status: 0 = as listed, 1 = not, 77 = no nginx here.
"""
import collections
import concurrent.futures
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
# No more bytes for so long: the server waits. Tried again with more patience, one request at a time,
# when the verdict is not the expected one: the machine may be busy.
QUIET_S = 0.4
QUIET_SURE_S = [2.0, 8.0]

HOST = b"Host: a.example\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


def get(line=b"GET / HTTP/1.1", headers=b"", host=HOST):
    return line + b"\r\n" + host + headers + b"\r\n"


def request_lines():
    yield "plain", get()
    for name, line in [
        ("two spaces before target", b"GET  / HTTP/1.1"), ("two spaces before version", b"GET /  HTTP/1.1"),
        ("leading space", b" GET / HTTP/1.1"), ("trailing space", b"GET / HTTP/1.1 "),
        ("tab as separator", b"GET\t/\tHTTP/1.1"), ("no version", b"GET /"), ("no target", b"GET HTTP/1.1"),
        ("method only", b"GET"), ("lower case version", b"GET / http/1.1"), ("version 1.10", b"GET / HTTP/1.10"),
        ("version 1.2", b"GET / HTTP/1.2"), ("version 1.9", b"GET / HTTP/1.9"), ("version 2.0", b"GET / HTTP/2.0"),
        ("version 0.9", b"GET / HTTP/0.9"), ("version 1", b"GET / HTTP/1"), ("version 1.", b"GET / HTTP/1."),
        ("version 11", b"GET / HTTP/11"), ("version 1.1.1", b"GET / HTTP/1.1.1"), ("version -1.1", b"GET / HTTP/-1.1"),
        ("version word", b"GET / HTTPS/1.1"), ("version x", b"GET / HTTP/1.x"), ("lower case method", b"get / HTTP/1.1"),
        ("mixed case method", b"Get / HTTP/1.1"), ("unknown method", b"FROB / HTTP/1.1"), ("TRACE", b"TRACE / HTTP/1.1"),
        ("CONNECT", b"CONNECT a.example:443 HTTP/1.1"), ("method with digit", b"G3T / HTTP/1.1"),
        ("method with bracket", b"GE(T / HTTP/1.1"), ("method with colon", b"GET: / HTTP/1.1"),
        ("empty method", b"/ HTTP/1.1"), ("OPTIONS star", b"OPTIONS * HTTP/1.1"), ("GET star", b"GET * HTTP/1.1"),
        ("target without slash", b"GET a HTTP/1.1"), ("absolute target", b"GET http://a.example/ HTTP/1.1"),
        ("absolute target, other host", b"GET http://b.example/ HTTP/1.1"),
        ("absolute target, odd scheme", b"GET gopher:/// HTTP/1.1"), ("target is a query", b"GET ?a HTTP/1.1"),
        ("fragment", b"GET /a#b HTTP/1.1"), ("backslash", b"GET /a\\b HTTP/1.1"), ("double slash", b"GET //a HTTP/1.1"),
        ("dot segment", b"GET /a/./b HTTP/1.1"), ("dot dot inside", b"GET /a/../b HTTP/1.1"),
        ("dot dot above", b"GET /../b HTTP/1.1"), ("encoded dot dot above", b"GET /%2e%2e/b HTTP/1.1"),
        ("encoded slash", b"GET /a%2Fb HTTP/1.1"), ("encoded backslash", b"GET /a%5cb HTTP/1.1"),
        ("encoded NUL", b"GET /%00 HTTP/1.1"), ("encoded LF", b"GET /%0a HTTP/1.1"), ("encoded DEL", b"GET /%7f HTTP/1.1"),
        ("bad escape", b"GET /%zz HTTP/1.1"), ("short escape", b"GET /%4 HTTP/1.1"), ("lone percent", b"GET /% HTTP/1.1"),
        ("bad escape in query", b"GET /?a=%zz HTTP/1.1"), ("encoded bad UTF-8", b"GET /%ff HTTP/1.1"),
        ("encoded overlong", b"GET /%c0%af HTTP/1.1"), ("encoded UTF-8", b"GET /%e0%a6%86 HTTP/1.1"),
        ("raw UTF-8", b"GET /\xe0\xa6\x86 HTTP/1.1"), ("question marks", b"GET /?a?b?c HTTP/1.1"),
        ("quotes in query", b"GET /?a=\"b\" HTTP/1.1"), ("braces in path", b"GET /{a}|b^c`d HTTP/1.1"),
        ("line of 8000", b"GET /" + b"a" * 7980 + b" HTTP/1.1"), ("line of 9000", b"GET /" + b"a" * 8980 + b" HTTP/1.1"),
    ]:
        yield name, get(line)
    for byte in list(range(0, 10)) + [11, 12, 14, 31, 127, 128, 255]:
        yield "byte %02x in target" % byte, get(b"GET /a" + bytes([byte]) + b"b HTTP/1.1")
        yield "byte %02x in method" % byte, get(b"GE" + bytes([byte]) + b"T / HTTP/1.1")
    yield "bare CR in request line", get(b"GET /\r HTTP/1.1")
    yield "CR CR LF after request line", b"GET / HTTP/1.1\r\r\n" + HOST + b"\r\n"
    yield "bare LF after request line", b"GET / HTTP/1.1\n" + HOST + b"\r\n"
    yield "bare LF everywhere", b"GET / HTTP/1.1\nHost: a.example\n\n"
    yield "one empty line first", b"\r\n" + get()
    yield "three empty lines first", b"\r\n\r\n\r\n" + get()
    yield "one bare LF first", b"\n" + get()
    yield "HTTP/0.9 request", b"GET /\r\n"
    yield "HTTP/1.0 without Host", b"GET / HTTP/1.0\r\n\r\n"
    yield "TLS hello", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x00" * 20
    yield "HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def header_lines():
    for byte in b"()<>@,;\\\"/[]?={} \t":
        yield "byte %s in header name" % repr(chr(byte)), get(headers=b"X" + bytes([byte]) + b"Y: a\r\n")
    for byte in list(range(1, 10)) + [11, 12, 14, 31, 127, 128, 255, 0]:
        yield "byte %02x in header value" % byte, get(headers=b"X: a" + bytes([byte]) + b"b\r\n")
    for byte in [0, 1, 31, 127, 128, 255]:
        yield "byte %02x in header name" % byte, get(headers=b"X" + bytes([byte]) + b"Y: a\r\n")
    for name, line in [
        ("space before colon", b"X : a\r\n"), ("tab before colon", b"X\t: a\r\n"), ("no colon", b"X\r\n"),
        ("empty name", b": a\r\n"), ("empty value", b"X:\r\n"), ("only spaces", b"X:   \r\n"), ("tabs around", b"X:\ta\t\r\n"),
        ("folded", b"X: a\r\n b\r\n"), ("folded by tab", b"X: a\r\n\tb\r\n"), ("line of a space", b" \r\n"),
        ("bare LF after header", b"X: a\n"), ("CR CR LF after header", b"X: a\r\r\n"), ("bare CR in value", b"X: a\rb\r\n"),
        ("bare CR before colon", b"X\r: a\r\n"), ("two colons", b"X:: a\r\n"), ("underscore", b"X_Y: a\r\n"),
        ("digits only", b"123: a\r\n"), ("name repeated", b"X: a\r\nX: b\r\n"), ("98 headers", b"X: a\r\n" * 98),
        ("120 headers", b"X: a\r\n" * 120), ("value of 7 KiB", b"X: " + b"a" * 7168 + b"\r\n"),
        ("40 KiB of headers", (b"X: " + b"a" * 4000 + b"\r\n") * 10), ("value of 33 KiB", b"X: " + b"a" * 33000 + b"\r\n"),
        ("Expect unknown", b"Expect: a miracle\r\n"), ("Expect without body", b"Expect: 100-continue\r\n"),
        ("Connection list", b"Connection: keep-alive, close\r\n"), ("Upgrade", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"),
    ]:
        yield name, get(headers=line)
    yield "first header begins with space", b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n"
    yield "LF CR LF ends the head", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\n\r\n"
    yield "LF LF ends the head", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\n\n"
    yield "CR LF LF ends the head", b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n\n"
    for name, host in [
        ("no Host", b""), ("empty Host", b"Host:\r\n"), ("Host twice, equal", HOST + HOST),
        ("Host twice, different", HOST + b"Host: b.example\r\n"), ("Host with port", b"Host: a.example:80\r\n"),
        ("Host is IPv6", b"Host: [::1]:80\r\n"), ("Host with space", b"Host: a b\r\n"), ("Host with slash", b"Host: a/b\r\n"),
        ("Host with user", b"Host: u@a\r\n"), ("Host with comma", b"Host: a, b\r\n"), ("Host with dots", b"Host: a..b\r\n"),
        ("Host with NUL", b"Host: a\0b\r\n"), ("Host, space before colon", b"Host : a\r\n"),
        ("Host with percent", b"Host: a%00b\r\n"), ("Host with bracket open", b"Host: [::1\r\n"),
        ("Host with high byte", b"Host: \xe9\r\n"), ("Host lower case", b"host: a\r\n"), ("Host with backslash", b"Host: a\\b\r\n"),
        ("Host with question mark", b"Host: a?b\r\n"), ("Host with underscore", b"Host: a_b\r\n"),
    ]:
        yield name, get(host=host)
    yield "HTTP/1.0, Host twice", b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n"


def lengths():
    for name, value in [
        ("5", b"5"), ("05", b"05"), ("+5", b"+5"), ("-5", b"-5"), ("5.0", b"5.0"), ("0x5", b"0x5"), ("5,5", b"5,5"), ("5, 5", b"5, 5"),
        ("5 5", b"5 5"), ("5;", b"5;"), ("empty", b""), ("word", b"five"), ("quoted", b"\"5\""), ("tab 5", b"\t5"), ("5 tab", b"5\t"),
        ("huge", b"99999999999999999999"), ("2^64+5", b"18446744073709551621"), ("2^32+5", b"4294967301"), ("5 NUL", b"5\0"),
        ("1e1", b"1e1"), ("5_0", b"5_0"), ("Arabic digits", "٥".encode()), ("5 VT", b"5\x0b"),
    ]:
        yield "Content-Length " + name, POST + b"Content-Length: " + value + b"\r\n\r\nhello"
    yield "POST without length", POST + b"\r\n"
    yield "POST 1.0 without length", b"POST / HTTP/1.0\r\n" + HOST + b"\r\n"
    yield "GET with body", get(headers=b"Content-Length: 5\r\n") + b"hello"
    yield "two equal lengths", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"
    yield "two lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"
    yield "length, space before colon", POST + b"Content-Length : 5\r\n\r\nhello"
    yield "length folded", POST + b"Content-Length:\r\n 5\r\n\r\nhello"
    yield "short body", POST + b"Content-Length: 6\r\n\r\nhello"
    yield "body of 1 MiB + 1", POST + b"Content-Length: 1048577\r\n\r\n"
    yield "length and chunked", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield "chunked and length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
    for name, value in [
        ("chunked", b"chunked"), ("Chunked", b"Chunked"), ("identity", b"identity"), ("gzip", b"gzip"),
        ("gzip, chunked", b"gzip, chunked"), ("chunked, chunked", b"chunked, chunked"), ("chunked, identity", b"chunked, identity"),
        ("xchunked", b"xchunked"), ("chunked;q=1", b"chunked;q=1"), ("quoted", b"\"chunked\""), ("empty", b""), ("comma", b",chunked"),
        ("chunked VT", b"chunked\x0b"), ("VT chunked", b"\x0bchunked"), ("chunked NUL", b"chunked\0"), ("chunked tab", b"chunked\t"),
    ]:
        yield "coding " + name, POST + b"Transfer-Encoding: " + value + b"\r\n\r\n0\r\n\r\n"
    yield "coding twice", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield "coding twice, identity", POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    yield "coding in HTTP/1.0", b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    yield "coding, space before colon", POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"
    yield "coding folded", POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"
    yield "coding with underscore", POST + b"Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"


def chunks():
    for name, body in [
        ("one", b"5\r\nhello\r\n0\r\n\r\n"), ("upper case", b"A\r\n0123456789\r\n0\r\n\r\n"), ("leading zeros", b"0005\r\nhello\r\n0\r\n\r\n"),
        ("many zeros", b"0" * 30 + b"5\r\nhello\r\n0\r\n\r\n"), ("no digits", b"\r\n\r\n"), ("word", b"xyz\r\n"), ("0x", b"0x5\r\nhello\r\n0\r\n\r\n"),
        ("minus", b"-5\r\nhello\r\n0\r\n\r\n"), ("plus", b"+5\r\nhello\r\n0\r\n\r\n"), ("space before size", b" 5\r\nhello\r\n0\r\n\r\n"),
        ("space after size", b"5 \r\nhello\r\n0\r\n\r\n"), ("tab after size", b"5\t\r\nhello\r\n0\r\n\r\n"),
        ("extension", b"5;a=b\r\nhello\r\n0\r\n\r\n"), ("extension quoted", b"5;a=\"b\"\r\nhello\r\n0\r\n\r\n"),
        ("extension with LF", b"5;a\nhello\r\n0\r\n\r\n"), ("bare LF after size", b"5\nhello\r\n0\r\n\r\n"),
        ("bare CR after size", b"5\rhello\r\n0\r\n\r\n"), ("bare LF after data", b"5\r\nhello\n0\r\n\r\n"), ("no CRLF after data", b"5\r\nhello0\r\n\r\n"),
        ("data too long", b"5\r\nhello!\r\n0\r\n\r\n"), ("data too short", b"6\r\nhello\r\n0\r\n\r\n"), ("huge size", b"FFFFFFFFFFFFFFFF\r\n"),
        ("2^64+5", b"10000000000000005\r\nhello\r\n0\r\n\r\n"), ("beyond 1 MiB", b"100001\r\n"), ("end by LF", b"0\n\n"), ("end by CRLF LF", b"0\r\n\n"),
        ("trailer", b"0\r\nX: a\r\n\r\n"), ("trailer without colon", b"0\r\nX\r\n\r\n"), ("trailer, space before colon", b"0\r\nX : a\r\n\r\n"),
        ("trailer folded", b"0\r\nX: a\r\n b\r\n\r\n"), ("trailer Content-Length", b"0\r\nContent-Length: 5\r\n\r\n"), ("trailer bare LF", b"0\r\nX: a\n\r\n"),
        ("NUL in size", b"5\0\r\nhello\r\n0\r\n\r\n"), ("unfinished", b"5\r\nhel"), ("no last chunk", b"5\r\nhello\r\n"), ("no end", b"0\r\n"),
    ]:
        yield "chunk " + name, CHUNKED + body


def pipelines():
    yield "two requests", get() + get()
    yield "three requests", get() + POST + b"Content-Length: 5\r\n\r\nhello" + get()
    yield "second after chunked", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + get()
    yield "second is bad", get() + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"
    yield "second after close", get(headers=b"Connection: close\r\n") + get()
    yield "second after HTTP/1.0", b"GET / HTTP/1.0\r\n" + HOST + b"\r\n" + get()
    yield "CRLF between", POST + b"Content-Length: 5\r\n\r\nhello\r\n" + get()
    yield "hidden by two lengths", POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + get()
    yield "hidden by length and chunked", POST + b"Content-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get()
    yield "hidden by coding with VT", POST + b"Content-Length: 5\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + get()
    yield "hidden by bare CR", get(headers=b"X: a\rContent-Length: 100\r\n") + get()
    yield "hidden in a GET body", get(headers=b"Content-Length: 50\r\n") + get()[:50]
    yield "hidden by chunk extension LF", CHUNKED + b"1;\n0\r\n\r\n" + get()


CASES = list(request_lines()) + list(header_lines()) + list(lengths()) + list(chunks()) + list(pipelines())


def because(reason, *names):
    return {name: reason for name in names}


# name: why ours refuses what nginx accepts (or waits for).
STRICTER = {
    **because("RFC 9112, 3: exactly one space; parsers that are lenient differ in what they take for the target",
              "two spaces before target", "two spaces before version", "trailing space"),
    **because("HTTP/1.0 and 1.1 are the versions there are; 505 for others", "version 1.10", "version 1.2", "version 1.9"),
    **because("the seven methods that routes have; 501 for others", "unknown method"),
    **because("clients of an origin server send a path; a second host name in the request is a second truth",
              "absolute target", "absolute target, other host"),
    **because("RFC 3986: a fragment is never sent", "fragment"),
    **because("a path has one reading: no dot segments, hidden separators, controls or bytes that are not UTF-8",
              "backslash", "dot segment", "dot dot inside", "encoded slash", "encoded backslash", "encoded LF", "encoded DEL",
              "encoded bad UTF-8", "encoded overlong", "bad escape in query"),
    **because("RFC 3986: bytes from 0x80 are percent-encoded in a target", "raw UTF-8", "byte 80 in target", "byte ff in target"),
    **because("a line ends with CRLF: bare LF is how two parsers come to see two different heads",
              "bare LF after request line", "bare LF everywhere", "bare LF after header", "CR CR LF after header",
              "LF CR LF ends the head", "LF LF ends the head", "CR LF LF ends the head", "one bare LF first",
              "chunk extension with LF", "chunk bare LF after size", "chunk bare LF after data", "chunk end by LF",
              "chunk end by CRLF LF", "chunk trailer bare LF", "chunk data too short"),
    **because("RFC 9112, 2.2 asks for one empty line to be forgiven, not more", "three empty lines first"),
    **because("a header name is a token (nginx drops such a line silently; we say so)",
              *["byte %s in header name" % repr(chr(b)) for b in b"()<>@,;\\\"/[]?={}"],
              "byte 80 in header name", "byte ff in header name", "no colon", "chunk trailer without colon",
              "chunk trailer, space before colon", "chunk trailer folded"),
    **because("RFC 9110, 5.5: no control characters in a value",
              *["byte %02x in header value" % b for b in [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14, 31, 127]]),
    **because("limits.h: at most 100 fields", "120 headers"),
    **because("RFC 9110, 10.1.1: 417 for an expectation that cannot be met", "Expect unknown"),
    **because("a host is a name or an address with a port", "Host with user", "Host with percent", "Host with high byte",
              "Host with backslash", "Host with question mark"),
    **because("RFC 1945, 7.2.2: in HTTP/1.0 such a request needs a length; 411", "POST 1.0 without length"),
    **because("chunk extensions are used by nobody but attackers", "chunk extension", "chunk extension quoted"),
    **because("a chunk size is one to eight hexadecimal digits", "chunk many zeros", "chunk space after size", "chunk tab after size"),
    **because("413 comes before the body, not after", "chunk beyond 1 MiB"),
}
# Both wait for more: these requests are not finished.
WAITS = {"short body", "chunk unfinished", "chunk no last chunk", "chunk no end", "hidden in a GET body"}
# name: why ours may accept what nginx refuses. None.
LOOSER = {}


def back_end(listening):
    """Answers 200 to whatever nginx passes on."""
    def one(c):
        with c:
            c.settimeout(20)
            data = b""
            while b"\r\n\r\n" not in data:
                more = c.recv(65536)
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            want = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    want = int(line.split(b":")[1])
            while len(body) < want:
                more = c.recv(65536)
                if not more:
                    return
                body += more
            c.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")
    while True:
        try:
            c, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=one, args=(c,), daemon=True).start()


def answers_in(data):
    """Letters of the whole answers at the front of data."""
    letters = ""
    while True:
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return letters, data
        status = int(head[9:12]) if head.startswith(b"HTTP/") else 999
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if len(rest) < length:
            return letters, data
        if status >= 200:
            letters += "A" if status < 300 else "R"
        data = rest[length:]


def verdict(port, request, quiet):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.settimeout(quiet)
        data = b""
        try:
            s.sendall(request)
        except OSError:
            pass
        closed = False
        while True:
            try:
                more = s.recv(65536)
            except TimeoutError:
                break
            except OSError:
                closed = True
                break
            if not more:
                closed = True
                break
            data += more
        letters, rest = answers_in(data)
        if rest.strip():
            letters += "?"  # bytes without a head: an HTTP/0.9 answer
        if closed and not letters:
            return "R"
        if not closed and not letters:
            return "W"
        return letters


def accepts_more(ours, theirs):
    """Whether ours said A where theirs did not."""
    for mine, their in zip(ours, theirs.ljust(len(ours), "R")):
        if mine == "A" and their not in "A":
            return True
        if mine != "A":
            return False
    return False


def start_nginx(folder, back_port):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    text = (HERE / "nginx.http.conf").read_text()
    text = text.replace("@FOLDER@", folder).replace("@PORT@", str(port)).replace("@BACK@", str(back_port))
    config = pathlib.Path(folder) / "nginx.conf"
    config.write_text(text)
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    p = subprocess.Popen([binary, "-p", folder, "-c", str(config), "-e", folder + "/error.log"],
                         stdin=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return p, port
        except OSError:
            if p.poll() is not None:
                break
            time.sleep(0.05)
    p.kill()
    p.wait(20)
    sys.exit("nginx does not start: " + (pathlib.Path(folder) / "error.log").read_text())


def compare(our_port, nginx_port, show):
    alone = threading.Lock()

    def is_expected(name, ours, theirs):
        if (name in WAITS) != ((ours, theirs) == ("W", "W")):
            return False
        return (ours != theirs) == (name in STRICTER or name in LOOSER) and not accepts_more(ours, theirs)

    def one(case):
        name, request = case
        ours, theirs = verdict(our_port, request, QUIET_S), verdict(nginx_port, request, QUIET_S)
        for quiet in QUIET_SURE_S:
            if is_expected(name, ours, theirs):
                break
            with alone:
                ours, theirs = verdict(our_port, request, quiet), verdict(nginx_port, request, quiet)
        return name, ours, theirs

    problems, tally = [], collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        for name, ours, theirs in pool.map(one, CASES):
            if show:
                print("%-4s %-4s %s" % (ours, theirs, name))
            if ours == theirs:
                tally["agree"] += 1
                if (ours == "W") != (name in WAITS):
                    problems.append("%s: both say %s" % (name, ours))
                if name in STRICTER or name in LOOSER:
                    problems.append("%s: listed as different, but both say %s" % (name, ours))
            elif accepts_more(ours, theirs):
                tally["looser"] += 1
                if name not in LOOSER:
                    problems.append("%s: ours %s, nginx %s: ACCEPTS MORE" % (name, ours, theirs))
            else:
                tally["stricter"] += 1
                if name not in STRICTER:
                    problems.append("%s: ours %s, nginx %s: stricter without a reason" % (name, ours, theirs))
    names = {name for name, _ in CASES}
    problems += ["%s: listed, but there is no such request" % n for n in list(STRICTER) + list(LOOSER) if n not in names]
    return problems, tally


def main():
    if shutil.which("nginx") is None and not os.access("/usr/sbin/nginx", os.X_OK):
        print("no nginx here")
        return 77
    assert len({name for name, _ in CASES}) == len(CASES), "two requests have one name"
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    threading.Thread(target=back_end, args=(listening,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="seva-nginx-") as folder:
        echo = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        nginx, nginx_port = start_nginx(folder, listening.getsockname()[1])
        try:
            our_port = int(echo.stdout.readline())
            problems, tally = compare(our_port, nginx_port, "--show" in sys.argv)
        finally:
            echo.stdin.close()
            ended = echo.wait(20)
            nginx.terminate()
            nginx.wait(20)
    print("%d requests: %d same verdict, %d ours stricter, %d ours looser" %
          (len(CASES), tally["agree"], tally["stricter"], tally["looser"]))
    for p in problems:
        print(p)
    if ended != 0:
        print("our server ended with %d" % ended)
    return 1 if problems or ended != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
