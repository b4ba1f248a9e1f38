"""How is one notebook executed? By papermill, in a kernel of this very Python that can be ended any time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cxmodels.reporting.run_folder import NOTEBOOK_VARIABLE, CannotAnswer

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Kernels run side by side: where threads of both wait for a core, sums take hundreds of times as long.

What the environment says goes before it.
"""
CellDone = Callable[[int, int], None]
"""Told after each cell: how many are done, of how many."""


class NotebookFailed(RuntimeError):
    """A cell raised: its number, and the error in one line."""


@dataclass
class Kernels:
    """The kernels of one run, so that they can be ended together."""

    _alive: dict[int, int] = field(default_factory=dict)  # process → its group
    _ended: bool = False
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _places: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)

    def place(self) -> Path:
        """Make a folder for the files through which one kernel is spoken to."""
        self._places.append(tempfile.TemporaryDirectory(prefix="cxmodels-"))
        return Path(self._places[-1].name)

    def started(self, process: int) -> None:
        """Keep a kernel in mind; one that starts after the end of the run is ended at once."""
        with self._guard:
            self._alive[process] = _group_of(process)
            late = self._ended
        if late:
            self.end()

    def end(self) -> None:
        """End every kernel, with what it has started, and let no other start."""
        with self._guard:
            self._ended = True
            groups, self._alive = set(self._alive.values()) - {_group_of(os.getpid())}, {}
        for group in groups:
            _end_group(group)

    def forget(self, process: int) -> None:
        """Drop a kernel that has ended by itself."""
        with self._guard:
            self._alive.pop(process, None)


def _group_of(process: int) -> int:
    """Give the group that a process started with what it starts; on Windows, which has none, itself."""
    return process if sys.platform == "win32" else os.getpgid(process)


def _end_group(group: int) -> None:
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            os.kill(group, signal.SIGTERM)  # there, it ends the process at once
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def execute(
    source: Path,
    target: Path,
    *,
    parameters: Mapping[str, object],
    kernels: Kernels,
    cell_done: CellDone | None = None,
) -> None:
    """Execute a notebook from top to bottom and write it, also when it fails on the way.

    Parameters
    ----------
    source, target : Path
        The notebook, and the file for the executed one.
    parameters : mapping
        Values for its parameters cell, checked before (see `cxmodels.reporting.plan`).
    kernels : Kernels
        Where the kernel is kept in mind.
    cell_done : callable, optional
        Told after each cell.

    Raises
    ------
    CannotAnswer
        When the notebook says that the data cannot carry it.
    NotebookFailed
        When a cell raises or the kernel dies.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    target.parent.mkdir(parents=True, exist_ok=True)
    counted = _Counter(cell_done)
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=dict(parameters),
            progress_bar=False,
            kernel_name="python3",
            language="python",
            resources={"metadata": {"path": str(source.parent)}},
            kernel_manager_class=_manager(source.stem, kernels),
            on_notebook_start=counted.start,
            on_cell_executed=counted.cell,
        )
    except PapermillExecutionError as error:
        if error.ename == CannotAnswer.__name__:
            raise CannotAnswer(" ".join(error.evalue.split())) from error  # whole: its end holds the cure
        raise NotebookFailed(
            f"cell {error.cell_index + 1}: {error.ename}: {_one_line(error.evalue)}"
        ) from error
    except DeadKernelError as error:
        raise NotebookFailed("its kernel: it died (out of memory, or ended from outside)") from error
    except RuntimeError as error:
        raise NotebookFailed(f"its kernel: {_one_line(str(error))}") from error


@dataclass
class _Counter:
    """Counts executed cells for a progress bar."""

    tell: CellDone | None
    total: int = 0

    def start(self, notebook: Any) -> None:
        self.total = len(notebook.cells)

    def cell(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        if self.tell is not None:
            self.tell(cell_index + 1, self.total)


def _client() -> type:
    """Make a kernel client that raises for a dead kernel, of which nbclient would write to the terminal."""
    from jupyter_client.asynchronous import AsyncKernelClient
    from nbclient.exceptions import DeadKernelError

    class Client(AsyncKernelClient):
        """Speaks to one kernel."""

        async def _async_is_alive(self) -> bool:
            if not await super()._async_is_alive():
                raise DeadKernelError("Kernel died")
            return True

        is_alive = _async_is_alive

    return Client


def _manager(notebook: str, kernels: Kernels) -> type:
    """Make a kernel manager that runs this Python, speaks over files, and tells the kernel its notebook."""
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import CaselessStrEnum, default

    class Manager(AsyncKernelManager):
        """Starts one kernel and keeps its process in mind."""

        transport = CaselessStrEnum(["tcp", "ipc"], default_value=_transport())

        @default("client_factory")
        def _client_factory_default(self) -> type:
            return _client()

        @default("connection_file")
        def _connection_file_default(self) -> str:
            return str(kernels.place() / "kernel.json")

        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            return [
                sys.executable,
                "-m",
                "ipykernel_launcher",
                "-f",
                self.connection_file,
                *(extra_arguments or []),
            ]

        async def _async_start_kernel(self, **kw: Any) -> None:
            told = {NOTEBOOK_VARIABLE: notebook, "PYTHONWARNINGS": _quiet_bars()}
            environment = {**ONE_THREAD, **os.environ, **told}
            # What cells write comes to us as messages; the kernel's own words would disturb the progress bar.
            with Path(self.connection_file).with_name("kernel.log").open("wb") as log:
                await super()._async_start_kernel(**{**kw, "env": environment, "stdout": log, "stderr": log})
            kernels.started(self.provisioner.process.pid)

        async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
            process = self.provisioner.process.pid if self.has_kernel else None
            await super()._async_shutdown_kernel(now=now, restart=restart)
            if process is not None:
                kernels.forget(process)

        start_kernel = _async_start_kernel
        shutdown_kernel = _async_shutdown_kernel

    return Manager


def _transport() -> str:
    """Files in a folder of our own, which nobody else can take, unlike a port; Windows has ports only."""
    return "tcp" if sys.platform == "win32" else "ipc"


def _quiet_bars() -> str:
    """Add to the warning filters of the user: tqdm misses widgets, which a page could not show anyway."""
    own = os.environ.get("PYTHONWARNINGS", "")
    return ",".join(filter(None, (own, "ignore:IProgress not found")))


def _one_line(text: str, most: int = 300) -> str:
    """Give the first lines of an error as one line of a length that fits a terminal."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
