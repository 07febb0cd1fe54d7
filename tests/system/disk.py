"""A bad disk and a wrong clock under a whole server (tests/support/fault_disk.c): calls that fail, the clock, and from the journal of
what was written and synced the folders that a power cut could have left.

What the disk promises: bytes written before a file's sync began are there when it has ended; names made, moved or removed before a
folder's sync began likewise. Of later bytes each sector of 512 is there or not, in any order; of later names some first ones are
there."""

import mmap
import os
import random
import shutil
import struct
import tempfile

OPEN, WRITE, SYNC, RENAME, TRUNCATE, UNLINK, READ, MKDIR, SYNC_DONE, CREATE = range(10)
KINDS = {"open": OPEN, "write": WRITE, "sync": SYNC, "rename": RENAME, "truncate": TRUNCATE, "unlink": UNLINK, "read": READ, "mkdir": MKDIR}
FIELDS = ["lines", "calls", "fail_first", "fail_end", "error", "kinds", "clock_ms", "failed", "bytes"]
LINE = struct.Struct("=5q")
SECTOR = 512
NOTHING_LATER, ALL_LATER, SOME_LATER = range(3)


def library():
    build = os.environ.get("SEVA_BUILD") or os.path.join(os.path.dirname(os.environ["SEVA_BIN"]), "..", "..")
    return os.path.abspath(os.path.join(build, "tests/support/fault_disk.so"))


class Disk:
    def __init__(self, folder, keeps_journal=False):
        """What lies under the folder; `env` is for the process that shall have it."""
        self.folder, self.own = folder, tempfile.mkdtemp(prefix="seva-bad-disk-")
        control = os.path.join(self.own, "control")
        with open(control, "wb") as f:
            f.write(bytes(4096))
        self.file = open(control, "r+b")
        self.control = mmap.mmap(self.file.fileno(), 4096)
        self.journal = os.path.join(self.own, "journal")
        self.env = {"LD_PRELOAD": library(), "SEVA_DISK_FOLDER": folder, "SEVA_DISK_CONTROL": control}
        if keeps_journal:
            self.env["SEVA_DISK_JOURNAL"] = self.journal

    def __getitem__(self, field):
        return struct.unpack_from("=q", self.control, 8 * FIELDS.index(field))[0]

    def __setitem__(self, field, value):
        struct.pack_into("=q", self.control, 8 * FIELDS.index(field), value)

    def fail(self, kinds, nth, count, error):
        """From the nth call of these kinds on, so many fail."""
        self["fail_first"] = 0
        self["kinds"] = sum(1 << KINDS[k] for k in kinds)
        self["error"], self["failed"] = error, 0
        self["fail_end"] = self["calls"] + nth + count
        self["fail_first"] = self["calls"] + nth

    def heal(self):
        self["fail_first"] = 0

    def lines(self):
        """The journal: (op, inode, at, path, bytes)."""
        with open(self.journal, "rb") as f:
            while head := f.read(LINE.size):
                op, inode, at, path_len, size = LINE.unpack(head)
                yield op, inode, at, f.read(path_len).decode(), f.read(size)

    def close(self):
        self.control.close()
        self.file.close()
        shutil.rmtree(self.own, ignore_errors=True)


class Bytes:
    """One file: what is there for sure, and what was done to it since."""

    def __init__(self, content=b""):
        self.sure, self.later, self.covered = bytearray(content), [], 0


def changed(image, at, data, sectors=None):
    """data None: cut to the length `at`. sectors(n): whether that sector of the write is there."""
    if data is None:
        del image[at:]
        return
    if len(image) < at + len(data):
        image.extend(bytes(at + len(data) - len(image)))
    start = 0
    while start < len(data):
        end = min(len(data), start + SECTOR - (at + start) % SECTOR)
        if sectors is None or sectors():
            image[at + start:at + end] = data[start:end]
        start = end


