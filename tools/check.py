#!/usr/bin/env python3
"""The rules of the tree that a machine can check, one TAP line a rule.

Layers, where a library's headers and SQL may stand, banned functions and words, sizes, names of machines,
formatting, the list of shared things. Run from anywhere; reads the tracked and new files of the work tree."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Layer → what it may include besides itself. Includes point left only.
ORDER = [["base"], ["model"], ["db", "net", "text"], ["store", "connector"], ["care", "report"], ["job"], ["api"], ["app"]]
EXTRA = {"text": {"base"}, "connector": {"base", "model", "text", "net"}}

# A library's header → the files and folders that may name it.
LIBRARY_HOMES = {
    r"openssl/": ["src/base/crypto", "src/base/keyring", "src/net/tls", "src/net/http_server", "sim/networks/smtp_tls", "bench/bare_webhook"],
    r"sodium": ["src/base/crypto", "src/base/keyring"],
    r"unicode/": ["src/base/", "src/text/", "bench/search_words"],
    r"json-c|json_object|json_tokener": ["tests/fuzz/json_c", "bench/bare_webhook"],
    r"libxml": ["src/text/html_text", "src/text/html_clean"],
    r"event2/": ["src/net/"],
    r"rnp/": ["src/text/pgp"],
    r"curl/": ["src/net/http_client", "src/net/egress"],
    r"libetpan/": ["src/net/mail_line", "src/net/imap", "bench/imap_bare"],
    r"sqlite3": ["src/db/", "tests/", "bench/"],
    r"libpq": ["src/db/", "tests/", "bench/"],
    r"magic\.h": ["src/store/blob", "src/care/file", "src/base/file_type"],
}

BANNED = [
    "strcpy", "strcat", "sprintf", "vsprintf", "strncpy", "strncat", "strtok", "atoi", "atol", "atof", "strtol", "strtoul", "gets",
    "scanf", "sscanf", "alloca", "system", "popen", "isalpha", "isdigit", "isspace", "isalnum", "isupper", "islower", "toupper", "tolower",
    "localtime", "gmtime", "rand", "srand",
]
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented|for now[, ]", re.I)
MACHINE = re.compile(r"/wor[k]/|/far[m]/|deb\.debia[n]|npmj[s]\.|pyp[i]\.")
OUTSIDE = re.compile(r"\.\./share[d]\b")
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s', re.S)
SQL_HOMES = ("src/store/", "src/report/", "src/db/", "tests/", "bench/", "migrations/")
MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80
PRINTED = "web/shared/api/types.ts"  # by `seva routes --typescript`


def tracked():
    out = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True)
    return [f for f in out.stdout.split("\n") if f and os.path.isfile(os.path.join(ROOT, f))]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def strip_comments(text):
    """C text with comments and string contents blanked, line numbers kept."""
    def blank(m):
        s = m.group(0)
        if s.startswith("/"):
            return re.sub(r"[^\n]", " ", s)
        return s[0] + re.sub(r"[^\n]", " ", s[1:-1]) + s[-1]
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def allowed_layers():
    allowed, left = {}, set()
    for group in ORDER:
        for layer in group:
            allowed[layer] = EXTRA.get(layer, set(left)) | {layer}
        left |= set(group)
    return allowed


def check_layers(files):
    allowed, bad = allowed_layers(), []
    for f in files:
        m = re.match(r"src/(\w+)/", f)
        if not m or not f.endswith((".c", ".h")):
            continue
        for n, line in enumerate(read(f).split("\n"), 1):
            i = re.match(r'#include "(\w+)/', line)
            if i and i.group(1) in allowed and i.group(1) not in allowed[m.group(1)]:
                bad.append(f"{f}:{n}: {m.group(1)} must not include {i.group(1)}")
    return bad


def check_connector_headers(files):
    bad = []
    for f in files:
        if f.startswith("src/connector/") and f.endswith((".c", ".h")):
            for n, line in enumerate(read(f).split("\n"), 1):
                if re.match(r'#include "net/', line) and not re.search(r'net/(http_client|http|imap|mail_line|smtp)\.h', line):
                    bad.append(f"{f}:{n}: a connector sees only net's client headers")
    return bad


def check_libraries(files):
    bad = []
    for f in files:
        if not f.endswith((".c", ".h")) or f.startswith("tests/fuzz"):
            continue
        for n, line in enumerate(read(f).split("\n"), 1):
            i = re.match(r"#include <([^>]+)>", line)
            if not i:
                continue
            for pattern, homes in LIBRARY_HOMES.items():
                if re.match(pattern, i.group(1)) and not f.startswith(tuple(homes)) and not f.startswith("tests/"):
                    bad.append(f"{f}:{n}: <{i.group(1)}> belongs to {', '.join(homes)}")
    return bad


def check_banned(files):
    bad = []
    word = re.compile(r"(?<![\w>.])(%s)\s*\(" % "|".join(BANNED))
    for f in files:
        if f.startswith(("src/", "bench/")) and f.endswith((".c", ".h")):
            for n, line in enumerate(strip_comments(read(f)).split("\n"), 1):
                m = word.search(line)
                if m:
                    bad.append(f"{f}:{n}: {m.group(1)}")
    return bad


def check_unfinished(files):
    bad = []
    for f in files:
        if f.startswith(("src/", "web/", "tests/", "bench/", "migrations/")) and f.endswith((".c", ".h", ".ts", ".tsx", ".sql", ".mjs", ".py")):
            for n, line in enumerate(read(f).split("\n"), 1):
                if UNFINISHED.search(line) and '"Not Implemented"' not in line:  # 501 is called so
                    bad.append(f"{f}:{n}: {line.strip()[:100]}")
    return bad


def check_machine(files):
    bad = []
    for f in files:
        if f.endswith((".png", ".jpg", ".webp", ".gif", ".bin")) or f == "tools/check.py":
            continue
        for n, line in enumerate(read(f).split("\n"), 1):
            if MACHINE.search(line) or (OUTSIDE.search(line) and not f.startswith("web/")):
                bad.append(f"{f}:{n}: {line.strip()[:100]}")
    return bad


def check_sql(files):
    bad = []
    for f in files:
        if f.startswith("src/") and f.endswith((".c", ".h")) and not f.startswith(SQL_HOMES):
            for m in SQL.finditer(read(f)):
                bad.append(f"{f}:{read(f)[:m.start()].count(chr(10)) + 1}: SQL text outside store, report and db")
    return bad


def check_sizes(files):
    bad = []
    for f in files:
        if f.startswith("src/") and f.endswith(".c"):
            lines = read(f).split("\n")
            if len(lines) > MAX_FILE_LINES:
                bad.append(f"{f}: {len(lines)} lines")
            start = None
            for n, line in enumerate(lines, 1):
                if line.startswith("{"):
                    start = n
                elif line.startswith("}") and start:
                    if n - start > MAX_FUNCTION_LINES:
                        bad.append(f"{f}:{start}: a function of {n - start} lines")
                    start = None
        elif f.startswith("web/") and f.endswith((".ts", ".tsx")) and f != PRINTED and read(f).count("\n") > MAX_FILE_LINES:
            bad.append(f"{f}: {read(f).count(chr(10))} lines")
    return bad


def check_format(files):
    c = [f for f in files if f.endswith((".c", ".h")) and f.startswith(("src/", "tests/", "bench/", "tools/")) and f != "src/base/limits.h"
         and f not in ("src/model/ctx.h", "src/db/db.h")]
    if not c:
        return []
    out = subprocess.run(["clang-format", "--dry-run"] + c, cwd=ROOT, capture_output=True, text=True)
    lines = [x for x in out.stderr.split("\n") if "warning:" in x]
    return sorted({x.split(":")[0] + " is not formatted (clang-format -i)" for x in lines})


def check_heads(files):
    """A room opens by saying what it is for."""
    return [f"{f}: no head comment" for f in files
            if f.startswith("src/") and f.endswith((".c", ".h")) and not read(f).lstrip().startswith("/*")]


def check_shared(files):
    """Every file with a thread, lock or atomic stands in the table of docs/architecture.md."""
    doc = read("docs/architecture.md") if os.path.exists(os.path.join(ROOT, "docs/architecture.md")) else ""
    bad = []
    for f in files:
        if f.startswith("src/") and f.endswith(".c"):
            if re.search(r"\b(pthread_(create|mutex|cond|rwlock)\w*|_Atomic|atomic_\w+|thrd_create|mtx_\w+)\b", strip_comments(read(f))):
                if f"`{f[4:]}`" not in doc:
                    bad.append(f"{f} shares something that docs/architecture.md does not list")
    return bad


def anchors(f):
    """What GitHub makes of a document's headings."""
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", read(f), re.M)}


