"""A mailbox with ten thousand mails, read from scratch twice: each is there once, and memory does not grow with their number."""

from seva import PATIENCE_S, run, until
from test_mail import Mailbox, with_mailbox
from test_mail_bombs import Meter
from test_mail_reading import number_anew

MAILS, FLAT_MB = 10_000, 24


def short(i):
    return (f"From: c{i % 97}@example.net\r\nTo: care@example.com\r\nSubject: mail {i:05}\r\nMessage-ID: <n{i}@example.net>\r\n"
            f"Content-Type: text/plain\r\n\r\nThis is mail {i}.\r\n").encode()


def all_subjects(seva):
    return [c["subject"] for c in seva.items("/conversations?status=open,pending,resolved&sort=newest")]


def ten_thousand_mails_are_read_twice_and_are_there_once():
    box = Mailbox()
    box.deliver(*(short(i) for i in range(MAILS)))
    with with_mailbox(box) as seva:
        meter = Meter(seva.process.pid)
        assert until(lambda: seva.metric("seva_messages_received_total") >= 1000, 2 * PATIENCE_S), seva.log_tail()
        early_mb = meter.status_mb("VmHWM")
        assert until(lambda: seva.metric("seva_messages_received_total") >= MAILS, 4 * PATIENCE_S, 0.2), f"{seva.metric('seva_messages_received_total')} " + seva.log_tail()
        first_mb = meter.status_mb("VmHWM")
        assert until(lambda: box.unseen() == 0, 2 * PATIENCE_S)
        number_anew(box)
        box.deliver(short(MAILS))
        assert until(lambda: box.unseen() == 0, 4 * PATIENCE_S, 0.5), "the mailbox is not read again: " + seva.log_tail()
        second_mb = meter.status_mb("VmHWM")
        assert until(lambda: seva.metric("seva_inbox_waiting") == 0)
        subjects = all_subjects(seva)
        assert sorted(subjects) == [f"mail {i:05}" for i in range(MAILS + 1)], f"{len(subjects)} of {MAILS + 1}, {len(subjects) - len(set(subjects))} doubled"
        print(f"# peak after 1,000 mails {early_mb:.0f} MB, after {MAILS:,} {first_mb:.0f} MB, after reading them again {second_mb:.0f} MB")
        assert second_mb - early_mb < FLAT_MB, "memory grows with the mailbox"
    box.close()


if __name__ == "__main__":
    run([ten_thousand_mails_are_read_twice_and_are_there_once])
