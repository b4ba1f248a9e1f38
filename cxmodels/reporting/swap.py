"""How does a run leave the last good report alone? It writes beside it, and takes its place in one step."""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxmodels.reporting.locks import lock

_EXCHANGE = 2  # RENAME_EXCHANGE of Linux' renameat2: two paths change places at once
_HERE = -100  # AT_FDCWD


class TargetError(ValueError):
    """The folder for the report cannot be used: what is in the way, and the cure."""


@contextmanager
def reserved(target: Path) -> Iterator[Path]:
    """Reserve a report's folder for this run, and give an empty folder beside it to write to.

    The folder beside is removed at the end of the block unless `put_in_place` or `keep_as` has moved it.
    What killed runs have left is removed first; a report caught between two renames is put back.

    Parameters
    ----------
    target : Path
        The report's folder; it need not exist.

    Raises
    ------
    TargetError
        When another run writes to the same folder, the folder holds something that is no report, or it
        cannot be written to.
    """
    target = target.absolute()
    _make_room(target)
    with _locked(target):
        _clean_up(target)
        _check_is_report(target)
        part = target.with_name(f".{target.name}.part-{os.getpid()}")
        part.mkdir()
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


def put_in_place(part: Path, target: Path) -> None:
    """Make the finished folder the report; the one before is gone only when the new one stands in its place.

    Parameters
    ----------
    part : Path
        The finished folder, on the same file system.
    target : Path
        The report's folder.
    """
    if not target.exists():
        part.rename(target)
        return
    if not _exchange(part, target):
        # Without an exchange there is a moment without a report; `_clean_up` knows how to undo it.
        old = target.with_name(f".{target.name}.old")
        target.rename(old)
        part.rename(target)
        old.rename(part)
    shutil.rmtree(part, ignore_errors=True)


def keep_as(part: Path, kept: Path) -> Path:
    """Keep the folder of a run that failed, in place of an earlier one that failed."""
    if kept.exists():
        _check_is_report(kept)
        shutil.rmtree(kept)
    part.rename(kept)
    return kept


def _make_room(target: Path) -> None:
    """Make the folder above a report, and see that a folder named like that of a run can be made there."""
    try:
        if blocking := next((up for up in target.parents if up.exists() and not up.is_dir()), None):
            raise TargetError(
                f"{blocking} is a file, not a folder; name another folder for the report with --out"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.part-", dir=target.parent):
            pass
    except OSError as error:
        raise TargetError(
            f"{target} cannot be written to ({error.strerror}); name another folder for the report with --out"
        ) from error


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the lock on a report's folder; it falls with the process, however that ends."""
    path = target.with_name(f".{target.name}.lock")
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            lock(handle)
        except BlockingIOError:
            os.close(handle)
            who = path.read_text(encoding="utf-8").strip() or "another one"
            raise TargetError(
                f"another run (process {who}) is writing to {target}; wait until it ends, or name another "
                "folder with --out"
            ) from None
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            break
        os.close(handle)  # the run before has removed the file in the meantime
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        if sys.platform != "win32":  # an open file cannot be removed there: the next run takes it over
            path.unlink(missing_ok=True)
        os.close(handle)


def _clean_up(target: Path) -> None:
    """Remove what killed runs have left; put a report back that was caught between two renames."""
    old = target.with_name(f".{target.name}.old")
    if old.exists() and not target.exists():
        old.rename(target)
    for left in (old, *target.parent.glob(f".{glob.escape(target.name)}.part-*")):
        shutil.rmtree(left, ignore_errors=True)


def _check_is_report(target: Path) -> None:
    """Refuse to replace anything but a report."""
    if not target.exists():
        return
    if not target.is_dir():
        raise TargetError(f"{target} is a file; name a folder for the report with --out")
    if any(target.iterdir()) and not (target / "run.json").is_file():
        raise TargetError(
            f"{target} holds files but no report (no run.json), and will not be replaced; name another "
            "folder with --out"
        )


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change places in one step, where the system can."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return False
    done = library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return bool(done == 0)
