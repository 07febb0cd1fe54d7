#!/usr/bin/env python3
"""Writes the demo's texts as a C table: embed_texts.py OUT.c FILE.json …"""
import json
import sys

out, files = sys.argv[1], sys.argv[2:]
with open(out, "w", encoding="ascii") as c:
    c.write('#include "texts.h"\n\n')
    for n, name in enumerate(files):
        with open(name, encoding="utf-8") as f:
            data = json.dumps(json.load(f), ensure_ascii=False, separators=(",", ":")).encode()
        c.write(f"static const char text_{n}[] = {{{','.join(str(b if b < 128 else b - 256) for b in data)}}};\n")
    c.write("const str demo_texts[] = {\n")
    for n in range(len(files)):
        c.write(f"    {{text_{n}, (ptrdiff_t)sizeof text_{n}}},\n")
    c.write(f"}};\nconst ptrdiff_t demo_texts_count = {len(files)};\n")
