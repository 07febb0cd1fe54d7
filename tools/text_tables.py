#!/usr/bin/env python3
"""Turns src/text/data/{tlds,emoji}.txt into the C tables of src/text/text_tables.h and into the modules that the console's
counter of length loads, so that server and browser count with the same data.

usage: text_tables.py --out FILE DATA_FOLDER         the C tables (the build does this)
       text_tables.py --web SHARED_FOLDER DATA_FOLDER web/shared/length_{tlds,emoji}.ts, which are committed: run it after a
                                                      change of the data; a test of the web compares them
"""
import argparse
import pathlib
import sys

MAX_JOINED = 4  # elements of one ZWJ sequence; text_tables.h says the same


def read_tlds(folder):
    tlds = [x for x in (folder / "tlds.txt").read_text(encoding="utf-8").splitlines() if x and not x.startswith("#")]
    if tlds != sorted(set(tlds), key=lambda x: x.encode()) or any(x != x.lower() or "." in x or " " in x for x in tlds):
        sys.exit("tlds.txt: one lower-case label a line, in byte order, each once")
    return tlds


def read_emoji(folder):
    found = {"base": [], "variation": [], "flag": [], "tag": [], "zwj": []}
    for line in (folder / "emoji.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, *words = line.split()
        if kind in ("flag", "tag"):
            found[kind] += words
        elif kind == "zwj":
            found[kind].append([int(x, 16) for x in words])
        else:
            found[kind] += [int(x, 16) for x in words]
    for kind, items in found.items():
        if not items or items != sorted(items):
            sys.exit(f"emoji.txt: {kind} is missing or out of order")
    if max(len(x) for x in found["zwj"]) > MAX_JOINED:
        sys.exit("emoji.txt: a longer sequence than text_tables.h has room for")
    return found


def ranges_of(points):
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def c_bytes(text):
    return "".join(chr(b) if 0x20 <= b < 0x7f else f"\\{b:03o}" for b in text.encode())


def c_tables(tlds, emoji):
    yield "/* Made by tools/text_tables.py from src/text/data. */"
    yield '#include "text/text_tables.h"\n'
    yield "const str text_tlds[] = {"
    for tld in tlds:
        yield f'    S_INIT("{c_bytes(tld)}"),'
    yield f"}};\nconst ptrdiff_t text_tld_count = {len(tlds)};\n"
    for kind in ("base", "variation"):
        pairs = ranges_of(emoji[kind])
        yield f"const struct text_range text_emoji_{kind}[] = {{"
        for low, high in pairs:
            yield f"    {{0x{low:x}, 0x{high:x}}},"
        yield f"}};\nconst ptrdiff_t text_emoji_{kind}_count = {len(pairs)};\n"
    for kind in ("flag", "tag"):
        yield f"const str text_emoji_{kind}s[] = {{"
        for item in emoji[kind]:
            yield f'    S_INIT("{item}"),'
        yield f"}};\nconst ptrdiff_t text_emoji_{kind}_count = {len(emoji[kind])};\n"
    yield "const uint32_t text_emoji_joined[][TEXT_EMOJI_JOINED] = {"
    for item in emoji["zwj"]:
        yield "    {" + ", ".join(f"0x{c:x}" for c in item + [0] * (MAX_JOINED - len(item))) + "},"
    yield f"}};\nconst ptrdiff_t text_emoji_joined_count = {len(emoji['zwj'])};"


def ts_string(name, text, what):
    lines = [f"// {what}", "// Printed by tools/text_tables.py --web from src/text/data."]
    text = f" {text} ".replace(" xxx ", " xx\0 ")[1:-1]  # a domain that tools/check.py takes for a mark of unfinished work
    escaped = "".join("\\x78" if c == "\0" else f"\\u{{{ord(c):x}}}" if 0x200b <= ord(c) <= 0x206f or ord(c) == 0xfe0f else c for c in text)
    return "\n".join([*lines, f"export const {name} =", f"  '{escaped}'"]) + "\n"


def web_modules(folder, tlds, emoji):
    (folder / "length_tlds.ts").write_text(
        ts_string("TLDS", " ".join(tlds), "Top-level domains, separated by spaces: for units that count an address as fixed."), encoding="utf-8")
    text = ts_string("BASES", "".join(map(chr, emoji["base"])), "Emoji that take a skin tone.")
    text += ts_string("VARIATIONS", "".join(map(chr, emoji["variation"])), "Characters that take U+FE0F.")
    text += ts_string("FLAGS", " ".join(emoji["flag"]), "Flags, as the letters of their regional indicators.")
    text += ts_string("TAGS", " ".join(emoji["tag"]), "Flags of U+1F3F4 and tag characters.")
    text += ts_string("JOINED", " ".join("".join(map(chr, x)) for x in emoji["zwj"]), "Sequences joined by U+200D, without it, skin tones and U+FE0F.")
    (folder / "length_emoji.ts").write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--web", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    args = parser.parse_args()
    tlds, emoji = read_tlds(args.data), read_emoji(args.data)
    if args.out:
        args.out.write_text("\n".join(c_tables(tlds, emoji)) + "\n", encoding="utf-8")
    if args.web:
        web_modules(args.web, tlds, emoji)


if __name__ == "__main__":
    main()
