#!/usr/bin/env python3
"""Turns i18n/server/<locale>.json (flat key → ICU message with named arguments) into the C table of
src/text/words.c: each message as parts, so that the server parses nothing at run time.

usage: server_words.py --out FILE I18N_SERVER_FOLDER
The server's sentences take {name}, {n, number} and {at, date|time, short|medium|long|full}; plural and
select belong to the web areas (web/tools/messages.mjs checks the syntax of all of them). Also checked
here, as this runs without Node: the same keys and arguments in every locale.
"""
import argparse
import json
import pathlib
import re
import sys

RTL = {"ar", "fa", "he", "ur"}
ARGUMENT = re.compile(r"\{\s*([A-Za-z_]\w*)\s*(?:,\s*(number|date|time)\s*(?:,\s*(short|medium|long|full)\s*)?)?\}")


def parts_of(text, where):
    """ICU message → list of (kind, text, style)."""
    parts = []
    literal = ""
    at = 0
    while at < len(text):
        c = text[at]
        if c == "'":
            if text[at : at + 2] == "''":
                literal += "'"
                at += 2
                continue
            if text[at + 1 : at + 2] in ("{", "}"):
                end = text.find("'", at + 1)
                end = len(text) if end < 0 else end
                literal += text[at + 1 : end]
                at = end + 1
                continue
        if c == "{":
            match = ARGUMENT.match(text, at)
            if not match:
                sys.exit(f"{where}: only text, number, date and time arguments are known to the server: {text}")
            name, kind, style = match.groups()
            if kind == "number" and style:
                sys.exit(f"{where}: a number takes no style here")
            if literal:
                parts.append(("LITERAL", literal, "MEDIUM"))
                literal = ""
            parts.append(((kind or "text").upper(), name, (style or ("short" if kind == "time" else "medium")).upper()))
            at = match.end()
            continue
        if c == "}":
            sys.exit(f"{where}: a closing brace without an opening one: {text}")
        literal += c
        at += 1
    if literal or not parts:
        parts.append(("LITERAL", literal, "MEDIUM"))
    return parts


def quoted(text):
    out = []
    for byte in text.encode():
        c = chr(byte)
        if c in '"\\':
            out.append("\\" + c)
        elif 0x20 <= byte < 0x7F and c != "?":
            out.append(c)
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()

    files = sorted(args.folder.glob("*.json"))
    catalogue = {f.stem: {k: parts_of(v, f"{f}: {k}") for k, v in json.loads(f.read_text("utf-8")).items()} for f in files}
    if "en" not in catalogue:
        sys.exit(f"{args.folder}/en.json is missing")
    keys = sorted(catalogue["en"], key=lambda k: k.encode())
    shape = lambda parts: sorted({(kind, name) for kind, name, _ in parts if kind != "LITERAL"})
    for locale, table in catalogue.items():
        if set(table) != set(keys):
            sys.exit(f"{locale}.json: other keys than en.json: {sorted(set(table) ^ set(keys))}")
        for key in keys:
            if shape(table[key]) != shape(catalogue["en"][key]):
                sys.exit(f"{locale}.json: {key}: other arguments than in en.json")

    lines = ["/* Written by tools/server_words.py from i18n/server. */", '#include "text/words_table.h"', ""]
    for locale in catalogue:
        name = re.sub(r"\W", "_", locale)
        lines.append(f"static const struct words_part parts_{name}[] = {{")
        at = 0
        rows = []
        for key in keys:
            parts = catalogue[locale][key]
            rows.append(f"    {{S_INIT({quoted(key)}), {at}, {len(parts)}}},")
            at += len(parts)
            for kind, text, style in parts:
                lines.append(f"    {{WORDS_PART_{kind}, WORDS_STYLE_{style}, S_INIT({quoted(text)})}},")
        lines += ["};", f"static const struct words_row rows_{name}[] = {{", *rows, "};"]
    lines.append("const struct words_table words_tables[] = {")
    for locale in catalogue:
        name = re.sub(r"\W", "_", locale)
        rtl = "true" if locale.split("-")[0] in RTL else "false"
        lines.append(f"    {{S_INIT({quoted(locale)}), {rtl}, rows_{name}, parts_{name}}},")
    lines += ["};", f"const ptrdiff_t words_table_count = {len(catalogue)};", f"const ptrdiff_t words_row_count = {len(keys)};", ""]
    args.out.write_text("\n".join(lines))


if __name__ == "__main__":
    main()
