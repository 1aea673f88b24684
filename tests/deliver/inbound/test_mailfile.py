"""Returned mail in files: one, an mbox of many, a Maildir."""

from __future__ import annotations

from pathlib import Path

from digest.deliver.inbound.mailfile import mails_in, mails_of
from tests.deliver.bounces import abuse_report, notice

FROM = b"From MAILER-DAEMON Mon Nov 23 07:00:00 2026\n"


def test_mailfile_single_mail_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(notice())
    assert list(mails_in(tmp_path / "one.eml")) == [notice()]


def test_mailfile_mbox_yields_each_mail(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(FROM + notice() + b"\n" + FROM + abuse_report() + b"\n")
    first, second = mails_in(tmp_path / "box")
    assert first.strip() == notice().strip()
    assert second.strip() == abuse_report().strip()


def test_mailfile_from_line_in_body_splits_nothing() -> None:
    letter = b"Subject: x\n\nTo him.\nFrom here on it is one paragraph.\n"
    assert list(mails_of((FROM + letter).splitlines(keepends=True))) == [letter]
    alone = b"Subject: x\n\n\nFrom now on a mail alone.\n"
    assert list(mails_of(alone.splitlines(keepends=True))) == [alone]


def test_mailfile_maildir_yields_new_and_cur(tmp_path: Path) -> None:
    for name in ("new/1.host", "cur/2.host:2,S", "tmp/3.host", "new/.hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    assert list(mails_in(tmp_path)) == [b"new/1.host", b"cur/2.host:2,S"]


def test_mailfile_folder_yields_all_files(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml"):
        (tmp_path / name).write_bytes(name.encode())
    assert list(mails_in(tmp_path)) == [b"a.eml", b"b.eml"]


def test_mailfile_empty_stream_yields_nothing() -> None:
    assert list(mails_of([])) == []
