"""Mails that somebody has made to hurt: each is (its name, its bytes, what is said of it). What is said: a pattern of the reason that the
API shows, either beside the message ("degraded") or in the quarantine; None where nothing is missing, however odd the mail is."""

import base64
import gzip
import random
import struct
import zlib

KB, MB = 1024, 1024 * 1024
TO = "care@example.com"


def head(name, subject=None, more=b"", sender=None, kind=b"Content-Type: text/plain; charset=utf-8\r\n"):
    sender = sender if sender is not None else f"{name}@bombs.example"
    return (f"From: Bomb <{sender}>\r\nTo: {TO}\r\nSubject: {subject or name}\r\nMessage-ID: <{name}@bombs.example>\r\n"
            "Date: Mon, 5 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n").encode() + kind + more + b"\r\n"


def multipart(name, kind="mixed", mark="=_b", more=b""):
    return head(name, kind=f'Content-Type: multipart/{kind}; boundary="{mark}"\r\n'.encode(), more=more)


def wrapped(data):
    text = base64.b64encode(data)
    return b"\r\n".join(text[i:i + 76] for i in range(0, len(text), 76)) + b"\r\n"


def many_parts():
    part = b"--=_b\r\nContent-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64\r\n\r\nQQ==\r\n"
    return multipart("many-parts") + b"--=_b\r\n\r\nHello\r\n" + part * 10_000 + b"--=_b--\r\n"


def levels(n=200):
    lines = [multipart("levels", mark="=_0")]
    for i in range(1, n):
        lines.append(f'--=_{i - 1}\r\nContent-Type: multipart/mixed; boundary="=_{i}"\r\n\r\n'.encode())
    lines.append(f"--=_{n - 1}\r\n\r\nHello\r\n".encode())
    return b"".join(lines + [f"--=_{i}--\r\n".encode() for i in range(n - 1, -1, -1)])


def carried(n=200):
    one = b"Content-Type: message/rfc822\r\n\r\nFrom: a@bombs.example\r\nSubject: inside\r\n"
    return head("carried", kind=one[:one.index(b"From")].replace(b"\r\n\r\n", b"\r\n")) + one[one.index(b"From"):] + one * (n - 1) + b"\r\nHello\r\n"


def boundaries_inside_each_other(n=3000):
    """Boundaries that begin alike, each open line long: what compares every line with every boundary is slow."""
    mark = "x" * 60
    lines = [multipart("alike", mark=mark)]
    for i in range(19):
        lines.append(f'--{mark}{"y" * i}\r\nContent-Type: multipart/mixed; boundary="{mark}{"y" * (i + 1)}"\r\n\r\n'.encode())
    return b"".join(lines) + (b"--" + mark.encode() + b"z" * 40 + b"\r\n") * n * 30


