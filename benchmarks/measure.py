"""Run a command in a fresh process; say how long it took and how much memory its process tree held."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

MEGABYTE = 1_000_000.0
ROOT = Path(__file__).resolve().parents[1]


class MeasureError(RuntimeError):
    """The measured command failed or took too long; the message ends with its error stream."""


@dataclass(frozen=True)
class Measurement:
    """Wall time and peak memory of one run of a command.

    Attributes
    ----------
    seconds
        Wall time from starting the process to its end, interpreter start and imports included.
    peak_mb
        Largest resident memory of the process and all its descendants together, in megabytes (10⁶ bytes).
    processes
        The largest number of processes that were alive together.
    """

    seconds: float
    peak_mb: float
    processes: int


def measure(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    timeout: float = 3600.0,
    interval: float = 0.05,
) -> Measurement:
    """Run `command` once from the project's root and measure it.

    Resident memory is summed over the tree every `interval` seconds; the kernel's own high-water mark of each
    process catches the peaks between two looks. (The ``ru_maxrss`` of a waited-for child is not used: on
    Linux it starts at the size of the process that forked it.)

    Raises
    ------
    MeasureError
        The command ended with a status other than 0, or ran longer than `timeout` seconds.
    """
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, cwd=ROOT, env=env)
        peak, processes = 0.0, 1
        while True:
            resident, alive, high_water = _look(child.pid)
            peak, processes = max(peak, resident, high_water), max(processes, alive)
            try:
                status = child.wait(timeout=interval)
            except subprocess.TimeoutExpired:
                if time.perf_counter() - start > timeout:
                    _end_tree(child)
                    raise MeasureError(f"{_name(command)} still running after {timeout:g} s: ended") from None
                continue
            break
        seconds = time.perf_counter() - start
        if status != 0:
            errors.seek(0)
            tail = errors.read().decode(errors="replace").strip().splitlines()[-12:]
            raise MeasureError(f"{_name(command)} ended with status {status}:\n" + "\n".join(tail))
    return Measurement(seconds=seconds, peak_mb=peak / MEGABYTE, processes=processes)


def interleave(
    commands: Mapping[str, Sequence[str]], *, repetitions: int, timeout: float = 3600.0
) -> dict[str, list[Measurement]]:
    """Measure every command `repetitions` times, round by round: a busy minute then hits all of them."""
    runs: dict[str, list[Measurement]] = {name: [] for name in commands}
    for _ in range(repetitions):
        for name, command in commands.items():
            runs[name].append(measure(command, timeout=timeout))
    return runs


def median(runs: Sequence[Measurement]) -> Measurement:
    """Median wall time and median peak of several runs of the same command."""
    return Measurement(
        seconds=statistics.median(run.seconds for run in runs),
        peak_mb=statistics.median(run.peak_mb for run in runs),
        processes=max(run.processes for run in runs),
    )


def module(name: str, *arguments: str) -> list[str]:
    """Command that runs a module of this project with the interpreter that runs us."""
    return [sys.executable, "-m", name, *arguments]


def _look(pid: int) -> tuple[float, int, float]:
    """Resident bytes of the tree, its number of processes, and the largest high-water mark of any of them."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0, 0, 0.0
    resident, alive, high_water = 0.0, 0, 0.0
    for process in tree:
        try:
            resident += process.memory_info().rss
            alive += 1
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        high_water = max(high_water, _high_water_mark(process.pid))
    return resident, alive, high_water


def _high_water_mark(pid: int) -> float:
    """Peak resident bytes of one process so far, as Linux keeps it; 0 where there is no such file."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024
    return 0.0


def _end_tree(child: subprocess.Popen[bytes]) -> None:
    """End a process and its descendants, and wait for it."""
    for process in psutil.Process(child.pid).children(recursive=True):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    child.kill()
    child.wait()


def _name(command: Sequence[str]) -> str:
    """Give the command without the interpreter's own path."""
    return " ".join(command[1:] if command[0] == sys.executable else command)