def check_links(files):
    """A link of a document leads to a file of the tree, and to a heading that it has."""
    have, bad = set(files), []
    for f in files:
        if f.endswith(".md"):
            for name, heading in re.findall(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)", read(f)):
                path = os.path.normpath(os.path.join(os.path.dirname(f), name)) if name else f
                if path not in have and not os.path.isdir(os.path.join(ROOT, path)):
                    bad.append(f"{f}: link to {name}, which does not exist")
                elif heading and path.endswith(".md") and heading not in anchors(path):
                    bad.append(f"{f}: link to {name}#{heading}, a heading that does not exist")
    return bad


def check_named_files(files):
    """A source file that a document names in backquotes is in the tree; `a*.c` names at least one."""
    bad = []
    for f in files:
        if f.endswith(".md") and f.startswith(("docs/", "README", "sim/")):
            for name in re.findall(r"`([\w*/.-]+\.(?:c|h|py|sql|ts|tsx|mjs))`", read(f)):
                wanted = re.compile(r"(.*/)?" + re.escape(name).replace(r"\*", r"[^/]*") + "$")
                if not any(wanted.match(other) for other in files):
                    bad.append(f"{f}: names {name}, which does not exist")
    return bad


def check_options(files):
    """Every option of the program (app/config.c) stands in docs/operations.md: --name, or SEVA_NAME for a secret."""
    text, bad = read("docs/operations.md"), []
    for kind, name in re.findall(r"\{SET_\w+, *(OPTION_\w+), *\"([a-z0-9-]+)\"", read("src/app/config.c")):
        words = "SEVA_" + name.upper().replace("-", "_") if kind == "OPTION_SECRET" else "--" + name
        if not re.search(re.escape(words) + r"(?![\w-])", text):
            bad.append(f"docs/operations.md does not name {words}")
    return bad


