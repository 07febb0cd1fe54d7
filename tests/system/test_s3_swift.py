"""Attachments in a real store that speaks S3, OpenStack Swift with its s3api (Debian's python3-swift), which knows nothing of us and
checks each signature by itself: kept, fetched again, lost and found, backed up, restored under another prefix, on both databases."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

from seva import BIN, Seva, run, until

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import test_s3  # noqa: E402
from test_backup import note_with, post  # noqa: E402
from test_doctor import both, download, wrong  # noqa: E402
from test_s3 import Files, attachments, empty_cache, media, noise, states, sum_of  # noqa: E402


class Swift:
    """Started once; None in `about` when it is not installed."""

    def __init__(self):
        # Swift keeps what it knows of a file beside it, as extended attributes, which not every temporary folder has.
        self.folder = tempfile.mkdtemp(prefix="seva-swift-")
        self.process = subprocess.Popen(["/usr/bin/python3", os.path.join(HERE, "..", "support", "s3_swift.py"), os.path.join(self.folder, "swift")],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        self.about = json.loads(line) if line else None
        self.code = None if line else self.process.wait()

    def options(self, prefix="desk"):
        a = self.about
        return ["--blobs", f"s3://{a['bucket']}/{prefix}", "--s3-endpoint", f"http://127.0.0.1:{a['port']}", "--s3-path-style",
                "--s3-region", a["region"], "--egress-allow", "store=127.0.0.0/8;media=127.0.0.0/8"]

    @property
    def env(self):
        return {"SEVA_S3_KEY_ID": self.about["key"], "SEVA_S3_SECRET": self.about["secret"]}

    def lose(self, hash, account, prefix="desk"):
        code = (f"import s3_swift; s3_swift.signed({self.about['port']}, 'DELETE', "
                f"'/{self.about['bucket']}/{prefix}/{account}/{hash[:2]}/{hash}') == 204 or exit(1)")
        subprocess.run(["/usr/bin/python3", "-c", code], cwd=os.path.join(HERE, "..", "support"), check=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)


SWIFT = Swift()


def needs_swift(test):
    def if_there():
        if not SWIFT.about:
            assert SWIFT.code == 77, f"Swift did not start: {SWIFT.code}"
            return "skip: python3-swift is not installed"
        return test()
    if_there.__name__ = test.__name__
    return if_there


def desk(db, prefix):
    return Seva(db=db, more=SWIFT.options(prefix), env=SWIFT.env)


def seva(s, prefix, *args):
    return subprocess.run([BIN, *args, *SWIFT.options(prefix)], capture_output=True, text=True, timeout=300, env={**os.environ, **SWIFT.env})


def doctor(s, prefix, *more):
    return json.loads(seva(s, prefix, "doctor", "--data", s.data, "--json", "--deep", *s.db, *more).stdout)


def sums(s):
    return sorted(sum_of(download(s, a).body) for a in attachments(s))


@needs_swift
@both
def a_store_of_others_keeps_what_it_is_given_and_gives_it_back(db):
    files, prefix = Files(), "pg" if db else "lite"
    with desk(db, prefix) as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        note_with(s, noise(1), "one.bin")
        note_with(s, noise(2, 3_000_000)[:900_000], "two.bin")
        assert media(s, 3, files).status == 200
        assert until(lambda: states(s) == ["ready"] * 3), (attachments(s), s.log_tail())
        before = sums(s)
        s.kill()
        shutil.rmtree(os.path.join(s.data, "blob-cache"))
        s.start()
        assert sums(s) == before
        assert not wrong(doctor(s, prefix)), doctor(s, prefix)
        account = next(n for n in os.listdir(os.path.join(s.data, "blob-cache")) if n.isdigit())
        SWIFT.lose(sum_of(noise(1)), account, prefix)
        empty_cache(s)
        found = wrong(doctor(s, prefix), "files")
        assert len(found) == 1 and sum_of(noise(1)) in found[0] and "is missing" in found[0], found
        s.stop()
    files.close()


@needs_swift
def a_backup_of_it_is_restored_under_another_prefix():
    with desk(None, "first") as s:
        s.start()
        assert post(s, "m0") and until(lambda: s.items("/conversations"))
        for n in (1, 2, 3):
            note_with(s, noise(n), f"{n}.bin")
        before = sums(s)
        empty_cache(s)
        file = os.path.join(s.folder, "backup")
        p = seva(s, "first", "backup", "--data", s.data, "--with-keys", file)
        assert p.returncode == 0, p.stderr
        data = os.path.join(s.folder, "restored")
        p = seva(s, "second", "restore", "--data", data, file)
        assert p.returncode == 0 and "3 attachments are in s3://" in p.stdout, p.stdout + p.stderr
        with Seva(init=False, data=data, more=SWIFT.options("second"), env=SWIFT.env) as again:
            again.made = s.made
            again.start()
            assert sums(again) == before
            again.stop()
        s.stop()


if __name__ == "__main__":
    try:
        test_s3.STORE.close()
        run([a_store_of_others_keeps_what_it_is_given_and_gives_it_back, a_backup_of_it_is_restored_under_another_prefix])
    finally:
        SWIFT.close()