class Power:
    """Follows a journal line by line; lays out what a cut at that moment could leave."""

    def __init__(self, folder):
        """As everything stands, synced, before the process begins."""
        self.folder, self.files, self.number, self.names = folder, {}, {}, {}
        self.later, self.covered = [], {}  # (folder, change) in their order; folder → how many its sync covers
        for at, folders, names in os.walk(folder):
            for name in folders:
                self.names[os.path.join(at, name)] = None
            for name in names:
                path = os.path.join(at, name)
                with open(path, "rb") as f:
                    self.names[path] = self.made(os.stat(path).st_ino, f.read())
        self.seen = dict(self.names)  # what the process sees

    def made(self, inode, content=b""):
        """A number of its own: the system gives an inode again."""
        self.number[inode] = len(self.files)
        self.files[self.number[inode]] = Bytes(content)
        return self.number[inode]

    def named(self, folder, change):
        self.later.append((folder, change))
        renamed(self.seen, change)

    def moved(self, path, to):
        if self.seen.get(path) is None:
            self.named(os.path.dirname(to), ("tree", path, to))
        else:
            self.named(os.path.dirname(to), ("is", self.seen[path], to))
            self.named(os.path.dirname(path), ("gone", path))

    def follow(self, line):
        op, inode, at, path, data = line
        file = self.files.get(self.number.get(inode))
        if op == CREATE:
            number = self.made(inode)
            if path:
                self.named(os.path.dirname(path), ("is", number, path))
        elif op == MKDIR:
            self.named(os.path.dirname(path), ("is", None, path))
        elif op == UNLINK:
            self.named(os.path.dirname(path), ("gone", path))
        elif op == RENAME:
            self.moved(path, data.decode())
        elif op in (WRITE, TRUNCATE) and file:
            file.later.append((at, data if op == WRITE else None))
        elif op == SYNC:
            self.sync_begins(file, inode == -1, path)
        elif op == SYNC_DONE:
            self.sync_ends(file, inode == -1, path)

    def sync_begins(self, file, is_all, path):
        for f in self.files.values() if is_all else [file] if file else []:
            f.covered = len(f.later)
        self.covered["" if is_all else path] = len(self.later)

    def sync_ends(self, file, is_all, path):
        for f in self.files.values() if is_all else [file] if file else []:
            for at, data in f.later[:f.covered]:
                changed(f.sure, at, data)
            f.later, f.covered = f.later[f.covered:], 0
        n = self.covered.pop("" if is_all else path, 0)
        mine = [is_all or folder == path for folder, _ in self.later[:n]]
        for is_mine, (_, change) in zip(mine, self.later):
            if is_mine:
                renamed(self.names, change)
        if any(mine):
            self.later = [x for is_mine, x in zip(mine, self.later) if not is_mine] + self.later[n:]
            self.covered = {k: max(0, v - sum(mine)) for k, v in self.covered.items()}

    def lay_out(self, to, rand):
        """Writes the folder that a cut leaves now; the file of shared memory is gone."""
        mode = rand.choice([NOTHING_LATER, ALL_LATER, SOME_LATER, SOME_LATER])
        names = dict(self.names)
        n = {NOTHING_LATER: 0, ALL_LATER: len(self.later)}.get(mode, rand.randint(0, len(self.later)))
        for _, change in self.later[:n]:
            renamed(names, change)
        for path in sorted(names):
            there = os.path.join(to, os.path.relpath(path, self.folder))
            if path.endswith("-shm") or not os.path.isdir(os.path.dirname(there)):
                continue
            if names[path] is None:
                os.makedirs(there, mode=0o700, exist_ok=True)
            elif names[path] in self.files:
                with open(there, "wb") as f:
                    f.write(self.image(self.files[names[path]], mode, rand))
                os.chmod(there, 0o600)

    @staticmethod
    def image(f, mode, rand):
        image = bytearray(f.sure)
        for at, data in f.later if mode != NOTHING_LATER else []:
            kind = rand.choice(["all", "none", "torn"]) if mode == SOME_LATER else "all"
            if kind == "torn" and data is not None:
                changed(image, at, data, lambda: rand.random() < 0.5)
            elif kind == "all":
                changed(image, at, data)
        return image


def renamed(names, change):
    if change[0] == "is":
        names[change[2]] = change[1]
    elif change[0] == "gone":
        names.pop(change[1], None)
    else:
        inside = [p for p in names if p == change[1] or p.startswith(change[1] + "/")]
        for path in inside:
            names[change[2] + path[len(change[1]):]] = names.pop(path)


def cuts(disk, start, marks, seed):
    """For each mark (a number of journal lines, rising): a folder as a cut there leaves it → (mark, folder). Removed afterwards."""
    rand, n, marks = random.Random(seed), 0, list(marks)
    for line in disk.lines():
        while marks and marks[0] <= n:
            yield from one_cut(start, marks.pop(0), rand)
        start.follow(line)
        n += 1
    while marks and marks[0] <= n:
        yield from one_cut(start, marks.pop(0), rand)


def one_cut(start, mark, rand):
    folder = tempfile.mkdtemp(prefix="seva-cut-")
    try:
        start.lay_out(folder, rand)
        yield mark, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