def check_named_tests(files):
    """The pages of the networks name tests that exist: a word in backquotes with three "_" or more is a test, a golden
    delivery, or a word of the network that stands in src/; "dir/test_x" is a file of tests."""
    tests = set()
    for f in files:
        if f.startswith("tests/") and f.endswith((".c", ".h")):
            tests |= set(re.findall(r"^static void (\w+)\(void \*\*state\)", read(f), re.M))
        elif f.startswith("tests/system/") and f.endswith(".py"):
            tests |= set(re.findall(r"^def (\w+)\(\):", read(f), re.M))
    golden = {os.path.basename(f).split(".")[0] for f in files if f.startswith("tests/connector/")}
    sources = " ".join(read(f) for f in files if f.startswith("src/connector/"))
    have, bad = set(files), []
    for f in files:
        if not f.startswith("docs/connectors") or not f.endswith(".md"):
            continue
        for word in re.findall(r"`(\w+)`", read(f)):
            if word.count("_") >= 3 and word not in tests | golden and not re.search(rf"\b{word}\b", sources) and not word.startswith("test_"):
                bad.append(f"{f}: names the test {word}, which does not exist")
        for folder, name in re.findall(r"\b([a-z]+)/(test_\w+)", read(f)):
            if f"tests/unit/{folder}/{name}.c" not in have:
                bad.append(f"{f}: names {folder}/{name}, which does not exist")
    return bad


RULES = [
    ("includes_point_to_lower_layers_only", check_layers),
    ("connectors_see_only_the_client_side_of_net", check_connector_headers),
    ("a_library_header_appears_in_one_place", check_libraries),
    ("banned_functions_are_not_called", check_banned),
    ("nothing_is_marked_unfinished", check_unfinished),
    ("no_machine_path_or_registry_host_is_named", check_machine),
    ("sql_stands_in_store_report_and_db_only", check_sql),
    ("files_and_functions_stay_small", check_sizes),
    ("c_sources_are_formatted", check_format),
    ("every_room_opens_with_a_head_comment", check_heads),
    ("shared_state_is_listed_in_the_architecture", check_shared),
    ("links_between_documents_lead_somewhere", check_links),
    ("files_that_documents_name_exist", check_named_files),
    ("every_option_stands_in_the_operations_page", check_options),
    ("tests_that_the_networks_pages_name_exist", check_named_tests),
]


def main():
    files, failed = tracked(), 0
    print(f"1..{len(RULES)}")
    for n, (name, rule) in enumerate(RULES, 1):
        bad = rule(files)
        print(f"{'not ok' if bad else 'ok'} {n} - {name}")
        for line in bad[:40]:
            print(f"#   {line}")
        failed += bool(bad)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
