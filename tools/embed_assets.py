#!/usr/bin/env python3
"""Turns the built web pages (web/dist) into three files for the binary: one blob with every file as
it is and gzipped, an assembler file that embeds the blob, and a C table for src/api/asset.c.

usage: embed_assets.py --out DIR --depfile FILE [--dist DIR]
Without --dist the table is empty (meson option web=false). Output depends on the input bytes alone.
"""
import argparse
import gzip
import hashlib
import pathlib
import re
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
}
COMPRESSED = {".png", ".jpg", ".webp", ".woff2", ".mp3"}
# A name with a content hash never changes its bytes: name-D4f_8a1B.js
IMMUTABLE = re.compile(r"(^|/)assets/[^/]+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
NEEDED = ["console/index.html", "widget/frame.html", "widget/loader.js", "shop/index.html"]


def files_of(dist):
    if dist is None:
        return []
    if not dist.is_dir():
        sys.exit(f"{dist} is missing: run `npm ci && npm run build` in web/, or configure with -Dweb=false")
    paths = sorted(p for p in dist.rglob("*") if p.is_file() and not p.relative_to(dist).parts[-1].startswith("."))
    paths = [p for p in paths if ".vite" not in p.relative_to(dist).parts]
    names = {p.relative_to(dist).as_posix() for p in paths}
    for name in NEEDED:
        if name not in names:
            sys.exit(f"{dist}/{name} is missing: run `npm run build` in web/")
    unknown = [p for p in paths if p.suffix not in TYPES]
    if unknown:
        sys.exit("no content type for: " + ", ".join(str(p) for p in unknown))
    return sorted(paths, key=lambda p: p.relative_to(dist).as_posix().encode())


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dist", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--depfile", type=pathlib.Path)
    args = parser.parse_args()

    blob = bytearray()
    rows = []

    def place(data):
        at = len(blob)
        blob.extend(data)
        return f"{{seva_assets_blob + {at}, {len(data)}}}"

    paths = files_of(args.dist)
    for path in paths:
        name = path.relative_to(args.dist).as_posix()
        data = path.read_bytes()
        zipped = b"" if path.suffix in COMPRESSED else gzip.compress(data, 9, mtime=0)
        if len(zipped) >= len(data):
            zipped = b""
        etag = '"' + hashlib.sha256(data).hexdigest()[:20] + '"'
        immutable = "true" if IMMUTABLE.search(name) else "false"
        rows.append(
            f"    {{S_INIT({quoted(name)}), S_INIT({quoted(TYPES[path.suffix])}), {place(data)}, "
            f"{place(zipped) if zipped else '{seva_assets_blob, 0}'}, S_INIT({quoted(etag)}), {immutable}}},"
        )
    blob.append(0)  # never empty, whatever the table holds

    args.out.mkdir(parents=True, exist_ok=True)
    blob_path = (args.out / "assets.bin").resolve()
    blob_path.write_bytes(blob)
    (args.out / "assets_blob.S").write_text(
        "/* Written by tools/embed_assets.py. */\n"
        '    .section .rodata.seva_assets,"a",@progbits\n'
        "    .globl seva_assets_blob\n"
        "    .hidden seva_assets_blob\n"
        "    .type seva_assets_blob, @object\n"
        "    .balign 16\n"
        "seva_assets_blob:\n"
        f"    .incbin {quoted(str(blob_path))}\n"
        f"    .size seva_assets_blob, {len(blob)}\n"
        '    .section .note.GNU-stack,"",@progbits\n'
    )
    rows_text = "\n".join(rows) if rows else "    {S_INIT(\"\"), S_INIT(\"\"), {seva_assets_blob, 0}, {seva_assets_blob, 0}, S_INIT(\"\"), false},"
    (args.out / "assets_table.c").write_text(
        "/* Written by tools/embed_assets.py from web/dist; sorted by path in byte order. */\n"
        '#include "api/asset.h"\n\n'
        f"const ptrdiff_t asset_count = {len(rows)};\n"
        "const struct asset asset_table[] = {\n" + rows_text + "\n};\n"
    )
    if args.depfile:
        seen = [str(p.resolve()).replace(" ", "\\ ") for p in paths]
        if args.dist is not None and args.dist.is_dir():
            seen += sorted({str(p.parent.resolve()).replace(" ", "\\ ") for p in paths})
        target = str(args.out / "assets.bin").replace(" ", "\\ ")
        args.depfile.write_text(f"{target}: " + " ".join(seen) + "\n")


if __name__ == "__main__":
    main()