def attached(name, size):
    data = random.Random(7).randbytes(size)
    return (multipart(name) + b"--=_b\r\n\r\nSee the file.\r\n--=_b\r\nContent-Type: application/octet-stream; name=long.bin\r\n"
            b"Content-Disposition: attachment; filename=long.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped(data) + b"--=_b--\r\n")


def der(tag, *parts):
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


def sealed(name, size):
    """S/MIME with the mail inside of the signature (RFC 8551 3.5.2); nobody has signed it."""
    inside = b"Content-Type: text/plain\r\n\r\nHello\r\n" + b"x" * 70 + b"\r\n" * (size // 2)
    signed = der(0x30, b"\x02\x01\x01", der(0x31), der(0x30, bytes.fromhex("06092a864886f70d010701"), der(0xa0, der(0x04, inside))), der(0x31))
    cms = der(0x30, bytes.fromhex("06092a864886f70d010702"), der(0xa0, signed))
    return head(name, kind=b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n") + wrapped(cms)


def packed():
    zeros = gzip.compress(bytes(30 * MB))
    return (multipart("packed", more=b"Content-Encoding: gzip\r\n") + b"--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Encoding: gzip\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + wrapped(zeros) + b"--=_b\r\nContent-Type: text/html\r\n\r\n" + gzip.compress(random.Random(1).randbytes(300 * KB)) +
            b"\r\n--=_b\r\nContent-Type: application/gzip; name=a.gz\r\nContent-Transfer-Encoding: base64\r\n\r\n" + wrapped(zeros) + b"--=_b--\r\n")


def words(n=50_000):
    word = b"=?utf-8?B?w6k=?= "
    return (b"From: " + word * 5000 + b"<words@bombs.example>\r\nTo: " + word * 2000 + b"<care@example.com>\r\nSubject: " + (word * 4 + b"\r\n ") * (n // 4) +
            b"end\r\nMessage-ID: <words@bombs.example>\r\n\r\nHello\r\n")


def half_words():
    return head("half-words", subject="half-words " + "=?utf-8?Q?" * 40_000)


def lines_of_quotes():
    return head("quotes") + b"Hello\r\n" + (b">" * 70 + b" x\r\n") * 60_000 + (b"On Monday somebody wrote something that wraps\r\n") * 20_000 + b"> end\r\n"


def tnef():
    """Attributes that promise more than there is, and a compressed text that would grow to gigabytes."""
    def attribute(level, tag, data):
        return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)

    rtf = struct.pack("<IIII", 0x7FFFFFF0, 0x7FFFFFF0, 0x75465A4C, 0) + (b"\xff" + b"\x00\x0f" * 8) * 60_000
    prop = struct.pack("<IIII", 1, 0x10090102, 1, len(rtf)) + rtf + b"\0" * (-len(rtf) % 4)
    data = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00069003, prop)
    data += b"".join(attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, b"a" * 40) for _ in range(20_000))
    data += attribute(1, 0x00069003, struct.pack("<I", 0xFFFFFFFF) + b"\1\0\0\0" * 4) + struct.pack("<BII", 2, 0x0006800F, 0xFFFFFFF0)
    return (multipart("tnef") + b"--=_b\r\n\r\nHello\r\n--=_b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
            wrapped(data) + b"--=_b--\r\n")


def calendar():
    people = b"".join(b"ATTENDEE;CN=\"" + b"A" * 30 + b"\":mailto:a%d@bombs.example\r\n" % i for i in range(60_000))
    zones = b"BEGIN:VTIMEZONE\r\nTZID:X\r\n" + b"BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nRRULE:FREQ=SECONDLY;COUNT=999999999\r\nEND:STANDARD\r\n" * 5000 + b"END:VTIMEZONE\r\n"
    event = (b"BEGIN:VEVENT\r\nUID:x\r\nDTSTART;TZID=X:20260105T100000\r\nRRULE:FREQ=SECONDLY;INTERVAL=1;BYSECOND=" + b",".join(b"%d" % (i % 60) for i in range(20_000)) +
             b"\r\nSUMMARY:" + b"\\n" * 50_000 + b"\r\n" + b"BEGIN:VALARM\r\n" * 20_000 + people)
    text = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n" + zones + event + b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    return (multipart("calendar", "alternative") + b"--=_b\r\n\r\nCome\r\n--=_b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\n" + text + b"--=_b--\r\n")


def html(name, text):
    return head(name, kind=b"Content-Type: text/html; charset=utf-8\r\n") + text


def deep_html():
    return html("deep-html", b"<div>" * 100_000 + b"Hello" + b"<blockquote type=cite>" * 20_000 + b"</p>" * 20_000)


def odd_html():
    return html("odd-html", b"Hello <!" + b"--" * 50_000 + b">" + b"<a href='" + b"&amp" * 50_000 + b"'" + b" x=y" * 50_000 + b"><style>" + b"a{" * 50_000 +
                b"<table><tr><td>" * 20_000 + b"&#x10FFFF;&#99999999999;&nbsp" * 10_000 + b"<" * 100_000)


def many_pictures():
    return html("pictures", b"".join(b"<img src='cid:%d@x'><img src=http://127.0.0.1:1/%d>" % (i, i) for i in range(15_000)))


def report():
    rows = b"".join(b"Final-Recipient: rfc822; r%d@bombs.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; %s\r\n\r\n" % (i, b"5" * 60) for i in range(100_000 // 4))
    return (head("report", kind=b'Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\r\n') + b"--=_b\r\n\r\nIt failed.\r\n--=_b\r\n"
            b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n" + rows + b"--=_b\r\nContent-Type: text/rfc822-headers\r\n\r\n" +
            b"Message-ID: <nobody@example.com>\r\n" * 50_000 + b"\r\n--=_b--\r\n")


def uu():
    line = b"M" + b"`" * 60 + b"\r\n"
    return head("uu", more=b"Content-Transfer-Encoding: x-uuencode\r\n") + b"begin 644 a.bin\r\n" + line * 60_000


def parameters():
    return head("parameters", kind=b"Content-Type: text/plain;\r\n" + b"".join(b" x*%d*=utf-8''%%C3%%A9;\r\n" % i for i in range(20_000)) + b" charset*=utf-8''utf-8\r\n") + b"Hello\r\n"


def charset(name, label, data):
    kind = b"Content-Type: text/plain" + (b"; charset=" + label if label else b"") + b"\r\nContent-Transfer-Encoding: 8bit\r\n"
    return head(name, kind=kind) + data + b"\r\n"


LATIN = "Où est ma commande ? Très déçu. ".encode("latin-1") * 200
CHARSET, LYING = "charset|guessed", "not in the charset"


def bombs():
    yield "many-parts", many_parts(), "more parts"
    yield "levels", levels(), "nested deeper"
    yield "carried", carried(), None
    yield "alike", boundaries_inside_each_other(), "before its last part|boundary"
    yield "recipients", head("recipients", more=b"Cc: " + b",\r\n ".join(b"r%d@bombs.example" % i for i in range(100_000)) + b"\r\n") + b"Hello\r\n", "more addresses|header is larger"
    yield "groups", head("groups", more=b"Cc: " + b"g: a@bombs.example;, " * 40_000 + b"\r\nReply-To: " + b"(" * 200_000 + b"\r\n") + b"Hello\r\n", "more addresses|header is larger"
    yield "one-header", head("one-header", more=b"X-Long: " + b"x" * MB + b"\r\n") + b"Hello\r\n", "header is larger"
    yield "many-headers", head("many-headers", more=b"".join(b"X-%d: y\r\n" % i for i in range(80_000))) + b"Hello\r\n", "header is larger"
    yield "no-headers", head("no-headers", more=b"this is no field\r\n" * 50_000) + b"Hello\r\n", "none were passed over"
    yield "attached", attached("attached", 50 * MB), "longer than|before its last part"
    yield "attached-less", attached("attached-less", 35 * MB), None  # 50 MB as it stands in the mail
    yield "packed", packed(), LYING
    yield "words", words(), "encoded words|no mail"
    yield "half-words", half_words() + b"Hello\r\n", None
    yield "one-line", head("one-line") + b"word " * (8 * MB // 5), "text is longer"
    yield "quotes", lines_of_quotes(), "text is longer"
    yield "references", head("references", more=b"References:" + b"".join(b"\r\n <r%d@bombs.example>" % i for i in range(50_000)) + b"\r\nIn-Reply-To: <" + b"x" * 500_000 + b">\r\n") + b"Hello\r\n", "header is larger"
    yield "quoted", head("quoted", more=b"Content-Transfer-Encoding: quoted-printable\r\n") + b"=C3=A9=\r\n" * 300_000 + b"=" * MB, "text is longer|charset"
    yield "spaces", multipart("spaces") + b"--=_b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8=" + b"\r\n \t" * 2_000_000, "before its last part"
    yield "dashes", multipart("dashes") + b"--=_b\r\n\r\nHello\r\n" + b"--\r\n" * 1_000_000 + b"--=_b--\r\n", "text is longer"
    yield "tnef", tnef(), None
    yield "calendar", calendar(), None
    yield "deep-html", deep_html(), None
    yield "odd-html", odd_html(), None
    yield "pictures", many_pictures(), None
    yield "report", report(), None
    yield "uu", uu(), LYING
    yield "parameters", parameters(), None
    yield "results", head("results", more=(b"Authentication-Results: mx.example.com; " + b"(" * 50_000 + b" spf=pass" + b"; dkim=pass header.d=a" * 5000 + b"\r\n") * 5) + b"Hello\r\n", "header is larger"
    yield "signed", multipart("signed", 'signed; protocol="application/pgp-signature"; micalg=pgp-sha512') + b"--=_b\r\n\r\n" + b"-----BEGIN PGP MESSAGE-----\r\n" * 60_000 + b"--=_b--\r\n", "text is longer"
    yield "nul", head("nul") + b"\0" * (2 * MB) + b"a\0b\r\n", None
    yield "charset-none", charset("charset-none", b"", LATIN), None
    yield "charset-utf8-lie", charset("charset-utf8-lie", b"utf-8", LATIN), LYING
    yield "charset-ascii-lie", charset("charset-ascii-lie", b"us-ascii", LATIN), LYING
    yield "charset-utf16-lie", charset("charset-utf16-lie", b"utf-16", LATIN), None
    yield "charset-odd", charset("charset-odd", b'"' + b"klingon" * 30 + b'"', LATIN), CHARSET
    yield "charset-jis-cut", charset("charset-jis-cut", b"iso-2022-jp", b"\x1b$B" + b"\x7f\x01" * 50_000), None
    yield "charset-utf7", charset("charset-utf7", b"utf-7", b"+" + b"AGE" * 50_000 + b"-" + b"+" * 50_000), None
    yield "binary", random.Random(3).randbytes(3 * MB), "no mail|sender"
    yield "nobody", b"Subject: nobody\r\nX-Nobody: " + b"y" * 1000 + b"\r\n\r\nHello\r\n", "no mail|sender"
    yield "empty", b"\r\n", "no mail|sender"
    yield "zlib", b"From: <zlib@bombs.example>\r\nContent-Type: multipart/mixed; boundary=\"\"\r\n\r\n" + zlib.compress(random.Random(5).randbytes(MB)), "boundary|passed over|charset|guessed"
