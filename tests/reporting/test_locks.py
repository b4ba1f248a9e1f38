"""A lock holds against others, on this system and on Windows, whose modules are stood in for."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cxmodels.reporting import kernels, locks, runner, swap


def test_a_lock_is_refused_at_once_while_another_holds_it(tmp_path: Path) -> None:
    first, second = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    locks.lock(first)
    with pytest.raises(BlockingIOError):
        locks.lock(second)
    os.close(first)
    locks.lock(second)
    os.close(second)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for Windows: no fcntl, no process groups, no hang-up; locks as msvcrt gives them."""
    held: list[int] = []

    def locking(handle: int, mode: int, count: int) -> None:
        assert (mode, count) == (2, 1)
        assert os.lseek(handle, 0, os.SEEK_CUR) > 1_000_000, "what is written would be locked to readers"
        if os.fstat(handle).st_ino in held:
            raise PermissionError(13, "Permission denied")
        held.append(os.fstat(handle).st_ino)

    msvcrt = ModuleType("msvcrt")
    msvcrt.__dict__.update(LK_NBLCK=2, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", msvcrt)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(sys, "platform", "win32")
    for name in ("killpg", "getpgid", "getpgrp"):
        monkeypatch.delattr(os, name)
    return held


def test_on_windows_a_report_is_reserved_and_replaced(
    windows: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("locks_there", locks.__file__)
    assert spec and spec.loader
    there = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(there)
    monkeypatch.setattr(swap, "lock", there.lock)
    target = tmp_path / "report"
    for text in ("first", "second"):
        with swap.reserved(target) as part:
            (part / "run.json").write_text(text, encoding="utf-8")
            with pytest.raises(swap.TargetError, match="another run"), swap.reserved(target):
                raise AssertionError
            swap.put_in_place(part, target)
        windows.clear()  # the system lets go of it with the handle
        assert (target / "run.json").read_text(encoding="utf-8") == text


def test_on_windows_kernels_are_ended_and_spoken_to_over_a_port(windows: list[int]) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    started = kernels.Kernels()
    started.started(process.pid)
    started.end()
    assert process.wait(timeout=10) != 0
    assert kernels._transport() == "tcp"


def test_a_system_without_hang_ups_still_turns_ctrl_c_into_a_clean_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "SIGHUP")
    with pytest.raises(runner.Interrupted), runner._signals_raise():
        signal.raise_signal(signal.SIGINT)
